import { act, cleanup, fireEvent, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { HistoryEntry } from "../../gen/HistoryEntry";
import type { HistoryFilter } from "../../gen/HistoryFilter";
import { answers, asked, tell } from "../../testing/scripted";
import { csv } from "./csv";

vi.mock("../../host", () => import("../../testing/scripted"));
const download = vi.fn<(text: string, file: string, type: string) => void>();
vi.mock("../../ui/download", () => ({ download: (text: string, file: string, type: string) => download(text, file, type) }));
const { open, overview, row } = await import("../../testing/page");
const { default: History } = await import("./History");

afterEach(() => {
  cleanup();
  download.mockClear();
});

const entry = (more: Partial<HistoryEntry> = {}): HistoryEntry => ({
  at: 1_760_000_000, row: row({ id: 5 }), by: "evidence", from: null, to: "notification", unsure: false, confidence: 0.91,
  reason: "Sent to a list", relabel: null, undone: false, act: null, ...more,
});
const own = (more: Partial<HistoryEntry> = {}) => entry({ by: "user", from: "notification", to: "task", confidence: null, reason: null, act: 12, ...more });

/** An engine with these pages, whichever filter is asked for. */
function engine(...pages: HistoryEntry[][]) {
  answers({
    history: ({ after }) => {
      const at = Number(after ?? 0);
      return { kind: "history", entries: pages[at] ?? [], next: at + 1 < pages.length ? String(at + 1) : null };
    },
    "take-back": () => {
      const page = pages[0] as HistoryEntry[];
      pages[0] = page.map((each) => (each.act === 12 ? { ...each, undone: true } : each));
      return { kind: "undo", undone: { rows: [], label: "task" }, counts: [] };
    },
  });
}
const filters = () => asked.flatMap((request): HistoryFilter[] => (request.kind === "history" ? [request.filter] : []));
const settle = () => act(async () => {});
const lines = () => [...document.querySelectorAll("tbody tr")].map((line) => line.textContent ?? "");

describe("the page of history", () => {
  it("says when there is nothing yet", async () => {
    engine([]);
    open(History);
    await screen.findByText(/Nothing has been decided yet/);
    expect(screen.queryByRole("button", { name: "Save as CSV" })).toBeNull();
  });
  it("keeps its place while it loads, and can be tried again when that fails", async () => {
    answers({
      history: () => {
        throw { code: "internal", message: "The file is busy." };
      },
    });
    open(History);
    expect(document.querySelector('main[aria-busy="true"] .skeleton')).toBeTruthy();
    await screen.findByText("The file is busy.");
    engine([entry()]);
    fireEvent.click(screen.getByRole("button", { name: "Try again" }));
    await screen.findByText(/Invoice 12/);
  });
  it("tells who decided what, how surely and why", async () => {
    engine([entry(), own(), entry({ unsure: true, relabel: 3 }), entry({ row: null })]);
    const { props } = open(History);
    await screen.findByText("(removed message)");
    const [one, two, three, four] = lines() as [string, string, string, string];
    for (const said of ["Headers and words", "Ana", "Invoice 12", "Sent to a list", "Notification", "91%"]) expect(one).toContain(said);
    for (const said of ["You", "Notification", "Task", "Take back"]) expect(two).toContain(said);
    for (const said of ["by relabelling", "unsure"]) expect(three).toContain(said);
    expect(four, "what is gone cannot be opened").not.toContain("Invoice");
    expect(screen.getAllByRole("button", { name: /^Take back/ }), "what voices decided is not taken back").toHaveLength(1);
    fireEvent.click(screen.getAllByRole("button", { name: /Ana/ })[0] as HTMLElement);
    expect(props.onRead).toHaveBeenCalledWith(5);
  });
  it("shows foreign text as text", async () => {
    engine([entry({ row: row({ subject: "<img src=x>{{count}}" }), reason: "<b>bold</b>" })]);
    const { container } = open(History);
    await screen.findByText(/img src=x/);
    expect(container.querySelector("img, b")).toBeNull();
  });
  it("takes back an act of the user once, and says so", async () => {
    engine([own(), own({ act: 13, undone: true })]);
    const { props } = open(History);
    fireEvent.click(await screen.findByRole("button", { name: /^Take back/ }));
    await settle();
    await screen.findAllByText("taken back");
    expect(asked.filter((request) => request.kind === "take-back")).toEqual([{ kind: "take-back", act: 12 }]);
    expect(props.onSay).toHaveBeenCalledWith("Taken back.");
    expect(screen.queryByRole("button", { name: /^Take back/ })).toBeNull();
    expect(document.activeElement?.tagName, "the button is gone, so its page has the focus").toBe("H1");
  });
  it("says what failed, and leaves the act", async () => {
    engine([own()]);
    open(History);
    const button = await screen.findByRole("button", { name: /^Take back/ });
    answers({
      "take-back": () => {
        throw { code: "internal", message: "The disk is full." };
      },
    });
    fireEvent.click(button);
    expect((await screen.findByRole("alert")).textContent).toBe("The disk is full.");
    expect(screen.getByRole("button", { name: /^Take back/ })).toBe(button);
  });
  it("is narrowed by who, by lane and to one message, and widened again", async () => {
    engine([entry()]);
    open(History);
    await screen.findByText(/Invoice 12/);
    fireEvent.change(screen.getByLabelText("Who"), { target: { value: "user" } });
    fireEvent.change(screen.getByLabelText("Into"), { target: { value: "task" } });
    fireEvent.click(await screen.findByRole("button", { name: "Only about Invoice 12" }));
    await screen.findByText("Only about: Invoice 12");
    await screen.findByText("91%");
    fireEvent.click(screen.getByRole("button", { name: "About all messages" }));
    await settle();
    expect(filters()).toEqual([
      { by: null, to: null, message: null },
      { by: "user", to: null, message: null },
      { by: "user", to: "task", message: null },
      { by: "user", to: "task", message: 5 },
      { by: "user", to: "task", message: null },
    ]);
  });
  it("says so when nothing is like that", async () => {
    engine([]);
    open(History);
    await screen.findByText(/Nothing has been decided yet/);
    fireEvent.change(screen.getByLabelText("Who"), { target: { value: "rule" } });
    await screen.findByText(/Nothing in the record is like that/);
  });
  it("shows older entries when asked, as far as there are any", async () => {
    engine([entry()], [entry({ row: row({ subject: "Older" }) })]);
    open(History);
    await screen.findByText("1 entry shown");
    fireEvent.click(screen.getByRole("button", { name: "Show older" }));
    await screen.findByText("2 entries shown");
    expect(lines()[1]).toContain("Older");
    expect(screen.queryByRole("button", { name: "Show older" })).toBeNull();
  });
  it("follows what is decided meanwhile", async () => {
    engine([entry()]);
    open(History);
    await screen.findByText("1 entry shown");
    engine([own(), entry()]);
    act(() => tell({ kind: "lanes", counts: overview().counts, lanes: [], waitingForModel: 0 }));
    await screen.findByText("2 entries shown");
  });
  it("gives what is shown as a file", async () => {
    engine([entry({ row: row({ subject: '=1+1, "x"' }) }), own({ undone: true }), entry({ row: null })]);
    open(History);
    fireEvent.click(await screen.findByRole("button", { name: "Save as CSV" }));
    expect(download).toHaveBeenCalledTimes(1);
    const [text, file, type] = download.mock.calls[0] ?? [];
    expect([file, type]).toEqual(["mailroom-history.csv", "text/csv"]);
    expect(text?.split("\r\n").slice(0, 4)).toEqual([
      "\u{feff}When,Who,Sender,Subject,From,To,Sure,Reason,Taken back",
      `2025-10-09T08:53:20.000Z,Headers and words,ana@firm.example,"'=1+1, ""x""",,Notification,0.9100,Sent to a list,no`,
      "2025-10-09T08:53:20.000Z,You,ana@firm.example,Invoice 12,Notification,Task,,,yes",
      "2025-10-09T08:53:20.000Z,Headers and words,,,,Notification,0.9100,Sent to a list,no",
    ]);
  });
});

describe("values separated by commas", () => {
  it.each([
    ["plain", "plain"],
    ["a,b", '"a,b"'],
    ['say "x"', '"say ""x"""'],
    ["two\nlines", '"two\nlines"'],
    ["=HYPERLINK(1)", "'=HYPERLINK(1)"],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@a", "'@a"],
    ["\tx", "'\tx"],
    ["", ""],
  ])("write %j as %j", (text, written) => expect(csv([[text]])).toBe(`\u{feff}${written}\r\n`));
});
