//! Writes the list of words that many messages hold, which memory takes no lesson from.
//!
//! `cargo run --release -p mailroom-triage --example words [FILE]`
//!
//! From the corpus's split `train`: sorted 32-bit hashes, little-endian, in `weights/common.bin`. Deterministic.

use mailroom_corpus::Split;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;

/// Messages that a word must stand in, and families: the names of one family's people are no common words.
const MESSAGES: usize = 6;
const FAMILIES: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target =
        std::env::args().nth(1).map_or_else(|| folder.join("weights/common.bin"), Into::into);
    let records = mailroom_corpus::read(&folder.join("corpus"))?;
    let mut seen: BTreeMap<u64, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for record in records.iter().filter(|r| r.split() == Split::Train) {
        let content = mailroom_mail::parse(&record.message());
        for word in mailroom_triage::training::words(&content) {
            let (messages, families) = seen.entry(word).or_default();
            *messages += 1;
            families.insert(&record.family);
        }
    }
    let common: BTreeSet<u32> = seen
        .iter()
        .filter(|(_, (messages, families))| *messages >= MESSAGES && families.len() >= FAMILIES)
        .map(|(hash, _)| *hash as u32)
        .collect();
    std::fs::write(&target, common.iter().flat_map(|h| h.to_le_bytes()).collect::<Vec<u8>>())?;
    println!("wrote {}: {} common of {} words", target.display(), common.len(), seen.len());
    Ok(())
}
