//! How sure a voice must be for the next, dearer one not to be asked: what the cascade of relabelling gives up.
//!
//! `cargo run --release -p mailroom-triage --example cascade ENCODER.gguf [EVAL_DIR]`
//!
//! For each bound on the evidence's probability: the share of messages that go to the encoder, and how many of all
//! messages lie in the lane that they would lie in had the encoder been asked about each. For each bound on the pool
//! of evidence and encoder: the share that goes on to a language model, and how many of the others are right. Bounds
//! are chosen on the split `calibration`; `test` and EVAL_DIR (`labels.jsonl`: file, label) are only reported on.

use mailroom_corpus::Split;
use mailroom_domain::{Label, MessageContent, Verdict};
use mailroom_encoder::Encoder;
use mailroom_triage::{EncoderScores, Input, Triage};
use serde::Deserialize;
use std::error::Error;
use std::path::Path;

struct Sample {
    label: Label,
    evidence: Verdict,
    both: Verdict,
}

#[derive(Deserialize)]
struct Labelled {
    file: String,
    label: Label,
}

fn sure(verdict: &Verdict) -> f32 {
    verdict.probabilities.of(verdict.most_probable())
}

fn samples(
    triage: &Triage,
    encoder: &Encoder,
    mail: &[(MessageContent, Vec<String>, Label)],
) -> Result<Vec<Sample>, Box<dyn Error>> {
    let mut out = Vec::with_capacity(mail.len());
    for part in mail.chunks(16) {
        let texts: Vec<String> = part.iter().map(|(c, own, _)| triage.digest(c, own)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        for (said, (content, own, label)) in encoder.encode(&texts)?.into_iter().zip(part) {
            let scores = said.scores.ok_or("the encoder has no head")?;
            let said = EncoderScores { scores, version: encoder.version().to_owned() };
            let input = Input::of(content, own);
            out.push(Sample {
                label: *label,
                evidence: triage.verdict(&input),
                both: triage.verdict(&Input { encoder: Some(&said), ..input }),
            });
        }
    }
    Ok(out)
}

fn report(name: &str, samples: &[Sample]) {
    let n = samples.len().max(1) as f32;
    let share = |holds: &dyn Fn(&Sample) -> bool| {
        samples.iter().filter(|s| holds(s)).count() as f32 / n * 100.0
    };
    println!("{name}: {} messages", samples.len());
    for bound in (50..100).step_by(2).map(|b| b as f32 / 100.0) {
        let settled = |s: &Sample| sure(&s.evidence) >= bound;
        let lane = |s: &Sample| if settled(s) { s.evidence.label } else { s.both.label };
        println!(
            "  evidence {bound:.2}: {:5.1} % to the encoder, {:5.1} % in the same lane, {:4.1} % right (encoder for all {:4.1} %)",
            share(&|s| !settled(s)),
            share(&|s| lane(s) == s.both.label),
            share(&|s| lane(s) == s.label),
            share(&|s| s.both.label == s.label),
        );
    }
    for bound in (40..90).step_by(5).map(|b| b as f32 / 100.0) {
        let left = samples.iter().filter(|s| sure(&s.both) < bound).count().max(1) as f32;
        let right = |s: &&Sample| s.both.most_probable() == s.label;
        println!(
            "  both {bound:.2}: {:5.1} % to the model; of these {:5.1} % are right without it, of the others {:5.1} %",
            share(&|s| sure(&s.both) < bound),
            samples.iter().filter(|s| sure(&s.both) < bound).filter(right).count() as f32 / left
                * 100.0,
            samples.iter().filter(|s| sure(&s.both) >= bound).filter(right).count() as f32
                / (n - left).max(1.0)
                * 100.0,
        );
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let encoder =
        Encoder::open(Path::new(&args.next().ok_or("Usage: cascade ENCODER.gguf [EVAL_DIR]")?))?;
    let triage = Triage::shipped()?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let records = mailroom_corpus::read(&folder.join("corpus"))?;
    for split in [Split::Calibration, Split::Test] {
        let mail: Vec<_> = records
            .iter()
            .filter(|r| r.split() == split && r.agreed())
            .map(|r| (mailroom_mail::parse(&r.message()), mailroom_corpus::own(r), r.labels().0))
            .collect();
        report(&format!("{split:?}"), &samples(&triage, &encoder, &mail)?);
    }
    if let Some(eval) = args.next() {
        let eval = Path::new(&eval);
        let mut mail = Vec::new();
        for line in std::fs::read_to_string(eval.join("labels.jsonl"))?.lines() {
            let Labelled { file, label } = serde_json::from_str(line)?;
            mail.push((mailroom_mail::parse(&std::fs::read(eval.join(file))?), Vec::new(), label));
        }
        report("eval", &samples(&triage, &encoder, &mail)?);
    }
    Ok(())
}
