//! Rules as a file: `{"format": "mailroom-rules", "version": 1, "rules": [...]}`, described by
//! `docs/rules.schema.json`, and rules as they were before this format.
//!
//! A field that this version does not know is refused and not skipped: a rule of which a condition is lost would match
//! more than was meant.

use super::{
    Action, AddressField, AddressPart, Condition, Faults, Group, Rule, Rules, TextField, TextTest,
    validate,
};
use crate::{Label, RuleId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What names the format in a file.
pub const FORMAT: &str = "mailroom-rules";
/// The version that is written, and the newest that is read.
pub const VERSION: u64 = 1;
/// The largest file that is read, in bytes.
pub const FILE_LIMIT: usize = 8 << 20;

/// Why a file of rules was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Larger than [`FILE_LIMIT`].
    #[error("This file is larger than 8 MB, which no list of rules is. Choose another file.")]
    TooLarge,
    /// Not JSON.
    #[error(
        "This file is not JSON (line {line}, column {column}: {message}). Choose a file that Mailroom has exported."
    )]
    NotJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// The parser's words.
        message: String,
    },
    /// JSON, but something else.
    #[error("This file does not hold Mailroom’s rules. Choose a file that Mailroom has exported.")]
    NotRules,
    /// Of a version that is not known.
    #[error(
        "These rules are of version {0} of the format; this Mailroom reads version {VERSION}. Update Mailroom and try again."
    )]
    UnknownVersion(String),
    /// A rule that cannot be read.
    #[error(
        "Rule {rule} of the file cannot be read: {message}. Correct it, or remove it from the file."
    )]
    Unreadable {
        /// Its place, counted from 1.
        rule: usize,
        /// What is wrong with it.
        message: String,
    },
    /// Rules that can be read but are not sound.
    #[error("Nothing was imported, because of rules that are not sound.\n{0}")]
    Unsound(#[from] Faults),
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: u64,
    rules: &'a [Rule],
}

/// The rules as a file, with line ends for people.
///
/// # Errors
/// None for rules that are sound; the serialiser's type has room for some.
pub fn export(rules: &Rules) -> serde_json::Result<String> {
    let document = Document { format: FORMAT, version: VERSION, rules: rules.as_slice() };
    serde_json::to_string_pretty(&document).map(|text| text + "\n")
}

/// Reads a file of rules, or a list of rules as they were before this format. Their numbers are those of the file: who
/// stores them gives new ones.
///
/// # Errors
/// [`ImportError`]; then nothing of the file is to be taken.
pub fn import(text: &str) -> Result<Rules, ImportError> {
    if text.len() > FILE_LIMIT {
        return Err(ImportError::TooLarge);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let value: Value = serde_json::from_str(text).map_err(|error| ImportError::NotJson {
        line: error.line(),
        column: error.column(),
        message: words(&error),
    })?;
    let rules = match value {
        Value::Array(list) => {
            let old = |rule: &Value| rule.get("conditions").is_some();
            if list.is_empty() || !list.iter().all(old) {
                return Err(ImportError::NotRules);
            }
            let mut old: Vec<OldRule> = read(list)?;
            old.sort_by_key(|rule| (rule.position, rule.id));
            old.into_iter().map(Rule::from).collect()
        }
        Value::Object(mut document) => {
            if document.get("format").and_then(Value::as_str) != Some(FORMAT) {
                return Err(ImportError::NotRules);
            }
            match document.get("version") {
                Some(version) if version.as_u64() == Some(VERSION) => {}
                Some(version) => return Err(ImportError::UnknownVersion(version.to_string())),
                None => return Err(ImportError::NotRules),
            }
            let Some(Value::Array(list)) = document.remove("rules") else {
                return Err(ImportError::NotRules);
            };
            read(list)?
        }
        _ => return Err(ImportError::NotRules),
    };
    validate(&rules)?;
    Ok(Rules::ready(rules))
}

fn read<T: serde::de::DeserializeOwned>(list: Vec<Value>) -> Result<Vec<T>, ImportError> {
    list.into_iter()
        .enumerate()
        .map(|(at, rule)| {
            serde_json::from_value(rule)
                .map_err(|error| ImportError::Unreadable { rule: at + 1, message: words(&error) })
        })
        .collect()
}

/// The parser's words without the place, which is told separately or means nothing.
fn words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

/// A rule as it was before this format: all conditions had to hold, the first rule that matched decided, and its label
/// was all that it could set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OldRule {
    /// Its number.
    pub id: RuleId,
    /// The user's name for it.
    pub name: String,
    /// Whether it was on.
    pub enabled: bool,
    /// Its place in the order.
    pub position: i64,
    /// What had to hold.
    pub conditions: Vec<OldCondition>,
    /// What happened.
    pub action: OldAction,
}

/// A condition of an [`OldRule`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OldCondition {
    field: OldField,
    matches: OldMatch,
    value: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum OldField {
    From,
    Domain,
    Recipient,
    Subject,
    List,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum OldMatch {
    Is,
    Contains,
}

/// The action of an [`OldRule`].
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum OldAction {
    /// Puts the message into a lane.
    Label {
        /// The lane.
        label: Label,
    },
}

impl From<OldCondition> for Condition {
    fn from(old: OldCondition) -> Condition {
        // Blanks at the ends did not count.
        let value = old.value.trim().to_owned();
        let test = match old.matches {
            OldMatch::Is => TextTest::Is(value),
            OldMatch::Contains => TextTest::Contains(value),
        };
        let address = |field, part, test| Condition::Address { field, part, test };
        match old.field {
            OldField::From => address(AddressField::From, AddressPart::Address, test),
            OldField::Domain => address(AddressField::From, AddressPart::Domain, test),
            OldField::Recipient => address(AddressField::Recipient, AddressPart::Address, test),
            OldField::Subject => Condition::Text { field: TextField::Subject, test },
            OldField::List => Condition::Text { field: TextField::ListId, test },
        }
    }
}

/// The same rule: with `stop`, so that the first that matches still decides. An old rule that could never match, for
/// want of conditions or of something to look for, becomes one that is not sound and is not heard.
impl From<OldRule> for Rule {
    fn from(old: OldRule) -> Rule {
        let OldAction::Label { label } = old.action;
        let named = !old.name.trim().is_empty();
        Rule {
            id: old.id,
            name: if named { old.name } else { format!("Rule {}", old.id.0) },
            enabled: old.enabled,
            when: Group::all(old.conditions.into_iter().map(Condition::from).collect()),
            then: vec![Action::SetLabel { label }, Action::Stop {}],
        }
    }
}
