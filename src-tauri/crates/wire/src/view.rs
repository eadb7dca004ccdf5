//! What the interface shows, ready to be shown.

use mailroom_domain::{
    AccountId, Address, Attachment, CalendarPart, CodeCandidate, FolderId, Label, MessageId,
    ServerAddress, Signal, TaskDraft, UnixSeconds, Verdict, Voice,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Everything that frames the window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// The program's version.
    pub version: String,
    /// All accounts but the sample.
    pub accounts: Vec<AccountView>,
    /// The four lanes in the order of attention.
    pub counts: Vec<LaneCount>,
    /// The sample mail is loaded.
    pub sample: bool,
    /// Passwords survive the session, in the OS keychain.
    pub keychain: bool,
    /// The state of the language model.
    pub model: ModelState,
    /// Models on the disk.
    pub models: Vec<ModelView>,
    /// Messages that the language model has yet to read.
    #[ts(type = "number")]
    pub waiting_for_model: u64,
}

/// How many messages lie in a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LaneCount {
    /// The lane.
    pub lane: Label,
    /// All.
    #[ts(type = "number")]
    pub total: u64,
    /// Unread ones.
    #[ts(type = "number")]
    pub unread: u64,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AccountView {
    /// Its number.
    pub id: AccountId,
    /// The user's address.
    pub address: String,
    /// The server; `null` for imported mail.
    pub server: Option<ServerAddress>,
    /// What it is doing.
    pub state: AccountState,
}

/// What an account is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum AccountState {
    /// Not syncing: imported mail, or not started yet.
    Local,
    /// Connecting or signing in.
    Connecting,
    /// Fetching mail.
    Syncing {
        /// The folder's name.
        folder: String,
        /// Messages fetched in this pass.
        #[ts(type = "number")]
        done: u64,
        /// Messages to fetch in this pass.
        #[ts(type = "number")]
        total: u64,
    },
    /// All is here, and new mail is announced by the server.
    Watching {
        /// When the last pass ended.
        #[ts(type = "number")]
        since: UnixSeconds,
    },
    /// Not reachable; it is tried again.
    Offline {
        /// What happened, in a sentence.
        reason: String,
        /// When it is tried again.
        #[ts(type = "number")]
        retry_at: UnixSeconds,
    },
    /// The password is needed (again).
    SignInNeeded {
        /// What the server said, in a sentence.
        reason: String,
    },
}

/// The language model's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum ModelState {
    /// None is installed or chosen; the other voices sort the mail.
    Absent,
    /// Being fetched or imported.
    Downloading {
        /// Bytes done.
        #[ts(type = "number")]
        done: u64,
        /// Bytes in all.
        #[ts(type = "number")]
        total: u64,
    },
    /// Being loaded into memory.
    Loading {
        /// Its name.
        name: String,
    },
    /// Answers.
    Ready {
        /// Its name.
        name: String,
    },
    /// Does not run; the other voices sort the mail.
    Failed {
        /// What happened and what to do, in a sentence.
        reason: String,
    },
}

/// A model on the disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ModelView {
    /// Its id: the first 12 digits of its SHA-256.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Bytes of its file; 0 if it runs elsewhere.
    #[ts(type = "number")]
    pub size: u64,
    /// It is the one in use.
    pub in_use: bool,
    /// It runs elsewhere, on this host: what it reads leaves this computer.
    pub endpoint: Option<String>,
    /// What the user should know about it, in sentences.
    pub warnings: Vec<String>,
    /// What was found when it was weighed; `null` before.
    pub findings: Option<ModelFindings>,
}

/// What a language model is worth here, by cross-validation over mail with known labels. Shares go from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ModelFindings {
    /// Right by the model alone.
    pub alone: f32,
    /// Right by the other voices.
    pub others: f32,
    /// Right by all together.
    pub together: f32,
    /// Its exponent among the voices; 0 when it adds nothing.
    pub weight: f32,
    /// Messages that it was weighed on.
    #[ts(type = "number")]
    pub samples: u64,
    /// Of these, the user's own.
    #[ts(type = "number")]
    pub own: u64,
    /// Seconds a message on this machine.
    pub seconds: f32,
    /// By language, in the order of their codes.
    pub languages: Vec<LanguageFindings>,
}

