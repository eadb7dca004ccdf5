//! The model voice's head: from the scores of the question sheet to probabilities of labels.
//!
//! A small ridge multinomial logistic regression over standardised differences of scores, fitted on the
//! calibration mail, and on what the user has confirmed, when a model is added. Its exponent in the pool is chosen by cross-validation against
//! the evidence alone, so that a model that tells nothing counts for nothing.

use mailroom_domain::{Label, Probabilities, SheetScores};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Exponents that are tried.
const EXPONENTS: [f32; 7] = [0.0, 0.15, 0.3, 0.5, 0.75, 1.0, 1.5];
/// Parts of the cross-validation.
const FOLDS: usize = 5;
/// Ridge: few samples, so a strong one.
const RIDGE: f32 = 0.15;
/// A model must better the pool's loss by this share to be heard at all.
const GAIN: f32 = 0.01;

/// The fitted head of one model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelHead {
    /// The model and the words of the sheet that it was fitted for.
    pub version: String,
    /// Mean and standard deviation of each input.
    scaling: Vec<(f32, f32)>,
    /// Weights of each input, by label; the last ones are biases.
    weights: Vec<[f32; 4]>,
    /// Its exponent in the pool; 0 when it does not help.
    pub weight: f32,
    /// Share of the calibration mail that it labels right by itself, by cross-validation.
    pub accuracy: f32,
    /// Share that the evidence labels right.
    pub baseline: f32,
    /// How many messages it was fitted on.
    pub samples: usize,
    /// Of these, the user's own.
    #[serde(default)]
    pub own: usize,
    /// Share that all voices together label right when the model counts with its weight, by cross-validation.
    #[serde(default)]
    pub together: f32,
    /// The same by language.
    #[serde(default)]
    pub languages: BTreeMap<String, LanguageFinding>,
    /// Seconds that one message takes on this machine (median); 0 if it was not measured.
    #[serde(default)]
    pub seconds: f32,
}

/// What was found for one language; counts of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanguageFinding {
    /// Messages.
    pub n: u32,
    /// Right by the model alone.
    pub alone: u32,
    /// Right by the other voices.
    pub others: u32,
    /// Right by all together.
    pub together: u32,
}

/// A message with its label, and what was said about it.
pub(crate) struct Scored {
    pub(crate) scores: SheetScores,
    pub(crate) label: Label,
    /// What the other voices say.
    pub(crate) others: Probabilities,
    pub(crate) lang: Option<String>,
    pub(crate) own: bool,
}

/// Inputs from scores: of two words the difference, of more words each one less their mean. `None` if a
/// score is not finite.
fn inputs(scores: &SheetScores) -> Option<Vec<f32>> {
    let mut out = Vec::new();
    for question in &scores.0 {
        match question.as_slice() {
            [yes, no] => out.push(yes - no),
            more => {
                let mean = more.iter().sum::<f32>() / more.len().max(1) as f32;
                out.extend(more.iter().map(|score| score - mean));
            }
        }
    }
    out.iter().all(|x| x.is_finite()).then_some(out)
}

struct Sample {
    x: Vec<f32>,
    label: Label,
    evidence: Probabilities,
    lang: Option<String>,
    own: bool,
}

fn scaling(samples: &[&Sample]) -> Vec<(f32, f32)> {
    let n = samples.len().max(1) as f32;
    let width = samples.first().map_or(0, |s| s.x.len());
    (0..width)
        .map(|at| {
            let column = || samples.iter().filter_map(|s| s.x.get(at));
            let mean = column().sum::<f32>() / n;
            let variance = column().map(|x| (x - mean).powi(2)).sum::<f32>() / n;
            (mean, variance.sqrt().max(1e-3))
        })
        .collect()
}

fn scores(weights: &[[f32; 4]], scaling: &[(f32, f32)], x: &[f32]) -> [f32; 4] {
    let mut out = weights.last().copied().unwrap_or([0.0; 4]);
    for ((x, (mean, deviation)), weight) in x.iter().zip(scaling).zip(weights) {
        let x = ((x - mean) / deviation).clamp(-4.0, 4.0);
        for (score, w) in out.iter_mut().zip(weight) {
            *score += x * w;
        }
    }
    out
}

