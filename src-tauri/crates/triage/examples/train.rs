//! Trains the evidence voice on the corpus and writes its weights.
//!
//! `cargo run --release -p mailroom-triage --example train [WEIGHTS_FILE]`
//!
//! Trains on the split `train`, calibrates on `calibration`, and prints accuracy on `test`, by cross-validation
//! over families, and with each area (kind of mail) left out of training, which is what the width of the corpus is
//! judged by. Deterministic.

#[path = "common/trainer.rs"]
mod trainer;

use mailroom_corpus::Split;
use mailroom_corpus::measure::{Judged, figures};
use mailroom_domain::Probabilities;
use mailroom_triage::Evidence;
use mailroom_triage::training::{FACTS, WIDTH};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;
use trainer::{Example, Model, train};

/// Real mail lies further from the corpus than one family of it from another.
const DISTANCE: f32 = 1.3;

/// What a model says of messages, at temperature `t`.
fn judge<'a>(model: &Model, examples: impl Iterator<Item = &'a Example>, t: f32) -> Vec<Judged> {
    examples
        .map(|e| {
            let (label, second) = e.record.labels();
            Judged {
                family: e.record.family.clone(),
                lang: e.record.lang.clone(),
                label,
                second,
                said: Probabilities::softmax(model.scores(&e.features).map(|x| x / t)),
            }
        })
        .collect()
}

fn report<'a>(name: &str, judged: impl IntoIterator<Item = &'a Judged>) {
    let of = figures(judged);
    println!(
        "{name:<28} n {:>4}  strict {:.3}  with second {:.3}  macro-F1 {:.3}  urgent recall {:.3}",
        of.n, of.strict, of.with_second, of.macro_f1, of.urgent_recall
    );
}

/// The temperature at which the scores' probabilities are least wrong.
fn temperature(model: &Model, examples: &[&Example]) -> f32 {
    let scores: Vec<_> =
        examples.iter().map(|e| (model.scores(&e.features), e.record.label)).collect();
    let loss = |t: f32| -> f32 {
        scores
            .iter()
            .map(|(scores, label)| {
                -Probabilities::softmax(scores.map(|x| x / t)).of(*label).max(1e-6).ln()
            })
            .sum()
    };
    (2..40).map(|t| t as f32 * 0.1).min_by(|a, b| loss(*a).total_cmp(&loss(*b))).unwrap_or(1.0)
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target =
        std::env::args().nth(1).map_or_else(|| folder.join("weights/evidence.bin"), Into::into);
    let examples: Vec<Example> = mailroom_corpus::read(&folder.join("corpus"))?
        .iter()
        .map(|record| Example::new(record, |content| content))
        .collect();
    let mut counts: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    for e in &examples {
        counts.entry(e.record.area()).or_default()[e.record.label.index()] += 1;
    }
    println!("{} messages: {counts:?}", examples.len());
    let of = |split: Split| {
        examples.iter().filter(move |e| e.record.split() == split).collect::<Vec<_>>()
    };
    let (training, calibration, test) = (of(Split::Train), of(Split::Calibration), of(Split::Test));

    let folds = 5;
    let families: BTreeSet<&str> = training.iter().map(|e| e.record.family.as_str()).collect();
    let fold_of: BTreeMap<&str, usize> =
        families.iter().enumerate().map(|(at, f)| (*f, at % folds)).collect();
    let mut apart = Vec::new();
    for fold in 0..folds {
        let (out, kept): (Vec<&Example>, Vec<&Example>) = training
            .iter()
            .copied()
            .partition(|e| fold_of.get(e.record.family.as_str()) == Some(&fold));
        apart.extend(judge(&train(&kept), out.into_iter(), 1.0));
    }
    report("cross-validation", &apart);
    let areas: BTreeSet<&str> = training.iter().map(|e| e.record.area()).collect();
    let mut apart = Vec::new();
    for area in areas {
        let (out, kept): (Vec<&Example>, Vec<&Example>) =
            training.iter().copied().partition(|e| e.record.area() == area);
        let part = judge(&train(&kept), out.into_iter(), 1.0);
        report(&format!("without {area}"), &part);
        apart.extend(part);
    }
    report("each area left out", &apart);

    let model = train(&training);
    let plain = temperature(&model, &calibration);
    let t = DISTANCE * plain;
    println!(
        "temperature {t:.2}, calibration error {:.3} on the split that it was fitted on",
        figures(&judge(&model, calibration.into_iter(), plain)).ece
    );
    let judged = judge(&model, test.into_iter().filter(|e| e.record.agreed()), 1.0);
    report("test", &judged);
    let languages: BTreeSet<&str> = judged.iter().map(|j| j.lang.as_str()).collect();
    for lang in languages {
        report(&format!("test {lang}"), judged.iter().filter(|j| j.lang == lang));
    }

    let top = |from: usize, to: usize| {
        model.weights[from..to].iter().flatten().fold(0.0f32, |m, w| m.max(w.abs())).max(1e-6)
    };
    let scales = [top(0, FACTS) / 127.0, top(FACTS, WIDTH) / 127.0];
    let weights = model
        .weights
        .iter()
        .enumerate()
        .map(|(at, w)| {
            w.map(|w| (w / scales[usize::from(at >= FACTS)]).round().clamp(-127.0, 127.0) as i8)
        })
        .collect();
    let evidence = Evidence::new(scales, model.bias, t, weights);
    std::fs::write(&target, evidence.to_bytes())?;
    println!("wrote {} ({})", target.display(), evidence.version());
    Ok(())
}
