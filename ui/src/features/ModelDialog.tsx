import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Overview } from "../gen/Overview";
import type { Request } from "../gen/Request";
import { ask, failureOf } from "../host";
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
