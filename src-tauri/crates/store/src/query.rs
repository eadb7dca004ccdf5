//! What a search says: words, and filters beside them, read from the one line that the user typed.
//!
//! Operators are `name:value`, before or after words, in any order; all must hold, and a `-` in front turns one
//! around. Names and values are read in any case. Quotes keep blanks (`in:"Sent Items"`, `-"per se"`).
//!
//! | Operator | Holds for |
//! |---|---|
//! | `from:ana` | a word of the sender's name or address that begins so; whole words in quotes |
//! | `subject:offer` | a word of the subject |
//! | `label:task`, `lane:task` | the lane |
//! | `after:2024-05`, `before:2024-05-31` | received on or after, and before, the first second of that UTC day, month or year |
//! | `has:attachment` | attachments besides what is shown within the text |
//! | `is:read`, `is:unread`, `is:flagged`, `is:starred`, `is:unsure`, `is:corrected` | the state |
//! | `list:rust` | a List-Id that contains it |
//! | `in:archive` | the folder of that shown name |
//!
//! What is no operator is a word, and so is an operator whose value can't be read: such a query may find too
//! little, never what was to be kept out. That is why a `-` before it is not obeyed either. `to:` is a word, as
//! neither rows nor index hold recipients.
//!
//! This module is pure: it knows neither SQL nor the index, whose folding of letters it repeats in
//! [`highlights`].

use mailroom_domain::{Label, UnixSeconds};
use std::ops::Range;
use unicode_normalization::char::{decompose_canonical, is_combining_mark};

/// Characters of a text that are indexed: what comes later in a long mail is boilerplate or data.
pub(crate) const INDEXED: usize = 20_000;
/// Plain words of a query that count.
const WORDS: usize = 16;
/// Characters of a word that count.
const WORD: usize = 64;
/// Characters of a phrase or of an operator's value that count.
const PHRASE: usize = WORD * 8;

/// A part of a message that is indexed by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `Subject`
    Subject,
    /// Name and address of `From`.
    Sender,
    /// The text.
    Text,
}

/// A word or phrase that must occur, or must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// As typed, without quotes and NUL; has a letter or a digit.
    pub text: String,
    /// Where; `None` for anywhere.
    pub field: Option<Field>,
    /// Its last word may be the beginning of one.
    pub prefix: bool,
    /// It must not occur.
    pub not: bool,
}

/// What a row is tested for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    /// It lies in this lane.
    Lane(Label),
    /// Received at this time or later.
    Since(UnixSeconds),
    /// Received before this time.
    Before(UnixSeconds),
    /// It has attachments.
    Attachment,
    /// The label is unsure.
    Unsure,
    /// It was read.
    Seen,
    /// It is flagged.
    Flagged,
    /// The user's correction stands.
    Corrected,
    /// Its List-Id contains this, in lower case.
    List(String),
    /// It lies in a folder of this shown name, folded by [`fold`].
    Folder(String),
}

/// A test that must hold, or must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    pub test: Test,
    pub not: bool,
}

/// A search, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query {
    /// At most 16 of them are plain: positive and anywhere.
    pub words: Vec<Word>,
    pub filters: Vec<Filter>,
}

impl Query {
    /// Reads what the user typed. Any text is a query.
    pub(crate) fn parse(typed: &str) -> Query {
        let mut query = Query::default();
        // Every second piece between double quotes is a phrase; an unpaired quote is a blank.
        let pieces: Vec<&str> = typed.split('"').collect();
        let paired = pieces.len() - usize::from(pieces.len().is_multiple_of(2));
        let mut ahead: Option<Head> = None;
        for (i, piece) in pieces.iter().enumerate() {
            if i % 2 == 1 && i < paired {
                let phrase = cut(piece, PHRASE);
                match ahead.take() {
                    Some(head) => query.operator(&head, &phrase, true),
                    None => query.word(&phrase, None, false, false),
                }
                continue;
            }
            let mut tokens = piece.split_whitespace().peekable();
            let touches = i + 1 < paired && !piece.ends_with(char::is_whitespace);
            while let Some(token) = tokens.next() {
                let last = tokens.peek().is_none();
                if last
                    && touches
                    && let Some(head) = Head::of_phrase(token)
                {
                    ahead = Some(head);
                    continue;
                }
                let typing = last && i + 1 == pieces.len() && !typed.ends_with(char::is_whitespace);
                query.token(token, typing && !typed.ends_with('"'));
            }
        }
        let mut plain = 0;
        query.words.retain(|word| {
            let is_plain = !word.not && word.field.is_none();
            plain += usize::from(is_plain);
            !is_plain || plain <= WORDS
        });
        query
    }

