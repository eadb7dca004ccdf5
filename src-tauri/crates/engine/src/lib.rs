//! The headless application: requests in, answers and events out.
//!
//! [`Engine`] is what a window, a command line or a test talks to, in the words of `mailroom-wire`. It owns
//! the store, one sync actor an account, the language model's process and the queue in front of it. What has
//! a life cycle (accounts and their connections) lives in one task behind an enum of commands; reading and
//! labelling go straight to the store, whose verbs are transactions. Nothing here knows how anything is shown,
//! parses mail, or decides what a word weighs.

mod accounts;
mod audit;
mod classify;
mod config;
mod discover;
mod encoder;
mod failure;
mod history;
mod import;
mod instruct;
mod judge;
mod like;
mod memory;
mod model;
mod places;
mod privacy;
mod relabel;
mod request;
mod rules;
mod sample;
mod secret;
mod shelf;
mod start;
mod view;

pub use classify::{Classified, Classifier};
pub use config::{Config, Mode};
pub use import::Imported;
pub use memory::Learnt;
pub use relabel::Surroundings;
pub use sample::sample_mail;
pub use start::Engine;

/// What the program does when its first argument is [`LLM_ENGINE`]: it is then the language model's process.
pub use mailroom_llm::child_main as llm_engine_main;

/// The first argument of the language model's process.
pub const LLM_ENGINE: &str = "--llm-engine";

/// The version of the parser whose contents are stored; raised when parsing learns something that labels
/// depend on.
pub(crate) const PARSER: u32 = 1;

/// Seconds since 1970, now.
pub(crate) fn now() -> mailroom_domain::UnixSeconds {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
