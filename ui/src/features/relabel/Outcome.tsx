import { useTranslation } from "react-i18next";
import type { RelabelStatus } from "../../gen/RelabelStatus";
import { useRelabelDiff } from "../../model/engine";
import { useFormat } from "../../model/format";
import { Section } from "../../ui/Page";
import { LaneMove } from "./Diff";
import { type Steer, useStage } from "./Relabel";

interface Props {
  status: RelabelStatus;
  steer: Steer;
}

/** How the last one ended. What was applied can be taken back as one. */
export function Outcome({ status, steer }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const { state, finishedAt } = status;
  return (
    <Section title={useStage(status)}>
      <p className="soft">
        {t("relabel.outcome.judged", { count: status.done, number: format.count(status.done) })}{" "}
        {finishedAt !== null && t("relabel.outcome.at", { date: format.date(finishedAt) })}
      </p>
      {state === "applied" && (
        <>
          {status.left.rejudged > 0 && <p className="soft">{t("relabel.outcome.rejudged", { count: status.left.rejudged, number: format.count(status.left.rejudged) })}</p>}
          <div className="buttons">
            <button type="button" onClick={() => steer({ kind: "undo", job: status.job })}>
              {t("relabel.undo")} <kbd>u</kbd>
            </button>
          </div>
          <Moved status={status} />
        </>
      )}
    </Section>
  );
}

function Moved({ status }: { status: RelabelStatus }) {
  const format = useFormat();
  const moves = useRelabelDiff(status, 0).data?.moves ?? [];
  return (
    <ul className="plain-list moves">
      {moves.map((move) => (
        <li key={`${move.from} ${move.to}`}>
          <LaneMove move={move} />
          <span className="figure">{format.count(move.count)}</span>
        </li>
      ))}
    </ul>
  );
}
