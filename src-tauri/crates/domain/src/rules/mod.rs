//! The user's rules: what they can ask and do, what they make of a message, and why.
//!
//! Everything here is a pure, total function of what is passed in: rules, a [`Subject`] and the time. It changes
//! nothing: an [`Outcome`] says what is wanted of a message, and the engine does it.
//!
//! # In which order rules count
//!
//! Rules are steps, from top to bottom. Each sees the message as the earlier ones left it: its label, whether it is
//! unsure, flags, keywords and folder. A rule that says `stop` is the last one heard. Of what a message can have only
//! one of, the label and the place where it lies, the last rule heard decides, and the outcome names those that it
//! replaced. What adds up (keywords, flagged, read, notify) is owed to the first rule that said it.
//!
//! Why the last and not the first: a rule that matches *because* an earlier one set the label ("a task, and from my
//! boss: urgent") must be able to change it, or it would match and do nothing. General rules stand above, exceptions
//! below, as in Sieve (RFC 5228, where `setflag` and `set` replace) and in mail programs whose rules run on until "stop
//! processing more rules". Who wants "the first decides" adds `stop`, and rules of before, of which the first that
//! matched decided, are taken over with it ([`exchange`]). A message is never copied: two moves are one move.
//!
//! Actions within a rule have no order; a rule that says two labels or two places is refused ([`Faults`]).
//!
//! # Never broader than meant
//!
//! What is unknown, absent or empty fits no comparison, an empty group never holds, and a rule that is not sound is
//! never heard: [`Rules`] can only be made of sound ones.
//!
//! In TypeScript, where all types share one name space, those of this module begin with `Rule` or `Sieve`.

mod action;
mod change;
mod condition;
mod due;
mod evaluate;
pub mod exchange;
mod facts;
mod holds;
mod sieve;
mod text;
mod trace;
mod validate;

pub use action::{Action, Place};
pub use change::{Change, affects, changes};
pub use condition::{
    AddressField, AddressPart, AuthMethod, Condition, Group, Mode, Share, Span, Standing, TextField,
};
pub use due::next_due;
pub use evaluate::{Effect, NotLoaded, Outcome, Overruled, evaluate};
pub use facts::{Attachments, Folder, Headers, Part, Subject};
pub use holds::Answer;
pub use sieve::{LeftOut, Sieve, Unsayable, to_sieve};
pub use text::{GLOB_LIMIT, TextTest};
pub use trace::{Culprit, Done, Fate, Heard, RuleTrace, Trace, trace};
pub use validate::{
    ACTION_LIMIT, CONDITION_LIMIT, DEPTH_LIMIT, Fault, FaultKind, Faults, NAME_LIMIT, RULE_LIMIT,
    TEXT_LIMIT, Where, validate,
};

use crate::{RuleId, UnixSeconds};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// One rule. Its place in the list is its place in the order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its number, which only the store hands out. Each once in a list.
    pub id: RuleId,
    /// The user's name for it.
    pub name: String,
    /// Off rules are kept but not heard.
    pub enabled: bool,
    /// What must hold.
    pub when: Group,
    /// What happens then.
    pub then: Vec<Action>,
}

impl Rule {
    /// The condition at that place; `None` for the outermost group and where there is none.
    pub fn condition(&self, path: &ConditionPath) -> Option<&Condition> {
        let (last, groups) = path.0.split_last()?;
        let mut group = &self.when;
        for at in groups {
            match group.of.get(usize::from(*at))? {
                Condition::Group(inner) => group = inner,
                _ => return None,
            }
        }
        group.of.get(usize::from(*last))
    }
}

/// Where a condition stands in its rule: places in nested groups, counted from 0. Shown from 1, as `2.1`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RulePath", type = "number[]"))]
#[serde(transparent)]
pub struct ConditionPath(pub Vec<u16>);

impl fmt::Display for ConditionPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, place) in self.0.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            write!(f, "{dot}{}", u32::from(*place) + 1)?;
        }
        Ok(())
    }
}

/// Sound rules, ready to be heard. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    given: Arc<[Rule]>,
    /// The conditions of each with what was typed folded once, and not anew for each message.
    folded: Arc<[Group]>,
}

impl Rules {
    /// Makes rules ready.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn new(rules: Vec<Rule>) -> Result<Rules, Faults> {
        validate(&rules)?;
        Ok(Rules::ready(rules))
    }

    /// The sound ones among stored rules, and what is wrong with the others, which are not heard. For rules that
    /// another version has written; what a user types goes through [`Rules::new`].
    pub fn keeping_sound(rules: Vec<Rule>) -> (Rules, Option<Faults>) {
        let Err(faults) = validate(&rules) else { return (Rules::ready(rules), None) };
        let unsound: Vec<usize> = faults.0.iter().map(|fault| fault.rule).collect();
        let sound = rules
            .into_iter()
            .enumerate()
            .filter(|(at, _)| *at < RULE_LIMIT && !unsound.contains(&(at + 1)))
            .map(|(_, rule)| rule)
            .collect();
        (Rules::ready(sound), Some(faults))
    }

    fn ready(rules: Vec<Rule>) -> Rules {
        let folded = rules.iter().map(|rule| rule.when.folded()).collect();
        Rules { given: rules.into(), folded }
    }

    /// The rules, in order, also those that are off.
    pub fn as_slice(&self) -> &[Rule] {
        &self.given
    }

    /// Whether a rule's conditions hold for a message that no rule has changed yet. Also for a rule that is off, as in
    /// a preview. [`Answer::Open`] for a number that no rule has.
    pub fn matches(&self, rule: RuleId, subject: &Subject<'_>, now: UnixSeconds) -> Answer {
        let (folded, state) = (facts::Folded::default(), facts::State::new(subject));
        let known = holds::Known::Loaded;
        let view = holds::View { subject, state: &state, folded: &folded, now, known };
        let found = self.each().find(|(given, _)| given.id == rule);
        found.map_or(Answer::Open, |(_, when)| view.group(when))
    }

    fn each(&self) -> impl Iterator<Item = (&Rule, &Group)> {
        self.given.iter().zip(self.folded.iter())
    }
}

impl PartialEq for Rules {
    fn eq(&self, other: &Rules) -> bool {
        self.given == other.given
    }
}
