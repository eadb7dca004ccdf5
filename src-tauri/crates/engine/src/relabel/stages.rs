//! The voices of the cascade, a portion of messages at a time: evidence, encoder, language model.
//!
//! A portion is read, judged off the runtime's threads and written in one transaction; what is cut before that is
//! done again.

use super::likeness::likeness;
use super::plan::Plan;
use crate::judge::{Answers, Heard, Judge};
use crate::places::Lies;
use crate::start::Parts;
use crate::{failure, model, rules};
use mailroom_domain::{AccountId, MessageContent, RelabelId, Verdict, Voice};
use mailroom_llm::{LlmState, Priority, ScoreError};
use mailroom_store::{
    Encoded, PackedVerdict, RelabelItem, RelabelItemState, RelabelOutcome, RelabelStep,
};
use mailroom_triage::EncoderScores;
use mailroom_wire::Failure;
use rayon::prelude::*;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use thread_priority::{ThreadPriority, set_current_thread_priority};
use tokio::sync::{oneshot, watch};

/// Messages that the evidence reads between two writes: some tenths of a second.
const READ: u32 = 512;
/// Messages that the encoder reads between two writes: about half a second.
const ENCODED: u32 = 16;

/// The threads of the evidence: one a core, at the lowest priority that the system has, so that whatever the user does
/// comes first.
pub(super) struct Workers(rayon::ThreadPool);

impl Workers {
    pub(super) fn new() -> Result<Arc<Workers>, Failure> {
        rayon::ThreadPoolBuilder::new()
            .num_threads(std::thread::available_parallelism().map_or(2, usize::from))
            .thread_name(|n| format!("relabel-{n}"))
            .start_handler(|_| {
                if let Err(error) = set_current_thread_priority(ThreadPriority::Min) {
                    tracing::debug!(?error, "relabelling runs at the usual priority");
                }
            })
            // The asker learns of it by the answer that never comes.
            .panic_handler(|_| {})
            .build()
            .map(|pool| Arc::new(Workers(pool)))
            .map_err(|_| failure::internal())
    }

    /// Runs it on these threads.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let (done, answer) = oneshot::channel();
        self.0.spawn(move || {
            let _ = done.send(work());
        });
        answer.await.map_err(|_| failure::internal())
    }
}

/// Whether the language model can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Model {
    /// Now.
    Ready,
    /// It is being loaded or fitted.
    Soon,
    /// Not; the reason is a sentence.
    None(String),
}

impl Model {
    pub(super) async fn of(parts: &Parts) -> Model {
        let Some(llm) = &parts.llm else {
            return Model::None("No language model was asked: none can run here.".into());
        };
        let state = llm.state().borrow().clone();
        if let LlmState::Failed { reason } = state {
            return Model::None(format!("No language model was asked. {reason}"));
        }
        if let (LlmState::Ready { .. }, Some(head)) = (&state, parts.judge.head()) {
            if head.weight > 0.0 {
                return Model::Ready;
            }
            return Model::None(
                "The language model was not asked: measured on mail with known labels, it adds nothing to the \
                 other voices."
                    .into(),
            );
        }
        let chosen = model::views(parts).await.is_ok_and(|all| all.iter().any(|m| m.in_use));
        if chosen {
            return Model::Soon;
        }
        Model::None("No language model was asked: none is in use.".into())
    }
}

/// What a portion came to.
#[derive(Debug)]
pub(super) enum Portion {
    /// So many messages went on, in that time.
    Done { stage: usize, messages: u64, took: Duration },
    /// All messages have their verdict.
    Finished,
    /// The language model has to be waited for.
    ModelSoon,
    /// A command came in between.
    Stopped,
}

/// What a portion needs to know.
pub(super) struct Job {
    pub(super) parts: Arc<Parts>,
    pub(super) id: RelabelId,
    pub(super) plan: Plan,
    pub(super) workers: Arc<Workers>,
    /// Changes when a command steers: a question to the language model is not waited for any longer then.
    pub(super) stop: watch::Receiver<u64>,
}

impl Job {
    /// The next portion of the first voice that has something to read.
    pub(super) async fn portion(&self) -> Result<Portion, Failure> {
        // A portion that is settled without the encoder, because it is still being loaded, would be a pity.
        let mut looked = self.parts.encoder_looked_for.subscribe();
        let _ = looked.wait_for(|looked| *looked).await;
        loop {
            let started = Instant::now();
            if let Some(messages) = self.evidence().await? {
                return Ok(Portion::Done { stage: 0, messages, took: started.elapsed() });
            }
            if let Some(messages) = self.encoder().await? {
                return Ok(Portion::Done { stage: 1, messages, took: started.elapsed() });
            }
            match self.model().await? {
                Asked::Done(messages) => {
                    return Ok(Portion::Done { stage: 2, messages, took: started.elapsed() });
                }
                Asked::Soon => return Ok(Portion::ModelSoon),
                Asked::Stopped => return Ok(Portion::Stopped),
                Asked::Nothing => {}
            }
            if self.parts.store.relabel_orphans(self.id).await.map_err(failure::store)? == 0 {
                return Ok(Portion::Finished);
            }
        }
    }

