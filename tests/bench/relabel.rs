//! Relabelling an archive: how quickly each voice of the cascade reads, what goes to which, and what the cascade gives
//! up against asking the encoder about every message.
//!
//! `bench-relabel [MESSAGES [ENCODER.gguf]]`, 100,000 by default. The evidence reads distinct messages, made of the
//! corpus by a line that none has in common; near-duplicates are not folded. The encoder reads messages of the corpus
//! that nothing was trained on. Everything goes through the engine, as `mailroom-cli relabel` does. Each rate is given
//! by the clock and by the time that the cores spent, which tells more where the machine has other work.

use mailroom_corpus::{Record, Split};
use mailroom_domain::{FlagSet, FolderRole, Label, MessageContent, MessageId, Voice};
use mailroom_engine::{Config, Engine, Mode};
use mailroom_store::{AccountKind, Filter, NewMessage, Store};
use mailroom_triage::{Input, Triage};
use mailroom_wire::{
    Answer, RelabelCommand, RelabelOptions, RelabelScope, RelabelState, RelabelStatus, Request,
};
use std::collections::HashMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Messages that are stored in one transaction.
const PORTION: usize = 500;
/// Times that the evidence alone is measured; medians are reported.
const ROUNDS: usize = 5;
/// What the archive of the extrapolation holds.
const ARCHIVE: f64 = 100_000.0;

fn distinct(record: &Record, n: usize) -> Vec<u8> {
    const WORDS: [&str; 16] = [
        "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "juniper",
        "knoll", "lagoon", "meadow", "north", "orchard", "pine",
    ];
    let mut raw = record.message();
    let words: Vec<&str> = (0..5).map(|k| WORDS[n >> (4 * k) & 15]).collect();
    raw.extend_from_slice(format!("\r\n{}\r\n", words.join(" ")).as_bytes());
    raw
}

async fn fill(folder: &Path, mail: impl Iterator<Item = Vec<u8>>) -> Outcome<Vec<MessageId>> {
    let store = Store::open(folder).await?;
    let triage = Triage::shipped()?;
    let account =
        store.add_account(&AccountKind::Local { address: "reader@home.example".into() }).await?;
    let (inbox, _) = store.folder(account, "bench", "Bench", FolderRole::Inbox).await?;
    let mut mail = mail.peekable();
    let mut ids = Vec::new();
    while mail.peek().is_some() {
        let portion = mail
            .by_ref()
            .take(PORTION)
            .map(|raw| {
                let content = mailroom_mail::parse(&raw);
                let mut verdict = triage.verdict(&input(&content));
                // Of another version, or there would be nothing to record.
                verdict.voices.iter_mut().for_each(|share| share.version = "former".into());
                NewMessage {
                    uid: None,
                    flags: FlagSet::default(),
                    internal_date: content.headers.date,
                    size: raw.len() as u64,
                    verdict: Some(verdict),
                    raw,
                    content,
                    parser: 1,
                }
            })
            .collect();
        ids.extend(store.import(inbox, portion, 0).await?.into_iter().map(|kept| kept.id));
    }
    // What reads new mail in the background would be measured as well.
    loop {
        let queue = store.encoder_queue(1000).await?;
        if queue.is_empty() {
            break;
        }
        let none: Vec<_> = queue.into_iter().map(|(body, _)| (body, None)).collect();
        store.keep_encoded("", &none).await?;
    }
    store.close().await;
    ids.dedup();
    Ok(ids)
}

fn input(content: &MessageContent) -> Input<'_> {
    Input::of(content, &[])
}

fn config(folder: &Path, encoder: Option<PathBuf>) -> Config {
    let mut config = Config::new(folder.to_owned(), Mode::Full);
    (config.keychain, config.llm, config.encoder) = (false, None, encoder);
    config
}

async fn command(engine: &Engine, command: RelabelCommand) -> Outcome<RelabelStatus> {
    match engine.request(Request::Relabel { command }).await? {
        Answer::Relabel { status: Some(status) } => Ok(*status),
        _ => Err("no relabelling".into()),
    }
}

