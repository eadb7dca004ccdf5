import { act, cleanup, fireEvent, screen, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { AuditItem } from "../../gen/AuditItem";
import type { AuditView } from "../../gen/AuditView";
import { answers, asked } from "../../testing/scripted";

vi.mock("../../host", () => import("../../testing/scripted"));
const { open, row } = await import("../../testing/page");
const { default: Accuracy } = await import("./Accuracy");

afterEach(cleanup);

const item = (id: number): AuditItem => ({ id, shown: "urgent", row: row({ id: 100 + id, lane: "urgent", subject: `Subject ${id}` }) });
const BANDS = [0, 0.5, 0.7, 0.85, 0.95].map((from, at) => ({ from, held: 100 * (at + 1), judged: at, right: Math.max(0, at - 1) }));
const view = (more: Partial<AuditView> = {}): AuditView => ({
  open: [], judged: 0, share: null, low: null, high: null, bands: BANDS, confusion: [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], ...more,
});
const DONE = view({ judged: 10, share: 0.874, low: 0.71, high: 0.953, confusion: [[4, 0, 0, 0], [0, 2, 1, 0], [0, 0, 1, 0], [0, 0, 0, 2]] });

function engine(first: AuditView, ...then: AuditView[]) {
  const next = () => ({ kind: "audit", ...(then.shift() ?? first) });
  answers({
    audit: () => ({ kind: "audit", ...first }),
    "draw-audit": next,
    "answer-audit": next,
    "end-audit": next,
    message: ({ id }) => ({ kind: "message", row: row({ id }), text: `Text of ${id}`, verdict: null }),
  });
}
const told = () => asked.filter((request) => request.kind.includes("-audit"));

describe("the page of accuracy", () => {
  it("draws twenty, and says what a judgement does", async () => {
    engine(view(), view({ open: [item(1)] }));
    open(Accuracy);
    await screen.findByText(/become their labels/);
    fireEvent.click(screen.getByRole("button", { name: "Draw 20 messages" }));
    await screen.findByText("Subject 1");
    expect(told()).toEqual([{ kind: "draw-audit", count: 20 }]);
  });
  it("says why nothing can be drawn", async () => {
    engine(view());
    answers({
      audit: () => ({ kind: "audit", ...view() }),
      "draw-audit": () => {
        throw { code: "not-found", message: "There is no mail to draw from." };
      },
    });
    open(Accuracy);
    fireEvent.click(await screen.findByRole("button", { name: "Draw 20 messages" }));
    await screen.findByText("There is no mail to draw from.");
  });
  it("does not give away the app's own label before the judgement", async () => {
    engine(view({ open: [item(1), item(2)] }));
    open(Accuracy);
    const card = await screen.findByRole("article");
    await within(card).findByText("Text of 101");
    const buttons = within(card).getAllByRole("button");
    expect(new Set(buttons.map((button) => button.className)).size, "no button looks different").toBe(1);
    expect(card.querySelector("[aria-pressed], [aria-current], [data-lane]")).toBeNull();
    expect(card.textContent?.match(/Urgent/g)).toHaveLength(1);
  });
  it("is judged by keys, one after another, and tells afterwards what the app had said", async () => {
    engine(view({ open: [item(1), item(2), item(3)] }), view({ open: [item(2), item(3)] }), view({ open: [item(3)] }));
    const { press } = open(Accuracy);
    expect(await screen.findByText("1 of 3")).toBeTruthy();
    await screen.findByText("Text of 101");
    expect(document.activeElement?.tagName, "the card has the focus").toBe("ARTICLE");
    act(() => expect(press("label-1")).toBe(true));
    await screen.findByText("You said Urgent, and so did Mailroom.");
    await screen.findByText("2 of 3");
    await screen.findByText("Text of 102");
    act(() => expect(press("label-4")).toBe(true));
    await screen.findByText("You said Notification; Mailroom had said Urgent.");
    expect(told()).toEqual([
      { kind: "answer-audit", id: 1, label: "urgent" },
      { kind: "answer-audit", id: 2, label: "notification" },
    ]);
    expect(press("next")).toBe(false);
  });
  it("judges nothing that has not been read yet", async () => {
    engine(view({ open: [item(1)] }));
    answers({ audit: () => ({ kind: "audit", ...view({ open: [item(1)] }) }), message: () => new Promise(() => {}) });
    const { press } = open(Accuracy);
    await screen.findByText("Subject 1");
    act(() => void press("label-1"));
    expect(told()).toEqual([]);
  });
  it("puts one off, comes back to it at the end, and can be left or ended", async () => {
    engine(view({ open: [item(1), item(2)] }), view());
    const { props } = open(Accuracy);
    await screen.findByText("Subject 1");
    fireEvent.click(screen.getByRole("button", { name: "Ask me later" }));
    await screen.findByText("Subject 2");
    fireEvent.click(screen.getByRole("button", { name: "Ask me later" }));
    await screen.findByText("Subject 1");
    fireEvent.click(screen.getByRole("button", { name: "Go on another time" }));
    expect(props.onPage).toHaveBeenCalledWith(null);
    fireEvent.click(screen.getByRole("button", { name: "End here" }));
    await screen.findByRole("button", { name: "Draw 20 messages" });
    expect(told()).toEqual([{ kind: "end-audit" }]);
  });
  it("gives the share with its interval, in words, as a chart and by certainty", async () => {
    engine(DONE);
    open(Accuracy);
    await screen.findByText("About 87% of your mail lies in the right lane.");
    expect(screen.getByText(/From 10 judgements of the last year: the true share lies between 71% and 95%/).textContent).toContain("So few say little");
    expect(screen.getByRole("img", { name: "87% in the right lane, between 71% and 95%" })).toBeTruthy();
    const line = screen.getByRole("row", { name: /^85% to 95%/ });
    expect([...line.children].map((cell) => cell.textContent)).toEqual(["85% to 95%", "400", "3", "2"]);
    const none = screen.getByRole("row", { name: /^0% to 50%/ });
    expect(none.lastElementChild?.textContent, "of none judged, none is not none right").toBe("–");
    const taken = screen.getByRole("row", { name: /^Task 0 2 1 0/ });
    expect(taken).toBeTruthy();
  });
  it("leaves out what was mistaken when nothing was", async () => {
    engine({ ...DONE, judged: 60, confusion: [[60, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]] });
    open(Accuracy);
    await screen.findByText(/From 60 judgements/);
    expect(screen.queryByText("What was taken for what")).toBeNull();
    expect(screen.queryByText(/So few/)).toBeNull();
    expect(screen.getByRole("button", { name: "Draw 20 more" })).toBeTruthy();
  });
});
