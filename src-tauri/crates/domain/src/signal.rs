//! Signs that a message is not from whom it seems to be from.
//!
//! Each is a fact with its data, not a judgement: what to make of them is for the reader, who is told in plain words.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How a domain resembles another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Likeness {
    /// Letters of another script that look the same (UTS 39, confusables).
    Script,
    /// Digits or pairs of letters that look like a letter: `paypa1`, `rnicrosoft`.
    Glyphs,
    /// One letter more, less, other, or two exchanged.
    OneEdit,
}

/// One sign.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Signal {
    /// The display name shows an address of another domain than the one it was sent from.
    NameShowsAddress {
        /// The address in the name.
        shown: String,
        /// The address behind the name.
        actual: String,
    },
    /// The display name is a well-known brand's, the domain is not.
    NameShowsBrand {
        /// The brand, as it is in the name.
        brand: String,
        /// The sending domain.
        domain: String,
    },
    /// Answers go to another domain.
    ReplyElsewhere {
        /// The sending domain.
        from: String,
        /// The domain of `Reply-To`.
        reply_to: String,
    },
    /// The domain looks like one that the reader corresponds with, or a brand's.
    LooksLike {
        /// The sending domain, as Unicode.
        domain: String,
        /// What it looks like.
        like: String,
        /// In which way.
        likeness: Likeness,
    },
    /// One label of the domain mixes scripts that look alike.
    MixedScripts {
        /// The sending domain, as Unicode.
        domain: String,
    },
    /// The words of a link name another host than it leads to.
    LinkElsewhere {
        /// The host in its words.
        shown: String,
        /// The host that it leads to.
        target: String,
    },
    /// The receiving server could not confirm the sender. Never reported where nothing was said.
    NotAuthenticated {
        /// SPF failed.
        spf: bool,
        /// DKIM failed.
        dkim: bool,
        /// DMARC failed.
        dmarc: bool,
    },
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Signal::NameShowsAddress { shown, actual } => {
                write!(f, "The name shows {shown}, but it was sent from {actual}.")
            }
            Signal::NameShowsBrand { brand, domain } => {
                write!(f, "The name says {brand}, but it was sent from {domain}.")
            }
            Signal::ReplyElsewhere { from, reply_to } => {
                write!(f, "It comes from {from}, but an answer would go to {reply_to}.")
            }
            Signal::LooksLike { domain, like, likeness } => {
                let how = match likeness {
                    Likeness::Script => "with letters of another script",
                    Likeness::Glyphs => "with characters that look alike",
                    Likeness::OneEdit => "but is spelt differently",
                };
                write!(f, "{domain} looks like {like}, {how}.")
            }
            Signal::MixedScripts { domain } => {
                write!(f, "{domain} mixes letters of different scripts that look alike.")
            }
            Signal::LinkElsewhere { shown, target } => {
                write!(f, "A link says {shown}, but leads to {target}.")
            }
            Signal::NotAuthenticated { spf, dkim, dmarc } => {
                let failed: Vec<&str> = [(*spf, "SPF"), (*dkim, "DKIM"), (*dmarc, "DMARC")]
                    .into_iter()
                    .filter_map(|(failed, name)| failed.then_some(name))
                    .collect();
                write!(
                    f,
                    "Your mail server could not confirm the sender ({} failed).",
                    failed.join(", ")
                )
            }
        }
    }
}
