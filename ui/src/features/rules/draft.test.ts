import { describe, expect, it } from "vitest";
import type { MessageView } from "../../gen/MessageView";
import type { Rule } from "../../gen/Rule";
import type { RuleCondition } from "../../gen/RuleCondition";
import type { RuleGroup } from "../../gen/RuleGroup";
import strings from "../../ui/strings";
import { plain } from "../../model/format";
import {
  always, appended, blankRule, bounded, changed, changedGroup, compared, DEPTH_LIMIT, duplicated, type Field, fieldOf, FIELDS, freshId, made, mayNest,
  movedTo, nextAction, renumbered, restored, ruleFor, size, typed, without,
} from "./draft";
import { wording } from "./wording";

const rule = (id: number, more: Partial<Rule> = {}): Rule => ({
  id, name: `Rule ${id}`, enabled: true, when: { mode: "all", of: [made("subject")] }, then: [{ kind: "set-label", label: "task" }], ...more,
});
const ids = (rules: Rule[]) => rules.map((each) => each.id);
const seen: RuleCondition = { kind: "seen", is: true };
const flagged: RuleCondition = { kind: "flagged", is: false };
const answered: RuleCondition = { kind: "answered", is: true };

describe("the list of rules", () => {
  it("gives new rules negative numbers that no other has", () => {
    expect(freshId([])).toBe(-1);
    expect(freshId([rule(7), rule(3)])).toBe(-1);
    expect(freshId([rule(7), rule(-4)])).toBe(-5);
    // What a file brings has numbers of another store.
    const all = appended([rule(1), rule(-1)], [rule(1), rule(1), rule(2)]);
    expect(ids(all)).toEqual([1, -1, -2, -3, -4]);
    expect(blankRule(all, "New").id).toBe(-5);
  });
  it("is reordered, and no further than its ends", () => {
    const all = [rule(1), rule(2), rule(3)];
    expect(ids(movedTo(all, 3, 0))).toEqual([3, 1, 2]);
    expect(ids(movedTo(all, 1, 1))).toEqual([2, 1, 3]);
    expect(ids(movedTo(all, 1, -1))).toEqual([1, 2, 3]);
    expect(ids(movedTo(all, 2, 9))).toEqual([1, 3, 2]);
    expect(ids(movedTo(all, 8, 0))).toEqual([1, 2, 3]);
  });
  it("takes a copy below its original, which is off", () => {
    const copy = duplicated([rule(1), rule(2)], 1, "Copy");
    expect(ids(copy.rules)).toEqual([1, -1, 2]);
    expect(copy.rules[1]).toEqual({ ...rule(1), id: -1, name: "Copy", enabled: false });
  });
  it("has a rule back where it was, once", () => {
    const all = [rule(1), rule(2), rule(3)];
    const left = without(all, 2);
    expect(ids(restored(left, rule(2), 1))).toEqual([1, 2, 3]);
    expect(ids(restored(all, rule(2), 0))).toEqual([1, 2, 3]);
  });
  it("takes over the numbers of the store, also where it was changed meanwhile", () => {
    const sent = [rule(1), rule(-1), rule(-2)];
    expect(ids(renumbered([sent[2] as Rule, sent[0] as Rule, rule(-3)], sent, [rule(1), rule(5), rule(6)]))).toEqual([6, 1, -3]);
  });
});

describe("a rule from a message", () => {
  const message = (list: string | null, address = "ana@firm.example") => ({ list, row: { lane: "task", from: { name: "Ana", address } } }) as MessageView;
  it("looks for its list, else for its sender", () => {
    expect(ruleFor(message("news.firm.example"), "task", [], "News")?.when.of).toEqual([
      { kind: "text", field: "list-id", test: { how: "is", value: "news.firm.example" } },
    ]);
    expect(ruleFor(message(null), "urgent", [rule(-1)], "Ana")).toEqual({
      id: -2, name: "Ana", enabled: true,
      when: { mode: "all", of: [{ kind: "address", field: "from", part: "address", test: { how: "is", value: "ana@firm.example" } }] },
      then: [{ kind: "set-label", label: "urgent" }],
    });
    expect(ruleFor(message(" ", " "), "task", [], "Nobody")).toBeNull();
  });
  it("has a name on one line that is not too long", () => {
    expect(ruleFor(message(null), "task", [], `a\nb${"c".repeat(500)}`)?.name).toMatch(/^a bc{197}$/);
  });
  it("replaces one that gave the same mail another label, and no other", () => {
    const old = rule(1);
    const more = rule(2, { then: [{ kind: "set-label", label: "task" }, { kind: "flag" }] });
    const next = rule(-1, { then: [{ kind: "set-label", label: "urgent" }] });
    expect(ids(always([old, more], next))).toEqual([2, -1]);
  });
});

