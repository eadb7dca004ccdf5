// What code found in a message, in words: dates and amounts as the reader's language writes them, signs of deception
// each in a sentence.
import type { TFunction } from "i18next";
import type { AmountCandidate } from "../gen/AmountCandidate";
import type { CodeCandidate } from "../gen/CodeCandidate";
import type { DateCandidate } from "../gen/DateCandidate";
import type { SignalView } from "../gen/SignalView";

export interface Worded {
  text: string;
  /** What the reader should know of how it was read. */
  notes: string[];
}

/** Currencies that the engine counts whole; all others it counts in hundredths. */
const WHOLE = new Set(["JPY", "KRW", "CLP"]);

export function amountOf(t: TFunction, locale: string, amount: AmountCandidate): Worded {
  const { currency, minor } = amount;
  const value = currency && WHOLE.has(currency) ? minor : minor / 100;
  const digits = { minimumFractionDigits: Number.isInteger(value) ? 0 : 2, maximumFractionDigits: 2 };
  if (!currency) return { text: value.toLocaleString(locale, digits), notes: [t("facts.noCurrency")] };
  const notes = amount.assumed ? [t("facts.assumed", { currency })] : [];
  try {
    return { text: value.toLocaleString(locale, { style: "currency", currency, currencyDisplay: "code", ...digits }), notes };
  } catch {
    // What has the form of a currency's code is not always one that the browser takes.
    return { text: `${value.toLocaleString(locale, digits)} ${currency}`, notes };
  }
}

/**
 * A date as the writer means it. `offset` is the one that it was asked for with, in seconds: a time that is named for
 * another clock is told by the reader's clock too.
 */
export function dueOf(t: TFunction, locale: string, due: DateCandidate, offset: number): Worded {
  const { date, time, exactness } = due;
  const civil = Date.UTC(date.year, date.month - 1, date.day, time?.hour ?? 0, time?.minute ?? 0);
  const written = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" }).format(civil);
  const day = () => written({ weekday: "short", day: "numeric", month: "long", year: "numeric" });
  const notes = [t(`facts.exact.${exactness}`)];
  if (!due.deadline) notes.push(t("facts.noDeadline"));
  if (due.ambiguous) notes.push(t("facts.ambiguous"));
  switch (exactness) {
    case "month":
      return { text: written({ month: "long", year: "numeric" }), notes };
    case "week":
      return { text: t("facts.week", { date: day() }), notes };
    case "day":
      return { text: day(), notes };
    case "time": {
      if (time && Math.abs((due.at + offset) * 1000 - civil) >= 60_000) {
        const local = new Date(due.at * 1000).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });
        notes.push(t("facts.yourTime", { time: local }));
      }
      return { text: t("facts.dayAndTime", { day: day(), time: written({ timeStyle: "short" }) }), notes };
    }
  }
}

/** One-time codes first: they are waited for. Each code once. */
export function ordered(codes: CodeCandidate[]): CodeCandidate[] {
  const once = codes.filter((each, at) => codes.findIndex((other) => other.code === each.code && other.kind === each.kind) === at);
  return [...once.filter((each) => each.kind === "one-time"), ...once.filter((each) => each.kind !== "one-time")];
}

/** A stranger's words within a sentence: whichever way they are written, they do not turn the sentence round. */
const apart = (words: string) => `\u2068${words}\u2069`;

/** A sign of deception as a sentence; in English where the language has no words for it yet. */
export function signalOf(t: TFunction, exists: (key: string) => boolean, { signal, text }: SignalView): string {
  const key = `facts.signal.${signal.kind === "looks-like" ? `${signal.kind}-${signal.likeness}` : signal.kind}`;
  if (!exists(key)) return text;
  if (signal.kind === "not-authenticated") {
    const checks = ([["spf", "SPF"], ["dkim", "DKIM"], ["dmarc", "DMARC"]] as const).filter(([check]) => signal[check]);
    return t(key, { checks: checks.map(([, name]) => name).join(", ") });
  }
  const data = Object.entries(signal).filter(([name]) => name !== "kind" && name !== "likeness");
  return t(key, Object.fromEntries(data.map(([name, value]) => [name, apart(String(value))])));
}
