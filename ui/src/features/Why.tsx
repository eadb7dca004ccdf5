import { useTranslation } from "react-i18next";
import type { MessageView } from "../gen/MessageView";
import { LANES } from "../keys/registry";
import { useFormat } from "../model/format";
import { Trace } from "./Trace";

/** Why the message lies where it lies: in a sentence, then by voice, then by what weighed most. */
export function Why({ message }: { message: MessageView }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { row, verdict } = message;
  const label = t(`label.${row.lane}`);
  if (!verdict) return <div className="block">{t("reader.waiting")}</div>;
  const strongest = Math.max(0.01, ...verdict.why.map((reason) => Math.abs(reason.weight)));
  const sentence =
    row.decidedBy === "user"
      ? t("reader.byYou")
      : row.unsure
        ? t("reader.unsure")
        : t("reader.percent", { percent: format.percent(Math.min(0.99, row.confidence)) });
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
            aria-label={format.list(LANES.map((lane, at) => `${t(`label.${lane}`)} ${format.percent(voice.probabilities[at] ?? 0)}`))}
          >
            {LANES.map((lane, at) => <i key={lane} className={lane} style={{ width: `${100 * (voice.probabilities[at] ?? 0)}%` }} />)}
          </span>
          <span className="against">× {format.fixed(voice.weight)}</span>
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
