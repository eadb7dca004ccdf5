//! Figures against mail that was labelled by hand.

use crate::measure::read;
use crate::{bar, say, say_json};
use mailroom_domain::{Label, Voice};
use mailroom_engine::{Classifier, Config};
use mailroom_wire::{Code, Failure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// One line of `labels.jsonl`.
#[derive(Deserialize)]
pub(crate) struct Gold {
    /// Within the folder.
    pub(crate) file: String,
    /// What it is.
    pub(crate) label: Label,
    #[serde(default)]
    second: Option<Label>,
    #[serde(default)]
    lang: Option<String>,
}

/// What `eval` prints; see `docs/eval.schema.json`. The figures of `argmax` stand at the top as well.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    headline: Figures,
    argmax: Figures,
    shown: Figures,
    unsure: usize,
    per_voice: BTreeMap<&'static str, Figures>,
    /// Expected calibration error of the most probable label's probability, over ten bins.
    ece: f64,
    /// Of the surest so many, what share is right.
    coverage: Vec<Coverage>,
    seconds_per_message: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Coverage {
    covered: f64,
    strict: f64,
}

/// How sure it was of the most probable label, and whether that is right.
type Sure = (f64, bool);

fn calibration_error(judged: &[Sure]) -> f64 {
    let mut bins = [(0.0, 0.0); 10];
    for (sure, right) in judged {
        let bin = &mut bins[((sure * 10.0) as usize).min(9)];
        *bin = (bin.0 + sure, bin.1 + f64::from(u8::from(*right)));
    }
    bins.iter().map(|(sure, right): &(f64, f64)| (sure - right).abs()).sum::<f64>()
        / judged.len().max(1) as f64
}

fn coverage(mut judged: Vec<Sure>) -> Vec<Coverage> {
    judged.sort_by(|a, b| b.0.total_cmp(&a.0));
    (1..=10)
        .filter_map(|tenth| {
            let kept = judged.get(..judged.len() * tenth / 10).filter(|kept| !kept.is_empty())?;
            let right = kept.iter().filter(|(_, right)| *right).count();
            Some(Coverage {
                covered: tenth as f64 / 10.0,
                strict: right as f64 / kept.len() as f64,
            })
        })
        .collect()
}

/// Figures for one way of choosing a label. Shares lie between 0 and 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Figures {
    n: usize,
    strict: f64,
    with_second: f64,
    macro_f1: f64,
    urgent_recall: Option<f64>,
    per_label: BTreeMap<&'static str, PerLabel>,
    /// Counts by the label given by hand, then by ours.
    confusion: BTreeMap<&'static str, BTreeMap<&'static str, usize>>,
    per_language: BTreeMap<String, PerLanguage>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct PerLabel {
    n: usize,
    precision: Option<f64>,
    recall: Option<f64>,
    f1: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct PerLanguage {
    n: usize,
    strict: f64,
    with_second: f64,
}

struct Judged<'a> {
    gold: &'a Gold,
    ours: Label,
}

fn share(part: usize, of: usize) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}

