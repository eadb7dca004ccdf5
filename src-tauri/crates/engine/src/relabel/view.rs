//! Between what the store knows of a relabelling and what is shown of it.

use super::plan::Plan;
use crate::{failure, view};
use mailroom_domain::{UnixSeconds, Voice};
use mailroom_store as store;
use mailroom_store::{ChangedVoices, RelabelCount, RelabelItemState, RelabelJob};
use mailroom_wire as wire;
use mailroom_wire::{Code, Failure, RelabelHold, RelabelStatus};

/// Somebody who works on a job gives a sign of life at least this often, in seconds.
const SIGN_OF_LIFE: i64 = 150;

pub(super) fn plan(job: &RelabelJob) -> Result<Plan, Failure> {
    serde_json::from_value(job.plan.clone()).map_err(|e| {
        Failure::new(
            Code::Store,
            format!(
                "What relabelling {} was to do cannot be read ({e}). Cancel it and start anew.",
                job.id
            ),
        )
    })
}

pub(super) fn plan_text(plan: &Plan) -> Result<serde_json::Value, Failure> {
    serde_json::to_value(plan).map_err(|_| failure::internal())
}

pub(super) fn scope(
    scope: &wire::RelabelScope,
    changed: Option<ChangedVoices>,
) -> store::RelabelScope {
    store::RelabelScope {
        account: scope.account,
        folder: scope.folder.clone(),
        since: scope.since,
        until: scope.until,
        lane: scope.lane,
        unsure: scope.unsure,
        ids: scope.ids.clone(),
        changed,
        ruled: scope.ruled,
    }
}

fn state(state: store::RelabelState) -> wire::RelabelState {
    use store::RelabelState as S;
    match state {
        S::Running => wire::RelabelState::Running,
        S::Paused => wire::RelabelState::Paused,
        S::Ready => wire::RelabelState::Ready,
        S::Applying => wire::RelabelState::Applying,
        S::Applied => wire::RelabelState::Applied,
        S::Undoing => wire::RelabelState::Undoing,
        S::Undone => wire::RelabelState::Undone,
        S::Cancelled => wire::RelabelState::Cancelled,
        S::Discarded => wire::RelabelState::Discarded,
    }
}

pub(super) fn status(job: &RelabelJob, now: UnixSeconds) -> Result<RelabelStatus, Failure> {
    use RelabelItemState as I;
    let plan = plan(job)?;
    let works = matches!(
        job.state,
        store::RelabelState::Running | store::RelabelState::Applying | store::RelabelState::Undoing
    );
    let hold = if works && now - job.touched_at > SIGN_OF_LIFE {
        Some(RelabelHold::NobodyWorks)
    } else {
        job.hold.as_deref().filter(|_| works).and_then(|hold| serde_json::from_str(hold).ok())
    };
    let sum = |of: &dyn Fn(&RelabelCount) -> bool| {
        job.counts.iter().filter(|c| of(c)).map(|c| c.items).sum::<u64>()
    };
    let waiting = wire::RelabelWaiting {
        evidence: job.count(&[I::Evidence]),
        encoder: job.count(&[I::Encoder]),
        model: job.count(&[I::Model]),
        duplicates: job.count(&[I::Duplicate]),
    };
    let total = job.total();
    let shares = [Voice::Rule, Voice::Evidence, Voice::Encoder, Voice::Model].map(|voice| {
        let messages = sum(&|c| c.voice == Some(voice) && !c.folded);
        wire::RelabelShare { voice, messages }
    });
    Ok(RelabelStatus {
        job: job.id,
        state: state(job.state),
        hold,
        scope: plan.scope,
        options: plan.options,
        evidence_bound: plan.evidence_bound,
        encoder_bound: plan.encoder_bound,
        made_at: job.made_at,
        finished_at: job.finished_at,
        total,
        done: total - waiting.evidence - waiting.encoder - waiting.model - waiting.duplicates,
        waiting,
        shares: shares.into_iter().filter(|share| share.messages > 0).collect(),
        duplicates: sum(&|c| c.folded),
        changes: sum(&moves),
        applied: job.count(&[I::Applied, I::Same]),
        left: wire::RelabelLeft {
            corrected: job.corrected + job.count(&[I::Corrected]),
            ruled: job.ruled,
            rejudged: job.count(&[I::Rejudged]),
            unreadable: job.count(&[I::Unreadable]),
        },
        rate: job.rate.filter(|_| works),
        seconds_left: job.seconds_left.filter(|_| works),
        notes: job.notes.clone(),
    })
}

fn moves(count: &RelabelCount) -> bool {
    use RelabelItemState as I;
    matches!(count.state, I::Proposed | I::Applied) && count.to.is_some_and(|to| to != count.from)
}

pub(super) fn unchanged(job: &RelabelJob) -> u64 {
    use RelabelItemState as I;
    let stays = |c: &&RelabelCount| {
        matches!(c.state, I::Proposed | I::Applied | I::Same) && c.to == Some(c.from)
    };
    job.counts.iter().filter(stays).map(|c| c.items).sum()
}

pub(super) fn moved(each: &store::RelabelMove, rows: Vec<store::Row>) -> wire::RelabelMove {
    let examples = rows.into_iter().map(view::row).collect();
    wire::RelabelMove { from: each.from, to: each.to, count: each.count, examples }
}
