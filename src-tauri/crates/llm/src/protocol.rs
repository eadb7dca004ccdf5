//! What the app and the language model's process say to each other: JSON, one message a line, over pipes.
//!
//! Libraries in the process may print; a line of ours begins with a mark that theirs do not have.

use mailroom_domain::{Sheet, SheetScores};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What a line of ours begins with.
pub(crate) const MARK: &str = "\u{1}mailroom ";

/// To the process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ask {
    /// Load the model of this folder. The first message, and the only one of its kind. With `words`, only these
    /// will be scored; without, any.
    Load { folder: PathBuf, threads: usize, words: Vec<String> },
    /// Score a sheet.
    Score { key: String, sheet: Sheet },
}

/// From the process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Tell {
    /// The model is loaded.
    Ready,
    /// The model cannot be loaded.
    NotLoaded { reason: String },
    /// The scores of the sheet that was asked last.
    Scores(SheetScores),
    /// That sheet cannot be scored; the next one may.
    Failed { reason: String },
}
