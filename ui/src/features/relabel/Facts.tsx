import { useTranslation } from "react-i18next";
import type { RelabelStatus } from "../../gen/RelabelStatus";
import { useFormat } from "../../model/format";
import { Section } from "../../ui/Page";

const WAITING = ["evidence", "encoder", "model", "duplicates"] as const;
const LEFT = ["corrected", "ruled", "rejudged", "unreadable"] as const;

/** Who settled what, what still waits, what was left alone, and what the engine has to say about it. */
export function Facts({ status }: { status: RelabelStatus }) {
  const { t } = useTranslation();
  const format = useFormat();
  const waiting = WAITING.filter((what) => status.waiting[what] > 0);
  const left = LEFT.filter((what) => status.left[what] > 0);
  const settled = status.shares.length > 0 || status.duplicates > 0;
  return (
    <Section title={t("relabel.facts")}>
      <table className="table">
        <thead className="sr">
          <tr><th scope="col">{t("relabel.what")}</th><th scope="col">{t("model.messages")}</th></tr>
        </thead>
        {settled && (
          <tbody>
            <tr><th scope="rowgroup" colSpan={2}>{t("relabel.settledBy")}</th></tr>
            {status.shares.map((share) => (
              <Line key={share.voice} name={t(`voice.${share.voice}`)} value={format.count(share.messages)} />
            ))}
            {status.duplicates > 0 && <Line name={t("relabel.alike")} value={format.count(status.duplicates)} />}
          </tbody>
        )}
        {waiting.length > 0 && (
          <tbody>
            <tr><th scope="rowgroup" colSpan={2}>{t("relabel.waitsFor")}</th></tr>
            {waiting.map((what) => (
              <Line key={what} name={t(`relabel.waiting.${what}`)} value={format.count(status.waiting[what])} />
            ))}
          </tbody>
        )}
        {left.length > 0 && (
          <tbody>
            <tr><th scope="rowgroup" colSpan={2}>{t("relabel.leftAlone")}</th></tr>
            {left.map((what) => (
              <Line key={what} name={t(`relabel.leftFor.${what}`)} value={format.count(status.left[what])} />
            ))}
          </tbody>
        )}
      </table>
      {status.notes.map((note) => <p key={note} className="soft">{note}</p>)}
    </Section>
  );
}

function Line({ name, value }: { name: string; value: string }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{value}</td>
    </tr>
  );
}
