//! The user's instructions to the language model: kept, measured for the model in use, and put before the voices.

use crate::start::Parts;
use crate::{failure, judge::Judge};
use mailroom_domain::{Instruction, SheetScores};
use mailroom_llm::{Llm, Priority, ScoreError};
use mailroom_store::Store;
use mailroom_triage::{Instructions, Triage, instructed_version};
use mailroom_wire::{Code, Failure};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

const KEPT: &str = "instructions";
const FENCE: &str = "fence.key";
/// Messages of the calibration mail on which the answers to an instruction are measured.
const ORDINARY: usize = 24;

/// The voices as shipped, with this installation's key for the fence around mail.
pub(crate) fn triage(key: u64) -> Result<Triage, Failure> {
    let triage = Triage::shipped().map_err(|e| Failure::new(Code::Internal, e.to_string()))?;
    Ok(triage.with_fence_key(key))
}

/// This installation's key, drawn when there is none yet.
pub(crate) async fn fence_key(store: &Store) -> Result<u64, Failure> {
    if let Some(key) = store.setting(FENCE).await.map_err(failure::store)? {
        return Ok(key);
    }
    // The standard library's keys come from the operating system's source of random bytes.
    let key = RandomState::new().hash_one(FENCE);
    store.set_setting(FENCE, &key).await.map_err(failure::store)?;
    Ok(key)
}

/// What the user has said.
pub(crate) async fn list(store: &Store) -> Result<Vec<Instruction>, Failure> {
    Ok(store.setting(KEPT).await.map_err(failure::store)?.unwrap_or_default())
}

/// Replaces what the user has said. A model that is heard reads mail anew.
pub(crate) async fn set(
    parts: &Arc<Parts>,
    instructions: &[Instruction],
) -> Result<Vec<Instruction>, Failure> {
    let kept = Instruction::checked(instructions)
        .map_err(|e| Failure::new(Code::Invalid, e.to_string()))?;
    parts.store.set_setting(KEPT, &kept).await.map_err(failure::store)?;
    parts.signals.instructions_changed();
    Ok(kept)
}

fn measured_setting(version: &str) -> String {
    format!("model.instructions.{version}")
}

/// The instructions as they were measured for a model whose head has this version, if they were.
pub(crate) async fn measured(store: &Store, head: &str) -> Result<Option<Instructions>, Failure> {
    let list = list(store).await?;
    let key = measured_setting(&instructed_version(head, list.iter()));
    store.setting(&key).await.map_err(failure::store)
}

/// Puts the instructions before the voices, measured for the model in use if they were not yet. `false` when the model
/// went away meanwhile.
pub(crate) async fn prepare(parts: &Parts, llm: &Llm, head: &str) -> bool {
    let Ok(list) = list(&parts.store).await else { return false };
    if list.is_empty() {
        parts.judge.set_instructions(Instructions::default());
        return true;
    }
    let key = measured_setting(&instructed_version(head, list.iter()));
    if let Ok(Some(measured)) = parts.store.setting::<Instructions>(&key).await {
        parts.judge.set_instructions(measured);
        return true;
    }
    let Some(scores) = ordinary(&parts.judge, llm, &list).await else { return false };
    let measured = Instructions::new(&list, &scores);
    if let Err(error) = parts.store.set_setting(&key, &measured).await {
        tracing::warn!(%error, "how a model answers the instructions is not kept");
    }
    parts.judge.set_instructions(measured);
    true
}

/// The model's answers about ordinary mail.
async fn ordinary(judge: &Judge, llm: &Llm, list: &[Instruction]) -> Option<Vec<SheetScores>> {
    let triage = judge.triage();
    let mail = triage.calibration_mail();
    // All kinds and languages: they lie next to each other there.
    let step = mail.len().div_ceil(ORDINARY).max(1);
    let mut out = Vec::new();
    for mail in mail.iter().step_by(step) {
        let sheet = triage.sheet(&mail.content, list.iter());
        match llm.score("instructions".into(), sheet, Priority::Bulk).await {
            Ok(scores) => out.push(scores),
            Err(ScoreError::SetAside | ScoreError::Failed(_)) => {}
            Err(ScoreError::NotReady | ScoreError::Cancelled) => return None,
        }
    }
    Some(out)
}
