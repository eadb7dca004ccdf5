//! Relabelling many messages: what is asked for, how it comes along, what it would change.

use crate::Row;
use mailroom_domain::{AccountId, Label, MessageId, RelabelId, UnixSeconds, Voice};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which messages are relabelled: present ones for which all of this holds. What the user corrected is left alone
/// always.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct RelabelScope {
    /// Only this account.
    pub account: Option<AccountId>,
    /// Only folders of this name, as shown or as on the server.
    pub folder: Option<String>,
    /// Only received at this time or later.
    #[ts(type = "number | null")]
    pub since: Option<UnixSeconds>,
    /// Only received before.
    #[ts(type = "number | null")]
    pub until: Option<UnixSeconds>,
    /// Only this lane.
    pub lane: Option<Label>,
    /// Only those that lie in their lane for want of certainty.
    pub unsure: bool,
    /// Only those whose verdict was made with other voices than there are now, so that it may come out differently.
    pub changed_voices: bool,
    /// Only these.
    pub ids: Option<Vec<MessageId>>,
    /// Also those that a rule decided: for when rules have changed. The rules in force win again.
    pub ruled: bool,
}

/// How messages are relabelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct RelabelOptions {
    /// Every message is read by every voice, the language model included. Else each is asked only where those before
    /// it are not sure.
    pub model_for_all: bool,
    /// Only the rules are heard anew: what the voices said stays. Takes in what a rule decided as well.
    pub rules_only: bool,
    /// Of messages that are alike but for numbers, from one sender's domain, one is read.
    pub fold_duplicates: bool,
    /// Goes on when the computer runs on its battery.
    pub on_battery: bool,
    /// Goes on when others keep the computer busy.
    pub when_busy: bool,
}

impl Default for RelabelOptions {
    fn default() -> Self {
        RelabelOptions {
            model_for_all: false,
            rules_only: false,
            fold_duplicates: true,
            on_battery: false,
            when_busy: false,
        }
    }
}

/// What can be done with a relabelling. All but the first and the last are about the one that is under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum RelabelCommand {
    /// Takes a snapshot of the messages in the scope and begins.
    Start {
        /// Which messages.
        scope: RelabelScope,
        /// How.
        options: RelabelOptions,
    },
    /// How one stands.
    Status {
        /// Which; `null` for the last one.
        job: Option<RelabelId>,
    },
    /// Stops for now.
    Pause,
    /// Goes on.
    Resume {
        /// From now on, also on the battery; `null` leaves it as it is.
        on_battery: Option<bool>,
        /// From now on, also when others keep the computer busy; `null` leaves it as it is.
        when_busy: Option<bool>,
    },
    /// Ends it before it is done. Nothing has changed in the lanes.
    Cancel,
    /// Records its verdicts: messages move to their lanes.
    Apply,
    /// Ends it, done, without applying it. Nothing has changed in the lanes.
    Discard,
    /// Takes back what was applied, as a whole. What the user corrected or voices judged since stays.
    Undo {
        /// Which; `null` for the last one.
        job: Option<RelabelId>,
    },
}

/// Where a relabelling stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum RelabelState {
    /// Verdicts are being made.
    Running,
    /// Stopped by the user.
    Paused,
    /// All verdicts are there, to be looked at and applied; nothing has changed in the lanes yet.
    Ready,
    /// Its verdicts are being recorded.
    Applying,
    /// Its verdicts are recorded.
    Applied,
    /// It is being taken back.
    Undoing,
    /// It was taken back.
    Undone,
    /// Ended before all verdicts were there.
    Cancelled,
    /// Ended instead of being applied.
    Discarded,
}

/// Why a relabelling that runs waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum RelabelHold {
    /// The computer runs on its battery.
    Battery,
    /// Other programs keep the computer busy.
    Busy,
    /// The language model is not ready yet.
    Model,
    /// No Mailroom works on it.
    NobodyWorks,
    /// Something failed; it is tried again.
    Trouble {
        /// What happened, in a sentence.
        reason: String,
    },
}

