// What the rules would do to the mail that is here, exactly and against today.
import { useTranslation } from "react-i18next";
import type { Rule } from "../../gen/Rule";
import type { RulePreview } from "../../gen/RulePreview";
import { useFormat } from "../../model/format";
import type { usePreview } from "../../model/rules";
import { ExampleList } from "../../ui/examples";
import { Failed, Section } from "../../ui/Page";
import { LaneMove } from "../relabel/Diff";
import { useWording } from "./wording";

interface Props {
  preview: ReturnType<typeof usePreview>;
  rules: Rule[];
  /** The rule that is open, of which more is told. */
  open: Rule | null;
  onRead: (id: number) => void;
  /** Asks for more examples; absent if there are no more. */
  onMore?: () => void;
}

export function Preview({ preview, rules, open, onRead, onMore }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const { data, current } = preview;
  const standing = () => {
    if (preview.isError) return "";
    if (!current || !data) return t("rules.preview.counting");
    if (data.faults.length > 0) return "";
    return t("rules.preview.of", { count: data.messages, number: format.count(data.messages) });
  };
  return (
    <div className="preview" aria-busy={!current}>
      <Section title={t("rules.preview.title")} aside={<span className="figure" role="status">{standing()}</span>}>
        {preview.isError && <Failed error={preview.error} onRetry={() => void preview.refetch()} />}
        {data && data.faults.length > 0 && <p className="soft">{t("rules.preview.faults")}</p>}
        {data && data.faults.length === 0 && open && <One preview={data} rule={open} onRead={onRead} />}
      </Section>
      {data && data.faults.length === 0 && (
        <>
          <Section title={t("rules.preview.changes")} lead={open ? t("rules.preview.whole") : undefined}>
            {data.moves.length === 0 && <p>{t("rules.preview.noMoves")}</p>}
            {data.moves.map((move) => (
              <div key={`${move.from} ${move.to}`} className="found">
                <p className="line-head"><LaneMove move={move} /><span className="figure">{format.count(move.count)}</span></p>
                <ExampleList rows={move.examples} onRead={onRead} />
              </div>
            ))}
            {data.corrected > 0 && <p className="soft">{t("rules.preview.corrected", { count: data.corrected, number: format.count(data.corrected) })}</p>}
          </Section>
          <Conflicts preview={data} rules={rules} onRead={onRead} />
          <Wanted preview={data} />
          {onMore && hasMore(data) && <p><button type="button" className="link" onClick={onMore}>{t("relabel.more")}</button></p>}
        </>
      )}
    </div>
  );
}

function hasMore(preview: RulePreview): boolean {
  return (
    preview.moves.some((move) => move.count > move.examples.length) ||
    preview.rules.some((each) => each.matches > each.examples.length || each.fewer > each.lost.length)
  );
}

/** What the open rule matches, and what it no longer does. */
function One({ preview, rule, onRead }: { preview: RulePreview; rule: Rule; onRead: (id: number) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const count = preview.rules.find((each) => each.rule === rule.id);
  if (!count) return null;
  const said = (key: string, n: number) => t(key, { count: n, number: format.count(n) });
  return (
    <>
      <p className="headline" data-testid="matches">{said("rules.preview.matches", count.matches)}</p>
      {!rule.enabled && <p className="soft">{t("rules.preview.off")}</p>}
      {rule.id > 0 && count.more > 0 && <p>{said("rules.preview.newly", count.more)}</p>}
      <ExampleList rows={count.examples} onRead={onRead} />
      {count.fewer > 0 && (
        <div className="found">
          <p className="line-head">{said("rules.preview.fewer", count.fewer)}</p>
          <ExampleList rows={count.lost} onRead={onRead} />
        </div>
      )}
    </>
  );
}

function Conflicts({ preview, rules, onRead }: { preview: RulePreview; rules: Rule[]; onRead: (id: number) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (preview.conflicts.length === 0) return null;
  const name = (id: number) => rules.find((rule) => rule.id === id)?.name || t("rules.unnamed");
  return (
    <Section title={t("rules.preview.conflicts")} lead={t("rules.preview.conflictsLead")}>
      {preview.conflicts.map((conflict) => (
        <div key={`${conflict.winner} ${conflict.loser}`} className="found">
          <p className="line-head">
            <span>{t("rules.preview.wins", { winner: name(conflict.winner), loser: name(conflict.loser) })}</span>
            <span className="figure">{format.count(conflict.messages)}</span>
          </p>
          <ExampleList rows={conflict.examples} onRead={onRead} />
        </div>
      ))}
    </Section>
  );
}

function Wanted({ preview }: { preview: RulePreview }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useWording();
  if (preview.wanted.length === 0) return null;
  return (
    <Section title={t("rules.preview.wanted")} lead={t("rules.preview.wantedLead")}>
      <ul className="plain-list">
        {preview.wanted.map((each) => (
          <li key={JSON.stringify(each.action)} className="line-head">
            <span>{words.action(each.action)}</span>
            <span className="figure">{format.count(each.messages)}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
