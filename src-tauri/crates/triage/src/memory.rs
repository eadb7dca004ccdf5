//! The memory: what this user's corrections taught, from the first one on.
//!
//! Every correction is a lesson. The lessons are the support of a multinomial kernel logistic regression (Zhu and
//! Hastie, "Kernel logistic regression and the import vector machine", 2005) whose offset is what the other voices
//! say: memory only learns where they are wrong for this user, and says nothing where nothing is like a lesson. What
//! makes two messages alike is the sender, list, domain and conversation, rare words, nearness by the encoder's
//! vectors, and the kind of sender; and nearly all of it counts only as far as the other voices see the same kind of
//! mail in both. So a bank's receipts teach nothing about its fraud alerts.
//!
//! A memory is a pure function of its lessons: taking one away gives exactly the verdicts that were there without it.
//! Nothing here reads the database; the engine brings the lessons.

use crate::digest;
use crate::tokens::tokens;
use mailroom_domain::{Label, MessageContent, Probabilities, Reason, ReasonKind, UnixSeconds};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Lessons that count at once, the newest: what is older has been said again, or is over.
pub const MOST_LESSONS: usize = 600;
/// How far a lesson may move the scores it is about; larger learns faster and forgets slower.
const STRENGTH: f32 = 6.0;
/// After this time a lesson counts half, and never less than [`OLDEST`].
const HALF_LIFE: f32 = 180.0 * 86_400.0;
const OLDEST: f32 = 0.3;
/// What a lesson keeps for each later one that says otherwise about the same sender's same kind of mail.
const SUPERSEDED: f32 = 0.5;
/// How much more a pinned lesson counts.
const PINNED: f32 = 3.0;
/// How sharply two kinds of mail are told apart.
const KIND: i32 = 2;
/// What likeness adds up from.
const ALL: f32 = 0.05;
const CLASS: f32 = 0.15;
const DOMAIN: f32 = 0.3;
const SENDER: f32 = 1.5;
const THREAD: f32 = 1.0;
const WORD: f32 = 1.5;
const NEAR: f32 = 0.8;
const NEAR_SENDER: f32 = 0.8;
/// Likeness by vectors falls by e for each such step of cosine.
const NEARNESS: f32 = 0.25;
/// Rare words of a message that are looked at.
const WORDS: usize = 24;
const SUBJECT_WORD: f32 = 1.0;
const TEXT_WORD: f32 = 0.5;
const MOST_WORDS: f32 = 1.5;
/// Rounds of coordinate ascent; the lessons are few and the scores bounded, so that few do.
const ROUNDS: usize = 10;
/// Scores below this are no opinion.
const LEAST: f32 = 0.03;

/// Words that many messages of the training mail hold, as sorted hashes; written by `examples/train.rs`.
static COMMON: &[u8] = include_bytes!("../weights/common.bin");

/// What kind of sender wrote a message, by its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Calendar,
    List,
    Bulk,
    Robot,
    Person,
}

/// What memory looks at in a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Traits {
    sender: Option<String>,
    list: Option<String>,
    domain: Option<String>,
    thread: Option<i64>,
    class: Class,
    /// Hash, weight and text of rare words, sorted by hash.
    words: Vec<(u64, f32, Box<str>)>,
    /// Of unit length.
    vector: Option<Box<[f32]>>,
    /// Square roots of what the other voices say.
    base: [f32; 4],
    /// Their logarithms.
    offset: [f32; 4],
}

/// Where a lesson comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The user corrected or confirmed a label.
    Correction,
    /// It lies in a folder, or bears a keyword, that the user named as an example. Counts half.
    Example,
}

/// One message whose label the user has told.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    /// Its number: lessons are told apart by it, and a later one has a larger number.
    pub id: i64,
    /// What it is like.
    pub traits: Traits,
    /// What the user calls it.
    pub label: Label,
    /// When it was told.
    pub at: UnixSeconds,
    /// By what.
    pub source: Source,
}

