import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render as renderAlone } from "@testing-library/react";
import type { ReactElement } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { MessageView } from "../gen/MessageView";
import "../ui/strings";

vi.mock("../host", () => ({ failureOf: (e: unknown) => e, ask: vi.fn(), host: {} }));
const { Opened } = await import("./Reader");

afterEach(cleanup);

const render = (element: ReactElement) => renderAlone(<QueryClientProvider client={new QueryClient()}>{element}</QueryClientProvider>);

const message = {
  row: { id: 1, lane: "task", unsure: false, confidence: 0.8, decidedBy: "evidence", from: { name: "<b>A</b>", address: "a@x.example" }, subject: "<script>alert(1)</script>", snippet: "", received: 1_760_000_000, seen: false, flagged: false, attachments: false },
  to: [], cc: [], replyTo: [], senderDoubtful: true, list: null, text: "plain <i>text</i>", html: "<p>formatted</p>", blockedRemote: 2,
  attachments: [], calendar: null, defects: [], folder: "INBOX", setAside: false,
  verdict: { label: "task", unsure: false, probabilities: [0.1, 0.8, 0.05, 0.05], voices: [], why: [{ kind: "word", label: "task", text: "Asks for something", weight: 1 }], prompt_hash: null, rule: null },
} as unknown as MessageView;

const props = { id: 1, dark: false, onFormatted: () => {}, onLabel: () => {}, onLike: () => {}, onMakeRule: () => {}, onAlways: () => {}, onClose: () => {}, message, found: { late: false, settled: true, again: () => {} } };

describe("the reader", () => {
  it("shows foreign text as text", () => {
    const { container } = render(<Opened {...props} formatted={false} />);
    expect(container.querySelector("h2")?.textContent).toBe("<script>alert(1)</script>");
    expect(container.querySelector("script, .text i")).toBeNull();
    expect(container.querySelector("iframe")).toBeNull();
    expect(container.textContent).toContain("could not be confirmed");
  });
  it("frames HTML without any rights", () => {
    const { container } = render(<Opened {...props} formatted />);
    const frame = container.querySelector("iframe");
    expect(frame?.getAttribute("sandbox")).toBe("");
    expect(frame?.getAttribute("srcdoc")).toContain("<p>formatted</p>");
  });
  it("says why", () => {
    const { container } = render(<Opened {...props} formatted={false} />);
    expect(container.querySelector(".why")?.textContent).toContain("80% sure");
    expect(container.querySelector(".why")?.textContent).toContain("Asks for something");
  });
  it("tells in a table what the bars show", () => {
    const voices = [{ voice: "evidence", probabilities: [0.05, 0.8, 0.1, 0.05], weight: 1.25, version: "1" }];
    const heard = { ...message, verdict: { ...message.verdict, voices } } as unknown as MessageView;
    const { container } = render(<Opened {...props} message={heard} formatted={false} />);
    const cells = [...container.querySelectorAll(".why table tr")].map((line) => [...line.children].map((cell) => cell.textContent));
    expect(cells).toEqual([["Voice", "Urgent", "Task", "Needs human", "Notification", "Counts"], ["Headers and words", "5%", "80%", "10%", "5%", "1.25"]]);
    expect(container.querySelector(".stack")?.closest("[aria-hidden]")).not.toBeNull();
    expect(container.querySelector(".why li .sr")?.textContent).toContain("speaks for Task");
  });
});
