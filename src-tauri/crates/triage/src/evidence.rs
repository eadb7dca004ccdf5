//! The evidence voice: a multinomial linear model over facts, cues and words.
//!
//! Weights are shipped as bytes: one signed byte a feature and label, with one scale for facts and one for
//! words. `examples/train.rs` writes them; nothing here learns.

use crate::features::{FACTS, Feature, WIDTH};
use mailroom_domain::Probabilities;
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: &[u8; 8] = b"MLRMEV02";
/// Magic, checksum, two scales, four biases, temperature.
const HEAD: usize = 8 + 8 + 4 * 7;

/// Shipped weights that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The shipped weights are damaged ({0}). Install Mailroom again.")]
pub struct TriageError(pub(crate) &'static str);

/// The model as it is used.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Scale of a byte, for facts and for words.
    pub scales: [f32; 2],
    /// One a label.
    pub bias: [f32; 4],
    /// Scores are divided by it before they become probabilities.
    pub temperature: f32,
    /// `weights[feature][label]`
    pub weights: Vec<[i8; 4]>,
    version: String,
}

impl Evidence {
    /// A model from its parts, for the trainer.
    pub fn new(scales: [f32; 2], bias: [f32; 4], temperature: f32, weights: Vec<[i8; 4]>) -> Self {
        let mut evidence = Evidence { scales, bias, temperature, weights, version: String::new() };
        evidence.version = version(&evidence.to_bytes());
        evidence
    }

    /// As shipped.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut rest = Vec::with_capacity(HEAD + 4 * WIDTH);
        let [a, b] = self.scales;
        let [c, d, e, f] = self.bias;
        for number in [a, b, c, d, e, f, self.temperature] {
            rest.extend_from_slice(&number.to_le_bytes());
        }
        rest.extend(self.weights.iter().flatten().map(|w| *w as u8));
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&xxh3_64(&rest).to_le_bytes());
        out.extend(rest);
        out
    }

    /// Reads what [`Evidence::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`TriageError`] when anything about it is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TriageError> {
        let rest =
            bytes.strip_prefix(MAGIC).ok_or(TriageError("they are of another kind or version"))?;
        let (sum, rest) = rest.split_first_chunk::<8>().ok_or(TriageError("they are cut"))?;
        if u64::from_le_bytes(*sum) != xxh3_64(rest) {
            return Err(TriageError("their checksum is wrong"));
        }
        let (numbers, weights) = rest.split_at_checked(4 * 7).ok_or(TriageError("they are cut"))?;
        let number = |at: usize| {
            numbers.as_chunks::<4>().0.get(at).map_or(f32::NAN, |b| f32::from_le_bytes(*b))
        };
        let weights: Vec<[i8; 4]> =
            weights.as_chunks::<4>().0.iter().map(|four| four.map(|b| b as i8)).collect();
        if weights.len() != WIDTH {
            return Err(TriageError("they are of another width"));
        }
        let numbers: [f32; 7] = std::array::from_fn(number);
        if !numbers.iter().all(|n| n.is_finite()) || numbers[6] <= 0.0 {
            return Err(TriageError("they hold no numbers"));
        }
        let [a, b, c, d, e, f, temperature] = numbers;
        Ok(Evidence {
            scales: [a, b],
            bias: [c, d, e, f],
            temperature,
            weights,
            version: version(bytes),
        })
    }

    /// Tells these weights from others.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What a feature adds to each label's score.
    pub(crate) fn contribution(&self, feature: &Feature) -> [f32; 4] {
        let scale = self.scales[usize::from(feature.index as usize >= FACTS)] * feature.value;
        self.weights
            .get(feature.index as usize)
            .map_or([0.0; 4], |w| w.map(|w| f32::from(w) * scale))
    }

    /// Scores before softmax, temperature applied.
    pub(crate) fn scores(&self, features: &[Feature]) -> [f32; 4] {
        let mut scores = self.bias;
        for feature in features {
            for (score, part) in scores.iter_mut().zip(self.contribution(feature)) {
                *score += part;
            }
        }
        scores.map(|score| score / self.temperature)
    }

    pub(crate) fn probabilities(&self, features: &[Feature]) -> Probabilities {
        Probabilities::softmax(self.scores(features))
    }
}

fn version(bytes: &[u8]) -> String {
    format!("evidence-1-{:08x}", xxh3_64(bytes) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_round_trip_and_damage_is_refused() {
        let made =
            Evidence::new([0.01, 0.02], [0.1, 0.2, 0.3, 0.4], 1.5, vec![[1, -2, 3, -4]; WIDTH]);
        let bytes = made.to_bytes();
        assert_eq!(Evidence::from_bytes(&bytes), Ok(made));
        for at in [0, 9, 20, bytes.len() - 1] {
            let mut broken = bytes.clone();
            broken[at] ^= 1;
            let error = Evidence::from_bytes(&broken).expect_err("damage");
            assert!(error.to_string().ends_with("Install Mailroom again."));
        }
        assert!(Evidence::from_bytes(&bytes[..100]).is_err());
        assert!(Evidence::from_bytes(&[]).is_err());
    }
}
