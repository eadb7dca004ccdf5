import { useTranslation } from "react-i18next";
import type { AuditView } from "../../gen/AuditView";
import { LANES } from "../../keys/registry";
import { type Format, useFormat } from "../../model/format";
import { Section } from "../../ui/Page";
import { Chart } from "./Chart";

/** Fewer than this say little, and the text says so. */
const ENOUGH = 50;

/** What the judgements say about all of the mail: a sentence, a chart, and the same as tables. */
export function Estimate({ view }: { view: AuditView }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { share, low, high, judged } = view;
  if (share === null || low === null || high === null) return null;
  const wrong = view.confusion.some((line, from) => line.some((n, to) => from !== to && n > 0));
  return (
    <>
      <Section title={t("accuracy.estimate.title")}>
        <p className="headline">{t("accuracy.estimate.share", { share: format.percent(share) })}</p>
        <p>
          {t("accuracy.estimate.interval", { count: judged, number: format.count(judged), low: format.percent(low), high: format.percent(high) })}{" "}
          {judged < ENOUGH && t("accuracy.estimate.few")}
        </p>
        <Chart view={view} />
        <p className="soft">{t("accuracy.estimate.chart")}</p>
      </Section>
      <Section title={t("accuracy.bands.title")} lead={t("accuracy.bands.lead")}>
        <table className="table wide">
          <thead>
            <tr>
              <th scope="col">{t("accuracy.bands.sure")}</th>
              <th scope="col">{t("accuracy.bands.held")}</th>
              <th scope="col">{t("accuracy.bands.judged")}</th>
              <th scope="col">{t("accuracy.bands.right")}</th>
            </tr>
          </thead>
          <tbody>
            {view.bands.map((band, at) => (
              <tr key={band.from}>
                <th scope="row">{bandName(format, view, at, t)}</th>
                <td>{format.count(band.held)}</td>
                <td>{format.count(band.judged)}</td>
                <td>{band.judged > 0 ? format.count(band.right) : t("none")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Section>
      {wrong && (
        <Section title={t("accuracy.confusion.title")} lead={t("accuracy.confusion.lead")}>
          <table className="table wide">
            <thead>
              <tr>
                <th scope="col">{t("accuracy.confusion.corner")}</th>
                {LANES.map((lane) => <th key={lane} scope="col">{t(`label.${lane}`)}</th>)}
              </tr>
            </thead>
            <tbody>
              {LANES.map((lane, from) => (
                <tr key={lane}>
                  <th scope="row">{t(`label.${lane}`)}</th>
                  {LANES.map((to, at) => (
                    <td key={to} className={from === at ? "right" : ""}>{format.count(view.confusion[from]?.[at] ?? 0)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Section>
      )}
    </>
  );
}

type Translate = ReturnType<typeof useTranslation>["t"];

/** `70–85 %`: from the band's least probability to the next one's. */
export function bandName(format: Format, view: AuditView, at: number, t: Translate): string {
  const from = view.bands[at]?.from ?? 0;
  const to = view.bands[at + 1]?.from ?? 1;
  return t("accuracy.bands.name", { from: format.percent(from), to: format.percent(to) });
}
