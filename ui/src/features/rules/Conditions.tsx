// The conditions of a rule as nested groups, each condition a line.
import { X } from "lucide-react";
import { type ReactNode, useId } from "react";
import { useTranslation } from "react-i18next";
import type { FolderRole } from "../../gen/FolderRole";
import type { RuleCondition } from "../../gen/RuleCondition";
import type { RuleFaultView } from "../../gen/RuleFaultView";
import type { RuleGroup } from "../../gen/RuleGroup";
import type { RulePath } from "../../gen/RulePath";
import { useFormat } from "../../model/format";
import { bounded, changed, changedGroup, CONDITION_LIMIT, DAY, fieldOf, FIELDS, isSame, made, mayNest, SAMPLE, size, type Field } from "./draft";
import { Choice, LabelChoice, PercentInput, SizeInput, SpanInput, TestInput, Word } from "./Inputs";

interface Props {
  when: RuleGroup;
  faults: RuleFaultView[];
  accounts: string[];
  onChange: (when: RuleGroup) => void;
}

const MODES = ["all", "any", "none"] as const;
const VOICES = ["evidence", "encoder", "model", "memory"] as const;
const PARTS = ["address", "domain", "name", "local"] as const;
const ROLES: FolderRole[] = ["inbox", "archive", "sent", "drafts", "junk", "trash", "all", "other"];
const STANDINGS = ["to", "only-to", "cc", "absent"] as const;
const METHODS = ["dmarc", "dkim", "spf"] as const;
const RESULTS = ["pass", "fail", "neutral", "unknown"] as const;
const LANGUAGES = ["ar", "bg", "cs", "da", "de", "el", "en", "es", "fi", "fr", "hu", "it", "ja", "ko", "nb", "nl", "pl", "pt", "ro", "ru", "sv", "tr", "uk", "zh"];

/** What is wrong with the condition at that place; the empty place is the outermost group. */
export function faultsAt(faults: RuleFaultView[], path: RulePath): RuleFaultView[] {
  return faults.filter(({ fault }) => fault.at.part === "condition" && isSame(fault.at.path, path));
}

/** What is wrong, in the user's language. */
export function Faults({ id, faults }: { id?: string; faults: RuleFaultView[] }) {
  const { t } = useTranslation();
  if (faults.length === 0) return null;
  return (
    <div id={id} className="fault">
      {faults.map(({ fault }, at) => <p key={at} className="error">{t(`rules.fault.${fault.what.kind}`)}</p>)}
    </div>
  );
}

export function Conditions(props: Props) {
  return <Group {...props} group={props.when} path={[]} />;
}

function Group({ group, path, ...props }: Props & { group: RuleGroup; path: RulePath }) {
  const { t } = useTranslation();
  const { when, onChange } = props;
  const here = (change: (group: RuleGroup) => RuleGroup) => onChange(changedGroup(when, path, change));
  const place = path.map((at) => at + 1).join(".");
  const full = size(when) >= CONDITION_LIMIT;
  const add = (condition: RuleCondition) => here((old) => ({ ...old, of: [...old.of, condition] }));
  return (
    <div className="group" role="group" aria-label={path.length === 0 ? t("rules.if") : t("rules.group.name", { place })}>
      <div className="group-head">
        <Choice name={t("rules.input.mode")} value={group.mode} of={MODES} say={(mode) => t(`rules.mode.${mode}`)} onChange={(mode) => here((old) => ({ ...old, mode }))} />
        {path.length > 0 && <Remove name={t("rules.group.remove", { place })} onClick={() => onChange(changed(when, path, () => null))} />}
      </div>
      <Faults faults={faultsAt(props.faults, path)} />
      {group.of.map((condition, at) =>
        condition.kind === "group" ? (
          <Group key={at} {...props} group={condition} path={[...path, at]} />
        ) : (
          <Line
            key={at}
            condition={condition}
            path={[...path, at]}
            faults={faultsAt(props.faults, [...path, at])}
            accounts={props.accounts}
            onChange={(next) => onChange(changed(when, [...path, at], () => next))}
          />
        ),
      )}
      <div className="buttons">
        <button type="button" className="small" disabled={full} onClick={() => add(made("subject"))}>{t("rules.group.condition")}</button>
        {mayNest(path) && (
          <button type="button" className="small" disabled={full} onClick={() => add({ kind: "group", mode: group.mode === "any" ? "all" : "any", of: [made("subject")] })}>
            {t("rules.group.group")}
          </button>
        )}
      </div>
    </div>
  );
}

