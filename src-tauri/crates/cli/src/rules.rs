//! The user's rules: the same as the page does.

use crate::{say, say_json, with_engine};
use clap::Subcommand;
use mailroom_domain::RuleId;
use mailroom_domain::rules::Rule;
use mailroom_engine::{Config, Engine, Mode};
use mailroom_wire::{Answer, Code, Failure, Request, RulePreview, RulesView};
use std::io::Read;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lists the rules in the order in which they are heard.
    List,
    /// Adds the rules of a file (docs/rules.schema.json) behind the others.
    Add {
        /// The file; `-` for standard input.
        file: PathBuf,
    },
    /// Replaces all rules by those of a file.
    Set {
        /// The file; `-` for standard input.
        file: PathBuf,
    },
    /// Removes one.
    Remove {
        /// Its number in the list.
        number: usize,
    },
    /// Says what is wrong with the rules of a file; stores nothing.
    Check {
        /// The file; `-` for standard input.
        file: PathBuf,
    },
    /// Says what rules would do to all mail that is there; stores nothing.
    Preview {
        /// A file with rules in place of those that are stored; `-` for standard input.
        file: Option<PathBuf>,
        /// Examples of each kind.
        #[arg(long, default_value_t = 3)]
        examples: u32,
    },
    /// Why the rules do what they do to a message.
    Trace {
        /// The number that `list --lane` prints.
        id: i64,
    },
    /// Puts all mail that is there to the rules: shows what would change, for `relabel apply`.
    Run,
    /// Prints the rules as a file, or as a Sieve script.
    Export {
        /// As Sieve (RFC 5228). What it cannot say is told on standard error.
        #[arg(long)]
        sieve: bool,
    },
}

fn text(file: &Path) -> Result<String, Failure> {
    let failed = |e: std::io::Error| {
        let code = Code::NotFound;
        Failure::new(code, format!("{} cannot be read ({e}). Check the name.", file.display()))
    };
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().take(16 << 20).read_to_string(&mut text).map_err(failed)?;
        return Ok(text);
    }
    std::fs::read_to_string(file).map_err(failed)
}

fn unexpected() -> Failure {
    Failure::new(Code::Internal, "Another answer came than was asked for.")
}

/// The rules of a file, with numbers that no stored rule has.
async fn read(engine: &Engine, file: &Path) -> Result<Vec<Rule>, Failure> {
    match engine.request(Request::ReadRules { text: text(file)? }).await? {
        Answer::ReadRules { rules } => Ok(rules
            .into_iter()
            .zip(1..)
            .map(|(rule, n)| Rule { id: RuleId(-n), ..rule })
            .collect()),
        _ => Err(unexpected()),
    }
}

async fn stored(engine: &Engine, request: Request) -> Result<RulesView, Failure> {
    match engine.request(request).await? {
        Answer::Rules(view) => Ok(view),
        _ => Err(unexpected()),
    }
}

async fn preview(engine: &Engine, rules: Vec<Rule>, examples: u32) -> Result<RulePreview, Failure> {
    match engine.request(Request::PreviewRules { rules, examples }).await? {
        Answer::PreviewRules(preview) => Ok(preview),
        _ => Err(unexpected()),
    }
}

