//! What simpler ways of labelling reach on the same mail, so that the voices' figures can be judged.
//!
//! `cargo run --release -p mailroom-triage --example baselines [ENCODER.gguf [PUBLISHED.bin]] [--real FOLDER]`
//!
//! All learn from the corpus's split `train`; choices (ridge, and pools where the shipped voice has one) are made on
//! `calibration`; reported is `test`. Without ENCODER.gguf the rows of the encoder are missing; PUBLISHED.bin is
//! `e5-small-q4.bin`, from which the encoder without our fine-tuning is made. FOLDER (`labels.jsonl`: file, label,
//! second, lang) is only reported on. Each figure stands with its 95 % interval, and the last column says by how much
//! the row is right more often than evidence and encoder fused. Deterministic.

mod bayes;
mod keywords;
#[path = "../common/linear.rs"]
mod linear;
#[path = "../common/mail.rs"]
mod mail;
#[path = "../common/real.rs"]
mod real;
#[path = "../common/trainer.rs"]
mod trainer;
mod words;

use bayes::{Fisher, NaiveBayes};
use linear::Linear;
use mail::{Mail, encode};
use mailroom_corpus::measure::{Judged, Measured, difference, figures, measure};
use mailroom_corpus::{Record, Split};
use mailroom_domain::{HeaderFacts, Label, MessageContent, Probabilities};
use mailroom_encoder::{Encoder, Encoding, convert};
use mailroom_triage::training::{FACTS, features, name};
use mailroom_triage::{Fusion, Input, Pool, Triage};
use std::error::Error;
use std::path::{Path, PathBuf};
use trainer::{Example, Features, train};

/// What the labels mean, as it is told to somebody who has never seen one.
const DESCRIPTIONS: [(Label, &str); 4] = [
    (
        Label::Urgent,
        "Urgent: an emergency, outage, cancellation, or a deadline or meeting today or tomorrow; act at once",
    ),
    (
        Label::Task,
        "Task: somebody asks you to do, decide, answer, send, review or attend something, later than tomorrow",
    ),
    (
        Label::NeedsHuman,
        "Personal or sensitive: a person tells news, feelings, a complaint or an opinion, and asks for nothing",
    ),
    (
        Label::Notification,
        "Notification: an automatic or bulk message, newsletter, advertisement, receipt or status report",
    ),
];
/// Pulls towards zero that are tried for the head over vectors.
const RIDGES: [f32; 4] = [1e-3, 3e-3, 1e-2, 3e-2];
/// Cosines of e5 lie close together.
const SHARPNESS: f32 = 50.0;

/// The sides of the corpus, and real mail.
struct Sides<T> {
    train: Vec<T>,
    calibration: Vec<T>,
    test: Vec<T>,
    real: Vec<T>,
}

impl<T> Sides<T> {
    fn map<U>(&self, f: impl Fn(&T) -> U) -> Sides<U> {
        Sides {
            train: self.train.iter().map(&f).collect(),
            calibration: self.calibration.iter().map(&f).collect(),
            test: self.test.iter().map(&f).collect(),
            real: self.real.iter().map(&f).collect(),
        }
    }
}

/// What each way says, by name.
type Ways = Vec<(String, Sides<Probabilities>)>;

/// What several voices say, pooled as the shipped ones are: by what fits the split `calibration`.
fn pooled(mail: &Sides<Mail>, voices: &[&Sides<Probabilities>]) -> Sides<Probabilities> {
    let heard = |side: fn(&Sides<Probabilities>) -> &Vec<Probabilities>| {
        let n = voices.first().map_or(0, |voice| side(voice).len());
        (0..n)
            .map(|at| voices.iter().map(|voice| side(voice)[at]).collect())
            .collect::<Vec<Vec<_>>>()
    };
    let samples: Vec<_> = heard(|s| &s.calibration)
        .into_iter()
        .zip(&mail.calibration)
        .map(|(said, mail)| (said, mail.target()))
        .collect();
    let pool = Pool::fit(&samples);
    let say = |said: Vec<Vec<Probabilities>>| said.iter().map(|s| pool.probabilities(s)).collect();
    Sides {
        train: say(heard(|s| &s.train)),
        calibration: say(heard(|s| &s.calibration)),
        test: say(heard(|s| &s.test)),
        real: say(heard(|s| &s.real)),
    }
}

/// Something certain, as near to it as a probability goes.
fn certain(label: Label) -> Probabilities {
    let mut scores = [0.0; 4];
    scores[label.index()] = 12.0;
    Probabilities::softmax(scores)
}

