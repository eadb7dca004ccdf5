//! The user's own instructions to the language model, in plain words: which mail belongs into which lane.
//!
//! An instruction is a question to the model and never more: what it answers weighs as much as the model is worth. What
//! must hold always is a rule.

use crate::Label;
use serde::{Deserialize, Serialize};

/// One instruction: "mail from my landlord" is "urgent".
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Instruction {
    /// Which mail, in the user's words: "mail from my landlord", "asks me to book a journey".
    pub text: String,
    /// What it is.
    pub label: Label,
}

/// Why an instruction cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstructionError {
    /// It says nothing.
    #[error(
        "An instruction has no words. Say which mail is meant, such as \u{201c}mail from my landlord\u{201d}."
    )]
    Empty,
    /// It is longer than the model should read with each message.
    #[error("An instruction has {0} characters; at most {most} can be asked about each message. Say it in fewer words.", most = Instruction::MOST_CHARS)]
    TooLong(usize),
    /// There are more than the model should read with each message.
    #[error("There are {0} instructions; at most {most} can be asked about each message. Remove some, or write rules for what is plain.", most = Instruction::MOST)]
    TooMany(usize),
}

impl Instruction {
    /// Instructions at once: each costs a line in front of every message.
    pub const MOST: usize = 5;
    /// Characters of one.
    pub const MOST_CHARS: usize = 80;

    /// Instructions as they are kept: white space made single, a full stop at the end dropped.
    ///
    /// # Errors
    /// [`InstructionError`]
    pub fn checked(instructions: &[Instruction]) -> Result<Vec<Instruction>, InstructionError> {
        if instructions.len() > Self::MOST {
            return Err(InstructionError::TooMany(instructions.len()));
        }
        instructions
            .iter()
            .map(|Instruction { text, label }| {
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                let text = text.trim_end_matches(['.', ':', '?', '!']).trim().to_owned();
                match text.chars().count() {
                    0 => Err(InstructionError::Empty),
                    n if n > Self::MOST_CHARS => Err(InstructionError::TooLong(n)),
                    _ => Ok(Instruction { text, label: *label }),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_is_one_short_line() {
        let of = |text: &str| vec![Instruction { text: text.into(), label: Label::Urgent }];
        let kept = Instruction::checked(&of("  mail from\nmy landlord. ")).expect("kept");
        assert_eq!(kept[0].text, "mail from my landlord");
        assert_eq!(Instruction::checked(&of(" ?")), Err(InstructionError::Empty));
        assert_eq!(Instruction::checked(&of(&"x".repeat(81))), Err(InstructionError::TooLong(81)));
        let many: Vec<Instruction> = (0..6).flat_map(|_| of("mail")).collect();
        assert_eq!(Instruction::checked(&many), Err(InstructionError::TooMany(6)));
    }
}
