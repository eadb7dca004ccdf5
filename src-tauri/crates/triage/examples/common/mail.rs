//! Mail with labels, as the voices read it.

use mailroom_corpus::measure::Judged;
use mailroom_corpus::{Record, own};
use mailroom_domain::{Label, MessageContent, Probabilities};
use mailroom_encoder::{Encoder, Encoding};
use mailroom_triage::Triage;
use std::collections::HashMap;
use std::error::Error;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use xxhash_rust::xxh3::xxh3_64;

/// Texts that are handed to the encoder at once.
const TOGETHER: usize = 16;

/// A second label counts for this much of a target.
const SECOND: f32 = 0.1;

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

    /// The distribution that is fitted to: a second label counts a part.
    pub fn target(&self) -> [f32; 4] {
        let mut out = [0.0; 4];
        out[self.label.index()] = 1.0;
        if let Some(second) = self.second {
            out[self.label.index()] = 1.0 - SECOND;
            out[second.index()] = SECOND;
        }
        out
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
///
/// `ENCODINGS=FILE` keeps what was said there, by text and version of the weights, and reads it from there: several
/// examples read the same mail, and the encoder is what takes long. After a change of the encoder's own code the file
/// has to go.
pub fn encode(
    triage: &Triage,
    encoder: &Encoder,
    mail: &[Mail],
) -> Result<Vec<Encoding>, Box<dyn Error>> {
    let file = std::env::var_os("ENCODINGS").map(PathBuf::from);
    let mut known: HashMap<u64, Encoding> = HashMap::new();
    if let Some(file) = file.as_deref().filter(|file| file.exists()) {
        for line in std::fs::read_to_string(file)?.lines() {
            let (key, scores, vector) = serde_json::from_str(line)?;
            known.insert(key, Encoding { vector, scores });
        }
    }
    let texts: Vec<(u64, String)> = mail
        .iter()
        .map(|m| triage.digest(&m.content, &m.own))
        .map(|text| (xxh3_64(format!("{}\n{text}", encoder.version()).as_bytes()), text))
        .collect();
    let missing: Vec<&(u64, String)> =
        texts.iter().filter(|(key, _)| !known.contains_key(key)).collect();
    let mut out = match &file {
        Some(file) => Some(OpenOptions::new().create(true).append(true).open(file)?),
        None => None,
    };
    for part in missing.chunks(TOGETHER) {
        let together: Vec<&str> = part.iter().map(|(_, text)| text.as_str()).collect();
        for ((key, _), encoding) in part.iter().zip(encoder.encode(&together)?) {
            if let Some(out) = &mut out {
                let line = serde_json::to_string(&(key, encoding.scores, &encoding.vector))?;
                writeln!(out, "{line}")?;
            }
            known.insert(*key, encoding);
        }
    }
    texts
        .iter()
        .map(|(key, _)| known.get(key).cloned().ok_or_else(|| "not encoded".into()))
        .collect()
}