/// Learning by counting, and rules.
fn simple(mail: &Sides<Mail>, out: &mut Ways) {
    let mut counts = [0.0f32; 4];
    mail.train.iter().for_each(|m| counts[m.label.index()] += 1.0);
    let majority = Probabilities::from_weights(counts).unwrap_or(Probabilities::UNIFORM);
    out.push(("the most frequent label".into(), mail.map(|_| majority)));
    out.push(("keyword rules".into(), mail.map(|m| certain(keywords::say(&m.content)))));
    let words = mail.map(|m| words::words(&m.content));
    let known = || words.train.iter().map(Vec::as_slice).zip(mail.train.iter().map(|m| m.label));
    let bayes = NaiveBayes::train(known());
    out.push(("naive Bayes, as POPFile has it".into(), words.map(|w| bayes.say(w))));
    let fisher = Fisher::train(known());
    out.push(("Robinson-Fisher, as bogofilter has it".into(), words.map(|w| fisher.say(w))));
}

/// The evidence voice, trained by its own trainer on less.
fn reduced(
    records: &[&Record],
    mail: &Sides<Mail>,
    see: impl Fn(MessageContent) -> MessageContent,
    keep: impl Fn(u32) -> bool,
) -> Sides<Probabilities> {
    let kept = |features: Features| -> Features {
        features.into_iter().filter(|(index, _)| keep(*index)).collect()
    };
    let examples: Vec<Example> = records
        .iter()
        .map(|record| {
            let example = Example::new(record, &see);
            let (features, unknown) = (kept(example.features), kept(example.unknown));
            Example { features, unknown, ..example }
        })
        .collect();
    let model = train(&examples.iter().collect::<Vec<_>>());
    let said = mail.map(|m| {
        Probabilities::softmax(model.scores(&kept(features(&see(m.content.clone()), &m.own))))
    });
    pooled(mail, &[&said])
}

/// Only what stands in the subject line and the text is left.
fn without_headers(content: MessageContent) -> MessageContent {
    let headers =
        HeaderFacts { subject: content.headers.subject.clone(), ..HeaderFacts::default() };
    MessageContent { headers, ..content }
}

/// The head over the vectors: the pull that fits `calibration` best.
fn head(mail: &Sides<Mail>, vectors: &Sides<Encoding>) -> Sides<Probabilities> {
    let known: Vec<(&[f32], Label)> = vectors
        .train
        .iter()
        .zip(&mail.train)
        .map(|(encoding, mail)| (encoding.vector.as_slice(), mail.label))
        .collect();
    let judge = |said: &Sides<Probabilities>| {
        let judged: Vec<Judged> =
            mail.calibration.iter().zip(&said.calibration).map(|(m, p)| m.judged(*p)).collect();
        figures(&judged).log_loss
    };
    let mut best: Option<(f64, Sides<Probabilities>)> = None;
    for ridge in RIDGES {
        let linear = Linear::fit(&known, ridge);
        let said = vectors.map(|encoding| linear.say(&encoding.vector));
        let loss = judge(&said);
        if best.as_ref().is_none_or(|(least, _)| loss < *least) {
            best = Some((loss, said));
        }
    }
    best.map_or_else(|| vectors.map(|_| Probabilities::UNIFORM), |(_, said)| said)
}

/// How near each message is to a description of each label.
fn described(
    encoder: &Encoder,
    vectors: &Sides<Encoding>,
) -> Result<Sides<Probabilities>, Box<dyn Error>> {
    let texts = DESCRIPTIONS.map(|(_, text)| text);
    let labels = encoder.encode(&texts)?;
    Ok(vectors.map(|encoding| {
        let mut scores = [0.0; 4];
        for ((label, _), description) in DESCRIPTIONS.iter().zip(&labels) {
            let cosine: f32 =
                encoding.vector.iter().zip(&description.vector).map(|(a, b)| a * b).sum();
            scores[label.index()] = SHARPNESS * cosine;
        }
        Probabilities::softmax(scores)
    }))
}

fn encoded(
    triage: &Triage,
    encoder: &Encoder,
    mail: &Sides<Mail>,
    training: &[Mail],
) -> Result<Sides<Encoding>, Box<dyn Error>> {
    Ok(Sides {
        train: encode(triage, encoder, training)?,
        calibration: encode(triage, encoder, &mail.calibration)?,
        test: encode(triage, encoder, &mail.test)?,
        real: encode(triage, encoder, &mail.real)?,
    })
}

fn print(
    title: &str,
    mail: &[Mail],
    ways: &Ways,
    side: fn(&Sides<Probabilities>) -> &Vec<Probabilities>,
) {
    let judged = |said: &Sides<Probabilities>| -> Vec<Judged> {
        mail.iter().zip(side(said)).map(|(mail, said)| mail.judged(*said)).collect()
    };
    println!("\n{title}, {} messages\n", mail.len());
    println!("| | strict | with second | macro-F1 | urgent recall | strict, less the last row's |");
    println!("|---|---|---|---|---|---|");
    let reference = ways.last().map(|(_, said)| judged(said)).unwrap_or_default();
    for (name, said) in ways {
        let judged = judged(said);
        let Measured { figures, low, high } = measure(&judged);
        let cell = |value: f64, low: f64, high: f64| format!("{value:.3} ({low:.2}-{high:.2})");
        let [more, least, most] = difference(&judged, &reference);
        println!(
            "| {name} | {} | {} | {} | {} | {more:+.3} ({least:+.2} to {most:+.2}) |",
            cell(figures.strict, low.strict, high.strict),
            cell(figures.with_second, low.with_second, high.with_second),
            cell(figures.macro_f1, low.macro_f1, high.macro_f1),
            cell(figures.urgent_recall, low.urgent_recall, high.urgent_recall),
        );
    }
}

