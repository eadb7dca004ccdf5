import { act, cleanup, fireEvent, screen, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Learned } from "../../gen/Learned";
import type { MemoryView } from "../../gen/MemoryView";
import { answers, asked } from "../../testing/scripted";
import { about, groups } from "./groups";

vi.mock("../../host", () => import("../../testing/scripted"));
const { open } = await import("../../testing/page");
const { default: Memory } = await import("./Memory");

afterEach(cleanup);

const learned = (key: string, more: Partial<Learned> = {}): Learned => ({
  key, text: `About ${key}`, label: "task", lessons: 1, at: 1_760_000_000, pinned: false, edited: false, ...more,
});
const view = (more: Partial<MemoryView> = {}): MemoryView => ({ lessons: 3, learned: [], forgotten: [], forgotAll: false, examples: [], ...more });
const engine = (first: MemoryView, then: MemoryView = first) =>
  answers({
    memory: () => ({ kind: "memory", ...first }),
    teach: () => ({ kind: "memory", ...then }),
    "set-examples": () => ({ kind: "memory", ...then }),
  });
const taught = () => asked.filter((request) => request.kind === "teach" || request.kind === "set-examples");
const line = async (name: string) => (await screen.findByText(name)).closest("li") as HTMLElement;

describe("what was learned", () => {
  it("is told apart by its key", () => {
    expect(about("sender:a:b@x.example")).toEqual({ kind: "sender", name: "a:b@x.example" });
    expect(about("word:falkenstein")).toEqual({ kind: "word", name: "falkenstein" });
    expect(about("shape:x")).toEqual({ kind: "other", name: "shape:x" });
    expect(about(":x")).toEqual({ kind: "other", name: ":x" });
  });
  it("is grouped, with what is pinned first, and can be searched", () => {
    const all = [learned("word:tax"), learned("sender:b@x.example"), learned("sender:a@x.example", { pinned: true })];
    expect(groups(all, "").map((group) => [group.kind, group.learned.map((each) => each.key)])).toEqual([
      ["sender", ["sender:a@x.example", "sender:b@x.example"]],
      ["word", ["word:tax"]],
    ]);
    expect(groups(all, " B@X ").map((group) => group.kind)).toEqual(["sender"]);
    expect(groups(all, "nobody")).toEqual([]);
  });
});

