//! The words of Mailroom: labels, messages as parsed, decisions and their reasons, corrections, rules.
//!
//! Everything here is plain data with the invariants that the other crates rely on. Nothing here reads
//! a file, a socket, a clock or a database, and nothing knows how it is shown.

pub mod audit;
mod decision;
mod extract;
mod folder;
mod id;
mod instruction;
mod label;
mod message;
pub mod rules;
mod sheet;
mod signal;

pub use decision::{Correction, Decision, Reason, ReasonKind, Ruled, Verdict, Voice, VoiceShare};
pub use extract::{
    AmountCandidate, CivilDate, CivilTime, CodeCandidate, CodeKind, DateCandidate, Exactness,
    Extraction, Quote, RequestCandidate, Span, TaskDraft, TextSource,
};
pub use folder::{AccountSettings, FlagSet, FolderRole, Security, ServerAddress, SyncState};
pub use id::{
    AccountId, DecisionId, FolderId, MessageId, RelabelId, RuleId, ThreadId, Uid, UidValidity,
};
pub use instruction::{Instruction, InstructionError};
pub use label::{Label, Probabilities, UnknownLabel};
pub use message::{
    Address, Attachment, AuthResult, Authentication, CalendarPart, HeaderFacts, MessageContent,
    Position,
};
pub use sheet::{Sheet, SheetQuestion, SheetScores};
pub use signal::{Likeness, Signal};

/// Seconds since 1970-01-01T00:00:00Z.
pub type UnixSeconds = i64;
