//! One actor an account: first sync, IDLE, reconciliation.
//!
//! [`AccountActor::spawn`] starts an OS thread that owns the account's one session and everything that is
//! known about how far it has come. The rest of Mailroom speaks to it by [`Command`]s and hears
//! [`Event`]s; what was synced is on the [`Shelf`], and nowhere else. Nothing here decides on labels, and
//! nothing here changes anything on the server.

mod actor;
mod event;
mod folder;
mod policy;
mod shelf;

pub use actor::{AccountActor, AccountConfig, AccountHandle};
pub use event::{Command, Event};
pub use policy::{Backoff, Policy};
pub use shelf::{Fingerprint, FolderRow, NewMessage, Shelf, ShelfError};
