import { describe, expect, it } from "vitest";
import type { Row } from "../gen/Row";
import strings from "../ui/strings";
import { bytes, span } from "./format";
import { frameDocument } from "./frame";
import { rowsOf, without } from "./pages";
import { exact, relative } from "./time";

const row = (id: number) => ({ id }) as Row;
const pages = { pages: [{ rows: [row(1), row(2)], next: "x" }, { rows: [row(3)], next: null }], pageParams: [null, "x"] };

describe("pages", () => {
  it("are one list", () => expect(rowsOf(pages).map((r) => r.id)).toEqual([1, 2, 3]));
  it("of nothing are empty", () => expect(rowsOf(undefined)).toEqual([]));
  it("lose what was moved away, and nothing else", () => {
    const left = without(pages, new Set([2]));
    expect(rowsOf(left).map((r) => r.id)).toEqual([1, 3]);
    expect(left.pages[0]?.next).toBe("x");
    expect(rowsOf(pages)).toHaveLength(3);
  });
});

describe("times", () => {
  const now = Date.UTC(2026, 9, 14, 12) / 1000;
  it("just now", () => expect(relative(now - 5, now, "en-GB")).toBe("now"));
  it("this week by its day", () => expect(relative(now - 3 * 86400, now, "en-GB")).toBe("Sun"));
  it("this year by its date", () => expect(relative(now - 60 * 86400, now, "en-GB")).toBe("15 Aug"));
  it("older ones by their year", () => expect(relative(now - 900 * 86400, now, "en-GB")).toContain("2024"));
  it("unknown is not 1970", () => {
    expect(relative(0, now)).toBe("");
    expect(exact(0)).toBe("");
  });
});

describe("spans of time", () => {
  it("are told in the largest unit of which there are two", () => {
    const told = [0.2, 1, 119, 120, 7199, 7200, 172_799, 172_800].map((seconds) => span(strings.t, seconds));
    expect(told).toEqual([
      "1 second", "1 second", "119 seconds", "about 2 minutes", "about 120 minutes", "about 2 hours", "about 48 hours", "about 2 days",
    ]);
  });
});

describe("sizes", () => {
  it("have units, in each language's own way", () => {
    expect([1, 12, 4200, 5_300_000, 2e9].map((size) => bytes(size, "en"))).toEqual(["1 byte", "12 bytes", "4 kB", "5.3 MB", "2.0 GB"]);
    expect(bytes(5_300_000, "de")).toBe("5,3 MB");
    expect(bytes(12, "fr")).toMatch(/^12.octets$/);
  });
});

describe("the frame", () => {
  it("forbids everything but inline styles and embedded images", () => {
    const text = frameDocument("<p>Hello</p>", false);
    expect(text).toContain("default-src 'none'; img-src data:; style-src 'unsafe-inline'");
    expect(text.indexOf("Content-Security-Policy")).toBeLessThan(text.indexOf("<p>Hello</p>"));
  });
});