function Remove({ name, onClick }: { name: string; onClick: () => void }) {
  return <button type="button" className="icon" aria-label={name} title={name} onClick={onClick}><X size={14} aria-hidden /></button>;
}

interface LineProps {
  condition: Exclude<RuleCondition, { kind: "group" }>;
  path: RulePath;
  faults: RuleFaultView[];
  accounts: string[];
  onChange: (condition: RuleCondition | null) => void;
}

function Line({ condition, path, faults, accounts, onChange }: LineProps) {
  const { t } = useTranslation();
  const id = useId();
  const place = path.map((at) => at + 1).join(".");
  return (
    <div className="condition" role="group" aria-label={t("rules.condition", { place })}>
      <div className="inputs">
        <select aria-label={t("rules.input.field")} className="field" value={fieldOf(condition)} onChange={(event) => onChange(made(event.target.value as Field, condition))}>
          {Object.entries(FIELDS).map(([group, fields]) => (
            <optgroup key={group} label={t(`rules.fields.${group}`)}>
              {fields.map((field) => <option key={field} value={field}>{t(`rules.field.${field}`)}</option>)}
            </optgroup>
          ))}
        </select>
        <Inputs condition={condition} fault={faults.length > 0 ? id : undefined} accounts={accounts} onChange={onChange} />
      </div>
      <Remove name={t("rules.removeCondition", { place })} onClick={() => onChange(null)} />
      <Faults id={id} faults={faults} />
    </div>
  );
}

interface InputsProps {
  condition: LineProps["condition"];
  fault?: string;
  accounts: string[];
  onChange: (condition: RuleCondition) => void;
}

