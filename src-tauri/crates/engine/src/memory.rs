//! Memory's keeper: what the user says becomes a lesson at once, and mail that is like it is judged anew.
//!
//! One task owns the lessons. They follow from the store's record of corrections, so that an undo, a removed account or
//! another process's word is only a matter of reading it again; what a lesson looks at in its message is computed once.
//! Whoever tells something waits until it is learned; the mail that it may change is judged behind, newest first.

use crate::judge::{Heard, Judge};
use crate::places::Lies;
use crate::start::{Engine, Parts};
use crate::{Config, Mode, PARSER, failure, import, model, now};
use mailroom_domain::{AccountId, FlagSet, FolderRole, Label, MessageId, Verdict, Voice};
use mailroom_store::{AccountKind, Encoded, NewMessage, Store};
use mailroom_triage::{EncoderScores, Input, Lesson, MOST_LESSONS, Marks, Source};
use mailroom_wire::{Code, Event, Example, Failure, MemoryChange, MemoryView};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// What was said about what was learned.
const MARKS: &str = "memory.marks";
/// Folders and keywords that serve as examples.
const EXAMPLES: &str = "memory.examples";
/// The version of the memory by which related mail was judged last.
const JUDGED: &str = "memory.judged";
/// Messages of an example that are looked at.
const EXAMPLE_MESSAGES: u32 = 100;
/// Messages that are judged anew after something was told.
const RELATED: u32 = 300;
/// Messages that are judged between two looks at new commands.
const PORTION: usize = 5;
/// Verdicts closer than this are the same.
const SAME: f32 = 0.01;
/// Example lessons have numbers below those of all corrections.
const EXAMPLE_IDS: i64 = i64::MIN / 2;

/// What memory's task is told.
pub(crate) enum Command {
    /// The user has labelled these, or taken it back.
    Told(Vec<MessageId>, oneshot::Sender<()>),
    /// Marks or examples have changed: everything is read again, and the newest mail judged anew.
    Changed(oneshot::Sender<()>),
    /// Lessons may have got vectors.
    Again,
}

/// The lessons, and what is needed to make them.
struct Lessons {
    store: Store,
    judge: Arc<Judge>,
    known: HashMap<i64, Arc<Lesson>>,
    /// Lessons that had no vector when they were made.
    bare: bool,
}

impl Lessons {
    fn new(store: Store, judge: Arc<Judge>) -> Self {
        Lessons { store, judge, known: HashMap::new(), bare: false }
    }

    /// Reads what was told, and hands the judge what follows from it.
    async fn refresh(&mut self, own: &HashMap<AccountId, Vec<String>>) -> Result<(), Failure> {
        let mut wanted: Vec<(i64, MessageId, Label, i64, Source)> = Vec::new();
        for taught in self.store.taught(MOST_LESSONS).await.map_err(failure::store)? {
            wanted.push((taught.id, taught.message, taught.label, taught.at, Source::Correction));
        }
        for (message, label, at) in self.examples().await? {
            wanted.push((EXAMPLE_IDS + message.0, message, label, at, Source::Example));
        }
        let marks: Marks =
            self.store.setting(MARKS).await.map_err(failure::store)?.unwrap_or_default();
        let again = self.bare && self.judge.encoder().is_some();
        let mut lessons = Vec::with_capacity(wanted.len());
        let mut bare = false;
        for (id, message, label, at, source) in wanted {
            let known = self.known.get(&id).filter(|l| l.label == label && l.at == at);
            let lesson = match known {
                Some(lesson) if !(again && lesson.traits.vector_is_missing()) => Arc::clone(lesson),
                // Removed meanwhile: what it taught goes with it.
                _ => match self.lesson(id, message, label, at, source, own).await {
                    Some(lesson) => Arc::new(lesson),
                    None => continue,
                },
            };
            bare |= lesson.traits.vector_is_missing();
            lessons.push(lesson);
        }
        self.bare = bare;
        self.known = lessons.iter().map(|lesson| (lesson.id, Arc::clone(lesson))).collect();
        let before = self.judge.memory();
        let memory = tokio::task::spawn_blocking(move || before.with(lessons, &marks));
        self.judge.set_memory(memory.await.map_err(|_| failure::internal())?);
        Ok(())
    }

    async fn examples(&self) -> Result<Vec<(MessageId, Label, i64)>, Failure> {
        let examples: Vec<Example> =
            self.store.setting(EXAMPLES).await.map_err(failure::store)?.unwrap_or_default();
        let mut out = Vec::new();
        for example in examples {
            let (found, label) = match &example {
                Example::Folder { folder, label } => {
                    (self.store.in_folder(*folder, EXAMPLE_MESSAGES).await, *label)
                }
                Example::Keyword { keyword, label } => {
                    (self.store.with_keyword(keyword, EXAMPLE_MESSAGES).await, *label)
                }
            };
            let found = found.map_err(failure::store)?;
            out.extend(found.into_iter().map(|(message, at)| (message, label, at)));
        }
        Ok(out)
    }

