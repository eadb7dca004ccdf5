import { useTranslation } from "react-i18next";
import type { MessageView } from "../gen/MessageView";
import type { VoiceShare } from "../gen/VoiceShare";
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
      <Voices voices={verdict.voices} />
      <ul aria-label={t("reader.reasons")}>
        {verdict.why.map((reason) => (
          <li key={`${reason.kind}${reason.text}`} className={reason.weight < 0 ? "against" : ""}>
            <span>{reason.weight < 0 ? "− " : ""}<bdi>{reason.text}</bdi></span>
            <span className="strength" aria-hidden><i style={{ width: `${(100 * Math.abs(reason.weight)) / strongest}%` }} /></span>
            <span className="sr">{t(reason.weight < 0 ? "facts.against" : "facts.for", { label: t(`label.${reason.label}`), share: format.percent(Math.abs(reason.weight) / strongest) })}</span>
          </li>
        ))}
      </ul>
      <Trace id={row.id} />
    </details>
  );
}

/** What each voice said, and how much it counted: as bars, and as a table for those who do not see them. */
function Voices({ voices }: { voices: VoiceShare[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const share = (voice: VoiceShare, at: number) => voice.probabilities[at] ?? 0;
  if (voices.length === 0) return null;
  return (
    <>
      <div className="sr">
        <table>
          <caption>{t("reader.voices")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("facts.voice")}</th>
              {LANES.map((lane) => <th key={lane} scope="col">{t(`label.${lane}`)}</th>)}
              <th scope="col">{t("facts.counts")}</th>
            </tr>
          </thead>
          <tbody>
            {voices.map((voice) => (
              <tr key={voice.voice}>
                <th scope="row">{t(`voice.${voice.voice}`)}</th>
                {LANES.map((lane, at) => <td key={lane}>{format.percent(share(voice, at))}</td>)}
                <td>{format.fixed(voice.weight)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div aria-hidden>
        {voices.map((voice) => (
          <div key={voice.voice} className="voice">
            <span>{t(`voice.${voice.voice}`)}</span>
            <span className="stack" title={format.list(LANES.map((lane, at) => `${t(`label.${lane}`)} ${format.percent(share(voice, at))}`))}>
              {LANES.map((lane, at) => share(voice, at) >= 0.005 && <i key={lane} className={lane} style={{ flexGrow: share(voice, at) }} />)}
            </span>
            <span className="against">× {format.fixed(voice.weight)}</span>
          </div>
        ))}
      </div>
    </>
  );
}
