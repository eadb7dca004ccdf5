//! [`sanitize_html`]: a message's HTML made fit for `<iframe sandbox="" srcdoc>`.
//!
//! One of three layers that must each hold alone: no script runs and nothing is loaded because the frame is
//! sandboxed, because the app's Content-Security-Policy forbids it, and because nothing that could is left
//! in the markup. Links keep their text and lose their target: the reader lists them, shows the real
//! host, and opens them outside.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// Bytes of HTML that are sanitised.
const BYTES: usize = 2 * 1024 * 1024;
/// Levels of open elements. ammonia is quadratic in depth; nobody writes more.
const DEPTH: usize = 255;
/// Tags of one message.
const TAGS: usize = 100_000;

/// HTML fit to be framed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sanitized {
    /// The markup, a fragment for a document's body. Must not be changed afterwards.
    pub html: String,
    /// Images, styles and the like that would have been loaded from elsewhere.
    pub blocked_remote: u32,
}

/// HTML that is not shown as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SanitizeError {
    /// Over 2 MB.
    #[error("This message's HTML is too long to be shown. Its text is shown instead.")]
    TooLong,
    /// Nested or tangled beyond what any real message is.
    #[error("This message's HTML is built in a way that could harm. Its text is shown instead.")]
    TooTangled,
}

/// Sanitises `html`. `inline_images` holds, by Content-ID without brackets, `data:image/...` addresses of
/// images that came with the message; others are left out.
///
/// # Errors
/// [`SanitizeError`]; show the text then.
pub fn sanitize_html(
    html: &str,
    inline_images: &HashMap<String, String>,
) -> Result<Sanitized, SanitizeError> {
    if html.len() > BYTES {
        return Err(SanitizeError::TooLong);
    }
    if tangled(html) {
        return Err(SanitizeError::TooTangled);
    }
    let blocked_remote = crate::html::read(html, 0).remote_images.max(count_remote(html));
    let images: HashMap<String, String> = inline_images
        .iter()
        .filter(|(_, data)| is_image_data(data))
        .map(|(id, data)| (id.trim_matches(['<', '>', ' ']).to_lowercase(), data.clone()))
        .collect();
    let tags: HashSet<&str> = [
        "a",
        "abbr",
        "acronym",
        "address",
        "b",
        "bdi",
        "bdo",
        "big",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "font",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "section",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "wbr",
    ]
    .into();
    let drop: HashSet<&str> = [
        "script",
        "style",
        "title",
        "head",
        "template",
        "noscript",
        "noembed",
        "noframes",
        "svg",
        "math",
        "iframe",
        "object",
        "embed",
        "applet",
        "select",
        "textarea",
        "button",
        "form",
        "audio",
        "video",
        "canvas",
        "dialog",
        "plaintext",
        "xmp",
    ]
    .into();
    let per_tag: HashMap<&str, HashSet<&str>> = HashMap::from([
        ("img", HashSet::from(["src", "alt", "width", "height"])),
        ("td", HashSet::from(["colspan", "rowspan", "align", "valign", "width", "bgcolor"])),
        ("th", HashSet::from(["colspan", "rowspan", "align", "valign", "width", "bgcolor"])),
        ("tr", HashSet::from(["align", "valign", "bgcolor"])),
        (
            "table",
            HashSet::from(["border", "cellpadding", "cellspacing", "width", "align", "bgcolor"]),
        ),
        ("col", HashSet::from(["span", "width"])),
        ("ol", HashSet::from(["start", "type"])),
        ("font", HashSet::from(["color", "size"])),
        ("div", HashSet::from(["align"])),
        ("p", HashSet::from(["align"])),
    ]);
    let mut builder = ammonia::Builder::empty();
    builder
        .tags(tags)
        .clean_content_tags(drop)
        .tag_attributes(per_tag)
        .generic_attributes(HashSet::from(["dir", "lang", "title"]))
        .url_schemes(HashSet::from(["cid", "data"]))
        .strip_comments(true)
        .link_rel(None)
        .attribute_filter(move |element, attribute, value| match (element, attribute) {
            ("img", "src") => {
                let id = value.trim().strip_prefix("cid:")?;
                let id = id.replace("%40", "@").replace("%24", "$").to_lowercase();
                images.get(&id).cloned().map(Cow::Owned)
            }
            (_, "bgcolor" | "color") => is_color(value).then_some(Cow::Borrowed(value)),
            (
                _,
                "width" | "height" | "colspan" | "rowspan" | "span" | "start" | "border"
                | "cellpadding" | "cellspacing" | "size",
            ) => {
                let digits = value.trim().trim_end_matches(['%', 'p', 'x']);
                let sound = !digits.is_empty()
                    && digits.len() <= 4
                    && digits.bytes().all(|b| b.is_ascii_digit());
                sound.then_some(Cow::Borrowed(value))
            }
            (_, "title" | "alt") => Some(Cow::Owned(crate::neutral::line(value, 300))),
            _ => Some(Cow::Borrowed(value)),
        });
    // Directional and hidden characters act on a page as they do in text.
    let clean = crate::neutral::text(&builder.clean(html).to_string());
    Ok(Sanitized { html: clean, blocked_remote })
}

