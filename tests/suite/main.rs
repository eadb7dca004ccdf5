//! Tests of the whole, on real parts.

mod architecture;
mod engine;
mod relabel;
mod rules;