/// What a user has said about something learned. Keys are those of [`Learned::key`].
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Marks {
    /// Lessons about these don't count.
    pub forgotten: BTreeSet<String>,
    /// Lessons about these count more, and do not age.
    pub pinned: BTreeSet<String>,
    /// Lessons about these teach another label.
    pub edited: BTreeMap<String, Label>,
    /// Lessons up to this number don't count.
    #[serde(default)]
    pub forgotten_up_to: Option<i64>,
}

/// Something that was learned, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learned {
    /// `sender:ana@firm.example`, `list:dev.lists.example`, `word:falkenstein`.
    pub key: String,
    /// "Mail from ana@firm.example: task (3 times, …)"
    pub text: String,
    /// What it speaks for.
    pub label: Label,
    /// Lessons that taught it.
    pub lessons: usize,
    /// When the newest of them was told.
    pub at: UnixSeconds,
    /// It is pinned.
    pub pinned: bool,
    /// Its label was edited.
    pub edited: bool,
}

/// What memory says about a message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Recalled {
    /// Added to the logarithms of what the other voices say.
    pub(crate) scores: [f32; 4],
    /// Why, strongest first.
    pub(crate) reasons: Vec<Reason>,
}

/// The lessons and what follows from them. Immutable: learning makes another one.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    lessons: Vec<Arc<Lesson>>,
    /// How each lesson moves the scores of what is like it.
    moves: Vec<[f32; 4]>,
    /// Row by row, how alike each two lessons are.
    likeness: Vec<f32>,
    marks: Marks,
    version: String,
}

/// What likeness between two messages is made of.
#[derive(Clone, Copy, Default)]
struct Likeness {
    general: f32,
    class: f32,
    domain: f32,
    sender: f32,
    list: f32,
    thread: f32,
    words: f32,
    near: f32,
}

impl Likeness {
    fn sum(&self) -> f32 {
        self.general
            + self.class
            + self.domain
            + self.sender
            + self.list
            + self.thread
            + self.words
            + self.near
    }
}

impl Traits {
    /// What is there to remember of a message. `base` is what the other voices say, `vector` the encoder's.
    pub(crate) fn of(
        content: &MessageContent,
        thread: Option<i64>,
        vector: Option<&[f32]>,
        base: &Probabilities,
    ) -> Traits {
        let h = &content.headers;
        let from = h.from.as_ref();
        let sender = from.map(|a| a.address.trim().to_lowercase()).filter(|a| !a.is_empty());
        let domain = from.map(|a| a.domain()).filter(|d| !d.is_empty() && !is_free_mail(d));
        Traits {
            sender,
            list: h.list_id.clone(),
            domain,
            thread,
            class: digest::class(content),
            words: rare_words(content),
            vector: vector.map(|v| unit(v).into_boxed_slice()),
            base: base.as_array().map(f32::sqrt),
            offset: base.ln(),
        }
    }

    /// What lessons about this message are filed under: its list, else its sender.
    fn key(&self) -> Option<String> {
        match (&self.list, &self.sender) {
            (Some(list), _) => Some(format!("list:{list}")),
            (None, Some(sender)) => Some(format!("sender:{sender}")),
            (None, None) => None,
        }
    }

    /// The encoder had not read the message when this was made.
    pub fn vector_is_missing(&self) -> bool {
        self.vector.is_none()
    }

    fn likeness(&self, other: &Traits) -> Likeness {
        fn same<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> bool {
            a.is_some() && a == b
        }
        let kind: f32 = self.base.iter().zip(&other.base).map(|(a, b)| a * b).sum();
        let kind = kind.clamp(0.0, 1.0).powi(KIND);
        let near = match (&self.vector, &other.vector) {
            (Some(a), Some(b)) if a.len() == b.len() => {
                let cosine: f32 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                ((cosine.min(1.0) - 1.0) / NEARNESS).exp()
            }
            _ => 0.0,
        };
        let sender = same(self.sender.as_ref(), other.sender.as_ref());
        let list = same(self.list.as_ref(), other.list.as_ref());
        let flag = |holds: bool, amount: f32| if holds { amount } else { 0.0 };
        let habit = SENDER + NEAR_SENDER * near;
        Likeness {
            general: ALL * kind,
            class: flag(self.class == other.class, CLASS * kind),
            domain: flag(same(self.domain.as_ref(), other.domain.as_ref()), DOMAIN * kind),
            sender: flag(sender && !list, habit * kind),
            list: flag(list, habit * kind) + flag(list && sender, DOMAIN * kind),
            thread: flag(same(self.thread.as_ref(), other.thread.as_ref()), THREAD * kind),
            words: WORD
                * self.shared(other).map(|(weight, _)| weight).sum::<f32>().min(MOST_WORDS)
                * (0.4 + 0.6 * kind),
            near: NEAR * near * kind,
        }
    }

