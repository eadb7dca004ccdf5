//! Whether a condition holds, in three values (Kleene 1952, section 64): yes, no, and open where the answer depends on
//! something that is not known. A group is decided as soon as its known members decide it.

use super::condition::{
    AddressField, AddressPart, AuthMethod, Condition, Group, Mode, Standing, TextField,
};
use super::facts::{Attachments, Folded, Headers, Part, State, Subject};
use super::text::{TextTest, fold, glob};
use crate::{Address, Attachment, Position, UnixSeconds};
use serde::{Deserialize, Serialize};

/// The answer to a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "RuleAnswer"))]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// It cannot be told without a part of the message that is not loaded.
    Open,
}

impl From<bool> for Answer {
    fn from(yes: bool) -> Answer {
        if yes { Answer::Yes } else { Answer::No }
    }
}

impl Answer {
    fn not(self) -> Answer {
        match self {
            Answer::Yes => Answer::No,
            Answer::No => Answer::Yes,
            Answer::Open => Answer::Open,
        }
    }

    /// Yes if one is yes.
    fn any(answers: impl IntoIterator<Item = Answer>) -> Answer {
        let mut out = Answer::No;
        for answer in answers {
            match answer {
                Answer::Yes => return Answer::Yes,
                Answer::Open => out = Answer::Open,
                Answer::No => {}
            }
        }
        out
    }
}

/// What is taken as known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// All that is loaded.
    Loaded,
    /// That without what rules can change.
    BeforeRules,
    /// Only what stays as it is for as long as the message exists.
    Lasting,
}

/// A message as a condition sees it.
pub(super) struct View<'v> {
    pub(super) subject: &'v Subject<'v>,
    pub(super) state: &'v State<'v>,
    pub(super) folded: &'v Folded,
    pub(super) now: UnixSeconds,
    pub(super) known: Known,
}

