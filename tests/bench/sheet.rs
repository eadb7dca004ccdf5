//! What a language model is worth: asked for the label, and asked the question sheet with a fitted head.
//!
//! `bench-sheet MODEL.gguf ENCODER.gguf [CALIBRATION TEST ATTACKS]` (numbers of messages); `make bench-sheet` prepares
//! both. SCORES=FILE keeps what the model said, for a second run.
//!
//! Questions are chosen from `prompts/candidates.txt` on the split `calibration` by cross-validation, one after the
//! other, each time the one that betters the head's log loss most. Everything is reported on the split `test`. The
//! attacks and the cascade run a second time with the model's exponent forced to 1.

use mailroom_corpus::{Record, Split, attacks, own};
use mailroom_domain::{Label, MessageContent, Sheet, SheetQuestion, SheetScores, Verdict, Voice};
use mailroom_encoder::Encoder;
use mailroom_llm::{Llm, LlmConfig, LlmState, Priority, child_main, import};
use mailroom_triage::{CalibrationSample, EncoderScores, Input, ModelHead, Triage, training};
use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const CANDIDATES: &str = include_str!("../../prompts/candidates.txt");
/// Questions of a sheet: with 150 tokens of mail, these come to some 250 tokens.
const QUESTIONS: usize = 8;
/// The exponent that is forced.
const FORCED: f32 = 1.0;

type Fault = Box<dyn Error>;

struct Mail {
    content: MessageContent,
    own: Vec<String>,
    label: Label,
    lang: String,
    encoder: EncoderScores,
}

/// A running model that remembers what it has said.
struct Asker {
    llm: Llm,
    known: HashMap<u64, SheetScores>,
    file: Option<PathBuf>,
}

impl Asker {
    async fn start(model: &Path, models: &Path) -> Result<Asker, Fault> {
        let model = import(model, models, None, &mut |_| ControlFlow::Continue(()))?;
        let llm = Llm::spawn(LlmConfig::this_program()?);
        llm.load(model).await;
        let mut states = llm.state();
        let reached = states
            .wait_for(|s| matches!(s, LlmState::Ready { .. } | LlmState::Failed { .. }))
            .await?;
        if let LlmState::Failed { reason } = &*reached {
            return Err(reason.clone().into());
        }
        drop(reached);
        let file = std::env::var_os("SCORES").map(PathBuf::from);
        let mut known = HashMap::new();
        if let Some(file) = file.as_deref().filter(|file| file.exists()) {
            for line in std::fs::read_to_string(file)?.lines() {
                let (key, scores) = serde_json::from_str(line)?;
                known.insert(key, scores);
            }
        }
        Ok(Asker { llm, known, file })
    }

    async fn ask(&mut self, sheet: Sheet) -> Result<SheetScores, Fault> {
        let mut hasher = DefaultHasher::new();
        sheet.hash(&mut hasher);
        let key = hasher.finish();
        if let Some(scores) = self.known.get(&key) {
            return Ok(scores.clone());
        }
        let scores = self
            .llm
            .score(key.to_string(), sheet, Priority::Bulk)
            .await
            .map_err(|e| format!("{e:?}"))?;
        if let Some(file) = &self.file {
            let mut out = std::fs::OpenOptions::new().create(true).append(true).open(file)?;
            writeln!(out, "{}", serde_json::to_string(&(key, &scores))?)?;
        }
        self.known.insert(key, scores.clone());
        Ok(scores)
    }

    /// The scores of each message for the shipped sheet with these questions in place of its own.
    async fn all(
        &mut self,
        triage: &Triage,
        mail: &[Mail],
        questions: &[SheetQuestion],
        change: impl Fn(&mut Sheet),
    ) -> Result<Vec<SheetScores>, Fault> {
        let mut out = Vec::with_capacity(mail.len());
        for mail in mail {
            let mut sheet = triage.sheet(&mail.content, [].iter());
            sheet.questions = questions.to_vec();
            change(&mut sheet);
            out.push(self.ask(sheet).await?);
        }
        Ok(out)
    }
}

