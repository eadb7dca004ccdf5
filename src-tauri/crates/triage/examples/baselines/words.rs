//! A message as words, as filters of the naive kind see it: words of the text, and what stands in headers as words
//! with the header's name in front. After POPFile 1.1 (MailParse.pm, WordMangle.pm): words of 3 to 45 letters in lower
//! case, `subject:`, `from:`, `to:`, `cc:`, `header:` for each header that is there, `html:` for each tag, hosts of
//! links. Not taken over: its English stop words, and its tricks against spammers' spelling. Thai and other scripts
//! without blanks give pairs of characters, where POPFile would take a line for a word.

use mailroom_domain::{Address, MessageContent};

const SHORTEST: usize = 3;
const LONGEST: usize = 45;

/// All words, as often as they stand there.
pub fn words(content: &MessageContent) -> Vec<String> {
    let h = &content.headers;
    let mut out = Vec::new();
    cut(&h.subject, "subject:", &mut out);
    for address in h.from.iter().chain(&h.reply_to) {
        mailbox(address, "from:", &mut out);
    }
    for address in &h.to {
        mailbox(address, "to:", &mut out);
    }
    for address in &h.cc {
        mailbox(address, "cc:", &mut out);
    }
    out.extend(h.names.iter().map(|name| format!("header:{name}")));
    let html = content.html.as_deref().unwrap_or_default();
    for piece in html.split('<').skip(1) {
        let tag: String = piece.chars().take_while(char::is_ascii_alphanumeric).collect();
        if !tag.is_empty() {
            out.push(format!("html:{}", tag.to_lowercase()));
        }
    }
    for piece in content.text.split("://").skip(1) {
        let host: String =
            piece.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '.' | '-')).collect();
        out.push(host.to_lowercase());
    }
    cut(&content.text, "", &mut out);
    out
}

fn mailbox(address: &Address, prefix: &str, out: &mut Vec<String>) {
    out.push(format!("{prefix}{}", address.address.to_lowercase()));
    out.push(format!("{prefix}{}", address.domain()));
    cut(&address.name, prefix, out);
}

fn cut(text: &str, prefix: &str, out: &mut Vec<String>) {
    let mut word = String::new();
    let mut length = 0;
    let mut before = None;
    for c in text.chars().chain([' ']) {
        if runs_on(c) {
            if let Some(before) = before {
                out.push(format!("{prefix}{before}{c}"));
            }
            before = Some(c);
        } else {
            before = None;
        }
        if !runs_on(c) && (c.is_alphabetic() || joins(c) || (c == '\'' && length > 0)) {
            word.extend(c.to_lowercase());
            length += 1;
        } else {
            if (SHORTEST..=LONGEST).contains(&length) {
                out.push(format!("{prefix}{word}"));
            }
            word.clear();
            length = 0;
        }
    }
}

/// Thai, kana, Chinese characters, Hangul.
fn runs_on(c: char) -> bool {
    matches!(c, '\u{0e00}'..='\u{0e7f}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// Combining marks and Devanagari's vowel signs are no ends of words.
fn joins(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036f}' | '\u{0900}'..='\u{0963}' | '\u{200c}' | '\u{200d}')
}
