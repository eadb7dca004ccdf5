import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ModelFindings } from "../gen/ModelFindings";
import type { Overview } from "../gen/Overview";
import type { Request } from "../gen/Request";
import { ask, failureOf } from "../host";
import { useWeighing } from "../model/engine";
import { bytes } from "../model/time";
import { Dialog } from "../ui/Dialog";
import { ModelLine } from "./Sidebar";

interface Props {
  overview: Overview;
  onClose: () => void;
  onChanged: () => void;
}

export function ModelDialog({ overview, onClose, onChanged }: Props) {
  const { t } = useTranslation();
  const weighing = useWeighing();
  const [path, setPath] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const act = async (request: Request) => {
    setBusy(true);
    setError("");
    try {
      await ask(request);
      setPath("");
    } catch (failure) {
      setError(failureOf(failure).message);
    }
    setBusy(false);
    onChanged();
  };
  return (
    <Dialog title={t("model.title")} onClose={onClose}>
      <p>{t("model.about")}</p>
      <p><ModelLine state={overview.model} /></p>
      {overview.model.kind === "failed" && <p className="error">{overview.model.reason}</p>}
      {overview.models.length === 0 && <p>{t("model.none")}</p>}
      {overview.models.map((model) => (
        <div key={model.id} className="model">
          <span>
            <bdi>{model.name}</bdi> ({bytes(model.size)})
            {model.warnings.map((warning) => <div key={warning} className="status">{warning}</div>)}
            {model.findings && <Findings found={model.findings} />}
            {!model.findings && model.inUse && weighing && <div className="status">{t("model.weighing", { ...weighing })}</div>}
          </span>
          <button type="button" disabled={busy} onClick={() => void act({ kind: "use-model", id: model.inUse ? null : model.id })}>
            {t(model.inUse ? "model.stop" : "model.use")}
          </button>
          <button type="button" disabled={busy} onClick={() => void act({ kind: "remove-model", id: model.id })}>{t("model.remove")}</button>
        </div>
      ))}
      <form
        className="bar"
        onSubmit={(event) => {
          event.preventDefault();
          void act({ kind: "add-model", path });
        }}
      >
        <input aria-label={t("model.path")} placeholder={t("model.path")} value={path} onChange={(event) => setPath(event.target.value)} />
        <button type="submit" disabled={busy || !path}>{t(busy ? "model.adding" : "model.add")}</button>
      </form>
      {error && <p className="error" role="alert">{error}</p>}
      <div className="actions"><button type="button" onClick={onClose}>{t("help.close")}</button></div>
    </Dialog>
  );
}

/** What the model is worth here, in two sentences, and a table by language. */
function Findings({ found }: { found: ModelFindings }) {
  const { t, i18n } = useTranslation();
  const percent = (share: number) => share.toLocaleString(i18n.language, { style: "percent", maximumFractionDigits: 0 });
  const names = new Intl.DisplayNames([i18n.language], { type: "language" });
  return (
    <>
      <div className="status">
        {t("model.alone", { alone: percent(found.alone), count: found.samples, own: found.own, others: percent(found.others) })}{" "}
        {found.weight === 0
          ? t("model.addsNothing")
          : t("model.adds", { together: percent(found.together), points: ((found.together - found.others) * 100).toFixed(1) })}{" "}
        {t("model.seconds", { seconds: found.seconds.toLocaleString(i18n.language, { maximumSignificantDigits: 2 }) })}
      </div>
      <details className="status">
        <summary>{t("model.byLanguage")}</summary>
        <table className="numbers">
          <thead>
            <tr><th>{t("model.language")}</th><th>{t("model.messages")}</th><th>{t("model.aloneShort")}</th><th>{t("model.othersShort")}</th><th>{t("model.togetherShort")}</th></tr>
          </thead>
          <tbody>
            {found.languages.map((line) => (
              <tr key={line.lang}>
                <th scope="row">{names.of(line.lang)}</th>
                <td>{line.n}</td>
                <td>{percent(line.alone / Math.max(1, line.n))}</td>
                <td>{percent(line.others / Math.max(1, line.n))}</td>
                <td>{percent(line.together / Math.max(1, line.n))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </>
  );
}
