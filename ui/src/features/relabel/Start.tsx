import { type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Label } from "../../gen/Label";
import type { Overview } from "../../gen/Overview";
import type { RelabelOptions } from "../../gen/RelabelOptions";
import { LANES } from "../../keys/registry";
import { useFormat } from "../../model/format";
import { Section } from "../../ui/Page";
import type { Steer } from "./Relabel";
import { BLANK, estimate, type Form, isReversed, scopeOf } from "./scope";

interface Props {
  overview: Overview;
  /** There was one before. */
  again: boolean;
  steer: Steer;
}

/** Which mail, by which voices, and when; then the start. */
export function Start({ overview, again, steer }: Props) {
  const { t } = useTranslation();
  const [form, setForm] = useState<Form>(BLANK);
  const set = (change: Partial<Form>) => setForm((old) => ({ ...old, ...change }));
  const option = (change: Partial<RelabelOptions>) => setForm((old) => ({ ...old, options: { ...old.options, ...change } }));
  const { options } = form;
  if (overview.counts.every((count) => count.total === 0)) return <p className="note-line">{t("relabel.noMail")}</p>;
  const reversed = isReversed(form);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        steer({ kind: "start", scope: scopeOf(form, Date.now() / 1000), options });
      }}
    >
      <Section title={t(again ? "relabel.which.again" : "relabel.which.title")} lead={t("relabel.which.lead")}>
        <div className="fields">
          <label>
            {t("relabel.account.title")}
            <select value={form.account} onChange={(event) => set({ account: event.target.value })}>
              <option value="">{t("relabel.account.all")}</option>
              {overview.accounts.map((account) => (
                <option key={account.id} value={account.id}>{account.address || t("state.local")}</option>
              ))}
            </select>
          </label>
          <label>
            {t("relabel.folder.title")}
            <input value={form.folder} placeholder={t("relabel.folder.any")} onChange={(event) => set({ folder: event.target.value })} />
          </label>
          <label>
            {t("relabel.lane.title")}
            <select value={form.lane} onChange={(event) => set({ lane: event.target.value as Label | "" })}>
              <option value="">{t("relabel.lane.any")}</option>
              {LANES.map((lane) => <option key={lane} value={lane}>{t(`lane.${lane}`)}</option>)}
            </select>
          </label>
          <label>
            {t("relabel.when.title")}
            <select value={form.when} onChange={(event) => set({ when: event.target.value as Form["when"] })}>
              {(["any", "month", "year", "dates"] as const).map((when) => (
                <option key={when} value={when}>{t(`relabel.when.${when}`)}</option>
              ))}
            </select>
          </label>
          {form.when === "dates" && (
            <>
              <label>
                {t("relabel.when.from")}
                <input type="date" value={form.from} onChange={(event) => set({ from: event.target.value })} />
              </label>
              <label>
                {t("relabel.when.to")}
                <input
                  type="date"
                  value={form.to}
                  aria-invalid={reversed}
                  onChange={(event) => set({ to: event.target.value })}
                />
              </label>
            </>
          )}
        </div>
        {reversed && <p className="error" role="alert">{t("relabel.when.reversed")}</p>}
        <div className="checks">
          <Check checked={form.unsure} onChange={(unsure) => set({ unsure })}>{t("relabel.unsure")}</Check>
          <Check checked={form.changedVoices} onChange={(changedVoices) => set({ changedVoices })} hint={t("relabel.changedVoices.hint")}>
            {t("relabel.changedVoices.title")}
          </Check>
          <Check checked={form.ruled} onChange={(ruled) => set({ ruled })} hint={t("relabel.ruled.hint")}>
            {t("relabel.ruled.title")}
          </Check>
        </div>
      </Section>
      <Section title={t("relabel.how.title")}>
        <div className="checks" role="radiogroup" aria-label={t("relabel.how.title")}>
          <Check radio="how" checked={!options.modelForAll} onChange={() => option({ modelForAll: false })} hint={t("relabel.how.cascadeHint")}>
            {t("relabel.how.cascade")}
          </Check>
          <Check radio="how" checked={options.modelForAll} onChange={() => option({ modelForAll: true })} hint={t("relabel.how.allHint")}>
            {t("relabel.how.all")}
          </Check>
        </div>
        <div className="checks">
          <Check checked={options.foldDuplicates} onChange={(foldDuplicates) => option({ foldDuplicates })} hint={t("relabel.duplicates.hint")}>
            {t("relabel.duplicates.title")}
          </Check>
          <Check checked={options.onBattery} onChange={(onBattery) => option({ onBattery })}>{t("relabel.onBattery")}</Check>
          <Check checked={options.whenBusy} onChange={(whenBusy) => option({ whenBusy })}>{t("relabel.whenBusy")}</Check>
        </div>
      </Section>
      <Section title={t("relabel.start.title")}>
        <Expected form={form} overview={overview} />
        <button type="submit" className="primary" disabled={reversed}>{t("relabel.start.button")}</button>
      </Section>
    </form>
  );
}

function Expected({ form, overview }: { form: Form; overview: Overview }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { messages, seconds } = estimate(form, overview);
  return (
    <p>
      {messages === null ? t("relabel.start.unknown") : t("relabel.start.atMost", { count: messages, number: format.count(messages) })}{" "}
      {seconds === null ? t("relabel.start.later") : t("relabel.start.within", { time: format.span(seconds) })}{" "}
      {t("relabel.start.safe")}
    </p>
  );
}

interface CheckProps {
  checked: boolean;
  onChange: (on: boolean) => void;
  hint?: string;
  /** One of several of this name. */
  radio?: string;
  children: ReactNode;
}

function Check({ checked, onChange, hint, radio, children }: CheckProps) {
  const id = useId();
  return (
    <div className="check">
      <input
        id={id}
        type={radio ? "radio" : "checkbox"}
        name={radio}
        checked={checked}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChange(event.target.checked)}
      />
      <label htmlFor={id}>{children}</label>
      {hint && <span id={`${id}-hint`} className="soft">{hint}</span>}
    </div>
  );
}