/// What a language model is worth in one language; counts of messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LanguageFindings {
    /// ISO 639-1.
    pub lang: String,
    /// Messages.
    pub n: u32,
    /// Right by the model alone.
    pub alone: u32,
    /// Right by the other voices.
    pub others: u32,
    /// Right by all together.
    pub together: u32,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// The rows, newest first.
    pub rows: Vec<Row>,
    /// To be given back as `after` for the next page; `null` at the end.
    pub next: Option<String>,
}

/// One message in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Its number.
    pub id: MessageId,
    /// The lane it lies in.
    pub lane: Label,
    /// It lies there because nothing was probable enough.
    pub unsure: bool,
    /// The probability of the most probable label, 0 to 1.
    pub confidence: f32,
    /// Who decided: the user, a rule or the most decisive voice; `null` before the first decision.
    pub decided_by: Option<Voice>,
    /// Sender.
    pub from: Address,
    /// Subject.
    pub subject: String,
    /// The beginning of the text.
    pub snippet: String,
    /// When it arrived.
    #[ts(type = "number")]
    pub received: UnixSeconds,
    /// Read, as the server has it.
    pub seen: bool,
    /// Flagged, as the server has it.
    pub flagged: bool,
    /// Has attachments that are not part of the text.
    pub attachments: bool,
}

/// One message, opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MessageView {
    /// As in the list.
    pub row: Row,
    /// Recipients.
    pub to: Vec<Address>,
    /// Copies.
    pub cc: Vec<Address>,
    /// Where answers go, if not to the sender.
    pub reply_to: Vec<Address>,
    /// The sending server's claim was checked by the receiving server and failed (DMARC, or both SPF
    /// and DKIM).
    pub sender_doubtful: bool,
    /// The name of the mailing list, if it came through one.
    pub list: Option<String>,
    /// Plain text.
    pub text: String,
    /// Sanitised HTML for a frame without any rights; `null` if the message has none.
    pub html: Option<String>,
    /// Remote images and styles that were taken out of the HTML.
    pub blocked_remote: u32,
    /// Attachments.
    pub attachments: Vec<Attachment>,
    /// The invitation, if it carries one.
    pub calendar: Option<CalendarPart>,
    /// What was wrong with the message, in sentences.
    pub defects: Vec<String>,
    /// The folder's name and the account's address.
    pub folder: String,
    /// The newest decision; `null` while it waits for its first.
    pub verdict: Option<Verdict>,
    /// The language model could not read it and was not asked again.
    pub set_aside: bool,
}

/// What code found in a message. Each field points at the words it was read from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// What it asks of the reader, by when and for how much; `null` if nothing is asked, or its label says that it
    /// needs nothing.
    pub task: Option<TaskDraft>,
    /// Codes to be copied: for signing in, orders, parcels, bookings.
    pub codes: Vec<CodeCandidate>,
    /// Signs that it is not from whom it seems to be from.
    pub signals: Vec<SignalView>,
}

/// A sign that a message deceives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SignalView {
    /// What, with its data.
    pub signal: Signal,
    /// The same in a sentence, in English.
    pub text: String,
}

/// What an undo took back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Undone {
    /// The messages, as they are now.
    pub rows: Vec<Row>,
    /// The label that was taken back.
    pub label: Label,
}

/// How a provider lets people in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SignIn {
    /// The usual password.
    Password,
    /// A password made for this app, at the provider's site.
    AppPassword {
        /// What the user does to get one, in a sentence.
        note: String,
    },
    /// Only OAuth2, which Mailroom does not speak yet.
    OAuth2Only {
        /// What the user can do, in a sentence.
        note: String,
    },
    /// No IMAP at all.
    NoImap {
        /// What the user can do, in a sentence.
        note: String,
    },
}

