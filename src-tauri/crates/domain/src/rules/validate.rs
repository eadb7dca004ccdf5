//! What makes a rule sound, and sentences that say which condition is not and what to do about it.

use super::action::Action;
use super::condition::{AddressPart, Condition, Group, Share, Span};
use super::text::{GLOB_LIMIT, TextTest};
use super::{ConditionPath, Rule};
use crate::{RuleId, Voice};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fmt;

/// Rules in a list.
pub const RULE_LIMIT: usize = 500;
/// Groups within groups, the outermost one counted.
pub const DEPTH_LIMIT: usize = 8;
/// Conditions of a rule, groups counted.
pub const CONDITION_LIMIT: usize = 200;
/// Actions of a rule.
pub const ACTION_LIMIT: usize = 20;
/// Characters of a name.
pub const NAME_LIMIT: usize = 200;
/// Characters of a text to compare with, and of a folder's name.
pub const TEXT_LIMIT: usize = 1000;
/// Bytes of a keyword.
const KEYWORD_LIMIT: usize = 100;

/// The part of a rule that is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RulePart"))]
#[serde(tag = "part", rename_all = "kebab-case")]
pub enum Where {
    /// The rule itself.
    Rule {},
    /// A condition, or the outermost group where the path is empty.
    Condition {
        /// Its place.
        path: ConditionPath,
    },
    /// An action.
    Action {
        /// Its place, counted from 0.
        at: u16,
    },
}

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Where::Rule {} => Ok(()),
            Where::Condition { path } if path.0.is_empty() => f.write_str(", conditions"),
            Where::Condition { path } => write!(f, ", condition {path}"),
            Where::Action { at } => write!(f, ", action {}", u32::from(*at) + 1),
        }
    }
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleFaultKind"))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum FaultKind {
    /// More rules than [`RULE_LIMIT`].
    #[error("there are more than {RULE_LIMIT} rules. Remove some, or put several into one.")]
    TooManyRules,
    /// A number that an earlier rule has.
    #[error("an earlier rule has the same number. Give each rule its own.")]
    SameNumber,
    /// A blank name, or one longer than [`NAME_LIMIT`].
    #[error("it needs a name of 1 to {NAME_LIMIT} characters on one line. Give it one.")]
    Name,
    /// A group without conditions.
    #[error("the group is empty and would never hold. Add a condition, or remove the group.")]
    EmptyGroup,
    /// Deeper than [`DEPTH_LIMIT`].
    #[error("groups lie more than {DEPTH_LIMIT} deep. Take this one out of some of its groups.")]
    TooDeep,
    /// More than [`CONDITION_LIMIT`].
    #[error("the rule has more than {CONDITION_LIMIT} conditions. Make two rules of it.")]
    TooManyConditions,
    /// Nothing to compare with.
    #[error("there is nothing to look for. Type what to look for, or remove the condition.")]
    EmptyText,
    /// Longer than [`TEXT_LIMIT`].
    #[error("what to look for is longer than {TEXT_LIMIT} characters. Shorten it.")]
    LongText,
    /// Longer than [`GLOB_LIMIT`].
    #[error("a pattern may have {GLOB_LIMIT} characters at most. Shorten it, or use “contains”.")]
    LongGlob,
    /// Line ends and the like.
    #[error("it holds a line end or another control character. Remove it.")]
    ControlCharacter,
    /// An address where a domain is asked for.
    #[error("a domain has no “@”. Give the part after it, such as shop.example.")]
    NotADomain,
    /// Not the name of a header (RFC 5322, 3.6.8).
    #[error("this is not a header’s name. Give it without the colon, such as X-Mailer.")]
    HeaderName,
    /// Not an ISO 639 code.
    #[error("this is not a language’s code. Give two letters, such as en or de.")]
    Language,
    /// Not an atom (RFC 3501, 9), or a system flag.
    #[error(
        "this is not a keyword. Use up to 100 letters, digits and signs, without blanks and without any of ( ) {{ }} % * \" \\ ]."
    )]
    Keyword,
    /// No bound at all.
    #[error("there is no bound. Give at least one.")]
    NoBound,
    /// Nothing lies between the bounds.
    #[error("nothing lies between these bounds. Make the lower one smaller than the upper one.")]
    EmptyBound,
    /// Not within 0 to 1.
    #[error("a probability lies between 0 and 1. Choose one that does.")]
    NotAProbability,
    /// Rules and the user are no voices that a rule can hear.
    #[error("a rule can ask the voices evidence, encoder, model and memory. Choose one of these.")]
    NotAVoice,
    /// Nothing to do.
    #[error("it does nothing. Add an action.")]
    NoAction,
    /// More than [`ACTION_LIMIT`].
    #[error("it has more than {ACTION_LIMIT} actions. Remove some.")]
    TooManyActions,
    /// Two labels, two places, or the same action twice.
    #[error("it contradicts or repeats an earlier action of the rule. Keep one of them.")]
    Contradiction,
    /// An empty or too long name of a folder.
    #[error("there is no folder to move to. Choose one.")]
    NoFolder,
}

