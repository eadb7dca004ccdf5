import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Candidate } from "../gen/Candidate";
import type { Discovery } from "../gen/Discovery";
import { ask, failureOf } from "../host";

interface Props {
  keychain: boolean;
  onDone: () => void;
  onBack?: () => void;
}

/** First run: an address, the server that was found for it, a password. Or the sample mail. */
export function Welcome({ keychain, onDone, onBack }: Props) {
  const { t } = useTranslation();
  const [address, setAddress] = useState("");
  const [found, setFound] = useState<Discovery | null>(null);
  const [chosen, setChosen] = useState<Candidate | null>(null);
  const [confirmed, setConfirmed] = useState(false);
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState<"find" | "connect" | "sample" | null>(null);
  const [error, setError] = useState("");

  const run = async (what: "find" | "connect" | "sample", work: () => Promise<void>) => {
    setBusy(what);
    setError("");
    try {
      await work();
    } catch (failure) {
      setError(failureOf(failure).message);
    }
    setBusy(null);
  };
  const choose = (candidate: Candidate) => {
    setChosen(candidate);
    setConfirmed(false);
  };
  const find = () =>
    run("find", async () => {
      const discovery = await ask({ kind: "discover", address });
      setFound(discovery);
      choose(
        discovery.candidates[0] ?? {
          server: { host: "", port: 993, security: "tls" },
          user: address,
          confirm: true,
          source: "",
        },
      );
    });
  const connect = () =>
    run("connect", async () => {
      if (!chosen) return;
      const settings = { address, user: chosen.user, server: chosen.server };
      await ask({ kind: "connect", settings, password, confirmed });
      onDone();
    });
  const sample = () =>
    run("sample", async () => {
      await ask({ kind: "try-sample" });
      onDone();
    });

  const closed = found && (found.signIn.kind === "o-auth2-only" || found.signIn.kind === "no-imap");
  const note = found && "note" in found.signIn ? found.signIn.note : "";
  return (
    <div className="welcome">
      <h1>{t("welcome.title")}</h1>
      <p>{t("welcome.lead")}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void find();
        }}
      >
        <label>
          {t("welcome.address")}
          <span className="line">
            <input
              type="email"
              autoComplete="email"
              required
              value={address}
              onChange={(event) => {
                setAddress(event.target.value);
                setFound(null);
              }}
            />
            <button type="submit" className={found ? "" : "primary"} disabled={busy !== null}>
              {t(busy === "find" ? "welcome.finding" : "welcome.find")}
            </button>
          </span>
        </label>
      </form>
      {found && note && <p role="note" data-testid="provider-note">{note}</p>}
      {found && !closed && chosen && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void connect();
          }}
        >
          {found.candidates.length === 0 && <p>{t("welcome.none")}</p>}
          {found.candidates.length > 1 && (
            <label>
              {t("welcome.server")}
              <select
                value={found.candidates.indexOf(chosen)}
                onChange={(event) => {
                  const candidate = found.candidates[Number(event.target.value)];
                  if (candidate) choose(candidate);
                }}
              >
                {found.candidates.map((candidate, at) => (
                  <option key={`${candidate.server.host}:${candidate.server.port}`} value={at}>
                    {candidate.server.host} ({t("welcome.source", { source: candidate.source })})
                  </option>
                ))}
              </select>
            </label>
          )}
          <span className="line">
            <label style={{ flex: 1 }}>
              {t("welcome.host")}
              <input
                required
                value={chosen.server.host}
                onChange={(event) => choose({ ...chosen, confirm: true, server: { ...chosen.server, host: event.target.value } })}
              />
            </label>
            <label>
              {t("welcome.port")}
              <input
                type="number"
                min={1}
                max={65535}
                value={chosen.server.port}
                onChange={(event) => setChosen({ ...chosen, server: { ...chosen.server, port: Number(event.target.value) } })}
              />
            </label>
          </span>
          <label>
            {t("welcome.user")}
            <input required value={chosen.user} onChange={(event) => setChosen({ ...chosen, user: event.target.value })} />
          </label>
          {chosen.confirm && (
            <label className="check">
              <input type="checkbox" checked={confirmed} onChange={(event) => setConfirmed(event.target.checked)} />
              <span>{t("welcome.confirm", { host: chosen.server.host })}</span>
            </label>
          )}
          <label>
            {t("welcome.password")}
            <input
              type="password"
              autoComplete="current-password"
              required
              disabled={chosen.confirm && !confirmed}
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          </label>
          <span>{t(keychain ? "welcome.keychain" : "welcome.session")}</span>
          <button type="submit" className="primary" disabled={busy !== null || !password}>
            {t(busy === "connect" ? "welcome.connecting" : "welcome.connect")}
          </button>
        </form>
      )}
      {error && <p className="error" role="alert">{error}</p>}
      {onBack ? (
        <button type="button" onClick={onBack}>{t("welcome.back")}</button>
      ) : (
        <>
          <div className="or">{t("welcome.or")}</div>
          <button type="button" disabled={busy !== null} onClick={() => void sample()}>{t("welcome.try")}</button>
        </>
      )}
    </div>
  );
}
