//! Lanes and messages on a terminal.

use crate::{bar, say, say_json, with_engine};
use mailroom_domain::{Label, MessageId};
use mailroom_engine::{Config, Engine, Mode};
use mailroom_wire::{Answer, Code, Failure, MessageView, Request, Row};
use std::path::PathBuf;

pub(crate) async fn import(
    config: Config,
    paths: &[PathBuf],
    address: &str,
) -> Result<(), Failure> {
    with_engine(config, async |engine| {
        for path in paths {
            let bar = bar(None);
            let done = engine.import(path, address, &mut |count| bar.set_position(count)).await?;
            bar.finish_and_clear();
            for problem in &done.problems {
                eprintln!("{problem}");
            }
            say(&format!("{}\t{} new\t{} known", path.display(), done.new, done.known));
        }
        Ok(())
    })
    .await
}

async fn rows(engine: &Engine, lane: Label, limit: usize) -> Result<Vec<Row>, Failure> {
    let (mut rows, mut after) = (Vec::new(), None);
    while rows.len() < limit {
        let portion = u32::try_from((limit - rows.len()).min(200)).unwrap_or(200);
        let Answer::Lane(page) =
            engine.request(Request::Lane { lane, after, limit: portion }).await?
        else {
            break;
        };
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(rows)
}

pub(crate) fn line(row: &Row) -> String {
    let from = if row.from.name.is_empty() { &row.from.address } else { &row.from.name };
    let mark = if row.unsure { "?" } else { " " };
    format!("{:>6}{mark} {:<24.24} {}", row.id.to_string(), from, row.subject)
}

pub(crate) async fn list(
    config: Config,
    lane: Label,
    json: bool,
    limit: usize,
) -> Result<(), Failure> {
    with_engine(config, async |engine| {
        let rows = rows(engine, lane, limit).await?;
        if json {
            return say_json(&rows);
        }
        for row in &rows {
            say(&line(row));
        }
        Ok(())
    })
    .await
}

pub(crate) async fn show(config: Config, id: i64, json: bool) -> Result<(), Failure> {
    with_engine(config, async |engine| {
        let Answer::Message(message) =
            engine.request(Request::Message { id: MessageId(id) }).await?
        else {
            return Err(Failure::new(
                Code::Internal,
                "The engine gave another answer than was asked for.",
            ));
        };
        if json {
            return say_json(&message);
        }
        print(&message);
        Ok(())
    })
    .await
}

fn print(message: &MessageView) {
    let row = &message.row;
    say(&format!("From: {} <{}>", row.from.name, row.from.address));
    say(&format!("Subject: {}", row.subject));
    let sure = if row.unsure { ", not sure" } else { "" };
    say(&format!("Label: {} ({:.0} %{sure})", row.lane, row.confidence * 100.0));
    if let Some(verdict) = &message.verdict {
        for reason in &verdict.why {
            say(&format!("  {:+.2} {}: {}", reason.weight, reason.label, reason.text));
        }
    }
    for attachment in &message.attachments {
        say(&format!("Attachment: {} ({} bytes)", attachment.name, attachment.size));
    }
    say("");
    say(&message.text);
}

pub(crate) async fn label(config: Config, id: i64, label: Label) -> Result<(), Failure> {
    with_engine(config, async |engine| {
        engine.request(Request::Label { ids: vec![MessageId(id)], label }).await.map(|_| ())
    })
    .await
}

pub(crate) async fn undo(config: Config) -> Result<(), Failure> {
    with_engine(config, async |engine| {
        let Answer::Undo { undone, .. } = engine.request(Request::Undo).await? else {
            return Ok(());
        };
        let undone =
            undone.ok_or_else(|| Failure::new(Code::NotFound, "There is nothing to undo."))?;
        say(&format!("{} taken back from {} message(s)", undone.label, undone.rows.len()));
        Ok(())
    })
    .await
}

/// The sample mail in its four lanes, in a folder that is gone afterwards.
pub(crate) async fn demo() -> Result<(), Failure> {
    let folder = tempfile::tempdir().map_err(|e| {
        Failure::new(
            Code::Store,
            format!("No temporary folder could be made ({e}). Free some disk space."),
        )
    })?;
    let mut config = Config::new(folder.path().to_owned(), Mode::Quiet);
    config.keychain = false;
    with_engine(config, async |engine| {
        engine.request(Request::TrySample).await?;
        for lane in Label::ALL {
            let rows = rows(engine, lane, 200).await?;
            say(&format!("{lane} ({})", rows.len()));
            for row in &rows {
                say(&line(row));
            }
            say("");
        }
        Ok(())
    })
    .await
}
