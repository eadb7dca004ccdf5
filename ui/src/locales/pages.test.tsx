// Every page, in every language, in each of its states: whatever it says must be there.
import { act, cleanup, fireEvent, screen } from "@testing-library/react";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import type { AccountState } from "../gen/AccountState";
import type { AuditView } from "../gen/AuditView";
import type { DateCandidate } from "../gen/DateCandidate";
import type { Facts } from "../gen/Facts";
import type { HistoryEntry } from "../gen/HistoryEntry";
import type { Label } from "../gen/Label";
import type { MemoryView } from "../gen/MemoryView";
import type { MessageView } from "../gen/MessageView";
import type { ModelView } from "../gen/ModelView";
import type { RelabelHold } from "../gen/RelabelHold";
import type { RelabelState } from "../gen/RelabelState";
import type { RelabelStatus } from "../gen/RelabelStatus";
import type { Rule } from "../gen/Rule";
import type { RuleCondition } from "../gen/RuleCondition";
import type { RuleFaultView } from "../gen/RuleFaultView";
import type { RuleHeard } from "../gen/RuleHeard";
import type { RulePreview } from "../gen/RulePreview";
import type { Signal } from "../gen/Signal";
import en from "./en.json";
import { answers, tell } from "../testing/scripted";
import { type Language, LANGUAGES } from "../ui/language";
import strings from "../ui/strings";

vi.mock("../host", () => import("../testing/scripted"));
const { open, overview, row } = await import("../testing/page");
const { App } = await import("../features/App");
const { Help } = await import("../features/Help");
const { Opened } = await import("../features/Reader");
const { Palette } = await import("../features/Palette");
const { Selected } = await import("../features/Selected");
const { Heard } = await import("../features/Trace");
const { Welcome } = await import("../features/Welcome");
const { default: Accuracy } = await import("../features/accuracy/Accuracy");
const { default: History } = await import("../features/history/History");
const { default: Memory } = await import("../features/memory/Memory");
const { default: Models } = await import("../features/models/Models");
const { default: Relabel } = await import("../features/relabel/Relabel");
const { BLANK, scopeOf } = await import("../features/relabel/scope");
const { default: Rules } = await import("../features/rules/Rules");
const { FIELDS, made } = await import("../features/rules/draft");
const { REST } = await import("../model/rules");
const { default: Settings } = await import("../features/settings/Settings");

const files = import.meta.glob<object>("./*.json", { import: "default", eager: true });
const lanes: Label[] = ["urgent", "task", "needs-human", "notification"];
const NOW = 1_790_000_000;

const accounts = (
  [
    { kind: "local" },
    { kind: "connecting" },
    { kind: "syncing", folder: "INBOX", done: 5, total: 12_345 },
    { kind: "watching", since: 0 },
    { kind: "offline", reason: "R", retryAt: 0 },
    { kind: "sign-in-needed", reason: "R" },
  ] satisfies AccountState[]
).map((state, id) => ({ id, address: id ? `a${id}@x.example` : "", server: id ? ({ host: "imap.x.example", port: 993, security: "tls" } as const) : null, state }));

const findings = { alone: 0.71, others: 0.88, together: 0.905, weight: 0.4, samples: 144, own: 12, seconds: 1.2, languages: [{ lang: "de", n: 20, alone: 10, others: 18, together: 19 }] };
const model = (more: Partial<ModelView> = {}) => ({ id: "a", name: "M", size: 1_200_000_000, inUse: true, warnings: [], endpoint: null, findings, ...more }) as ModelView;