/// Something that is wrong with a rule, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleFault"))]
pub struct Fault {
    /// The rule's place in the list, counted from 1.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub rule: usize,
    /// Its number.
    pub id: RuleId,
    /// Its name.
    pub name: String,
    /// The part of it.
    pub at: Where,
    /// What is wrong.
    pub what: FaultKind,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rule {}", self.rule)?;
        if !self.name.trim().is_empty() {
            write!(f, " “{}”", self.name.trim())?;
        }
        write!(f, "{}: {}", self.at, self.what)
    }
}

/// All that is wrong with a list of rules, at least one fault. A line each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleFaults"))]
#[serde(transparent)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.0.iter().enumerate() {
            let line = if at == 0 { "" } else { "\n" };
            write!(f, "{line}{fault}")?;
        }
        Ok(())
    }
}

/// Whether all rules are sound, also those that are off.
///
/// # Errors
/// All that is wrong, in the order of the rules.
pub fn validate(rules: &[Rule]) -> Result<(), Faults> {
    let mut faults = Vec::new();
    let mut numbers = HashSet::new();
    for (at, rule) in rules.iter().enumerate() {
        let mut check = Check { faults: Vec::new(), path: Vec::new(), conditions: 0 };
        if at == RULE_LIMIT {
            check.fault(Where::Rule {}, FaultKind::TooManyRules);
        }
        if !numbers.insert(rule.id) {
            check.fault(Where::Rule {}, FaultKind::SameNumber);
        }
        let name = rule.name.trim();
        let long = name.chars().count() > NAME_LIMIT;
        if name.is_empty() || long || name.chars().any(char::is_control) {
            check.fault(Where::Rule {}, FaultKind::Name);
        }
        check.group(&rule.when, 1);
        check.actions(&rule.then);
        faults.extend(check.faults.into_iter().map(|(place, what)| Fault {
            rule: at + 1,
            id: rule.id,
            name: rule.name.clone(),
            at: place,
            what,
        }));
        if at == RULE_LIMIT {
            break;
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Faults(faults)) }
}

struct Check {
    faults: Vec<(Where, FaultKind)>,
    path: Vec<u16>,
    conditions: usize,
}

impl Check {
    fn fault(&mut self, at: Where, what: FaultKind) {
        self.faults.push((at, what));
    }

    fn here(&mut self, what: FaultKind) {
        let path = ConditionPath(self.path.clone());
        self.fault(Where::Condition { path }, what);
    }

    fn group(&mut self, group: &Group, depth: usize) {
        if depth > DEPTH_LIMIT {
            return self.here(FaultKind::TooDeep);
        }
        if group.of.is_empty() {
            self.here(FaultKind::EmptyGroup);
        }
        for (at, condition) in group.of.iter().enumerate() {
            self.conditions += 1;
            self.path.push(u16::try_from(at).unwrap_or(u16::MAX));
            if self.conditions > CONDITION_LIMIT {
                if self.conditions == CONDITION_LIMIT + 1 {
                    self.here(FaultKind::TooManyConditions);
                }
                self.path.pop();
                return;
            }
            self.condition(condition, depth);
            self.path.pop();
        }
    }

