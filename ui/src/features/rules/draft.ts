// Rules while they are worked on: pure functions from one list, rule or group to the next. What is wrong with them, and
// what they match, is told by the engine alone.
import type { Label } from "../../gen/Label";
import type { MessageView } from "../../gen/MessageView";
import type { Rule } from "../../gen/Rule";
import type { RuleAction } from "../../gen/RuleAction";
import type { RuleAddressField } from "../../gen/RuleAddressField";
import type { RuleCondition } from "../../gen/RuleCondition";
import type { RuleGroup } from "../../gen/RuleGroup";
import type { RulePath } from "../../gen/RulePath";
import type { RuleTextField } from "../../gen/RuleTextField";
import type { RuleTextTest } from "../../gen/RuleTextTest";

/** Groups within groups, the outermost one counted; as the engine has it. */
export const DEPTH_LIMIT = 8;
/** Conditions of a rule, groups counted; as the engine has it. */
export const CONDITION_LIMIT = 200;
/** Actions of a rule; as the engine has it. */
export const ACTION_LIMIT = 20;
/** Characters of a name; as the engine has it. */
const NAME_LIMIT = 200;
/** What may be typed, where it is the same in all languages. */
export const SAMPLE = { header: "X-Mailer", keyword: "$Important", account: "me@example.org" };
/** Seconds of a day, in which ages are typed. */
export const DAY = 86_400;

// ---------------------------------------------------------------------------------------------------- the list

/** A number that no rule of the list has. New rules have negative ones until the store gives them theirs. */
export function freshId(rules: readonly Rule[]): number {
  return Math.min(0, ...rules.map((rule) => rule.id)) - 1;
}

/** The list with other rules at its end, which get numbers of their own. */
export function appended(rules: readonly Rule[], more: readonly Rule[]): Rule[] {
  return more.reduce<Rule[]>((all, rule) => [...all, { ...rule, id: freshId(all) }], [...rules]);
}

export function replaced(rules: readonly Rule[], rule: Rule): Rule[] {
  return rules.map((old) => (old.id === rule.id ? rule : old));
}

export function without(rules: readonly Rule[], id: number): Rule[] {
  return rules.filter((rule) => rule.id !== id);
}

/** The list with the rule at another place, as near to it as there is. */
export function movedTo(rules: readonly Rule[], id: number, to: number): Rule[] {
  const rule = rules.find((each) => each.id === id);
  if (!rule) return [...rules];
  const others = without(rules, id);
  const at = Math.max(0, Math.min(others.length, to));
  return [...others.slice(0, at), rule, ...others.slice(at)];
}

/** The list with a copy below the rule, and the copy's number. It is off: two that do the same help nobody. */
export function duplicated(rules: readonly Rule[], id: number, name: string): { rules: Rule[]; id: number } {
  const at = rules.findIndex((rule) => rule.id === id);
  const rule = rules[at];
  const copy = freshId(rules);
  if (!rule) return { rules: [...rules], id };
  return { rules: [...rules.slice(0, at + 1), { ...rule, id: copy, name: name.slice(0, NAME_LIMIT), enabled: false }, ...rules.slice(at + 1)], id: copy };
}

/** The list with a rule put back where it was, unless it is there. */
export function restored(rules: readonly Rule[], rule: Rule, at: number): Rule[] {
  if (rules.some((each) => each.id === rule.id)) return [...rules];
  return [...rules.slice(0, at), rule, ...rules.slice(at)];
}

/** The list with the numbers that the store has given, place by place. */
export function renumbered(rules: readonly Rule[], sent: readonly Rule[], stored: readonly Rule[]): Rule[] {
  const numbers = new Map(sent.map((rule, at) => [rule.id, stored[at]?.id ?? rule.id]));
  return rules.map((rule) => ({ ...rule, id: numbers.get(rule.id) ?? rule.id }));
}

export function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

// --------------------------------------------------------------------------------------------------- new rules

