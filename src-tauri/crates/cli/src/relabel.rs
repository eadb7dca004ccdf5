//! Relabelling stored mail from a terminal.
//!
//! Beside a running Mailroom this only steers and watches: the other one does the work. Ctrl-C leaves a job that
//! `relabel resume` takes up.

use crate::{account, lanes, say, say_json, with_engine};
use clap::Subcommand;
use mailroom_domain::{Label, RelabelId, UnixSeconds};
use mailroom_engine::{Config, Engine, Mode};
use mailroom_wire::{
    Answer, Code, Failure, RelabelCommand, RelabelDiff, RelabelOptions, RelabelScope, RelabelState,
    RelabelStatus, Request,
};
use serde::Serialize;
use std::time::Duration;
use time::{Date, Month, Time};

/// How often progress is looked at.
const LOOK: Duration = Duration::from_millis(250);

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// Only this account: its number or address.
    #[arg(long)]
    account: Option<String>,
    /// Only folders of this name.
    #[arg(long)]
    folder: Option<String>,
    /// Only this lane: urgent, task, needs-human or notification.
    #[arg(long)]
    label: Option<Label>,
    /// Only received in this year, month or day or later: 2019, 2019-05 or 2019-05-31 (UTC).
    #[arg(long, value_name = "DATE", value_parser = first_second)]
    since: Option<UnixSeconds>,
    /// Only received in this year, month or day or earlier.
    #[arg(long, value_name = "DATE", value_parser = second_after)]
    until: Option<UnixSeconds>,
    /// Only messages that the voices were not sure of.
    #[arg(long)]
    unsure: bool,
    /// Only messages that were labelled by other voices, or other versions of them, than there are now.
    #[arg(long)]
    changed_voices: bool,
    /// Also messages that a rule decided, for when rules have changed.
    #[arg(long)]
    ruled: bool,
    /// Asks every voice about every message, the language model included.
    #[arg(long)]
    model_for_all: bool,
    /// Only puts mail to your rules; what the voices said stays.
    #[arg(long)]
    rules_only: bool,
    /// Reads near-duplicates one by one.
    #[arg(long)]
    no_duplicates: bool,
    /// Goes on when the computer runs on its battery.
    #[arg(long)]
    on_battery: bool,
    /// Goes on when other programs keep the computer busy.
    #[arg(long)]
    when_busy: bool,
    /// Applies what was found at once.
    #[arg(long, conflicts_with = "dry_run")]
    apply: bool,
    /// Shows what would change, and forgets it.
    #[arg(long)]
    dry_run: bool,
    /// Examples of each change.
    #[arg(long, default_value_t = 3, value_name = "N")]
    examples: u32,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Action {
    /// Shows how the last one stands, and what it changes.
    Status {
        /// Another one than the last.
        job: Option<i64>,
        /// Examples of each change.
        #[arg(long, default_value_t = 3, value_name = "N")]
        examples: u32,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Stops for now.
    Pause,
    /// Goes on, and waits for it to be done.
    Resume {
        /// From now on, also on the battery.
        #[arg(long)]
        on_battery: bool,
        /// From now on, also when other programs keep the computer busy.
        #[arg(long)]
        when_busy: bool,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Ends it. Nothing has changed in the lanes.
    Cancel,
    /// Applies what was found.
    Apply {
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Ends it, done, without applying it.
    Discard,
    /// Takes back what was applied. What you corrected since stays.
    Undo {
        /// Another one than the last.
        job: Option<i64>,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// What `--json` prints: the wire's `RelabelStatus` and `RelabelDiff`.
#[derive(Serialize)]
struct Report {
    status: RelabelStatus,
    diff: RelabelDiff,
}

/// Puts all mail to the rules.
pub(crate) async fn run_rules(
    json: bool,
    config: &impl Fn(Mode) -> Result<Config, Failure>,
) -> Result<(), Failure> {
    let args = Args {
        action: None,
        account: None,
        folder: None,
        label: None,
        since: None,
        until: None,
        unsure: false,
        changed_voices: false,
        ruled: true,
        model_for_all: false,
        rules_only: true,
        no_duplicates: true,
        on_battery: true,
        when_busy: true,
        apply: false,
        dry_run: false,
        examples: 3,
        json,
    };
    start(args, config).await
}

pub(crate) async fn run(
    args: Args,
    config: &impl Fn(Mode) -> Result<Config, Failure>,
) -> Result<(), Failure> {
    let Some(action) = args.action else { return start(args, config).await };
    match action {
        Action::Status { job, examples, json } => {
            with_engine(config(Mode::Quiet)?, async |engine| {
                let command = RelabelCommand::Status { job: job.map(RelabelId) };
                let status = command_of(engine, command).await?;
                report(engine, status, examples, json).await
            })
            .await
        }
        Action::Pause => steer(config, RelabelCommand::Pause).await,
        Action::Cancel => steer(config, RelabelCommand::Cancel).await,
        Action::Discard => steer(config, RelabelCommand::Discard).await,
        Action::Resume { on_battery, when_busy, json } => {
            let on = |given: bool| given.then_some(true);
            let command =
                RelabelCommand::Resume { on_battery: on(on_battery), when_busy: on(when_busy) };
            work(config, async |engine, works| {
                let status = command_of(engine, command).await?;
                let status = follow(engine, status, works).await?;
                report(engine, status, 3, json).await
            })
            .await
        }
        Action::Apply { json } => {
            work(config, async |engine, works| {
                let status = command_of(engine, RelabelCommand::Apply).await?;
                let status = follow(engine, status, works).await?;
                report(engine, status, 0, json).await
            })
            .await
        }
        Action::Undo { job, json } => {
            work(config, async |engine, works| {
                let command = RelabelCommand::Undo { job: job.map(RelabelId) };
                let status = command_of(engine, command).await?;
                let status = follow(engine, status, works).await?;
                report(engine, status, 0, json).await
            })
            .await
        }
    }
}

async fn start(
    args: Args,
    config: &impl Fn(Mode) -> Result<Config, Failure>,
) -> Result<(), Failure> {
    work(config, async |engine, works| {
        let account = match &args.account {
            None => None,
            Some(named) => Some(account::named(engine, named).await?),
        };
        let scope = RelabelScope {
            account,
            folder: args.folder.clone(),
            since: args.since,
            until: args.until,
            lane: args.label,
            unsure: args.unsure,
            changed_voices: args.changed_voices,
            ids: None,
            ruled: args.ruled,
        };
        let options = RelabelOptions {
            model_for_all: args.model_for_all,
            rules_only: args.rules_only,
            fold_duplicates: !args.no_duplicates,
            on_battery: args.on_battery,
            when_busy: args.when_busy,
        };
        let status = command_of(engine, RelabelCommand::Start { scope, options }).await?;
        let mut status = follow(engine, status, works).await?;
        if status.state != RelabelState::Ready {
            return report(engine, status, args.examples, args.json).await;
        }
        // Before it is applied, while there are examples.
        let shown = diff(engine, status.job, args.examples).await?;
        if args.dry_run || status.total == 0 {
            status = command_of(engine, RelabelCommand::Discard).await?;
        } else if args.apply {
            let applying = command_of(engine, RelabelCommand::Apply).await?;
            status = follow(engine, applying, works).await?;
        }
        print(status, shown, args.json)
    })
    .await
}

/// On an engine that works, or beside one that does.
async fn work(
    config: &impl Fn(Mode) -> Result<Config, Failure>,
    work: impl AsyncFnOnce(&Engine, bool) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let (engine, works) = match Engine::start(config(Mode::Full)?).await {
        Ok(engine) => (engine, true),
        Err(failure) if failure.code == Code::Busy => {
            (Engine::start(config(Mode::Quiet)?).await?, false)
        }
        Err(failure) => return Err(failure),
    };
    let done = work(&engine, works).await;
    engine.stop().await;
    done
}

async fn steer(
    config: &impl Fn(Mode) -> Result<Config, Failure>,
    command: RelabelCommand,
) -> Result<(), Failure> {
    with_engine(config(Mode::Quiet)?, async |engine| {
        let status = command_of(engine, command).await?;
        say(&format!("Relabelling {}: {}", status.job, name(status.state)));
        Ok(())
    })
    .await
}

async fn command_of(engine: &Engine, command: RelabelCommand) -> Result<RelabelStatus, Failure> {
    match engine.request(Request::Relabel { command }).await? {
        Answer::Relabel { status: Some(status) } => Ok(*status),
        _ => Err(Failure::new(
            Code::NotFound,
            "There is no relabelling yet. Start one with `mailroom-cli relabel`.",
        )),
    }
}

async fn diff(engine: &Engine, job: RelabelId, examples: u32) -> Result<RelabelDiff, Failure> {
    match engine.request(Request::RelabelDiff { job: Some(job), examples }).await? {
        Answer::RelabelDiff(diff) => Ok(diff),
        _ => {
            Err(Failure::new(Code::Internal, "The engine gave another answer than was asked for."))
        }
    }
}

/// Shows progress until nobody works on it any more. Ctrl-C pauses a job that this process works on.
async fn follow(
    engine: &Engine,
    mut status: RelabelStatus,
    works: bool,
) -> Result<RelabelStatus, Failure> {
    let job = status.job;
    let bar = crate::bar(Some(status.total));
    if let Ok(style) = indicatif::ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    let mut told = None;
    while matches!(
        status.state,
        RelabelState::Running | RelabelState::Applying | RelabelState::Undoing
    ) {
        bar.set_length(status.total);
        bar.set_position(match status.state {
            RelabelState::Applying => status.applied,
            _ => status.done,
        });
        bar.set_message(progress(&status));
        // Off a terminal there is no bar, and why it waits has to be known all the same.
        if bar.is_hidden() && status.hold != told {
            told.clone_from(&status.hold);
            if let Some(hold) = &status.hold {
                eprintln!("{hold}");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = &mut interrupted => {
                bar.abandon();
                if works && status.state == RelabelState::Running {
                    status = command_of(engine, RelabelCommand::Pause).await?;
                    eprintln!("Paused. Go on with `mailroom-cli relabel resume`.");
                }
                return Ok(status);
            }
        }
        status = command_of(engine, RelabelCommand::Status { job: Some(job) }).await?;
    }
    bar.finish_and_clear();
    Ok(status)
}

fn progress(status: &RelabelStatus) -> String {
    if let Some(hold) = &status.hold {
        return hold.to_string();
    }
    match status.state {
        RelabelState::Applying => return "being applied".into(),
        RelabelState::Undoing => return "being taken back".into(),
        _ => {}
    }
    let mut words = Vec::new();
    if let Some(rate) = status.rate {
        let voice = if status.waiting.evidence > 0 {
            "the evidence"
        } else if status.waiting.encoder > 0 {
            "the encoder"
        } else {
            "the language model"
        };
        words.push(format!("{rate:.1} a second by {voice}"));
    }
    words.extend(status.seconds_left.map(|seconds| format!("{} left", span(seconds))));
    words.join(", ")
}

fn span(seconds: u64) -> String {
    match seconds {
        0..100 => format!("{seconds} s"),
        100..6_000 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

fn name(state: RelabelState) -> String {
    serde_json::to_value(state)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

async fn report(
    engine: &Engine,
    status: RelabelStatus,
    examples: u32,
    json: bool,
) -> Result<(), Failure> {
    let shown = diff(engine, status.job, examples).await?;
    print(status, shown, json)
}

fn print(status: RelabelStatus, diff: RelabelDiff, json: bool) -> Result<(), Failure> {
    if json {
        return say_json(&Report { status, diff });
    }
    say(&format!("Relabelling {}: {}", status.job, name(status.state)));
    if let Some(hold) = &status.hold {
        say(&hold.to_string());
    }
    say(&format!("{} of {} messages have a verdict", status.done, status.total));
    for share in &status.shares {
        say(&format!("  {:>8} settled by {}", share.messages, share.voice.as_str()));
    }
    let left = &status.left;
    for (count, what) in [
        (status.duplicates, "near-duplicates took another one's"),
        (left.corrected, "left alone: you have corrected them"),
        (left.ruled, "left alone: a rule decided"),
        (left.rejudged, "left alone: judged anew meanwhile"),
        (left.unreadable, "left alone: they cannot be read"),
    ] {
        if count > 0 {
            say(&format!("  {count:>8} {what}"));
        }
    }
    for each in &diff.moves {
        say(&format!("{} -> {}: {}", each.from, each.to, each.count));
        for row in &each.examples {
            say(&format!("  {}", lanes::line(row)));
        }
    }
    say(&format!("{} stay in their lane", diff.unchanged));
    for note in &status.notes {
        say(note);
    }
    match status.state {
        RelabelState::Ready => say(
            "Nothing has changed yet. `mailroom-cli relabel apply` applies it, `relabel discard` forgets it.",
        ),
        RelabelState::Paused => say("`mailroom-cli relabel resume` goes on with it."),
        RelabelState::Applied => say("`mailroom-cli relabel undo` takes it back."),
        _ => {}
    }
    Ok(())
}

/// The first second of a year, month or day, and the second after its last one.
fn seconds(text: &str) -> Result<(UnixSeconds, UnixSeconds), String> {
    let wrong = || format!("\"{text}\" is no date. Give it as 2019, 2019-05 or 2019-05-31.");
    let parts: Vec<&str> = text.split('-').collect();
    let number = |part: &str| part.parse::<u16>().map_err(|_| wrong());
    let month = |part: &str| {
        u8::try_from(number(part)?).ok().and_then(|n| Month::try_from(n).ok()).ok_or_else(wrong)
    };
    let date = |year: u16, month: Month, day: u16| {
        u8::try_from(day)
            .ok()
            .and_then(|day| Date::from_calendar_date(i32::from(year), month, day).ok())
            .ok_or_else(wrong)
    };
    let next_month = |year: u16, month: Month| {
        let year = if month == Month::December { year + 1 } else { year };
        date(year, month.next(), 1)
    };
    let (first, after) = match parts.as_slice() {
        [year] => {
            let year = number(year)?;
            (date(year, Month::January, 1)?, next_month(year, Month::December)?)
        }
        [year, of] => {
            let (year, of) = (number(year)?, month(of)?);
            (date(year, of, 1)?, next_month(year, of)?)
        }
        [year, of, day] => {
            let day = date(number(year)?, month(of)?, number(day)?)?;
            (day, day.next_day().ok_or_else(wrong)?)
        }
        _ => return Err(wrong()),
    };
    let at = |date: Date| date.with_time(Time::MIDNIGHT).assume_utc().unix_timestamp();
    Ok((at(first), at(after)))
}

fn first_second(text: &str) -> Result<UnixSeconds, String> {
    seconds(text).map(|(first, _)| first)
}

fn second_after(text: &str) -> Result<UnixSeconds, String> {
    seconds(text).map(|(_, after)| after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_a_month_and_a_day_begin_and_end() {
        assert_eq!(seconds("1970"), Ok((0, 365 * 86_400)));
        assert_eq!(seconds("2024-02"), Ok((1_706_745_600, 1_709_251_200)));
        assert_eq!(seconds("2023-12-31"), Ok((1_703_980_800, 1_704_067_200)));
        for wrong in ["", "May", "2019-13", "2019-02-30", "2019-1-1-1", "99999", "-5"] {
            assert!(seconds(wrong).expect_err("no date").contains("2019-05-31"), "{wrong}");
        }
    }
}
