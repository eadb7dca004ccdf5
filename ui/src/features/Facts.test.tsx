import { cleanup, configure, fireEvent, render, screen } from "@testing-library/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { DateCandidate } from "../gen/DateCandidate";
import type { Facts } from "../gen/Facts";
import type { MessageView } from "../gen/MessageView";
import type { Quote } from "../gen/Quote";
import type { Signal } from "../gen/Signal";
import { placeOf } from "../model/facts";
import { answers, asked } from "../testing/scripted";
import { row } from "../testing/page";
import strings from "../ui/strings";
import { amountOf, dueOf, ordered, signalOf } from "./factWords";

vi.mock("../host", () => import("../testing/scripted"));
const { Opened, Reader } = await import("./Reader");

configure({ defaultHidden: true });
afterEach(cleanup);

const { t } = strings;
const quote = (words: string, start = 0, source: "text" | "subject" = "text"): Quote => ({
  words,
  span: { source, start, end: start + new TextEncoder().encode(words).length },
});
const due = (more: Partial<DateCandidate> = {}): DateCandidate => ({
  quote: quote("23:59 today"),
  date: { year: 2026, month: 10, day: 14 },
  time: { hour: 23, minute: 59 },
  exactness: "time",
  deadline: true,
  ambiguous: false,
  at: Date.UTC(2026, 9, 14, 21, 59) / 1000,
  ...more,
});

describe("the place of quoted words", () => {
  it("is found in a text that holds more, and in bytes of UTF-8", () => {
    expect(placeOf("Grüße. Bis heute, heute!", "heute", 21)).toEqual([18, 23]);
    expect(placeOf("Grüße. Bis heute, heute!", "heute", 13)).toEqual([11, 16]);
    expect(placeOf("😀 today", "today", 5)).toEqual([3, 8]);
  });
  it("is found where lines are broken elsewhere", () => expect(placeOf("send it\n  today", "send it today", 0)).toEqual([0, 15]));
  it("is none where the words do not stand", () => {
    expect(placeOf("a (b", "c", 0)).toBeNull();
    expect(placeOf("abc", " ", 0)).toBeNull();
  });
  it("takes words as words, not as a pattern", () => expect(placeOf("axb a.b [c", "a.b [c", 0)).toEqual([4, 10]));
});

describe("a due date", () => {
  it("says how exact it is", () => {
    const told = (more: Partial<DateCandidate>, offset = 7200) => dueOf(t, "en-GB", due(more), offset);
    expect(told({})).toEqual({ text: "Wed, 14 October 2026, 23:59", notes: ["a time is named"] });
    expect(told({ exactness: "day", time: null })).toEqual({ text: "Wed, 14 October 2026", notes: ["the day, no time"] });
    expect(told({ exactness: "week", time: null }).text).toBe("in the week of Wed, 14 October 2026");
    expect(told({ exactness: "month", time: null }).text).toBe("October 2026");
    expect(told({ ambiguous: true, deadline: false }).notes).toEqual(["a time is named", "not said to be a deadline", "can be read in another way"]);
  });
  it("is told by the reader's clock too if it was named for another", () => {
    expect(dueOf(t, "en-GB", due(), 0).notes[1]).toMatch(/by your clock$/);
  });
  it("is written as the language writes it", () => {
    expect(dueOf(t, "de", due({ exactness: "day", time: null }), 0).text).toContain("14. Oktober 2026");
  });
});

describe("an amount", () => {
  const amount = (minor: number, currency: string | null, assumed = false) => amountOf(t, "en-GB", { quote: quote("x"), minor, currency, assumed });
  it("is counted in the currency's own unit", () => {
    expect(amount(1_840_000, "SEK").text.replace(/\s/g, " ")).toBe("SEK 18,400");
    expect(amount(4950, "EUR").text.replace(/\s/g, " ")).toBe("EUR 49.50");
    expect(amount(4950, "JPY").text.replace(/\s/g, " ")).toBe("JPY 4,950");
  });
  it("says what was assumed", () => {
    expect(amount(100, "USD", true).notes).toEqual(["USD is assumed from the sign"]);
    expect(amount(100, null)).toEqual({ text: "1", notes: ["no currency is named"] });
  });
});

describe("codes", () => {
  it("come with those for signing in first, each once", () => {
    const code = (code: string, kind: "order" | "one-time") => ({ quote: quote(code), code, kind });
    expect(ordered([code("A1", "order"), code("22", "one-time"), code("A1", "order")]).map((each) => each.code)).toEqual(["22", "A1"]);
  });
});