    /// One run of characters outside quotes. `typing`: the line ends with it.
    fn token(&mut self, token: &str, typing: bool) {
        let (not, rest) = match token.strip_prefix('-') {
            // `--help`, `-- `: not a minus of ours.
            Some(rest) if !rest.starts_with('-') => (true, rest),
            _ => (false, token),
        };
        if let Some((name, value)) = rest.split_once(':')
            && !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphabetic())
            // An address of the web is a word.
            && !value.starts_with("//")
        {
            if let Some(operator) = Operator::named(name) {
                let value = cut(value, PHRASE);
                return self.operator(
                    &Head { not, operator: Some(operator), typing },
                    &value,
                    false,
                );
            }
            return self.word(&cut(token, WORD), None, typing, false);
        }
        self.word(&cut(rest, WORD), None, typing && !not, not);
    }

    fn operator(&mut self, head: &Head, value: &str, quoted: bool) {
        let not = head.not;
        let Some(operator) = head.operator else { return self.word(value, None, false, not) };
        let words = value.chars().any(char::is_alphanumeric);
        match operator {
            // Names are looked up by their beginnings, whatever follows in the line.
            Operator::From if words => self.word(value, Some(Field::Sender), !quoted, not),
            Operator::Subject if words => {
                self.word(value, Some(Field::Subject), head.typing && !quoted && !not, not);
            }
            _ => match operator.test(value.trim()) {
                Some((test, opposite)) => self.filters.push(Filter { test, not: not != opposite }),
                None => {
                    let text = format!("{}:{value}", operator.name());
                    self.word(&text, None, head.typing && !quoted && !value.is_empty(), false);
                }
            },
        }
    }

    fn word(&mut self, text: &str, field: Option<Field>, prefix: bool, not: bool) {
        let text: String = text.chars().filter(|c| *c != '\0').collect();
        let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
        if letters > 0 {
            // One letter would match half of everything; a whole character of Han or Kana is a word.
            self.words.push(Word { text, field, prefix: prefix && letters > 1, not });
        }
    }
}

/// What stands before an operator's value or a phrase.
struct Head {
    not: bool,
    /// `None`: a minus alone.
    operator: Option<Operator>,
    typing: bool,
}

impl Head {
    /// `token` touches the phrase after it: `-"`, `in:"`, `-in:"`.
    fn of_phrase(token: &str) -> Option<Head> {
        if token == "-" {
            return Some(Head { not: true, operator: None, typing: false });
        }
        let (not, name) = token.strip_prefix('-').map_or((false, token), |rest| (true, rest));
        let operator = Operator::named(name.strip_suffix(':')?)?;
        Some(Head { not, operator: Some(operator), typing: false })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    From,
    Subject,
    Label,
    Lane,
    Before,
    After,
    Has,
    Is,
    List,
    In,
}

impl Operator {
    const ALL: [Operator; 10] = {
        use Operator as O;
        [O::From, O::Subject, O::Label, O::Lane, O::Before, O::After, O::Has, O::Is, O::List, O::In]
    };

    fn name(self) -> &'static str {
        match self {
            Operator::From => "from",
            Operator::Subject => "subject",
            Operator::Label => "label",
            Operator::Lane => "lane",
            Operator::Before => "before",
            Operator::After => "after",
            Operator::Has => "has",
            Operator::Is => "is",
            Operator::List => "list",
            Operator::In => "in",
        }
    }

    fn named(name: &str) -> Option<Operator> {
        Operator::ALL.into_iter().find(|operator| name.eq_ignore_ascii_case(operator.name()))
    }

