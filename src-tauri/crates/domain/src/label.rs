//! The four labels and a distribution over them.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What a message asks of its reader. Also the name of the lane that shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    /// Act or know within about a day, or something suffers.
    Urgent,
    /// Asks the reader to do, decide, answer, send, review or attend something, later than that.
    Task,
    /// Written by a person, sensitive or ambiguous; also the lane for what the machine is not sure of.
    NeedsHuman,
    /// Automated, bulk or for information; may be ignored without harm.
    Notification,
}

impl Label {
    /// All labels, in the order of attention in which lanes are shown.
    pub const ALL: [Label; 4] =
        [Label::Urgent, Label::Task, Label::NeedsHuman, Label::Notification];

    /// The name used in files, on the command line and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Label::Urgent => "urgent",
            Label::Task => "task",
            Label::NeedsHuman => "needs-human",
            Label::Notification => "notification",
        }
    }

    /// Its place in [`Label::ALL`] and in [`Probabilities`], 0 to 3. Stable: it is stored.
    pub const fn index(self) -> usize {
        match self {
            Label::Urgent => 0,
            Label::Task => 1,
            Label::NeedsHuman => 2,
            Label::Notification => 3,
        }
    }

    /// The label at that place, or `None` beyond 3.
    pub fn from_index(index: usize) -> Option<Label> {
        Label::ALL.get(index).copied()
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is none of the four labels.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a label. Use urgent, task, needs-human or notification.")]
pub struct UnknownLabel(pub String);

impl FromStr for Label {
    type Err = UnknownLabel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Label::ALL
            .into_iter()
            .find(|label| label.as_str() == text)
            .ok_or_else(|| UnknownLabel(text.to_owned()))
    }
}

/// A probability for each label, in the order of [`Label::ALL`]; finite, not negative, sums to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "[number, number, number, number]"))]
#[serde(try_from = "[f32; 4]", into = "[f32; 4]")]
pub struct Probabilities([f32; 4]);

impl Probabilities {
    /// The same probability for each label: what a voice says that knows nothing.
    pub const UNIFORM: Probabilities = Probabilities([0.25; 4]);

    /// Scales `weights` to sum to 1. `None` if one is negative or not finite, or if all are zero.
    pub fn from_weights(weights: [f32; 4]) -> Option<Self> {
        let sum: f32 = weights.iter().sum();
        let sound =
            weights.iter().all(|w| w.is_finite() && *w >= 0.0) && sum.is_finite() && sum > 0.0;
        sound.then(|| Probabilities(weights.map(|w| w / sum)))
    }

    /// Softmax of scores (natural logarithms, up to a constant). Scores that are not finite count as
    /// minus infinity; if all are, the result is uniform.
    pub fn softmax(scores: [f32; 4]) -> Self {
        let top =
            scores.iter().copied().filter(|s| s.is_finite()).fold(f32::NEG_INFINITY, f32::max);
        if !top.is_finite() {
            return Self::UNIFORM;
        }
        let weights = scores.map(|s| if s.is_finite() { (s - top).exp() } else { 0.0 });
        Self::from_weights(weights).unwrap_or(Self::UNIFORM)
    }

    /// The probability of one label.
    pub fn of(&self, label: Label) -> f32 {
        self.0[label.index()]
    }

    /// The most probable label; ties go to the one that asks for more attention.
    pub fn argmax(&self) -> Label {
        let mut best = Label::Urgent;
        for label in Label::ALL {
            if self.of(label) > self.of(best) {
                best = label;
            }
        }
        best
    }

    /// Natural logarithms, floored at 1e-6 so that no voice can veto alone.
    pub fn ln(&self) -> [f32; 4] {
        self.0.map(|p| p.max(1e-6).ln())
    }

    /// In the order of [`Label::ALL`].
    pub fn as_array(&self) -> [f32; 4] {
        self.0
    }
}

impl From<Probabilities> for [f32; 4] {
    fn from(p: Probabilities) -> Self {
        p.0
    }
}

impl TryFrom<[f32; 4]> for Probabilities {
    type Error = &'static str;

    fn try_from(weights: [f32; 4]) -> Result<Self, Self::Error> {
        Probabilities::from_weights(weights)
            .ok_or("not a probability distribution over the four labels")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_places_round_trip() {
        for label in Label::ALL {
            assert_eq!(label.as_str().parse::<Label>(), Ok(label));
            assert_eq!(Label::from_index(label.index()), Some(label));
            assert_eq!(serde_json::to_string(&label).unwrap(), format!("\"{label}\""));
        }
        assert!("Urgent ".parse::<Label>().is_err());
    }

    #[test]
    fn softmax_survives_what_is_not_a_number() {
        let p = Probabilities::softmax([f32::NAN, 0.0, f32::NEG_INFINITY, 1.0]);
        assert_eq!(p.argmax(), Label::Notification);
        assert!((p.as_array().iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!(Probabilities::softmax([f32::NAN; 4]), Probabilities::UNIFORM);
    }

    #[test]
    fn nothing_but_a_distribution_is_read_back() {
        assert!(serde_json::from_str::<Probabilities>("[0,0,0,0]").is_err());
        assert!(serde_json::from_str::<Probabilities>("[-1,1,1,0]").is_err());
        let even: Probabilities = serde_json::from_str("[2,2,2,2]").unwrap();
        assert_eq!(even, Probabilities::UNIFORM);
    }
}
