//! What is refused, and the sentences that say so.

use crate::message::*;
use mailroom_domain::rules::*;
use mailroom_domain::{Label, RuleId, Voice};

fn seen() -> Condition {
    Condition::Seen { is: true }
}

#[track_caller]
fn refused(condition: Condition, what: &FaultKind) {
    let when = Group::all(vec![seen(), Condition::Group(Group::any(vec![condition]))]);
    let faults = Rules::new(vec![rule(1, when, vec![Action::Flag {}])]).expect_err("a fault");
    assert_eq!(faults.0.len(), 1, "{faults}");
    assert_eq!(&faults.0[0].what, what);
    let path = vec![1, 0];
    assert_eq!(faults.0[0].at, Where::Condition { path: ConditionPath(path) });
}

#[test]
fn conditions_that_are_not_sound() {
    use FaultKind as K;
    let text = |test| Condition::Text { field: TextField::Subject, test };
    refused(text(TextTest::Contains("  ".into())), &K::EmptyText);
    refused(text(TextTest::Is("x".repeat(TEXT_LIMIT + 1))), &K::LongText);
    refused(text(TextTest::Is("a\nb".into())), &K::ControlCharacter);
    refused(text(TextTest::Glob("*".repeat(GLOB_LIMIT + 1))), &K::LongGlob);
    // Longer only once it is folded.
    refused(text(TextTest::Glob("İ".repeat(GLOB_LIMIT))), &K::LongGlob);
    refused(
        Condition::Address {
            field: AddressField::From,
            part: AddressPart::Domain,
            test: TextTest::Is("@shop.example".into()),
        },
        &K::NotADomain,
    );
    refused(Condition::Header { name: "X-Shop:".into() }, &K::HeaderName);
    refused(Condition::Language { is: "German".into() }, &K::Language);
    for bad in ["", "a b", "\\Seen", "a*", "ä"] {
        refused(Condition::Keyword { is: bad.into() }, &K::Keyword);
    }
    let span = |low, high| Span { at_least: low, at_most: high };
    refused(Condition::Size { bytes: span(None, None) }, &K::NoBound);
    refused(Condition::Age { seconds: span(Some(2), Some(1)) }, &K::EmptyBound);
    let share = |low, high| Condition::Probability {
        of: Label::Task,
        bound: Share { at_least: low, below: high },
    };
    refused(share(None, None), &K::NoBound);
    refused(share(Some(0.5), Some(0.5)), &K::EmptyBound);
    refused(share(None, Some(0.0)), &K::EmptyBound);
    refused(share(Some(1.1), None), &K::NotAProbability);
    refused(share(Some(f32::NAN), None), &K::NotAProbability);
    refused(Condition::VoiceDoubts { voice: Voice::Model, below: f32::NAN }, &K::NotAProbability);
    refused(Condition::VoiceSays { voice: Voice::User, label: Label::Task }, &K::NotAVoice);
    refused(Condition::VoiceDoubts { voice: Voice::Rule, below: 0.5 }, &K::NotAVoice);
    refused(Condition::Group(Group::all(vec![])), &K::EmptyGroup);
    let pattern = Condition::Attachment { mime: Some(String::new()), ending: None, size: None };
    refused(pattern, &K::EmptyText);
}

