//! What must be so for all rules and all messages, tried on thousands from a seed.

use crate::message::*;
use mailroom_domain::RuleId;
use mailroom_domain::rules::*;

const CASES: u64 = 3000;

fn cases(mut each: impl FnMut(&mut Random, Rules, Message)) {
    for seed in 0..CASES {
        let mut random = Random(seed);
        let (rules, message) = (random.rules(false), random.message());
        each(&mut random, rules, message);
    }
}

#[test]
fn a_loaded_message_always_has_one_outcome() {
    let (mut acted, mut lost, mut stopped) = (0, 0, 0);
    cases(|random, rules, message| {
        let now = RECEIVED + random.below(120) as i64;
        let once = evaluate(&rules, &message.subject(), now).expect("all is loaded");
        assert_eq!(evaluate(&rules, &message.subject(), now), Ok(once.clone()));
        acted += usize::from(!once.matched.is_empty());
        lost += usize::from(!once.overruled.is_empty());
        stopped += usize::from(once.stopped.is_some());
    });
    // The cases are worth something only if much happens in them.
    assert!(acted > 1000 && lost > 50 && stopped > 300, "{acted} {lost} {stopped}");
}

#[test]
fn what_is_decided_early_is_decided_rightly() {
    let (mut decided, mut open) = (0, 0);
    cases(|random, rules, message| {
        let now = RECEIVED + random.below(120) as i64;
        let full = evaluate(&rules, &message.subject(), now);
        let masked = message.masked(1 + random.below(127));
        match evaluate(&rules, &masked, now) {
            Ok(early) => {
                decided += 1;
                assert_eq!(Ok(early), full);
            }
            Err(NotLoaded) => open += 1,
        }
        for rule in rules.as_slice() {
            let early = rules.matches(rule.id, &masked, now);
            if early != Answer::Open {
                assert_eq!(early, rules.matches(rule.id, &message.subject(), now));
            }
        }
    });
    assert!(decided > 500 && open > 500, "{decided} {open}");
}

#[test]
fn a_trace_tells_what_the_outcome_says() {
    let mut failed = 0;
    cases(|random, rules, message| {
        let now = RECEIVED + random.below(120) as i64;
        let subject = message.masked(random.below(128) * random.below(2));
        let traced = trace(&rules, &subject, now);
        assert_eq!(traced.outcome, evaluate(&rules, &subject, now).ok());
        assert_eq!(traced.rules.len(), rules.as_slice().len());
        assert_eq!(traced.to_string().lines().count(), traced.rules.len());
        for (line, rule) in traced.rules.iter().zip(rules.as_slice()) {
            if let Heard::Failed { because } | Heard::Open { because } = &line.heard {
                failed += 1;
                assert_eq!(rule.condition(&because.path), because.condition.as_ref());
            }
        }
        let Some(outcome) = traced.outcome else { return };
        let mut stands = Vec::new();
        let mut matched = Vec::new();
        let mut lost = 0;
        for line in &traced.rules {
            match &line.heard {
                Heard::Matched { actions } => {
                    matched.push(line.rule);
                    for done in actions {
                        match &done.fate {
                            Fate::Stands {} => stands.push((line.rule, done.action.clone())),
                            Fate::Overruled { by } => {
                                lost += 1;
                                assert!(*by > line.rule);
                            }
                            Fate::Repeats { of } => assert!(*of < line.rule),
                        }
                    }
                }
                Heard::Off {} => {}
                Heard::Stopped { by } => assert_eq!(Some(*by), outcome.stopped),
                Heard::Failed { .. } => {}
                other => panic!("{other:?} in a trace with an outcome"),
            }
        }
        assert_eq!(matched, outcome.matched);
        assert!(lost >= outcome.overruled.len());
        assert_eq!(sorted(stands), sorted(owed(&outcome)));
    });
    assert!(failed > 1000, "{failed}");
}

