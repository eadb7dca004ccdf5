//! Language models on this machine.

use crate::{account, say, with_engine};
use clap::Subcommand;
use mailroom_engine::Config;
use mailroom_wire::{Answer, Event, Failure, ModelFindings, ModelState, Request};
use std::path::PathBuf;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Imports a GGUF file and uses it.
    Add {
        /// The file.
        file: PathBuf,
    },
    /// Uses a model behind an OpenAI-compatible endpoint. What it reads goes to that address.
    Endpoint {
        /// What `/completions` is put behind, such as http://localhost:8080/v1.
        url: String,
        /// The model's name there.
        #[arg(default_value = "")]
        model: String,
        /// Reads a key from standard input; it is kept in the OS keychain, if there is one.
        #[arg(long)]
        key_stdin: bool,
    },
    /// Lists models: id, name, size; the one in use has a star.
    List,
    /// Uses another model, or none.
    Use {
        /// Its id, or `none`.
        id: String,
    },
    /// Removes a model from the disk.
    Remove {
        /// Its id.
        id: String,
    },
}

pub(crate) async fn run(command: Command, config: Config) -> Result<(), Failure> {
    with_engine(config, async |engine| match command {
        Command::Add { file } => {
            let bar = crate::bar(Some(0));
            let mut events = engine.events();
            let path = file.to_string_lossy().into_owned();
            let add = engine.request(Request::AddModel { path });
            tokio::pin!(add);
            let answer = loop {
                tokio::select! {
                    answer = &mut add => break answer?,
                    event = events.recv() => {
                        if let Ok(Event::Model { state: ModelState::Downloading { done, total } }) = event {
                            bar.set_length(total);
                            bar.set_position(done);
                        }
                    }
                }
            };
            bar.finish_and_clear();
            if let Answer::AddModel { model } = answer {
                say(&format!("{}\t{}", model.id, model.name));
                for warning in model.warnings {
                    eprintln!("{warning}");
                }
            }
            Ok(())
        }
        Command::Endpoint { url, model, key_stdin } => {
            let key = if key_stdin { Some(crate::password()?) } else { None };
            let request = Request::UseEndpoint { url, model, key };
            if let Answer::UseEndpoint { model } = engine.request(request).await? {
                let host = model.endpoint.unwrap_or_default();
                say(&format!("{}\t{}", model.id, model.name));
                eprintln!("Mail that this model reads goes to {host}.");
            }
            Ok(())
        }
        Command::List => {
            for model in account::overview(engine).await?.models {
                let star = if model.in_use { "*" } else { " " };
                let place = match &model.endpoint {
                    Some(host) => format!("at {host}"),
                    None => format!("{} MB", model.size / 1_000_000),
                };
                say(&format!("{star} {}\t{}\t{place}", model.id, model.name));
                if let Some(found) = model.findings {
                    say(&findings(&found));
                }
            }
            Ok(())
        }
        Command::Use { id } => {
            let id = if id == "none" { None } else { Some(id) };
            engine.request(Request::UseModel { id }).await.map(|_| ())
        }
        Command::Remove { id } => engine.request(Request::RemoveModel { id }).await.map(|_| ()),
    })
    .await
}

fn findings(found: &ModelFindings) -> String {
    let percent = |share: f32| format!("{:.0} %", share * 100.0);
    let adds = if found.weight == 0.0 {
        "it adds nothing to them, so it does not count".to_owned()
    } else {
        let points = (found.together - found.others) * 100.0;
        format!("with it {}, {points:+.1} points", percent(found.together))
    };
    format!(
        "  alone {} of {} messages right ({} of them yours), the other voices {}; {adds}; {:.1} s a message",
        percent(found.alone),
        found.samples,
        found.own,
        percent(found.others),
        found.seconds
    )
}
