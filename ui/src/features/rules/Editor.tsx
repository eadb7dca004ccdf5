import { useEffect, useId, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Rule } from "../../gen/Rule";
import type { RuleFaultView } from "../../gen/RuleFaultView";
import { Actions } from "./Actions";
import { Conditions, Faults } from "./Conditions";

interface Props {
  rule: Rule;
  /** What is wrong with this rule. */
  faults: RuleFaultView[];
  accounts: string[];
  onChange: (rule: Rule) => void;
}

/** A rule as a form. Each change is at once part of the draft. */
export function Editor({ rule, faults, accounts, onChange }: Props) {
  const { t } = useTranslation();
  const id = useId();
  const name = useRef<HTMLInputElement>(null);
  // A new rule begins with its name.
  useEffect(() => {
    if (rule.id < 0) name.current?.focus({ preventScroll: true });
  }, [rule.id]);
  const own = faults.filter(({ fault }) => fault.at.part === "rule");
  return (
    <div className="editor">
      <label className="editor-name">
        <span className="side-head">{t("rules.name")}</span>
        <input
          ref={name}
          value={rule.name}
          maxLength={200}
          aria-invalid={own.some(({ fault }) => fault.what.kind === "name")}
          aria-describedby={own.length > 0 ? id : undefined}
          onChange={(event) => onChange({ ...rule, name: event.target.value })}
        />
      </label>
      <Faults id={id} faults={own} />
      <div className="editor-part">
        <span className="side-head" aria-hidden>{t("rules.if")}</span>
        <Conditions when={rule.when} faults={faults} accounts={accounts} onChange={(when) => onChange({ ...rule, when })} />
      </div>
      <div className="editor-part">
        <span className="side-head" aria-hidden>{t("rules.then")}</span>
        <Actions then={rule.then} faults={faults} onChange={(then) => onChange({ ...rule, then })} />
      </div>
    </div>
  );
}
