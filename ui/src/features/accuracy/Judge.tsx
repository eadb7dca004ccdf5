import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { AuditItem } from "../../gen/AuditItem";
import type { Label } from "../../gen/Label";
import { labelOf, LANES } from "../../keys/registry";
import { useMessage } from "../../model/engine";
import { useFormat } from "../../model/format";
import { exact } from "../../model/time";
import { LaneIcon } from "../../ui/lane";
import { Failed, Section } from "../../ui/Page";
import { usePageCommands } from "../page";

/** What was judged last, and where the app had put it. */
export interface Judged {
  label: Label;
  shown: Label;
}

interface Props {
  open: AuditItem[];
  /** How many were judged since they were drawn. */
  judged: number;
  last: Judged | null;
  onJudge: (id: number, label: Label, shown: Label) => void;
  onLeave: () => void;
  onEnd: () => void;
}

/** What was judged last, beside what the app had said. */
export function Said({ last }: { last: Judged | null }) {
  const { t } = useTranslation();
  if (!last) return <p className="said" role="status" />;
  const names = { label: t(`label.${last.label}`), shown: t(`label.${last.shown}`) };
  return <p className="said" role="status">{t(last.label === last.shown ? "accuracy.judge.agreed" : "accuracy.judge.differed", names)}</p>;
}

/** One message after another, without the app's own label: who sees it first tends to agree with it. */
export function Judge({ open, judged, last, onJudge, onLeave, onEnd }: Props) {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  const [later, setLater] = useState<number[]>([]);
  const item = open.find((each) => !later.includes(each.id)) ?? later.map((id) => open.find((each) => each.id === id)).find(Boolean);
  const message = useMessage(item?.row.id ?? null);
  const card = useRef<HTMLElement>(null);
  const shown = item?.id;
  useEffect(() => {
    if (shown === undefined) return;
    card.current?.focus({ preventScroll: true });
    card.current?.querySelector(".judge-text")?.scrollTo?.(0, 0);
  }, [shown]);
  const judge = (label: Label) => {
    // What cannot be read yet cannot be judged.
    if (item && message.data) onJudge(item.id, label, item.shown);
  };
  usePageCommands((command) => {
    const label = labelOf(command);
    if (label) judge(label);
    return label !== null;
  });
  if (!item) return null;
  const { row } = item;
  const total = judged + open.length;
  return (
    <Section
      title={t("accuracy.judge.title")}
      aside={<span className="figure">{t("accuracy.judge.at", { at: format.count(judged + 1), total: format.count(total) })}</span>}
      lead={t("accuracy.judge.lead")}
    >
      <progress className="progress" aria-label={t("accuracy.judge.progress")} max={total} value={judged} />
      <Said last={last} />
      <article ref={card} className="card" tabIndex={-1} aria-label={row.subject || t("noSubject")}>
        <h3><bdi>{row.subject || t("noSubject")}</bdi></h3>
        <p className="soft">
          <bdi>{row.from.name}</bdi> <bdi className="address">{row.from.address}</bdi> · <time>{exact(row.received, i18n.language)}</time>
        </p>
        {message.isError ? (
          <Failed error={message.error} onRetry={() => void message.refetch()} />
        ) : (
          <div className="judge-text" tabIndex={0} role="group" aria-label={t("accuracy.judge.text")} aria-busy={!message.data} dir="auto">
            {message.data ? message.data.text || row.snippet : t("loading")}
          </div>
        )}
        <div className="labels" role="group" aria-label={t("accuracy.judge.question")}>
          {LANES.map((lane, at) => (
            <button key={lane} type="button" disabled={!message.data} title={t(`laneHint.${lane}`)} onClick={() => judge(lane)}>
              <LaneIcon lane={lane} size={14} /> {t(`label.${lane}`)} <kbd>{format.count(at + 1)}</kbd>
            </button>
          ))}
        </div>
      </article>
      <div className="buttons after">
        {open.length > 1 && (
          <button type="button" onClick={() => setLater([...later.filter((id) => id !== item.id), item.id])}>{t("accuracy.judge.later")}</button>
        )}
        <button type="button" onClick={onLeave}>{t("accuracy.judge.leave")}</button>
        <button type="button" onClick={onEnd}>{t("accuracy.judge.end")}</button>
      </div>
    </Section>
  );
}
