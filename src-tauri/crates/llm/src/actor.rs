//! The task that owns the language model's process, or the way to one elsewhere: queue, restarts, and what is set
//! aside.

mod remote;

use crate::ScoreError;
use crate::endpoint::Connection;
use crate::installed::InstalledModel;
use crate::protocol::{Ask, MARK, Tell};
use mailroom_domain::{Sheet, SheetScores};
use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command as Program};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, timeout};

/// What the language model is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LlmState {
    /// None is chosen.
    Absent,
    /// Its file is being fetched or imported.
    Downloading {
        /// Bytes done.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// It is being loaded.
    Loading {
        /// Its name.
        name: String,
    },
    /// It answers.
    Ready {
        /// Its name.
        name: String,
    },
    /// It does not run, and is not tried again by itself.
    Failed {
        /// What happened and what to do.
        reason: String,
    },
}

/// Which sheets come first. Within a priority, the one that was asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// The user is looking at it.
    Visible,
    /// New mail.
    New,
    /// Everything else.
    Bulk,
}

/// How the process is run.
#[derive(Clone, Debug)]
pub struct LlmConfig {
    /// The program, run as `program --llm-engine`.
    pub program: PathBuf,
    /// Threads that it may use.
    pub threads: usize,
    /// How long loading may take.
    pub load: Duration,
    /// How long one sheet may take.
    pub score: Duration,
    /// The wait before the second start; it doubles with each, up to half a minute.
    pub back_off: Duration,
    /// The words whose scores will be asked for, each with its leading space: then a model takes less memory and time.
    /// Empty, any may be.
    pub words: Vec<String>,
    /// More environment for the process.
    pub environment: Vec<(String, String)>,
}

impl LlmConfig {
    /// The program that is running now.
    ///
    /// # Errors
    /// When the operating system does not say where it lies.
    pub fn this_program() -> std::io::Result<LlmConfig> {
        Ok(LlmConfig::new(std::env::current_exe()?))
    }

    /// That program, with the usual patience.
    pub fn new(program: PathBuf) -> LlmConfig {
        LlmConfig {
            program,
            threads: std::thread::available_parallelism().map_or(2, usize::from),
            load: Duration::from_secs(300),
            score: Duration::from_secs(120),
            back_off: Duration::from_millis(500),
            words: Vec::new(),
            environment: Vec::new(),
        }
    }
}

type Answer = oneshot::Sender<Result<SheetScores, ScoreError>>;

enum Command {
    Load(Box<InstalledModel>, oneshot::Sender<()>),
    Connect(Box<Connection>, oneshot::Sender<()>),
    Unload(oneshot::Sender<()>),
    Score(Box<Pending>),
    Shutdown(oneshot::Sender<()>),
}

struct Pending {
    key: String,
    sheet: Sheet,
    priority: Priority,
    answer: Answer,
}

/// What runs the model.
enum Wanted {
    Process(InstalledModel),
    Endpoint(Connection),
}

/// The rest of Mailroom's end of the process. Cheap to clone; the process ends with the last clone.
#[derive(Clone)]
pub struct Llm {
    commands: mpsc::UnboundedSender<Command>,
    state: watch::Receiver<LlmState>,
}

impl Llm {
    /// Starts the task; the process comes with [`Llm::load`]. Inside a tokio runtime.
    pub fn spawn(config: LlmConfig) -> Llm {
        let (commands, inbox) = mpsc::unbounded_channel();
        let (tell, state) = watch::channel(LlmState::Absent);
        let actor = Actor {
            config,
            inbox,
            state: tell,
            wanted: None,
            queue: VecDeque::new(),
            deaths: HashMap::new(),
            set_aside: HashSet::new(),
            failures: 0,
        };
        tokio::spawn(actor.run());
        Llm { commands, state }
    }

    /// What the model is doing, now and from now on.
    pub fn state(&self) -> watch::Receiver<LlmState> {
        self.state.clone()
    }

    /// Uses this model from now on. Returns when the former one is gone and the state says so.
    pub async fn load(&self, model: InstalledModel) {
        self.tell(|done| Command::Load(Box::new(model), done)).await;
    }

