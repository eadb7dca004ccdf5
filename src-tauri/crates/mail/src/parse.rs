//! [`parse`]: a message's bytes to [`MessageContent`]. Never fails: what cannot be read is said in `defects`.

use crate::mime::{self, Defects, Leaf};
use crate::{calendar, headers, html, neutral, quote};
use mail_parser::MessageParser;
use mailroom_domain::{Attachment, HeaderFacts, MessageContent};
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bytes of a message whose body is read. Of a longer one only the headers are.
pub const MESSAGE_LIMIT: usize = 50 * 1024 * 1024;
/// Bytes of text that are kept of one message.
const TEXT: usize = 2 * 1024 * 1024;
/// Bytes of HTML that are read and kept.
const HTML: usize = 2 * 1024 * 1024;
/// Attachments that are listed.
const ATTACHMENTS: usize = 500;

/// Reads a message (RFC 5322, RFC 2045 to 2049). Takes time linear in its size, on any stack.
///
/// Of a message over [`MESSAGE_LIMIT`] only the headers are read. `raw` may be cut off anywhere, begin
/// with an mbox's `From ` line, have any line ends, or be no message at all.
pub fn parse(raw: &[u8]) -> MessageContent {
    let size = raw.len() as u64;
    let read = catch_unwind(AssertUnwindSafe(|| read(raw)));
    let mut content = read.unwrap_or_else(|_| MessageContent {
        defects: vec!["It could not be read; only its source can be shown.".into()],
        ..MessageContent::default()
    });
    content.size = size;
    content
}

fn read(raw: &[u8]) -> MessageContent {
    let mut defects = Defects::default();
    if raw.iter().all(u8::is_ascii_whitespace) {
        defects.note("It is empty.");
        return MessageContent { defects: defects.into_vec(), ..MessageContent::default() };
    }
    let raw = unify_line_ends(raw);
    let (block, body) = mime::split(&raw, &mut defects);
    if block.is_empty() {
        defects.note("It has no headers.");
    }
    let block = utf8_headers(block);
    let parser = MessageParser::default();
    let fields = mime::fields(&parser, &block);
    if fields.is_none() && !block.is_empty() {
        defects.note("Its headers could not be read.");
    }
    let headers = headers::facts(fields.as_ref(), &mut defects);
    let mut content = MessageContent { headers, ..MessageContent::default() };
    if body.len() > MESSAGE_LIMIT {
        defects.note("It is too large; only its headers were read.");
        content.defects = defects.into_vec();
        return content;
    }
    let leaves = mime::leaves(fields.as_ref(), body, &mut defects);
    drop(fields);
    fill(&mut content, leaves, &mut defects);
    let forwarded = is_forward(&content.headers.subject);
    let new = quote::new_text(&content.text, forwarded);
    content.new_text = new.text;
    content.quoted_lines = new.quoted_lines;
    if !content.html_only {
        content.links = content.links.max(links(&content.text));
    }
    content.language = language(&content.new_text);
    content.defects = defects.into_vec();
    content
}

/// Old systems end lines with a carriage return alone.
fn unify_line_ends(raw: &[u8]) -> Cow<'_, [u8]> {
    let head = raw.get(..64 * 1024).unwrap_or(raw);
    if memchr::memchr(b'\n', head).is_none() && memchr::memchr(b'\r', head).is_some() {
        return raw.iter().map(|&b| if b == b'\r' { b'\n' } else { b }).collect::<Vec<u8>>().into();
    }
    raw.into()
}

/// Header fields hold 8-bit bytes in truth, in UTF-8 or in the charset of the body.
fn utf8_headers(block: &[u8]) -> Cow<'_, [u8]> {
    if std::str::from_utf8(block).is_ok() && !block.contains(&0x1b) {
        return block.into();
    }
    let lower = block.to_ascii_lowercase();
    let label =
        memchr::memmem::find(&lower, b"charset=").and_then(|at| lower.get(at + 8..)).map(|rest| {
            let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
            let end = rest
                .iter()
                .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')))
                .unwrap_or(rest.len());
            rest.get(..end).unwrap_or_default()
        });
    let encoding = label
        .and_then(encoding_rs::Encoding::for_label_no_replacement)
        .filter(|e| {
            *e != encoding_rs::UTF_8 && *e != encoding_rs::UTF_16LE && *e != encoding_rs::UTF_16BE
        })
        .unwrap_or(encoding_rs::WINDOWS_1252);
    let mut out = Vec::with_capacity(block.len() + block.len() / 4);
    for line in block.split_inclusive(|b| *b == b'\n') {
        let escapes = memchr::memmem::find(line, b"\x1b$").is_some();
        match std::str::from_utf8(line) {
            Ok(_) if !escapes => out.extend_from_slice(line),
            _ => {
                let encoding = if escapes { encoding_rs::ISO_2022_JP } else { encoding };
                let (text, _) = encoding.decode_without_bom_handling(line);
                out.extend_from_slice(text.as_bytes());
            }
        }
    }
    out.into()
}

