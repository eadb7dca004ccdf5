//! What a person wants to know of a message, found by code alone: what is asked, by when, how much, which code.
//!
//! Eight languages (`words`, `asks`). Everything that is found carries the bytes it was read from; nothing is made
//! up, and no model is asked. The work is linear in the text, of which at most [`MOST_BYTES`] are looked at, and each
//! kind of finding has a cap. Whether a message is a task at all is the verdict's business, not this module's.

mod amounts;
mod asks;
mod codes;
mod dates;
mod language;
mod lex;
mod lookalike;
mod requests;
mod sentences;
mod signals;
mod task;
mod words;

#[cfg(test)]
mod messages;
#[cfg(test)]
mod tables;

pub use signals::{Inspected, signals};
pub use task::best;

use language::Lang;
use mailroom_domain::{Extraction, Quote, Span, TextSource, UnixSeconds};

/// Bytes of the text that are looked at; no mail that people write is longer.
pub const MOST_BYTES: usize = 64 * 1024;
/// Bytes of the subject that are looked at.
const MOST_SUBJECT: usize = 1024;

/// A message to look through.
#[derive(Clone, Copy, Debug)]
pub struct Mail<'a> {
    /// The decoded subject.
    pub subject: &'a str,
    /// Its new text: without quoted replies and signature.
    pub text: &'a str,
    /// ISO 639-1, where it is known. Thai and Hindi are told by their script all the same.
    pub language: Option<&'a str>,
    /// When it was sent: "tomorrow" is the day after that.
    pub date: UnixSeconds,
    /// Seconds that the reader's clock is ahead of UTC.
    pub offset: i32,
}

/// What dates are seen from.
#[derive(Clone, Copy)]
struct Context {
    date: UnixSeconds,
    offset: i32,
}

/// Which text is looked through, in which language.
#[derive(Clone, Copy)]
struct Place {
    source: TextSource,
    lang: Lang,
}

impl Place {
    /// Words of `text`; `None` for what is no range of it.
    fn quote(self, text: &str, start: usize, end: usize) -> Option<Quote> {
        let words = text.get(start..end).filter(|w| !w.is_empty())?.to_owned();
        let span = Span {
            source: self.source,
            start: u32::try_from(start).ok()?,
            end: u32::try_from(end).ok()?,
        };
        Some(Quote { span, words })
    }
}

