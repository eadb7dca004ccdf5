//! The account's thread: connects, syncs, waits, and comes back after errors.

use crate::folder::{Pass, PassError, Report};
use crate::shelf::Shelf;
use crate::{Command, Event, Policy};
use mailroom_domain::{AccountId, AccountSettings, FolderId, FolderRole, MessageId, UnixSeconds};
use mailroom_mail::imap::{
    Change, ConnectOptions, Folder, IdleEnd, ImapMailbox, Interrupt, Limits, MailError, Mailbox,
    Recovery, Secret, Traffic,
};
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc::UnboundedSender;

/// What an actor is made of.
#[derive(Clone, Debug)]
pub struct AccountConfig {
    /// Its id in the store.
    pub account: AccountId,
    /// Address, user name, server.
    pub settings: AccountSettings,
    /// The password.
    pub secret: Secret,
    /// What to sync.
    pub policy: Policy,
    /// How patient to be with the server.
    pub limits: Limits,
    /// Certificates (DER) of authorities to trust besides the operating system's.
    pub extra_roots: Vec<Vec<u8>>,
    /// Counts what goes over its connections.
    pub traffic: Traffic,
}

/// The actor itself. Lives on its own thread; see [`AccountHandle`].
pub struct AccountActor {
    config: AccountConfig,
    shelf: Box<dyn Shelf>,
    commands: Receiver<Command>,
    events: UnboundedSender<Event>,
    interrupt: Interrupt,
    stop: bool,
    sync_now: bool,
}

/// The rest of Mailroom's end of an actor. Dropping it stops the actor without waiting.
#[derive(Debug)]
pub struct AccountHandle {
    account: AccountId,
    commands: Sender<Command>,
    interrupt: Interrupt,
    ended: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl AccountHandle {
    /// Which account it is.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// Tells the actor something; it hears within about a second, also while it waits in IDLE.
    pub fn send(&self, command: Command) {
        let stop = matches!(command, Command::Stop);
        // An actor that has ended needs no commands.
        let _ = self.commands.send(command);
        if stop {
            self.interrupt.stop();
        } else {
            self.interrupt.wake();
        }
    }

    /// Stops the actor and waits for its end, at most `patience`. `false` if it has not ended by then;
    /// it will, without storing anything more than the transaction that it is in.
    pub fn stop(mut self, patience: Duration) -> bool {
        self.send(Command::Stop);
        let ended = !matches!(self.ended.recv_timeout(patience), Err(RecvTimeoutError::Timeout));
        if ended && let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        ended
    }
}

impl Drop for AccountHandle {
    fn drop(&mut self) {
        self.send(Command::Stop);
    }
}

/// How a session ended.
enum End {
    Stopped,
    /// After it had synced everything at least once.
    Failed {
        error: PassError,
        was_sound: bool,
    },
}

impl AccountActor {
    /// Starts an actor. Its last event is [`Event::Stopped`].
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn spawn(
        config: AccountConfig,
        shelf: Box<dyn Shelf>,
        events: UnboundedSender<Event>,
    ) -> io::Result<AccountHandle> {
        let (commands, inbox) = mpsc::channel();
        let (ending, ended) = mpsc::channel::<()>();
        let interrupt = Interrupt::default();
        let account = config.account;
        let mut actor = AccountActor {
            config,
            shelf,
            commands: inbox,
            events,
            interrupt: interrupt.clone(),
            stop: false,
            sync_now: false,
        };
        let thread = std::thread::Builder::new()
            .name(format!("account {account}"))
            .stack_size(ImapMailbox::STACK)
            .spawn(move || {
                actor.run();
                actor.tell(Event::Stopped { account });
                drop(ending);
            })?;
        Ok(AccountHandle { account, commands, interrupt, ended, thread: Some(thread) })
    }

    fn tell(&self, event: Event) {
        // Nobody listening is no reason to stop: what was synced is in the store.
        let _ = self.events.send(event);
    }

