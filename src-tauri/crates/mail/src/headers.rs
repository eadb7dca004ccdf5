//! What a message's header fields say, as [`HeaderFacts`].
//!
//! Where a field that must stand once stands twice, the first counts, here and wherever Mailroom shows it,
//! and a defect says so.

use crate::mime::{Defects, first};
use crate::neutral;
use mail_parser::{Addr, HeaderName, HeaderValue, Message};
use mailroom_domain::{Address, AuthResult, Authentication, HeaderFacts, UnixSeconds};

/// Addresses of one field that are kept.
const ADDRESSES: usize = 200;
/// Bytes of an identifier that is kept (RFC 5322, 2.1.1: a line's length).
const ID: usize = 998;

/// Reads the facts. `block` is the raw header block that `fields` was read from.
pub(crate) fn facts(fields: Option<&Message<'_>>, defects: &mut Defects) -> HeaderFacts {
    let Some(message) = fields else { return HeaderFacts::default() };
    let raw = |name: &str| -> Option<String> {
        message
            .headers()
            .iter()
            .find(|h| h.name.as_str().eq_ignore_ascii_case(name))
            .map(|h| value_text(message, h))
    };
    let line = |name: &str, limit: usize| {
        raw(name).map(|v| neutral::line(&v, limit)).filter(|v| !v.is_empty())
    };
    let lower = |name: &str| line(name, 200).map(|v| v.to_lowercase());
    let has =
        |name: &str| message.headers().iter().any(|h| h.name.as_str().eq_ignore_ascii_case(name));
    let addresses = |name: HeaderName<'static>| addresses(first(fields, &name));

    for (name, label) in [
        (HeaderName::From, "From"),
        (HeaderName::Subject, "Subject"),
        (HeaderName::Date, "Date"),
        (HeaderName::MessageId, "Message-ID"),
        (HeaderName::ContentType, "Content-Type"),
    ] {
        if message.headers().iter().filter(|h| h.name == name).count() > 1 {
            defects.note(&format!("It has more than one {label}; the first one is shown."));
        }
    }

    let mut from = addresses(HeaderName::From);
    if from.len() > 1 {
        defects.note("It names more than one author; the first one is shown.");
    }
    let from = if from.is_empty() { None } else { Some(from.swap_remove(0)) };
    if from.is_none() {
        defects.note("It does not say who sent it.");
    }
    let sender = addresses(HeaderName::Sender)
        .into_iter()
        .next()
        .filter(|s| !from.as_ref().is_some_and(|f| f.address.eq_ignore_ascii_case(&s.address)));

    let importance = lower("importance").or_else(|| lower("x-msmail-priority"));
    let priority = lower("x-priority").or_else(|| lower("priority"));
    let first_digit = priority.as_deref().and_then(|p| p.chars().next());
    let urgent = |w: Option<&str>| matches!(w, Some("high" | "urgent"));
    let minor = |w: Option<&str>| matches!(w, Some("low" | "non-urgent"));

    let mut names: Vec<String> = Vec::new();
    for header in message.headers() {
        let name = neutral::line(&header.name.as_str().to_lowercase(), 80);
        if !names.contains(&name) && names.len() < 200 {
            names.push(name);
        }
    }
    names.sort_unstable();

    let mut delivered_to: Vec<String> = Vec::new();
    for header in message.headers() {
        let name = header.name.as_str();
        if ["delivered-to", "x-original-to", "envelope-to"]
            .iter()
            .any(|n| name.eq_ignore_ascii_case(n))
        {
            let address =
                neutral::line(value_text(message, header).trim().trim_matches(['<', '>']), 320)
                    .to_lowercase();
            if address.contains('@') && !delivered_to.contains(&address) && delivered_to.len() < 20
            {
                delivered_to.push(address);
            }
        }
    }

    let mut references = ids(first(fields, &HeaderName::References));
    if references.len() > 100 {
        references.drain(..references.len() - 100);
    }

    let date = first(fields, &HeaderName::Date).and_then(date);
    if date.is_none() && has("date") {
        defects.note("Its date cannot be read.");
    }
    let subject = match first(fields, &HeaderName::Subject) {
        Some(value) => value.as_text().map(|t| neutral::line(t, 500)).unwrap_or_default(),
        None => String::new(),
    };
    let spam = |name: &str| lower(name).is_some_and(|v| v.starts_with("yes"));

    HeaderFacts {
        message_id: ids(first(fields, &HeaderName::MessageId)).into_iter().next(),
        in_reply_to: ids(first(fields, &HeaderName::InReplyTo)).into_iter().take(20).collect(),
        references,
        subject,
        from,
        sender,
        reply_to: addresses(HeaderName::ReplyTo),
        to: addresses(HeaderName::To),
        cc: addresses(HeaderName::Cc),
        delivered_to,
        date,
        list_id: line("list-id", 300).map(|v| list_id(&v)).filter(|v| !v.is_empty()),
        list_unsubscribe: has("list-unsubscribe"),
        one_click_unsubscribe: has("list-unsubscribe-post"),
        list_software: [
            "list-post",
            "mailing-list",
            "x-beenthere",
            "x-mailman-version",
            "x-mailing-list",
            "list-help",
        ]
        .iter()
        .any(|n| has(n)),
        precedence: lower("precedence"),
        auto_submitted: lower("auto-submitted").filter(|v| v != "no"),
        high_importance: urgent(importance.as_deref())
            || urgent(priority.as_deref())
            || matches!(first_digit, Some('1' | '2')),
        low_importance: minor(importance.as_deref())
            || minor(priority.as_deref())
            || matches!(first_digit, Some('4' | '5')),
        mailer: line("x-mailer", 200).or_else(|| line("user-agent", 200)),
        null_return_path: raw("return-path")
            .is_some_and(|v| v.chars().filter(|c| !c.is_whitespace()).collect::<String>() == "<>"),
        bulk_service: [
            "feedback-id",
            "x-csa-complaints",
            "x-campaign",
            "x-campaignid",
            "x-mailgun-sid",
            "x-sg-eid",
            "x-ses-outgoing",
            "x-mc-user",
            "x-mailer-sid",
            "x-report-abuse",
        ]
        .iter()
        .any(|n| has(n)),
        authentication: raw("authentication-results")
            .map(|v| authentication(&v))
            .unwrap_or_default(),
        marked_spam: spam("x-spam-flag") || spam("x-spam-status"),
        names,
    }
}