    /// Uses a model behind an endpoint from now on. Returns when the former one is gone and the state says so.
    pub async fn connect(&self, connection: Connection) {
        self.tell(|done| Command::Connect(Box::new(connection), done)).await;
    }

    /// Uses none from now on.
    pub async fn unload(&self) {
        self.tell(Command::Unload).await;
    }

    /// Ends the process and the task.
    pub async fn shutdown(&self) {
        self.tell(Command::Shutdown).await;
    }

    async fn tell(&self, command: impl FnOnce(oneshot::Sender<()>) -> Command) {
        let (done, told) = oneshot::channel();
        if self.commands.send(command(done)).is_ok() {
            let _ = told.await;
        }
    }

    /// The scores of a sheet. `key` stands for the message: one that kills the process twice is set aside.
    /// Dropping the future takes the question back.
    ///
    /// # Errors
    /// [`ScoreError`]
    pub async fn score(
        &self,
        key: String,
        sheet: Sheet,
        priority: Priority,
    ) -> Result<SheetScores, ScoreError> {
        let (answer, told) = oneshot::channel();
        let pending = Box::new(Pending { key, sheet, priority, answer });
        self.commands.send(Command::Score(pending)).map_err(|_| ScoreError::NotReady)?;
        told.await.unwrap_or(Err(ScoreError::Cancelled))
    }
}

struct Process {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    errors: std::sync::Arc<std::sync::Mutex<VecDeque<String>>>,
}

struct Actor {
    config: LlmConfig,
    inbox: mpsc::UnboundedReceiver<Command>,
    state: watch::Sender<LlmState>,
    wanted: Option<Wanted>,
    queue: VecDeque<Pending>,
    deaths: HashMap<String, u32>,
    set_aside: HashSet<String>,
    failures: u32,
}

/// What became of a wait.
enum Heard {
    /// The process said this.
    Line(Tell),
    /// The process is gone, or has been silent for too long.
    Dead(String),
    /// The model is not wanted any more, or another one is.
    Changed,
    /// The task ends.
    End,
}

/// A crash so soon after loading that trying again is no use.
const TRIES: u32 = 3;
const LONGEST_WAIT: Duration = Duration::from_secs(30);

impl Actor {
    async fn run(mut self) {
        loop {
            let ends = match &self.wanted {
                None => match self.inbox.recv().await {
                    None => true,
                    Some(command) => self.obey(command),
                },
                Some(Wanted::Process(model)) => {
                    let model = model.clone();
                    self.serve(&model).await
                }
                Some(Wanted::Endpoint(connection)) => {
                    let connection = connection.clone();
                    self.serve_remote(&connection).await
                }
            };
            if ends {
                return;
            }
        }
    }

    /// Does what can be done at once. `true` ends the task.
    fn obey(&mut self, command: Command) -> bool {
        match command {
            Command::Load(model, done) => {
                self.want(&model.name.clone(), Wanted::Process(*model));
                let _ = done.send(());
            }
            Command::Connect(connection, done) => {
                self.want(&connection.name(), Wanted::Endpoint(*connection));
                let _ = done.send(());
            }
            Command::Unload(done) => {
                self.wanted = None;
                self.withdraw(&ScoreError::NotReady);
                self.state.send_replace(LlmState::Absent);
                let _ = done.send(());
            }
            Command::Score(pending) => {
                if self.wanted.is_none() {
                    let _ = pending.answer.send(Err(ScoreError::NotReady));
                } else if self.set_aside.contains(&pending.key) {
                    let _ = pending.answer.send(Err(ScoreError::SetAside));
                } else {
                    let at = self.queue.iter().position(|p| p.priority > pending.priority);
                    self.queue.insert(at.unwrap_or(self.queue.len()), *pending);
                }
            }
            Command::Shutdown(done) => {
                self.withdraw(&ScoreError::Cancelled);
                self.wanted = None;
                let _ = done.send(());
                return true;
            }
        }
        false
    }

    fn want(&mut self, name: &str, wanted: Wanted) {
        self.failures = 0;
        self.deaths.clear();
        self.set_aside.clear();
        self.withdraw(&ScoreError::Cancelled);
        self.state.send_replace(LlmState::Loading { name: name.to_owned() });
        self.wanted = Some(wanted);
    }

