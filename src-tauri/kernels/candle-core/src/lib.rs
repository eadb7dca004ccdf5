//! candle-core 0.11 under the version that mistral.rs 0.8.1 asks for: its repacked kernels for
//! quantised weights are some twelve times faster on a CPU. Not a place for code of our own; it goes
//! when mistral.rs depends on candle 0.11 itself.
pub use next::*;
