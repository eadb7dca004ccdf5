//! What crosses between the engine and whatever drives it: requests, answers, events and error codes.
//!
//! The window, the headless host and scripts all speak these types; the interface's TypeScript is
//! generated from them into `ui/src/gen`. Nothing here does anything.

mod event;
mod failure;
mod history;
mod privacy;
mod relabel;
mod request;
mod rules;
mod view;

pub use event::Event;
pub use failure::{Code, Failure};
pub use history::{HistoryEntry, HistoryFilter, HistoryPage};
pub use privacy::{HostPurpose, HostView, PrivacyView};
pub use relabel::{
    RelabelCommand, RelabelDiff, RelabelHold, RelabelLeft, RelabelMove, RelabelOptions,
    RelabelScope, RelabelShare, RelabelState, RelabelStatus, RelabelWaiting,
};
pub use request::{Answer, Like, Request};
pub use rules::{
    RuleConflict, RuleCount, RuleFaultView, RulePreview, RuleTraceView, RuleWanted, RulesExport,
    RulesView,
};
pub use view::{
    AccountState, AccountView, AuditBand, AuditItem, AuditView, Candidate, Discovery, Example,
    Facts, LaneCount, LanguageFindings, Learned, MemoryChange, MemoryView, MessageView,
    ModelFindings, ModelState, ModelView, Overview, Page, Row, SignIn, SignalView, Undone,
};