/// Plain gradient descent: a few hundred numbers, a few dozen samples, once a model.
fn fit(samples: &[&Sample]) -> (Vec<(f32, f32)>, Vec<[f32; 4]>) {
    let scaling = scaling(samples);
    let mut weights = vec![[0.0f32; 4]; scaling.len() + 1];
    let n = samples.len().max(1) as f32;
    for _ in 0..400 {
        let mut gradient = vec![[0.0f32; 4]; weights.len()];
        for sample in samples {
            let p = Probabilities::softmax(scores(&weights, &scaling, &sample.x)).as_array();
            let mut error = p;
            error[sample.label.index()] -= 1.0;
            for ((g, x), (mean, deviation)) in gradient.iter_mut().zip(&sample.x).zip(&scaling) {
                let x = ((x - mean) / deviation).clamp(-4.0, 4.0);
                for (g, e) in g.iter_mut().zip(error) {
                    *g += e * x / n;
                }
            }
            if let Some(bias) = gradient.last_mut() {
                for (g, e) in bias.iter_mut().zip(error) {
                    *g += e / n;
                }
            }
        }
        for (w, g) in weights.iter_mut().zip(&gradient) {
            for (w, g) in w.iter_mut().zip(g) {
                *w -= 0.5 * (g + RIDGE * *w / 4.0);
            }
        }
    }
    (scaling, weights)
}

pub(crate) fn pool(
    evidence: &Probabilities,
    model: &Probabilities,
    exponent: f32,
) -> Probabilities {
    let (a, b) = (evidence.ln(), model.ln());
    Probabilities::softmax(std::array::from_fn(|at| a[at] + exponent * b[at]))
}

/// What a head says about each message when it was fitted on others; nothing for too few.
fn held_out(samples: &[Sample]) -> Vec<(&Sample, Probabilities)> {
    let mut said = Vec::with_capacity(samples.len());
    if samples.len() < 2 * FOLDS {
        return said;
    }
    for fold in 0..FOLDS {
        let others: Vec<&Sample> =
            samples.iter().enumerate().filter(|(i, _)| i % FOLDS != fold).map(|(_, s)| s).collect();
        let (scaling, weights) = fit(&others);
        for sample in samples.iter().skip(fold).step_by(FOLDS) {
            let model = Probabilities::softmax(scores(&weights, &scaling, &sample.x));
            said.push((sample, model));
        }
    }
    said
}

/// Mean log loss of a head alone, and the share that it labels right, by cross-validation.
pub(crate) fn cross_validated(samples: &[(SheetScores, Label)]) -> (f32, f32) {
    let samples: Vec<Sample> = samples
        .iter()
        .filter_map(|(scores, label)| {
            let evidence = Probabilities::UNIFORM;
            Some(Sample { x: inputs(scores)?, label: *label, evidence, lang: None, own: false })
        })
        .collect();
    let said = held_out(&samples);
    let n = said.len().max(1) as f32;
    let loss: f32 = said.iter().map(|(s, p)| -p.of(s.label).max(1e-6).ln()).sum();
    let right = said.iter().filter(|(s, p)| p.argmax() == s.label).count();
    (loss / n, right as f32 / n)
}