fn fill(content: &mut MessageContent, leaves: Vec<Leaf<'_>>, defects: &mut Defects) {
    let mut bodies: Vec<Body> = Vec::new();
    let mut left = TEXT;
    for (at, leaf) in leaves.into_iter().enumerate() {
        let is_plain = leaf.mime == "text/plain";
        let is_html = leaf.mime == "text/html" || leaf.mime == "application/xhtml+xml";
        if is_calendar(&leaf) && content.calendar.is_none() {
            let bytes = mime::decode(&leaf.encoding, leaf.body, TEXT, defects);
            let text = mime::to_text(&bytes, leaf.charset.as_deref().or(Some("utf-8")), defects);
            content.calendar = Some(calendar::read(&text, leaf.method.as_deref()));
        }
        let shown = is_text(&leaf, at);
        if shown {
            let limit = if is_html { HTML } else { left };
            let bytes = mime::decode(&leaf.encoding, leaf.body, limit, defects);
            if bytes.len() >= limit && leaf.body.len() > limit {
                defects.note("Its text is very long; the beginning was read.");
            }
            let mut text = mime::to_text(&bytes, leaf.charset.as_deref(), defects);
            if is_plain && let Some(delsp) = leaf.flowed {
                text = mime::unflow(&text, delsp);
            }
            if is_plain {
                left = left.saturating_sub(text.len());
            }
            bodies.push(Body { html: is_html, alternative: leaf.alternative, text });
        }
        if is_attachment(&leaf, at) && content.attachments.len() < ATTACHMENTS {
            content.attachments.push(Attachment {
                name: neutral::file_name(&leaf.name),
                size: mime::decoded_size(&leaf.encoding, leaf.body),
                inline: leaf.inline,
                mime: neutral::line(&leaf.mime, 100),
            });
        }
    }
    let mut text = String::new();
    let mut used_plain = false;
    let mut used_html = false;
    let mut at = 0;
    while let Some(body) = bodies.get(at) {
        // Parts of one alternative stand side by side: one of them is read.
        let group: Vec<&Body> = match body.alternative {
            Some(n) => bodies.iter().skip(at).take_while(|b| b.alternative == Some(n)).collect(),
            None => vec![body],
        };
        at += group.len().max(1);
        let plain: String = group
            .iter()
            .filter(|b| !b.html)
            .map(|b| b.text.as_str())
            .collect::<Vec<_>>()
            .join("\n\n");
        let page = group.iter().find(|b| b.html);
        let reading = page.map(|b| html::read(&b.text, TEXT));
        let take_html = match &reading {
            Some(reading) => plain.trim().is_empty() || is_stub(&plain, &reading.text),
            None => false,
        };
        let mut add = |part: &str| {
            if !text.is_empty() {
                text.push_str("\n\n");
            }
            text.push_str(part);
        };
        if let Some(reading) = reading {
            content.links = content.links.saturating_add(reading.links);
            content.remote_images = content.remote_images.saturating_add(reading.remote_images);
            if take_html && !reading.text.trim().is_empty() {
                add(&reading.text);
                used_html = true;
            }
        }
        if !take_html && !plain.trim().is_empty() {
            add(&plain);
            used_plain = true;
        }
        if content.html.is_none()
            && let Some(page) = page
        {
            content.html = Some(page.text.clone());
        }
    }
    content.html_only = used_html && !used_plain;
    content.text = neutral::text(&text);
    content.text.truncate(content.text.trim_end().len());
}

struct Body {
    html: bool,
    alternative: Option<usize>,
    text: String,
}

/// A plain part that only says that one should look at the other.
fn is_stub(plain: &str, html: &str) -> bool {
    let plain = plain.trim();
    let short = plain.len() < 400 && html.len() > plain.len() * 4;
    if !short {
        return false;
    }
    let lower = plain.to_lowercase();
    plain.len() < 20
        || [
            "html",
            "browser",
            "view this email",
            "view this message",
            "online version",
            "webversion",
            "web version",
            "ansicht",
        ]
        .iter()
        .any(|w| lower.contains(w))
}