/// Until nobody works on it any more; at what rate, too.
async fn finished(engine: &Engine, start: &Watch) -> Outcome<(RelabelStatus, Rate)> {
    loop {
        let status = command(engine, RelabelCommand::Status { job: None }).await?;
        if !matches!(
            status.state,
            RelabelState::Running | RelabelState::Applying | RelabelState::Undoing
        ) {
            let rate = start.rate(status.total as f64);
            return Ok((status, rate));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn relabel(engine: &Engine, for_all: bool) -> Outcome<(RelabelStatus, Rate)> {
    let options = RelabelOptions {
        rules_only: false,
        model_for_all: for_all,
        fold_duplicates: false,
        on_battery: true,
        when_busy: true,
    };
    let start = Watch::start();
    command(engine, RelabelCommand::Start { scope: RelabelScope::default(), options }).await?;
    finished(engine, &start).await
}

fn settled(status: &RelabelStatus, voice: Voice) -> u64 {
    status.shares.iter().find(|share| share.voice == voice).map_or(0, |share| share.messages)
}

/// Each by itself.
fn median(rates: &[Rate]) -> Rate {
    let middle = |of: fn(&Rate) -> f64| {
        let mut all: Vec<f64> = rates.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or_default()
    };
    Rate { clock: middle(|r| r.clock), core: middle(|r| r.core) }
}

/// Messages a second on that many threads.
fn rate<T: Sync>(all: &[T], threads: usize, work: impl Fn(&T) + Sync) -> Rate {
    let start = Watch::start();
    std::thread::scope(|scope| {
        for part in all.chunks(all.len().div_ceil(threads).max(1)) {
            scope.spawn(|| part.iter().for_each(&work));
        }
    });
    start.rate(all.len() as f64)
}

/// Messages a second, by the clock and by the time that cores spent on them.
#[derive(Clone, Copy)]
struct Rate {
    clock: f64,
    core: f64,
}

/// Measures from here on.
struct Watch {
    clock: Instant,
    spent: f64,
}

impl Watch {
    fn start() -> Watch {
        Watch { clock: Instant::now(), spent: spent() }
    }

    fn rate(&self, messages: f64) -> Rate {
        Rate {
            clock: messages / self.clock.elapsed().as_secs_f64(),
            core: messages / (spent() - self.spent).max(0.01),
        }
    }
}

/// Seconds that all threads of this process have spent, in hundredths (proc(5), `utime` and `stime`); 0 if not known.
fn spent() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn tell(what: &str, rate: Rate) {
    println!("{what:<58} {:>9.0} {:>9.0}", rate.clock, rate.core);
}

/// The most memory that this process has had, in MiB (proc(5)).
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib / 1024)
}

async fn evidence(count: usize, records: &[Record], folder: &Path) -> Outcome<Rate> {
    let start = Watch::start();
    let mail = (0..count).map(|n| distinct(&records[n % records.len()], n));
    let ids = fill(folder, mail).await?;
    println!("messages a second                                        by clock   by core");
    tell("parsing and storing distinct messages", start.rate(ids.len() as f64));

    // The parts, for a sample.
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let store = Store::open(folder).await?;
    let sample: Vec<MessageId> = ids.iter().copied().step_by((count / 2000).max(1)).collect();
    let contents: Vec<MessageContent> =
        store.contents(&sample).await?.into_iter().map(|(_, content)| content).collect();
    let triage = Triage::shipped()?;
    let judge = |content: &MessageContent| drop(triage.verdict(&input(content)));
    for threads in [1, threads] {
        let rates: Vec<Rate> = (0..ROUNDS).map(|_| rate(&contents, threads, judge)).collect();
        tell(&format!("evidence from parsed text, threads: {threads}"), median(&rates));
    }
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let start = Watch::start();
        store.contents(&sample).await?;
        rates.push(start.rate(sample.len() as f64));
    }
    tell("reading and unpacking, threads: 1", median(&rates));
    store.close().await;

    let engine = Engine::start(config(folder, None)).await?;
    let mut rates = Vec::new();
    for round in 0..3 {
        rates.push(relabel(&engine, false).await?.1);
        if round < 2 {
            command(&engine, RelabelCommand::Discard).await?;
        }
    }
    let rate = median(&rates);
    tell("evidence's stage: snapshot, reading, judging, writing", rate);
    let start = Watch::start();
    command(&engine, RelabelCommand::Apply).await?;
    tell("applying", finished(&engine, &start).await?.1);
    let start = Watch::start();
    command(&engine, RelabelCommand::Undo { job: None }).await?;
    tell("taking back", finished(&engine, &start).await?.1);
    engine.stop().await;
    if let Some(peak) = peak() {
        println!("peak memory without the encoder, MiB: {peak}");
    }
    Ok(rate)
}

