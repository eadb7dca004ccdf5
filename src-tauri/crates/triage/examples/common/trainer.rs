//! How the evidence voice is trained: shared by `train`, which writes its weights, and by what asks how it would be
//! with less (`baselines`: without some features; `fuse`: without some mail). Deterministic.

use mailroom_corpus::Record;
use mailroom_domain::{MessageContent, Probabilities};
use mailroom_triage::training::{FACTS, WIDTH, features};

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
/// Facts that come from headers; those behind them come from the text.
const HEADER_FACTS: u32 = 30;

/// Indexes below `WIDTH` and values.
pub type Features = Vec<(u32, f32)>;

/// A message to learn from.
pub struct Example {
    pub record: Record,
    pub features: Features,
    /// The same where it is not known who the reader is, as in an imported archive.
    pub unknown: Features,
}

impl Example {
    /// Reads a message as the app does. `see` may take something away first.
    pub fn new(record: &Record, see: impl Fn(MessageContent) -> MessageContent) -> Example {
        let mut content = see(mailroom_mail::parse(&record.message()));
        let known = features(&content, &mailroom_corpus::own(record));
        content.headers.delivered_to.clear();
        let unknown = features(&content, &[]);
        Example { record: record.clone(), features: known, unknown }
    }
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }
}

/// Weights before they are rounded.
pub struct Model {
    pub weights: Vec<[f32; 4]>,
    pub bias: [f32; 4],
}

impl Model {
    /// Scores of the labels before softmax.
    pub fn scores(&self, features: &[(u32, f32)]) -> [f32; 4] {
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
pub fn train(examples: &[&Example]) -> Model {
    let mut counts = [1.0f32; 4];
    for example in examples {
        counts[example.record.label.index()] += 1.0;
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
            let (label, second) = example.record.labels();
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
            match second {
                Some(second) => {
                    target[label.index()] = FIRST;
                    target[second.index()] += 1.0 - FIRST;
                }
                None => {
                    target = [0.02; 4];
                    target[label.index()] = 0.94;
                }
            }
            let weight = balance[label.index()];
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
