//! What can go wrong between Mailroom and an IMAP server, each with a sentence for the user.
//!
//! The sentences name the server and never a password, a token or any text of a message. What a server
//! said is quoted only after it has been neutralised and cut short.

use std::time::Duration;

/// What the caller should do about an error, so that nobody has to match on its sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Ask the user for the password; trying again with the same one only locks the account.
    AskPassword,
    /// Show the sentence and let the user mend the settings; trying again will not help.
    FixSettings,
    /// Try again later, and not before this long.
    BackOff(Duration),
    /// The command was refused, but the session is sound and can be used for something else.
    Skip,
    /// The session was ended by the caller itself.
    Stopped,
}

/// An error of a session. Any of them but [`MailError::Refused`] has closed the connection.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The host name has no address.
    #[error(
        "No server is known by the name \"{host}\". Check the name for typing errors, and that this computer is online."
    )]
    UnknownHost {
        /// As the user wrote it.
        host: String,
    },
    /// No address of the host accepted a connection.
    #[error(
        "\"{host}\" does not answer on port {port} ({detail}). Check the port, your connection and any firewall; Mailroom tries again by itself."
    )]
    Unreachable {
        /// Host.
        host: String,
        /// Port.
        port: u16,
        /// What the operating system said.
        detail: String,
    },
    /// Plain text was asked for on an address that is not this computer's own.
    #[error(
        "Mailroom does not send a password unprotected to \"{host}\". Choose TLS (usually port 993)."
    )]
    PlainRefused {
        /// Host.
        host: String,
    },
    /// The certificate was not accepted.
    #[error(
        "The identity of \"{host}\" could not be confirmed: {reason}. Check the server's name; if it is right, ask whoever runs it to renew its certificate. Your password was not sent."
    )]
    Certificate {
        /// Host.
        host: String,
        /// Expired, other name, unknown issuer ...
        reason: String,
    },
    /// What answered does not speak TLS.
    #[error(
        "\"{host}\" did not answer with TLS on port {port} ({detail}). Check the port: TLS is usually on 993. Your password was not sent."
    )]
    NotTls {
        /// Host.
        host: String,
        /// Port.
        port: u16,
        /// What the TLS library said.
        detail: String,
    },
    /// The greeting was not IMAP's (RFC 3501, 7.1).
    #[error(
        "What answers at \"{host}\" is not an IMAP server. Check the host and the port. Your password was not sent."
    )]
    NotImap {
        /// Host.
        host: String,
    },
    /// The server ended the session before or instead of the greeting.
    #[error(
        "\"{host}\" closed the connection before sign-in{said}. It may have too many connections open or be under maintenance; Mailroom tries again by itself."
    )]
    ClosedAtGreeting {
        /// Host.
        host: String,
        /// Empty, or `: "..."`.
        said: String,
    },
    /// The server considers the session signed in already (RFC 3501, 7.1.4), which nobody asked for.
    #[error(
        "\"{host}\" says that nobody needs to sign in, which Mailroom does not trust. Check that host and port are your mail provider's."
    )]
    Preauthenticated {
        /// Host.
        host: String,
    },
    /// User name or password cannot be sent.
    #[error(
        "The {field} contains a character that cannot be sent (a line break or a zero byte). Type it again."
    )]
    BadCredential {
        /// "user name" or "password".
        field: &'static str,
    },
    /// No way of signing in that Mailroom knows is offered (RFC 3501, LOGINDISABLED).
    #[error(
        "\"{host}\" accepts neither of Mailroom's ways to sign in with a password. See your provider's help for an app password or for switching IMAP on."
    )]
    NoWayToSignIn {
        /// Host.
        host: String,
    },
    /// Wrong user name or password (RFC 5530, AUTHENTICATIONFAILED, EXPIRED, AUTHORIZATIONFAILED).
    #[error(
        "\"{host}\" did not accept the user name or password{said}. Enter it again; many providers want an app password made for mail programs."
    )]
    SignInRefused {
        /// Host.
        host: String,
        /// Empty, or `: "..."`.
        said: String,
    },
    /// Signed in, but the provider keeps the mailbox shut (RFC 5530, CONTACTADMIN, PRIVACYREQUIRED;
    /// Exchange's "authenticated but not connected").
    #[error(
        "\"{host}\" knows this account but does not open its mailbox{said}. IMAP may be switched off for it: see the provider's settings or ask its administrator."
    )]
    NotPermitted {
        /// Host.
        host: String,
        /// Empty, or `: "..."`.
        said: String,
    },
    /// The server asks for patience (RFC 5530 UNAVAILABLE, INUSE, LIMIT; throttling texts).
    #[error("\"{host}\" asks Mailroom to wait{said}. It tries again by itself in {} s.", after.as_secs().max(1))]
    Throttled {
        /// Host.
        host: String,
        /// How long the server wants us to wait, at least.
        after: Duration,
        /// Empty, or `: "..."`.
        said: String,
    },
    /// A command was answered NO or BAD; the session is still sound.
    #[error("\"{host}\" refused {command}{said}.")]
    Refused {
        /// Host.
        host: String,
        /// The verb, without its arguments.
        command: &'static str,
        /// The response code's first word, upper-cased; empty if there was none.
        code: String,
        /// Empty, or `: "..."`.
        said: String,
    },
    /// The connection ended in the middle of something.
    #[error(
        "The connection to \"{host}\" was lost{said}. Mailroom connects again by itself; nothing was lost."
    )]
    Lost {
        /// Host.
        host: String,
        /// Empty, or `: "..."`.
        said: String,
    },
    /// Too slow or silent.
    #[error(
        "\"{host}\" took too long to answer {command}. Mailroom connects again by itself; nothing was lost."
    )]
    TooSlow {
        /// Host.
        host: String,
        /// The verb, without its arguments.
        command: &'static str,
    },
    /// The server said something that breaks the protocol or a limit.
    #[error(
        "\"{host}\" sent something that Mailroom does not accept ({what}). It connects again later; tell the provider if this goes on."
    )]
    Protocol {
        /// Host.
        host: String,
        /// Which rule was broken.
        what: &'static str,
    },
    /// A command was about to be sent that Mailroom never sends.
    #[error("Mailroom stopped itself from sending {what} to \"{host}\". Please report this fault.")]
    Forbidden {
        /// Host.
        host: String,
        /// Which rule was broken.
        what: &'static str,
    },
    /// The folder cannot be synced (no or zero UIDVALIDITY, RFC 3501, 2.3.1.1).
    #[error(
        "The folder \"{folder}\" cannot be synced safely, because the server does not number its messages reliably. Mailroom leaves it alone."
    )]
    Unsyncable {
        /// Its name as shown.
        folder: String,
    },
    /// The session has ended already.
    #[error("The connection to \"{host}\" is closed.")]
    Closed {
        /// Host.
        host: String,
    },
    /// The caller ended the session by its [`crate::imap::Interrupt`].
    #[error("Stopped.")]
    Stopped,
    /// The protocol library gave up.
    #[error(
        "Reading from \"{host}\" failed inside Mailroom. It connects again by itself; please report this fault."
    )]
    Broken {
        /// Host.
        host: String,
    },
    /// Something local failed: no TLS roots, no thread.
    #[error("Mailroom could not start the connection on this computer: {detail}.")]
    Local {
        /// What.
        detail: String,
    },
}

