//! Sentences that ask the reader to do something, the plainest first.
//!
//! A sentence is scored by the words in it (`asks`), by a question mark, and by a date or an amount beside them.
//! What every mail says ("please do not reply", "any questions?") asks nothing.

use super::Place;
use super::asks::{Ask, asks};
use super::language::Lang;
use super::lex::{Gap, Kind, Lexeme};
use super::sentences::{Sentence, sentences};
use super::task::is_over;
use mailroom_domain::{Exactness, Extraction, RequestCandidate, Span, TextSource};

/// Candidates that are kept.
pub(super) const MOST: usize = 24;
/// What scores less asks nothing.
const LEAST: f32 = 1.5;
/// Sentences between a request and a date or amount that it may mean.
const APART: usize = 2;
/// Lexemes of a sentence that are read.
const READ: usize = 160;

/// How many kinds of [`Ask`] there are.
const KINDS: usize = 11;

struct Scored {
    score: f32,
    whom: Option<(usize, usize)>,
    /// Byte at which the asking begins, behind "Hi Ana,".
    from: usize,
}

/// All requests of subject and text, best first.
pub(super) fn requests(
    texts: &[(Place, &str, &Vec<Lexeme>)],
    found: &Extraction,
) -> Vec<RequestCandidate> {
    let Extraction { dates, amounts, .. } = found;
    let coming = || dates.iter().enumerate().filter(|(_, d)| !is_over(found, d));
    // A message that names one day alone means that one.
    let only = coming().next().filter(|(_, first)| coming().all(|(_, d)| d.date == first.date));
    let mut out: Vec<RequestCandidate> = Vec::new();
    for (place, text, lexemes) in texts {
        let all = sentences(text, place.lang);
        let mut at = 0;
        for (index, sentence) in all.iter().enumerate() {
            while lexemes.get(at).is_some_and(|l| l.start < sentence.start) {
                at += 1;
            }
            let length = lexemes
                .get(at..)
                .unwrap_or_default()
                .iter()
                .take_while(|l| l.end <= sentence.end)
                .take(READ)
                .count();
            let words = lexemes.get(at..at + length).unwrap_or_default();
            let Some(scored) = score(text, words, place.lang) else { continue };
            let date = nearest(
                *place,
                &all,
                index,
                coming().map(|(n, d)| (n, d.quote.span, d.deadline, is_vague(d.exactness))),
            )
            .or(only.map(|(n, _)| (n, usize::MAX)));
            let amount = nearest(
                *place,
                &all,
                index,
                amounts.iter().enumerate().map(|(n, a)| (n, a.quote.span, true, false)),
            );
            let mut score = scored.score;
            score += match date {
                Some((d, 0)) if dates.get(d).is_some_and(|d| d.deadline) => 1.5,
                Some((_, 0)) => 0.5,
                // "Could you look? It is due tomorrow."
                Some((d, 1 | 2)) if dates.get(d).is_some_and(|d| d.deadline) => 0.75,
                _ => 0.0,
            };
            score += if matches!(amount, Some((_, 0))) { 0.5 } else { 0.0 };
            if place.source == TextSource::Subject {
                // The text says it in full.
                score -= 0.75;
            }
            if score < LEAST {
                continue;
            }
            let Some(quote) = place.quote(text, scored.from.max(sentence.start), sentence.end)
            else {
                continue;
            };
            let index_of =
                |found: Option<(usize, usize)>| found.and_then(|(i, _)| u32::try_from(i).ok());
            out.push(RequestCandidate {
                quote,
                score,
                whom: scored.whom.and_then(|(start, end)| place.quote(text, start, end)),
                date: index_of(date),
                amount: index_of(amount),
            });
        }
    }
    // Of two that ask alike, the earlier one.
    out.sort_by(|a, b| b.score.total_cmp(&a.score));
    out.truncate(MOST);
    out
}

/// "In March" says less than "by Friday" beside it.
fn is_vague(exactness: Exactness) -> bool {
    matches!(exactness, Exactness::Week | Exactness::Month)
}

/// The index and the distance in sentences of what is nearest: anything in the same sentence, `far` things close by;
/// of those as near, what is not vague, then the first.
fn nearest(
    place: Place,
    all: &[Sentence],
    index: usize,
    spans: impl Iterator<Item = (usize, Span, bool, bool)>,
) -> Option<(usize, usize)> {
    spans
        .filter(|(_, span, ..)| span.source == place.source)
        .filter_map(|(n, span, far, vague)| {
            let other = all.partition_point(|s| s.end <= span.start as usize);
            let distance = other.abs_diff(index);
            (distance == 0 || (far && distance <= APART)).then_some((n, distance, far, vague))
        })
        .min_by_key(|(n, distance, far, vague)| (*distance, !far, *vague, *n))
        .map(|(n, distance, ..)| (n, distance))
}

