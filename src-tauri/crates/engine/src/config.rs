//! What an engine is made of.

use mailroom_llm::LlmConfig;
use mailroom_mail::imap::Limits;
use mailroom_sync::Policy;
use std::path::PathBuf;

/// How much of the engine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Syncs, labels and runs the language model. One process a data folder.
    Full,
    /// Reads and corrects only: any number of processes, beside a full one.
    Quiet,
}

/// Where the data lies and how the engine behaves. [`Config::new`] is right for users; tests change parts.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data folder: database, models, locks.
    pub data: PathBuf,
    /// How much runs.
    pub mode: Mode,
    /// The language model's process; `None` never starts one.
    pub llm: Option<LlmConfig>,
    /// Passwords may be kept in the OS keychain. Off, they last for the session.
    pub keychain: bool,
    /// What to sync, and how patiently.
    pub policy: Policy,
    /// How patient to be with servers.
    pub limits: Limits,
    /// Certificates (DER) of authorities to trust besides the operating system's.
    pub extra_roots: Vec<Vec<u8>>,
}

impl Config {
    /// The usual engine on a data folder.
    pub fn new(data: PathBuf, mode: Mode) -> Self {
        let llm = match mode {
            // Where this program lies is not known on some systems; the other voices sort the mail then.
            Mode::Full => LlmConfig::this_program().ok(),
            Mode::Quiet => None,
        };
        Config {
            data,
            mode,
            llm,
            keychain: true,
            policy: Policy::default(),
            limits: Limits::default(),
            extra_roots: Vec::new(),
        }
    }

    /// Where models lie.
    pub(crate) fn models(&self) -> PathBuf {
        self.data.join("models")
    }
}
