import { Pin } from "lucide-react";
import { Trans, useTranslation } from "react-i18next";
import type { Label } from "../../gen/Label";
import type { Learned } from "../../gen/Learned";
import { LANES } from "../../keys/registry";
import { useFormat } from "../../model/format";
import { LaneIcon } from "../../ui/lane";
import { about } from "./groups";
import type { Teach } from "./Memory";

interface Props {
  learned: Learned;
  teach: Teach;
  onForget: () => void;
}

/** One thing that was learned, as a sentence whose last word is the label. Words cannot be pinned or changed. */
export function Lesson({ learned, teach, onForget }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const { kind, name } = about(learned.key);
  const word = kind === "word";
  return (
    <li className="line lesson">
      <span className="grow">
        {kind === "other" ? <bdi>{learned.text}</bdi> : <Trans i18nKey={`memory.about.${kind}`} values={{ name }} components={{ b: <bdi className="name" /> }} />}
      </span>
      <LaneIcon lane={learned.label} size={14} />
      {word ? (
        <span className="fixed">{t(`label.${learned.label}`)}</span>
      ) : (
        <select
          aria-label={t("memory.label", { name })}
          value={learned.label}
          onChange={(event) => void teach(learned.key, { kind: "edit", label: event.target.value as Label })}
        >
          {LANES.map((lane) => <option key={lane} value={lane}>{t(`label.${lane}`)}</option>)}
        </select>
      )}
      <span className="strength-word soft">
        <span>{t("memory.told", { count: learned.lessons, number: format.count(learned.lessons), date: format.date(learned.at) })}</span>
        {learned.edited && <span>{t("memory.edited")}</span>}
      </span>
      {word ? (
        <span className="pin" />
      ) : (
        <button
          type="button"
          className="pin plain"
          aria-pressed={learned.pinned}
          aria-label={t("memory.pinOne", { name })}
          title={t(learned.pinned ? "memory.unpin" : "memory.pin")}
          onClick={() => void teach(learned.key, { kind: learned.pinned ? "unpin" : "pin" })}
        >
          <Pin size={14} aria-hidden />
        </button>
      )}
      <button type="button" aria-label={t("memory.forgetOne", { name })} onClick={onForget}>{t("memory.forget")}</button>
    </li>
  );
}
