//! How well something labels mail: the figures that we report, each with an interval.
//!
//! Intervals are 95 % percentile intervals of a seeded bootstrap (Efron, "Bootstrap methods: another look at the
//! jackknife", Annals of Statistics 7, 1979) over families: messages of one family are alike, so that resampling
//! single messages would make them look surer than they are (Davison and Hinkley, "Bootstrap Methods and their
//! Application", 1997, section 3.8). Nothing here fits anything, and the app itself uses none of it.

use mailroom_domain::{Label, Probabilities};
use std::collections::BTreeMap;

/// Draws of the bootstrap.
const RESAMPLES: usize = 2000;
/// Bins of the reliability table, of equal width.
const BINS: usize = 10;

/// One message: what is right, and what was said.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// What is resampled as a whole. Mail that belongs to no family is its own.
    pub family: String,
    /// ISO 639-1.
    pub lang: String,
    /// The label that is right.
    pub label: Label,
    /// The other one that is accepted.
    pub second: Option<Label>,
    /// What was said; its most probable label is what counts.
    pub said: Probabilities,
}

/// Shares from 0 to 1, but for `n` and `log_loss`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Messages.
    pub n: usize,
    /// The most probable label is the right one.
    pub strict: f64,
    /// It is the right one or the second.
    pub with_second: f64,
    /// The mean of the four labels' F1.
    pub macro_f1: f64,
    /// Share of urgent mail that was called urgent.
    pub urgent_recall: f64,
    /// Expected calibration error over ten bins of equal width (Guo et al., "On calibration of modern neural
    /// networks", ICML 2017): how far the probability of the most probable label is from the share that is right.
    pub ece: f64,
    /// The mean of that probability less the share that is right: above zero it is too sure.
    pub too_sure: f64,
    /// The mean of -ln(probability of the right label).
    pub log_loss: f64,
}

/// Figures, and between what they lie in 95 of 100 resamples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// Of all messages.
    pub figures: Figures,
    /// The lower ends.
    pub low: Figures,
    /// The upper ends.
    pub high: Figures,
}

/// One bin of the reliability table.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// Messages in it.
    pub n: usize,
    /// Mean probability of their most probable label.
    pub sure: f64,
    /// Share of them that is right.
    pub right: f64,
}

/// Sums from which all figures follow, so that a resample only adds up its families.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    n: f64,
    with_second: f64,
    /// `confusion[right][said]`
    confusion: [[f64; 4]; 4],
    /// Messages, sum of probabilities, right ones.
    bins: [[f64; 3]; BINS],
    loss: f64,
}

impl Sums {
    fn of<'a>(judged: impl IntoIterator<Item = &'a Judged>) -> Sums {
        let mut sums = Sums::default();
        for one in judged {
            let best = one.said.argmax();
            let sure = one.said.of(best);
            sums.n += 1.0;
            sums.confusion[one.label.index()][best.index()] += 1.0;
            if best == one.label || Some(best) == one.second {
                sums.with_second += 1.0;
            }
            let bin = &mut sums.bins[((f64::from(sure) * BINS as f64) as usize).min(BINS - 1)];
            bin[0] += 1.0;
            bin[1] += f64::from(sure);
            bin[2] += f64::from(u8::from(best == one.label));
            sums.loss -= f64::from(one.said.of(one.label).max(1e-6).ln());
        }
        sums
    }

    fn add(&mut self, other: &Sums) {
        self.n += other.n;
        self.with_second += other.with_second;
        self.loss += other.loss;
        for (a, b) in self.confusion.iter_mut().flatten().zip(other.confusion.iter().flatten()) {
            *a += b;
        }
        for (a, b) in self.bins.iter_mut().flatten().zip(other.bins.iter().flatten()) {
            *a += b;
        }
    }

    fn figures(&self) -> Figures {
        let n = self.n.max(1.0);
        let right = |k: usize| self.confusion[k][k];
        let truly = |k: usize| self.confusion[k].iter().sum::<f64>();
        let said = |k: usize| self.confusion.iter().map(|row| row[k]).sum::<f64>();
        let strict = (0..4).map(right).sum::<f64>() / n;
        let f1 = |k: usize| match truly(k) + said(k) {
            0.0 => 0.0,
            either => 2.0 * right(k) / either,
        };
        let urgent = Label::Urgent.index();
        Figures {
            n: self.n as usize,
            strict,
            with_second: self.with_second / n,
            macro_f1: (0..4).map(f1).sum::<f64>() / 4.0,
            urgent_recall: right(urgent) / truly(urgent).max(1.0),
            ece: self.bins.iter().map(|[_, sure, right]| (sure - right).abs()).sum::<f64>() / n,
            too_sure: self.bins.iter().map(|[_, sure, _]| sure).sum::<f64>() / n - strict,
            log_loss: self.loss / n,
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the same draws each time.
struct Draws(u64);

impl Draws {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(z ^ (z >> 31)) * n as u128) >> 64) as usize
    }
}

