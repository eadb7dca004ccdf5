//! Relabelling many messages: one task that steers the job, works on it a portion at a time, and tells of it.
//!
//! Where a job stands lies in the store alone; what is done with it is a transition there that fails if somebody else
//! was quicker. So any Mailroom on the same data can steer it, the one that holds the engine's lock works on it, and
//! one that is killed is taken over where it was. Nothing here decides on labels: the voices do.

mod likeness;
mod pace;
mod plan;
mod stages;
mod surroundings;
mod view;

pub use surroundings::Surroundings;

use crate::start::Parts;
use crate::{Mode, failure, now};
use mailroom_domain::RelabelId;
use mailroom_store::{RelabelItemState, RelabelJob, RelabelState};
use mailroom_wire::{
    Code, Event, Failure, RelabelCommand, RelabelDiff, RelabelHold, RelabelStatus,
};
use pace::{Pace, Standing, seconds_left};
use plan::{Now, Plan};
use stages::{Job, Portion, Workers};
use std::sync::Arc;
use std::time::{Duration, Instant};
use surroundings::Load;
use tokio::sync::{mpsc, oneshot, watch};

/// Messages whose verdicts are recorded, or taken back, in one transaction: short enough for others to write in between.
const RECORDED: u32 = 500;
/// How often to look for a job that another process has begun.
const LOOK: Duration = Duration::from_secs(3);
/// How often to tell of progress.
const TELL: Duration = Duration::from_millis(500);
/// Examples of one change that are given at most.
const EXAMPLES: u32 = 50;
/// The wait after something failed.
const BREATH: Duration = Duration::from_secs(5);

/// A command, and where its answer goes.
pub(crate) struct Order {
    command: RelabelCommand,
    answer: oneshot::Sender<Result<Option<RelabelStatus>, Failure>>,
}

/// Asks the task; what a request does.
pub(crate) async fn command(
    parts: &Parts,
    command: RelabelCommand,
) -> Result<Option<RelabelStatus>, Failure> {
    let (answer, told) = oneshot::channel();
    parts.relabel.send(Order { command, answer }).map_err(|_| failure::internal())?;
    told.await.map_err(|_| failure::internal())?
}

/// What a relabelling changes.
pub(crate) async fn diff(
    parts: &Parts,
    job: Option<RelabelId>,
    examples: u32,
) -> Result<RelabelDiff, Failure> {
    let job = parts.store.relabel_job(job).await.map_err(failure::store)?.ok_or_else(none)?;
    let moves =
        parts.store.relabel_moves(job.id, examples.min(EXAMPLES)).await.map_err(failure::store)?;
    let mut shown = Vec::with_capacity(moves.len());
    for each in moves {
        let rows = parts.store.rows(&each.examples).await.map_err(failure::store)?;
        shown.push(view::moved(&each, rows));
    }
    Ok(RelabelDiff { job: job.id, moves: shown, unchanged: view::unchanged(&job) })
}

fn none() -> Failure {
    Failure::new(Code::NotFound, "There is no relabelling. Start one first.")
}

/// Runs for as long as the engine does.
pub(crate) async fn run(parts: Arc<Parts>, mut orders: mpsc::UnboundedReceiver<Order>) {
    let mut worker = Worker {
        works: parts.config.mode == Mode::Full,
        parts,
        current: None,
        workers: None,
        paces: Default::default(),
        load: Load::default(),
        hold: None,
        told: None,
        undone: None,
        rest: None,
        stop: watch::Sender::new(0),
    };
    if worker.works {
        worker.clear().await;
    }
    loop {
        let Some((id, state)) = worker.next().await else {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => obey(&worker.parts, order).await,
                    None => return,
                },
                () = tokio::time::sleep(LOOK), if worker.works => {}
            }
            continue;
        };
        let wait = match worker.rest.take() {
            Some(rest) => Some(rest),
            None => worker.wait(id, state).await,
        };
        let step = match wait {
            Some(wait) => Step::Waited(wait),
            None => match worker.step(id, state).await {
                Ok(step) => step,
                Err(failure) => {
                    worker.stumble(id, failure).await;
                    Step::Waited(BREATH)
                }
            },
        };
        let waits = matches!(step, Step::Waited(_));
        let parts = Arc::clone(&worker.parts);
        let work = perform(&parts, step);
        tokio::pin!(work);
        // Commands are heard while a portion is made. It goes on beside them: it may hold the one connection that
        // writes. What it writes after its job was ended, the store refuses.
        let mut done = None;
        while done.is_none() {
            tokio::select! {
                biased;
                order = orders.recv() => {
                    let Some(order) = order else { return };
                    let steers = !matches!(order.command, RelabelCommand::Status { .. });
                    let obeyed = obey(&parts, order);
                    tokio::pin!(obeyed);
                    loop {
                        tokio::select! {
                            () = &mut obeyed => break,
                            made = &mut work, if done.is_none() => done = Some(made),
                        }
                    }
                    if steers {
                        worker.stop.send_modify(|steered| *steered += 1);
                        if waits {
                            break;
                        }
                    }
                }
                made = &mut work => done = Some(made),
            }
        }
        if let Some(done) = done {
            worker.done(id, done).await;
        }
    }
}

