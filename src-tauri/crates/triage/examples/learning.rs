//! How fast the label becomes the user's own: simulated users correct what is wrong, and what comes later is counted.
//!
//! `cargo run --release -p mailroom-triage --example learning ENCODER.gguf CACHE [USERS [FIRST]]`
//!
//! Each learner sorts the same mail of a user; what it gets wrong is corrected, what it gets right is passed over in
//! silence. After 0, 10, 25, 50, 100 and 200 corrections it sorts 300 later messages of the same user, whose texts lie in
//! families of the corpus's test split that the mail before had none of. CACHE keeps what the encoder said.

use mailroom_corpus::simulate::{Habit, Received, User};
use mailroom_corpus::{Record, Split};
use mailroom_domain::{Label, MessageContent};
use mailroom_encoder::Encoder;
use mailroom_triage::{EncoderScores, Input, Lesson, Marks, Memory, Recall, Source, Triage};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

const STEPS: [usize; 6] = [0, 10, 25, 50, 100, 200];
const MOST: usize = 1000;
const LATER: usize = 300;

/// What the encoder said about a digest.
#[derive(Clone, Serialize, Deserialize)]
struct Said {
    scores: [f32; 4],
    vector: Vec<f32>,
}

struct Message {
    content: MessageContent,
    own: Vec<String>,
    label: Label,
    habit: Option<Habit>,
    said: Said,
}

/// Whoever sorts mail and may be told better.
trait Learner {
    fn sort(&self, message: &Message) -> Label;
    fn correct(&mut self, message: &Message, label: Label);
}

/// The shipped voices, which learn nothing.
struct Shipped<'a> {
    triage: &'a Triage,
    version: String,
}

impl Shipped<'_> {
    fn said(&self, message: &Message) -> EncoderScores {
        EncoderScores { scores: message.said.scores, version: self.version.clone() }
    }
}

impl Learner for Shipped<'_> {
    fn sort(&self, message: &Message) -> Label {
        let said = self.said(message);
        let input = Input { encoder: Some(&said), ..Input::of(&message.content, &message.own) };
        self.triage.verdict(&input).most_probable()
    }

    fn correct(&mut self, _: &Message, _: Label) {}
}

/// The shipped voices with the memory.
struct Remembering<'a> {
    shipped: Shipped<'a>,
    lessons: Vec<Arc<Lesson>>,
    memory: Memory,
}

impl Learner for Remembering<'_> {
    fn sort(&self, message: &Message) -> Label {
        let said = self.shipped.said(message);
        let recall =
            Recall { memory: &self.memory, vector: Some(&message.said.vector), thread: None };
        let input = Input {
            encoder: Some(&said),
            memory: Some(recall),
            ..Input::of(&message.content, &message.own)
        };
        self.shipped.triage.verdict(&input).most_probable()
    }

    fn correct(&mut self, message: &Message, label: Label) {
        let said = self.shipped.said(message);
        let input = Input { encoder: Some(&said), ..Input::of(&message.content, &message.own) };
        let traits = self.shipped.triage.traits(&input, Some(&message.said.vector), None);
        let id = self.lessons.len() as i64;
        // One a day.
        let lesson = Lesson { id, traits, label, at: id * 86_400, source: Source::Correction };
        self.lessons.push(Arc::new(lesson));
        self.memory = Memory::of(self.lessons.clone(), &Marks::default());
    }
}

/// Multinomial naive Bayes over words of sender, subject and text, from the corrections alone.
#[derive(Default)]
struct Bayes {
    words: HashMap<String, [f32; 4]>,
    totals: [f32; 4],
    mails: [f32; 4],
}

fn words(message: &Message) -> Vec<String> {
    let h = &message.content.headers;
    let from = h.from.as_ref().map(|a| a.address.to_lowercase()).unwrap_or_default();
    let mut out = vec![format!("from:{from}")];
    out.extend(h.list_id.iter().map(|l| format!("list:{l}")));
    out.extend(h.subject.split_whitespace().map(|w| format!("subject:{}", w.to_lowercase())));
    out.extend(
        message
            .content
            .new_text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|w| w.chars().count() > 2)
            .take(400)
            .map(str::to_lowercase),
    );
    out
}

