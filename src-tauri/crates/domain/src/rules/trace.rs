//! Why the rules did what they did to one message: each rule, whether it matched, and what decided that.

use super::action::Action;
use super::condition::{Condition, Group, Mode};
use super::evaluate::{Hearing, Outcome, hear};
use super::facts::Subject;
use super::holds::{Answer, View};
use super::{ConditionPath, Rules};
use crate::{RuleId, UnixSeconds};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What decided that a rule did not match, or cannot be told to match.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleCulprit"))]
pub struct Culprit {
    /// Where the condition stands in the rule. Empty for the rule's outermost group.
    pub path: ConditionPath,
    /// The condition; absent for the rule's outermost group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub condition: Option<Condition>,
    /// What it answered. `Yes` for one that must not hold, in a group of which none may.
    pub answer: Answer,
}

/// What became of an action of a rule that matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleFate"))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Fate {
    /// It counts, and is owed to this rule.
    Stands {},
    /// It counts, but an earlier rule had said the same.
    Repeats {
        /// That rule.
        of: RuleId,
    },
    /// A later rule said otherwise.
    Overruled {
        /// That rule.
        by: RuleId,
    },
}

/// An action with what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleDone"))]
pub struct Done {
    /// The action.
    pub action: Action,
    /// What became of it.
    pub fate: Fate,
}

/// How one rule was heard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleHeard"))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Heard {
    /// It is off.
    Off {},
    /// An earlier rule said stop.
    Stopped {
        /// That rule.
        by: RuleId,
    },
    /// It matched.
    Matched {
        /// Its actions.
        actions: Vec<Done>,
    },
    /// It did not match.
    Failed {
        /// The condition that decided it: the first that did, in the order of the rule.
        because: Culprit,
    },
    /// It cannot be told without what is not loaded.
    Open {
        /// The first condition that is open.
        because: Culprit,
    },
    /// An earlier rule is open, and this one may see its effects.
    Behind {},
}

/// One rule of a trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RuleTrace {
    /// The rule.
    pub rule: RuleId,
    /// The user's name for it.
    pub name: String,
    /// How it was heard.
    pub heard: Heard,
}

/// All rules, as one message was put to them. Its `Display` is English, a line a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RulesTrace"))]
pub struct Trace {
    /// Each rule, in order.
    pub rules: Vec<RuleTrace>,
    /// What came of it; `None` if that depends on what is not loaded.
    pub outcome: Option<Outcome>,
}

/// How each rule was heard, and why. The same hearing as [`super::evaluate`].
pub fn trace(rules: &Rules, subject: &Subject<'_>, now: UnixSeconds) -> Trace {
    let mut traced = Vec::with_capacity(rules.as_slice().len());
    let outcome = hear(rules, subject, now, |rule, when, hearing, view| {
        let heard = match hearing {
            Hearing::Off => Heard::Off {},
            Hearing::Stopped(by) => Heard::Stopped { by },
            Hearing::Behind => Heard::Behind {},
            // What became of the actions is known at the end.
            Hearing::Answered(Answer::Yes) => Heard::Matched { actions: Vec::new() },
            Hearing::Answered(answer) => {
                let mut path = Vec::new();
                let found = culprit(when, answer, view, &mut path);
                let path = ConditionPath(path);
                // As the user typed it, not as it is compared.
                let condition = rule.condition(&path).cloned();
                let because = Culprit { path, condition, answer: found };
                if answer == Answer::Open {
                    Heard::Open { because }
                } else {
                    Heard::Failed { because }
                }
            }
        };
        traced.push(RuleTrace { rule: rule.id, name: rule.name.clone(), heard });
    })
    .ok();
    if let Some(outcome) = &outcome {
        let mut replay = Outcome::default();
        for (rule, line) in rules.as_slice().iter().zip(&mut traced) {
            if let Heard::Matched { actions } = &mut line.heard {
                for action in &rule.then {
                    let repeats = replay.apply(rule.id, action);
                    let by = repeats.unwrap_or(rule.id);
                    let lost =
                        outcome.overruled.iter().find(|o| o.rule == by && o.action == *action);
                    let fate = match (lost, repeats) {
                        (Some(lost), _) => Fate::Overruled { by: lost.by },
                        (None, Some(of)) => Fate::Repeats { of },
                        (None, None) => Fate::Stands {},
                    };
                    actions.push(Done { action: action.clone(), fate });
                }
            }
        }
    }
    Trace { rules: traced, outcome }
}

/// Writes the place of the condition that made the group answer so, and returns what that condition answered.
fn culprit(group: &Group, answer: Answer, view: &View<'_>, path: &mut Vec<u16>) -> Answer {
    // What an answer of a member must be to be to blame: of "all", the first that fails; of "none", the first that
    // holds; of "any", no single one, unless there is only one.
    let blamed = match (group.mode, answer) {
        (_, Answer::Open) => Answer::Open,
        (Mode::All, _) => Answer::No,
        (Mode::None, Answer::No) => Answer::Yes,
        (Mode::Any, Answer::No) if group.of.len() == 1 => Answer::No,
        _ => return answer,
    };
    let found = group.of.iter().enumerate().find(|(_, c)| view.holds(c) == blamed);
    let Some((at, condition)) = found else { return answer };
    path.push(u16::try_from(at).unwrap_or(u16::MAX));
    match condition {
        // Why a group holds is many conditions' doing; the group itself is named.
        Condition::Group(inner) if blamed != Answer::Yes => culprit(inner, blamed, view, path),
        _ => blamed,
    }
}

impl fmt::Display for Culprit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.condition {
            Some(condition) => write!(f, "condition {} ({condition})", self.path)?,
            None => f.write_str("the rule’s conditions as a whole")?,
        }
        f.write_str(match (self.answer, &self.condition) {
            (Answer::Yes, _) => " holds and must not",
            (Answer::No, Some(_)) => " does not hold",
            (Answer::No, None) => " do not hold",
            (Answer::Open, _) => " cannot be told without the whole message",
        })
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place =
            |id: RuleId| self.rules.iter().position(|r| r.rule == id).map_or(0, |at| at + 1);
        for (at, line) in self.rules.iter().enumerate() {
            write!(f, "Rule {} “{}”: ", at + 1, line.name)?;
            match &line.heard {
                Heard::Off {} => f.write_str("off.")?,
                Heard::Stopped { by } => {
                    write!(f, "not heard, because rule {} said stop.", place(*by))?;
                }
                Heard::Behind {} => {
                    f.write_str("not heard yet, because an earlier rule is open.")?;
                }
                Heard::Failed { because } => write!(f, "did not match: {because}.")?,
                Heard::Open { because } => write!(f, "open: {because}.")?,
                Heard::Matched { actions } => {
                    f.write_str("matched")?;
                    for (at, done) in actions.iter().enumerate() {
                        write!(f, "{} {}", if at == 0 { ":" } else { "," }, done.action)?;
                        match done.fate {
                            Fate::Stands {} => {}
                            Fate::Repeats { of } => write!(f, " (as rule {} had)", place(of))?,
                            Fate::Overruled { by } => {
                                write!(f, " (replaced by rule {})", place(by))?;
                            }
                        }
                    }
                    f.write_str(".")?;
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