export function blankRule(rules: readonly Rule[], name: string): Rule {
  return { id: freshId(rules), name, enabled: true, when: { mode: "all", of: [made("from")] }, then: [{ kind: "set-label", label: "task" }] };
}

/** What tells mail like this one apart: the mailing list if it came by one, else its sender. */
export function sourceOf(message: MessageView): { kind: "list" | "sender"; name: string } | null {
  const list = message.list?.trim();
  if (list) return { kind: "list", name: list };
  const sender = message.row.from.address.trim();
  return sender ? { kind: "sender", name: sender } : null;
}

/** A rule for mail of the same list or sender. */
export function ruleFor(message: MessageView, label: Label, rules: readonly Rule[], name: string): Rule | null {
  const source = sourceOf(message);
  if (!source) return null;
  const test: RuleTextTest = { how: "is", value: source.name };
  const condition: RuleCondition =
    source.kind === "list" ? { kind: "text", field: "list-id", test } : { kind: "address", field: "from", part: "address", test };
  const plain = name.replace(/\p{Cc}+/gu, " ").slice(0, NAME_LIMIT);
  return { id: freshId(rules), name: plain, enabled: true, when: { mode: "all", of: [condition] }, then: [{ kind: "set-label", label }] };
}

/** The list with the rule at its end, where it decides, in place of one that said nothing but another label for the same. */
export function always(rules: readonly Rule[], rule: Rule): Rule[] {
  const only = (each: Rule) => each.then.length === 1 && each.then[0]?.kind === "set-label";
  return [...rules.filter((each) => !(only(each) && isSame(each.when, rule.when))), rule];
}

// -------------------------------------------------------------------------------------------------- conditions

type Kind = Exclude<RuleCondition["kind"], "group" | "address" | "text">;
/** What a condition looks at, as it is chosen in the form. */
export type Field = RuleAddressField | RuleTextField | Kind;

/** All that can be looked at, in the groups of the chooser. */
export const FIELDS = {
  people: ["from", "to", "cc", "recipient", "reply-to", "sender", "reader"],
  content: ["subject", "body", "language", "size", "age"],
  attachments: ["attachment", "attachment-count", "attachment-size"],
  headers: ["list-id", "delivered-to", "mailer", "precedence", "auto-submitted", "header", "authentication"],
  sorting: ["label", "unsure", "probability", "voice-says", "voice-doubts"],
  place: ["account", "folder", "folder-role", "seen", "flagged", "answered", "keyword"],
} as const satisfies Record<string, readonly Field[]>;

const ADDRESSES: readonly string[] = ["from", "sender", "reply-to", "to", "cc", "recipient"] satisfies RuleAddressField[];
const TEXTS: readonly string[] = ["subject", "list-id", "body", "precedence", "auto-submitted", "mailer", "delivered-to"] satisfies RuleTextField[];

const isAddress = (field: Field): field is RuleAddressField => ADDRESSES.includes(field);
const isText = (field: Field): field is RuleTextField => TEXTS.includes(field);

export function fieldOf(condition: Exclude<RuleCondition, { kind: "group" }>): Field {
  return condition.kind === "address" || condition.kind === "text" ? condition.field : condition.kind;
}

export function testOf(condition: RuleCondition): RuleTextTest | null {
  return condition.kind === "address" || condition.kind === "text" || condition.kind === "folder" ? condition.test : null;
}

