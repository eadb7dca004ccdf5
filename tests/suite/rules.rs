//! Rules from end to end: what a preview says is what the run does, and what a message shows.

use mailroom_domain::rules::{
    Action, AddressField, AddressPart, Condition, Group, Heard, Mode, Rule, Share, Span, Standing,
    TextField, TextTest,
};
use mailroom_domain::{Label, RuleId, Voice};
use mailroom_engine::{Config, Engine, Mode as EngineMode};
use mailroom_wire::{
    Answer, Code, RelabelCommand, RelabelDiff, RelabelOptions, RelabelScope, RelabelState,
    RelabelStatus, Request, Row, RulePreview,
};
use std::collections::BTreeMap;
use std::path::Path;

/// A small generator with a fixed seed, so that a failure can be seen again.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % most.max(1)
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

async fn engine(folder: &Path) -> Engine {
    let mut config = Config::new(folder.to_owned(), EngineMode::Full);
    (config.keychain, config.llm, config.encoder) = (false, None, None);
    Engine::start(config).await.expect("an engine")
}

async fn ask(engine: &Engine, request: Request) -> Answer {
    engine.request(request).await.expect("an answer")
}

/// An engine over mail of all kinds.
async fn filled(folder: &Path, every: usize) -> Engine {
    let mail = folder.join("mail");
    std::fs::create_dir(&mail).expect("a folder");
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/crates/triage/corpus");
    for record in mailroom_corpus::read(&corpus).expect("the corpus").iter().step_by(every) {
        let name = format!("{}.eml", record.id().replace(':', "-"));
        std::fs::write(mail.join(name), record.message()).expect("written");
    }
    let engine = engine(&folder.join("data")).await;
    engine.import(&mail, "", &mut |_| {}).await.expect("imported");
    engine
}

