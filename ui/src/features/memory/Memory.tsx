// What the app has learned from the user's labels: to read, to put right and to forget.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { MemoryChange } from "../../gen/MemoryChange";
import type { MemoryView } from "../../gen/MemoryView";
import { ask } from "../../host";
import { keys, useMemory } from "../../model/engine";
import { useFormat } from "../../model/format";
import { Confirm } from "../../ui/Confirm";
import { Failed, Page, Placeholder, Section, useFocusKept } from "../../ui/Page";
import { useWork } from "../../ui/work";
import type { PageProps } from "../page";
import { Examples } from "./Examples";
import { about, groups } from "./groups";
import { Lesson } from "./Lesson";

/** From so many on, a field to search them is worth its place. */
const MANY = 12;
/** Lines of one group that are shown until more are asked for. */
const SHOWN = 50;

export type Teach = (key: string, change: MemoryChange) => Promise<boolean>;

export default function Memory({ onSay }: PageProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const memory = useMemory();
  const { error, run } = useWork();
  const kept = (view: MemoryView) => client.setQueryData(keys.memory, view);
  const teach: Teach = (key, change) => run(async () => kept(await ask({ kind: "teach", key, change })), `${change.kind} ${key}`);
  const forget = async (key: string) => {
    if (await teach(key, { kind: "forget" })) {
      onSay(t("memory.forgotten.said", { name: about(key).name }), () => teach(key, { kind: "recall" }));
    }
  };
  const forgetAll = async () => {
    if (await teach("", { kind: "forget-all" })) {
      onSay(t("memory.forgotten.saidAll"), () => teach("", { kind: "recall-all" }));
    }
  };
  const view = memory.data;
  useFocusKept(view);
  return (
    <Page title={t("pages.memory")} lead={t("memory.lead")} busy={memory.isPending}>
      {memory.isError && <Failed error={memory.error} onRetry={() => void memory.refetch()} />}
      {memory.isPending && <Placeholder lines={6} />}
      {error && <p className="error" role="alert">{error}</p>}
      {view && (
        <>
          <What view={view} teach={teach} forget={(key) => void forget(key)} />
          <Forgotten view={view} teach={teach} />
          <Examples
            examples={view.examples}
            onSet={(examples) => run(async () => kept(await ask({ kind: "set-examples", examples })), "examples")}
          />
          {view.lessons > 0 && <ForgetAll onForget={() => void forgetAll()} />}
        </>
      )}
    </Page>
  );
}

interface WhatProps {
  view: MemoryView;
  teach: Teach;
  forget: (key: string) => void;
}

function What({ view, teach, forget }: WhatProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const [search, setSearch] = useState("");
  const [whole, setWhole] = useState<string[]>([]);
  if (view.learned.length === 0) {
    return <p className="note-line">{t(view.lessons > 0 ? "memory.quiet" : view.forgotAll ? "memory.emptyAgain" : "memory.empty")}</p>;
  }
  const shown = groups(view.learned, search);
  return (
    <>
      <p className="soft">{t("memory.from", { count: view.lessons, number: format.count(view.lessons) })}</p>
      {view.learned.length >= MANY && (
        <input
          type="search"
          className="filter"
          aria-label={t("memory.search")}
          placeholder={t("memory.search")}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      )}
      {shown.length === 0 && <p className="note-line">{t("memory.nothingFound")}</p>}
      {shown.map(({ kind, learned }) => {
        const lines = whole.includes(kind) ? learned : learned.slice(0, SHOWN);
        return (
          <Section key={kind} title={t(`memory.group.${kind}`)} aside={<span className="figure">{format.count(learned.length)}</span>}>
            <ul className="plain-list lines">
              {lines.map((each) => <Lesson key={each.key} learned={each} teach={teach} onForget={() => forget(each.key)} />)}
            </ul>
            {lines.length < learned.length && (
              <button type="button" className="link" onClick={() => setWhole([...whole, kind])}>
                {t("memory.more", { count: learned.length - lines.length, number: format.count(learned.length - lines.length) })}
              </button>
            )}
          </Section>
        );
      })}
    </>
  );
}

/** What does not count any more and can be brought back. */
function Forgotten({ view, teach }: { view: MemoryView; teach: Teach }) {
  const { t } = useTranslation();
  if (view.forgotten.length === 0 && !view.forgotAll) return null;
  return (
    <Section title={t("memory.forgotten.title")} lead={t("memory.forgotten.lead")}>
      <ul className="plain-list lines">
        {view.forgotten.map((key) => (
          <li key={key} className="line">
            <bdi className="grow">{about(key).name}</bdi>
            <button type="button" aria-label={t("memory.recallOne", { name: about(key).name })} onClick={() => void teach(key, { kind: "recall" })}>
              {t("memory.recall")}
            </button>
          </li>
        ))}
        {view.forgotAll && (
          <li className="line">
            <span className="grow">{t("memory.forgotten.all")}</span>
            <button type="button" onClick={() => void teach("", { kind: "recall-all" })}>{t("memory.recallAll")}</button>
          </li>
        )}
      </ul>
    </Section>
  );
}

function ForgetAll({ onForget }: { onForget: () => void }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState(false);
  return (
    <Section title={t("memory.forgetAll.title")} lead={t("memory.forgetAll.lead")}>
      <button type="button" className="destroy" onClick={() => setAsked(true)}>{t("memory.forgetAll.button")}</button>
      {asked && (
        <Confirm
          title={t("memory.forgetAll.question")}
          action={t("memory.forgetAll.button")}
          onConfirm={onForget}
          onClose={() => setAsked(false)}
        >
          {t("memory.forgetAll.warning")}
        </Confirm>
      )}
    </Section>
  );
}
