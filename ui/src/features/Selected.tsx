import { X } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Label } from "../gen/Label";
import { LANES } from "../keys/registry";
import { useFormat } from "../model/format";
import { MOST } from "../model/selection";
import { LaneIcon } from "../ui/lane";

/** As it stands on the key. */
const ESCAPE = "Esc";

interface Props {
  count: number;
  onLabel: (label: Label) => void;
  onClear: () => void;
}

/** How many messages are selected, and what can be done with them. It takes the place of the search. */
export function Selected({ count, onLabel, onClear }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <>
      <span className={count > 0 ? "how-many" : "sr"} role="status">
        {count > 0 && t("select.count", { count, number: format.count(count) })}
        {count === MOST && ` ${t("select.most")}`}
      </span>
      {count > 0 && (
        <div className="selected" role="group" aria-label={t("select.label")}>
          {LANES.map((lane, at) => (
            <button key={lane} type="button" className="plain" title={`${t(`help.label-${at + 1}`)} (${at + 1})`} onClick={() => onLabel(lane)}>
              <LaneIcon lane={lane} size={14} /> <span>{t(`label.${lane}`)}</span> <kbd aria-hidden>{at + 1}</kbd>
            </button>
          ))}
          <button type="button" className="plain" aria-label={t("select.clear")} title={`${t("select.clear")} (${ESCAPE})`} onClick={onClear}>
            <X size={14} aria-hidden />
          </button>
        </div>
      )}
    </>
  );
}