fn encode(
    triage: &Triage,
    encoder: &Encoder,
    content: &MessageContent,
    own: &[String],
) -> Result<EncoderScores, Fault> {
    let said = encoder.encode(&[&triage.digest(content, own)])?.pop();
    let scores = said.and_then(|e| e.scores).ok_or("the encoder has no head")?;
    Ok(EncoderScores { scores, version: encoder.version().to_owned() })
}

/// `count` messages of a split, spread over files and languages.
fn mail(
    triage: &Triage,
    encoder: &Encoder,
    records: &[Record],
    split: Split,
    count: usize,
) -> Result<Vec<Mail>, Fault> {
    let of: Vec<&Record> = records.iter().filter(|r| r.split() == split && r.agreed()).collect();
    let count = count.min(of.len());
    (0..count)
        .filter_map(|n| of.get(n * of.len() / count.max(1)))
        .map(|record| {
            let content = mailroom_mail::parse(&record.message());
            let own = own(record);
            let encoder = encode(triage, encoder, &content, &own)?;
            Ok(Mail { content, own, label: record.labels().0, lang: record.lang.clone(), encoder })
        })
        .collect()
}

fn samples(mail: &[Mail], scores: &[SheetScores]) -> Vec<CalibrationSample> {
    mail.iter()
        .zip(scores)
        .map(|(mail, scores)| CalibrationSample {
            content: mail.content.clone(),
            scores: scores.clone(),
            encoder: Some(mail.encoder.clone()),
            label: mail.label,
            lang: Some(mail.lang.clone()),
            own: false,
        })
        .collect()
}

/// Some questions of each sheet.
fn part(scores: &[SheetScores], which: &[usize]) -> Vec<SheetScores> {
    scores
        .iter()
        .map(|s| SheetScores(which.iter().filter_map(|at| s.0.get(*at).cloned()).collect()))
        .collect()
}

fn loss(mail: &[Mail], scores: &[SheetScores]) -> (f32, f32) {
    let samples: Vec<_> = scores.iter().cloned().zip(mail.iter().map(|m| m.label)).collect();
    training::sheet_loss(&samples)
}

fn verdict(
    triage: &Triage,
    mail: &Mail,
    scores: Option<&SheetScores>,
    head: Option<&ModelHead>,
) -> Verdict {
    triage.verdict(&Input {
        encoder: Some(&mail.encoder),
        scores,
        head,
        ..Input::of(&mail.content, &mail.own)
    })
}

fn alone(verdict: &Verdict, voice: Voice) -> Option<Label> {
    verdict.voices.iter().find(|v| v.voice == voice).map(|v| v.probabilities.argmax())
}

fn share(count: usize, of: usize) -> f64 {
    100.0 * count as f64 / of.max(1) as f64
}

/// Fits on one set and prints what it is worth on the other.
fn report(
    name: &str,
    triage: &Triage,
    fitted: (&[Mail], &[SheetScores]),
    told: (&[Mail], &[SheetScores]),
) -> ModelHead {
    let head = triage.fit_model(name, &samples(fitted.0, fitted.1));
    let n = told.0.len();
    let count = |right: &dyn Fn(&Mail, &SheetScores) -> bool| {
        share(told.0.iter().zip(told.1).filter(|(m, s)| right(m, s)).count(), n)
    };
    let model = count(&|m, s| {
        alone(&verdict(triage, m, Some(s), Some(&head)), Voice::Model) == Some(m.label)
    });
    let others = count(&|m, _| verdict(triage, m, None, None).most_probable() == m.label);
    let together =
        count(&|m, s| verdict(triage, m, Some(s), Some(&head)).most_probable() == m.label);
    println!(
        "{name}: weight {:.2}; on {n} held-out messages alone {model:.1} %, others {others:.1} %, together {together:.1} %",
        head.weight
    );
    head
}

