//! HTML to the text that a reader would see, in one pass.
//!
//! Not a browser's parser: tags are recognised, entities decoded, what is hidden or not text is left out,
//! and no tree is built, so that neither depth nor disorder costs anything. What is shown as HTML goes
//! through [`crate::sanitize_html`] instead.

/// Elements remembered as open; deeper ones are read, but cannot hide what is in them.
const OPEN: usize = 255;

/// Links whose words are remembered.
const ANCHORS: usize = 200;
/// Characters of their words, and of where they lead.
const ANCHOR_CHARS: usize = 300;
/// Bytes of text in which links are looked for.
const ANCHOR_TEXT: usize = 256 * 1024;

/// The links of an HTML part to the web: their words and their `href`, as far as they are remembered. For comparing
/// the two, not for following: nothing in them is safe.
pub fn links(html: &str) -> Vec<(String, String)> {
    read(html, ANCHOR_TEXT).anchors
}

/// What reading the HTML found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Text, not neutralised. Quoted replies begin with `> `.
    pub text: String,
    /// `<a href>` to the web.
    pub links: u32,
    /// Images and backgrounds from elsewhere.
    pub remote_images: u32,
    /// The first links: their words and their `href`, not neutralised.
    pub anchors: Vec<(String, String)>,
}

struct Open {
    name: Name,
    hidden: bool,
    quote: bool,
    pre: bool,
}

/// A tag's name, lower-cased, cut at 15 bytes; no known name is longer.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Name([u8; 15]);

impl Name {
    fn of(bytes: &[u8]) -> Self {
        let mut name = [0u8; 15];
        for (to, from) in name.iter_mut().zip(bytes) {
            *to = from.to_ascii_lowercase();
        }
        Name(name)
    }

    fn as_bytes(&self) -> &[u8] {
        let end = self.0.iter().position(|&b| b == 0).unwrap_or(self.0.len());
        self.0.get(..end).unwrap_or_default()
    }
}

struct Writer {
    out: String,
    limit: usize,
    /// Newlines wanted before the next text: 0, 1 or 2.
    breaks: u8,
    space: bool,
    quotes: usize,
}

impl Writer {
    fn block(&mut self, lines: u8) {
        self.breaks = self.breaks.max(lines);
        self.space = false;
    }

    fn start(&mut self) {
        if self.out.is_empty() {
            self.breaks = 0;
            self.space = false;
            self.out.push_str(&"> ".repeat(self.quotes.min(9)));
        }
        if self.breaks > 0 {
            for _ in 0..self.breaks {
                self.out.push('\n');
            }
            self.breaks = 0;
            self.space = false;
            self.out.push_str(&"> ".repeat(self.quotes.min(9)));
        }
        if self.space {
            self.out.push(' ');
            self.space = false;
        }
    }

    fn full(&self) -> bool {
        self.out.len() >= self.limit
    }

    fn push(&mut self, c: char, pre: bool) {
        if c == '\n' && pre {
            self.breaks = (self.breaks + 1).min(2);
        } else if c == ' ' || c.is_ascii_whitespace() || c == '\u{a0}' {
            self.space = self.breaks == 0 && !self.out.is_empty();
        } else {
            self.start();
            self.out.push(c);
        }
    }
}

