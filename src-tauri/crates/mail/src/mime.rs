//! A message's structure (RFC 2045 to 2047): header blocks and leaf parts, found in linear time.
//!
//! mail-parser reads header fields, but not the structure of whole messages: its search for boundaries is
//! quadratic and its nesting is recursive on mail made for that. Here a part is looked for only within its
//! parent, at most [`DEPTH`] levels down and [`PARTS`] parts in all, without recursion. An attached message
//! (`message/rfc822`) is an attachment and is not opened.

use mail_parser::{ContentType, HeaderName, HeaderValue, Message, MessageParser};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bytes of a header block that are read.
const HEADER_BYTES: usize = 1024 * 1024;
/// Fields of a header block that are read.
const HEADER_FIELDS: usize = 2_000;
/// Levels of multiparts.
const DEPTH: u32 = 50;
/// Leaf parts.
const PARTS: usize = 10_000;

/// What was wrong, each once.
#[derive(Debug, Default)]
pub(crate) struct Defects(Vec<String>);

impl Defects {
    pub(crate) fn note(&mut self, sentence: &str) {
        if self.0.len() < 20 && !self.0.iter().any(|d| d == sentence) {
            self.0.push(sentence.to_owned());
        }
    }

    pub(crate) fn into_vec(self) -> Vec<String> {
        self.0
    }
}

/// A part that is no multipart.
#[derive(Debug)]
pub(crate) struct Leaf<'a> {
    /// `type/subtype`, lower-cased.
    pub mime: String,
    pub charset: Option<String>,
    /// Format=flowed (RFC 3676), and its DelSp.
    pub flowed: Option<bool>,
    /// Content-Transfer-Encoding, lower-cased.
    pub encoding: String,
    /// Marked as an attachment.
    pub attachment: bool,
    /// Marked as inline, or with a Content-ID within a multipart/related.
    pub inline: bool,
    /// As given, decoded, not neutralised.
    pub name: String,
    /// Without brackets.
    pub content_id: Option<String>,
    /// Method of a calendar part.
    pub method: Option<String>,
    /// Number of the nearest multipart/alternative around it.
    pub alternative: Option<usize>,
    /// Not decoded.
    pub body: &'a [u8],
}

/// Splits off the header block: what stands before the first empty line. Leading empty lines and an
/// mbox's `From ` line are passed over. The header is empty if the text does not begin with a field.
pub(crate) fn split<'a>(raw: &'a [u8], defects: &mut Defects) -> (&'a [u8], &'a [u8]) {
    let mut rest = raw;
    loop {
        let (line, after) = line_of(rest);
        let blank = line.trim_ascii().is_empty();
        if !after.is_empty() && (blank || line.starts_with(b"From ") || line.starts_with(b">From "))
        {
            rest = after;
        } else {
            break;
        }
    }
    if !is_field(line_of(rest).0) {
        return (&[], raw);
    }
    let (mut at, mut fields) = (0usize, 0usize);
    let mut cut = None;
    loop {
        let Some(tail) = rest.get(at..) else { break };
        let (line, after) = line_of(tail);
        let content = line.strip_suffix(b"\n").unwrap_or(line);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        if content.is_empty() {
            return (rest.get(..cut.unwrap_or(at)).unwrap_or_default(), after);
        }
        if !content.starts_with(b" ") && !content.starts_with(b"\t") {
            fields += 1;
        }
        if cut.is_none() && (fields > HEADER_FIELDS || at + line.len() > HEADER_BYTES) {
            defects.note("It has more headers than Mailroom reads; the first ones were read.");
            cut = Some(at);
        }
        at += line.len();
        if after.is_empty() {
            break;
        }
    }
    (rest.get(..cut.unwrap_or(at)).unwrap_or_default(), &[])
}

/// The first line, its end included, and what follows.
fn line_of(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
    bytes.split_at_checked(end).unwrap_or((bytes, &[]))
}

/// Looks like `Name: value` (RFC 5322, 2.2).
fn is_field(line: &[u8]) -> bool {
    line.iter().position(|&b| b == b':').and_then(|at| line.get(..at)).is_some_and(|name| {
        let name = name.trim_ascii_end();
        !name.is_empty() && name.len() < 100 && name.iter().all(|b| (b'!'..=b'~').contains(b))
    })
}