    /// The test that a value stands for, and whether it stands for its opposite. `None` if it can't be read.
    fn test(self, value: &str) -> Option<(Test, bool)> {
        let lower = value.to_lowercase();
        let is = |test| Some((test, false));
        match self {
            Operator::From | Operator::Subject => None,
            Operator::Label | Operator::Lane => is(Test::Lane(label(&lower)?)),
            Operator::Before => is(Test::Before(first_second(value)?)),
            Operator::After => is(Test::Since(first_second(value)?)),
            Operator::Has => match lower.as_str() {
                "attachment" | "attachments" => is(Test::Attachment),
                _ => None,
            },
            Operator::Is => match lower.as_str() {
                "unsure" => is(Test::Unsure),
                "read" => is(Test::Seen),
                "unread" => Some((Test::Seen, true)),
                "flagged" | "starred" => is(Test::Flagged),
                "corrected" => is(Test::Corrected),
                _ => None,
            },
            Operator::List => (!lower.is_empty()).then_some((Test::List(lower), false)),
            Operator::In => {
                let folded = fold(value);
                (!folded.is_empty()).then_some((Test::Folder(folded), false))
            }
        }
    }
}

fn label(name: &str) -> Option<Label> {
    match name.replace(['-', '_', ' '], "").as_str() {
        "urgent" => Some(Label::Urgent),
        "task" | "tasks" | "todo" | "todos" => Some(Label::Task),
        "needshuman" | "needhuman" | "needshumans" | "human" | "humans" => Some(Label::NeedsHuman),
        "notification" | "notifications" | "notif" | "notifs" => Some(Label::Notification),
        _ => None,
    }
}

/// The first second of a year, month or day in UTC: `2024`, `2024-05`, `2024-05-31`.
fn first_second(value: &str) -> Option<UnixSeconds> {
    let mut parts = value.split('-');
    let mut number = |digits: usize| -> Option<Option<i64>> {
        let Some(part) = parts.next() else { return Some(None) };
        let sound = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
        if sound { part.parse().ok().map(Some) } else { None }
    };
    let (year, month, day) = (number(4)??, number(2)?, number(2)?);
    if parts.next().is_some() {
        return None;
    }
    let (month, day) = (month.unwrap_or(1), day.unwrap_or(1));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) {
        return None;
    }
    // Days since 1970-01-01, with years that begin in March, so that the day of a leap year comes last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_year = (153 * month + 2) / 5 + day - 1;
    let days = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some((days + of_year - 719_468) * 86_400)
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// Scripts without blanks between words are indexed character by character.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{3040}'..='\u{30FF}'    // Hiragana, Katakana
        | '\u{3400}'..='\u{4DBF}'  // Han, extension A
        | '\u{4E00}'..='\u{9FFF}'  // Han
        | '\u{F900}'..='\u{FAFF}'  // Han, compatibility
        | '\u{FF66}'..='\u{FF9F}'  // halfwidth Katakana
        | '\u{20000}'..='\u{3FFFF}')
}

/// Where the query's words occur in a text of the given part of a message: byte ranges, in ascending order and
/// apart from each other, each a whole word or phrase of the text. Only what must occur is marked, and an
/// operator's words only in its part (`from:ana` in the sender).
///
/// Letters are compared as the index does (SQLite's `unicode61 remove_diacritics 2`): in any case, Latin
/// ones without their accents. As in the index, only the first 20,000 characters are looked at.
pub fn highlights(query: &str, field: Field, text: &str) -> Vec<Range<usize>> {
    let query = Query::parse(query);
    let found = tokens(text);
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let here = |word: &&Word| !word.not && word.field.is_none_or(|only| only == field);
    for word in query.words.iter().filter(here) {
        let wanted = tokens(&word.text);
        let Some((last, before)) = wanted.split_last() else { continue };
        for window in found.windows(wanted.len()) {
            let Some((end, begin)) = window.split_last() else { continue };
            let ends = if word.prefix {
                end.folded.starts_with(&last.folded)
            } else {
                end.folded == last.folded
            };
            if ends && begin.iter().zip(before).all(|(a, b)| a.folded == b.folded) {
                let start = begin.first().unwrap_or(end).at.start;
                ranges.push(start..end.at.end);
            }
        }
    }
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match apart.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => apart.push(range),
        }
    }
    apart
}