struct Arguments {
    encoder: Option<PathBuf>,
    published: Option<PathBuf>,
    real: Option<PathBuf>,
}

fn arguments() -> Arguments {
    let mut files = Vec::new();
    let mut real = None;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        if arg == "--real" {
            real = args.next().map(PathBuf::from);
        } else {
            files.push(PathBuf::from(arg));
        }
    }
    let mut files = files.into_iter();
    Arguments { encoder: files.next(), published: files.next(), real }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = arguments();
    let triage = Triage::shipped()?;
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let records = mailroom_corpus::read(&corpus)?;
    // Tests leave out what two readers disagree on; training does not.
    let of = |split: Split| -> Vec<&Record> {
        records
            .iter()
            .filter(|r| r.split() == split && (split == Split::Train || r.agreed()))
            .collect()
    };
    let parsed = |split: Split| of(split).into_iter().map(Mail::written).collect::<Vec<_>>();
    let mail = Sides {
        train: parsed(Split::Train),
        calibration: parsed(Split::Calibration),
        test: parsed(Split::Test),
        real: arguments.real.as_deref().map_or_else(|| Ok(Vec::new()), real::read)?,
    };
    let mut ways = Ways::new();
    simple(&mail, &mut ways);

    let training = of(Split::Train);
    let cue = |index: u32| (index as usize) < FACTS && name(index).starts_with('#');
    let word = |index: u32| index as usize >= FACTS;
    let as_it_is = |content| content;
    for (name, said) in [
        ("evidence without headers", reduced(&training, &mail, without_headers, |_| true)),
        ("evidence without words", reduced(&training, &mail, as_it_is, |i| !word(i))),
        (
            "evidence without words and cues: headers and shape",
            reduced(&training, &mail, as_it_is, |i| !word(i) && !cue(i)),
        ),
    ] {
        ways.push((name.into(), said));
    }
    let evidence = mail.map(|m| {
        let (content, own) = (&m.content, m.own.as_slice());
        let input = Input::of(content, own);
        triage.verdict(&input).voices[0].probabilities
    });
    let fusion = Fusion::shipped()?;
    ways.push((
        "evidence, as shipped".into(),
        evidence.map(|said| fusion.evidence.probabilities(&[*said])),
    ));

    if let Some(file) = &arguments.encoder {
        let shipped = Encoder::open(file)?;
        if shipped.version() != fusion.encoder_version {
            println!(
                "The pool was fitted for {}, not {}.",
                fusion.encoder_version,
                shipped.version()
            );
        }
        if let Some(published) = &arguments.published {
            let plain = std::env::temp_dir().join(format!("e5-{}.gguf", std::process::id()));
            convert(published, &plain, false)?;
            let encoder = Encoder::open(&plain)?;
            std::fs::remove_file(&plain)?;
            let vectors = encoded(&triage, &encoder, &mail, &[])?;
            let said = described(&encoder, &vectors)?;
            let balanced = pooled(&mail, &[&said]);
            ways.push(("published encoder, descriptions of the labels".into(), said));
            ways.push(("the same, with fitted biases".into(), balanced));
        }
        let encodings = encoded(&triage, &shipped, &mail, &mail.train)?;
        let frozen = head(&mail, &encodings);
        ways.push(("frozen encoder, a fitted head".into(), pooled(&mail, &[&frozen])));
        let both = pooled(&mail, &[&evidence, &frozen]);
        ways.push(("evidence and frozen encoder".into(), both));
        let encoder =
            encodings.map(|e| e.scores.map_or(Probabilities::UNIFORM, Probabilities::softmax));
        let said = |at: fn(&Sides<Probabilities>) -> &Vec<Probabilities>| {
            at(&evidence)
                .iter()
                .zip(at(&encoder))
                .map(|(a, b)| fusion.encoder.probabilities(&[*a, *b]))
                .collect::<Vec<_>>()
        };
        let fused = Sides {
            train: Vec::new(),
            calibration: said(|s| &s.calibration),
            test: said(|s| &s.test),
            real: said(|s| &s.real),
        };
        ways.push(("encoder, as shipped, by itself".into(), encoder));
        ways.push(("evidence and encoder, as shipped".into(), fused));
    }
    print("Corpus, split test", &mail.test, &ways, |s| &s.test);
    if !mail.real.is_empty() {
        print("Real mail", &mail.real, &ways, |s| &s.real);
    }
    Ok(())
}
