import { act, cleanup, fireEvent, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Request } from "../../gen/Request";
import type { Rule } from "../../gen/Rule";
import type { RuleFaultKind } from "../../gen/RuleFaultKind";
import type { RuleFaultView } from "../../gen/RuleFaultView";
import type { RulePart } from "../../gen/RulePart";
import type { RulePreview } from "../../gen/RulePreview";
import type { RulesTrace } from "../../gen/RulesTrace";
import { answers, asked } from "../../testing/scripted";

vi.mock("../../host", () => import("../../testing/scripted"));
const { open, row } = await import("../../testing/page");
const { default: Rules } = await import("./Rules");
const { Heard } = await import("../Trace");
const { REST } = await import("../../model/rules");
const { render } = await import("@testing-library/react");

// What must rest is waited for by a clock that only moves when it is told to.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const rule = (id: number, more: Partial<Rule> = {}): Rule => ({
  id, name: `Rule ${id}`, enabled: true,
  when: { mode: "all", of: [{ kind: "text", field: "subject", test: { how: "contains", value: "tax" } }] },
  then: [{ kind: "set-label", label: "task" }],
  ...more,
});
const preview = (more: Partial<RulePreview> = {}): RulePreview => ({ faults: [], messages: 41, rules: [], moves: [], conflicts: [], wanted: [], corrected: 0, ...more });
const fault = (id: number, at: RulePart, kind: RuleFaultKind["kind"]): RuleFaultView => ({ fault: { rule: 1, id, name: `Rule ${id}`, at, what: { kind } }, text: "English" });
const counts = (rules: Rule[]) => rules.map((each) => ({ rule: each.id, matches: 3, more: 2, fewer: 0, newest: 1_760_000_000, examples: [row({ id: 8 })], lost: [] }));

type Of<K extends Request["kind"]> = Extract<Request, { kind: K }>;
const of = <K extends Request["kind"]>(kind: K) => asked.filter((request): request is Of<K> => request.kind === kind);

/** An engine with these rules, which gives new ones the numbers from 100 on. */
function engine(first: Rule[], told: (rules: Rule[]) => RulePreview | Promise<RulePreview> = (rules) => preview({ rules: counts(rules) })) {
  let stored = first;
  let next = 100;
  answers({
    rules: () => ({ kind: "rules", rules: stored, faults: [] }),
    "set-rules": ({ rules }) => {
      stored = rules.map((each) => (each.id > 0 ? each : { ...each, id: next++ }));
      return { kind: "rules", rules: stored, faults: [] };
    },
    "preview-rules": async ({ rules }) => ({ kind: "preview-rules", ...(await told(rules)) }),
  });
}
const rest = () => act(async () => void (await vi.advanceTimersByTimeAsync(REST)));
const settle = () => act(async () => void (await vi.advanceTimersByTimeAsync(0)));
const shown = async (...given: Parameters<typeof engine>) => {
  engine(...given);
  const view = open(Rules);
  await settle();
  await rest();
  return view;
};
const click = async (name: string | RegExp) => {
  fireEvent.click(screen.getByRole("button", { name }));
  await rest();
  await settle();
};

