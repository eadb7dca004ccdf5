//! How voices are pooled: a log-linear pool whose exponents, biases and thresholds were fitted on mail that no voice
//! was trained on, for each set of voices that may be present.
//!
//! Log-linear pools: Genest and Zidek, "Combining probability distributions", Statistical Science 1 (1986); fitted as
//! a multinomial regression over the voices' logarithms, so that the outcome is calibrated for the set that was heard.

use crate::evidence::TriageError;
use mailroom_domain::{Label, Probabilities};
use serde::{Deserialize, Serialize};

/// The shipped pools, written by `examples/fuse.rs`.
static SHIPPED: &str = include_str!("../weights/fusion.json");

/// What urgent mail that is missed costs, where another mistake costs 1. Recall of urgent comes first; fitted
/// probabilities of urgent are higher than its share by about as much.
pub const URGENT_COST: f32 = 1.5;

/// The pool of one set of voices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    /// Each voice's exponent, in the order in which they are handed in.
    pub exponents: Vec<f32>,
    /// Added to each label's score.
    pub bias: [f32; 4],
    /// Below this probability the label is not sure.
    pub threshold: f32,
    /// At or above this probability of urgent, a message is never filed as a notification.
    pub urgent_floor: f32,
}

/// All pools.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fusion {
    /// Evidence alone.
    pub evidence: Pool,
    /// Evidence and the encoder of this version.
    pub encoder: Pool,
    /// The encoder's version that the second pool was fitted for.
    pub encoder_version: String,
}

impl Pool {
    /// A pool that takes its first voice as it is.
    pub fn plain(voices: usize) -> Pool {
        let mut exponents = vec![0.0; voices];
        exponents[0] = 1.0;
        Pool { exponents, bias: [0.0; 4], threshold: 0.4, urgent_floor: 0.25 }
    }

    /// The pooled probabilities.
    pub fn probabilities(&self, voices: &[Probabilities]) -> Probabilities {
        let mut scores = self.bias;
        for (voice, exponent) in voices.iter().zip(&self.exponents) {
            for (score, ln) in scores.iter_mut().zip(voice.ln()) {
                *score += exponent * ln;
            }
        }
        Probabilities::softmax(scores)
    }

    /// Fits exponents and biases to samples of (voices, target), those of urgent mail weighed by [`URGENT_COST`], by
    /// gradient descent on the log-loss; a target is a distribution, so that a second label counts. Exponents are never negative: a voice
    /// may be ignored, but not turned round. Deterministic.
    pub fn fit(samples: &[(Vec<Probabilities>, [f32; 4])]) -> Pool {
        let voices = samples.first().map_or(1, |(voices, _)| voices.len());
        let mut pool = Pool::plain(voices);
        pool.exponents = vec![1.0 / voices as f32; voices];
        let n = samples.len().max(1) as f32;
        for step in 0..3000 {
            let rate = 0.5 / (1.0 + step as f32 / 500.0);
            let (mut exponents, mut bias) = (vec![0.0f32; voices], [0.0f32; 4]);
            for (said, target) in samples {
                let p = pool.probabilities(said).as_array();
                let cost = 1.0 + (URGENT_COST - 1.0) * target[Label::Urgent.index()];
                for k in 0..4 {
                    let error = cost * (p[k] - target[k]) / n;
                    bias[k] += error;
                    for (gradient, voice) in exponents.iter_mut().zip(said) {
                        *gradient += error * voice.ln()[k];
                    }
                }
            }
            for (exponent, gradient) in pool.exponents.iter_mut().zip(exponents) {
                *exponent = (*exponent - rate * 0.3 * gradient).max(0.0);
            }
            for (b, gradient) in pool.bias.iter_mut().zip(bias) {
                *b -= rate * (gradient + 0.002 * *b);
            }
        }
        pool
    }

    /// The label that is shown, and whether that is for want of certainty.
    pub fn decide(&self, probabilities: &Probabilities) -> (Label, bool) {
        let best = probabilities.argmax();
        let doubtful = probabilities.of(best) < self.threshold;
        let hidden =
            best == Label::Notification && probabilities.of(Label::Urgent) >= self.urgent_floor;
        if best != Label::NeedsHuman && (doubtful || hidden) {
            return (Label::NeedsHuman, true);
        }
        (best, false)
    }
}

impl Fusion {
    /// As shipped.
    ///
    /// # Errors
    /// When the compiled-in pools are damaged.
    pub fn shipped() -> Result<Fusion, TriageError> {
        let fusion: Fusion =
            serde_json::from_str(SHIPPED).map_err(|_| TriageError("the pools cannot be read"))?;
        let sound = |pool: &Pool, voices: usize| {
            pool.exponents.len() == voices
                && pool.exponents.iter().chain(&pool.bias).all(|n| n.is_finite())
                && (0.0..=1.0).contains(&pool.threshold)
        };
        if sound(&fusion.evidence, 1) && sound(&fusion.encoder, 2) {
            Ok(fusion)
        } else {
            Err(TriageError("the pools make no sense"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(label: usize, sure: f32) -> Probabilities {
        let rest = (1.0 - sure) / 3.0;
        Probabilities::from_weights(std::array::from_fn(|k| if k == label { sure } else { rest }))
            .expect("a distribution")
    }

    #[test]
    fn a_voice_that_tells_outweighs_one_that_does_not_and_the_pool_is_calibrated() {
        // The first voice is right four times of five and always says 0.97; the second guesses.
        let samples: Vec<(Vec<Probabilities>, [f32; 4])> = (0..400)
            .map(|n| {
                let truth = n % 4;
                let first = if n % 5 == 0 { (truth + 1) % 4 } else { truth };
                let mut target = [0.0; 4];
                target[truth] = 1.0;
                (vec![said(first, 0.97), said((n / 7) % 4, 0.9)], target)
            })
            .collect();
        let pool = Pool::fit(&samples);
        assert!(pool.exponents[0] > 5.0 * pool.exponents[1], "{pool:?}");
        let sure = pool.probabilities(&samples[1].0);
        let sure = sure.of(sure.argmax());
        assert!((0.7..0.9).contains(&sure), "{sure} for a voice that is right four times of five");
    }

    #[test]
    fn doubt_and_hidden_urgency_go_to_a_human() {
        // urgent 0.30, notification 0.49
        let p = Probabilities::softmax([0.0, -1.0, -1.0, 0.5]);
        let pool = |threshold, urgent_floor| Pool { threshold, urgent_floor, ..Pool::plain(1) };
        assert_eq!(pool(0.3, 0.9).decide(&p), (Label::Notification, false));
        assert_eq!(pool(0.6, 0.9).decide(&p), (Label::NeedsHuman, true));
        assert_eq!(pool(0.3, 0.2).decide(&p), (Label::NeedsHuman, true));
    }

    #[test]
    fn what_is_shipped_can_be_used() {
        Fusion::shipped().expect("sound pools");
    }
}
