//! What an engine is made of.

use crate::Surroundings;
use mailroom_llm::LlmConfig;
use mailroom_mail::imap::Limits;
use mailroom_sync::Policy;
use std::path::{Path, PathBuf};

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
    /// The encoder's file; `None` sorts without it.
    pub encoder: Option<PathBuf>,
    /// Passwords may be kept in the OS keychain. Off, they last for the session.
    pub keychain: bool,
    /// What to sync, and how patiently.
    pub policy: Policy,
    /// How patient to be with servers.
    pub limits: Limits,
    /// Certificates (DER) of authorities to trust besides the operating system's.
    pub extra_roots: Vec<Vec<u8>>,
    /// Where bulk work looks whether it should wait.
    pub surroundings: Surroundings,
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
            encoder: encoder_file(&data),
            data,
            mode,
            llm,
            keychain: true,
            policy: Policy::default(),
            limits: Limits::default(),
            extra_roots: Vec::new(),
            surroundings: Surroundings::default(),
        }
    }

    /// Where models lie.
    pub(crate) fn models(&self) -> PathBuf {
        self.data.join("models")
    }
}

/// What the encoder's file is called, wherever it lies.
const ENCODER: &str = "encoder.gguf";

/// The encoder's file: the one that the environment names, else in the data folder, where packages put it, or where
/// the build keeps its downloads.
fn encoder_file(data: &Path) -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("MAILROOM_ENCODER") {
        return Some(named.into()).filter(|file: &PathBuf| !file.as_os_str().is_empty());
    }
    let program = std::env::current_exe().ok();
    let beside = program.as_deref().and_then(Path::parent);
    let cache = std::env::var_os("MAILROOM_CACHE").map(PathBuf::from).or_else(|| {
        std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/mailroom"))
    });
    let places = [
        Some(data.join("models").join(ENCODER)),
        beside.map(|folder| folder.join(ENCODER)),
        // Where the Debian package has it.
        beside.map(|folder| folder.join("../lib/Mailroom").join(ENCODER)),
        cache.map(|folder| folder.join("models").join(ENCODER)),
    ];
    places.into_iter().flatten().find(|file| file.exists())
}
