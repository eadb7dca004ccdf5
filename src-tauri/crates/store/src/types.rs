//! What goes into the store and comes out of it. Plain data.

use crate::vector::{BodyId, Encoded};
use mailroom_domain::{
    AccountId, AccountSettings, Address, FlagSet, FolderId, FolderRole, Label, MessageContent,
    MessageId, RelabelId, SyncState, ThreadId, Uid, UidValidity, UnixSeconds, Verdict, Voice,
};
use serde::{Deserialize, Serialize};

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

/// Which voices a verdict was made with: what tells whether a change of one can affect it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VoiceSet {
    /// Voices that were heard, each with its version and its exponent in the pool. The exponent is left out where it is
    /// the message's own rather than the pool's: that of what was learned from corrections.
    pub voices: Vec<(Voice, String, Option<f32>)>,
    /// The content hash of the words that the language model saw, if it was asked.
    pub prompt_hash: Option<String>,
}

impl VoiceSet {
    /// The voices of a verdict; `None` where a rule decided, whatever they said.
    pub fn of(verdict: &Verdict) -> Option<VoiceSet> {
        if verdict.rule.is_some() {
            return None;
        }
        // Memory is another one after each correction, and judges by itself what it can change.
        let voices = verdict
            .voices
            .iter()
            .filter(|share| share.voice != Voice::Memory)
            .map(|share| (share.voice, share.version.clone(), Some(share.weight)));
        Some(VoiceSet { voices: voices.collect(), prompt_hash: verdict.prompt_hash.clone() })
    }

    /// Whether a voice was heard.
    pub fn heard(&self, voice: Voice) -> bool {
        self.voices.iter().any(|(heard, ..)| *heard == voice)
    }

    pub(crate) fn text(&self) -> String {
        // Names and numbers alone: it cannot fail, and an empty text would only mean "not known".
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A set of voices as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredVoiceSet {
    /// Its number.
    pub id: i64,
    /// The voices.
    pub set: VoiceSet,
}

/// Messages that a change of voices can affect: all but those whose newest decision was made as it would be now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangedVoices {
    /// Sets of voices that are as they would be now, each with the probability below which a further voice would be
    /// heard now; 0 where there is none.
    pub current: Vec<(i64, f32)>,
}

/// Which messages are relabelled: present ones for which all of this holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RelabelScope {
    /// Only this account.
    pub account: Option<AccountId>,
    /// Only folders of this name, as shown or as on the server.
    pub folder: Option<String>,
    /// Only received at this time or later.
    pub since: Option<UnixSeconds>,
    /// Only received before.
    pub until: Option<UnixSeconds>,
    /// Only this lane.
    pub lane: Option<Label>,
    /// Only those that lie in their lane for want of certainty.
    pub unsure: bool,
    /// Only these.
    pub ids: Option<Vec<MessageId>>,
    /// Only those that a change of voices can affect.
    pub changed: Option<ChangedVoices>,
    /// Also those that a rule decided: for when rules have changed. What the user said is left alone always.
    pub ruled: bool,
}

/// Where a relabelling stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RelabelState {
    /// Verdicts are being made.
    Running,
    /// Stopped by the user; goes on when told.
    Paused,
    /// All verdicts are there; nothing has changed in the lanes yet.
    Ready,
    /// Its verdicts are being recorded.
    Applying,
    /// Its verdicts are recorded.
    Applied,
    /// It is being taken back.
    Undoing,
    /// It was taken back.
    Undone,
    /// Ended by the user before all verdicts were there.
    Cancelled,
    /// Ended by the user instead of being applied.
    Discarded,
}

impl RelabelState {
    /// All states.
    pub const ALL: [RelabelState; 9] = [
        RelabelState::Running,
        RelabelState::Paused,
        RelabelState::Ready,
        RelabelState::Applying,
        RelabelState::Applied,
        RelabelState::Undoing,
        RelabelState::Undone,
        RelabelState::Cancelled,
        RelabelState::Discarded,
    ];

