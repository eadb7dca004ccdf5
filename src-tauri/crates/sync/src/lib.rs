//! One actor an account: first sync, IDLE, reconciliation.
//!
//! [`AccountActor::spawn`] starts an OS thread that owns the account's one session and everything that is
//! known about how far it has come. The rest of Mailroom speaks to it by [`Command`]s and hears
//! [`Event`]s; what was synced is in the store, and nowhere else. Nothing here decides on labels, and
//! nothing here changes anything on the server.

mod event;
mod policy;

pub use event::{Command, Event};
pub use policy::{Backoff, Policy};
