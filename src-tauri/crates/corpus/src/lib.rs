//! The mail that was written for training, and its rendering as RFC 5322 messages.
//!
//! The corpus (`triage/corpus`) holds what a person or a system wrote; what mail programs and list servers add
//! (headers, boundaries, footers of HTML) is put around it here, by grammar, from the record's `via`. The same
//! record always gives the same bytes. [`measure`] says how well something labels. Nothing of this is part of the
//! app's way of reading mail.

pub mod measure;
mod render;
pub mod simulate;

use mailroom_domain::Label;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// What sent a message: mail programs of persons, list servers, robots, bulk senders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Via {
    Outlook,
    Exchange,
    Notes,
    Eudora,
    Pine,
    Mutt,
    Thunderbird,
    Applemail,
    Iphone,
    Android,
    Gmail,
    Webmail,
    Mailman,
    Majordomo,
    Ezmlm,
    Googlegroups,
    Listserv,
    Github,
    Gitlab,
    Jira,
    Ci,
    Cron,
    Monitor,
    Bugzilla,
    Transactional,
    Esp,
    Crude,
    Dsn,
    Autoreply,
    Calendar,
    /// Its own `headers` say all.
    Asis,
}

/// One written message with its labels.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The writer's label.
    pub label: Label,
    /// The other label that a fair judge might accept, by the writer.
    #[serde(default)]
    pub second: Option<Label>,
    /// The label of a second reader who never saw the first.
    #[serde(default)]
    pub reader2: Option<Label>,
    /// That reader's second label.
    #[serde(default)]
    pub reader2_second: Option<Label>,
    /// ISO 639-1.
    pub lang: String,
    /// `2001-05-14 07:53`, the sender's local time.
    pub date: String,
    /// `Name <local@domain>` or a bare address.
    pub from: String,
    /// Separated by commas.
    pub to: String,
    /// Separated by commas.
    #[serde(default)]
    pub cc: Option<String>,
    /// The recipient who judges.
    pub reader: String,
    /// As it stood.
    pub subject: String,
    /// What sent it.
    pub via: Via,
    /// It answers a message of a thread.
    #[serde(default)]
    pub reply: bool,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Names of attached files.
    #[serde(default)]
    pub attach: Vec<String>,
    /// Sent as HTML.
    #[serde(default)]
    pub html: bool,
    /// The HTML as it is, where an attack hides in it; `body` is then what a reader sees.
    #[serde(default)]
    pub raw_html: Option<String>,
    /// `REQUEST 2019-03-04T10:00`
    #[serde(default)]
    pub ics: Option<String>,
    /// The text.
    pub body: String,
    /// The file that it lies in, without ending: messages of one author and brief.
    #[serde(skip)]
    pub family: String,
    /// Its line in that file, from 1.
    #[serde(skip)]
    pub line: usize,
}

/// What a message is used for. Families stay together, so that near-copies never lie on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Split {
    /// Weights are fitted on it.
    Train,
    /// Fusion, temperature and thresholds are fitted on it, and a newly added language model.
    Calibration,
    /// Nothing is fitted on it.
    Test,
}

/// A corpus that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// A file or folder.
    #[error("{} cannot be read: {reason}. Take the corpus from the repository again.", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A line.
    #[error("Line {line} of {family} is no message: {reason}. Correct the line.")]
    Line {
        /// The file.
        family: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
}

impl Record {
    /// The message as it would arrive, with CRLF line ends.
    pub fn message(&self) -> Vec<u8> {
        render::message(self)
    }

    /// Its place in the corpus: `de-03:17`.
    pub fn id(&self) -> String {
        format!("{}:{}", self.family, self.line)
    }

    /// The area that its author wrote for: `de`, `en-office`.
    pub fn area(&self) -> &str {
        self.family.rsplit_once('-').map_or(self.family.as_str(), |(area, _)| area)
    }

    /// The label that is trained on and tested against, and the other that is accepted. Where the readers
    /// differ, the second reader's label stands as the second one.
    pub fn labels(&self) -> (Label, Option<Label>) {
        let other = self.reader2.filter(|label| *label != self.label);
        (
            self.label,
            other.or(self.second).or(self.reader2_second).filter(|label| *label != self.label),
        )
    }

    /// True when two readers agree on it, at least by a second label: what is sound enough for a test.
    pub fn agreed(&self) -> bool {
        self.reader2.is_none_or(|two| {
            two == self.label || Some(two) == self.second || self.reader2_second == Some(self.label)
        })
    }

    /// What it is used for; decided for its family as a whole.
    pub fn split(&self) -> Split {
        split(&self.family)
    }
}

fn split(family: &str) -> Split {
    let (area, number) = family.rsplit_once('-').unwrap_or((family, "0"));
    let number: u64 = number.parse().unwrap_or(0);
    // Each area gives of its families in turn, so that no language is missing anywhere.
    match (number + xxh3_64(area.as_bytes()) % 8) % 8 {
        0 => Split::Test,
        4 => Split::Calibration,
        _ => Split::Train,
    }
}

/// A mail that tries to steer its label, and the same mail without that.
#[derive(Clone, Debug, PartialEq)]
pub struct Attack {
    /// Without.
    pub clean: Record,
    /// With.
    pub attacked: Record,
    /// The label that the attack wants.
    pub goal: Label,
    /// What kind of attack it is.
    pub kind: String,
}

/// All attacks of a folder of `.jsonl` files, by file and line.
///
/// # Errors
/// [`CorpusError`]
pub fn attacks(folder: &Path) -> Result<Vec<Attack>, CorpusError> {
    let mut out = Vec::new();
    for (family, text) in texts(folder)? {
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            out.push(attack(&family, at + 1, line).map_err(|reason| CorpusError::Line {
                family: family.clone(),
                line: at + 1,
                reason,
            })?);
        }
    }
    Ok(out)
}

