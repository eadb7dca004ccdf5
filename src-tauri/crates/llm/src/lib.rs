//! The local language model: GGUF files imported once, a supervised process that runs them, question sheets
//! scored in one pass.
//!
//! [`import`] turns a GGUF file into a folder that mistral.rs's normal loader takes, after checking everything
//! about it. [`Llm`] owns the process that runs a model: it queues, restarts with back-off, and sets aside what
//! kills it twice, so that no model and no message can take the app down. [`Endpoint`] is a model that runs
//! elsewhere, at an address that the user named. What is asked, and what the scores mean, is none of its business.

mod actor;
mod child;
mod dequant;
mod endpoint;
mod error;
mod gguf;
mod import;
mod installed;
mod protocol;
mod scored;
mod tokenizer;

pub use actor::{Llm, LlmConfig, LlmState, Priority};
pub use child::child_main;
pub use endpoint::{Connection, Endpoint, EndpointError, Traffic};
pub use error::{ImportError, ScoreError};
pub use import::{Progress, import};
pub use installed::{InstalledModel, installed, remove};
