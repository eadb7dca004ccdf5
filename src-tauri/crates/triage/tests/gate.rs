//! A floor under the voices: on mail of the corpus that nothing is trained or fitted on, they must label about as
//! well as `gate.json` says they did, and the features must be those that the weights were trained with.
//!
//! After a change that is meant (`make train`), `UPDATE_GATE=1 cargo test -p mailroom-triage --test gate` writes the
//! figures anew, and the diff shows what the change has cost or brought. The full tables are printed by the examples
//! `fuse` and `baselines`; this is only what is quick enough for every run.

use mailroom_corpus::measure::{Figures, Judged, figures};
use mailroom_corpus::{Record, Split, own};
use mailroom_domain::{MessageContent, Probabilities};
use mailroom_encoder::Encoder;
use mailroom_triage::{EncoderScores, Fusion, Input, Triage, training};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};
use xxhash_rust::xxh3::Xxh3;

/// What a figure may lose.
const MARGIN: f64 = 0.03;
/// Few are urgent: so many of them may be missed besides, since single messages flip with the processor's kernels.
const URGENT_MESSAGES: f64 = 2.0;
/// The encoder reads every so many-th message, about 120 of them.
const STEP: usize = 5;

/// The committed figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Gate {
    evidence: Floor,
    /// Evidence and encoder.
    fused: Floor,
    features: Fingerprint,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Floor {
    /// Of the voice whose weights are newest.
    version: String,
    messages: usize,
    strict: f64,
    urgent_recall: f64,
}

/// What the evidence sees in the same messages. Indexes are compared exactly; values, which come from logarithms that
/// differ in their last bit between systems, by their sum.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Fingerprint {
    evidence: String,
    indexes: String,
    values: f64,
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn file() -> PathBuf {
    folder().join("tests/gate.json")
}

fn committed() -> Gate {
    let text = std::fs::read_to_string(file()).expect("tests/gate.json");
    serde_json::from_str(&text).expect("tests/gate.json in its form")
}

/// Puts a part into the file when it is asked for; `true` if so. Tests run side by side: one at a time writes.
fn updated(change: impl FnOnce(&mut Gate)) -> bool {
    static WRITING: Mutex<()> = Mutex::new(());
    if std::env::var_os("UPDATE_GATE").is_none() {
        return false;
    }
    let _one = WRITING.lock().expect("no panic while writing");
    let mut gate = std::fs::read_to_string(file())
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    change(&mut gate);
    let text = serde_json::to_string_pretty(&gate).expect("JSON");
    std::fs::write(file(), text + "\n").expect("written");
    true
}

/// The split `test`, without what two readers disagree on.
fn held_out() -> &'static [(Record, MessageContent)] {
    static READ: OnceLock<Vec<(Record, MessageContent)>> = OnceLock::new();
    READ.get_or_init(|| {
        mailroom_corpus::read(&folder().join("corpus"))
            .expect("the corpus")
            .into_iter()
            .filter(|record| record.split() == Split::Test && record.agreed())
            .map(|record| {
                let content = mailroom_mail::parse(&record.message());
                (record, content)
            })
            .collect()
    })
}

fn judged(record: &Record, said: Probabilities) -> Judged {
    let (label, second) = record.labels();
    Judged { family: record.family.clone(), lang: record.lang.clone(), label, second, said }
}

fn floor(version: &str, of: &Figures) -> Floor {
    let round = |x: f64| (x * 1e4).round() / 1e4;
    Floor {
        version: version.to_owned(),
        messages: of.n,
        strict: round(of.strict),
        urgent_recall: round(of.urgent_recall),
    }
}

fn compare(what: &str, now: &Figures, floor: &Floor, urgent: usize) {
    let urgent_margin = MARGIN.max(URGENT_MESSAGES / urgent.max(1) as f64);
    assert!(
        now.strict >= floor.strict - MARGIN
            && now.urgent_recall >= floor.urgent_recall - urgent_margin - 1e-3,
        "{what} labels worse than committed. Strict {:.3}, was {:.3} (at least {MARGIN} less is a fault); recall of \
         urgent {:.3}, was {:.3} ({urgent_margin:.3}). Find out what has changed; if it is meant, write the figures \
         anew with UPDATE_GATE=1.",
        now.strict,
        floor.strict,
        now.urgent_recall,
        floor.urgent_recall,
    );
}

