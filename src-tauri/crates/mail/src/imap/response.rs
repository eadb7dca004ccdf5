//! Server responses as Mailroom reads them (RFC 3501, 7 and 9; RFC 7162; RFC 5530).
//!
//! A small parser over one complete response at a time: its text pieces and the literals between them.
//! It is strict where a wrong guess could lose mail and lenient where servers are known to be sloppy
//! (missing text, trailing spaces, 8-bit). It has no recursion and looks at each byte a bounded number of
//! times. It is not a general IMAP parser: ENVELOPE and BODYSTRUCTURE are never asked for.

use mailroom_domain::FlagSet;

/// A part of a response: text of the line, or a literal's bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Text, without line ends.
    Text(Vec<u8>),
    /// What followed `{n}`.
    Literal(Vec<u8>),
}

/// One untagged response.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Untagged {
    /// `* OK`, `* NO`, `* BAD`, `* BYE`, `* PREAUTH`
    Status(Condition),
    /// `* n EXISTS`
    Exists(u32),
    /// `* n EXPUNGE` or `* VANISHED`
    Expunged,
    /// `* n FETCH`
    Fetch(Box<Fetched>),
    /// `* SEARCH`
    Search(Vec<u32>),
    /// `* LIST`
    List(Listed),
    /// `* CAPABILITY`, upper-cased.
    Capability(Vec<String>),
    /// Anything else, which is ignored (RFC 3501, 7: a client must be ready for any response).
    Other,
}

/// What kind of status response it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ok,
    No,
    Bad,
    Bye,
    Preauth,
}

/// A status response, tagged or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub kind: Kind,
    /// First word of the response code, upper-cased; empty if there is none.
    pub code: String,
    /// The rest of the response code.
    pub arguments: String,
    /// For people; decoded leniently, not neutralised.
    pub text: String,
}

/// One FETCH response. `None`: not sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Fetched {
    pub uid: Option<u32>,
    pub flags: Option<FlagSet>,
    pub internal_date: Option<i64>,
    pub size: Option<u64>,
    pub modseq: Option<u64>,
    pub header: Option<Vec<u8>>,
    pub body: Option<Vec<u8>>,
}

/// One LIST response.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Upper-cased.
    pub attributes: Vec<String>,
    pub delimiter: Option<char>,
    /// Unquoted, as sent.
    pub name: Vec<u8>,
}

/// Reads tokens from the pieces of one response.
struct Reader<'a> {
    pieces: std::slice::Iter<'a, Piece>,
    text: &'a [u8],
}

enum Token<'a> {
    Open,
    Close,
    /// Quoted string, without the quotes' escapes.
    Quoted(Vec<u8>),
    Literal(&'a [u8]),
    /// Atom, flag or number; a section `BODY[...]<n>` is one atom.
    Atom(&'a [u8]),
}

impl<'a> Reader<'a> {
    fn new(pieces: &'a [Piece]) -> Self {
        Reader { pieces: pieces.iter(), text: &[] }
    }

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            match self.text.split_first() {
                None => match self.pieces.next()? {
                    Piece::Literal(bytes) => return Some(Token::Literal(bytes)),
                    Piece::Text(text) => self.text = text,
                },
                Some((b' ' | b'\t', rest)) => self.text = rest,
                Some((b'(', rest)) => {
                    self.text = rest;
                    return Some(Token::Open);
                }
                Some((b')', rest)) => {
                    self.text = rest;
                    return Some(Token::Close);
                }
                Some((b'"', rest)) => {
                    let mut out = Vec::new();
                    let mut bytes = rest.iter();
                    while let Some(&b) = bytes.next() {
                        match b {
                            b'"' => break,
                            b'\\' => out.extend(bytes.next()),
                            _ => out.push(b),
                        }
                    }
                    self.text = bytes.as_slice();
                    return Some(Token::Quoted(out));
                }
                Some(_) => return self.atom(),
            }
        }
    }

    fn atom(&mut self) -> Option<Token<'a>> {
        let mut depth = 0u32;
        let end = self
            .text
            .iter()
            .position(|&b| {
                match b {
                    b'[' => depth = depth.saturating_add(1),
                    b']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                depth == 0 && matches!(b, b' ' | b'(' | b')' | b'"' | b'\t')
            })
            .unwrap_or(self.text.len());
        let (atom, rest) = self.text.split_at_checked(end.max(1))?;
        // A literal's announcement ends the piece and is no token.
        self.text = rest;
        if rest.is_empty() && literal_size(atom).is_some() {
            return self.next_boxed();
        }
        Some(Token::Atom(atom))
    }

    fn next_boxed(&mut self) -> Option<Token<'a>> {
        match self.pieces.next()? {
            Piece::Literal(bytes) => Some(Token::Literal(bytes)),
            Piece::Text(text) => {
                self.text = text;
                None
            }
        }
    }

    /// Passes over the rest of a parenthesised list whose `(` has been read.
    fn skip_list(&mut self) {
        let mut depth = 1u32;
        while depth > 0 {
            match self.next() {
                Some(Token::Open) => depth += 1,
                Some(Token::Close) => depth -= 1,
                Some(_) => {}
                None => return,
            }
        }
    }
}

