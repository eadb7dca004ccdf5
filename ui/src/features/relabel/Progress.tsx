import { useTranslation } from "react-i18next";
import type { RelabelHold } from "../../gen/RelabelHold";
import type { RelabelStatus } from "../../gen/RelabelStatus";
import { useFormat } from "../../model/format";
import { Section } from "../../ui/Page";
import { Facts } from "./Facts";
import { type Steer, useStage } from "./Relabel";

interface Props {
  status: RelabelStatus;
  steer: Steer;
}

/** How far it is, how long it will take, what it waits for, and what can be done. */
export function Progress({ status, steer }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const { state, hold, total } = status;
  const judges = state === "running" || state === "paused";
  const done = judges ? status.done : status.applied;
  return (
    <>
      <Section title={useStage(status)}>
        {state === "undoing" ? (
          <progress className="progress" aria-label={t("relabel.progress")} />
        ) : (
          <progress className="progress" aria-label={t("relabel.progress")} max={Math.max(1, total)} value={done} />
        )}
        <p className="numbers-line">
          {state !== "undoing" && <span>{t("relabel.doneOf", { done: format.count(done), total: format.count(total) })}</span>}
          {state === "running" && !hold && status.rate !== null && (
            <span>{t("relabel.rate", { rate: format.decimal(status.rate) })}</span>
          )}
          {state === "running" && !hold && status.secondsLeft !== null && (
            <span>{t("relabel.left", { time: format.span(status.secondsLeft) })}</span>
          )}
        </p>
        {(judges || hold) && <div className="hold" aria-live="polite">{hold && <Held hold={hold} steer={steer} />}</div>}
        {judges ? (
          <>
            <p className="soft">{t("relabel.meanwhile")}</p>
            <div className="buttons">
              {state === "running" ? (
                <button type="button" onClick={() => steer({ kind: "pause" })}>{t("relabel.pause")}</button>
              ) : (
                <button
                  type="button"
                  className="primary"
                  onClick={() => steer({ kind: "resume", onBattery: null, whenBusy: null })}
                >
                  {t("relabel.resume")}
                </button>
              )}
              <button type="button" onClick={() => steer({ kind: "cancel" })}>{t("relabel.cancel")}</button>
            </div>
          </>
        ) : (
          <p className="soft">{t("relabel.finishes")}</p>
        )}
      </Section>
      <Facts status={status} />
    </>
  );
}

function Held({ hold, steer }: { hold: RelabelHold; steer: Steer }) {
  const { t } = useTranslation();
  return (
    <>
      <p>{hold.kind === "trouble" ? t("relabel.hold.trouble", { reason: hold.reason }) : t(`relabel.hold.${hold.kind}`)}</p>
      {hold.kind === "battery" && (
        <button type="button" onClick={() => steer({ kind: "resume", onBattery: true, whenBusy: null })}>
          {t("relabel.anyway")}
        </button>
      )}
      {hold.kind === "busy" && (
        <button type="button" onClick={() => steer({ kind: "resume", onBattery: null, whenBusy: true })}>
          {t("relabel.anyway")}
        </button>
      )}
    </>
  );
}
