// The interface in a real browser against the real engine: first run, sample mail, keys, labels, undo, search,
// the pages, and rules.
//
// MAILROOM_URL: the address that `ui-host` printed, on an empty data folder. SHOTS: a folder for pictures.
import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(new URL("../../ui/package.json", import.meta.url));
const { chromium } = require("playwright-core");

const url = process.env.MAILROOM_URL;
const shots = process.env.SHOTS ?? "shots";
if (!url) throw new Error("MAILROOM_URL is missing. Start ui-host and give its address.");
mkdirSync(shots, { recursive: true });

let passed = 0;
function check(holds, what) {
  if (!holds) throw new Error(`Not so: ${what}.`);
  passed += 1;
}
/** Asks until it holds, for ten seconds. */
async function until(holds, what) {
  for (let n = 0; n < 100; n += 1) {
    if (await holds()) return check(true, what);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  check(false, what);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
try {
  const page = await browser.newPage({
    viewport: { width: 1280, height: 800 },
    colorScheme: "light",
    reducedMotion: "reduce",
  });
  const own = new URL(url).origin;
  const foreign = [];
  const errors = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(own) && !/^(data|about|blob):/.test(request.url())) foreign.push(request.url());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  const shot = async (name) => {
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      // By the clock: a page behind others may get no frames to poll by.
      await page.waitForFunction((theme) => document.documentElement.dataset.theme === theme, colorScheme, { polling: 100 });
      await page.screenshot({ path: join(shots, `${name}-${colorScheme}.png`) });
    }
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  };

  await page.goto(url);
  await page.getByRole("button", { name: "Try it with sample mail" }).waitFor();
  check(true, "the first run asks for an address or offers sample mail");
  await shot("welcome");
  await page.getByLabel("Email address").fill("someone@outlook.com");
  await page.getByRole("button", { name: "Find server" }).click();
  await page.getByTestId("provider-note").waitFor();
  check((await page.getByLabel("Password").count()) === 0, "no password is asked for where only OAuth2 works");
  await page.getByLabel("Email address").fill("someone@gmail.com");
  await page.getByRole("button", { name: "Find server" }).click();
  await page.getByLabel("Password").waitFor();
  check((await page.getByLabel("Server name").inputValue()) === "imap.gmail.com", "a known provider's server is found");
  await shot("connect");

  await page.getByRole("button", { name: "Try it with sample mail" }).click();
  await page.locator('[data-lane="urgent"]').waitFor();
  const counts = async () =>
    Promise.all(
      ["urgent", "task", "needs-human", "notification"].map(async (lane) => {
        const text = await page.locator(`[data-lane="${lane}"] .count`).innerText();
        return Number(text.split("/").pop().replace(/\D/g, ""));
      }),
    );
  if (process.env.ENCODER) {
    // It reads in the background, and moves what the journey counts: it is waited for.
    const token = new URL(url).searchParams.get("token");
    const ask = async (request) =>
      (await fetch(`${own}/api/request`, { method: "POST", headers: { Authorization: `Bearer ${token}` }, body: JSON.stringify(request) })).json();
    for (const lane of ["urgent", "task", "needs-human", "notification"]) {
      for (const { id } of (await ask({ kind: "lane", lane, after: null, limit: 200 })).rows) {
        const read = async () => (await ask({ kind: "message", id })).verdict?.voices.some(({ voice }) => voice === "encoder");
        await until(read, `the encoder reads message ${id}`);
      }
    }
  }
  const first = await counts();
  check(first.every((count) => count > 0), `each lane holds something: ${first}`);
  check(first.reduce((a, b) => a + b, 0) >= 30, "the sample is all there");
  await page.getByRole("option").first().waitFor();
  await page.locator(".why li").first().waitFor();
  check((await page.locator(".why li").count()) > 0, "reasons are shown");
  if (process.env.ENCODER) {
    // What is on screen follows.
    await page.locator(".voice").getByText("Meaning", { exact: true }).waitFor();
    check(true, "the encoder's share is shown as soon as it has read the message");
  }
  await shot("lanes");

  const selected = () => page.locator('[role="option"][aria-selected="true"] .subject').innerText();
  const one = await selected();
  await page.keyboard.press("j");
  await page.waitForFunction(
    (before) => document.querySelector('[aria-selected="true"] .subject')?.textContent !== before,
    one,
  );
  await page.keyboard.press("k");
  await page.waitForFunction(
    (before) => document.querySelector('[aria-selected="true"] .subject')?.textContent === before,
    one,
  );
  check((await selected()) === one, "j and k move down and up");

  await page.keyboard.press("2");
  await page.waitForFunction(
    (wanted) => document.querySelector('[data-lane="task"] .count')?.textContent?.endsWith(String(wanted)),
    first[1] + 1,
  );
  const after = await counts();
  check(after[0] === first[0] - 1 && after[1] === first[1] + 1, "one key moves a message to another lane");
  await page.getByText("Moved to Tasks.").waitFor();
  await page.keyboard.press("u");
  await page.waitForFunction(
    (wanted) => document.querySelector('[data-lane="urgent"] .count')?.textContent?.endsWith(String(wanted)),
    first[0],
  );
  check(String(await counts()) === String(first), "u takes it back");

  // What code found in a message. Its words are shown where they stand.
  await page.getByRole("option", { name: /Payment failed/ }).click();
  const asks = page.getByRole("region", { name: "What it asks" });
  await asks.getByText("Found without a language model").waitFor();
  check((await asks.getByText("EUR 49").count()) === 1, "an amount is found");
  await asks.getByRole("button", { name: /October 14, 2026/ }).click();
  check((await page.locator(".text mark").innerText()) === "23:59 today", "the words of a date are marked in the text");
  await shot("facts");
  await page.locator('[data-lane="notification"]').click();
  await page.getByRole("option", { name: /Your one-time code/ }).click();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await asks.getByRole("button", { name: "Copy 448201" }).click();
  await asks.getByText("Copied.").waitFor({ state: "attached" });
  check((await page.evaluate(() => navigator.clipboard.readText())) === "448201", "a one-time code is copied");
  await shot("facts-code");

  // Many at once.
  const chosen = page.locator('[role="option"][aria-selected="true"]');
  await page.getByRole("option").first().click();
  await page.keyboard.press("x");
  await page.keyboard.press("j");
  await page.keyboard.press("Shift+ArrowDown");
  await page.getByText("3 selected").waitFor();
  check((await chosen.count()) === 3, "x and Shift with an arrow select");
  await page.getByRole("option").nth(4).click({ modifiers: ["Control"] });
  await page.getByText("4 selected").waitFor();
  await page.getByRole("option").nth(5).click({ modifiers: ["Shift"] });
  await page.getByText("5 selected").waitFor();
  check(true, "and so does the pointer, one by one or up to one");
  await shot("selected");
  await page.keyboard.press("2");
  await page.getByText("5 messages moved to Tasks.").waitFor();
  await until(async () => (await counts())[1] === first[1] + 5, "one key labels all that is selected");
  await shot("selected-moved");
  await page.keyboard.press("u");
  await until(async () => String(await counts()) === String(first), "one undo takes all of it back");
  await page.locator(`[role="option"][aria-setsize="${first[3]}"]`).first().waitFor();
  await page.keyboard.press("Control+a");
  await page.getByText(`${first[3]} selected`).waitFor();
  check((await chosen.count()) === (await page.getByRole("option").count()), "Ctrl+A selects all that is loaded");
  await page.keyboard.press("Escape");
  await page.getByText(`${first[3]} selected`).waitFor({ state: "detached" });
  check((await chosen.count()) === 1, "Escape selects nothing, and leaves the user where they were");

  // Commands found by typing.
  await page.keyboard.press("Control+k");
  const find = page.getByRole("combobox", { name: "Find a command" });
  await find.waitFor();
  await shot("palette");
  await page.keyboard.type("mem");
  check((await page.getByRole("dialog").getByRole("option").count()) === 1, "the palette finds a command");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Memory" }).waitFor();
  check(true, "and does it");
  await page.keyboard.press("Control+k");
  await find.fill("go urgent");
  await page.keyboard.press("Enter");
  await page.getByRole("option", { name: /Payment failed/ }).waitFor();
  await page.keyboard.press("Control+k");
  await find.waitFor();
  await page.keyboard.press("Tab");
  check(await page.evaluate(() => document.activeElement?.closest("dialog") !== null || document.activeElement === document.body), "the focus stays within the palette");
  await page.keyboard.press("Escape");
  await find.waitFor({ state: "detached" });

  await page.keyboard.press("/");
  await page.keyboard.type("webinar");
  await page.keyboard.press("Enter");
  await page.getByRole("option", { name: /Webinar/ }).waitFor();
  check((await page.getByRole("option").count()) === 1, "search finds the one message");
  await page.getByRole("option").first().click();
  await page.getByTestId("blocked").waitFor();
  check(true, "blocked remote content is said");
  await page.keyboard.press("f");
  const frame = page.locator("iframe");
  await frame.waitFor();
  check((await frame.getAttribute("sandbox")) === "", "the frame of a mail has no rights at all");
  await page.frameLocator("iframe").getByText("Join thousands of architects").waitFor();
  check(true, "the formatted message is shown");
  await shot("formatted");

  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  check((await page.getByRole("dialog").getByText("Next message", { exact: true }).count()) === 1, "? shows the keys");
  await shot("help");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  check((await page.getByRole("dialog").count()) === 0, "Escape closes the keys");

  // The pages. What breaks no rule of WCAG 2 A and AA is shown by axe, in both themes.
  const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
  const heading = (name) => page.getByRole("heading", { level: 1, name });
  const look = async (name) => {
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.waitForFunction((theme) => document.documentElement.dataset.theme === theme, colorScheme, { polling: 100 });
      if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe);
      const found = await page.evaluate(async () => {
        const { violations } = await window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] });
        return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target).join(", ")}`);
      });
      check(found.length === 0, `${name} is accessible in ${colorScheme}: ${found.join("; ")}`);
    }
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    await shot(name);
  };
  const open = async (key, name) => {
    await page.keyboard.press("g");
    await page.keyboard.press(key);
    await heading(name).waitFor();
    await page.waitForFunction(() => document.activeElement?.tagName === "H1", undefined, { polling: 50 });
  };
  await look("reader");
  await page.locator('[data-lane="urgent"]').click();
  await page.getByRole("option", { name: /Payment failed/ }).click();
  await page.getByRole("region", { name: "What it asks" }).getByRole("button", { name: /October 14, 2026/ }).click();
  await look("reader-facts");
  await page.keyboard.press("x");
  await page.keyboard.press("Shift+ArrowDown");
  await page.getByText("2 selected").waitFor();
  await look("reader-selected");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Find a command" }).fill("label");
  await look("palette-found");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  // No sample message deceives: what the engine would say of one is put in its answer.
  await page.route("**/api/request", async (route) => {
    if (!route.request().postData()?.includes('"facts"')) return route.continue();
    const response = await route.fetch();
    const signals = [
      { signal: { kind: "looks-like", domain: "mode1works.example", like: "modelworks.example", likeness: "glyphs" }, text: "" },
      { signal: { kind: "link-elsewhere", shown: "modelworks.example", target: "pay.example" }, text: "In English." },
    ];
    await route.fulfill({ response, json: { ...(await response.json()), signals } });
  });
  await page.reload();
  await page.getByRole("option", { name: /Payment failed/ }).click();
  await page.getByRole("note").getByText("mode1works.example").waitFor();
  check(true, "signs of deception are each said in a sentence");
  await look("reader-warned");
  await page.unroute("**/api/request");

  await open("l", "Language models");
  check(true, "g and l open the models, and their heading has the focus");
  await page.getByLabel("Path of a GGUF file").fill("/no/such/file.gguf");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("main").getByRole("alert").waitFor();
  check(true, "a model file that is not there is answered with a sentence");
  await page.getByRole("textbox", { name: "Address" }).fill("http://127.0.0.1:9/v1");
  await page.getByLabel("Name of the model").fill("some-model");
  await page.getByRole("button", { name: "Use it" }).click();
  await page.getByRole("dialog").getByText("is sent to http://127.0.0.1:9/v1").waitFor();
  await look("models-endpoint");
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  check(true, "before mail goes to an address, it is said and asked");
  await look("models");
  await page.getByLabel("Path of a GGUF file").press("Escape");
  check((await heading("Language models").count()) === 1, "Escape leaves a field first");
  await page.keyboard.press("Escape");
  await page.getByRole("listbox").waitFor();
  await page.getByRole("button", { name: "No language model" }).click();
  await heading("Language models").waitFor();
  check(true, "Escape leaves a page, and the button opens it as well");

  await open("h", "History");
  await page.locator(".history tbody tr").first().waitFor();
  check((await page.locator(".history tbody tr").count()) >= 30, "the record tells of each message");
  await page.getByRole("button", { name: "LAST CHANCE", exact: false }).first().waitFor();
  await look("history");
  await page.locator('[data-lane="notification"]').click();
  await page.getByRole("option", { name: /LAST CHANCE/ }).click();
  await page.keyboard.press("2");
  await page.getByRole("option", { name: /LAST CHANCE/ }).waitFor({ state: "detached" });
  await open("h", "History");
  await page.getByRole("combobox", { name: "Who", exact: true }).selectOption("user");
  const told = page.locator(".history tbody tr").filter({ hasText: "LAST CHANCE" }).first();
  await told.waitFor();
  check(/You[^]*Notification[^]*Task/.test(await told.innerText()), "a correction is in the record, with where the message lay before");
  await told.getByRole("button", { name: /LAST CHANCE/ }).first().click();
  await page.getByRole("article").getByRole("heading", { name: /LAST CHANCE/ }).waitFor();
  check(true, "a message of the record opens in the reader beside it");
  await look("history-beside");
  await page.keyboard.press("Escape");
  const file = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as CSV" }).click();
  const written = await readFile(await (await file).path(), "utf8");
  check(/^\u{feff}When,Who,Sender,Subject/u.test(written) && written.includes("LAST CHANCE"), "what is shown can be had as a file");
  await told.getByRole("button", { name: /^Take back the label/ }).click();
  await told.getByText("taken back").waitFor();
  await until(async () => String(await counts()) === String(first), "an act can be taken back from the record");
  check((await told.getByRole("button", { name: /^Take back/ }).count()) === 0, "and not twice");
  await told.getByRole("button", { name: /^Only about/ }).click();
  await page.getByText(/^Only about: /).waitFor();
  await page.getByRole("button", { name: "About all messages" }).click();

  await open("m", "Memory");
  await page.getByText("Nothing has been learned yet.").waitFor();
  await look("memory-empty");
  await page.locator('[data-lane="notification"]').click();
  const wrong = ["LAST CHANCE", "This week: timber towers", "Backup completed", "people liked", "Your parcel has", "Your one-time code"];
  for (const subject of wrong) {
    await page.getByRole("option", { name: new RegExp(subject) }).click();
    await page.keyboard.press("2");
    await page.getByRole("option", { name: new RegExp(subject) }).waitFor({ state: "detached" });
  }
  await page.getByText("Moved to Tasks.").waitFor();

  // What was learned so far reaches one message that no correction was about.
  await open("r", "Relabel");
  await page.getByLabel("Go on while other programs").check();
  await page.getByLabel("Go on while the computer runs").check();
  await look("relabel");
  const before = await counts();
  await page.getByRole("button", { name: "Start relabelling" }).click();
  const verdict = page.getByRole("heading", { name: /would (move|change)$/ });
  await verdict.waitFor();
  check(String(await counts()) === String(before), "relabelling proposes, and moves nothing by itself");
  check((await page.locator('[data-page="relabel"] .count').innerText()) === "ready", "the sidebar says that it is ready");
  await page.reload();
  await page.locator('[data-page="relabel"]').click();
  await verdict.waitFor();
  check(true, "what would change survives a reload");
  // With the encoder more or less may change.
  if (!process.env.ENCODER) {
    check((await verdict.innerText()) === "1 message would move", "one message would move");
    await page.getByRole("region", { name: "From Notifications to Tasks" }).getByRole("button", { name: /VAT return/ }).waitFor();
    check(true, "what would change is shown by lane, with examples");
  }
  await look("relabel-ready");
  if ((await verdict.innerText()).startsWith("Nothing")) {
    await page.getByRole("button", { name: "Done" }).click();
  } else {
    await page.locator(".example").first().click();
    await page.getByRole("article").locator(".why").waitFor();
    check(true, "an example opens in the reader beside the page");
    await look("relabel-example");
    await page.keyboard.press("Escape");
    await page.getByRole("article").waitFor({ state: "detached" });
    check((await page.evaluate(() => document.activeElement?.className)) === "example", "and gives the focus back when it is closed");
    await page.getByRole("button", { name: /^Move \d+ message/ }).click();
    await page.getByRole("heading", { name: /^\d+ messages? (was|were) moved$/ }).waitFor();
    await until(async () => String(await counts()) !== String(before), "applying moves it");
    await look("relabel-applied");
    await page.getByRole("button", { name: "Take it all back" }).click();
    await page.getByRole("heading", { name: /moved back$/ }).waitFor();
    await until(async () => String(await counts()) === String(before), "taking it back moves it back");
  }

  await open("m", "Memory");
  const sender = page.getByRole("listitem").filter({ hasText: "erbjudande@tradgard.example" });
  await sender.waitFor();
  check((await sender.getByRole("combobox").inputValue()) === "task", "a correction is seen in the memory");
  await sender.getByRole("button", { name: /^Pin/ }).click();
  await page.locator('.pin[aria-pressed="true"]').waitFor();
  await page.getByLabel("Keyword").fill("$Important");
  await page.getByRole("combobox", { name: "Is", exact: true }).selectOption("urgent");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByText("Mail with the keyword $Important").waitFor();
  check(true, "a keyword becomes an example");
  await look("memory");
  await sender.getByRole("button", { name: /^Forget/ }).click();
  await page.getByRole("button", { name: "Bring back erbjudande@tradgard.example" }).waitFor();
  check((await page.locator(".lesson").filter({ hasText: "erbjudande" }).count()) === 0, "one thing can be forgotten");
  await page.getByRole("status").getByRole("button", { name: "Undo" }).click();
  await page.locator(".lesson").filter({ hasText: "erbjudande" }).waitFor();
  check(true, "and brought back");
  await page.getByRole("button", { name: "Forget everything" }).click();
  await page.getByRole("dialog").waitFor();
  await look("memory-forget");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  check((await heading("Memory").count()) === 1, "Escape closes the question and not the page behind it");

  // A rule from a message: exact numbers before it is saved, then new mail alone, then mail that is here.
  await page.locator('[data-lane="notification"]').click();
  await page.getByRole("option", { name: /Webinar/ }).click();
  await page.getByRole("article").getByRole("heading", { name: /Webinar/ }).waitFor();
  await look("reader-actions");
  await page.keyboard.press("n");
  await heading("Rules").waitFor();
  const rules = await counts();
  await page.getByTestId("matches").getByText("Matches 1 message").waitFor();
  check((await page.getByLabel("Name", { exact: true }).inputValue()) === "Mail from hello@modelworks.example", "a rule is made from a message");
  const action = page.getByRole("group", { name: "Action 1" });
  await action.getByRole("combobox", { name: "Label" }).selectOption("urgent");
  const changes = page.getByRole("region", { name: "What changes against today" });
  await changes.getByText("Urgent").waitFor();
  check((await changes.locator(".figure").allInnerTexts()).join() === "1", "the preview tells what would change, lane by lane");
  const compared = page.getByLabel("Text to compare with");
  const address = await compared.inputValue();
  await compared.fill("");
  await page.getByRole("group", { name: "Condition 1" }).getByText("There is nothing to look for.").waitFor();
  const save = page.getByRole("button", { name: "Save", exact: true });
  check(await save.isDisabled(), "what is wrong is told at its condition, and is not saved");
  await look("rules-fault");
  await compared.pressSequentially("modelwrks");
  for (let n = 0; n < 3; n += 1) await page.keyboard.press("ArrowLeft");
  await page.keyboard.type("o");
  check((await compared.inputValue()) === "modelworks", "the cursor stays where it is typed");
  await compared.fill(address);
  await page.getByTestId("matches").getByText("Matches 1 message").waitFor();
  await look("rules");
  await save.click();
  const run = page.getByRole("button", { name: "Run now on mail that is here" });
  await run.waitFor();
  check(String(await counts()) === String(rules), "saving a rule moves no mail that is here");
  await page.getByRole("button", { name: "Export", exact: true }).click();
  check(/^# Written by Mailroom/.test(await page.getByLabel("For mail servers (Sieve)").inputValue()), "rules are given out as Sieve");
  check((await page.getByText("a mail server cannot set Mailroom’s labels").count()) > 0, "with what Sieve cannot say");
  await look("rules-export");
  await page.locator(".preview .example").first().click();
  await page.getByText("What did the rules say?").click();
  await page.locator(".heard").getByText("matched", { exact: true }).waitFor();
  check((await page.locator(".heard").innerText()).includes("label as Urgent"), "the reader tells what each rule said");
  await look("rules-trace");
  await page.keyboard.press("Escape");
  await run.click();
  await page.getByRole("heading", { name: "1 message would move" }).waitFor();
  check(String(await counts()) === String(rules), "running a rule proposes first");
  await page.getByRole("button", { name: /^Move 1 message/ }).click();
  await until(async () => (await counts())[0] === rules[0] + 1, "applying moves what the rule matches");
  await page.getByRole("button", { name: "Take it all back" }).click();
  await until(async () => String(await counts()) === String(rules), "and taking it back moves it back");
  await open("u", "Rules");
  await page.getByRole("button", { name: /^Duplicate / }).click();
  await page.getByRole("button", { name: /^Move .* rule 2 of 2/ }).focus();
  await page.keyboard.press("Alt+ArrowUp");
  await page.getByRole("button", { name: /^Move .*\(copy\), rule 1 of 2/ }).waitFor();
  check((await page.evaluate(() => document.activeElement?.className)).includes("grip"), "Alt and the arrows reorder, and keep the focus");
  const grip = await page.getByRole("button", { name: /rule 1 of 2/ }).boundingBox();
  const other = await page.getByRole("button", { name: /rule 2 of 2/ }).boundingBox();
  await page.mouse.move(grip.x + 8, grip.y + 8);
  await page.mouse.down();
  await page.mouse.move(other.x + 8, other.y + 20, { steps: 8 });
  await page.mouse.up();
  await page.getByRole("button", { name: /\(copy\), rule 2 of 2/ }).waitFor();
  check(true, "and so does dragging");
  await page.getByRole("button", { name: "Discard changes" }).click();
  await page.getByRole("button", { name: /^Remove Mail from/ }).click();
  await page.getByText("There is no rule yet.").waitFor();
  await page.getByRole("status").getByRole("button", { name: "Undo" }).click();
  await page.locator("[data-rule]").waitFor();
  check(true, "a removed rule comes back");
  await page.getByRole("button", { name: /^Remove Mail from/ }).click();
  await page.getByText("There is no rule yet.").waitFor();
  await look("rules-empty");
  await page.locator('[data-lane="notification"]').click();
  await page.getByRole("option", { name: /Webinar/ }).click();
  await page.getByRole("article").getByRole("heading", { name: /Webinar/ }).waitFor();
  await page.keyboard.press("a");
  await page.getByText("From now on, mail from hello@modelworks.example is labelled Notification.").waitFor();
  await page.getByRole("status").getByRole("button", { name: "Undo" }).click();
  await page.getByText("Taken back.").waitFor();
  await page.keyboard.press("m");
  await page.getByRole("heading", { name: /^Like: Webinar/ }).waitFor();
  if (process.env.ENCODER) await page.getByRole("option").first().waitFor();
  else await page.getByText("Meaning cannot be compared").waitFor();
  await look("like");
  await page.getByRole("button", { name: "Back", exact: true }).click();
  await page.getByRole("option", { name: /Webinar/, selected: true }).waitFor();
  check(true, "mail like a message has a way back to it");

  await open("a", "How well does it sort my mail?");
  await look("accuracy-empty");
  await page.getByRole("button", { name: "Draw 20 messages" }).click();
  await page.getByText("1 of 20").waitFor();
  const card = page.locator(".card");
  await page.locator('.card .labels button:not([disabled])').first().waitFor();
  check((await card.getByRole("button", { pressed: true }).count()) === 0, "the judgement is blind");
  await look("accuracy-judge");
  for (const [at, key] of ["1", "2", "3"].entries()) {
    await page.locator('.card .labels button:not([disabled])').first().waitFor();
    await page.keyboard.press(key);
    await page.getByText(`${at + 2} of 20`).waitFor();
    await page.getByText(/^You said /).waitFor();
  }
  await page.getByText(/^About \d+% of your mail/).waitFor();
  await page.getByText(/^From 3 judgements of the last year/).waitFor();
  check(true, "three judgements give a share with its interval");
  await look("accuracy");
  await page.getByRole("button", { name: "End here" }).click();
  await page.getByRole("button", { name: "Draw 20 more" }).waitFor();

  await open("s", "Settings");
  await page.getByLabel("If the message").fill("asks me to book a journey");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("button", { name: "Remove the instruction asks me to book a journey" }).waitFor();
  check(true, "an instruction is kept");
  await look("settings");
  await page.getByRole("radio", { name: "Dark" }).check();
  check((await page.evaluate(() => document.documentElement.dataset.theme)) === "dark", "the theme is chosen in the settings");
  await page.getByRole("radio", { name: "As the computer has it" }).check();
  await page.setViewportSize({ width: 820, height: 700 });
  await look("settings-narrow");
  await page.keyboard.press("g");
  await page.keyboard.press("i");
  await page.waitForFunction(() => document.activeElement?.getAttribute("role") === "listbox", undefined, { polling: 50 });
  check(true, "g and i go back to the list of mail");
  await shot("narrow");
  check(foreign.length === 0, `nothing is asked from elsewhere: ${foreign}`);
  check(errors.length === 0, `no errors in the page: ${errors}`);
  console.log(`browser journey: ${passed} checks passed`);
} finally {
  await browser.close();
}
