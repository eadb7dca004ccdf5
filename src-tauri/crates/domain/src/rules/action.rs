//! What a rule can do. No action deletes, sends or opens anything, and none can be added that does: the engine knows
//! these kinds alone.

use crate::Label;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One action of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleAction"))]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// Puts the message into a lane.
    SetLabel {
        /// The lane.
        label: Label,
    },
    /// Sets a keyword (RFC 3501, 2.3.2).
    AddKeyword {
        /// The keyword.
        keyword: String,
    },
    /// Sets `\Flagged`.
    Flag {},
    /// Sets `\Seen`.
    MarkRead {},
    /// Moves the message to a folder of its account.
    Move {
        /// The folder's name, as shown. It is not created.
        folder: String,
    },
    /// Moves the message to the account's archive folder (RFC 6154).
    Archive {},
    /// Tells the user that the message has come.
    Notify {},
    /// Later rules are not heard, once this rule's other actions are done.
    Stop {},
}

/// Where a message is to lie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RulePlace"))]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Place {
    /// A folder of the message's account.
    Folder {
        /// Its name, as shown.
        name: String,
    },
    /// The account's archive folder.
    Archive {},
}

impl Action {
    /// The place that the action moves to, if it moves.
    pub(super) fn place(&self) -> Option<Place> {
        match self {
            Action::Move { folder } => Some(Place::Folder { name: folder.clone() }),
            Action::Archive {} => Some(Place::Archive {}),
            _ => None,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::SetLabel { label } => write!(f, "set the label {label}"),
            Action::AddKeyword { keyword } => write!(f, "set the keyword “{keyword}”"),
            Action::Flag {} => f.write_str("flag"),
            Action::MarkRead {} => f.write_str("mark as read"),
            Action::Move { folder } => write!(f, "move to “{folder}”"),
            Action::Archive {} => f.write_str("archive"),
            Action::Notify {} => f.write_str("notify"),
            Action::Stop {} => f.write_str("stop"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Folder { name } => write!(f, "“{name}”"),
            Place::Archive {} => f.write_str("the archive"),
        }
    }
}
