//! What the sync tests share: a shelf in memory that is strict about what it is told, and an account on it.

#![allow(dead_code)]

#[path = "../../../../../tests/support/dovecot.rs"]
pub mod dovecot;
#[path = "../../../../../tests/support/fixtures.rs"]
pub mod fixtures;
pub mod scripted;

use mailroom_domain::{
    AccountId, AccountSettings, FlagSet, FolderId, MessageId, Security, ServerAddress, SyncState,
    Uid, UidValidity,
};
use mailroom_mail::imap::{Limits, Secret, Traffic};
use mailroom_sync::{
    AccountActor, AccountConfig, AccountHandle, Backoff, Event, Fingerprint, FolderRow, NewMessage,
    Policy, Shelf, ShelfError,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, error::TryRecvError, unbounded_channel};

/// A message as kept.
#[derive(Clone, Debug)]
pub struct Kept {
    pub id: MessageId,
    pub uid: Uid,
    pub validity: UidValidity,
    pub flags: FlagSet,
    pub message: NewMessage,
    pub gone: bool,
    /// Stands for what a user gave it.
    pub note: Option<String>,
}

#[derive(Debug, Default)]
pub struct Contents {
    pub folders: BTreeMap<String, (FolderId, SyncState)>,
    pub messages: BTreeMap<FolderId, Vec<Kept>>,
    next: i64,
    /// Messages that were offered although they were kept already.
    pub offered_twice: usize,
    pub transactions: usize,
}

/// A shelf in memory, shared with the test.
#[derive(Clone, Debug, Default)]
pub struct MemoryShelf(pub Arc<Mutex<Contents>>);

impl MemoryShelf {
    pub fn folder_id(&self, name: &str) -> FolderId {
        self.0.lock().unwrap().folders[name].0
    }

    /// Present messages of a folder, by UID.
    pub fn present_in(&self, name: &str) -> Vec<Kept> {
        let contents = self.0.lock().unwrap();
        let Some((id, _)) = contents.folders.get(name) else { return vec![] };
        let mut all: Vec<Kept> =
            contents.messages.get(id).into_iter().flatten().filter(|m| !m.gone).cloned().collect();
        all.sort_by_key(|m| m.uid);
        all
    }

    pub fn state(&self, name: &str) -> SyncState {
        self.0.lock().unwrap().folders[name].1
    }
}

impl Contents {
    fn folder_mut(&mut self, id: FolderId) -> (&mut SyncState, &mut Vec<Kept>) {
        let state = &mut self.folders.values_mut().find(|f| f.0 == id).unwrap().1;
        (state, self.messages.entry(id).or_default())
    }
}

impl Shelf for MemoryShelf {
    fn folder(
        &mut self,
        _: AccountId,
        row: &FolderRow,
    ) -> Result<(FolderId, SyncState), ShelfError> {
        let mut c = self.0.lock().unwrap();
        let id = FolderId(c.folders.len() as i64 + 1);
        Ok(*c.folders.entry(row.name.clone()).or_insert((id, SyncState::default())))
    }

    fn present(&mut self, folder: FolderId) -> Result<Vec<(Uid, FlagSet)>, ShelfError> {
        let c = self.0.lock().unwrap();
        Ok(c.messages
            .get(&folder)
            .into_iter()
            .flatten()
            .filter(|m| !m.gone)
            .map(|m| (m.uid, m.flags.clone()))
            .collect())
    }

    fn keep(
        &mut self,
        folder: FolderId,
        messages: Vec<NewMessage>,
        state: SyncState,
    ) -> Result<Vec<MessageId>, ShelfError> {
        let mut c = self.0.lock().unwrap();
        c.transactions += 1;
        let validity = state.uid_validity.expect("messages are kept under a UIDVALIDITY");
        let mut ids = vec![];
        let (mut next, mut twice) = (c.next, 0);
        let (kept_state, kept) = c.folder_mut(folder);
        for message in messages {
            if kept.iter().any(|k| k.uid == message.uid && k.validity == validity) {
                twice += 1;
                continue;
            }
            next += 1;
            ids.push(MessageId(next));
            kept.push(Kept {
                id: MessageId(next),
                uid: message.uid,
                validity,
                flags: message.flags.clone(),
                message,
                gone: false,
                note: None,
            });
        }
        *kept_state = state;
        c.next = next;
        c.offered_twice += twice;
        Ok(ids)
    }

