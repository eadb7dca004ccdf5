//! The encoder's voice: loaded in the background, it reads every message once, the newest first, and labels it anew.
//!
//! What it said is kept by content, so that a message that is moved or synced again costs nothing, and another
//! version of the encoder reads everything again.

use crate::judge::Heard;
use crate::places::Lies;
use crate::start::Parts;
use crate::{Config, failure, memory, model, now};
use mailroom_encoder::Encoder;
use mailroom_store::{BodyId, Encoded};
use mailroom_triage::EncoderScores;
use mailroom_wire::{Event, Failure};
use std::sync::Arc;
use std::time::Duration;

/// Contents that are read at a time: enough to be quick, few enough to let others in between.
const PORTION: u32 = 16;

/// Opens the encoder's file, if there is one that can be used. Takes half a second on the calling thread.
pub(crate) fn open(config: &Config) -> Option<Encoder> {
    let file = config.encoder.as_deref()?;
    match Encoder::open(file) {
        Ok(encoder) => Some(encoder),
        Err(error) => {
            tracing::warn!(%error, "mail is sorted without the encoder");
            None
        }
    }
}

/// Loads the encoder, then reads what waits for it for as long as the engine runs.
pub(crate) async fn run(parts: Arc<Parts>) {
    let config = parts.config.clone();
    let opened = tokio::task::spawn_blocking(move || open(&config)).await.ok().flatten();
    let version = opened.as_ref().map(|encoder| encoder.version().to_owned());
    if let Some(encoder) = opened {
        parts.judge.set_encoder(encoder);
    }
    parts.encoder_looked_for.send_replace(true);
    let Some(version) = version else { return };
    if let Err(error) = parts.store.encode_again(&version).await {
        tracing::warn!(%error, "messages that another encoder has read keep their labels");
    }
    let _ = parts.memory.send(memory::Command::Again);
    let mut read = false;
    loop {
        match portion(&parts, &version).await {
            Ok(0) => {
                if read {
                    // Lessons may have got the vectors that they lacked.
                    let _ = parts.memory.send(memory::Command::Again);
                    read = false;
                }
                parts.signals.encoder_woken().await;
            }
            Ok(_) => read = true,
            Err(error) => {
                tracing::warn!(code = ?error.code, "the encoder's queue cannot be read");
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        }
    }
}

/// Reads the next contents; gives their number.
async fn portion(parts: &Arc<Parts>, version: &str) -> Result<usize, Failure> {
    let _turn = parts.encoder_turn.acquire().await.map_err(|_| failure::internal())?;
    let queue = parts.store.encoder_queue(PORTION).await.map_err(failure::store)?;
    if queue.is_empty() {
        return Ok(0);
    }
    let own = model::own_addresses(parts).await;
    let mut read = Vec::with_capacity(queue.len());
    let mut said: Vec<(BodyId, Option<Encoded>)> = Vec::new();
    for (body, messages) in &queue {
        let first = match messages.first() {
            Some(first) => parts.store.message(*first).await.ok(),
            None => None,
        };
        match first {
            Some(message) => {
                // A relabelling may have read it already.
                let known = parts.store.encoded(message.row.id, version).await.ok().flatten();
                read.push((*body, messages.clone(), message, known));
            }
            // Gone meanwhile: nobody waits for it.
            None => said.push((*body, None)),
        }
    }
    let judge = Arc::clone(&parts.judge);
    let (read, encodings) = tokio::task::spawn_blocking(move || {
        let mut read = read;
        let texts: Vec<String> = read
            .iter()
            .filter(|(.., known)| known.is_none())
            .map(|(_, _, message, _)| {
                let own = own.get(&message.row.account).map_or(&[][..], Vec::as_slice);
                judge.triage().digest(&message.content, own)
            })
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let encodings = judge.encoder().map(|encoder| encoder.encode(&texts));
        let mut encodings = match encodings {
            Some(Ok(encodings)) => encodings.into_iter(),
            Some(Err(error)) => {
                tracing::warn!(%error, "the encoder could not read some messages");
                Vec::new().into_iter()
            }
            None => Vec::new().into_iter(),
        };
        let judged: Vec<Option<Encoded>> = read
            .iter_mut()
            .map(|(.., known)| {
                known.take().or_else(|| {
                    let said = encodings.next()?;
                    Some(Encoded { scores: said.scores?, vector: said.vector })
                })
            })
            .collect();
        let verdicts: Vec<_> = read
            .iter()
            .zip(&judged)
            .map(|((_, _, message, _), encoding)| {
                let scores = encoding.as_ref()?.scores;
                let own = own.get(&message.row.account).map_or(&[][..], Vec::as_slice);
                let version = judge.encoder()?.version().to_owned();
                let encoder = EncoderScores { scores, version };
                let heard = Heard {
                    encoder: Some(&encoder),
                    vector: encoding.as_ref().map(|e| &e.vector[..]),
                    thread: Some(message.row.thread),
                    lies: Some(Lies::of(&message.row, &message.flags)),
                    ..Heard::default()
                };
                Some(judge.verdict(&message.content, own, heard))
            })
            .collect();
        (read, judged.into_iter().zip(verdicts).collect::<Vec<_>>())
    })
    .await
    .map_err(|_| failure::internal())?;
    let mut verdicts = Vec::new();
    for ((body, messages, ..), (encoded, verdict)) in read.into_iter().zip(encodings) {
        if let Some(verdict) = verdict {
            verdicts.extend(messages.iter().map(|id| (*id, verdict.clone())));
        }
        said.push((body, encoded));
    }
    // Labels first: cut between the two, it is read once more, and nothing is missing.
    let recorded = parts.store.record_verdicts(&verdicts, now()).await.map_err(failure::store)?;
    parts.store.keep_encoded(version, &said).await.map_err(failure::store)?;
    for changed in &recorded {
        parts.signals.send(Event::Message { id: changed.message });
    }
    parts.lanes_changed();
    Ok(queue.len())
}