fn score(text: &str, words: &[Lexeme], lang: Lang) -> Option<Scored> {
    let table = asks(lang);
    let count = words.iter().filter(|w| matches!(w.kind, Kind::Word)).count();
    if count < 2 {
        return None;
    }
    let mut seen = [0u8; KINDS];
    let mut at = 0;
    // A command may stand here.
    let mut opening = true;
    let mut from = words.first()?.start;
    let mut whom = None;
    let mut question = false;
    while let Some(word) = words.get(at) {
        if let Kind::Mark(c) = word.kind {
            question |= matches!(c, '?' | '？');
            let early = at <= 6;
            if early
                && matches!(c, ',' | ':' | '-' | '–' | '!')
                && opening_part(text, words, at, lang)
            {
                opening = true;
                if greeted(&seen) {
                    from = words.get(at + 1).map_or(from, |w| w.start);
                }
                if c == ',' || c == ':' {
                    whom = name(text, words, at, lang).or(whom);
                }
            } else if matches!(c, ',' | ';' | ':' | '.' | '-' | '–')
                && words.get(at + 1).is_some_and(|w| w.gap > Gap::None)
            {
                opening = true;
            }
            at += 1;
            continue;
        }
        let (kind, used) = match table.longest(words, at) {
            Some((Ask::Command, used)) if !opening || is_noun(text, words, at + used, lang) => {
                (None, used)
            }
            Some((kind, used)) => (Some(kind), used),
            None => (by_form(text, words, at, opening, lang), 1),
        };
        if let Some(kind) = kind
            && let Some(n) = seen.get_mut(kind as usize)
        {
            *n = n.saturating_add(1);
        }
        opening = matches!(kind, Some(Ask::Opener | Ask::Please));
        at += used;
    }
    let has = |kind: Ask| {
        let some = |kind: Ask| seen.get(kind as usize).is_some_and(|n| *n > 0);
        some(kind) || (kind == Ask::Direct && question && some(Ask::Maybe))
    };
    if has(Ask::Boilerplate) {
        return None;
    }
    let mut score: f32 = 0.0;
    let mut kinds = 0;
    for (kind, worth) in
        [(Ask::Direct, 3.5), (Ask::Please, 3.0), (Ask::Command, 2.5), (Ask::Need, 2.25)]
    {
        if has(kind) {
            score = score.max(worth);
            kinds += 1;
        }
    }
    score += 0.5 * (kinds.max(1) - 1) as f32;
    if question {
        score = if kinds > 0 {
            score + 0.5
        } else if has(Ask::You) {
            2.0
        } else {
            1.0
        };
    }
    // "Please find attached" with nothing else asks nothing; with a question it may.
    if has(Ask::Inform) {
        score -= if has(Ask::Direct) || has(Ask::Please) { 1.5 } else { 2.5 };
    }
    if has(Ask::Courtesy) {
        score -= 3.0;
    }
    if has(Ask::NotYou) {
        score -= 1.5;
    }
    if count > 60 {
        score -= 0.5;
    }
    let whom = whom.filter(|_| kinds > 0 || question);
    (score > 0.0).then_some(Scored {
        score,
        whom,
        from: if kinds > 0 || question { from } else { words.first()?.start },
    })
}

/// Nothing but words that open a sentence was seen.
fn greeted(seen: &[u8; KINDS]) -> bool {
    seen.iter().enumerate().all(|(kind, n)| *n == 0 || kind == Ask::Opener as usize)
}

/// A verb is followed by what it is done to: "Fix is in", "Mail for you" begin with nouns.
fn is_noun(text: &str, words: &[Lexeme], behind: usize, lang: Lang) -> bool {
    let word = words.get(behind).and_then(|w| text.get(w.start..w.end)).unwrap_or_default();
    lang == Lang::En
        && matches!(
            word,
            "is" | "are" | "was" | "were" | "has" | "have" | "of" | "will" | "s" | "from" | "?"
        )
}

