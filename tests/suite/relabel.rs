//! Relabelling through the engine and from the command line, with the real voices.

use mailroom_domain::rules::{Action, Condition, Group, Rule, TextField, TextTest};
use mailroom_domain::{
    AccountId, Label, MessageId, Probabilities, RuleId, Verdict, Voice, VoiceShare,
};
use mailroom_engine::{Config, Engine, Mode, Surroundings};
use mailroom_store::{Row, Store};
use mailroom_wire::{
    Answer, Code, Event, RelabelCommand, RelabelDiff, RelabelHold, RelabelOptions, RelabelScope,
    RelabelState, RelabelStatus, Request,
};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A test that hangs fails; nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at what somebody else does.
const LOOK: Duration = Duration::from_millis(5);

/// A data folder with mail, and what its machine tells of itself.
struct Place {
    folder: TempDir,
}

impl Place {
    async fn with(mail: &[Vec<u8>]) -> Place {
        let place = Place { folder: tempfile::tempdir().expect("a folder") };
        let files = place.folder.path().join("mail");
        std::fs::create_dir(&files).expect("a folder");
        for (n, raw) in mail.iter().enumerate() {
            std::fs::write(files.join(format!("{n:05}.eml")), raw).expect("written");
        }
        let mut config = place.config();
        config.mode = Mode::Quiet;
        let engine = Engine::start(config).await.expect("an engine");
        engine.import(&files, "reader@home.example", &mut |_| {}).await.expect("imported");
        engine.stop().await;
        place
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn power(&self) -> PathBuf {
        self.folder.path().join("power")
    }

    fn proc(&self) -> PathBuf {
        self.folder.path().join("proc")
    }

    fn config(&self) -> Config {
        let mut config = Config::new(self.data(), Mode::Full);
        (config.keychain, config.llm, config.encoder) = (false, None, None);
        config.surroundings = Surroundings { power: self.power(), proc: self.proc(), every: LOOK };
        config
    }

    async fn engine(&self) -> Engine {
        Engine::start(self.config()).await.expect("an engine")
    }

    async fn store(&self) -> Store {
        Store::open(&self.data()).await.expect("a store")
    }

    /// The machine runs on its battery, or not.
    fn set_battery(&self, discharging: bool) {
        std::fs::create_dir_all(self.power().join("BAT0")).expect("a folder");
        let status = if discharging { "Discharging\n" } else { "Charging\n" };
        std::fs::write(self.power().join("BAT0/status"), status).expect("written");
    }
}

/// Every `step`th message of the corpus.
fn corpus(step: usize) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/crates/triage/corpus");
    let records = mailroom_corpus::read(&folder).expect("the corpus");
    records.iter().step_by(step).map(mailroom_corpus::Record::message).collect()
}

async fn rows(store: &Store) -> Vec<Row> {
    let ids = store.scan(None, 10_000).await.expect("a list");
    store.rows(&ids).await.expect("rows")
}

/// Labels as if another version of the evidence had been wrong about everything.
async fn mislabel(store: &Store) {
    let ids = store.scan(None, 10_000).await.expect("a list");
    let verdicts: Vec<(MessageId, Verdict)> = ids
        .into_iter()
        .map(|id| {
            let label = Label::ALL[(id.0 % 4) as usize];
            let share = VoiceShare {
                voice: Voice::Evidence,
                probabilities: Probabilities::UNIFORM,
                weight: 1.0,
                version: "old".into(),
            };
            let verdict = Verdict {
                label,
                unsure: false,
                probabilities: Probabilities::UNIFORM,
                voices: vec![share],
                why: Vec::new(),
                prompt_hash: None,
                rule: None,
                ruled: None,
            };
            (id, verdict)
        })
        .collect();
    store.record_verdicts(&verdicts, 0).await.expect("recorded");
}

async fn order(engine: &Engine, command: RelabelCommand) -> RelabelStatus {
    match engine.request(Request::Relabel { command }).await.expect("an answer") {
        Answer::Relabel { status: Some(status) } => *status,
        other => panic!("{other:?}"),
    }
}