    /// Words of both, each with its weight.
    fn shared<'a>(&'a self, other: &'a Traits) -> impl Iterator<Item = (f32, &'a str)> {
        self.words.iter().filter_map(|(hash, weight, text)| {
            let at = other.words.binary_search_by_key(hash, |(h, ..)| *h).ok()?;
            Some((weight * other.words.get(at)?.1, &**text))
        })
    }
}

impl Memory {
    /// What follows from these lessons; only the newest [`MOST_LESSONS`] of them count.
    pub fn of(lessons: Vec<Arc<Lesson>>, marks: &Marks) -> Memory {
        Memory::default().with(lessons, marks)
    }

    /// The same as [`Memory::of`], but what this one has computed about lessons that stay is not computed again.
    #[must_use]
    pub fn with(&self, mut lessons: Vec<Arc<Lesson>>, marks: &Marks) -> Memory {
        lessons.sort_by_key(|lesson| lesson.id);
        lessons.dedup_by_key(|lesson| lesson.id);
        let key = |lesson: &Lesson| lesson.traits.key().unwrap_or_default();
        lessons.retain(|lesson| {
            marks.forgotten_up_to.is_none_or(|last| lesson.id > last)
                && !marks.forgotten.contains(&key(lesson))
        });
        lessons.drain(..lessons.len().saturating_sub(MOST_LESSONS));
        let without: BTreeSet<u64> = marks
            .forgotten
            .iter()
            .filter_map(|key| key.strip_prefix("word:"))
            .map(|word| xxh3_64(word.as_bytes()))
            .collect();
        for lesson in &mut lessons {
            let edited = marks.edited.get(&key(lesson)).copied();
            let forgets = lesson.traits.words.iter().any(|(hash, ..)| without.contains(hash));
            if edited.is_some() || forgets {
                let lesson = Arc::make_mut(lesson);
                lesson.label = edited.unwrap_or(lesson.label);
                lesson.traits.words.retain(|(hash, ..)| !without.contains(hash));
            }
        }
        let version = version(&lessons, marks);
        let likeness = self.likeness_of(&lessons);
        let mut memory =
            Memory { moves: Vec::new(), likeness, lessons, marks: marks.clone(), version };
        memory.moves = memory.fit();
        memory
    }

    /// How alike each two of these lessons are, as far as possible from what is known.
    fn likeness_of(&self, lessons: &[Arc<Lesson>]) -> Vec<f32> {
        let n = lessons.len();
        let known: Vec<Option<usize>> = lessons
            .iter()
            .map(|lesson| {
                let at = self.lessons.binary_search_by_key(&lesson.id, |l| l.id).ok()?;
                let same = self.lessons.get(at)?;
                (Arc::ptr_eq(same, lesson) || same.traits == lesson.traits).then_some(at)
            })
            .collect();
        let mut out = vec![0.0f32; n * n];
        for i in 0..n {
            for j in 0..=i {
                let alike = match (known[i], known[j]) {
                    (Some(a), Some(b)) => self.likeness[a * self.lessons.len() + b],
                    _ => lessons[i].traits.likeness(&lessons[j].traits).sum(),
                };
                out[i * n + j] = alike;
                out[j * n + i] = alike;
            }
        }
        out
    }

    /// True when nothing was learned.
    pub fn is_empty(&self) -> bool {
        self.lessons.is_empty()
    }

    /// How many lessons count.
    pub fn len(&self) -> usize {
        self.lessons.len()
    }

    /// What was said about what was learned.
    pub fn marks(&self) -> &Marks {
        &self.marks
    }

