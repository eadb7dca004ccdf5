//! When time alone may change what the rules make of a message.

use super::Rules;
use super::condition::{Condition, Group};
use super::facts::{Folded, State, Subject};
use super::holds::{Answer, Known, View};
use crate::UnixSeconds;

/// The next time after `now` at which an age condition may change its answer; `None` if there is none.
///
/// Rules that this message can never match, whatever becomes of its flags, folder and label, do not count. Never later
/// than the first change that time brings about, but it may be earlier, so ask again then.
pub fn next_due(rules: &Rules, subject: &Subject<'_>, now: UnixSeconds) -> Option<UnixSeconds> {
    let (folded, state) = (Folded::default(), State::new(subject));
    let view = View { subject, state: &state, folded: &folded, now, known: Known::Lasting };
    let mut next = None;
    for (rule, when) in rules.each() {
        if rule.enabled && has_age(when) && view.group(when) != Answer::No {
            changes(when, subject.received, now, &mut next);
        }
    }
    next
}

fn has_age(group: &Group) -> bool {
    group.of.iter().any(|condition| match condition {
        Condition::Group(group) => has_age(group),
        Condition::Age { .. } => true,
        _ => false,
    })
}

fn changes(group: &Group, received: UnixSeconds, now: UnixSeconds, next: &mut Option<UnixSeconds>) {
    for condition in &group.of {
        match condition {
            Condition::Group(group) => changes(group, received, now, next),
            Condition::Age { seconds } => {
                // "At least" begins to hold at that age, "at most" ends to hold a second after it.
                let ages = [seconds.at_least, seconds.at_most.and_then(|age| age.checked_add(1))];
                for age in ages.into_iter().flatten() {
                    let at = i64::try_from(age).ok().and_then(|age| received.checked_add(age));
                    if let Some(at) = at.filter(|at| *at > now) {
                        *next = Some(next.map_or(at, |before| before.min(at)));
                    }
                }
            }
            _ => {}
        }
    }
}
