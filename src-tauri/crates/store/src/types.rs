//! What goes into the store and comes out of it. Plain data.

use mailroom_domain::{
    AccountId, AccountSettings, Address, FlagSet, FolderId, FolderRole, Label, MessageContent,
    MessageId, SyncState, ThreadId, Uid, UidValidity, UnixSeconds, Verdict, Voice,
};

/// Where an account's mail comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountKind {
    /// An IMAP server.
    Imap(AccountSettings),
    /// Imported files. The address tells mail to the reader from mail to a list; it may be empty.
    Local {
        /// The user's address in this archive.
        address: String,
    },
    /// The mail that ships with Mailroom for a first look.
    Sample,
}

/// An account as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number, never used again after it is removed.
    pub id: AccountId,
    /// Where its mail comes from.
    pub kind: AccountKind,
}

impl Account {
    /// The user's address on it, as written; empty for the sample.
    pub fn address(&self) -> &str {
        match &self.kind {
            AccountKind::Imap(settings) => &settings.address,
            AccountKind::Local { address } => address,
            AccountKind::Sample => "",
        }
    }
}

/// A folder as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its number.
    pub id: FolderId,
    /// Whose it is.
    pub account: AccountId,
    /// The name as sent over the wire; identifies the folder within its account.
    pub name: String,
    /// For people.
    pub display: String,
    /// What it is for.
    pub role: FolderRole,
    /// How far it has been synced.
    pub state: SyncState,
}

/// A message to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    /// Its number under the UIDVALIDITY of the state that is kept with it; `None` for imported files.
    pub uid: Option<Uid>,
    /// Its flags.
    pub flags: FlagSet,
    /// INTERNALDATE, if there is one; else the `Date` header places it in the lists.
    pub internal_date: Option<UnixSeconds>,
    /// RFC822.SIZE in bytes, as told; may differ from `raw.len()`.
    pub size: u64,
    /// As received.
    pub raw: Vec<u8>,
    /// Parsed.
    pub content: MessageContent,
    /// The version of the parser that made `content`; see [`crate::Store::outdated_content`].
    pub parser: u32,
    /// A first verdict, recorded in the same transaction, so that no message is ever seen without a label.
    pub verdict: Option<Verdict>,
}

/// What became of a message that was to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The message.
    pub id: MessageId,
    /// Whether it is new.
    pub how: KeptHow,
}

/// Whether a message that was to be kept is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptHow {
    /// It was not there before, and waits for a verdict unless one came with it.
    New,
    /// New in this folder, but the same bytes lie (or lay) elsewhere in the account: it has taken over
    /// that message's decision and the user's correction.
    Moved,
    /// It was there already and is as it was.
    Known,
    /// It was there, marked as gone, and is present again, with its label and corrections.
    Returned,
}

impl Kept {
    /// True when the message's id was not known before.
    pub fn is_new(&self) -> bool {
        matches!(self.how, KeptHow::New | KeptHow::Moved)
    }
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
    pub internal_date: Option<UnixSeconds>,
}

/// What a list needs of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its number.
    pub id: MessageId,
    /// Whose it is.
    pub account: AccountId,
    /// Where it lies.
    pub folder: FolderId,
    /// Its conversation.
    pub thread: ThreadId,
    /// Present messages in the conversation, this one included.
    pub thread_size: u32,
    /// The lane it lies in. A message without any decision lies in needs-human, unsure.
    pub lane: Label,
    /// It lies there because nothing was probable enough.
    pub unsure: bool,
    /// The probability of the most probable label, 0 to 1; 1 when the user or a rule decided.
    pub confidence: f32,
    /// Who decided: the user, a rule or the most decisive voice; `None` before the first decision.
    pub decided_by: Option<Voice>,
    /// Sender.
    pub from: Address,
    /// Subject.
    pub subject: String,
    /// The beginning of the new text, on one line, at most 200 characters.
    pub snippet: String,
    /// When it arrived; 0 if not known.
    pub received: UnixSeconds,
    /// Read, as the server has it.
    pub seen: bool,
    /// Flagged, as the server has it.
    pub flagged: bool,
    /// Has attachments that are not part of the text.
    pub attachments: bool,
}