async fn rows(engine: &Engine) -> Vec<Row> {
    let mut out = Vec::new();
    for lane in Label::ALL {
        let mut after = None;
        loop {
            let Answer::Lane(page) = ask(engine, Request::Lane { lane, after, limit: 200 }).await
            else {
                panic!("no lane")
            };
            out.extend(page.rows);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    out
}

fn condition(random: &mut Random, rows: &[Row], depth: usize) -> Condition {
    let row = random.pick(rows);
    let word = |text: &str, random: &mut Random| {
        let words: Vec<&str> = text.split_whitespace().filter(|w| w.len() > 2).collect();
        if words.is_empty() { "the".to_owned() } else { random.pick(&words).to_owned() }
    };
    match random.below(if depth == 0 { 12 } else { 14 }) {
        0 => Condition::Address {
            field: AddressField::From,
            part: random.pick(&[AddressPart::Address, AddressPart::Domain, AddressPart::Name]),
            test: TextTest::Contains(word(&row.from.address.replace(['@', '.'], " "), random)),
        },
        1 => Condition::Text {
            field: TextField::Subject,
            test: TextTest::Contains(word(&row.subject, random)),
        },
        2 => Condition::Text {
            field: TextField::Body,
            test: TextTest::Contains(word(&row.snippet, random)),
        },
        3 => Condition::Label { is: random.pick(&Label::ALL) },
        4 => Condition::Unsure { is: random.below(2) == 0 },
        5 => Condition::Probability {
            of: random.pick(&Label::ALL),
            bound: Share { at_least: Some(0.2 + random.below(7) as f32 / 10.0), below: None },
        },
        6 => Condition::VoiceDoubts {
            voice: Voice::Evidence,
            below: 0.3 + random.below(7) as f32 / 10.0,
        },
        7 => Condition::Size {
            bytes: Span { at_least: Some(500 + random.below(2000) as u64), at_most: None },
        },
        8 => Condition::Text { field: TextField::ListId, test: TextTest::Present },
        9 => Condition::Language { is: random.pick(&["en", "de", "th", "es"]).to_owned() },
        10 => Condition::Flagged { is: random.below(2) == 0 },
        11 => Condition::Reader { is: Standing::To },
        _ => Condition::Group(group(random, rows, depth - 1)),
    }
}

fn group(random: &mut Random, rows: &[Row], depth: usize) -> Group {
    let mode = random.pick(&[Mode::All, Mode::All, Mode::Any, Mode::None]);
    let of = (0..1 + random.below(3)).map(|_| condition(random, rows, depth)).collect();
    Group { mode, of }
}

fn rule(random: &mut Random, rows: &[Row], id: i64) -> Rule {
    let mut then = vec![Action::SetLabel { label: random.pick(&Label::ALL) }];
    match random.below(5) {
        0 => then.push(Action::Stop {}),
        1 => then.push(Action::Flag {}),
        2 => then = vec![Action::AddKeyword { keyword: "seen-by-rule".into() }],
        _ => {}
    }
    Rule {
        id: RuleId(id),
        name: format!("rule {id}"),
        enabled: random.below(8) > 0,
        when: group(random, rows, 2),
        then,
    }
}

async fn preview(engine: &Engine, rules: &[Rule]) -> RulePreview {
    match ask(engine, Request::PreviewRules { rules: rules.to_vec(), examples: 3 }).await {
        Answer::PreviewRules(preview) => preview,
        other => panic!("{other:?}"),
    }
}

async fn relabel(engine: &Engine, command: RelabelCommand) -> RelabelStatus {
    match ask(engine, Request::Relabel { command }).await {
        Answer::Relabel { status: Some(status) } => *status,
        other => panic!("{other:?}"),
    }
}

async fn reach(engine: &Engine, wanted: RelabelState) {
    let mut events = engine.events();
    loop {
        let now = relabel(engine, RelabelCommand::Status { job: None }).await;
        if now.state == wanted {
            return;
        }
        assert!(!matches!(now.state, RelabelState::Cancelled | RelabelState::Discarded), "{now:?}");
        let wait = std::time::Duration::from_millis(200);
        let _ = tokio::time::timeout(wait, events.recv()).await;
    }
}

/// Puts all mail to the stored rules; gives what changes.
async fn run(engine: &Engine) -> RelabelDiff {
    let options = RelabelOptions {
        rules_only: true,
        on_battery: true,
        when_busy: true,
        ..RelabelOptions::default()
    };
    relabel(engine, RelabelCommand::Start { scope: RelabelScope::default(), options }).await;
    reach(engine, RelabelState::Ready).await;
    match ask(engine, Request::RelabelDiff { job: None, examples: 1 }).await {
        Answer::RelabelDiff(diff) => diff,
        other => panic!("{other:?}"),
    }
}

fn counts(moves: &[mailroom_wire::RelabelMove]) -> BTreeMap<(usize, usize), u64> {
    moves.iter().map(|m| ((m.from.index(), m.to.index()), m.count)).collect()
}

/// 200 random lists of rules, each applied upon the last.
#[tokio::test(flavor = "multi_thread")]
async fn a_preview_says_what_the_run_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = filled(folder.path(), 90).await;
    let seen = rows(&engine).await;
    // The user's word stays, whatever the rules say.
    let told = seen.iter().step_by(9).map(|row| row.id).collect::<Vec<_>>();
    ask(&engine, Request::Label { ids: told.clone(), label: Label::Task }).await;
    let (mut random, mut moved, mut matched, mut corrected) = (Random(7), 0, 0, 0);
    for round in 0..200 {
        let rules: Vec<Rule> =
            (0..1 + random.below(4) as i64).map(|n| rule(&mut random, &seen, -n - 1)).collect();
        let said = preview(&engine, &rules).await;
        assert!(said.faults.is_empty(), "{:?}", said.faults);
        assert_eq!(said.messages as usize, seen.len());
        // What is stored says the same about itself, with nothing new.
        ask(&engine, Request::SetRules { rules }).await;
        let Answer::Rules(stored) = ask(&engine, Request::Rules).await else { panic!() };
        let again = preview(&engine, &stored.rules).await;
        assert_eq!(counts(&again.moves), counts(&said.moves), "round {round}");
        assert!(again.rules.iter().all(|count| count.more == 0 && count.fewer == 0));
        let diff = run(&engine).await;
        assert_eq!(counts(&diff.moves), counts(&said.moves), "round {round}: {:?}", stored.rules);
        relabel(&engine, RelabelCommand::Apply).await;
        reach(&engine, RelabelState::Applied).await;
        let after = preview(&engine, &stored.rules).await;
        assert!(after.moves.is_empty(), "round {round}: {:?}", counts(&after.moves));
        moved += said.moves.iter().map(|m| m.count).sum::<u64>();
        matched += said.rules.iter().map(|count| count.matches).sum::<u64>();
        corrected += said.corrected;
    }
    assert!(moved > 1000 && matched > 1000 && corrected > 100, "{moved} {matched} {corrected}");
    // Without any rule, all is as the voices say.
    ask(&engine, Request::SetRules { rules: Vec::new() }).await;
    run(&engine).await;
    relabel(&engine, RelabelCommand::Apply).await;
    reach(&engine, RelabelState::Applied).await;
    let lanes =
        |rows: &[Row]| rows.iter().map(|row| (row.id, row.lane)).collect::<BTreeMap<_, _>>();
    let (mut was, now) = (lanes(&seen), rows(&engine).await);
    was.extend(told.iter().map(|id| (*id, Label::Task)));
    // What was told taught as well: mail of the same sender may lie elsewhere now.
    let differ = lanes(&now).iter().filter(|(id, lane)| was.get(*id) != Some(*lane)).count();
    assert!(differ <= seen.len() / 10, "{differ} of {}", seen.len());
    assert!(now.iter().all(|row| row.decided_by != Some(Voice::Rule)));
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_decides_on_new_mail_says_why_and_is_taken_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = filled(folder.path(), 400).await;
    let seen = rows(&engine).await;
    let first = seen.iter().find(|row| !row.subject.is_empty()).expect("a subject").clone();
    let to = if first.lane == Label::Urgent { Label::Task } else { Label::Urgent };
    let mine = |then: Vec<Action>, test: TextTest| Rule {
        id: RuleId(-1),
        name: "Mine".into(),
        enabled: true,
        when: Group::all(vec![Condition::Text { field: TextField::Subject, test }]),
        then,
    };
    let subject = TextTest::Is(first.subject.clone());
    let wanted = vec![Action::SetLabel { label: to }, Action::Archive {}];
    // A preview that another has overtaken ends, and the newer one answers.
    let body = Condition::Text { field: TextField::Body, test: TextTest::Contains("e".into()) };
    let slow = Rule { when: Group::all(vec![body]), ..mine(wanted.clone(), subject.clone()) };
    let ask_twice = || Request::PreviewRules { rules: vec![slow.clone()], examples: 1 };
    let (first_said, then_said) =
        tokio::join!(engine.request(ask_twice()), engine.request(ask_twice()));
    assert!(first_said.is_ok() || first_said.is_err_and(|e| e.code == Code::Superseded));
    assert!(then_said.is_ok());
    // What is wrong is told with its place, and nothing is stored.
    let empty = mine(wanted.clone(), TextTest::Contains(String::new()));
    assert!(!preview(&engine, std::slice::from_ref(&empty)).await.faults.is_empty());
    let refused = engine.request(Request::SetRules { rules: vec![empty] }).await;
    assert_eq!(refused.expect_err("unsound").code, Code::Invalid);

    let rules = vec![mine(wanted, subject)];
    let said = preview(&engine, &rules).await;
    assert_eq!(said.rules[0].matches, 1);
    assert_eq!(
        said.wanted.len(),
        1,
        "the server is not touched, and that is said: {:?}",
        said.wanted
    );
    ask(&engine, Request::SetRules { rules }).await;
    run(&engine).await;
    relabel(&engine, RelabelCommand::Apply).await;
    reach(&engine, RelabelState::Applied).await;
    let now = rows(&engine).await;
    let ruled = now.iter().find(|row| row.id == first.id).expect("it is there");
    assert_eq!((ruled.lane, ruled.decided_by), (to, Some(Voice::Rule)));
    match ask(&engine, Request::TraceRules { id: first.id }).await {
        Answer::TraceRules(view) => {
            assert!(matches!(view.trace.rules[0].heard, Heard::Matched { .. }), "{}", view.text);
            assert!(view.text.contains("Mine"), "{}", view.text);
        }
        other => panic!("{other:?}"),
    }
    // Taken back as one.
    relabel(&engine, RelabelCommand::Undo { job: None }).await;
    reach(&engine, RelabelState::Undone).await;
    let back = rows(&engine).await;
    let back = back.iter().find(|row| row.id == first.id).expect("it is there");
    assert_eq!(back.lane, first.lane);
    // Out and in again.
    let Answer::ExportRules(export) = ask(&engine, Request::ExportRules).await else { panic!() };
    assert!(
        export.sieve.contains("header :is \"subject\"") || !export.left_out.is_empty(),
        "{}",
        export.sieve
    );
    match ask(&engine, Request::ReadRules { text: export.json }).await {
        Answer::ReadRules { rules } => assert_eq!(rules[0].name, "Mine"),
        other => panic!("{other:?}"),
    }
    engine.stop().await;
    // After a start they are still in force.
    let engine = self::engine(&folder.path().join("data")).await;
    let message = format!(
        "From: a@b.example\r\nSubject: {}\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nHello\r\n",
        first.subject
    );
    let file = folder.path().join("new.eml");
    std::fs::write(&file, message).expect("written");
    engine.import(&file, "", &mut |_| {}).await.expect("imported");
    let new = rows(&engine).await;
    let new = new.iter().find(|row| row.from.address == "a@b.example").expect("it came");
    let ascii = first.subject.is_ascii();
    assert!(!ascii || (new.lane, new.decided_by) == (to, Some(Voice::Rule)), "{new:?}");
    engine.stop().await;
}