    async fn next(
        &self,
        waiting: RelabelItemState,
        limit: u32,
    ) -> Result<(Vec<RelabelItem>, Arc<Asker>), Failure> {
        let version = self.parts.judge.encoder().map(|e| e.version().to_owned());
        if self.plan.options.rules_only {
            // Another process may have changed them.
            rules::refresh(&self.parts).await?;
        }
        let items = self
            .parts
            .store
            .relabel_next(self.id, waiting, None, version.as_deref().unwrap_or_default(), limit)
            .await
            .map_err(failure::store)?;
        let model = if items.is_empty() { Model::Soon } else { Model::of(&self.parts).await };
        let voices = !self.plan.options.rules_only;
        if let Model::None(reason) = &model
            && voices
        {
            self.parts.store.note_relabel(self.id, reason).await.map_err(failure::store)?;
        }
        if version.is_none() && !items.is_empty() && voices {
            let note = "The encoder was not asked: its file is not here.";
            self.parts.store.note_relabel(self.id, note).await.map_err(failure::store)?;
        }
        let own = model::own_addresses(&self.parts).await;
        let judge = Arc::clone(&self.parts.judge);
        Ok((items, Arc::new(Asker { judge, own, version, model, plan: self.plan.clone() })))
    }

    async fn write(
        &self,
        waited: RelabelItemState,
        outcomes: Vec<RelabelOutcome>,
        asker: &Asker,
    ) -> Result<u64, Failure> {
        let version = asker.version.as_deref().unwrap_or_default();
        self.parts
            .store
            .relabel_portion(self.id, waited, &outcomes, version)
            .await
            .map_err(failure::store)?;
        Ok(outcomes.len() as u64)
    }

    /// Reads messages on all cores; `None` when none waits.
    async fn evidence(&self) -> Result<Option<u64>, Failure> {
        let waited = RelabelItemState::Evidence;
        let (items, asker) = self.next(waited, READ).await?;
        if items.is_empty() {
            return Ok(None);
        }
        // What the rules look at, near-duplicates may not have in common.
        let only = self.plan.options.rules_only;
        let fold = self.plan.options.fold_duplicates && !only;
        let mut said = HashMap::new();
        if only {
            let ids: Vec<_> = items.iter().map(|item| item.message).collect();
            let wholes = self.parts.store.wholes(&ids).await.map_err(failure::store)?;
            said.extend(wholes.into_iter().filter_map(|w| Some((w.id, w.verdict().ok()??))));
        }
        let at = Arc::clone(&asker);
        let opened = self
            .workers
            .run(move || items.into_par_iter().map(|item| at.open(item, fold)).collect::<Vec<_>>())
            .await?;
        let mut firsts = HashMap::new();
        if fold {
            let likenesses = opened.iter().filter_map(|o| o.likeness);
            firsts = self
                .parts
                .store
                .relabel_firsts(self.id, likenesses)
                .await
                .map_err(failure::store)?;
        }
        let folded: Vec<_> = opened
            .iter()
            .map(|o| {
                let first = *firsts.entry(o.likeness?).or_insert(o.item.id);
                (first != o.item.id).then_some(first)
            })
            .collect();
        let at = Arc::clone(&asker);
        let outcomes = self
            .workers
            .run(move || {
                let judged = opened.into_par_iter().zip(folded);
                judged
                    .map(|(opened, first)| {
                        let step = match first {
                            Some(first) => RelabelStep::Folds(first),
                            None => at.guarded(&opened, |content| {
                                match said.get(&opened.item.message) {
                                    Some(verdict) => at.by_rules(&opened, content, verdict),
                                    None => at.by_evidence(&opened, content),
                                }
                            }),
                        };
                        let likeness = opened.likeness;
                        RelabelOutcome { item: opened.item.id, step, likeness, encoded: None }
                    })
                    .collect::<Vec<_>>()
            })
            .await?;
        self.write(waited, outcomes, &asker).await.map(Some)
    }

