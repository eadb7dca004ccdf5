//! Decisions: what was decided about a message, by whom, and why.

use crate::rules::Outcome;
use crate::{DecisionId, Label, MessageId, Probabilities, RuleId, UnixSeconds};
use serde::{Deserialize, Serialize};

/// Who has a say in a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Voice {
    /// Headers and words, in a linear model that ships with the app.
    Evidence,
    /// The sentence encoder with its head.
    Encoder,
    /// The local language model's question sheet.
    Model,
    /// What this user's corrections taught.
    Memory,
    /// A rule that the user wrote. Decides alone.
    Rule,
    /// The user. Decides alone and last.
    User,
}

impl Voice {
    /// The name used in files and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Voice::Evidence => "evidence",
            Voice::Encoder => "encoder",
            Voice::Model => "model",
            Voice::Memory => "memory",
            Voice::Rule => "rule",
            Voice::User => "user",
        }
    }
}

/// What one voice said, and how much it counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct VoiceShare {
    /// Which voice.
    pub voice: Voice,
    /// What it said alone.
    pub probabilities: Probabilities,
    /// Its exponent in the log-linear pool; 0 means that it was heard but not counted.
    pub weight: f32,
    /// The version of its weights or model, so that verdicts can be compared and redone.
    pub version: String,
}

/// What kind of thing spoke for a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ReasonKind {
    /// A header or a fact about the sender or recipients.
    Header,
    /// A word or phrase of the message.
    Word,
    /// The text as a whole, as the encoder reads it.
    Meaning,
    /// A question that the language model was asked.
    Question,
    /// Something learned from the user's corrections.
    Memory,
    /// A rule of the user's.
    Rule,
    /// The user said so.
    User,
    /// The machine was not sure enough.
    Unsure,
}

/// One reason, in a sentence that the user can judge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Reason {
    /// What kind of thing it is.
    pub kind: ReasonKind,
    /// The label that it speaks for.
    pub label: Label,
    /// "Sent by a mailing list", "asks by Friday".
    pub text: String,
    /// How strongly, in natural-log units of the pool; larger is stronger, negative speaks against.
    pub weight: f32,
}

/// What triage says about a message, before it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Verdict {
    /// The label that is shown: the most probable one, or needs-human when unsure.
    pub label: Label,
    /// No label was probable enough, so the message went to needs-human.
    pub unsure: bool,
    /// The fused, calibrated probabilities.
    pub probabilities: Probabilities,
    /// Each voice that was heard.
    pub voices: Vec<VoiceShare>,
    /// The strongest reasons, strongest first, at most eight.
    pub why: Vec<Reason>,
    /// Hash of the prompt that the model saw, when it was asked.
    pub prompt_hash: Option<String>,
    /// The rule that decided, if one did.
    pub rule: Option<RuleId>,
    /// What the rules want of the message, if any matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub ruled: Option<Box<Ruled>>,
}

/// What the user's rules made of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Ruled {
    /// The label that the voices would have shown.
    pub label: Label,
    /// The voices alone were not sure.
    pub unsure: bool,
    /// What is wanted of it. What is to be done on the server is done only where the user has allowed that.
    pub outcome: Outcome,
}

impl Verdict {
    /// The most probable label, whether or not it was shown.
    pub fn most_probable(&self) -> Label {
        self.probabilities.argmax()
    }

    /// What the voices would have shown, and whether they were unsure; without any rule.
    pub fn voiced(&self) -> (Label, bool) {
        self.ruled.as_ref().map_or((self.label, self.unsure), |ruled| (ruled.label, ruled.unsure))
    }

    /// True when that voice was heard.
    pub fn heard(&self, voice: Voice) -> bool {
        self.voices.iter().any(|share| share.voice == voice)
    }
}

/// A verdict as stored. The record of decisions is append-only: the newest one of a message counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Decision {
    /// Its place in the record.
    pub id: DecisionId,
    /// The message.
    pub message: MessageId,
    /// When.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub at: UnixSeconds,
    /// What was decided.
    pub verdict: Verdict,
}

/// The user's own word about a message, which outlives any voice's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Correction {
    /// The message.
    pub message: MessageId,
    /// The label that was shown when the user spoke.
    pub from: Label,
    /// The label that the user gave.
    pub to: Label,
    /// When.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub at: UnixSeconds,
}
