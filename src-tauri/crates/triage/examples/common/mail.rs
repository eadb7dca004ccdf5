//! Mail with labels as the voices read it: from the corpus, or from a folder of real mail.

use mailroom_corpus::measure::Judged;
use mailroom_corpus::{Record, labelled, own};
use mailroom_domain::{Label, MessageContent, Probabilities};
use mailroom_encoder::{Encoder, Encoding};
use mailroom_triage::Triage;
use std::error::Error;
use std::path::Path;

/// Texts that are handed to the encoder at once.
const TOGETHER: usize = 16;

/// A parsed message and what is right about it.
pub struct Mail {
    pub content: MessageContent,
    /// The reader's addresses; empty where nobody knows them.
    pub own: Vec<String>,
    /// Of the corpus its file; other mail stands for itself.
    pub family: String,
    pub lang: String,
    pub label: Label,
    pub second: Option<Label>,
}

impl Mail {
    pub fn written(record: &Record) -> Mail {
        let (label, second) = record.labels();
        Mail {
            content: mailroom_mail::parse(&record.message()),
            own: own(record),
            family: record.family.clone(),
            lang: record.lang.clone(),
            label,
            second,
        }
    }

    /// All that `labels.jsonl` of a folder lists.
    pub fn real(folder: &Path) -> Result<Vec<Mail>, Box<dyn Error>> {
        labelled(folder)?
            .into_iter()
            .map(|one| {
                Ok(Mail {
                    content: mailroom_mail::parse(&std::fs::read(folder.join(&one.file))?),
                    own: Vec::new(),
                    family: one.file,
                    lang: one.lang,
                    label: one.label,
                    second: one.second,
                })
            })
            .collect()
    }

    pub fn judged(&self, said: Probabilities) -> Judged {
        Judged {
            family: self.family.clone(),
            lang: self.lang.clone(),
            label: self.label,
            second: self.second,
            said,
        }
    }
}

/// What an encoder says of each message's digest.
pub fn encode(
    triage: &Triage,
    encoder: &Encoder,
    mail: &[Mail],
) -> Result<Vec<Encoding>, Box<dyn Error>> {
    let mut out = Vec::with_capacity(mail.len());
    for part in mail.chunks(TOGETHER) {
        let texts: Vec<String> = part.iter().map(|m| triage.digest(&m.content, &m.own)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        out.extend(encoder.encode(&texts)?);
    }
    Ok(out)
}