    /// Lets the encoder read; `None` when nothing waits for it. New mail's turn comes in between.
    async fn encoder(&self) -> Result<Option<u64>, Failure> {
        let waited = RelabelItemState::Encoder;
        let Ok(_turn) = self.parts.encoder_turn.acquire().await else { return Ok(None) };
        let (items, asker) = self.next(waited, ENCODED).await?;
        if items.is_empty() {
            return Ok(None);
        }
        let at = Arc::clone(&asker);
        let outcomes = tokio::task::spawn_blocking(move || at.by_encoder(items))
            .await
            .map_err(|_| failure::internal())?;
        self.write(waited, outcomes, &asker).await.map(Some)
    }

    /// Asks the language model about one message.
    async fn model(&self) -> Result<Asked, Failure> {
        let waited = RelabelItemState::Model;
        let (items, asker) = self.next(waited, 1).await?;
        let Some(item) = items.into_iter().next() else { return Ok(Asked::Nothing) };
        let message = item.message;
        let opened = asker.open(item, false);
        let mut answers: Option<Answers> = None;
        match (&asker.model, &self.parts.llm, &opened.content) {
            (Model::Soon, ..) => return Ok(Asked::Soon),
            (Model::Ready, Some(llm), Some(content)) if !opened.item.set_aside => {
                let (sheet, instructions) = self.parts.judge.sheet(content);
                let mut stop = self.stop.clone();
                let said = tokio::select! {
                    said = llm.score(format!("message {message}"), sheet, Priority::Bulk) => said,
                    _ = stop.changed() => return Ok(Asked::Stopped),
                };
                match said {
                    Ok(scores) => answers = Some(Answers { scores, instructions }),
                    Err(ScoreError::NotReady | ScoreError::Cancelled) => return Ok(Asked::Soon),
                    // The others have read it.
                    Err(ScoreError::SetAside | ScoreError::Failed(_)) => {}
                }
            }
            _ => {}
        }
        let at = Arc::clone(&asker);
        let outcome = tokio::task::spawn_blocking(move || {
            let step =
                at.guarded(&opened, |content| at.by_model(&opened, content, answers.as_ref()));
            RelabelOutcome { item: opened.item.id, step, likeness: None, encoded: None }
        })
        .await
        .map_err(|_| failure::internal())?;
        self.write(waited, vec![outcome], &asker).await.map(Asked::Done)
    }
}

enum Asked {
    Done(u64),
    Soon,
    Stopped,
    Nothing,
}

/// A message that was read from the store.
struct Opened {
    item: RelabelItem,
    content: Option<MessageContent>,
    likeness: Option<i64>,
}

/// Everything that judging a portion needs.
struct Asker {
    judge: Arc<Judge>,
    own: HashMap<AccountId, Vec<String>>,
    /// Of the encoder, if there is one.
    version: Option<String>,
    model: Model,
    plan: Plan,
}

impl Asker {
    fn own(&self, account: AccountId) -> &[String] {
        self.own.get(&account).map_or(&[][..], Vec::as_slice)
    }

    fn open(&self, mut item: RelabelItem, fold: bool) -> Opened {
        let content = match item.content.unpack() {
            Ok(content) => Some(content),
            Err(error) => {
                tracing::warn!(%error, message = %item.message, "a message cannot be read");
                None
            }
        };
        // Twice in memory would be once too often.
        item.content.clear();
        let own = self.own(item.account);
        let likeness =
            content.as_ref().filter(|_| fold).map(|content| likeness(item.account, content, own));
        Opened { item, content, likeness }
    }

    /// A message on which a voice breaks is left as it is, and the others get theirs.
    fn guarded(
        &self,
        opened: &Opened,
        judge: impl FnOnce(&MessageContent) -> RelabelStep,
    ) -> RelabelStep {
        let Some(content) = &opened.content else { return RelabelStep::Unreadable };
        catch_unwind(AssertUnwindSafe(|| judge(content))).unwrap_or_else(|_| {
            tracing::warn!(message = %opened.item.message, "a voice broke on a message");
            RelabelStep::Unreadable
        })
    }

    fn said(&self, encoded: Option<&Encoded>) -> Option<EncoderScores> {
        Some(EncoderScores { scores: encoded?.scores, version: self.version.clone()? })
    }

    fn by_evidence(&self, opened: &Opened, content: &MessageContent) -> RelabelStep {
        let encoded = opened.item.encoder.as_ref();
        let said = self.said(encoded);
        let verdict = self.verdict(opened, content, encoded, None);
        let sure =
            sureness(&verdict) >= self.plan.evidence_bound && !self.plan.options.model_for_all;
        if verdict.rule.is_none() && said.is_none() && self.version.is_some() && !sure {
            return RelabelStep::Waits(RelabelItemState::Encoder);
        }
        let voice = if said.is_some() { Voice::Encoder } else { Voice::Evidence };
        self.or_model(opened, &verdict, voice)
    }