/// A word of a text, as the index holds it, and the bytes it stands in.
struct Token {
    folded: String,
    at: Range<usize>,
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut open = false;
    for (at, c) in text.char_indices().take(INDEXED) {
        let end = at + c.len_utf8();
        let unspaced = is_unspaced(c);
        if open && !unspaced && (is_token(c) || is_accent(c)) {
            if let Some(token) = tokens.last_mut() {
                token.folded.extend(fold_char(c));
                token.at.end = end;
            }
        } else if is_token(c) {
            tokens.push(Token { folded: fold_char(c).into_iter().collect(), at: at..end });
            open = !unspaced;
        } else {
            open = false;
            // A sign above or below a letter is no part of the word, but no mark may part them.
            if is_combining_mark(c)
                && let Some(token) = tokens.last_mut()
                && token.at.end == at
            {
                token.at.end = end;
            }
        }
    }
    tokens
}

/// Letters, digits and other numbers (categories L, N) as the index sees words. Signs of vowels (category M) end a
/// word there, in a query as in a text, which is then a phrase of its parts.
fn is_token(c: char) -> bool {
    c.is_alphanumeric() && !is_combining_mark(c)
}

/// Accents that belong to the letter before them.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{331}') && is_combining_mark(c)
}

/// A text as names are compared: case and Latin accents don't count.
pub(crate) fn fold(text: &str) -> String {
    text.chars().filter_map(fold_char).collect()
}

