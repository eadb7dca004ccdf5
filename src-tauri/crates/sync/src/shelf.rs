//! What sync needs of the place where mail is kept: the seam between the actor and the store.
//!
//! Each verb is one transaction. The actor calls them from its own thread, so they may block.

use mailroom_domain::{
    AccountId, FlagSet, FolderId, FolderRole, MessageContent, MessageId, SyncState, Uid,
    UnixSeconds,
};

/// A folder as listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderRow {
    /// The name as sent over the wire; identifies the folder within its account.
    pub name: String,
    /// For people.
    pub display: String,
    /// What it is for.
    pub role: FolderRole,
}

/// A message to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    /// Its number under the folder's UIDVALIDITY.
    pub uid: Uid,
    /// Its flags.
    pub flags: FlagSet,
    /// INTERNALDATE.
    pub received: Option<UnixSeconds>,
    /// RFC822.SIZE in bytes, as told; may differ from `raw.len()`.
    pub size: u64,
    /// As received; of a message over the limit the beginning.
    pub raw: Vec<u8>,
    /// Parsed.
    pub content: MessageContent,
}

/// What tells a message from others when UIDs are void.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Under the old UIDVALIDITY.
    pub uid: Uid,
    /// Without brackets.
    pub message_id: Option<String>,
    /// RFC822.SIZE in bytes.
    pub size: u64,
    /// INTERNALDATE.
    pub received: Option<UnixSeconds>,
}

/// The store failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ShelfError(pub String);

/// Where an account's mail is kept.
///
/// "Present" messages are those that the server still has; a message marked gone stays, with its label and
/// corrections, but is present no more.
pub trait Shelf: Send {
    /// The folder of that name, made if it is new, and how far it has been synced.
    fn folder(
        &mut self,
        account: AccountId,
        row: &FolderRow,
    ) -> Result<(FolderId, SyncState), ShelfError>;

    /// UIDs and flags of the present messages.
    fn present(&mut self, folder: FolderId) -> Result<Vec<(Uid, FlagSet)>, ShelfError>;

    /// Keeps messages and the folder's state together. A message whose (folder, UIDVALIDITY, UID) is there
    /// already is left as it is. Returns the ids of those that are new, in the order given.
    fn keep(
        &mut self,
        folder: FolderId,
        messages: Vec<NewMessage>,
        state: SyncState,
    ) -> Result<Vec<MessageId>, ShelfError>;

    /// Sets flags, marks messages as gone, and keeps the folder's state.
    fn settle(
        &mut self,
        folder: FolderId,
        flags: &[(Uid, FlagSet)],
        gone: &[Uid],
        state: SyncState,
    ) -> Result<(), ShelfError>;

    /// Fingerprints of the present messages.
    fn fingerprints(&mut self, folder: FolderId) -> Result<Vec<Fingerprint>, ShelfError>;

    /// After a change of UIDVALIDITY: gives messages their new UIDs (`(old, new)`), marks the other present
    /// ones as gone, and keeps the new state. Labels and corrections stay with their messages.
    fn renumber(
        &mut self,
        folder: FolderId,
        moves: &[(Uid, Uid)],
        state: SyncState,
    ) -> Result<(), ShelfError>;
}
