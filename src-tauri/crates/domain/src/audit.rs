//! How well mail is sorted, estimated from a few messages that were drawn at random.
//!
//! Corrected mail says nothing about that: it was corrected because it was wrong. So messages are drawn at random
//! within bands of probability, more of them where the label is doubtful, and each counts for as many messages as its
//! band holds for each one drawn: stratified sampling (Cochran, "Sampling Techniques", 3rd edition 1977, chapter 5).

/// Lower bounds of the bands, by the probability of the label that was most probable.
pub const BANDS: [f32; 5] = [0.0, 0.5, 0.7, 0.85, 0.95];

/// The band of a probability.
pub fn band(probability: f32) -> usize {
    BANDS.iter().rposition(|from| probability >= *from).unwrap_or(0)
}

/// A band: how much mail it holds, and what of it was judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stratum {
    /// Messages.
    pub held: u64,
    /// Messages that were drawn and judged by the user.
    pub judged: u64,
    /// Of these, messages that lay in the right lane.
    pub right: u64,
}

/// A share with its 95 % interval, all from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The share.
    pub share: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// Messages that were judged.
    pub judged: u64,
}

/// How many messages of each band to draw, `count` in all: more where mail lies and where doubt lies (Neyman's
/// allocation, with the deviation that a probability in the middle of the band implies). Never more than a band holds.
pub fn allocate(held: &[u64; 5], count: u64) -> [u64; 5] {
    let deviation: [f64; 5] = std::array::from_fn(|at| {
        let to = BANDS.get(at + 1).copied().unwrap_or(1.0);
        let middle = f64::from((BANDS[at] + to) / 2.0);
        held[at] as f64 * (middle * (1.0 - middle)).sqrt()
    });
    let mut out = [0u64; 5];
    for _ in 0..count {
        // One at a time, to the band that is furthest behind its share.
        let next = (0..5).filter(|at| out[*at] < held[*at]).max_by(|a, b| {
            let due = |at: usize| deviation[at] / (out[at] as f64 + 1.0);
            due(*a).total_cmp(&due(*b))
        });
        match next {
            Some(at) => out[at] += 1,
            None => break,
        }
    }
    out
}

/// The share of mail in the right lane. Bands of which nothing was judged widen the interval by as much as is not
/// known about them. `None` if nothing was judged.
pub fn estimate(strata: &[Stratum]) -> Option<Estimate> {
    let held: u64 = strata.iter().map(|s| s.held).sum();
    let judged: u64 = strata.iter().map(|s| s.judged).sum();
    if judged == 0 || held == 0 {
        return None;
    }
    let (mut share, mut mean, mut variance) = (0.0, 0.0, 0.0);
    for stratum in strata {
        let weight = stratum.held as f64 / held as f64;
        let (n, right) = (stratum.judged as f64, stratum.right as f64);
        // Jeffreys' prior: a band of which three of three are right is not known to be perfect.
        let (a, b) = (right + 0.5, n - right + 0.5);
        let expected = a / (a + b);
        share += weight * if stratum.judged > 0 { right / n } else { expected };
        mean += weight * expected;
        variance += weight * weight * a * b / ((a + b) * (a + b) * (a + b + 1.0));
    }
    let half = 1.96 * variance.sqrt();
    let (low, high) = ((mean - half).max(0.0), (mean + half).min(1.0));
    Some(Estimate { share, low: low.min(share), high: high.max(share), judged })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_probability_has_a_band() {
        assert_eq!([0.0, 0.49, 0.5, 0.7, 0.9, 0.95, 1.0].map(band), [0, 0, 1, 2, 3, 4, 4]);
        assert_eq!(band(f32::NAN), 0);
    }

    #[test]
    fn doubtful_mail_is_drawn_more_often_than_its_share() {
        let drawn = allocate(&[100, 100, 100, 200, 500], 20);
        assert_eq!(drawn.iter().sum::<u64>(), 20);
        assert!(drawn[0] >= 3 && drawn[4] < 10, "{drawn:?}");
        assert_eq!(allocate(&[1, 0, 0, 0, 2], 20), [1, 0, 0, 0, 2]);
        assert_eq!(allocate(&[0; 5], 20), [0; 5]);
    }

    #[test]
    fn what_was_drawn_more_often_counts_less() {
        let strata = [
            Stratum { held: 100, judged: 10, right: 5 },
            Stratum { held: 900, judged: 10, right: 10 },
        ];
        let found = estimate(&strata).expect("an estimate");
        assert!((found.share - 0.95).abs() < 1e-9, "{found:?}");
        assert!(found.low < 0.95 && found.low > 0.7 && found.high <= 1.0, "{found:?}");
        assert_eq!(estimate(&[Stratum { held: 5, judged: 0, right: 0 }]), None);
    }

    #[test]
    fn the_interval_holds_the_truth_nineteen_times_of_twenty() {
        // Bands of 100, 300 and 600 messages that are right in 50, 80 and 97 %.
        let bands = [(100u64, 0.5), (300, 0.8), (600, 0.97)];
        let truth = 0.05 + 0.24 + 0.582;
        let mut state = 7u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        let mut held = 0;
        for _ in 0..2000 {
            let strata = bands.map(|(held, p)| {
                let right = (0..12).filter(|_| random() < p).count() as u64;
                Stratum { held, judged: 12, right }
            });
            let found = estimate(&strata).expect("an estimate");
            held += usize::from((found.low..=found.high).contains(&truth));
        }
        assert!((1840..=2000).contains(&held), "{held} of 2000");
    }
}
