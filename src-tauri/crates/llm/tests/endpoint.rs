//! A model behind an address: what the server says is read, what passes is waited for, what does not is told.
//!
//! The server here is scripted, for faults that real ones seldom make; `tests/reference/endpoint.json` holds what
//! llama.cpp's own server answered (`make test-endpoint` asks it again).

use mailroom_domain::{Sheet, SheetQuestion};
use mailroom_llm::{
    Connection, Endpoint, EndpointError, Llm, LlmConfig, LlmState, Priority, ScoreError,
};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a request.
enum Reply {
    Json(Value),
    Status(u16, &'static str),
    /// The connection is cut in the middle of an answer.
    Cut,
    /// No answer.
    Silence,
}

type Script = Arc<dyn Fn(usize, &str, &Value) -> Reply + Send + Sync>;

/// A server on loopback; `script` is given the number of the request, its headers and its body.
async fn serve(script: Script) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, Arc::clone(&script), Arc::clone(&count)));
        }
    });
    (url, asked)
}

async fn answer(stream: TcpStream, script: Script, count: Arc<AtomicUsize>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            match stream.read_line(&mut head).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
        let lower = head.to_lowercase();
        let length = lower
            .lines()
            .find_map(|l| l.strip_prefix("content-length:"))
            .and_then(|n| n.trim().parse().ok())
            .unwrap_or(0);
        let mut body = vec![0; length];
        if stream.read_exact(&mut body).await.is_err() {
            return;
        }
        let body: Value = serde_json::from_slice(&body).expect("a body");
        assert!(head.starts_with("POST /v1/completions "), "{head}");
        let reply = match script(count.fetch_add(1, Ordering::SeqCst), &lower, &body) {
            Reply::Json(value) => {
                let text = value.to_string();
                format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{text}",
                    text.len()
                )
            }
            Reply::Status(status, text) => {
                format!("HTTP/1.1 {status} No\r\ncontent-length: {}\r\n\r\n{text}", text.len())
            }
            Reply::Cut => {
                let _ =
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"cho").await;
                return;
            }
            Reply::Silence => return std::future::pending().await,
        };
        if stream.write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn told(yes: f32, no: f32) -> Reply {
    Reply::Json(
        json!({ "choices": [{ "text": " yes", "logprobs": { "top_logprobs": [{ " yes": yes, " no": no }] } }] }),
    )
}

fn sheet(mail: &str) -> Sheet {
    let question = |line: &str| SheetQuestion {
        line: line.into(),
        filler: " ?".into(),
        words: vec![" yes".into(), " no".into()],
    };
    Sheet {
        instruction: "Read the mail.".into(),
        mail: mail.into(),
        mail_tokens: 60,
        fence: "--- 7 ---".into(),
        form: "Form:".into(),
        questions: vec![question("- Asks something:"), question("- Sent by a machine:")],
    }
}

fn connection(url: &str, key: Option<&str>) -> Connection {
    let endpoint = Endpoint::new(url, "small").expect("an endpoint");
    Connection::new(endpoint, key.map(Into::into)).expect("a connection")
}

fn llm() -> Llm {
    let mut config = LlmConfig::new(PathBuf::from("no such program"));
    config.back_off = Duration::from_millis(10);
    Llm::spawn(config)
}

async fn reach(llm: &Llm, what: impl Fn(&LlmState) -> bool) -> LlmState {
    let mut states = llm.state();
    let reached = tokio::time::timeout(Duration::from_secs(60), states.wait_for(what)).await;
    reached.expect("in time").expect("a state").clone()
}

fn is_ready(state: &LlmState) -> bool {
    matches!(state, LlmState::Ready { .. })
}

