//! The verbs that sync needs of a mail server, and the plain data they answer with.
//!
//! This is the seam between protocol and sync: [`super::ImapMailbox`] is one side of it, and whatever
//! speaks to a server in some other way could be put in its place. Nothing here can change a message on
//! the server, except that the server itself clears `\Recent`, which nobody shows.

use super::{FolderName, MailError};
use mailroom_domain::{FlagSet, FolderRole, Uid, UidValidity, UnixSeconds};
use std::time::Duration;

/// A folder as LIST tells it (RFC 3501, 7.2.2; RFC 6154).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The name as sent over the wire, to be sent back unchanged.
    pub name: FolderName,
    /// What separates levels, if there are levels.
    pub delimiter: Option<char>,
    /// By special-use attribute, else by a well-known name.
    pub role: FolderRole,
    /// Can be opened: neither `\Noselect` nor `\NonExistent`.
    pub selectable: bool,
}

/// What opening a folder told (RFC 3501, 6.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The generation of its UIDs; never zero.
    pub uid_validity: UidValidity,
    /// How many messages it holds.
    pub exists: u32,
    /// The UID that the next message will get at least, when told.
    pub uid_next: Option<u32>,
    /// RFC 7162, 3.1.2.1; `None` when the server does not keep them.
    pub highest_modseq: Option<u64>,
}

/// What the server says about a message without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageFacts {
    /// Its number.
    pub uid: Uid,
    /// Its flags.
    pub flags: FlagSet,
    /// INTERNALDATE, when it can be read.
    pub received: Option<UnixSeconds>,
    /// RFC822.SIZE in bytes; servers are known to lie.
    pub size: u64,
    /// RFC 7162
    pub modseq: Option<u64>,
}

/// Something that changed in the open folder, told without being asked for. Sequence numbers are left
/// out on purpose: they are never used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// `* n EXISTS`
    Exists(u32),
    /// A message went away.
    Expunged,
    /// Flags of some message changed.
    Flags,
    /// `* OK [ALERT]`: to be shown to the user, neutralised (RFC 3501, 7.1).
    Alert(String),
    /// `* OK [UIDVALIDITY n]` while the folder is open: its UIDs are void.
    UidValidity(u32),
}

/// Why IDLE ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdleEnd {
    /// Something happened in the folder.
    Changed(Vec<Change>),
    /// The time given was over.
    TimedOut,
    /// [`super::Interrupt::wake`] was called.
    Woken,
}

/// A session with a mail server, signed in.
///
/// Each call ends with the server's tagged answer. `Ok` means tagged OK and a complete answer; an empty
/// list then means that there is nothing, never that nothing was heard.
pub trait Mailbox: Send {
    /// Whether the server tells of changes by itself (RFC 2177).
    fn can_idle(&self) -> bool;

    /// Whether the server keeps modification sequences (RFC 7162).
    fn has_modseq(&self) -> bool;

    /// All folders. Names that cannot be sent back are left out.
    fn list(&mut self) -> Result<Vec<Folder>, MailError>;

    /// Opens a folder for reading only (EXAMINE).
    fn open(&mut self, folder: &FolderName) -> Result<Opened, MailError>;

    /// The UIDs of all messages of the open folder, ascending, each once.
    fn uids(&mut self) -> Result<Vec<Uid>, MailError>;

    /// What is known of these messages. UIDs that are gone are missing in the answer.
    fn facts(&mut self, uids: &[Uid]) -> Result<Vec<MessageFacts>, MailError>;

    /// The messages of the whole folder whose flags changed after `modseq` (RFC 7162, 3.1.4.1).
    fn changed_since(&mut self, modseq: u64) -> Result<Vec<MessageFacts>, MailError>;

    /// The headers of these messages, each cut at `limit` bytes.
    fn headers(&mut self, uids: &[Uid], limit: u32) -> Result<Vec<(Uid, Vec<u8>)>, MailError>;

    /// The messages whole, without marking them read. `wanted` holds UID and expected size; a message
    /// is cut at `limit` bytes. `each` is called as soon as a message is complete.
    fn bodies(
        &mut self,
        wanted: &[(Uid, u64)],
        limit: u64,
        each: &mut dyn FnMut(Uid, Vec<u8>),
    ) -> Result<(), MailError>;

    /// Asks for nothing and hears what changed.
    fn noop(&mut self) -> Result<Vec<Change>, MailError>;

    /// Waits until something changes, at most `at_most`, which should be under 29 minutes (RFC 2177).
    fn idle(&mut self, at_most: Duration) -> Result<IdleEnd, MailError>;

    /// Says goodbye and closes. Never fails: a session that cannot say goodbye is closed all the same.
    fn logout(self: Box<Self>);
}
