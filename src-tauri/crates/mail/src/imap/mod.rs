//! IMAP (RFC 3501) for reading only: [`Mailbox`], its implementation [`ImapMailbox`], and their errors.
//!
//! A session lives on one thread and is not shared. The only thing that another thread can do is to
//! [`Interrupt`] it.

mod connect;
mod error;
mod guard;
mod mailbox;
mod name;
mod response;
mod session;

pub use connect::{ConnectOptions, Secret};
pub use error::{MailError, Recovery};
pub use mailbox::{Change, Folder, IdleEnd, Mailbox, MessageFacts, Opened};
pub use name::FolderName;
pub use session::{ImapMailbox, check_sign_in};

use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How patient a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For a TCP connection to one address, and for the TLS handshake.
    pub connect: Duration,
    /// Without a single byte while an answer is due.
    pub silence: Duration,
    /// For a whole command, beyond the time that its data takes at the minimum pace.
    pub command: Duration,
    /// Bytes a second that data must come at, at least, on average.
    pub pace: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connect: Duration::from_secs(20),
            silence: Duration::from_secs(60),
            command: Duration::from_secs(120),
            pace: 2_000,
        }
    }
}

/// Bytes that have gone to a server and come from it, TLS taken off. Shared by all clones.
#[derive(Clone, Debug, Default)]
pub struct Traffic(Arc<[AtomicU64; 2]>);

impl Traffic {
    /// Bytes sent and received so far.
    pub fn bytes(&self) -> (u64, u64) {
        let [sent, received] = &*self.0;
        (sent.load(Ordering::Relaxed), received.load(Ordering::Relaxed))
    }

    fn sent(&self, bytes: usize) {
        let [sent, _] = &*self.0;
        sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn received(&self, bytes: usize) {
        let [_, received] = &*self.0;
        received.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// A handle for other threads on a session, from before it is connected until after it has ended.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<InterruptState>);

#[derive(Debug, Default)]
struct InterruptState {
    stopped: AtomicBool,
    woken: AtomicBool,
    socket: Mutex<Option<TcpStream>>,
}

impl Interrupt {
    /// Ends the session at once, whatever it does, by shutting its socket down. Final: sessions that are
    /// connected with this handle later end at once as well.
    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::SeqCst);
        if let Some(socket) = &*self.0.socket.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// Ends a running [`Mailbox::idle`] within about a second, or the next one at once; the session
    /// stays usable. [`Interrupt::rest`] takes it back.
    pub fn wake(&self) {
        self.0.woken.store(true, Ordering::SeqCst);
    }

    /// Allows IDLE again after [`Interrupt::wake`].
    pub fn rest(&self) {
        self.0.woken.store(false, Ordering::SeqCst);
    }

    /// Whether [`Interrupt::stop`] was called.
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::SeqCst)
    }

    fn is_woken(&self) -> bool {
        self.0.woken.load(Ordering::SeqCst)
    }

    /// Registers the socket of a new connection, or takes the old one's away.
    fn hold(&self, socket: Option<TcpStream>) {
        *self.0.socket.lock().unwrap_or_else(PoisonError::into_inner) = socket;
        if self.is_stopped() {
            self.stop();
        }
    }
}