    fn withdraw(&mut self, why: &ScoreError) {
        for pending in self.queue.drain(..) {
            let _ = pending.answer.send(Err(why.clone()));
        }
    }

    /// Runs the process for a model until it dies or is not wanted any more. `true` ends the task.
    async fn serve(&mut self, model: &InstalledModel) -> bool {
        self.state.send_replace(LlmState::Loading { name: model.name.clone() });
        if self.failures > 0 {
            let wait = self
                .config
                .back_off
                .saturating_mul(1 << (self.failures - 1).min(10))
                .min(LONGEST_WAIT);
            match self.rest(wait).await {
                Heard::End => return true,
                Heard::Changed => return false,
                Heard::Line(_) | Heard::Dead(_) => {}
            }
        }
        let mut process = match self.start(model) {
            Ok(process) => process,
            Err(reason) => return self.give_up(&format!("The language model's process could not be started ({reason}). Start Mailroom again.")),
        };
        let ask = Ask::Load {
            folder: model.folder.clone(),
            threads: self.config.threads,
            words: self.config.words.clone(),
        };
        let loaded = match say(&mut process, &ask).await {
            Ok(()) => self.hear(&mut process, self.config.load).await,
            Err(reason) => Heard::Dead(reason),
        };
        match loaded {
            Heard::Line(Tell::Ready) => {}
            Heard::Line(Tell::NotLoaded { reason }) => {
                return self.give_up(&format!("The language model could not be loaded: {reason}. Add its file again, or choose another model."));
            }
            Heard::Line(_) => return self.died("it spoke out of turn"),
            Heard::Dead(reason) => return self.died(&reason),
            Heard::Changed => return false,
            Heard::End => return true,
        }
        self.state.send_replace(LlmState::Ready { name: model.name.clone() });
        loop {
            let pending = match self.next() {
                Some(pending) => pending,
                None => {
                    // Idle: the process may die, and commands may come.
                    match self.idle(&mut process).await {
                        Heard::Line(_) => continue,
                        Heard::Dead(reason) => return self.died(&reason),
                        Heard::Changed => return false,
                        Heard::End => return true,
                    }
                }
            };
            let Pending { key, sheet, priority, answer } = pending;
            let ask = Ask::Score { key: key.clone(), sheet: sheet.clone() };
            let heard = match say(&mut process, &ask).await {
                Ok(()) => self.hear(&mut process, self.config.score).await,
                Err(reason) => Heard::Dead(reason),
            };
            match heard {
                Heard::Line(Tell::Scores(scores)) => {
                    self.failures = 0;
                    let _ = answer.send(Ok(scores));
                }
                Heard::Line(Tell::Failed { reason }) => {
                    let _ = answer.send(Err(ScoreError::Failed(reason)));
                }
                Heard::Line(_) => {
                    let _ = answer.send(Err(ScoreError::Cancelled));
                    return self.died("it spoke out of turn");
                }
                Heard::Dead(reason) => {
                    let deaths = self.deaths.entry(key.clone()).or_default();
                    *deaths += 1;
                    if *deaths >= 2 {
                        tracing::warn!(
                            key,
                            reason,
                            "set aside: it killed the language model twice"
                        );
                        self.set_aside.insert(key);
                        // The message is to blame, not the model.
                        self.failures = 0;
                        let _ = answer.send(Err(ScoreError::SetAside));
                    } else {
                        self.queue.push_front(Pending { key, sheet, priority, answer });
                    }
                    return self.died(&reason);
                }
                Heard::Changed => {
                    let _ = answer.send(Err(ScoreError::Cancelled));
                    return false;
                }
                Heard::End => return true,
            }
        }
    }

    /// The next sheet that somebody still waits for.
    fn next(&mut self) -> Option<Pending> {
        loop {
            let pending = self.queue.pop_front()?;
            if !pending.answer.is_closed() {
                return Some(pending);
            }
        }
    }

    fn give_up(&mut self, reason: &str) -> bool {
        self.wanted = None;
        self.withdraw(&ScoreError::NotReady);
        self.state.send_replace(LlmState::Failed { reason: reason.to_owned() });
        false
    }

