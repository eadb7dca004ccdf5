// Numbers, shares, spans of time and dates in the user's language.
import type { TFunction } from "i18next";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

export interface Format {
  count: (n: number) => string;
  /** For narrow places: from ten thousand on, thousands. */
  short: (n: number) => string;
  /** Of a share from 0 to 1. */
  percent: (share: number) => string;
  decimal: (n: number, digits?: number) => string;
  /** To a hundredth, so that such numbers stand well below each other. */
  fixed: (n: number) => string;
  /** Of a size in bytes, in powers of 1,000. */
  bytes: (size: number) => string;
  /** Things one after another, as one writes them without a word between. */
  list: (things: string[]) => string;
  /** Of seconds since 1970. */
  date: (seconds: number) => string;
  /** Of an ISO 639-1 code. */
  language: (code: string) => string;
  /** Roughly how long, in words. */
  span: (seconds: number) => string;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Roughly how long, in the largest unit that has two or more of it: nobody plans by seconds in an hour. */
export function span(t: TFunction, seconds: number): string {
  if (seconds < 2 * MINUTE) return t("span.seconds", { count: Math.max(1, Math.round(seconds)) });
  if (seconds < 2 * HOUR) return t("span.minutes", { count: Math.round(seconds / MINUTE) });
  if (seconds < 2 * DAY) return t("span.hours", { count: Math.round(seconds / HOUR) });
  return t("span.days", { count: Math.round(seconds / DAY) });
}

const SIZES = [
  { unit: "kilobyte", bytes: 1e3, digits: 0 },
  { unit: "megabyte", bytes: 1e6, digits: 1 },
  { unit: "gigabyte", bytes: 1e9, digits: 1 },
];

/** A size in bytes, in powers of 1,000. */
export function bytes(size: number, locale: string): string {
  const of = SIZES.findLast((each) => size >= each.bytes);
  // Bytes have no sign that all languages know.
  const [unit, digits, unitDisplay] = of ? [of.unit, of.digits, "short" as const] : ["byte", 0, "long" as const];
  const options = { style: "unit", unit, unitDisplay, minimumFractionDigits: digits, maximumFractionDigits: digits } as const;
  return new Intl.NumberFormat(locale, options).format(size / (of?.bytes ?? 1));
}

/** The host of an address, with its port if it has one; the address itself where that cannot be told. */
export function hostOf(url: string): string {
  try {
    return new URL(url).host || url;
  } catch {
    return url;
  }
}

type Plain = Omit<Format, "span">;

const formats = new Map<string, Plain>();

/** Made once a language: to make what formats costs far more than to format. */
export function plain(locale: string): Plain {
  const known = formats.get(locale);
  if (known) return known;
  const whole = new Intl.NumberFormat(locale);
  const compact = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
  const hundredths = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const things = new Intl.ListFormat(locale, { type: "unit", style: "short" });
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
  const names = new Intl.DisplayNames([locale], { type: "language" });
  const made: Plain = {
    count: (n) => whole.format(n),
    short: (n) => (n < 10_000 ? whole : compact).format(n),
    percent: (share) => percent.format(share),
    decimal: (n, digits = 2) => n.toLocaleString(locale, { maximumSignificantDigits: digits }),
    fixed: (n) => hundredths.format(n),
    bytes: (size) => bytes(size, locale),
    list: (all) => things.format(all),
    date: (seconds) => (seconds === 0 ? "" : day.format(seconds * 1000)),
    language: (code) => {
      try {
        return names.of(code) ?? code;
      } catch {
        // Not every code that a model's findings carry is one that the browser knows.
        return code;
      }
    },
  };
  formats.set(locale, made);
  return made;
}

export function useFormat(): Format {
  const { t, i18n } = useTranslation();
  const locale = i18n.language;
  return useMemo(() => ({ ...plain(locale), span: (seconds) => span(t, seconds) }), [t, locale]);
}
