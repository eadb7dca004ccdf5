//! How a request fails.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The closed list of what can go wrong, for the interface to act on. The words come with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// What was asked for does not exist (any more).
    NotFound,
    /// The request makes no sense as it stands.
    Invalid,
    /// The server refused the name or password.
    SignIn,
    /// The server cannot be reached, or the connection broke.
    Offline,
    /// The server's certificate is not trusted, or the connection would not be protected.
    Untrusted,
    /// The server must be confirmed by the user before a password goes to it.
    ConfirmHost,
    /// The provider cannot be used with a password, or not over IMAP.
    Unsupported,
    /// The database cannot be read or written.
    Store,
    /// The model cannot be imported, loaded or asked.
    Model,
    /// The user has forbidden it.
    Forbidden,
    /// Another request of the kind has taken its place.
    Superseded,
    /// Another Mailroom uses the same data.
    Busy,
    /// A fault of ours.
    Internal,
}

/// A failed request: a code for the program and a sentence for the user that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What kind of failure it is.
    pub code: Code,
    /// What happened and what to do, in one or two sentences.
    pub message: String,
}

impl Failure {
    /// A failure of that kind with these words.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Failure { code, message: message.into() }
    }
}