fn sorted(mut list: Vec<(RuleId, Action)>) -> Vec<(RuleId, Action)> {
    list.sort_by_key(|(rule, action)| (*rule, action.to_string()));
    list
}

/// All that an outcome wants, as the actions that said it.
fn owed(outcome: &Outcome) -> Vec<(RuleId, Action)> {
    let mut out = Vec::new();
    out.extend(outcome.label.iter().map(|e| (e.rule, set(e.value))));
    out.extend(outcome.place.iter().map(|e| {
        let action = match &e.value {
            Place::Folder { name } => Action::Move { folder: name.clone() },
            Place::Archive {} => Action::Archive {},
        };
        (e.rule, action)
    }));
    let keyword = |e: &Effect<String>| (e.rule, Action::AddKeyword { keyword: e.value.clone() });
    out.extend(outcome.keywords.iter().map(keyword));
    out.extend(outcome.flagged.map(|rule| (rule, Action::Flag {})));
    out.extend(outcome.read.map(|rule| (rule, Action::MarkRead {})));
    out.extend(outcome.notify.map(|rule| (rule, Action::Notify {})));
    out.extend(outcome.stopped.map(|rule| (rule, Action::Stop {})));
    out
}

#[test]
fn a_due_time_is_never_too_late() {
    let (mut due, mut changed) = (0, 0);
    cases(|random, rules, message| {
        let now = RECEIVED + random.below(40) as i64;
        let next = next_due(&rules, &message.subject(), now);
        due += usize::from(next.is_some());
        if let Some(next) = next {
            assert!(next > now);
        }
        // Whatever becomes of the message in the meantime: flags, label and folder as they may be.
        let mut later = message;
        if random.chance(2) {
            later.flags = random.flags();
            later.verdict = random.message().verdict;
            later.folder = random.pick(&FOLDERS);
            later.answered = random.chance(2);
        }
        let mut before = evaluate(&rules, &later.subject(), now);
        for at in now + 1..now + 120 {
            let after = evaluate(&rules, &later.subject(), at);
            if after != before {
                changed += 1;
                assert!(next.is_some_and(|next| next <= at), "{next:?} {at}");
                break;
            }
            before = after;
        }
    });
    assert!(due > 300 && changed > 100, "{due} {changed}");
}

#[test]
fn a_file_holds_all_that_rules_say() {
    cases(|_, rules, _| {
        let text = exchange::export(&rules).expect("sound rules");
        let back = exchange::import(&text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(back, rules);
        assert_eq!(exchange::export(&back).expect("sound rules"), text);
    });
}

#[test]
fn what_an_edit_affects_is_told_rightly() {
    let mut answers = [0; 3];
    cases(|random, before, message| {
        let mut list = before.as_slice().to_vec();
        for _ in 0..1 + random.below(2) {
            let at = random.below(list.len() + 1);
            match random.below(4) {
                0 if at < list.len() => {
                    list.remove(at);
                }
                2 if at < list.len() => list[at].enabled ^= true,
                1 if at < list.len() => list.swap(0, at),
                _ => {
                    let id = 100 + list.len() as i64;
                    list.insert(at, random.rule(id, false));
                }
            }
        }
        let (after, now) = (rules(list), RECEIVED + random.below(120) as i64);
        let told = |subject: &Subject<'_>| affects(&before, &after, subject, now);
        let outcome = |rules| evaluate(rules, &message.subject(), now).expect("all is loaded");
        let differs = !changes(&outcome(&before), &outcome(&after)).is_empty();
        let full = if differs { Answer::Yes } else { Answer::No };
        assert_eq!(told(&message.subject()), full);
        let early = told(&message.masked(1 + random.below(127)));
        assert!(early == Answer::Open || early == full, "{early:?} {full:?}");
        answers[early as usize] += 1;
    });
    assert!(answers.iter().all(|n| *n > 100), "{answers:?}");
}