/// What is done next.
enum Step {
    Waited(Duration),
    Judge(Box<Job>),
    Apply(RelabelId),
    Undo(RelabelId, Option<i64>),
}

/// What came of it.
enum Done {
    Waited,
    Judged(Result<Portion, Failure>),
    Recorded(Result<mailroom_store::RelabelPortion, Failure>),
    TakenBack(Result<(mailroom_store::RelabelPortion, Option<i64>), Failure>),
}

async fn perform(parts: &Parts, step: Step) -> Done {
    match step {
        Step::Waited(wait) => {
            tokio::time::sleep(wait).await;
            Done::Waited
        }
        Step::Judge(job) => Done::Judged(job.portion().await),
        Step::Apply(id) => {
            let done = parts.store.apply_relabel(id, RECORDED, now()).await;
            Done::Recorded(done.map_err(failure::store))
        }
        Step::Undo(id, mut after) => {
            let done = parts.store.undo_relabel(id, &mut after, RECORDED, now()).await;
            Done::TakenBack(done.map(|done| (done, after)).map_err(failure::store))
        }
    }
}

struct Worker {
    parts: Arc<Parts>,
    /// This process holds the engine's lock.
    works: bool,
    /// The job that the rest is about.
    current: Option<RelabelId>,
    workers: Option<Arc<Workers>>,
    paces: [Pace; 3],
    load: Load,
    hold: Option<RelabelHold>,
    told: Option<Instant>,
    /// How far taking back has come.
    undone: Option<i64>,
    /// To be waited before the next portion.
    rest: Option<Duration>,
    /// How many commands have steered: what takes long looks whether it still should.
    stop: watch::Sender<u64>,
}