const status = (more: Partial<RelabelStatus>): RelabelStatus => ({
  job: 7, state: "running", hold: null, scope: scopeOf(BLANK, NOW), options: BLANK.options, evidenceBound: 0.9, encoderBound: 0.8, madeAt: NOW, finishedAt: NOW,
  total: 1200, done: 300, waiting: { evidence: 8, encoder: 8, model: 1, duplicates: 5 },
  shares: (["evidence", "encoder", "model", "memory", "rule", "user"] as const).map((voice) => ({ voice, messages: 2 })),
  duplicates: 10, changes: 3, applied: 0, left: { corrected: 4, ruled: 1, rejudged: 2, unreadable: 1 }, rate: 12.3, secondsLeft: 400, notes: [], ...more,
});
const holds: RelabelHold[] = [{ kind: "battery" }, { kind: "busy" }, { kind: "model" }, { kind: "nobody-works" }, { kind: "trouble", reason: "R" }];
const states: RelabelState[] = ["running", "paused", "ready", "applying", "applied", "undoing", "undone", "discarded", "cancelled"];

const memory: MemoryView = {
  lessons: 1_000_000,
  learned: [...["sender", "list", "domain", "thread", "word", "shape"].map((kind) => `${kind}:x`), ...Array.from({ length: 60 }, (_, at) => `word:w${at}`)].map((key, at) => ({
    key, text: "T", label: "task", lessons: at + 1, at: NOW, pinned: at % 2 === 0, edited: at % 3 === 0,
  })),
  forgotten: ["sender:y"],
  forgotAll: true,
  examples: [{ kind: "folder", folder: 4, label: "task" }, { kind: "keyword", keyword: "K", label: "urgent" }],
};
const audit = (more: Partial<AuditView>): AuditView => ({
  open: [], judged: 10, share: 0.87, low: 0.71, high: 0.95, bands: [0, 0.5, 0.7].map((from) => ({ from, held: 10, judged: 5, right: 3 })),
  confusion: [[4, 0, 0, 0], [0, 2, 1, 0], [0, 0, 1, 0], [0, 0, 0, 2]], ...more,
});
const items = [1, 2].map((id) => ({ id, shown: "urgent" as const, row: row({ id }) }));

const message = (more: Partial<MessageView["row"]>) => ({
  row: row(more),
  to: Array.from({ length: 23 }, (_, at) => ({ name: `N${at}`, address: `n${at}@x.example` })),
  cc: [{ name: "", address: "c@x.example" }], replyTo: [], senderDoubtful: true, list: null, text: "T", html: "<p>T</p>", blockedRemote: 2,
  attachments: [{ name: "a.pdf", mime: "application/pdf", size: 5_300_000 }], calendar: { summary: "S", start: NOW, location: "L" }, defects: [], folder: "INBOX", setAside: true,
  verdict: {
    label: "task", unsure: false, probabilities: [0.1, 0.8, 0.05, 0.05],
    voices: (["evidence", "encoder", "model", "memory", "rule", "user"] as const).map((voice) => ({ voice, probabilities: [0.1, 0.8, 0.05, 0.05], weight: 0.5, version: "1" })),
    why: [{ kind: "word", label: "task", text: "R", weight: 1 }],
  },
}) as unknown as MessageView;
const quote = { words: "T", span: { source: "text" as const, start: 0, end: 1 } };
const due = (more: Partial<DateCandidate>): DateCandidate => ({
  quote, date: { year: 2026, month: 10, day: 14 }, time: { hour: 9, minute: 0 }, exactness: "time", deadline: true, ambiguous: false, at: NOW, ...more,
});
const signals: Signal[] = [
  { kind: "name-shows-address", shown: "a", actual: "b" }, { kind: "name-shows-brand", brand: "a", domain: "b" }, { kind: "reply-elsewhere", from: "a", reply_to: "b" },
  ...(["script", "glyphs", "one-edit"] as const).map((likeness) => ({ kind: "looks-like" as const, domain: "a", like: "b", likeness })),
  { kind: "mixed-scripts", domain: "a" }, { kind: "link-elsewhere", shown: "a", target: "b" }, { kind: "not-authenticated", spf: true, dkim: false, dmarc: true },
];
const facts: Facts = {
  task: { what: quote, for_whom: quote, due: due({}), amount: { quote, minor: 123_456, currency: "EUR", assumed: true } },
  codes: (["one-time", "order", "invoice", "tracking", "booking", "reference"] as const).map((kind) => ({ quote, code: `C-${kind}`, kind })),
  signals: signals.map((signal) => ({ signal, text: "English" })),
};
const none: Facts = { task: null, codes: [], signals: [] };
const found = (of: Facts | undefined, late = false) => ({ facts: of, late, settled: of !== undefined, again: () => {} });

