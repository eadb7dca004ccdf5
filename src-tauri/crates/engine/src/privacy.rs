//! Whom this app speaks to, why, and how much goes there.
//!
//! Every connection that is made by this process is made for one of the purposes here. The mail servers alone may be
//! allowed; then nothing else is spoken to.

use crate::start::Parts;
use crate::{failure, model};
use mailroom_mail::imap::Traffic;
use mailroom_store::Store;
use mailroom_wire::{Code, Failure, HostPurpose, HostView, PrivacyView};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

const MAIL_ONLY: &str = "privacy.mail-only";

/// What has gone where since the start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    // A leaf value: counters by host.
    mail: Arc<Mutex<BTreeMap<String, Traffic>>>,
    endpoint: Arc<Mutex<BTreeMap<String, mailroom_llm::Connection>>>,
}

impl Ledger {
    /// The counter of a mail server.
    pub(crate) fn mail(&self, host: &str) -> Traffic {
        let mut hosts = self.mail.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.entry(host.to_lowercase()).or_default().clone()
    }

    /// Remembers a way to an endpoint, which counts by itself.
    pub(crate) fn endpoint(&self, connection: &mailroom_llm::Connection) {
        let mut hosts = self.endpoint.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.insert(connection.endpoint().host(), connection.clone());
    }
}

/// Whether nobody but the mail servers may be spoken to.
pub(crate) async fn mail_only(store: &Store) -> Result<bool, Failure> {
    Ok(store.setting(MAIL_ONLY).await.map_err(failure::store)?.unwrap_or(false))
}

/// Refuses what the user has forbidden.
pub(crate) async fn allowed(store: &Store, host: &str) -> Result<(), Failure> {
    if mail_only(store).await? {
        let text = format!(
            "You allow mail servers only, so {host} is not spoken to. Change that under Privacy first."
        );
        return Err(Failure::new(Code::Forbidden, text));
    }
    Ok(())
}

/// Allows mail servers only, or takes that back. A model that runs elsewhere is not used any more.
pub(crate) async fn set_mail_only(parts: &Arc<Parts>, on: bool) -> Result<PrivacyView, Failure> {
    parts.store.set_setting(MAIL_ONLY, &on).await.map_err(failure::store)?;
    if on && model::is_elsewhere(parts).await? {
        model::choose(parts, None).await?;
    }
    view(parts).await
}

/// Every host that may be spoken to, and what has gone there.
pub(crate) async fn view(parts: &Arc<Parts>) -> Result<PrivacyView, Failure> {
    let mail_only = mail_only(&parts.store).await?;
    let mut hosts = Vec::new();
    let mut counted = parts.ledger.mail.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for account in parts.store.accounts().await.map_err(failure::store)? {
        if let mailroom_store::AccountKind::Imap(settings) = account.kind {
            counted.entry(settings.server.host.to_lowercase()).or_default();
        }
    }
    for (host, traffic) in counted {
        let (sent, received) = traffic.bytes();
        hosts.push(HostView { host, purpose: HostPurpose::Mail, allowed: true, sent, received });
    }
    let ways = parts.ledger.endpoint.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let named = model::endpoint(&parts.store).await?.map(|endpoint| endpoint.host());
    for host in named.iter().filter(|host| !ways.contains_key(*host)) {
        let purpose = HostPurpose::Model;
        let host = host.clone();
        hosts.push(HostView { host, purpose, allowed: !mail_only, sent: 0, received: 0 });
    }
    for (host, way) in ways {
        let (sent, received) = way.traffic().bytes();
        let allowed = !mail_only && named.as_ref() == Some(&host);
        hosts.push(HostView { host, purpose: HostPurpose::Model, allowed, sent, received });
    }
    Ok(PrivacyView { hosts, mail_only })
}