describe("the page of rules", () => {
  it("says how to begin when there is none, and begins one", async () => {
    await shown([]);
    expect(screen.getByText(/There is no rule yet/)).toBeTruthy();
    await click("Add a rule");
    expect((screen.getByLabelText("Name") as HTMLInputElement).value).toBe("New rule");
    expect(of("preview-rules").at(-1)?.rules.map((each) => each.id)).toEqual([-1]);
  });
  it("lists them with what they match, in words", async () => {
    await shown([rule(1), rule(2, { enabled: false })]);
    const text = document.body.textContent ?? "";
    for (const said of ["Rule 1", "If Subject contains “tax”: label as Task", "3 matches", "newest Oct"]) expect(text).toContain(said);
    expect((screen.getByRole("checkbox", { name: "Rule 2 is on" }) as HTMLInputElement).checked).toBe(false);
  });
  it("moves one by its keys, and saves the whole list", async () => {
    const { press } = await shown([rule(1), rule(2)]);
    screen.getByRole("button", { name: /^Move Rule 2/ }).focus();
    act(() => void expect(press("rule-up")).toBe(true));
    await rest();
    fireEvent.click(screen.getByRole("checkbox", { name: "Rule 1 is on" }));
    await rest();
    await click("Save");
    expect(of("set-rules")).toEqual([{ kind: "set-rules", rules: [rule(2), rule(1, { enabled: false })] }]);
    expect(screen.queryByRole("button", { name: "Save" })).toBeNull();
  });
  it("asks for a preview when typing rests, and shows no older answer", async () => {
    const waiting: (() => void)[] = [];
    await shown([rule(1)], (rules) => {
      const test = rules[0]?.when.of[0];
      const value = test?.kind === "text" && test.test.how !== "present" ? test.test.value : "";
      const answer = preview({ rules: [{ ...counts(rules)[0]!, matches: value.length }] });
      return value === "tax" ? answer : new Promise((resolve) => waiting.push(() => resolve(answer)));
    });
    fireEvent.click(screen.getByText("Rule 1"));
    const field = screen.getByLabelText("Text to compare with");
    for (const value of ["taxe", "taxes"]) fireEvent.change(field, { target: { value } });
    expect(of("preview-rules"), "nothing before it rests").toHaveLength(1);
    await rest();
    expect(of("preview-rules"), "once for both").toHaveLength(2);
    expect(screen.getByText("counting…")).toBeTruthy();
    fireEvent.change(field, { target: { value: "taxes due" } });
    await rest();
    expect(waiting).toHaveLength(2);
    waiting[1]?.();
    await settle();
    expect(screen.getByTestId("matches").textContent).toBe("Matches 9 messages");
    waiting[0]?.();
    await settle();
    expect(screen.getByTestId("matches").textContent, "the older answer came too late").toBe("Matches 9 messages");
  });
  it("tells what changes, who wins, what is wanted and what stays", async () => {
    const { props } = await shown([rule(1), rule(2)], (rules) =>
      preview({
        rules: counts(rules).map((each) => ({ ...each, fewer: 1, lost: [row({ id: 9, subject: "Lost" })] })),
        moves: [{ from: "notification", to: "task", count: 12, examples: [row({ id: 7, subject: "Moves" })] }],
        conflicts: [{ winner: 2, loser: 1, messages: 4, examples: [] }],
        wanted: [{ action: { kind: "flag" }, messages: 5 }],
        corrected: 2,
      }),
    );
    fireEvent.click(screen.getByText("Rule 1"));
    await rest();
    const text = document.querySelector(".preview")?.textContent ?? "";
    for (const said of ["Matches 3 messages", "2 of them are new to it", "1 message would no longer match", "12", "“Rule 2” wins over “Rule 1”", "writing to servers is off", "flag", "2 messages keep the label"]) {
      expect(text).toContain(said);
    }
    fireEvent.click(screen.getByRole("button", { name: /Moves/ }));
    expect(props.onRead).toHaveBeenCalledWith(7);
  });
  it("shows what is wrong where it is, and says why it cannot be saved", async () => {
    await shown([rule(1)], (rules) => (rules.length < 2 ? preview() : preview({ faults: [fault(-1, { part: "condition", path: [0] }, "empty-text"), fault(-1, { part: "action", at: 0 }, "keyword")] })));
    await click("Add a rule");
    expect((screen.getByLabelText("Name") as HTMLInputElement).value).toBe("New rule");
    const condition = screen.getByRole("group", { name: "Condition 1" });
    expect(condition.textContent).toContain("There is nothing to look for.");
    expect(within(condition).getByLabelText("Text to compare with").getAttribute("aria-invalid")).toBe("true");
    expect(screen.getByRole("group", { name: "Action 1" }).textContent).toContain("This is not a keyword.");
    const save = screen.getByRole("button", { name: "Save" }) as HTMLButtonElement;
    expect(save.disabled).toBe(true);
    expect(document.getElementById(save.getAttribute("aria-describedby") ?? "")?.textContent).toContain("cannot be saved: There is nothing to look for.");
  });
  it("edits conditions, groups and actions in place", async () => {
    await shown([rule(1)]);
    fireEvent.click(screen.getByText("Rule 1"));
    await click("Add group");
    fireEvent.change(screen.getAllByLabelText("What is looked at").at(-1) as HTMLElement, { target: { value: "age" } });
    fireEvent.change(screen.getByLabelText("at least"), { target: { value: "2" } });
    await click("Add action");
    fireEvent.change(screen.getAllByLabelText("What is done").at(-1) as HTMLElement, { target: { value: "archive" } });
    await rest();
    expect(of("preview-rules").at(-1)?.rules[0]).toEqual({
      ...rule(1),
      when: { mode: "all", of: [rule(1).when.of[0], { kind: "group", mode: "any", of: [{ kind: "age", seconds: { at_least: 172_800 } }] }] },
      then: [{ kind: "set-label", label: "task" }, { kind: "archive" }],
    });
    await click("Remove group 2");
    expect(of("preview-rules").at(-1)?.rules[0]?.when).toEqual(rule(1).when);
  });
  it("removes one at once, and takes that back", async () => {
    const { props } = await shown([rule(1), rule(2)]);
    await click("Remove Rule 1");
    expect(of("set-rules").at(-1)?.rules).toEqual([rule(2)]);
    const [said, undo] = vi.mocked(props.onSay).mock.calls.at(-1) ?? [];
    expect(said).toBe("Rule 1 is removed.");
    await act(async () => void (await undo?.()));
    expect(of("set-rules").at(-1)?.rules).toEqual([rule(1), rule(2)]);
  });
  it("keeps what is not saved, and discards it with a way back", async () => {
    const { props } = await shown([rule(1)]);
    await click("Duplicate Rule 1");
    expect(screen.getByText("Rule 1 (copy)")).toBeTruthy();
    await click("Discard changes");
    expect(screen.queryByText("Rule 1 (copy)")).toBeNull();
    await act(async () => void (await vi.mocked(props.onSay).mock.calls.at(-1)?.[1]?.()));
    expect(screen.getByText("Rule 1 (copy)")).toBeTruthy();
  });
  it("runs on mail that is here by a relabelling of its own kind", async () => {
    const { props } = await shown([rule(1)], (rules) => preview({ rules: counts(rules), moves: [{ from: "task", to: "urgent", count: 1, examples: [] }] }));
    const [status] = [{ state: "running" }];
    engine([rule(1)]);
    answers({ relabel: () => ({ kind: "relabel", status }) });
    await click("Run now on mail that is here");
    expect(of("relabel")[0]?.command).toMatchObject({ kind: "start", scope: { ruled: true, lane: null, ids: null }, options: { rulesOnly: true } });
    expect(props.onPage).toHaveBeenCalledWith("relabel");
  });
  it("gives rules out, and takes them in as a draft", async () => {
    const { container } = await shown([rule(1)]);
    answers({
      "export-rules": () => ({ kind: "export-rules", json: "{json}", sieve: "require", leftOut: ["Labels are Mailroom’s own."] }),
      "read-rules": () => ({ kind: "read-rules", rules: [rule(1, { name: "Read" })] }),
      "preview-rules": () => ({ kind: "preview-rules", ...preview() }),
    });
    await click("Export");
    expect((screen.getByLabelText("For mail servers (Sieve)") as HTMLTextAreaElement).value).toBe("require");
    expect(screen.getByText("Labels are Mailroom’s own.")).toBeTruthy();
    const file = new File(["text of it"], "rules.json");
    file.text = async () => "text of it";
    fireEvent.change(container.querySelector('input[type="file"]') as HTMLElement, { target: { files: [file] } });
    await rest();
    await rest();
    expect(of("read-rules")).toEqual([{ kind: "read-rules", text: "text of it" }]);
    expect(of("preview-rules").at(-1)?.rules).toEqual([rule(1), rule(-1, { name: "Read" })]);
    expect(of("set-rules"), "nothing is stored").toEqual([]);
  });
});

