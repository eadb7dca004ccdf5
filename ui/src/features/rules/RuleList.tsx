import { Copy, GripVertical, Trash2 } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Rule } from "../../gen/Rule";
import type { RuleFaultView } from "../../gen/RuleFaultView";
import type { RulePreview } from "../../gen/RulePreview";
import { useFormat } from "../../model/format";
import { useWording } from "./wording";

interface Props {
  rules: Rule[];
  open: number | null;
  preview: RulePreview | undefined;
  faults: RuleFaultView[];
  onOpen: (id: number | null) => void;
  onToggle: (rule: Rule) => void;
  onMove: (id: number, to: number) => void;
  onDuplicate: (rule: Rule) => void;
  onRemove: (rule: Rule) => void;
  /** The form of the open rule, which stands below its line. */
  form: ReactNode;
}

/** The rules in the order in which they are heard, to be dragged, or moved with Alt and the arrows. */
export function RuleList(props: Props) {
  const list = useRef<HTMLOListElement>(null);
  const [dragged, setDragged] = useState<number | null>(null);
  const { rules, onMove } = props;
  useEffect(() => {
    if (dragged === null) return;
    // Heard on the window: the line itself is taken out and put in again while it is moved.
    const move = (event: PointerEvent) => {
      const lines = [...(list.current?.children ?? [])].map((line) => line.getBoundingClientRect());
      const from = rules.findIndex((rule) => rule.id === dragged);
      const to = lines.filter((line, at) => at !== from && event.clientY > line.top + Math.min(line.height, 48) / 2).length;
      if (from >= 0 && to !== from) onMove(dragged, to);
    };
    const end = () => setDragged(null);
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", end);
    return () => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", end);
      window.removeEventListener("pointercancel", end);
    };
  }, [dragged, onMove, rules]);
  return (
    <ol ref={list} className="plain-list rule-list">
      {rules.map((rule, at) => (
        <Line key={rule.id} {...props} rule={rule} at={at} dragged={rule.id === dragged} onDrag={() => setDragged(rule.id)} />
      ))}
    </ol>
  );
}

interface LineProps extends Props {
  rule: Rule;
  at: number;
  dragged: boolean;
  onDrag: () => void;
}

function Line({ rule, at, dragged, onDrag, ...props }: LineProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useWording();
  const isOpen = props.open === rule.id;
  const name = rule.name.trim() || t("rules.unnamed");
  const count = props.preview?.rules.find((each) => each.rule === rule.id);
  const wrong = props.faults.some(({ fault }) => fault.id === rule.id);
  return (
    <li className={`rule${isOpen ? " open" : ""}${dragged ? " dragged" : ""}${rule.enabled ? "" : " off"}`} data-rule={rule.id}>
      <div className="rule-line">
        <button
          type="button"
          className="icon grip"
          aria-label={t("rules.move", { name, place: at + 1, total: props.rules.length })}
          title={t("rules.moveHint")}
          onPointerDown={(event) => {
            event.preventDefault();
            event.currentTarget.focus();
            onDrag();
          }}
        >
          <GripVertical size={14} aria-hidden />
        </button>
        <input type="checkbox" aria-label={t("rules.on", { name })} checked={rule.enabled} onChange={() => props.onToggle(rule)} />
        <button type="button" className="rule-name" aria-expanded={isOpen} onClick={() => props.onOpen(isOpen ? null : rule.id)}>
          <span className="name"><bdi>{name}</bdi></span>
          {rule.id < 0 && <span className="chip">{t("rules.new")}</span>}
          {wrong && <span className="chip wrong">{t("rules.wrong")}</span>}
          <span className="words">
            {t("rules.sentence", { conditions: words.group(rule.when), actions: words.actions(rule.then) })}
          </span>
        </button>
        <span className="rule-count">
          {count ? t("rules.matches", { count: count.matches, number: format.count(count.matches) }) : t("none")}
          <span className="soft">{count?.newest ? t("rules.newest", { date: format.date(count.newest) }) : ""}</span>
        </span>
        <button type="button" className="icon" aria-label={t("rules.duplicateOne", { name })} title={t("rules.duplicate")} onClick={() => props.onDuplicate(rule)}>
          <Copy size={14} aria-hidden />
        </button>
        <button type="button" className="icon" aria-label={t("rules.removeOne", { name })} title={t("rules.remove")} onClick={() => props.onRemove(rule)}>
          <Trash2 size={14} aria-hidden />
        </button>
      </div>
      {isOpen && props.form}
    </li>
  );
}
