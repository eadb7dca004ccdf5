//! Passwords and keys: in the OS keychain, or in memory for the session where there is none. Never in a file.

use mailroom_domain::AccountSettings;
use mailroom_mail::imap::Secret;
use std::time::Duration;

const SERVICE: &str = "Mailroom";
/// A keychain that asks the user something is waited for; one that hangs is not.
const PATIENCE: Duration = Duration::from_secs(30);

/// The keychain, if there is one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keychain {
    available: bool,
}

/// What an account's password is kept under.
fn account(settings: &AccountSettings) -> String {
    let server = &settings.server;
    format!("{} at {}:{}", settings.user, server.host, server.port)
}

/// Keychains block, and speak over their own connections: they get a thread.
async fn ask<T: Send + 'static>(
    question: impl FnOnce() -> keyring::Result<T> + Send + 'static,
) -> Option<keyring::Result<T>> {
    tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(question)).await.ok()?.ok()
}

impl Keychain {
    /// Finds out whether there is one, without asking the user for anything.
    pub(crate) async fn open(wanted: bool) -> Self {
        let found = wanted
            && matches!(
                ask(|| keyring::Entry::new(SERVICE, "no such account")?.get_password()).await,
                Some(Ok(_) | Err(keyring::Error::NoEntry))
            );
        if wanted && !found {
            tracing::info!("no keychain: passwords last for the session");
        }
        Keychain { available: found }
    }

    pub(crate) fn is_available(self) -> bool {
        self.available
    }

    /// The password of an account, if it is there.
    pub(crate) async fn get(self, settings: &AccountSettings) -> Option<Secret> {
        self.read(account(settings)).await.map(Secret::new)
    }

    /// Keeps a password. `false`: it was not kept and lasts for the session.
    pub(crate) async fn put(self, settings: &AccountSettings, password: String) -> bool {
        self.write(account(settings), password).await
    }

    /// Forgets a password.
    pub(crate) async fn remove(self, settings: &AccountSettings) {
        self.clear(account(settings)).await;
    }

    /// The key of an endpoint, if it is there.
    pub(crate) async fn endpoint_key(self, url: &str) -> Option<String> {
        self.read(url.to_owned()).await
    }

    /// Keeps the key of an endpoint, or forgets it. `false`: it was not kept and lasts for the session.
    pub(crate) async fn set_endpoint_key(self, url: &str, key: Option<String>) -> bool {
        match key {
            Some(key) => self.write(url.to_owned(), key).await,
            None => {
                self.clear(url.to_owned()).await;
                true
            }
        }
    }

    async fn read(self, name: String) -> Option<String> {
        if !self.available {
            return None;
        }
        match ask(move || keyring::Entry::new(SERVICE, &name)?.get_password()).await? {
            Ok(secret) => Some(secret),
            Err(keyring::Error::NoEntry) => None,
            Err(error) => {
                tracing::warn!(%error, "the keychain did not answer");
                None
            }
        }
    }

    async fn write(self, name: String, secret: String) -> bool {
        let put = move || keyring::Entry::new(SERVICE, &name)?.set_password(&secret);
        self.available && matches!(ask(put).await, Some(Ok(())))
    }

    async fn clear(self, name: String) {
        if self.available {
            let _ = ask(move || keyring::Entry::new(SERVICE, &name)?.delete_credential()).await;
        }
    }
}
