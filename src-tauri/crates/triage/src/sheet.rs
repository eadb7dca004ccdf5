//! The question sheet's words, from `prompts/`.

use crate::digest;
use mailroom_domain::{Instruction, MessageContent, Sheet, SheetQuestion};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

const INSTRUCTION: &str = include_str!("../../../../prompts/instruction.txt");
const FORM: &str = include_str!("../../../../prompts/form.txt");
const QUESTIONS: &str = include_str!("../../../../prompts/questions.txt");

/// Tokens of the mail; with the form, the whole prompt stays near 256.
const MAIL_TOKENS: usize = 150;
/// Characters of the sender's name and of the subject, so that some room is left for the text.
const NAME_CHARS: usize = 60;
const SUBJECT_CHARS: usize = 160;

/// The form, read once.
#[derive(Clone, Debug)]
pub(crate) struct Prompts {
    pub(crate) questions: Vec<SheetQuestion>,
    pub(crate) hash: String,
    /// What the fence of a message is drawn from.
    pub(crate) key: u64,
}

/// Questions from lines of the form `line | filler | words`.
pub(crate) fn questions(text: &str) -> Vec<SheetQuestion> {
    text.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .filter_map(|line| {
            let mut parts = line.split('|').map(str::trim);
            let (line, filler, words) = (parts.next()?, parts.next()?, parts.next()?);
            Some(SheetQuestion {
                line: line.to_owned(),
                filler: format!(" {filler}"),
                words: words.split(',').map(|word| format!(" {}", word.trim())).collect(),
            })
        })
        .collect()
}

impl Prompts {
    /// The shipped words.
    pub(crate) fn shipped() -> Self {
        let all = [INSTRUCTION, FORM, QUESTIONS].join("\0");
        let hash = format!("{:08x}", xxh3_64(all.as_bytes()) as u32);
        Prompts { questions: questions(QUESTIONS), hash, key: 0 }
    }

    /// The sheet for a message; the user's instructions are asked behind the shipped questions, so that they change
    /// nothing in the answers to those.
    pub(crate) fn sheet<'a>(
        &self,
        content: &MessageContent,
        instructions: impl Iterator<Item = &'a Instruction>,
    ) -> Sheet {
        let h = &content.headers;
        let from =
            h.from.as_ref().map_or("", |a| if a.name.is_empty() { &a.address } else { &a.name });
        let from: String = from.chars().take(NAME_CHARS).collect();
        let subject: String = h.subject.chars().take(SUBJECT_CHARS).collect();
        let mail = format!("From: {from}\nSubject: {subject}\n\n{}", digest::excerpt(content));
        let mut questions = self.questions.clone();
        questions.extend(instructions.map(|instruction| SheetQuestion {
            line: format!("- Fits \u{201c}{}\u{201d}:", instruction.text),
            filler: " ?".into(),
            words: vec![" yes".into(), " no".into()],
        }));
        Sheet {
            instruction: INSTRUCTION.trim().to_owned(),
            fence: fence(&mail, self.key),
            mail,
            mail_tokens: MAIL_TOKENS,
            form: FORM.trim().to_owned(),
            questions,
        }
    }
}

/// The line around a mail: six digits that depend on the mail and on this installation's key. Its writer can neither
/// know nor copy them, and the same mail is asked about in the same words each time.
fn fence(mail: &str, key: u64) -> String {
    format!("--- {:06} ---", xxh3_64_with_seed(mail.as_bytes(), key) % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailroom_domain::Label;

    #[test]
    fn the_form_is_what_the_files_say() {
        let prompts = Prompts::shipped();
        assert!(prompts.questions.len() >= 6);
        assert!(prompts.questions.iter().all(|q| q.words.len() >= 2 && q.filler == " ?"));
        assert!(prompts.questions.iter().all(|q| q.line.ends_with(':')));
    }

    #[test]
    fn the_mail_is_cut_to_what_tells_most_and_fenced_by_what_its_writer_cannot_know() {
        let prompts = Prompts { key: 7, ..Prompts::shipped() };
        let mut content = MessageContent {
            new_text: format!("{}\nCould you sign by Friday?", "The roses did well. ".repeat(500)),
            ..MessageContent::default()
        };
        content.headers.subject = "Hello".repeat(1000);
        let sheet = prompts.sheet(&content, [].iter());
        assert!(sheet.mail.chars().count() < 1000, "{}", sheet.mail.len());
        assert!(sheet.mail.contains("sign by Friday?"), "{}", sheet.mail);
        assert_eq!(prompts.sheet(&content, [].iter()), sheet, "the same each time");
        let elsewhere = Prompts { key: 8, ..prompts.clone() }.sheet(&content, [].iter());
        assert_ne!(elsewhere.fence, sheet.fence);
        // What knows the fence of one mail does not know that of the next, which holds it.
        content.new_text = format!("{}\n{}", sheet.fence, content.new_text);
        assert_ne!(prompts.sheet(&content, [].iter()).fence, sheet.fence);
    }

    #[test]
    fn instructions_are_asked_last() {
        let prompts = Prompts::shipped();
        let mine = Instruction { text: "mail from my landlord".into(), label: Label::Urgent };
        let sheet = prompts.sheet(&MessageContent::default(), [&mine].into_iter());
        assert_eq!(sheet.questions.len(), prompts.questions.len() + 1);
        let last = sheet.questions.last().expect("questions");
        assert_eq!(last.line, "- Fits \u{201c}mail from my landlord\u{201d}:");
        assert_eq!(last.words, [" yes", " no"]);
    }
}
