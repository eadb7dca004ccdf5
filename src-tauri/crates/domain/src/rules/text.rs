//! How text is compared: without regard to case, and with a matcher for globs that takes linear time.
//!
//! No regular expressions: a pattern of a stranger's making must never cost more than one pass over the text.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The longest glob, in characters. It bounds the words of bits that the matcher works with.
pub const GLOB_LIMIT: usize = 128;

/// Lower-cases as Unicode does (Unicode 16, 3.13), with both small sigmas as one, since which of them is written
/// depends on the letters around. Canonically equivalent spellings (NFC, NFD) stay different.
pub(super) fn fold(text: &str) -> String {
    let lower = text.to_lowercase();
    if lower.contains('ς') { lower.replace('ς', "σ") } else { lower }
}

/// The same, with each run of white space as one blank and none at the ends: lines of a message break anywhere.
pub(super) fn fold_lines(text: &str) -> String {
    let folded = fold(text);
    let mut out = String::with_capacity(folded.len());
    for word in folded.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// How a text is compared with what the user typed. Case never matters, and a text that is absent fits nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleTextTest"))]
#[serde(tag = "how", content = "value", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TextTest {
    /// The whole text. For a domain, its subdomains as well.
    Is(String),
    /// Anywhere.
    Contains(String),
    /// At the beginning.
    Starts(String),
    /// At the end.
    Ends(String),
    /// The whole text, where `*` stands for any characters or none, `?` for any one character, and `\` before one of
    /// the three for that character itself.
    Glob(String),
    /// There is a text, and it is not empty.
    Present,
}

impl TextTest {
    /// What the user typed; `None` where nothing is to be typed.
    pub fn value(&self) -> Option<&str> {
        match self {
            TextTest::Is(v)
            | TextTest::Contains(v)
            | TextTest::Starts(v)
            | TextTest::Ends(v)
            | TextTest::Glob(v) => Some(v),
            TextTest::Present => None,
        }
    }

    pub(super) fn map(&self, change: impl FnOnce(&str) -> String) -> TextTest {
        match self {
            TextTest::Is(v) => TextTest::Is(change(v)),
            TextTest::Contains(v) => TextTest::Contains(change(v)),
            TextTest::Starts(v) => TextTest::Starts(change(v)),
            TextTest::Ends(v) => TextTest::Ends(change(v)),
            TextTest::Glob(v) => TextTest::Glob(change(v)),
            TextTest::Present => TextTest::Present,
        }
    }

    /// Whether it fits. Both sides are folded already; an empty value fits nothing.
    pub(super) fn fits(&self, text: &str) -> bool {
        match self {
            TextTest::Present => !text.is_empty(),
            TextTest::Is(v) => !v.is_empty() && text == v,
            TextTest::Contains(v) => !v.is_empty() && text.contains(v.as_str()),
            TextTest::Starts(v) => !v.is_empty() && text.starts_with(v.as_str()),
            TextTest::Ends(v) => !v.is_empty() && text.ends_with(v.as_str()),
            TextTest::Glob(v) => !v.is_empty() && glob(v, text),
        }
    }

    /// The same for a domain: `is` covers subdomains.
    pub(super) fn fits_domain(&self, domain: &str) -> bool {
        self.fits(domain)
            || matches!(self, TextTest::Is(v) if !v.is_empty()
                && domain.strip_suffix(v.as_str()).is_some_and(|rest| rest.ends_with('.')))
    }
}

impl fmt::Display for TextTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TextTest::Is(v) => write!(f, "is “{v}”"),
            TextTest::Contains(v) => write!(f, "contains “{v}”"),
            TextTest::Starts(v) => write!(f, "starts with “{v}”"),
            TextTest::Ends(v) => write!(f, "ends with “{v}”"),
            TextTest::Glob(v) => write!(f, "fits “{v}”"),
            TextTest::Present => f.write_str("is there"),
        }
    }
}

/// A character of a glob between its stars.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    One,
    Char(char),
}

/// Whether all of `text` fits the glob. Patterns longer than [`GLOB_LIMIT`] fit nothing.
///
/// Takes the leftmost place for each part between two stars, which is right because a later start could only leave less
/// text for the rest; a part is found with the Shift-And algorithm (Baeza-Yates and Gonnet 1992), so that the whole is
/// one pass over the text.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let Some(parts) = parts(pattern) else { return false };
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return false };
    let Some(mut rest) = strip(first, text) else { return false };
    if parts.len() == 1 {
        return rest.is_empty();
    }
    for part in parts.get(1..parts.len() - 1).unwrap_or_default() {
        let Some(after) = find(part, rest) else { return false };
        rest = after;
    }
    // The last part stands at the end, on characters that no earlier part has used.
    let Some(skip) = rest.chars().count().checked_sub(last.len()) else { return false };
    let at = rest.char_indices().nth(skip).map_or(rest.len(), |(at, _)| at);
    rest.get(at..).and_then(|end| strip(last, end)).is_some()
}