    /// Another one for other lessons.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How much each lesson counts.
    fn weights(&self) -> Vec<f32> {
        let newest = self.lessons.iter().map(|l| l.at).max().unwrap_or_default();
        let pinned = |lesson: &Lesson| {
            lesson.traits.key().is_some_and(|key| self.marks.pinned.contains(&key))
        };
        self.lessons
            .iter()
            .enumerate()
            .map(|(at, lesson)| {
                let source = if lesson.source == Source::Example { 0.5 } else { 1.0 };
                if pinned(lesson) {
                    return PINNED * source;
                }
                let age = (newest - lesson.at).max(0) as f32;
                let recency = 0.5f32.powf(age / HALF_LIFE).max(OLDEST);
                let key = lesson.traits.key();
                let contradicted = self.lessons[at + 1..]
                    .iter()
                    .filter(|later| {
                        later.label != lesson.label
                            && key.is_some()
                            && later.traits.key() == key
                            && kind(&lesson.traits, &later.traits) > 0.8
                    })
                    .count();
                source * recency * SUPERSEDED.powi(contradicted.min(4) as i32)
            })
            .collect()
    }

    /// Solves for how each lesson moves scores: coordinate ascent on the penalised likelihood. At its optimum a
    /// lesson's move is its weight times the label told less the probabilities given.
    fn fit(&self) -> Vec<[f32; 4]> {
        let n = self.lessons.len();
        let weights = self.weights();
        let likeness = &self.likeness;
        let mut moves = vec![[0.0f32; 4]; n];
        let mut scores: Vec<[f32; 4]> = self.lessons.iter().map(|l| l.traits.offset).collect();
        for _ in 0..ROUNDS {
            for i in 0..n {
                let (own, strength) = (likeness[i * n + i], STRENGTH * weights[i]);
                let old = moves[i];
                let others: [f32; 4] = std::array::from_fn(|k| scores[i][k] - own * old[k]);
                let mut new = old;
                for _ in 0..6 {
                    let p =
                        Probabilities::softmax(std::array::from_fn(|k| others[k] + own * new[k]))
                            .as_array();
                    for k in 0..4 {
                        let told = if k == self.lessons[i].label.index() { 1.0 } else { 0.0 };
                        new[k] +=
                            (strength * (told - p[k]) - new[k]) / (1.0 + strength * own * 0.5);
                    }
                }
                moves[i] = new;
                let change: [f32; 4] = std::array::from_fn(|k| new[k] - old[k]);
                for (score, alike) in scores.iter_mut().zip(&likeness[i * n..(i + 1) * n]) {
                    for k in 0..4 {
                        score[k] += alike * change[k];
                    }
                }
            }
        }
        moves
    }

