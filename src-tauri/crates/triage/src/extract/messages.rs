//! Whole messages with what a person would note down of them, and how much of that is found.
//!
//! `messages.jsonl` was written for this before anything was measured on it: `lang`, `sent` (the reader's local time),
//! `subject`, `text`, and by hand `what` (words of the sentence that asks), `due`, `amount`; `null` where a person
//! would note nothing. The language is not told.
//!
//! The first run, before anything was changed for it (precision, recall): request 0.878, 0.857; due 0.900, 0.857; amount
//! 0.846, 0.846. That is what to expect of mail that was never seen. What followed was one round of changes, and
//! others that the corpus's training mail and `later.jsonl` suggested: request 0.977, 1.000; due 0.976, 0.976; amount
//! 0.929, 1.000. The floors hold those, a little rounded down.

use super::tests::assert_grounded;
use super::{Mail, best, extract};
use mailroom_domain::TaskDraft;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use time::PrimitiveDateTime;
use time::macros::format_description;

/// East of UTC by five and a half hours, so that no day is the same by accident.
const OFFSET: i32 = 19_800;

#[derive(Deserialize)]
struct Message {
    lang: String,
    sent: String,
    subject: String,
    text: String,
    what: Option<String>,
    due: Option<String>,
    amount: Option<String>,
}

#[derive(Default)]
struct Score {
    expected: u32,
    said: u32,
    right: u32,
}

impl Score {
    fn count(&mut self, expected: Option<&str>, said: Option<&str>, right: bool) -> bool {
        self.expected += u32::from(expected.is_some());
        self.said += u32::from(said.is_some());
        self.right += u32::from(right && expected.is_some() && said.is_some());
        right || (expected.is_none() && said.is_none())
    }

    fn precision(&self) -> f64 {
        f64::from(self.right) / f64::from(self.said.max(1))
    }

    fn recall(&self) -> f64 {
        f64::from(self.right) / f64::from(self.expected.max(1))
    }
}

fn due(draft: &TaskDraft, with_time: bool) -> Option<String> {
    let due = draft.due.as_ref()?;
    let mut out = format!("{}-{:02}-{:02}", due.date.year, due.date.month, due.date.day);
    if let Some(time) = due.time.filter(|_| with_time) {
        write!(out, "T{:02}:{:02}", time.hour, time.minute).expect("string");
    }
    Some(out)
}

/// Scores of a file's messages, and what was missed.
fn measure(messages: &str) -> (BTreeMap<&'static str, Score>, String) {
    let mut scores: BTreeMap<&'static str, Score> = BTreeMap::new();
    let mut missed = String::new();
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]");
    for line in messages.lines() {
        let message: Message = serde_json::from_str(line).expect("a message");
        let sent = PrimitiveDateTime::parse(&message.sent, format).expect("a date");
        let mail = Mail {
            subject: &message.subject,
            text: &message.text,
            language: None,
            date: sent.assume_utc().unix_timestamp() - i64::from(OFFSET),
            offset: OFFSET,
        };
        let found = extract(&mail);
        assert_grounded(&mail, &found);
        let draft = best(&found);
        let what = draft.as_ref().map(|d| d.what.words.as_str());
        // A time is compared where a person would note one.
        let timed = message.due.as_ref().is_some_and(|d| d.contains('T'));
        let when = draft.as_ref().and_then(|d| due(d, timed));
        let amount = draft
            .as_ref()
            .and_then(|d| d.amount.as_ref())
            .map(|a| format!("{}{}", a.currency.as_deref().unwrap_or("-"), a.minor));
        let part_of = |expected: Option<&str>, said: Option<&str>| match (expected, said) {
            (Some(expected), Some(said)) => said.contains(expected),
            _ => false,
        };
        for (name, expected, said, right) in [
            ("request", message.what.as_deref(), what, part_of(message.what.as_deref(), what)),
            ("due", message.due.as_deref(), when.as_deref(), message.due == when && when.is_some()),
            (
                "amount",
                message.amount.as_deref(),
                amount.as_deref(),
                message.amount == amount && amount.is_some(),
            ),
        ] {
            if !scores.entry(name).or_default().count(expected, said, right) {
                writeln!(missed, "{} {name}: expected {expected:?}, said {said:?}", message.lang)
                    .expect("string");
            }
        }
    }
    print!("{missed}");
    for (name, score) in &scores {
        println!(
            "{name}: precision {:.3} ({} of {}), recall {:.3} (of {})",
            score.precision(),
            score.right,
            score.said,
            score.recall(),
            score.expected
        );
    }
    (scores, missed)
}

fn assert_floors(messages: &str, floors: [(&str, f64, f64); 3]) {
    let (scores, missed) = measure(messages);
    for (name, precision, recall) in floors {
        let score = &scores[name];
        assert!(score.precision() >= precision && score.recall() >= recall, "{name}\n{missed}");
    }
}

#[test]
fn whole_messages_give_their_task() {
    let floors = [("request", 0.95, 0.97), ("due", 0.95, 0.95), ("amount", 0.9, 0.95)];
    assert_floors(include_str!("messages.jsonl"), floors);
}

/// Written when the rest was done. The first run: request 1.000, 0.882; due 0.857, 0.750; amount 0.875, 0.875. What it
/// showed to be plainly broken was mended afterwards, so it is a measure no longer, but a floor.
#[test]
fn later_messages_give_their_task() {
    let floors = [("request", 0.95, 0.88), ("due", 0.85, 0.75), ("amount", 0.85, 0.85)];
    assert_floors(include_str!("later.jsonl"), floors);
}