describe("conditions", () => {
  const group: RuleGroup = { mode: "all", of: [seen, { kind: "group", mode: "any", of: [flagged, { kind: "group", mode: "none", of: [answered] }] }] };
  it("are changed and removed at their place, and nowhere else", () => {
    expect(changed(group, [1, 1, 0], () => seen).of[1]).toEqual({ kind: "group", mode: "any", of: [flagged, { kind: "group", mode: "none", of: [seen] }] });
    expect(changed(group, [1, 0], () => null).of[1]).toEqual({ kind: "group", mode: "any", of: [{ kind: "group", mode: "none", of: [answered] }] });
    expect(changed(group, [0, 0], () => null), "no group lies there").toEqual(group);
    expect(changed(group, [5], () => null)).toEqual(group);
    expect(changed(group, [], () => null), "the outermost group stays").toEqual(group);
  });
  it("are added to groups at any depth", () => {
    const add = (old: RuleGroup) => ({ ...old, of: [...old.of, seen] });
    expect(changedGroup(group, [], add).of).toHaveLength(3);
    expect(changedGroup(group, [1, 1], add).of[1]).toEqual({ kind: "group", mode: "any", of: [flagged, { kind: "group", mode: "none", of: [answered, seen] }] });
    expect(changedGroup(group, [0], add), "it is no group").toEqual(group);
  });
  it("are counted with their groups, and lie no deeper than is allowed", () => {
    expect(size(group)).toBe(5);
    const deepest = Array.from({ length: DEPTH_LIMIT - 1 }, () => 0);
    expect(mayNest(deepest)).toBe(false);
    expect(mayNest(deepest.slice(1))).toBe(true);
  });
  it("keep what was typed when something else is looked at", () => {
    const from = made("from", { kind: "text", field: "subject", test: { how: "ends", value: "ana" } });
    expect(from).toEqual({ kind: "address", field: "from", part: "address", test: { how: "ends", value: "ana" } });
    expect(made("to", { ...from, part: "domain" } as RuleCondition)).toMatchObject({ field: "to", part: "domain" });
    expect(made("folder", from)).toEqual({ kind: "folder", test: { how: "ends", value: "ana" } });
    expect(compared({ how: "present" }, "is")).toEqual({ how: "is", value: "" });
    expect(compared({ how: "is", value: "x" }, "present")).toEqual({ how: "present" });
  });
  it("can look at everything, once, and are told in words", () => {
    const fields: Field[] = Object.values(FIELDS).flat();
    expect(new Set(fields).size).toBe(fields.length);
    const words = wording(strings.t, { ...plain("en"), span: () => "" }, "en");
    for (const field of fields) {
      const condition = made(field);
      expect(condition.kind !== "group" && fieldOf(condition)).toBe(field);
      expect(words.condition(condition), field).not.toMatch(/rules\.|\{\{|undefined/);
    }
    expect(words.group(group)).toBe("it is read and (it is not flagged or (none of it is answered))");
    expect(words.condition({ kind: "age", seconds: { at_least: 86_400, at_most: 7 * 86_400 } })).toBe("Age is 1 day to 7 days");
    expect(words.condition({ kind: "probability", of: "task", bound: { at_least: 0.5, below: 0.8 } })).toBe("probability of Task is at least 50% and below 80%");
    expect(words.condition({ kind: "attachment", ending: ".pdf", size: { at_least: 2_000_000 } })).toBe(
      "there is an attachment whose name ends with “.pdf” and Size is at least 2.0 MB",
    );
    expect(words.actions([{ kind: "set-label", label: "urgent" }, { kind: "move", folder: "Bank" }, { kind: "stop" }])).toBe("label as Urgent, move to “Bank”, and stop");
  });
});

describe("numbers", () => {
  it("are read with comma or point, and left out when there is none", () => {
    expect([typed("1,5"), typed(" 2.25 "), typed(""), typed("x"), typed("-1")]).toEqual([1.5, 2.25, undefined, undefined, undefined]);
    expect(bounded<"at_least" | "at_most">({ at_least: 1, at_most: 2 }, "at_least", undefined)).toEqual({ at_most: 2 });
    expect(bounded<"at_least" | "at_most">({}, "at_most", 3)).toEqual({ at_most: 3 });
  });
  it("are not needed for actions, of which a new one is one that is not there", () => {
    expect(nextAction([])).toEqual({ kind: "set-label", label: "task" });
    expect(nextAction([{ kind: "set-label", label: "task" }, { kind: "add-keyword", keyword: "x" }])).toEqual({ kind: "flag" });
  });
});
