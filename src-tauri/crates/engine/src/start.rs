//! Starting and stopping, and what the engine's parts share.

use crate::accounts::{Accounts, Command};
use crate::judge::Judge;
use crate::places::Places;
use crate::privacy::Ledger;
use crate::secret::Keychain;
use crate::{Config, Mode, encoder, failure, instruct, memory, model, relabel, rules, view};
use mailroom_domain::Label;
use mailroom_domain::rules::Rules;
use mailroom_llm::{Llm, LlmConfig};
use mailroom_store::{AccountKind, EngineLock, QueueScope, Store};
use mailroom_wire::{Event, Failure};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, broadcast, mpsc, oneshot, watch};

/// Events that a slow listener may lag behind before it misses some; what is on screen is asked for again.
const EVENTS: usize = 1024;
/// Changes of lanes are told at most this often.
const QUIET: Duration = Duration::from_millis(120);

/// How the parts tell each other and the outside that something has changed.
#[derive(Clone)]
pub(crate) struct Signals {
    events: broadcast::Sender<Event>,
    lanes: Arc<Notify>,
    model: Arc<Notify>,
    encoder: Arc<Notify>,
    instructions: watch::Sender<()>,
    // A leaf value: what the model is reading, while there is one.
    queue: Arc<Mutex<Option<(String, QueueScope)>>>,
}

impl Signals {
    fn new() -> Self {
        Signals {
            events: broadcast::channel(EVENTS).0,
            lanes: Arc::default(),
            model: Arc::default(),
            encoder: Arc::default(),
            instructions: watch::Sender::new(()),
            queue: Arc::default(),
        }
    }

    pub(crate) fn send(&self, event: Event) {
        // Nobody listening is no reason to stop.
        let _ = self.events.send(event);
    }

    /// Rows or counts have changed, and there may be something to read for the model.
    pub(crate) fn lanes_changed(&self) {
        self.lanes.notify_one();
        self.model.notify_one();
        self.encoder.notify_one();
    }

    pub(crate) async fn encoder_woken(&self) {
        self.encoder.notified().await;
    }

    /// Only the number of messages that wait for the model has changed.
    pub(crate) fn queue_changed(&self) {
        self.lanes.notify_one();
    }

    pub(crate) fn wake_model(&self) {
        self.model.notify_one();
    }

    pub(crate) async fn model_woken(&self) {
        self.model.notified().await;
    }

    /// The user's instructions to the model have changed.
    pub(crate) fn instructions_changed(&self) {
        self.instructions.send_replace(());
    }

    pub(crate) fn instructions(&self) -> watch::Receiver<()> {
        self.instructions.subscribe()
    }

    pub(crate) fn model_queue(&self) -> Option<(String, QueueScope)> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_model_queue(&self, queue: Option<(String, QueueScope)>) {
        *self.queue.lock().unwrap_or_else(PoisonError::into_inner) = queue;
    }
}

/// What requests and tasks share.
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) judge: Arc<Judge>,
    pub(crate) keychain: Keychain,
    pub(crate) llm: Option<Llm>,
    pub(crate) signals: Signals,
    pub(crate) accounts: mpsc::UnboundedSender<Command>,
    pub(crate) memory: mpsc::UnboundedSender<memory::Command>,
    pub(crate) relabel: mpsc::UnboundedSender<relabel::Order>,
    pub(crate) archive: rules::Archive,
    pub(crate) ledger: Ledger,
    /// True once the encoder is there, or certainly is not.
    pub(crate) encoder_looked_for: watch::Sender<bool>,
    /// Held while the encoder reads a portion: new mail and relabelling take turns, and neither reads what the other
    /// has just read.
    pub(crate) encoder_turn: Semaphore,
}

impl Parts {
    pub(crate) fn lanes_changed(&self) {
        self.signals.lanes_changed();
    }
}

/// The running application without a face. Cheap to clone; all clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    parts: Arc<Parts>,
    tasks: Arc<Mutex<Vec<tokio::task::JoinHandle<()>>>>,
    lock: Arc<Mutex<Option<EngineLock>>>,
}

