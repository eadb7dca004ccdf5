import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "../../host";
import { hostOf } from "../../model/format";
import { Confirm } from "../../ui/Confirm";
import { Section } from "../../ui/Page";
import { useWork } from "../../ui/work";

/** An address as it may be typed. */
const SAMPLE = "http://127.0.0.1:8080/v1";

/** Uses a model behind an address. What it reads leaves for there, so that is said and asked first. */
export function Endpoint({ onChanged }: { onChanged: () => void }) {
  const { t } = useTranslation();
  const [url, setUrl] = useState("");
  const [model, setModel] = useState("");
  const [key, setKey] = useState("");
  const [asked, setAsked] = useState(false);
  const { busy, error, run } = useWork();
  const connect = async () => {
    const done = await run(() => ask({ kind: "use-endpoint", url: url.trim(), model: model.trim(), key: key.trim() || null }), "endpoint");
    if (!done) return;
    setUrl("");
    setModel("");
    setKey("");
    onChanged();
  };
  return (
    <Section title={t("endpoint.title")} lead={t("endpoint.lead")}>
      <p className="warning-line">{t("endpoint.warning")}</p>
      <form
        className="line-form"
        onSubmit={(event) => {
          event.preventDefault();
          setAsked(true);
        }}
      >
        <label className="grow">
          {t("endpoint.url")}
          <input name="url" inputMode="url" spellCheck={false} placeholder={SAMPLE} value={url} onChange={(event) => setUrl(event.target.value)} />
        </label>
        <label>
          {t("endpoint.model")}
          <input name="model" spellCheck={false} value={model} onChange={(event) => setModel(event.target.value)} />
        </label>
        <label>
          {t("endpoint.key")}
          <input name="key" type="password" autoComplete="off" value={key} onChange={(event) => setKey(event.target.value)} />
        </label>
        <button type="submit" disabled={busy || !url.trim() || !model.trim()}>{t(busy ? "endpoint.trying" : "endpoint.use")}</button>
      </form>
      {error && <p className="error" role="alert">{error}</p>}
      {asked && <AskFirst url={url.trim()} onConfirm={() => void connect()} onClose={() => setAsked(false)} />}
    </Section>
  );
}

/** Asks before mail goes to an address. */
export function AskFirst({ url, onConfirm, onClose }: { url: string; onConfirm: () => void; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Confirm harmless title={t("endpoint.question", { host: hostOf(url) })} action={t("endpoint.confirm")} onConfirm={onConfirm} onClose={onClose}>
      {t("endpoint.consequence", { url })}
    </Confirm>
  );
}
