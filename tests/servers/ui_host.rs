//! The interface and the engine over HTTP on loopback, so that a browser can drive the same interface
//! against the same engine as the window does. For tests and for looking; the app has no such door.
//!
//! `ui-host DATA_FOLDER UI_FOLDER` prints its address, with the token that every request needs, and serves
//! until standard input ends.

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::sse::{Event as SseEvent, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures::stream::{self, Stream};
use mailroom_engine::{Config, Engine, Mode};
use mailroom_wire::{Code, Failure, Request};
use std::convert::Infallible;
use std::hash::{BuildHasher, RandomState};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::io::AsyncReadExt;

struct Host {
    engine: Engine,
    ui: PathBuf,
    token: String,
}

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(mailroom_engine::LLM_ENGINE) {
        return mailroom_engine::llm_engine_main();
    }
    let filter = tracing_subscriber::EnvFilter::try_from_env("MAILROOM_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let mut args = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(data), Some(ui)) = (args.next(), args.next()) else {
        eprintln!("usage: ui-host DATA_FOLDER UI_FOLDER");
        return ExitCode::from(2);
    };
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let served = runtime.block_on(serve(data, ui));
    runtime.shutdown_background();
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(data: PathBuf, ui: PathBuf) -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::new(data, Mode::Full);
    config.keychain = false;
    let engine = Engine::start(config).await?;
    // Not guessable by a page in the same browser; nobody else reaches loopback.
    let token =
        format!("{:016x}{:016x}", RandomState::new().hash_one(1), RandomState::new().hash_one(2));
    let host = Arc::new(Host { engine: engine.clone(), ui, token: token.clone() });
    let router = Router::new()
        .route("/api/request", post(request))
        .route("/api/events", get(events))
        .fallback(get(file))
        .with_state(host);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/?token={token}", listener.local_addr()?);
    let ended = async {
        let mut rest = Vec::new();
        let _ = tokio::io::stdin().read_to_end(&mut rest).await;
    };
    tokio::select! {
        served = axum::serve(listener, router).into_future() => served?,
        () = ended => {}
    }
    engine.stop().await;
    Ok(())
}

fn refused() -> Response {
    (StatusCode::UNAUTHORIZED, "The token is missing or wrong.").into_response()
}

async fn request(State(host): State<Arc<Host>>, headers: HeaderMap, body: String) -> Response {
    let given = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    if given != Some(format!("Bearer {}", host.token).as_str()) {
        return refused();
    }
    let answer = match serde_json::from_str::<Request>(&body) {
        Ok(request) => host.engine.request(request).await,
        Err(error) => {
            Err(Failure::new(Code::Invalid, format!("The request is not valid ({error}).")))
        }
    };
    match answer {
        Ok(answer) => axum::Json(answer).into_response(),
        Err(failure) => (StatusCode::UNPROCESSABLE_ENTITY, axum::Json(failure)).into_response(),
    }
}

#[derive(serde::Deserialize)]
struct Token {
    token: String,
}

async fn events(State(host): State<Arc<Host>>, Query(given): Query<Token>) -> Response {
    if given.token != host.token {
        return refused();
    }
    Sse::new(stream_of(host.engine.events())).into_response()
}

fn stream_of(
    events: tokio::sync::broadcast::Receiver<mailroom_wire::Event>,
) -> impl Stream<Item = Result<SseEvent, Infallible>> {
    stream::unfold(events, |mut events| async move {
        loop {
            match events.recv().await {
                Ok(event) => {
                    let data = serde_json::to_string(&event).unwrap_or_default();
                    return Some((Ok(SseEvent::default().data(data)), events));
                }
                Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                Err(tokio::sync::broadcast::error::RecvError::Closed) => return None,
            }
        }
    })
}

async fn file(State(host): State<Arc<Host>>, uri: Uri) -> Response {
    let path = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    let path = Path::new(path);
    if !path.components().all(|c| matches!(c, Component::Normal(_))) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mime = match path.extension().and_then(|e| e.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    };
    match tokio::fs::read(host.ui.join(path)).await {
        Ok(bytes) => ([(header::CONTENT_TYPE, mime)], Body::from(bytes)).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
