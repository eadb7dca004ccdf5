//! Trains the evidence voice on the corpus and writes its weights.
//!
//! `cargo run --release -p mailroom-triage --example train [WEIGHTS_FILE]`
//!
//! Trains on the split `train`, calibrates on `calibration`, and prints accuracy on `test`, by cross-validation
//! over families, and with each area (kind of mail) left out of training, which is what the width of the corpus is
//! judged by. Deterministic.

use mailroom_corpus::Split;
use mailroom_domain::{Label, Probabilities};
use mailroom_triage::Evidence;
use mailroom_triage::training::{FACTS, WIDTH, features};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;

/// Passes over the corpus.
const EPOCHS: usize = 30;
/// Step of AdaGrad.
const STEP: f32 = 0.15;
/// Pull towards zero, a step: facts are few and seen often, words are many and seen rarely.
const DECAY_FACTS: f32 = 2e-4;
const DECAY_WORDS: f32 = 6e-4;
/// Share of the label in a target that has a second one.
const FIRST: f32 = 0.8;
/// Chances that, in one pass, a message is seen without its headers' facts, without words, without single
/// features: the corpus has habits that real mail does not have.
const NO_HEADERS: f32 = 0.15;
const NO_WORDS: f32 = 0.15;
const NO_FEATURE: f32 = 0.25;
/// Chance that the reader is not known.
const UNKNOWN_READER: f32 = 0.4;
/// Real mail lies further from the corpus than one family of it from another.
const DISTANCE: f32 = 1.3;
/// Facts that come from headers; those behind them come from the text.
const HEADER_FACTS: u32 = 30;

struct Example {
    features: Vec<(u32, f32)>,
    /// The same where it is not known who the reader is, as in an imported archive.
    unknown: Vec<(u32, f32)>,
    label: Label,
    second: Option<Label>,
    /// Two readers agree on it.
    agreed: bool,
    family: String,
    area: String,
    lang: String,
    split: Split,
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }
}

struct Model {
    weights: Vec<[f32; 4]>,
    bias: [f32; 4],
}

impl Model {
    fn scores(&self, features: &[(u32, f32)]) -> [f32; 4] {
        let mut out = self.bias;
        for (index, value) in features {
            for (score, weight) in out.iter_mut().zip(self.weights[*index as usize]) {
                *score += weight * value;
            }
        }
        out
    }
}

/// Labels are weighed so that each counts alike.
fn train(examples: &[&Example]) -> Model {
    let mut counts = [1.0f32; 4];
    for example in examples {
        counts[example.label.index()] += 1.0;
    }
    let mean = counts.iter().sum::<f32>() / 4.0;
    let balance = counts.map(|c| (mean / c).sqrt());
    let mut model = Model { weights: vec![[0.0; 4]; WIDTH], bias: [0.0; 4] };
    let mut squares = vec![[1e-3f32; 4]; WIDTH];
    let mut bias_squares = [1e-3f32; 4];
    let mut random = Random(42);
    let mut order: Vec<usize> = (0..examples.len()).collect();
    for _ in 0..EPOCHS {
        for at in (1..order.len()).rev() {
            order.swap(at, (random.next() * (at + 1) as f32) as usize);
        }
        for at in &order {
            let example = examples[*at];
            let headers = random.next() >= NO_HEADERS;
            let words = random.next() >= NO_WORDS;
            let whose =
                if random.next() < UNKNOWN_READER { &example.unknown } else { &example.features };
            let seen: Vec<(u32, f32)> = whose
                .iter()
                .filter(|(index, _)| {
                    let fact = (*index as usize) < FACTS;
                    let kept = if fact { headers || *index >= HEADER_FACTS } else { words };
                    kept && random.next() >= if fact { NO_FEATURE * 0.4 } else { NO_FEATURE }
                })
                .copied()
                .collect();
            let p = Probabilities::softmax(model.scores(&seen)).as_array();
            let mut target = [0.0f32; 4];
            match example.second {
                Some(second) => {
                    target[example.label.index()] = FIRST;
                    target[second.index()] += 1.0 - FIRST;
                }
                None => {
                    target = [0.02; 4];
                    target[example.label.index()] = 0.94;
                }
            }
            let weight = balance[example.label.index()];
            let error: [f32; 4] = std::array::from_fn(|k| (p[k] - target[k]) * weight);
            for (index, value) in &seen {
                let index = *index as usize;
                let decay = if index < FACTS { DECAY_FACTS } else { DECAY_WORDS };
                for k in 0..4 {
                    let gradient = error[k] * value + decay * model.weights[index][k] * 10.0;
                    squares[index][k] += gradient * gradient;
                    model.weights[index][k] -= STEP * gradient / squares[index][k].sqrt();
                }
            }
            for k in 0..4 {
                bias_squares[k] += error[k] * error[k];
                model.bias[k] -= 0.3 * STEP * error[k] / bias_squares[k].sqrt();
            }
        }
    }
    model
}

struct Scored {
    scores: [f32; 4],
    label: Label,
    second: Option<Label>,
}

fn score<'a>(model: &Model, examples: impl Iterator<Item = &'a Example>) -> Vec<Scored> {
    examples
        .map(|e| Scored { scores: model.scores(&e.features), label: e.label, second: e.second })
        .collect()
}