/// What was found out about an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Discovery {
    /// The provider's name, if it is one that we know.
    pub provider: Option<String>,
    /// How it lets people in.
    pub sign_in: SignIn,
    /// Servers to try, best first; empty if none was found, then the user types one.
    pub candidates: Vec<Candidate>,
}

/// One server that may be the right one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// The server.
    pub server: ServerAddress,
    /// The name to sign in with.
    pub user: String,
    /// It lies outside the address's own domain and was not in our list: the user confirms it before
    /// any password is sent.
    pub confirm: bool,
    /// Where it comes from, in words: "known provider", "DNS (RFC 6186)", "usual name".
    pub source: String,
}

/// What was learned from the user's labels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MemoryView {
    /// Labels that were told and count.
    #[ts(type = "number")]
    pub lessons: u64,
    /// What follows from them, what was told last first.
    pub learned: Vec<Learned>,
    /// What was forgotten and can be brought back.
    pub forgotten: Vec<String>,
    /// Everything that was told up to some time was forgotten.
    pub forgot_all: bool,
    /// Folders and keywords whose mail serves as examples.
    pub examples: Vec<Example>,
}

/// Something that was learned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Learned {
    /// What it is about: `sender:ana@firm.example`, `list:dev.lists.example`, `word:falkenstein`.
    pub key: String,
    /// A sentence.
    pub text: String,
    /// The label that it speaks for.
    pub label: Label,
    /// How many labels taught it.
    #[ts(type = "number")]
    pub lessons: u64,
    /// When the newest of them was told.
    #[ts(type = "number")]
    pub at: UnixSeconds,
    /// It counts more, and does not age.
    pub pinned: bool,
    /// Its label was changed by the user.
    pub edited: bool,
}

/// What can be said about something learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum MemoryChange {
    /// It does not count any more.
    Forget,
    /// It counts again.
    Recall,
    /// It counts more, and does not age.
    Pin,
    /// It counts as the others do.
    Unpin,
    /// It speaks for another label.
    Edit {
        /// Which.
        label: Label,
    },
    /// Nothing that was told so far counts any more.
    ForgetAll,
    /// Everything that was forgotten counts again.
    RecallAll,
}

/// Mail that the user named as examples: a folder, or a keyword that other clients set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Example {
    /// Everything in this folder.
    Folder {
        /// Which.
        folder: FolderId,
        /// What the mail in it is.
        label: Label,
    },
    /// Everything with this keyword.
    Keyword {
        /// `$Important`, `invoice`; case does not matter.
        keyword: String,
        /// What mail with it is.
        label: Label,
    },
}

/// How well mail is sorted, as the user judged messages that were drawn at random.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AuditView {
    /// What was drawn and waits for the user's judgement.
    pub open: Vec<AuditItem>,
    /// Messages that were judged within a year.
    #[ts(type = "number")]
    pub judged: u64,
    /// The share of mail in the right lane, each message weighed by how it was drawn; `null` before any was judged.
    pub share: Option<f64>,
    /// The lower end of its 95 % interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// By the probability of the label.
    pub bands: Vec<AuditBand>,
    /// How often what was shown as the first label is the second to the user.
    #[ts(type = "Array<Array<number>>")]
    pub confusion: Vec<Vec<u64>>,
}

/// A drawn message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AuditItem {
    /// Its number, for the answer.
    #[ts(type = "number")]
    pub id: i64,
    /// The lane that it lay in when it was drawn.
    pub shown: Label,
    /// As in the list.
    pub row: Row,
}

/// Mail whose label was about as probable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AuditBand {
    /// The least probability, 0 to 1.
    pub from: f32,
    /// Messages that lie in it now.
    #[ts(type = "number")]
    pub held: u64,
    /// Messages that were judged.
    #[ts(type = "number")]
    pub judged: u64,
    /// Of these, in the right lane.
    #[ts(type = "number")]
    pub right: u64,
}
