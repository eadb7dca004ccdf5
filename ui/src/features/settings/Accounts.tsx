import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AccountView } from "../../gen/AccountView";
import type { Overview } from "../../gen/Overview";
import { ask } from "../../host";
import { Confirm } from "../../ui/Confirm";
import { Section } from "../../ui/Page";
import { useWork } from "../../ui/work";
import { State } from "../Sidebar";

interface Props {
  overview: Overview;
  onAddAccount: () => void;
  onChanged: () => void;
}

/** Whose mail is here, how it is kept up to date, and the way out. */
export function Accounts({ overview, onAddAccount, onChanged }: Props) {
  const { t } = useTranslation();
  const { error, run } = useWork();
  const [leaving, setLeaving] = useState<AccountView | null>(null);
  const remove = (account: AccountView) => void run(() => ask({ kind: "remove-account", account: account.id })).then(onChanged);
  const name = (account: AccountView) => account.address || t("state.local");
  return (
    <Section title={t("accounts")} lead={t(overview.keychain ? "welcome.keychain" : "welcome.session")}>
      {overview.accounts.length === 0 && <p>{t("settings.accounts.none")}</p>}
      {overview.accounts.length > 0 && (
        <ul className="plain-list lines">
          {overview.accounts.map((account) => (
            <li key={account.id} className="line">
              <span className="grow">
                <bdi className="name">{name(account)}</bdi>
                {account.server && (
                  <span className="soft"> {t("settings.accounts.server", { host: account.server.host, port: account.server.port })}</span>
                )}
                <State state={account.state} />
              </span>
              <button
                type="button"
                className="destroy"
                aria-label={t("settings.accounts.removeOne", { name: name(account) })}
                onClick={() => setLeaving(account)}
              >
                {t("remove")}
              </button>
            </li>
          ))}
        </ul>
      )}
      {error && <p className="error" role="alert">{error}</p>}
      <div className="buttons after">
        <button type="button" onClick={onAddAccount}>{t("addAccount")}</button>
        {overview.accounts.some((account) => account.server) && (
          <button type="button" onClick={() => void run(() => ask({ kind: "sync-now" }))}>
            {t("help.sync")} <kbd>r</kbd>
          </button>
        )}
        {overview.sample && (
          <button type="button" onClick={() => void run(() => ask({ kind: "leave-sample" })).then(onChanged)}>
            {t("settings.accounts.sample")}
          </button>
        )}
      </div>
      {leaving && (
        <Confirm
          title={t("settings.accounts.question", { name: name(leaving) })}
          action={t("remove")}
          onConfirm={() => remove(leaving)}
          onClose={() => setLeaving(null)}
        >
          {t(leaving.server ? "settings.accounts.warning" : "settings.accounts.warningLocal")}
        </Confirm>
      )}
    </Section>
  );
}
