//! The rules, heard in order.

use super::action::{Action, Place};
use super::condition::Group;
use super::facts::{Folded, State, Subject};
use super::holds::{Answer, Known, View};
use super::{Rule, Rules};
use crate::{Label, RuleId, UnixSeconds};
use serde::{Deserialize, Serialize};

/// The outcome depends on a part of the message that is not loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "What the rules do depends on a part of the message that is not loaded. Load the whole message and ask again."
)]
pub struct NotLoaded;

/// Something that a rule brought about, with the rule. Where several say the same, it is the first of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleEffect"))]
pub struct Effect<T> {
    /// The rule.
    pub rule: RuleId,
    /// What it brought about.
    pub value: T,
}

/// An action that a later rule replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleOverruled"))]
pub struct Overruled {
    /// The rule that lost.
    pub rule: RuleId,
    /// What it had said.
    pub action: Action,
    /// The later rule.
    pub by: RuleId,
}

/// What the rules want of a message: a state to be reached, not steps. What is so already needs no doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleOutcome"))]
pub struct Outcome {
    /// The label, if a rule set one.
    pub label: Option<Effect<Label>>,
    /// Where the message is to lie, if a rule moved it.
    pub place: Option<Effect<Place>>,
    /// Keywords to be set, in the order in which rules set them; each once, whatever its case.
    pub keywords: Vec<Effect<String>>,
    /// `\Flagged` is to be set.
    pub flagged: Option<RuleId>,
    /// `\Seen` is to be set.
    pub read: Option<RuleId>,
    /// The user is to be told.
    pub notify: Option<RuleId>,
    /// The rule that ended the hearing.
    pub stopped: Option<RuleId>,
    /// All rules that matched, in order.
    pub matched: Vec<RuleId>,
    /// Actions that a later rule replaced, in the order in which that happened.
    pub overruled: Vec<Overruled>,
}

impl Outcome {
    /// Adds what a rule says. Returns the rule that had said the same, if that still counts.
    pub(super) fn apply(&mut self, rule: RuleId, action: &Action) -> Option<RuleId> {
        let first = |said: &mut Option<RuleId>| match *said {
            None => {
                *said = Some(rule);
                None
            }
            earlier => earlier,
        };
        match action {
            Action::SetLabel { label } => {
                let before = self.label.take();
                let (effect, repeats) =
                    self.replace(rule, before, *label, |label| Action::SetLabel { label });
                self.label = Some(effect);
                repeats
            }
            Action::Move { .. } | Action::Archive {} => {
                let place = action.place()?;
                let before = self.place.take();
                let (effect, repeats) = self.replace(rule, before, place, |place| match place {
                    Place::Folder { name } => Action::Move { folder: name },
                    Place::Archive {} => Action::Archive {},
                });
                self.place = Some(effect);
                repeats
            }
            Action::AddKeyword { keyword } => {
                let set = self.keywords.iter().find(|k| k.value.eq_ignore_ascii_case(keyword));
                let repeats = set.map(|effect| effect.rule);
                if repeats.is_none() {
                    self.keywords.push(Effect { rule, value: keyword.clone() });
                }
                repeats
            }
            Action::Flag {} => first(&mut self.flagged),
            Action::MarkRead {} => first(&mut self.read),
            Action::Notify {} => first(&mut self.notify),
            Action::Stop {} => first(&mut self.stopped),
        }
    }

    /// Of things of which there can be one alone, the last counts; who says the same again is not credited.
    fn replace<T: PartialEq>(
        &mut self,
        rule: RuleId,
        before: Option<Effect<T>>,
        value: T,
        action: impl FnOnce(T) -> Action,
    ) -> (Effect<T>, Option<RuleId>) {
        match before {
            Some(effect) if effect.value == value => {
                let repeats = effect.rule;
                (effect, Some(repeats))
            }
            Some(lost) => {
                let action = action(lost.value);
                self.overruled.push(Overruled { rule: lost.rule, action, by: rule });
                (Effect { rule, value }, None)
            }
            None => (Effect { rule, value }, None),
        }
    }
}

/// How one rule was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hearing {
    Off,
    /// An earlier rule said stop.
    Stopped(RuleId),
    Answered(Answer),
    /// An earlier rule is open.
    Behind,
}

/// Hears the rules in order and tells `watch` how each was heard, with the message as it was then.
pub(super) fn hear(
    rules: &Rules,
    subject: &Subject<'_>,
    now: UnixSeconds,
    mut watch: impl FnMut(&Rule, &Group, Hearing, &View<'_>),
) -> Result<Outcome, NotLoaded> {
    let folded = Folded::default();
    let mut state = State::new(subject);
    let mut outcome = Outcome::default();
    let mut open = false;
    for (rule, when) in rules.each() {
        let view = View { subject, state: &state, folded: &folded, now, known: Known::Loaded };
        let hearing = if !rule.enabled {
            Hearing::Off
        } else if let Some(by) = outcome.stopped {
            Hearing::Stopped(by)
        } else if open {
            Hearing::Behind
        } else {
            Hearing::Answered(view.group(when))
        };
        watch(rule, when, hearing, &view);
        match hearing {
            Hearing::Answered(Answer::Yes) => {
                outcome.matched.push(rule.id);
                for action in &rule.then {
                    outcome.apply(rule.id, action);
                    state.apply(action);
                }
            }
            Hearing::Answered(Answer::Open) => open = true,
            _ => {}
        }
    }
    if open { Err(NotLoaded) } else { Ok(outcome) }
}

/// What the rules make of a message at the time `now`.
///
/// # Errors
/// [`NotLoaded`] if that depends on what is not loaded; never for a message of which all is loaded.
pub fn evaluate(
    rules: &Rules,
    subject: &Subject<'_>,
    now: UnixSeconds,
) -> Result<Outcome, NotLoaded> {
    hear(rules, subject, now, |_, _, _, _| {})
}
