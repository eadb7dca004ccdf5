//! The language model's engine against llama.cpp, on random weights in the exact shape of Llama 3.2 1B, in one
//! run: ratios, not wall times, are what counts.
//!
//! `bench-engine PYTHON MODEL.gguf [RUNS]`; `make bench-engine` prepares both. PYTHON has llama-cpp-python.

use mailroom_domain::{Sheet, SheetQuestion};
use mailroom_llm::{Llm, LlmConfig, LlmState, Priority, child_main, import};
use serde::Deserialize;
use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// Tokens of the shipped sheet with 150 tokens of mail, in Llama 3.2's own vocabulary.
const SHEET: usize = 250;
/// Questions of the shipped sheet.
const QUESTIONS: usize = 8;

#[derive(Deserialize)]
struct Peer {
    load: f64,
    prefill: f64,
    usual: f64,
    peak: u64,
}

/// A sheet of exactly so many tokens: nothing in the file's vocabulary joins these characters.
fn sheet(tokens: usize, questions: usize, seed: usize) -> Sheet {
    // The mark of the beginning, two line ends, three line ends; a colon, a space, a question mark, a line end.
    let around = 1 + 2 + 3 + 4 * questions;
    let digits = (0..tokens * 2)
        .map(|n| char::from(b'0' + ((n * 7 + seed * 13 + n * n) % 10) as u8))
        .collect();
    let question = SheetQuestion {
        line: ":".into(),
        filler: " ?".into(),
        words: vec![" yes".into(), " no".into()],
    };
    Sheet {
        instruction: String::new(),
        mail: digits,
        mail_tokens: tokens - around,
        fence: String::new(),
        form: String::new(),
        questions: vec![question; questions],
    }
}

fn peak_of_child() -> u64 {
    let own = std::process::id();
    let Ok(processes) = std::fs::read_dir("/proc") else { return 0 };
    processes
        .flatten()
        .filter_map(|entry| std::fs::read_to_string(entry.path().join("status")).ok())
        .filter(|status| status.lines().any(|l| l == format!("PPid:\t{own}")))
        .filter_map(|status| {
            let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
            line.trim().trim_end_matches(" kB").parse::<u64>().ok()
        })
        .max()
        .unwrap_or(0)
        * 1024
}

async fn median(
    llm: &Llm,
    runs: usize,
    tokens: usize,
    questions: usize,
) -> Result<f64, Box<dyn Error>> {
    let mut times = Vec::new();
    for run in 0..=runs {
        let sheet = sheet(tokens, questions, run);
        let start = Instant::now();
        llm.score(format!("{tokens} {run}"), sheet, Priority::New)
            .await
            .map_err(|e| format!("{e:?}"))?;
        times.push(start.elapsed().as_secs_f64());
    }
    // The first pass packs the weights.
    times.remove(0);
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

async fn run(python: &str, file: &Path, runs: usize) -> Result<(), Box<dyn Error>> {
    let words = vec![" yes".to_owned(), " no".to_owned()];
    let config = LlmConfig { words, ..LlmConfig::this_program()? };
    let threads = config.threads;
    let peer = Command::new(python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/peer.py"))
        .args([file.as_os_str(), threads.to_string().as_ref(), runs.to_string().as_ref()])
        .stderr(std::process::Stdio::inherit())
        .output()?;
    if !peer.status.success() {
        return Err("llama.cpp did not run; its words stand above".into());
    }
    let peer: Peer = serde_json::from_slice(&peer.stdout)?;

    let folder = tempfile::tempdir_in(file.parent().unwrap_or(Path::new(".")))?;
    let start = Instant::now();
    let model = import(file, folder.path(), None, &mut |_| ControlFlow::Continue(()))?;
    let imported = start.elapsed().as_secs_f64();
    let llm = Llm::spawn(config);
    let start = Instant::now();
    llm.load(model).await;
    let mut state = llm.state();
    let loaded = state.wait_for(|s| matches!(s, LlmState::Ready { .. } | LlmState::Failed { .. }));
    let loaded = tokio::time::timeout(Duration::from_secs(600), loaded).await??.clone();
    let LlmState::Ready { .. } = loaded else { return Err(format!("{loaded:?}").into()) };
    let load = start.elapsed().as_secs_f64();
    let prefill = median(&llm, runs, 275, 1).await?;
    let label = median(&llm, runs, SHEET, QUESTIONS).await?;
    let peak = peak_of_child();
    llm.shutdown().await;

    let gigabytes = |bytes: u64| bytes as f64 / (1u64 << 30) as f64;
    println!(
        "{threads} threads, median of {runs}                       Mailroom   llama.cpp   ratio"
    );
    println!(
        "prefill of 275 tokens, tokens a second       {:>8.1}   {:>9.1}   {:.2}",
        275.0 / prefill,
        275.0 / peer.prefill,
        peer.prefill / prefill
    );
    println!(
        "one label, seconds (sheet / usual way)       {label:>8.2}   {:>9.2}   {:.2}",
        peer.usual,
        peer.usual / label
    );
    println!(
        "load, seconds (after an import of {imported:.1})     {load:>8.1}   {:>9.1}   {:.2}",
        peer.load,
        peer.load / load
    );
    println!(
        "peak memory, GiB                             {:>8.2}   {:>9.2}   {:.2}",
        gigabytes(peak),
        gigabytes(peer.peak),
        peer.peak as f64 / peak as f64
    );
    Ok(())
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    // The engine runs in a process of its own, which is this program again.
    if args.iter().any(|a| a == "--llm-engine") {
        return child_main();
    }
    let (python, file, runs) = match args.as_slice() {
        [python, file] => (python, file, 5),
        [python, file, runs] => (python, file, runs.parse().unwrap_or(5)),
        _ => {
            eprintln!("Usage: bench-engine PYTHON MODEL.gguf [RUNS]");
            return ExitCode::from(2);
        }
    };
    let done = tokio::runtime::Runtime::new()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(run(python, Path::new(file), runs)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