/// Reads `html`, writing at most about `limit` bytes of text.
pub(crate) fn read(html: &str, limit: usize) -> Reading {
    let mut reading = Reading::default();
    let mut w = Writer { out: String::new(), limit, breaks: 0, space: false, quotes: 0 };
    let mut open: Vec<Open> = Vec::new();
    let mut hidden = 0usize;
    let mut pre = 0usize;
    let mut anchor: Option<(usize, &str)> = None;
    let mut rest = html;
    while !rest.is_empty() && !w.full() {
        let next = memchr::memchr2(b'<', b'&', rest.as_bytes()).unwrap_or(rest.len());
        let Some((text, tail)) = rest.split_at_checked(next) else { break };
        if hidden == 0 {
            for c in text.chars() {
                w.push(c, pre > 0);
            }
        }
        rest = tail;
        if let Some(entity) = rest.strip_prefix('&') {
            let (c, after) = decode_entity(entity);
            if hidden == 0 {
                w.push(c, false);
            }
            rest = after;
            continue;
        }
        let Some(tag) = rest.strip_prefix('<') else { break };
        if let Some(comment) = tag.strip_prefix("!--") {
            rest = comment.find("-->").and_then(|at| comment.get(at + 3..)).unwrap_or_default();
            continue;
        }
        if tag.starts_with(['!', '?']) {
            rest = tag.find('>').and_then(|at| tag.get(at + 1..)).unwrap_or_default();
            continue;
        }
        let (closing, tag) = tag.strip_prefix('/').map_or((false, tag), |t| (true, t));
        if !tag.starts_with(|c: char| c.is_ascii_alphabetic()) {
            if hidden == 0 {
                w.push('<', false);
            }
            rest = tag;
            continue;
        }
        let length = tag
            .bytes()
            .position(|b| b.is_ascii_whitespace() || b == b'>' || b == b'/')
            .unwrap_or(tag.len());
        let Some((name, after)) = tag.split_at_checked(length) else { break };
        let name = Name::of(name.as_bytes());
        let (attributes, after) = attributes(after);
        rest = after;
        let bytes = name.as_bytes();
        if closing {
            if bytes == b"a"
                && let Some((start, href)) = anchor.take()
                && reading.anchors.len() < ANCHORS
            {
                let words = w.out.get(start..).unwrap_or_default().trim();
                let cut = |text: &str| text.chars().take(ANCHOR_CHARS).collect();
                reading.anchors.push((cut(words), cut(href)));
            }
            let from = open.len().saturating_sub(32);
            if let Some(at) = open
                .iter()
                .rposition(|o| o.name == name)
                .filter(|at| *at >= from || open.len() < OPEN)
            {
                for closed in open.drain(at..) {
                    hidden -= usize::from(closed.hidden);
                    pre -= usize::from(closed.pre);
                    if closed.quote {
                        w.quotes -= 1;
                        w.block(1);
                    }
                }
            }
            w.block(
                if matches!(
                    bytes,
                    b"p" | b"h1"
                        | b"h2"
                        | b"h3"
                        | b"h4"
                        | b"h5"
                        | b"h6"
                        | b"ul"
                        | b"ol"
                        | b"blockquote"
                        | b"table"
                ) {
                    2
                } else {
                    u8::from(is_block(bytes))
                },
            );
            if matches!(bytes, b"td" | b"th") {
                w.push(' ', false);
            }
            continue;
        }
        if matches!(
            bytes,
            b"script"
                | b"style"
                | b"title"
                | b"template"
                | b"svg"
                | b"math"
                | b"object"
                | b"iframe"
                | b"noframes"
                | b"select"
                | b"textarea"
                | b"audio"
                | b"video"
                | b"xml"
        ) {
            rest = skip_element(rest, bytes);
            continue;
        }
        match bytes {
            b"br" => w.breaks = if w.breaks == 0 { 1 } else { 2 },
            b"hr" => w.block(2),
            b"img" => {
                if attributes.source.is_some_and(is_remote) {
                    reading.remote_images += 1;
                }
                if hidden == 0
                    && let Some(alt) =
                        attributes.alt.filter(|a| !a.trim().is_empty() && a.len() <= 200)
                {
                    let mut alt = alt;
                    while let Some((plain, entity)) = alt.split_once('&') {
                        plain.chars().for_each(|c| w.push(c, false));
                        let (c, after) = decode_entity(entity);
                        w.push(c, false);
                        alt = after;
                    }
                    alt.chars().for_each(|c| w.push(c, false));
                    w.push(' ', false);
                }
            }
            b"li" => {
                w.block(1);
                if hidden == 0 {
                    w.start();
                    w.out.push_str("- ");
                }
            }
            b"a" => {
                if let Some(href) = attributes.href.filter(|href| is_remote(href)) {
                    reading.links += 1;
                    anchor = Some((w.out.len(), href.trim()));
                }
            }
            _ => {}
        }
        if attributes.background {
            reading.remote_images += 1;
        }
        if is_void(bytes) {
            continue;
        }
        let quote = (bytes == b"blockquote" && attributes.cited) || attributes.quote;
        if matches!(bytes, b"td" | b"th") && hidden == 0 {
            w.push(' ', false);
        }
        if (is_block(bytes) && bytes != b"li") || quote {
            w.block(
                if matches!(
                    bytes,
                    b"p" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"blockquote"
                ) {
                    2
                } else {
                    1
                },
            );
        }
        if open.len() < OPEN {
            let is_pre = bytes == b"pre";
            hidden += usize::from(attributes.hidden);
            pre += usize::from(is_pre);
            w.quotes += usize::from(quote);
            open.push(Open { name, hidden: attributes.hidden, quote, pre: is_pre });
        }
    }
    reading.text = w.out;
    reading
}