    fn run(&mut self) {
        let account = self.config.account;
        let mut failures = 0u32;
        while !self.stop {
            self.hear();
            if self.stop {
                return;
            }
            self.tell(Event::Connecting { account });
            // A panic is a fault of ours; the account must not stay dead for it.
            let end =
                catch_unwind(AssertUnwindSafe(|| self.session())).unwrap_or_else(|_| End::Failed {
                    error: PassError::Mail(MailError::Broken {
                        host: self.config.settings.server.host.clone(),
                    }),
                    was_sound: false,
                });
            let (error, was_sound) = match end {
                End::Stopped => return,
                End::Failed { error, was_sound } => (error, was_sound),
            };
            if was_sound {
                failures = 0;
            }
            failures = failures.saturating_add(1);
            let reason = error.to_string();
            tracing::info!(%account, failures, "session ended");
            let backoff = self.config.policy.backoff.wait(failures, lot());
            match &error {
                PassError::Stopped => {}
                PassError::Shelf(_) => {
                    self.tell(Event::StoreFailed { account, reason, retry_at: after(backoff) });
                    self.wait(Some(backoff));
                }
                PassError::Mail(mail) => match mail.recovery() {
                    Recovery::Stopped => self.hear(),
                    Recovery::AskPassword => {
                        self.tell(Event::SignInFailed { account, reason });
                        self.wait(None);
                    }
                    Recovery::FixSettings => {
                        self.tell(Event::Misconfigured { account, reason });
                        self.wait(Some(self.config.policy.backoff.most));
                    }
                    recovery @ (Recovery::BackOff(_) | Recovery::Skip) => {
                        let least = match recovery {
                            // A first loss is answered by the policy alone.
                            Recovery::BackOff(least) if least > Duration::from_secs(1) => least,
                            _ => Duration::ZERO,
                        };
                        let wait = backoff.max(least.min(self.config.policy.backoff.most));
                        self.tell(Event::Offline { account, reason, retry_at: after(wait) });
                        self.wait(Some(wait));
                    }
                },
            }
        }
    }

    /// Takes in what was said meanwhile.
    fn hear(&mut self) {
        while let Ok(command) = self.commands.try_recv() {
            self.obey(command);
        }
        self.interrupt.rest();
        self.stop |= self.interrupt.is_stopped();
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Stop => self.stop = true,
            Command::SyncNow => self.sync_now = true,
            Command::SetSecret(secret) => {
                self.config.secret = secret;
                self.sync_now = true;
            }
        }
    }

    /// Waits for a command, at most `most`.
    fn wait(&mut self, most: Option<Duration>) {
        let command = match most {
            Some(most) => self.commands.recv_timeout(most).ok(),
            None => self.commands.recv().ok().or(Some(Command::Stop)),
        };
        if let Some(command) = command {
            self.obey(command);
        }
        self.hear();
    }

    /// One connection, from sign-in to its end.
    fn session(&mut self) -> End {
        let options = ConnectOptions {
            limits: self.config.limits,
            extra_roots: self.config.extra_roots.clone(),
            interrupt: self.interrupt.clone(),
            traffic: self.config.traffic.clone(),
        };
        let mut was_sound = false;
        let result = ImapMailbox::connect(&self.config.settings, &self.config.secret, &options)
            .map_err(PassError::from)
            .and_then(|mailbox| self.serve(Box::new(mailbox), &mut was_sound));
        self.hear();
        match result {
            _ if self.stop => End::Stopped,
            Ok(()) => End::Stopped,
            Err(error) => End::Failed { error, was_sound },
        }
    }

    /// Syncs and waits, until told to stop or something fails.
    fn serve(
        &mut self,
        mut mailbox: Box<dyn Mailbox>,
        was_sound: &mut bool,
    ) -> Result<(), PassError> {
        let account = self.config.account;
        let mut all_flags = true;
        loop {
            self.sync_now = false;
            let folders = self.folders(mailbox.as_mut())?;
            for folder in &folders {
                self.pass(mailbox.as_mut(), folder, all_flags)?;
            }
            all_flags = false;
            *was_sound = true;
            self.tell(Event::Idle { account });
            let next = Instant::now() + self.config.policy.poll;
            let inbox = folders.iter().find(|f| f.role == FolderRole::Inbox).or(folders.first());
            // Until the next look at all folders: IDLE on the first.
            while !self.sync_now {
                self.hear();
                if self.stop {
                    mailbox.logout();
                    return Ok(());
                }
                let left = next.saturating_duration_since(Instant::now());
                if self.sync_now || left.is_zero() {
                    break;
                }
                match inbox.filter(|_| mailbox.can_idle()) {
                    Some(inbox) => self.idle(mailbox.as_mut(), inbox, left)?,
                    None => self.wait(Some(left)),
                }
            }
        }
    }