/// The parts between stars; at least one. `None` if the pattern is too long.
fn parts(pattern: &str) -> Option<Vec<Vec<Piece>>> {
    let mut out = vec![Vec::new()];
    let mut chars = pattern.chars();
    let mut count = 0;
    while let Some(c) = chars.next() {
        count += 1;
        if count > GLOB_LIMIT {
            return None;
        }
        let piece = match c {
            '*' => {
                out.push(Vec::new());
                continue;
            }
            '?' => Piece::One,
            '\\' => {
                // Before anything else a backslash stands for itself.
                let next = chars.clone().next();
                match next {
                    Some(escaped @ ('*' | '?' | '\\')) => {
                        chars.next();
                        Piece::Char(escaped)
                    }
                    _ => Piece::Char('\\'),
                }
            }
            c => Piece::Char(c),
        };
        if let Some(part) = out.last_mut() {
            part.push(piece);
        }
    }
    Some(out)
}

/// What follows if the text starts with the part.
fn strip<'t>(part: &[Piece], text: &'t str) -> Option<&'t str> {
    let mut chars = text.chars();
    for piece in part {
        let c = chars.next()?;
        if *piece != Piece::One && *piece != Piece::Char(c) {
            return None;
        }
    }
    Some(chars.as_str())
}

/// What follows the leftmost place of the part. A part has at most [`GLOB_LIMIT`] pieces, as many as there are bits.
fn find<'t>(part: &[Piece], text: &'t str) -> Option<&'t str> {
    if part.is_empty() {
        return Some(text);
    }
    let (mut any, mut of) = (0u128, BTreeMap::<char, u128>::new());
    for (at, piece) in part.iter().enumerate() {
        match piece {
            Piece::One => any |= 1 << at,
            Piece::Char(c) => *of.entry(*c).or_default() |= 1 << at,
        }
    }
    let end = 1u128 << (part.len() - 1);
    let mut state = 0u128;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        state = ((state << 1) | 1) & (any | of.get(&c).copied().unwrap_or_default());
        if state & end != 0 {
            return Some(chars.as_str());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, in exponential time.
    fn slow(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|skip| slow(rest, &text[skip..])),
            Some(('\\', rest)) if matches!(rest.first(), Some('*' | '?' | '\\')) => {
                text.first() == rest.first() && slow(&rest[1..], &text[1..])
            }
            Some((p, rest)) => {
                text.first().is_some_and(|t| *p == '?' || p == t) && slow(rest, &text[1..])
            }
        }
    }

    #[test]
    fn globs_mean_what_they_are_defined_to_mean() {
        let mut state = 1u64;
        let mut next = |n: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % n
        };
        let (mut yes, mut no) = (0, 0);
        for _ in 0..40_000 {
            let pattern: Vec<char> =
                (0..next(9)).map(|_| ['a', 'b', 'é', '*', '?', '\\'][next(6)]).collect();
            let text: Vec<char> =
                (0..next(9)).map(|_| ['a', 'b', 'é', '*', '\\'][next(5)]).collect();
            let (p, t) = (pattern.iter().collect::<String>(), text.iter().collect::<String>());
            let fits = glob(&p, &t);
            assert_eq!(fits, slow(&pattern, &text), "{p:?} {t:?}");
            if fits { yes += 1 } else { no += 1 }
        }
        assert!(yes > 1000 && no > 1000, "{yes} {no}");
    }

    #[test]
    fn a_hostile_glob_takes_one_pass() {
        // A matcher that goes back would need 10^30 steps here.
        let text = "a".repeat(200_000);
        assert!(!glob(
            &"*a?a".repeat(15).replace("?a*", "?*").chars().chain("*b".chars()).collect::<String>(),
            &text
        ));
        assert!(glob(&"*a".repeat(60), &text));
        assert!(!glob(&"a".repeat(GLOB_LIMIT + 1), &"a".repeat(GLOB_LIMIT + 1)));
        assert!(glob(&"a".repeat(GLOB_LIMIT), &"a".repeat(GLOB_LIMIT)));
    }

    #[test]
    fn case_is_folded_beyond_ascii() {
        assert_eq!(fold("MÜLLER"), fold("müller"));
        assert_eq!(fold("ΟΔΟΣ"), fold("οδος"));
        assert_eq!(fold("ΟΔΟΣ ΑΒ"), fold("οδος αβ"));
        assert_eq!(fold_lines(" An\r\n  Invoice\tis "), "an invoice is");
    }

    #[test]
    fn each_comparison_compares() {
        let v = || "ab".to_owned();
        for (test, yes, no) in [
            (TextTest::Is(v()), "ab", "abc"),
            (TextTest::Contains(v()), "xabx", "axb"),
            (TextTest::Starts(v()), "abx", "xab"),
            (TextTest::Ends(v()), "xab", "abx"),
            (TextTest::Glob("a*b?".into()), "axxbx", "axxb"),
            (TextTest::Present, "x", ""),
        ] {
            assert!(test.fits(yes), "{test}");
            assert!(!test.fits(no), "{test}");
        }
        for empty in [
            TextTest::Is(String::new()),
            TextTest::Contains(String::new()),
            TextTest::Glob(String::new()),
        ] {
            assert!(!empty.fits("") && !empty.fits("x"), "{empty}");
        }
        let domain = TextTest::Is("shop.example".into());
        assert!(domain.fits_domain("mail.shop.example") && !domain.fits_domain("myshop.example"));
    }
}
