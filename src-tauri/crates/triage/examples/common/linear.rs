//! A multinomial logistic regression over dense vectors.

use mailroom_domain::{Label, Probabilities};

/// Passes of gradient descent over all messages.
const PASSES: usize = 300;

/// Standardised inputs, then one weight an input and label.
pub struct Linear {
    mean: Vec<f32>,
    deviation: Vec<f32>,
    weights: Vec<[f32; 4]>,
    bias: [f32; 4],
}

impl Linear {
    /// `ridge`: pull towards zero, on weights of standardised inputs.
    pub fn fit(mail: &[(&[f32], Label)], ridge: f32) -> Linear {
        let width = mail.first().map_or(0, |(vector, _)| vector.len());
        let n = mail.len().max(1) as f32;
        let mut mean = vec![0.0f32; width];
        for (vector, _) in mail {
            mean.iter_mut().zip(*vector).for_each(|(m, x)| *m += x / n);
        }
        let mut deviation = vec![0.0f32; width];
        for (vector, _) in mail {
            for ((d, x), m) in deviation.iter_mut().zip(*vector).zip(&mean) {
                *d += (x - m).powi(2) / n;
            }
        }
        deviation.iter_mut().for_each(|d| *d = d.sqrt().max(1e-4));
        let mut linear = Linear { mean, deviation, weights: vec![[0.0; 4]; width], bias: [0.0; 4] };
        let inputs: Vec<Vec<f32>> = mail.iter().map(|(vector, _)| linear.input(vector)).collect();
        let mut speed = vec![[0.0f32; 4]; width];
        for _ in 0..PASSES {
            let mut gradient = vec![[0.0f32; 4]; width];
            let mut bias = [0.0f32; 4];
            for (input, (_, label)) in inputs.iter().zip(mail) {
                let mut error = Probabilities::softmax(linear.scores(input)).as_array();
                error[label.index()] -= 1.0;
                for (g, x) in gradient.iter_mut().zip(input) {
                    g.iter_mut().zip(error).for_each(|(g, e)| *g += e * x / n);
                }
                bias.iter_mut().zip(error).for_each(|(b, e)| *b += e / n);
            }
            for ((w, g), v) in linear.weights.iter_mut().zip(&gradient).zip(&mut speed) {
                for k in 0..4 {
                    v[k] = 0.9 * v[k] - 0.05 * (g[k] + ridge * w[k]);
                    w[k] += v[k];
                }
            }
            linear.bias.iter_mut().zip(bias).for_each(|(b, g)| *b -= 0.5 * g);
        }
        linear
    }

    pub fn say(&self, vector: &[f32]) -> Probabilities {
        Probabilities::softmax(self.scores(&self.input(vector)))
    }

    fn input(&self, vector: &[f32]) -> Vec<f32> {
        vector
            .iter()
            .zip(&self.mean)
            .zip(&self.deviation)
            .map(|((x, mean), deviation)| (x - mean) / deviation)
            .collect()
    }

    fn scores(&self, input: &[f32]) -> [f32; 4] {
        let mut out = self.bias;
        for (x, w) in input.iter().zip(&self.weights) {
            out.iter_mut().zip(w).for_each(|(score, w)| *score += x * w);
        }
        out
    }
}