impl Learner for Bayes {
    fn sort(&self, message: &Message) -> Label {
        let size = self.words.len() as f32 + 1.0;
        let score = |k: usize| {
            let mut sum = (self.mails[k] + 1.0).ln();
            for word in words(message) {
                let seen = self.words.get(&word).map_or(0.0, |w| w[k]);
                sum += ((seen + 0.5) / (self.totals[k] + 0.5 * size)).ln();
            }
            sum
        };
        Label::ALL
            .into_iter()
            .max_by(|a, b| score(a.index()).total_cmp(&score(b.index())))
            .unwrap_or(Label::NeedsHuman)
    }

    fn correct(&mut self, message: &Message, label: Label) {
        let k = label.index();
        for word in words(message) {
            self.words.entry(word).or_default()[k] += 1.0;
            self.totals[k] += 1.0;
        }
        self.mails[k] += 1.0;
    }
}

/// The five nearest corrections by the encoder's vectors.
#[derive(Default)]
struct Nearest(Vec<(Vec<f32>, Label)>);

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(1e-9)
}

impl Learner for Nearest {
    fn sort(&self, message: &Message) -> Label {
        let mut near: Vec<(f32, Label)> =
            self.0.iter().map(|(v, l)| (cosine(v, &message.said.vector), *l)).collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut votes = [0.0; 4];
        for (likeness, label) in near.iter().take(5) {
            votes[label.index()] += likeness;
        }
        Label::ALL
            .into_iter()
            .max_by(|a, b| votes[a.index()].total_cmp(&votes[b.index()]))
            .unwrap_or(Label::NeedsHuman)
    }

    fn correct(&mut self, message: &Message, label: Label) {
        self.0.push((message.said.vector.clone(), label));
    }
}

fn accuracy(learner: &dyn Learner, later: &[Message]) -> f32 {
    later.iter().filter(|m| learner.sort(m) == m.label).count() as f32 / later.len().max(1) as f32
}

/// Accuracy after each of the steps, and how many messages the corrections took.
fn curve(
    learner: &mut dyn Learner,
    earlier: &[Message],
    later: &[Message],
) -> (Vec<f32>, usize, usize) {
    let (mut out, mut corrections, mut seen) = (vec![accuracy(learner, later)], 0, 0);
    for message in earlier {
        seen += 1;
        if learner.sort(message) != message.label {
            learner.correct(message, message.label);
            corrections += 1;
            if STEPS.contains(&corrections) {
                out.push(accuracy(learner, later));
            }
            if Some(&corrections) == STEPS.last() {
                break;
            }
        }
    }
    if out.len() < STEPS.len() {
        out.push(accuracy(learner, later));
    }
    (out, corrections, seen)
}

struct Reader {
    triage: Triage,
    encoder: Encoder,
    known: HashMap<String, Said>,
}

