// Conditions and actions in words, made from what they are and not from the engine's English.
import type { TFunction } from "i18next";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { RuleAction } from "../../gen/RuleAction";
import type { RuleBound } from "../../gen/RuleBound";
import type { RuleCondition } from "../../gen/RuleCondition";
import type { RuleGroup } from "../../gen/RuleGroup";
import type { RuleSpan } from "../../gen/RuleSpan";
import type { RuleTextTest } from "../../gen/RuleTextTest";
import { type Format, useFormat } from "../../model/format";
import { DAY, fieldOf } from "./draft";

export interface Wording {
  condition: (condition: RuleCondition) => string;
  /** The conditions of a group as a phrase. */
  group: (group: RuleGroup) => string;
  action: (action: RuleAction) => string;
  actions: (actions: RuleAction[]) => string;
}

export function wording(t: TFunction, format: Format, locale: string): Wording {
  const every = new Intl.ListFormat(locale, { type: "conjunction" });
  const either = new Intl.ListFormat(locale, { type: "disjunction" });
  const yes = (is: boolean) => (is ? "yes" : "no");
  const test = (test: RuleTextTest) => t(`rules.said.${test.how}`, { value: test.how === "present" ? "" : test.value || "…" });
  const ends = (low: string | undefined, high: string | undefined, upper: "below" | "atMost") => {
    if (low !== undefined && high !== undefined) {
      if (low === high && upper === "atMost") return t("rules.bound.exactly", { value: low });
      return t(upper === "below" ? "rules.bound.fromBelow" : "rules.bound.from", { low, high });
    }
    if (low !== undefined) return t("rules.bound.atLeast", { value: low });
    if (high !== undefined) return t(`rules.bound.${upper}`, { value: high });
    return t("rules.bound.none");
  };
  const span = (span: RuleSpan, word: (n: number) => string) =>
    ends(
      span.at_least === undefined ? undefined : word(span.at_least),
      span.at_most === undefined ? undefined : word(span.at_most),
      "atMost",
    );
  const share = (bound: RuleBound) =>
    ends(
      bound.at_least === undefined ? undefined : format.percent(bound.at_least),
      bound.below === undefined ? undefined : format.percent(bound.below),
      "below",
    );
  const days = (seconds: number) => t("rules.days", { count: Math.round(seconds / DAY), number: format.decimal(seconds / DAY, 3) });

  const group = (group: RuleGroup): string => {
    if (group.of.length === 0) return t("rules.words.nothing");
    const parts = group.of.map((each) => (each.kind === "group" && group.of.length > 1 ? `(${condition(each)})` : condition(each)));
    if (group.mode === "none") return t("rules.words.none", { list: either.format(parts) });
    return (group.mode === "all" ? every : either).format(parts);
  };

  const condition = (c: RuleCondition): string => {
    if (c.kind === "group") return group(c);
    const field = t(`rules.field.${fieldOf(c)}`);
    const is = (value: string) => t("rules.words.is", { field, value });
    switch (c.kind) {
      case "address":
        return c.part === "address"
          ? t("rules.words.test", { field, test: test(c.test) })
          : t("rules.words.part", { field, part: t(`rules.part.${c.part}`), test: test(c.test) });
      case "text":
      case "folder":
        return t("rules.words.test", { field, test: test(c.test) });
      case "label":
        return is(t(`label.${c.is}`));
      case "probability":
        return t("rules.words.probability", { label: t(`label.${c.of}`), bound: share(c.bound) });
      case "unsure":
      case "answered":
      case "seen":
      case "flagged":
        return t(`rules.words.${c.kind}.${yes(c.is)}`);
      case "voice-says":
        return t("rules.words.voice-says", { voice: t(`voice.${c.voice}`), label: t(`label.${c.label}`) });
      case "voice-doubts":
        return t("rules.words.voice-doubts", { voice: t(`voice.${c.voice}`), share: format.percent(c.below) });
      case "header":
        return t("rules.words.header", { name: c.name || "…" });
      case "language":
        return is(c.is ? format.language(c.is) : "…");
      case "attachment": {
        const more = [
          ...(c.mime === undefined ? [] : [t("rules.words.mime", { value: c.mime })]),
          ...(c.ending === undefined ? [] : [t("rules.words.ending", { value: c.ending })]),
          ...(c.size === undefined ? [] : [t("rules.words.test", { field: t("rules.field.size"), test: span(c.size, format.bytes) })]),
        ];
        return more.length === 0 ? t("rules.words.attachment") : t("rules.words.attachmentWith", { list: every.format(more) });
      }
      case "attachment-count":
        return t("rules.words.test", { field, test: span(c.bound, format.count) });
      case "attachment-size":
      case "size":
        return t("rules.words.test", { field, test: span(c.bytes, format.bytes) });
      case "age":
        return t("rules.words.test", { field, test: span(c.seconds, days) });
      case "account":
        return is(c.is || "…");
      case "folder-role":
        return is(t(`rules.role.${c.is}`));
      case "reader":
        return t(`rules.standing.${c.is}`);
      case "authentication":
        return t("rules.words.is", { field: t(`rules.method.${c.method}`), value: t(`rules.result.${c.is}`) });
      case "keyword":
        return t("rules.words.keyword", { name: c.is || "…" });
    }
  };

  const action = (a: RuleAction): string => {
    switch (a.kind) {
      case "set-label":
        return t("rules.does.set-label", { label: t(`label.${a.label}`) });
      case "add-keyword":
        return t("rules.does.add-keyword", { name: a.keyword || "…" });
      case "move":
        return t("rules.does.move", { name: a.folder || "…" });
      default:
        return t(`rules.does.${a.kind}`);
    }
  };
  const actions = (all: RuleAction[]) => (all.length === 0 ? t("rules.words.noAction") : every.format(all.map(action)));
  return { condition, group, action, actions };
}

export function useWording(): Wording {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  const locale = i18n.language;
  return useMemo(() => wording(t, format, locale), [t, format, locale]);
}
