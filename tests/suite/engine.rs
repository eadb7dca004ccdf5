//! The main job, from a real server to what the interface is given.

use mailroom_domain::{
    AccountSettings, FolderId, Instruction, Label, ReasonKind, Security, ServerAddress, Voice,
};
use mailroom_engine::{Config, Engine, Mode};
use mailroom_llm::LlmConfig;
use mailroom_tests::dovecot::{Dovecot, PASSWORD, USER, is_installed};
use mailroom_tests::fixtures;
use mailroom_tests::gguf::Random;
use mailroom_wire::{
    AccountState, Answer, Code, Event, Example, HostPurpose, LaneCount, Like, MemoryChange,
    MemoryView, MessageView, ModelState, Overview, Request, Row,
};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const EPOCH: u64 = 1_738_000_000;
/// A test that hangs fails; nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(120);

fn config(folder: &Path, server: Option<&Dovecot>) -> Config {
    let mut config = Config::new(folder.to_owned(), Mode::Full);
    config.keychain = false;
    config.llm = None;
    config.encoder = None;
    config.extra_roots = server.map(|s| vec![s.authority.clone()]).unwrap_or_default();
    config
}

fn settings(server: &Dovecot) -> AccountSettings {
    AccountSettings {
        address: format!("{USER}@localhost"),
        user: USER.into(),
        server: ServerAddress {
            host: "localhost".into(),
            port: server.tls_port,
            security: Security::Tls,
        },
    }
}

async fn ask(engine: &Engine, request: Request) -> Answer {
    engine.request(request).await.expect("an answer")
}

async fn overview(engine: &Engine) -> Overview {
    match ask(engine, Request::Overview).await {
        Answer::Overview(overview) => overview,
        other => panic!("{other:?}"),
    }
}

async fn lane(engine: &Engine, lane: Label) -> Vec<Row> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        match ask(engine, Request::Lane { lane, after, limit: 200 }).await {
            Answer::Lane(page) => {
                rows.extend(page.rows);
                after = page.next;
            }
            other => panic!("{other:?}"),
        }
        if after.is_none() {
            return rows;
        }
    }
}

async fn open(engine: &Engine, row: &Row) -> Box<MessageView> {
    match ask(engine, Request::Message { id: row.id }).await {
        Answer::Message(message) => message,
        other => panic!("{other:?}"),
    }
}

fn total(counts: &[LaneCount]) -> u64 {
    counts.iter().map(|c| c.total).sum()
}

/// Waits for events until the condition holds.
async fn until(engine: &Engine, what: &str, condition: impl Fn(&Overview) -> bool) -> Overview {
    let mut events = engine.events();
    let waiting = async {
        loop {
            let now = overview(engine).await;
            if condition(&now) {
                return now;
            }
            // A look now and then makes up for an event that came before the subscription.
            let _ = tokio::time::timeout(Duration::from_millis(500), events.recv()).await;
        }
    };
    match tokio::time::timeout(PATIENCE, waiting).await {
        Ok(now) => now,
        Err(_) => panic!("{what}: {:?}", overview(engine).await),
    }
}

