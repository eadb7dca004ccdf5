//! Rules heard one after the other: effects, winners, stop, and the reasons that are given.

use crate::message::*;
use mailroom_domain::rules::*;
use mailroom_domain::{FolderRole, Label, RuleId};

fn go(folder: &str) -> Action {
    Action::Move { folder: folder.into() }
}

fn always() -> Group {
    Group::all(vec![Condition::Size { bytes: Span { at_least: Some(0), at_most: None } }])
}

fn when(condition: Condition) -> Group {
    Group::all(vec![condition])
}

fn outcome(list: Vec<Rule>, message: &Message) -> Outcome {
    evaluate(&rules(list), &message.subject(), RECEIVED).expect("all is loaded")
}

#[test]
fn later_rules_see_what_earlier_ones_did() {
    let keyword = || Action::AddKeyword { keyword: "Later".into() };
    let first = vec![set(Label::Task), keyword(), Action::Flag {}, Action::MarkRead {}, go("Shop")];
    for (seen, unseen) in [
        (Condition::Label { is: Label::Task }, Condition::Label { is: Label::Notification }),
        (Condition::Unsure { is: false }, Condition::Unsure { is: true }),
        (Condition::Keyword { is: "LATER".into() }, Condition::Keyword { is: "sooner".into() }),
        (Condition::Flagged { is: true }, Condition::Flagged { is: false }),
        (Condition::Seen { is: true }, Condition::Seen { is: false }),
        (
            Condition::Folder { test: TextTest::Is("shop".into()) },
            Condition::FolderRole { is: FolderRole::Inbox },
        ),
    ] {
        let list = vec![
            rule(1, always(), first.clone()),
            rule(2, when(seen.clone()), vec![Action::Notify {}]),
            rule(3, when(unseen.clone()), vec![Action::Notify {}]),
        ];
        let unsure = Message::plain().with(|m| m.verdict.unsure = true);
        assert_eq!(outcome(list, &unsure).matched, [RuleId(1), RuleId(2)], "{seen}, {unseen}");
    }
    let list = vec![
        rule(1, always(), vec![Action::Archive {}]),
        rule(2, when(Condition::FolderRole { is: FolderRole::Archive }), vec![Action::Flag {}]),
        rule(
            3,
            when(Condition::Folder { test: TextTest::Is("alte post".into()) }),
            vec![Action::MarkRead {}],
        ),
    ];
    assert_eq!(outcome(list, &Message::plain()).matched.len(), 3);
    for (folder, role) in [
        ("Alte Post", FolderRole::Archive),
        ("INBOX", FolderRole::Inbox),
        ("Unknown", FolderRole::Other),
    ] {
        let list = vec![
            rule(1, always(), vec![go(folder)]),
            rule(2, when(Condition::FolderRole { is: role }), vec![Action::Flag {}]),
        ];
        assert_eq!(outcome(list, &Message::plain()).matched.len(), 2, "{folder}");
    }
}