/// The field's value as text, unfolded. Fields that mail-parser reads into something else are taken raw.
fn value_text(message: &Message<'_>, header: &mail_parser::Header<'_>) -> String {
    if let HeaderValue::Text(text) = &header.value {
        return text.to_string();
    }
    let (from, to) = (header.offset_start as usize, header.offset_end as usize);
    let raw = message.raw_message.get(from..to).unwrap_or_default();
    String::from_utf8_lossy(raw.get(..8 * 1024).unwrap_or(raw)).into_owned()
}

fn addresses(value: Option<&HeaderValue<'_>>) -> Vec<Address> {
    let Some(addresses) = value.and_then(HeaderValue::as_address) else { return Vec::new() };
    addresses
        .iter()
        .take(ADDRESSES)
        .filter_map(|a: &Addr<'_>| {
            let address = neutral::line(a.address().unwrap_or_default(), 320);
            let name = neutral::line(a.name().unwrap_or_default(), 200);
            // A bare word is read as a name; it stands where the address should.
            match (address.is_empty(), name.is_empty()) {
                (true, true) => None,
                (true, false) if !name.contains(' ') => {
                    Some(Address { name: String::new(), address: name })
                }
                _ => Some(Address { name, address }),
            }
        })
        .collect()
}

fn ids(value: Option<&HeaderValue<'_>>) -> Vec<String> {
    let list: Vec<&str> = match value {
        Some(HeaderValue::Text(text)) => vec![text.as_ref()],
        Some(HeaderValue::TextList(list)) => list.iter().map(AsRef::as_ref).collect(),
        _ => Vec::new(),
    };
    let mut out: Vec<String> = Vec::new();
    // The newest references stand last: take from there.
    for id in list.iter().rev().take(1_000) {
        let id: String = id
            .trim()
            .trim_matches(['<', '>'])
            .chars()
            .filter(|c| !c.is_control() && !c.is_whitespace())
            .collect();
        if !id.is_empty() && id.len() <= ID && !out.contains(&id) && out.len() < 200 {
            out.push(id);
        }
    }
    out.reverse();
    out
}

fn date(value: &HeaderValue<'_>) -> Option<UnixSeconds> {
    let date = value.as_datetime()?;
    let sound = date.is_valid() && (1970..=2105).contains(&date.year);
    sound.then(|| date.to_timestamp())
}

/// `"Name" <list.example.org>` or the bare identifier.
fn list_id(value: &str) -> String {
    let id = match (value.rfind('<'), value.rfind('>')) {
        (Some(from), Some(to)) if from < to => value.get(from + 1..to).unwrap_or_default(),
        _ => value,
    };
    id.trim().to_lowercase()
}

/// RFC 8601: `authserv-id; method=result reason=... ; ...`. Comments are dropped.
fn authentication(value: &str) -> Authentication {
    let mut plain = String::new();
    let mut depth = 0u32;
    for c in value.chars().take(8_000) {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    let mut out = Authentication::default();
    for part in plain.to_ascii_lowercase().split(';').skip(1) {
        let Some((method, rest)) = part.trim().split_once('=') else { continue };
        let word: String = rest.trim().chars().take_while(char::is_ascii_alphanumeric).collect();
        let result = match word.as_str() {
            "pass" => AuthResult::Pass,
            "fail" | "softfail" | "hardfail" | "permerror" => AuthResult::Fail,
            "none" | "neutral" | "temperror" | "policy" => AuthResult::Neutral,
            _ => continue,
        };
        let slot = match method.trim().split('/').next().unwrap_or_default() {
            "spf" => &mut out.spf,
            "dkim" => &mut out.dkim,
            "dmarc" => &mut out.dmarc,
            _ => continue,
        };
        // Of several signatures one that passes is enough (RFC 6376, 6.1).
        if *slot != AuthResult::Pass {
            *slot = result;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authentication_results_are_read_without_their_comments() {
        let a = authentication(
            "mx.example.org; dkim=fail (bad; dkim=pass) header.d=x; dkim=pass header.d=y;\r\n spf=softfail smtp.mailfrom=z; dmarc = none",
        );
        assert_eq!(
            (a.spf, a.dkim, a.dmarc),
            (AuthResult::Fail, AuthResult::Pass, AuthResult::Neutral)
        );
        assert_eq!(authentication("spf=pass"), Authentication::default());
    }

    #[test]
    fn list_ids() {
        assert_eq!(list_id("Rust <Lang.Rust-Lists.ORG>"), "lang.rust-lists.org");
        assert_eq!(list_id("plain.example"), "plain.example");
    }
}
