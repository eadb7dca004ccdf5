import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Example } from "../../gen/Example";
import type { Label } from "../../gen/Label";
import { LANES } from "../../keys/registry";
import { LaneIcon } from "../../ui/lane";
import { Section } from "../../ui/Page";

interface Props {
  examples: Example[];
  /** All of them anew. */
  onSet: (examples: Example[]) => Promise<boolean>;
}

/** Folders and keywords whose mail is taken as labelled by the user. */
export function Examples({ examples, onSet }: Props) {
  const { t } = useTranslation();
  const [keyword, setKeyword] = useState("");
  const [label, setLabel] = useState<Label>("task");
  const add = async () => {
    const others = examples.filter((example) => example.kind !== "keyword" || example.keyword.toLowerCase() !== keyword.trim().toLowerCase());
    if (await onSet([...others, { kind: "keyword", keyword: keyword.trim(), label }])) setKeyword("");
  };
  return (
    <Section title={t("memory.examples.title")} lead={t("memory.examples.lead")}>
      {examples.length > 0 && (
        <ul className="plain-list lines">
          {examples.map((example) => {
            const name = example.kind === "keyword" ? example.keyword : t("memory.examples.folder", { number: example.folder });
            return (
              <li key={`${example.kind} ${name}`} className="line">
                <bdi className="grow">{example.kind === "keyword" ? t("memory.examples.with", { name }) : name}</bdi>
                <LaneIcon lane={example.label} size={14} />
                <span className="fixed">{t(`label.${example.label}`)}</span>
                <button
                  type="button"
                  aria-label={t("memory.examples.removeOne", { name })}
                  onClick={() => void onSet(examples.filter((other) => other !== example))}
                >
                  {t("memory.examples.remove")}
                </button>
              </li>
            );
          })}
        </ul>
      )}
      <form
        className="line-form"
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <label className="grow">
          {t("memory.examples.keyword")}
          <input value={keyword} placeholder={t("memory.examples.placeholder")} onChange={(event) => setKeyword(event.target.value)} />
        </label>
        <label>
          {t("memory.examples.label")}
          <select value={label} onChange={(event) => setLabel(event.target.value as Label)}>
            {LANES.map((lane) => <option key={lane} value={lane}>{t(`label.${lane}`)}</option>)}
          </select>
        </label>
        <button type="submit" disabled={!keyword.trim()}>{t("memory.examples.add")}</button>
      </form>
    </Section>
  );
}
