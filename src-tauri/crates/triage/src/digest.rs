//! The most telling part of a message as a short text: what the encoder reads.
//!
//! What the headers say stands in front in a few words, then sender and subject, the beginning of the text, and
//! of a long text those sentences that ask, name times or money, or warn. Nothing is cut off by length alone.

use crate::cues::{self, Cue};
use crate::memory::Class;
use crate::tokens::tokens;
use mailroom_domain::{HeaderFacts, MessageContent, Position};
use std::collections::HashSet;
use time::OffsetDateTime;

/// Characters of text; about 140 tokens of a European language.
const BUDGET: usize = 640;
/// Characters of its beginning that are always kept.
const BEGINNING: usize = 360;
/// Where a message itself says less, what it quotes or forwards is read as well.
const LITTLE: usize = 160;
/// Bytes that are looked at; no mail that people write is longer.
const MOST_BYTES: usize = 30_000;

/// The digest of a message. `own` holds the reader's addresses, lower-cased.
pub(crate) fn digest(content: &MessageContent, own: &[String]) -> String {
    let h = &content.headers;
    let mut out = facts(content, own).join(", ");
    if let Some(date) = h.date.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok()) {
        let month = date.month().to_string();
        out.push_str(&format!(". {} {} {}", date.weekday(), date.day(), &month[..3]));
    }
    out.push('\n');
    if let Some(from) = &h.from {
        let name: String = from.name.chars().take(40).collect();
        let domain: String = from.domain().chars().take(40).collect();
        out.push_str(&format!("{name} {domain}\n"));
    }
    out.extend(h.subject.chars().take(160));
    out.push('\n');
    out.push_str(&excerpt(content));
    out
}

fn is_list(h: &HeaderFacts) -> bool {
    h.list_id.is_some() || h.list_software
}

fn is_bulk(h: &HeaderFacts) -> bool {
    h.one_click_unsubscribe
        || h.bulk_service
        || (h.list_unsubscribe && !is_list(h))
        || matches!(h.precedence.as_deref(), Some("bulk" | "junk"))
}

fn is_robot(h: &HeaderFacts) -> bool {
    let local = h.from.as_ref().map_or_else(String::new, mailroom_domain::Address::local);
    let no_reply = local.contains("reply") && local.starts_with(['n', 'd']);
    h.auto_submitted.is_some() || h.null_return_path || no_reply
}

/// What kind of sender wrote it.
pub(crate) fn class(content: &MessageContent) -> Class {
    let h = &content.headers;
    match () {
        () if content.calendar.is_some() => Class::Calendar,
        () if is_list(h) => Class::List,
        () if is_bulk(h) => Class::Bulk,
        () if is_robot(h) => Class::Robot,
        () => Class::Person,
    }
}

fn facts(content: &MessageContent, own: &[String]) -> Vec<&'static str> {
    let h = &content.headers;
    let list = is_list(h);
    let start = h.subject.trim_start().to_lowercase();
    let starts = |list: &[&str]| list.iter().any(|p| start.starts_with(p));
    let mut out = Vec::new();
    let mut add = |holds: bool, text| {
        if holds {
            out.push(text);
        }
    };
    add(list, "mailing list");
    add(is_bulk(h), "bulk");
    add(is_robot(h), "robot");
    match content.position(own) {
        Position::OnlyTo => add(true, "to you"),
        Position::To => add(true, "to you and others"),
        Position::Cc => add(true, "copy to you"),
        Position::Absent => add(!list, "not to you"),
        Position::Unknown => {}
    }
    add(!h.in_reply_to.is_empty() || starts(&["re:", "aw:", "sv:", "r:", "ri:"]), "reply");
    add(starts(&["fw:", "fwd:", "wg:", "tr:", "rv:", "enc:"]), "forwarded");
    add(h.high_importance, "marked important");
    match content.calendar.as_ref().map(|c| c.method.as_str()) {
        Some("CANCEL") => add(true, "calendar cancellation"),
        Some("REPLY") => add(true, "calendar answer"),
        Some(_) => add(true, "calendar invitation"),
        None => {}
    }
    add(content.attachments.iter().any(|a| !a.inline), "attachment");
    out
}

