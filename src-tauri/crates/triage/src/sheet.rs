//! The question sheet's words, from `prompts/`.

use mailroom_domain::{MessageContent, Sheet, SheetQuestion};
use xxhash_rust::xxh3::xxh3_64;

const INSTRUCTION: &str = include_str!("../../../../prompts/instruction.txt");
const FORM: &str = include_str!("../../../../prompts/form.txt");
const QUESTIONS: &str = include_str!("../../../../prompts/questions.txt");

/// Tokens of the mail; with the form, the whole prompt stays near 256.
const MAIL_TOKENS: usize = 150;
/// Bytes of the text that are handed over; more than the tokens can hold.
const MAIL_BYTES: usize = 1500;

/// The form, read once.
#[derive(Clone, Debug)]
pub(crate) struct Prompts {
    pub(crate) questions: Vec<SheetQuestion>,
    pub(crate) hash: String,
}

impl Prompts {
    /// The shipped words.
    pub(crate) fn shipped() -> Self {
        let questions = QUESTIONS
            .lines()
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
            .collect();
        let all = [INSTRUCTION, FORM, QUESTIONS].join("\0");
        Prompts { questions, hash: format!("{:08x}", xxh3_64(all.as_bytes()) as u32) }
    }

    /// The sheet for a message.
    pub(crate) fn sheet(&self, content: &MessageContent) -> Sheet {
        let h = &content.headers;
        let from =
            h.from.as_ref().map_or("", |a| if a.name.is_empty() { &a.address } else { &a.name });
        let text = content
            .new_text
            .get(..content.new_text.floor_char_boundary(MAIL_BYTES))
            .unwrap_or_default();
        // Blank space costs tokens and says nothing.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Sheet {
            instruction: INSTRUCTION.trim().to_owned(),
            mail: format!("From: {from}\nSubject: {}\n\n{text}", h.subject),
            mail_tokens: MAIL_TOKENS,
            form: FORM.trim().to_owned(),
            questions: self.questions.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_what_the_files_say() {
        let prompts = Prompts::shipped();
        assert_eq!(prompts.questions.len(), 8);
        assert_eq!(prompts.questions[0].words, [" yes", " no"]);
        assert_eq!(prompts.questions[0].filler, " ?");
        assert!(prompts.questions.iter().all(|q| q.line.ends_with(':')));
        let mut content =
            MessageContent { new_text: "ä ".repeat(10_000), ..MessageContent::default() };
        content.headers.subject = "Hello".into();
        let sheet = prompts.sheet(&content);
        assert!(sheet.mail.len() < 2000 && sheet.mail.contains("Subject: Hello"));
    }
}
