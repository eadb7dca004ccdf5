import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "../../host";
import { keys } from "../../model/engine";
import { useFormat } from "../../model/format";
import { Failed, Section } from "../../ui/Page";
import { useWork } from "../../ui/work";

/** Whom the app speaks to, why, and how much goes there; and the switch that leaves the mail servers alone. */
export function Privacy({ onChanged }: { onChanged: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const client = useQueryClient();
  const privacy = useQuery({ queryKey: keys.privacy, queryFn: () => ask({ kind: "privacy" }) });
  const { error, run } = useWork();
  const set = (on: boolean) =>
    run(async () => {
      client.setQueryData(keys.privacy, await ask({ kind: "set-mail-only", on }));
      onChanged();
    }, "mail-only");
  const id = useId();
  const now = privacy.data;
  return (
    <Section title={t("privacy.title")} lead={t("privacy.lead")}>
      {privacy.isError && <Failed error={privacy.error} onRetry={() => void privacy.refetch()} />}
      {now && now.hosts.length === 0 && <p className="soft">{t("privacy.nobody")}</p>}
      {now && now.hosts.length > 0 && (
        <table className="table wide">
          <thead>
            <tr>
              <th scope="col">{t("privacy.host")}</th>
              <th scope="col">{t("privacy.why")}</th>
              <th scope="col" className="number">{t("privacy.sent")}</th>
              <th scope="col" className="number">{t("privacy.received")}</th>
            </tr>
          </thead>
          <tbody>
            {now.hosts.map((host) => (
              <tr key={`${host.purpose} ${host.host}`}>
                <th scope="row"><bdi>{host.host}</bdi></th>
                <td>{t(`privacy.purpose.${host.purpose}`)}{!host.allowed && <> ({t("privacy.forbidden")})</>}</td>
                <td className="number">{format.bytes(host.sent)}</td>
                <td className="number">{format.bytes(host.received)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {now && (
        <div className="check">
          <input id={id} type="checkbox" checked={now.mailOnly} onChange={(event) => void set(event.target.checked)} />
          <label htmlFor={id}>{t("privacy.mailOnly")}</label>
        </div>
      )}
      {error && <p className="error" role="alert">{error}</p>}
    </Section>
  );
}
