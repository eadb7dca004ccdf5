//! What the engine tells without being asked.

use crate::{AccountView, LaneCount, ModelState, RelabelStatus};
use mailroom_domain::{Label, MessageId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Something has changed. Events carry little: what is on screen is asked for again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// The lanes have changed.
    Lanes {
        /// The counts as they are now.
        counts: Vec<LaneCount>,
        /// Lanes whose rows have changed.
        lanes: Vec<Label>,
        /// Messages that the language model has yet to read.
        #[ts(type = "number")]
        waiting_for_model: u64,
    },
    /// A message has changed that may be open: its label, flags or reasons.
    Message {
        /// Which.
        id: MessageId,
    },
    /// An account has changed, come or (with `view` null) gone.
    Account {
        /// Which.
        id: mailroom_domain::AccountId,
        /// As it is now.
        view: Option<AccountView>,
    },
    /// The language model's state has changed.
    Model {
        /// As it is now.
        state: ModelState,
    },
    /// A language model that is new here is being weighed on mail with known labels.
    Weighing {
        /// Messages read.
        #[ts(type = "number")]
        done: u64,
        /// Messages to read.
        #[ts(type = "number")]
        total: u64,
    },
    /// A relabelling has come along.
    Relabel {
        /// As it is now.
        status: Box<RelabelStatus>,
    },
}
