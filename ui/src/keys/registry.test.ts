import { describe, expect, it } from "vitest";
import en from "../locales/en.json";
import { PAGES } from "../model/place";
import { commandOf, isFirst, KEYS, keyOf, LANES, labelOf, nameOf } from "./registry";

const press = (key: string, more: Partial<{ ctrlKey: boolean; metaKey: boolean; altKey: boolean; shiftKey: boolean; target: EventTarget }> = {}) =>
  commandOf({ key, ctrlKey: false, metaKey: false, altKey: false, target: document.body, ...more });

describe("keys", () => {
  it("mean what they are registered for", () => {
    expect(press("j")).toBe("next");
    expect(press("?")).toBe("help");
    expect(press("q")).toBeNull();
  });
  it("are left to the browser with a modifier", () => {
    expect(press("u", { ctrlKey: true })).toBeNull();
    expect(press("k", { ctrlKey: true, altKey: true })).toBeNull();
    expect(press("K", { ctrlKey: true, shiftKey: true })).toBeNull();
  });
  it("with a modifier mean what they are registered for", () => {
    expect(press("k", { ctrlKey: true })).toBe("palette");
    expect(press("k", { metaKey: true })).toBe("palette");
    expect(press("a", { ctrlKey: true })).toBe("select-all");
    expect(press("ArrowDown", { shiftKey: true })).toBe("extend-down");
    expect(press("?", { shiftKey: true })).toBe("help");
  });
  it("are text while the user types, but for leaving", () => {
    const target = document.createElement("input");
    expect(press("1", { target })).toBeNull();
    expect(press("Escape", { target })).toBe("close");
    expect(press("a", { target, ctrlKey: true })).toBeNull();
    expect(press("k", { target, ctrlKey: true })).toBe("palette");
  });
  it("let a focused button have its Enter", () => {
    expect(press("Enter", { target: document.createElement("button") })).toBeNull();
  });
  it("come in pairs for pages", () => {
    const event = (key: string, target: EventTarget = document.body) => ({ key, ctrlKey: false, metaKey: false, altKey: false, target });
    expect(isFirst(event("g"))).toBe(true);
    expect(isFirst(event("r"))).toBe(false);
    expect(isFirst(event("g", document.createElement("input")))).toBe(false);
    expect(commandOf(event("g"))).toBeNull();
    expect(commandOf(event("r"), "g")).toBe("go-relabel");
    expect(commandOf(event("x"), "g")).toBeNull();
    expect(KEYS.map((key) => key.command)).toEqual(expect.arrayContaining(PAGES.map((page) => `go-${page}`)));
  });
  it("are left to text alone, not to a box that is ticked", () => {
    const target = document.createElement("input");
    target.type = "checkbox";
    expect(press("j", { target })).toBe("next");
    expect(press("Enter", { target })).toBeNull();
  });
  it("are found by their place where other scripts or signs stand on them", () => {
    const on = (key: string, code: string, shiftKey = false) => commandOf({ key, code, shiftKey, ctrlKey: false, metaKey: false, altKey: false, target: document.body });
    expect(on("่", "KeyJ"), "Thai").toBe("next");
    expect(on("ज", "KeyU"), "Hindi").toBe("undo");
    expect(on("/", "Digit2"), "Thai has its solidus there").toBe("label-2");
    expect(on("&", "Digit1"), "French has digits with Shift").toBe("label-1");
    expect(on("1", "Digit1", true), "and so they are pressed").toBe("label-1");
    expect(on("/", "Digit7", true), "German has its solidus there").toBe("search");
    expect(on("j", "KeyC"), "what stands on a key goes before its place").toBe("next");
    expect(on("ö", "Semicolon")).toBeNull();
    expect(keyOf({ key: "Enter", code: "Enter" })).toBe("Enter");
    expect(isFirst({ key: "เ", code: "KeyG", ctrlKey: false, metaKey: false, altKey: false, target: document.body })).toBe(true);
  });
  it("are each used once", () => {
    const all = KEYS.flatMap((key) => key.keys);
    expect(new Set(all).size).toBe(all.length);
  });
  it("label in the order of the lanes", () => {
    expect(LANES.map((_, at) => labelOf(`label-${at + 1}` as never))).toEqual(LANES);
    expect(labelOf("undo")).toBeNull();
  });
  it("are all explained in words", () => {
    const words = (name: string) => name.split(".").reduce<unknown>((all, part) => (all as Record<string, unknown> | undefined)?.[part], en);
    for (const key of KEYS) expect(words(nameOf(key.command)), key.command).toBeTypeOf("string");
  });
});
