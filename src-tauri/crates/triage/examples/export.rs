//! Writes messages as the encoder's trainer wants them: one JSON object a line with digest and labels.
//!
//! `cargo run --release -p mailroom-triage --example export OUT.jsonl [EVAL_DIR]`
//!
//! Without EVAL_DIR the corpus; with it a folder with `labels.jsonl` (file, label, second, lang), whose messages
//! are marked as `eval` and never trained on.

use mailroom_corpus::Labelled;
use mailroom_domain::{HeaderFacts, MessageContent};
use mailroom_triage::{Input, Triage};
use serde_json::json;
use std::error::Error;
use std::io::{BufWriter, Write};
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let out = args.next().ok_or("Usage: export OUT.jsonl [EVAL_DIR]")?;
    let mut out = BufWriter::new(std::fs::File::create(out)?);
    let triage = Triage::shipped()?;
    let evidence = |content: &MessageContent, own: &[String]| {
        let input = Input::of(content, own);
        triage.verdict(&input).probabilities
    };
    if let Some(folder) = args.next() {
        let folder = Path::new(&folder);
        for Labelled { file, label, second, lang } in mailroom_corpus::labelled(folder)? {
            let content = mailroom_mail::parse(&std::fs::read(folder.join(&file))?);
            let line = json!({
                "id": file, "family": "eval", "area": "eval", "split": "eval", "lang": lang,
                "label": label, "second": second, "agreed": true, "text": triage.digest(&content, &[]), "evidence": evidence(&content, &[]),
            });
            writeln!(out, "{line}")?;
        }
        return Ok(());
    }
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for record in mailroom_corpus::read(&corpus)? {
        let content = mailroom_mail::parse(&record.message());
        let (label, second) = record.labels();
        let own = mailroom_corpus::own(&record);
        // Imported archives often don't say whose they are: the trainer sees each message that way as well.
        let unknown = MessageContent {
            headers: HeaderFacts { delivered_to: Vec::new(), ..content.headers.clone() },
            ..content.clone()
        };
        let line = json!({
            "id": record.id(), "family": record.family, "text_unknown": triage.digest(&unknown, &[]), "area": record.area(),
            "split": format!("{:?}", record.split()).to_lowercase(), "lang": record.lang,
            "label": label, "second": second, "agreed": record.agreed(),
            "text": triage.digest(&content, &own), "evidence": evidence(&content, &own),
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}
