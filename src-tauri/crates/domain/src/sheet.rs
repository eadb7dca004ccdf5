//! The question sheet: what is asked of the language model about one message, in one forward pass.
//!
//! Words and places only. How the sheet is rendered as tokens belongs to the crate that runs the model;
//! which questions are asked and what their scores mean belongs to triage.

use serde::{Deserialize, Serialize};

/// One sheet: an instruction, a message, and questions that are all answered by one pass.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sheet {
    /// Trusted words before the message.
    pub instruction: String,
    /// The message as the model sees it. Foreign: special tokens in it must arrive as plain text.
    pub mail: String,
    /// The mail is cut to this many tokens, keeping its beginning.
    pub mail_tokens: usize,
    /// A line that stands before and after the mail, and that whoever wrote the mail could not know; empty for none.
    pub fence: String,
    /// Trusted words between the message and the questions.
    pub form: String,
    /// The questions, in order. The answers to earlier ones are the fillers, never the model's own.
    pub questions: Vec<SheetQuestion>,
}

/// One line of the form. The scores are read at the end of `line`; `filler` then stands in for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SheetQuestion {
    /// "- Asks the reader to do or answer something:", without a space at its end.
    pub line: String,
    /// The neutral words after the colon, such as " ?".
    pub filler: String,
    /// Candidate words, each with its leading space: " yes", " no". The first token of each is scored.
    pub words: Vec<String>,
}

/// Natural-log probabilities: for each question of a sheet, for each of its words, at that place, over the whole
/// vocabulary or over the words that the model was loaded for. Only differences within a question mean something.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SheetScores(pub Vec<Vec<f32>>);

impl SheetScores {
    /// True if there is a finite score for each word of each question of `sheet`.
    pub fn fits(&self, sheet: &Sheet) -> bool {
        self.0.len() == sheet.questions.len()
            && self.0.iter().zip(&sheet.questions).all(|(scores, question)| {
                scores.len() == question.words.len() && scores.iter().all(|score| score.is_finite())
            })
    }
}
