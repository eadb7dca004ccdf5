//! Requests and their answers. A request's answer has the same `kind`.

use crate::{
    AccountView, AuditView, Discovery, Example, Facts, HistoryFilter, HistoryPage, LaneCount,
    MemoryChange, MemoryView, MessageView, ModelView, Overview, Page, PrivacyView, RelabelCommand,
    RelabelDiff, RelabelStatus, Row, RulePreview, RuleTraceView, RulesExport, RulesView, Undone,
};
use mailroom_domain::rules::Rule;
use mailroom_domain::{AccountId, AccountSettings, Instruction, Label, MessageId, RelabelId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What mail is compared with by its meaning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Like {
    /// Another message.
    Message {
        /// Which.
        id: MessageId,
    },
    /// The user's words.
    Text {
        /// As typed.
        text: String,
    },
}

/// What can be asked of the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Request {
    /// Everything that frames the window: accounts, counts, model.
    Overview,
    /// One page of a lane, newest first.
    Lane {
        /// Which lane.
        lane: Label,
        /// The `next` of the page before, or `null` for the first one.
        after: Option<String>,
        /// How many rows, 1 to 200.
        limit: u32,
    },
    /// One page of what is found, newest first.
    Search {
        /// The user's words, as typed.
        query: String,
        /// Only in this lane.
        lane: Option<Label>,
        /// The `next` of the page before, or `null` for the first one.
        after: Option<String>,
        /// How many rows, 1 to 200.
        limit: u32,
    },
    /// Messages near in meaning, the nearest first, from all lanes.
    Like {
        /// To what.
        what: Like,
        /// How many, 1 to 200.
        limit: u32,
    },
    /// One message with its text and the reasons for its label.
    Message {
        /// Which.
        id: MessageId,
    },
    /// What code finds in a message: what it asks, by when, codes, signs of deception.
    Facts {
        /// Which.
        id: MessageId,
        /// Seconds that the reader's clock is ahead of UTC.
        offset: i32,
    },
    /// The user's own word about messages.
    Label {
        /// Which, at most 1,000.
        ids: Vec<MessageId>,
        /// The label they get.
        label: Label,
    },
    /// Takes back the user's last label.
    Undo,
    /// Takes back one act of labelling.
    TakeBack {
        /// Its number, of a [`HistoryEntry`](crate::HistoryEntry).
        #[ts(type = "number")]
        act: i64,
    },
    /// One page of the record of what was decided, newest first.
    History {
        /// Which entries.
        filter: HistoryFilter,
        /// The `next` of the page before, or `null` for the first one.
        after: Option<String>,
        /// How many, 1 to 200.
        limit: u32,
    },
    /// What was learned from the user's labels.
    Memory,
    /// Says something about what was learned; the answer is what there is then.
    Teach {
        /// The `key` of a [`Learned`]; of [`MemoryChange::ForgetAll`] and the like, empty.
        key: String,
        /// What.
        change: MemoryChange,
    },
    /// Names the folders and keywords whose mail serves as examples; the answer is what there is then.
    SetExamples {
        /// All of them.
        examples: Vec<Example>,
    },
    /// The user's instructions to the language model.
    Instructions,
    /// Replaces them; the answer is what there is then.
    SetInstructions {
        /// All of them, at most 5.
        list: Vec<Instruction>,
    },
    /// Whom the app speaks to, and how much goes there.
    Privacy,
    /// Allows mail servers only, or takes that back; the answer is what holds then.
    SetMailOnly {
        /// Nobody else may be spoken to.
        on: bool,
    },
    /// The user's rules.
    Rules,
    /// Replaces them all, in this order; the answer is what there is then. New mail is put to them from now on; mail
    /// that is there, when a relabelling with `rulesOnly` says so.
    SetRules {
        /// Numbers that no stored rule has are replaced by new ones.
        rules: Vec<Rule>,
    },
    /// What rules would do to all mail that is there. Stores nothing.
    PreviewRules {
        /// Numbers only have to differ from each other.
        rules: Vec<Rule>,
        /// How many examples of each kind, at most 50.
        examples: u32,
    },
    /// Why the rules do what they do to a message.
    TraceRules {
        /// Which.
        id: MessageId,
    },
    /// The stored rules for other programs.
    ExportRules,
    /// Reads rules from a file's text. Stores nothing: the answer is for the user to look at.
    ReadRules {
        /// What [`RulesExport::json`] gave.
        text: String,
    },
    /// How well mail is sorted, as far as it was judged.
    Audit,
    /// Draws messages at random for the user to judge; the answer is the audit then.
    DrawAudit {
        /// How many, 1 to 200.
        #[ts(type = "number")]
        count: u64,
    },
    /// The user's judgement about a drawn message; the answer is the audit then.
    AnswerAudit {
        /// Its number.
        #[ts(type = "number")]
        id: i64,
        /// What it is.
        label: Label,
    },
    /// Forgets what was drawn and not judged; the answer is the audit then.
    EndAudit,
    /// Finds the server for an address. Sends nothing to it.
    Discover {
        /// The user's address.
        address: String,
    },
    /// Signs in and, when that works, adds the account and starts its first sync.
    Connect {
        /// Where and as whom.
        settings: AccountSettings,
        /// Kept in the OS keychain, or for the session.
        password: String,
        /// The user has confirmed a host outside the address's own domain.
        confirmed: bool,
    },
    /// Gives the password again, after the server refused it or the session's copy is gone.
    SignIn {
        /// Which account.
        account: AccountId,
        /// The new password.
        password: String,
    },
    /// Removes an account and its mail from this machine. Nothing changes on the server.
    RemoveAccount {
        /// Which account.
        account: AccountId,
    },
    /// Asks the server now instead of waiting.
    SyncNow,
    /// Fills the app with the sample mail that ships with it.
    TrySample,
    /// Removes the sample mail.
    LeaveSample,
    /// Imports a GGUF file as the language model and uses it.
    AddModel {
        /// Its path on this machine.
        path: String,
    },
    /// Uses a model behind an OpenAI-compatible endpoint: from then on, mail that it reads goes to that address.
    UseEndpoint {
        /// What `/completions` is put behind.
        url: String,
        /// The model's name there.
        model: String,
        /// Sent as a bearer token; kept in the OS keychain, or for the session.
        key: Option<String>,
    },
    /// Uses another installed model, or none.
    UseModel {
        /// Its id, or `null` for none.
        id: Option<String>,
    },
    /// Removes an installed model from the disk.
    RemoveModel {
        /// Its id.
        id: String,
    },
    /// Relabels many messages.
    Relabel {
        /// What is to be done.
        command: RelabelCommand,
    },
    /// What a relabelling changes.
    RelabelDiff {
        /// Which; `null` for the last one.
        job: Option<RelabelId>,
        /// How many examples of each change, at most 50.
        examples: u32,
    },
}