function Inputs({ condition: c, fault, accounts, onChange }: InputsProps): ReactNode {
  const { t } = useTranslation();
  const format = useFormat();
  const yes = (is: boolean) => (
    <Choice name={t("rules.input.is")} value={is ? "yes" : "no"} of={["yes", "no"] as const} say={(value) => t(`rules.yes.${value}`)} onChange={(value) => onChange({ ...c, is: value === "yes" } as RuleCondition)} />
  );
  switch (c.kind) {
    case "address":
      return (
        <>
          <Choice name={t("rules.input.part")} value={c.part} of={PARTS} say={(part) => t(`rules.part.${part}`)} onChange={(part) => onChange({ ...c, part })} />
          <TestInput test={c.test} placeholder={t(`rules.example.${c.part}`)} fault={fault} onChange={(test) => onChange({ ...c, test })} />
        </>
      );
    case "text":
    case "folder":
      return <TestInput test={c.test} fault={fault} onChange={(test) => onChange({ ...c, test })} />;
    case "label":
      return <LabelChoice value={c.is} onChange={(is) => onChange({ ...c, is })} />;
    case "probability":
      return (
        <>
          <LabelChoice value={c.of} onChange={(of) => onChange({ ...c, of })} />
          <PercentInput name={t("rules.input.atLeast")} value={c.bound.at_least} fault={fault} onChange={(low) => onChange({ ...c, bound: bounded(c.bound, "at_least", low) })} />
          <PercentInput name={t("rules.input.below")} value={c.bound.below} fault={fault} onChange={(high) => onChange({ ...c, bound: bounded(c.bound, "below", high) })} />
        </>
      );
    case "unsure":
    case "answered":
    case "seen":
    case "flagged":
      return yes(c.is);
    case "voice-says":
    case "voice-doubts":
      return (
        <>
          <Choice
            name={t("rules.input.voice")}
            value={c.voice as (typeof VOICES)[number]}
            of={VOICES}
            say={(voice) => t(`voice.${voice}`)}
            onChange={(voice) => onChange({ ...c, voice })}
          />
          {c.kind === "voice-says" ? (
            <LabelChoice value={c.label} onChange={(label) => onChange({ ...c, label })} />
          ) : (
            <PercentInput name={t("rules.input.below")} value={c.below} fault={fault} onChange={(below) => onChange({ ...c, below: below ?? 0 })} />
          )}
        </>
      );
    case "header":
      return <Word name={t("rules.input.header")} value={c.name} placeholder={SAMPLE.header} fault={fault} onChange={(name) => onChange({ ...c, name })} />;
    case "language":
      return (
        <select aria-label={t("rules.field.language")} value={c.is} aria-invalid={fault !== undefined} aria-describedby={fault} onChange={(event) => onChange({ ...c, is: event.target.value })}>
          {c.is === "" && <option value="">{t("rules.input.choose")}</option>}
          {[...new Set([...(c.is ? [c.is] : []), ...LANGUAGES])]
            .map((code) => ({ code, name: format.language(code) }))
            .sort((a, b) => a.name.localeCompare(b.name))
            .map(({ code, name }) => <option key={code} value={code}>{name}</option>)}
        </select>
      );
    case "attachment": {
      const word = (key: "mime" | "ending", value: string) => {
        const { [key]: _, ...others } = c;
        onChange(value === "" ? others : { ...c, [key]: value });
      };
      return (
        <>
          <Word name={t("rules.input.ending")} value={c.ending ?? ""} placeholder={t("rules.input.endingHint")} fault={fault} onChange={(value) => word("ending", value)} />
          <Word name={t("rules.input.mime")} value={c.mime ?? ""} placeholder={t("rules.input.mimeHint")} fault={fault} onChange={(value) => word("mime", value)} />
          <SizeInput
            span={c.size ?? {}}
            fault={fault}
            onChange={(size) => {
              const { size: _, ...others } = c;
              onChange(size.at_least === undefined && size.at_most === undefined ? others : { ...c, size });
            }}
          />
        </>
      );
    }
    case "attachment-count":
      return <SpanInput span={c.bound} fault={fault} onChange={(bound) => onChange({ ...c, bound })} />;
    case "attachment-size":
    case "size":
      return <SizeInput span={c.bytes} fault={fault} onChange={(bytes) => onChange({ ...c, bytes })} />;
    case "age":
      return (
        <>
          <SpanInput span={c.seconds} unit={DAY} fault={fault} onChange={(seconds) => onChange({ ...c, seconds })} />
          <span className="word">{t("rules.input.days")}</span>
        </>
      );
    case "account":
      return <Word name={t("rules.field.account")} value={c.is} among={accounts} placeholder={accounts[0] ?? SAMPLE.account} fault={fault} onChange={(is) => onChange({ ...c, is })} />;
    case "folder-role":
      return <Choice name={t("rules.field.folder-role")} value={c.is} of={ROLES} say={(role) => t(`rules.role.${role}`)} onChange={(is) => onChange({ ...c, is })} />;
    case "reader":
      return <Choice name={t("rules.field.reader")} value={c.is} of={STANDINGS} say={(is) => t(`rules.standing.${is}`)} onChange={(is) => onChange({ ...c, is })} />;
    case "authentication":
      return (
        <>
          <Choice name={t("rules.input.method")} value={c.method} of={METHODS} say={(method) => t(`rules.method.${method}`)} onChange={(method) => onChange({ ...c, method })} />
          <Choice name={t("rules.input.result")} value={c.is} of={RESULTS} say={(is) => t(`rules.result.${is}`)} onChange={(is) => onChange({ ...c, is })} />
        </>
      );
    case "keyword":
      return <Word name={t("rules.field.keyword")} value={c.is} placeholder={SAMPLE.keyword} fault={fault} onChange={(is) => onChange({ ...c, is })} />;
  }
}
