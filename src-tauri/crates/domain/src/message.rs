//! A message as the rest of Mailroom sees it, after MIME has been dealt with.

use crate::UnixSeconds;
use serde::{Deserialize, Serialize};

/// A mailbox address of a header, decoded. `address` is as written, not lower-cased.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Address {
    /// The display name, empty if none was given.
    pub name: String,
    /// `local@domain`, or whatever stood in its place.
    pub address: String,
}

impl Address {
    /// The part after the last `@`, lower-cased; empty if there is none.
    pub fn domain(&self) -> String {
        self.address.rsplit_once('@').map(|(_, d)| d.to_lowercase()).unwrap_or_default()
    }

    /// The part before the last `@`, lower-cased; all of it if there is no `@`.
    pub fn local(&self) -> String {
        self.address.rsplit_once('@').map_or(self.address.as_str(), |(l, _)| l).to_lowercase()
    }
}

/// What one of SPF, DKIM and DMARC said, as the receiving server wrote it (RFC 8601).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum AuthResult {
    /// Nothing was reported. Not the same as a failure.
    #[default]
    Unknown,
    /// `pass`
    Pass,
    /// `fail`, `softfail`, `permerror`
    Fail,
    /// `none`, `neutral`, `temperror`, `policy`
    Neutral,
}

/// The results of the topmost `Authentication-Results` header: only the receiving server's own can be
/// trusted, and it is the last to be added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Authentication {
    /// RFC 7208
    pub spf: AuthResult,
    /// RFC 6376
    pub dkim: AuthResult,
    /// RFC 7489
    pub dmarc: AuthResult,
}

/// Where the reader's own address stands among the recipients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Position {
    /// The reader's address is not known.
    #[default]
    Unknown,
    /// The only one in To.
    OnlyTo,
    /// One of several in To.
    To,
    /// In Cc.
    Cc,
    /// In neither: blind copy or list.
    Absent,
}

/// What the headers say, decoded, with everything that evidence is drawn from. Absent means absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct HeaderFacts {
    /// `Message-ID` without angle brackets.
    pub message_id: Option<String>,
    /// `In-Reply-To`, without angle brackets.
    pub in_reply_to: Vec<String>,
    /// `References`, oldest first, without angle brackets; at most 100, the newest are kept.
    pub references: Vec<String>,
    /// Decoded `Subject`, one line, neutralised like all text shown.
    pub subject: String,
    /// First address of `From`.
    pub from: Option<Address>,
    /// `Sender`, if it differs from `From`.
    pub sender: Option<Address>,
    /// `Reply-To`
    pub reply_to: Vec<Address>,
    /// `To`
    pub to: Vec<Address>,
    /// `Cc`
    pub cc: Vec<Address>,
    /// `Delivered-To`, `X-Original-To`, `Envelope-To`: addresses that are certainly the reader's.
    pub delivered_to: Vec<String>,
    /// `Date`, when it can be read.
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub date: Option<UnixSeconds>,
    /// `List-Id` (RFC 2919) without brackets, lower-cased.
    pub list_id: Option<String>,
    /// `List-Unsubscribe` (RFC 2369) is there.
    pub list_unsubscribe: bool,
    /// `List-Unsubscribe-Post` (RFC 8058) is there.
    pub one_click_unsubscribe: bool,
    /// Another sign of a list: `List-Post`, `Mailing-List`, `X-BeenThere`, `X-Mailman-Version`.
    pub list_software: bool,
    /// `Precedence`, lower-cased.
    pub precedence: Option<String>,
    /// `Auto-Submitted` (RFC 3834) other than `no`, lower-cased.
    pub auto_submitted: Option<String>,
    /// High importance by `Importance`, `X-Priority` or `Priority`.
    pub high_importance: bool,
    /// Low importance by the same.
    pub low_importance: bool,
    /// `X-Mailer` or `User-Agent`.
    pub mailer: Option<String>,
    /// `Return-Path` is the null address `<>`: a bounce or an automatic answer.
    pub null_return_path: bool,
    /// Feedback-ID, X-CSA-Complaints and the like: a sending service for bulk mail.
    pub bulk_service: bool,
    /// The receiving server's authentication results.
    pub authentication: Authentication,
    /// A spam filter upstream has marked it (`X-Spam-Flag: YES`, `X-Spam-Status: Yes`).
    pub marked_spam: bool,
    /// Names, lower-cased, of all headers seen, sorted, each once; at most 200.
    pub names: Vec<String>,
}

