//! The language model's voice: which messages it is asked about, and what its answers are worth.
//!
//! A model that is new here first reads the calibration mail, from which its head and its weight among the
//! voices are fitted; a model that tells nothing gets weight 0. Then it reads what it has not read yet,
//! newest first, so that new mail comes before the archive.

use crate::judge::{Answers, Heard};
use crate::places::Lies;
use crate::start::Parts;
use crate::{failure, import, instruct, now, privacy, sample, view};
use mailroom_domain::{Label, MessageContent, MessageId};
use mailroom_llm::{
    Connection, Endpoint, InstalledModel, Llm, LlmState, Priority, Progress, ScoreError,
};
use mailroom_store::{AccountKind, QueueScope, Store};
use mailroom_triage::{CalibrationSample, EncoderScores, ModelHead};
use mailroom_wire::{Code, Event, Failure, ModelState};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// The setting that names the model in use.
const IN_USE: &str = "model.in-use";
/// The setting that describes the endpoint, if the user named one.
const ENDPOINT: &str = "model.endpoint";
/// Messages that a model in a process of ours reads at once, the newest first.
const PORTION: u32 = 1;
/// Messages that an endpoint is asked about at once.
const PORTION_ELSEWHERE: u32 = 4;

/// The user's own messages that a model is weighed on, the newest ones.
const OWN_MAIL: usize = 100;

/// A message whose label is known.
struct Known {
    content: MessageContent,
    label: Label,
    lang: Option<String>,
    own: bool,
}

/// A model that answers, and what its answers are worth.
struct Ready {
    head: ModelHead,
    /// Messages that it reads at once.
    portion: u32,
}

pub(crate) fn head_setting(model: &str, prompt_hash: &str) -> String {
    format!("model.head.{model}.{prompt_hash}")
}

/// All models on the disk, as shown.
pub(crate) async fn views(parts: &Parts) -> Result<Vec<mailroom_wire::ModelView>, Failure> {
    let chosen: Option<String> = parts.store.setting(IN_USE).await.map_err(failure::store)?;
    let mut out = Vec::new();
    for model in installed(parts).await? {
        let in_use = chosen.as_deref() == Some(model.id.as_str());
        let key = head_setting(&model.id, parts.judge.triage().prompt_hash());
        let head = parts.store.setting::<ModelHead>(&key).await.map_err(failure::store)?;
        out.push(view::model(&model, in_use, head.as_ref()));
    }
    if let Some(endpoint) = endpoint(&parts.store).await? {
        let in_use = chosen == Some(endpoint.id());
        let key = head_setting(&endpoint.id(), parts.judge.triage().prompt_hash());
        let head = parts.store.setting::<ModelHead>(&key).await.map_err(failure::store)?;
        out.push(view::endpoint(&endpoint, in_use, head.as_ref()));
    }
    Ok(out)
}

/// The endpoint that the user named, if any.
pub(crate) async fn endpoint(store: &Store) -> Result<Option<Endpoint>, Failure> {
    store.setting(ENDPOINT).await.map_err(failure::store)
}

/// Uses a model that runs elsewhere, after a question without any mail to see that it answers as it must.
pub(crate) async fn use_endpoint(
    parts: &Arc<Parts>,
    url: &str,
    model: &str,
    key: Option<String>,
) -> Result<mailroom_wire::ModelView, Failure> {
    let endpoint = Endpoint::new(url, model).map_err(|e| failure::endpoint(&e))?;
    privacy::allowed(&parts.store, &endpoint.host()).await?;
    let connection =
        Connection::new(endpoint.clone(), key.clone()).map_err(|e| failure::endpoint(&e))?;
    parts.ledger.endpoint(&connection);
    connection.check().await.map_err(|e| failure::endpoint(&e))?;
    parts.store.set_setting(ENDPOINT, &endpoint).await.map_err(failure::store)?;
    parts.keychain.set_endpoint_key(&endpoint.url, key).await;
    connect(parts, connection).await?;
    Ok(view::endpoint(&endpoint, true, None))
}

async fn connect(parts: &Arc<Parts>, connection: Connection) -> Result<(), Failure> {
    let llm = parts.llm.as_ref().ok_or_else(only_reads)?;
    let id = connection.endpoint().id();
    parts.store.set_setting(IN_USE, &id).await.map_err(failure::store)?;
    parts.judge.set_head(None);
    llm.connect(connection).await;
    parts.signals.wake_model();
    Ok(())
}

/// Whether the model in use runs elsewhere.
pub(crate) async fn is_elsewhere(parts: &Parts) -> Result<bool, Failure> {
    let chosen: Option<String> = parts.store.setting(IN_USE).await.map_err(failure::store)?;
    let endpoint = endpoint(&parts.store).await?;
    Ok(endpoint.is_some_and(|endpoint| chosen == Some(endpoint.id())))
}

