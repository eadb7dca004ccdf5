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
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
  const names = new Intl.DisplayNames([locale], { type: "language" });
  const made: Plain = {
    count: (n) => whole.format(n),
    short: (n) => (n < 10_000 ? whole : compact).format(n),
    percent: (share) => percent.format(share),
    decimal: (n, digits = 2) => n.toLocaleString(locale, { maximumSignificantDigits: digits }),
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
