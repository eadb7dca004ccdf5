//! Sentences with their places. `digest` cuts sentences to be read; here each must be found again in the text.

use super::language::Lang;

/// `start..end` are bytes of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sentence {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Sentences that are looked at.
const MOST: usize = 600;
/// Characters from which on a line is likely to have been wrapped.
const WRAPPED: usize = 50;
/// Characters after which Thai, which has no full stop, is parted at a blank.
const THAI: usize = 120;

/// Abbreviations whose full stop ends no sentence.
const SHORT: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "st", "sr", "sra", "srta", "dott", "sig", "nr", "no", "ca",
    "bzw", "evtl", "ggf", "inkl", "art", "av", "vs", "etc", "tel", "abs", "str", "jan", "feb",
    "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "okt", "nov", "dec", "dez", "approx",
    "janv", "févr", "avr", "juil", "déc", "rs", "fig", "inc", "ltd", "mme", "pág", "núm", "ing",
];

/// All sentences outside quoted lines, down to the signature.
pub(super) fn sentences(text: &str, lang: Lang) -> Vec<Sentence> {
    let mut out = Vec::new();
    let mut open: Option<Sentence> = None;
    let mut offset = 0;
    let mut wrapped = false;
    for line in text.split_inclusive('\n') {
        let begin = offset;
        offset += line.len();
        if out.len() >= MOST {
            break;
        }
        let trimmed = line.trim();
        if trimmed == "--" && line.starts_with("--") {
            break;
        }
        let quoted = trimmed.starts_with(['>', '|']);
        if trimmed.is_empty() || quoted {
            out.extend(open.take());
            continue;
        }
        let lead = line.len() - line.trim_start().len();
        let bullet = bullet(trimmed);
        if bullet > 0 || !wrapped {
            out.extend(open.take());
        }
        let start = begin + lead + bullet;
        split(text, start, begin + lead + trimmed.len(), lang, &mut open, &mut out);
        wrapped = trimmed.chars().nth(WRAPPED).is_some() && !trimmed.ends_with(':');
    }
    out.extend(open);
    out.truncate(MOST);
    out
}

/// The bytes of a list's mark at the beginning of a line.
fn bullet(line: &str) -> usize {
    let mark = line.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
    let rest = line.get(mark..).unwrap_or_default();
    let width = if mark > 0 && mark < 3 && rest.starts_with(['.', ')']) {
        mark + 1
    } else if mark == 0 {
        rest.chars()
            .next()
            .filter(|c| matches!(c, '-' | '*' | '•' | '·' | '–' | '—' | '▪' | '☐'))
            .map_or(0, char::len_utf8)
    } else {
        0
    };
    let after = line.get(width..).unwrap_or_default();
    let blank = after.len() - after.trim_start().len();
    // "3. März" begins with a day.
    if width > 0
        && blank > 0
        && !(mark > 0 && after.trim_start().starts_with(|c: char| c.is_lowercase()))
    {
        width + blank
    } else {
        0
    }
}

fn split(
    text: &str,
    start: usize,
    end: usize,
    lang: Lang,
    open: &mut Option<Sentence>,
    out: &mut Vec<Sentence>,
) {
    let Some(line) = text.get(start..end) else { return };
    let mut begin = open.map_or(start, |s| s.start);
    let mut chars = line.char_indices().peekable();
    let mut long = 0usize;
    while let Some((at, c)) = chars.next() {
        long += 1;
        let next = chars.peek().map(|(_, c)| *c);
        let here = start + at + c.len_utf8();
        let ends = match c {
            '?' | '!' | '।' | '。' | '？' | '！' | '…' => {
                next.is_none_or(|n| n.is_whitespace() || matches!(n, ')' | '"' | '”' | '»'))
            }
            '.' => next.is_none_or(char::is_whitespace) && full_stop(line, at),
            ' ' if lang == Lang::Th => {
                let said = line.get(..at).unwrap_or_default();
                let polite = ["ครับ", "ค่ะ", "คะ", "ค่า", "ครับผม", "จ้า", "นะ"]
                    .iter()
                    .any(|p| said.ends_with(p));
                polite || long > THAI
            }
            _ => false,
        };
        if ends {
            let stop = if c == ' ' { start + at } else { here };
            if stop > begin {
                out.push(Sentence { start: begin, end: stop });
            }
            let rest = line.get(at + c.len_utf8()..).unwrap_or_default();
            begin = here + (rest.len() - rest.trim_start().len());
            long = 0;
        }
    }
    *open = (begin < end).then_some(Sentence { start: begin, end });
}

/// Whether the full stop at `at` ends a sentence.
fn full_stop(line: &str, at: usize) -> bool {
    let before = line.get(..at).unwrap_or_default();
    let word = before.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
    let after = line.get(at + 1..).unwrap_or_default().trim_start();
    let lower = after.starts_with(char::is_lowercase);
    let number = !word.is_empty() && word.chars().all(|c| c.is_ascii_digit()) && word.len() < 3;
    let initial =
        (word.chars().count() == 1 && word.chars().all(char::is_alphabetic)) || word.contains('.');
    let short = SHORT.contains(&word.to_lowercase().as_str());
    // At the end of a line it ends what it ends.
    after.is_empty()
        || !(lower || number || short || (initial && !word.ends_with(char::is_numeric)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<&str> {
        sentences(text, Lang::En).iter().map(|s| &text[s.start..s.end]).collect()
    }

    #[test]
    fn sentences_end_where_people_end_them() {
        assert_eq!(
            parts("Hi Ana,\n\nSee Dr. Paz at 5 p.m. today. Bring it!\n- one\n- two"),
            ["Hi Ana,", "See Dr. Paz at 5 p.m. today.", "Bring it!", "one", "two"]
        );
        let wrapped = "This line was wrapped by the mail program of the sender and\ngoes on here.\n> quoted?\n-- \nAna";
        assert_eq!(parts(wrapped).len(), 1);
        assert_eq!(parts("Bis zum 3. März bitte. Danke"), ["Bis zum 3. März bitte.", "Danke"]);
        assert!(parts("").is_empty());
    }
}