/// The way to the endpoint that the user named, with the key that is kept.
async fn way_to(parts: &Parts, endpoint: Endpoint) -> Result<Connection, Failure> {
    privacy::allowed(&parts.store, &endpoint.host()).await?;
    let key = parts.keychain.endpoint_key(&endpoint.url).await;
    let connection = Connection::new(endpoint, key).map_err(|e| failure::endpoint(&e))?;
    parts.ledger.endpoint(&connection);
    Ok(connection)
}

fn only_reads() -> Failure {
    Failure::new(
        Code::Model,
        "This Mailroom only reads. Close the other one, then choose the model again.",
    )
}

async fn installed(parts: &Parts) -> Result<Vec<InstalledModel>, Failure> {
    let folder = parts.config.models();
    tokio::task::spawn_blocking(move || mailroom_llm::installed(&folder))
        .await
        .map_err(|_| failure::internal())?
        .map_err(|e| failure::model(&e))
}

/// Imports a GGUF file, and uses it.
pub(crate) async fn add(
    parts: &Arc<Parts>,
    path: PathBuf,
) -> Result<mailroom_wire::ModelView, Failure> {
    let (folder, signals) = (parts.config.models(), parts.signals.clone());
    let model = tokio::task::spawn_blocking(move || {
        let mut last = 0;
        let mut progress = |Progress { done, total }| {
            // About a hundred events are enough for a bar.
            if done == 0 || done.saturating_sub(last) > total / 100 {
                last = done;
                signals.send(Event::Model { state: ModelState::Downloading { done, total } });
            }
            ControlFlow::Continue(())
        };
        mailroom_llm::import(&path, &folder, None, &mut progress)
    })
    .await
    .map_err(|_| failure::internal())?;
    let model = match model {
        Ok(model) => model,
        Err(error) => {
            // What was in use before still is.
            parts.signals.send(Event::Model { state: state(parts) });
            return Err(failure::model(&error));
        }
    };
    let shown = view::model(&model, true, None);
    use_installed(parts, model).await?;
    Ok(shown)
}

/// Uses another installed model, or none.
pub(crate) async fn choose(parts: &Arc<Parts>, id: Option<&str>) -> Result<(), Failure> {
    let Some(id) = id else {
        parts.store.remove_setting(IN_USE).await.map_err(failure::store)?;
        parts.judge.set_head(None);
        if let Some(llm) = &parts.llm {
            llm.unload().await;
        }
        return Ok(());
    };
    if let Some(endpoint) = endpoint(&parts.store).await?.filter(|e| e.id() == id) {
        return connect(parts, way_to(parts, endpoint).await?).await;
    }
    let gone = || Failure::new(Code::NotFound, "That model is not installed. Add its file again.");
    let model = installed(parts).await?.into_iter().find(|m| m.id == id).ok_or_else(gone)?;
    use_installed(parts, model).await
}

async fn use_installed(parts: &Arc<Parts>, model: InstalledModel) -> Result<(), Failure> {
    parts.store.set_setting(IN_USE, &model.id).await.map_err(failure::store)?;
    parts.judge.set_head(None);
    let llm = parts.llm.as_ref().ok_or_else(only_reads)?;
    llm.load(model).await;
    parts.signals.wake_model();
    Ok(())
}

/// Removes a model from the disk.
pub(crate) async fn remove(parts: &Arc<Parts>, id: String) -> Result<(), Failure> {
    let chosen: Option<String> = parts.store.setting(IN_USE).await.map_err(failure::store)?;
    if chosen.as_deref() == Some(id.as_str()) {
        choose(parts, None).await?;
    }
    if let Some(endpoint) = endpoint(&parts.store).await?.filter(|e| e.id() == id) {
        parts.keychain.set_endpoint_key(&endpoint.url, None).await;
        return parts.store.remove_setting(ENDPOINT).await.map_err(failure::store);
    }
    let folder = parts.config.models();
    tokio::task::spawn_blocking(move || mailroom_llm::remove(&folder, &id))
        .await
        .map_err(|_| failure::internal())?
        .map_err(|e| failure::model(&e))
}

/// The model's state as shown.
pub(crate) fn state(parts: &Parts) -> ModelState {
    parts.llm.as_ref().map_or(ModelState::Absent, |llm| view::model_state(&llm.state().borrow()))
}

/// How many messages the model has yet to read.
pub(crate) async fn waiting(parts: &Parts) -> u64 {
    match parts.signals.model_queue() {
        None => 0,
        Some((version, scope)) => parts.store.waiting_for_model(&version, scope).await.unwrap_or(0),
    }
}

