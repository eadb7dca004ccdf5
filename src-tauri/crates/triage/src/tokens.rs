//! Text as words that can be counted: lower case, numbers alike; scripts without blanks (Chinese, Japanese, Thai)
//! character by character.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use xxhash_rust::xxh3::xxh3_64;

/// One word. `hash` stands for it in the model, `text` in the reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) hash: u64,
    pub(crate) text: String,
}

/// Bytes of a word that are kept: one that goes on for ever is no word.
const LONGEST: usize = 40;

/// What the hash of a sequence begins with.
pub(crate) const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hash of a sequence, one token longer.
pub(crate) fn fold(hash: u64, token: &Token) -> u64 {
    mix(hash, token.hash)
}

/// One hash of two.
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    (a.rotate_left(23) ^ b).wrapping_mul(0x2545_f491_4f6c_dd1d)
}

/// The hash of a sequence.
pub(crate) fn hash_of(tokens: &[Token]) -> u64 {
    tokens.iter().fold(SEED, fold)
}

/// Something looked up by hashes of tokens, which need not be hashed again.
pub(crate) type ByHash<T> = HashMap<u64, T, BuildHasherDefault<AsItIs>>;

/// A hasher for what is a hash already.
#[derive(Default)]
pub(crate) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64(bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// Scripts that write no blanks between words.
pub(crate) fn runs_on(c: char) -> bool {
    matches!(c, '\u{0e00}'..='\u{0e7f}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ac00}'..='\u{d7af}')
}

/// Marks that stand on a letter of the same word: Devanagari's vowel signs and virama, combining accents.
pub(crate) fn joins(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036f}' | '\u{0900}'..='\u{0903}' | '\u{093a}'..='\u{094f}' | '\u{0951}'..='\u{0957}' | '\u{0962}'..='\u{0963}' | '\u{200c}' | '\u{200d}')
}

/// The first `limit` tokens of a text. Addresses and links become one token each, numbers `#`.
pub(crate) fn tokens(text: &str, limit: usize) -> Vec<Token> {
    let mut out = Vec::new();
    for piece in text.split_whitespace() {
        if out.len() >= limit {
            break;
        }
        if piece.contains("://") || piece.starts_with("www.") {
            push(&mut out, "<link>");
        } else if piece.len() > 4 && piece.contains('@') && piece.contains('.') {
            push(&mut out, "<address>");
        } else {
            split(piece, &mut out);
        }
    }
    out.truncate(limit);
    out
}

fn push(out: &mut Vec<Token>, text: &str) {
    out.push(Token { hash: xxh3_64(text.as_bytes()), text: text.to_owned() });
}

fn split(piece: &str, out: &mut Vec<Token>) {
    let mut word = String::new();
    let flush = |word: &mut String, out: &mut Vec<Token>| {
        if !word.is_empty() {
            let number = word.bytes().all(|b| b.is_ascii_digit());
            push(out, if number { "#" } else { word });
            word.clear();
        }
    };
    for c in piece.chars() {
        // Most letters are these, and need no table.
        if c.is_ascii_alphanumeric() {
            if word.len() < LONGEST {
                word.push(c.to_ascii_lowercase());
            }
        } else if runs_on(c) {
            flush(&mut word, out);
            push(out, c.encode_utf8(&mut [0; 4]));
        } else if c.is_alphanumeric() || joins(c) {
            if word.len() < LONGEST {
                word.extend(c.to_lowercase());
            }
        } else if matches!(c, '\'' | '\u{2019}') {
            // "don't" is one word in most languages; "d'ici" is two, which the phrases allow for.
            flush(&mut word, out);
        } else {
            flush(&mut word, out);
            if matches!(c, '!' | '?' | '%' | '$' | '€' | '£' | '+' | '？' | '！' | '¥') {
                push(out, c.encode_utf8(&mut [0; 4]));
            }
        }
    }
    flush(&mut word, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        tokens(text, 100).into_iter().map(|t| t.text).collect()
    }

    #[test]
    fn words_numbers_links_and_cjk() {
        assert_eq!(texts("Pay $1200 by 17:30!"), ["pay", "$", "#", "by", "#", "#", "!"]);
        assert_eq!(texts("see https://x.example/a?b a@b.example"), ["see", "<link>", "<address>"]);
        assert_eq!(texts("明日まで"), ["明", "日", "ま", "で"]);
        assert_eq!(texts("कृपया भेजें"), ["कृपया", "भेजें"]);
        assert_eq!(texts("วันนี้").concat(), "วันนี้");
        assert_eq!(tokens(&"a ".repeat(1000), 7).len(), 7);
    }
}