impl ModelHead {
    /// Fits a head. Samples without finite scores, or of another shape than most, are left out.
    pub(crate) fn fit(version: &str, samples: Vec<Scored>) -> Self {
        let mut samples: Vec<Sample> = samples
            .into_iter()
            .filter_map(|s| {
                let x = inputs(&s.scores)?;
                Some(Sample { x, label: s.label, evidence: s.others, lang: s.lang, own: s.own })
            })
            .collect();
        let width = samples.first().map_or(0, |s| s.x.len());
        samples.retain(|s| s.x.len() == width);
        let n = samples.len();
        let mut loss = [0.0f32; EXPONENTS.len()];
        let said = held_out(&samples);
        for (sample, model) in &said {
            for (loss, exponent) in loss.iter_mut().zip(EXPONENTS) {
                let p = pool(&sample.evidence, model, exponent).of(sample.label);
                *loss -= p.max(1e-6).ln() / n as f32;
            }
        }
        let best = (0..EXPONENTS.len()).min_by(|a, b| loss[*a].total_cmp(&loss[*b])).unwrap_or(0);
        let helps = n >= 2 * FOLDS && loss[best] < loss[0] * (1.0 - GAIN);
        let weight = if helps { EXPONENTS[best] } else { 0.0 };
        let mut all = LanguageFinding::default();
        let mut languages: BTreeMap<String, LanguageFinding> = BTreeMap::new();
        for (sample, model) in &said {
            let together = pool(&sample.evidence, model, weight);
            let count = |found: &mut LanguageFinding| {
                let right = |p: &Probabilities| u32::from(p.argmax() == sample.label);
                found.n += 1;
                found.alone += right(model);
                found.others += right(&sample.evidence);
                found.together += right(&together);
            };
            count(&mut all);
            if let Some(lang) = &sample.lang {
                count(languages.entry(lang.clone()).or_default());
            }
        }
        let every: Vec<&Sample> = samples.iter().collect();
        let (scaling, weights) = fit(&every);
        let share = |count: u32| if all.n == 0 { 0.0 } else { count as f32 / all.n as f32 };
        ModelHead {
            version: version.to_owned(),
            scaling,
            weights,
            weight,
            accuracy: share(all.alone),
            baseline: share(all.others),
            samples: n,
            own: samples.iter().filter(|s| s.own).count(),
            together: share(all.together),
            languages,
            seconds: 0.0,
        }
    }

    /// What the model says, or `None` if these are not the scores that it was fitted for.
    pub(crate) fn probabilities(&self, sheet: &SheetScores) -> Option<Probabilities> {
        let x = inputs(sheet)?;
        (x.len() == self.scaling.len())
            .then(|| Probabilities::softmax(scores(&self.weights, &self.scaling, &x)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(tell: bool) -> Vec<Scored> {
        let mut seed = 7u64;
        let mut noise = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 40) as f32 / (1u32 << 24) as f32 - 0.5
        };
        (0..60)
            .map(|n| {
                let label = Label::ALL[n % 4];
                let scores = (0..4)
                    .map(|at| {
                        vec![if tell && at == label.index() { 2.0 } else { 0.0 } + noise(), noise()]
                    })
                    .collect();
                Scored {
                    scores: SheetScores(scores),
                    label,
                    others: Probabilities::UNIFORM,
                    lang: Some(["en", "th"][n / 4 % 2].into()),
                    own: n >= 50,
                }
            })
            .collect()
    }

    #[test]
    fn a_model_that_tells_is_heard_and_one_that_does_not_is_not() {
        let head = ModelHead::fit("m", samples(true));
        assert!(head.weight > 0.0 && head.accuracy > 0.9, "{head:?}");
        assert!(head.together >= head.accuracy && head.baseline < 0.5, "{head:?}");
        assert_eq!((head.samples, head.own), (60, 10));
        assert_eq!(head.languages["en"].n + head.languages["th"].n, 60);
        let kept: ModelHead = serde_json::from_str(&serde_json::to_string(&head).unwrap()).unwrap();
        assert_eq!(kept, head);
        let head = ModelHead::fit("m", samples(false));
        assert!(head.weight == 0.0 && head.accuracy < 0.5, "{head:?}");
    }

    #[test]
    fn scores_that_are_no_numbers_are_not_heard() {
        let head = ModelHead::fit("m", samples(true));
        assert_eq!(head.probabilities(&SheetScores(vec![vec![f32::NAN, 0.0]; 4])), None);
        assert_eq!(head.probabilities(&SheetScores(vec![vec![1.0, 0.0]; 3])), None);
        assert!(head.probabilities(&SheetScores(vec![vec![1.0, 0.0]; 4])).is_some());
        assert_eq!(ModelHead::fit("m", Vec::new()).weight, 0.0);
    }
}
