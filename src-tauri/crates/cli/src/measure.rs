//! Labels for files, and how fast they come.

use crate::{bar, say, say_json};
use mailroom_domain::{Label, Probabilities, Reason, VoiceShare};
use mailroom_engine::{Classified, Classifier, Config};
use mailroom_wire::{Code, Failure};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What `classify` prints for a message; see `docs/classify.schema.json`.
#[derive(Serialize)]
struct Line<'a> {
    file: String,
    label: Label,
    probabilities: BTreeMap<&'static str, f32>,
    unsure: bool,
    voices: &'a [VoiceShare],
    why: &'a [Reason],
}

pub(crate) fn by_label(probabilities: &Probabilities) -> BTreeMap<&'static str, f32> {
    Label::ALL.into_iter().map(|label| (label.as_str(), probabilities.of(label))).collect()
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|e| {
        let text = format!(
            "\"{}\" cannot be read ({e}). Check the name and that you may open it.",
            path.display()
        );
        Failure::new(Code::NotFound, text)
    })
}

pub(crate) async fn classify(
    config: Config,
    files: &[PathBuf],
    address: &str,
    json: bool,
    model: bool,
) -> Result<(), Failure> {
    let classifier = Classifier::open(config, model).await?;
    let mut failed = None;
    for file in files {
        let raw = match read(file) {
            Ok(raw) => raw,
            Err(failure) => {
                eprintln!("{failure}");
                failed = Some(failure);
                continue;
            }
        };
        let Classified { verdict, .. } = classifier.classify(&raw, address).await;
        if json {
            say_json(&Line {
                file: file.to_string_lossy().into_owned(),
                label: verdict.label,
                probabilities: by_label(&verdict.probabilities),
                unsure: verdict.unsure,
                voices: &verdict.voices,
                why: &verdict.why,
            })?;
        } else {
            let sure = if verdict.unsure { "?" } else { "" };
            say(&format!("{}{sure}\t{}", verdict.label, file.display()));
        }
    }
    classifier.close().await;
    match failed {
        Some(_) => Err(Failure::new(
            Code::NotFound,
            "Not all files could be read; the others were labelled.",
        )),
        None => Ok(()),
    }
}

#[derive(Serialize)]
struct Speed {
    messages: u64,
    seconds: f64,
    messages_per_second: f64,
}

pub(crate) async fn bench(
    config: Config,
    paths: &[PathBuf],
    json: bool,
    model: bool,
) -> Result<(), Failure> {
    let mut mail: Vec<Vec<u8>> = Vec::new();
    for path in paths {
        collect(path, &mut mail)?;
    }
    if paths.is_empty() {
        mail = mailroom_engine::sample_mail().map(<[u8]>::to_vec).collect();
    }
    if mail.is_empty() {
        return Err(Failure::new(
            Code::NotFound,
            "There is no mail to measure with. Give some .eml files.",
        ));
    }
    let classifier = Classifier::open(config, model).await?;
    // With the model one round is long enough; without it, enough rounds for a steady figure.
    let rounds = if model { 1 } else { (2000 / mail.len()).max(1) };
    let bar = bar(Some((rounds * mail.len()) as u64));
    let start = Instant::now();
    for _ in 0..rounds {
        for raw in &mail {
            classifier.classify(raw, "").await;
            bar.inc(1);
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    bar.finish_and_clear();
    classifier.close().await;
    let messages = (rounds * mail.len()) as u64;
    let speed =
        Speed { messages, seconds, messages_per_second: messages as f64 / seconds.max(1e-9) };
    if json {
        return say_json(&speed);
    }
    say(&format!(
        "{messages} messages in {seconds:.2} s: {:.1} a second, parsing included",
        speed.messages_per_second
    ));
    Ok(())
}

fn collect(path: &Path, mail: &mut Vec<Vec<u8>>) -> Result<(), Failure> {
    if !path.is_dir() {
        mail.push(read(path)?);
        return Ok(());
    }
    let entries = std::fs::read_dir(path).map_err(|e| {
        Failure::new(Code::NotFound, format!("\"{}\" cannot be read ({e}).", path.display()))
    })?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "eml")) {
        mail.push(read(file)?);
    }
    Ok(())
}
