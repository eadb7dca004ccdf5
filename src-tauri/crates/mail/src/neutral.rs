//! Making strangers' text harmless to look at.
//!
//! Directional marks can make `exe.fdp` read as `pdf.exe`, zero-width characters hide words from the eye
//! but not from a program, and control characters break lists. None of them carries meaning that Mailroom
//! shows, so they go. This is about looks alone: escaping for HTML is the business of whoever shows it.

/// What becomes of a character.
fn keep(c: char) -> Option<char> {
    match c {
        '\n' => Some('\n'),
        '\t' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            Some(' ')
        }
        '\u{2028}' | '\u{2029}' | '\u{85}' => Some('\n'),
        // Controls, soft hyphen, combining grapheme joiner, zero-width and directional characters,
        // invisible operators, variation selectors' lesser kin, interlinear marks, tags, fillers.
        '\0'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e007f}' => None,
        // Zero-width joiners hold emoji, Persian and Indic words together: kept between such only.
        c => Some(c),
    }
}

fn joins(c: char) -> bool {
    let c = c as u32;
    // Arabic, Indic and South-East Asian scripts, symbols and emoji, variation selector 16.
    matches!(c, 0x600..=0x8ff | 0x900..=0x109f | 0x1780..=0x18af | 0x2600..=0x27bf | 0xfe0f | 0x1f000..=0x1faff)
}

fn clean(text: &str, mut push: impl FnMut(char) -> bool) {
    let mut last = ' ';
    let mut marks = 0u32;
    for c in text.chars() {
        if matches!(c, '\u{200c}' | '\u{200d}') && !joins(last) {
            continue;
        }
        // A flood of combining marks paints over the lines around it.
        if matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
        {
            marks += 1;
            if marks > 4 {
                continue;
            }
        } else {
            marks = 0;
        }
        let Some(c) = keep(c) else { continue };
        last = c;
        if !push(c) {
            return;
        }
    }
}

/// Text of several lines, without what hides, reorders or controls. Line ends become `\n`.
pub fn text(text: &str) -> String {
    if text.bytes().all(|b| (b' '..=b'~').contains(&b) || b == b'\n') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut lone_cr = text.contains('\r');
    let unified;
    let text = if lone_cr {
        unified = text.replace("\r\n", "\n").replace('\r', "\n");
        lone_cr = false;
        unified.as_str()
    } else {
        text
    };
    debug_assert!(!lone_cr);
    clean(text, |c| {
        out.push(c);
        true
    });
    out
}

/// One line of at most `limit` characters: as [`text`], with line ends and runs of spaces as one space.
pub fn line(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit * 4));
    let mut count = 0;
    let mut space = false;
    clean(text, |c| {
        if c == ' ' || c == '\n' {
            space = !out.is_empty();
            return true;
        }
        if space {
            out.push(' ');
            count += 1;
            space = false;
        }
        if count >= limit {
            out.push('…');
            return false;
        }
        out.push(c);
        count += 1;
        true
    });
    out
}

/// A file name to show and to offer for saving: one line, without path, without leading or trailing dots
/// and spaces, without characters that some system forbids. At most 120 characters, the ending kept.
pub fn file_name(name: &str) -> String {
    let name = line(name, 100_000);
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name
        .chars()
        .map(|c| if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { c })
        .collect();
    let name = name.trim_matches(|c: char| c == '.' || c == ' ');
    let stem = name.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let device = matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || ((stem.starts_with("COM") || stem.starts_with("LPT"))
            && stem.len() == 4
            && stem.ends_with(|c: char| c.is_ascii_digit()));
    let name = if device { format!("_{name}") } else { name.to_owned() };
    if name.chars().count() <= 120 {
        return name;
    }
    let ending: String = match name.rsplit_once('.') {
        Some((_, e)) if e.len() <= 10 => format!(".{e}"),
        _ => String::new(),
    };
    let head: String = name.chars().take(119 - ending.chars().count()).collect();
    format!("{head}…{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_or_reorders_goes_and_words_stay() {
        assert_eq!(
            text("pay\u{200b}pal \u{202e}exe.fdp\u{202c}\r\nx\ry\u{0}"),
            "paypal exe.fdp\nx\ny"
        );
        assert_eq!(line("  a\r\n b\t\u{a0}c  ", 10), "a b c");
        assert_eq!(line("abcdef", 3), "abc…");
        assert_eq!(text("می\u{200c}خواهم"), "می\u{200c}خواهم");
        assert_eq!(text("a\u{200c}b"), "ab");
        assert_eq!(text("👩\u{200d}🔬"), "👩\u{200d}🔬");
        assert_eq!(text(&format!("e{}x", "\u{301}".repeat(500))).chars().count(), 6);
    }

    #[test]
    fn file_names_lose_their_path_and_their_tricks() {
        for (name, shown) in [
            ("../../x", "x"),
            ("C:\\Users\\a.txt", "a.txt"),
            ("CON", "_CON"),
            ("com1.txt", "_com1.txt"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("a.txt. . ", "a.txt"),
            ("..", ""),
            ("a<b>.pdf", "a_b_.pdf"),
            ("bericht äöü.pdf", "bericht äöü.pdf"),
        ] {
            assert_eq!(file_name(name), shown, "{name}");
        }
        let long = file_name(&format!("{}.pdf", "x".repeat(4096)));
        assert!(long.ends_with("….pdf") && long.chars().count() <= 120);
    }
}
