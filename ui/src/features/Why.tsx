import { useTranslation } from "react-i18next";
import type { MessageView } from "../gen/MessageView";
import { LANES } from "../keys/registry";
import { Trace } from "./Trace";

/** Why the message lies where it lies: in a sentence, then by voice, then by what weighed most. */
export function Why({ message }: { message: MessageView }) {
  const { t } = useTranslation();
  const { row, verdict } = message;
  const label = t(`label.${row.lane}`);
  if (!verdict) return <div className="block">{t("reader.waiting")}</div>;
  const strongest = Math.max(0.01, ...verdict.why.map((reason) => Math.abs(reason.weight)));
  const sentence =
    row.decidedBy === "user"
      ? t("reader.byYou")
      : row.unsure
        ? t("reader.unsure")
        : t("reader.percent", { percent: Math.min(99, Math.round(row.confidence * 100)) });
  return (
    <details className="block why" open>
      <summary>{t("reader.why", { label })}</summary>
      <div>{sentence}{message.setAside && ` ${t("reader.setAside")}`}</div>
      {verdict.voices.map((voice) => (
        <div key={voice.voice} className="voice">
          <span>{t(`voice.${voice.voice}`)}</span>
          <span
            className="stack"
            role="img"
            aria-label={LANES.map((lane, at) => `${t(`label.${lane}`)} ${Math.round(100 * (voice.probabilities[at] ?? 0))} %`).join(", ")}
          >
            {LANES.map((lane, at) => <i key={lane} className={lane} style={{ width: `${100 * (voice.probabilities[at] ?? 0)}%` }} />)}
          </span>
          <span className="against">× {voice.weight.toFixed(2)}</span>
        </div>
      ))}
      <ul aria-label={t("reader.reasons")}>
        {verdict.why.map((reason) => (
          <li key={`${reason.kind}${reason.text}`} className={reason.weight < 0 ? "against" : ""}>
            <span>{reason.weight < 0 ? "− " : ""}<bdi>{reason.text}</bdi></span>
            <span className="strength"><i style={{ width: `${(100 * Math.abs(reason.weight)) / strongest}%` }} /></span>
          </li>
        ))}
      </ul>
      <Trace id={row.id} />
    </details>
  );
}
