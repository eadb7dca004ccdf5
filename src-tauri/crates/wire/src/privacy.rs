//! Whom the app speaks to.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Whom the app may speak to and has spoken to since it was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PrivacyView {
    /// Every host.
    pub hosts: Vec<HostView>,
    /// Nobody but the mail servers may be spoken to.
    pub mail_only: bool,
}

/// One host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HostView {
    /// Its name, with its port where that is unusual.
    pub host: String,
    /// Why it is spoken to.
    pub purpose: HostPurpose,
    /// It may be spoken to.
    pub allowed: bool,
    /// Bytes sent since the start.
    #[ts(type = "number")]
    pub sent: u64,
    /// Bytes received since the start.
    #[ts(type = "number")]
    pub received: u64,
}

/// Why a host is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum HostPurpose {
    /// It keeps the user's mail.
    Mail,
    /// A language model runs there, which the user has chosen: the text of mail goes there.
    Model,
}
