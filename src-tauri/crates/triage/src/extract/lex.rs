//! Words, numbers and marks with their places, and phrases that are looked up among them.
//!
//! `tokens` counts words and forgets where they stood and what the numbers were; here both matter. Words are lower
//! case without Latin accents and Devanagari dots, so that "März", "MARZ" and "mañana" typed as "manana" are found.

use crate::tokens::{ByHash, SEED, joins, mix, runs_on};
use xxhash_rust::xxh3::xxh3_64;

/// What stands between a lexeme and the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gap {
    None,
    Blank,
    Line,
    /// An empty line, or the beginning of the text.
    Paragraph,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    /// Its value, saturating, and how many digits it was written with.
    Number(u64, u8),
    Mark(char),
    /// A link or address, whatever is in it.
    Link,
}

/// `start..end` are bytes of the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lexeme {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: Kind,
    pub(crate) hash: u64,
    pub(crate) gap: Gap,
}

/// Bytes of a folded word that count.
const LONGEST: usize = 64;

/// The value of a decimal digit of the scripts that are read: ASCII, Devanagari, Thai.
pub(crate) fn digit(c: char) -> Option<u64> {
    let (first, c) = (c as u32, c);
    let base = match c {
        '0'..='9' => 0x30,
        '\u{966}'..='\u{96f}' => 0x966,
        '\u{e50}'..='\u{e59}' => 0xe50,
        _ => return None,
    };
    Some(u64::from(first - base))
}

/// Appends a letter as words are compared by.
fn fold(c: char, out: &mut String) {
    for c in c.to_lowercase() {
        let plain = match c {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' => 'a',
            'è' | 'é' | 'ê' | 'ë' | 'ē' => 'e',
            'ì' | 'í' | 'î' | 'ï' => 'i',
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' => 'o',
            'ù' | 'ú' | 'û' | 'ü' => 'u',
            'ç' => 'c',
            'ñ' => 'n',
            'ß' => {
                out.push_str("ss");
                continue;
            }
            'œ' => {
                out.push_str("oe");
                continue;
            }
            // Letters with a dot below are also written as letter and dot; both become the letter.
            '\u{958}' => 'क',
            '\u{959}' => 'ख',
            '\u{95a}' => 'ग',
            '\u{95b}' => 'ज',
            '\u{95c}' => 'ड',
            '\u{95d}' => 'ढ',
            '\u{95e}' => 'फ',
            // "हूँ" is as often written "हूं".
            '\u{901}' => '\u{902}',
            '\u{300}'..='\u{36f}' | '\u{93c}' | '\u{200c}' | '\u{200d}' => continue,
            c => c,
        };
        out.push(plain);
    }
}

fn is_link(piece: &str) -> bool {
    piece.contains("://")
        || piece.starts_with("www.")
        || (piece.len() > 4 && piece.contains('@') && piece.contains('.'))
}

/// All lexemes of a text, in one pass.
pub(crate) fn lex(text: &str) -> Vec<Lexeme> {
    let mut out = Vec::new();
    let mut gap = Gap::Paragraph;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|r| !r.is_empty()) {
        let blank = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
        if blank > 0 {
            let lines = rest.get(..blank).unwrap_or_default().matches('\n').count();
            let seen = match lines {
                0 => Gap::Blank,
                1 => Gap::Line,
                _ => Gap::Paragraph,
            };
            gap = gap.max(seen);
            at += blank;
            continue;
        }
        let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let piece = rest.get(..length).unwrap_or_default();
        if is_link(piece) {
            out.push(Lexeme { start: at, end: at + length, kind: Kind::Link, hash: 0, gap });
        } else {
            split(piece, at, gap, &mut out);
        }
        gap = Gap::None;
        at += length;
    }
    out
}

