// Language models on this computer: which is in use, and what each is worth here.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ModelFindings } from "../../gen/ModelFindings";
import type { ModelView } from "../../gen/ModelView";
import type { Overview } from "../../gen/Overview";
import type { Request } from "../../gen/Request";
import { ask } from "../../host";
import { useWeighing } from "../../model/engine";
import { useFormat } from "../../model/format";
import { Confirm } from "../../ui/Confirm";
import { Page, Section } from "../../ui/Page";
import { useWork } from "../../ui/work";
import type { PageProps } from "../page";
import { ModelLine } from "../Sidebar";
import { AskFirst, Endpoint } from "./Endpoint";

export default function Models({ overview, onChanged }: PageProps) {
  const { t } = useTranslation();
  const [path, setPath] = useState("");
  const adding = useWork();
  const other = useWork();
  const busy = adding.busy || other.busy;
  const act = (request: Request) => void other.run(() => ask(request)).then(onChanged);
  const add = async () => {
    if (await adding.run(() => ask({ kind: "add-model", path: path.trim() }))) setPath("");
    onChanged();
  };
  const { model } = overview;
  const away = overview.models.find((each) => each.inUse)?.endpoint;
  return (
    <Page title={t("pages.models")} lead={away ? t("endpoint.about", { url: away }) : t("model.about")}>
      {((model.kind !== "absent" && model.kind !== "ready") || overview.waitingForModel > 0) && <Now overview={overview} />}
      <Section title={t("models.installed")}>
        {overview.models.length === 0 && <p>{t("model.none")}</p>}
        {other.error && <p className="error" role="alert">{other.error}</p>}
        {overview.models.map((each) => <Model key={each.id} model={each} busy={busy} act={act} />)}
      </Section>
      <Section title={t("models.add")} lead={t("models.addLead")}>
        <form
          className="line-form"
          onSubmit={(event) => {
            event.preventDefault();
            void add();
          }}
        >
          <label className="grow">
            {t("model.path")}
            <input name="path" spellCheck={false} value={path} onChange={(event) => setPath(event.target.value)} />
          </label>
          <button type="submit" disabled={busy || !path.trim()}>{t(adding.busy ? "model.adding" : "model.add")}</button>
        </form>
        {adding.error && <p className="error" role="alert">{adding.error}</p>}
      </Section>
      <Endpoint onChanged={onChanged} />
    </Page>
  );
}

/** What the model in use is doing. */
function Now({ overview }: { overview: Overview }) {
  const { t } = useTranslation();
  const format = useFormat();
  const waiting = overview.waitingForModel;
  const { model } = overview;
  return (
    <Section title={t("models.now")}>
      <p><ModelLine state={model} /></p>
      {model.kind === "failed" && <p className="error">{model.reason}</p>}
      {model.kind === "downloading" && (
        <progress className="progress" aria-label={t("models.importing")} max={Math.max(1, model.total)} value={model.done} />
      )}
      {waiting > 0 && <p className="soft">{t("model.waiting", { count: waiting, number: format.count(waiting) })}</p>}
    </Section>
  );
}

function Model({ model, busy, act }: { model: ModelView; busy: boolean; act: (request: Request) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const weighing = useWeighing();
  const [asked, setAsked] = useState(false);
  const [sends, setSends] = useState(false);
  const { endpoint } = model;
  const use = () => act({ kind: "use-model", id: model.inUse ? null : model.id });
  return (
    <article className="model" aria-label={model.name}>
      <div className="section-head">
        <h3><bdi>{model.name}</bdi></h3>
        {endpoint === null ? <span className="soft">{format.bytes(model.size)}</span> : <span className="chip away">{t("endpoint.chip")}</span>}
        {model.inUse && <span className="chip">{t("model.inUse")}</span>}
        <span className="buttons">
          <button type="button" disabled={busy} onClick={() => (endpoint !== null && !model.inUse ? setSends(true) : use())}>
            {t(model.inUse ? "model.stop" : "model.use")}
          </button>
          <button type="button" className="destroy" disabled={busy} onClick={() => setAsked(true)}>{t(endpoint === null ? "model.remove" : "endpoint.remove")}</button>
        </span>
      </div>
      {endpoint !== null && <p className="soft">{t(model.inUse ? "endpoint.leaves" : "endpoint.wouldLeave", { url: endpoint })}</p>}
      {model.warnings.map((warning) => <p key={warning} className="soft">{warning}</p>)}
      {model.findings && <Findings found={model.findings} />}
      {!model.findings && !model.inUse && <p className="soft">{t("models.notWeighed")}</p>}
      {!model.findings && model.inUse && !weighing && <p className="soft">{t("models.soon")}</p>}
      {!model.findings && model.inUse && weighing && (
        <>
          <progress className="progress" aria-label={t("models.weighing")} max={Math.max(1, weighing.total)} value={weighing.done} />
          <p className="soft">{t("model.weighing", { done: format.count(weighing.done), total: format.count(weighing.total) })}</p>
        </>
      )}
      {asked && (
        <Confirm
          title={t(endpoint === null ? "models.removeQuestion" : "endpoint.removeQuestion", { name: model.name })}
          action={t(endpoint === null ? "model.remove" : "endpoint.remove")}
          onConfirm={() => act({ kind: "remove-model", id: model.id })}
          onClose={() => setAsked(false)}
        >
          {endpoint === null ? t("models.removeWarning", { size: format.bytes(model.size) }) : t("endpoint.removeWarning", { url: endpoint })}
        </Confirm>
      )}
      {sends && endpoint !== null && <AskFirst url={endpoint} onConfirm={use} onClose={() => setSends(false)} />}
    </article>
  );
}

/** What the model is worth here, in sentences, and a table by language. */
function Findings({ found }: { found: ModelFindings }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <>
      <p className="findings">
        {t("model.alone", { alone: format.percent(found.alone), samples: format.count(found.samples), own: format.count(found.own), others: format.percent(found.others) })}{" "}
        {found.weight === 0
          ? t("model.addsNothing")
          : t("model.adds", { together: format.percent(found.together), points: format.decimal((found.together - found.others) * 100) })}{" "}
        {t("model.seconds", { seconds: format.decimal(found.seconds) })}
      </p>
      {found.languages.length > 0 && (
        <details>
          <summary>{t("model.byLanguage")}</summary>
          <table className="table wide">
            <thead>
              <tr>
                <th scope="col">{t("model.language")}</th>
                <th scope="col">{t("model.messages")}</th>
                <th scope="col">{t("model.aloneShort")}</th>
                <th scope="col">{t("model.othersShort")}</th>
                <th scope="col">{t("model.togetherShort")}</th>
              </tr>
            </thead>
            <tbody>
              {found.languages.map((line) => (
                <tr key={line.lang}>
                  <th scope="row">{format.language(line.lang)}</th>
                  <td>{format.count(line.n)}</td>
                  {([line.alone, line.others, line.together] as const).map((right, at) => (
                    <td key={at}>{format.percent(right / Math.max(1, line.n))}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </>
  );
}
