//! Mailroom's SQLite database: accounts, folders, messages, decisions, corrections, rules, settings and
//! search.
//!
//! [`Store`] is the only door. Each of its verbs is one transaction: it happens wholly or not at all, and
//! what it returns has been written. Lists never show messages that the server no longer has; their labels
//! and corrections are kept. The record of decisions is append-only, and the label that is shown is a
//! function of the record: the user's standing correction, else the newest verdict that was not taken back with
//! its relabelling, else needs-human.
//!
//! Nothing here speaks to a server, parses mail, decides on labels or knows what time it is.

mod account;
mod action;
mod archive;
mod audit;
mod content;
mod decision;
mod error;
mod folder;
mod history;
mod keep;
mod lesson;
mod list;
mod lock;
mod open;
mod pack;
#[cfg(test)]
mod plans;
mod query;
mod queue;
mod relabel;
mod rule;
mod search;
mod setting;
mod sql;
mod thread;
mod types;
mod vector;

pub use archive::{ArchiveRow, Whole};
pub use audit::{Audit, Drawn};
pub use error::StoreError;
pub use history::{HISTORY_PAGE, HistoryCursor, HistoryEntry, HistoryFilter, HistoryKind};
pub use lesson::Taught;
pub use lock::EngineLock;
pub use open::Store;
pub use query::{Field, highlights};
pub use types::*;
pub use vector::{BodyId, Encoded};

/// What the store's verbs return.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