    /// What the lessons say about a message; `None` where they have no opinion.
    pub(crate) fn recall(&self, traits: &Traits) -> Option<Recalled> {
        let mut scores = [0.0f32; 4];
        let mut alike = Vec::with_capacity(self.lessons.len());
        for (lesson, moves) in self.lessons.iter().zip(&self.moves) {
            let likeness = traits.likeness(&lesson.traits);
            let sum = likeness.sum();
            for k in 0..4 {
                scores[k] += sum * moves[k];
            }
            alike.push(likeness);
        }
        let mean = scores.iter().sum::<f32>() / 4.0;
        scores.iter_mut().for_each(|s| *s -= mean);
        if scores.iter().all(|s| s.abs() < LEAST) {
            return None;
        }
        let towards = (0..4).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).unwrap_or_default();
        let label = Label::ALL[towards];
        Some(Recalled { scores, reasons: self.reasons(traits, &alike, label) })
    }

    fn reasons(&self, traits: &Traits, alike: &[Likeness], label: Label) -> Vec<Reason> {
        let push = |moves: &[f32; 4]| moves[label.index()] - moves.iter().sum::<f32>() / 4.0;
        let total = |part: fn(&Likeness) -> f32| -> f32 {
            alike.iter().zip(&self.moves).map(|(l, m)| part(l) * push(m)).sum()
        };
        let taught = |part: fn(&Likeness) -> f32| {
            alike
                .iter()
                .zip(&self.lessons)
                .filter(|(l, lesson)| part(l) > 0.1 && lesson.label == label)
                .count()
        };
        let times = |n: usize| if n == 1 { "once".to_owned() } else { format!("{n} times") };
        let mut out = Vec::new();
        let mut say = |weight: f32, text: String| {
            if weight > 0.1 && !text.is_empty() {
                out.push(Reason { kind: ReasonKind::Memory, label, text, weight });
            }
        };
        if let Some(sender) = &traits.sender {
            let n = taught(|l| l.sender);
            say(
                total(|l| l.sender),
                format!("You called mail like this from {sender} {label} {}", times(n)),
            );
        }
        if let Some(list) = &traits.list {
            let n = taught(|l| l.list);
            say(
                total(|l| l.list),
                format!("You called mail like this on the list {list} {label} {}", times(n)),
            );
        }
        if let Some(domain) = &traits.domain {
            say(total(|l| l.domain), format!("You called other mail from {domain} {label}"));
        }
        say(
            total(|l| l.thread),
            format!("You called another message of this conversation {label}"),
        );
        // Of the words, the one that moves most.
        let mut words: HashMap<&str, f32> = HashMap::new();
        for (lesson, moves) in self.lessons.iter().zip(&self.moves) {
            for (weight, word) in traits.shared(&lesson.traits) {
                *words.entry(word).or_default() += weight * push(moves);
            }
        }
        let word = words.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(a.0)));
        if let Some((word, _)) = word {
            say(
                total(|l| l.words),
                format!("You called other mail with \u{201c}{word}\u{201d} {label}"),
            );
        }
        say(total(|l| l.near), format!("Reads like mail that you called {label}"));
        say(total(|l| l.class + l.general), format!("You often call mail of this kind {label}"));
        out.sort_by(|a: &Reason, b| b.weight.total_cmp(&a.weight));
        out.truncate(3);
        out
    }

    /// What was learned, in sentences: by list or sender, and words that several lessons share. What was told last
    /// comes first.
    pub fn learned(&self) -> Vec<Learned> {
        let mut by_key: BTreeMap<String, Vec<&Lesson>> = BTreeMap::new();
        let mut by_word: BTreeMap<&str, Vec<(usize, &Lesson)>> = BTreeMap::new();
        for (at, lesson) in self.lessons.iter().enumerate() {
            if let Some(key) = lesson.traits.key() {
                by_key.entry(key).or_default().push(lesson);
            }
            for (.., word) in &lesson.traits.words {
                by_word.entry(word).or_default().push((at, lesson));
            }
        }
        let mut out = Vec::new();
        for (key, lessons) in by_key {
            let label = most(lessons.iter().map(|l| l.label));
            let of = lessons.iter().filter(|l| l.label == label).count();
            let at = lessons.iter().map(|l| l.at).max().unwrap_or_default();
            let what = match key.split_once(':') {
                Some(("list", list)) => format!("Mail on the list {list}"),
                Some((_, sender)) => format!("Mail from {sender}"),
                None => continue,
            };
            let times = if of == lessons.len() {
                count(of)
            } else {
                format!("{of} of {} times", lessons.len())
            };
            out.push(Learned {
                text: format!("{what}: {label}, as you said {times}"),
                label,
                lessons: lessons.len(),
                at,
                pinned: self.marks.pinned.contains(&key),
                edited: self.marks.edited.contains_key(&key),
                key,
            });
        }
        for (word, lessons) in by_word {
            let senders: BTreeSet<_> = lessons.iter().map(|(_, l)| l.traits.key()).collect();
            let label = most(lessons.iter().map(|(_, l)| l.label));
            let agree = lessons.iter().filter(|(_, l)| l.label == label).count();
            let push: f32 = lessons.iter().map(|(at, _)| self.moves[*at][label.index()]).sum();
            // A word of one sender's mail is that sender's habit.
            if senders.len() < 2 || agree < 2 || agree * 4 < lessons.len() * 3 || push < 1.0 {
                continue;
            }
            out.push(Learned {
                key: format!("word:{word}"),
                text: format!(
                    "Mail with \u{201c}{word}\u{201d}: {label}, as you said {}",
                    count(agree)
                ),
                label,
                lessons: lessons.len(),
                at: lessons.iter().map(|(_, l)| l.at).max().unwrap_or_default(),
                pinned: false,
                edited: false,
            });
        }
        out.sort_by(|a, b| Reverse(a.at).cmp(&Reverse(b.at)).then_with(|| a.key.cmp(&b.key)));
        out
    }
}

