import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Instruction } from "../../gen/Instruction";
import type { Label } from "../../gen/Label";
import { ask } from "../../host";
import { LANES } from "../../keys/registry";
import { keys } from "../../model/engine";
import { LaneIcon } from "../../ui/lane";
import { Failed, Section } from "../../ui/Page";
import { useWork } from "../../ui/work";

/** As many as the engine takes. */
const MOST = 5;

/** What the user asks the language model about each message, in words, and what a yes speaks for. */
export function Instructions() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const instructions = useQuery({ queryKey: keys.instructions, queryFn: () => ask({ kind: "instructions" }) });
  const { error, run } = useWork();
  const [text, setText] = useState("");
  const [label, setLabel] = useState<Label>("task");
  const list = instructions.data?.list;
  const set = (next: Instruction[], name: string) =>
    run(async () => client.setQueryData(keys.instructions, await ask({ kind: "set-instructions", list: next })), name);
  const add = async () => {
    if (list && (await set([...list, { text: text.trim(), label }], "add"))) setText("");
  };
  return (
    <Section title={t("instructions.title")} lead={t("instructions.lead")}>
      {instructions.isError && <Failed error={instructions.error} onRetry={() => void instructions.refetch()} />}
      {list && list.length > 0 && (
        <ul className="plain-list lines">
          {list.map((each) => (
            <li key={`${each.label} ${each.text}`} className="line">
              <bdi className="grow">{each.text}</bdi>
              <LaneIcon lane={each.label} size={14} />
              <span className="fixed">{t(`label.${each.label}`)}</span>
              <button
                type="button"
                aria-label={t("instructions.removeOne", { text: each.text })}
                onClick={() => void set(list.filter((other) => other !== each), `remove ${each.text}`)}
              >
                {t("instructions.remove")}
              </button>
            </li>
          ))}
        </ul>
      )}
      {error && <p className="error" role="alert">{error}</p>}
      {list && list.length >= MOST && <p className="soft">{t("instructions.full", { count: MOST })}</p>}
      {list && list.length < MOST && (
        <form
          className="line-form"
          onSubmit={(event) => {
            event.preventDefault();
            void add();
          }}
        >
          <label className="grow">
            {t("instructions.text")}
            <input value={text} placeholder={t("instructions.placeholder")} onChange={(event) => setText(event.target.value)} />
          </label>
          <label>
            {t("instructions.label")}
            <select value={label} onChange={(event) => setLabel(event.target.value as Label)}>
              {LANES.map((lane) => <option key={lane} value={lane}>{t(`label.${lane}`)}</option>)}
            </select>
          </label>
          <button type="submit" disabled={!text.trim()}>{t("instructions.add")}</button>
        </form>
      )}
    </Section>
  );
}
