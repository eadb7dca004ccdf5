//! What a rule can ask about a message.
//!
//! Conditions are data; the module `holds` tells whether one holds, and how they are worded for a user is the
//! interface's business. The `Display` here is English, for traces and reports.

use super::text::{TextTest, fold, fold_lines};
use crate::{AuthResult, FolderRole, Label, Voice};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A bound from below, above or both, both inclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleSpan"))]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// Not less than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub at_least: Option<u64>,
    /// Not more than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub at_most: Option<u64>,
}

impl Span {
    /// Whether the number lies within.
    pub fn holds(&self, number: u64) -> bool {
        self.at_least.is_none_or(|low| number >= low)
            && self.at_most.is_none_or(|high| number <= high)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.at_least, self.at_most) {
            (Some(low), Some(high)) if low == high => write!(f, "is {low}"),
            (Some(low), Some(high)) => write!(f, "is from {low} to {high}"),
            (Some(low), None) => write!(f, "is at least {low}"),
            (None, Some(high)) => write!(f, "is at most {high}"),
            (None, None) => f.write_str("is anything"),
        }
    }
}

/// A bound on a probability, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleBound"))]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Not less than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub at_least: Option<f32>,
    /// Less than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub below: Option<f32>,
}

impl Share {
    /// Whether the probability lies within.
    pub fn holds(&self, probability: f32) -> bool {
        self.at_least.is_none_or(|low| probability >= low)
            && self.below.is_none_or(|high| probability < high)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.at_least, self.below) {
            (Some(low), Some(high)) => write!(f, "is at least {low} and below {high}"),
            (Some(low), None) => write!(f, "is at least {low}"),
            (None, Some(high)) => write!(f, "is below {high}"),
            (None, None) => f.write_str("is anything"),
        }
    }
}

/// Which addresses a condition looks at. It holds if it holds for one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleAddressField"))]
#[serde(rename_all = "kebab-case")]
pub enum AddressField {
    /// First of `From`.
    From,
    /// `Sender`, where it differs from `From`.
    Sender,
    /// `Reply-To`
    ReplyTo,
    /// `To`
    To,
    /// `Cc`
    Cc,
    /// `To` and `Cc`.
    Recipient,
}

/// Which part of an address a condition looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleAddressPart"))]
#[serde(rename_all = "kebab-case")]
pub enum AddressPart {
    /// The display name.
    Name,
    /// `local@domain`
    Address,
    /// Before the last `@`.
    Local,
    /// After the last `@`.
    Domain,
}

/// Which text a condition looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleTextField"))]
#[serde(rename_all = "kebab-case")]
pub enum TextField {
    /// `Subject`
    Subject,
    /// `List-Id` (RFC 2919) without brackets.
    ListId,
    /// The text that a reader sees, quoted replies included; a line's end counts as a blank.
    Body,
    /// `Precedence`
    Precedence,
    /// `Auto-Submitted` (RFC 3834) other than `no`.
    AutoSubmitted,
    /// `X-Mailer` or `User-Agent`.
    Mailer,
    /// `Delivered-To`, `X-Original-To`, `Envelope-To`.
    DeliveredTo,
}

/// Where the reader stands among the recipients. While the reader's addresses are not known, nothing holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleStanding"))]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// In To, alone or among others.
    To,
    /// The only recipient.
    OnlyTo,
    /// In Cc.
    Cc,
    /// In neither: blind copy or list.
    Absent,
}

/// A check that the receiving server has made (RFC 8601).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleAuthMethod"))]
#[serde(rename_all = "kebab-case")]
pub enum AuthMethod {
    /// RFC 7208
    Spf,
    /// RFC 6376
    Dkim,
    /// RFC 7489
    Dmarc,
}

/// How the conditions of a group go together. An empty group never holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleMode"))]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Each of them holds.
    #[default]
    All,
    /// At least one holds.
    Any,
    /// None holds.
    None,
}

/// Conditions that go together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleGroup"))]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// How they go together.
    pub mode: Mode,
    /// The conditions.
    pub of: Vec<Condition>,
}

impl Group {
    /// A group in which all must hold.
    pub fn all(of: Vec<Condition>) -> Group {
        Group { mode: Mode::All, of }
    }

    /// A group of which one must hold.
    pub fn any(of: Vec<Condition>) -> Group {
        Group { mode: Mode::Any, of }
    }

    /// A group of which none may hold.
    pub fn none(of: Vec<Condition>) -> Group {
        Group { mode: Mode::None, of }
    }

