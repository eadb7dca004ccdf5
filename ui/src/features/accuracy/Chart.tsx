import { useTranslation } from "react-i18next";
import type { AuditView } from "../../gen/AuditView";
import { useFormat } from "../../model/format";
import { bandName } from "./Estimate";

const LEFT = 112;
const RIGHT = 16;
const WIDTH = 560;
const LINE = 24;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

/** Where a share from 0 to 1 lies. */
const x = (share: number) => LEFT + share * (WIDTH - LEFT - RIGHT);

/** The share of all mail with its interval; below, for each band, what was right and the span that its own
 * probability promises. Its tables say the same. */
export function Chart({ view }: { view: AuditView }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { share, low, high } = view;
  if (share === null || low === null || high === null) return null;
  const bands = view.bands.map((band, at) => ({ ...band, at, to: view.bands[at + 1]?.from ?? 1 })).filter((band) => band.judged > 0);
  const bottom = LINE * (bands.length + 1) + 8;
  const middle = (line: number) => line * LINE + LINE / 2 + 4;
  return (
    <svg
      className="chart"
      viewBox={`0 0 ${WIDTH} ${bottom + 20}`}
      role="img"
      aria-label={t("accuracy.chart", { share: format.percent(share), low: format.percent(low), high: format.percent(high) })}
    >
      {TICKS.map((tick) => (
        <g key={tick}>
          <line className="grid" x1={x(tick)} x2={x(tick)} y1={0} y2={bottom} />
          <text className="tick" x={x(tick)} y={bottom + 14} textAnchor="middle">{format.percent(tick)}</text>
        </g>
      ))}
      <text className="all" x={0} y={middle(0) + 4}>{t("accuracy.all")}</text>
      <line className="interval" x1={x(low)} x2={x(high)} y1={middle(0)} y2={middle(0)} />
      <line className="interval" x1={x(low)} x2={x(low)} y1={middle(0) - 5} y2={middle(0) + 5} />
      <line className="interval" x1={x(high)} x2={x(high)} y1={middle(0) - 5} y2={middle(0) + 5} />
      <circle className="point" cx={x(share)} cy={middle(0)} r={4} />
      {bands.map((band, line) => (
        <g key={band.from}>
          <text x={0} y={middle(line + 1) + 4}>{bandName(format, view, band.at, t)}</text>
          <line className="promised" x1={x(band.from)} x2={x(band.to)} y1={middle(line + 1)} y2={middle(line + 1)} />
          <circle className="band" cx={x(band.right / band.judged)} cy={middle(line + 1)} r={4} />
        </g>
      ))}
    </svg>
  );
}
