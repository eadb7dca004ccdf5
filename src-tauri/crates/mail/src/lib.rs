//! IMAP sessions behind a guard, MIME to text and facts, import of mail files, discovery of servers.
//!
//! Everything that comes from a stranger's bytes is dealt with here, so that the rest of Mailroom sees
//! plain data: [`parse`] turns a message into [`mailroom_domain::MessageContent`], [`sanitize_html`] makes
//! its HTML fit to be framed, [`imap`] reads servers, [`import`] reads files, [`discover`] guesses servers.
//! Nothing here stores anything, decides on a label, or changes a message anywhere.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

pub mod discover;
pub mod imap;
pub mod import;
pub mod neutral;

mod calendar;
mod headers;
mod html;
mod mime;
mod parse;
mod quote;
mod sanitize;

pub use html::links;
pub use parse::{MESSAGE_LIMIT, ThreadKeys, attachment, inline_images, parse, thread_keys};
pub use sanitize::{SanitizeError, Sanitized, sanitize_html};
