// Rules to and from files: for another Mailroom as JSON, for mail servers as Sieve.
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Rule } from "../../gen/Rule";
import type { RulesExport } from "../../gen/RulesExport";
import { ask } from "../../host";
import { download } from "../../ui/download";
import { Section } from "../../ui/Page";
import { useWork } from "../../ui/work";

interface Props {
  /** Something is not saved, and so not part of what is given out. */
  dirty: boolean;
  onRead: (rules: Rule[]) => void;
}

export function Exchange({ dirty, onRead }: Props) {
  const { t } = useTranslation();
  const { error, run } = useWork();
  const [given, setGiven] = useState<RulesExport | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const take = (chosen: File) =>
    run(async () => {
      const text = await chosen.text();
      onRead((await ask({ kind: "read-rules", text })).rules);
    }, "read");
  return (
    <Section title={t("rules.exchange.title")} lead={t("rules.exchange.lead")}>
      <div className="buttons">
        <button type="button" onClick={() => void run(async () => setGiven(await ask({ kind: "export-rules" })), "export")}>
          {t("rules.exchange.export")}
        </button>
        <button type="button" onClick={() => file.current?.click()}>{t("rules.exchange.import")}</button>
        <input
          ref={file}
          type="file"
          hidden
          accept=".json,application/json"
          aria-label={t("rules.exchange.file")}
          onChange={(event) => {
            const chosen = event.target.files?.[0];
            // The same file may be chosen again.
            if (chosen) void take(chosen).then(() => file.current && (file.current.value = ""));
          }}
        />
      </div>
      {error && <p className="error after-buttons" role="alert">{error}</p>}
      {given && (
        <>
          {dirty && <p className="soft after-buttons">{t("rules.exchange.unsaved")}</p>}
          <Text name={t("rules.exchange.json")} text={given.json} file="mailroom-rules.json" type="application/json" />
          <Text name={t("rules.exchange.sieve")} text={given.sieve} file="mailroom-rules.sieve" type="application/sieve" />
          {given.leftOut.length > 0 ? (
            <>
              <h3>{t("rules.exchange.leftOut")}</h3>
              <ul className="sentences">{given.leftOut.map((each, at) => <li key={at}>{each}</li>)}</ul>
            </>
          ) : (
            <p className="soft">{t("rules.exchange.whole")}</p>
          )}
        </>
      )}
    </Section>
  );
}

function Text({ name, text, file, type }: { name: string; text: string; file: string; type: string }) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return (
    <div className="given">
      <p className="line-head">
        <span>{name}</span>
        <span className="buttons">
          <button type="button" className="small" onClick={() => void copy()}>{t(copied ? "rules.exchange.copied" : "rules.exchange.copy")}</button>
          <button type="button" className="small" onClick={() => download(text, file, type)}>{t("rules.exchange.save")}</button>
        </span>
      </p>
      <textarea readOnly rows={8} aria-label={name} value={text} onFocus={(event) => event.target.select()} />
    </div>
  );
}
