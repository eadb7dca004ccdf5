import { CircleHelp, Cpu, Plus, SunMoon } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AccountState } from "../gen/AccountState";
import type { AccountView } from "../gen/AccountView";
import type { Label } from "../gen/Label";
import type { ModelState } from "../gen/ModelState";
import type { Overview } from "../gen/Overview";
import { ask, failureOf } from "../host";
import type { View } from "../model/engine";
import { LaneIcon } from "../ui/lane";
import type { Theme } from "../ui/theme";

interface Props {
  overview: Overview;
  view: View;
  theme: Theme;
  onTheme: () => void;
  onLane: (lane: Label) => void;
  onModel: () => void;
  onHelp: () => void;
  onAdd: () => void;
  onChanged: () => void;
  onFailed: (error: unknown) => void;
}

export function Sidebar(props: Props) {
  const { t } = useTranslation();
  const { overview, view } = props;
  const leave = () => ask({ kind: "leave-sample" }).then(props.onChanged, props.onFailed);
  return (
    <aside className="side">
      <h1>{t("app")}</h1>
      <nav aria-label={t("lanes")}>
        {overview.counts.map(({ lane, total, unread }) => (
          <button
            key={lane}
            type="button"
            className="lane"
            data-lane={lane}
            title={t(`laneHint.${lane}`)}
            aria-current={"lane" in view && view.lane === lane}
            onClick={() => props.onLane(lane)}
          >
            <LaneIcon lane={lane} />
            <span>{t(`lane.${lane}`)}</span>
            <span className="count" aria-label={`${unread} ${t("unread")}, ${total}`}>
              {unread > 0 && <b>{unread.toLocaleString()}</b>}
              {unread > 0 && " / "}
              {total.toLocaleString()}
            </span>
          </button>
        ))}
      </nav>
      {overview.sample && (
        <div className="banner">
          {t("sample.banner")} <button type="button" className="link" onClick={() => void leave()}>{t("sample.leave")}</button>
        </div>
      )}
      <section>
        <h2>{t("accounts")}</h2>
        {overview.accounts.map((account) => (
          <Account key={account.id} account={account} onFailed={props.onFailed} />
        ))}
        <button type="button" onClick={props.onAdd}><Plus size={12} aria-hidden /> {t("addAccount")}</button>
      </section>
      <section>
        <h2>{t("model.title")}</h2>
        <button type="button" onClick={props.onModel}>
          <Cpu size={12} aria-hidden /> <ModelLine state={overview.model} />
        </button>
        <div className="status">
          {overview.waitingForModel > 0 && t("model.waiting", { count: overview.waitingForModel })}
        </div>
      </section>
      <footer>
        <button type="button" className="plain" onClick={props.onHelp} title={t("help.help")}>
          <CircleHelp size={14} aria-hidden /> {t("help.title")}
        </button>
        <button type="button" className="plain" onClick={props.onTheme}>
          <SunMoon size={14} aria-hidden /> {t(`theme.${props.theme}`)}
        </button>
      </footer>
    </aside>
  );
}

export function ModelLine({ state }: { state: ModelState }) {
  const { t } = useTranslation();
  switch (state.kind) {
    case "downloading":
      return <>{t("model.downloading", { percent: Math.floor((100 * state.done) / Math.max(1, state.total)) })}</>;
    case "loading":
    case "ready":
      return <>{t(`model.${state.kind}`, { name: state.name })}</>;
    default:
      return <>{t(`model.${state.kind}`)}</>;
  }
}

function Account({ account, onFailed }: { account: AccountView; onFailed: (error: unknown) => void }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const signIn = async (event: React.FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await ask({ kind: "sign-in", account: account.id, password });
      setPassword("");
      setError("");
    } catch (failure) {
      setError(failureOf(failure).message);
    }
    setBusy(false);
  };
  const remove = () => ask({ kind: "remove-account", account: account.id }).catch(onFailed);
  return (
    <div className="account">
      <div><bdi>{account.address || t("state.local")}</bdi></div>
      <State state={account.state} />
      {account.state.kind === "sign-in-needed" && (
        <form onSubmit={(event) => void signIn(event)}>
          <p className="status">{account.state.reason}</p>
          <input
            type="password"
            aria-label={t("signIn.title", { address: account.address })}
            placeholder={t("welcome.password")}
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
          <button type="submit" disabled={busy || !password}>{t("signIn.submit")}</button>
          {error && <p className="error" role="alert">{error}</p>}
        </form>
      )}
      <button type="button" className="link" onClick={() => void remove()}>{t("remove")}</button>
    </div>
  );
}

function State({ state }: { state: AccountState }) {
  const { t } = useTranslation();
  const bad = state.kind === "offline" || state.kind === "sign-in-needed";
  return <div className={`status${bad ? " bad" : ""}`}>{t(`state.${state.kind}`, { ...state })}</div>;
}