/// Looks through subject and text. Total: any text has an extraction, if an empty one.
pub fn extract(mail: &Mail<'_>) -> Extraction {
    let cut = |text: &'_ str, most: usize| text.floor_char_boundary(most);
    let subject = mail.subject.get(..cut(mail.subject, MOST_SUBJECT)).unwrap_or_default();
    let text = mail.text.get(..cut(mail.text, MOST_BYTES)).unwrap_or_default();
    let context = Context { date: mail.date, offset: mail.offset };
    let in_subject = lex::lex(subject);
    let in_text = lex::lex(text);
    // A subject alone is too short to tell the language by; a text of a few words is told with its subject.
    let lang = if in_text.len() < 8 {
        let both = format!("{text}\n{subject}");
        language::language(mail.language, &both, &lex::lex(&both))
    } else {
        language::language(mail.language, text, &in_text)
    };
    let mut found = Extraction { sent: mail.date, ..Extraction::default() };
    let mut asked = Vec::new();
    for (source, text, lexemes) in
        [(TextSource::Subject, subject, &in_subject), (TextSource::Text, text, &in_text)]
    {
        let place = Place { source, lang };
        found.dates.extend(dates::dates(text, lexemes, place, context));
        found.amounts.extend(amounts::amounts(text, lexemes, place));
        found.codes.extend(codes::codes(text, lexemes, place));
        asked.push((place, text, lexemes));
    }
    found.requests = requests::requests(&asked, &found);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything found is a slice of what was handed in.
    pub(super) fn assert_grounded(mail: &Mail<'_>, found: &Extraction) {
        let check = |quote: &Quote| {
            let text =
                if quote.span.source == TextSource::Subject { mail.subject } else { mail.text };
            let slice = text.get(quote.span.start as usize..quote.span.end as usize);
            assert_eq!(slice, Some(quote.words.as_str()));
            assert!(!quote.words.is_empty());
        };
        for date in &found.dates {
            check(&date.quote);
        }
        for amount in &found.amounts {
            check(&amount.quote);
            assert!(amount.quote.words.chars().any(|c| lex::digit(c).is_some()));
        }
        for code in &found.codes {
            check(&code.quote);
            let solid: String = code.quote.words.chars().filter(|c| !c.is_whitespace()).collect();
            assert_eq!(solid, code.code);
        }
        for request in &found.requests {
            check(&request.quote);
            request.whom.iter().for_each(check);
            assert!(request.date.is_none_or(|d| (d as usize) < found.dates.len()));
            assert!(request.amount.is_none_or(|a| (a as usize) < found.amounts.len()));
        }
        if let Some(draft) = best(found) {
            check(&draft.what);
        }
    }

    fn mail(text: &str) -> Mail<'_> {
        Mail { subject: text, text, language: None, date: 1_710_000_000, offset: 3600 }
    }

    #[test]
    fn any_bytes_have_an_extraction_that_is_grounded() {
        // xorshift; the seed is fixed, so that a failure can be seen again.
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let pieces = [
            "3",
            "15",
            "2024",
            "17",
            "30",
            ":",
            ".",
            "/",
            "-",
            "march",
            "März",
            "de",
            "by",
            "bis",
            "तक",
            "कल",
            "शाम",
            "बजे",
            "ภายใน",
            "วันที่",
            "มีนาคม",
            "โมง",
            "$",
            "€",
            "1,200",
            "₹",
            "order",
            "#",
            "code",
            "please",
            "could you",
            "\n",
            "\n\n",
            " ",
            "\u{301}",
            "\u{202e}",
            "\u{200d}",
            "\u{0}",
            "é",
            "😀",
            "١٢",
            "next",
            "friday",
            "in",
            "days",
            "999999999999999999999",
            "am",
            "pm",
            "Ana,",
            "?",
            "%",
            "lakh",
            "k",
        ];
        for _ in 0..400 {
            let mut text = String::new();
            for _ in 0..next() % 60 {
                let piece = pieces[(next() % pieces.len() as u64) as usize];
                text.push_str(piece);
                if next() % 3 > 0 {
                    text.push(' ');
                }
            }
            let bytes: Vec<u8> = (0..next() % 200).map(|_| (next() & 0xff) as u8).collect();
            let noise = String::from_utf8_lossy(&bytes).into_owned();
            for (text, date) in
                [(&text, 1_710_000_000), (&noise, i64::MAX), (&text, -1), (&text, i64::MIN)]
            {
                for language in [None, Some("en"), Some("de"), Some("fr"), Some("es"), Some("xx")] {
                    let mail = Mail { subject: text, text, language, date, offset: i32::MIN };
                    assert_grounded(&mail, &extract(&mail));
                }
            }
        }
    }

    #[test]
    fn instants_are_of_the_readers_clock_or_of_the_zone_that_is_named() {
        let at = |text: &str, offset: i32| {
            let mail =
                Mail { subject: "", text, language: Some("en"), date: 1_710_320_400, offset };
            extract(&mail).dates.first().map(|d| d.at)
        };
        // 2024-03-14T17:00 at +05:30, in UTC, and at -08:00.
        assert_eq!(at("tomorrow at 17:00", 19_800), Some(1_710_435_600 - 19_800));
        assert_eq!(at("tomorrow at 17:00 UTC", 19_800), Some(1_710_435_600));
        assert_eq!(at("tomorrow at 5 pm PST", 19_800), Some(1_710_435_600 + 8 * 3600));
        // A day ends at the reader's midnight.
        assert_eq!(at("tomorrow", 3600), Some(1_710_460_799 - 3600));
    }

    #[test]
    fn a_day_that_is_over_is_no_due_date() {
        let text = "Please send the report that was due on March 1, 2024.";
        let mail = Mail { subject: "", text, language: Some("en"), date: 1_710_320_400, offset: 0 };
        let found = extract(&mail);
        assert_eq!(found.dates.len(), 1);
        assert!(best(&found).is_some_and(|draft| draft.due.is_none()));
    }

    #[test]
    fn who_is_asked_by_name_is_told() {
        let whom = |text: &str| {
            let mail =
                Mail { subject: "", text, language: Some("en"), date: 1_710_320_400, offset: 0 };
            best(&extract(&mail)).and_then(|draft| draft.for_whom).map(|q| q.words)
        };
        assert_eq!(whom("Ben, could you bring the keys?").as_deref(), Some("Ben"));
        assert_eq!(whom("@Ana Paz: please sign the form.").as_deref(), Some("Ana Paz"));
        assert_eq!(whom("Hi Ana, could you bring the keys?"), None);
        assert_eq!(whom("However, please bring the keys."), None);
        let quoted = "> Could you bring the keys?\nNo idea.";
        assert_eq!(whom(quoted), None);
    }

    #[test]
    fn a_megabyte_is_bounded_work() {
        for unit in [
            "3 ",
            "by friday at 5 pm ",
            "please send $5 ",
            "ภายในวันที่ 3 ",
            "a",
            "1.",
            "কখ\u{9cd}",
            "order no ",
        ] {
            let text = unit.repeat(1_000_000 / unit.len());
            let mail = mail(&text);
            let found = extract(&mail);
            assert_grounded(&mail, &found);
            assert!(found.dates.len() <= 2 * dates::MOST && found.requests.len() <= requests::MOST);
        }
    }
}
