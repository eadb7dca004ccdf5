//! How many messages a second the evidence voice labels on one core, from parsed messages.
//!
//! `cargo run [--release] -p mailroom-triage --example speed`
//!
//! All messages of the corpus, several times; the quickest round counts, since other programs can only slow it down.
//! Where the kernel tells it (Linux), time is the thread's own on the processor, not the clock's on the wall.
//! Also what the parts cost: features without a verdict, the digest for the encoder, and parsing (which is not part
//! of the figure).

use mailroom_domain::MessageContent;
use mailroom_triage::{Input, Triage, training};
use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

/// Times that all messages are gone through.
const ROUNDS: usize = 5;

/// Since some fixed point: how long this thread has run (`/proc`, schedstats.rst), or else the time of day.
fn spent(start: Instant) -> Duration {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse().ok())
        .map_or_else(|| start.elapsed(), Duration::from_nanos)
}

type Read = (MessageContent, Vec<String>);

fn report(what: &str, read: &[Read], mut f: impl FnMut(&Read)) {
    let start = Instant::now();
    let best = (0..ROUNDS)
        .map(|_| {
            let before = spent(start);
            read.iter().for_each(&mut f);
            spent(start) - before
        })
        .min()
        .unwrap_or(Duration::MAX)
        .as_secs_f64();
    println!(
        "{what:<44} {:>8.0} a second, {:>6.1} microseconds each",
        read.len() as f64 / best,
        best * 1e6 / read.len() as f64
    );
}

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let raw: Vec<(Vec<u8>, Vec<String>)> = mailroom_corpus::read(&corpus)?
        .iter()
        .map(|record| (record.message(), mailroom_corpus::own(record)))
        .collect();
    let start = Instant::now();
    let before = spent(start);
    let read: Vec<Read> =
        raw.into_iter().map(|(raw, own)| (mailroom_mail::parse(&raw), own)).collect();
    let parsing = (spent(start) - before).as_secs_f64();
    let triage = Triage::shipped()?;
    let words: usize = read.iter().map(|(c, _)| c.new_text.split_whitespace().count()).sum();
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    println!(
        "{} messages of {} words on average, profile {profile}, one core",
        read.len(),
        words / read.len().max(1)
    );
    report("verdict: features, scores, reasons", &read, |(content, own)| {
        let input = Input { encoder: None, ..Input::of(content, own) };
        black_box(triage.verdict(black_box(&input)));
    });
    report("features alone", &read, |(content, own)| {
        black_box(training::features(black_box(content), own));
    });
    report("digest for the encoder", &read, |(content, own)| {
        black_box(triage.digest(black_box(content), own));
    });
    println!("{:<44} {:>8.0} a second", "parsing, once", read.len() as f64 / parsing);
    Ok(())
}
