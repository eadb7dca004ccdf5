//! Rules as a Sieve script for a mail server (RFC 5228, with body RFC 5173, imap4flags RFC 5232, relational RFC 5231
//! and variables RFC 5229 where they are needed).
//!
//! A script says exactly what the rules say of a message that is being delivered, or it does not say it: what Sieve
//! cannot say is named in [`Sieve::left_out`], and nothing is rounded to something near. A rule of which a condition
//! cannot be said is left out as a whole, and so is one whose answer depends on a rule that was left out.
//!
//! What needs care:
//! - Sieve ignores the case of ASCII letters only. Each way to write a value with other letters is listed, as long as
//!   there are few; letters that are kept for compatibility alone (such as the Kelvin sign) are not.
//! - `fileinto` stores the message with the flags of that moment, and a second one makes a copy. Where a later rule may
//!   still flag or move, the folder is kept in a variable and used at the end.
//! - Mailroom looks at the first address of `From`, a server at each. RFC 5322 allows several; hardly any mail has them.

use super::action::Action;
use super::condition::{AddressField, AddressPart, Condition, Group, Mode, Span, TextField};
use super::text::TextTest;
use super::validate::Where;
use super::{ConditionPath, Rule, Rules};
use crate::RuleId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

/// Most ways to write one value.
const SPELLINGS: usize = 32;
/// The largest number that each server must understand (RFC 5228, 2.4.1).
const NUMBER_LIMIT: u64 = 2_147_483_647;

/// Why something cannot be said in Sieve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "SieveUnsayable"))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Unsayable {
    /// The rule is off.
    #[error("the rule is off, and a script has no such rules")]
    Off,
    /// Label, probability, unsure, voices.
    #[error("a mail server knows nothing of Mailroom’s labels and of what the voices say")]
    Verdict,
    /// The language of the text.
    #[error("a mail server does not tell languages apart")]
    Language,
    /// Attachments.
    #[error("a script does not see single attachments")]
    Attachments,
    /// Age.
    #[error("a script is run once, when a message arrives, and not when it grows old")]
    Age,
    /// Account.
    #[error("a script belongs to one account and does not know its address")]
    Account,
    /// Folder.
    #[error("when a script is run, the message lies in no folder yet")]
    Folder,
    /// Whether the reader has answered, and where the reader stands among the recipients.
    #[error("a script knows neither your conversations nor your addresses")]
    Reader,
    /// SPF, DKIM, DMARC.
    #[error("which authentication results a server can trust differs from server to server")]
    Authentication,
    /// A display name.
    #[error("a script does not see the name beside an address")]
    DisplayName,
    /// Sender.
    #[error("a script cannot compare Sender with From")]
    Sender,
    /// Headers that are read in a way of Mailroom's own.
    #[error("Mailroom reads this from several headers, in an order that a script cannot say")]
    SeveralHeaders,
    /// The text, other than that it contains a word.
    #[error("of a message’s text a script can only say that it contains something without blanks")]
    Body,
    /// Too many ways to write letters beyond ASCII.
    #[error(
        "a script ignores case in ASCII letters only, and there are too many ways to write this"
    )]
    Letters,
    /// A glob with `?`.
    #[error("to a mail server “?” is one byte, and not one character")]
    OneCharacter,
    /// A number that a server need not understand.
    #[error("a mail server need not understand numbers above 2147483647")]
    Number,
    /// Set label.
    #[error("a mail server cannot set Mailroom’s labels")]
    SetLabel,
    /// Archive.
    #[error("a script does not know which folder is the archive; move to a named folder instead")]
    Archive,
    /// Notify.
    #[error("a mail server cannot notify you on this machine")]
    Notify,
    /// A rule before it that is left out may stop the hearing.
    #[error("an earlier rule that is left out may stop before this one")]
    BehindStop {
        /// That rule.
        rule: RuleId,
    },
    /// A rule before it that is left out may set a flag or keyword that this one asks for.
    #[error("it asks for a flag that an earlier rule sets, which is left out")]
    BehindFlag {
        /// That rule.
        rule: RuleId,
    },
}

/// Something that the script does not say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "SieveLeftOut"))]
pub struct LeftOut {
    /// Of this rule.
    pub rule: RuleId,
    /// The user's name for it.
    pub name: String,
    /// The condition or action; where it is an action, the rest of the rule is in the script if there is any.
    pub at: Where,
    /// Why.
    pub why: Unsayable,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "“{}”{}: {}", self.name, self.at, self.why)
    }
}