fn split(piece: &str, offset: usize, mut gap: Gap, out: &mut Vec<Lexeme>) {
    let mut chars = piece.char_indices().peekable();
    let mut word = String::new();
    while let Some((at, c)) = chars.next() {
        let start = offset + at;
        let mut end = start + c.len_utf8();
        if matches!(c, '\'' | '\u{2019}') {
            continue;
        }
        word.clear();
        let kind = if let Some(value) = digit(c) {
            let (mut value, mut digits) = (value, 1u8);
            while let Some((_, next)) = chars.peek().copied()
                && let Some(more) = digit(next)
            {
                value = value.saturating_mul(10).saturating_add(more);
                digits = digits.saturating_add(1);
                end += next.len_utf8();
                chars.next();
            }
            Kind::Number(value, digits)
        } else if runs_on(c) && c != '฿' {
            word.push(c);
            Kind::Word
        } else if c.is_alphabetic() || joins(c) {
            fold(c, &mut word);
            while let Some((_, next)) = chars.peek().copied() {
                let letter = (next.is_alphabetic() || joins(next)) && !runs_on(next);
                if !letter || digit(next).is_some() {
                    break;
                }
                if word.len() < LONGEST {
                    fold(next, &mut word);
                }
                end += next.len_utf8();
                chars.next();
            }
            Kind::Word
        } else {
            word.push(c);
            Kind::Mark(c)
        };
        let hash = if matches!(kind, Kind::Number(..)) { 0 } else { xxh3_64(word.as_bytes()) };
        out.push(Lexeme { start, end, kind, hash, gap });
        gap = Gap::None;
    }
}

/// What the lexemes up to here are.
struct Step<T> {
    means: Option<T>,
    goes_on: bool,
}

/// Phrases and what they mean. Of phrases that begin alike the longest counts.
pub(crate) struct Phrases<T>(ByHash<Step<T>>);

impl<T: Copy> Phrases<T> {
    /// Of lists of phrases, each separated by `|`. Where one is listed twice, the first meaning stands.
    pub(crate) fn of<'a>(lists: impl IntoIterator<Item = (T, &'a str)>) -> Phrases<T> {
        let mut table: ByHash<Step<T>> = ByHash::default();
        for (means, list) in lists {
            for phrase in list.split('|') {
                let words = lex(phrase);
                let mut key = SEED;
                for (n, word) in words.iter().enumerate() {
                    key = mix(key, word.hash);
                    let step = table.entry(key).or_insert(Step { means: None, goes_on: false });
                    if n + 1 < words.len() {
                        step.goes_on = true;
                    } else {
                        step.means.get_or_insert(means);
                    }
                }
            }
        }
        Phrases(table)
    }

    /// The longest phrase that begins at `at`: what it means and how many lexemes it has.
    pub(crate) fn longest(&self, lexemes: &[Lexeme], at: usize) -> Option<(T, usize)> {
        let mut key = SEED;
        let mut best = None;
        for (n, lexeme) in lexemes.get(at..)?.iter().enumerate() {
            if n > 0 && lexeme.gap == Gap::Paragraph {
                break;
            }
            key = mix(key, lexeme.hash);
            let Some(step) = self.0.get(&key) else { break };
            if let Some(means) = step.means {
                best = Some((means, n + 1));
            }
            if !step.goes_on {
                break;
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<&str> {
        lex(text).iter().map(|l| &text[l.start..l.end]).collect()
    }

    #[test]
    fn numbers_part_from_letters_and_marks_stand_alone() {
        assert_eq!(
            parts("5pm, 17h30 l'8 März"),
            ["5", "pm", ",", "17", "h", "30", "l", "8", "März"]
        );
        assert_eq!(
            parts("see https://x.example/2024-01-02 now"),
            ["see", "https://x.example/2024-01-02", "now"]
        );
        assert_eq!(parts("๑๕ ३ मार्च").len(), 3);
        assert!(matches!(lex("๑๕")[0].kind, Kind::Number(15, 2)));
        assert!(matches!(lex(&"9".repeat(400))[0].kind, Kind::Number(u64::MAX, 255)));
    }

    #[test]
    fn accents_composed_or_not_or_forgotten_are_the_same_word() {
        let hash = |text: &str| lex(text)[0].hash;
        assert_eq!(hash("mañana"), hash("MANANA"));
        assert_eq!(hash("février"), hash("fe\u{301}vrier"));
        assert_eq!(hash("ज़रूरी"), hash("\u{95b}रूरी"));
        assert_eq!(hash("groß"), hash("gross"));
    }

    #[test]
    fn the_longest_phrase_counts_and_none_crosses_an_empty_line() {
        let phrases = Phrases::of([(1, "end of month|end"), (2, "วันนี้")]);
        let longest = |text: &str| phrases.longest(&lex(text), 0);
        assert_eq!(longest("End of\nmonth"), Some((1, 3)));
        assert_eq!(longest("end of\n\nmonth"), Some((1, 1)));
        assert_eq!(longest("วันนี้ค่ะ").map(|f| f.0), Some(2));
    }
}
