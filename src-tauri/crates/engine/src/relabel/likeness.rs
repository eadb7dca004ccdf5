//! Near-duplicates: messages that the voices read alike, because they differ in numbers and blanks alone.
//!
//! The same newsletter to two addresses, the same alert a hundred times, the same receipt with another amount. To the
//! evidence numbers are alike anyway. What is equal here is equal in account, sender's domain, place among the
//! recipients, kind of mail, subject and text. Exact rather than by nearest neighbours: it can be explained, and a
//! message that only resembles another one is read for itself.

use mailroom_domain::{AccountId, MessageContent};
use xxhash_rust::xxh3::Xxh3;

/// Bytes of a text that are compared; beyond, no voice reads.
const MOST: usize = 30_000;
/// Letters below which what is quoted is compared as well: the voices then read it too.
const LITTLE: usize = 160;

/// A number that is equal for near-duplicates. `own` holds the reader's addresses, lower-cased.
pub(super) fn likeness(account: AccountId, content: &MessageContent, own: &[String]) -> i64 {
    let h = &content.headers;
    let mut hash = Xxh3::new();
    let mut part = |bytes: &[u8]| {
        hash.update(&(bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    part(&account.0.to_le_bytes());
    part(h.from.as_ref().map(mailroom_domain::Address::domain).unwrap_or_default().as_bytes());
    part(format!("{:?}", content.position(own)).as_bytes());
    part(&[
        u8::from(h.list_id.is_some() || h.list_software),
        u8::from(h.list_unsubscribe || h.one_click_unsubscribe),
        u8::from(h.bulk_service || h.precedence.is_some()),
        u8::from(h.auto_submitted.is_some() || h.null_return_path),
        u8::from(!h.in_reply_to.is_empty() || !h.references.is_empty()),
        u8::from(h.high_importance) + 2 * u8::from(h.low_importance),
        u8::from(content.attachments.iter().any(|a| !a.inline)),
        u8::from(content.html_only),
    ]);
    part(content.calendar.as_ref().map_or("", |c| c.method.as_str()).as_bytes());
    part(masked(&h.subject).as_bytes());
    let text = masked(&content.new_text);
    part(text.as_bytes());
    if text.chars().filter(|c| c.is_alphanumeric()).take(LITTLE).count() < LITTLE {
        part(masked(&content.text).as_bytes());
    }
    hash.digest() as i64
}

/// Lower case, one `#` for each number, one blank for each gap.
fn masked(text: &str) -> String {
    let text = text.get(..text.floor_char_boundary(MOST)).unwrap_or_default();
    let mut out = String::with_capacity(text.len());
    let mut last = ' ';
    for c in text.chars() {
        let c = match c {
            c if c.is_whitespace() => ' ',
            c if c.is_numeric() => '#',
            // 1,234.50 is one number, and so is 12:30.
            '.' | ',' | ':' if last == '#' => continue,
            c => c,
        };
        if (c == ' ' || c == '#') && c == last {
            continue;
        }
        last = c;
        out.extend(c.to_lowercase());
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailroom_domain::Address;

    fn message(from: &str, subject: &str, text: &str) -> MessageContent {
        let mut content =
            MessageContent { new_text: text.into(), text: text.into(), ..Default::default() };
        content.headers.subject = subject.into();
        content.headers.from = Some(Address { name: String::new(), address: from.into() });
        content.headers.to =
            vec![Address { name: String::new(), address: "me@home.example".into() }];
        content
    }

    #[test]
    fn numbers_and_blanks_make_no_difference_and_words_do() {
        let own = ["me@home.example".to_owned()];
        let of = |content: &MessageContent| likeness(AccountId(1), content, &own);
        let first =
            message("a@shop.example", "Order 17 shipped", "Your total: 1,234.50 EUR.\n\nBye");
        let again =
            message("b@shop.example", "ORDER 9918 shipped", "Your  total: 7 EUR.\r\nBye\r\n");
        assert_eq!(of(&first), of(&again));
        for other in [
            message("a@bank.example", "Order 17 shipped", "Your total: 1,234.50 EUR.\n\nBye"),
            message("a@shop.example", "Order 17 delayed", "Your total: 1,234.50 EUR.\n\nBye"),
            message("a@shop.example", "Order 17 shipped", "Your total: none EUR.\n\nBye"),
            message("a@shop.example", "", "Order 17 shipped Your total: 1,234.50 EUR.\n\nBye"),
        ] {
            assert_ne!(of(&first), of(&other), "{other:?}");
        }
        let mut copied = first.clone();
        copied.headers.cc = std::mem::take(&mut copied.headers.to);
        assert_ne!(of(&first), of(&copied), "a copy is other mail");
        assert_ne!(of(&first), likeness(AccountId(2), &first, &own), "another account");
        let mut forwarded = message("a@shop.example", "Fwd", "fyi");
        let mut other = forwarded.clone();
        forwarded.text = "fyi\n> The roof leaks.".into();
        other.text = "fyi\n> The roof is done.".into();
        assert_ne!(of(&forwarded), of(&other), "what a short note forwards counts");
    }

    #[test]
    fn any_text_can_be_masked() {
        assert_eq!(masked("  On 12:30,\t 4 PM \n"), "on # # pm");
        assert_eq!(masked("٣٤ ४२ x²"), "# # x#");
        for text in ["", "\u{0}", &"ß1".repeat(40_000), &"สวัสดี".repeat(9000)] {
            assert!(masked(text).len() <= MOST + 8);
        }
    }
}