    fn settle(
        &mut self,
        folder: FolderId,
        flags: &[(Uid, FlagSet)],
        gone: &[Uid],
        state: SyncState,
    ) -> Result<(), ShelfError> {
        let mut c = self.0.lock().unwrap();
        c.transactions += 1;
        let (kept_state, kept) = c.folder_mut(folder);
        for k in kept.iter_mut().filter(|k| !k.gone) {
            if let Some((_, f)) = flags.iter().find(|(uid, _)| *uid == k.uid) {
                k.flags = f.clone();
            }
            k.gone |= gone.contains(&k.uid);
        }
        *kept_state = state;
        Ok(())
    }

    fn fingerprints(&mut self, folder: FolderId) -> Result<Vec<Fingerprint>, ShelfError> {
        let c = self.0.lock().unwrap();
        Ok(c.messages
            .get(&folder)
            .into_iter()
            .flatten()
            .filter(|m| !m.gone)
            .map(|m| Fingerprint {
                uid: m.uid,
                message_id: m.message.content.headers.message_id.clone(),
                size: m.message.size,
                received: m.message.received,
            })
            .collect())
    }

    fn renumber(
        &mut self,
        folder: FolderId,
        moves: &[(Uid, Uid)],
        state: SyncState,
    ) -> Result<(), ShelfError> {
        let mut c = self.0.lock().unwrap();
        let (kept_state, kept) = c.folder_mut(folder);
        for k in kept.iter_mut().filter(|k| !k.gone) {
            match moves.iter().find(|(old, _)| *old == k.uid) {
                Some((_, new)) => {
                    k.uid = *new;
                    k.validity = state.uid_validity.unwrap();
                }
                None => k.gone = true,
            }
        }
        *kept_state = state;
        Ok(())
    }
}

/// An account that syncs onto a shelf.
pub struct Account {
    pub handle: Option<AccountHandle>,
    pub shelf: MemoryShelf,
    pub events: UnboundedReceiver<Event>,
    pub heard: Vec<Event>,
}

/// Settings for a server on this computer without TLS.
pub fn settings(port: u16) -> AccountSettings {
    AccountSettings {
        address: "bo@example.net".into(),
        user: dovecot::USER.into(),
        server: ServerAddress { host: "127.0.0.1".into(), port, security: Security::Plain },
    }
}

pub fn config(port: u16) -> AccountConfig {
    AccountConfig {
        account: AccountId(1),
        settings: settings(port),
        secret: Secret::new(dovecot::PASSWORD.into()),
        policy: Policy {
            backoff: Backoff { least: Duration::from_millis(10), most: Duration::from_millis(50) },
            ..Policy::default()
        },
        limits: Limits::default(),
        extra_roots: vec![],
        traffic: Traffic::default(),
    }
}

impl Account {
    pub fn start(config: AccountConfig, shelf: MemoryShelf) -> Self {
        let (sender, events) = unbounded_channel();
        let handle = AccountActor::spawn(config, Box::new(shelf.clone()), sender).unwrap();
        Account { handle: Some(handle), shelf, events, heard: vec![] }
    }

    /// Waits for an event, at most 120 seconds.
    pub fn until(&mut self, what: &str, wanted: impl Fn(&Event) -> bool) -> Event {
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            match self.events.try_recv() {
                Ok(event) => {
                    self.heard.push(event.clone());
                    if wanted(&event) {
                        return event;
                    }
                }
                Err(TryRecvError::Disconnected) => {
                    panic!("no {what}: the actor ended; heard {:#?}", self.heard)
                }
                Err(TryRecvError::Empty) => {
                    assert!(Instant::now() < deadline, "no {what}; heard {:#?}", self.heard);
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
        }
    }

    pub fn until_idle(&mut self) {
        self.until("Idle", |e| matches!(e, Event::Idle { .. }));
    }

    /// Waits until the shelf is as wanted, at most 60 seconds.
    pub fn until_shelf(&self, what: &str, wanted: impl Fn(&MemoryShelf) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !wanted(&self.shelf) {
            assert!(Instant::now() < deadline, "the shelf never had {what}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Stops; panics if that takes more than three seconds.
    pub fn stop(&mut self) {
        let handle = self.handle.take().unwrap();
        assert!(handle.stop(Duration::from_secs(3)), "did not stop within three seconds");
    }
}