    pub(super) fn folded(&self) -> Group {
        Group { mode: self.mode, of: self.of.iter().map(Condition::folded).collect() }
    }
}

/// One condition. Label, unsure, folder, seen, flagged and keyword are as the earlier rules have left them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleCondition"))]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Condition {
    /// Conditions that go together.
    Group(Group),
    /// The label.
    Label {
        /// Is this one.
        is: Label,
    },
    /// What the voices together give a label. No rule changes it.
    Probability {
        /// The label.
        of: Label,
        /// The bound.
        bound: Share,
    },
    /// No label was probable enough, and no rule has set one.
    Unsure {
        /// Whether it is so.
        is: bool,
    },
    /// What a voice alone holds for most probable. Does not hold for a voice that was not heard.
    VoiceSays {
        /// Evidence, encoder, model or memory.
        voice: Voice,
        /// Its most probable label.
        label: Label,
    },
    /// A voice gives its most probable label less than this. Does not hold for a voice that was not heard.
    VoiceDoubts {
        /// Evidence, encoder, model or memory.
        voice: Voice,
        /// The bound, 0 to 1.
        below: f32,
    },
    /// An address.
    Address {
        /// Whose.
        field: AddressField,
        /// Which part.
        part: AddressPart,
        /// How it compares.
        test: TextTest,
    },
    /// A header or the text.
    Text {
        /// Which.
        field: TextField,
        /// How it compares.
        test: TextTest,
    },
    /// A header is there, whatever it says.
    Header {
        /// Its name.
        name: String,
    },
    /// The language of the text. Does not hold where it could not be told.
    Language {
        /// ISO 639-1 code.
        is: String,
    },
    /// There is an attachment of which all that is given holds. What is shown within the text does not count.
    Attachment {
        /// A glob for its `type/subtype`: `application/pdf`, `image/*`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        mime: Option<String>,
        /// How its name ends: `.pdf`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        ending: Option<String>,
        /// Its decoded size in bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "ts", ts(optional))]
        size: Option<Span>,
    },
    /// How many attachments there are.
    AttachmentCount {
        /// The bound.
        bound: Span,
    },
    /// The decoded size of all attachments together.
    AttachmentSize {
        /// In bytes.
        bytes: Span,
    },
    /// Size of the message as received.
    Size {
        /// In bytes.
        bytes: Span,
    },
    /// How long ago the message was received; 0 for one from the future.
    Age {
        /// In seconds.
        seconds: Span,
    },
    /// The account, by its address, which means the same on another machine.
    Account {
        /// The address.
        is: String,
    },
    /// The folder's name, as shown.
    Folder {
        /// How it compares.
        test: TextTest,
    },
    /// What the folder is for.
    FolderRole {
        /// Is this.
        is: FolderRole,
    },
    /// The reader has written in the conversation after this message, or it carries `\Answered`.
    Answered {
        /// Whether it is so.
        is: bool,
    },
    /// Where the reader stands among the recipients.
    Reader {
        /// Is this.
        is: Standing,
    },
    /// What SPF, DKIM or DMARC said.
    Authentication {
        /// Which.
        method: AuthMethod,
        /// Said this.
        is: AuthResult,
    },
    /// `\Seen`
    Seen {
        /// Whether it is set.
        is: bool,
    },
    /// `\Flagged`
    Flagged {
        /// Whether it is set.
        is: bool,
    },
    /// A keyword is set.
    Keyword {
        /// The keyword; ASCII case does not matter.
        is: String,
    },
}

impl Condition {
    /// The same condition with all that was typed folded, ready to compare.
    pub(super) fn folded(&self) -> Condition {
        let mut out = self.clone();
        match &mut out {
            Condition::Group(group) => *group = group.folded(),
            Condition::Text { field: TextField::Body, test } => {
                // Blanks at the ends of a glob count, and stars take care of them.
                *test = match test {
                    TextTest::Glob(_) => test.map(|v| fold_blanks(&fold(v))),
                    _ => test.map(fold_lines),
                };
            }
            Condition::Address { test, .. }
            | Condition::Text { test, .. }
            | Condition::Folder { test } => *test = test.map(fold),
            Condition::Header { name: text }
            | Condition::Language { is: text }
            | Condition::Account { is: text }
            | Condition::Keyword { is: text } => *text = fold(text),
            Condition::Attachment { mime, ending, .. } => {
                *mime = mime.as_deref().map(fold);
                *ending = ending.as_deref().map(fold);
            }
            Condition::Label { .. }
            | Condition::Probability { .. }
            | Condition::Unsure { .. }
            | Condition::VoiceSays { .. }
            | Condition::VoiceDoubts { .. }
            | Condition::AttachmentCount { .. }
            | Condition::AttachmentSize { .. }
            | Condition::Size { .. }
            | Condition::Age { .. }
            | Condition::FolderRole { .. }
            | Condition::Answered { .. }
            | Condition::Reader { .. }
            | Condition::Authentication { .. }
            | Condition::Seen { .. }
            | Condition::Flagged { .. } => {}
        }
        out
    }
}