fn is_watching(overview: &Overview) -> bool {
    overview.accounts.iter().all(|a| matches!(a.state, AccountState::Watching { .. }))
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_comes_in_is_labelled_and_one_word_of_the_user_corrects_it() {
    if !is_installed() {
        return;
    }
    let server = Dovecot::start();
    for (n, message) in fixtures::mixed(120).iter().enumerate() {
        server.deliver(&message.raw, EPOCH + n as u64);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let engine = Engine::start(config(folder.path(), Some(&server))).await.expect("an engine");
    let connect = Request::Connect {
        settings: settings(&server),
        password: PASSWORD.into(),
        confirmed: true,
    };
    ask(&engine, connect).await;
    let synced = until(&engine, "first sync", |o| total(&o.counts) == 120 && is_watching(o)).await;
    assert_eq!(synced.accounts.len(), 1);
    let Answer::Privacy(hosts) = ask(&engine, Request::Privacy).await else { panic!() };
    assert_eq!(hosts.hosts.len(), 1);
    assert_eq!(
        (hosts.hosts[0].host.as_str(), hosts.hosts[0].purpose),
        ("localhost", HostPurpose::Mail)
    );
    assert!(hosts.hosts[0].received > 10_000 && hosts.hosts[0].sent > 100, "{hosts:?}");

    // Each message has a label, a reason for it, and a voice behind it.
    let mut rows = Vec::new();
    for label in Label::ALL {
        rows.extend(lane(&engine, label).await);
    }
    assert_eq!(rows.len(), 120);
    assert!(
        rows.iter().all(|row| row.decided_by == Some(Voice::Evidence)),
        "evidence labels at once"
    );
    let seen = open(&engine, &rows[0]).await;
    let verdict = seen.verdict.expect("a verdict");
    assert!(verdict.heard(Voice::Evidence));
    assert_eq!(verdict.label, seen.row.lane);

    // New mail while the server is watched.
    let new = b"From: Ana <ana@friends.example>\r\nTo: reader@localhost\r\nSubject: Lunch?\r\n\r\nCan you come at noon today?\r\n";
    server.deliver(new, EPOCH + 1000);
    until(&engine, "new mail", |o| total(&o.counts) == 121).await;

    // One word of the user's, and back.
    let row = &lane(&engine, rows[0].lane).await[0];
    let to = if row.lane == Label::Urgent { Label::Task } else { Label::Urgent };
    match ask(&engine, Request::Label { ids: vec![row.id], label: to }).await {
        Answer::Label { rows, .. } => {
            assert_eq!((rows[0].lane, rows[0].decided_by), (to, Some(Voice::User)));
        }
        other => panic!("{other:?}"),
    }
    match ask(&engine, Request::Undo).await {
        Answer::Undo { undone: Some(undone), .. } => assert_eq!(undone.rows[0].lane, row.lane),
        other => panic!("{other:?}"),
    }

    // Found again by its words.
    let search = Request::Search { query: "noon today".into(), lane: None, after: None, limit: 10 };
    match ask(&engine, search).await {
        Answer::Search(page) => assert_eq!(page.rows[0].subject, "Lunch?"),
        other => panic!("{other:?}"),
    }

    // Nothing was changed on the server.
    assert_eq!(server.seen(), 0);
    let start = Instant::now();
    engine.stop().await;
    // Generous for a loaded machine; the aim is three seconds and is measured by the benchmark.
    assert!(start.elapsed() < Duration::from_secs(10));

    // All is there after a restart, which asks for the password that no keychain kept.
    let engine = Engine::start(config(folder.path(), Some(&server))).await.expect("an engine");
    let again = overview(&engine).await;
    assert_eq!(total(&again.counts), 121);
    assert!(matches!(again.accounts[0].state, AccountState::SignInNeeded { .. }), "{again:?}");
    let account = again.accounts[0].id;
    let wrong = engine.request(Request::SignIn { account, password: "wrong".into() }).await;
    assert_eq!(wrong.expect_err("a refusal").code, Code::SignIn);
    ask(&engine, Request::SignIn { account, password: PASSWORD.into() }).await;
    until(&engine, "second session", is_watching).await;
    assert_eq!(total(&overview(&engine).await.counts), 121, "nothing twice");
    ask(&engine, Request::RemoveAccount { account }).await;
    assert_eq!(total(&overview(&engine).await.counts), 0);
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

/// Every message of all lanes.
async fn all(engine: &Engine) -> Vec<Row> {
    let mut rows = Vec::new();
    for label in Label::ALL {
        rows.extend(lane(engine, label).await);
    }
    rows
}

/// How many messages a voice was heard about.
async fn heard(engine: &Engine, voice: Voice) -> usize {
    let mut count = 0;
    for row in all(engine).await {
        count += usize::from(open(engine, &row).await.verdict.is_some_and(|v| v.heard(voice)));
    }
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn the_encoder_reads_everything_once_and_the_user_s_word_stays() {
    let Some(file) = encoder() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = config(folder.path(), None);
    config.encoder = Some(file);
    let engine = Engine::start(config.clone()).await.expect("an engine");
    ask(&engine, Request::TrySample).await;
    let rows = all(&engine).await;
    let first = &rows[0];
    let to = if first.lane == Label::Task { Label::Urgent } else { Label::Task };
    ask(&engine, Request::Label { ids: vec![first.id], label: to }).await;
    let mut events = engine.events();
    let reading = async {
        while heard(&engine, Voice::Encoder).await < rows.len() {
            let _ = tokio::time::timeout(Duration::from_millis(500), events.recv()).await;
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("all is read");
    let again = all(&engine).await;
    assert_eq!(again.len(), rows.len());
    let kept = again.iter().find(|row| row.id == first.id).expect("it is there");
    assert_eq!((kept.lane, kept.decided_by), (to, Some(Voice::User)));
    let message = open(&engine, again.iter().find(|r| r.id != first.id).expect("another")).await;
    assert!(message.verdict.expect("a verdict").why.iter().any(|r| r.kind == ReasonKind::Meaning));
    // Mail is found by its meaning: like another message, and like a few words.
    let like = |what| Request::Like { what, limit: 5 };
    match ask(&engine, like(Like::Message { id: first.id })).await {
        Answer::Like { rows } => {
            assert_eq!(rows.len(), 5);
            assert!(rows.iter().all(|row| row.id != first.id));
        }
        other => panic!("{other:?}"),
    }
    let words = "a pump that keeps the cellar dry".to_owned();
    match ask(&engine, like(Like::Text { text: words })).await {
        Answer::Like { rows } => {
            let near = |row: &Row| row.subject.contains("cellar");
            assert!(rows.iter().take(2).any(near), "{rows:?}");
        }
        other => panic!("{other:?}"),
    }
    engine.stop().await;
    // What was read is not read again.
    let engine = Engine::start(config).await.expect("an engine");
    assert_eq!(heard(&engine, Voice::Encoder).await, rows.len());
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_language_model_is_added_weighed_and_asked_about_what_is_unsure() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = config(folder.path(), None);
    let program = std::env::current_exe().expect("this test");
    let program = program
        .parent()
        .and_then(Path::parent)
        .expect("the target folder")
        .join("mailroom-llm-engine");
    config.llm = Some(LlmConfig::new(program));
    let engine = Engine::start(config).await.expect("an engine");
    // Enough mail for some of it to be doubtful, whatever the voices' weights.
    let mail = folder.path().join("mail");
    std::fs::create_dir(&mail).expect("a folder");
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/crates/triage/corpus");
    for record in mailroom_corpus::read(&corpus).expect("the corpus").iter().step_by(40) {
        let name = format!("{}.eml", record.id().replace(':', "-"));
        std::fs::write(mail.join(name), record.message()).expect("written");
    }
    engine.import(&mail, "", &mut |_| {}).await.expect("imported");
    let file = folder.path().join("tiny.gguf");
    std::fs::write(&file, Random::tiny().bytes()).expect("written");
    match ask(&engine, Request::AddModel { path: file.to_string_lossy().into_owned() }).await {
        Answer::AddModel { model } => assert!(model.in_use),
        other => panic!("{other:?}"),
    }
    until(&engine, "the model is ready", |o| matches!(o.model, ModelState::Ready { .. })).await;
    let unsure = all(&engine).await.iter().filter(|row| row.unsure).count();
    assert!(unsure > 0, "some mail is doubtful");
    let mut events = engine.events();
    let reading = async {
        while heard(&engine, Voice::Model).await < unsure {
            let _ = tokio::time::timeout(Duration::from_millis(500), events.recv()).await;
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("what is unsure is read");
    // The user's instructions are asked about as well: what is unsure is read anew.
    let list = vec![Instruction { text: " mail from my landlord. ".into(), label: Label::Urgent }];
    match ask(&engine, Request::SetInstructions { list }).await {
        Answer::Instructions { list } => assert_eq!(list[0].text, "mail from my landlord"),
        other => panic!("{other:?}"),
    }
    let version_of = |view: &MessageView| {
        let verdict = view.verdict.as_ref()?;
        let share = verdict.voices.iter().find(|share| share.voice == Voice::Model)?;
        Some(share.version.clone())
    };
    let mut versions = std::collections::BTreeSet::new();
    let again = async {
        loop {
            versions.clear();
            for row in all(&engine).await.iter().filter(|row| row.unsure) {
                versions.extend(version_of(&*open(&engine, row).await));
            }
            // Version of the model, of the sheet, and of the instructions.
            if versions.len() == 1 && versions.iter().all(|v| v.split('-').count() == 3) {
                return;
            }
            let _ = tokio::time::timeout(Duration::from_millis(500), events.recv()).await;
        }
    };
    tokio::time::timeout(PATIENCE, again).await.expect("what is unsure is read anew");
    let long = vec![Instruction { text: "x".repeat(200), label: Label::Task }];
    let refused = engine.request(Request::SetInstructions { list: long }).await;
    assert_eq!(refused.expect_err("too long").code, Code::Invalid);
    // Its weights are random: it is heard and does not count.
    for row in all(&engine).await {
        let verdict = open(&engine, &row).await.verdict.expect("a verdict");
        let share = verdict.voices.iter().find(|share| share.voice == Voice::Model);
        assert!(share.is_none_or(|share| share.weight == 0.0), "{share:?}");
    }
    engine.stop().await;
}

/// An OpenAI-compatible server that says the same to everything; gives its address and what it was sent.
async fn endpoint() -> (String, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    use axum::routing::post;
    let prompts = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let told = std::sync::Arc::clone(&prompts);
    let answer = move |axum::Json(body): axum::Json<serde_json::Value>| async move {
        let prompt = body["prompt"].as_str().unwrap_or_default().to_owned();
        told.lock().expect("a lock").push(prompt);
        axum::Json(serde_json::json!({
            "choices": [{ "logprobs": { "top_logprobs": [{ " yes": -0.5, " no": -1.0, " urgent": -3.0 }] } }]
        }))
    };
    let app = axum::Router::new().route("/v1/completions", post(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, prompts)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_behind_an_endpoint_is_weighed_like_any_other_and_marked_as_elsewhere() {
    let (url, prompts) = endpoint().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = config(folder.path(), None);
    config.llm = Some(LlmConfig::new("no such program".into()));
    let engine = Engine::start(config.clone()).await.expect("an engine");
    ask(&engine, Request::TrySample).await;
    assert!(prompts.lock().expect("a lock").is_empty(), "nothing leaves before the user says so");
    let to = |url: &str| Request::UseEndpoint { url: url.into(), model: "big".into(), key: None };
    for (bad, code) in [
        ("http://mail.firm.example/v1", Code::Untrusted),
        ("nonsense", Code::Invalid),
        ("http://127.0.0.1:9/v1", Code::Offline),
    ] {
        assert_eq!(engine.request(to(bad)).await.expect_err(bad).code, code);
    }
    match ask(&engine, to(&url)).await {
        Answer::UseEndpoint { model } => assert!(model.endpoint.is_some() && model.in_use),
        other => panic!("{other:?}"),
    }
    let weighed =
        until(&engine, "it is weighed", |o| o.models.iter().any(|m| m.findings.is_some())).await;
    let found = weighed.models[0].findings.as_ref().expect("findings");
    assert_eq!(found.weight, 0.0, "what says the same of everything adds nothing: {found:?}");
    assert!(prompts.lock().expect("a lock").iter().any(|p| p.contains("Form about this email")));
    engine.stop().await;
    // It is there again after a start, until it is removed.
    let engine = Engine::start(config).await.expect("an engine");
    let again =
        until(&engine, "it is ready", |o| matches!(o.model, ModelState::Ready { .. })).await;
    // Who allows mail servers only speaks to nobody else.
    let Answer::Privacy(before) = ask(&engine, Request::Privacy).await else { panic!() };
    let [host] = before.hosts.as_slice() else { panic!("{before:?}") };
    assert_eq!((host.purpose, host.allowed), (HostPurpose::Model, true));
    assert!(host.sent > 0 && host.received > 0, "{host:?}");
    let Answer::Privacy(only) = ask(&engine, Request::SetMailOnly { on: true }).await else {
        panic!()
    };
    assert!(only.mail_only && only.hosts.iter().all(|host| !host.allowed), "{only:?}");
    until(&engine, "it is let go", |o| o.model == ModelState::Absent).await;
    let id = again.models[0].id.clone();
    let refused = engine.request(Request::UseModel { id: Some(id.clone()) }).await;
    assert_eq!(refused.expect_err("forbidden").code, Code::Forbidden);
    ask(&engine, Request::SetMailOnly { on: false }).await;
    ask(&engine, Request::RemoveModel { id }).await;
    let gone = overview(&engine).await;
    assert!(gone.models.is_empty() && gone.model == ModelState::Absent, "{gone:?}");
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_fills_the_lanes_and_leaves_no_trace() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = Engine::start(config(folder.path(), None)).await.expect("an engine");
    let mut events = engine.events();
    let Answer::TrySample { messages } = ask(&engine, Request::TrySample).await else { panic!() };
    let now = overview(&engine).await;
    assert!(now.sample && messages >= 20);
    assert_eq!(total(&now.counts), u64::from(messages));
    assert!(
        now.counts.iter().all(|count| count.total > 0),
        "each lane shows something: {:?}",
        now.counts
    );
    let told = async {
        loop {
            if let Ok(Event::Lanes { counts, .. }) = events.recv().await
                && total(&counts) == u64::from(messages)
            {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("an event tells of the lanes");
    ask(&engine, Request::TrySample).await;
    assert_eq!(
        total(&overview(&engine).await.counts),
        u64::from(messages),
        "twice is as good as once"
    );
    // HTML is given only sanitised, and what it would have loaded is counted.
    let mut blocked = 0;
    for label in Label::ALL {
        for row in lane(&engine, label).await {
            let message = open(&engine, &row).await;
            blocked += message.blocked_remote;
            let html = message.html.unwrap_or_default();
            assert!(!html.contains("<script") && !html.contains("https://cdn."), "{html}");
        }
    }
    assert!(blocked > 0, "the sample shows that remote content is blocked");
    ask(&engine, Request::LeaveSample).await;
    let now = overview(&engine).await;
    assert!(!now.sample);
    assert_eq!(total(&now.counts), 0);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_says_what_it_asks_and_what_is_suspicious_about_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = Engine::start(config(folder.path(), None)).await.expect("an engine");
    let file = folder.path().join("one.eml");
    let raw = "From: \"Ana Paz\" <ana@home.example>\r\nReply-To: pay@elsewhere.example\r\n\
         To: me@reader.example\r\nSubject: Tickets\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\
         Content-Type: text/html\r\n\r\n<p>Hi,</p><p>Could you transfer 120 EUR for the tickets by Friday?</p>\
         <p><a href=\"https://evil.example/pay\">https://www.bank.example/pay</a></p>";
    std::fs::write(&file, raw).expect("written");
    engine.import(&file, "me@reader.example", &mut |_| {}).await.expect("imported");
    let row = all(&engine).await.remove(0);
    ask(&engine, Request::Label { ids: vec![row.id], label: Label::Task }).await;
    let Answer::Facts(facts) = ask(&engine, Request::Facts { id: row.id, offset: 3600 }).await
    else {
        panic!("no facts")
    };
    let task = facts.task.expect("a task");
    assert!(task.what.words.contains("transfer 120 EUR"), "{task:?}");
    assert!(task.due.is_some() && task.amount.is_some(), "{task:?}");
    let text: Vec<&str> = facts.signals.iter().map(|s| s.text.as_str()).collect();
    assert!(text.iter().any(|t| t.contains("elsewhere.example")), "{text:?}");
    assert!(text.iter().any(|t| t.contains("leads to evil.example")), "{text:?}");
    // What needs nothing asks for nothing.
    ask(&engine, Request::Label { ids: vec![row.id], label: Label::Notification }).await;
    match ask(&engine, Request::Facts { id: row.id, offset: 0 }).await {
        Answer::Facts(facts) => assert_eq!(facts.task, None),
        other => panic!("{other:?}"),
    }
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_answered_with_a_sentence_and_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = Engine::start(config(folder.path(), None)).await.expect("an engine");
    let refused = async |request: Request| engine.request(request).await.expect_err("a refusal");
    let id = mailroom_domain::MessageId(4711);
    assert_eq!(refused(Request::Message { id }).await.code, Code::NotFound);
    assert_eq!(
        refused(Request::Label { ids: vec![id], label: Label::Task }).await.code,
        Code::NotFound
    );
    let after = Some("not a place".to_owned());
    assert_eq!(
        refused(Request::Lane { lane: Label::Task, after, limit: 9 }).await.code,
        Code::Invalid
    );
    assert_eq!(refused(Request::Discover { address: "nobody".into() }).await.code, Code::Invalid);
    assert_eq!(
        refused(Request::AddModel { path: "/no/such/model.gguf".into() }).await.code,
        Code::Model
    );
    let not_here = AccountSettings {
        address: "a@localhost".into(),
        user: "a".into(),
        server: ServerAddress { host: "127.0.0.1".into(), port: 1, security: Security::Plain },
    };
    let request = Request::Connect { settings: not_here, password: "x".into(), confirmed: true };
    let failure = refused(request).await;
    assert_eq!(failure.code, Code::Offline);
    assert!(failure.message.ends_with('.'), "{failure}");
    // A second one on the same folder is told so.
    let second = Engine::start(config(folder.path(), None)).await.map(|_| ()).expect_err("busy");
    assert_eq!(second.code, Code::Busy);
    engine.stop().await;
    // A damaged database is left as it is.
    let path = folder.path().join("mail.db");
    let name = std::fs::read_dir(folder.path())
        .expect("the folder")
        .flatten()
        .map(|e| e.path())
        .find(|p| p.extension().is_some_and(|e| e == "db" || e == "sqlite"))
        .unwrap_or(path);
    std::fs::write(&name, b"this is no database, but something else of the user's")
        .expect("written");
    let broken = Engine::start(config(folder.path(), None)).await.map(|_| ()).expect_err("damaged");
    assert_eq!(broken.code, Code::Store);
    assert_eq!(std::fs::read(&name).expect("still there").len(), 53);
}

async fn verdicts(engine: &Engine, rows: &[Row]) -> Vec<mailroom_domain::Verdict> {
    let mut out = Vec::new();
    for row in rows {
        out.push(open(engine, row).await.verdict.expect("a verdict"));
    }
    out
}

async fn memory(engine: &Engine, request: Request) -> MemoryView {
    match ask(engine, request).await {
        Answer::Memory(memory) => memory,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_correction_teaches_and_what_was_learned_can_be_forgotten_without_a_trace() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = Engine::start(config(folder.path(), None)).await.expect("an engine");
    let mail = folder.path().join("mail");
    std::fs::create_dir(&mail).expect("a folder");
    let write = |name: &str, from: &str, subject: &str, text: &str| {
        let raw = format!(
            "From: {from}\r\nTo: me@home.example\r\nSubject: {subject}\r\nMessage-ID: <{name}@x.example>\r\n\r\n{text}\r\n"
        );
        std::fs::write(mail.join(format!("{name}.eml")), raw).expect("written");
    };
    for n in 0..4 {
        let text = format!("The usual figures of week {n} are attached. Nothing to do.");
        write(&format!("report{n}"), "reports@firm.example", &format!("Report of week {n}"), &text);
    }
    write("lunch", "Ana <ana@friends.example>", "Lunch?", "Shall we have lunch on Friday?");
    engine.import(&mail, "me@home.example", &mut |_| {}).await.expect("imported");
    let mut rows = all(&engine).await;
    rows.sort_by_key(|row| row.id);
    let (lunch, reports): (Vec<Row>, Vec<Row>) =
        rows.iter().cloned().partition(|row| row.subject == "Lunch?");
    let before = verdicts(&engine, &rows).await;
    let to = if reports[0].lane == Label::Urgent { Label::Task } else { Label::Urgent };

    ask(&engine, Request::Label { ids: vec![reports[0].id], label: to }).await;
    let shown = memory(&engine, Request::Memory).await;
    assert_eq!(shown.lessons, 1);
    assert_eq!(shown.learned[0].key, "sender:reports@firm.example");
    assert_eq!(
        shown.learned[0].text,
        format!("Mail from reports@firm.example: {to}, as you said once")
    );
    let others: Vec<_> = reports[1..].iter().map(|row| row.id).collect();
    let followed = async |label: Label| {
        let rows = lane(&engine, label).await;
        others.iter().filter(|id| rows.iter().any(|row| row.id == **id)).count()
    };
    let mut events = engine.events();
    let following = async {
        while followed(to).await < others.len() {
            let _ = tokio::time::timeout(Duration::from_millis(500), events.recv()).await;
        }
    };
    tokio::time::timeout(PATIENCE, following).await.expect("mail like it follows");
    let verdict = open(&engine, &reports[1]).await.verdict.expect("a verdict");
    assert!(verdict.heard(Voice::Memory));
    assert!(
        verdict.why.iter().any(|reason| reason.kind == ReasonKind::Memory),
        "{:?}",
        verdict.why
    );
    assert_eq!(open(&engine, &lunch[0]).await.row.lane, lunch[0].lane, "other mail stays");

    // Forgotten, everything but the user's own word is as it was; recalled, it follows again.
    let restored = async |rows: &[Row], before: &[mailroom_domain::Verdict]| loop {
        if verdicts(&engine, rows).await == before {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let forget = |change| Request::Teach { key: "sender:reports@firm.example".into(), change };
    let shown = memory(&engine, forget(MemoryChange::Forget)).await;
    assert_eq!(
        (shown.lessons, &shown.forgotten[..]),
        (0, &["sender:reports@firm.example".to_owned()][..])
    );
    let back = restored(&rows, &before);
    tokio::time::timeout(PATIENCE, back).await.expect("verdicts as they were");
    assert_eq!(memory(&engine, forget(MemoryChange::Recall)).await.lessons, 1);
    let mut events = engine.events();
    let following = async {
        while followed(to).await < others.len() {
            let _ = tokio::time::timeout(Duration::from_millis(500), events.recv()).await;
        }
    };
    tokio::time::timeout(PATIENCE, following).await.expect("mail like it follows again");

    // Taken back, all is as it was.
    ask(&engine, Request::Undo).await;
    tokio::time::timeout(PATIENCE, restored(&rows, &before)).await.expect("verdicts as they were");
    assert_eq!(memory(&engine, Request::Memory).await.lessons, 0);

    // Mail in a folder that the user names teaches as well.
    let examples = vec![Example::Folder { folder: FolderId(1), label: to }];
    assert_eq!(memory(&engine, Request::SetExamples { examples }).await.lessons, 5);
    let failure = engine.request(forget(MemoryChange::Unpin)).await;
    assert!(failure.is_ok(), "a pin that is not there is no fault");
    let unknown = Request::Teach { key: "sender:no@one.example".into(), change: MemoryChange::Pin };
    assert_eq!(engine.request(unknown).await.expect_err("a refusal").code, Code::NotFound);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lessons_can_be_given_one_by_one_and_outlive_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut quiet = config(folder.path(), None);
    quiet.mode = Mode::Quiet;
    let engine = Engine::start(quiet.clone()).await.expect("an engine");
    let raw = |n: u32| {
        format!(
            "From: shop@store.example\r\nTo: me@home.example\r\nSubject: Order {n}\r\n\r\nThank you for order {n}.\r\n"
        )
    };
    let mut right = 0;
    for n in 0..6 {
        let learnt = engine.learn(raw(n).as_bytes(), Label::NeedsHuman, "me@home.example").await;
        right += usize::from(learnt.expect("learned").before == Label::NeedsHuman);
    }
    assert!(right >= 4, "{right} of 6 were right before they were told");
    engine.stop().await;
    let classifier = mailroom_engine::Classifier::open(quiet, false).await.expect("a classifier");
    let classified = classifier.classify(raw(99).as_bytes(), "me@home.example").await;
    assert_eq!(classified.verdict.most_probable(), Label::NeedsHuman);
    assert!(classified.verdict.heard(Voice::Memory));
    classifier.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_says_how_well_mail_is_sorted_and_teaches() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = Engine::start(config(folder.path(), None)).await.expect("an engine");
    ask(&engine, Request::TrySample).await;
    let audit = async |request| match ask(&engine, request).await {
        Answer::Audit(audit) => audit,
        other => panic!("{other:?}"),
    };
    assert_eq!(audit(Request::Audit).await.share, None);
    let drawn = audit(Request::DrawAudit { count: 5 }).await.open;
    assert_eq!(drawn.len(), 5);
    for (n, item) in drawn.iter().enumerate() {
        let label = if n == 0 { Label::ALL[(item.shown.index() + 1) % 4] } else { item.shown };
        audit(Request::AnswerAudit { id: item.id, label }).await;
    }
    let found = audit(Request::Audit).await;
    assert_eq!((found.judged, found.open.len()), (5, 0));
    let (share, low, high) =
        (found.share.expect("a share"), found.low.expect("an end"), found.high.expect("an end"));
    assert!(low < share && share < 1.0 && share <= high, "{low} {share} {high}");
    assert_eq!(memory(&engine, Request::Memory).await.lessons, 5);
    let refused = engine.request(Request::DrawAudit { count: 0 }).await;
    assert_eq!(refused.expect_err("a refusal").code, Code::Invalid);
    engine.stop().await;
}
