//! Rules as files.

use crate::message::*;
use mailroom_domain::Label;
use mailroom_domain::rules::exchange::{ImportError, export, import};
use mailroom_domain::rules::*;

fn file(rules: &str) -> String {
    format!(r#"{{"format": "mailroom-rules", "version": 1, "rules": {rules}}}"#)
}

#[test]
fn the_form_of_a_file_does_not_change() {
    let when = Group::any(vec![
        Condition::Address {
            field: AddressField::From,
            part: AddressPart::Domain,
            test: TextTest::Is("shop.example".into()),
        },
        Condition::Group(Group::none(vec![
            Condition::Probability {
                of: Label::NeedsHuman,
                bound: Share { at_least: Some(0.3), below: None },
            },
            Condition::Text { field: TextField::ListId, test: TextTest::Present },
        ])),
    ]);
    let then = vec![set(Label::Task), Action::Archive {}, Action::Stop {}];
    let text = export(&rules(vec![rule(7, when, then)])).expect("sound rules");
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        value,
        serde_json::json!({
            "format": "mailroom-rules",
            "version": 1,
            "rules": [{
                "id": 7,
                "name": "Rule 7",
                "enabled": true,
                "when": { "mode": "any", "of": [
                    { "kind": "address", "field": "from", "part": "domain",
                      "test": { "how": "is", "value": "shop.example" } },
                    { "kind": "group", "mode": "none", "of": [
                        { "kind": "probability", "of": "needs-human",
                          "bound": { "at_least": 0.3 } },
                        { "kind": "text", "field": "list-id", "test": { "how": "present" } },
                    ] },
                ] },
                "then": [
                    { "kind": "set-label", "label": "task" },
                    { "kind": "archive" },
                    { "kind": "stop" },
                ],
            }],
        })
    );
    assert!(text.contains("\"at_least\": 0.3\n"), "short numbers stay short: {text}");
}