fn links(text: &str) -> u32 {
    let count = memchr::memmem::find_iter(text.as_bytes(), b"://").count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// `Fwd:` and its kin in several languages.
fn is_forward(subject: &str) -> bool {
    let lower = subject.to_lowercase();
    [
        "fwd:", "fw:", "wg:", "tr:", "rv:", "i:", "enc:", "doorst:", "vs:", "pd:", "转发:",
        "轉寄:", "転送:",
    ]
    .iter()
    .any(|p| lower.trim_start().starts_with(p))
}

/// ISO 639-1, when there is text enough to tell and the guess is clear.
fn language(text: &str) -> Option<String> {
    let sample: String = text
        .split_whitespace()
        .filter(|w| !w.contains("://") && !w.contains('@'))
        .flat_map(|w| w.chars().chain(std::iter::once(' ')))
        .take(600)
        .collect();
    if sample.chars().filter(|c| c.is_alphabetic()).count() < 12 {
        return None;
    }
    let info = whatlang::detect(&sample)?;
    let sure = info.is_reliable() || info.confidence() > 0.7;
    sure.then(|| two_letters(info.lang())).flatten().map(str::to_owned)
}

fn two_letters(lang: whatlang::Lang) -> Option<&'static str> {
    Some(match lang.code() {
        "epo" => "eo",
        "eng" => "en",
        "rus" => "ru",
        "cmn" => "zh",
        "spa" => "es",
        "por" => "pt",
        "ita" => "it",
        "ben" => "bn",
        "fra" => "fr",
        "deu" => "de",
        "ukr" => "uk",
        "kat" => "ka",
        "ara" => "ar",
        "hin" => "hi",
        "jpn" => "ja",
        "heb" => "he",
        "yid" => "yi",
        "pol" => "pl",
        "amh" => "am",
        "jav" => "jv",
        "kor" => "ko",
        "nob" => "nb",
        "dan" => "da",
        "swe" => "sv",
        "fin" => "fi",
        "tur" => "tr",
        "nld" => "nl",
        "hun" => "hu",
        "ces" => "cs",
        "ell" => "el",
        "bul" => "bg",
        "bel" => "be",
        "mar" => "mr",
        "kan" => "kn",
        "ron" => "ro",
        "slv" => "sl",
        "hrv" => "hr",
        "srp" => "sr",
        "mkd" => "mk",
        "lit" => "lt",
        "lav" => "lv",
        "est" => "et",
        "tam" => "ta",
        "vie" => "vi",
        "urd" => "ur",
        "tha" => "th",
        "guj" => "gu",
        "uzb" => "uz",
        "pan" => "pa",
        "aze" => "az",
        "ind" => "id",
        "tel" => "te",
        "pes" => "fa",
        "mal" => "ml",
        "ori" => "or",
        "mya" => "my",
        "nep" => "ne",
        "sin" => "si",
        "khm" => "km",
        "tuk" => "tk",
        "aka" => "ak",
        "zul" => "zu",
        "sna" => "sn",
        "afr" => "af",
        "lat" => "la",
        "slk" => "sk",
        "cat" => "ca",
        "tgl" => "tl",
        "hye" => "hy",
        "cym" => "cy",
        _ => return None,
    })
}

/// The content of the attachment at `index` of [`MessageContent::attachments`], decoded. `None` beyond them.
pub fn attachment(raw: &[u8], index: usize) -> Option<Vec<u8>> {
    with_leaves(raw, |leaves| {
        let leaf = leaves.iter().enumerate().filter(|(at, l)| is_attachment(l, *at)).nth(index)?.1;
        Some(mime::decode(&leaf.encoding, leaf.body, MESSAGE_LIMIT, &mut Defects::default()))
    })
}

