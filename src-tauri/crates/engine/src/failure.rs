//! From typed errors to the closed list of codes that interfaces act on.

use mailroom_llm::{EndpointError, ImportError};
use mailroom_mail::imap::{MailError, Recovery};
use mailroom_store::StoreError;
use mailroom_wire::{Code, Failure};

pub(crate) fn store(error: StoreError) -> Failure {
    let code = match &error {
        StoreError::NotFound(_) => Code::NotFound,
        StoreError::Invalid(_) => Code::Invalid,
        StoreError::Busy { .. } => Code::Busy,
        _ => Code::Store,
    };
    Failure::new(code, error.to_string())
}

pub(crate) fn mail(error: &MailError) -> Failure {
    let code = match error {
        MailError::Certificate { .. }
        | MailError::NotTls { .. }
        | MailError::PlainRefused { .. } => Code::Untrusted,
        error if error.recovery() == Recovery::AskPassword => Code::SignIn,
        MailError::NoWayToSignIn { .. } | MailError::NotImap { .. } => Code::Unsupported,
        _ => Code::Offline,
    };
    Failure::new(code, error.to_string())
}

pub(crate) fn endpoint(error: &EndpointError) -> Failure {
    let code = match error {
        EndpointError::Url(_) => Code::Invalid,
        EndpointError::Unprotected(_) => Code::Untrusted,
        EndpointError::Refused(_) => Code::SignIn,
        EndpointError::NotThere { .. } => Code::NotFound,
        EndpointError::NoLogProbabilities(_) | EndpointError::Unreadable(_) => Code::Unsupported,
        EndpointError::Unreachable { .. } | EndpointError::Answered { .. } => Code::Offline,
    };
    Failure::new(code, error.to_string())
}

pub(crate) fn model(error: &ImportError) -> Failure {
    Failure::new(Code::Model, error.to_string())
}

/// A task of ours that ended early.
pub(crate) fn internal() -> Failure {
    Failure::new(
        Code::Internal,
        "Mailroom failed at this. Try again; if it stays, start Mailroom again.",
    )
}