/// Goes on after `</name`, or to the end if there is none.
fn skip_element<'a>(rest: &'a str, name: &[u8]) -> &'a str {
    let bytes = rest.as_bytes();
    for at in memchr::memmem::find_iter(bytes, b"</") {
        let is_it =
            bytes.get(at + 2..at + 2 + name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name));
        if is_it {
            let tail = rest.get(at..).unwrap_or_default();
            return tail.find('>').and_then(|end| tail.get(end + 1..)).unwrap_or_default();
        }
    }
    ""
}

fn is_remote(url: &str) -> bool {
    let url = url.trim_start();
    let has =
        |scheme: &str| url.get(..scheme.len()).is_some_and(|u| u.eq_ignore_ascii_case(scheme));
    has("http:") || has("https:") || has("//")
}

fn is_void(name: &[u8]) -> bool {
    matches!(
        name,
        b"br"
            | b"hr"
            | b"img"
            | b"input"
            | b"meta"
            | b"link"
            | b"area"
            | b"base"
            | b"col"
            | b"embed"
            | b"source"
            | b"track"
            | b"wbr"
            | b"param"
    )
}

fn is_block(name: &[u8]) -> bool {
    matches!(
        name,
        b"p" | b"div"
            | b"tr"
            | b"table"
            | b"ul"
            | b"ol"
            | b"li"
            | b"h1"
            | b"h2"
            | b"h3"
            | b"h4"
            | b"h5"
            | b"h6"
            | b"blockquote"
            | b"pre"
            | b"section"
            | b"article"
            | b"header"
            | b"footer"
            | b"center"
            | b"dl"
            | b"dt"
            | b"dd"
            | b"form"
            | b"fieldset"
            | b"address"
            | b"body"
            | b"tbody"
            | b"thead"
            | b"figure"
            | b"main"
            | b"nav"
    )
}

#[derive(Default)]
struct Attributes<'a> {
    href: Option<&'a str>,
    source: Option<&'a str>,
    alt: Option<&'a str>,
    hidden: bool,
    background: bool,
    cited: bool,
    quote: bool,
}

/// Reads attributes up to and including `>`.
fn attributes(mut rest: &str) -> (Attributes<'_>, &str) {
    let mut out = Attributes::default();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            return (out, after);
        }
        if rest.is_empty() {
            return (out, "");
        }
        let end = rest
            .bytes()
            .position(|b| b.is_ascii_whitespace() || matches!(b, b'=' | b'>' | b'/'))
            .unwrap_or(rest.len())
            .max(1);
        // An `=` out of place is skipped like a name of its own.
        let end = (end..=rest.len()).find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
        let Some((name, after)) = rest.split_at_checked(end) else { return (out, "") };
        rest = after.trim_start_matches(|c: char| c.is_ascii_whitespace());
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start_matches(|c: char| c.is_ascii_whitespace());
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
            match quote {
                Some(quote) => {
                    let inner = after.get(1..).unwrap_or_default();
                    match inner.find(quote) {
                        Some(at) => {
                            value = inner.get(..at).unwrap_or_default();
                            rest = inner.get(at + 1..).unwrap_or_default();
                        }
                        None => return (out, ""),
                    }
                }
                None => {
                    let at = after
                        .bytes()
                        .position(|b| b.is_ascii_whitespace() || b == b'>')
                        .unwrap_or(after.len());
                    let (v, r) = after.split_at_checked(at).unwrap_or((after, ""));
                    value = v;
                    rest = r;
                }
            }
        }
        match name.len() {
            3 if name.eq_ignore_ascii_case("src") => out.source = Some(value),
            3 if name.eq_ignore_ascii_case("alt") => out.alt = Some(value),
            4 if name.eq_ignore_ascii_case("href") => out.href = Some(value),
            4 if name.eq_ignore_ascii_case("type") => {
                out.cited |= value.eq_ignore_ascii_case("cite")
            }
            4 if name.eq_ignore_ascii_case("cite") => out.cited = true,
            5 if name.eq_ignore_ascii_case("style") => {
                out.hidden |= hides(value);
                out.background |= loads(value);
            }
            5 if name.eq_ignore_ascii_case("class") => {
                let has = |class: &str| value.split_ascii_whitespace().any(|c| c == class);
                out.cited |= has("gmail_quote");
                out.quote |= has("yahoo_quoted") || has("protonmail_quote");
            }
            6 if name.eq_ignore_ascii_case("hidden") => out.hidden = true,
            10 if name.eq_ignore_ascii_case("background") => out.background |= is_remote(value),
            _ => {}
        }
    }
}

