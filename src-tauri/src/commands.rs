//! The one command of the interface.

use crate::Shell;
use mailroom_wire::{Answer, Failure, Request};
use tauri::{Runtime, State};

/// Answers one request; see `mailroom_wire`. Asynchronous, because a synchronous command would run on the
/// window's own thread.
#[tauri::command]
async fn request(shell: State<'_, Shell>, request: Request) -> Result<Answer, Failure> {
    shell.engine().await?.request(request).await
}

pub(crate) fn register<R: Runtime>(builder: tauri::Builder<R>) -> tauri::Builder<R> {
    builder.invoke_handler(tauri::generate_handler![request])
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailroom_engine::{Config, Engine, Mode};
    use mailroom_wire::Code;
    use tauri::ipc::{CallbackFn, InvokeBody};
    use tauri::test::{INVOKE_KEY, get_ipc_response, mock_builder, mock_context, noop_assets};
    use tauri::webview::InvokeRequest;
    use tokio::sync::watch;

    fn ask(shell: Shell, body: serde_json::Value) -> Result<serde_json::Value, serde_json::Value> {
        let app = register(mock_builder())
            .manage(shell)
            .build(mock_context(noop_assets()))
            .expect("an app without a display");
        let window = tauri::WebviewWindowBuilder::new(&app, "main", tauri::WebviewUrl::default())
            .build()
            .expect("a window without a display");
        get_ipc_response(
            &window,
            InvokeRequest {
                cmd: "request".into(),
                callback: CallbackFn(0),
                error: CallbackFn(1),
                url: "tauri://localhost".parse().expect("an address"),
                body: InvokeBody::Json(serde_json::json!({ "request": body })),
                headers: tauri::http::HeaderMap::default(),
                invoke_key: INVOKE_KEY.to_owned(),
            },
        )
        .map(|answer| answer.deserialize().expect("JSON"))
    }

    #[test]
    fn a_request_reaches_the_engine_and_its_answer_comes_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = Config::new(folder.path().to_owned(), Mode::Full);
        config.keychain = false;
        config.llm = None;
        let engine = tauri::async_runtime::block_on(Engine::start(config)).expect("an engine");
        let (_tell, started) = watch::channel(Some(Ok(engine.clone())));
        let answer =
            ask(Shell { started }, serde_json::json!({ "kind": "try-sample" })).expect("an answer");
        assert_eq!(answer["kind"], "try-sample");
        assert!(answer["messages"].as_u64().expect("a number") > 20);
        tauri::async_runtime::block_on(engine.stop());
    }

    #[test]
    fn a_failed_start_is_told_to_whoever_asks() {
        let failure = Failure::new(Code::Busy, "Another Mailroom is using this folder.");
        let (_tell, started) = watch::channel(Some(Err(failure)));
        let error = ask(Shell { started }, serde_json::json!({ "kind": "overview" }))
            .expect_err("a failure");
        assert_eq!(error["code"], "busy");
    }
}
