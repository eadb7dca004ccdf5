//! Passwords: in the OS keychain, or in memory for the session where there is none. Never in a file.

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

fn entry(settings: &AccountSettings) -> keyring::Result<keyring::Entry> {
    let server = &settings.server;
    keyring::Entry::new(SERVICE, &format!("{} at {}:{}", settings.user, server.host, server.port))
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
        if !self.available {
            return None;
        }
        let settings = settings.clone();
        match ask(move || entry(&settings)?.get_password()).await? {
            Ok(password) => Some(Secret::new(password)),
            Err(keyring::Error::NoEntry) => None,
            Err(error) => {
                tracing::warn!(%error, "the keychain did not answer");
                None
            }
        }
    }

    /// Keeps a password. `false`: it was not kept and lasts for the session.
    pub(crate) async fn put(self, settings: &AccountSettings, password: String) -> bool {
        if !self.available {
            return false;
        }
        let settings = settings.clone();
        matches!(ask(move || entry(&settings)?.set_password(&password)).await, Some(Ok(())))
    }

    /// Forgets a password.
    pub(crate) async fn remove(self, settings: &AccountSettings) {
        if self.available {
            let settings = settings.clone();
            let _ = ask(move || entry(&settings)?.delete_credential()).await;
        }
    }
}
