//! The task that owns the accounts: their actors, what each is doing, and their passwords for the session.

use crate::judge::Judge;
use crate::privacy::Ledger;
use crate::secret::Keychain;
use crate::shelf::StoreShelf;
use crate::start::Signals;
use crate::{Config, import, now};
use mailroom_domain::{AccountId, AccountSettings};
use mailroom_mail::imap::Secret;
use mailroom_store::{Account, AccountKind, Store};
use mailroom_sync::{
    AccountActor, AccountConfig, AccountHandle, Command as SyncCommand, Event as SyncEvent,
};
use mailroom_wire::{AccountState, AccountView, Event};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How long an actor may take to end.
const PATIENCE: Duration = Duration::from_millis(2000);

/// What the task is told.
pub(crate) enum Command {
    /// All accounts but the sample, as they are now.
    Views(oneshot::Sender<Vec<AccountView>>),
    /// Takes an account up; without a password it waits for one.
    Add { account: Account, secret: Option<Secret> },
    /// Uses this password from now on.
    SignIn { account: AccountId, secret: Secret },
    /// Ends the account's connection and forgets it.
    Remove { account: AccountId, done: oneshot::Sender<()> },
    /// Asks all servers now.
    SyncNow,
    /// Ends all connections.
    Stop(oneshot::Sender<()>),
}

struct Entry {
    view: AccountView,
    settings: Option<AccountSettings>,
    actor: Option<AccountHandle>,
}

/// What the task needs of the engine.
pub(crate) struct Accounts {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) judge: Arc<Judge>,
    pub(crate) keychain: Keychain,
    pub(crate) signals: Signals,
    pub(crate) ledger: Ledger,
}