    /// What the voices have said, put to the rules of now.
    fn by_rules(&self, opened: &Opened, content: &MessageContent, said: &Verdict) -> RelabelStep {
        let mut verdict = said.clone();
        let own = self.own(opened.item.account);
        self.judge.hear_rules(&mut verdict, content, own, Some(lies(&opened.item)));
        settled(&verdict, Voice::Evidence)
    }

    fn by_encoder(&self, items: Vec<RelabelItem>) -> Vec<RelabelOutcome> {
        let opened: Vec<Opened> = items.into_iter().map(|item| self.open(item, false)).collect();
        // Of those that are to be read, not of those that have been meanwhile.
        let digests: Vec<Option<String>> = opened
            .iter()
            .map(|o| {
                let content = o.content.as_ref().filter(|_| o.item.encoder.is_none())?;
                let own = self.own(o.item.account);
                catch_unwind(AssertUnwindSafe(|| self.judge.triage().digest(content, own))).ok()
            })
            .collect();
        let texts: Vec<&str> = digests.iter().flatten().map(String::as_str).collect();
        let mut encodings = match self.judge.encoder().map(|encoder| encoder.encode(&texts)) {
            Some(Ok(encodings)) => encodings.into_iter(),
            Some(Err(error)) => {
                tracing::warn!(%error, "the encoder could not read some messages");
                Vec::new().into_iter()
            }
            None => Vec::new().into_iter(),
        };
        let judged = opened.into_iter().zip(digests).map(|(opened, digest)| {
            let encoding = digest.and_then(|_| encodings.next());
            let encoded = encoding
                .and_then(|e| Some(Encoded { scores: e.scores?, vector: e.vector }))
                .map(|encoded| (opened.item.body, encoded));
            let known = opened.item.encoder.as_ref().or(encoded.as_ref().map(|(_, e)| e));
            let voice = if known.is_some() { Voice::Encoder } else { Voice::Evidence };
            let step = self.guarded(&opened, |content| {
                let verdict = self.verdict(&opened, content, known, None);
                self.or_model(&opened, &verdict, voice)
            });
            RelabelOutcome { item: opened.item.id, step, likeness: None, encoded }
        });
        judged.collect()
    }

    fn by_model(
        &self,
        opened: &Opened,
        content: &MessageContent,
        answers: Option<&Answers>,
    ) -> RelabelStep {
        let encoded = opened.item.encoder.as_ref();
        let verdict = self.verdict(opened, content, encoded, answers);
        let voice = match encoded {
            _ if verdict.heard(Voice::Model) => Voice::Model,
            Some(_) => Voice::Encoder,
            None => Voice::Evidence,
        };
        settled(&verdict, voice)
    }

    fn verdict(
        &self,
        opened: &Opened,
        content: &MessageContent,
        encoded: Option<&Encoded>,
        answers: Option<&Answers>,
    ) -> Verdict {
        let said = self.said(encoded);
        let heard = Heard {
            encoder: said.as_ref(),
            vector: encoded.map(|encoded| &encoded.vector[..]),
            answers,
            thread: Some(opened.item.thread),
            lies: Some(lies(&opened.item)),
            ..Heard::default()
        };
        self.judge.verdict(content, self.own(opened.item.account), heard)
    }

    /// The verdict, unless it is for the language model to say.
    fn or_model(&self, opened: &Opened, verdict: &Verdict, voice: Voice) -> RelabelStep {
        let unsure = self.plan.options.model_for_all || sureness(verdict) < self.plan.encoder_bound;
        let can = !matches!(self.model, Model::None(_)) && !opened.item.set_aside;
        if verdict.rule.is_none() && unsure && can {
            return RelabelStep::Waits(RelabelItemState::Model);
        }
        settled(verdict, voice)
    }
}

fn lies(item: &RelabelItem) -> Lies<'_> {
    Lies { folder: item.folder, flags: &item.flags, received: item.received }
}

fn settled(verdict: &Verdict, voice: Voice) -> RelabelStep {
    let voice = if verdict.rule.is_some() { Voice::Rule } else { voice };
    match PackedVerdict::of(verdict) {
        Ok(verdict) => RelabelStep::Settled { verdict, voice },
        Err(error) => {
            tracing::warn!(%error, "a verdict cannot be stored");
            RelabelStep::Unreadable
        }
    }
}

/// The probability of what is most probable.
fn sureness(verdict: &Verdict) -> f32 {
    verdict.probabilities.of(verdict.most_probable())
}