impl Engine {
    /// Opens the data folder and starts what the configuration asks for. Inside a tokio runtime.
    ///
    /// # Errors
    /// [`Code::Store`] when the database cannot be used, [`Code::Busy`] when another full Mailroom runs on
    /// this folder.
    pub async fn start(config: Config) -> Result<Engine, Failure> {
        let store = Store::open(&config.data).await.map_err(failure::store)?;
        let lock = match config.mode {
            Mode::Full => Some(store.lock_engine().map_err(failure::store)?),
            Mode::Quiet => None,
        };
        let triage = instruct::triage(instruct::fence_key(&store).await?)?;
        let (rules, faults) = Rules::keeping_sound(store.rules().await.map_err(failure::store)?);
        if let Some(faults) = faults {
            tracing::warn!(%faults, "some rules are not heard");
        }
        let judge = Arc::new(Judge::new(triage, rules));
        judge.set_places(Places::load(&store).await?);
        let keychain = Keychain::open(config.keychain && config.mode == Mode::Full).await;
        let signals = Signals::new();
        let (accounts, commands) = mpsc::unbounded_channel();
        let words = judge.triage().words();
        let llm = config.llm.clone().map(|llm| Llm::spawn(LlmConfig { words, ..llm }));
        let (memory, lessons) = mpsc::unbounded_channel();
        let (relabel, orders) = mpsc::unbounded_channel();
        let (encoder_looked_for, encoder_turn) = (watch::Sender::new(false), Semaphore::new(1));
        let parts = Arc::new(Parts {
            config,
            store,
            judge,
            keychain,
            llm,
            signals,
            accounts,
            memory,
            relabel,
            archive: rules::Archive::default(),
            ledger: Ledger::default(),
            encoder_looked_for,
            encoder_turn,
        });
        let mut tasks = vec![
            tokio::spawn(tell_lanes(Arc::clone(&parts))),
            tokio::spawn(memory::run(Arc::clone(&parts), lessons)),
        ];
        let owner = Accounts {
            config: parts.config.clone(),
            store: parts.store.clone(),
            judge: Arc::clone(&parts.judge),
            keychain,
            signals: parts.signals.clone(),
            ledger: parts.ledger.clone(),
        };
        tasks.push(tokio::spawn(owner.run(commands)));
        tasks.push(tokio::spawn(relabel::run(Arc::clone(&parts), orders)));
        if parts.config.mode == Mode::Full {
            parts.store.finish_removals().await.map_err(failure::store)?;
            tasks.push(tokio::spawn(encoder::run(Arc::clone(&parts))));
            tasks.push(tokio::spawn(model::run(Arc::clone(&parts))));
        }
        for account in parts.store.accounts().await.map_err(failure::store)? {
            let secret = match &account.kind {
                AccountKind::Imap(settings) => keychain.get(settings).await,
                _ => None,
            };
            let _ = parts.accounts.send(Command::Add { account, secret });
        }
        Ok(Engine { parts, tasks: Arc::new(Mutex::new(tasks)), lock: Arc::new(Mutex::new(lock)) })
    }

    /// What changes from now on. A listener that lags misses events and asks for everything again.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.parts.signals.events.subscribe()
    }

    pub(crate) fn parts(&self) -> &Arc<Parts> {
        &self.parts
    }

    /// Ends connections and the model's process and closes the database, within about three seconds. What
    /// was under way is either stored whole or not at all.
    pub async fn stop(&self) {
        let (done, stopped) = oneshot::channel();
        let accounts = async {
            if self.parts.accounts.send(Command::Stop(done)).is_ok() {
                let _ = stopped.await;
            }
        };
        let llm = async {
            if let Some(llm) = &self.parts.llm {
                llm.shutdown().await;
            }
        };
        tokio::join!(accounts, llm);
        for task in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
        self.parts.store.close().await;
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Tells of changed lanes, many changes at a time.
async fn tell_lanes(parts: Arc<Parts>) {
    loop {
        parts.signals.lanes.notified().await;
        match parts.store.counts().await {
            Ok(counts) => parts.signals.send(Event::Lanes {
                counts: view::counts(counts),
                lanes: Label::ALL.to_vec(),
                waiting_for_model: model::waiting(&parts).await,
            }),
            Err(error) => tracing::warn!(%error, "the lanes cannot be counted"),
        }
        tokio::time::sleep(QUIET).await;
    }
}