impl std::fmt::Display for RelabelHold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            RelabelHold::Battery => "It waits for mains power.",
            RelabelHold::Busy => "It waits because other programs keep the computer busy.",
            RelabelHold::Model => "It waits for the language model to be ready.",
            RelabelHold::NobodyWorks => {
                "Nobody works on it. Start Mailroom, or `mailroom-cli relabel resume`."
            }
            RelabelHold::Trouble { reason } => reason,
        })
    }
}

/// How many messages a voice settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RelabelShare {
    /// The last voice that was asked about them, or a rule.
    pub voice: Voice,
    /// How many; near-duplicates not counted.
    #[ts(type = "number")]
    pub messages: u64,
}

/// Messages that wait for a verdict, by what they wait for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RelabelWaiting {
    /// Not read yet.
    #[ts(type = "number")]
    pub evidence: u64,
    /// The evidence was not sure.
    #[ts(type = "number")]
    pub encoder: u64,
    /// The encoder was not sure either.
    #[ts(type = "number")]
    pub model: u64,
    /// Near-duplicates of such messages.
    #[ts(type = "number")]
    pub duplicates: u64,
}

/// Messages that were left as they are, by the reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RelabelLeft {
    /// The user has corrected them.
    #[ts(type = "number")]
    pub corrected: u64,
    /// A rule decided.
    #[ts(type = "number")]
    pub ruled: u64,
    /// They were judged anew between the proposal and its being applied.
    #[ts(type = "number")]
    pub rejudged: u64,
    /// Their stored content could not be read.
    #[ts(type = "number")]
    pub unreadable: u64,
}

/// How a relabelling comes along.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RelabelStatus {
    /// Its number.
    pub job: RelabelId,
    /// Where it stands.
    pub state: RelabelState,
    /// Why it waits, while it runs and waits.
    pub hold: Option<RelabelHold>,
    /// Which messages were asked for.
    pub scope: RelabelScope,
    /// How.
    pub options: RelabelOptions,
    /// From this probability on, what the evidence says is taken without asking the encoder.
    pub evidence_bound: f32,
    /// From this probability on, what the encoder says is taken without asking the language model.
    pub encoder_bound: f32,
    /// When it was begun.
    #[ts(type = "number")]
    pub made_at: UnixSeconds,
    /// When it was applied, cancelled or discarded.
    #[ts(type = "number | null")]
    pub finished_at: Option<UnixSeconds>,
    /// Messages in all.
    #[ts(type = "number")]
    pub total: u64,
    /// Messages that have a verdict.
    #[ts(type = "number")]
    pub done: u64,
    /// Those that wait for one.
    pub waiting: RelabelWaiting,
    /// Who settled the others.
    pub shares: Vec<RelabelShare>,
    /// Near-duplicates that took or take another one's verdict.
    #[ts(type = "number")]
    pub duplicates: u64,
    /// Messages that go to another lane.
    #[ts(type = "number")]
    pub changes: u64,
    /// While and after it is applied: messages that are recorded, or were exactly as proposed already.
    #[ts(type = "number")]
    pub applied: u64,
    /// Messages that were left as they are.
    pub left: RelabelLeft,
    /// Messages a second, of late, by the voice that is being asked.
    pub rate: Option<f64>,
    /// How long it will take from now on, in seconds, as far as can be told.
    #[ts(type = "number | null")]
    pub seconds_left: Option<u64>,
    /// What the user should know about it, in sentences.
    pub notes: Vec<String>,
}

/// Messages that go from one lane to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RelabelMove {
    /// From this lane.
    pub from: Label,
    /// To this one.
    pub to: Label,
    /// How many.
    #[ts(type = "number")]
    pub count: u64,
    /// Some of them, the newest first; none once the relabelling is finished.
    pub examples: Vec<Row>,
}

/// What applying a relabelling would change, or has changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RelabelDiff {
    /// Its number.
    pub job: RelabelId,
    /// From lane to lane, the most first.
    pub moves: Vec<RelabelMove>,
    /// Messages that stay in their lane.
    #[ts(type = "number")]
    pub unchanged: u64,
}