    async fn lesson(
        &self,
        id: i64,
        message: MessageId,
        label: Label,
        at: i64,
        source: Source,
        own: &HashMap<AccountId, Vec<String>>,
    ) -> Option<Lesson> {
        let stored = self.store.message(message).await.ok()?;
        let said = match self.judge.encoder() {
            Some(encoder) => {
                self.store.encoded(message, encoder.version()).await.ok()?.map(|said| {
                    let version = encoder.version().to_owned();
                    (EncoderScores { scores: said.scores, version }, said.vector)
                })
            }
            None => None,
        };
        let own = own.get(&stored.row.account).map_or(&[][..], Vec::as_slice);
        let input = Input {
            encoder: said.as_ref().map(|(scores, _)| scores),
            ..Input::of(&stored.content, own)
        };
        let vector = said.as_ref().map(|(_, vector)| &vector[..]);
        let traits = self.judge.triage().traits(&input, vector, Some(stored.row.thread.0));
        Some(Lesson { id, traits, label, at, source })
    }
}

/// Learns for as long as the engine runs.
pub(crate) async fn run(parts: Arc<Parts>, mut commands: mpsc::UnboundedReceiver<Command>) {
    let mut lessons = Lessons::new(parts.store.clone(), Arc::clone(&parts.judge));
    let mut waiting: VecDeque<MessageId> = VecDeque::new();
    refresh(&parts, &mut lessons).await;
    // Only a full engine judges: others may lack the encoder. What they are told is looked up at its next start.
    let full = parts.config.mode == Mode::Full;
    if full
        && parts.store.setting::<String>(JUDGED).await.ok().flatten().unwrap_or_default()
            != parts.judge.memory().version()
    {
        add_related(&parts, &told(&parts.store).await, &mut waiting).await;
    }
    loop {
        let command = if waiting.is_empty() {
            match commands.recv().await {
                Some(command) => Some(command),
                None => return,
            }
        } else {
            commands.try_recv().ok()
        };
        match command {
            Some(Command::Told(messages, done)) => {
                refresh(&parts, &mut lessons).await;
                let _ = done.send(());
                if full {
                    add_related(&parts, &messages, &mut waiting).await;
                }
            }
            Some(Command::Changed(done)) => {
                let before: Vec<MessageId> = told(&parts.store).await;
                refresh(&parts, &mut lessons).await;
                let _ = done.send(());
                if full {
                    add_related(&parts, &before, &mut waiting).await;
                }
            }
            Some(Command::Again) => {
                if lessons.bare {
                    refresh(&parts, &mut lessons).await;
                }
            }
            None => {
                let portion: Vec<MessageId> =
                    (0..PORTION).filter_map(|_| waiting.pop_front()).collect();
                if let Err(error) = judge_anew(&parts, &portion).await {
                    tracing::warn!(code = ?error.code, "mail like what was corrected keeps its labels");
                }
                if waiting.is_empty() {
                    let version = parts.judge.memory().version().to_owned();
                    let _ = parts.store.set_setting(JUDGED, &version).await;
                }
            }
        }
    }

    async fn told(store: &Store) -> Vec<MessageId> {
        store
            .taught(MOST_LESSONS)
            .await
            .map(|taught| taught.into_iter().map(|t| t.message).collect())
            .unwrap_or_default()
    }
}

async fn refresh(parts: &Parts, lessons: &mut Lessons) {
    let own = model::own_addresses(parts).await;
    if let Err(error) = lessons.refresh(&own).await {
        tracing::warn!(code = ?error.code, "what was told could not be learned");
    }
}

async fn add_related(parts: &Parts, messages: &[MessageId], waiting: &mut VecDeque<MessageId>) {
    match parts.store.related(messages, RELATED).await {
        Ok(related) => {
            let new: Vec<MessageId> = messages
                .iter()
                .copied()
                .chain(related)
                .filter(|id| !waiting.contains(id))
                .collect();
            waiting.extend(new);
        }
        Err(error) => tracing::warn!(%error, "mail like what was corrected keeps its labels"),
    }
}

