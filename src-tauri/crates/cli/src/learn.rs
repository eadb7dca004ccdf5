//! Teaching from a folder of labelled mail, and what was learned.

use crate::eval::gold;
use crate::measure::read;
use crate::{bar, say, say_json, with_engine};
use clap::Subcommand;
use mailroom_domain::{FolderId, Label};
use mailroom_engine::Config;
use mailroom_wire::{Answer, Example, Failure, MemoryChange, MemoryView, Request};
use serde::Serialize;
use std::path::Path;

/// What to do with what was learned.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lists it (the default).
    List,
    /// Lets something not count any more. Verdicts are then what they would be without it.
    Forget {
        /// The key that the list prints.
        key: String,
    },
    /// Lets something that was forgotten count again.
    Recall {
        /// The key that the list prints.
        key: String,
    },
    /// Lets something count more, and not age.
    Pin {
        /// The key that the list prints.
        key: String,
    },
    /// Takes a pin away.
    Unpin {
        /// The key that the list prints.
        key: String,
    },
    /// Lets something speak for another label.
    Edit {
        /// The key that the list prints.
        key: String,
        /// urgent, task, needs-human or notification.
        label: Label,
    },
    /// Forgets everything that was told so far. Your labels stay on their messages.
    ForgetAll,
    /// Brings back everything that was forgotten.
    RecallAll,
    /// Takes everything with a keyword, or in a folder, as an example of a label.
    AddExample {
        /// A keyword that other clients set.
        #[arg(long, conflicts_with = "folder", required_unless_present = "folder")]
        keyword: Option<String>,
        /// A folder's number.
        #[arg(long)]
        folder: Option<i64>,
        /// urgent, task, needs-human or notification.
        label: Label,
    },
    /// Takes no mail as an example any more.
    ClearExamples,
}

/// How far the labels were the user's own, before each was told.
#[derive(Default, Serialize)]
struct Report {
    /// Messages.
    n: usize,
    /// Right before it was told, by everything learned till then.
    right: usize,
    /// Right by the voices that learn nothing.
    right_untaught: usize,
    /// Of the last hundred (or all, where there are fewer).
    last: usize,
    right_of_last: usize,
    /// What was wrong, and so taught most.
    corrections: usize,
    /// Milliseconds for one lesson: median and the slowest.
    median_ms: f64,
    slowest_ms: f64,
}

pub(crate) async fn learn(
    config: Config,
    dir: &Path,
    address: &str,
    json: bool,
) -> Result<(), Failure> {
    let gold = gold(dir)?;
    let report = with_engine(config, async |engine| {
        engine.load_encoder().await;
        let bar = bar(Some(gold.len() as u64));
        let (mut right, mut untaught, mut times) = (Vec::new(), 0, Vec::new());
        for gold in &gold {
            let raw = read(&dir.join(&gold.file))?;
            let learnt = engine.learn(&raw, gold.label, address).await?;
            right.push(learnt.before == gold.label);
            untaught += usize::from(learnt.untaught == gold.label);
            times.push(learnt.milliseconds);
            bar.inc(1);
        }
        bar.finish_and_clear();
        times.sort_by(f64::total_cmp);
        let last = &right[right.len().saturating_sub(100)..];
        let count = |list: &[bool]| list.iter().filter(|r| **r).count();
        Ok(Report {
            n: right.len(),
            right: count(&right),
            right_untaught: untaught,
            last: last.len(),
            right_of_last: count(last),
            corrections: right.len() - count(&right),
            median_ms: times.get(times.len() / 2).copied().unwrap_or_default(),
            slowest_ms: times.last().copied().unwrap_or_default(),
        })
    })
    .await?;
    if json {
        return say_json(&report);
    }
    let percent = |n: usize, of: usize| 100.0 * n as f64 / of.max(1) as f64;
    say(&format!(
        "{} messages learned, {} of them corrected. Right before being told: {:.1} %; without learning {:.1} %; of the last {}: {:.1} %",
        report.n,
        report.corrections,
        percent(report.right, report.n),
        percent(report.right_untaught, report.n),
        report.last,
        percent(report.right_of_last, report.last),
    ));
    say(&format!(
        "A lesson takes {:.1} ms (median), {:.1} ms at most",
        report.median_ms, report.slowest_ms
    ));
    Ok(())
}

pub(crate) async fn memory(
    config: Config,
    command: Option<Command>,
    json: bool,
) -> Result<(), Failure> {
    with_engine(config, async |engine| {
        let change = |key: String, change| Request::Teach { key, change };
        let request = match command {
            None | Some(Command::List) => Request::Memory,
            Some(Command::Forget { key }) => change(key, MemoryChange::Forget),
            Some(Command::Recall { key }) => change(key, MemoryChange::Recall),
            Some(Command::Pin { key }) => change(key, MemoryChange::Pin),
            Some(Command::Unpin { key }) => change(key, MemoryChange::Unpin),
            Some(Command::Edit { key, label }) => change(key, MemoryChange::Edit { label }),
            Some(Command::ForgetAll) => change(String::new(), MemoryChange::ForgetAll),
            Some(Command::RecallAll) => change(String::new(), MemoryChange::RecallAll),
            Some(Command::ClearExamples) => Request::SetExamples { examples: Vec::new() },
            Some(Command::AddExample { keyword, folder, label }) => {
                let Answer::Memory(view) = engine.request(Request::Memory).await? else {
                    return Ok(());
                };
                let mut examples = view.examples;
                examples.extend(keyword.map(|keyword| Example::Keyword { keyword, label }));
                examples.extend(
                    folder.map(|folder| Example::Folder { folder: FolderId(folder), label }),
                );
                Request::SetExamples { examples }
            }
        };
        let Answer::Memory(view) = engine.request(request).await? else { return Ok(()) };
        if json {
            return say_json(&view);
        }
        print(&view);
        Ok(())
    })
    .await
}

fn print(view: &MemoryView) {
    if view.learned.is_empty() {
        say("Nothing was learned yet. Correct a label, and mail like it follows.");
    }
    for learned in &view.learned {
        let mark = match (learned.pinned, learned.edited) {
            (true, _) => " (pinned)",
            (false, true) => " (changed by you)",
            (false, false) => "",
        };
        say(&format!("{}\t{}{mark}", learned.key, learned.text));
    }
    for key in &view.forgotten {
        say(&format!("{key}\tforgotten"));
    }
    if view.forgot_all {
        say("Everything told before some time was forgotten. `memory recall-all` brings it back.");
    }
    for example in &view.examples {
        match example {
            Example::Folder { folder, label } => {
                say(&format!("Everything in folder {} serves as an example of {label}", folder.0));
            }
            Example::Keyword { keyword, label } => {
                say(&format!(
                    "Everything with the keyword {keyword} serves as an example of {label}"
                ));
            }
        }
    }
}