impl View<'_> {
    pub(super) fn group(&self, group: &Group) -> Answer {
        if group.of.is_empty() {
            return Answer::No;
        }
        let answers = group.of.iter().map(|condition| self.holds(condition));
        match group.mode {
            Mode::All => Answer::any(answers.map(Answer::not)).not(),
            Mode::Any => Answer::any(answers),
            Mode::None => Answer::any(answers).not(),
        }
    }

    /// Whether a folded condition holds.
    pub(super) fn holds(&self, condition: &Condition) -> Answer {
        let subject = self.subject;
        let state = self.state;
        match condition {
            Condition::Group(group) => self.group(group),
            Condition::Label { is } => self.effect(part(state.label, |label| label == *is)),
            Condition::Unsure { is } => self.effect(part(state.unsure, |unsure| unsure == *is)),
            Condition::Seen { is } => self.effect((state.seen == *is).into()),
            Condition::Flagged { is } => self.effect((state.flagged == *is).into()),
            Condition::Keyword { is } => self.effect(state.has_keyword(is).into()),
            Condition::Folder { test } => self.effect(test.fits(&fold(state.folder().0)).into()),
            Condition::FolderRole { is } => self.effect((state.folder().1 == *is).into()),
            Condition::Probability { of, bound } => {
                self.passing(part(subject.probabilities, |p| bound.holds(p.of(*of))))
            }
            Condition::VoiceSays { voice, label } => self.passing(part(subject.voices, |shares| {
                shares.iter().any(|s| s.voice == *voice && s.probabilities.argmax() == *label)
            })),
            Condition::VoiceDoubts { voice, below } => {
                self.passing(part(subject.voices, |shares| {
                    shares.iter().any(|s| {
                        s.voice == *voice && s.probabilities.of(s.probabilities.argmax()) < *below
                    })
                }))
            }
            Condition::Age { seconds } => self.passing(seconds.holds(subject.age(self.now)).into()),
            Condition::Answered { is } => {
                self.passing(((subject.answered || subject.flags.answered) == *is).into())
            }
            Condition::Address { field, part, test } => self.address(*field, *part, test),
            Condition::Text { field, test } => self.text(*field, test),
            Condition::Header { name } => match subject.headers {
                Headers::Whole(h) => h.names.iter().any(|n| fold(n) == *name).into(),
                Headers::Row { .. } => Answer::Open,
            },
            Condition::Language { is } => {
                part(subject.language, |language| language.is_some_and(|l| fold(l) == *is))
            }
            Condition::Attachment { mime, ending, size } => self.attachments(|list| {
                list.iter().filter(|a| !a.inline).any(|a| {
                    mime.as_deref().is_none_or(|m| glob(m, &fold(&a.mime)))
                        && ending.as_deref().is_none_or(|e| fold(&a.name).ends_with(e))
                        && size.is_none_or(|s| s.holds(a.size))
                })
            }),
            Condition::AttachmentCount { bound } => self
                .attachments(|list| bound.holds(list.iter().filter(|a| !a.inline).count() as u64)),
            Condition::AttachmentSize { bytes } => self.attachments(|list| {
                let sizes = list.iter().filter(|a| !a.inline).map(|a| a.size);
                bytes.holds(sizes.fold(0, u64::saturating_add))
            }),
            Condition::Size { bytes } => bytes.holds(subject.size).into(),
            Condition::Account { is } => (!is.is_empty() && fold(subject.account) == *is).into(),
            Condition::Reader { is } => part(subject.position, |position| match is {
                Standing::To => matches!(position, Position::To | Position::OnlyTo),
                Standing::OnlyTo => position == Position::OnlyTo,
                Standing::Cc => position == Position::Cc,
                Standing::Absent => position == Position::Absent,
            }),
            Condition::Authentication { method, is } => match subject.headers {
                Headers::Whole(h) => {
                    let said = match method {
                        AuthMethod::Spf => h.authentication.spf,
                        AuthMethod::Dkim => h.authentication.dkim,
                        AuthMethod::Dmarc => h.authentication.dmarc,
                    };
                    (said == *is).into()
                }
                Headers::Row { .. } => Answer::Open,
            },
        }
    }

    /// Of something that a rule can change.
    fn effect(&self, answer: Answer) -> Answer {
        if self.known == Known::Loaded { answer } else { Answer::Open }
    }

    /// Of something that time, the voices or the reader can change, but no rule.
    fn passing(&self, answer: Answer) -> Answer {
        if self.known == Known::Lasting { Answer::Open } else { answer }
    }

    fn attachments(&self, test: impl FnOnce(&[Attachment]) -> bool) -> Answer {
        match self.subject.attachments {
            Attachments::Listed(list) => test(list).into(),
            Attachments::Absent => test(&[]).into(),
            Attachments::NotLoaded => Answer::Open,
        }
    }

    fn address(&self, field: AddressField, part: AddressPart, test: &TextTest) -> Answer {
        if field == AddressField::From {
            let from = self.subject.from();
            return from.is_some_and(|(name, address)| fits(name, address, part, test)).into();
        }
        let Headers::Whole(h) = self.subject.headers else { return Answer::Open };
        let fits = |a: &Address| fits(&a.name, &a.address, part, test);
        match field {
            AddressField::From => h.from.iter().any(fits),
            AddressField::Sender => h.sender.iter().any(fits),
            AddressField::ReplyTo => h.reply_to.iter().any(fits),
            AddressField::To => h.to.iter().any(fits),
            AddressField::Cc => h.cc.iter().any(fits),
            AddressField::Recipient => h.to.iter().chain(&h.cc).any(fits),
        }
        .into()
    }

    fn text(&self, field: TextField, test: &TextTest) -> Answer {
        let fits = |text: &str| test.fits(&fold(text));
        match (field, self.subject.headers) {
            (TextField::Subject, _) => test.fits(self.folded.subject(self.subject)).into(),
            (TextField::Body, _) => {
                part(self.subject.text, |text| test.fits(self.folded.text(text)))
            }
            (TextField::ListId, Headers::Row { list_id, .. }) => list_id.is_some_and(fits).into(),
            (_, Headers::Row { .. }) => Answer::Open,
            (TextField::ListId, Headers::Whole(h)) => h.list_id.as_deref().is_some_and(fits).into(),
            (TextField::Precedence, Headers::Whole(h)) => {
                h.precedence.as_deref().is_some_and(fits).into()
            }
            (TextField::AutoSubmitted, Headers::Whole(h)) => {
                h.auto_submitted.as_deref().is_some_and(fits).into()
            }
            (TextField::Mailer, Headers::Whole(h)) => h.mailer.as_deref().is_some_and(fits).into(),
            (TextField::DeliveredTo, Headers::Whole(h)) => {
                h.delivered_to.iter().any(|address| fits(address)).into()
            }
        }
    }
}

fn part<T>(part: Part<T>, holds: impl FnOnce(T) -> bool) -> Answer {
    match part {
        Part::Loaded(value) => holds(value).into(),
        Part::NotLoaded => Answer::Open,
    }
}

fn fits(name: &str, address: &str, part: AddressPart, test: &TextTest) -> bool {
    // As `Address::local` and `Address::domain` cut it.
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    match part {
        AddressPart::Name => test.fits(&fold(name)),
        AddressPart::Address => test.fits(&fold(address)),
        AddressPart::Local => test.fits(&fold(local)),
        AddressPart::Domain => test.fits_domain(&fold(domain)),
    }
}
