//! Mailroom without a window: the same engine, for scripts and for measuring.
//!
//! Nothing but the result goes to standard output; progress and complaints go to standard error. Exit codes:
//! 0 done, 1 failed, 2 wrong usage, 3 the server refused the sign-in, 4 the server could not be reached or
//! trusted, 5 what was named does not exist, 6 another Mailroom uses the data, 7 the model failed.

mod account;
mod audit;
mod eval;
mod instructions;
mod lanes;
mod learn;
mod measure;
mod model;
mod relabel;
mod rules;

use clap::{Parser, Subcommand};
use mailroom_domain::Label;
use mailroom_engine::{Config, Engine, Mode};
use mailroom_wire::{Code, Failure};
use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "mailroom-cli", version, about = "Private email triage, without a window")]
struct Args {
    /// The data folder. The app's own by default.
    #[arg(long, global = true, value_name = "DIR", env = "MAILROOM_DATA")]
    data: Option<PathBuf>,
    /// The OS keychain is left alone; passwords last for this run.
    #[arg(long, global = true)]
    no_keychain: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Accounts on mail servers.
    #[command(subcommand)]
    Account(account::Command),
    /// Fetches mail from all accounts, labels it, and ends.
    Sync {
        /// Reads the password of the account from standard input, where no keychain keeps it.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Imports mail files: .eml, mbox, Maildir, or folders of them.
    Import {
        /// Files and folders.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Your address in this mail, which tells mail to you from mail to a list.
        #[arg(long, default_value = "")]
        address: String,
    },
    /// Lists a lane, newest first.
    List {
        /// urgent, task, needs-human or notification.
        #[arg(long)]
        lane: Label,
        /// One JSON array of rows.
        #[arg(long)]
        json: bool,
        /// How many messages.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Shows a message with its label and why it has it.
    Show {
        /// The number that `list` prints.
        id: i64,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Gives a message the label that you say.
    Label {
        /// The number that `list` prints.
        id: i64,
        /// urgent, task, needs-human or notification.
        label: Label,
    },
    /// Takes back your last label.
    Undo,
    /// Labels mail files without storing anything: one JSON object a message.
    Classify {
        /// JSON, one object a line.
        #[arg(long)]
        json: bool,
        /// Mail files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Your address in this mail.
        #[arg(long, default_value = "")]
        address: String,
        /// Also asks the language model in use.
        #[arg(long)]
        model: bool,
    },
    /// Measures the labels against a folder of mail labelled by hand (labels.jsonl).
    Eval {
        /// The folder.
        dir: PathBuf,
        /// One JSON object.
        #[arg(long)]
        json: bool,
        /// Also asks the language model in use.
        #[arg(long)]
        model: bool,
    },
    /// How well your mail is sorted: messages drawn at random, which you judge.
    Audit {
        /// One JSON object.
        #[arg(long, global = true)]
        json: bool,
        #[command(subcommand)]
        command: Option<audit::Command>,
    },
    /// Learns the labels of a folder of mail (labels.jsonl), in order, as if you had corrected each message.
    Learn {
        /// The folder.
        dir: PathBuf,
        /// Your address in this mail.
        #[arg(long, default_value = "")]
        address: String,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// What was learned from your labels.
    Memory {
        /// One JSON object.
        #[arg(long, global = true)]
        json: bool,
        #[command(subcommand)]
        command: Option<learn::Command>,
    },
    /// Language models on this machine.
    #[command(subcommand)]
    Model(model::Command),
    /// Your instructions to the language model, in plain words.
    #[command(subcommand)]
    Instructions(instructions::Command),
    /// Measures how many messages a second are labelled here.
    Bench {
        /// Mail files or folders with .eml files; the sample mail by default.
        paths: Vec<PathBuf>,
        /// One JSON object.
        #[arg(long)]
        json: bool,
        /// Also asks the language model in use.
        #[arg(long)]
        model: bool,
    },
    /// Your rules: what they are, and what they would do.
    Rules {
        /// One JSON object.
        #[arg(long, global = true)]
        json: bool,
        #[command(subcommand)]
        command: Option<rules::Command>,
    },
    /// Labels stored mail anew, newest first: shows what would change, and applies it when told.
    Relabel(Box<relabel::Args>),
    /// Prints the four lanes of the sample mail. Needs no account and stores nothing.
    Demo,
}

/// Parses the arguments and does what they say. The program's `main`.
pub fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(mailroom_engine::LLM_ENGINE) {
        return mailroom_engine::llm_engine_main();
    }
    let filter = tracing_subscriber::EnvFilter::try_from_env("MAILROOM_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let args = Args::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!(
                "The program could not start its threads ({error}). Close other programs and try again."
            );
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(run(args));
    // A blocked read of a password must not keep the program.
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(exit_code(failure.code))
        }
    }
}

fn exit_code(code: Code) -> u8 {
    match code {
        Code::Invalid | Code::ConfirmHost | Code::Forbidden => 2,
        Code::SignIn => 3,
        Code::Offline | Code::Untrusted | Code::Unsupported => 4,
        Code::NotFound => 5,
        Code::Busy => 6,
        Code::Model => 7,
        Code::Store | Code::Internal | Code::Superseded => 1,
    }
}

async fn run(args: Args) -> Result<(), Failure> {
    let config = |mode| -> Result<Config, Failure> {
        let mut config = Config::new(data_folder(args.data.clone())?, mode);
        config.keychain = !args.no_keychain;
        Ok(config)
    };
    match args.command {
        Command::Account(command) => account::run(command, &config).await,
        Command::Sync { password_stdin } => {
            let password = if password_stdin { Some(password()?) } else { None };
            account::sync(config(Mode::Full)?, password).await
        }
        Command::Import { paths, address } => {
            lanes::import(config(Mode::Quiet)?, &paths, &address).await
        }
        Command::List { lane, json, limit } => {
            lanes::list(config(Mode::Quiet)?, lane, json, limit).await
        }
        Command::Show { id, json } => lanes::show(config(Mode::Quiet)?, id, json).await,
        Command::Label { id, label } => lanes::label(config(Mode::Quiet)?, id, label).await,
        Command::Undo => lanes::undo(config(Mode::Quiet)?).await,
        Command::Classify { json, files, address, model } => {
            measure::classify(config(Mode::Full)?, &files, &address, json, model).await
        }
        Command::Eval { dir, json, model } => {
            eval::run(config(Mode::Full)?, &dir, json, model).await
        }
        Command::Audit { json, command } => audit::run(config(Mode::Quiet)?, command, json).await,
        Command::Learn { dir, address, json } => {
            learn::learn(config(Mode::Quiet)?, &dir, &address, json).await
        }
        Command::Memory { json, command } => {
            learn::memory(config(Mode::Quiet)?, command, json).await
        }
        Command::Model(command) => model::run(command, config(Mode::Full)?).await,
        Command::Instructions(command) => instructions::run(command, config(Mode::Quiet)?).await,
        Command::Bench { paths, json, model } => {
            measure::bench(config(Mode::Full)?, &paths, json, model).await
        }
        Command::Relabel(args) => relabel::run(*args, &config).await,
        Command::Rules { json, command } => rules::run(command, json, config).await,
        Command::Demo => lanes::demo().await,
    }
}

/// The given folder, or the one that the app uses.
fn data_folder(given: Option<PathBuf>) -> Result<PathBuf, Failure> {
    if let Some(folder) = given {
        return Ok(folder);
    }
    directories::ProjectDirs::from("app", "Mailroom", "mailroom")
        .map(|dirs| dirs.data_dir().to_owned())
        .ok_or_else(|| {
            Failure::new(
                Code::Invalid,
                "This system names no folder for data. Give one with --data DIR.",
            )
        })
}

/// Runs something on an engine, and stops it whatever happens.
async fn with_engine<T>(
    config: Config,
    work: impl AsyncFnOnce(&Engine) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let engine = Engine::start(config).await?;
    let done = work(&engine).await;
    engine.stop().await;
    done
}

/// A password or key from standard input: one line, without its end.
fn password() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .take(64 * 1024)
        .read_to_string(&mut text)
        .map_err(|_| Failure::new(Code::Invalid, "The password on standard input is not text."))?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(Failure::new(Code::Invalid, "Give the password on standard input."));
    }
    Ok(line.to_owned())
}

/// Writes a line of the result. A reader that has gone away ends the program quietly, as is usual in pipes.
fn say(line: &str) {
    if writeln!(std::io::stdout().lock(), "{line}").is_err() {
        std::process::exit(0);
    }
}

/// Writes an object of the result, as one line of JSON.
fn say_json<T: serde::Serialize>(value: &T) -> Result<(), Failure> {
    let line = serde_json::to_string(value).map_err(|e| {
        Failure::new(Code::Internal, format!("The result could not be written ({e})."))
    })?;
    say(&line);
    Ok(())
}

/// A progress bar on a terminal, nothing elsewhere.
fn bar(total: Option<u64>) -> indicatif::ProgressBar {
    if !std::io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    match total {
        Some(total) => indicatif::ProgressBar::new(total),
        None => indicatif::ProgressBar::new_spinner(),
    }
}