fn count(n: usize) -> String {
    if n == 1 { "once".into() } else { format!("{n} times") }
}

fn most(labels: impl Iterator<Item = Label>) -> Label {
    let mut counts = [0usize; 4];
    // Of two that were told as often, the one that was told last.
    let mut last = [0usize; 4];
    for (at, label) in labels.enumerate() {
        counts[label.index()] += 1;
        last[label.index()] = at;
    }
    Label::ALL
        .into_iter()
        .max_by_key(|l| (counts[l.index()], last[l.index()]))
        .unwrap_or(Label::NeedsHuman)
}

/// How much the other voices see the same kind of mail in both, 0 to 1 (Bhattacharyya's coefficient).
fn kind(a: &Traits, b: &Traits) -> f32 {
    a.base.iter().zip(&b.base).map(|(a, b)| a * b).sum()
}

fn unit(vector: &[f32]) -> Vec<f32> {
    let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-9);
    vector.iter().map(|v| v / length).collect()
}

fn version(lessons: &[Arc<Lesson>], marks: &Marks) -> String {
    let mut text = String::new();
    for lesson in lessons {
        text.push_str(&format!("{} {} {};", lesson.id, lesson.label, lesson.at));
    }
    text.push_str(&format!("{marks:?}"));
    format!("{}-{:08x}", lessons.len(), xxh3_64(text.as_bytes()) as u32)
}

/// Providers at whose domain strangers to each other have their mail.
fn is_free_mail(domain: &str) -> bool {
    let name = domain.split('.').next().unwrap_or_default();
    matches!(
        name,
        "gmail"
            | "googlemail"
            | "hotmail"
            | "yahoo"
            | "ymail"
            | "aol"
            | "outlook"
            | "live"
            | "msn"
            | "icloud"
            | "me"
            | "mac"
            | "gmx"
            | "web"
            | "t-online"
            | "freenet"
            | "orange"
            | "free"
            | "wanadoo"
            | "laposte"
            | "sfr"
            | "libero"
            | "tiscali"
            | "virgilio"
            | "alice"
            | "uol"
            | "bol"
            | "terra"
            | "ig"
            | "proton"
            | "protonmail"
            | "mail"
            | "posteo"
            | "mailbox"
            | "fastmail"
            | "zoho"
            | "rediffmail"
            | "yandex"
            | "qq"
            | "163"
            | "naver"
    )
}

fn is_common(hash: u64) -> bool {
    let words = COMMON.as_chunks::<4>().0;
    words.binary_search_by_key(&(hash as u32), |b| u32::from_le_bytes(*b)).is_ok()
}