/// Judges messages with what is known about them and records what has changed.
async fn judge_anew(parts: &Arc<Parts>, messages: &[MessageId]) -> Result<(), Failure> {
    let own = model::own_addresses(parts).await;
    let mut changed: Vec<(MessageId, Verdict)> = Vec::new();
    for id in messages {
        // Removed meanwhile.
        let Ok(stored) = parts.store.message(*id).await else { continue };
        if stored.row.decided_by == Some(Voice::User) {
            continue;
        }
        let said = model::heard_encoder(parts, *id).await;
        let own = own.get(&stored.row.account).map_or(&[][..], Vec::as_slice);
        let before = stored.verdict.as_ref();
        if said.is_none() && before.is_some_and(|verdict| verdict.heard(Voice::Encoder)) {
            // Another version of the encoder will read it soon, and judge it then.
            continue;
        }
        let asked = before.and_then(|v| v.voices.iter().find(|share| share.voice == Voice::Model));
        let heard = Heard {
            encoder: said.as_ref().map(|(scores, _)| scores),
            vector: said.as_ref().map(|(_, vector)| &vector[..]),
            model: asked,
            thread: Some(stored.row.thread),
            lies: Some(Lies::of(&stored.row, &stored.flags)),
            ..Heard::default()
        };
        let verdict = parts.judge.verdict(&stored.content, own, heard);
        if before.is_none_or(|before| differ(before, &verdict)) {
            changed.push((*id, verdict));
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    let recorded = parts.store.record_verdicts(&changed, now()).await.map_err(failure::store)?;
    for recorded in recorded {
        parts.signals.send(Event::Message { id: recorded.message });
    }
    parts.lanes_changed();
    Ok(())
}

fn differ(a: &Verdict, b: &Verdict) -> bool {
    let far = |(a, b): (f32, f32)| (a - b).abs() > SAME;
    a.label != b.label
        || a.unsure != b.unsure
        || a.probabilities.as_array().into_iter().zip(b.probabilities.as_array()).any(far)
}

/// Tells memory that the user has labelled messages, or taken it back, and waits until it has learned.
pub(crate) async fn told(parts: &Parts, messages: &[MessageId]) {
    let (done, learned) = oneshot::channel();
    if parts.memory.send(Command::Told(messages.to_vec(), done)).is_ok() {
        let _ = learned.await;
    }
}

async fn changed(parts: &Parts) {
    let (done, learned) = oneshot::channel();
    if parts.memory.send(Command::Changed(done)).is_ok() {
        let _ = learned.await;
    }
}

/// What was learned, as shown.
pub(crate) async fn view(parts: &Parts) -> Result<MemoryView, Failure> {
    // Whatever was told before this question has been learned.
    told(parts, &[]).await;
    let memory = parts.judge.memory();
    let examples: Option<Vec<Example>> =
        parts.store.setting(EXAMPLES).await.map_err(failure::store)?;
    let learned = memory.learned().into_iter().map(|learned| mailroom_wire::Learned {
        key: learned.key,
        text: learned.text,
        label: learned.label,
        lessons: learned.lessons as u64,
        at: learned.at,
        pinned: learned.pinned,
        edited: learned.edited,
    });
    Ok(MemoryView {
        lessons: memory.len() as u64,
        learned: learned.collect(),
        forgotten: memory.marks().forgotten.iter().cloned().collect(),
        forgot_all: memory.marks().forgotten_up_to.is_some(),
        examples: examples.unwrap_or_default(),
    })
}

/// Marks something that was learned.
pub(crate) async fn change(
    parts: &Parts,
    key: &str,
    change: MemoryChange,
) -> Result<MemoryView, Failure> {
    let mut marks: Marks =
        parts.store.setting(MARKS).await.map_err(failure::store)?.unwrap_or_default();
    let known = parts.judge.memory().learned().iter().any(|learned| learned.key == key);
    match change {
        MemoryChange::Forget | MemoryChange::Pin | MemoryChange::Edit { .. } if !known => {
            let text =
                "Nothing of that name was learned. Take a key from the list of what was learned.";
            return Err(Failure::new(Code::NotFound, text));
        }
        MemoryChange::Pin | MemoryChange::Edit { .. } if key.starts_with("word:") => {
            let text = "A word can only be forgotten. Make a rule for it, if mail with it always has the same label.";
            return Err(Failure::new(Code::Invalid, text));
        }
        MemoryChange::Forget => {
            marks.forgotten.insert(key.to_owned());
        }
        MemoryChange::Recall => {
            if !marks.forgotten.remove(key) {
                let text = "That was not forgotten.";
                return Err(Failure::new(Code::NotFound, text));
            }
        }
        MemoryChange::Pin => {
            marks.pinned.insert(key.to_owned());
        }
        MemoryChange::Unpin => {
            marks.pinned.remove(key);
        }
        MemoryChange::Edit { label } => {
            marks.edited.insert(key.to_owned(), label);
        }
        MemoryChange::ForgetAll => {
            let last = parts.store.taught(1).await.map_err(failure::store)?;
            marks = Marks { forgotten_up_to: last.first().map(|t| t.id), ..Marks::default() };
        }
        MemoryChange::RecallAll => {
            marks.forgotten.clear();
            marks.forgotten_up_to = None;
        }
    }
    parts.store.set_setting(MARKS, &marks).await.map_err(failure::store)?;
    changed(parts).await;
    view(parts).await
}

/// Names the mail that serves as examples.
pub(crate) async fn set_examples(
    parts: &Parts,
    examples: Vec<Example>,
) -> Result<MemoryView, Failure> {
    for example in &examples {
        if let Example::Keyword { keyword, .. } = example
            && (keyword.is_empty() || keyword.contains(char::is_whitespace))
        {
            return Err(Failure::new(Code::Invalid, "A keyword is one word without blanks."));
        }
    }
    parts.store.set_setting(EXAMPLES, &examples).await.map_err(failure::store)?;
    changed(parts).await;
    view(parts).await
}

/// Gives a judge what was learned in a data folder, if there is one.
pub(crate) async fn load_once(config: &Config, judge: &Arc<Judge>) -> Result<(), Failure> {
    if !Store::exists(&config.data) {
        return Ok(());
    }
    let store = Store::open(&config.data).await.map_err(failure::store)?;
    let own = model::own_addresses_of(&store).await;
    let learned = Lessons::new(store.clone(), Arc::clone(judge)).refresh(&own).await;
    store.close().await;
    learned
}

/// What became of a message whose label was told by [`Engine::learn`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Learnt {
    /// The most probable label before it was told, with what had been learned till then.
    pub before: Label,
    /// The most probable label by the voices that learn nothing.
    pub untaught: Label,
    /// How long learning took, in milliseconds; storing and reading the message not counted.
    pub milliseconds: f64,
}

impl Engine {
    /// Stores a message as sent and learns its label, as if the user had corrected it. `reader` is the reader's
    /// address, or empty.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn learn(&self, raw: &[u8], label: Label, reader: &str) -> Result<Learnt, Failure> {
        let parts = self.parts();
        let kind = AccountKind::Local { address: reader.trim().to_owned() };
        let accounts = parts.store.accounts().await.map_err(failure::store)?;
        let account = match accounts.into_iter().find(|account| account.kind == kind) {
            Some(account) => account.id,
            None => parts.store.add_account(&kind).await.map_err(failure::store)?,
        };
        let (folder, _) = parts
            .store
            .folder(account, "learned", "Learned", FolderRole::Other)
            .await
            .map_err(failure::store)?;
        let own = import::own(reader);
        let (judge, bytes) = (Arc::clone(&parts.judge), raw.to_vec());
        let read = tokio::task::spawn_blocking(move || {
            let content = mailroom_mail::parse(&bytes);
            let said = judge.encode(&content, &own);
            let heard = Heard {
                encoder: said.as_ref().map(|(scores, _)| scores),
                vector: said.as_ref().map(|(_, vector)| &vector[..]),
                ..Heard::default()
            };
            let verdict = judge.verdict(&content, &own, heard);
            let input = Input { encoder: heard.encoder, ..Input::of(&content, &own) };
            let untaught = judge.triage().verdict(&input).most_probable();
            (content, said, verdict, untaught)
        });
        let (content, said, verdict, untaught) = read.await.map_err(|_| failure::internal())?;
        let before = verdict.most_probable();
        let message = NewMessage {
            uid: None,
            flags: FlagSet::default(),
            internal_date: content.headers.date,
            size: raw.len() as u64,
            raw: raw.to_vec(),
            content,
            parser: PARSER,
            verdict: Some(verdict),
        };
        let kept =
            parts.store.import(folder, vec![message], now()).await.map_err(failure::store)?;
        let id = kept.first().map(|kept| kept.id).ok_or_else(failure::internal)?;
        if let Some((scores, vector)) = said {
            let encoded = Encoded { scores: scores.scores, vector };
            let kept = parts.store.keep_encoded_of(id, &scores.version, &encoded).await;
            kept.map_err(failure::store)?;
        }
        parts.store.correct(&[id], label, now()).await.map_err(failure::store)?;
        let start = std::time::Instant::now();
        told(parts, &[id]).await;
        let milliseconds = start.elapsed().as_secs_f64() * 1e3;
        parts.lanes_changed();
        Ok(Learnt { before, untaught, milliseconds })
    }

    /// Loads the encoder now, where an engine does not run it in the background.
    pub async fn load_encoder(&self) {
        let config = self.parts().config.clone();
        let loaded = tokio::task::spawn_blocking(move || crate::encoder::open(&config)).await;
        if let Ok(Some(encoder)) = loaded {
            self.parts().judge.set_encoder(encoder);
            let _ = self.parts().memory.send(Command::Again);
        }
    }
}