/// A place in a list: the last row of a page. Round-trips through its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(pub(crate) i64);

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for Cursor {
    type Err = crate::StoreError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Cursor).map_err(|_| {
            crate::StoreError::Invalid(
                "The place in the list is not valid. Start from the top.".into(),
            )
        })
    }
}

/// Which messages a list shows; never those that are gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this lane.
    pub lane: Option<Label>,
    /// Only this account.
    pub account: Option<AccountId>,
    /// Only unread ones.
    pub unread: bool,
}

impl Filter {
    /// One lane, all accounts.
    pub fn lane(lane: Label) -> Self {
        Filter { lane: Some(lane), ..Filter::default() }
    }
}

/// One page of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Newest first.
    pub rows: Vec<Row>,
    /// To be given as `after` for the next page; `None` at the end.
    pub next: Option<Cursor>,
}

/// Messages of one lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneCount {
    /// All.
    pub total: u64,
    /// Unread ones.
    pub unread: u64,
}

/// Messages of each lane, in the order of [`Label::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneCounts(pub [LaneCount; 4]);

impl LaneCounts {
    /// One lane's.
    pub fn of(&self, lane: Label) -> LaneCount {
        self.0[lane.index()]
    }

    /// All lanes together.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|c| c.total).sum()
    }
}

/// One message, opened.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredMessage {
    /// As in the list.
    pub row: Row,
    /// The folder's name for people.
    pub folder_display: String,
    /// The generation of its UID.
    pub uid_validity: Option<UidValidity>,
    /// Its UID; `None` for imported files.
    pub uid: Option<Uid>,
    /// All flags.
    pub flags: FlagSet,
    /// The server no longer has it.
    pub gone: bool,
    /// Parsed.
    pub content: MessageContent,
    /// The newest verdict of the voices or rules, whether or not the user has corrected it.
    pub verdict: Option<Verdict>,
    /// Why the language model is not asked about it again.
    pub set_aside: Option<String>,
}

/// What became of a recorded verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The message.
    pub message: MessageId,
    /// The lane it lay in.
    pub from: Label,
    /// The lane it lies in now; `from` when the user's correction stands.
    pub to: Label,
}

/// One act of correcting, of one or many messages; what undo takes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub i64);

/// What an undo took back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// The act.
    pub batch: BatchId,
    /// The label that was taken back.
    pub label: Label,
    /// The messages, which now lie where they would without the act.
    pub messages: Vec<MessageId>,
}

/// Which messages the language model is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueScope {
    /// All that it has not read at this version.
    All,
    /// Of these, the ones that the other voices were unsure of.
    Unsure,
}

/// A message that the language model could not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// The message.
    pub message: MessageId,
    /// What happened, in a sentence.
    pub reason: String,
    /// The version of the model.
    pub version: String,
    /// When.
    pub at: UnixSeconds,
}

/// How far an action on the server has come. It only moves forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActionStage {
    /// Written down, nothing sent.
    Intent,
    /// Sent; the server may or may not have done it.
    Sent,
    /// Looked for on the server, and found done.
    Verified,
    /// Done, and the store agrees.
    Done,
}

impl ActionStage {
    /// The name used in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            ActionStage::Intent => "intent",
            ActionStage::Sent => "sent",
            ActionStage::Verified => "verified",
            ActionStage::Done => "done",
        }
    }
}

/// One entry of the journal of actions on the server.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalEntry {
    /// Its number.
    pub id: i64,
    /// The message.
    pub message: MessageId,
    /// What is to be done, in the words of whoever does it.
    pub action: serde_json::Value,
    /// How far it has come.
    pub stage: ActionStage,
    /// When it last moved.
    pub at: UnixSeconds,
}

/// A long piece of work that outlives a restart.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its name; one job a name.
    pub name: String,
    /// Done so far, in units of its own.
    pub done: u64,
    /// To do in all.
    pub total: u64,
    /// What it needs to go on.
    pub state: serde_json::Value,
    /// When it was last written.
    pub at: UnixSeconds,
}