#[test]
fn rules_and_actions_that_are_not_sound() {
    use FaultKind as K;
    let fault = |rule: Rule| {
        let faults = Rules::new(vec![rule]).expect_err("a fault");
        assert_eq!(faults.0.len(), 1, "{faults}");
        (faults.0[0].at.clone(), faults.0[0].what.clone())
    };
    let with = |then: Vec<Action>| fault(rule(1, Group::all(vec![seen()]), then));
    let at = |at| Where::Action { at };
    let (whole, label) = (Where::Rule {}, set(Label::Task));
    assert_eq!(with(vec![]), (whole.clone(), K::NoAction));
    assert_eq!(with(vec![label.clone(), set(Label::Urgent)]), (at(1), K::Contradiction));
    let go = |folder: &str| Action::Move { folder: folder.into() };
    assert_eq!(with(vec![go("A"), label, Action::Archive {}]), (at(2), K::Contradiction));
    assert_eq!(with(vec![Action::Flag {}, Action::Flag {}]), (at(1), K::Contradiction));
    let keyword = |k: &str| Action::AddKeyword { keyword: k.into() };
    assert_eq!(with(vec![keyword("a"), keyword("A")]), (at(1), K::Contradiction));
    assert_eq!(with(vec![keyword("a b")]), (at(0), K::Keyword));
    assert_eq!(with(vec![go(" ")]), (at(0), K::NoFolder));
    assert_eq!(with(vec![go("a\r\nb")]), (at(0), K::ControlCharacter));
    let many = (0..=ACTION_LIMIT).map(|n| keyword(&format!("k{n}"))).collect();
    assert_eq!(with(many), (whole.clone(), K::TooManyActions));
    for name in [" ".to_owned(), "x".repeat(NAME_LIMIT + 1), "a\nb".to_owned()] {
        let plain = rule(1, Group::all(vec![seen()]), vec![Action::Flag {}]);
        assert_eq!(fault(Rule { name, ..plain }), (whole.clone(), K::Name));
    }
}

#[test]
fn depth_and_number_are_bounded() {
    let nested = |depth: usize| {
        (1..depth)
            .fold(Group::all(vec![seen()]), |inner, _| Group::all(vec![Condition::Group(inner)]))
    };
    assert!(Rules::new(vec![rule(1, nested(DEPTH_LIMIT), vec![Action::Flag {}])]).is_ok());
    let faults = Rules::new(vec![rule(1, nested(DEPTH_LIMIT + 1), vec![Action::Flag {}])])
        .expect_err("too deep");
    assert_eq!(faults.0[0].what, FaultKind::TooDeep);
    let wide = |n| rule(1, Group::all(vec![seen(); n]), vec![Action::Flag {}]);
    assert!(Rules::new(vec![wide(CONDITION_LIMIT)]).is_ok());
    let faults = Rules::new(vec![wide(CONDITION_LIMIT + 1)]).expect_err("too many");
    assert_eq!(faults.0[0].what, FaultKind::TooManyConditions);
    let list = |n: usize| -> Vec<Rule> {
        (1..=n as i64).map(|id| rule(id, Group::all(vec![seen()]), vec![Action::Flag {}])).collect()
    };
    assert!(Rules::new(list(RULE_LIMIT)).is_ok());
    let faults = Rules::new(list(RULE_LIMIT + 2)).expect_err("too many");
    assert_eq!(faults.0[0].what, FaultKind::TooManyRules);
    assert_eq!(Rules::keeping_sound(list(RULE_LIMIT + 2)).0.as_slice().len(), RULE_LIMIT);
}

#[test]
fn sentences_name_rule_and_condition() {
    let empty = Condition::Group(Group::none(vec![seen(), subject_contains("")]));
    let list = vec![
        rule(1, Group::all(vec![seen()]), vec![Action::Flag {}]),
        rule(1, Group::all(vec![seen(), empty]), vec![Action::Move { folder: String::new() }]),
    ];
    let faults = validate(&list).expect_err("faults");
    assert_eq!(
        faults.to_string(),
        "Rule 2 “Rule 1”: an earlier rule has the same number. Give each rule its own.\n\
         Rule 2 “Rule 1”, condition 2.2: there is nothing to look for. Type what to look for, or \
         remove the condition.\n\
         Rule 2 “Rule 1”, action 1: there is no folder to move to. Choose one."
    );
    // What is sound is heard all the same.
    let (kept, told) = Rules::keeping_sound(list);
    assert_eq!((kept.as_slice().len(), told), (1, Some(faults)));
    assert_eq!(kept.as_slice()[0].id, RuleId(1));
}
