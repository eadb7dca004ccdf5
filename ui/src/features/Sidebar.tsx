import { Brain, CircleHelp, Cpu, History, ListChecks, Plus, Settings, SunMoon, Tags, Target } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AccountState } from "../gen/AccountState";
import type { AccountView } from "../gen/AccountView";
import type { Label } from "../gen/Label";
import type { ModelState } from "../gen/ModelState";
import type { Overview } from "../gen/Overview";
import { ask, failureOf } from "../host";
import { isAtWork, useRelabel, type View } from "../model/engine";
import { hostOf, useFormat } from "../model/format";
import { PAGES, type PageName } from "../model/place";
import { LaneIcon } from "../ui/lane";
import { nextTheme, type Theme } from "../ui/theme";

const ICONS = { rules: ListChecks, relabel: Tags, history: History, memory: Brain, accuracy: Target, models: Cpu, settings: Settings };

interface Props {
  overview: Overview;
  view: View;
  /** The page that is shown instead of the mail. */
  page: PageName | null;
  theme: Theme;
  onTheme: (theme: Theme) => void;
  onLane: (lane: Label) => void;
  onPage: (page: PageName) => void;
  onHelp: () => void;
  onAdd: () => void;
  onChanged: () => void;
  onFailed: (error: unknown) => void;
}

export function Sidebar(props: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const { overview, view } = props;
  const away = overview.models.find((model) => model.inUse)?.endpoint;
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
            aria-current={props.page === null && "lane" in view && view.lane === lane}
            onClick={() => props.onLane(lane)}
          >
            <LaneIcon lane={lane} />
            <span>{t(`lane.${lane}`)}</span>
            <span className="count" aria-hidden>
              {unread > 0 && <b>{format.short(unread)}</b>}
              {unread > 0 && " / "}
              {format.short(total)}
            </span>
            <span className="sr">{t("laneCount", { unread: format.count(unread), total: format.count(total) })}</span>
          </button>
        ))}
      </nav>
      <nav className="pages" aria-label={t("pages.title")}>
        {PAGES.map((page) => {
          const Icon = ICONS[page];
          return (
            <button
              key={page}
              type="button"
              className="lane"
              data-page={page}
              aria-current={props.page === page ? "page" : undefined}
              onClick={() => props.onPage(page)}
            >
              <Icon size={16} aria-hidden />
              <span>{t(`pages.${page}`)}</span>
              {page === "relabel" && <span className="count"><Standing /></span>}
            </button>
          );
        })}
      </nav>
      {overview.sample && (
        <div className="banner">
          {t("sample.banner")} <button type="button" className="link" onClick={() => void leave()}>{t("sample.leave")}</button>
        </div>
      )}
      <section>
        <h2>{t("accounts")}</h2>
        {overview.accounts.map((account) => (
          <Account key={account.id} account={account} />
        ))}
        <button type="button" onClick={props.onAdd}><Plus size={12} aria-hidden /> {t("addAccount")}</button>
      </section>
      <section>
        <h2>{t("model.title")}</h2>
        <button type="button" onClick={() => props.onPage("models")}>
          <Cpu size={12} aria-hidden /> <ModelLine state={overview.model} />
        </button>
        {away && <div className="status away">{t("endpoint.goesTo", { host: hostOf(away) })}</div>}
        <div className="status">
          {overview.waitingForModel > 0 && t("model.waiting", { count: overview.waitingForModel, number: format.count(overview.waitingForModel) })}
        </div>
      </section>
      <footer>
        <button type="button" className="plain" onClick={props.onHelp} title={t("help.help")}>
          <CircleHelp size={14} aria-hidden /> {t("help.title")}
        </button>
        <button type="button" className="plain" onClick={() => props.onTheme(nextTheme(props.theme))}>
          <SunMoon size={14} aria-hidden /> {t(`theme.${props.theme}`)}
        </button>
      </footer>
    </aside>
  );
}

export function ModelLine({ state }: { state: ModelState }) {
  const { t } = useTranslation();
  const format = useFormat();
  switch (state.kind) {
    case "downloading":
      return <>{t("model.downloading", { percent: format.percent(Math.floor((100 * state.done) / Math.max(1, state.total)) / 100) })}</>;
    case "loading":
    case "ready":
      return <>{t(`model.${state.kind}`, { name: state.name })}</>;
    default:
      return <>{t(`model.${state.kind}`)}</>;
  }
}

/** How far a relabelling is, or that it waits for a decision. */
function Standing() {
  const { t } = useTranslation();
  const format = useFormat();
  const status = useRelabel().data;
  if (status?.state === "ready") return <b>{t("relabel.short.ready")}</b>;
  if (status?.state === "paused") return <>{t("relabel.short.paused")}</>;
  if (!status || !isAtWork(status) || status.state === "undoing") return null;
  return <>{format.percent((status.state === "applying" ? status.applied : status.done) / Math.max(1, status.total))}</>;
}

function Account({ account }: { account: AccountView }) {
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
    </div>
  );
}

export function State({ state }: { state: AccountState }) {
  const { t } = useTranslation();
  const format = useFormat();
  const bad = state.kind === "offline" || state.kind === "sign-in-needed";
  const values = state.kind === "syncing" ? { folder: state.folder, done: format.count(state.done), total: format.count(state.total) } : { ...state };
  return <div className={`status${bad ? " bad" : ""}`}>{t(`state.${state.kind}`, values)}</div>;
}