describe("the page of memory", () => {
  it.each([
    [view({ lessons: 0 }), "Nothing has been learned yet."],
    [view({ lessons: 0, forgotAll: true }), "Everything was forgotten."],
    [view({ lessons: 2 }), "nothing general follows"],
  ])("says what to do when it is empty", async (memory, said) => {
    engine(memory);
    open(Memory);
    await screen.findByText(new RegExp(said));
  });
  it("is read as sentences", async () => {
    engine(view({ learned: [learned("sender:ana@firm.example", { lessons: 3, edited: true }), learned("word:tax"), learned("odd")] }));
    open(Memory);
    const sender = await line("ana@firm.example");
    expect(sender.textContent).toContain("Mail from ana@firm.example is");
    expect(sender.textContent).toContain("said 3 times");
    expect(sender.textContent).toContain("changed by you");
    const word = await line("tax");
    expect(word.textContent).toContain("Mail with the word tax is");
    expect(within(word).queryByRole("combobox"), "a word can only be forgotten").toBeNull();
    expect(await line("About odd"), "what has no sentence here has the engine's").toBeTruthy();
  });
  it("shows foreign names as text", async () => {
    engine(view({ learned: [learned("sender:<img src=x>{{lessons}}</b>@x.example")] }));
    const { container } = open(Memory);
    await screen.findByText(/img src=x/);
    expect(container.querySelector("img")).toBeNull();
  });
  it("changes labels and pins", async () => {
    engine(view({ learned: [learned("sender:ana@firm.example")] }), view({ learned: [learned("sender:ana@firm.example", { label: "urgent", pinned: true })] }));
    open(Memory);
    fireEvent.change(await screen.findByLabelText("Label for ana@firm.example"), { target: { value: "urgent" } });
    await act(async () => {});
    const pin = screen.getByRole("button", { name: "Pin ana@firm.example" });
    expect(pin.getAttribute("aria-pressed")).toBe("true");
    fireEvent.click(pin);
    await act(async () => {});
    expect(taught()).toEqual([
      { kind: "teach", key: "sender:ana@firm.example", change: { kind: "edit", label: "urgent" } },
      { kind: "teach", key: "sender:ana@firm.example", change: { kind: "unpin" } },
    ]);
  });
  it("forgets one thing, and says how to have it back", async () => {
    engine(view({ learned: [learned("sender:ana@firm.example")] }), view({ forgotten: ["sender:ana@firm.example"] }));
    const { props } = open(Memory);
    fireEvent.click(await screen.findByRole("button", { name: "Forget ana@firm.example" }));
    fireEvent.click(await screen.findByRole("button", { name: "Bring back ana@firm.example" }));
    await act(async () => {});
    expect(taught().map((request) => request.kind === "teach" && request.change.kind)).toEqual(["forget", "recall"]);
    const [said, undo] = vi.mocked(props.onSay).mock.calls[0] ?? [];
    expect(said).toBe("ana@firm.example is forgotten.");
    await act(async () => void (await undo?.()));
    expect(taught().at(-1)).toEqual({ kind: "teach", key: "sender:ana@firm.example", change: { kind: "recall" } });
  });
  it("keeps the focus on the page, and does once what is asked for twice", async () => {
    engine(view({ learned: [learned("sender:ana@firm.example")] }), view({ forgotten: ["sender:ana@firm.example"] }));
    open(Memory);
    const forget = await screen.findByRole("button", { name: "Forget ana@firm.example" });
    forget.focus();
    fireEvent.click(forget);
    fireEvent.click(forget);
    await screen.findByRole("button", { name: "Bring back ana@firm.example" });
    expect(taught()).toHaveLength(1);
    expect(document.activeElement?.textContent).toBe("Memory");
  });
  it("does one thing after another", async () => {
    engine(view({ learned: [learned("sender:a@x.example"), learned("sender:b@x.example")] }));
    open(Memory);
    fireEvent.click(await screen.findByRole("button", { name: "Forget a@x.example" }));
    fireEvent.click(screen.getByRole("button", { name: "Forget b@x.example" }));
    await act(async () => {});
    expect(taught().map((request) => request.kind === "teach" && request.key)).toEqual(["sender:a@x.example", "sender:b@x.example"]);
  });
  it("forgets everything only after a question", async () => {
    engine(view({ learned: [learned("sender:ana@firm.example")] }), view({ lessons: 0, forgotAll: true }));
    open(Memory);
    fireEvent.click(await screen.findByRole("button", { name: "Forget everything" }));
    const dialog = screen.getByRole("dialog");
    fireEvent.click(within(dialog).getByRole("button", { name: "Cancel" }));
    expect(taught()).toEqual([]);
    fireEvent.click(screen.getByRole("button", { name: "Forget everything" }));
    fireEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Forget everything" }));
    await screen.findByRole("button", { name: "Bring everything back" });
    expect(taught()).toEqual([{ kind: "teach", key: "", change: { kind: "forget-all" } }]);
  });
  it("takes keywords as examples, each once, and keeps folders", async () => {
    const examples = [{ kind: "folder", folder: 4, label: "task" }, { kind: "keyword", keyword: "Invoice", label: "task" }] as const;
    engine(view({ examples: [...examples] }));
    open(Memory);
    fireEvent.change(await screen.findByLabelText("Keyword"), { target: { value: " invoice " } });
    fireEvent.change(screen.getByLabelText("Is"), { target: { value: "urgent" } });
    fireEvent.click(screen.getByRole("button", { name: "Add" }));
    await act(async () => {});
    expect(taught()[0]).toEqual({ kind: "set-examples", examples: [examples[0], { kind: "keyword", keyword: "invoice", label: "urgent" }] });
    fireEvent.click(screen.getByRole("button", { name: "Remove Folder 4 as an example" }));
    await act(async () => {});
    expect(taught()[1]).toEqual({ kind: "set-examples", examples: [examples[1]] });
  });
  it("says what was refused", async () => {
    answers({
      memory: () => ({ kind: "memory", ...view({ learned: [learned("sender:ana@firm.example")] }) }),
      teach: () => {
        throw { code: "store", message: "The disk is full. Free some space." };
      },
    });
    const { props } = open(Memory);
    fireEvent.click(await screen.findByRole("button", { name: "Forget ana@firm.example" }));
    await screen.findByText("The disk is full. Free some space.");
    expect(props.onSay).not.toHaveBeenCalled();
  });
  it("stays quick with much: it shows the first fifty, a search, and the rest when asked", async () => {
    engine(view({ learned: Array.from({ length: 120 }, (_, at) => learned(`sender:a${at}@x.example`)) }));
    const { container } = open(Memory);
    const lines = () => container.querySelectorAll("li");
    await screen.findByText("a0@x.example");
    expect(lines()).toHaveLength(50);
    fireEvent.click(screen.getByText("Show 70 more"));
    expect(lines()).toHaveLength(120);
    fireEvent.change(screen.getByLabelText("Search what was learned"), { target: { value: "a119@" } });
    expect(lines()).toHaveLength(1);
  });
});