/// Loads the model that was in use, then reads mail with it for as long as the engine runs.
pub(crate) async fn run(parts: Arc<Parts>) {
    let Some(llm) = parts.llm.clone() else { return };
    if let Ok(Some(chosen)) = parts.store.setting::<String>(IN_USE).await {
        if let Ok(models) = installed(&parts).await
            && let Some(model) = models.into_iter().find(|m| m.id == chosen)
        {
            llm.load(model).await;
        } else if let Ok(Some(named)) = endpoint(&parts.store).await
            && named.id() == chosen
            && let Ok(connection) = way_to(&parts, named).await
        {
            llm.connect(connection).await;
        }
    }
    let mut states = llm.state();
    let mut told = parts.signals.instructions();
    let mut ready: Option<Ready> = None;
    let mut news = true;
    loop {
        if told.has_changed().unwrap_or(false) {
            told.mark_unchanged();
            ready = None;
        }
        // Loading and readiness may follow each other unseen: any change means another model, perhaps.
        if states.has_changed().unwrap_or(true) || news {
            news = false;
            ready = None;
            let state = states.borrow_and_update().clone();
            parts.signals.send(Event::Model { state: view::model_state(&state) });
        }
        let state = states.borrow().clone();
        if !matches!(state, LlmState::Ready { .. }) {
            ready = None;
            parts.signals.set_model_queue(None);
            if states.changed().await.is_err() {
                return;
            }
            // Waiting for it has marked it as seen.
            news = true;
            continue;
        }
        if ready.is_none() {
            ready = prepare(&parts, &llm).await;
            let Some(Ready { head, .. }) = &ready else {
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            };
            if !instruct::prepare(&parts, &llm, &head.version).await {
                ready = None;
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
            parts.judge.set_head(Some(head.clone()));
            let Some((version, _)) = parts.judge.model_version() else { continue };
            // A model that tells nothing beyond the other voices is not worth a pass for each message.
            let scope = if head.weight > 0.0 { QueueScope::All } else { QueueScope::Unsure };
            parts.signals.set_model_queue(Some((version.clone(), scope)));
            if let Err(error) = parts.store.clear_set_aside(&version).await {
                tracing::warn!(%error, "marks of another model stay");
            }
            parts.lanes_changed();
        }
        let Some((version, scope)) = parts.signals.model_queue() else { continue };
        let portion = ready.as_ref().map_or(PORTION, |ready| ready.portion);
        let next = match parts.store.model_queue(&version, scope, portion).await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(%error, "the queue cannot be read");
                tokio::time::sleep(Duration::from_secs(5)).await;
                continue;
            }
        };
        if next.is_empty() {
            tokio::select! {
                changed = states.changed() => if changed.is_err() { return } else { news = true },
                () = parts.signals.model_woken() => {}
                _ = told.changed() => ready = None,
            }
            continue;
        }
        let mut reading = JoinSet::new();
        for id in next {
            let (parts, llm, version) = (Arc::clone(&parts), llm.clone(), version.clone());
            reading.spawn(async move { read(&parts, &llm, id, &version).await });
        }
        while reading.join_next().await.is_some() {}
    }
}

/// The head of the model in use: fitted once, then kept.
async fn prepare(parts: &Parts, llm: &Llm) -> Option<Ready> {
    let model: String = parts.store.setting(IN_USE).await.ok()??;
    let elsewhere = endpoint(&parts.store).await.ok()?.is_some_and(|e| e.id() == model);
    let portion = if elsewhere { PORTION_ELSEWHERE } else { PORTION };
    let triage = parts.judge.triage();
    let key = head_setting(&model, triage.prompt_hash());
    if let Ok(Some(head)) = parts.store.setting::<ModelHead>(&key).await {
        return Some(Ready { head, portion });
    }
    let mut mail: Vec<Known> = triage
        .calibration_mail()
        .into_iter()
        .map(|m| Known { content: m.content, label: m.label, lang: Some(m.lang), own: false })
        .collect();
    for taught in parts.store.taught(OWN_MAIL).await.ok()? {
        let Ok(message) = parts.store.message(taught.message).await else { continue };
        let lang = message.content.language.clone();
        mail.push(Known { content: message.content, label: taught.label, lang, own: true });
    }
    let total = mail.len() as u64;
    let (mut samples, mut times) = (Vec::new(), Vec::new());
    for (at, Known { content, label, lang, own }) in mail.into_iter().enumerate() {
        parts.signals.send(Event::Weighing { done: at as u64, total });
        let sheet = triage.sheet(&content, [].iter());
        let start = Instant::now();
        match llm.score(format!("calibration {at}"), sheet, Priority::Bulk).await {
            Ok(scores) => {
                times.push(start.elapsed().as_secs_f32());
                let judge = Arc::clone(&parts.judge);
                let sample = tokio::task::spawn_blocking(move || {
                    let encoder = judge.encode(&content, &[]).map(|(scores, _)| scores);
                    CalibrationSample { content, scores, encoder, label, lang, own }
                });
                samples.extend(sample.await.ok());
            }
            Err(ScoreError::SetAside | ScoreError::Failed(_)) => {}
            Err(ScoreError::NotReady | ScoreError::Cancelled) => return None,
        }
    }
    let version = format!("{model}-{}", triage.prompt_hash());
    let mut head = triage.fit_model(&version, &samples);
    times.sort_by(f32::total_cmp);
    head.seconds = times.get(times.len() / 2).copied().unwrap_or_default();
    tracing::info!(
        model,
        weight = head.weight,
        accuracy = head.accuracy,
        others = head.baseline,
        together = head.together,
        "fitted the model's head"
    );
    if let Err(error) = parts.store.set_setting(&key, &head).await {
        tracing::warn!(%error, "the model's head is not kept");
    }
    // Whoever asks now sees what was found.
    parts.signals.send(Event::Weighing { done: total, total });
    Some(Ready { head, portion })
}