fn figures(judged: &[Judged<'_>]) -> Figures {
    let n = judged.len();
    let strict = |j: &&Judged<'_>| j.ours == j.gold.label;
    let second = |j: &&Judged<'_>| j.ours == j.gold.label || Some(j.ours) == j.gold.second;
    let mut confusion: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for label in Label::ALL {
        confusion.insert(label.as_str(), Label::ALL.iter().map(|l| (l.as_str(), 0)).collect());
    }
    for j in judged {
        if let Some(count) =
            confusion.get_mut(j.gold.label.as_str()).and_then(|row| row.get_mut(j.ours.as_str()))
        {
            *count += 1;
        }
    }
    let mut per_label = BTreeMap::new();
    for label in Label::ALL {
        let gold = judged.iter().filter(|j| j.gold.label == label).count();
        let ours = judged.iter().filter(|j| j.ours == label).count();
        let both = judged.iter().filter(|j| j.gold.label == label && j.ours == label).count();
        per_label.insert(
            label.as_str(),
            PerLabel {
                n: gold,
                precision: share(both, ours),
                recall: share(both, gold),
                f1: share(2 * both, gold + ours).unwrap_or(0.0),
            },
        );
    }
    let mut languages: BTreeMap<String, Vec<&Judged<'_>>> = BTreeMap::new();
    for j in judged {
        let lang = j.gold.lang.clone().unwrap_or_else(|| "unknown".into());
        languages.entry(lang).or_default().push(j);
    }
    Figures {
        n,
        strict: share(judged.iter().filter(strict).count(), n).unwrap_or(0.0),
        with_second: share(judged.iter().filter(second).count(), n).unwrap_or(0.0),
        macro_f1: per_label.values().map(|l| l.f1).sum::<f64>() / Label::ALL.len() as f64,
        urgent_recall: per_label.get("urgent").and_then(|l| l.recall),
        per_language: languages
            .into_iter()
            .map(|(lang, judged)| {
                let n = judged.len();
                let count =
                    |f: &dyn Fn(&&Judged<'_>) -> bool| judged.iter().filter(|j| f(j)).count();
                let line = PerLanguage {
                    n,
                    strict: share(count(&strict), n).unwrap_or(0.0),
                    with_second: share(count(&second), n).unwrap_or(0.0),
                };
                (lang, line)
            })
            .collect(),
        per_label,
        confusion,
    }
}

pub(crate) fn gold(dir: &Path) -> Result<Vec<Gold>, Failure> {
    let path = dir.join("labels.jsonl");
    let text = String::from_utf8_lossy(&read(&path)?).into_owned();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let gold: Vec<Gold> = lines
        .map(|(at, line)| {
            serde_json::from_str(line).map_err(|e| {
                let text = format!("Line {} of \"{}\" is not as it should be ({e}). Each line needs file and label.", at + 1, path.display());
                Failure::new(Code::Invalid, text)
            })
        })
        .collect::<Result<_, _>>()?;
    if gold.is_empty() {
        return Err(Failure::new(
            Code::Invalid,
            format!("\"{}\" holds no labels.", path.display()),
        ));
    }
    Ok(gold)
}

pub(crate) async fn run(
    config: Config,
    dir: &Path,
    json: bool,
    model: bool,
) -> Result<(), Failure> {
    let gold = gold(dir)?;
    // Read first: what is measured is labelling, parsing included, and not the disk.
    let mail: Vec<Vec<u8>> =
        gold.iter().map(|g| read(&dir.join(&g.file))).collect::<Result<_, _>>()?;
    let classifier = Classifier::open(config, model).await?;
    let bar = bar(Some(gold.len() as u64));
    let (mut argmax, mut shown, mut unsure, mut sure) =
        (Vec::new(), Vec::new(), 0, Vec::<Sure>::new());
    let mut voices: BTreeMap<&'static str, Vec<Judged<'_>>> = BTreeMap::new();
    let start = Instant::now();
    for (gold, raw) in gold.iter().zip(&mail) {
        let classified = classifier.classify(raw, "").await;
        let verdict = &classified.verdict;
        argmax.push(Judged { gold, ours: verdict.most_probable() });
        shown.push(Judged { gold, ours: verdict.label });
        unsure += usize::from(verdict.unsure);
        let best = verdict.most_probable();
        sure.push((f64::from(verdict.probabilities.of(best)), best == gold.label));
        for voice in [Voice::Evidence, Voice::Encoder, Voice::Model, Voice::Memory] {
            if let Some(alone) = classified.voice(voice) {
                voices
                    .entry(voice.as_str())
                    .or_default()
                    .push(Judged { gold, ours: alone.argmax() });
            }
        }
        bar.inc(1);
    }
    let seconds = start.elapsed().as_secs_f64();
    bar.finish_and_clear();
    classifier.close().await;
    let report = Report {
        headline: figures(&argmax),
        argmax: figures(&argmax),
        shown: figures(&shown),
        unsure,
        per_voice: voices.iter().map(|(voice, judged)| (*voice, figures(judged))).collect(),
        ece: calibration_error(&sure),
        coverage: coverage(sure),
        seconds_per_message: seconds / gold.len() as f64,
    };
    if json {
        return say_json(&report);
    }
    for (name, figures) in [("most probable", &report.argmax), ("shown", &report.shown)] {
        say(&format!(
            "{name:<14} strict {:.3}  with second {:.3}  macro-F1 {:.3}  urgent recall {}",
            figures.strict,
            figures.with_second,
            figures.macro_f1,
            figures.urgent_recall.map_or_else(|| "-".into(), |r| format!("{r:.3}")),
        ));
    }
    say(&format!(
        "{} of {} unsure, calibration error {:.3}",
        report.unsure, report.headline.n, report.ece
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sureness_is_measured_against_what_was_right() {
        let judged: Vec<Sure> = (0..10).map(|n| (0.95 - n as f64 / 1000.0, n < 8)).collect();
        assert!((calibration_error(&judged) - (0.9455 - 0.8)).abs() < 1e-9);
        let curve = coverage(judged);
        assert_eq!((curve[7].covered, curve[7].strict, curve[9].strict), (0.8, 1.0, 0.8));
        assert!(coverage(Vec::new()).is_empty());
    }

    #[test]
    fn figures_are_what_they_are_called() {
        let line = |label: Label, second: Option<Label>| Gold {
            file: String::new(),
            label,
            second,
            lang: Some("en".into()),
        };
        let gold = [
            line(Label::Urgent, None),
            line(Label::Urgent, Some(Label::Task)),
            line(Label::Task, None),
            line(Label::Notification, None),
        ];
        let ours = [Label::Urgent, Label::Task, Label::Task, Label::NeedsHuman];
        let judged: Vec<Judged<'_>> =
            gold.iter().zip(ours).map(|(gold, ours)| Judged { gold, ours }).collect();
        let f = figures(&judged);
        assert_eq!((f.n, f.strict, f.with_second), (4, 0.5, 0.75));
        assert_eq!(f.urgent_recall, Some(0.5));
        assert_eq!(f.confusion["urgent"]["task"], 1);
        assert_eq!(f.per_label["task"].precision, Some(0.5));
        assert_eq!(f.per_label["needs-human"].recall, None);
        // F1: urgent 2/3, task 2/3, the others 0.
        assert!((f.macro_f1 - (4.0 / 3.0) / 4.0).abs() < 1e-9);
    }
}
