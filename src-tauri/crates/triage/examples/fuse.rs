//! Fits how the voices are pooled, on the split `calibration`, and reports on `test`.
//!
//! `cargo run --release -p mailroom-triage --example fuse ENCODER.gguf [EVAL_DIR]`
//!
//! EVAL_DIR (`labels.jsonl`: file, label, second, lang) is only reported on. Writes `weights/fusion.json`. Intervals
//! are of 95 %, by resampling families; see `mailroom_corpus::measure`.

#[path = "common/mail.rs"]
mod mail;
#[path = "common/real.rs"]
mod real;

use mail::{Mail, encode};
use mailroom_corpus::Split;
use mailroom_corpus::measure::{Judged, coverage, figures, measure, reliability};
use mailroom_domain::Probabilities;
use mailroom_encoder::Encoder;
use mailroom_triage::{EncoderScores, Fusion, Input, Pool, Triage};
use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;

/// What [`Sample::said`] holds, in this order.
const VOICES: [&str; 2] = ["evidence", "encoder"];

struct Sample {
    mail: Mail,
    said: Vec<Probabilities>,
}

impl Sample {
    /// What the voices of a set say.
    fn of(&self, set: &[usize]) -> Vec<Probabilities> {
        set.iter().map(|voice| self.said[*voice]).collect()
    }
}

fn samples(
    triage: &Triage,
    encoder: &Encoder,
    mail: Vec<Mail>,
) -> Result<Vec<Sample>, Box<dyn Error>> {
    let encodings = encode(triage, encoder, &mail)?;
    mail.into_iter()
        .zip(encodings)
        .map(|(mail, encoding)| {
            let scores = encoding.scores.ok_or("the encoder has no head")?;
            let encoder = EncoderScores { scores, version: String::new() };
            let input = Input { encoder: Some(&encoder), ..Input::of(&mail.content, &mail.own) };
            let voices = triage.verdict(&input).voices;
            let said = voices.iter().map(|share| share.probabilities).collect();
            Ok(Sample { mail, said })
        })
        .collect()
}

/// Voices that are heard together, and their pool.
struct Set {
    voices: Vec<usize>,
    pool: Pool,
}

impl Set {
    fn fit(calibration: &[Sample], voices: Vec<usize>) -> Set {
        let fitted: Vec<_> = calibration.iter().map(|s| (s.of(&voices), s.mail.target())).collect();
        let mut pool = Pool::fit(&fitted);
        let said: Vec<Probabilities> =
            fitted.iter().map(|(said, _)| pool.probabilities(said)).collect();
        pool.threshold = threshold(calibration, &said, &pool);
        pool.urgent_floor = 0.25;
        Set { voices, pool }
    }

    fn name(&self) -> String {
        self.voices.iter().map(|voice| VOICES[*voice]).collect::<Vec<_>>().join(" + ")
    }

    fn judge(&self, samples: &[Sample]) -> Vec<Judged> {
        samples
            .iter()
            .map(|s| s.mail.judged(self.pool.probabilities(&s.of(&self.voices))))
            .collect()
    }
}

/// Each voice by itself, each pair, and so on up to all.
fn sets() -> Vec<Vec<usize>> {
    let mut sets: Vec<Vec<usize>> = (1..1usize << VOICES.len())
        .map(|bits| (0..VOICES.len()).filter(|voice| bits >> voice & 1 == 1).collect())
        .collect();
    sets.sort_by_key(Vec::len);
    sets
}

/// The highest threshold at which abstaining costs at most half a point of accuracy.
fn threshold(samples: &[Sample], p: &[Probabilities], pool: &Pool) -> f32 {
    let right = |threshold: f32| {
        let pool = Pool { threshold, urgent_floor: 1.1, ..pool.clone() };
        samples.iter().zip(p).filter(|(s, p)| pool.decide(p).0 == s.mail.label).count() as f32
    };
    let least = right(0.0) - samples.len() as f32 * 0.005;
    (0..60).map(|t| t as f32 * 0.01).filter(|t| right(*t) >= least).fold(0.0, f32::max)
}

