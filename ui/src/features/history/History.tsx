// The record: what was decided about mail, by whom and why, and what the user has changed. What is learned from it is
// shown by the page of memory.
import { useQueryClient } from "@tanstack/react-query";
import { ArrowRight, ListFilter } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { HistoryEntry } from "../../gen/HistoryEntry";
import type { HistoryFilter } from "../../gen/HistoryFilter";
import type { Label } from "../../gen/Label";
import type { Row } from "../../gen/Row";
import type { Voice } from "../../gen/Voice";
import { ask } from "../../host";
import { LANES } from "../../keys/registry";
import { keys, useHistory } from "../../model/engine";
import { useFormat } from "../../model/format";
import { exact, relative } from "../../model/time";
import { download } from "../../ui/download";
import { LaneIcon } from "../../ui/lane";
import { Failed, Page, Placeholder, useFocusKept } from "../../ui/Page";
import { useWork } from "../../ui/work";
import type { PageProps } from "../page";
import { csv } from "./csv";

const VOICES: Voice[] = ["user", "rule", "memory", "model", "encoder", "evidence"];

const EVERYTHING: HistoryFilter = { by: null, to: null, message: null };

export default function History({ onRead, onSay }: PageProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [filter, setFilter] = useState(EVERYTHING);
  /** The message that the record is narrowed to. */
  const [about, setAbout] = useState<Row | null>(null);
  const history = useHistory(filter);
  const { error, run } = useWork();
  const entries = history.data?.pages.flatMap((page) => page.entries) ?? [];
  useFocusKept(entries);
  const narrow = (row: Row | null) => {
    setAbout(row);
    setFilter({ ...filter, message: row?.id ?? null });
  };
  const takeBack = (act: number) =>
    run(async () => {
      const { undone } = await ask({ kind: "take-back", act });
      onSay(t(undone ? "toast.undone" : "toast.nothing"));
      for (const queryKey of [keys.history, ["rows"], ["message"], keys.memory]) void client.invalidateQueries({ queryKey });
    }, `act ${act}`);
  return (
    <Page title={t("pages.history")} lead={t("history.lead")} busy={history.isPending}>
      <form className="fields" onSubmit={(event) => event.preventDefault()}>
        <label>
          {t("history.who")}
          <select value={filter.by ?? ""} onChange={(event) => setFilter({ ...filter, by: (event.target.value || null) as Voice | null })}>
            <option value="">{t("history.anyone")}</option>
            {VOICES.map((voice) => <option key={voice} value={voice}>{t(`voice.${voice}`)}</option>)}
          </select>
        </label>
        <label>
          {t("history.into")}
          <select value={filter.to ?? ""} onChange={(event) => setFilter({ ...filter, to: (event.target.value || null) as Label | null })}>
            <option value="">{t("relabel.lane.any")}</option>
            {LANES.map((lane) => <option key={lane} value={lane}>{t(`lane.${lane}`)}</option>)}
          </select>
        </label>
      </form>
      {about && (
        <p className="line-head about">
          <bdi>{t("history.about", { subject: about.subject || t("noSubject") })}</bdi>
          <button type="button" className="small" onClick={() => narrow(null)}>{t("history.all")}</button>
        </p>
      )}
      {error && <p className="error" role="alert">{error}</p>}
      {history.isPending && <Placeholder lines={8} />}
      {history.isError && <Failed error={history.error} onRetry={() => void history.refetch()} />}
      {history.isSuccess && entries.length === 0 && (
        <p className="note-line">{t(filter.by || filter.to || filter.message !== null ? "history.noneSuch" : "history.empty")}</p>
      )}
      {entries.length > 0 && (
        <>
          <Entries entries={entries} onRead={onRead} onNarrow={narrow} onTakeBack={(act) => void takeBack(act)} />
          <Below entries={entries} more={history.hasNextPage} onMore={() => void history.fetchNextPage()} />
        </>
      )}
    </Page>
  );
}

interface EntriesProps {
  entries: HistoryEntry[];
  onRead: (id: number) => void;
  onNarrow: (row: Row) => void;
  onTakeBack: (act: number) => void;
}