/// The size that a line announces at its end: `{n}`, `{n+}` or `~{n}`. `Some(Err(()))` for a size that is
/// no number up to 2^32 - 1.
pub(crate) fn literal_size(line: &[u8]) -> Option<Result<u64, ()>> {
    let inner = line.strip_suffix(b"}")?;
    let open = inner.iter().rposition(|&b| b == b'{')?;
    let digits = inner.get(open + 1..)?;
    let digits = digits.strip_suffix(b"+").unwrap_or(digits);
    if digits.is_empty()
        || digits.len() > 24
        || !digits.iter().all(|b| b.is_ascii_digit() || *b == b'-')
    {
        return None;
    }
    let size = std::str::from_utf8(digits).ok().and_then(|d| d.parse::<u32>().ok());
    Some(size.map(u64::from).ok_or(()))
}

fn number<T: std::str::FromStr>(bytes: &[u8]) -> Option<T> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A status response's parts from what follows the tag: `OK [CODE args] text`. `None` if it is none.
pub(crate) fn condition(rest: &[u8]) -> Option<Condition> {
    let rest = rest.trim_ascii();
    let end = rest.iter().position(|&b| b == b' ').unwrap_or(rest.len());
    let (word, rest) = rest.split_at_checked(end)?;
    let kind = match word.to_ascii_uppercase().as_slice() {
        b"OK" => Kind::Ok,
        b"NO" => Kind::No,
        b"BAD" => Kind::Bad,
        b"BYE" => Kind::Bye,
        b"PREAUTH" => Kind::Preauth,
        _ => return None,
    };
    let rest = rest.trim_ascii_start();
    let (code, text) = match rest.strip_prefix(b"[") {
        Some(inner) => match inner.iter().position(|&b| b == b']') {
            Some(at) => {
                (inner.get(..at).unwrap_or_default(), inner.get(at + 1..).unwrap_or_default())
            }
            None => (&[][..], rest),
        },
        None => (&[][..], rest),
    };
    let code = lossy(code);
    let (word, arguments) = code.trim().split_once(' ').unwrap_or((code.trim(), ""));
    Some(Condition {
        kind,
        code: word.to_ascii_uppercase(),
        arguments: arguments.trim().to_owned(),
        text: lossy(text.trim_ascii()),
    })
}

/// Reads one untagged response, its `* ` included. What cannot be read is [`Untagged::Other`], except
/// for a FETCH response, whose readable attributes are kept.
pub(crate) fn untagged(pieces: &mut Vec<Piece>) -> Untagged {
    let Some(Piece::Text(first)) = pieces.first() else { return Untagged::Other };
    let line = first.strip_prefix(b"*").unwrap_or(first).trim_ascii();
    if let Some(condition) = condition(line) {
        return Untagged::Status(condition);
    }
    let end = line.iter().position(|&b| b == b' ').unwrap_or(line.len());
    let Some((word, rest)) = line.split_at_checked(end) else { return Untagged::Other };
    if let Some(n) = number::<u32>(word) {
        let rest = rest.trim_ascii();
        let verb = rest.split(|&b| b == b' ' || b == b'(').next().unwrap_or_default();
        return match verb.to_ascii_uppercase().as_slice() {
            b"EXISTS" => Untagged::Exists(n),
            b"EXPUNGE" => Untagged::Expunged,
            b"FETCH" => Untagged::Fetch(Box::new(fetch(pieces))),
            _ => Untagged::Other,
        };
    }
    match word.to_ascii_uppercase().as_slice() {
        b"VANISHED" => Untagged::Expunged,
        b"SEARCH" => {
            let mut uids = Vec::with_capacity(rest.len() / 6);
            for word in rest.split(|&b| b == b' ').filter(|w| !w.is_empty()) {
                match number::<u32>(word) {
                    Some(uid) => uids.push(uid),
                    // `(MODSEQ n)` may follow the numbers (RFC 7162, 3.1.5).
                    None if word.first() == Some(&b'(') => break,
                    None => return Untagged::Other,
                }
            }
            Untagged::Search(uids)
        }
        b"CAPABILITY" => Untagged::Capability(words(rest)),
        b"LIST" => list(pieces).map_or(Untagged::Other, Untagged::List),
        _ => Untagged::Other,
    }
}