const texts: RuleCondition[] = (["contains", "is", "starts", "ends", "glob"] as const).map((how) => ({ kind: "text", field: "subject", test: { how, value: "V" } }));
const conditions: RuleCondition[] = [
  ...Object.values(FIELDS).flat().map((field) => made(field)),
  ...texts,
  { kind: "text", field: "body", test: { how: "present" } },
  ...(["domain", "name", "local"] as const).map((part) => ({ kind: "address" as const, field: "from" as const, part, test: { how: "is" as const, value: "V" } })),
  ...(["unsure", "answered", "seen", "flagged"] as const).map((kind) => ({ kind, is: false })),
  { kind: "probability", of: "task", bound: { at_least: 0.5, below: 0.9 } }, { kind: "probability", of: "task", bound: { below: 0.9 } }, { kind: "probability", of: "task", bound: {} },
  { kind: "size", bytes: { at_least: 5, at_most: 5 } }, { kind: "size", bytes: { at_least: 5, at_most: 6 } }, { kind: "size", bytes: { at_most: 6 } },
  { kind: "attachment", mime: "image/*", ending: ".pdf", size: { at_least: 1 } },
  ...(["inbox", "archive", "sent", "drafts", "junk", "trash", "all", "other"] as const).map((is) => ({ kind: "folder-role" as const, is })),
  ...(["to", "only-to", "cc", "absent"] as const).map((is) => ({ kind: "reader" as const, is })),
  ...(["pass", "fail", "neutral", "unknown"] as const).map((is) => ({ kind: "authentication" as const, method: "dkim" as const, is })),
  { kind: "group", mode: "any", of: [made("subject"), { kind: "group", mode: "none", of: [made("from")] }] }, { kind: "group", mode: "all", of: [] },
];
const rule = (id: number, more: Partial<Rule> = {}): Rule => ({ id, name: `R${id}`, enabled: true, when: { mode: "all", of: [made("subject")] }, then: [{ kind: "set-label", label: "task" }], ...more });
const rules: Rule[] = [
  rule(1, {
    when: { mode: "all", of: conditions },
    then: [
      { kind: "set-label", label: "urgent" }, { kind: "add-keyword", keyword: "K" }, { kind: "flag" }, { kind: "mark-read" }, { kind: "move", folder: "F" },
      { kind: "archive" }, { kind: "notify" }, { kind: "stop" },
    ],
  }),
  rule(2, { name: "", enabled: false, then: [] }),
];
const preview = (n: number): RulePreview => ({
  faults: [], messages: n, corrected: n,
  rules: rules.map(({ id }) => ({ rule: id, matches: n, more: n, fewer: n, newest: NOW, examples: [row({})], lost: [row({})] })),
  moves: n === 0 ? [] : [{ from: "task", to: "urgent", count: n, examples: [] }],
  conflicts: [{ winner: 1, loser: 2, messages: n, examples: [] }],
  wanted: [{ action: { kind: "flag" }, messages: n }],
});
const faults = (Object.keys(en.rules.fault) as RuleFaultView["fault"]["what"]["kind"][]).map((kind) => ({
  fault: { rule: 0, id: 1, name: "R1", at: { part: "rule" }, what: { kind } }, text: "English",
})) as RuleFaultView[];
const culprits = [
  ...(["yes", "no", "open"] as const).map((answer) => ({ path: [0], condition: made("subject"), answer })),
  ...(["no", "open"] as const).map((answer) => ({ path: [], answer })),
];
const heard: RuleHeard[] = [
  { kind: "off" }, { kind: "behind" }, { kind: "stopped", by: 1 },
  ...culprits.flatMap((because): RuleHeard[] => [{ kind: "failed", because }, { kind: "open", because }]),
  {
    kind: "matched",
    actions: [
      { action: { kind: "set-label", label: "task" }, fate: { kind: "stands" } }, { action: { kind: "flag" }, fate: { kind: "stands" } },
      { action: { kind: "notify" }, fate: { kind: "repeats", of: 1 } }, { action: { kind: "archive" }, fate: { kind: "overruled", by: 1 } },
    ],
  },
];
const entry = (more: Partial<HistoryEntry>): HistoryEntry => ({
  at: NOW, row: row({}), by: "evidence", from: null, to: "task", unsure: true, confidence: 0.5, reason: "R", relabel: 7, undone: false, act: null, ...more,
});