/// Asks about one message and records the verdict.
async fn read(parts: &Parts, llm: &Llm, id: MessageId, version: &str) {
    // Removed meanwhile, or the store fails and is tried again by the next round.
    let Ok(message) = parts.store.message(id).await else { return };
    let content: MessageContent = message.content;
    let (sheet, instructions) = parts.judge.sheet(&content);
    let scores = match llm.score(format!("message {id}"), sheet, Priority::New).await {
        Ok(scores) => scores,
        Err(ScoreError::NotReady | ScoreError::Cancelled) => return,
        Err(ScoreError::SetAside) => {
            let reason = "The language model stopped twice while reading this message, so it is not asked again.";
            return set_aside(parts, id, version, reason).await;
        }
        Err(ScoreError::Failed(reason)) => return set_aside(parts, id, version, &reason).await,
    };
    let own = own_addresses(parts).await;
    let own = own.get(&message.row.account).map_or(&[][..], Vec::as_slice);
    let said = heard_encoder(parts, id).await;
    let heard = Heard {
        encoder: said.as_ref().map(|(scores, _)| scores),
        vector: said.as_ref().map(|(_, vector)| &vector[..]),
        answers: Some(&Answers { scores, instructions }),
        thread: Some(message.row.thread),
        lies: Some(Lies::of(&message.row, &message.flags)),
        ..Heard::default()
    };
    let verdict = parts.judge.verdict(&content, own, heard);
    match parts.store.record_verdict(id, &verdict, now()).await {
        Ok(recorded) => {
            parts.signals.send(Event::Message { id });
            if recorded.from != recorded.to {
                parts.lanes_changed();
            } else {
                parts.signals.queue_changed();
            }
        }
        Err(error) => tracing::warn!(%error, %id, "a verdict was not recorded"),
    }
}

/// What the encoder in use has said about a message; the encoder's own task sees to those that it has not read.
pub(crate) async fn heard_encoder(
    parts: &Parts,
    id: MessageId,
) -> Option<(EncoderScores, Vec<f32>)> {
    let encoder = parts.judge.encoder()?;
    let said = parts.store.encoded(id, encoder.version()).await.ok()??;
    let version = encoder.version().to_owned();
    Some((EncoderScores { scores: said.scores, version }, said.vector))
}

async fn set_aside(parts: &Parts, id: MessageId, version: &str, reason: &str) {
    if let Err(error) = parts.store.set_aside(id, version, reason, now()).await {
        tracing::warn!(%error, %id, "a message could not be set aside");
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    parts.signals.send(Event::Message { id });
    parts.signals.queue_changed();
}

pub(crate) async fn own_addresses(
    parts: &Parts,
) -> HashMap<mailroom_domain::AccountId, Vec<String>> {
    own_addresses_of(&parts.store).await
}

/// The reader's addresses of each account, lower-cased.
pub(crate) async fn own_addresses_of(
    store: &Store,
) -> HashMap<mailroom_domain::AccountId, Vec<String>> {
    let accounts = store.accounts().await.unwrap_or_default();
    accounts
        .into_iter()
        .map(|account| {
            let own = match &account.kind {
                AccountKind::Sample => import::own(sample::READER),
                _ => import::own(account.address()),
            };
            (account.id, own)
        })
        .collect()
}