pub(crate) async fn run(
    command: Option<Command>,
    json: bool,
    config: impl Fn(Mode) -> Result<Config, Failure>,
) -> Result<(), Failure> {
    if let Some(Command::Run) = command {
        return crate::relabel::run_rules(json, &config).await;
    }
    with_engine(config(Mode::Quiet)?, async |engine| match command {
        None | Some(Command::List | Command::Run) => list(engine, Request::Rules, json).await,
        Some(Command::Add { file }) => {
            let mut rules = stored(engine, Request::Rules).await?.rules;
            rules.extend(read(engine, &file).await?);
            list(engine, Request::SetRules { rules }, json).await
        }
        Some(Command::Set { file }) => {
            let rules = read(engine, &file).await?;
            list(engine, Request::SetRules { rules }, json).await
        }
        Some(Command::Remove { number }) => {
            let mut rules = stored(engine, Request::Rules).await?.rules;
            if number == 0 || number > rules.len() {
                let text = "There is no such rule. `mailroom-cli rules list` shows their numbers.";
                return Err(Failure::new(Code::NotFound, text));
            }
            rules.remove(number - 1);
            list(engine, Request::SetRules { rules }, json).await
        }
        Some(Command::Check { file }) => {
            let count = read(engine, &file).await?.len();
            say(&format!("{count} rules, and nothing is wrong with them."));
            Ok(())
        }
        Some(Command::Preview { file, examples }) => {
            let rules = match &file {
                Some(file) => read(engine, file).await?,
                None => stored(engine, Request::Rules).await?.rules,
            };
            let found = preview(engine, rules.clone(), examples).await?;
            if json { say_json(&found) } else { tell(&rules, &found) }
        }
        Some(Command::Trace { id }) => {
            let id = mailroom_domain::MessageId(id);
            match engine.request(Request::TraceRules { id }).await? {
                Answer::TraceRules(view) if json => say_json(&view),
                Answer::TraceRules(view) => {
                    say(view.text.trim_end());
                    Ok(())
                }
                _ => Err(unexpected()),
            }
        }
        Some(Command::Export { sieve }) => {
            let Answer::ExportRules(export) = engine.request(Request::ExportRules).await? else {
                return Err(unexpected());
            };
            if json {
                return say_json(&export);
            }
            say(if sieve { export.sieve.trim_end() } else { export.json.trim_end() });
            if sieve {
                export.left_out.iter().for_each(|line| eprintln!("{line}"));
            }
            Ok(())
        }
    })
    .await
}

async fn list(engine: &Engine, request: Request, json: bool) -> Result<(), Failure> {
    let view = stored(engine, request).await?;
    if json {
        return say_json(&view);
    }
    for (at, rule) in view.rules.iter().enumerate() {
        let off = if rule.enabled { "" } else { " (off)" };
        let actions: Vec<String> = rule.then.iter().map(ToString::to_string).collect();
        say(&format!("{}\t{}{off}\t{}", at + 1, rule.name, actions.join(", ")));
    }
    view.faults.iter().for_each(|fault| eprintln!("{}", fault.text));
    Ok(())
}

fn tell(rules: &[Rule], found: &RulePreview) -> Result<(), Failure> {
    if !found.faults.is_empty() {
        let faults: Vec<&str> = found.faults.iter().map(|fault| fault.text.as_str()).collect();
        return Err(Failure::new(Code::Invalid, faults.join("\n")));
    }
    let name = |id: RuleId| rules.iter().find(|r| r.id == id).map_or("", |r| r.name.as_str());
    say(&format!("{} messages", found.messages));
    for count in &found.rules {
        say(&format!(
            "{}\tmatches {}\t{} more and {} fewer than stored",
            name(count.rule),
            count.matches,
            count.more,
            count.fewer
        ));
    }
    for moved in &found.moves {
        say(&format!("{} -> {}\t{}", moved.from, moved.to, moved.count));
        for row in &moved.examples {
            say(&format!("\t{}\t{}", row.from.address, row.subject));
        }
    }
    for conflict in &found.conflicts {
        let (winner, loser) = (name(conflict.winner), name(conflict.loser));
        say(&format!(
            "\u{201c}{winner}\u{201d} wins over \u{201c}{loser}\u{201d}\t{}",
            conflict.messages
        ));
    }
    for wanted in &found.wanted {
        say(&format!("would {}\t{}", wanted.action, wanted.messages));
    }
    if found.corrected > 0 {
        say(&format!("left as you labelled them\t{}", found.corrected));
    }
    Ok(())
}
