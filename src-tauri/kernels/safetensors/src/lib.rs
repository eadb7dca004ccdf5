//! safetensors 0.8 under the version that mistral.rs 0.8.1 asks for, so that it and candle 0.11 speak
//! of the same types. Not a place for code of our own; see the `candle-core` beside it.
#![no_std]
pub use next::*;