impl Reader {
    fn read(&mut self, received: Vec<Received>) -> Result<Vec<Message>, Box<dyn Error>> {
        let parsed: Vec<_> = received
            .into_iter()
            .map(|r| {
                let content = mailroom_mail::parse(&r.record.message());
                let own = mailroom_corpus::own(&r.record);
                let digest = self.triage.digest(&content, &own);
                (content, own, r.label, r.habit, digest)
            })
            .collect();
        let mut unknown: Vec<&str> =
            parsed.iter().map(|p| p.4.as_str()).filter(|d| !self.known.contains_key(*d)).collect();
        unknown.sort_unstable();
        unknown.dedup();
        for part in unknown.chunks(32) {
            for (digest, said) in part.iter().zip(self.encoder.encode(part)?) {
                let scores = said.scores.ok_or("the encoder has no head")?;
                self.known.insert((*digest).to_owned(), Said { scores, vector: said.vector });
            }
        }
        parsed
            .into_iter()
            .map(|(content, own, label, habit, digest)| {
                let said = self.known.get(&digest).cloned().ok_or("not read")?;
                Ok(Message { content, own, label, habit, said })
            })
            .collect()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let usage = "Usage: learning ENCODER.gguf CACHE [USERS [FIRST]]";
    let encoder = Encoder::open(Path::new(&args.next().ok_or(usage)?))?;
    let cache = args.next().ok_or(usage)?;
    let users: u64 = args.next().map_or(Ok(8), |n| n.parse())?;
    let first_user: u64 = args.next().map_or(Ok(0), |n| n.parse())?;
    let cache = format!("{cache}/said-{}.json", encoder.version());
    let known = std::fs::read(&cache)
        .ok()
        .and_then(|b| serde_json::from_slice(&b).ok())
        .unwrap_or_default();
    let mut reader = Reader { triage: Triage::shipped()?, encoder, known };
    let triage = Triage::shipped()?;

    let records = mailroom_corpus::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus"))?;
    // Every second family of the test split is only met later.
    let mut families: Vec<&str> =
        records.iter().filter(|r| r.split() == Split::Test).map(|r| r.family.as_str()).collect();
    families.dedup();
    let later: Vec<&str> = families.into_iter().step_by(2).collect();
    let agreed = |r: &&Record| r.agreed();
    let (first, second): (Vec<&Record>, Vec<&Record>) = records
        .iter()
        .filter(|r| r.split() != Split::Train)
        .filter(agreed)
        .partition(|r| !later.contains(&r.family.as_str()));

    let names = ["shipped voices", "with memory", "naive Bayes alone", "nearest alone"];
    let mut sums = vec![[0.0f32; STEPS.len()]; names.len()];
    for number in first_user..first_user + users {
        let mut user = User::new(number);
        let earlier = reader.read(user.receive(&first, MOST, 0))?;
        let later = reader.read(user.receive(&second, LATER, MOST))?;
        std::fs::write(&cache, serde_json::to_vec(&reader.known)?)?;
        let version = reader.encoder.version().to_owned();
        let mut learners: Vec<Box<dyn Learner>> = vec![
            Box::new(Shipped { triage: &triage, version: version.clone() }),
            Box::new(Remembering {
                shipped: Shipped { triage: &triage, version },
                lessons: Vec::new(),
                memory: Memory::default(),
            }),
            Box::new(Bayes::default()),
            Box::new(Nearest::default()),
        ];
        for (n, learner) in learners.iter_mut().enumerate() {
            let (mut curve, corrections, seen) = curve(learner.as_mut(), &earlier, &later);
            let by_habit: Vec<String> = [
                None,
                Some(Habit::Sender),
                Some(Habit::Topic),
                Some(Habit::Kind),
                Some(Habit::Taste),
            ]
            .into_iter()
            .map(|habit| {
                let of: Vec<&Message> = later.iter().filter(|m| m.habit == habit).collect();
                let right = of.iter().filter(|m| learner.sort(m) == m.label).count();
                let name = habit.map_or_else(|| "none".to_owned(), |h| format!("{h:?}"));
                format!("{name} {right}/{}", of.len())
            })
            .collect();
            let shown: Vec<String> = curve.iter().map(|a| format!("{a:.3}")).collect();
            println!(
                "user {number}  {:<18} {}  ({corrections} corrections in {seen} messages; at last by habit: {})",
                names[n],
                shown.join(" "),
                by_habit.join(", ")
            );
            let last = curve.last().copied().unwrap_or_default();
            curve.resize(STEPS.len(), last);
            for (sum, a) in sums[n].iter_mut().zip(&curve) {
                *sum += a / users as f32;
            }
        }
    }
    println!("\nafter {STEPS:?} corrections, mean of {users} users");
    for (name, sums) in names.iter().zip(&sums) {
        let shown: Vec<String> = sums.iter().map(|a| format!("{a:.3}")).collect();
        println!("{name:<18} {}", shown.join(" "));
    }
    Ok(())
}
