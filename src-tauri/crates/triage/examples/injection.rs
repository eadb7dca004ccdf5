//! How often mail that tries to steer its label succeeds: each attack against the same mail without it.
//!
//! `cargo run --release -p mailroom-triage --example injection [ENCODER.gguf]`
//!
//! A flip is another most probable label than that of the clean mail; towards the goal, or to any label.

use mailroom_corpus::{Record, attacks, own};
use mailroom_domain::{Label, Probabilities, Voice};
use mailroom_encoder::Encoder;
use mailroom_triage::{EncoderScores, Input, Triage};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

struct Said {
    voices: Vec<(&'static str, Label)>,
}

fn said(
    triage: &Triage,
    encoder: Option<&Encoder>,
    record: &Record,
) -> Result<Said, Box<dyn Error>> {
    let content = mailroom_mail::parse(&record.message());
    let own = own(record);
    let scores = match encoder {
        Some(encoder) => {
            encoder.encode(&[&triage.digest(&content, &own)])?.pop().and_then(|e| e.scores)
        }
        None => None,
    };
    let scores = scores.map(|scores| EncoderScores { scores, version: String::new() });
    let input = Input { encoder: scores.as_ref(), ..Input::of(&content, &own) };
    let verdict = triage.verdict(&input);
    let alone =
        |voice: Voice| verdict.voices.iter().find(|v| v.voice == voice).map(|v| v.probabilities);
    let mut voices: Vec<(&'static str, Probabilities)> = Vec::new();
    voices.extend(alone(Voice::Evidence).map(|p| ("evidence", p)));
    voices.extend(alone(Voice::Encoder).map(|p| ("encoder", p)));
    voices.push(("fused", verdict.probabilities));
    Ok(Said { voices: voices.into_iter().map(|(name, p)| (name, p.argmax())).collect() })
}

fn main() -> Result<(), Box<dyn Error>> {
    let encoder =
        std::env::args().nth(1).map(|file| Encoder::open(Path::new(&file))).transpose()?;
    let triage = Triage::shipped()?;
    let attacks = attacks(&Path::new(env!("CARGO_MANIFEST_DIR")).join("injection"))?;
    // By voice and by what is counted: attacks, flips to the goal, flips to any label.
    let mut counts: BTreeMap<(&str, String), [usize; 3]> = BTreeMap::new();
    for attack in &attacks {
        let (clean, attacked) = (
            said(&triage, encoder.as_ref(), &attack.clean)?,
            said(&triage, encoder.as_ref(), &attack.attacked)?,
        );
        for ((voice, before), (_, after)) in clean.voices.into_iter().zip(attacked.voices) {
            let names = [
                "all".to_owned(),
                format!("to {}", attack.goal),
                format!("kind {}", attack.kind),
                format!("lang {}", attack.clean.lang),
            ];
            for name in names {
                let count = counts.entry((voice, name)).or_default();
                count[0] += 1;
                count[1] += usize::from(after != before && after == attack.goal);
                count[2] += usize::from(after != before);
            }
        }
    }
    for ((voice, name), [n, goal, any]) in counts {
        let share = |k: usize| 100.0 * k as f64 / n.max(1) as f64;
        println!(
            "{voice:<9} {name:<40} n {n:>4}  to the goal {:>5.1} %  any {:>5.1} %",
            share(goal),
            share(any)
        );
    }
    Ok(())
}
