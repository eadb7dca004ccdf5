//! candle-nn 0.11 under the version that mistral.rs 0.8.1 asks for. Not a place for code of our own;
//! see the `candle-core` beside it.
pub use next::*;