async fn run(args: &[String]) -> Result<(), Fault> {
    let [model, encoder, numbers @ ..] = args else {
        return Err("Usage: bench-sheet MODEL.gguf ENCODER.gguf [CALIBRATION TEST ATTACKS]".into());
    };
    let number =
        |at: usize, usual: usize| numbers.get(at).map_or(Ok(usual), |text| text.parse::<usize>());
    let (calibration, test, pairs) = (number(0, 480)?, number(1, 320)?, number(2, 120)?);
    let folder = tempfile::tempdir()?;
    let mut asker = Asker::start(Path::new(model), folder.path()).await?;
    let encoder = Encoder::open(Path::new(encoder))?;
    let triage = Triage::shipped()?;
    let triage_folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/crates/triage");
    let records = mailroom_corpus::read(&triage_folder.join("corpus"))?;
    let fitted = mail(&triage, &encoder, &records, Split::Calibration, calibration)?;
    let told = mail(&triage, &encoder, &records, Split::Test, test)?;
    println!("{} messages to fit on, {} held out", fitted.len(), told.len());

    // Asked for the label, in one question, and taken at its word.
    let label = training::questions(
        "- The label of this email is: | ? | urgent, task, notification, human",
    );
    let labels = [Label::Urgent, Label::Task, Label::Notification, Label::NeedsHuman];
    let asked = asker.all(&triage, &told, &label, |_| {}).await?;
    let empty = {
        let mut sheet = triage.sheet(&MessageContent::default(), [].iter());
        sheet.questions.clone_from(&label);
        asker.ask(sheet).await?
    };
    for (name, calibrated) in
        [("asked for the label", false), ("the same, contextually calibrated", true)]
    {
        let right = told.iter().zip(&asked).filter(|(mail, scores)| {
            let (Some(scores), Some(empty)) = (scores.0.first(), empty.0.first()) else {
                return false;
            };
            let less =
                |at: usize| if calibrated { empty.get(at).copied().unwrap_or(0.0) } else { 0.0 };
            let best = scores
                .iter()
                .enumerate()
                .max_by(|a, b| (a.1 - less(a.0)).total_cmp(&(b.1 - less(b.0))));
            best.and_then(|(at, _)| labels.get(at)) == Some(&mail.label)
        });
        println!("{name}: {:.1} %", share(right.count(), told.len()));
    }

    // The questions as they are shipped; with and without a fence.
    let shipped = triage.sheet(&MessageContent::default(), [].iter()).questions;
    let before = asker.all(&triage, &fitted, &shipped, |s| s.fence = String::new()).await?;
    let (loss_before, right) = loss(&fitted, &before);
    println!(
        "shipped questions, no fence: loss {loss_before:.3}, right {:.1} % (cross-validated)",
        right * 100.0
    );
    let on_fitted = asker.all(&triage, &fitted, &shipped, |_| {}).await?;
    let (loss_shipped, right) = loss(&fitted, &on_fitted);
    println!(
        "shipped questions: loss {loss_shipped:.3}, right {:.1} % (cross-validated)",
        right * 100.0
    );
    let on_told = asker.all(&triage, &told, &shipped, |_| {}).await?;
    let head = report("shipped questions", &triage, (&fitted, &on_fitted), (&told, &on_told));

    // Chosen one after the other.
    let candidates = training::questions(CANDIDATES);
    let scores = asker.all(&triage, &fitted, &candidates, |_| {}).await?;
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < QUESTIONS {
        let best = (0..candidates.len())
            .filter(|at| !chosen.contains(at))
            .map(|at| {
                let with: Vec<usize> = chosen.iter().copied().chain([at]).collect();
                (at, loss(&fitted, &part(&scores, &with)))
            })
            .min_by(|a, b| a.1.0.total_cmp(&b.1.0));
        let Some((at, (loss, right))) = best else { break };
        chosen.push(at);
        println!(
            "  + {:<55} loss {loss:.3}, right {:.1} %",
            candidates.get(at).map_or("", |q| q.line.as_str()),
            right * 100.0
        );
    }
    let (loss_all, right) = loss(&fitted, &scores);
    println!("all candidates: loss {loss_all:.3}, right {:.1} %", right * 100.0);
    let questions: Vec<SheetQuestion> =
        chosen.iter().filter_map(|at| candidates.get(*at).cloned()).collect();
    let on_fitted = asker.all(&triage, &fitted, &questions, |_| {}).await?;
    let (loss_chosen, right) = loss(&fitted, &on_fitted);
    println!(
        "chosen, as a sheet of their own: loss {loss_chosen:.3}, right {:.1} %",
        right * 100.0
    );
    // Heads are fitted for the shipped questions' number; a sheet of as many fits as well.
    let chosen_told = asker.all(&triage, &told, &questions, |_| {}).await?;
    report("chosen questions", &triage, (&fitted, &on_fitted), (&told, &chosen_told));

    let mut forced = head;
    forced.weight = FORCED;
    cascade(&triage, &told, &on_told, &forced);
    injection(&triage, &encoder, &mut asker, &triage_folder, pairs, &forced).await?;
    asker.llm.shutdown().await;
    Ok(())
}