const reading = { id: 1, dark: false, onFormatted: () => {}, onLabel: () => {}, onLike: () => {}, onMakeRule: () => {}, onAlways: () => {}, onClose: () => {} };

async function speak(language: Language) {
  const own = files[`./${language}.json`] ?? {};
  strings.addResourceBundle(language, "translation", own);
  // Nothing is taken from English in place of what is missing.
  Object.assign(strings.options, { fallbackLng: false });
  await act(async () => void (await strings.changeLanguage(language)));
}

afterEach(() => {
  cleanup();
  answers({});
});
afterAll(async () => {
  Object.assign(strings.options, { fallbackLng: "en" });
  await strings.changeLanguage("en");
});

/** Until what was asked for is there. */
const settle = () =>
  act(async () => {
    for (let n = 0; n === 0 || (n < 1000 && document.querySelector('[aria-busy="true"]')); n += 1) await new Promise((resolve) => setTimeout(resolve, 0));
  });

describe("what is not written down", () => {
  it("is a fault", async () => {
    await speak("de");
    expect(() => strings.t("no.such.key")).toThrow("no.such.key");
    expect(() => strings.t("no.such.key", { count: 2 })).toThrow("no.such.key");
  });
});

describe.each(Object.keys(LANGUAGES) as Language[])("in %s", (language) => {
  it("there is the window, with all states of accounts and models", async () => {
    await speak(language);
    const views = [
      overview({ accounts, models: [model()], model: { kind: "ready", name: "M" }, waitingForModel: 1 }),
      overview({ accounts, model: { kind: "absent" }, waitingForModel: 2 }),
      overview({ accounts, model: { kind: "loading", name: "M" } }),
      overview({ accounts, model: { kind: "failed", reason: "R" } }),
      overview({ accounts, model: { kind: "downloading", name: "M", done: 5, total: 9 } as never }),
    ];
    for (const view of views) {
      answers({
        overview: () => ({ kind: "overview", ...view }),
        lane: () => ({ kind: "lane", rows: [row({ unsure: true, attachments: true })], next: null }),
        search: () => ({ kind: "search", rows: [], next: null }),
        message: () => ({ kind: "message", ...message({}) }),
        relabel: () => ({ kind: "relabel", status: status({ state: "paused" }) }),
        label: () => ({ kind: "label" }),
      });
      open(App);
      await settle();
      await screen.findAllByText(strings.t("voice.encoder"));
      fireEvent.keyDown(window, { key: "?" });
      for (const lane of lanes) expect(screen.getAllByText(strings.t(`lane.${lane}`)).length).toBeGreaterThan(0);
      cleanup();
      open(Models, { overview: view });
      act(() => tell({ kind: "weighing", done: 3, total: 144 }));
      cleanup();
    }
  });
  it("there is the first run", async () => {
    await speak(language);
    for (const keychain of [true, false]) {
      answers({
        discover: () => ({ kind: "discover", candidates: keychain ? [1, 2].map((at) => ({ server: { host: `h${at}`, port: 993, security: "tls" }, user: "u", confirm: true, source: "S" })) : [], signIn: { kind: "password" } }),
      });
      open(() => <Welcome keychain={keychain} onDone={() => {}} onBack={keychain ? () => {} : undefined} />);
      fireEvent.change(screen.getByLabelText(new RegExp(strings.t("welcome.address"))), { target: { value: "a@x.example" } });
      fireEvent.click(screen.getByRole("button", { name: strings.t("welcome.find") }));
      await screen.findByLabelText(strings.t("welcome.port"));
      cleanup();
    }
  });
  it("there are messages, and why they lie where they lie", async () => {
    await speak(language);
    for (const more of [{}, { unsure: true }, { decidedBy: "user" as const }]) {
      open(() => <Opened {...reading} found={found(facts)} formatted={false} message={message(more)} />);
      cleanup();
    }
    for (const one of [1, 1_000_000]) {
      open(() => <Opened {...reading} found={found(none, one === 1)} formatted beside message={{ ...message({}), blockedRemote: one, verdict: null }} />);
      cleanup();
    }
    for (const exactness of ["day", "week", "month"] as const) {
      const task = { what: quote, for_whom: null, due: due({ exactness, deadline: false, ambiguous: true }), amount: { quote, minor: 5, currency: null, assumed: false } };
      open(() => <Opened {...reading} found={found({ ...none, task })} formatted={false} message={{ ...message({}), list: "L" }} />);
      cleanup();
    }
    open(() => <Opened {...reading} found={found(undefined, true)} formatted={false} message={message({})} />);
    open(() => <Heard trace={{ rules: heard.map((heard, at) => ({ rule: at + 1, name: "", heard })), outcome: null }} />);
    open(() => <Heard trace={{ rules: [], outcome: null }} />);
    open(() => <Help onClose={() => {}} />);
    for (const count of [1, 3, 1_000_000]) open(() => <Selected count={count} onLabel={() => {}} onClear={() => {}} />);
    open(() => <Palette entries={[{ id: "a", title: "A", keys: ["g i"], run: () => {} }]} onClose={() => {}} />);
    for (const value of ["a", "z"]) fireEvent.change(screen.getByRole("combobox", { name: strings.t("palette.find") }), { target: { value } });
  });
  it("there is relabelling, in all its states", async () => {
    await speak(language);
    const all = [
      null,
      ...states.flatMap((state) => [0, 1, 3, 1_000_000].map((changes) => status({ state, changes, done: changes, left: { corrected: 1, ruled: 1, rejudged: changes, unreadable: 1 } }))),
      ...holds.map((hold) => status({ hold })),
      ...[1, 600, 90_000, 900_000].map((secondsLeft) => status({ secondsLeft })),
    ];
    for (const each of all) {
      answers({
        relabel: () => ({ kind: "relabel", status: each }),
        "relabel-diff": () => ({ kind: "relabel-diff", job: 7, moves: [{ from: "task", to: "urgent", count: 3, examples: [row({ subject: "" })] }], unchanged: 3 }),
      });
      open(Relabel, { overview: overview({ models: [model()] }) });
      await settle();
      screen.getByRole("heading", { level: 1, name: strings.t("pages.relabel") });
      cleanup();
    }
  });
  it("there are rules, right and wrong, and what they would do", async () => {
    await speak(language);
    // What must rest is waited for by a clock that only moves when it is told to.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const rest = () => act(async () => void (await vi.advanceTimersByTimeAsync(REST)));
    try {
      for (const told of [preview(1), preview(3), preview(1_000_000), { ...preview(0), faults }]) {
        answers({
          rules: () => ({ kind: "rules", rules, faults: [] }),
          "preview-rules": () => ({ kind: "preview-rules", ...told }),
          "export-rules": () => ({ kind: "export-rules", json: "{}", sieve: "S", leftOut: told.messages === 1 ? [] : ["English"] }),
        });
        open(Rules);
        await rest();
        await rest();
        fireEvent.click(screen.getByText("R1"));
        fireEvent.click(screen.getByRole("button", { name: strings.t("rules.exchange.export") }));
        fireEvent.click(screen.getByRole("button", { name: strings.t("rules.duplicateOne", { name: "R1" }) }));
        await rest();
        await rest();
        screen.getByRole("heading", { level: 1, name: strings.t("pages.rules") });
        cleanup();
      }
      answers({ rules: () => ({ kind: "rules", rules: [], faults: [] }), "preview-rules": () => ({ kind: "preview-rules", ...preview(0), rules: [] }) });
      open(Rules);
      await rest();
      screen.getByText(strings.t("rules.empty"));
    } finally {
      vi.useRealTimers();
    }
  });
  it("there is the history, full, empty and narrowed", async () => {
    await speak(language);
    const voices = ["evidence", "encoder", "model", "memory", "rule"] as const;
    const entries = [...voices.map((by) => entry({ by })), entry({ by: "user", from: "urgent", act: 1 }), entry({ by: "user", act: 2, undone: true }), entry({ row: null })];
    for (const shown of [entries, [entry({})], []]) {
      answers({ history: () => ({ kind: "history", entries: shown, next: shown.length > 1 ? "n" : null }) });
      open(History);
      await settle();
      const [only] = screen.queryAllByRole("button", { name: strings.t("history.only", { subject: "Invoice 12" }) });
      if (only) fireEvent.click(only);
      else fireEvent.change(screen.getByRole("combobox", { name: new RegExp(strings.t("history.who")) }), { target: { value: "rule" } });
      await settle();
      screen.getByText(only ? strings.t("history.about", { subject: "Invoice 12" }) : strings.t("history.noneSuch"), { normalizer: (text) => text });
      cleanup();
    }
  });
  it("there is memory, full and empty", async () => {
    await speak(language);
    for (const view of [memory, { ...memory, learned: [] }, { ...memory, learned: [], lessons: 0 }, { ...memory, learned: [], lessons: 0, forgotAll: false, forgotten: [] }]) {
      answers({ memory: () => ({ kind: "memory", ...view }), teach: () => ({ kind: "memory", ...view }) });
      const { props } = open(Memory);
      await settle();
      if (view === memory) {
        fireEvent.click(screen.getByRole("button", { name: strings.t("memory.forgetOne", { name: "w1" }) }));
        await settle();
        expect(props.onSay).toHaveBeenCalled();
        fireEvent.click(screen.getByRole("button", { name: strings.t("memory.forgetAll.button") }));
        fireEvent.change(screen.getByLabelText(strings.t("memory.search")), { target: { value: "nobody" } });
      }
      cleanup();
    }
  });
  it("there is accuracy, before, while and after it is judged", async () => {
    await speak(language);
    for (const view of [audit({ judged: 0 }), audit({ open: items }), audit({}), audit({ judged: 1 }), audit({ judged: 60 })]) {
      answers({
        audit: () => ({ kind: "audit", ...view }),
        "answer-audit": () => ({ kind: "audit", ...audit({ open: items.slice(1) }) }),
        message: ({ id }) => ({ kind: "message", ...message({ id }) }),
      });
      const { press } = open(Accuracy);
      await settle();
      if (view.open.length > 0) {
        for (const key of ["label-1", "label-4"] as const) {
          act(() => void press(key));
          await settle();
        }
      }
      cleanup();
    }
  });
  it("there are models and settings", async () => {
    await speak(language);
    open(Models, { overview: overview({ models: [model(), model({ id: "b", findings: { ...findings, weight: 0 } }), model({ id: "c", findings: null }), model({ id: "d", findings: null, inUse: false })] }) });
    cleanup();
    open(Models, { overview: overview() });
    cleanup();
    for (const view of [overview({ accounts }), overview({ keychain: false, sample: false })]) {
      open(Settings, { overview: view });
      screen.getByRole("radio", { name: LANGUAGES[language] });
      const remove = screen.queryAllByText(strings.t("remove"))[0];
      if (remove) fireEvent.click(remove);
      cleanup();
    }
  });
});
