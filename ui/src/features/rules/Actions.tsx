import { X } from "lucide-react";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import type { RuleAction } from "../../gen/RuleAction";
import type { RuleFaultView } from "../../gen/RuleFaultView";
import { Faults } from "./Conditions";
import { ACTION_LIMIT, ACTIONS, madeAction, nextAction, SAMPLE } from "./draft";
import { Choice, LabelChoice, Word } from "./Inputs";

interface Props {
  then: RuleAction[];
  faults: RuleFaultView[];
  onChange: (then: RuleAction[]) => void;
}

/** What a rule does, an action a line. */
export function Actions({ then, faults, onChange }: Props) {
  const { t } = useTranslation();
  const at = (place: number, next: RuleAction | null) =>
    onChange(then.flatMap((action, each) => (each !== place ? [action] : next ? [next] : [])));
  return (
    <div className="group" role="group" aria-label={t("rules.then")}>
      {then.map((action, place) => (
        <Line
          key={place}
          action={action}
          place={place}
          faults={faults.filter(({ fault }) => fault.at.part === "action" && fault.at.at === place)}
          onChange={(next) => at(place, next)}
        />
      ))}
      <div className="buttons">
        <button type="button" className="small" disabled={then.length >= ACTION_LIMIT} onClick={() => onChange([...then, nextAction(then)])}>
          {t("rules.addAction")}
        </button>
      </div>
    </div>
  );
}

interface LineProps {
  action: RuleAction;
  place: number;
  faults: RuleFaultView[];
  onChange: (action: RuleAction | null) => void;
}

function Line({ action, place, faults, onChange }: LineProps) {
  const { t } = useTranslation();
  const id = useId();
  const fault = faults.length > 0 ? id : undefined;
  const name = t("rules.removeAction", { place: place + 1 });
  return (
    <div className="condition" role="group" aria-label={t("rules.actionName", { place: place + 1 })}>
      <div className="inputs">
        <Choice name={t("rules.input.action")} value={action.kind} of={ACTIONS} say={(kind) => t(`rules.action.${kind}`)} onChange={(kind) => onChange(madeAction(kind))} />
        {action.kind === "set-label" && <LabelChoice value={action.label} onChange={(label) => onChange({ ...action, label })} />}
        {action.kind === "add-keyword" && (
          <Word name={t("rules.field.keyword")} value={action.keyword} placeholder={SAMPLE.keyword} fault={fault} onChange={(keyword) => onChange({ ...action, keyword })} />
        )}
        {action.kind === "move" && (
          <Word name={t("rules.field.folder")} value={action.folder} placeholder={t("rules.example.folder")} fault={fault} onChange={(folder) => onChange({ ...action, folder })} />
        )}
        {action.kind === "stop" && <span className="word">{t("rules.stopHint")}</span>}
      </div>
      <button type="button" className="icon" aria-label={name} title={name} onClick={() => onChange(null)}><X size={14} aria-hidden /></button>
      <Faults id={id} faults={faults} />
    </div>
  );
}
