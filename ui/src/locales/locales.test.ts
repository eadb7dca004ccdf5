// What the interface says must be written down, in every language alike.
import { describe, expect, it } from "vitest";
import en from "./en.json";

const sources = import.meta.glob<string>(["../**/*.ts", "../**/*.tsx", "!../**/*.test.*", "!../gen/*"], { query: "?raw", import: "default", eager: true });
const locales = import.meta.glob<object>("./*.json", { import: "default", eager: true });

function keysOf(strings: object, prefix = ""): string[] {
  return Object.entries(strings).flatMap(([key, value]) => (typeof value === "string" ? [prefix + key] : keysOf(value as object, `${prefix}${key}.`)));
}

/** Without the ends of plural forms, of which languages have different ones. */
const plain = (key: string) => key.replace(/_(zero|one|two|few|many|other)$/, "");
const written = new Set(keysOf(en).map(plain));

describe("strings", () => {
  it("are written down for each key that is used", () => {
    const missing: string[] = [];
    for (const [file, text] of Object.entries(sources)) {
      // Strings within a call of `t`, also those of a condition; and what is built from a part that varies.
      for (const call of text.matchAll(/\bt\(\s*([^)]*)/g)) {
        for (const [, key] of (call[1] ?? "").matchAll(/"([a-zA-Z]+(?:\.[a-zA-Z-]+)*)"(?!\s*:)/g)) {
          const compared = new RegExp(`[=!]==? "${key}"|"${key}" in `).test(call[1] ?? "");
          if (key && !compared && !written.has(key)) missing.push(`${file}: ${key}`);
        }
        const begun = /`([a-zA-Z.-]+\.)\$\{/.exec(call[1] ?? "")?.[1];
        if (begun && ![...written].some((key) => key.startsWith(begun))) missing.push(`${file}: ${begun}*`);
      }
    }
    expect(missing.join("\n")).toBe("");
  });
  it("are the same ones in every language", () => {
    for (const [file, strings] of Object.entries(locales)) {
      expect([...new Set(keysOf(strings).map(plain))].sort(), file).toEqual([...written].sort());
    }
  });
  it("have both English forms where they count", () => {
    const keys = new Set(keysOf(en));
    for (const key of keys) if (key.endsWith("_one")) expect(keys.has(`${plain(key)}_other`), key).toBe(true);
  });
});