function Entries({ entries, ...props }: EntriesProps) {
  const { t } = useTranslation();
  return (
    <table className="history">
      <thead>
        <tr>
          <th scope="col" className="when">{t("history.when")}</th>
          <th scope="col" className="by">{t("history.who")}</th>
          <th scope="col">{t("history.message")}</th>
          <th scope="col" className="change">{t("history.label")}</th>
          <th scope="col" className="sure">{t("history.sure")}</th>
          <th scope="col" className="doing-cell"><span className="sr">{t("history.doing")}</span></th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry, at) => <Line key={`${entry.at} ${entry.row?.id} ${entry.by} ${entry.act} ${at}`} entry={entry} {...props} />)}
      </tbody>
    </table>
  );
}

function Line({ entry, onRead, onNarrow, onTakeBack }: Omit<EntriesProps, "entries"> & { entry: HistoryEntry }) {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  const { row, act } = entry;
  const subject = row ? row.subject || t("noSubject") : t("history.removed");
  return (
    <tr className={entry.undone ? "undone" : undefined}>
      <td className="when"><time title={exact(entry.at, i18n.language)}>{relative(entry.at, Date.now() / 1000, i18n.language)}</time></td>
      <td className="by">
        {t(`voice.${entry.by}`)}
        {entry.relabel !== null && <span className="soft">{t("history.relabel")}</span>}
      </td>
      <td className="message">
        {row ? (
          <button type="button" className="link" onClick={() => onRead(row.id)}>
            <bdi>{row.from.name || row.from.address}</bdi> · <bdi>{subject}</bdi>
          </button>
        ) : (
          <span className="soft">{subject}</span>
        )}
        {entry.reason && <span className="soft reason" lang="en"><bdi>{entry.reason}</bdi></span>}
      </td>
      <td className="change">
        <span className="lane-move">
          {entry.from !== null && entry.from !== entry.to && (
            <>
              <LaneIcon lane={entry.from} size={14} /> {t(`label.${entry.from}`)}
              <ArrowRight size={14} className="arrow" role="img" aria-label={t("relabel.to")} />
            </>
          )}
          <LaneIcon lane={entry.to} size={14} /> {t(`label.${entry.to}`)}
        </span>
        {(entry.unsure || entry.undone) && <span className="soft">{t(entry.undone ? "history.undone" : "unsure")}</span>}
      </td>
      {/* Nothing is wholly sure, as in the reader. */}
      <td className="sure">{entry.confidence === null ? t("none") : format.percent(Math.min(0.99, entry.confidence))}</td>
      <td className="doing-cell">
        <span className="buttons">
          {act !== null && !entry.undone && (
            <button type="button" className="small" aria-label={t("history.takeBackOne", { subject })} onClick={() => onTakeBack(act)}>{t("history.takeBack")}</button>
          )}
          {row && (
            <button type="button" className="icon" aria-label={t("history.only", { subject })} title={t("history.only", { subject })} onClick={() => onNarrow(row)}>
              <ListFilter size={14} aria-hidden />
            </button>
          )}
        </span>
      </td>
    </tr>
  );
}

/** How much is shown, the rest when asked, and what is shown as a file. */
function Below({ entries, more, onMore }: { entries: HistoryEntry[]; more: boolean; onMore: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const save = () => {
    const head = ["when", "who", "sender", "subject", "from", "to", "sure", "reason", "undone"].map((column) => t(`history.csv.${column}`));
    const rows = entries.map((entry) => [
      new Date(entry.at * 1000).toISOString(),
      t(`voice.${entry.by}`),
      entry.row?.from.address ?? "",
      entry.row?.subject ?? "",
      entry.from === null ? "" : t(`label.${entry.from}`),
      t(`label.${entry.to}`),
      // As a number, which spreadsheets can reckon with.
      entry.confidence === null ? "" : entry.confidence.toFixed(4),
      entry.reason ?? "",
      t(entry.undone ? "rules.yes.yes" : "rules.yes.no"),
    ]);
    download(csv([head, ...rows]), "mailroom-history.csv", "text/csv");
  };
  return (
    <div className="buttons after">
      {more && <button type="button" onClick={onMore}>{t("history.more")}</button>}
      <button type="button" onClick={save}>{t("history.save")}</button>
      <span className="figure" role="status">{t("history.shown", { count: entries.length, number: format.count(entries.length) })}</span>
    </div>
  );
}
