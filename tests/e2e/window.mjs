// The real window, driven by WebKitWebDriver (W3C WebDriver over HTTP): sample mail, lanes, a label, undo.
//
// With MAILROOM_MODEL, a GGUF file, also: the model is added, weighed, and labels doubtful mail.
//
// MAILROOM_APP: the program. MAILROOM_DATA: an empty data folder. Needs a display (Xvfb is one).
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

const app = process.env.MAILROOM_APP;
const shots = process.env.SHOTS ?? "shots";
if (!app) throw new Error("MAILROOM_APP is missing. Give the path of the program.");
mkdirSync(shots, { recursive: true });

let passed = 0;
function check(holds, what) {
  if (!holds) throw new Error(`Not so: ${what}.`);
  passed += 1;
}

const port = await new Promise((resolve) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});
const driver = spawn(process.env.WEBDRIVER ?? "WebKitWebDriver", [`--port=${port}`], { stdio: "inherit" });
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const call = async (method, path, body) => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    // A driver that never answers is a failure, not a wait.
    signal: AbortSignal.timeout(60_000),
  });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${path}: ${value.message}`);
  return value;
};
/** Asks until there is an answer, for two minutes if nothing else is said. */
const until = async (what, work, times = 600) => {
  for (let n = 0; n < times; n += 1) {
    const value = await work().catch(() => null);
    if (value) return value;
    await pause(200);
  }
  throw new Error(`Waited in vain: ${what}.`);
};

let session;
try {
  await until("the driver answers", async () => (await call("GET", "/status")).ready);
  const { sessionId } = await call("POST", "/session", {
    capabilities: { alwaysMatch: { "webkitgtk:browserOptions": { binary: app, args: [] } } },
  });
  session = `/session/${sessionId}`;
  const script = (text, ...args) => call("POST", `${session}/execute/sync`, { script: text, args });
  const press = (key) =>
    script("window.dispatchEvent(new KeyboardEvent('keydown', { key: arguments[0], bubbles: true }))", key);
  // WebKitWebDriver 2.50 never answers when asked for a picture of a window under Xvfb: ImageMagick takes it, if it
  // is there. Pictures are for looking at; nothing is tested by them.
  const shot = (name) => spawnSync("import", ["-window", "root", join(shots, `${name}.png`)], { timeout: 20_000 });
  const counts = () =>
    script(
      "return [...document.querySelectorAll('[data-lane] .count')].map((e) => Number(e.textContent.split('/').pop().replace(/\\D/g, '')))",
    );

  await until("the first page", () => script("return document.querySelector('.welcome h1') !== null"));
  check((await script("return '__TAURI_INTERNALS__' in window")) === true, "this is the real window");
  shot("window-welcome");
  await script("[...document.querySelectorAll('button')].find((b) => b.textContent.includes('sample')).click()");
  await until("rows", () => script("return document.querySelectorAll('[role=option]').length > 0"));
  const first = await counts();
  check(first.length === 4 && first.every((n) => n > 0), `four lanes hold mail: ${first}`);
  await until("reasons", () => script("return document.querySelectorAll('.why li').length > 0"));
  check(true, "reasons are shown");
  shot("window-lanes");
  const subject = () => script("return document.querySelector('[aria-selected=true] .subject').textContent");
  const before = await subject();
  await press("j");
  await until("the next row", async () => (await subject()) !== before);
  check(true, "j moves down");
  await press("3");
  await until("the lane's count", async () => (await counts())[2] === first[2] + 1);
  check(true, "one key labels");
  await press("u");
  await until("the undo", async () => String(await counts()) === String(first));
  check(true, "u takes it back");
  shot("window-after");

  const model = process.env.MAILROOM_MODEL;
  if (model) {
    const button = (text) =>
      script("[...document.querySelectorAll('button')].find((b) => b.textContent.includes(arguments[0]))?.click()", text);
    await button("No language model");
    await until("the page of models", () => script("return document.querySelector('.page input[name=path]') !== null"));
    await script(
      `const input = document.querySelector('.page input[name=path]');
       Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, arguments[0]);
       input.dispatchEvent(new Event('input', { bubbles: true }));
       input.form.requestSubmit();`,
      model,
    );
    shot("window-adding");
    // A large model is read, loaded and weighed on all the mail with known labels.
    const found = await until(
      "what was found about the model",
      () => script("return [...document.querySelectorAll('.model .findings')].map((e) => e.textContent).find((t) => t.includes('s a message'))"),
      6000,
    );
    check(/Alone it labels \d+\s?% of 144 messages right \(0 of them yours\)/.test(found), `its worth is told: ${found}`);
    shot("window-model");
    // Random weights add nothing, so it is asked about doubtful mail alone, and counts for nothing there.
    await script("document.querySelector('[data-lane=needs-human]').click()");
    const heard = await until(
      "a message that the model has read",
      async () => {
        const voices = await script("return [...document.querySelectorAll('.voice')].map((v) => v.textContent)");
        const said = voices.find((text) => text.includes("Language model"));
        // It may be read after it was looked at: from the last row back to the first.
        const last = await script("return [...document.querySelectorAll('[role=option]')].at(-1)?.getAttribute('aria-selected')");
        if (!said && last === "true") await script("document.querySelector('[role=option]').click()");
        else if (!said) await press("j");
        return said;
      },
      1500,
    );
    check(heard.includes("0.00"), `the model labels and does not count: ${heard}`);
    shot("window-model-heard");
  }
  console.log(`window journey: ${passed} checks passed`);
} finally {
  if (session) await call("DELETE", session).catch(() => {});
  driver.kill();
}