impl Accounts {
    /// Runs until [`Command::Stop`], or until nobody can send commands any more.
    pub(crate) async fn run(self, mut commands: mpsc::UnboundedReceiver<Command>) {
        let (tell, mut events) = mpsc::unbounded_channel();
        let mut entries: BTreeMap<AccountId, Entry> = BTreeMap::new();
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    None => break,
                    Some(Command::Stop(done)) => {
                        stop(entries.into_values().filter_map(|e| e.actor)).await;
                        let _ = done.send(());
                        return;
                    }
                    Some(Command::Views(answer)) => {
                        let _ = answer.send(entries.values().map(|e| e.view.clone()).collect());
                    }
                    Some(Command::Add { account, secret }) => self.add(&mut entries, account, secret, &tell),
                    Some(Command::SignIn { account, secret }) => {
                        if let Some(entry) = entries.get_mut(&account) {
                            match &entry.actor {
                                Some(actor) => actor.send(SyncCommand::SetSecret(secret)),
                                None => self.start(account, entry, secret, &tell),
                            }
                        }
                    }
                    Some(Command::Remove { account, done }) => {
                        if let Some(entry) = entries.remove(&account) {
                            if let Some(settings) = &entry.settings {
                                self.keychain.remove(settings).await;
                            }
                            stop(entry.actor.into_iter()).await;
                            self.signals.send(Event::Account { id: account, view: None });
                        }
                        let _ = done.send(());
                    }
                    Some(Command::SyncNow) => {
                        for entry in entries.values() {
                            if let Some(actor) = &entry.actor {
                                actor.send(SyncCommand::SyncNow);
                            }
                        }
                    }
                },
                event = events.recv() => {
                    if let Some(event) = event {
                        self.hear(&mut entries, event);
                    }
                }
            }
        }
        stop(entries.into_values().filter_map(|e| e.actor)).await;
    }

    fn add(
        &self,
        entries: &mut BTreeMap<AccountId, Entry>,
        account: Account,
        secret: Option<Secret>,
        tell: &mpsc::UnboundedSender<SyncEvent>,
    ) {
        let settings = match &account.kind {
            AccountKind::Imap(settings) => Some(settings.clone()),
            AccountKind::Local { .. } => None,
            AccountKind::Sample => return,
        };
        let state = match (&settings, &secret) {
            (None, _) => AccountState::Local,
            (Some(_), Some(_)) => AccountState::Connecting,
            (Some(_), None) => AccountState::SignInNeeded {
                reason: "The password was not kept, because this computer has no keychain. Type it again."
                    .into(),
            },
        };
        let view = AccountView {
            id: account.id,
            address: account.address().to_owned(),
            server: settings.as_ref().map(|s| s.server.clone()),
            state,
        };
        let mut entry = Entry { view, settings, actor: None };
        if let Some(secret) = secret {
            self.start(account.id, &mut entry, secret, tell);
        }
        self.signals.send(Event::Account { id: account.id, view: Some(entry.view.clone()) });
        entries.insert(account.id, entry);
    }

    fn start(
        &self,
        account: AccountId,
        entry: &mut Entry,
        secret: Secret,
        tell: &mpsc::UnboundedSender<SyncEvent>,
    ) {
        let Some(settings) = entry.settings.clone() else { return };
        let shelf = StoreShelf {
            store: self.store.clone(),
            judge: Arc::clone(&self.judge),
            own: import::own(&settings.address),
            runtime: tokio::runtime::Handle::current(),
        };
        let traffic = self.ledger.mail(&settings.server.host);
        let config = AccountConfig {
            traffic,
            account,
            settings,
            secret,
            policy: self.config.policy.clone(),
            limits: self.config.limits,
            extra_roots: self.config.extra_roots.clone(),
        };
        match AccountActor::spawn(config, Box::new(shelf), tell.clone()) {
            Ok(actor) => entry.actor = Some(actor),
            Err(error) => {
                entry.view.state = AccountState::Offline {
                    reason: format!(
                        "This computer could not start the connection ({error}). Start Mailroom again."
                    ),
                    retry_at: 0,
                };
            }
        }
    }

    fn hear(&self, entries: &mut BTreeMap<AccountId, Entry>, event: SyncEvent) {
        let (account, state) = match event {
            SyncEvent::Stored { .. } | SyncEvent::Changed { .. } => {
                self.signals.lanes_changed();
                return;
            }
            SyncEvent::FolderSkipped { account, name, reason } => {
                tracing::info!(%account, name, reason, "folder left alone");
                return;
            }
            SyncEvent::Alert { account, text } => {
                tracing::warn!(%account, text, "the provider wants the user to read this");
                return;
            }
            SyncEvent::Connecting { account } => (account, AccountState::Connecting),
            SyncEvent::Syncing { account, name, done, total, .. } => {
                (account, AccountState::Syncing { folder: name, done, total })
            }
            SyncEvent::Idle { account } => (account, AccountState::Watching { since: now() }),
            SyncEvent::Offline { account, reason, retry_at }
            | SyncEvent::StoreFailed { account, reason, retry_at } => {
                (account, AccountState::Offline { reason, retry_at })
            }
            SyncEvent::Misconfigured { account, reason } => {
                let retry_at = now() + self.config.policy.backoff.most.as_secs() as i64;
                (account, AccountState::Offline { reason, retry_at })
            }
            SyncEvent::SignInFailed { account, reason } => {
                (account, AccountState::SignInNeeded { reason })
            }
            SyncEvent::Stopped { account } => (account, AccountState::Local),
        };
        if let Some(entry) = entries.get_mut(&account) {
            entry.view.state = state;
            self.signals.send(Event::Account { id: account, view: Some(entry.view.clone()) });
        }
    }
}

/// Ends actors side by side.
async fn stop(actors: impl Iterator<Item = AccountHandle>) {
    let ending: Vec<_> =
        actors.map(|actor| tokio::task::spawn_blocking(move || actor.stop(PATIENCE))).collect();
    for end in ending {
        if !matches!(end.await, Ok(true)) {
            tracing::warn!("a connection did not end in time; nothing more is stored from it");
        }
    }
}