async fn start(engine: &Engine, scope: RelabelScope) -> RelabelStatus {
    let options = RelabelOptions::default();
    order(engine, RelabelCommand::Start { scope, options }).await
}

async fn diff(engine: &Engine) -> RelabelDiff {
    match engine.request(Request::RelabelDiff { job: None, examples: 2 }).await.expect("an answer")
    {
        Answer::RelabelDiff(diff) => diff,
        other => panic!("{other:?}"),
    }
}

/// Waits until the last job is as it should be.
async fn until(
    engine: &Engine,
    what: &str,
    condition: impl Fn(&RelabelStatus) -> bool,
) -> RelabelStatus {
    let status = async || order(engine, RelabelCommand::Status { job: None }).await;
    let waiting = async {
        loop {
            let now = status().await;
            if condition(&now) {
                return now;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    match tokio::time::timeout(PATIENCE, waiting).await {
        Ok(now) => now,
        Err(_) => panic!("{what}: {:?}", status().await),
    }
}

async fn ready(engine: &Engine) -> RelabelStatus {
    until(engine, "ready", |status| status.state == RelabelState::Ready).await
}

async fn apply(engine: &Engine) -> RelabelStatus {
    order(engine, RelabelCommand::Apply).await;
    until(engine, "applied", |status| status.state == RelabelState::Applied).await
}

async fn undo(engine: &Engine) -> RelabelStatus {
    order(engine, RelabelCommand::Undo { job: None }).await;
    until(engine, "undone", |status| status.state == RelabelState::Undone).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_is_relabelled_shown_applied_and_taken_back() {
    let place = Place::with(&corpus(23)).await;
    let store = place.store().await;
    let right = rows(&store).await;
    mislabel(&store).await;
    let wrong = rows(&store).await;
    // The user's word, and a rule's.
    let told = &wrong[3];
    store.correct(&[told.id], Label::Urgent, 0).await.expect("corrected");
    let ruled = Verdict {
        rule: Some(mailroom_domain::RuleId(1)),
        ..store.message(wrong[4].id).await.expect("a message").verdict.expect("a verdict")
    };
    store.record_verdict(wrong[4].id, &ruled, 0).await.expect("recorded");
    let wrong = rows(&store).await;
    let counts = store.counts().await.expect("counts");

    let engine = place.engine().await;
    let mut events = engine.events();
    start(&engine, RelabelScope::default()).await;
    let status = ready(&engine).await;
    let total = wrong.len() as u64 - 2;
    assert_eq!((status.total, status.done), (total, total));
    assert_eq!((status.left.corrected, status.left.ruled), (1, 1));
    assert!(status.notes.iter().any(|note| note.contains("encoder")), "{:?}", status.notes);
    assert!(status.notes.iter().any(|note| note.contains("language model")), "{:?}", status.notes);
    assert_eq!(rows(&store).await, wrong, "nothing changes before it is applied");
    let shown = diff(&engine).await;
    let moving: u64 = shown.moves.iter().map(|m| m.count).sum();
    assert_eq!((moving, moving + shown.unchanged), (status.changes, total));
    assert!(moving > total / 2);
    for each in &shown.moves {
        assert!(each.from != each.to && !each.examples.is_empty());
        assert!(each.examples.iter().all(|row| row.lane == each.from));
    }

    let applied = apply(&engine).await;
    assert_eq!((applied.applied, applied.changes), (total, moving));
    assert!(store.counts_agree().await.expect("counted"));
    for (now, (was, right)) in rows(&store).await.iter().zip(wrong.iter().zip(&right)) {
        if now.id == told.id || now.id == wrong[4].id {
            assert_eq!(now, was);
        } else {
            assert_eq!((now.lane, now.unsure), (right.lane, right.unsure));
        }
    }
    assert_eq!(diff(&engine).await.moves.len(), shown.moves.len(), "known afterwards");
    undo(&engine).await;
    assert_eq!(rows(&store).await, wrong);
    assert_eq!(store.counts().await.expect("counts"), counts);
    assert!(store.counts_agree().await.expect("counted"));
    let mut heard = false;
    while let Ok(event) = events.try_recv() {
        heard |= matches!(event, Event::Relabel { status } if status.state == RelabelState::Ready);
    }
    assert!(heard, "an event tells that it is ready");
    let refused = engine.request(Request::Relabel { command: RelabelCommand::Apply }).await;
    assert_eq!(refused.expect_err("it is undone").code, Code::Invalid);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_on_battery_and_when_others_keep_the_machine_busy() {
    let place = Place::with(&corpus(300)).await;
    place.set_battery(true);
    let engine = place.engine().await;
    start(&engine, RelabelScope::default()).await;
    let held = until(&engine, "on battery", |s| s.hold == Some(RelabelHold::Battery)).await;
    assert_eq!((held.state, held.done), (RelabelState::Running, 0));

    // Another program takes all there is, a tick of each core at a time.
    std::fs::create_dir_all(place.proc().join("self")).expect("a folder");
    std::fs::write(place.proc().join("self/stat"), "1 (x) S 1 1 1 0 -1 4 0 0 0 0 5 5 0 0 20 0\n")
        .expect("written");
    let (stat, beside) = (place.proc().join("stat"), place.proc().join("stat.new"));
    let program = tokio::spawn(async move {
        for ticks in 100.. {
            std::fs::write(&beside, format!("cpu  {ticks} 0 0 10 0 0 0 0\n")).expect("written");
            std::fs::rename(&beside, &stat).expect("renamed");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    tokio::time::sleep(LOOK * 10).await;
    place.set_battery(false);
    let held = until(&engine, "busy", |s| s.hold == Some(RelabelHold::Busy)).await;
    assert_eq!(held.done, 0);

    // Paused, a job has no reason to wait; resumed in spite of all, it runs.
    let paused = order(&engine, RelabelCommand::Pause).await;
    assert_eq!((paused.state, paused.hold), (RelabelState::Paused, None));
    place.set_battery(true);
    let (on_battery, when_busy) = (Some(true), Some(true));
    order(&engine, RelabelCommand::Resume { on_battery, when_busy }).await;
    let done = ready(&engine).await;
    assert!(done.options.on_battery && done.options.when_busy);
    let discarded = order(&engine, RelabelCommand::Discard).await;
    assert_eq!(discarded.state, RelabelState::Discarded);
    program.abort();
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_paused_resumed_and_cancelled_by_any_process() {
    let place = Place::with(&corpus(200)).await;
    place.set_battery(true);
    let engine = place.engine().await;
    let mut config = place.config();
    config.mode = Mode::Quiet;
    let other = Engine::start(config).await.expect("a second engine, which only reads");
    // Begun by one, worked on by the other.
    start(&other, RelabelScope::default()).await;
    until(&other, "on battery", |s| s.hold == Some(RelabelHold::Battery)).await;
    let second = Request::Relabel {
        command: RelabelCommand::Start {
            scope: RelabelScope::default(),
            options: RelabelOptions::default(),
        },
    };
    assert_eq!(engine.request(second).await.expect_err("one at a time").code, Code::Invalid);
    order(&other, RelabelCommand::Pause).await;
    order(&other, RelabelCommand::Resume { on_battery: None, when_busy: None }).await;
    let cancelled = order(&other, RelabelCommand::Cancel).await;
    assert_eq!(cancelled.state, RelabelState::Cancelled);
    let again = Request::Relabel { command: RelabelCommand::Pause };
    assert_eq!(engine.request(again).await.expect_err("it has ended").code, Code::Invalid);
    place.set_battery(false);
    start(&other, RelabelScope::default()).await;
    let done = ready(&engine).await;
    assert_eq!(done.done, done.total);
    order(&other, RelabelCommand::Apply).await;
    until(&other, "applied", |s| s.state == RelabelState::Applied).await;
    other.stop().await;
    engine.stop().await;
}

/// The same message with other numbers.
fn receipt(n: u32, shop: &str) -> Vec<u8> {
    format!(
        "From: Shop <orders@{shop}.example>\r\nTo: reader@home.example\r\nSubject: Your order {n}\r\n\
         Date: {} Jan 2025 10:00:00 +0000\r\nMessage-ID: <{n}@{shop}.example>\r\n\r\n\
         Thank you for order {n}. We have charged EUR {}.{:02} to your card. It ships in {} days.\r\n",
        n % 28 + 1,
        n * 3,
        n % 100,
        n % 5 + 2,
    )
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn near_duplicates_are_read_once_unless_all_are_to_be_read() {
    let mut mail: Vec<Vec<u8>> = (0..40).map(|n| receipt(n, "shop")).collect();
    mail.extend((0..10).map(|n| receipt(n, "store")));
    mail.extend(corpus(500));
    let place = Place::with(&mail).await;
    let store = place.store().await;
    let right = rows(&store).await;
    mislabel(&store).await;
    let engine = place.engine().await;
    start(&engine, RelabelScope::default()).await;
    let status = ready(&engine).await;
    assert_eq!(status.duplicates, 48);
    assert_eq!(status.shares.iter().map(|s| s.messages).sum::<u64>(), status.total - 48);
    apply(&engine).await;
    for (now, right) in rows(&store).await.iter().zip(&right) {
        assert_eq!(now.lane, right.lane, "as if each had been read");
    }
    let options = RelabelOptions { fold_duplicates: false, ..RelabelOptions::default() };
    let scope = RelabelScope::default();
    order(&engine, RelabelCommand::Start { scope, options }).await;
    assert_eq!(ready(&engine).await.duplicates, 0);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_a_change_can_affect_is_read_again() {
    let place = Place::with(&corpus(300)).await;
    let store = place.store().await;
    let engine = place.engine().await;
    let changed = RelabelScope { changed_voices: true, ..RelabelScope::default() };
    start(&engine, changed.clone()).await;
    assert_eq!(ready(&engine).await.total, 0, "all was judged by the voices that are here");
    order(&engine, RelabelCommand::Discard).await;
    let row = rows(&store).await.remove(0);
    let mut old = store.message(row.id).await.expect("a message").verdict.expect("a verdict");
    old.voices[0].version = "evidence-0".into();
    store.record_verdict(row.id, &old, 0).await.expect("recorded");
    start(&engine, changed.clone()).await;
    assert_eq!(ready(&engine).await.total, 1);
    apply(&engine).await;
    start(&engine, changed).await;
    assert_eq!(ready(&engine).await.total, 0);
    order(&engine, RelabelCommand::Discard).await;
    engine.stop().await;

    // A rule that was added decides on the messages that are named, and one that was removed does not any more.
    let test = TextTest::Is(row.subject.clone());
    let condition = Condition::Text { field: TextField::Subject, test };
    let to = if row.lane == Label::Urgent { Label::Task } else { Label::Urgent };
    let rule = Rule {
        id: RuleId(0),
        name: "Mine".into(),
        enabled: true,
        when: Group::all(vec![condition]),
        then: vec![Action::SetLabel { label: to }],
    };
    store.set_rules(&[rule]).await.expect("a rule");
    let named = RelabelScope { ids: Some(vec![row.id]), ruled: true, ..RelabelScope::default() };
    for (lane, by) in [(to, Some(Voice::Rule)), (row.lane, row.decided_by)] {
        let engine = place.engine().await;
        start(&engine, named.clone()).await;
        ready(&engine).await;
        apply(&engine).await;
        let now = store.rows(&[row.id]).await.expect("rows").remove(0);
        assert_eq!((now.lane, now.decided_by), (lane, by));
        engine.stop().await;
        if by == Some(Voice::Rule) {
            store.set_rules(&[]).await.expect("removed");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_may_be_removed_and_mail_may_come_while_it_runs() {
    let place = Place::with(&corpus(100)).await;
    place.set_battery(true);
    let engine = place.engine().await;
    start(&engine, RelabelScope::default()).await;
    until(&engine, "on battery", |s| s.hold == Some(RelabelHold::Battery)).await;
    let files = place.folder.path().join("more");
    std::fs::create_dir(&files).expect("a folder");
    std::fs::write(files.join("new.eml"), receipt(1, "shop")).expect("written");
    engine.import(&files, "other@home.example", &mut |_| {}).await.expect("imported");
    engine.request(Request::RemoveAccount { account: AccountId(1) }).await.expect("removed");
    place.set_battery(false);
    let done = ready(&engine).await;
    assert_eq!((done.total, done.done), (0, 0));
    apply(&engine).await;
    undo(&engine).await;
    let store = place.store().await;
    assert_eq!(rows(&store).await.len(), 1);
    assert!(store.counts_agree().await.expect("counted"));
    engine.stop().await;
}

/// The encoder's file, where `tools/models/encoder.sh` has made it.
fn encoder() -> Option<PathBuf> {
    let cache = std::env::var_os("MAILROOM_CACHE").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/mailroom"),
        PathBuf::from,
    );
    let file = cache.join("models/encoder.gguf");
    if !file.exists() {
        eprintln!("skipped: {} is not here; tools/models/encoder.sh makes it", file.display());
        return None;
    }
    Some(file)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_encoder_is_asked_where_the_evidence_is_unsure_and_not_twice() {
    let Some(file) = encoder() else { return };
    let place = Place::with(&corpus(150)).await;
    let store = place.store().await;
    // What reads new mail in the background has nothing to do; it would be quicker with some of it.
    let queue = store.encoder_queue(1_000).await.expect("a queue");
    let none: Vec<_> = queue.into_iter().map(|(body, _)| (body, None)).collect();
    store.keep_encoded("", &none).await.expect("taken out");
    let before = rows(&store).await;
    let mut config = place.config();
    config.encoder = Some(file);
    let engine = Engine::start(config.clone()).await.expect("an engine");
    start(&engine, RelabelScope::default()).await;
    let status = ready(&engine).await;
    let by = |status: &RelabelStatus, voice| {
        status.shares.iter().find(|s| s.voice == voice).map_or(0, |s| s.messages)
    };
    let unsure = before.iter().filter(|row| row.confidence < status.evidence_bound).count() as u64;
    assert_eq!(by(&status, Voice::Encoder), unsure);
    assert_eq!(by(&status, Voice::Evidence), status.total - unsure);
    assert!(unsure > 0 && unsure < status.total);
    apply(&engine).await;
    for row in rows(&store).await {
        let verdict = store.message(row.id).await.expect("a message").verdict.expect("a verdict");
        let sure = before.iter().any(|b| b.id == row.id && b.confidence >= status.evidence_bound);
        assert_eq!(verdict.heard(Voice::Encoder), !sure, "{verdict:?}");
    }
    // It has been asked wherever it would be asked now.
    let changed = RelabelScope { changed_voices: true, ..RelabelScope::default() };
    start(&engine, changed).await;
    assert_eq!(ready(&engine).await.total, 0, "the cascade would not ask further");
    order(&engine, RelabelCommand::Discard).await;
    start(&engine, RelabelScope::default()).await;
    let again = ready(&engine).await;
    assert_eq!(again.shares, status.shares);
    assert_eq!(again.changes, 0);
    engine.stop().await;
}

/// The program, where `cargo build` has put it.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("this test");
    test.parent().and_then(Path::parent).expect("the target folder").join("mailroom-cli")
}

fn cli(place: &Place, arguments: &str) -> Command {
    let mut command = Command::new(program());
    command
        .arg("relabel")
        .args(arguments.split_whitespace())
        .args(["--no-keychain", "--data"])
        .arg(place.data())
        .env("MAILROOM_ENCODER", "")
        .stdin(Stdio::null());
    command
}

/// What it says, if it succeeds.
fn says(place: &Place, arguments: &str) -> Result<String, (Option<i32>, String)> {
    let output = cli(place, arguments).output().expect("the program");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err((output.status.code(), text(output.stderr)))
    }
}

#[derive(serde::Deserialize)]
struct Report {
    status: RelabelStatus,
    diff: RelabelDiff,
}

fn report(place: &Place, arguments: &str) -> Report {
    let text = says(place, &format!("{arguments} --json")).expect("a report");
    serde_json::from_str(&text).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_shows_applies_and_takes_back() {
    let place = Place::with(&corpus(100)).await;
    let store = place.store().await;
    assert_eq!(says(&place, "status").expect_err("none yet").0, Some(5));
    mislabel(&store).await;
    let wrong = rows(&store).await;
    let all = "--on-battery --when-busy";
    let shown = report(&place, &format!("{all} --dry-run"));
    assert_eq!(shown.status.state, RelabelState::Discarded);
    assert_eq!(shown.diff.moves.iter().map(|m| m.count).sum::<u64>(), shown.status.changes);
    assert!(shown.diff.moves.iter().all(|m| !m.examples.is_empty()));
    assert_eq!(rows(&store).await, wrong);
    let tasks = report(&place, &format!("{all} --label task --since 1990 --until 2030-12-31"));
    assert_eq!(tasks.status.state, RelabelState::Ready);
    let lane = wrong.iter().filter(|row| row.lane == Label::Task).count() as u64;
    assert_eq!(tasks.status.total, lane);
    assert_eq!(report(&place, "status").status, tasks.status);
    let (code, sentence) = says(&place, all).expect_err("one at a time");
    assert!(code == Some(2) && sentence.contains("discard"), "{sentence}");
    assert!(says(&place, "discard").expect("discarded").contains("discarded"));
    let text = says(&place, &format!("{all} --account reader@home.example --apply")).expect("done");
    assert!(text.contains("applied") && text.contains("relabel undo"), "{text}");
    assert!(rows(&store).await != wrong);
    assert_eq!(report(&place, "undo").status.state, RelabelState::Undone);
    assert_eq!(rows(&store).await, wrong);
    assert_eq!(says(&place, "--account nobody").expect_err("nobody").0, Some(5));
    assert_eq!(says(&place, "--since yesterday").expect_err("no date").0, Some(2));
    assert_eq!(says(&place, "pause").expect_err("it is over").0, Some(2));
}

/// Kills the program once the job has come so far that the condition holds; at whatever it is doing then.
async fn kill_when(
    child: &mut Child,
    store: &Store,
    condition: impl Fn(&mailroom_store::RelabelJob) -> bool,
) {
    let reached = async {
        while child.try_wait().expect("a state").is_none() {
            let job = store.relabel_job(None).await.expect("a look");
            if job.is_some_and(|job| condition(&job)) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, reached).await.expect("it comes so far");
    let _ = child.kill();
    child.wait().expect("ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_killed_at_any_point_is_taken_over() {
    use mailroom_store::{RelabelItemState as Item, RelabelState as Stored};
    // More than a portion of judging, and of applying.
    let place = Place::with(&corpus(8)).await;
    let store = place.store().await;
    let right = rows(&store).await;
    mislabel(&store).await;
    let wrong = rows(&store).await;
    let run = |arguments: &str| {
        let mut command = cli(&place, arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program")
    };
    let sound = async |what: &str| {
        assert!(store.counts_agree().await.expect("counted"), "{what}");
        let job = store.relabel_job(None).await.expect("a look").expect("a job");
        assert_eq!(job.total(), wrong.len() as u64, "{what}");
        job
    };
    // After the snapshot, then within the portions.
    let mut child = run("--on-battery --when-busy");
    kill_when(&mut child, &store, |_| true).await;
    sound("judged").await;
    let mut child = run("resume");
    let total = wrong.len() as u64;
    assert!(total > 512, "{total}");
    kill_when(&mut child, &store, |job| total - job.count(&[Item::Evidence]) >= 512).await;
    sound("judged").await;
    assert_eq!(rows(&store).await, wrong, "nothing is applied");
    assert_eq!(report(&place, "resume").status.state, RelabelState::Ready);
    // While it is applied, and while it is taken back.
    let mut child = run("apply");
    kill_when(&mut child, &store, |job| job.count(&[Item::Applied]) >= 500).await;
    sound("applied").await;
    // Taken over at the start already, it may be done by the time that it is asked for.
    assert_eq!(report(&place, "apply").status.state, RelabelState::Applied);
    for (now, right) in rows(&store).await.iter().zip(&right) {
        assert_eq!(now.lane, right.lane);
    }
    let mut child = run("undo");
    kill_when(&mut child, &store, |job| job.state != Stored::Applied).await;
    sound("taken back").await;
    assert_eq!(report(&place, "undo").status.state, RelabelState::Undone);
    assert_eq!(rows(&store).await, wrong);
    sound("at the end").await;
}
