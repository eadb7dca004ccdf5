//! The user's rules: what they are, what they would do, what they did.

use crate::{RelabelMove, Row};
use mailroom_domain::rules::{Action, Fault, Rule, Trace};
use mailroom_domain::{RuleId, UnixSeconds};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The rules as they are stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RulesView {
    /// In the order in which they are heard, also those that are off.
    pub rules: Vec<Rule>,
    /// Those that are not heard because something is wrong with them.
    pub faults: Vec<RuleFaultView>,
}

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RuleFaultView {
    /// Where, and what.
    pub fault: Fault,
    /// The same in a sentence, in English.
    pub text: String,
}

/// What rules would do to all mail that is there, against today.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RulePreview {
    /// Why they cannot be heard; nothing else is told then.
    pub faults: Vec<RuleFaultView>,
    /// Messages that were looked at: all that are there.
    #[ts(type = "number")]
    pub messages: u64,
    /// Each rule, in order.
    pub rules: Vec<RuleCount>,
    /// Messages that would go to another lane than they lie in today, by lanes, the most first.
    pub moves: Vec<RelabelMove>,
    /// Where two rules want different things of one message.
    pub conflicts: Vec<RuleConflict>,
    /// What else is wanted of messages that is not so yet. Nothing is done on a server unless the user has allowed it.
    pub wanted: Vec<RuleWanted>,
    /// Messages that a rule would label otherwise than the user did: the user's word stays.
    #[ts(type = "number")]
    pub corrected: u64,
}

/// What one rule matches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RuleCount {
    /// Which.
    pub rule: RuleId,
    /// Messages that it matches.
    #[ts(type = "number")]
    pub matches: u64,
    /// Of these, those that it does not match as it is stored today. All, if it is new.
    #[ts(type = "number")]
    pub more: u64,
    /// Messages that it matches as it is stored today and would not match any more.
    #[ts(type = "number")]
    pub fewer: u64,
    /// When the newest message was received that it matches.
    #[ts(type = "number | null")]
    pub newest: Option<UnixSeconds>,
    /// Some that it matches, those that are new to it first, the newest first.
    pub examples: Vec<Row>,
    /// Some that it would not match any more.
    pub lost: Vec<Row>,
}

/// Two rules that want different things.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RuleConflict {
    /// The rule that wins.
    pub winner: RuleId,
    /// The rule whose word is replaced.
    pub loser: RuleId,
    /// In how many messages.
    #[ts(type = "number")]
    pub messages: u64,
    /// Some of them.
    pub examples: Vec<Row>,
}

/// Something that is wanted on a server, or told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RuleWanted {
    /// What.
    pub action: Action,
    /// Of how many messages.
    #[ts(type = "number")]
    pub messages: u64,
}

/// How each rule was heard about one message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RuleTraceView {
    /// Rule by rule.
    pub trace: Trace,
    /// The same in English, a line a rule.
    pub text: String,
}

/// Rules for other programs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RulesExport {
    /// A file that another Mailroom reads (`docs/rules.schema.json`).
    pub json: String,
    /// A Sieve script (RFC 5228) for servers.
    pub sieve: String,
    /// What Sieve cannot say, a sentence each.
    pub left_out: Vec<String>,
}
