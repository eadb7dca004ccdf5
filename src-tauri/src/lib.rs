//! The desktop shell: one window, one command, one channel of events, in front of the engine.
//!
//! Everything that the interface can do is a request to the engine, the same that the command line and the
//! tests make. Nothing here knows about mail.

mod commands;
mod events;

use mailroom_engine::{Config, Engine, Mode};
use mailroom_wire::{Code, Failure, Request};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use tauri::{Manager, RunEvent};
use tokio::sync::watch;

/// The engine, once it has started or failed to.
pub(crate) type Started = Option<Result<Engine, Failure>>;

/// What the commands share: the engine's start, which the window does not wait for.
pub(crate) struct Shell {
    started: watch::Receiver<Started>,
}

impl Shell {
    /// The engine, as soon as it has started.
    pub(crate) async fn engine(&self) -> Result<Engine, Failure> {
        let mut started = self.started.clone();
        match started.wait_for(Option::is_some).await {
            Ok(state) => state.clone().unwrap_or_else(|| Err(never())),
            Err(_) => Err(never()),
        }
    }
}

fn never() -> Failure {
    Failure::new(Code::Internal, "Mailroom did not start. Close it and start it again.")
}

/// What the program was asked for on its command line and by its environment.
struct Options {
    data: Option<PathBuf>,
    sample: bool,
}

impl Options {
    fn read(args: impl Iterator<Item = OsString>, data: Option<OsString>) -> Self {
        let mut options = Options { data: data.map(PathBuf::from), sample: false };
        let mut args = args.skip(1);
        while let Some(arg) = args.next() {
            match arg.to_str() {
                Some("--sample") => options.sample = true,
                Some("--data") => options.data = args.next().map(PathBuf::from),
                // Toolkits take arguments of their own.
                _ => {}
            }
        }
        options
    }

    fn folder(&self) -> Option<PathBuf> {
        self.data.clone().or_else(|| {
            directories::ProjectDirs::from("app", "Mailroom", "mailroom")
                .map(|dirs| dirs.data_dir().to_owned())
        })
    }
}

/// Opens the window and runs until it is closed.
pub fn run() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_env("MAILROOM_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let options = Options::read(std::env::args_os(), std::env::var_os("MAILROOM_DATA"));
    let (tell, started) = watch::channel(None);
    let app = commands::register(tauri::Builder::default())
        .manage(Shell { started })
        .setup(move |app| {
            let handle = app.handle().clone();
            tauri::async_runtime::spawn(async move {
                let engine = start(options).await;
                if let Ok(engine) = &engine {
                    tauri::async_runtime::spawn(events::forward(handle, engine.events()));
                }
                tell.send_replace(Some(engine));
            });
            Ok(())
        })
        .build(tauri::generate_context!());
    let app = match app {
        Ok(app) => app,
        Err(error) => {
            eprintln!(
                "The window could not be opened ({error}). On a machine without a display use mailroom-cli."
            );
            return ExitCode::FAILURE;
        }
    };
    app.run(|app, event| {
        if let RunEvent::Exit = event {
            let started = app.state::<Shell>().started.clone();
            let engine = started.borrow().clone();
            if let Some(Ok(engine)) = engine {
                tauri::async_runtime::block_on(engine.stop());
            }
        }
    });
    ExitCode::SUCCESS
}

async fn start(options: Options) -> Result<Engine, Failure> {
    let folder = options.folder().ok_or_else(|| {
        Failure::new(
            Code::Store,
            "This system names no folder for data. Start Mailroom with --data FOLDER.",
        )
    })?;
    let engine = Engine::start(Config::new(folder, Mode::Full)).await?;
    if options.sample {
        // The window shows what came of it.
        if let Err(error) = engine.request(Request::TrySample).await {
            tracing::warn!(%error, "no sample mail");
        }
    }
    Ok(engine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_wins_over_the_environment() {
        let args = |list: &[&str]| list.iter().map(OsString::from).collect::<Vec<_>>().into_iter();
        let options =
            Options::read(args(&["mailroom", "--sample", "--data", "/a"]), Some("/b".into()));
        assert!(options.sample);
        assert_eq!(options.folder(), Some(PathBuf::from("/a")));
        let options = Options::read(args(&["mailroom", "--gtk-debug"]), Some("/b".into()));
        assert!(!options.sample);
        assert_eq!(options.folder(), Some(PathBuf::from("/b")));
    }
}