impl Worker {
    /// The job to be worked on.
    async fn next(&mut self) -> Option<(RelabelId, RelabelState)> {
        if !self.works {
            return None;
        }
        let next = match self.parts.store.relabel_at_work().await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(%error, "relabellings cannot be looked up");
                None
            }
        };
        let id = next.map(|(id, _)| id);
        if self.current != id {
            if self.current.is_some() {
                // Another process may have ended it.
                self.clear().await;
            }
            self.current = id;
            self.workers = None;
            self.paces = Default::default();
            self.hold = None;
            self.told = None;
            self.undone = None;
            self.rest = None;
        }
        next
    }

    /// How long to wait instead of working on a job that is to wait, and tells why.
    async fn wait(&mut self, id: RelabelId, state: RelabelState) -> Option<Duration> {
        if state != RelabelState::Running {
            return None;
        }
        let options = self.plan(id).await.ok()?.options;
        let surroundings = self.parts.config.surroundings.clone();
        let load = self.load.is_busy(&surroundings);
        let hold = if !options.on_battery && surroundings::on_battery(&surroundings.power) {
            Some(RelabelHold::Battery)
        } else if !options.when_busy && load {
            Some(RelabelHold::Busy)
        } else {
            None
        };
        if hold.is_some() || matches!(self.hold, Some(RelabelHold::Battery | RelabelHold::Busy)) {
            self.tell(id, hold.clone(), false).await;
        }
        hold.map(|_| surroundings.every)
    }

    async fn plan(&self, id: RelabelId) -> Result<Plan, Failure> {
        let job = self.parts.store.relabel_job(Some(id)).await.map_err(failure::store)?;
        view::plan(&job.ok_or_else(none)?)
    }

    async fn step(&mut self, id: RelabelId, state: RelabelState) -> Result<Step, Failure> {
        match state {
            RelabelState::Applying => Ok(Step::Apply(id)),
            RelabelState::Undoing => Ok(Step::Undo(id, self.undone)),
            _ => {
                let workers = match &self.workers {
                    Some(workers) => Arc::clone(workers),
                    None => Workers::new()?,
                };
                self.workers = Some(Arc::clone(&workers));
                let plan = self.plan(id).await?;
                let (parts, stop) = (Arc::clone(&self.parts), self.stop.subscribe());
                Ok(Step::Judge(Box::new(Job { parts, id, plan, workers, stop })))
            }
        }
    }

    async fn done(&mut self, id: RelabelId, done: Done) {
        let outcome = match done {
            Done::Waited | Done::Judged(Ok(Portion::Stopped)) => Ok(()),
            Done::Judged(Ok(Portion::Done { stage, messages, took })) => {
                self.paces[stage].add(took, messages);
                self.stage_told(id, stage).await;
                Ok(())
            }
            Done::Judged(Ok(Portion::Finished)) => {
                let to = RelabelState::Ready;
                steer(&self.parts, id, &[RelabelState::Running], to).await.map(drop)
            }
            Done::Judged(Ok(Portion::ModelSoon)) => {
                self.tell(id, Some(RelabelHold::Model), false).await;
                self.rest = Some(self.parts.config.surroundings.every);
                Ok(())
            }
            Done::Judged(Err(failure))
            | Done::Recorded(Err(failure))
            | Done::TakenBack(Err(failure)) => Err(failure),
            Done::Recorded(Ok(portion)) => {
                if portion.moved > 0 {
                    self.parts.lanes_changed();
                }
                if portion.finished {
                    self.clear().await;
                }
                self.announce(id, portion.finished).await;
                Ok(())
            }
            Done::TakenBack(Ok((portion, after))) => {
                self.undone = after;
                if portion.moved > 0 {
                    self.parts.lanes_changed();
                }
                self.announce(id, portion.finished).await;
                Ok(())
            }
        };
        if let Err(failure) = outcome {
            self.stumble(id, failure).await;
            self.rest = Some(BREATH);
        }
    }

    async fn stumble(&mut self, id: RelabelId, failure: Failure) {
        tracing::warn!(%failure, "a portion of a relabelling failed");
        self.tell(id, Some(RelabelHold::Trouble { reason: failure.message }), true).await;
    }

    /// Tells of progress by that voice, now and then.
    async fn stage_told(&mut self, id: RelabelId, stage: usize) {
        if self.hold.is_none() && self.told.is_some_and(|at| at.elapsed() < TELL) {
            return;
        }
        self.told = Some(Instant::now());
        self.hold = None;
        let Ok(Some(job)) = self.parts.store.relabel_job(Some(id)).await else { return };
        let left = seconds_left(&standing(&job), &self.paces);
        let pace = (self.paces[stage].rate(), Some(left));
        if let Err(error) = self.parts.store.tell_relabel(id, pace, None, now()).await {
            tracing::warn!(%error, "the progress of a relabelling is not kept");
        }
        self.announce(id, true).await;
    }

    /// Tells why the job waits, or that it does not any more: when that changes, and now and then as a sign of life.
    async fn tell(&mut self, id: RelabelId, hold: Option<RelabelHold>, at_once: bool) {
        let recent = self.told.is_some_and(|at| at.elapsed() < Duration::from_secs(20));
        if self.hold == hold && recent && !at_once {
            return;
        }
        self.told = Some(Instant::now());
        self.hold.clone_from(&hold);
        let text = hold.as_ref().and_then(|hold| serde_json::to_string(hold).ok());
        let told = self.parts.store.tell_relabel(id, (None, None), text.as_deref(), now()).await;
        if let Err(error) = told {
            tracing::warn!(%error, "why a relabelling waits is not kept");
        }
        self.announce(id, true).await;
    }

    async fn announce(&mut self, id: RelabelId, at_once: bool) {
        if !at_once && self.told.is_some_and(|at| at.elapsed() < TELL) {
            return;
        }
        self.told = Some(Instant::now());
        announce(&self.parts, id).await;
    }

    async fn clear(&self) {
        clear(&self.parts).await;
    }
}

/// Clears away what finished jobs have left.
async fn clear(parts: &Parts) {
    loop {
        match parts.store.clear_relabels().await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(%error, "what a relabelling has left stays for now");
                return;
            }
        }
    }
}

async fn announce(parts: &Parts, id: RelabelId) {
    if let Ok(Some(status)) = status(parts, Some(id)).await {
        parts.signals.send(Event::Relabel { status: Box::new(status) });
    }
}

async fn steer(
    parts: &Parts,
    id: RelabelId,
    from: &[RelabelState],
    to: RelabelState,
) -> Result<bool, Failure> {
    let moved = parts.store.steer_relabel(id, from, to, now()).await.map_err(failure::store)?;
    announce(parts, id).await;
    Ok(moved)
}

async fn obey(parts: &Parts, order: Order) {
    let answer = answer(parts, order.command).await;
    // Whoever has gone does not want to know.
    let _ = order.answer.send(answer);
}