/// What stands before the mark at `at` is a greeting, a name or a heading of at most three words.
fn opening_part(text: &str, words: &[Lexeme], at: usize, lang: Lang) -> bool {
    let before = words.get(..at).unwrap_or_default();
    let count = before.iter().filter(|w| matches!(w.kind, Kind::Word)).count();
    if count == 0 || count > 3 || words.get(at + 1).is_none() {
        return false;
    }
    let table = asks(lang);
    let greets = |w: usize| matches!(table.longest(words, w), Some((Ask::Opener, _)));
    let glued = words.get(at + 1).is_some_and(|w| w.gap == Gap::None);
    !glued
        && (0..at).all(|w| {
            greets(w)
                || is_name(text, words.get(w), lang)
                || words.get(w).is_some_and(|w| w.kind == Kind::Mark('@'))
        })
}

/// A word that may be a name: a capital, in scripts that have them.
fn is_name(text: &str, word: Option<&Lexeme>, lang: Lang) -> bool {
    let Some(word) = word.filter(|w| matches!(w.kind, Kind::Word)) else { return false };
    let first = text.get(word.start..word.end).and_then(|w| w.chars().next());
    match lang {
        Lang::Hi | Lang::Th => false,
        _ => first.is_some_and(char::is_uppercase),
    }
}

/// The name before the mark at `at`: "Ben, could you", "@Ben: please".
fn name(text: &str, words: &[Lexeme], at: usize, lang: Lang) -> Option<(usize, usize)> {
    let table = asks(lang);
    let mut start = 0;
    while start < at {
        let plain = matches!(words.get(start)?.kind, Kind::Mark(_));
        match table.longest(words, start) {
            // "Hi Ana,": she is greeted, and is the reader most likely.
            Some(_) => return None,
            None if plain => start += 1,
            None => break,
        }
    }
    let (first, last) = (words.get(start)?, words.get(at.checked_sub(1)?)?);
    (start < at
        && at - start <= 2
        && is_name(text, Some(first), lang)
        && is_name(text, Some(last), lang)
        && first.end - first.start > 1)
        .then_some((first.start, last.end))
}

/// Nothing but a full stop follows.
fn ends(words: &[Lexeme], at: usize) -> bool {
    words.get(at + 1).is_none_or(|w| matches!(w.kind, Kind::Mark('।' | '.' | ',' | '!')))
}

/// Verbs that command by their form.
fn by_form(text: &str, words: &[Lexeme], at: usize, opening: bool, lang: Lang) -> Option<Ask> {
    let word = words.get(at)?;
    let written = text.get(word.start..word.end)?;
    match lang {
        Lang::Fr if opening => {
            let word = written.to_lowercase();
            let verb = word.len() > 4
                && word.ends_with("ez")
                && !matches!(word.as_str(), "assez" | "chez" | "rendez");
            let asked = words.get(at + 1).is_some_and(|w| w.kind == Kind::Mark('-'));
            // "Avez-vous" asks, and its question mark says so.
            (verb && !(asked && matches!(word.as_str(), "avez" | "êtes" | "aurez" | "serez")))
                .then_some(Ask::Command)
        }
        Lang::De if opening => {
            let next = words.get(at + 1).and_then(|w| text.get(w.start..w.end))?;
            let word = written.to_lowercase();
            let helping = matches!(
                word.as_str(),
                "haben" | "sind" | "werden" | "wollen" | "waren" | "hatten" | "möchten"
            );
            (word.ends_with("en") && next == "Sie" && !helping).then_some(Ask::Command)
        }
        // "दूध ले आना": the infinitive at the end commands.
        Lang::Hi if written.ends_with("ना") && ends(words, at) => {
            let noun = matches!(
                written,
                "अपना"
                    | "सूचना"
                    | "योजना"
                    | "परियोजना"
                    | "घटना"
                    | "दुर्घटना"
                    | "खाना"
                    | "जमाना"
                    | "थाना"
                    | "नमूना"
                    | "महीना"
                    | "रोजाना"
            );
            (!noun && at > 0).then_some(Ask::Command)
        }
        Lang::Hi => {
            let polite = ["िए", "िएगा", "इए", "इएगा", "ियेगा", "िये", "ाइये"]
                .iter()
                .any(|e| written.ends_with(e));
            (polite
                && written.chars().count() > 3
                && !matches!(
                    written,
                    "चाहिए"
                        | "इसलिए"
                        | "इसीलिए"
                        | "किसलिए"
                        | "जरिए"
                        | "ज़रिए"
                        | "जरिये"
                        | "लिए"
                        | "किए"
                        | "दिए"
                        | "चाहिये"
                ))
            .then_some(Ask::Direct)
        }
        _ => None,
    }
}
