// The real window, driven by WebKitWebDriver (W3C WebDriver over HTTP): sample mail, lanes, a label, undo.
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
/** Asks until there is an answer, for two minutes at most. */
const until = async (what, work) => {
  for (let n = 0; n < 600; n += 1) {
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
  console.log(`window journey: ${passed} checks passed`);
} finally {
  if (session) await call("DELETE", session).catch(() => {});
  driver.kill();
}
