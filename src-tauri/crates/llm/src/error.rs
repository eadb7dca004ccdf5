//! How models fail, in sentences that say what to do.

use std::path::PathBuf;

/// A model file that cannot be imported, or a model folder that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file cannot be read.
    #[error("\"{}\" cannot be read ({reason}). Check the path and that you may open it.", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        reason: String,
    },
    /// It does not begin like a GGUF file.
    #[error("\"{}\" is not a GGUF file. Download the model's .gguf file and choose that.", .0.display())]
    NotGguf(PathBuf),
    /// A version of GGUF that is not known.
    #[error(
        "This GGUF file has version {0}; Mailroom reads versions 2 and 3. Download a newer file of the model."
    )]
    Version(u32),
    /// It ends too early.
    #[error("The file is not complete: {has} of {needs} bytes are there. Download it again.")]
    Truncated {
        /// Bytes that are there.
        has: u64,
        /// Bytes that there should be.
        needs: u64,
    },
    /// Something in it makes no sense.
    #[error("The file is damaged ({0}). Download it again.")]
    Damaged(String),
    /// Not the file that was expected.
    #[error(
        "The file is not the expected one (its SHA-256 is {found}). Download it again from the place that you trust."
    )]
    Hash {
        /// What it is, in hexadecimal digits.
        found: String,
    },
    /// A kind of model that cannot be run yet.
    #[error(
        "Models of the kind \"{0}\" cannot be used yet. Choose a Llama 3.2, SmolLM2, Phi-3 mini, Gemma 2, Gemma 3 (270M, 1B) or Qwen 2.5 model."
    )]
    Architecture(String),
    /// A part of it is of a kind that cannot be run.
    #[error("This file cannot be used: {0}. Choose another file of the model, best a Q4_K_M one.")]
    Unsupported(String),
    /// The import was stopped by the user.
    #[error("The import was stopped. Nothing was kept.")]
    Stopped,
    /// The models' folder failed.
    #[error("The model could not be kept in {} ({reason}). Check the free space and the rights of that folder.", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        reason: String,
    },
    /// No such model is installed.
    #[error("There is no model {0}. Refresh the list of models.")]
    NotInstalled(String),
}

/// A sheet that was not scored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScoreError {
    /// No model is loaded. Ask again when one is.
    #[error("No language model is ready. Try again when it has been loaded.")]
    NotReady,
    /// The process was asked to do something else.
    #[error("The question was withdrawn. Ask again if the answer is still wanted.")]
    Cancelled,
    /// The same sheet killed the process twice and is not tried again.
    #[error("The language model stopped twice at this message, so it is not asked about it again.")]
    SetAside,
    /// The model answered with an error.
    #[error(
        "The language model could not read this message ({0}). The other voices have labelled it."
    )]
    Failed(String),
}