fn is_color(value: &str) -> bool {
    let value = value.trim();
    let hex = value
        .strip_prefix('#')
        .is_some_and(|h| matches!(h.len(), 3 | 6) && h.bytes().all(|b| b.is_ascii_hexdigit()));
    hex || (!value.is_empty()
        && value.len() <= 24
        && value.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// Raster images only: an SVG is a document of its own.
fn is_image_data(data: &str) -> bool {
    let kinds = ["png", "jpeg", "gif", "webp", "bmp"];
    kinds.iter().any(|kind| {
        data.strip_prefix("data:image/")
            .and_then(|d| d.strip_prefix(kind))
            .and_then(|d| d.strip_prefix(";base64,"))
            .is_some_and(|d| {
                d.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
            })
    })
}

/// More open elements at once, or more tags, than any message that people write. Counts every start tag
/// that is not void and never closed as open, since a browser's parser may do the same.
fn tangled(html: &str) -> bool {
    let bytes = html.as_bytes();
    let (mut depth, mut tags) = (0usize, 0usize);
    for at in memchr::memchr_iter(b'<', bytes) {
        let rest = bytes.get(at + 1..).unwrap_or_default();
        match rest.first() {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(b) if b.is_ascii_alphabetic() => {
                tags += 1;
                let name = rest.get(..12).unwrap_or(rest);
                let end =
                    name.iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(name.len());
                let name = name.get(..end).unwrap_or_default().to_ascii_lowercase();
                // Elements that the next of their kind closes.
                let closes_itself = matches!(
                    name.as_slice(),
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
                        | b"p"
                        | b"li"
                        | b"td"
                        | b"th"
                        | b"tr"
                        | b"dt"
                        | b"dd"
                        | b"option"
                        | b"tbody"
                        | b"thead"
                );
                if !closes_itself {
                    depth += 1;
                }
            }
            _ => {}
        }
        if depth > DEPTH || tags > TAGS {
            return true;
        }
        // An attribute's `<` counts as a tag at worst, which errs on the safe side.
    }
    // One tag with tens of thousands of attributes is quadratic as well.
    let mut longest = 0usize;
    let mut since = 0usize;
    for b in bytes {
        if *b == b'=' {
            since += 1;
            longest = longest.max(since);
        } else if *b == b'>' {
            since = 0;
        }
    }
    longest > 10_000
}

/// Remote addresses in places that [`crate::html`] does not look at: `srcset`, `poster`, `@import`, `link`.
fn count_remote(html: &str) -> u32 {
    let lower = html.to_ascii_lowercase();
    let count =
        |needle: &str| memchr::memmem::find_iter(lower.as_bytes(), needle.as_bytes()).count();
    let total = [
        "srcset=",
        "poster=",
        "@import",
        "url(http",
        "url('http",
        "url(\"http",
        "url(//",
        "<link",
        "background=\"http",
        "background='http",
    ]
    .iter()
    .map(|n| count(n))
    .sum::<usize>()
        + ["src=\"http", "src='http", "src=http", "src=\"//", "src='//", "src=//"]
            .iter()
            .map(|n| count(n))
            .sum::<usize>();
    u32::try_from(total).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(html: &str) -> String {
        sanitize_html(html, &HashMap::new()).unwrap().html
    }

    #[test]
    fn nothing_that_acts_or_loads_is_left() {
        let payloads = [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<img src='http://t.co/p.gif' srcset='http://t.co/2 2x'>",
            "<a href='javascript:alert(1)'>x</a>",
            "<a href='https://evil.org' ping='https://t.co'>x</a>",
            "<svg><feImage href='http://t.co/'/><script>alert(1)</script></svg>",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
            "<div style='background:url(http://t.co/)'>x</div>",
            "<style>@import 'http://t.co/';</style>",
            "<link rel=prefetch href=http://t.co>",
            "<meta http-equiv=refresh content='0;url=http://t.co'>",
            "<form action=http://t.co><input name=q><button>go</button></form>",
            "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
            "<object data=http://t.co></object><embed src=http://t.co>",
            "<video poster=http://t.co src=http://t.co></video>",
            "<body background=http://t.co><table background='http://t.co'><tr><td background=http://t.co>x",
            "<base href=http://t.co><img src=/a>",
            "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
            "<img src='data:image/svg+xml;base64,PHN2Zz4='>",
            "<img src='cid:missing'>",
            "<a href=data:text/html,x>y</a>",
            "<form id=x></form><a id=x name=y class=z>q</a>",
        ];
        for payload in payloads {
            let out = clean(payload).to_ascii_lowercase();
            for bad in [
                "script",
                "onerror",
                "http",
                "javascript",
                "url(",
                "src=",
                "href",
                "style",
                "<form",
                "<iframe",
                "<svg",
                "<math",
                "<meta",
                "<link",
                "<base",
                "id=",
                "class=",
                "data:",
                "<input",
            ] {
                assert!(!out.contains(bad), "{payload} -> {out}");
            }
        }
    }

    #[test]
    fn text_and_tables_and_own_images_stay() {
        let images = HashMap::from([
            ("logo@x".to_owned(), "data:image/png;base64,AAAA".to_owned()),
            ("bad@x".to_owned(), "data:image/svg+xml;base64,AAAA".to_owned()),
        ]);
        let s = sanitize_html(
            "<p>Hi <b>you</b> <a href='https://x.org'>here</a></p><table width=100%><tr><td bgcolor='#ff0000'>1</td></tr></table>\
             <img src='cid:logo%40x' alt='L'><img src='cid:bad@x'><img src='https://t.co/1.gif'>",
            &images,
        )
        .unwrap();
        assert!(
            s.html.contains("<b>you</b>")
                && s.html.contains("<a>here</a>")
                && s.html.contains("bgcolor=\"#ff0000\""),
            "{}",
            s.html
        );
        assert!(s.html.contains("src=\"data:image/png;base64,AAAA\""));
        assert_eq!(s.html.matches("src=").count(), 1);
        assert_eq!(s.blocked_remote, 1);
    }

    #[test]
    fn bombs_are_refused_or_quick() {
        let none = HashMap::new();
        let started = std::time::Instant::now();
        assert_eq!(sanitize_html(&"<div>".repeat(50_000), &none), Err(SanitizeError::TooTangled));
        assert_eq!(sanitize_html(&"x".repeat(3_000_000), &none), Err(SanitizeError::TooLong));
        assert_eq!(
            sanitize_html(&format!("<a {}>", "b=c ".repeat(50_000)), &none),
            Err(SanitizeError::TooTangled)
        );
        for unit in
            ["<table><a>", "<b><p>", "<p>", "<li>", "<td>", "<br>", "</div>", "<a></a>", "<b></i>"]
        {
            let _ = sanitize_html(&unit.repeat(1_000_000 / unit.len()), &none);
        }
        assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
    }
}
