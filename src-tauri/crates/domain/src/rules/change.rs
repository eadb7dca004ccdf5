//! What a change of the rules changes for a message.

use super::action::Place;
use super::condition::Group;
use super::evaluate::{Outcome, evaluate};
use super::facts::{Folded, State, Subject};
use super::holds::{Answer, Known, View};
use super::{Rule, Rules};
use crate::{Label, UnixSeconds};
use serde::{Deserialize, Serialize};

/// One difference between two outcomes. Which rule brought it about does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleChange"))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Change {
    /// The label that rules set.
    Label {
        /// Before; `None` leaves it to the voices.
        before: Option<Label>,
        /// After.
        after: Option<Label>,
    },
    /// Where rules move it.
    Place {
        /// Before; `None` leaves it where it is.
        before: Option<Place>,
        /// After.
        after: Option<Place>,
    },
    /// A keyword that rules set.
    Keyword {
        /// The keyword.
        keyword: String,
        /// Whether it is set now.
        set: bool,
    },
    /// `\Flagged`
    Flagged {
        /// Whether rules set it now.
        set: bool,
    },
    /// `\Seen`
    Read {
        /// Whether rules set it now.
        set: bool,
    },
    /// The user is told.
    Notify {
        /// Whether the user is told now.
        set: bool,
    },
}

/// What differs between two outcomes; empty if they come to the same.
pub fn changes(before: &Outcome, after: &Outcome) -> Vec<Change> {
    let mut out = Vec::new();
    let label = |o: &Outcome| o.label.as_ref().map(|e| e.value);
    if label(before) != label(after) {
        out.push(Change::Label { before: label(before), after: label(after) });
    }
    let place = |o: &Outcome| o.place.as_ref().map(|e| e.value.clone());
    if place(before) != place(after) {
        out.push(Change::Place { before: place(before), after: place(after) });
    }
    let has = |o: &Outcome, k: &str| o.keywords.iter().any(|e| e.value.eq_ignore_ascii_case(k));
    for (from, to, set) in [(before, after, false), (after, before, true)] {
        for keyword in from.keywords.iter().map(|e| &e.value).filter(|k| !has(to, k)) {
            out.push(Change::Keyword { keyword: keyword.clone(), set });
        }
    }
    let marks = |o: &Outcome| [o.flagged, o.read, o.notify].map(|rule| rule.is_some());
    let ([flagged, read, notify], [flags, reads, notifies]) = (marks(before), marks(after));
    if flagged != flags {
        out.push(Change::Flagged { set: flags });
    }
    if read != reads {
        out.push(Change::Read { set: reads });
    }
    if notify != notifies {
        out.push(Change::Notify { set: notifies });
    }
    out
}

/// Whether the outcome of a message differs between two lists of rules at the time `now`.
///
/// Where the answer is clear from the rules that differ, because none of them can match the message, nothing else is
/// looked at: a list of many rules about texts does not make one load the text when another rule is edited.
pub fn affects(before: &Rules, after: &Rules, subject: &Subject<'_>, now: UnixSeconds) -> Answer {
    if same_without_idle(before, after, subject, now) {
        return Answer::No;
    }
    match (evaluate(before, subject, now), evaluate(after, subject, now)) {
        (Ok(before), Ok(after)) => (!changes(&before, &after).is_empty()).into(),
        _ => Answer::Open,
    }
}

/// Whether the lists are equal but for rules that cannot match this message, whatever other rules do to it. Names and
/// numbers do not count.
fn same_without_idle(
    before: &Rules,
    after: &Rules,
    subject: &Subject<'_>,
    now: UnixSeconds,
) -> bool {
    let (folded, state) = (Folded::default(), State::new(subject));
    let view = View { subject, state: &state, folded: &folded, now, known: Known::BeforeRules };
    let same = |a: &Rule, b: &Rule| a.when == b.when && a.then == b.then;
    let idle = |(rule, when): &(&Rule, &Group)| !rule.enabled || view.group(when) == Answer::No;
    // What stands at both ends of both lists needs no look at all.
    let (a, b): (Vec<_>, Vec<_>) = (before.each().collect(), after.each().collect());
    let alike =
        |x: &(&Rule, &Group), y: &(&Rule, &Group)| x.0.enabled == y.0.enabled && same(x.0, y.0);
    let head = a.iter().zip(&b).take_while(|(x, y)| alike(x, y)).count();
    let (a, b) = (a.get(head..).unwrap_or_default(), b.get(head..).unwrap_or_default());
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| alike(x, y)).count();
    let middle = |list: &[(&Rule, &Group)]| -> Vec<Rule> {
        let kept = list.get(..list.len() - tail).unwrap_or_default();
        kept.iter().filter(|pair| !idle(pair)).map(|(rule, _)| (*rule).clone()).collect()
    };
    let (a, b) = (middle(a), middle(b));
    a.len() == b.len() && a.iter().zip(&b).all(|(x, y)| same(x, y))
}
