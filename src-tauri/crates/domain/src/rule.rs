//! The user's routing rules. They always win over the voices; the first that matches decides.

use crate::{HeaderFacts, Label};
use serde::{Deserialize, Serialize};

/// One rule's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "number"))]
#[serde(transparent)]
pub struct RuleId(pub i64);

/// The part of a message that a condition looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// Address of `From`.
    From,
    /// Domain of `From`, subdomains included.
    Domain,
    /// Any address of `To` and `Cc`.
    Recipient,
    /// `Subject`
    Subject,
    /// `List-Id`
    List,
}

/// How a condition compares. All comparisons ignore case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Match {
    /// The whole field.
    Is,
    /// Anywhere in the field.
    Contains,
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Condition {
    /// What it looks at.
    pub field: Field,
    /// How it compares.
    pub matches: Match,
    /// What it compares with.
    pub value: String,
}

/// What a rule does. Nothing that it can do destroys anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Action {
    /// Puts the message into a lane.
    Label {
        /// The lane.
        label: Label,
    },
}

/// One rule: all conditions must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Rule {
    /// Its number.
    pub id: RuleId,
    /// The user's name for it.
    pub name: String,
    /// Off rules are kept but not heard.
    pub enabled: bool,
    /// Rules are tried in ascending order.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub position: i64,
    /// All must hold; a rule without conditions never matches.
    pub conditions: Vec<Condition>,
    /// What happens.
    pub action: Action,
}

impl Rule {
    /// Whether the rule is on and all its conditions hold.
    pub fn applies(&self, headers: &HeaderFacts) -> bool {
        self.enabled
            && !self.conditions.is_empty()
            && self.conditions.iter().all(|c| c.holds(headers))
    }
}

impl Condition {
    /// Whether the condition holds for these headers. An empty value never does.
    pub fn holds(&self, headers: &HeaderFacts) -> bool {
        let value = self.value.trim().to_lowercase();
        if value.is_empty() {
            return false;
        }
        let compare = |text: &str| {
            let text = text.to_lowercase();
            match self.matches {
                Match::Is => text == value,
                Match::Contains => text.contains(&value),
            }
        };
        match self.field {
            Field::From => headers.from.as_ref().is_some_and(|a| compare(&a.address)),
            Field::Domain => headers.from.as_ref().is_some_and(|a| {
                let domain = a.domain();
                compare(&domain)
                    || domain.strip_suffix(&value).is_some_and(|rest| rest.ends_with('.'))
            }),
            Field::Recipient => headers.to.iter().chain(&headers.cc).any(|a| compare(&a.address)),
            Field::Subject => compare(&headers.subject),
            Field::List => headers.list_id.as_deref().is_some_and(compare),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Address;

    fn condition(field: Field, matches: Match, value: &str) -> Condition {
        Condition { field, matches, value: value.into() }
    }

    #[test]
    fn a_domain_covers_its_subdomains_and_nothing_else() {
        let headers = HeaderFacts {
            from: Some(Address { name: String::new(), address: "x@mail.Shop.example".into() }),
            ..HeaderFacts::default()
        };
        assert!(condition(Field::Domain, Match::Is, "shop.example").holds(&headers));
        assert!(!condition(Field::Domain, Match::Is, "hop.example").holds(&headers));
        assert!(!condition(Field::Domain, Match::Is, " ").holds(&headers));
    }

    #[test]
    fn a_rule_without_conditions_matches_nothing() {
        let rule = Rule {
            id: RuleId(1),
            name: "all".into(),
            enabled: true,
            position: 0,
            conditions: vec![],
            action: Action::Label { label: Label::Task },
        };
        assert!(!rule.applies(&HeaderFacts::default()));
    }
}
