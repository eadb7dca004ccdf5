//! The user's instructions, as the language model in use answers them.
//!
//! A small model says yes more readily to some questions than to others, whatever the mail. So each instruction is
//! first asked about ordinary mail, and counts where the answer stands out from those (Zhou et al., Batch Calibration,
//! ICLR 2024). It then adds to the model's voice, and so weighs nothing if the model itself does.

use mailroom_domain::{Instruction, SheetScores};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Standard deviations above ordinary mail from which on an answer counts ...
const STARTS: f32 = 2.0;
/// ... and at which it counts in full.
const FULL: f32 = 4.0;
/// What an instruction that surely applies adds to its label's log-probability.
const MOST: f32 = 2.5;

/// Instructions with the model's answers to them on ordinary mail. Immutable; made anew when either changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Instructions {
    asked: Vec<Asked>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Asked {
    instruction: Instruction,
    /// Mean and standard deviation of yes less no.
    mean: f32,
    deviation: f32,
}

impl Instructions {
    /// `ordinary` holds the scores of sheets that asked these instructions, in this order, behind all else. An
    /// instruction without two finite answers never applies.
    pub fn new(instructions: &[Instruction], ordinary: &[SheetScores]) -> Instructions {
        let asked = instructions
            .iter()
            .enumerate()
            .map(|(at, instruction)| {
                let answers: Vec<f32> =
                    ordinary.iter().filter_map(|s| answer(s, instructions.len(), at)).collect();
                let n = answers.len().max(1) as f32;
                let mean = answers.iter().sum::<f32>() / n;
                let variance = answers.iter().map(|a| (a - mean).powi(2)).sum::<f32>() / n;
                let deviation =
                    if answers.len() < 2 { f32::INFINITY } else { variance.sqrt().max(0.05) };
                Asked { instruction: instruction.clone(), mean, deviation }
            })
            .collect();
        Instructions { asked }
    }

    /// What is asked, in the order of the sheet.
    pub fn list(&self) -> impl Iterator<Item = &Instruction> {
        self.asked.iter().map(|asked| &asked.instruction)
    }

    /// The version of a model's voice that is asked these, from that of its head.
    pub fn version(&self, head: &str) -> String {
        version(head, self.list())
    }

    /// What each instruction that seems to apply adds to its label's log-probability.
    pub(crate) fn apply(&self, scores: &SheetScores) -> Vec<(&Instruction, f32)> {
        self.asked
            .iter()
            .enumerate()
            .filter_map(|(at, asked)| {
                let z = (answer(scores, self.asked.len(), at)? - asked.mean) / asked.deviation;
                let share = ((z - STARTS) / (FULL - STARTS)).clamp(0.0, 1.0);
                (share > 0.0).then_some((&asked.instruction, share * MOST))
            })
            .collect()
    }
}

/// The version of a model's voice that is asked these instructions.
pub fn version<'a>(head: &str, instructions: impl Iterator<Item = &'a Instruction>) -> String {
    let text: Vec<String> = instructions.map(|i| format!("{}\0{}", i.text, i.label)).collect();
    if text.is_empty() {
        return head.to_owned();
    }
    format!("{head}-{:08x}", xxh3_64(text.join("\0\0").as_bytes()) as u32)
}

/// Yes less no of the instruction `at` of `count`, which stand last on the sheet.
fn answer(scores: &SheetScores, count: usize, at: usize) -> Option<f32> {
    let first = scores.0.len().checked_sub(count)?;
    match scores.0.get(first + at)?.as_slice() {
        [yes, no] => Some(yes - no).filter(|answer| answer.is_finite()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailroom_domain::Label;

    fn sheet(answers: [f32; 2]) -> SheetScores {
        let mut out = vec![vec![0.0; 4]];
        out.extend(answers.map(|a| vec![a, 0.0]));
        SheetScores(out)
    }

    #[test]
    fn an_answer_counts_where_it_stands_out_from_those_to_ordinary_mail() {
        let of = |text: &str, label| Instruction { text: text.into(), label };
        let list = [of("mail from my landlord", Label::Urgent), of("a poem", Label::NeedsHuman)];
        let ordinary: Vec<SheetScores> =
            (0..20).map(|n| sheet([3.0 + (n % 5) as f32 * 0.1, -1.0])).collect();
        let mine = Instructions::new(&list, &ordinary);
        assert!(mine.apply(&sheet([3.3, -1.0])).is_empty(), "as ready a yes as to any mail");
        let said = mine.apply(&sheet([5.0, -1.0]));
        assert_eq!(said, [(&list[0], MOST)]);
        assert!(mine.apply(&sheet([f32::NAN, -1.0])).is_empty());
        assert!(mine.apply(&SheetScores(vec![])).is_empty());
        assert!(Instructions::new(&list, &[]).apply(&sheet([9.0, 9.0])).is_empty());
    }

    #[test]
    fn other_instructions_make_another_version() {
        let of = |text: &str| Instruction { text: text.into(), label: Label::Task };
        assert_eq!(Instructions::default().version("m"), "m");
        let one = Instructions::new(&[of("a")], &[]).version("m");
        assert_ne!(one, "m");
        assert_ne!(one, Instructions::new(&[of("b")], &[]).version("m"));
    }
}