/// Words of subject and beginning that few messages hold.
fn rare_words(content: &MessageContent) -> Vec<(u64, f32, Box<str>)> {
    let mut out: Vec<(u64, f32, Box<str>)> = Vec::new();
    let subject = tokens(&content.headers.subject, 60).into_iter().map(|t| (t, SUBJECT_WORD));
    let text = tokens(&content.new_text, 160).into_iter().map(|t| (t, TEXT_WORD));
    for (token, weight) in subject.chain(text) {
        let long = token.text.chars().count() >= 4
            && token.text.chars().all(|c| c.is_alphanumeric() || c == '-');
        let known = out.iter().any(|(hash, ..)| *hash == token.hash);
        if !long || known || is_common(token.hash) {
            continue;
        }
        out.push((token.hash, weight, token.text.into()));
        if out.len() == WORDS {
            break;
        }
    }
    out.sort_by_key(|(hash, ..)| *hash);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailroom_domain::Address;

    const NOTIFICATION: [f32; 4] = [0.02, 0.05, 0.08, 0.85];
    const URGENT: [f32; 4] = [0.85, 0.08, 0.05, 0.02];

    fn traits(from: &str, subject: &str, base: [f32; 4]) -> Traits {
        let mut content = MessageContent::default();
        content.headers.from = Some(Address { name: String::new(), address: from.into() });
        content.headers.subject = subject.into();
        let base = Probabilities::from_weights(base).expect("a distribution");
        Traits::of(&content, None, None, &base)
    }

    fn lesson(id: i64, traits: Traits, label: Label) -> Arc<Lesson> {
        Arc::new(Lesson { id, traits, label, at: id * 3600, source: Source::Correction })
    }

    fn label(memory: &Memory, traits: &Traits) -> Label {
        let scores = memory.recall(traits).map_or([0.0; 4], |said| said.scores);
        Probabilities::softmax(std::array::from_fn(|k| traits.offset[k] + scores[k])).argmax()
    }

    fn memory(lessons: Vec<Arc<Lesson>>) -> Memory {
        Memory::of(lessons, &Marks::default())
    }

    #[test]
    fn the_first_correction_is_learned_and_reaches_no_further_than_it_should() {
        let learned = memory(vec![lesson(
            1,
            traits("ci@build.example", "Build 17", NOTIFICATION),
            Label::Task,
        )]);
        assert_eq!(
            label(&learned, &traits("ci@build.example", "Build 18", NOTIFICATION)),
            Label::Task
        );
        assert_eq!(
            label(&learned, &traits("CI@build.example", "Build 18", NOTIFICATION)),
            Label::Task
        );
        assert_eq!(
            label(&learned, &traits("news@shop.example", "Sale", NOTIFICATION)),
            Label::Notification
        );
        assert_eq!(
            label(&learned, &traits("ci@build.example", "Disk is full", URGENT)),
            Label::Urgent
        );
        let said = learned
            .recall(&traits("ci@build.example", "Build 18", NOTIFICATION))
            .expect("an opinion");
        assert_eq!(said.reasons[0].kind, ReasonKind::Memory);
        assert_eq!(
            said.reasons[0].text,
            "You called mail like this from ci@build.example task once"
        );
    }

    #[test]
    fn a_habit_about_a_sender_hides_no_other_kind_of_mail_from_the_same_sender() {
        // Receipts that the other voices take for tasks are notifications, the user says, again and again.
        let lessons = (0..20)
            .map(|n| {
                let receipt =
                    traits("no-reply@bank.example", &format!("Receipt {n}"), [0.1, 0.6, 0.1, 0.2]);
                lesson(n, receipt, Label::Notification)
            })
            .collect();
        let learned = memory(lessons);
        let receipt = traits("no-reply@bank.example", "Receipt 99", [0.1, 0.6, 0.1, 0.2]);
        assert_eq!(label(&learned, &receipt), Label::Notification);
        let alarm = traits("no-reply@bank.example", "Your card was used in Lima", URGENT);
        assert_eq!(label(&learned, &alarm), Label::Urgent);
    }

    #[test]
    fn what_was_told_last_wins() {
        let mail = |n: i64| traits("ana@firm.example", &format!("Report {n}"), NOTIFICATION);
        let mut lessons: Vec<_> = (0..6).map(|n| lesson(n, mail(n), Label::Task)).collect();
        assert_eq!(label(&memory(lessons.clone()), &mail(99)), Label::Task);
        lessons.extend((6..9).map(|n| lesson(n, mail(n), Label::NeedsHuman)));
        assert_eq!(label(&memory(lessons), &mail(99)), Label::NeedsHuman);
    }

    #[test]
    fn a_rare_word_is_learned_across_senders() {
        let about = |from: &str, subject: &str| traits(from, subject, NOTIFICATION);
        let lessons = (0..4)
            .map(|n| {
                let from = format!("someone{n}@firm{n}.example");
                lesson(n, about(&from, "Zephyrine is late"), Label::Urgent)
            })
            .collect();
        let learned = memory(lessons);
        assert_eq!(
            label(&learned, &about("new@other.example", "News of Zephyrine")),
            Label::Urgent
        );
        assert_eq!(
            label(&learned, &about("new@other.example", "News of the garden")),
            Label::Notification
        );
        let shown = learned.learned();
        let word = shown.iter().find(|l| l.key == "word:zephyrine").expect("the word was learned");
        assert_eq!(word.text, "Mail with \u{201c}zephyrine\u{201d}: urgent, as you said 4 times");
        assert!(shown.iter().all(|l| !l.key.starts_with("word:late")), "{shown:?}");
    }

    #[test]
    fn forgetting_gives_exactly_what_was_before_and_learning_bit_by_bit_what_learning_at_once_gives()
     {
        let mail = |n: i64| {
            let kind = [NOTIFICATION, URGENT, [0.1, 0.4, 0.4, 0.1]][(n % 3) as usize];
            traits(
                &format!("s{}@firm.example", n % 5),
                &format!("Quarterly {n} zebra{}", n % 4),
                kind,
            )
        };
        let lessons: Vec<_> =
            (0..40).map(|n| lesson(n, mail(n), Label::ALL[(n % 7 % 4) as usize])).collect();
        let mut bit_by_bit = Memory::default();
        for n in 1..=lessons.len() {
            bit_by_bit = bit_by_bit.with(lessons[..n].to_vec(), &Marks::default());
        }
        let at_once = memory(lessons.clone());
        assert_eq!(bit_by_bit.moves, at_once.moves);
        assert_eq!(bit_by_bit.version(), at_once.version());
        let without = at_once.with(lessons[..39].to_vec(), &Marks::default());
        let never = memory(lessons[..39].to_vec());
        for n in 100..110 {
            assert_eq!(without.recall(&mail(n)), never.recall(&mail(n)));
        }
        assert_eq!(memory(Vec::new()).recall(&mail(1)), None);
    }

    #[test]
    fn what_was_learned_can_be_edited_pinned_and_forgotten() {
        let mail = |n: i64| traits("ana@firm.example", &format!("Lunch {n}"), NOTIFICATION);
        let lessons = vec![lesson(1, mail(1), Label::Task), lesson(2, mail(2), Label::Task)];
        let key = "sender:ana@firm.example".to_owned();
        let shown = memory(lessons.clone()).learned();
        assert_eq!(shown[0].key, key);
        assert_eq!(shown[0].text, "Mail from ana@firm.example: task, as you said 2 times");
        let with = |marks: Marks| Memory::of(lessons.clone(), &marks);
        let forgotten = with(Marks { forgotten: [key.clone()].into(), ..Marks::default() });
        assert_eq!(label(&forgotten, &mail(3)), Label::Notification);
        assert!(forgotten.is_empty());
        let edited =
            with(Marks { edited: [(key.clone(), Label::Urgent)].into(), ..Marks::default() });
        assert_eq!(label(&edited, &mail(3)), Label::Urgent);
        assert!(edited.learned()[0].edited);
        let pinned = with(Marks { pinned: [key].into(), ..Marks::default() });
        assert!(pinned.learned()[0].pinned);
        let sure = |memory: &Memory| memory.recall(&mail(3)).expect("an opinion").scores[1];
        assert!(sure(&pinned) > sure(&memory(lessons.clone())));
        let up_to = with(Marks { forgotten_up_to: Some(1), ..Marks::default() });
        assert_eq!(up_to.len(), 1);
    }

    #[test]
    fn as_many_lessons_as_count_are_solved_and_nothing_is_infinite() {
        let mail = |n: i64| {
            let mut mail =
                traits(&format!("s{}@f{}.example", n % 90, n % 20), "One more", NOTIFICATION);
            mail.vector = Some(unit(&[(n % 11) as f32, 1.0, (n % 3) as f32]).into());
            mail
        };
        let lessons =
            (0..700).map(|n| lesson(n, mail(n), Label::ALL[(n * n % 4) as usize])).collect();
        let learned = memory(lessons);
        assert_eq!(learned.len(), MOST_LESSONS);
        let said = learned.recall(&mail(5)).expect("an opinion");
        assert!(said.scores.iter().all(|s| s.is_finite() && s.abs() < 30.0), "{said:?}");
        assert!(said.reasons.len() <= 3);
        let mut broken = mail(6);
        broken.vector = Some([f32::NAN; 3].into());
        assert!(
            learned.recall(&broken).is_none_or(|said| said.scores.iter().all(|s| s.is_finite()))
        );
    }
}