/// Reads a header block with mail-parser. `None` if it holds nothing or cannot be read.
pub(crate) fn fields<'a>(parser: &MessageParser, block: &'a [u8]) -> Option<Message<'a>> {
    if block.is_empty() {
        return None;
    }
    catch_unwind(AssertUnwindSafe(|| parser.parse_headers(block))).ok().flatten()
}

/// The leaf parts of a message, in order. `top` holds the message's own header fields.
pub(crate) fn leaves<'a>(
    top: Option<&Message<'_>>,
    body: &'a [u8],
    defects: &mut Defects,
) -> Vec<Leaf<'a>> {
    let parser = MessageParser::new().with_mime_headers();
    let mut out = Vec::new();
    let mut alternatives = 0usize;
    let root = node(top, false, body, 0, None, false);
    let mut stack = vec![root];
    while let Some(node) = stack.pop() {
        if out.len() + stack.len() >= PARTS {
            defects.note("It has more parts than Mailroom reads; the first ones were read.");
            break;
        }
        let Some(boundary) = node.boundary else {
            out.push(node.leaf);
            continue;
        };
        if node.depth >= DEPTH {
            defects.note("Its parts are nested too deeply; the inner ones were left out.");
            continue;
        }
        let room = PARTS.saturating_sub(out.len() + stack.len());
        let Some(parts) = cut(node.leaf.body, boundary.as_bytes(), room) else {
            // Declared as a multipart without being one: what is there is text.
            defects.note("A part that should hold several parts holds none; it was read as text.");
            let mut leaf = node.leaf;
            leaf.mime = "text/plain".into();
            out.push(leaf);
            continue;
        };
        let alternative = if node.leaf.mime == "multipart/alternative" {
            alternatives += 1;
            Some(alternatives)
        } else {
            node.leaf.alternative
        };
        let digest = node.leaf.mime == "multipart/digest";
        let related = node.leaf.mime == "multipart/related";
        for part in parts.into_iter().rev() {
            // A part may lack headers altogether: then it begins with an empty line.
            let (header, content) = match part.first() {
                Some(b'\r' | b'\n') => (&[][..], line_of(part).1),
                _ => split(part, defects),
            };
            let fields = fields(&parser, header);
            let mut child =
                self::node(fields.as_ref(), digest, content, node.depth + 1, alternative, related);
            child.leaf.alternative = alternative;
            stack.push(child);
        }
    }
    out
}

struct Node<'a> {
    leaf: Leaf<'a>,
    boundary: Option<String>,
    depth: u32,
}

fn node<'a>(
    fields: Option<&Message<'_>>,
    digest: bool,
    body: &'a [u8],
    depth: u32,
    alternative: Option<usize>,
    related: bool,
) -> Node<'a> {
    let content_type =
        first(fields, &HeaderName::ContentType).and_then(HeaderValue::as_content_type);
    let disposition =
        first(fields, &HeaderName::ContentDisposition).and_then(HeaderValue::as_content_type);
    let encoding = first(fields, &HeaderName::ContentTransferEncoding)
        .and_then(HeaderValue::as_text)
        .map(|e| e.trim().to_ascii_lowercase())
        .unwrap_or_default();
    let content_id = first(fields, &HeaderName::ContentId)
        .and_then(HeaderValue::as_text)
        .map(|id| id.trim_matches(['<', '>', ' ']).to_owned());
    let mime = match content_type {
        Some(ct) => {
            let subtype =
                ct.subtype().unwrap_or(if ct.ctype() == "text" { "plain" } else { "octet-stream" });
            format!("{}/{}", ct.ctype(), subtype).to_ascii_lowercase()
        }
        None if digest => "message/rfc822".into(),
        None => "text/plain".into(),
    };
    let attribute = |ct: Option<&ContentType<'_>>, name: &str| {
        ct.and_then(|ct| ct.attribute(name)).map(str::to_owned)
    };
    let named = |ct, name| attribute(ct, name).filter(|n| !n.is_empty());
    let name =
        named(disposition, "filename").or_else(|| named(content_type, "name")).unwrap_or_default();
    let boundary = if mime.starts_with("multipart/") {
        attribute(content_type, "boundary")
            .filter(|b| !b.is_empty() && b.len() <= 1000)
            .or(Some(String::new()))
    } else {
        None
    };
    let flowed = attribute(content_type, "format")
        .is_some_and(|f| f.eq_ignore_ascii_case("flowed"))
        .then(|| attribute(content_type, "delsp").is_some_and(|d| d.eq_ignore_ascii_case("yes")));
    let disposed = disposition.map(|d| d.ctype().to_ascii_lowercase());
    let attachment = disposed.as_deref() == Some("attachment");
    let inline =
        !attachment && (disposed.as_deref() == Some("inline") || (related && content_id.is_some()));
    Node {
        leaf: Leaf {
            mime,
            charset: attribute(content_type, "charset"),
            flowed,
            encoding,
            attachment,
            inline,
            name: encoded_words(name),
            content_id,
            method: attribute(content_type, "method"),
            alternative,
            body,
        },
        boundary,
        depth,
    }
}

