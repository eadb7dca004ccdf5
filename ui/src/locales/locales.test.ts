// What the interface says must be written down, in every language alike.
import { describe, expect, it } from "vitest";
import en from "./en.json";

const sources = import.meta.glob<string>(["../**/*.ts", "../**/*.tsx", "!../**/*.test.*", "!../gen/*"], { query: "?raw", import: "default", eager: true });
const files = import.meta.glob<object>("./*.json", { import: "default", eager: true });

type Texts = Record<string, string>;

function textsOf(strings: object, prefix = ""): Texts {
  return Object.fromEntries(
    Object.entries(strings).flatMap(([key, value]) => (typeof value === "string" ? [[prefix + key, value]] : Object.entries(textsOf(value as object, `${prefix}${key}.`)))),
  );
}

const languages = Object.entries(files).map(([file, strings]) => [/(\w+)\.json$/.exec(file)?.[1] ?? file, textsOf(strings)] as const);
const english = textsOf(en);
const keys = Object.keys(english);

/** Without the ends of plural forms, of which languages have different ones. */
const plain = (key: string) => key.replace(/_(zero|one|two|few|many|other)$/, "");
const written = new Set(keys.map(plain));
/** Those that count. */
const counted = new Set(keys.filter((key) => key.endsWith("_other")).map(plain));

/** The keys that a language needs by the plural rules of Unicode CLDR. */
function needed(language: string): string[] {
  const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
  return [...written].flatMap((key) => (counted.has(key) ? pluralCategories.map((category) => `${key}_${category}`) : [key]));
}

/** What is filled in, and the tags. */
const parts = (text: string) => [...new Set(text.match(/\{\{\w+\}\}|<\/?\w+>/g) ?? [])].sort();

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
  it("are there in eight languages", () => {
    expect(languages.map(([language]) => language).sort()).toEqual(["de", "en", "es", "fr", "hi", "it", "pt", "th"]);
  });
});

describe.each(languages)("in %s", (language, texts) => {
  it("are those that its plural rules need, and no others", () => {
    expect(Object.keys(texts).sort()).toEqual(needed(language).sort());
  });
  it("are filled in with the same as in English", () => {
    for (const [key, text] of Object.entries(texts)) {
      // A form that stands for one number alone may leave that number out.
      const allowed = [english[key], english[`${plain(key)}_other`]].flatMap((known) => (known === undefined ? [] : [parts(known)]));
      expect(allowed, key).toContainEqual(parts(text));
    }
  });
  it("are neither empty nor torn", () => {
    for (const [key, text] of Object.entries(texts)) {
      expect(text.trim(), key).toBe(text);
      expect(text, key).not.toBe("");
      expect(text, key).not.toMatch(/[{}]{3,}|\{[^{]?\w+\}(?!\})|\.\.\.|\t/);
      expect(text, `${key} in NFC`).toBe(text.normalize("NFC"));
    }
  });
  it.skipIf(language === "en")("are translated", () => {
    const left = Object.entries(texts).filter(([key, text]) => text === english[key] && text.replace(/\{\{\w+\}\}/g, "").trim().split(/\s+/).length > 2);
    expect(left).toEqual([]);
  });
});