#[test]
fn the_last_label_and_place_win_and_the_others_are_named() {
    let list = vec![
        rule(1, always(), vec![set(Label::Task), go("Shop")]),
        rule(2, when(Condition::Label { is: Label::Task }), vec![set(Label::Urgent)]),
        rule(3, always(), vec![set(Label::Urgent), Action::Archive {}]),
    ];
    let found = outcome(list.clone(), &Message::plain());
    // Rule 3 says what rule 2 had said: it is rule 2's.
    assert_eq!(found.label, Some(Effect { rule: RuleId(2), value: Label::Urgent }));
    assert_eq!(found.place, Some(Effect { rule: RuleId(3), value: Place::Archive {} }));
    assert_eq!(
        found.overruled,
        [
            Overruled { rule: RuleId(1), action: set(Label::Task), by: RuleId(2) },
            Overruled { rule: RuleId(1), action: go("Shop"), by: RuleId(3) },
        ]
    );
    let traced = trace(&rules(list), &Message::plain().subject(), RECEIVED);
    let fates: Vec<Vec<Fate>> = traced
        .rules
        .iter()
        .map(|line| match &line.heard {
            Heard::Matched { actions } => actions.iter().map(|d| d.fate.clone()).collect(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        fates,
        [
            vec![Fate::Overruled { by: RuleId(2) }, Fate::Overruled { by: RuleId(3) }],
            vec![Fate::Stands {}],
            vec![Fate::Repeats { of: RuleId(2) }, Fate::Stands {}],
        ]
    );
}

#[test]
fn a_repeated_action_that_lost_is_not_said_to_count() {
    // Task, task, urgent, task: the second task lost with the first, and the last is the last rule's own.
    let labels = [Label::Task, Label::Task, Label::Urgent, Label::Task];
    let list: Vec<Rule> =
        (1..).zip(labels).map(|(id, label)| rule(id, always(), vec![set(label)])).collect();
    let traced = trace(&rules(list), &Message::plain().subject(), RECEIVED);
    let text = traced.to_string();
    assert_eq!(
        text,
        "Rule 1 “Rule 1”: matched: set the label task (replaced by rule 3).\n\
         Rule 2 “Rule 2”: matched: set the label task (replaced by rule 3).\n\
         Rule 3 “Rule 3”: matched: set the label urgent (replaced by rule 4).\n\
         Rule 4 “Rule 4”: matched: set the label task.\n"
    );
}

#[test]
fn stop_ends_the_hearing_after_the_rules_own_actions() {
    let list = vec![
        rule(1, always(), vec![Action::Stop {}, set(Label::Task)]),
        rule(2, always(), vec![set(Label::Urgent)]),
    ];
    let found = outcome(list, &Message::plain());
    assert_eq!(found.label.map(|e| e.value), Some(Label::Task));
    assert_eq!((found.stopped, found.matched), (Some(RuleId(1)), vec![RuleId(1)]));
}

#[test]
fn rules_that_are_off_are_not_heard() {
    let mut off = rule(1, always(), vec![Action::Stop {}]);
    off.enabled = false;
    assert_eq!(outcome(vec![off], &Message::plain()), Outcome::default());
}

#[test]
fn what_adds_up_is_owed_to_the_first() {
    let all = |keyword: &str| {
        vec![
            Action::AddKeyword { keyword: keyword.into() },
            Action::Flag {},
            Action::MarkRead {},
            Action::Notify {},
        ]
    };
    let found = outcome(
        vec![rule(5, always(), all("a")), rule(6, always(), all("A")), rule(7, always(), all("b"))],
        &Message::plain(),
    );
    let first = Some(RuleId(5));
    assert_eq!((found.flagged, found.read, found.notify), (first, first, first));
    assert_eq!(
        found.keywords,
        [
            Effect { rule: RuleId(5), value: "a".into() },
            Effect { rule: RuleId(7), value: "b".into() }
        ]
    );
    assert_eq!(found.overruled, []);
}

#[test]
fn a_trace_names_the_condition_that_failed() {
    let seen = |is| Condition::Seen { is };
    let list = vec![
        rule(1, Group::all(vec![seen(false), subject_contains("Invoice")]), vec![Action::Flag {}]),
        rule(
            2,
            Group::all(vec![
                seen(false),
                Condition::Group(Group::none(vec![
                    seen(true),
                    Condition::Group(Group::all(vec![seen(false)])),
                ])),
            ]),
            vec![Action::Flag {}],
        ),
        rule(3, Group::any(vec![seen(true), subject_contains("x")]), vec![Action::Flag {}]),
        rule(
            4,
            Group::any(vec![Condition::Group(Group::all(vec![seen(false), seen(true)]))]),
            vec![Action::Flag {}],
        ),
        rule(5, Group::all(vec![seen(false)]), vec![Action::Stop {}]),
        rule(6, Group::all(vec![seen(false)]), vec![Action::Flag {}]),
    ];
    let mut list = list;
    list[5].name = "Last".into();
    let traced = trace(&rules(list), &Message::plain().subject(), RECEIVED);
    let paths: Vec<Option<Vec<u16>>> = traced
        .rules
        .iter()
        .map(|line| match &line.heard {
            Heard::Failed { because } => Some(because.path.0.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(
        paths,
        [Some(vec![1]), Some(vec![1, 1]), Some(vec![]), Some(vec![0, 1]), None, None]
    );
    assert_eq!(
        traced.to_string(),
        "Rule 1 “Rule 1”: did not match: condition 2 (subject contains “Invoice”) does not hold.\n\
         Rule 2 “Rule 2”: did not match: condition 2.2 (all of 1 conditions hold) holds and must not.\n\
         Rule 3 “Rule 3”: did not match: the rule’s conditions as a whole do not hold.\n\
         Rule 4 “Rule 4”: did not match: condition 1.2 (message is read) does not hold.\n\
         Rule 5 “Rule 5”: matched: stop.\n\
         Rule 6 “Last”: not heard, because rule 5 said stop.\n"
    );
}

#[test]
fn what_is_not_loaded_is_open_only_where_it_decides() {
    let text = |value: &str| Condition::Text {
        field: TextField::Body,
        test: TextTest::Contains(value.into()),
    };
    let m = Message::plain().with(|m| m.content.text = "pay".into());
    let row = Subject { text: Part::NotLoaded, ..m.subject() };
    let seen = Condition::Seen { is: true };
    let decided =
        rules(vec![rule(1, Group::all(vec![text("pay"), seen.clone()]), vec![Action::Flag {}])]);
    assert_eq!(evaluate(&decided, &row, RECEIVED), Ok(Outcome::default()));
    let open = rules(vec![
        rule(1, Group::any(vec![seen, text("pay")]), vec![Action::Flag {}]),
        rule(2, always(), vec![Action::Flag {}]),
    ]);
    assert_eq!(evaluate(&open, &row, RECEIVED), Err(NotLoaded));
    assert_eq!(open.matches(RuleId(1), &row, RECEIVED), Answer::Open);
    assert_eq!(
        trace(&open, &row, RECEIVED).to_string(),
        "Rule 1 “Rule 1”: open: condition 2 (text contains “pay”) cannot be told without the whole message.\n\
         Rule 2 “Rule 2”: not heard yet, because an earlier rule is open.\n"
    );
    // Empty is not the same as not loaded.
    let empty = Subject { text: Part::Loaded(""), ..row };
    assert_eq!(evaluate(&open, &empty, RECEIVED).map(|o| o.matched), Ok(vec![RuleId(2)]));
}

#[test]
fn an_age_is_due_when_it_begins_and_when_it_ends() {
    let age = |low, high| Condition::Age { seconds: Span { at_least: low, at_most: high } };
    let due = |condition: Condition, now: i64| {
        let list = rules(vec![rule(1, when(condition), vec![Action::Flag {}])]);
        next_due(&list, &Message::plain().subject(), RECEIVED + now).map(|at| at - RECEIVED)
    };
    assert_eq!(due(age(Some(10), Some(20)), 0), Some(10));
    assert_eq!(due(age(Some(10), Some(20)), 10), Some(21));
    assert_eq!(due(age(Some(10), Some(20)), 21), None);
    assert_eq!(due(age(Some(u64::MAX), Some(u64::MAX)), 0), None);
    // Never for a rule that this message can never match; but for one that it could, were it flagged.
    let with = |other| Condition::Group(Group::all(vec![age(Some(10), None), other]));
    assert_eq!(due(with(subject_contains("invoice")), 0), None);
    assert_eq!(due(with(Condition::Flagged { is: true }), 0), Some(10));
}

#[test]
fn an_edit_affects_only_what_it_can_match() {
    let text = |value: &str| Condition::Text {
        field: TextField::Body,
        test: TextTest::Contains(value.into()),
    };
    let m = Message::plain().with(|m| m.content.headers.subject = "lunch".into());
    let row = Subject { text: Part::NotLoaded, ..m.subject() };
    let kept = rule(1, when(text("pay")), vec![Action::Flag {}]);
    let before = rules(vec![kept.clone()]);
    let idle = rule(2, when(subject_contains("invoice")), vec![set(Label::Task)]);
    let acts = rule(2, when(subject_contains("lunch")), vec![set(Label::Task)]);
    let after = rules(vec![kept.clone(), idle]);
    assert_eq!(affects(&before, &after, &row, RECEIVED), Answer::No);
    let after = rules(vec![kept, acts]);
    assert_eq!(affects(&before, &after, &row, RECEIVED), Answer::Open);
    assert_eq!(affects(&before, &after, &m.subject(), RECEIVED), Answer::Yes);
    assert_eq!(affects(&before, &before.clone(), &row, RECEIVED), Answer::No);
}

#[test]
fn changes_are_named() {
    let outcome = |then: Vec<Action>| outcome(vec![rule(1, always(), then)], &Message::plain());
    let keyword = |k: &str| Action::AddKeyword { keyword: k.into() };
    let before = outcome(vec![set(Label::Task), keyword("a"), keyword("b"), Action::Flag {}]);
    let after = outcome(vec![keyword("B"), keyword("c"), go("Shop"), Action::MarkRead {}]);
    assert_eq!(
        changes(&before, &after),
        [
            Change::Label { before: Some(Label::Task), after: None },
            Change::Place { before: None, after: Some(Place::Folder { name: "Shop".into() }) },
            Change::Keyword { keyword: "a".into(), set: false },
            Change::Keyword { keyword: "c".into(), set: true },
            Change::Flagged { set: false },
            Change::Read { set: true },
        ]
    );
    let notify = outcome(vec![Action::Notify {}]);
    assert_eq!(changes(&Outcome::default(), &notify), [Change::Notify { set: true }]);
    assert_eq!(changes(&before, &before), []);
}
