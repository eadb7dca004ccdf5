//! The record of what was decided.

use crate::Row;
use mailroom_domain::{Label, MessageId, RelabelId, UnixSeconds, Voice};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which entries of the record are wanted: those for which all of this holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct HistoryFilter {
    /// Only this one's; `user` for corrections.
    pub by: Option<Voice>,
    /// Only into this lane.
    pub to: Option<Label>,
    /// Only about this message.
    pub message: Option<MessageId>,
}

/// One page of the record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HistoryPage {
    /// Newest first.
    pub entries: Vec<HistoryEntry>,
    /// To be given as `after` for the next page; `null` at the end.
    pub next: Option<String>,
}

/// One entry of the record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// When.
    #[ts(type = "number")]
    pub at: UnixSeconds,
    /// The message as it is now; `null` if it has been removed.
    pub row: Option<Row>,
    /// Who decided.
    pub by: Voice,
    /// Where it lay before, where that is known: of corrections.
    pub from: Option<Label>,
    /// The label it got.
    pub to: Label,
    /// No label was probable enough.
    pub unsure: bool,
    /// How probable that label was; `null` of corrections.
    pub confidence: Option<f32>,
    /// The strongest reason, in English; `null` of corrections.
    pub reason: Option<String>,
    /// The relabelling that it is part of.
    pub relabel: Option<RelabelId>,
    /// It was taken back.
    pub undone: bool,
    /// The act of correcting, for taking it back; `null` of decisions.
    #[ts(type = "number | null")]
    pub act: Option<i64>,
}
