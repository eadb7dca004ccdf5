//! Accounts, servers and folders.

use crate::{Uid, UidValidity};
use serde::{Deserialize, Serialize};

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Security {
    /// TLS from the first byte (RFC 8314), usually port 993.
    Tls,
    /// No protection. Allowed for a loopback address only.
    Plain,
}

/// Where an IMAP server listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ServerAddress {
    /// Host name or address literal.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How it is protected.
    pub security: Security,
}

/// What must be known to sync an account. The password is not among it: it lies in the OS keychain or,
/// where there is none, in memory for the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AccountSettings {
    /// The user's address on this account, which tells mail to the reader from mail to a list.
    pub address: String,
    /// Name for LOGIN.
    pub user: String,
    /// The server.
    pub server: ServerAddress,
}

/// What a folder is for (RFC 6154).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum FolderRole {
    /// INBOX.
    Inbox,
    /// `\Archive`
    Archive,
    /// `\Sent`
    Sent,
    /// `\Drafts`
    Drafts,
    /// `\Junk`
    Junk,
    /// `\Trash`
    Trash,
    /// `\All`, a view of everything.
    All,
    /// Any other.
    #[default]
    Other,
}

impl FolderRole {
    /// The name used in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            FolderRole::Inbox => "inbox",
            FolderRole::Archive => "archive",
            FolderRole::Sent => "sent",
            FolderRole::Drafts => "drafts",
            FolderRole::Junk => "junk",
            FolderRole::Trash => "trash",
            FolderRole::All => "all",
            FolderRole::Other => "other",
        }
    }
}

/// How far a folder has been synced. It advances only after the server's tagged OK.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SyncState {
    /// The generation of UIDs that the rows belong to; `None` before the first SELECT.
    pub uid_validity: Option<UidValidity>,
    /// All messages at or above this UID, up to `high`, are stored. `None`: none yet.
    pub low: Option<Uid>,
    /// The highest UID whose message is stored or known to be gone. `None`: none yet.
    pub high: Option<Uid>,
    /// The server's HIGHESTMODSEQ (RFC 7162) at the end of the last complete pass.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub highest_modseq: Option<u64>,
}

/// The IMAP flags that Mailroom shows, and keywords, as the server has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FlagSet {
    /// `\Seen`
    pub seen: bool,
    /// `\Flagged`
    pub flagged: bool,
    /// `\Answered`
    pub answered: bool,
    /// `\Draft`
    pub draft: bool,
    /// `\Deleted`
    pub deleted: bool,
    /// Keywords, sorted, each once.
    pub keywords: Vec<String>,
}
