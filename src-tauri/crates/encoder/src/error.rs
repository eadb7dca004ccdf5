use std::path::PathBuf;

/// Why there is no encoder, or no vector.
#[derive(Debug, thiserror::Error)]
pub enum EncoderError {
    /// The file cannot be read or written.
    #[error("{} cannot be read or written: {reason}. Check that the path is right and the disk not full.", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file is none of the encoder's, of another version, or damaged.
    #[error("The encoder's file cannot be used ({0}). Remove it and fetch it again.")]
    Damaged(String),
    /// The computation failed.
    #[error("The encoder failed ({0}). Mailroom sorts without it; restart to try again.")]
    Failed(String),
}

impl From<candle_core::Error> for EncoderError {
    fn from(error: candle_core::Error) -> Self {
        EncoderError::Failed(error.to_string())
    }
}
