//! What goes in and out of an account's actor.

use mailroom_domain::{AccountId, FolderId, MessageId, UnixSeconds};
use mailroom_mail::imap::Secret;

/// What an account's actor is told.
#[derive(Clone, Debug)]
pub enum Command {
    /// Look for changes in all folders now, also while waiting to try again.
    SyncNow,
    /// Use this password from now on, and try at once.
    SetSecret(Secret),
    /// End.
    Stop,
}

/// What an account's actor tells. Sentences are for the user, neutralised and without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A connection is being made.
    Connecting {
        /// Which account.
        account: AccountId,
    },
    /// A folder is being synced. `done` grows to `total`; both count messages of this pass.
    Syncing {
        /// Which account.
        account: AccountId,
        /// Which folder.
        folder: FolderId,
        /// Its name as shown.
        name: String,
        /// Messages dealt with.
        done: u64,
        /// Messages to deal with.
        total: u64,
    },
    /// These messages are new in the store, newest first.
    Stored {
        /// Which account.
        account: AccountId,
        /// Which folder.
        folder: FolderId,
        /// At most a slice.
        messages: Vec<MessageId>,
    },
    /// Flags changed, or messages are gone from the server.
    Changed {
        /// Which account.
        account: AccountId,
        /// Which folder.
        folder: FolderId,
    },
    /// All folders are as the server has them; the actor waits for changes.
    Idle {
        /// Which account.
        account: AccountId,
    },
    /// A folder is left alone, for a reason; the others go on.
    FolderSkipped {
        /// Which account.
        account: AccountId,
        /// Its name as shown.
        name: String,
        /// A sentence.
        reason: String,
    },
    /// The provider wants the user to read this (RFC 3501, 7.1, ALERT).
    Alert {
        /// Which account.
        account: AccountId,
        /// The provider's words.
        text: String,
    },
    /// There is no connection; the actor tries again by itself.
    Offline {
        /// Which account.
        account: AccountId,
        /// A sentence.
        reason: String,
        /// When it tries again.
        retry_at: UnixSeconds,
    },
    /// The password was not accepted: the actor waits for [`Command::SetSecret`].
    SignInFailed {
        /// Which account.
        account: AccountId,
        /// A sentence.
        reason: String,
    },
    /// The settings must be mended first (wrong host, certificate, no IMAP): the actor waits for
    /// [`Command::SyncNow`] or a new actor.
    Misconfigured {
        /// Which account.
        account: AccountId,
        /// A sentence.
        reason: String,
    },
    /// The store failed; the actor tries again by itself.
    StoreFailed {
        /// Which account.
        account: AccountId,
        /// A sentence.
        reason: String,
        /// When it tries again.
        retry_at: UnixSeconds,
    },
    /// The actor has ended. Always the last event.
    Stopped {
        /// Which account.
        account: AccountId,
    },
}