    fn died(&mut self, reason: &str) -> bool {
        self.failures += 1;
        tracing::warn!(failures = self.failures, reason, "the language model's process ended");
        if self.failures > TRIES {
            return self.give_up(&format!(
                "The language model stopped {} times in a row ({reason}). Choose a smaller model, or close other programs and choose it again.",
                self.failures
            ));
        }
        false
    }

    fn start(&self, model: &InstalledModel) -> Result<Process, String> {
        let threads = self.config.threads.max(1).to_string();
        let mut child = Program::new(&self.config.program)
            .arg("--llm-engine")
            .envs(self.config.environment.iter().cloned())
            .env("RAYON_NUM_THREADS", &threads)
            .env("HF_HUB_OFFLINE", "1")
            .current_dir(&model.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| e.to_string())?;
        let (Some(input), Some(output), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err("it has no pipes".into());
        };
        let last = std::sync::Arc::new(std::sync::Mutex::new(VecDeque::new()));
        let kept = std::sync::Arc::clone(&last);
        tokio::spawn(async move {
            let mut lines = BufReader::new(errors).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                tracing::debug!(line, "language model");
                let mut kept = kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if kept.len() >= 5 {
                    kept.pop_front();
                }
                kept.push_back(line.chars().take(300).collect());
            }
        });
        Ok(Process { child, input, output: BufReader::new(output).lines(), errors: last })
    }

    /// Waits for a message of the process, and obeys commands meanwhile.
    async fn hear(&mut self, process: &mut Process, patience: Duration) -> Heard {
        let deadline = Instant::now() + patience;
        loop {
            tokio::select! {
                line = process.output.next_line() => match line {
                    Ok(Some(line)) => {
                        let Some(text) = line.strip_prefix(MARK) else { continue };
                        return match serde_json::from_str(text) {
                            Ok(tell) => Heard::Line(tell),
                            Err(error) => Heard::Dead(error.to_string()),
                        };
                    }
                    Ok(None) | Err(_) => return Heard::Dead(end_of(process).await),
                },
                command = self.inbox.recv() => if let Some(heard) = self.disturbed(command) { return heard },
                () = tokio::time::sleep_until(deadline) => {
                    return Heard::Dead(format!("no answer within {} s", patience.as_secs()));
                }
            }
        }
    }

    /// Waits for something to do.
    async fn idle(&mut self, process: &mut Process) -> Heard {
        loop {
            tokio::select! {
                line = process.output.next_line() => match line {
                    Ok(Some(_)) => {}
                    Ok(None) | Err(_) => return Heard::Dead(end_of(process).await),
                },
                command = self.inbox.recv() => {
                    if let Some(heard) = self.disturbed(command) {
                        return heard;
                    }
                    if !self.queue.is_empty() {
                        return Heard::Line(Tell::Ready);
                    }
                }
            }
        }
    }

    /// Waits before the next start.
    async fn rest(&mut self, wait: Duration) -> Heard {
        let end = sleep(wait);
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => return Heard::Dead(String::new()),
                command = self.inbox.recv() => if let Some(heard) = self.disturbed(command) { return heard },
            }
        }
    }

    /// Obeys a command; says so if the model that runs is not the wanted one any more.
    fn disturbed(&mut self, command: Option<Command>) -> Option<Heard> {
        let Some(command) = command else { return Some(Heard::End) };
        let other = !matches!(command, Command::Score(_));
        if self.obey(command) {
            return Some(Heard::End);
        }
        other.then_some(Heard::Changed)
    }
}

async fn say(process: &mut Process, ask: &Ask) -> Result<(), String> {
    let mut line = serde_json::to_string(ask).map_err(|e| e.to_string())?;
    line.push('\n');
    match process.input.write_all(line.as_bytes()).await {
        Ok(()) => process.input.flush().await.map_err(|e| e.to_string()),
        Err(_) => Err(end_of(process).await),
    }
}

/// How a process ended, with its last words.
async fn end_of(process: &mut Process) -> String {
    let status = match timeout(Duration::from_secs(2), process.child.wait()).await {
        Ok(Ok(status)) => status.to_string(),
        _ => "it closed its output".to_owned(),
    };
    // Its last words may still be on their way.
    sleep(Duration::from_millis(20)).await;
    let words = process.errors.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match words.back() {
        Some(last) => format!("{status}: {last}"),
        None => status,
    }
}