    fn condition(&mut self, condition: &Condition, depth: usize) {
        match condition {
            Condition::Group(group) => self.group(group, depth + 1),
            Condition::Probability { bound, .. } => self.share(bound),
            Condition::VoiceSays { voice, .. } => self.voice(*voice),
            Condition::VoiceDoubts { voice, below } => {
                self.voice(*voice);
                if !(*below > 0.0 && *below <= 1.0) {
                    self.here(FaultKind::NotAProbability);
                }
            }
            Condition::Address { part, test, .. } => {
                self.test(test);
                let at = |v: &String| v.contains('@');
                if *part == AddressPart::Domain && matches!(test, TextTest::Is(v) if at(v)) {
                    self.here(FaultKind::NotADomain);
                }
            }
            Condition::Text { test, .. } | Condition::Folder { test } => self.test(test),
            Condition::Header { name } => {
                let printable = |b: u8| (33..=126).contains(&b) && b != b':';
                if name.is_empty() || name.len() > TEXT_LIMIT || !name.bytes().all(printable) {
                    self.here(FaultKind::HeaderName);
                }
            }
            Condition::Language { is } => {
                let letters = is.bytes().all(|b| b.is_ascii_alphabetic());
                if !(2..=3).contains(&is.len()) || !letters {
                    self.here(FaultKind::Language);
                }
            }
            Condition::Attachment { mime, ending, size } => {
                if let Some(mime) = mime {
                    self.test(&TextTest::Glob(mime.clone()));
                }
                if let Some(ending) = ending {
                    self.text(ending);
                }
                if let Some(size) = size {
                    self.span(size);
                }
            }
            Condition::AttachmentCount { bound: span }
            | Condition::AttachmentSize { bytes: span }
            | Condition::Size { bytes: span }
            | Condition::Age { seconds: span } => self.span(span),
            Condition::Account { is } => self.text(is),
            Condition::Keyword { is } => {
                if !is_keyword(is) {
                    self.here(FaultKind::Keyword);
                }
            }
            Condition::Label { .. }
            | Condition::Unsure { .. }
            | Condition::FolderRole { .. }
            | Condition::Answered { .. }
            | Condition::Reader { .. }
            | Condition::Authentication { .. }
            | Condition::Seen { .. }
            | Condition::Flagged { .. } => {}
        }
    }

    fn test(&mut self, test: &TextTest) {
        let Some(value) = test.value() else { return };
        self.text(value);
        // Folding can make a text longer, and it is the folded one that is matched.
        let long = super::text::fold(value).chars().count() > GLOB_LIMIT;
        if matches!(test, TextTest::Glob(_)) && long {
            self.here(FaultKind::LongGlob);
        }
    }

    fn text(&mut self, value: &str) {
        if value.trim().is_empty() {
            self.here(FaultKind::EmptyText);
        }
        if value.chars().count() > TEXT_LIMIT {
            self.here(FaultKind::LongText);
        }
        if value.chars().any(char::is_control) {
            self.here(FaultKind::ControlCharacter);
        }
    }

    fn span(&mut self, span: &Span) {
        match (span.at_least, span.at_most) {
            (None, None) => self.here(FaultKind::NoBound),
            (Some(low), Some(high)) if low > high => self.here(FaultKind::EmptyBound),
            _ => {}
        }
    }

    fn share(&mut self, share: &Share) {
        let outside = |p: f32| !(0.0..=1.0).contains(&p);
        match (share.at_least, share.below) {
            (None, None) => self.here(FaultKind::NoBound),
            (low, high) if low.is_some_and(outside) || high.is_some_and(outside) => {
                self.here(FaultKind::NotAProbability);
            }
            (low, Some(high)) if low.unwrap_or(0.0) >= high => self.here(FaultKind::EmptyBound),
            _ => {}
        }
    }

    fn voice(&mut self, voice: Voice) {
        if matches!(voice, Voice::Rule | Voice::User) {
            self.here(FaultKind::NotAVoice);
        }
    }

    fn actions(&mut self, actions: &[Action]) {
        if actions.is_empty() {
            self.fault(Where::Rule {}, FaultKind::NoAction);
        }
        if actions.len() > ACTION_LIMIT {
            return self.fault(Where::Rule {}, FaultKind::TooManyActions);
        }
        for (at, action) in actions.iter().enumerate() {
            let place = || Where::Action { at: u16::try_from(at).unwrap_or(u16::MAX) };
            let clashes = |earlier: &Action| match (earlier, action) {
                (Action::SetLabel { .. }, Action::SetLabel { .. }) => true,
                (Action::AddKeyword { keyword: a }, Action::AddKeyword { keyword: b }) => {
                    a.eq_ignore_ascii_case(b)
                }
                (a, b) => a == b || (a.place().is_some() && b.place().is_some()),
            };
            if actions.iter().take(at).any(clashes) {
                self.fault(place(), FaultKind::Contradiction);
            }
            match action {
                Action::AddKeyword { keyword } if !is_keyword(keyword) => {
                    self.fault(place(), FaultKind::Keyword);
                }
                Action::Move { folder } => {
                    if folder.trim().is_empty() || folder.chars().count() > TEXT_LIMIT {
                        self.fault(place(), FaultKind::NoFolder);
                    } else if folder.chars().any(char::is_control) {
                        self.fault(place(), FaultKind::ControlCharacter);
                    }
                }
                _ => {}
            }
        }
    }
}

/// An atom of RFC 3501, section 9.
fn is_keyword(text: &str) -> bool {
    let atom = |b: u8| (33..=126).contains(&b) && !b"(){}%*\"\\]".contains(&b);
    !text.is_empty() && text.len() <= KEYWORD_LIMIT && text.bytes().all(atom)
}