    /// The name used in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            RelabelState::Running => "running",
            RelabelState::Paused => "paused",
            RelabelState::Ready => "ready",
            RelabelState::Applying => "applying",
            RelabelState::Applied => "applied",
            RelabelState::Undoing => "undoing",
            RelabelState::Undone => "undone",
            RelabelState::Cancelled => "cancelled",
            RelabelState::Discarded => "discarded",
        }
    }

    /// No other job may begin beside it.
    pub const fn is_active(self) -> bool {
        use RelabelState as S;
        matches!(self, S::Running | S::Paused | S::Ready | S::Applying | S::Undoing)
    }
}

/// A relabelling of many messages.
#[derive(Clone, Debug, PartialEq)]
pub struct RelabelJob {
    /// Its number.
    pub id: RelabelId,
    /// Where it stands.
    pub state: RelabelState,
    /// What was asked for, in the words of whoever works on it.
    pub plan: serde_json::Value,
    /// When it was made.
    pub made_at: UnixSeconds,
    /// When it was applied, cancelled or discarded.
    pub finished_at: Option<UnixSeconds>,
    /// When it was taken back.
    pub undone_at: Option<UnixSeconds>,
    /// Messages in its scope that were left alone because the user has corrected them.
    pub corrected: u64,
    /// Messages in its scope that were left alone because a rule decided.
    pub ruled: u64,
    /// What the user should know about it, in sentences.
    pub notes: Vec<String>,
    /// Why it waits, in the words of whoever works on it.
    pub hold: Option<String>,
    /// Messages a second, of late.
    pub rate: Option<f64>,
    /// How long it will take from now on.
    pub seconds_left: Option<u64>,
    /// When somebody last worked on it.
    pub touched_at: UnixSeconds,
    /// Its messages by what has become of them.
    pub counts: Vec<RelabelCount>,
}

impl RelabelJob {
    /// How many messages are in one of these states.
    pub fn count(&self, states: &[RelabelItemState]) -> u64 {
        self.counts.iter().filter(|c| states.contains(&c.state)).map(|c| c.items).sum()
    }

    /// How many messages it has; fewer than it began with, when an account was removed meanwhile.
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|c| c.items).sum()
    }
}

/// What has become of a message in a relabelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RelabelItemState {
    /// Waits for the evidence, which each message is read by first.
    Evidence,
    /// Waits for the encoder.
    Encoder,
    /// Waits for the language model.
    Model,
    /// A near-duplicate of one that waits: takes its verdict.
    Duplicate,
    /// Has its verdict.
    Proposed,
    /// The verdict is recorded.
    Applied,
    /// The verdict was exactly that which stood already.
    Same,
    /// Left alone: the user corrected it meanwhile.
    Corrected,
    /// Left alone: it was judged anew meanwhile.
    Rejudged,
    /// Its stored content could not be read.
    Unreadable,
}

impl RelabelItemState {
    /// All states.
    pub const ALL: [RelabelItemState; 10] = [
        RelabelItemState::Evidence,
        RelabelItemState::Encoder,
        RelabelItemState::Model,
        RelabelItemState::Duplicate,
        RelabelItemState::Proposed,
        RelabelItemState::Applied,
        RelabelItemState::Same,
        RelabelItemState::Corrected,
        RelabelItemState::Rejudged,
        RelabelItemState::Unreadable,
    ];

    /// The name used in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            RelabelItemState::Evidence => "evidence",
            RelabelItemState::Encoder => "encoder",
            RelabelItemState::Model => "model",
            RelabelItemState::Duplicate => "duplicate",
            RelabelItemState::Proposed => "proposed",
            RelabelItemState::Applied => "applied",
            RelabelItemState::Same => "same",
            RelabelItemState::Corrected => "corrected",
            RelabelItemState::Rejudged => "rejudged",
            RelabelItemState::Unreadable => "unreadable",
        }
    }
}