/// The first field of that name, which is the one that every reader shows.
pub(crate) fn first<'m>(
    fields: Option<&'m Message<'_>>,
    name: &HeaderName<'_>,
) -> Option<&'m HeaderValue<'m>> {
    let message: &'m Message<'m> = fields?;
    message.headers().iter().find(|h| h.name == *name).map(|h| &h.value)
}

/// Decodes encoded words where a parameter holds them, which RFC 2047 forbids and many mailers do.
fn encoded_words(name: String) -> String {
    if !name.contains("=?") || name.contains(['\r', '\n']) || name.len() > 4000 {
        return name;
    }
    let field = format!("Subject: {name}\n\n");
    let parser = MessageParser::default();
    fields(&parser, field.as_bytes()).and_then(|m| m.subject().map(str::to_owned)).unwrap_or(name)
}

/// The parts of a multipart body, at most `most`; `None` if the boundary does not occur. Text before the
/// first boundary and after the last is dropped (RFC 2046, 5.1.1).
fn cut<'a>(body: &'a [u8], boundary: &[u8], most: usize) -> Option<Vec<&'a [u8]>> {
    if boundary.is_empty() {
        return None;
    }
    let mut parts = Vec::new();
    let mut start = None;
    let mut at = 0usize;
    while at < body.len() {
        let (line, _) = line_of(body.get(at..).unwrap_or_default());
        let next = at + line.len();
        if line.starts_with(b"--")
            && let Some(rest) = line.get(2..).and_then(|l| l.strip_prefix(boundary))
        {
            let rest = rest.trim_ascii_end();
            let last = rest == b"--";
            // A longer boundary that begins like this one is another multipart's.
            if rest.is_empty() || last || (boundary.len() > 3 && rest.starts_with(b" ")) {
                if let Some(from) = start {
                    let part = body.get(from..at).unwrap_or_default();
                    let part = part.strip_suffix(b"\n").unwrap_or(part);
                    parts.push(part.strip_suffix(b"\r").unwrap_or(part));
                }
                start = if last { None } else { Some(next) };
                if last || parts.len() >= most {
                    break;
                }
            }
        }
        at = next;
    }
    match start {
        // Cut off in transit: the last part reaches to the end.
        Some(from) if parts.len() < most => parts.push(body.get(from..).unwrap_or_default()),
        None if parts.is_empty() => return None,
        _ => {}
    }
    Some(parts)
}

/// Undoes a transfer encoding (RFC 2045, 6), leniently, up to about `limit` bytes of output.
pub(crate) fn decode(encoding: &str, body: &[u8], limit: usize, defects: &mut Defects) -> Vec<u8> {
    match encoding {
        "base64" => base64(body, limit, defects),
        "quoted-printable" => quoted_printable(body, limit),
        _ => body.get(..limit).unwrap_or(body).to_vec(),
    }
}

/// Size of what [`decode`] would give, without decoding.
pub(crate) fn decoded_size(encoding: &str, body: &[u8]) -> u64 {
    match encoding {
        "base64" => {
            let digits = body
                .iter()
                .filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
                .count();
            digits as u64 * 3 / 4
        }
        "quoted-printable" => {
            let escapes = memchr::memchr_iter(b'=', body).count() as u64;
            (body.len() as u64).saturating_sub(escapes * 2)
        }
        _ => body.len() as u64,
    }
}

fn base64(body: &[u8], limit: usize, defects: &mut Defects) -> Vec<u8> {
    let mut out = Vec::with_capacity((body.len() / 4 * 3).min(limit) + 3);
    let (mut bits, mut count) = (0u32, 0u32);
    let mut junk = 0usize;
    for &b in body {
        let value = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                // Padding: what follows, if anything, is another run of base64.
                bits = 0;
                count = 0;
                continue;
            }
            b'\r' | b'\n' | b' ' | b'\t' => continue,
            _ => {
                junk += 1;
                continue;
            }
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xff) as u8);
            if out.len() >= limit {
                break;
            }
        }
    }
    if junk > 0 {
        defects.note("A part encoded as base64 is damaged.");
    }
    // Mostly junk: the declaration is wrong and the text was never encoded.
    if junk > 4 && junk * 20 > body.len() {
        body.get(..limit).unwrap_or(body).to_vec()
    } else {
        out
    }
}

