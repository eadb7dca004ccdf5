import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { RuleCulprit } from "../gen/RuleCulprit";
import type { RuleDone } from "../gen/RuleDone";
import type { RulesTrace } from "../gen/RulesTrace";
import { useTrace } from "../model/rules";
import { Failed } from "../ui/Page";
import { useWording, type Wording } from "./rules/wording";

/** How each rule was heard about a message, asked for when it is opened. */
export function Trace({ id }: { id: number }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const trace = useTrace(id, open);
  return (
    <details className="trace" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("rules.trace.title")}</summary>
      {trace.isError && <Failed error={trace.error} onRetry={() => void trace.refetch()} />}
      {open && trace.isPending && <p className="soft">{t("loading")}</p>}
      {trace.data && <Heard trace={trace.data.trace} />}
    </details>
  );
}

export function Heard({ trace }: { trace: RulesTrace }) {
  const { t } = useTranslation();
  const words = useWording();
  if (trace.rules.length === 0) return <p className="soft">{t("rules.trace.none")}</p>;
  const name = (id: number) => trace.rules.find((each) => each.rule === id)?.name || t("rules.unnamed");
  return (
    <ol className="plain-list">
      {trace.rules.map((line) => {
        const { heard } = line;
        return (
          <li key={line.rule} className={`heard ${heard.kind}`}>
            <span className="name"><bdi>{line.name || t("rules.unnamed")}</bdi></span>
            <span className="how">
              {heard.kind === "off" && t("rules.trace.off")}
              {heard.kind === "behind" && t("rules.trace.behind")}
              {heard.kind === "stopped" && t("rules.trace.stopped", { name: name(heard.by) })}
              {heard.kind === "failed" && t("rules.trace.failed", { because: becauseOf(t, words, heard.because) })}
              {heard.kind === "open" && t("rules.trace.open", { because: becauseOf(t, words, heard.because) })}
              {heard.kind === "matched" && t("rules.trace.matched")}
            </span>
            {heard.kind === "matched" && (
              <ul className="plain-list">
                {heard.actions.map((done, at) => (
                  <li key={at} className={done.fate.kind === "overruled" ? "lost" : undefined}>
                    {words.action(done.action)} <span className="soft">{fateOf(t, name, done)}</span>
                  </li>
                ))}
              </ul>
            )}
          </li>
        );
      })}
    </ol>
  );
}

function becauseOf(t: TFunction, words: Wording, { condition, answer }: RuleCulprit): string {
  if (!condition) return t(answer === "open" ? "rules.trace.because.wholeOpen" : "rules.trace.because.whole");
  return t(`rules.trace.because.${answer}`, { condition: words.condition(condition) });
}

/** What became of an action. What would change something on the server is only wanted. */
function fateOf(t: TFunction, name: (id: number) => string, { action, fate }: RuleDone): string {
  if (fate.kind === "repeats") return t("rules.trace.repeats", { name: name(fate.of) });
  if (fate.kind === "overruled") return t("rules.trace.overruled", { name: name(fate.by) });
  const here = action.kind === "set-label" || action.kind === "stop" || action.kind === "notify";
  return here ? "" : t("rules.trace.wanted");
}
