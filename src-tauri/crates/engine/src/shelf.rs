//! The store, as sync's actors see it: every message that is kept gets its first verdict in the same
//! transaction, so that none is ever seen without a label.

use crate::judge::{Heard, Judge};
use crate::places::{Lies, Places};
use crate::{PARSER, now};
use mailroom_domain::{AccountId, FlagSet, FolderId, MessageId, SyncState, Uid};
use mailroom_store::{Store, StoreError};
use mailroom_sync::{Fingerprint, FolderRow, NewMessage, Shelf, ShelfError};
use std::sync::Arc;
use tokio::runtime::Handle;

/// Used on an actor's own thread, where blocking is right.
pub(crate) struct StoreShelf {
    pub(crate) store: Store,
    pub(crate) judge: Arc<Judge>,
    pub(crate) own: Vec<String>,
    pub(crate) runtime: Handle,
}

fn failed(error: StoreError) -> ShelfError {
    ShelfError(error.to_string())
}

impl Shelf for StoreShelf {
    fn folder(
        &mut self,
        account: AccountId,
        row: &FolderRow,
    ) -> Result<(FolderId, SyncState), ShelfError> {
        let (id, state) = self
            .runtime
            .block_on(self.store.folder(account, &row.name, &row.display, row.role))
            .map_err(failed)?;
        if !self.judge.places().knows(id)
            && let Ok(places) = self.runtime.block_on(Places::load(&self.store))
        {
            self.judge.set_places(places);
        }
        Ok((id, state))
    }

    fn present(&mut self, folder: FolderId) -> Result<Vec<(Uid, FlagSet)>, ShelfError> {
        self.runtime.block_on(self.store.present(folder)).map_err(failed)
    }

    fn keep(
        &mut self,
        folder: FolderId,
        messages: Vec<NewMessage>,
        state: SyncState,
    ) -> Result<Vec<MessageId>, ShelfError> {
        let messages = messages
            .into_iter()
            .map(|message| mailroom_store::NewMessage {
                verdict: Some(self.judge.verdict(&message.content, &self.own, {
                    let received = message.received.or(message.content.headers.date);
                    let received = received.unwrap_or_else(now);
                    let lies = Some(Lies { folder, flags: &message.flags, received });
                    Heard { lies, ..Heard::default() }
                })),
                uid: Some(message.uid),
                flags: message.flags,
                internal_date: message.received,
                size: message.size,
                raw: message.raw,
                content: message.content,
                parser: PARSER,
            })
            .collect();
        let kept = self
            .runtime
            .block_on(self.store.keep(folder, messages, state, now()))
            .map_err(failed)?;
        Ok(kept.into_iter().filter(mailroom_store::Kept::is_new).map(|kept| kept.id).collect())
    }

    fn settle(
        &mut self,
        folder: FolderId,
        flags: &[(Uid, FlagSet)],
        gone: &[Uid],
        state: SyncState,
    ) -> Result<(), ShelfError> {
        self.runtime.block_on(self.store.settle(folder, flags, gone, state, now())).map_err(failed)
    }

    fn fingerprints(&mut self, folder: FolderId) -> Result<Vec<Fingerprint>, ShelfError> {
        let found = self.runtime.block_on(self.store.fingerprints(folder)).map_err(failed)?;
        Ok(found
            .into_iter()
            .map(|f| Fingerprint {
                uid: f.uid,
                message_id: f.message_id,
                size: f.size,
                received: f.internal_date,
            })
            .collect())
    }

    fn renumber(
        &mut self,
        folder: FolderId,
        moves: &[(Uid, Uid)],
        state: SyncState,
    ) -> Result<(), ShelfError> {
        self.runtime.block_on(self.store.renumber(folder, moves, state, now())).map_err(failed)
    }
}