/// A script, and what it does not say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Sieve {
    /// The script, with line ends as RFC 5228 wants them (CRLF). What was left out stands in it as comments.
    pub script: String,
    /// What was left out, in the order of the rules.
    pub left_out: Vec<LeftOut>,
}

/// A rule that can be said.
struct Said<'r> {
    rule: &'r Rule,
    test: String,
    flags: Vec<String>,
    folder: Option<String>,
    stop: bool,
    /// Extensions that the test needs.
    needs: BTreeSet<&'static str>,
}

/// The rules as a script.
pub fn to_sieve(rules: &Rules) -> Sieve {
    // With variables, "${" in a string means something else, so the first pass finds out whether they are needed.
    let (said, _) = say(rules.as_slice(), false);
    let later = |at: usize| {
        let rest = said.get(at + 1..).unwrap_or_default();
        rest.iter().any(|s| s.folder.is_some() || !s.flags.is_empty())
    };
    let variables =
        said.iter().enumerate().any(|(at, s)| s.folder.is_some() && !s.stop && later(at));
    let (said, left_out) =
        if variables { say(rules.as_slice(), true) } else { say(rules.as_slice(), false) };
    Sieve { script: write(&said, &left_out, variables), left_out }
}

fn say(rules: &[Rule], variables: bool) -> (Vec<Said<'_>>, Vec<LeftOut>) {
    let mut said = Vec::new();
    let mut left_out: Vec<LeftOut> = Vec::new();
    let mut behind: Vec<&Rule> = Vec::new();
    for rule in rules {
        let mut out = |at: Where, why: Unsayable| {
            left_out.push(LeftOut { rule: rule.id, name: rule.name.clone(), at, why });
        };
        if !rule.enabled {
            out(Where::Rule {}, Unsayable::Off);
            continue;
        }
        let mut say = Say { variables, ..Say::default() };
        let test = say.group(&rule.when);
        if !say.unsayable.is_empty() {
            for (path, why) in say.unsayable {
                out(Where::Condition { path }, why);
            }
            behind.push(rule);
            continue;
        }
        if let Some(why) = depends(rule, &behind) {
            out(Where::Rule {}, why);
            behind.push(rule);
            continue;
        }
        let mut one =
            Said { rule, test, flags: Vec::new(), folder: None, stop: false, needs: say.needs };
        for (at, action) in rule.then.iter().enumerate() {
            let mut cannot = |why| {
                out(Where::Action { at: u16::try_from(at).unwrap_or(u16::MAX) }, why);
            };
            match action {
                Action::SetLabel { .. } => cannot(Unsayable::SetLabel),
                Action::Archive {} => cannot(Unsayable::Archive),
                Action::Notify {} => cannot(Unsayable::Notify),
                Action::AddKeyword { keyword } => one.flags.push(keyword.clone()),
                Action::Flag {} => one.flags.push("\\Flagged".into()),
                Action::MarkRead {} => one.flags.push("\\Seen".into()),
                Action::Move { folder } => one.folder = Some(folder.clone()),
                Action::Stop {} => one.stop = true,
            }
        }
        if one.stop || one.folder.is_some() || !one.flags.is_empty() {
            said.push(one);
        }
    }
    (said, left_out)
}

/// Whether a rule's part in the whole depends on a rule that is not in the script.
fn depends(rule: &Rule, behind: &[&Rule]) -> Option<Unsayable> {
    behind.iter().find_map(|earlier| {
        if earlier.then.contains(&Action::Stop {}) {
            return Some(Unsayable::BehindStop { rule: earlier.id });
        }
        let sets = earlier.then.iter().any(|action| asks(&rule.when, action));
        sets.then_some(Unsayable::BehindFlag { rule: earlier.id })
    })
}

/// Whether a condition asks for what the action sets.
fn asks(group: &Group, action: &Action) -> bool {
    group.of.iter().any(|condition| match (condition, action) {
        (Condition::Group(inner), _) => asks(inner, action),
        (Condition::Seen { .. }, Action::MarkRead {})
        | (Condition::Flagged { .. }, Action::Flag {}) => true,
        (Condition::Keyword { is }, Action::AddKeyword { keyword }) => {
            is.eq_ignore_ascii_case(keyword)
        }
        _ => false,
    })
}