/// What the engine answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Answer {
    /// To [`Request::Overview`].
    Overview(Overview),
    /// To [`Request::Lane`].
    Lane(Page),
    /// To [`Request::Search`].
    Search(Page),
    /// To [`Request::Like`].
    Like {
        /// The nearest first.
        rows: Vec<Row>,
    },
    /// To [`Request::Message`].
    Message(Box<MessageView>),
    /// To [`Request::Facts`].
    Facts(Facts),
    /// To [`Request::Label`].
    Label {
        /// The rows as they are now.
        rows: Vec<Row>,
        /// The counts as they are now.
        counts: Vec<LaneCount>,
    },
    /// To [`Request::History`].
    History(HistoryPage),
    /// To [`Request::Undo`] and [`Request::TakeBack`].
    Undo {
        /// What was taken back; `null` if there was nothing.
        undone: Option<Undone>,
        /// The counts as they are now.
        counts: Vec<LaneCount>,
    },
    /// To [`Request::Memory`], [`Request::Teach`] and [`Request::SetExamples`].
    Memory(MemoryView),
    /// To [`Request::Instructions`] and [`Request::SetInstructions`].
    Instructions {
        /// What there is now.
        list: Vec<Instruction>,
    },
    /// To [`Request::Privacy`] and [`Request::SetMailOnly`].
    Privacy(PrivacyView),
    /// To [`Request::Rules`] and [`Request::SetRules`].
    Rules(RulesView),
    /// To [`Request::PreviewRules`].
    PreviewRules(RulePreview),
    /// To [`Request::TraceRules`].
    TraceRules(RuleTraceView),
    /// To [`Request::ExportRules`].
    ExportRules(RulesExport),
    /// To [`Request::ReadRules`].
    ReadRules {
        /// In their order.
        rules: Vec<Rule>,
    },
    /// To [`Request::Audit`], [`Request::DrawAudit`], [`Request::AnswerAudit`] and [`Request::EndAudit`].
    Audit(AuditView),
    /// To [`Request::Discover`].
    Discover(Discovery),
    /// To [`Request::Connect`].
    Connect {
        /// The new account.
        account: AccountView,
    },
    /// To [`Request::SignIn`].
    SignIn,
    /// To [`Request::RemoveAccount`].
    RemoveAccount,
    /// To [`Request::SyncNow`].
    SyncNow,
    /// To [`Request::TrySample`].
    TrySample {
        /// How many messages it holds.
        messages: u32,
    },
    /// To [`Request::LeaveSample`].
    LeaveSample,
    /// To [`Request::AddModel`].
    AddModel {
        /// The model as installed.
        model: ModelView,
    },
    /// To [`Request::UseEndpoint`].
    UseEndpoint {
        /// The model as it is listed.
        model: ModelView,
    },
    /// To [`Request::UseModel`].
    UseModel,
    /// To [`Request::RemoveModel`].
    RemoveModel,
    /// To [`Request::Relabel`].
    Relabel {
        /// How it stands now; `null` if there has never been one.
        status: Option<Box<RelabelStatus>>,
    },
    /// To [`Request::RelabelDiff`].
    RelabelDiff(RelabelDiff),
}