/// One attachment. Its content stays in the stored message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Attachment {
    /// Its name, neutralised, without path; empty if none was given.
    pub name: String,
    /// `type/subtype`, lower-cased.
    pub mime: String,
    /// Decoded size in bytes.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub size: u64,
    /// Meant to be shown within the text.
    pub inline: bool,
}

/// A `text/calendar` part (RFC 5545, RFC 6047): the few facts that triage and reader use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CalendarPart {
    /// `REQUEST`, `CANCEL`, `REPLY` ..., upper-cased; empty if not given.
    pub method: String,
    /// `SUMMARY`
    pub summary: String,
    /// `DTSTART` as UTC where the zone is known (UTC, or a floating time taken as UTC).
    #[cfg_attr(feature = "ts", ts(type = "number | null"))]
    pub start: Option<UnixSeconds>,
    /// `LOCATION`
    pub location: String,
}

/// A whole message, parsed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MessageContent {
    /// What the headers say.
    pub headers: HeaderFacts,
    /// The text that a reader sees, from the plain part or from the HTML; quoted replies included.
    pub text: String,
    /// The same for the voices: new text only, without quoted replies, signature, disclaimers and
    /// tracking junk; bidi and zero-width characters neutralised.
    pub new_text: String,
    /// The HTML part as sent, **not sanitised**; `None` if there is none.
    pub html: Option<String>,
    /// The text had no plain part and was made from the HTML.
    pub html_only: bool,
    /// Lines of quoted text that were cut from `new_text`.
    pub quoted_lines: u32,
    /// Links in text or HTML.
    pub links: u32,
    /// Images in the HTML that would be loaded from elsewhere.
    pub remote_images: u32,
    /// In order.
    pub attachments: Vec<Attachment>,
    /// The first calendar part.
    pub calendar: Option<CalendarPart>,
    /// ISO 639-1 code of the language, when there is text enough to tell.
    pub language: Option<String>,
    /// Size as received, in bytes.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub size: u64,
    /// What was wrong with it, in plain sentences; it was read all the same.
    pub defects: Vec<String>,
}

impl MessageContent {
    /// Where the reader stands among the recipients. `own` holds the reader's addresses, lower-cased;
    /// addresses of `Delivered-To` count as well.
    pub fn position(&self, own: &[String]) -> Position {
        let h = &self.headers;
        let mine = |a: &Address| {
            let address = a.address.to_lowercase();
            own.contains(&address) || h.delivered_to.iter().any(|d| d.to_lowercase() == address)
        };
        if own.is_empty() && h.delivered_to.is_empty() {
            return Position::Unknown;
        }
        if h.to.iter().any(mine) {
            return if h.to.len() == 1 && h.cc.is_empty() {
                Position::OnlyTo
            } else {
                Position::To
            };
        }
        if h.cc.iter().any(mine) { Position::Cc } else { Position::Absent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address { name: String::new(), address: text.into() }
    }

    #[test]
    fn position_knows_the_reader_by_account_or_by_delivery() {
        let mut message = MessageContent::default();
        message.headers.to = vec![address("Ana@Example.org")];
        assert_eq!(message.position(&[]), Position::Unknown);
        assert_eq!(message.position(&["ana@example.org".into()]), Position::OnlyTo);
        message.headers.cc = vec![address("b@example.org")];
        assert_eq!(message.position(&["ana@example.org".into()]), Position::To);
        assert_eq!(message.position(&["b@example.org".into()]), Position::Cc);
        message.headers.delivered_to = vec!["B@example.org".into()];
        assert_eq!(message.position(&[]), Position::Cc);
        assert_eq!(message.position(&["c@example.org".into()]), Position::Cc);
    }

    #[test]
    fn an_address_without_at_has_no_domain() {
        assert_eq!(address("root").domain(), "");
        assert_eq!(address("root").local(), "root");
        assert_eq!(address("A@B@C.example").domain(), "c.example");
    }
}
