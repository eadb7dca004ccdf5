//! What the suites share: servers, models and folders.

pub mod dovecot;
pub mod fixtures;
pub mod gguf;