fn report(name: &str, scored: &[Scored]) {
    let n = scored.len().max(1) as f32;
    let best = |s: &Scored| Probabilities::softmax(s.scores).argmax();
    let strict = scored.iter().filter(|s| best(s) == s.label).count() as f32 / n;
    let second = scored.iter().filter(|s| best(s) == s.label || Some(best(s)) == s.second).count()
        as f32
        / n;
    let mut f1 = 0.0;
    for label in Label::ALL {
        let both = scored.iter().filter(|s| best(s) == label && s.label == label).count() as f32;
        let either = scored.iter().filter(|s| best(s) == label).count() as f32
            + scored.iter().filter(|s| s.label == label).count() as f32;
        f1 += if either > 0.0 { 2.0 * both / either / 4.0 } else { 0.0 };
    }
    let urgent = scored.iter().filter(|s| s.label == Label::Urgent).count().max(1) as f32;
    let found =
        scored.iter().filter(|s| s.label == Label::Urgent && best(s) == Label::Urgent).count()
            as f32;
    println!(
        "{name:<28} n {:>4}  strict {strict:.3}  with second {second:.3}  macro-F1 {f1:.3}  urgent recall {:.3}",
        scored.len(),
        found / urgent
    );
}

/// The temperature at which the scores' probabilities are least wrong.
fn temperature(scored: &[Scored]) -> f32 {
    let loss = |t: f32| -> f32 {
        scored
            .iter()
            .map(|s| -Probabilities::softmax(s.scores.map(|x| x / t)).of(s.label).max(1e-6).ln())
            .sum()
    };
    (2..40).map(|t| t as f32 * 0.1).min_by(|a, b| loss(*a).total_cmp(&loss(*b))).unwrap_or(1.0)
}

/// Expected calibration error over ten bins.
fn calibration_error(scored: &[Scored], t: f32) -> f32 {
    let mut bins = [(0usize, 0usize, 0.0f32); 10];
    for s in scored {
        let p = Probabilities::softmax(s.scores.map(|x| x / t));
        let sure = p.of(p.argmax());
        let bin = &mut bins[((sure * 10.0) as usize).min(9)];
        *bin = (bin.0 + 1, bin.1 + usize::from(p.argmax() == s.label), bin.2 + sure);
    }
    bins.iter()
        .filter(|b| b.0 > 0)
        .map(|(n, right, sure)| (sure - *right as f32).abs() / *n as f32 * *n as f32)
        .sum::<f32>()
        / scored.len().max(1) as f32
}

fn corpus() -> Result<Vec<Example>, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let read = mailroom_corpus::read(&folder)?;
    Ok(read
        .iter()
        .map(|record| {
            let (label, second) = record.labels();
            let mut content = mailroom_mail::parse(&record.message());
            let known = features(&content, &mailroom_corpus::own(record));
            content.headers.delivered_to.clear();
            Example {
                features: known,
                unknown: features(&content, &[]),
                label,
                second,
                agreed: record.agreed(),
                family: record.family.clone(),
                area: record.area().to_owned(),
                lang: record.lang.clone(),
                split: record.split(),
            }
        })
        .collect())
}

fn main() -> Result<(), Box<dyn Error>> {
    let target = std::env::args().nth(1).map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/evidence.bin"),
        Into::into,
    );
    let examples = corpus()?;
    let mut counts: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    for e in &examples {
        counts.entry(&e.area).or_default()[e.label.index()] += 1;
    }
    println!("{} messages: {counts:?}", examples.len());
    let of = |split: Split| examples.iter().filter(move |e| e.split == split).collect::<Vec<_>>();
    let (training, calibration, test) = (of(Split::Train), of(Split::Calibration), of(Split::Test));

    let folds = 5;
    let families: BTreeSet<&str> = training.iter().map(|e| e.family.as_str()).collect();
    let fold_of: BTreeMap<&str, usize> =
        families.iter().enumerate().map(|(at, f)| (*f, at % folds)).collect();
    let mut scored = Vec::new();
    for fold in 0..folds {
        let (out, kept): (Vec<&Example>, Vec<&Example>) =
            training.iter().copied().partition(|e| fold_of.get(e.family.as_str()) == Some(&fold));
        scored.extend(score(&train(&kept), out.into_iter()));
    }
    report("cross-validation", &scored);
    let areas: BTreeSet<&str> = training.iter().map(|e| e.area.as_str()).collect();
    let mut apart = Vec::new();
    for area in areas {
        let (out, kept): (Vec<&Example>, Vec<&Example>) =
            training.iter().copied().partition(|e| e.area == area);
        let part = score(&train(&kept), out.into_iter());
        report(&format!("without {area}"), &part);
        apart.extend(part);
    }
    report("each area left out", &apart);

    let model = train(&training);
    let held_out = score(&model, calibration.into_iter());
    let t = DISTANCE * temperature(&held_out);
    println!(
        "temperature {t:.2}, calibration error {:.3} on the split that it was fitted on",
        calibration_error(&held_out, t / DISTANCE)
    );
    let agreed: Vec<&Example> = test.into_iter().filter(|e| e.agreed).collect();
    report("test", &score(&model, agreed.iter().copied()));
    let languages: BTreeSet<&str> = agreed.iter().map(|e| e.lang.as_str()).collect();
    for lang in languages {
        report(
            &format!("test {lang}"),
            &score(&model, agreed.iter().copied().filter(|e| e.lang == lang)),
        );
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
