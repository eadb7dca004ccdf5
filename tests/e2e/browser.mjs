// The interface in a real browser against the real engine: first run, sample mail, keys, labels, undo, search.
//
// MAILROOM_URL: the address that `ui-host` printed, on an empty data folder. SHOTS: a folder for pictures.
import { mkdirSync } from "node:fs";
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
  const first = await counts();
  check(first.every((count) => count > 0), `each lane holds something: ${first}`);
  check(first.reduce((a, b) => a + b, 0) >= 30, "the sample is all there");
  await page.getByRole("option").first().waitFor();
  await page.locator(".why li").first().waitFor();
  check((await page.locator(".why li").count()) > 0, "reasons are shown");
  if (process.env.ENCODER) {
    // It reads in the background; what is on screen follows.
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
  check((await page.getByRole("dialog").getByText("Next message").count()) === 1, "? shows the keys");
  await shot("help");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "No language model" }).click();
  await page.getByLabel("Path of a GGUF file").fill("/no/such/file.gguf");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("dialog").getByRole("alert").waitFor();
  check(true, "a model file that is not there is answered with a sentence");
  await shot("model");
  await page.keyboard.press("Escape");
  await page.setViewportSize({ width: 820, height: 700 });
  await shot("narrow");
  check(foreign.length === 0, `nothing is asked from elsewhere: ${foreign}`);
  check(errors.length === 0, `no errors in the page: ${errors}`);
  console.log(`browser journey: ${passed} checks passed`);
} finally {
  await browser.close();
}
