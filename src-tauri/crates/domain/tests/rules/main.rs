//! The rules, seen from outside.

mod conditions;
mod exchange;
mod hearing;
mod message;
mod properties;
mod schema;
mod sieve;
mod soundness;
