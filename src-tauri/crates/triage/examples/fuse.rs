//! Fits how the voices are pooled, on the split `calibration`, and reports on `test`.
//!
//! `cargo run --release -p mailroom-triage --example fuse ENCODER.gguf [EVAL_DIR]`
//!
//! EVAL_DIR (`labels.jsonl`: file, label, second, lang) is only reported on. Writes `weights/fusion.json`.

use mailroom_corpus::Split;
use mailroom_domain::{Label, MessageContent, Probabilities};
use mailroom_encoder::Encoder;
use mailroom_triage::{EncoderScores, Fusion, Input, Pool, Triage};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;

struct Sample {
    label: Label,
    second: Option<Label>,
    lang: String,
    evidence: Probabilities,
    encoder: Probabilities,
}

#[derive(Deserialize)]
struct Labelled {
    file: String,
    label: Label,
    second: Option<Label>,
    lang: String,
}

/// A second label counts for this much of a target.
const SECOND: f32 = 0.1;

impl Sample {
    fn target(&self) -> [f32; 4] {
        let mut out = [0.0; 4];
        out[self.label.index()] = 1.0;
        if let Some(second) = self.second {
            out[self.label.index()] = 1.0 - SECOND;
            out[second.index()] = SECOND;
        }
        out
    }
}

struct Voices {
    triage: Triage,
    encoder: Encoder,
}

impl Voices {
    fn samples(
        &self,
        mail: Vec<(MessageContent, Vec<String>, Label, Option<Label>, String)>,
    ) -> Result<Vec<Sample>, Box<dyn Error>> {
        let mut out = Vec::with_capacity(mail.len());
        for part in mail.chunks(16) {
            let texts: Vec<String> =
                part.iter().map(|(content, own, ..)| self.triage.digest(content, own)).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            for (said, (content, own, label, second, lang)) in
                self.encoder.encode(&texts)?.into_iter().zip(part)
            {
                let scores = said.scores.ok_or("the encoder has no head")?;
                let encoder = EncoderScores { scores, version: String::new() };
                let input = Input { encoder: Some(&encoder), ..Input::of(content, own) };
                let voices = self.triage.verdict(&input).voices;
                out.push(Sample {
                    label: *label,
                    second: *second,
                    lang: lang.clone(),
                    evidence: voices[0].probabilities,
                    encoder: voices[1].probabilities,
                });
            }
        }
        Ok(out)
    }
}

struct Figures {
    strict: f32,
    second: f32,
    urgent: f32,
    ece: f32,
}

fn figures(samples: &[&Sample], p: &[Probabilities]) -> Figures {
    let n = samples.len().max(1) as f32;
    let count = |f: &dyn Fn(&Sample, Label) -> bool| {
        samples.iter().zip(p).filter(|(s, p)| f(s, p.argmax())).count() as f32
    };
    let mut bins = [(0.0f32, 0.0f32); 10];
    for (s, p) in samples.iter().zip(p) {
        let best = p.argmax();
        let bin = &mut bins[((p.of(best) * 10.0) as usize).min(9)];
        *bin = (bin.0 + p.of(best), bin.1 + f32::from(u8::from(best == s.label)));
    }
    let urgent = samples.iter().filter(|s| s.label == Label::Urgent).count().max(1) as f32;
    Figures {
        strict: count(&|s, l| l == s.label) / n,
        second: count(&|s, l| l == s.label || Some(l) == s.second) / n,
        urgent: count(&|s, l| l == s.label && l == Label::Urgent) / urgent,
        ece: bins.iter().map(|(sure, right)| (sure - right).abs()).sum::<f32>() / n,
    }
}

fn report(name: &str, samples: &[&Sample], fusion: &Fusion) {
    let line = |voice: &str, p: Vec<Probabilities>| {
        let f = figures(samples, &p);
        println!(
            "{name:<16} {voice:<10} n {:>4}  strict {:.3}  with second {:.3}  urgent recall {:.3}  ECE {:.3}",
            samples.len(),
            f.strict,
            f.second,
            f.urgent,
            f.ece
        );
    };
    line(
        "evidence",
        samples.iter().map(|s| fusion.evidence.probabilities(&[s.evidence])).collect(),
    );
    line("encoder", samples.iter().map(|s| s.encoder).collect());
    line(
        "fused",
        samples.iter().map(|s| fusion.encoder.probabilities(&[s.evidence, s.encoder])).collect(),
    );
}

