//! Mailroom without a window.