/// A character as the index holds it; `None` for an accent by itself.
fn fold_char(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(c.to_ascii_lowercase());
    }
    if is_accent(c) {
        return None;
    }
    // Only Latin letters lose their accents: й and が are letters of their own.
    let (mut base, mut latin) = (None, true);
    decompose_canonical(c, |part| match base {
        None => base = Some(part),
        Some(_) => latin &= is_combining_mark(part),
    });
    if let Some(base) = base
        && latin
        && base.is_ascii_alphabetic()
    {
        return Some(base.to_ascii_lowercase());
    }
    match c {
        'ς' => Some('σ'),
        'ſ' => Some('s'),
        _ => c.to_lowercase().next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A query in short: `-` for not, the field before a word, `*` after a beginning; words before filters.
    fn short(query: &Query) -> String {
        let not = |not: bool| if not { "-" } else { "" };
        let words = query.words.iter().map(|word| {
            let field = match word.field {
                None => "",
                Some(Field::Subject) => "subject ",
                Some(Field::Sender) => "sender ",
                Some(Field::Text) => "text ",
            };
            let star = if word.prefix { "*" } else { "" };
            format!("{}{field}[{}]{star}", not(word.not), word.text)
        });
        let filters = query.filters.iter().map(|f| format!("{}{:?}", not(f.not), f.test));
        words.chain(filters).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_typed_is_read_as_words_and_operators() {
        for (typed, expected) in [
            // Words as ever.
            ("hello wor", "[hello] [wor]*"),
            ("hello wor ", "[hello] [wor]"),
            ("\"per se\" x", "[per se] [x]"),
            ("say \"hi", "[say] [hi]*"),
            ("", ""),
            (" \t\r\n", ""),
            ("\"", ""),
            ("\"\"\"", ""),
            ("- -- ' ;", ""),
            ("\0", ""),
            ("x\0y", "[xy]*"),
            ("日本", "[日本]*"),
            // Sender and subject.
            ("from:ana", "sender [ana]*"),
            ("FROM:Ana ", "sender [Ana]*"),
            ("from:ana@example.org offer", "sender [ana@example.org]* [offer]*"),
            ("from:\"Ana Maria\"", "sender [Ana Maria]"),
            ("from:\"Ana Maria\" x ", "sender [Ana Maria] [x]"),
            ("from:a", "sender [a]"),
            ("-from:ana", "-sender [ana]*"),
            ("-from:\"Ana Maria\"", "-sender [Ana Maria]"),
            ("subject:off", "subject [off]*"),
            ("subject:off x ", "subject [off] [x]"),
            ("subject:\"the offer\"", "subject [the offer]"),
            ("-subject:off", "-subject [off]"),
            // Lanes.
            ("label:urgent", "Lane(Urgent)"),
            ("lane:Tasks", "Lane(Task)"),
            ("label:human", "Lane(NeedsHuman)"),
            ("label:needs-human", "Lane(NeedsHuman)"),
            ("label:\"needs human\"", "Lane(NeedsHuman)"),
            ("label:NOTIFICATIONS", "Lane(Notification)"),
            ("-label:task", "-Lane(Task)"),
            ("label:nonsense", "[label:nonsense]*"),
            ("-label:nonsense", "[label:nonsense]*"),
            // Days.
            ("before:1970", "Before(0)"),
            ("after:1970-02", "Since(2678400)"),
            ("after:2024-05-31", "Since(1717113600)"),
            ("before:2024-02-29", "Before(1709164800)"),
            ("after:2000-03-01", "Since(951868800)"),
            ("before:1969-12-31", "Before(-86400)"),
            ("-before:2024", "-Before(1704067200)"),
            ("after:2023-02-29", "[after:2023-02-29]*"),
            ("after:1900-02-29 ", "[after:1900-02-29]"),
            ("after:2024-13 ", "[after:2024-13]"),
            ("after:2024-00 ", "[after:2024-00]"),
            ("after:2024-04-31 ", "[after:2024-04-31]"),
            ("after:2024-5 ", "[after:2024-5]"),
            ("after:24 ", "[after:24]"),
            ("after:+024 ", "[after:+024]"),
            ("after:99999999999999999999 ", "[after:99999999999999999999]"),
            ("after:2024-05-31-01 ", "[after:2024-05-31-01]"),
            ("after:2024- ", "[after:2024-]"),
            ("after:२०२४ ", "[after:२०२४]"),
            ("-after:yesterday ", "[after:yesterday]"),
            // States.
            ("has:attachment", "Attachment"),
            ("has:attachments -has:attachment", "Attachment -Attachment"),
            ("has:pdf ", "[has:pdf]"),
            ("is:unsure is:read", "Unsure Seen"),
            ("is:unread", "-Seen"),
            ("-is:unread", "Seen"),
            ("is:starred -is:flagged", "Flagged -Flagged"),
            ("Is:Corrected", "Corrected"),
            ("-is:spam ", "[is:spam]"),
            // Lists and folders.
            ("list:Rust-Users", "List(\"rust-users\")"),
            ("list:\"\"", "[list:]"),
            ("in:Archive", "Folder(\"archive\")"),
            ("in:\"Sent Items\" x", "[x] Folder(\"sent items\")"),
            ("in:Entwürfe", "Folder(\"entwurfe\")"),
            ("-in:junk", "-Folder(\"junk\")"),
            // Not words.
            ("-word", "-[word]"),
            ("a -word b ", "[a] -[word] [b]"),
            ("-\"per se\" x ", "-[per se] [x]"),
            ("--help ", "[--help]"),
            ("well-known ", "[well-known]"),
            ("-12:30 ", "-[12:30]"),
            ("-https://example.org ", "-[https://example.org]"),
            ("- word ", "[word]"),
            ("-***", ""),
            // What is no operator.
            ("to:bob", "[to:bob]*"),
            ("-to:bob ", "[-to:bob]"),
            ("to:\"Bob B\"", "[to:] [Bob B]"),
            ("foo:bar ", "[foo:bar]"),
            ("-foo:bar ", "[-foo:bar]"),
            ("from: ana ", "[from:] [ana]"),
            ("from:", "[from:]"),
            ("from:\"\"", "[from:]"),
            ("-from:*** ", "[from:***]"),
            (":x ", "[:x]"),
            ("from:from:ana", "sender [from:ana]*"),
            ("is:\"unread", "[is:] [unread]*"),
            ("in:\"a\"b ", "[b] Folder(\"a\")"),
            ("label:task\"x\"", "[x] Lane(Task)"),
            ("((from:ana)) ", "[((from:ana))]"),
            ("a AND NOT b* OR (c) ", "[a] [AND] [NOT] [b*] [OR] [(c)]"),
            ("ﬁrom:ana ", "[ﬁrom:ana]"),
        ] {
            assert_eq!(short(&Query::parse(typed)), expected, "{typed:?}");
        }
    }

    #[test]
    fn a_long_line_keeps_all_that_narrows_it_but_plain_words() {
        let line = "word ".repeat(40) + &"-not ".repeat(40) + &"is:unread ".repeat(40);
        let query = Query::parse(&line);
        assert_eq!(query.words.iter().filter(|w| !w.not).count(), WORDS);
        assert_eq!(query.words.iter().filter(|w| w.not).count(), 40);
        assert_eq!(query.filters.len(), 40);
        assert_eq!(Query::parse(&"x".repeat(100_000)).words[0].text.len(), WORD);
        let value = format!("list:{}", "ü".repeat(100_000));
        assert_eq!(Query::parse(&value).filters[0].test, Test::List("ü".repeat(PHRASE)));
    }

    fn marked(query: &str, field: Field, text: &str) -> String {
        let mut out = text.to_owned();
        for range in highlights(query, field, text).into_iter().rev() {
            out.insert(range.end, '>');
            out.insert(range.start, '<');
        }
        out
    }

    #[test]
    fn the_words_of_a_query_are_marked_as_the_index_finds_them() {
        for (query, text, expected) in [
            ("cafe ", "The Café, cafes", "The <Café>, cafes"),
            ("CAFÉ ", "cafe", "<cafe>"),
            ("cafe ", "Cafe\u{301}s cafe\u{301}!", "Cafe\u{301}s <cafe\u{301}>!"),
            ("zuri", "Zürich, Zürcher", "<Zürich>, Zürcher"),
            ("uber ", "Über ÜBER ueber", "<Über> <ÜBER> ueber"),
            ("straße ", "STRAẞE Straße Strasse", "<STRAẞE> <Straße> Strasse"),
            ("tieng ", "tiếng Việt", "<tiếng> Việt"),
            ("東京", "会議は東京で", "会議は<東京>で"),
            ("京東", "東京", "東京"),
            ("สวัส", "คำว่า สวัสดี ครับ", "คำว่า <สวัสดี> ครับ"),
            ("одессА ", "ОДЕССА", "<ОДЕССА>"),
            ("ΟΔΟΣ ", "οδος", "<οδος>"),
            ("й ", "и й", "и <й>"),
            ("\"per se\"", "per, se per x se", "<per, se> per x se"),
            ("ana@example.org ", "Write ana@example.org", "Write <ana@example.org>"),
            ("a b ", "a b ab", "<a> <b> ab"),
            ("x -y is:unread from:z label:task ", "x y z task", "<x> y z task"),
            ("\"a b\" \"b c\"", "a b c", "<a b c>"),
            ("😀", "😀", "😀"),
            ("", "x", "x"),
            ("x ", "", ""),
        ] {
            assert_eq!(marked(query, Field::Text, text), expected, "{query:?} in {text:?}");
        }
        let query = "from:ana subject:offer ana ";
        let text = "Anabel, Ana offer";
        assert_eq!(marked(query, Field::Sender, text), "<Anabel>, <Ana> offer");
        assert_eq!(marked(query, Field::Subject, text), "Anabel, <Ana> <offer>");
    }

    #[test]
    fn marks_lie_on_whole_characters_of_any_text() {
        let text: String = ('\0'..=char::MAX).step_by(37).flat_map(|c| [c, 'é', ' ']).collect();
        for query in ["e", "é -x", "from:e", "\"e\"", "日", "\u{301}"] {
            for field in [Field::Subject, Field::Sender, Field::Text] {
                let mut last = 0;
                for range in highlights(query, field, &text) {
                    assert!(text.get(range.clone()).is_some_and(|part| !part.is_empty()));
                    assert!(range.start >= last);
                    last = range.end;
                }
            }
        }
    }
}