/// Each run of white space as one blank.
fn fold_blanks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if !c.is_whitespace() {
            out.push(c);
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out
}

impl fmt::Display for AddressField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AddressField::From => "From",
            AddressField::Sender => "Sender",
            AddressField::ReplyTo => "Reply-To",
            AddressField::To => "To",
            AddressField::Cc => "Cc",
            AddressField::Recipient => "a recipient",
        })
    }
}

impl fmt::Display for AddressPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AddressPart::Name => "name",
            AddressPart::Address => "address",
            AddressPart::Local => "local part",
            AddressPart::Domain => "domain",
        })
    }
}

impl fmt::Display for TextField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TextField::Subject => "subject",
            TextField::ListId => "List-Id",
            TextField::Body => "text",
            TextField::Precedence => "Precedence",
            TextField::AutoSubmitted => "Auto-Submitted",
            TextField::Mailer => "mail program",
            TextField::DeliveredTo => "address of delivery",
        })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not = |is: &bool| if *is { "" } else { "not " };
        match self {
            Condition::Group(group) => {
                let many = group.of.len();
                match group.mode {
                    Mode::All => write!(f, "all of {many} conditions hold"),
                    Mode::Any => write!(f, "one of {many} conditions holds"),
                    Mode::None => write!(f, "none of {many} conditions holds"),
                }
            }
            Condition::Label { is } => write!(f, "label is {is}"),
            Condition::Probability { of, bound } => write!(f, "probability of {of} {bound}"),
            Condition::Unsure { is } => write!(f, "label is {}unsure", not(is)),
            Condition::VoiceSays { voice, label } => {
                write!(f, "the voice {} says {label}", voice.as_str())
            }
            Condition::VoiceDoubts { voice, below } => {
                write!(f, "the voice {} is less sure than {below}", voice.as_str())
            }
            Condition::Address { field, part, test } => write!(f, "{part} of {field} {test}"),
            Condition::Text { field, test } => write!(f, "{field} {test}"),
            Condition::Header { name } => write!(f, "header “{name}” is there"),
            Condition::Language { is } => write!(f, "language is “{is}”"),
            Condition::Attachment { mime, ending, size } => {
                f.write_str("there is an attachment")?;
                if let Some(mime) = mime {
                    write!(f, " of type “{mime}”")?;
                }
                if let Some(ending) = ending {
                    write!(f, " whose name ends with “{ending}”")?;
                }
                size.map_or(Ok(()), |size| write!(f, " whose size in bytes {size}"))
            }
            Condition::AttachmentCount { bound } => write!(f, "number of attachments {bound}"),
            Condition::AttachmentSize { bytes } => {
                write!(f, "size of all attachments in bytes {bytes}")
            }
            Condition::Size { bytes } => write!(f, "size in bytes {bytes}"),
            Condition::Age { seconds } => write!(f, "age in seconds {seconds}"),
            Condition::Account { is } => write!(f, "account is “{is}”"),
            Condition::Folder { test } => write!(f, "folder {test}"),
            Condition::FolderRole { is } => write!(f, "folder is for {}", is.as_str()),
            Condition::Answered { is } => write!(f, "message is {}answered", not(is)),
            Condition::Reader { is } => f.write_str(match is {
                Standing::To => "you are in To",
                Standing::OnlyTo => "you are the only recipient",
                Standing::Cc => "you are in Cc",
                Standing::Absent => "you are not among the recipients",
            }),
            Condition::Authentication { method, is } => {
                let method = match method {
                    AuthMethod::Spf => "SPF",
                    AuthMethod::Dkim => "DKIM",
                    AuthMethod::Dmarc => "DMARC",
                };
                let said = match is {
                    AuthResult::Unknown => "was not reported",
                    AuthResult::Pass => "passed",
                    AuthResult::Fail => "failed",
                    AuthResult::Neutral => "was neutral",
                };
                write!(f, "{method} {said}")
            }
            Condition::Seen { is } => write!(f, "message is {}read", not(is)),
            Condition::Flagged { is } => write!(f, "message is {}flagged", not(is)),
            Condition::Keyword { is } => write!(f, "keyword “{is}” is set"),
        }
    }
}
