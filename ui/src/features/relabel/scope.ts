// From what is chosen in the form to what the engine is asked, and what can be told before it is.
import type { Label } from "../../gen/Label";
import type { Overview } from "../../gen/Overview";
import type { RelabelOptions } from "../../gen/RelabelOptions";
import type { RelabelScope } from "../../gen/RelabelScope";

export interface Form {
  /** An account's number as text, or empty for all. */
  account: string;
  folder: string;
  when: "any" | "month" | "year" | "dates";
  /** `2026-01-31`, or empty for an open end. */
  from: string;
  to: string;
  lane: Label | "";
  unsure: boolean;
  changedVoices: boolean;
  ruled: boolean;
  options: RelabelOptions;
}

export const BLANK: Form = {
  account: "",
  folder: "",
  when: "any",
  from: "",
  to: "",
  lane: "",
  unsure: false,
  changedVoices: false,
  ruled: false,
  options: { modelForAll: false, rulesOnly: false, foldDuplicates: true, onBattery: false, whenBusy: false },
};

/** Puts all mail that is here to the rules, also what a rule decided before. It is quick, so nothing is waited for. */
export const BY_RULES: { scope: RelabelScope; options: RelabelOptions } = {
  scope: { account: null, folder: null, since: null, until: null, lane: null, unsure: false, changedVoices: false, ids: null, ruled: true },
  options: { modelForAll: false, rulesOnly: true, foldDuplicates: false, onBattery: true, whenBusy: true },
};

const DAY = 86_400;

/** The beginning of a day where the user is, some days later; `null` for no or half a date. */
function midnight(date: string, later = 0): number | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(date);
  if (!match) return null;
  return new Date(Number(match[1]), Number(match[2]) - 1, Number(match[3]) + later).getTime() / 1000;
}

/** `now` in seconds since 1970. */
export function scopeOf(form: Form, now: number): RelabelScope {
  const days = { month: 30, year: 365 };
  const [since, until] =
    form.when === "any"
      ? [null, null]
      : form.when === "dates"
        ? // The last day is meant to be part of it.
          [midnight(form.from), midnight(form.to, 1)]
        : [Math.floor(now) - days[form.when] * DAY, null];
  return {
    account: form.account === "" ? null : Number(form.account),
    folder: form.folder.trim() || null,
    since,
    until,
    lane: form.lane || null,
    unsure: form.unsure,
    changedVoices: form.changedVoices,
    ids: null,
    ruled: form.ruled,
  };
}

/** Both ends are there and the second lies before the first. */
export function isReversed(form: Form): boolean {
  const { since, until } = scopeOf({ ...form, when: "dates" }, 0);
  return form.when === "dates" && since !== null && until !== null && until <= since;
}

export interface Estimate {
  /** Messages at most: what was corrected is left out, and how much that is, is not known yet. */
  messages: number | null;
  /** Seconds at most; `null` where nothing is known about the pace. */
  seconds: number | null;
}

/** What is known before anything is asked: the size of lanes, and how long the language model took a message. */
export function estimate(form: Form, overview: Overview): Estimate {
  const whole = form.account === "" && !form.folder.trim() && form.when === "any" && !form.unsure && !form.changedVoices;
  if (!whole) return { messages: null, seconds: null };
  const messages = overview.counts
    .filter((count) => form.lane === "" || count.lane === form.lane)
    .reduce((sum, count) => sum + count.total, 0);
  const pace = overview.models.find((model) => model.inUse)?.findings?.seconds;
  return { messages, seconds: form.options.modelForAll && pace ? messages * pace : null };
}
