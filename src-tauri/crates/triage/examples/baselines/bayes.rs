//! Two classifiers that learn by counting words: POPFile's and bogofilter's.

use mailroom_domain::{Label, Probabilities};
use std::collections::{HashMap, HashSet};

/// Multinomial naive Bayes as POPFile 1.1 has it (Bayes.pm): a label's prior is its share of all words; a word that a
/// label has never had weighs as if it stood there a tenth of a time among all words; one that no label has had
/// weighs nothing.
pub struct NaiveBayes {
    counts: HashMap<String, [f64; 4]>,
    totals: [f64; 4],
}

impl NaiveBayes {
    pub fn train<'a>(mail: impl Iterator<Item = (&'a [String], Label)>) -> NaiveBayes {
        let mut bayes = NaiveBayes { counts: HashMap::new(), totals: [0.0; 4] };
        for (words, label) in mail {
            for word in words {
                bayes.counts.entry(word.clone()).or_default()[label.index()] += 1.0;
            }
            bayes.totals[label.index()] += words.len() as f64;
        }
        bayes
    }

    pub fn say(&self, words: &[String]) -> Probabilities {
        let all: f64 = self.totals.iter().sum();
        let mut scores = self.totals.map(|total| (total.max(1.0) / all).ln());
        for counts in words.iter().filter_map(|word| self.counts.get(word)) {
            for k in 0..4 {
                scores[k] += match counts[k] {
                    0.0 => -(10.0 * all).ln(),
                    count => (count / self.totals[k]).ln(),
                };
            }
        }
        Probabilities::softmax(below_best(scores))
    }
}

/// Robinson's combination of words by Fisher's method (Robinson, "A statistical approach to the spam problem", Linux
/// Journal 107, 2003) with the parameters that bogofilter 1.2 comes with, each label against the other three. A word
/// counts once a message. bogofilter's score (1 + H - S) / 2 is 0 or 1 for nearly every mail, so that labels are
/// compared by ln H - ln S, which orders them alike.
pub struct Fisher {
    /// Messages that hold the word, by label.
    counts: HashMap<String, [f64; 4]>,
    messages: [f64; 4],
}

/// What an unknown word's probability is taken for, and how many messages' worth that counts.
const ROBX: f64 = 0.52;
const ROBS: f64 = 0.0178;
/// Words nearer to one half than this are left out.
const MIN_DEV: f64 = 0.375;

impl Fisher {
    pub fn train<'a>(mail: impl Iterator<Item = (&'a [String], Label)>) -> Fisher {
        let mut fisher = Fisher { counts: HashMap::new(), messages: [0.0; 4] };
        for (words, label) in mail {
            for word in words.iter().collect::<HashSet<_>>() {
                fisher.counts.entry(word.clone()).or_default()[label.index()] += 1.0;
            }
            fisher.messages[label.index()] += 1.0;
        }
        fisher
    }

    pub fn say(&self, words: &[String]) -> Probabilities {
        // Sorted, so that sums of floats are the same each time.
        let mut words: Vec<&String> = words.iter().collect::<HashSet<_>>().into_iter().collect();
        words.sort();
        let all: f64 = self.messages.iter().sum();
        let scores = std::array::from_fn(|k| {
            let (mut ln_for, mut ln_against, mut n) = (0.0, 0.0, 0usize);
            for word in &words {
                let counts = self.counts.get(*word).copied().unwrap_or_default();
                let seen: f64 = counts.iter().sum();
                let own = counts[k] / self.messages[k].max(1.0);
                let others = (seen - counts[k]) / (all - self.messages[k]).max(1.0);
                let p = if seen > 0.0 { own / (own + others) } else { ROBX };
                let f = (ROBS * ROBX + seen * p) / (ROBS + seen);
                if (f - 0.5).abs() >= MIN_DEV {
                    ln_for += f.ln();
                    ln_against += (1.0 - f).ln();
                    n += 1;
                }
            }
            if n == 0 { 0.0 } else { ln_chi_squared(-ln_for, n) - ln_chi_squared(-ln_against, n) }
        });
        Probabilities::softmax(below_best(scores))
    }
}

/// The logarithm of the chance that chi-squared with `2 n` degrees of freedom is above `2 half`.
fn ln_chi_squared(half: f64, n: usize) -> f64 {
    // e^-half times the sum of half^i / i!, in logarithms.
    let mut terms = Vec::with_capacity(n);
    let mut term = -half;
    for i in 0..n {
        if i > 0 {
            term += half.max(1e-300).ln() - (i as f64).ln();
        }
        terms.push(term);
    }
    let top = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (top + terms.iter().map(|t| (t - top).exp()).sum::<f64>().ln()).min(0.0)
}

fn below_best(scores: [f64; 4]) -> [f32; 4] {
    let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    scores.map(|score| (score - best) as f32)
}