/// The highest threshold at which abstaining costs at most half a point of accuracy.
fn threshold(samples: &[Sample], p: &[Probabilities], pool: &Pool) -> f32 {
    let right = |threshold: f32| {
        let pool = Pool { threshold, urgent_floor: 1.1, ..pool.clone() };
        samples.iter().zip(p).filter(|(s, p)| pool.decide(p).0 == s.label).count() as f32
    };
    let least = right(0.0) - samples.len() as f32 * 0.005;
    (0..60).map(|t| t as f32 * 0.01).filter(|t| right(*t) >= least).fold(0.0, f32::max)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let encoder =
        Encoder::open(Path::new(&args.next().ok_or("Usage: fuse ENCODER.gguf [EVAL_DIR]")?))?;
    let voices = Voices { triage: Triage::shipped()?, encoder };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let records = mailroom_corpus::read(&folder.join("corpus"))?;
    let of = |split: Split| {
        let mail = records
            .iter()
            .filter(|r| r.split() == split && r.agreed())
            .map(|r| {
                let (label, second) = r.labels();
                (
                    mailroom_mail::parse(&r.message()),
                    mailroom_corpus::own(r),
                    label,
                    second,
                    r.lang.clone(),
                )
            })
            .collect();
        voices.samples(mail)
    };
    let (calibration, test) = (of(Split::Calibration)?, of(Split::Test)?);

    let fit = |with_encoder: bool| {
        let said =
            |s: &Sample| if with_encoder { vec![s.evidence, s.encoder] } else { vec![s.evidence] };
        let samples: Vec<_> = calibration.iter().map(|s| (said(s), s.target())).collect();
        let mut pool = Pool::fit(&samples);
        let p: Vec<Probabilities> =
            samples.iter().map(|(said, _)| pool.probabilities(said)).collect();
        pool.threshold = threshold(&calibration, &p, &pool);
        pool.urgent_floor = 0.25;
        pool
    };
    let fusion = Fusion {
        evidence: fit(false),
        encoder: fit(true),
        encoder_version: voices.encoder.version().to_owned(),
    };
    println!("{fusion:?}");
    report("calibration", &calibration.iter().collect::<Vec<_>>(), &fusion);
    report("test", &test.iter().collect::<Vec<_>>(), &fusion);
    let languages: BTreeSet<&str> = test.iter().map(|s| s.lang.as_str()).collect();
    for lang in languages {
        report(
            &format!("test {lang}"),
            &test.iter().filter(|s| s.lang == lang).collect::<Vec<_>>(),
            &fusion,
        );
    }
    let p: Vec<Probabilities> =
        test.iter().map(|s| fusion.encoder.probabilities(&[s.evidence, s.encoder])).collect();
    let mut order: Vec<usize> = (0..test.len()).collect();
    order.sort_by(|a, b| p[*b].of(p[*b].argmax()).total_cmp(&p[*a].of(p[*a].argmax())));
    for share in [50, 60, 70, 80, 90, 100] {
        let kept = &order[..order.len() * share / 100];
        let right = kept.iter().filter(|at| p[**at].argmax() == test[**at].label).count();
        println!("the surest {share} %: {:.3} right", right as f32 / kept.len().max(1) as f32);
    }
    if let Some(eval) = args.next() {
        let eval = Path::new(&eval);
        let mut mail = Vec::new();
        for line in std::fs::read_to_string(eval.join("labels.jsonl"))?.lines() {
            let Labelled { file, label, second, lang } = serde_json::from_str(line)?;
            mail.push((
                mailroom_mail::parse(&std::fs::read(eval.join(file))?),
                Vec::new(),
                label,
                second,
                lang,
            ));
        }
        let samples = voices.samples(mail)?;
        report("eval", &samples.iter().collect::<Vec<_>>(), &fusion);
    }
    std::fs::write(folder.join("weights/fusion.json"), serde_json::to_string(&fusion)? + "\n")?;
    Ok(())
}
