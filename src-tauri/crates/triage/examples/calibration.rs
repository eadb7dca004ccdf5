//! Writes the mail on which a newly added language model is weighed.
//!
//! `cargo run --release -p mailroom-triage --example calibration [FILE]`
//!
//! From the corpus's split `calibration`, which no voice was trained on: as many messages of each label and language as
//! there are, up to a few, whose label both readers gave without a second. Deterministic.

use mailroom_corpus::Split;
use mailroom_domain::{Label, MessageContent};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::path::Path;

/// Messages of each label in each language; English gets twice as many.
const EACH: usize = 4;
/// Characters of text: more than a sheet holds.
const TEXT: usize = 1600;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = std::env::args()
        .nth(1)
        .map_or_else(|| folder.join("weights/calibration.jsonl"), Into::into);
    let mut taken: BTreeMap<(String, Label), usize> = BTreeMap::new();
    let mut families: BTreeMap<(&str, Label), usize> = BTreeMap::new();
    let (mut out, mut count) = (String::new(), 0);
    let records = mailroom_corpus::read(&folder.join("corpus"))?;
    for record in records.iter().filter(|r| r.split() == Split::Calibration) {
        let (label, second) = record.labels();
        let most = if record.lang == "en" { 2 * EACH } else { EACH };
        let taken = taken.entry((record.lang.clone(), label)).or_default();
        let of_family = families.entry((&record.family, label)).or_default();
        // No family alone: its author's habits are no kind of mail.
        if second.is_some() || *taken == most || *of_family == 3 {
            continue;
        }
        *taken += 1;
        *of_family += 1;
        count += 1;
        let content = mailroom_mail::parse(&record.message());
        let cut =
            |text: &str| text.get(..text.floor_char_boundary(TEXT)).unwrap_or_default().to_owned();
        let content = MessageContent {
            text: cut(&content.text),
            new_text: cut(&content.new_text),
            html: None,
            ..content
        };
        writeln!(
            out,
            "{}",
            serde_json::json!({ "label": label, "lang": record.lang, "content": content })
        )?;
    }
    std::fs::write(&target, out)?;
    println!("wrote {}: {count} messages", target.display());
    Ok(())
}