/// Figures without intervals.
pub fn figures<'a>(judged: impl IntoIterator<Item = &'a Judged>) -> Figures {
    Sums::of(judged).figures()
}

/// Figures with intervals.
pub fn measure(judged: &[Judged]) -> Measured {
    let families = by_family(judged);
    let mut draws = Draws(1);
    let drawn: Vec<Figures> = (0..RESAMPLES)
        .map(|_| {
            let mut sums = Sums::default();
            for _ in 0..families.len() {
                sums.add(&families[draws.below(families.len())]);
            }
            sums.figures()
        })
        .collect();
    let at = |share: f64| {
        let of = |figure: fn(&Figures) -> f64| percentile(drawn.iter().map(figure), share);
        Figures {
            n: judged.len(),
            strict: of(|f| f.strict),
            with_second: of(|f| f.with_second),
            macro_f1: of(|f| f.macro_f1),
            urgent_recall: of(|f| f.urgent_recall),
            ece: of(|f| f.ece),
            too_sure: of(|f| f.too_sure),
            log_loss: of(|f| f.log_loss),
        }
    };
    Measured { figures: figures(judged), low: at(0.025), high: at(0.975) }
}

/// How much more `a` has right than `b` of the same messages (strict), with the interval of the difference.
pub fn difference(a: &[Judged], b: &[Judged]) -> [f64; 3] {
    let right = |one: &Judged| f64::from(u8::from(one.said.argmax() == one.label));
    let mut families: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for (a, b) in a.iter().zip(b) {
        let (n, more) = families.entry(a.family.as_str()).or_default();
        *n += 1.0;
        *more += right(a) - right(b);
    }
    let families: Vec<(f64, f64)> = families.into_values().collect();
    let mean = |picked: &mut dyn Iterator<Item = usize>| {
        let (mut n, mut more) = (0.0, 0.0);
        for at in picked {
            n += families[at].0;
            more += families[at].1;
        }
        more / f64::max(n, 1.0)
    };
    let mut draws = Draws(1);
    let drawn: Vec<f64> = (0..RESAMPLES)
        .map(|_| mean(&mut (0..families.len()).map(|_| draws.below(families.len()))))
        .collect();
    [
        mean(&mut (0..families.len())),
        percentile(drawn.iter().copied(), 0.025),
        percentile(drawn.iter().copied(), 0.975),
    ]
}

/// How often each degree of certainty is right.
pub fn reliability(judged: &[Judged]) -> [Bin; BINS] {
    Sums::of(judged).bins.map(|[n, sure, right]| Bin {
        n: n as usize,
        sure: sure / n.max(1.0),
        right: right / n.max(1.0),
    })
}

/// Of the surest `share` of the messages, how many are right; with the least certainty among them. The other
/// messages are those that a reader would be asked about.
pub fn coverage(judged: &[Judged], share: f64) -> (f64, f64) {
    let sure = |one: &Judged| one.said.of(one.said.argmax());
    let mut order: Vec<&Judged> = judged.iter().collect();
    order.sort_by(|a, b| sure(b).total_cmp(&sure(a)));
    order.truncate((order.len() as f64 * share).round() as usize);
    let right = order.iter().filter(|one| one.said.argmax() == one.label).count();
    (right as f64 / order.len().max(1) as f64, order.last().map_or(1.0, |one| f64::from(sure(one))))
}

