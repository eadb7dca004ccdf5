// The user's rules: their order, each as a form, and beside it exactly what the whole list would do. Nothing that is
// changed here counts before it is saved, except that a rule is removed at once, which can be taken back.
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { RelabelStatus } from "../../gen/RelabelStatus";
import type { Rule } from "../../gen/Rule";
import type { RuleFaultView } from "../../gen/RuleFaultView";
import { ask } from "../../host";
import { keys } from "../../model/engine";
import { useFormat } from "../../model/format";
import { storeRules, usePreview, useRules, useRulesDraft } from "../../model/rules";
import { Failed, Page, Placeholder, Section, useFocusKept } from "../../ui/Page";
import { useWork } from "../../ui/work";
import { type PageProps, usePageCommands } from "../page";
import { BY_RULES } from "../relabel/scope";
import { appended, blankRule, duplicated, isSame, movedTo, renumbered, replaced, restored, without } from "./draft";
import { Editor } from "./Editor";
import { Exchange } from "./Exchange";
import { Preview } from "./Preview";
import { RuleList } from "./RuleList";

const FEW = 4;
/** As many as the engine gives. */
const MANY = 50;

export default function RulesPage({ overview, onRead, onSay, onPage }: PageProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const stored = useRules();
  const [draft, setDraft] = useRulesDraft();
  const [examples, setExamples] = useState(FEW);
  const { error, run } = useWork();
  const saved = stored.data?.rules;
  const rules = draft.rules ?? saved;
  const dirty = draft.rules !== null && saved !== undefined && !isSame(draft.rules, saved);
  const preview = usePreview(rules, examples, stored.dataUpdatedAt);
  const faults = preview.data?.faults ?? stored.data?.faults ?? [];
  const open = rules?.find((rule) => rule.id === draft.open) ?? null;
  useFocusKept(rules);

  const edit = useCallback(
    (change: (rules: Rule[]) => Rule[], opened?: number | null) =>
      setDraft((old) => ({
        rules: change(old.rules ?? client.getQueryData<typeof stored.data>(keys.rules)?.rules ?? []),
        open: opened === undefined ? old.open : opened,
      })),
    [client, setDraft],
  );
  const onMove = useCallback((id: number, to: number) => edit((all) => movedTo(all, id, to)), [edit]);
  usePageCommands((command) => {
    if (command !== "rule-up" && command !== "rule-down") return false;
    const focused = document.activeElement?.closest<HTMLElement>("[data-rule]")?.dataset.rule;
    const id = focused === undefined ? draft.open : Number(focused);
    const at = rules?.findIndex((rule) => rule.id === id) ?? -1;
    if (id !== null && at >= 0) {
      onMove(id, at + (command === "rule-up" ? -1 : 1));
      // Where it is taken out and put in again, the focus is lost.
      requestAnimationFrame(() => {
        const line = document.querySelector(`[data-rule="${id}"]`);
        if (focused !== undefined && !line?.contains(document.activeElement)) line?.querySelector<HTMLElement>(".grip")?.focus();
      });
    }
    return true;
  });

  if (!rules || !saved) {
    return (
      <Page title={t("pages.rules")} lead={t("rules.lead")} busy={stored.isPending}>
        {stored.isError && <Failed error={stored.error} onRetry={() => void stored.refetch()} />}
        {stored.isPending && <Placeholder lines={6} />}
      </Page>
    );
  }

  const store = (next: Rule[]) => storeRules(client, next);
  const save = () =>
    run(async () => {
      const sent = rules;
      const given = await store(sent);
      // What was typed while it was saved stays a draft.
      setDraft((old) => ({
        rules: old.rules === null || isSame(old.rules, sent) ? null : renumbered(old.rules, sent, given),
        open: given[sent.findIndex((rule) => rule.id === old.open)]?.id ?? null,
      }));
    }, "save");
  const remove = (rule: Rule) => {
    const at = rules.indexOf(rule);
    const wasOpen = draft.open === rule.id;
    const drop = () =>
      setDraft((old) => ({ rules: old.rules && without(old.rules, rule.id), open: wasOpen ? null : old.open }));
    const name = rule.name.trim() || t("rules.unnamed");
    void run(async () => {
      const before = saved.find((each) => each.id === rule.id);
      const place = saved.findIndex((each) => each.id === rule.id);
      if (before) await store(without(saved, rule.id));
      drop();
      onSay(t("rules.removed", { name }), async () => {
        if (!before) return edit((all) => restored(all, rule, at), wasOpen ? rule.id : undefined);
        const now = await ask({ kind: "rules" });
        const given = await store(restored(now.rules, before, place));
        const id = given[place]?.id ?? rule.id;
        setDraft((old) => ({ rules: old.rules && restored(old.rules, { ...rule, id }, at), open: wasOpen ? id : old.open }));
      });
    }, `remove ${rule.id}`);
  };
  const add = () => {
    const rule = blankRule(rules, t("rules.newName"));
    edit((all) => [...all, rule], rule.id);
  };
  const duplicate = (rule: Rule) => {
    const copy = duplicated(rules, rule.id, t("rules.copyName", { name: rule.name }));
    edit(() => copy.rules, copy.id);
  };
  const discard = () => {
    const before = draft;
    setDraft((old) => ({ rules: null, open: saved.some((rule) => rule.id === old.open) ? old.open : null }));
    onSay(t("rules.discarded"), async () => setDraft(() => before));
  };
  const runNow = () =>
    run(async () => {
      const { status } = await ask({ kind: "relabel", command: { kind: "start", ...BY_RULES } });
      client.setQueryData<RelabelStatus | null>(keys.relabel, status);
      onPage("relabel");
    }, "run");

  return (
    <Page title={t("pages.rules")} lead={t("rules.lead")}>
      {error && <p className="error" role="alert">{error}</p>}
      <div className="rules">
        <div className="rules-main">
          <Section
            title={t("rules.list")}
            aside={<button type="button" className={rules.length === 0 ? "primary" : ""} onClick={add}>{t("rules.add")}</button>}
          >
            {rules.length === 0 ? (
              <p className="note-line">{t("rules.empty")}</p>
            ) : (
              <RuleList
                rules={rules}
                open={draft.open}
                preview={preview.data}
                faults={faults}
                onOpen={(id) => setDraft((old) => ({ ...old, open: id }))}
                onToggle={(rule) => edit((all) => replaced(all, { ...rule, enabled: !rule.enabled }))}
                onMove={onMove}
                onDuplicate={duplicate}
                onRemove={remove}
                form={
                  open && (
                    <Editor
                      rule={open}
                      faults={faults.filter(({ fault }) => fault.id === open.id)}
                      accounts={overview.accounts.map((account) => account.address).filter((address) => address !== "")}
                      onChange={(rule) => edit((all) => replaced(all, rule))}
                    />
                  )
                }
              />
            )}
            {dirty ? (
              <SaveBar faults={faults} rules={rules.filter((rule) => rule.id !== draft.open)} onSave={() => void save()} onDiscard={discard} onOpen={(id) => setDraft((old) => ({ ...old, open: id }))} />
            ) : (
              rules.length > 0 && faults.length === 0 && preview.data && <RunNow moves={preview.data.moves.reduce((sum, move) => sum + move.count, 0)} onRun={() => void runNow()} />
            )}
          </Section>
        </div>
        {(rules.length > 0 || dirty) && (
          <Preview preview={preview} rules={rules} open={open} onRead={onRead} onMore={examples < MANY ? () => setExamples(MANY) : undefined} />
        )}
        <div className="rules-exchange">
          <Exchange
            dirty={dirty}
            onRead={(more) => {
              const next = appended(rules, more);
              edit(() => next, next[rules.length]?.id ?? null);
              onSay(t("rules.exchange.read", { count: more.length }));
            }}
          />
        </div>
      </div>
    </Page>
  );
}