/// A style that keeps its element out of sight.
fn hides(style: &str) -> bool {
    if style.len() > 4000 {
        return false;
    }
    let style: String = style
        .chars()
        .filter(|c| !c.is_ascii_whitespace())
        .map(|c| c.to_ascii_lowercase())
        .collect();
    style.split(';').any(|rule| {
        let rule = rule.trim_end_matches("!important");
        let Some((property, value)) = rule.split_once(':') else { return false };
        let zero = |v: &str| {
            let digits = v.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%');
            !digits.is_empty() && digits.parse::<f32>().is_ok_and(|n| n == 0.0)
        };
        match property {
            "display" => value == "none",
            "visibility" => value == "hidden",
            "mso-hide" => value == "all",
            "font-size" | "opacity" | "max-height" => zero(value),
            _ => false,
        }
    })
}

fn loads(style: &str) -> bool {
    let style = style.get(..4000).unwrap_or(style).to_ascii_lowercase();
    style.split("url(").skip(1).any(|url| is_remote(url.trim_start_matches(['"', '\'', ' ', '&'])))
}

/// Decodes what follows an `&`. An `&` that begins no entity stands for itself.
fn decode_entity(rest: &str) -> (char, &str) {
    let plain = ('&', rest);
    let head = rest.as_bytes().get(..32).unwrap_or(rest.as_bytes());
    let Some(end) = head.iter().position(|b| !b.is_ascii_alphanumeric() && *b != b'#') else {
        return plain;
    };
    let Some((name, after)) = rest.split_at_checked(end) else { return plain };
    let after = after.strip_prefix(';').unwrap_or(after);
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => number.parse().ok(),
        };
        return match code {
            // Windows' characters where HTML has controls.
            Some(n @ 0x80..=0x9f) => {
                let byte = [u8::try_from(n).unwrap_or(b' ')];
                (encoding_rs::WINDOWS_1252.decode(&byte).0.chars().next().unwrap_or(' '), after)
            }
            Some(n) => (char::from_u32(n).filter(|c| *c != '\0').unwrap_or('\u{fffd}'), after),
            None => plain,
        };
    }
    let mut decoded = String::new();
    let token = format!("&{name};");
    mail_parser::decoders::html::add_html_token(&mut decoded, token.as_bytes(), false);
    let mut chars = decoded.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => (c, after),
        _ => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(html: &str) -> String {
        read(html, 1 << 20).text
    }

    #[test]
    fn html_reads_like_a_page() {
        let r = read(
            "<html><head><title>No</title><style>p{}</style></head><body><p>Hello&nbsp;<b>you</b>,</p>\
             <ul><li>one<li>two</ul><div style='display:none'>secret <b>x</b></div>1 &lt; 2 &amp; 3 &euro;&#8364;&#x41; &c\
             <a href='https://x.org'>here</a><img src=//t.co/p.gif alt='Logo'><br>end<table><tr><td>a<td>b</td></tr></table>",
            1 << 20,
        );
        assert_eq!(r.text, "Hello you,\n\n- one\n- two\n\n1 < 2 & 3 €€A &chereLogo\nend\na b");
        assert_eq!((r.links, r.remote_images), (1, 1));
        assert_eq!(r.anchors, [("here".to_owned(), "https://x.org".to_owned())]);
        let many = "<a href=//a.example>www.bank.example</a>".repeat(1000);
        assert_eq!(links(&many).len(), ANCHORS);
        assert_eq!(links(&many)[0], ("www.bank.example".into(), "//a.example".into()));
    }

    #[test]
    fn quoted_replies_are_marked() {
        assert_eq!(
            text(
                "<div>Yes.</div><blockquote type=\"cite\"><div>Can you?</div><div>Ana</div></blockquote><p>after"
            ),
            "Yes.\n\n> Can you?\n> Ana\n\nafter"
        );
    }

    #[test]
    fn broken_html_neither_panics_nor_hangs() {
        for html in [
            "<",
            "<a",
            "<a href",
            "<a href=",
            "<a href='",
            "<!--",
            "</",
            "</p",
            "<p/",
            "&",
            "&#",
            "&#x;",
            "&#1114112;",
            "<é>",
            "< p>",
            "<a =é>",
            "<style>",
            "<p\u{0}>x",
        ] {
            let _ = read(html, 1000);
        }
        for unit in [
            "<div>",
            "<",
            "<!--",
            "<b><p>",
            "</div>",
            "<a x=",
            "&",
            "<script>",
            "<table><a>",
            "</x><y>",
        ] {
            let started = std::time::Instant::now();
            let _ = read(&unit.repeat(3_000_000 / unit.len()), 1 << 20);
            assert!(started.elapsed().as_secs() < 5, "{unit} took {:?}", started.elapsed());
        }
    }
}