/// The raster images that came with a message, as `data:` addresses by Content-ID, for
/// [`crate::sanitize_html`]. At most 2 MB each and 8 MB in all; the bytes must be what they claim to be.
pub fn inline_images(raw: &[u8]) -> std::collections::HashMap<String, String> {
    const EACH: usize = 2 * 1024 * 1024;
    let mut left = 4 * EACH;
    with_leaves(raw, |leaves| {
        let mut out = std::collections::HashMap::new();
        for leaf in leaves {
            let Some(id) = leaf.content_id.as_ref().filter(|id| !id.is_empty() && id.len() < 500)
            else {
                continue;
            };
            if !leaf.mime.starts_with("image/") {
                continue;
            }
            let bytes = mime::decode(&leaf.encoding, leaf.body, EACH + 1, &mut Defects::default());
            let kind = match bytes.as_slice() {
                [0x89, b'P', b'N', b'G', ..] => "png",
                [0xff, 0xd8, 0xff, ..] => "jpeg",
                [b'G', b'I', b'F', b'8', ..] => "gif",
                [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "webp",
                _ => continue,
            };
            if bytes.len() > EACH.min(left) {
                continue;
            }
            left -= bytes.len();
            // The first of two with the same name is the one that the text was written for.
            out.entry(id.clone())
                .or_insert_with(|| format!("data:image/{kind};base64,{}", mime::to_base64(&bytes)));
        }
        Some(out)
    })
    .unwrap_or_default()
}

fn with_leaves<T>(raw: &[u8], f: impl FnOnce(&[Leaf<'_>]) -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(|| {
        let mut defects = Defects::default();
        let raw = unify_line_ends(raw);
        let (block, body) = mime::split(&raw, &mut defects);
        if body.len() > MESSAGE_LIMIT {
            return None;
        }
        let block = utf8_headers(block);
        let fields = mime::fields(&MessageParser::default(), &block);
        f(&mime::leaves(fields.as_ref(), body, &mut defects))
    }))
    .ok()
    .flatten()
}

fn is_text(leaf: &Leaf<'_>, at: usize) -> bool {
    // A named text in the first place is still the text; later ones are files.
    let text = matches!(leaf.mime.as_str(), "text/plain" | "text/html" | "application/xhtml+xml");
    text && !leaf.attachment && (leaf.name.is_empty() || at == 0)
}

fn is_calendar(leaf: &Leaf<'_>) -> bool {
    matches!(leaf.mime.as_str(), "text/calendar" | "application/ics")
}

fn is_attachment(leaf: &Leaf<'_>, at: usize) -> bool {
    !is_text(leaf, at) && !(is_calendar(leaf) && leaf.name.is_empty())
}

/// What ties a message to its conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThreadKeys {
    /// Its own Message-ID.
    pub own: Option<String>,
    /// Message-IDs that it answers, from the oldest to the nearest, each once; never its own.
    pub parents: Vec<String>,
    /// Its subject without `Re:` and list tags, lower-cased, for answers that name no parent. `None` if
    /// it is too short to tell one conversation from another or if the message is no answer.
    pub subject: Option<String>,
}

/// The keys of a message. References may form a loop between messages; these keys cannot.
pub fn thread_keys(headers: &HeaderFacts) -> ThreadKeys {
    let own = headers.message_id.clone();
    let mut parents: Vec<String> = Vec::new();
    for id in headers.references.iter().chain(&headers.in_reply_to) {
        if Some(id) != own.as_ref() && !parents.contains(id) {
            parents.push(id.clone());
        }
    }
    let (bare, answers) = bare_subject(&headers.subject);
    let subject = (answers && bare.chars().count() >= 8).then_some(bare);
    ThreadKeys { own, parents, subject }
}

/// The subject without prefixes, lower-cased, and whether it had one that marks an answer.
fn bare_subject(subject: &str) -> (String, bool) {
    const PREFIXES: &[&str] = &[
        "re", "aw", "sv", "antw", "vs", "ref", "rif", "r", "res", "odp", "ynt", "fwd", "fw", "wg",
        "tr", "rv", "回复", "回覆", "答复", "回", "转发", "返信",
    ];
    let lower = subject.to_lowercase();
    let mut rest = lower.trim();
    let mut answers = false;
    for _ in 0..20 {
        if let Some((tag, after)) = rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
            if tag.len() <= 40 && !after.trim().is_empty() {
                rest = after.trim();
                continue;
            }
        }
        let Some((prefix, after)) = rest.split_once([':', '：']) else { break };
        let word = prefix.trim().split(['[', '(', '^']).next().unwrap_or_default().trim();
        if !PREFIXES.contains(&word) {
            break;
        }
        answers = true;
        rest = after.trim();
    }
    (rest.to_owned(), answers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thread_keys_are_each_once_and_never_the_message_itself() {
        let headers = HeaderFacts {
            message_id: Some("c@x".into()),
            references: vec!["a@x".into(), "b@x".into(), "c@x".into(), "a@x".into()],
            in_reply_to: vec!["b@x".into()],
            subject: "Re: [list] AW: Fwd: The budget of May".into(),
            ..HeaderFacts::default()
        };
        let keys = thread_keys(&headers);
        assert_eq!(keys.parents, ["a@x", "b@x"]);
        assert_eq!(keys.subject.as_deref(), Some("the budget of may"));
        let fresh = HeaderFacts { subject: "The budget of May".into(), ..HeaderFacts::default() };
        assert_eq!(thread_keys(&fresh).subject, None);
    }
}