/// How many messages lie in the same lane as when the model is asked about each.
fn cascade(triage: &Triage, mail: &[Mail], scores: &[SheetScores], head: &ModelHead) {
    for bound in [0.5, 0.6, 0.7, 0.8, 0.9] {
        let (mut asked, mut same) = (0, 0);
        for (mail, scores) in mail.iter().zip(scores) {
            let without = verdict(triage, mail, None, None);
            let with = verdict(triage, mail, Some(scores), Some(head));
            let sure = without.probabilities.of(without.most_probable()) >= bound;
            asked += usize::from(!sure);
            same += usize::from(sure && without.label == with.label || !sure);
        }
        println!(
            "cascade, exponent {FORCED}: asked below {bound:.1}: {:.1} % to the model, {:.1} % in the same lane as model for all",
            share(asked, mail.len()),
            share(same, mail.len())
        );
    }
}

async fn injection(
    triage: &Triage,
    encoder: &Encoder,
    asker: &mut Asker,
    folder: &Path,
    count: usize,
    head: &ModelHead,
) -> Result<(), Fault> {
    let all = attacks(&folder.join("injection"))?;
    let count = count.min(all.len());
    // Attacks, flips to the goal, flips to any label.
    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for attack in (0..count).filter_map(|n| all.get(n * all.len() / count.max(1))) {
        let mut said = Vec::new();
        for record in [&attack.clean, &attack.attacked] {
            let content = mailroom_mail::parse(&record.message());
            let own = own(record);
            let scores = asker.ask(triage.sheet(&content, [].iter())).await?;
            let mail = Mail {
                encoder: encode(triage, encoder, &content, &own)?,
                content,
                own,
                label: record.labels().0,
                lang: record.lang.clone(),
            };
            let with = verdict(triage, &mail, Some(&scores), Some(head));
            let without = verdict(triage, &mail, None, None);
            said.push([
                ("model alone", alone(&with, Voice::Model)),
                ("fused without it", Some(without.most_probable())),
                ("fused, its exponent 1", Some(with.most_probable())),
            ]);
        }
        let [before, after] = said.as_slice() else { continue };
        for ((name, before), (_, after)) in before.iter().zip(after) {
            let count = counts.entry(name).or_default();
            count[0] += 1;
            count[1] += usize::from(after != before && *after == Some(attack.goal));
            count[2] += usize::from(after != before);
        }
    }
    for (name, [n, goal, any]) in counts {
        println!(
            "attacks, {name}: n {n}, to the goal {:.1} %, any flip {:.1} %",
            share(goal, n),
            share(any, n)
        );
    }
    Ok(())
}

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("--llm-engine") {
        return child_main();
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(&args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
