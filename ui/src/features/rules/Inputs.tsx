// What conditions and actions are typed and chosen with.
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Label } from "../../gen/Label";
import type { RuleSpan } from "../../gen/RuleSpan";
import type { RuleTextTest } from "../../gen/RuleTextTest";
import { LANES } from "../../keys/registry";
import { bounded, compared, typed } from "./draft";

interface ChoiceProps<T extends string> {
  name: string;
  value: T;
  of: readonly T[];
  say: (value: T) => string;
  onChange: (value: T) => void;
}

export function Choice<T extends string>({ name, value, of, say, onChange }: ChoiceProps<T>) {
  return (
    <select aria-label={name} value={value} onChange={(event) => onChange(event.target.value as T)}>
      {of.map((each) => <option key={each} value={each}>{say(each)}</option>)}
    </select>
  );
}

export function LabelChoice({ value, onChange }: { value: Label; onChange: (label: Label) => void }) {
  const { t } = useTranslation();
  return <Choice name={t("rules.input.label")} value={value} of={LANES} say={(lane) => t(`label.${lane}`)} onChange={onChange} />;
}

interface WordProps {
  name: string;
  value: string;
  placeholder?: string;
  /** What is likely meant. */
  among?: string[];
  /** The id of what is wrong with it. */
  fault?: string;
  onChange: (value: string) => void;
}

export function Word({ name, value, placeholder, among, fault, onChange }: WordProps) {
  const list = useId();
  return (
    <>
      <input
        aria-label={name}
        value={value}
        placeholder={placeholder}
        spellCheck={false}
        autoComplete="off"
        list={among?.length ? list : undefined}
        aria-invalid={fault !== undefined}
        aria-describedby={fault}
        onChange={(event) => onChange(event.target.value)}
      />
      {!!among?.length && <datalist id={list}>{among.map((each) => <option key={each} value={each} />)}</datalist>}
    </>
  );
}

const HOWS = ["contains", "is", "starts", "ends", "glob", "present"] as const;

interface TestProps {
  test: RuleTextTest;
  placeholder?: string;
  fault?: string;
  onChange: (test: RuleTextTest) => void;
}

export function TestInput({ test, placeholder, fault, onChange }: TestProps) {
  const { t } = useTranslation();
  return (
    <>
      <Choice name={t("rules.input.how")} value={test.how} of={HOWS} say={(how) => t(`rules.test.${how}`)} onChange={(how) => onChange(compared(test, how))} />
      {test.how !== "present" && (
        <Word
          name={t("rules.input.text")}
          value={test.value}
          placeholder={test.how === "glob" ? t("rules.input.glob") : placeholder}
          fault={fault}
          onChange={(value) => onChange({ ...test, value })}
        />
      )}
    </>
  );
}

interface NumberProps {
  name: string;
  value: number | undefined;
  /** How much one of what is typed is: of days, 86,400. */
  unit?: number;
  /** Whether only whole numbers of `value` exist. */
  whole?: boolean;
  fault?: string;
  onChange: (value: number | undefined) => void;
}

/** A number that may be left out. What is being typed stays as it is typed. */
export function Num({ name, value, unit = 1, whole = true, fault, onChange }: NumberProps) {
  const [text, setText] = useState("");
  const valueOf = (text: string) => {
    const number = typed(text);
    return number === undefined ? undefined : whole ? Math.round(number * unit) : number * unit;
  };
  const shown = valueOf(text) === value ? text : value === undefined ? "" : String(Number((value / unit).toFixed(6)));
  return (
    <input
      className="number"
      inputMode="decimal"
      aria-label={name}
      value={shown}
      aria-invalid={fault !== undefined}
      aria-describedby={fault}
      onChange={(event) => {
        setText(event.target.value);
        onChange(valueOf(event.target.value));
      }}
    />
  );
}

interface SpanProps {
  span: RuleSpan;
  unit?: number;
  fault?: string;
  onChange: (span: RuleSpan) => void;
}

/** From one number to another, both included; either may be left out. */
export function SpanInput({ span, unit, fault, onChange }: SpanProps) {
  const { t } = useTranslation();
  return (
    <>
      <span className="unit">
        <span className="word" aria-hidden>{t("rules.input.atLeast")}</span>
        <Num name={t("rules.input.atLeast")} value={span.at_least} unit={unit} fault={fault} onChange={(low) => onChange(bounded(span, "at_least", low))} />
      </span>
      <span className="unit">
        <span className="word" aria-hidden>{t("rules.input.atMost")}</span>
        <Num name={t("rules.input.atMost")} value={span.at_most} unit={unit} fault={fault} onChange={(high) => onChange(bounded(span, "at_most", high))} />
      </span>
    </>
  );
}

const UNITS = { kB: 1000, MB: 1_000_000 } as const;

/** A span of bytes, in kilobytes or megabytes. */
export function SizeInput(props: Omit<SpanProps, "unit">) {
  const { t } = useTranslation();
  const { at_least, at_most } = props.span;
  const [unit, setUnit] = useState<keyof typeof UNITS>(
    [at_least, at_most].some((bytes) => bytes !== undefined && bytes % 100_000 !== 0) ? "kB" : "MB",
  );
  return (
    <>
      <SpanInput {...props} unit={UNITS[unit]} />
      <Choice
        name={t("rules.input.unit")}
        value={unit}
        of={["kB", "MB"] as const}
        say={(each) => each}
        onChange={(next) => {
          // What is typed stays, and means so many of the other unit.
          const scaled = (bytes: number | undefined) => (bytes === undefined ? undefined : Math.round((bytes / UNITS[unit]) * UNITS[next]));
          const low: RuleSpan = bounded(props.span, "at_least", scaled(at_least));
          props.onChange(bounded(low, "at_most", scaled(at_most)));
          setUnit(next);
        }}
      />
    </>
  );
}

export function PercentInput({ name, value, fault, onChange }: Omit<NumberProps, "unit" | "whole">) {
  return (
    <span className="unit">
      <span className="word" aria-hidden>{name}</span>
      <Num name={name} value={value} unit={0.01} whole={false} fault={fault} onChange={(share) => onChange(share === undefined ? undefined : Number(share.toFixed(6)))} />
      <span className="word" aria-hidden>%</span>
    </span>
  );
}