interface SaveProps {
  faults: RuleFaultView[];
  /** Those that can be opened. */
  rules: Rule[];
  onSave: () => void;
  onDiscard: () => void;
  onOpen: (id: number) => void;
}

/** Saves the draft, or says why that cannot be. */
function SaveBar({ faults, rules, onSave, onDiscard, onOpen }: SaveProps) {
  const { t } = useTranslation();
  const id = useId();
  const first = faults[0]?.fault;
  const name = first && (first.name.trim() || t("rules.unnamed"));
  return (
    <div className="save-bar">
      <button type="button" className="primary" disabled={first !== undefined} aria-describedby={id} onClick={onSave}>{t("rules.save")}</button>
      <button type="button" onClick={onDiscard}>{t("rules.discard")}</button>
      <p id={id} role="status">
        {first ? t("rules.cannotSave", { name, reason: t(`rules.fault.${first.what.kind}`) }) : t("rules.unsaved")}{" "}
        {first && rules.some((rule) => rule.id === first.id) && (
          <button type="button" className="link" onClick={() => onOpen(first.id)}>{t("rules.show")}</button>
        )}
      </p>
    </div>
  );
}

/** Saved rules are for new mail; what is here already is put to them at the user's word. */
function RunNow({ moves, onRun }: { moves: number; onRun: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className="save-bar">
      <button type="button" disabled={moves === 0} onClick={onRun}>{t("rules.runNow")}</button>
      <p>{moves > 0 ? t("rules.wouldMove", { count: moves, number: format.count(moves) }) : t("rules.inPlace")}</p>
    </div>
  );
}