fn urgent(judged: &[Judged]) -> usize {
    judged.iter().filter(|j| j.label == mailroom_domain::Label::Urgent).count()
}

#[test]
fn evidence_labels_held_out_mail_as_well_as_before() {
    let triage = Triage::shipped().expect("shipped weights");
    let judged: Vec<Judged> = held_out()
        .iter()
        .map(|(record, content)| {
            let own = own(record);
            let input = Input { encoder: None, ..Input::of(content, &own) };
            judged(record, triage.verdict(&input).probabilities)
        })
        .collect();
    let now = figures(&judged);
    if updated(|gate| gate.evidence = floor(triage.evidence_version(), &now)) {
        return;
    }
    compare("The evidence", &now, &committed().evidence, urgent(&judged));
}

#[test]
fn evidence_and_encoder_label_held_out_mail_as_well_as_before() {
    let Some(path) = encoder() else { return };
    let encoder = Encoder::open(&path).expect("an encoder");
    let fitted = Fusion::shipped().expect("sound pools").encoder_version;
    assert_eq!(
        encoder.version(),
        fitted,
        "{} and weights/fusion.json do not belong together: tools/models/encoder.sh makes the file anew, and after \
         fine-tuning `make train` fits the pool.",
        path.display()
    );
    let triage = Triage::shipped().expect("shipped weights");
    let mail: Vec<_> = held_out().iter().step_by(STEP).collect();
    let texts: Vec<String> =
        mail.iter().map(|(record, content)| triage.digest(content, &own(record))).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let judged: Vec<Judged> = encoder
        .encode(&texts)
        .expect("encoded")
        .into_iter()
        .zip(&mail)
        .map(|(encoding, (record, content))| {
            let scores = encoding.scores.expect("a head");
            let said = EncoderScores { scores, version: encoder.version().to_owned() };
            let own = own(record);
            let input = Input { encoder: Some(&said), ..Input::of(content, &own) };
            judged(record, triage.verdict(&input).probabilities)
        })
        .collect();
    let now = figures(&judged);
    if updated(|gate| gate.fused = floor(encoder.version(), &now)) {
        return;
    }
    compare("Evidence and encoder together", &now, &committed().fused, urgent(&judged));
}

#[test]
fn features_are_those_that_the_weights_were_trained_with() {
    let (mut indexes, mut values) = (Xxh3::new(), 0.0f64);
    for (record, content) in held_out() {
        let mut features = training::features(content, &own(record));
        features.sort_by_key(|(index, _)| *index);
        for (index, value) in features {
            indexes.update(&index.to_le_bytes());
            values += f64::from(value);
        }
    }
    let triage = Triage::shipped().expect("shipped weights");
    let now = Fingerprint {
        evidence: triage.evidence_version().to_owned(),
        indexes: format!("{:016x}", indexes.digest()),
        values: values.round(),
    };
    if updated(|gate| gate.features = now.clone()) {
        return;
    }
    let was = committed().features;
    assert!(
        was.indexes == now.indexes && (was.values - now.values).abs() <= 1.0,
        "The features, or the mail of the split `test`, have changed: {now:?}, were {was:?}. If it is meant, \
         `make train`, then write this anew with UPDATE_GATE=1."
    );
}

/// The encoder's file, where `tools/models/encoder.sh` has made it.
fn encoder() -> Option<PathBuf> {
    let cache = std::env::var_os("MAILROOM_CACHE").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/mailroom"),
        PathBuf::from,
    );
    let file = cache.join("models/encoder.gguf");
    if !file.exists() {
        eprintln!("skipped: {} is not here; tools/models/encoder.sh makes it", file.display());
        return None;
    }
    Some(file)
}