/** A condition that looks at this, with what was typed before where that fits. */
export function made(field: Field, before?: RuleCondition): RuleCondition {
  const test: RuleTextTest = (before && testOf(before)) ?? { how: "contains", value: "" };
  if (isAddress(field)) {
    return { kind: "address", field, part: before?.kind === "address" ? before.part : "address", test };
  }
  if (isText(field)) return { kind: "text", field, test };
  switch (field) {
    case "folder":
      return { kind: field, test };
    case "label":
      return { kind: field, is: "task" };
    case "probability":
      return { kind: field, of: "task", bound: { at_least: 0.8 } };
    case "unsure":
    case "answered":
    case "seen":
    case "flagged":
      return { kind: field, is: true };
    case "voice-says":
      return { kind: field, voice: "evidence", label: "task" };
    case "voice-doubts":
      return { kind: field, voice: "evidence", below: 0.6 };
    case "header":
      return { kind: field, name: "" };
    case "language":
      return { kind: field, is: "" };
    case "attachment":
      return { kind: field };
    case "attachment-count":
      return { kind: field, bound: { at_least: 1 } };
    case "attachment-size":
    case "size":
      return { kind: field, bytes: { at_least: 1_000_000 } };
    case "age":
      return { kind: field, seconds: { at_least: 30 * DAY } };
    case "account":
    case "keyword":
      return { kind: field, is: "" };
    case "folder-role":
      return { kind: field, is: "inbox" };
    case "reader":
      return { kind: field, is: "to" };
    case "authentication":
      return { kind: field, method: "dmarc", is: "pass" };
  }
}

/** The test with another way to compare, and what was typed before. */
export function compared(test: RuleTextTest, how: RuleTextTest["how"]): RuleTextTest {
  return how === "present" ? { how } : { how, value: test.how === "present" ? "" : test.value };
}

/** What a condition is replaced by; `null` removes it. */
type Change = (condition: RuleCondition) => RuleCondition | null;

/** The group with the condition at that place changed. The empty path is the group itself, see `changedGroup`. */
export function changed(group: RuleGroup, path: RulePath, change: Change): RuleGroup {
  const [at, ...rest] = path;
  if (at === undefined) return group;
  return {
    ...group,
    of: group.of.flatMap((each, place) => {
      if (place !== at) return [each];
      if (rest.length > 0) return [each.kind === "group" ? { ...each, ...changed(each, rest, change) } : each];
      const next = change(each);
      return next ? [next] : [];
    }),
  };
}

/** The group with the group at that place changed, which may be itself. */
export function changedGroup(group: RuleGroup, path: RulePath, change: (group: RuleGroup) => RuleGroup): RuleGroup {
  if (path.length === 0) return change(group);
  return changed(group, path, (each) => (each.kind === "group" ? { ...change(each), kind: "group" } : each));
}

/** How many conditions there are, groups counted. */
export function size(group: RuleGroup): number {
  return group.of.reduce((sum, each) => sum + 1 + (each.kind === "group" ? size(each) : 0), 0);
}

/** Whether a group may lie in the group at that place: that one lies one deeper than its path is long. */
export function mayNest(path: RulePath): boolean {
  return path.length + 2 <= DEPTH_LIMIT;
}

// ------------------------------------------------------------------------------------------------------ actions

export const ACTIONS = ["set-label", "add-keyword", "flag", "mark-read", "move", "archive", "notify", "stop"] as const satisfies RuleAction["kind"][];

export function madeAction(kind: RuleAction["kind"]): RuleAction {
  switch (kind) {
    case "set-label":
      return { kind, label: "task" };
    case "add-keyword":
      return { kind, keyword: "" };
    case "move":
      return { kind, folder: "" };
    default:
      return { kind };
  }
}

/** An action that is not there yet, for a new line. */
export function nextAction(actions: readonly RuleAction[]): RuleAction {
  return madeAction(ACTIONS.find((kind) => !actions.some((each) => each.kind === kind)) ?? "add-keyword");
}

// ------------------------------------------------------------------------------------------------------ numbers

/** A number as typed, with comma or point; `undefined` for nothing or for what is no number. */
export function typed(text: string): number | undefined {
  const plain = text.trim().replace(",", ".");
  if (plain === "") return undefined;
  const number = Number(plain);
  return Number.isFinite(number) && number >= 0 ? number : undefined;
}

/** With the bound set, or without it. */
export function bounded<K extends string>(bound: { [P in K]?: number }, key: K, value: number | undefined): { [P in K]?: number } {
  const { [key]: _, ...others } = bound;
  return (value === undefined ? others : { ...others, [key]: value }) as { [P in K]?: number };
}
