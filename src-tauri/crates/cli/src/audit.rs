//! "How well does it sort my mail?", on the command line.

use crate::{say, say_json, with_engine};
use clap::Subcommand;
use mailroom_domain::Label;
use mailroom_engine::Config;
use mailroom_wire::{Answer, AuditView, Failure, Request};

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Shows what was found so far and what waits to be judged (the default).
    Show,
    /// Draws messages at random, more of them where labels are doubtful.
    Draw {
        /// How many.
        #[arg(default_value_t = 20)]
        count: u64,
    },
    /// Says what a drawn message is. It teaches as any label does.
    Answer {
        /// The number that `audit` prints.
        id: i64,
        /// urgent, task, needs-human or notification.
        label: Label,
    },
    /// Forgets what was drawn and not judged.
    End,
}

pub(crate) async fn run(
    config: Config,
    command: Option<Command>,
    json: bool,
) -> Result<(), Failure> {
    with_engine(config, async |engine| {
        let request = match command {
            None | Some(Command::Show) => Request::Audit,
            Some(Command::Draw { count }) => Request::DrawAudit { count },
            Some(Command::Answer { id, label }) => Request::AnswerAudit { id, label },
            Some(Command::End) => Request::EndAudit,
        };
        let Answer::Audit(view) = engine.request(request).await? else { return Ok(()) };
        if json {
            return say_json(&view);
        }
        print(&view);
        Ok(())
    })
    .await
}

fn print(view: &AuditView) {
    match (view.share, view.low, view.high) {
        (Some(share), Some(low), Some(high)) => say(&format!(
            "In the right lane: {:.0} % of your mail, between {:.0} and {:.0} % (95 % interval, {} messages judged)",
            share * 100.0,
            low * 100.0,
            high * 100.0,
            view.judged
        )),
        _ => {
            say("Nothing was judged yet. `audit draw` draws messages, `audit answer` judges them.")
        }
    }
    for item in &view.open {
        say(&format!(
            "{}\t{}\t{}\t{}",
            item.id, item.shown, item.row.from.address, item.row.subject
        ));
    }
}