fn report(title: &str, samples: &[Sample], sets: &[Set]) {
    println!("\n{title}, {} messages\n", samples.len());
    println!(
        "| | strict | with second | macro-F1 | urgent recall | ECE | too sure by | log loss |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for set in sets {
        let of = measure(&set.judge(samples));
        let (f, low, high) = (of.figures, of.low, of.high);
        let cell = |value: f64, low: f64, high: f64| format!("{value:.3} ({low:.2}-{high:.2})");
        println!(
            "| {} | {} | {} | {} | {} | {:.3} | {:+.3} ({:+.2} to {:+.2}) | {:.3} |",
            set.name(),
            cell(f.strict, low.strict, high.strict),
            cell(f.with_second, low.with_second, high.with_second),
            cell(f.macro_f1, low.macro_f1, high.macro_f1),
            cell(f.urgent_recall, low.urgent_recall, high.urgent_recall),
            f.ece,
            f.too_sure,
            low.too_sure,
            high.too_sure,
            f.log_loss,
        );
    }
    for set in sets {
        let shown: Vec<_> = set.judge(samples).iter().map(|j| set.pool.decide(&j.said)).collect();
        let count = |f: &dyn Fn(&Sample, usize) -> bool| {
            let n = samples.iter().enumerate().filter(|(at, s)| f(s, *at)).count();
            n as f64 / samples.len().max(1) as f64
        };
        println!(
            "{} as shown, with doubt left to the reader: strict {:.3}, with second {:.3}, unsure {:.3}",
            set.name(),
            count(&|s, at| shown[at].0 == s.mail.label),
            count(&|s, at| shown[at].0 == s.mail.label || Some(shown[at].0) == s.mail.second),
            count(&|_, at| shown[at].1),
        );
    }
}

fn by_language(samples: &[Sample], sets: &[Set]) {
    let judged: Vec<Vec<Judged>> = sets.iter().map(|set| set.judge(samples)).collect();
    let languages: BTreeSet<&str> = samples.iter().map(|s| s.mail.lang.as_str()).collect();
    println!("\nstrict, by language");
    for lang in languages {
        print!("{lang} n {:>4}", samples.iter().filter(|s| s.mail.lang == lang).count());
        for (set, judged) in sets.iter().zip(&judged) {
            let of = figures(judged.iter().filter(|j| j.lang == lang));
            print!("  {} {:.3}", set.name(), of.strict);
        }
        println!();
    }
}

fn certainty(title: &str, samples: &[Sample], sets: &[Set]) {
    let judged: Vec<Vec<Judged>> = sets.iter().map(|set| set.judge(samples)).collect();
    let heads: Vec<String> = sets.iter().map(Set::name).collect();
    println!("\n{title}: probability of the most probable label, share that is right (messages)\n");
    println!("| probability | {} |", heads.join(" | "));
    println!("|---|{}", "---|".repeat(sets.len()));
    let bins: Vec<_> = judged.iter().map(|judged| reliability(judged)).collect();
    for at in 0..10 {
        if bins.iter().all(|bins| bins[at].n == 0) {
            continue;
        }
        let cells: Vec<String> = bins
            .iter()
            .map(|bins| match bins[at] {
                bin if bin.n == 0 => String::new(),
                bin => format!("{:.2}: {:.2} ({})", bin.sure, bin.right, bin.n),
            })
            .collect();
        println!(
            "| {:.1}-{:.1} | {} |",
            at as f32 / 10.0,
            (at + 1) as f32 / 10.0,
            cells.join(" | ")
        );
    }
    println!("\n{title}: the surest share, how much of it is right (from this probability on)\n");
    println!("| share | {} |", heads.join(" | "));
    println!("|---|{}", "---|".repeat(sets.len()));
    for share in [30, 50, 60, 70, 80, 90, 95, 100] {
        let cells: Vec<String> = judged
            .iter()
            .map(|judged| {
                let (right, least) = coverage(judged, f64::from(share) / 100.0);
                format!("{right:.3} ({least:.2})")
            })
            .collect();
        println!("| {share} % | {} |", cells.join(" | "));
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let encoder =
        Encoder::open(Path::new(&args.next().ok_or("Usage: fuse ENCODER.gguf [EVAL_DIR]")?))?;
    let triage = Triage::shipped()?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let records = mailroom_corpus::read(&folder.join("corpus"))?;
    let of = |split: Split| {
        let sound = records.iter().filter(|r| r.split() == split && r.agreed());
        samples(&triage, &encoder, sound.map(Mail::written).collect())
    };
    let (calibration, test) = (of(Split::Calibration)?, of(Split::Test)?);
    let sets: Vec<Set> = sets().into_iter().map(|set| Set::fit(&calibration, set)).collect();
    for set in &sets {
        println!("{}: {:?}", set.name(), set.pool);
    }
    let pool = |voices: &[usize]| {
        sets.iter().find(|set| set.voices == voices).map(|set| set.pool.clone()).ok_or("no pool")
    };
    let fusion = Fusion {
        evidence: pool(&[0])?,
        encoder: pool(&[0, 1])?,
        encoder_version: encoder.version().to_owned(),
    };
    report("Split calibration, on which the pools were fitted", &calibration, &sets);
    report("Split test", &test, &sets);
    by_language(&test, &sets);
    certainty("Split test", &test, &sets);
    if let Some(eval) = args.next() {
        let real = samples(&triage, &encoder, real::read(Path::new(&eval))?)?;
        report("Real mail", &real, &sets);
        certainty("Real mail", &real, &sets);
    }
    std::fs::write(folder.join("weights/fusion.json"), serde_json::to_string(&fusion)? + "\n")?;
    Ok(())
}