async fn lanes(folder: &Path) -> Outcome<HashMap<MessageId, Label>> {
    let store = Store::open(folder).await?;
    let mut lanes = HashMap::new();
    for label in Label::ALL {
        let mut after = None;
        loop {
            let page = store.page(&Filter::lane(label), after, 200).await?;
            lanes.extend(page.rows.iter().map(|row| (row.id, row.lane)));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    store.close().await;
    Ok(lanes)
}

/// Applies the job at hand, and gives the lanes that come of it.
async fn applied(engine: &Engine, folder: &Path) -> Outcome<HashMap<MessageId, Label>> {
    command(engine, RelabelCommand::Apply).await?;
    finished(engine, &Watch::start()).await?;
    let lanes = lanes(folder).await?;
    command(engine, RelabelCommand::Undo { job: None }).await?;
    finished(engine, &Watch::start()).await?;
    Ok(lanes)
}

async fn encoder(records: &[Record], file: PathBuf, folder: &Path, evidence: Rate) -> Outcome<()> {
    let mail = records.iter().filter(|r| r.split() != Split::Train).map(Record::message);
    let ids = fill(folder, mail).await?;
    let engine = Engine::start(config(folder, Some(file))).await?;
    let (status, all) = relabel(&engine, false).await?;
    let (read, total) = (settled(&status, Voice::Encoder), status.total.max(1) as f64);
    let share = read as f64 / total;
    // What is left when the evidence's part of it, a second or so, is taken away.
    let alone = |all: f64, evidence: f64| read as f64 / (total / all - total / evidence).max(1e-6);
    let rate =
        Rate { clock: alone(all.clock, evidence.clock), core: alone(all.core, evidence.core) };
    println!("encoder, messages a second: {:.1} by clock, {:.1} by core", rate.clock, rate.core);
    println!(
        "of {} messages that nothing was trained on {:.1} % were settled by the evidence, {:.1} % by the encoder",
        ids.len(),
        100.0 - share * 100.0,
        share * 100.0
    );
    let cascade = applied(&engine, folder).await?;
    let (status, _) = relabel(&engine, true).await?;
    if settled(&status, Voice::Encoder) != status.total {
        return Err("the encoder was not asked about every message".into());
    }
    let all = applied(&engine, folder).await?;
    let same = cascade.iter().filter(|(id, lane)| all.get(id) == Some(lane)).count();
    println!(
        "{:.1} % lie in the lane where they lie when the encoder is asked about each",
        same as f64 / cascade.len().max(1) as f64 * 100.0
    );
    engine.stop().await;
    if let Some(peak) = peak() {
        println!("peak memory with the encoder, MiB: {peak}");
    }
    // By the cores' time: what an otherwise idle machine would need, if all of its cores are used as well as one.
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
    let minutes = |messages: f64, rate: f64| messages / rate / cores / 60.0;
    println!(
        "extrapolated to {ARCHIVE:.0} such messages, from the time of {cores:.0} cores: evidence {:.1} minutes, \
         then the encoder {:.0} minutes; the encoder for all {:.0} minutes; a 1B model for all, at 1.82 s each, \
         {:.0} minutes",
        minutes(ARCHIVE, evidence.core),
        minutes(ARCHIVE * share, rate.core),
        minutes(ARCHIVE, rate.core),
        ARCHIVE * 1.82 / 60.0
    );
    Ok(())
}

async fn run(count: usize, file: Option<PathBuf>) -> Outcome<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/crates/triage/corpus");
    let records = mailroom_corpus::read(&corpus)?;
    let folder = tempfile::tempdir()?;
    let rate = evidence(count, &records, &folder.path().join("evidence")).await?;
    match file {
        Some(file) => encoder(&records, file, &folder.path().join("encoder"), rate).await,
        None => {
            println!("No encoder was given: its part is left out.");
            Ok(())
        }
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let count = args.first().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let file = args.get(1).map(PathBuf::from);
    let done = tokio::runtime::Runtime::new()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(run(count, file)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