fn write(said: &[Said<'_>], left_out: &[LeftOut], variables: bool) -> String {
    let mut body = String::new();
    let file = "if not string :is \"${folder}\" \"\" {\n    fileinto \"${folder}\";\n}\n";
    for one in said {
        let name: String = one.rule.name.chars().filter(|c| !c.is_control()).collect();
        let _ = write!(body, "\n# {name}\nif {} {{\n", one.test);
        for flag in &one.flags {
            let _ = writeln!(body, "    addflag {};", quote(flag, variables));
        }
        match &one.folder {
            Some(folder) if variables => {
                let _ = writeln!(body, "    set \"folder\" {};", quote(folder, true));
            }
            Some(folder) => {
                let _ = writeln!(body, "    fileinto {};", quote(folder, false));
            }
            None => {}
        }
        if one.stop {
            if variables {
                for line in file.lines() {
                    let _ = writeln!(body, "    {line}");
                }
            }
            body.push_str("    stop;\n");
        }
        body.push_str("}\n");
    }
    if variables {
        let _ = write!(body, "\n{file}");
    }
    let dollar = variables && body.contains("${dollar}");
    let mut needs: BTreeSet<&str> = said.iter().flat_map(|s| s.needs.iter().copied()).collect();
    needs.extend(said.iter().any(|s| s.folder.is_some()).then_some("fileinto"));
    needs.extend(said.iter().any(|s| !s.flags.is_empty()).then_some("imap4flags"));
    needs.extend(variables.then_some("variables"));
    let needs: Vec<String> = needs.iter().map(|name| format!("\"{name}\"")).collect();
    let mut script = String::new();
    if !needs.is_empty() {
        let _ = writeln!(script, "require [{}];", needs.join(", "));
    }
    script.push_str("# Written by Mailroom.\n");
    for left in left_out {
        let line: String = left.to_string().chars().filter(|c| !c.is_control()).collect();
        let _ = writeln!(script, "# Left out: {line}.");
    }
    if dollar {
        script.push_str("set \"dollar\" \"$\";\n");
    }
    script.push_str(&body);
    script.replace('\n', "\r\n")
}

/// A quoted string (RFC 5228, 2.4.2). Control characters cannot occur in sound rules.
fn quote(text: &str, variables: bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '$' if variables && chars.peek() == Some(&'{') => out.push_str("${dollar}"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[derive(Default)]
struct Say {
    variables: bool,
    path: Vec<u16>,
    unsayable: Vec<(ConditionPath, Unsayable)>,
    needs: BTreeSet<&'static str>,
}

impl Say {
    fn group(&mut self, group: &Group) -> String {
        let mut tests = Vec::with_capacity(group.of.len());
        for (at, condition) in group.of.iter().enumerate() {
            self.path.push(u16::try_from(at).unwrap_or(u16::MAX));
            match self.condition(condition) {
                Ok(test) => tests.push(test),
                Err(why) => self.unsayable.push((ConditionPath(self.path.clone()), why)),
            }
            self.path.pop();
        }
        match group.mode {
            Mode::All => allof(tests),
            Mode::Any => anyof(tests),
            Mode::None => not(&anyof(tests)),
        }
    }

    fn condition(&mut self, condition: &Condition) -> Result<String, Unsayable> {
        match condition {
            Condition::Group(group) => Ok(self.group(group)),
            Condition::Label { .. }
            | Condition::Probability { .. }
            | Condition::Unsure { .. }
            | Condition::VoiceSays { .. }
            | Condition::VoiceDoubts { .. } => Err(Unsayable::Verdict),
            Condition::Language { .. } => Err(Unsayable::Language),
            Condition::Attachment { .. }
            | Condition::AttachmentCount { .. }
            | Condition::AttachmentSize { .. } => Err(Unsayable::Attachments),
            Condition::Age { .. } => Err(Unsayable::Age),
            Condition::Account { .. } => Err(Unsayable::Account),
            Condition::Folder { .. } | Condition::FolderRole { .. } => Err(Unsayable::Folder),
            Condition::Answered { .. } | Condition::Reader { .. } => Err(Unsayable::Reader),
            Condition::Authentication { .. } => Err(Unsayable::Authentication),
            Condition::Header { name } => Ok(format!("exists {}", self.quote(name))),
            Condition::Size { bytes } => size(bytes),
            // A message that arrives has no flags but those that earlier rules have set.
            Condition::Seen { is } => Ok(self.flag("\\Seen", *is)),
            Condition::Flagged { is } => Ok(self.flag("\\Flagged", *is)),
            Condition::Keyword { is } => Ok(self.flag(is, true)),
            Condition::Address { field, part, test } => self.address(*field, *part, test),
            Condition::Text { field, test } => self.text(*field, test),
        }
    }

    fn quote(&self, text: &str) -> String {
        quote(text, self.variables)
    }

    fn flag(&mut self, flag: &str, is: bool) -> String {
        self.needs.insert("imap4flags");
        let test = format!("hasflag :is {}", self.quote(flag));
        if is { test } else { not(&test) }
    }

    fn list(&self, values: &[String]) -> String {
        match values {
            [one] => self.quote(one),
            many => {
                let quoted: Vec<String> = many.iter().map(|v| self.quote(v)).collect();
                format!("[{}]", quoted.join(", "))
            }
        }
    }

    fn address(
        &mut self,
        field: AddressField,
        part: AddressPart,
        test: &TextTest,
    ) -> Result<String, Unsayable> {
        let headers = match field {
            AddressField::Sender => return Err(Unsayable::Sender),
            AddressField::From => "\"from\"",
            AddressField::ReplyTo => "\"reply-to\"",
            AddressField::To => "\"to\"",
            AddressField::Cc => "\"cc\"",
            AddressField::Recipient => "[\"to\", \"cc\"]",
        };
        let part_name = match part {
            AddressPart::Name => return Err(Unsayable::DisplayName),
            AddressPart::Address => ":all",
            AddressPart::Local => ":localpart",
            AddressPart::Domain => ":domain",
        };
        if *test == TextTest::Present {
            self.needs.insert("relational");
        }
        let (how, values) = match_type(test)?;
        let one = |how: &str, values: &[String]| {
            format!("address {part_name} {how} {headers} {}", self.list(values))
        };
        let whole = one(how, &values);
        if part == AddressPart::Domain && matches!(test, TextTest::Is(_)) {
            let within: Vec<String> = values.iter().map(|v| format!("*.{}", escape(v))).collect();
            return Ok(anyof(vec![whole, one(":matches", &within)]));
        }
        Ok(whole)
    }

    fn text(&mut self, field: TextField, test: &TextTest) -> Result<String, Unsayable> {
        if *test == TextTest::Present {
            self.needs.insert("relational");
        }
        let header = |name: &str, how: &str, values: &[String]| {
            format!("header {how} \"{name}\" {}", self.list(values))
        };
        match field {
            TextField::Mailer | TextField::DeliveredTo => Err(Unsayable::SeveralHeaders),
            TextField::Subject | TextField::Precedence => {
                let name = if field == TextField::Subject { "subject" } else { "precedence" };
                let (how, values) = match_type(test)?;
                Ok(header(name, how, &values))
            }
            TextField::AutoSubmitted => {
                let (how, values) = match_type(test)?;
                let no = not(&header("auto-submitted", ":is", &["no".to_owned()]));
                Ok(allof(vec![header("auto-submitted", how, &values), no]))
            }
            TextField::ListId if *test == TextTest::Present => {
                let (how, values) = match_type(test)?;
                let empty = not(&header("list-id", ":matches", &["*<>*".to_owned()]));
                Ok(allof(vec![header("list-id", how, &values), empty]))
            }
            TextField::ListId => {
                // The identifier stands in the last angle brackets, or alone.
                let values = patterns(test)?;
                let within: Vec<String> = values.iter().map(|v| format!("*<{v}>*")).collect();
                let bracket = header("list-id", ":contains", &["<".to_owned()]);
                let alone = header("list-id", ":matches", &values);
                let without = allof(vec![not(&bracket), alone]);
                Ok(anyof(vec![header("list-id", ":matches", &within), without]))
            }
            TextField::Body => match test {
                TextTest::Contains(value) if !value.trim().contains(char::is_whitespace) => {
                    let values = spellings(value.trim())?;
                    self.needs.insert("body");
                    Ok(format!("body :text :contains {}", self.list(&values)))
                }
                _ => Err(Unsayable::Body),
            },
        }
    }
}

/// The match type of a test, and all values of which one must match.
fn match_type(test: &TextTest) -> Result<(&'static str, Vec<String>), Unsayable> {
    match test {
        TextTest::Is(value) => Ok((":is", spellings(value)?)),
        TextTest::Contains(value) => Ok((":contains", spellings(value)?)),
        // One value that is not empty (RFC 5231, 4).
        TextTest::Present => Ok((":value \"ne\"", vec![String::new()])),
        _ => Ok((":matches", patterns(test)?)),
    }
}

/// The test as globs (RFC 5228, 2.7.1), whose signs are those of [`TextTest::Glob`].
fn patterns(test: &TextTest) -> Result<Vec<String>, Unsayable> {
    let spelled = spellings(test.value().unwrap_or_default())?;
    spelled
        .into_iter()
        .map(|value| match test {
            TextTest::Is(_) | TextTest::Present => Ok(escape(&value)),
            TextTest::Contains(_) => Ok(format!("*{}*", escape(&value))),
            TextTest::Starts(_) => Ok(format!("{}*", escape(&value))),
            TextTest::Ends(_) => Ok(format!("*{}", escape(&value))),
            TextTest::Glob(_) => as_glob(&value),
        })
        .collect()
}

/// A text as a glob that fits itself alone.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '?' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A glob as servers read it. Backslashes that stand for themselves are doubled, since servers differ about them. `?` is
/// a byte to a server and a character to Mailroom, which is another thing in most languages.
fn as_glob(glob: &str) -> Result<String, Unsayable> {
    let mut out = String::with_capacity(glob.len());
    let mut chars = glob.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('?', _) => return Err(Unsayable::OneCharacter),
            ('\\', Some('*' | '?' | '\\')) => {
                out.push(c);
                out.extend(chars.next());
            }
            ('\\', _) => out.push_str("\\\\"),
            _ => out.push(c),
        }
    }
    Ok(out)
}

/// All ways to write a value that differ in the case of letters beyond ASCII.
fn spellings(value: &str) -> Result<Vec<String>, Unsayable> {
    let mut out = vec![String::with_capacity(value.len())];
    for c in value.chars() {
        let ways = if c.is_ascii() { BTreeSet::from([c]) } else { cases(c)? };
        if out.len() * ways.len() > SPELLINGS {
            return Err(Unsayable::Letters);
        }
        out = out
            .iter()
            .flat_map(|start| ways.iter().map(move |way| format!("{start}{way}")))
            .collect();
    }
    Ok(out)
}

/// A letter's small and capital forms.
fn cases(c: char) -> Result<BTreeSet<char>, Unsayable> {
    if matches!(c, 'Σ' | 'σ' | 'ς') {
        return Ok(BTreeSet::from(['Σ', 'σ', 'ς']));
    }
    let single = |mut chars: Box<dyn Iterator<Item = char>>| match (chars.next(), chars.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(Unsayable::Letters),
    };
    let small = single(Box::new(c.to_lowercase()))?;
    let capital = single(Box::new(small.to_uppercase()))?;
    // Letters of which the capital's small form is another (dotless i) are not a pair.
    let back = single(Box::new(capital.to_lowercase()))?;
    if small != capital && back != small {
        return Err(Unsayable::Letters);
    }
    Ok(BTreeSet::from([small, capital]))
}

fn size(span: &Span) -> Result<String, Unsayable> {
    let number = |n: u64| if n <= NUMBER_LIMIT { Ok(n) } else { Err(Unsayable::Number) };
    let mut tests = Vec::new();
    match span.at_least {
        None | Some(0) => {}
        Some(low) => tests.push(format!("size :over {}", number(low - 1)?)),
    }
    if let Some(high) = span.at_most {
        tests.push(format!("size :under {}", number(high.saturating_add(1))?));
    }
    Ok(if tests.is_empty() { "true".to_owned() } else { allof(tests) })
}

fn not(test: &str) -> String {
    format!("not {test}")
}

fn allof(tests: Vec<String>) -> String {
    join("allof", tests)
}

fn anyof(tests: Vec<String>) -> String {
    join("anyof", tests)
}

fn join(kind: &str, mut tests: Vec<String>) -> String {
    if tests.len() == 1 {
        return tests.pop().unwrap_or_default();
    }
    format!("{kind} ({})", tests.join(", "))
}
