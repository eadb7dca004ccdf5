import { act, cleanup, fireEvent, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { RelabelHold } from "../../gen/RelabelHold";
import type { RelabelStatus } from "../../gen/RelabelStatus";
import { answers, asked, tell } from "../../testing/scripted";
import { BLANK, estimate, isReversed, scopeOf } from "./scope";

vi.mock("../../host", () => import("../../testing/scripted"));
const { open, overview, row } = await import("../../testing/page");
const { default: Relabel } = await import("./Relabel");

afterEach(cleanup);

const NOW = Date.UTC(2026, 9, 14, 12) / 1000;

const status = (more: Partial<RelabelStatus> = {}): RelabelStatus => ({
  job: 7,
  state: "running",
  hold: null,
  scope: scopeOf(BLANK, NOW),
  options: BLANK.options,
  evidenceBound: 0.9,
  encoderBound: 0.8,
  madeAt: NOW,
  finishedAt: null,
  total: 1200,
  done: 300,
  waiting: { evidence: 800, encoder: 80, model: 15, duplicates: 5 },
  shares: [{ voice: "evidence", messages: 290 }],
  duplicates: 10,
  changes: 3,
  applied: 0,
  left: { corrected: 4, ruled: 0, rejudged: 0, unreadable: 0 },
  rate: 12.345,
  secondsLeft: 400,
  notes: ["No language model was asked: none is in use."],
  ...more,
});

const moves = [{ from: "notification", to: "task", count: 3, examples: [row({ id: 9 })] }];
const engine = (first: RelabelStatus | null, steered: RelabelStatus | null = first) =>
  answers({
    relabel: ({ command }) => ({ kind: "relabel", status: command.kind === "status" ? first : steered }),
    "relabel-diff": ({ job }) => ({ kind: "relabel-diff", job, moves, unchanged: 297 }),
  });
const commands = () => asked.flatMap((request) => (request.kind === "relabel" && request.command.kind !== "status" ? [request.command] : []));
const button = (name: string | RegExp) => screen.findByRole("button", { name });
const heading = (name: string) => screen.findByRole("heading", { name });

describe("the scope", () => {
  it("of nothing chosen is all mail", () => {
    expect(scopeOf(BLANK, NOW)).toEqual({
      account: null, folder: null, since: null, until: null, lane: null, unsure: false, changedVoices: false, ids: null, ruled: false,
    });
  });
  it("counts days back from now", () => {
    expect(scopeOf({ ...BLANK, when: "month" }, NOW).since).toBe(NOW - 30 * 86_400);
    expect(scopeOf({ ...BLANK, when: "month" }, NOW).until).toBeNull();
  });
  it("holds the last day whole, where the user is", () => {
    const { since, until } = scopeOf({ ...BLANK, when: "dates", from: "2026-01-01", to: "2026-01-01" }, NOW);
    expect(since).toBe(new Date(2026, 0, 1).getTime() / 1000);
    expect(until).toBe(new Date(2026, 0, 2).getTime() / 1000);
  });
  it("may have an open end, and is not reversed then", () => {
    const form = { ...BLANK, when: "dates" as const, from: "2026-02-01" };
    expect(scopeOf(form, NOW).until).toBeNull();
    expect(isReversed(form)).toBe(false);
    expect(isReversed({ ...form, to: "2026-01-01" })).toBe(true);
    expect(isReversed({ ...form, to: "2026-02-01" })).toBe(false);
  });
  it("takes accounts and folders as they were chosen", () => {
    expect(scopeOf({ ...BLANK, account: "3", folder: " INBOX " }, NOW)).toMatchObject({ account: 3, folder: "INBOX" });
  });
});

describe("the estimate", () => {
  it("is the size of the lanes, where the scope is made of lanes", () => {
    expect(estimate(BLANK, overview())).toEqual({ messages: 100, seconds: null });
    expect(estimate({ ...BLANK, lane: "task" }, overview()).messages).toBe(20);
  });
  it("is unknown for what only the engine can count", () => {
    for (const form of [{ folder: "x" }, { account: "1" }, { unsure: true }, { changedVoices: true }, { when: "year" as const }]) {
      expect(estimate({ ...BLANK, ...form }, overview()).messages).toBeNull();
    }
  });
  it("knows how long a weighed model takes for all", () => {
    const model = { id: "a", name: "m", size: 1, inUse: true, warnings: [], findings: { seconds: 2 } };
    const all = { ...BLANK, options: { ...BLANK.options, modelForAll: true } };
    expect(estimate(all, overview({ models: [model as never] })).seconds).toBe(200);
    expect(estimate(BLANK, overview({ models: [model as never] })).seconds).toBeNull();
  });
});

describe("the page of relabelling", () => {
  it("offers a start when there never was one, and asks as it is filled in", async () => {
    engine(null, status());
    open(Relabel);
    fireEvent.change(await screen.findByLabelText("Lane"), { target: { value: "task" } });
    expect(screen.getByText(/At most 20 messages will be read/)).toBeTruthy();
    fireEvent.click(screen.getByLabelText("Only mail that nobody was sure about"));
    expect(screen.getByText(/is known as soon as it has begun/)).toBeTruthy();
    const start = await button("Start relabelling");
    start.focus();
    fireEvent.click(start);
    await heading("Relabelling");
    expect(document.activeElement?.textContent, "the focus is not lost with the button").toBe("Relabel");
    expect(screen.getByRole("status").textContent, "and it is said").toBe("Relabelling");
    expect(commands()).toEqual([{ kind: "start", scope: { ...scopeOf(BLANK, NOW), lane: "task", unsure: true }, options: BLANK.options }]);
  });
  it("says what to do when there is no mail", async () => {
    engine(null);
    open(Relabel, { overview: overview({ counts: [] }) });
    expect(await screen.findByText(/There is no mail yet/)).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Start relabelling" })).toBeNull();
  });
  it("does not begin with dates the wrong way round", async () => {
    engine(null);
    open(Relabel);
    fireEvent.change(await screen.findByLabelText("Received"), { target: { value: "dates" } });
    fireEvent.change(screen.getByLabelText("From"), { target: { value: "2026-02-01" } });
    fireEvent.change(screen.getByLabelText("Up to and including"), { target: { value: "2026-01-01" } });
    expect(screen.getByRole("alert").textContent).toContain("lies before");
    expect((await button("Start relabelling")).hasAttribute("disabled")).toBe(true);
  });
  it("tells how far it is, who settled what and what is left alone", async () => {
    engine(status());
    open(Relabel);
    await screen.findByText("300 of 1,200 messages");
    const text = document.body.textContent ?? "";
    for (const said of ["12 a second", "about 7 minutes left", "Headers and words290", "For the language model15", "You labelled them4", "none is in use"]) {
      expect(text).toContain(said);
    }
    expect((screen.getByRole("progressbar") as HTMLProgressElement).value).toBe(300);
  });
  it("follows what the engine tells", async () => {
    engine(status());
    open(Relabel);
    await screen.findByText("300 of 1,200 messages");
    act(() => tell({ kind: "relabel", status: status({ done: 900 }) }));
    await screen.findByText("900 of 1,200 messages");
    act(() => tell({ kind: "relabel", status: status({ state: "ready" }) }));
    await heading("3 messages would move");
  });
  it("can be paused, gone on with and cancelled", async () => {
    engine(status(), status({ state: "paused" }));
    open(Relabel);
    fireEvent.click(await button("Pause"));
    await heading("Paused");
    expect(screen.queryByText("12 a second")).toBeNull();
    fireEvent.click(await button("Go on"));
    await act(async () => {});
    fireEvent.click(await button("Cancel relabelling"));
    await act(async () => {});
    expect(commands().map((command) => command.kind)).toEqual(["pause", "resume", "cancel"]);
  });
  it.each<[RelabelHold, string, unknown]>([
    [{ kind: "battery" }, "until the computer is on mains", { kind: "resume", onBattery: true, whenBusy: null }],
    [{ kind: "busy" }, "until other programs", { kind: "resume", onBattery: null, whenBusy: true }],
    [{ kind: "model" }, "for the language model to start", null],
    [{ kind: "nobody-works" }, "Nobody works on it", null],
    [{ kind: "trouble", reason: "The disk is full." }, "The disk is full.", null],
  ])("says why it waits: %o", async (hold, said, command) => {
    engine(status({ hold }));
    open(Relabel);
    await screen.findByText(new RegExp(said));
    expect(screen.queryByText("12 a second")).toBeNull();
    if (command) {
      fireEvent.click(await button("Go on anyway"));
      await act(async () => {});
      expect(commands()).toEqual([command]);
    } else expect(screen.queryByRole("button", { name: "Go on anyway" })).toBeNull();
  });
  it("shows what would change, opens examples, and moves nothing before it is told to", async () => {
    engine(status({ state: "ready" }), status({ state: "applying", applied: 1 }));
    const { props } = open(Relabel);
    fireEvent.click(await button(/Invoice 12/));
    expect(props.onRead).toHaveBeenCalledWith(9);
    expect(screen.getByText("297 messages stay in their lanes.")).toBeTruthy();
    expect(commands()).toEqual([]);
    fireEvent.click(await button("Show more examples"));
    await act(async () => {});
    expect(asked.at(-1)).toMatchObject({ kind: "relabel-diff", examples: 50 });
    fireEvent.click(await button("Move 3 messages"));
    await heading("Moving mail to its new lanes");
    expect(screen.queryByRole("button", { name: "Pause" })).toBeNull();
  });
  it("says so when nothing would change", async () => {
    engine(status({ state: "ready", changes: 0 }), status({ state: "discarded", changes: 0 }));
    open(Relabel);
    await heading("Nothing would change");
    fireEvent.click(await button("Done"));
    await heading("Left as it was");
    expect(commands()).toEqual([{ kind: "discard" }]);
  });
  it("takes back what was applied, by its button and by u, and offers another", async () => {
    engine(status({ state: "applied", finishedAt: NOW, left: { corrected: 0, ruled: 0, rejudged: 1, unreadable: 0 } }), status({ state: "undoing" }));
    const { press } = open(Relabel);
    await heading("3 messages were moved");
    expect(screen.getByText(/1 message was left out/)).toBeTruthy();
    await button("Start relabelling");
    act(() => expect(press("undo")).toBe(true));
    await heading("Taking it back");
    expect(commands()).toEqual([{ kind: "undo", job: 7 }]);
  });
  it.each([["undone", "3 messages were moved back"], ["cancelled", "Cancelled"]] as const)("remembers how it ended: %s", async (state, said) => {
    engine(status({ state, finishedAt: NOW }));
    const { press } = open(Relabel);
    await heading(said);
    expect(press("undo")).toBe(false);
  });
  it("says what failed, and asks again", async () => {
    answers({});
    open(Relabel);
    await screen.findByText("Nothing is written down for relabel.");
    engine(null);
    fireEvent.click(await button("Try again"));
    await button("Start relabelling");
  });
  it("keeps the form when the engine refuses", async () => {
    answers({
      relabel: ({ command }) => {
        if (command.kind === "status") return { kind: "relabel", status: null };
        throw { code: "not-found", message: "No mail is like that. Choose more of it." };
      },
    });
    open(Relabel);
    fireEvent.click(await button("Start relabelling"));
    await screen.findByText("No mail is like that. Choose more of it.");
    await button("Start relabelling");
  });
});