/// The words of a list of atoms, upper-cased.
pub(crate) fn words(rest: &[u8]) -> Vec<String> {
    lossy(rest).split_ascii_whitespace().map(str::to_ascii_uppercase).collect()
}

fn list(pieces: &[Piece]) -> Option<Listed> {
    let mut reader = Reader::new(pieces);
    reader.next()?; // *
    reader.next()?; // LIST
    let mut attributes = Vec::new();
    let Some(Token::Open) = reader.next() else { return None };
    loop {
        match reader.next()? {
            Token::Close => break,
            Token::Atom(atom) => attributes.push(lossy(atom).to_ascii_uppercase()),
            Token::Open => reader.skip_list(),
            Token::Quoted(_) | Token::Literal(_) => {}
        }
    }
    let delimiter = match reader.next()? {
        Token::Quoted(q) => lossy(&q).chars().next(),
        Token::Atom(_) => None,
        _ => return None,
    };
    let name = match reader.next()? {
        Token::Quoted(q) => q,
        Token::Literal(bytes) => bytes.to_vec(),
        Token::Atom(atom) => atom.to_vec(),
        _ => return None,
    };
    Some(Listed { attributes, delimiter, name })
}

/// Where a literal's bytes go, so that they are moved and not copied.
enum Slot {
    Header,
    Body,
}

fn fetch(pieces: &mut [Piece]) -> Fetched {
    let mut out = Fetched::default();
    // Literals are counted while the reader borrows the pieces, and taken afterwards.
    let mut slots: Vec<(usize, Slot)> = Vec::new();
    {
        let literals: Vec<usize> = pieces
            .iter()
            .enumerate()
            .filter(|(_, p)| matches!(p, Piece::Literal(_)))
            .map(|(at, _)| at)
            .collect();
        let mut seen = 0usize;
        let mut reader = Reader::new(pieces);
        reader.next(); // *
        reader.next(); // n
        reader.next(); // FETCH
        if !matches!(reader.next(), Some(Token::Open)) {
            return out;
        }
        loop {
            let name = match reader.next() {
                Some(Token::Atom(atom)) => atom.to_ascii_uppercase(),
                Some(Token::Open) => {
                    reader.skip_list();
                    continue;
                }
                Some(Token::Literal(_)) => {
                    seen += 1;
                    continue;
                }
                Some(Token::Quoted(_)) => continue,
                Some(Token::Close) | None => break,
            };
            match name.as_slice() {
                b"FLAGS" => {
                    if !matches!(reader.next(), Some(Token::Open)) {
                        continue;
                    }
                    let mut flags = FlagSet::default();
                    while let Some(Token::Atom(atom)) = reader.next() {
                        add_flag(&mut flags, atom);
                    }
                    flags.keywords.sort_unstable();
                    flags.keywords.dedup();
                    out.flags = Some(flags);
                    continue;
                }
                b"MODSEQ" => {
                    if let Some(Token::Open) = reader.next() {
                        if let Some(Token::Atom(atom)) = reader.next() {
                            out.modseq = number(atom);
                        }
                        reader.skip_list();
                    }
                    continue;
                }
                _ => {}
            }
            let value = match reader.next() {
                Some(Token::Open) => {
                    reader.skip_list();
                    continue;
                }
                Some(Token::Close) | None => break,
                Some(value) => value,
            };
            let (atom, inline): (&[u8], Option<Vec<u8>>) = match value {
                Token::Atom(atom) => (atom, None),
                Token::Quoted(bytes) => (&[], Some(bytes)),
                Token::Literal(_) => {
                    let at = literals.get(seen).copied();
                    seen += 1;
                    if let Some(at) = at {
                        if is_section(&name, b"BODY[HEADER]") {
                            slots.push((at, Slot::Header));
                        } else if is_section(&name, b"BODY[]") {
                            slots.push((at, Slot::Body));
                        }
                    }
                    continue;
                }
                Token::Open | Token::Close => continue,
            };
            match name.as_slice() {
                b"UID" => out.uid = number(atom).filter(|uid| *uid != 0),
                b"RFC822.SIZE" => out.size = number(atom),
                b"INTERNALDATE" => {
                    out.internal_date = inline.as_deref().and_then(internal_date);
                }
                // A short section may come as a quoted string, an empty one as NIL.
                _ if is_section(&name, b"BODY[HEADER]") => {
                    out.header = Some(inline.unwrap_or_default())
                }
                _ if is_section(&name, b"BODY[]") => out.body = Some(inline.unwrap_or_default()),
                _ => {}
            }
        }
    }
    for (at, slot) in slots {
        if let Some(Piece::Literal(bytes)) = pieces.get_mut(at) {
            let bytes = std::mem::take(bytes);
            match slot {
                Slot::Header => out.header = Some(bytes),
                Slot::Body => out.body = Some(bytes),
            }
        }
    }
    out
}

