//! Identifiers. Each is a number that only the store hands out, wrapped so that they cannot be mixed up.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $inner:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(type = "number"))]
        pub struct $name(pub $inner);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(/// One mail account, or the local archive of imported files.
    AccountId, i64);
id!(/// One mailbox (IMAP's word) of an account.
    FolderId, i64);
id!(/// One message as stored, in one folder.
    MessageId, i64);
id!(/// One conversation.
    ThreadId, i64);
id!(/// One entry of the append-only record of decisions.
    DecisionId, i64);
id!(/// One of the user's rules.
    RuleId, i64);
id!(/// One relabelling of many messages.
    RelabelId, i64);
id!(/// A message's number in its folder, valid under one UIDVALIDITY (RFC 3501, 2.3.1.1). Never zero.
    Uid, u32);
id!(/// The generation of a folder's UIDs (RFC 3501, 2.3.1.1). Never zero.
    UidValidity, u32);