/// Messages of a relabelling that have fared alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelabelCount {
    /// What has become of them.
    pub state: RelabelItemState,
    /// The lane they lay in.
    pub from: Label,
    /// The label of their verdict, once there is one.
    pub to: Option<Label>,
    /// The voice that settled it.
    pub voice: Option<Voice>,
    /// They took another one's verdict.
    pub folded: bool,
    /// How many.
    pub items: u64,
}

/// One message of a relabelling. Its number grows from the newest message to the oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RelabelItemId(pub(crate) i64);

/// A message that waits for a verdict.
#[derive(Clone, Debug)]
pub struct RelabelItem {
    /// Its number in the job.
    pub id: RelabelItemId,
    /// The message.
    pub message: MessageId,
    /// Whose it is.
    pub account: AccountId,
    /// Its content's number.
    pub body: BodyId,
    /// Its content, as stored.
    pub content: PackedContent,
    /// Its conversation.
    pub thread: ThreadId,
    /// Where it lies.
    pub folder: FolderId,
    /// When it was received.
    pub received: UnixSeconds,
    /// Its flags and keywords.
    pub flags: FlagSet,
    /// What the encoder asked for has said about it already.
    pub encoder: Option<crate::Encoded>,
    /// The language model could not read it.
    pub set_aside: bool,
}

/// A message's content as stored; unpacking takes longer than reading it, and can be done on several threads.
#[derive(Clone, Debug)]
pub struct PackedContent(pub(crate) Vec<u8>);

impl PackedContent {
    /// Unpacks it.
    ///
    /// # Errors
    /// [`crate::StoreError::Unreadable`]
    pub fn unpack(&self) -> crate::Result<MessageContent> {
        crate::pack::unpack_json(&self.0)
    }

    /// Gives its memory back, once it is unpacked.
    pub fn clear(&mut self) {
        self.0 = Vec::new();
    }
}

/// What came of a message that waited.
#[derive(Clone, Debug)]
pub enum RelabelStep {
    /// This is its verdict.
    Settled {
        /// Made ready to be stored.
        verdict: PackedVerdict,
        /// The voice that settled it.
        voice: Voice,
    },
    /// It waits for another voice: [`RelabelItemState::Encoder`] or [`RelabelItemState::Model`].
    Waits(RelabelItemState),
    /// It is a near-duplicate of that item, and takes its verdict.
    Folds(RelabelItemId),
    /// It cannot be read.
    Unreadable,
}

/// A verdict made ready to be stored; packing can be done on several threads.
#[derive(Clone, Debug)]
pub struct PackedVerdict {
    pub(crate) label: Label,
    pub(crate) bytes: Vec<u8>,
}

impl PackedVerdict {
    /// Packs it.
    ///
    /// # Errors
    /// [`crate::StoreError::Invalid`]
    pub fn of(verdict: &Verdict) -> crate::Result<PackedVerdict> {
        Ok(PackedVerdict { label: verdict.label, bytes: crate::pack::pack_json(verdict)? })
    }
}

/// What one portion of a relabelling came to.
#[derive(Clone, Debug)]
pub struct RelabelOutcome {
    /// Which item.
    pub item: RelabelItemId,
    /// What came of it.
    pub step: RelabelStep,
    /// Equal for near-duplicates; `None` where they are not looked for.
    pub likeness: Option<i64>,
    /// What the encoder said, when it was asked: kept with the content.
    pub encoded: Option<(BodyId, Encoded)>,
}

/// Messages that a relabelling moves from one lane to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelabelMove {
    /// From this lane.
    pub from: Label,
    /// To this one.
    pub to: Label,
    /// How many.
    pub count: u64,
    /// Some of them, the newest; none once the job is finished.
    pub examples: Vec<MessageId>,
}

/// What one portion of applying or taking back did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RelabelPortion {
    /// Messages that were dealt with.
    pub done: u64,
    /// Of these, messages that lie in another lane now.
    pub moved: u64,
    /// Nothing is left.
    pub finished: bool,
}