describe("the trace", () => {
  it("tells each rule in words, and what became of its actions", () => {
    const trace: RulesTrace = {
      outcome: null,
      rules: [
        { rule: 1, name: "First", heard: { kind: "matched", actions: [{ action: { kind: "set-label", label: "task" }, fate: { kind: "overruled", by: 2 } }, { action: { kind: "flag" }, fate: { kind: "stands" } }] } },
        { rule: 2, name: "Second", heard: { kind: "matched", actions: [{ action: { kind: "flag" }, fate: { kind: "repeats", of: 1 } }, { action: { kind: "stop" }, fate: { kind: "stands" } }] } },
        { rule: 3, name: "Third", heard: { kind: "failed", because: { path: [0], condition: { kind: "seen", is: true }, answer: "no" } } },
        { rule: 4, name: "Fourth", heard: { kind: "stopped", by: 2 } },
        { rule: 5, name: "Fifth", heard: { kind: "off" } },
      ],
    };
    const { container } = render(<Heard trace={trace} />);
    const lines = [...container.querySelectorAll(".heard")].map((line) => line.textContent);
    expect(lines).toEqual([
      "Firstmatchedlabel as Task “Second” said otherwiseflag wanted; writing to the server is off",
      "Secondmatchedflag “First” had said sostop ",
      "Thirddid not match: “it is read” does not hold",
      "Fourthnot heard, because “Second” said stop",
      "Fifthis off",
    ]);
  });
});