describe("signs of deception", () => {
  const told = (signal: Signal, exists: (key: string) => boolean = (key) => strings.exists(key)) => signalOf(t, exists, { signal, text: "In English." });
  it("are each a sentence", () => {
    const every: Signal[] = [
      { kind: "name-shows-address", shown: "a@bank.example", actual: "b@evil.example" },
      { kind: "name-shows-brand", brand: "Bank", domain: "evil.example" },
      { kind: "reply-elsewhere", from: "a.example", reply_to: "b.example" },
      { kind: "looks-like", domain: "bаnk.example", like: "bank.example", likeness: "script" },
      { kind: "looks-like", domain: "b4nk.example", like: "bank.example", likeness: "glyphs" },
      { kind: "looks-like", domain: "bamk.example", like: "bank.example", likeness: "one-edit" },
      { kind: "mixed-scripts", domain: "bаnk.example" },
      { kind: "link-elsewhere", shown: "bank.example", target: "evil.example" },
      { kind: "not-authenticated", spf: true, dkim: false, dmarc: true },
    ];
    for (const signal of every) {
      const sentence = told(signal);
      expect(sentence, signal.kind).toMatch(/\.$/);
      expect(sentence, signal.kind).not.toMatch(/\{|In English/);
    }
    expect(told({ kind: "not-authenticated", spf: true, dkim: false, dmarc: true })).toContain("(SPF, DMARC failed)");
  });
  it("keep a stranger's words from turning the sentence round", () => {
    expect(told({ kind: "mixed-scripts", domain: "שלום.example" })).toContain("\u2068שלום.example\u2069");
  });
  it("are said in English where there are no words for them", () => expect(told({ kind: "mixed-scripts", domain: "x" }, () => false)).toBe("In English."));
});

describe("the reader", () => {
  const message = {
    kind: "message",
    row: row({ id: 7, lane: "urgent", subject: "Payment failed today" }),
    to: [], cc: [], replyTo: [], senderDoubtful: true, list: null, text: "Today. Pay 49.00 EUR by 23:59 today.", html: "<p>x</p>", blockedRemote: 0,
    attachments: [], calendar: null, defects: [], folder: "INBOX", setAside: false, verdict: null,
  } as unknown as MessageView;
  const facts: Facts = {
    task: {
      what: quote("Payment failed today", 0, "subject"),
      for_whom: null,
      due: due({ quote: quote("23:59 today", 24) }),
      amount: { quote: quote("49.00 EUR", 11), minor: 4900, currency: "EUR", assumed: false },
    },
    codes: [{ quote: quote("not in the text"), code: "448201", kind: "one-time" }],
    signals: [{ signal: { kind: "mixed-scripts", domain: "bаnk.example" }, text: "x" }],
  };
  const props = { id: 7, dark: false, onFormatted: vi.fn(), onLabel: () => {}, onLike: () => {}, onMakeRule: () => {}, onAlways: () => {}, onClose: () => {}, message };
  const found = { facts, late: false, settled: true, again: () => {} };
  const around = (element: React.ReactElement) => <QueryClientProvider client={new QueryClient()}>{element}</QueryClientProvider>;

  it("marks the words of a fact where they stand", () => {
    const { container } = render(around(<Opened {...props} found={found} formatted={false} />));
    expect(container.querySelector("mark")).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: /October 14, 2026/ }));
    expect(container.querySelector(".text mark")?.textContent).toBe("23:59 today");
    expect(document.activeElement).toBe(container.querySelector("mark"));
    expect(container.querySelector(".text")?.textContent).toBe(message.text);
    fireEvent.click(screen.getByRole("button", { name: /Payment failed today/ }));
    expect(container.querySelector("h2 mark")?.textContent).toBe("Payment failed today");
    expect(container.querySelectorAll("mark")).toHaveLength(1);
  });
  it("leaves the formatted message to show words", () => {
    render(around(<Opened {...props} found={found} formatted />));
    fireEvent.click(screen.getByRole("button", { name: /49/ }));
    expect(props.onFormatted).toHaveBeenCalledOnce();
  });
  it("copies codes, and links none that do not stand in the text", async () => {
    const writeText = vi.fn(async () => {});
    Object.defineProperty(navigator, "clipboard", { value: { writeText }, configurable: true });
    render(around(<Opened {...props} found={found} formatted={false} />));
    fireEvent.click(screen.getByRole("button", { name: "Copy 448201" }));
    await screen.findByText("Copied.");
    expect(writeText).toHaveBeenCalledWith("448201");
    expect(screen.queryByRole("button", { name: "in the text" })).toBeNull();
  });
  it("warns once, and says why", () => {
    const { container } = render(around(<Opened {...props} found={found} formatted={false} />));
    expect(container.querySelectorAll(".warning")).toHaveLength(1);
    expect(container.querySelector(".warning")?.textContent).toMatch(/could not be confirmed.*mixes letters/);
  });
  it("asks for the open message, and shows it together with what was found", async () => {
    let give: (found: Facts) => void = () => {};
    answers({ message: () => message, facts: () => new Promise((done) => (give = done)) });
    const { container } = render(around(<Reader {...props} formatted={false} />));
    await vi.waitFor(() => expect(asked.map((request) => request.kind)).toEqual(["message", "facts"]));
    expect(container.querySelector("h2")).toBeNull();
    give(facts);
    await screen.findByText("One-time code");
    expect(asked[1]).toMatchObject({ kind: "facts", id: 7, offset: -60 * new Date(row().received * 1000).getTimezoneOffset() || 0 });
  });
  it("does not wait long, and holds the place free", async () => {
    answers({ message: () => message, facts: () => new Promise(() => {}) });
    const { container } = render(around(<Reader {...props} formatted={false} />));
    await vi.waitFor(() => expect(container.querySelector(".facts.held")?.getAttribute("aria-busy")).toBe("true"));
    expect(container.querySelector(".text")?.textContent).toBe(message.text);
  });
});
