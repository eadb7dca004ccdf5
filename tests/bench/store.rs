//! The database with many messages: filling it, then pages of lanes, counts, a jump and a search.
//!
//! `bench-store [MESSAGES [FOLDER]]`, a million by default; with 0 messages a folder that was filled before is read. Every message is distinct, parsed, and stored
//! through the same call as imported mail, label included.

use mailroom_domain::{FlagSet, FolderRole, Label, Probabilities, Verdict, Voice, VoiceShare};
use mailroom_store::{AccountKind, Filter, NewMessage, Store};
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

const PORTION: u64 = 1000;
const WORDS: [&str; 24] = [
    "meeting", "invoice", "project", "house", "report", "garden", "ticket", "deadline", "budget",
    "train", "school", "release", "server", "contract", "photo", "recipe", "order", "parcel",
    "review", "doctor", "plan", "letter", "choir", "winter",
];

fn message(n: u64) -> Vec<u8> {
    let word = |k: u64| WORDS[((n * 31 + k * k * 17 + n / 24 * k) % 24) as usize];
    let text: String =
        (0..40 + n % 60).flat_map(|k| [word(k), if k % 12 == 11 { "\r\n" } else { " " }]).collect();
    format!(
        "From: Sender {a} <sender{a}@firm{b}.example>\r\nTo: reader@home.example\r\nSubject: {} {} {n}\r\nDate: {}\r\nMessage-ID: <{n}@firm.example>\r\n\r\n{text}\r\n",
        word(1), word(2), date(n), a = n % 977, b = n % 211,
    )
    .into_bytes()
}

fn date(n: u64) -> String {
    format!(
        "{} {} {} {:02}:{:02}:00 +0000",
        n % 28 + 1,
        ["Jan", "Apr", "Jul", "Oct"][(n / 28 % 4) as usize],
        2000 + n / 112 % 26,
        n % 24,
        n % 60
    )
}

fn verdict(n: u64) -> Verdict {
    let label = Label::ALL[[3, 3, 3, 2, 1, 3, 2, 0][(n % 8) as usize]];
    let mut weights = [0.1; 4];
    weights[label.index()] = 0.7;
    let probabilities = Probabilities::from_weights(weights).unwrap_or(Probabilities::UNIFORM);
    let share =
        VoiceShare { voice: Voice::Evidence, probabilities, weight: 1.0, version: "bench".into() };
    Verdict {
        label,
        unsure: false,
        probabilities,
        voices: vec![share],
        why: Vec::new(),
        prompt_hash: None,
        rule: None,
        ruled: None,
    }
}

/// Median and 95th percentile in milliseconds.
fn milliseconds(times: &mut [f64]) -> String {
    times.sort_by(f64::total_cmp);
    format!("{:>8.2} {:>8.2}", times[times.len() / 2] * 1e3, times[times.len() * 95 / 100] * 1e3)
}

async fn run(count: u64, folder: &Path) -> Result<(), Box<dyn Error>> {
    let store = Store::open(folder).await?;
    let account =
        store.add_account(&AccountKind::Local { address: "reader@home.example".into() }).await?;
    let (mailbox, _) = store.folder(account, "bench", "Bench", FolderRole::Inbox).await?;
    let start = Instant::now();
    for first in (0..count).step_by(PORTION as usize) {
        let messages = (first..(first + PORTION).min(count))
            .map(|n| {
                let raw = message(n);
                let content = mailroom_mail::parse(&raw);
                NewMessage {
                    uid: None,
                    flags: FlagSet::default(),
                    internal_date: content.headers.date,
                    size: raw.len() as u64,
                    raw,
                    content,
                    parser: 1,
                    verdict: Some(verdict(n)),
                }
            })
            .collect();
        store.import(mailbox, messages, 0).await?;
    }
    if count > 0 {
        let rate = count as f64 / start.elapsed().as_secs_f64();
        println!("{count} messages stored, {rate:.0} a second");
    }
    let count = store.counts().await?.total();
    println!("milliseconds                              median      p95");
    let mut times = Vec::new();
    for round in 0..20 {
        for label in Label::ALL {
            let start = Instant::now();
            let page = store.page(&Filter::lane(label), None, 200).await?;
            times.push(start.elapsed().as_secs_f64());
            assert_eq!(page.rows.len(), 200, "round {round}");
        }
    }
    println!("first page of a lane, 200 rows          {}", milliseconds(&mut times));
    times.clear();
    let mut after = None;
    for _ in 0..200 {
        let start = Instant::now();
        let page = store.page(&Filter::lane(Label::Notification), after, 200).await?;
        times.push(start.elapsed().as_secs_f64());
        after = page.next;
    }
    println!("the next pages                          {}", milliseconds(&mut times));
    times.clear();
    for n in 0..50 {
        let start = Instant::now();
        store.rows_at(Label::Notification, count / 2 * n / 50, 100).await?;
        times.push(start.elapsed().as_secs_f64());
    }
    println!("a jump to any place of a lane           {}", milliseconds(&mut times));
    times.clear();
    for _ in 0..200 {
        let start = Instant::now();
        let counts = store.counts().await?;
        times.push(start.elapsed().as_secs_f64());
        assert_eq!(counts.total(), count);
    }
    println!("counts of all lanes                     {}", milliseconds(&mut times));
    times.clear();
    for n in 0..50 {
        let start = Instant::now();
        store
            .search(&format!("{} {}", WORDS[n % 24], count / 50 * n as u64), None, None, 50)
            .await?;
        times.push(start.elapsed().as_secs_f64());
    }
    println!("a search for two words                  {}", milliseconds(&mut times));
    store.close().await;
    let start = Instant::now();
    let store = Store::open(folder).await?;
    let first = store.page(&Filter::lane(Label::Urgent), None, 200).await?;
    println!(
        "open the database, first page           {:>8.2}",
        start.elapsed().as_secs_f64() * 1e3
    );
    assert!(!first.rows.is_empty());
    store.close().await;
    Ok(())
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let count = args.first().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let own = tempfile::tempdir();
    let done = tokio::runtime::Runtime::new().map_err(Into::into).and_then(|runtime| {
        let own = own?;
        runtime.block_on(run(count, args.get(1).map_or(own.path(), Path::new)))
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