fn attack(family: &str, line: usize, text: &str) -> Result<Attack, String> {
    let mut clean: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(text).map_err(|e| e.to_string())?;
    let mut take = |key: &str| clean.remove(key).ok_or_else(|| format!("\"{key}\" is missing"));
    let (goal, kind, changes) = (take("goal")?, take("kind")?, take("attack")?);
    let mut attacked = clean.clone();
    attacked.extend(changes.as_object().ok_or("\"attack\" is no object")?.clone());
    let record = |map| -> Result<Record, String> {
        let mut record: Record =
            serde_json::from_value(serde_json::Value::Object(map)).map_err(|e| e.to_string())?;
        record.family = family.to_owned();
        record.line = line;
        Ok(record)
    };
    Ok(Attack {
        clean: record(clean)?,
        attacked: record(attacked)?,
        goal: serde_json::from_value(goal).map_err(|e| e.to_string())?,
        kind: kind.as_str().unwrap_or_default().to_owned(),
    })
}

/// All messages of a folder of `.jsonl` files, by file and line.
///
/// # Errors
/// [`CorpusError`]
pub fn read(folder: &Path) -> Result<Vec<Record>, CorpusError> {
    let mut out = Vec::new();
    for (family, text) in texts(folder)? {
        out.extend(parse(&family, &text)?);
    }
    Ok(out)
}

/// Names and contents of a folder's `.jsonl` files, sorted.
fn texts(folder: &Path) -> Result<Vec<(String, String)>, CorpusError> {
    let unreadable = |path: &Path, e: std::io::Error| CorpusError::Unreadable {
        path: path.to_owned(),
        reason: e.to_string(),
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(|e| unreadable(folder, e))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "jsonl"))
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let family = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            std::fs::read_to_string(&file)
                .map(|text| (family, text))
                .map_err(|e| unreadable(&file, e))
        })
        .collect()
}

/// The messages of one file.
///
/// # Errors
/// [`CorpusError::Line`]
pub fn parse(family: &str, text: &str) -> Result<Vec<Record>, CorpusError> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(at, line)| {
            let mut record: Record = serde_json::from_str(line).map_err(|e| CorpusError::Line {
                family: family.to_owned(),
                line: at + 1,
                reason: e.to_string(),
            })?;
            record.family = family.to_owned();
            record.line = at + 1;
            Ok(record)
        })
        .collect()
}

/// A message of a folder of real mail that somebody has labelled. Such mail is only reported on.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Labelled {
    /// Its file, below the folder.
    pub file: String,
    /// The label.
    pub label: Label,
    /// The other label that is accepted.
    pub second: Option<Label>,
    /// ISO 639-1.
    pub lang: String,
}

/// What `labels.jsonl` of a folder lists.
///
/// # Errors
/// [`CorpusError`]
pub fn labelled(folder: &Path) -> Result<Vec<Labelled>, CorpusError> {
    let path = folder.join("labels.jsonl");
    let text = std::fs::read_to_string(&path)
        .map_err(|e| CorpusError::Unreadable { path, reason: e.to_string() })?;
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(at, line)| {
            serde_json::from_str(line).map_err(|e| CorpusError::Line {
                family: "labels".into(),
                line: at + 1,
                reason: e.to_string(),
            })
        })
        .collect()
}

/// The reader's addresses in a message, as triage wants them.
pub fn own(record: &Record) -> Vec<String> {
    record
        .reader
        .split(',')
        .map(|address| {
            render::domains(
                address.rsplit_once('<').map_or(address, |(_, a)| a).trim_end_matches('>'),
                record,
            )
        })
        .map(|address| address.trim().to_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../triage/corpus")
    }

    #[test]
    fn every_message_is_one_and_is_read_as_it_was_written() {
        let records = read(&folder()).expect("the corpus");
        for record in &records {
            let raw = record.message();
            assert_eq!(raw, record.message(), "{}", record.id());
            let content = mailroom_mail::parse(&raw);
            let id = record.id();
            assert!(content.headers.date.is_some(), "{id}: {}", record.date);
            assert!(content.headers.from.as_ref().is_some_and(|a| a.address.contains('@')), "{id}");
            assert_eq!(
                content.headers.subject.is_empty(),
                record.subject.trim().is_empty(),
                "{id}"
            );
            assert!(!String::from_utf8_lossy(&raw).contains(".example"), "{id}");
            let words =
                record.body.split_whitespace().filter(|w| w.chars().all(char::is_alphabetic));
            for word in words.take(3) {
                assert!(
                    content.text.contains(word),
                    "{id}: {word} is missing from {:?}",
                    content.text
                );
            }
            assert!(
                content.attachments.iter().filter(|a| !a.inline).count() >= record.attach.len(),
                "{id}"
            );
            assert_eq!(content.calendar.is_some(), record.ics.is_some(), "{id}");
        }
    }

    #[test]
    fn families_stay_together_and_each_area_is_on_every_side() {
        let records = read(&folder()).expect("the corpus");
        let mut seen: BTreeMap<(String, Split), usize> = BTreeMap::new();
        for record in &records {
            *seen.entry((record.area().to_owned(), record.split())).or_default() += 1;
        }
        for area in ["de", "en-lists", "en-modern", "en-office", "es", "fr", "hi", "it", "pt", "th"]
        {
            for side in [Split::Train, Split::Calibration, Split::Test] {
                assert!(seen.contains_key(&(area.to_owned(), side)), "{area} {side:?}: {seen:?}");
            }
        }
    }
}
