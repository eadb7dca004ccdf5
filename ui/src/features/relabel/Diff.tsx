import { ArrowRight } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { RelabelMove } from "../../gen/RelabelMove";
import type { RelabelStatus } from "../../gen/RelabelStatus";
import { useRelabelDiff } from "../../model/engine";
import { useFormat } from "../../model/format";
import { ExampleList } from "../../ui/examples";
import { LaneIcon } from "../../ui/lane";
import { Failed, Placeholder, Section } from "../../ui/Page";
import { Facts } from "./Facts";
import { type Steer, useStage } from "./Relabel";

interface Props {
  status: RelabelStatus;
  steer: Steer;
  onRead: (id: number) => void;
}

const FEW = 5;
/** As many as the engine gives. */
const MANY = 50;

/** What would change, lane by lane, with examples to look at; then the decision. */
export function Diff({ status, steer, onRead }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const [examples, setExamples] = useState(FEW);
  const diff = useRelabelDiff(status, examples);
  const { changes } = status;
  return (
    <>
      <Section title={useStage(status)}>
        <p>{t(changes > 0 ? "relabel.ready.lead" : status.total > 0 ? "relabel.ready.noneLead" : "relabel.ready.noneFound")}</p>
        <div className="buttons">
          {changes === 0 ? (
            <button type="button" className="primary" onClick={() => steer({ kind: "discard" })}>{t("relabel.done")}</button>
          ) : (
            <>
              <button type="button" className="primary" onClick={() => steer({ kind: "apply" })}>
                {t("relabel.apply", { count: changes, number: format.count(changes) })}
              </button>
              <button type="button" onClick={() => steer({ kind: "discard" })}>{t("relabel.discard")}</button>
            </>
          )}
        </div>
      </Section>
      {diff.isError && <Failed error={diff.error} onRetry={() => void diff.refetch()} />}
      {diff.isPending && changes > 0 && <Placeholder lines={FEW} />}
      {diff.data?.moves.map((move) => <Move key={`${move.from} ${move.to}`} move={move} onRead={onRead} />)}
      {diff.data?.moves.some((move) => move.count > move.examples.length) && examples < MANY && (
        <div className="buttons after">
          <button type="button" onClick={() => setExamples(MANY)}>{t("relabel.more")}</button>
        </div>
      )}
      {diff.data && diff.data.unchanged > 0 && changes > 0 && (
        <p className="soft">{t("relabel.unchanged", { count: diff.data.unchanged, number: format.count(diff.data.unchanged) })}</p>
      )}
      <Facts status={status} />
    </>
  );
}

/** From which lane to which. */
export function LaneMove({ move }: { move: RelabelMove }) {
  const { t } = useTranslation();
  return (
    <span className="lane-move">
      <LaneIcon lane={move.from} size={14} /> {t(`lane.${move.from}`)}
      <ArrowRight size={14} className="arrow" role="img" aria-label={t("relabel.to")} />
      <LaneIcon lane={move.to} size={14} /> {t(`lane.${move.to}`)}
    </span>
  );
}

/** Mail that would go from one lane to another. */
export function Move({ move, onRead }: { move: RelabelMove; onRead: (id: number) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const name = t("relabel.move", { from: t(`lane.${move.from}`), to: t(`lane.${move.to}`) });
  return (
    <section className="section move" aria-label={name}>
      <div className="section-head">
        <h3><LaneMove move={move} /></h3>
        <span className="figure">{format.count(move.count)}</span>
      </div>
      <ExampleList rows={move.examples} onRead={onRead} />
    </section>
  );
}
