//! What a person wants to know of a message, each with the words it was read from.
//!
//! Plain data: found by `triage::extract`, carried to interfaces as it is. Nothing here is a judgement about the
//! message as a whole; that is the verdict's business.

use crate::UnixSeconds;
use serde::{Deserialize, Serialize};

/// Which of the two texts a span lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum TextSource {
    /// The decoded subject.
    Subject,
    /// The text that was handed in, as a rule the message's new text.
    Text,
}

/// A range of bytes, on character boundaries, `start < end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Span {
    /// Which text.
    pub source: TextSource,
    /// Its first byte.
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
}

/// Words of the message, verbatim, and where they stand.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Quote {
    /// Where.
    pub span: Span,
    /// The bytes of that span.
    pub words: String,
}

/// A day of the Gregorian calendar, as the writer means it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CivilDate {
    /// Of the common era.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

/// A time of day, as the writer means it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CivilTime {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

/// How exactly the words say when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Exactness {
    /// To the minute or hour.
    Time,
    /// To the day.
    Day,
    /// To the week; the date is its Friday, or its Sunday when Friday is over.
    Week,
    /// To the month; the date is its last day.
    Month,
}

/// A date or time that is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DateCandidate {
    /// The words that say when, without "by" or "until".
    pub quote: Quote,
    /// The day.
    pub date: CivilDate,
    /// The time, if one is named.
    pub time: Option<CivilTime>,
    /// How exactly.
    pub exactness: Exactness,
    /// Something is to be done by then: "by", "until", "due" and their like stand beside it.
    pub deadline: bool,
    /// The words can be read in another way that is about as sensible ("03/04", "next Friday", "at 5").
    pub ambiguous: bool,
    /// The instant in UTC: of the time that is named, otherwise the last second of the day at the reader's offset.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub at: UnixSeconds,
}

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AmountCandidate {
    /// Number and currency.
    pub quote: Quote,
    /// In the currency's minor unit (ISO 4217: cents, or whole yen); hundredths where there is no currency.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub minor: i64,
    /// ISO 4217, upper-case; `None` when no currency is named.
    pub currency: Option<String>,
    /// The sign stands for several currencies (`$`, `¥`, `Rs`), and the most frequent one was taken.
    pub assumed: bool,
}

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum CodeKind {
    /// To sign in or confirm with, once.
    OneTime,
    /// An order.
    Order,
    /// An invoice or bill.
    Invoice,
    /// A parcel.
    Tracking,
    /// A booking or reservation.
    Booking,
    /// A ticket, case or other reference.
    Reference,
}

/// A code or number that the reader may have to quote or type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CodeCandidate {
    /// The code alone.
    pub quote: Quote,
    /// The code without blanks.
    pub code: String,
    /// What it is for, by the words beside it.
    pub kind: CodeKind,
}

/// A sentence that asks the reader to do something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RequestCandidate {
    /// The sentence.
    pub quote: Quote,
    /// How plainly it asks: from 1.5 (may be a question only) to about 7. Comparable within a message only.
    pub score: f32,
    /// Who is asked by name, if the sentence says so ("Ben, could you …").
    pub whom: Option<Quote>,
    /// Index into [`Extraction::dates`] of the date that goes with it: in its sentence, or a deadline close by.
    pub date: Option<u32>,
    /// Index into [`Extraction::amounts`] of the amount nearest by sentence.
    pub amount: Option<u32>,
}

/// Everything that was found in one message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Extraction {
    /// When the message was sent, from where its dates are seen.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub sent: UnixSeconds,
    /// Best first.
    pub requests: Vec<RequestCandidate>,
    /// In the order of subject, then text.
    pub dates: Vec<DateCandidate>,
    /// In the order of subject, then text.
    pub amounts: Vec<AmountCandidate>,
    /// In the order of subject, then text.
    pub codes: Vec<CodeCandidate>,
}

/// The code's own proposal for a task. Each field carries its words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TaskDraft {
    /// What is asked.
    pub what: Quote,
    /// Who is asked by name; `None` stands for the reader.
    pub for_whom: Option<Quote>,
    /// When it is due.
    pub due: Option<DateCandidate>,
    /// What it costs.
    pub amount: Option<AmountCandidate>,
}