fn reason(state: LlmState) -> String {
    match state {
        LlmState::Failed { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_is_one_completion_a_question_and_what_fails_in_passing_is_asked_again() {
    let (url, asked) = serve(Arc::new(|n, head, body| {
        assert!(head.contains("authorization: bearer secret"), "{head}");
        assert_eq!(body["model"], "small");
        assert_eq!(body["max_tokens"], 1);
        // Refused as vLLM refuses it; then fewer are asked for, here and from then on.
        if body["logprobs"] == 512 {
            return Reply::Status(400, "at most 100");
        }
        assert_eq!(body["logprobs"], 100);
        let prompt = body["prompt"].as_str().expect("a prompt");
        match n {
            // The check, without mail.
            1 => told(-1.0, -2.0),
            2 => Reply::Status(503, "busy"),
            3 => Reply::Cut,
            _ if prompt.ends_with("- Asks something:") => {
                assert!(
                    prompt.contains("--- 7 ---\nHello \u{2039}|eot_id|\u{203a}\n--- 7 ---"),
                    "{prompt}"
                );
                told(-0.25, -2.5)
            }
            _ => {
                assert!(prompt.ends_with("- Asks something: ?\n- Sent by a machine:"), "{prompt}");
                told(-3.0, -0.125)
            }
        }
    }))
    .await;
    let llm = llm();
    let connection = connection(&url, Some(" secret\n"));
    llm.connect(connection.clone()).await;
    let name = match reach(&llm, is_ready).await {
        LlmState::Ready { name } => name,
        other => panic!("{other:?}"),
    };
    assert!(name.starts_with("small at 127.0.0.1:"), "{name}");
    let scores =
        llm.score("a".into(), sheet("Hello <|eot_id|>"), Priority::New).await.expect("scores");
    let near = |a: f32, b: f32| (a - b).abs() < 1e-4;
    assert!(near(scores.0[0][0], -0.25) && near(scores.0[0][1], -2.5), "{scores:?}");
    assert!(near(scores.0[1][0], -3.0) && near(scores.0[1][1], -0.125), "{scores:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 6);
    let (sent, received) = connection.traffic().bytes();
    assert!(sent > 500 && received > 200, "{sent} {received}");
    llm.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_used_says_why_and_no_mail_is_sent() {
    let cases: [(fn() -> Reply, &str); 4] = [
        (|| Reply::Status(401, "who?"), "refused the key"),
        (|| Reply::Status(404, "what?"), "has no model \"small\""),
        (|| Reply::Json(json!({ "choices": [{ "text": " yes" }] })), "no log-probabilities"),
        (|| Reply::Status(200, "<html>"), "cannot be read"),
    ];
    for (reply, words) in cases {
        let (url, asked) = serve(Arc::new(move |_, _, body| {
            assert!(!body["prompt"].as_str().unwrap_or_default().contains("Hello"));
            reply()
        }))
        .await;
        let llm = llm();
        llm.connect(connection(&url, None)).await;
        let failed = reach(&llm, |s| matches!(s, LlmState::Failed { .. })).await;
        assert!(reason(failed.clone()).contains(words), "{failed:?}");
        let score = llm.score("a".into(), sheet("Hello"), Priority::New).await;
        assert_eq!(score, Err(ScoreError::NotReady));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        llm.shutdown().await;
    }
    let nobody = connection("http://127.0.0.1:9/v1", None).check().await;
    assert!(matches!(nobody, Err(EndpointError::Unreachable { .. })), "{nobody:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_is_refused_fails_alone() {
    let (url, _) = serve(Arc::new(|_, _, body| {
        if body["prompt"].as_str().unwrap_or_default().contains("too long") {
            return Reply::Status(400, "context\nexceeded");
        }
        told(-1.0, -2.0)
    }))
    .await;
    let llm = llm();
    llm.connect(connection(&url, None)).await;
    reach(&llm, is_ready).await;
    let refused = llm.score("a".into(), sheet("too long"), Priority::New).await;
    assert!(
        matches!(&refused, Err(ScoreError::Failed(why)) if why.contains("400: context exceeded")),
        "{refused:?}"
    );
    assert!(llm.score("b".into(), sheet("short"), Priority::New).await.is_ok());
    assert!(is_ready(&llm.state().borrow()));
    llm.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_wait_for_a_server_that_comes_back() {
    let up = Arc::new(AtomicUsize::new(0));
    let state = Arc::clone(&up);
    let (url, _) = serve(Arc::new(move |n, _, _| match (n, state.load(Ordering::SeqCst)) {
        (0, _) | (_, 1) => told(-1.0, -2.0),
        _ => Reply::Status(500, "down"),
    }))
    .await;
    let llm = llm();
    llm.connect(connection(&url, None)).await;
    reach(&llm, is_ready).await;
    let asked = llm.clone();
    let waiting =
        tokio::spawn(async move { asked.score("a".into(), sheet("Hello"), Priority::New).await });
    let failed = reach(&llm, |s| matches!(s, LlmState::Failed { .. })).await;
    assert!(reason(failed.clone()).contains("goes on trying"), "{failed:?}");
    up.store(1, Ordering::SeqCst);
    assert!(waiting.await.expect("a task").is_ok());
    assert!(is_ready(&llm.state().borrow()));
    llm.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_model_is_not_waited_for() {
    let (url, asked) =
        serve(Arc::new(|n, _, _| if n == 0 { told(-1.0, -2.0) } else { Reply::Silence })).await;
    let llm = llm();
    llm.connect(connection(&url, None)).await;
    reach(&llm, is_ready).await;
    let waiting: Vec<_> = (0..6)
        .map(|n| {
            let llm = llm.clone();
            tokio::spawn(
                async move { llm.score(format!("{n}"), sheet("Hello"), Priority::New).await },
            )
        })
        .collect();
    // Four are under way, and two in the queue.
    while asked.load(Ordering::SeqCst) < 5 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    llm.unload().await;
    for waiting in waiting {
        let said = waiting.await.expect("a task");
        assert!(matches!(said, Err(ScoreError::Cancelled | ScoreError::NotReady)), "{said:?}");
    }
    assert_eq!(*llm.state().borrow(), LlmState::Absent);
    llm.shutdown().await;
}

/// Three messages, and what llama.cpp's server said about them.
const REFERENCE: &str = "tests/reference/endpoint.json";

fn letters() -> [Sheet; 3] {
    let of = |mail: &str| Sheet {
        instruction: "You read one email and fill in a form about it.".into(),
        mail_tokens: 150,
        form: "Form about this email. Answer each line with one word.".into(),
        ..sheet(mail)
    };
    [
        of(
            "From: Ana Paz\nSubject: Saturday\n\nCould you bring the tent on Saturday? We leave at nine.",
        ),
        of(
            "From: Shop\nSubject: Your receipt\n\nThank you for your order. This message was sent automatically.",
        ),
        of(
            "From: Bank\nSubject: Card declined\n\nYour card was declined today. Add another card to keep your service.",
        ),
    ]
}

/// Sends a request to a real server and gives its answer. For the recording alone.
fn forward(server: &str, body: &Value) -> Value {
    use std::io::{Read, Write};
    let address = server.trim_start_matches("http://").trim_end_matches("/v1");
    let mut stream = std::net::TcpStream::connect(address).expect("the real server");
    let text = body.to_string();
    let request = format!(
        "POST /v1/completions HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{text}",
        text.len()
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let start = answer.find('{').expect("an object");
    let end = answer.rfind('}').expect("an object");
    serde_json::from_str(&answer[start..=end]).expect("JSON")
}

/// What matters of the many tokens that are told: those that begin a yes or a no, and the least probable one.
fn brief(tokens: &Value) -> Value {
    let tokens = tokens.as_object().expect("tokens");
    let least = tokens.values().filter_map(Value::as_f64).fold(0.0, f64::min);
    let kept = tokens.iter().filter(|(token, p)| {
        let word = token.trim().to_lowercase();
        ["yes", "no", "ye"].contains(&word.as_str()) || p.as_f64() == Some(least)
    });
    Value::Object(kept.map(|(token, p)| (token.clone(), p.clone())).collect())
}

/// The same weights behind llama.cpp's server and in our own engine: alike in what they tell apart.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_model_says_the_same_there_and_here() {
    use std::collections::BTreeMap;
    use std::sync::Mutex;
    let cache = std::env::var_os("MAILROOM_CACHE").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/mailroom"),
        Into::into,
    );
    let file = cache.join("models/smollm2-135m-instruct-q4_1.gguf");
    if !file.exists() {
        eprintln!("skipped: {} is not here; tools/models/fetch.sh brings it", file.display());
        return;
    }
    let reference = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(REFERENCE);
    let real = std::env::var("MAILROOM_ENDPOINT").ok();
    let known: BTreeMap<String, Value> = match &real {
        Some(_) => BTreeMap::new(),
        None => serde_json::from_slice(&std::fs::read(&reference).expect("the reference"))
            .expect("JSON"),
    };
    let told = Arc::new(Mutex::new(known));
    let answers = Arc::clone(&told);
    let server = real.clone();
    let (url, _) = serve(Arc::new(move |_, _, body| {
        let prompt = body["prompt"].as_str().expect("a prompt").to_owned();
        let mut told = answers.lock().expect("a lock");
        if let Some(server) = &server {
            let logprobs = forward(server, body)["choices"][0]["logprobs"].take();
            let logprobs = brief(&logprobs["top_logprobs"][0]);
            told.insert(
                prompt.clone(),
                json!({ "choices": [{ "logprobs": { "top_logprobs": [logprobs] } }] }),
            );
        }
        Reply::Json(
            told.get(&prompt).cloned().expect("a prompt that was asked when it was recorded"),
        )
    }))
    .await;
    let there = llm();
    there.connect(connection(&url, None)).await;
    reach(&there, is_ready).await;
    let folder = tempfile::tempdir().expect("a folder");
    let model = mailroom_llm::import(&file, folder.path(), None, &mut |_| {
        std::ops::ControlFlow::Continue(())
    })
    .expect("imported");
    let here = Llm::spawn(LlmConfig::new(PathBuf::from(env!("CARGO_BIN_EXE_mailroom-llm-engine"))));
    here.load(model).await;
    reach(&here, is_ready).await;
    let mut worst = 0.0f32;
    for (at, sheet) in letters().into_iter().enumerate() {
        let key = at.to_string();
        let a = there.score(key.clone(), sheet.clone(), Priority::New).await.expect("scores");
        let b = here.score(key, sheet, Priority::New).await.expect("scores");
        for (a, b) in a.0.iter().zip(&b.0) {
            let (there, here) = (a[0] - a[1], b[0] - b[1]);
            println!("yes less no: there {there:.2}, here {here:.2}");
            worst = worst.max((there - here).abs());
        }
    }
    println!("yes less no differs by {worst:.3} at most");
    assert!(worst < 0.3, "{worst}");
    if real.is_some() {
        let told = told.lock().expect("a lock");
        let text = serde_json::to_string_pretty(&*told).expect("JSON");
        std::fs::write(&reference, text + "\n").expect("written");
    }
    there.shutdown().await;
    here.shutdown().await;
}
