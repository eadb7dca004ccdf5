import { act, cleanup, fireEvent, screen, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ModelView } from "../../gen/ModelView";
import { answers, asked, tell } from "../../testing/scripted";

vi.mock("../../host", () => import("../../testing/scripted"));
const { open, overview } = await import("../../testing/page");
const { default: Models } = await import("./Models");

afterEach(cleanup);

const findings = {
  alone: 0.71, others: 0.88, together: 0.905, weight: 0.4, samples: 144, own: 12, seconds: 1.234,
  languages: [{ lang: "de", n: 20, alone: 10, others: 18, together: 19 }, { lang: "?", n: 1, alone: 0, others: 1, together: 1 }],
};
const model = (more: Partial<ModelView> = {}): ModelView => ({ id: "abc", name: "Some model", size: 1_200_000_000, inUse: true, endpoint: null, warnings: ["It is small."], findings, ...more });
const shown = (models: ModelView[], more = {}) => open(Models, { overview: overview({ models, ...more }) });

describe("the page of models", () => {
  it("says that none is needed, and how to add one", () => {
    shown([]);
    expect(screen.getByText(/sorted without a language model as well/)).toBeTruthy();
    expect(screen.getByText(/No model is installed/)).toBeTruthy();
  });
  it("says what a model is worth, alone and with the others, and by language", () => {
    shown([model()], { model: { kind: "ready", name: "Some model" }, waitingForModel: 1 });
    const text = document.body.textContent ?? "";
    for (const said of ["71% of 144 messages right (12 of them yours)", "the other voices 88%", "With it 91%: 2.5 points more", "1.2 s a message", "It is small.", "1.2 GB", "1 message to read"]) {
      expect(text).toContain(said);
    }
    expect([...screen.getByRole("row", { name: /^German/, hidden: true }).children].map((cell) => cell.textContent)).toEqual(["German", "20", "50%", "90%", "95%"]);
  });
  it("says when it adds nothing", () => {
    shown([model({ findings: { ...findings, weight: 0 } })]);
    expect(screen.getByText(/adds nothing to them/)).toBeTruthy();
  });
  it("shows how far it has been weighed", async () => {
    shown([model({ findings: null })]);
    expect(screen.getByText(/as soon as it has been loaded/)).toBeTruthy();
    act(() => tell({ kind: "weighing", done: 36, total: 144 }));
    await screen.findByText(/36 of 144/);
    expect((screen.getByRole("progressbar") as HTMLProgressElement).value).toBe(36);
  });
  it("says why it does not run", () => {
    shown([model()], { model: { kind: "failed", reason: "It needs more memory. Use a smaller one." } });
    expect(screen.getByText("It needs more memory. Use a smaller one.")).toBeTruthy();
  });
  it("uses, stops, adds, and removes after a question", async () => {
    answers({ "use-model": () => ({ kind: "use-model" }), "remove-model": () => ({ kind: "remove-model" }), "add-model": () => ({ kind: "add-model" }) });
    const { props } = shown([model(), model({ id: "def", name: "Other", inUse: false, findings: null })]);
    fireEvent.click(screen.getByRole("button", { name: "Stop using" }));
    await act(async () => {});
    fireEvent.click(screen.getByRole("button", { name: "Use" }));
    await act(async () => {});
    fireEvent.click(within(screen.getByRole("article", { name: "Other" })).getByRole("button", { name: "Remove from disk" }));
    expect(asked).toHaveLength(2);
    fireEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Remove from disk" }));
    await act(async () => {});
    fireEvent.change(screen.getByLabelText("Path of a GGUF file"), { target: { value: " /m.gguf " } });
    fireEvent.click(screen.getByRole("button", { name: "Add" }));
    await act(async () => {});
    expect(asked).toEqual([
      { kind: "use-model", id: null },
      { kind: "use-model", id: "def" },
      { kind: "remove-model", id: "def" },
      { kind: "add-model", path: "/m.gguf" },
    ]);
    expect(props.onChanged).toHaveBeenCalledTimes(4);
  });
  it("keeps the path of what could not be added", async () => {
    answers({});
    shown([]);
    fireEvent.change(screen.getByLabelText("Path of a GGUF file"), { target: { value: "/m.gguf" } });
    fireEvent.click(screen.getByRole("button", { name: "Add" }));
    await screen.findByRole("alert");
    expect((screen.getByLabelText("Path of a GGUF file") as HTMLInputElement).value).toBe("/m.gguf");
  });
});

describe("a model at an address", () => {
  const url = "https://llm.example:8443/v1";
  it("is used only after it was said where mail goes", async () => {
    answers({ "use-endpoint": () => ({ kind: "use-endpoint" }) });
    const { props } = shown([]);
    fireEvent.change(screen.getByRole("textbox", { name: "Address" }), { target: { value: ` ${url} ` } });
    fireEvent.change(screen.getByLabelText("Name of the model"), { target: { value: "big" } });
    fireEvent.click(screen.getByRole("button", { name: "Use it" }));
    const dialog = screen.getByRole("dialog", { name: "Let mail go to llm.example:8443?" });
    expect(dialog.textContent).toContain(`is sent to ${url}`);
    expect(asked).toEqual([]);
    fireEvent.click(within(dialog).getByRole("button", { name: "Send mail there" }));
    await act(async () => {});
    expect(asked).toEqual([{ kind: "use-endpoint", url, model: "big", key: null }]);
    expect(props.onChanged).toHaveBeenCalled();
  });
  it("is marked, and asked about when it is used again", async () => {
    answers({ "use-model": () => ({ kind: "use-model" }) });
    shown([model({ endpoint: url, inUse: false })]);
    expect(screen.getByRole("article").textContent).toContain(`mail that it reads goes to ${url}`);
    fireEvent.click(screen.getByRole("button", { name: "Use" }));
    expect(asked).toEqual([]);
    fireEvent.click(screen.getByRole("button", { name: "Send mail there" }));
    await act(async () => {});
    expect(asked).toEqual([{ kind: "use-model", id: "abc" }]);
  });
  it("changes what the page promises", () => {
    shown([model({ endpoint: url })]);
    expect(document.querySelector(".lead")?.textContent).toContain(url);
    expect(document.body.textContent).not.toContain("Nothing leaves this machine");
  });
});