fn by_family(judged: &[Judged]) -> Vec<Sums> {
    let mut families: BTreeMap<&str, Vec<&Judged>> = BTreeMap::new();
    for one in judged {
        families.entry(one.family.as_str()).or_default().push(one);
    }
    families.into_values().map(Sums::of).collect()
}

fn percentile(values: impl Iterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let at = ((values.len().saturating_sub(1)) as f64 * share).round() as usize;
    values.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(label: usize, sure: f32) -> Probabilities {
        let rest = (1.0 - sure) / 3.0;
        Probabilities::from_weights(std::array::from_fn(|k| if k == label { sure } else { rest }))
            .expect("a distribution")
    }

    /// `n` messages in families of 10; those whose number `wrong` names are wrong, all with certainty `sure`.
    fn judged(n: usize, sure: f32, wrong: impl Fn(usize) -> bool) -> Vec<Judged> {
        (0..n)
            .map(|at| Judged {
                family: format!("{}", at / 10),
                lang: "en".into(),
                label: Label::ALL[at % 4],
                second: Some(Label::ALL[(at + 1) % 4]),
                said: said(if wrong(at) { (at + 1) % 4 } else { at % 4 }, sure),
            })
            .collect()
    }

    #[test]
    fn figures_are_what_they_say() {
        let of = figures(&judged(400, 0.9, |at| at % 5 == 0));
        assert_eq!((of.n, of.strict, of.with_second), (400, 0.8, 1.0));
        assert!((of.macro_f1 - 0.8).abs() < 1e-9 && (of.urgent_recall - 0.8).abs() < 1e-9);
        assert!((of.ece - 0.1).abs() < 1e-6 && (of.too_sure - 0.1).abs() < 1e-6);
        let loss = -0.8 * 0.9f64.ln() - 0.2 * (0.1f64 / 3.0).ln();
        assert!((of.log_loss - loss).abs() < 1e-4);
        assert_eq!(figures(&[]), Figures::default());
    }

    #[test]
    fn an_interval_holds_the_figure_and_is_wider_where_families_differ() {
        let alike = measure(&judged(400, 0.9, |at| at % 5 == 0));
        // As many wrong, but in whole families.
        let apart = measure(&judged(400, 0.9, |at| (at / 10) % 5 == 0));
        assert_eq!(alike.figures.strict, apart.figures.strict);
        let width = |m: &Measured| m.high.strict - m.low.strict;
        assert_eq!(width(&alike), 0.0, "each family has two wrong ones");
        assert!((0.15..0.35).contains(&width(&apart)), "{apart:?}");
        assert!(apart.low.strict < 0.8 && apart.high.strict > 0.8);
        assert_eq!(apart, measure(&judged(400, 0.9, |at| (at / 10) % 5 == 0)), "seeded");
    }

    #[test]
    fn a_difference_is_paired() {
        let (a, b) = (judged(400, 0.9, |at| at % 5 == 0), judged(400, 0.9, |at| at % 4 == 0));
        let [more, low, high] = difference(&a, &b);
        assert!((more - 0.05).abs() < 1e-9, "{more}");
        assert!(low <= more && more <= high && high - low < 0.05, "{low} {high}");
        assert_eq!(difference(&a, &a), [0.0; 3]);
    }

    #[test]
    fn the_surest_come_first_and_bins_add_up() {
        let mut mixed = judged(100, 0.95, |_| false);
        mixed.extend(judged(100, 0.55, |at| at % 2 == 0));
        assert_eq!(coverage(&mixed, 0.5).0, 1.0);
        assert_eq!(coverage(&mixed, 1.0).0, 0.75);
        let bins = reliability(&mixed);
        assert_eq!(bins.iter().map(|bin| bin.n).sum::<usize>(), 200);
        assert!((bins[5].right - 0.5).abs() < 1e-9 && (bins[9].right - 1.0).abs() < 1e-9);
    }
}