#[test]
fn what_is_not_ours_is_refused_with_a_reason() {
    let why = |text: &str| import(text).expect_err("refused").to_string();
    assert!(why("{").starts_with("This file is not JSON (line 1, column 1: EOF while parsing"));
    for other in
        ["[]", "[1]", "3", "{}", r#"{"format":"x","version":1,"rules":[]}"#, r#"[{"id":1}]"#]
    {
        assert!(matches!(import(other), Err(ImportError::NotRules)), "{other}");
    }
    assert!(matches!(
        import(r#"{"format":"mailroom-rules","version":1}"#),
        Err(ImportError::NotRules)
    ));
    for version in ["2", "0", "1.5", "\"1\"", "-1"] {
        let text = format!(r#"{{"format":"mailroom-rules","version":{version},"rules":[{{}}]}}"#);
        assert!(matches!(import(&text), Err(ImportError::UnknownVersion(v)) if v == version));
    }
    assert_eq!(
        why(r#"{"format":"mailroom-rules","version":2,"rules":[]}"#),
        "These rules are of version 2 of the format; this Mailroom reads version 1. Update Mailroom \
         and try again."
    );
    assert!(matches!(import(&" ".repeat(9 << 20)), Err(ImportError::TooLarge)));
    // Deep nesting ends in an error, not in a crash.
    let deep = format!("{}{}", r#"{"of":["#.repeat(5000), "]}".repeat(5000));
    assert!(matches!(import(&deep), Err(ImportError::NotJson { .. })));
}

#[test]
fn an_unknown_field_is_refused_wherever_it_stands() {
    let sound = r#"{"id":1,"name":"x","enabled":true,"when":{"mode":"all","of":[
        {"kind":"seen","is":true},
        {"kind":"group","mode":"any","of":[{"kind":"flagged","is":true}]},
        {"kind":"text","field":"subject","test":{"how":"is","value":"x"}},
        {"kind":"attachment","size":{"at_least":1}},
        {"kind":"probability","of":"task","bound":{"below":0.5}}
    ]},"then":[{"kind":"stop"},{"kind":"flag"},{"kind":"set-label","label":"task"}]}"#;
    assert!(import(&file(&format!("[{sound}]"))).is_ok());
    for before in [
        r#""id":1"#,
        r#""mode":"all""#,
        r#""kind":"seen""#,
        r#""mode":"any""#,
        r#""kind":"text""#,
        r#""how":"is""#,
        r#""kind":"attachment""#,
        r#""at_least":1"#,
        r#""below":0.5"#,
        r#""kind":"stop""#,
        r#""kind":"flag""#,
        r#""kind":"set-label""#,
    ] {
        let changed = sound.replacen(before, &format!(r#"{before},"and":1"#), 1);
        assert_ne!(changed, sound);
        let refused = import(&file(&format!("[{changed}]"))).expect_err(before);
        assert!(matches!(refused, ImportError::Unreadable { rule: 1, .. }), "{refused}");
    }
    let refused = import(&file(&format!("[{sound},{{\"id\":2}}]"))).expect_err("no name");
    assert_eq!(
        refused.to_string(),
        "Rule 2 of the file cannot be read: missing field `name`. Correct it, or remove it from the \
         file."
    );
    let empty = sound.replace(r#""value":"x""#, r#""value":"""#);
    let refused = import(&file(&format!("[{empty}]"))).expect_err("nothing to look for");
    assert!(matches!(refused, ImportError::Unsound(_)), "{refused}");
}

#[test]
fn rules_of_before_are_taken_over() {
    let text = r#"[
        {"id": 4, "name": "Second", "enabled": false, "position": 2,
         "conditions": [{"field": "domain", "matches": "is", "value": " Shop.example "},
                        {"field": "list", "matches": "contains", "value": "x"}],
         "action": {"kind": "label", "label": "needs-human"}},
        {"id": 9, "name": " ", "enabled": true, "position": 1,
         "conditions": [{"field": "recipient", "matches": "contains", "value": "ana"},
                        {"field": "from", "matches": "is", "value": "a@b"},
                        {"field": "subject", "matches": "is", "value": "Hi"}],
         "action": {"kind": "label", "label": "task"}}
    ]"#;
    let taken = import(text).unwrap_or_else(|error| panic!("{error}"));
    let [first, second] = taken.as_slice() else { panic!("two rules") };
    let address = |field, part, test| Condition::Address { field, part, test };
    let is = |v: &str| TextTest::Is(v.into());
    let contains = |v: &str| TextTest::Contains(v.into());
    assert_eq!((first.id.0, first.name.as_str(), first.enabled), (9, "Rule 9", true));
    assert_eq!(
        first.when,
        Group::all(vec![
            address(AddressField::Recipient, AddressPart::Address, contains("ana")),
            address(AddressField::From, AddressPart::Address, is("a@b")),
            Condition::Text { field: TextField::Subject, test: is("Hi") },
        ])
    );
    assert_eq!(first.then, [set(Label::Task), Action::Stop {}]);
    assert_eq!((second.id.0, second.name.as_str(), second.enabled), (4, "Second", false));
    assert_eq!(
        second.when,
        Group::all(vec![
            address(AddressField::From, AddressPart::Domain, is("Shop.example")),
            Condition::Text { field: TextField::ListId, test: contains("x") },
        ])
    );
    // One that could never match is refused in a file, and not heard when it comes from the store.
    let never = r#"[{"id":1,"name":"x","enabled":true,"position":1,"conditions":[],
        "action":{"kind":"label","label":"task"}}]"#;
    assert!(matches!(import(never), Err(ImportError::Unsound(_))));
    let old: Vec<exchange::OldRule> = serde_json::from_str(never).expect("an old rule");
    let (heard, faults) = Rules::keeping_sound(old.into_iter().map(Rule::from).collect());
    assert!(heard.as_slice().is_empty() && faults.is_some());
}