/// To base64 (RFC 4648, 4).
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |bits: u32| char::from(DIGITS.get((bits & 63) as usize).copied().unwrap_or(b'A'));
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        out.push(digit(bits >> 18));
        out.push(digit(bits >> 12));
        out.push(if chunk.len() > 1 { digit(bits >> 6) } else { '=' });
        out.push(if chunk.len() > 2 { digit(bits) } else { '=' });
    }
    out
}

fn quoted_printable(body: &[u8], limit: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len().min(limit));
    let hex = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let mut rest = body;
    while let Some((&b, after)) = rest.split_first() {
        if out.len() >= limit {
            break;
        }
        rest = after;
        if b != b'=' {
            out.push(b);
            continue;
        }
        match after {
            [b'\r', b'\n', tail @ ..] | [b'\n', tail @ ..] => rest = tail,
            [h, l, tail @ ..] => match (hex(*h), hex(*l)) {
                (Some(h), Some(l)) => {
                    out.push(h << 4 | l);
                    rest = tail;
                }
                _ => {
                    // Trailing blanks after a soft break (RFC 2045, 6.7, rule 3), or no escape at all.
                    let blank = after.iter().position(|b| !matches!(b, b' ' | b'\t'));
                    match blank.and_then(|at| after.get(at..)) {
                        Some([b'\r', b'\n', tail @ ..] | [b'\n', tail @ ..])
                            if blank.is_some_and(|n| n > 0 && n < 80) =>
                        {
                            rest = tail
                        }
                        _ => out.push(b'='),
                    }
                }
            },
            [] => {}
            [_] => out.push(b'='),
        }
    }
    out
}

/// Bytes to text by the declared charset, or by guess where there is none or it is unknown.
pub(crate) fn to_text(bytes: &[u8], charset: Option<&str>, defects: &mut Defects) -> String {
    let label = charset.map(|c| c.trim_matches(['"', '\'', ' ']).trim()).filter(|c| !c.is_empty());
    // Declared ASCII is often UTF-8 in truth, and 7-bit text is the same in nearly all charsets.
    let utf8 = std::str::from_utf8(bytes);
    let escapes = bytes.contains(&0x1b);
    if let Some(label) = label {
        let lower = label.to_ascii_lowercase();
        let vague = matches!(
            lower.as_str(),
            "us-ascii"
                | "ascii"
                | "utf-8"
                | "utf8"
                | "unknown-8bit"
                | "x-unknown"
                | "default"
                | "binary"
                | "8bit"
        );
        if !vague {
            if let Some(encoding) =
                encoding_rs::Encoding::for_label_no_replacement(lower.as_bytes())
            {
                let (text, _, bad) = encoding.decode(bytes);
                if bad {
                    if let Ok(text) = utf8
                        && !bytes.is_ascii()
                    {
                        return text.to_owned();
                    }
                    defects
                        .note("Some characters could not be read in the charset that it declares.");
                }
                return text.into_owned();
            }
            if let Some(decoder) =
                mail_parser::decoders::charsets::map::charset_decoder(lower.as_bytes())
                && let Ok(text) = catch_unwind(|| decoder(bytes))
            {
                return text;
            }
            defects
                .note("It declares a charset that Mailroom does not know; a usual one was taken.");
        }
    }
    if escapes && (bytes.windows(3).any(|w| matches!(w, b"\x1b$B" | b"\x1b$@" | b"\x1b(J"))) {
        return encoding_rs::ISO_2022_JP.decode(bytes).0.into_owned();
    }
    if let Some((encoding, _)) = encoding_rs::Encoding::for_bom(bytes)
        && (encoding == encoding_rs::UTF_8 || looks_like_utf16(bytes, encoding))
    {
        return encoding.decode(bytes).0.into_owned();
    }
    match utf8 {
        Ok(text) => text.to_owned(),
        // A character cut in two at the end is no reason to doubt the rest.
        Err(e)
            if e.error_len().is_none()
                && bytes.get(..e.valid_up_to()).is_some_and(|b| !b.is_ascii()) =>
        {
            String::from_utf8_lossy(bytes).into_owned()
        }
        Err(_) => {
            defects.note("It holds characters of an unknown charset; Western European was taken.");
            encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
        }
    }
}