    /// Looks at the folder, then waits for it to change.
    fn idle(
        &mut self,
        mailbox: &mut dyn Mailbox,
        inbox: &Folder,
        left: Duration,
    ) -> Result<(), PassError> {
        // Also opens it, so that whatever changes from here on is told in IDLE.
        self.pass(mailbox, inbox, false)?;
        match mailbox.idle(left.min(self.config.policy.idle)) {
            Ok(IdleEnd::Changed(changes)) => {
                for change in changes {
                    if let Change::Alert(text) = change {
                        self.tell(Event::Alert { account: self.config.account, text });
                    }
                }
                self.pass(mailbox, inbox, false)?;
                self.tell(Event::Idle { account: self.config.account });
                Ok(())
            }
            Ok(IdleEnd::TimedOut | IdleEnd::Woken) => Ok(()),
            // A server that refuses IDLE is polled; the wait is short of the next look.
            Err(e) if e.session_is_sound() => {
                self.wait(Some(left.min(Duration::from_secs(60))));
                Ok(())
            }
            Err(e) => Err(e.into()),
        }
    }

    /// The folders to sync: INBOX, Archive, the others by name.
    fn folders(&mut self, mailbox: &mut dyn Mailbox) -> Result<Vec<Folder>, PassError> {
        let skip = &self.config.policy.skip;
        let mut folders: Vec<Folder> = mailbox
            .list()?
            .into_iter()
            .filter(|f| f.selectable && !skip.contains(&f.role))
            .collect();
        let rank = |role: FolderRole| match role {
            FolderRole::Inbox => 0,
            FolderRole::Archive => 1,
            _ => 2,
        };
        folders.sort_by(|a, b| rank(a.role).cmp(&rank(b.role)).then_with(|| a.name.cmp(&b.name)));
        Ok(folders)
    }

    /// One folder. A folder that the server refuses is skipped; the others go on.
    fn pass(
        &mut self,
        mailbox: &mut dyn Mailbox,
        folder: &Folder,
        all_flags: bool,
    ) -> Result<(), PassError> {
        let account = self.config.account;
        let mut report = Teller { account, events: &self.events, interrupt: &self.interrupt };
        let result = Pass {
            account,
            policy: &self.config.policy,
            mailbox,
            shelf: self.shelf.as_mut(),
            report: &mut report,
            all_flags,
        }
        .run(folder);
        match result {
            Err(PassError::Mail(e)) if e.session_is_sound() => {
                self.tell(Event::FolderSkipped {
                    account,
                    name: folder.name.display(),
                    reason: e.to_string(),
                });
                Ok(())
            }
            other => other,
        }
    }
}

struct Teller<'a> {
    account: AccountId,
    events: &'a UnboundedSender<Event>,
    interrupt: &'a Interrupt,
}

impl Report for Teller<'_> {
    fn go_on(&mut self) -> bool {
        !self.interrupt.is_stopped()
    }

    fn progress(&mut self, folder: FolderId, name: &str, done: u64, total: u64) {
        let name = name.to_owned();
        let _ =
            self.events.send(Event::Syncing { account: self.account, folder, name, done, total });
    }

    fn stored(&mut self, folder: FolderId, messages: Vec<MessageId>) {
        let _ = self.events.send(Event::Stored { account: self.account, folder, messages });
    }

    fn changed(&mut self, folder: FolderId) {
        let _ = self.events.send(Event::Changed { account: self.account, folder });
    }
}

/// A drawn lot, 0 to 1. The standard library's hasher is seeded at random, which is all that is needed.
fn lot() -> f64 {
    let drawn = std::collections::hash_map::RandomState::new().build_hasher().finish();
    (drawn % 1_000) as f64 / 999.0
}

fn after(wait: Duration) -> UnixSeconds {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    i64::try_from(now + wait.as_secs().max(1)).unwrap_or(i64::MAX)
}