async fn answer(parts: &Parts, command: RelabelCommand) -> Result<Option<RelabelStatus>, Failure> {
    use RelabelState as S;
    let (id, from, to): (_, &[S], S) = match command {
        RelabelCommand::Status { job } => return status(parts, job).await,
        RelabelCommand::Start { mut scope, options } => {
            scope.ruled |= options.rules_only;
            return start(parts, Plan::new(scope, options)).await;
        }
        RelabelCommand::Pause => (None, &[S::Running], S::Paused),
        RelabelCommand::Resume { on_battery, when_busy } => {
            replan(parts, on_battery, when_busy).await?;
            (None, &[S::Paused, S::Running], S::Running)
        }
        RelabelCommand::Cancel => (None, &[S::Running, S::Paused], S::Cancelled),
        RelabelCommand::Apply => (None, &[S::Ready, S::Applying], S::Applying),
        RelabelCommand::Discard => (None, &[S::Ready], S::Discarded),
        RelabelCommand::Undo { job } => (job, &[S::Applied, S::Undoing], S::Undoing),
    };
    let job = parts.store.relabel_job(id).await.map_err(failure::store)?.ok_or_else(none)?;
    if !steer(parts, job.id, from, to).await? {
        // It may have come there by itself, just now or after a restart: then that is what was wanted.
        let job = parts.store.relabel_job(Some(job.id)).await.map_err(failure::store)?;
        let job = job.ok_or_else(none)?;
        let done = match to {
            S::Running => S::Ready,
            S::Applying => S::Applied,
            S::Undoing => S::Undone,
            to => to,
        };
        if job.state == done {
            return view::status(&job, now()).map(Some);
        }
        let allowed: Vec<&str> = from.iter().map(|state| state.as_str()).collect();
        return Err(Failure::new(
            Code::Invalid,
            format!(
                "Relabelling {} is {}; this can be done only when it is {}.",
                job.id,
                job.state.as_str(),
                allowed.join(" or ")
            ),
        ));
    }
    if parts.config.mode == Mode::Full && matches!(to, S::Cancelled | S::Discarded) {
        clear(parts).await;
    }
    status(parts, Some(job.id)).await
}

async fn start(parts: &Parts, plan: Plan) -> Result<Option<RelabelStatus>, Failure> {
    let changed = if plan.scope.changed_voices {
        let mut looked = parts.encoder_looked_for.subscribe();
        if parts.config.mode == Mode::Full {
            // Whether there is an encoder decides on what it can affect.
            let _ = looked.wait_for(|looked| *looked).await;
        }
        let sets = parts.store.voice_sets().await.map_err(failure::store)?;
        Some(Now::of(parts).current(&sets))
    } else {
        None
    };
    let scope = view::scope(&plan.scope, changed);
    let plan = view::plan_text(&plan)?;
    let id = parts.store.start_relabel(&scope, &plan, now()).await.map_err(failure::store)?;
    announce(parts, id).await;
    status(parts, Some(id)).await
}

/// Changes what a job may go on in spite of.
async fn replan(
    parts: &Parts,
    on_battery: Option<bool>,
    when_busy: Option<bool>,
) -> Result<(), Failure> {
    let job = parts.store.relabel_job(None).await.map_err(failure::store)?.ok_or_else(none)?;
    let mut plan = view::plan(&job)?;
    let options = &mut plan.options;
    options.on_battery = on_battery.unwrap_or(options.on_battery);
    options.when_busy = when_busy.unwrap_or(options.when_busy);
    let text = view::plan_text(&plan)?;
    parts.store.replan_relabel(job.id, &text).await.map_err(failure::store)
}

async fn status(parts: &Parts, job: Option<RelabelId>) -> Result<Option<RelabelStatus>, Failure> {
    match parts.store.relabel_job(job).await.map_err(failure::store)? {
        Some(job) => view::status(&job, now()).map(Some),
        None => Ok(None),
    }
}

/// Where its messages are.
fn standing(job: &RelabelJob) -> Standing {
    use mailroom_domain::Voice;
    let settled = |voices: &[Voice]| {
        let of = |c: &&mailroom_store::RelabelCount| {
            !c.folded && c.voice.is_some_and(|voice| voices.contains(&voice))
        };
        job.counts.iter().filter(of).map(|c| c.items).sum()
    };
    Standing {
        waiting: [RelabelItemState::Evidence, RelabelItemState::Encoder, RelabelItemState::Model]
            .map(|state| job.count(&[state])),
        settled: [
            settled(&[Voice::Evidence, Voice::Rule]),
            settled(&[Voice::Encoder]),
            settled(&[Voice::Model]),
        ],
    }
}