/// True for the section itself and for a part of it, `BODY[]<0>`.
fn is_section(name: &[u8], section: &[u8]) -> bool {
    name.strip_prefix(section).is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'<'))
}

fn add_flag(flags: &mut FlagSet, atom: &[u8]) {
    match atom.to_ascii_lowercase().as_slice() {
        b"\\seen" => flags.seen = true,
        b"\\flagged" => flags.flagged = true,
        b"\\answered" => flags.answered = true,
        b"\\draft" => flags.draft = true,
        b"\\deleted" => flags.deleted = true,
        other => {
            // System flags that nobody shows (`\Recent`) are no keywords.
            if other.first() != Some(&b'\\') && flags.keywords.len() < 100 {
                flags.keywords.push(crate::neutral::line(&lossy(atom), 100));
            }
        }
    }
}

/// `17-Jul-1996 02:44:25 -0700`, the day with a leading space or zero (RFC 3501, date-time).
fn internal_date(bytes: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut words = text.split_ascii_whitespace();
    let (date, clock, zone) = (words.next()?, words.next()?, words.next()?);
    let mut date = date.split('-');
    let day: u8 = date.next()?.parse().ok()?;
    let month = match date.next()?.to_ascii_lowercase().as_str() {
        "jan" => time::Month::January,
        "feb" => time::Month::February,
        "mar" => time::Month::March,
        "apr" => time::Month::April,
        "may" => time::Month::May,
        "jun" => time::Month::June,
        "jul" => time::Month::July,
        "aug" => time::Month::August,
        "sep" => time::Month::September,
        "oct" => time::Month::October,
        "nov" => time::Month::November,
        "dec" => time::Month::December,
        _ => return None,
    };
    let year: i32 = date.next()?.parse().ok()?;
    let mut clock = clock.split(':').map(|n| n.parse::<u8>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let zone: i32 = zone.parse().ok()?;
    let offset = i64::from(zone / 100 * 3600 + zone % 100 * 60);
    if offset.abs() > 24 * 3600 {
        return None;
    }
    let date = time::Date::from_calendar_date(year, month, day).ok()?;
    let at = date.with_hms(hour, minute, second.min(59)).ok()?.assume_utc();
    Some(at.unix_timestamp() - offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: &str) -> Vec<Piece> {
        vec![Piece::Text(line.as_bytes().to_vec())]
    }

    #[test]
    fn a_fetch_with_literals_is_read_and_its_bytes_are_moved() {
        let mut pieces = vec![
            Piece::Text(b"* 3 FETCH (UID 7 FLAGS (\\Seen $Fwd \\Recent) RFC822.SIZE 11 MODSEQ (12) BODY[]<0> {5}".to_vec()),
            Piece::Literal(b"a) {3".to_vec()),
            Piece::Text(b" INTERNALDATE \" 7-Feb-2024 10:00:00 +0100\" BODY[HEADER] {2}".to_vec()),
            Piece::Literal(b"h:".to_vec()),
            Piece::Text(b")".to_vec()),
        ];
        let Untagged::Fetch(f) = untagged(&mut pieces) else { panic!("not a FETCH") };
        assert_eq!((f.uid, f.size, f.modseq), (Some(7), Some(11), Some(12)));
        assert_eq!(f.body.as_deref(), Some(&b"a) {3"[..]));
        assert_eq!(f.header.as_deref(), Some(&b"h:"[..]));
        assert_eq!(f.internal_date, Some(1_707_296_400));
        let flags = f.flags.unwrap();
        assert!(flags.seen && flags.keywords == ["$Fwd"]);
    }

    #[test]
    fn sloppy_servers_are_understood() {
        for (line, expected) in [
            ("* 5 EXISTS ", Untagged::Exists(5)),
            ("* SEARCH", Untagged::Search(vec![])),
            ("* SEARCH 4 2 (MODSEQ 9)", Untagged::Search(vec![4, 2])),
            ("* VANISHED 1:4294967295", Untagged::Expunged),
            ("* XFOO bar", Untagged::Other),
            ("* SEARCH 1 x", Untagged::Other),
            ("* 99999999999 EXISTS", Untagged::Other),
            ("*", Untagged::Other),
            ("* LIST", Untagged::Other),
            ("* LIST (", Untagged::Other),
        ] {
            assert_eq!(untagged(&mut text(line)), expected, "{line}");
        }
        let Untagged::Status(c) = untagged(&mut text("* OK [HIGHESTMODSEQ 7]")) else { panic!() };
        assert_eq!(
            (c.code.as_str(), c.arguments.as_str(), c.text.as_str()),
            ("HIGHESTMODSEQ", "7", "")
        );
        let Untagged::Status(c) = untagged(&mut text("* BYE")) else { panic!() };
        assert_eq!(c.kind, Kind::Bye);
        let Untagged::Fetch(f) = untagged(&mut text(
            "* 1 FETCH (UID 9 INTERNALDATE NIL BODY[] NIL X (a (b c)) RFC822.SIZE 3)",
        )) else {
            panic!()
        };
        assert_eq!((f.uid, f.internal_date, f.size), (Some(9), None, Some(3)));
        assert_eq!(f.body, Some(vec![]));
    }

    #[test]
    fn names_come_out_as_they_were_meant() {
        let Untagged::List(l) =
            untagged(&mut text(r#"* LIST (\HasNoChildren \Sent) "/" "a\"b\\c""#))
        else {
            panic!()
        };
        assert_eq!((l.name.as_slice(), l.delimiter), (&br#"a"b\c"#[..], Some('/')));
        let mut pieces = vec![
            Piece::Text(b"* LIST () NIL {3}".to_vec()),
            Piece::Literal(b"x\"y".to_vec()),
            Piece::Text(vec![]),
        ];
        let Untagged::List(l) = untagged(&mut pieces) else { panic!() };
        assert_eq!((l.name.as_slice(), l.delimiter), (&b"x\"y"[..], None));
    }

    #[test]
    fn literal_sizes() {
        assert_eq!(literal_size(b"* 1 FETCH (BODY[] {12}"), Some(Ok(12)));
        assert_eq!(literal_size(b"x {5+}"), Some(Ok(5)));
        assert_eq!(literal_size(b"x ~{0}"), Some(Ok(0)));
        assert_eq!(literal_size(b"x {4294967295}"), Some(Ok(4_294_967_295)));
        assert_eq!(literal_size(b"x {4294967296}"), Some(Err(())));
        assert_eq!(literal_size(b"x {-1}"), Some(Err(())));
        assert_eq!(literal_size(b"x {a}"), None);
        assert_eq!(literal_size(b"}"), None);
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let alphabet = b"()[]{}\"\\ *<>0129azAZ~+-NILFETCHBODYUIDFLAGSMODSEQSEARCHLIST\x80\xff";
        let mut seed = 7u64;
        let mut next = || {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize
        };
        for _ in 0..20_000 {
            let mut pieces = vec![];
            for at in 0..1 + next() % 4 {
                let mut bytes: Vec<u8> = match (at, next() % 5) {
                    (0, 0) => b"* 1 FETCH (".to_vec(),
                    (0, 1) => b"* LIST (".to_vec(),
                    (0, 2) => b"* SEARCH ".to_vec(),
                    _ => b"* ".to_vec(),
                };
                bytes.extend((0..next() % 40).map(|_| alphabet[next() % alphabet.len()]));
                pieces.push(if at % 2 == 0 { Piece::Text(bytes) } else { Piece::Literal(bytes) });
            }
            let _ = untagged(&mut pieces);
        }
    }
}
