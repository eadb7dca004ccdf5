//! Folder names: the raw bytes of the wire, and modified UTF-7 for people (RFC 3501, 5.1.3).

use std::fmt::Write as _;

/// A folder's name exactly as the server sent it. It is sent back unchanged, whatever it means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FolderName(String);

impl FolderName {
    /// From bytes of the wire. `None` for what cannot be sent back safely in a quoted string: line
    /// breaks, zero bytes, 8-bit bytes that are no UTF-8, more than 1,000 bytes, nothing at all.
    pub fn from_wire(raw: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(raw).ok()?;
        let sound = !text.is_empty() && text.len() <= 1000 && !text.contains(['\r', '\n', '\0']);
        sound.then(|| FolderName(text.to_owned()))
    }

    /// From the name as people write it.
    pub fn from_display(name: &str) -> Option<Self> {
        Self::from_wire(encode(name).as_bytes())
    }

    /// As on the wire, unquoted.
    pub fn as_wire(&self) -> &str {
        &self.0
    }

    /// For people: decoded where it is valid modified UTF-7, else as it is; neutralised.
    pub fn display(&self) -> String {
        let text = decode(&self.0).unwrap_or_else(|| self.0.clone());
        crate::neutral::line(&text, 255)
    }

    /// True for INBOX, whose name ignores case (RFC 3501, 5.1).
    pub fn is_inbox(&self) -> bool {
        self.0.eq_ignore_ascii_case("INBOX")
    }

    /// True when it can be sent in an ASCII quoted string. Servers that list raw UTF-8 also take it back,
    /// but the session's allowlist lets only ASCII pass, so such folders are left alone.
    pub fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/// To modified UTF-7.
fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut run: Vec<u16> = Vec::new();
    for c in name.chars() {
        if (' '..='~').contains(&c) {
            flush(&mut run, &mut out);
            out.push_str(if c == '&' { "&-" } else { "" });
            if c != '&' {
                out.push(c);
            }
        } else {
            run.extend_from_slice(c.encode_utf16(&mut [0; 2]));
        }
    }
    flush(&mut run, &mut out);
    out
}

fn flush(run: &mut Vec<u16>, out: &mut String) {
    if run.is_empty() {
        return;
    }
    out.push('&');
    let (mut bits, mut count) = (0u32, 0u32);
    for unit in run.drain(..) {
        bits = bits << 16 | u32::from(unit);
        count += 16;
        while count >= 6 {
            count -= 6;
            push_digit(out, bits >> count);
            bits &= (1 << count) - 1;
        }
    }
    if count > 0 {
        push_digit(out, bits << (6 - count));
    }
    out.push('-');
}

fn push_digit(out: &mut String, value: u32) {
    let _ = DIGITS.get((value & 63) as usize).map(|&d| out.write_char(char::from(d)));
}

/// From modified UTF-7. `None` if it is none.
fn decode(wire: &str) -> Option<String> {
    let mut out = String::with_capacity(wire.len());
    let mut rest = wire;
    while let Some((plain, shifted)) = rest.split_once('&') {
        if !plain.is_ascii() {
            return None;
        }
        out.push_str(plain);
        let (digits, after) = shifted.split_once('-')?;
        rest = after;
        if digits.is_empty() {
            out.push('&');
            continue;
        }
        let (mut bits, mut count) = (0u32, 0u32);
        let mut units = Vec::with_capacity(digits.len());
        for b in digits.bytes() {
            let value = DIGITS.iter().position(|&d| d == b)?;
            bits = bits << 6 | u32::try_from(value).ok()?;
            count += 6;
            if count >= 16 {
                count -= 16;
                units.push(u16::try_from(bits >> count & 0xffff).ok()?);
                bits &= (1 << count) - 1;
            }
        }
        if bits != 0 || count >= 6 {
            return None;
        }
        out.push_str(&String::from_utf16(&units).ok()?);
    }
    if !rest.is_ascii() {
        return None;
    }
    out.push_str(rest);
    (!out.chars().any(char::is_control)).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modified_utf7_goes_there_and_back() {
        for (name, wire) in [
            ("Entwürfe", "Entw&APw-rfe"),
            ("Büro & Co", "B&APw-ro &- Co"),
            ("日本語", "&ZeVnLIqe-"),
            ("✉️😀", "&Jwn+D9g93gA-"),
            ("plain/a.b", "plain/a.b"),
        ] {
            assert_eq!(encode(name), wire);
            assert_eq!(decode(wire).as_deref(), Some(name));
        }
    }

    #[test]
    fn what_is_not_modified_utf7_is_kept_as_it_is() {
        for wire in ["&AAA", "&AAA-", "a&b", "&2D0-", "Entwürfe", "&!-", "&"] {
            assert_eq!(decode(wire), None, "{wire}");
            assert_eq!(
                FolderName::from_wire(wire.as_bytes()).map(|n| n.as_wire().to_owned()),
                Some(wire.to_owned())
            );
        }
        assert_eq!(FolderName::from_wire(b"a\r\nb"), None);
        assert_eq!(FolderName::from_wire(b"Entw\xfcrfe"), None);
        assert_eq!(FolderName::from_wire(b""), None);
    }
}