/// Whether a text that begins like UTF-16 goes on like it: binary data begins so as well. Real text has
/// blanks or line ends, one half of which is zero.
fn looks_like_utf16(bytes: &[u8], encoding: &'static encoding_rs::Encoding) -> bool {
    let little = encoding == encoding_rs::UTF_16LE;
    bytes.get(2..).unwrap_or_default().as_chunks::<2>().0.iter().take(2000).any(|unit| {
        let [first, second] = *unit;
        let (low, high) = if little { (first, second) } else { (second, first) };
        high == 0 && matches!(low, b' ' | b'\n' | b'\r' | b'.' | b',')
    })
}

/// Undoes format=flowed (RFC 3676, 4): lines that end in a space go on in the next of the same depth.
pub(crate) fn unflow(text: &str, delsp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut flowing: Option<usize> = None;
    for line in text.lines() {
        let depth = line.bytes().take_while(|b| *b == b'>').count();
        let content = line.get(depth..).unwrap_or_default();
        let content = content.strip_prefix(' ').unwrap_or(content);
        let signature = content == "-- ";
        if flowing == Some(depth) && !signature {
            out.push_str(content);
        } else {
            if !out.is_empty() {
                out.push('\n');
            }
            if depth > 0 {
                out.push_str(&">".repeat(depth.min(20)));
                out.push(' ');
            }
            out.push_str(content);
        }
        flowing = (content.ends_with(' ') && !signature).then_some(depth);
        if flowing.is_some() && delsp {
            out.pop();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transfer_encodings_are_undone_leniently() {
        let d = &mut Defects::default();
        assert_eq!(decode("base64", b"aGVs\r\nbG8=\r\n", 100, d), b"hello");
        assert_eq!(decode("base64", b"aGVsbG8=aGVsbG8=", 100, d), b"hellohello");
        assert_eq!(
            decode("quoted-printable", b"a=C3=A4=\r\nb=3D=ZZ= \r\nc=", 100, d),
            "aäb==ZZc".as_bytes()
        );
        assert_eq!(
            decode("base64", b"not base64 at all! (\xe9\xe9\xe9\xe9\xe9)", 100, d).len(),
            26
        );
        assert_eq!(decode("7bit", b"abcdef", 3, d), b"abc");
    }

    #[test]
    fn base64_goes_there_and_back() {
        for n in 0..7 {
            let bytes: Vec<u8> = (0..n).map(|i: u8| i.wrapping_mul(77).wrapping_add(200)).collect();
            assert_eq!(
                decode("base64", to_base64(&bytes).as_bytes(), 100, &mut Defects::default()),
                bytes
            );
        }
    }

    #[test]
    fn charsets_are_found_or_guessed() {
        let d = &mut Defects::default();
        for (bytes, charset, text) in [
            (&b"gr\xfc\xdfe"[..], Some("iso-8859-1"), "grüße"),
            (b"\xcf\xf0\xe8\xe2\xe5\xf2", Some("windows-1251"), "Привет"),
            (b"\xf0\xd2\xc9\xd7\xc5\xd4", Some("KOI8-R"), "Привет"),
            (b"\x93\xfa\x96{", Some("Shift_JIS"), "日本"),
            (b"\x1b$BF|K\\\x1b(B", Some("iso-2022-jp"), "日本"),
            (b"\xc4\xe3\xba\xc3", Some("gb2312"), "你好"),
            (b"\xa7A\xa6n", Some("big5"), "你好"),
            (b"\xbe\xc8\xb3\xe7", Some("euc-kr"), "안녕"),
            (b"Hi +AOQ-", Some("utf-7"), "Hi ä"),
            (b"caf\xe9", Some("unknown-8bit"), "café"),
            (b"caf\xe9", None, "café"),
            ("café".as_bytes(), Some("us-ascii"), "café"),
            ("café".as_bytes(), Some("\"utf-8\""), "café"),
            (b"plain", Some("x-klingon"), "plain"),
        ] {
            assert_eq!(to_text(bytes, charset, d), text, "{charset:?}");
        }
    }

    #[test]
    fn flowed_text_is_joined() {
        assert_eq!(
            unflow("one \r\ntwo\r\n> a \r\n> b\r\n>> c\r\n-- \r\nsig", false),
            "one two\n> a b\n>> c\n-- \nsig"
        );
        assert_eq!(unflow("wo \nrd", true), "word");
    }
}