impl MailError {
    /// What to do next.
    pub fn recovery(&self) -> Recovery {
        use MailError as E;
        match self {
            E::SignInRefused { .. } | E::BadCredential { .. } => Recovery::AskPassword,
            E::PlainRefused { .. }
            | E::Certificate { .. }
            | E::NotTls { .. }
            | E::NotImap { .. }
            | E::Preauthenticated { .. }
            | E::NoWayToSignIn { .. }
            | E::NotPermitted { .. }
            | E::Local { .. } => Recovery::FixSettings,
            E::Throttled { after, .. } => Recovery::BackOff(*after),
            E::ClosedAtGreeting { .. } => Recovery::BackOff(Duration::from_secs(20)),
            E::Forbidden { .. } | E::Broken { .. } | E::Protocol { .. } => {
                Recovery::BackOff(Duration::from_secs(60))
            }
            E::UnknownHost { .. }
            | E::Unreachable { .. }
            | E::Lost { .. }
            | E::TooSlow { .. }
            | E::Closed { .. } => Recovery::BackOff(Duration::from_secs(1)),
            E::Refused { .. } | E::Unsyncable { .. } => Recovery::Skip,
            E::Stopped => Recovery::Stopped,
        }
    }

    /// True while the session can still be used.
    pub fn session_is_sound(&self) -> bool {
        matches!(self, MailError::Refused { .. } | MailError::Unsyncable { .. })
    }
}
