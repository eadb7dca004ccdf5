//! Mail with known labels on which a newly added language model is weighed. None of the voices was trained on it, or a
//! model would be weighed too lightly.

use mailroom_domain::{Label, MessageContent};
use serde::Deserialize;

/// One message a line, written by `examples/calibration.rs`.
const MAIL: &str = include_str!("../weights/calibration.jsonl");

/// A message of the calibration mail.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct CalibrationMail {
    /// What it is.
    pub label: Label,
    /// ISO 639-1.
    pub lang: String,
    /// The message.
    pub content: MessageContent,
}

pub(crate) fn mail() -> Vec<CalibrationMail> {
    MAIL.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