/// The text in short: its beginning, and of a long one those sentences that tell most.
pub(crate) fn excerpt(content: &MessageContent) -> String {
    let bounded = |text: &str, most: usize| {
        text.get(..text.floor_char_boundary(most)).unwrap_or_default().to_owned()
    };
    let mut text = bounded(&content.new_text, MOST_BYTES);
    if text.chars().filter(|c| c.is_alphanumeric()).take(LITTLE).count() < LITTLE {
        // "fyi" above a forwarded message, "yes" above a question.
        let rest = content.text.strip_prefix(content.new_text.trim_end()).unwrap_or(&content.text);
        text.push_str("\n> ");
        text.push_str(&bounded(rest, 4000));
    }
    let mut seen = HashSet::new();
    // What is quoted below, or said twice, is read once.
    let sentences: Vec<String> =
        sentences(&text).into_iter().filter(|s| seen.insert(s.clone())).collect();
    let lengths: Vec<usize> = sentences.iter().map(|s| s.chars().count() + 1).collect();
    if lengths.iter().sum::<usize>() <= BUDGET {
        return sentences.join(" ");
    }
    let mut kept = vec![false; sentences.len()];
    let mut used = 0;
    for (at, length) in lengths.iter().enumerate() {
        if used >= BEGINNING {
            break;
        }
        kept[at] = true;
        used += (*length).min(BEGINNING);
    }
    let mut rest: Vec<(usize, u32)> = (0..sentences.len())
        .filter(|at| !kept[*at])
        .map(|at| (at, telling(&sentences[at])))
        .collect();
    // Of two that tell alike, the earlier one.
    rest.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    for (at, score) in rest {
        if score > 0 && used + lengths[at] <= BUDGET {
            kept[at] = true;
            used += lengths[at];
        }
    }
    // What room is left goes to the text's own order.
    for at in 0..sentences.len() {
        if !kept[at] && used + lengths[at] <= BUDGET {
            kept[at] = true;
            used += lengths[at];
        }
    }
    let mut out = String::new();
    for (sentence, _) in sentences.iter().zip(&kept).filter(|(_, kept)| **kept) {
        out.extend(sentence.chars().take(BEGINNING));
        out.push(' ');
    }
    out
}

/// Lines cut at the ends of sentences, white space made single; rules and empty quotes left out.
fn sentences(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = line.trim_start_matches(['>', ' ', '\t', '|']);
        let mut current = String::new();
        for word in line.split_whitespace() {
            // A rule, or what passes for one.
            if word.len() > 3
                && word.chars().all(|c| matches!(c, '-' | '=' | '_' | '*' | '#' | '~' | '+' | '.'))
            {
                continue;
            }
            if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
            let ends = word.ends_with(['?', '!', '।', '。'])
                || (word.ends_with('.') && word.chars().count() > 3);
            if ends && current.chars().count() > 25 {
                out.push(std::mem::take(&mut current));
            }
        }
        if current.chars().any(char::is_alphanumeric) {
            out.push(current);
        }
    }
    out
}

/// How much a sentence says about what is to be done, and when.
fn telling(sentence: &str) -> u32 {
    let tokens = tokens(sentence, 60);
    let found = cues::find(&tokens);
    let has = |cue: Cue| found.count[cue as usize] > 0;
    let mut score = 0;
    for (cue, worth) in [
        (Cue::Request, 3),
        (Cue::Answer, 3),
        (Cue::Today, 3),
        (Cue::Tomorrow, 3),
        (Cue::AtOnce, 3),
        (Cue::Soon, 2),
        (Cue::MoneyDue, 2),
        (Cue::Outage, 2),
        (Cue::Cancelled, 2),
        (Cue::Security, 2),
        (Cue::Meeting, 1),
        (Cue::Vote, 2),
        (Cue::Resolved, 2),
        (Cue::Unsubscribe, 1),
        (Cue::Complaint, 1),
        (Cue::Confidential, 1),
    ] {
        score += if has(cue) { worth } else { 0 };
    }
    if sentence.contains(['?', '？']) {
        score += 3;
    }
    if sentence.contains(|c: char| c.is_ascii_digit()) {
        score += 1;
    }
    score
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailroom_domain::Address;

    #[test]
    fn what_is_asked_at_the_end_of_a_long_text_is_kept() {
        let filler =
            "The garden was lovely this year and the roses did well in spite of the rain. "
                .repeat(40);
        let text =
            format!("Dear Ana,\n{filler}\nCould you send the signed form by Friday?\n{filler}");
        let mut content =
            MessageContent { new_text: text.clone(), text, ..MessageContent::default() };
        content.headers.subject = "News".into();
        content.headers.from =
            Some(Address { name: "Ben".into(), address: "ben@home.example".into() });
        let digest = digest(&content, &[]);
        assert!(
            digest.contains("Dear Ana,") && digest.contains("signed form by Friday?"),
            "{digest}"
        );
        assert!(digest.chars().count() < BUDGET + 300, "{}", digest.len());
        assert!(digest.contains("Ben home.example\nNews\n"), "{digest}");
    }

    #[test]
    fn a_short_note_above_a_forwarded_text_takes_that_text_along() {
        let text = "fyi\n\n----- Original Message -----\nFrom: Ben\n\nThe roof leaks.";
        let content = MessageContent {
            new_text: "fyi".into(),
            text: text.into(),
            ..MessageContent::default()
        };
        let digest = digest(&content, &[]);
        assert!(digest.contains("fyi") && digest.contains("The roof leaks."), "{digest}");
    }

    #[test]
    fn any_text_has_a_short_digest() {
        for text in ["", "\u{0}", &"x".repeat(100_000), &"?! ".repeat(50_000), &"สวัสดี".repeat(9000)]
        {
            let content = MessageContent {
                new_text: text.into(),
                text: text.into(),
                ..MessageContent::default()
            };
            assert!(digest(&content, &[]).chars().count() < 1500);
        }
    }
}
