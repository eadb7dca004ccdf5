//! What a rule looks at: a borrowed view of one message, as much of it as has been loaded.
//!
//! A preview over many messages first fills in what lies in a message's row, and loads the rest only of messages where
//! the answer depends on it ([`super::NotLoaded`]). "Not loaded" is never "empty".

use super::text::{fold, fold_lines};
use super::{Action, Place};
use crate::{
    Address, Attachment, FlagSet, FolderRole, HeaderFacts, Label, MessageContent, Position,
    Probabilities, UnixSeconds, Verdict, VoiceShare,
};
use std::cell::OnceCell;

/// A part of a message that may not have been loaded yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<T> {
    /// It is there, in the store.
    NotLoaded,
    /// Here it is; it may be empty.
    Loaded(T),
}

/// The headers, all of them or those of a message's row.
#[derive(Clone, Copy, Debug)]
pub enum Headers<'a> {
    /// All.
    Whole(&'a HeaderFacts),
    /// Those that the lists show.
    Row {
        /// Display name of `From`.
        from_name: &'a str,
        /// Address of `From`; empty if there is none.
        from_address: &'a str,
        /// `Subject`
        subject: &'a str,
        /// `List-Id`
        list_id: Option<&'a str>,
    },
}

/// The attachments, listed or only counted.
#[derive(Clone, Copy, Debug)]
pub enum Attachments<'a> {
    /// All, in order, with those that are shown within the text.
    Listed(&'a [Attachment]),
    /// There is none but what is shown within the text.
    Absent,
    /// There is at least one, or it is not known.
    NotLoaded,
}

/// A folder of the message's account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Folder<'a> {
    /// Its name, as shown.
    pub name: &'a str,
    /// What it is for.
    pub role: FolderRole,
}

/// One message, as the voices and the server left it: without the effects of any rule.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The headers.
    pub headers: Headers<'a>,
    /// The text that a reader sees.
    pub text: Part<&'a str>,
    /// ISO 639-1 code of the text's language; `Loaded(None)` where it could not be told.
    pub language: Part<Option<&'a str>>,
    /// The attachments.
    pub attachments: Attachments<'a>,
    /// Size as received, in bytes.
    pub size: u64,
    /// When it was received.
    pub received: UnixSeconds,
    /// The account's address; empty for the local archive.
    pub account: &'a str,
    /// The folder in which the message lies.
    pub folder: Folder<'a>,
    /// All folders of the account, so that what a folder is for is known after a move.
    pub folders: &'a [Folder<'a>],
    /// Flags and keywords.
    pub flags: &'a FlagSet,
    /// The label that the voices gave.
    pub label: Part<Label>,
    /// No label was probable enough for the voices.
    pub unsure: Part<bool>,
    /// What the voices together give each label.
    pub probabilities: Part<Probabilities>,
    /// What each voice said.
    pub voices: Part<&'a [VoiceShare]>,
    /// The reader has written in the conversation after this message. `\Answered` counts as well.
    pub answered: bool,
    /// Where the reader stands among the recipients.
    pub position: Part<Position>,
}

impl<'a> Subject<'a> {
    /// A message of which all is loaded; account, folders and `answered` are to be filled in where they are known.
    /// `verdict` is the voices' own, before any rule. `own` holds the reader's addresses, lower-cased.
    pub fn of(
        content: &'a MessageContent,
        verdict: &'a Verdict,
        flags: &'a FlagSet,
        own: &[String],
        received: UnixSeconds,
    ) -> Subject<'a> {
        Subject {
            headers: Headers::Whole(&content.headers),
            text: Part::Loaded(&content.text),
            language: Part::Loaded(content.language.as_deref()),
            attachments: Attachments::Listed(&content.attachments),
            size: content.size,
            received,
            account: "",
            folder: Folder::default(),
            folders: &[],
            flags,
            label: Part::Loaded(verdict.label),
            unsure: Part::Loaded(verdict.unsure),
            probabilities: Part::Loaded(verdict.probabilities),
            voices: Part::Loaded(&verdict.voices),
            answered: false,
            position: Part::Loaded(content.position(own)),
        }
    }

    /// Seconds since receipt, 0 for a message from the future.
    pub(super) fn age(&self, now: UnixSeconds) -> u64 {
        u64::try_from(now.saturating_sub(self.received)).unwrap_or(0)
    }

    /// Name and address of `From`; `None` if there is none.
    pub(super) fn from(&self) -> Option<(&'a str, &'a str)> {
        match self.headers {
            Headers::Whole(h) => {
                h.from.as_ref().map(|a: &Address| (a.name.as_str(), a.address.as_str()))
            }
            Headers::Row { from_name, from_address, .. } => (!from_name.is_empty()
                || !from_address.is_empty())
            .then_some((from_name, from_address)),
        }
    }

    pub(super) fn subject(&self) -> &'a str {
        match self.headers {
            Headers::Whole(h) => &h.subject,
            Headers::Row { subject, .. } => subject,
        }
    }
}

/// What the rules so far have made of the message.
#[derive(Clone, Debug)]
pub(super) struct State<'a> {
    pub(super) label: Part<Label>,
    pub(super) unsure: Part<bool>,
    pub(super) seen: bool,
    pub(super) flagged: bool,
    /// Keywords that rules have set, beside those of the message.
    pub(super) keywords: Vec<String>,
    pub(super) place: Option<Place>,
    subject: &'a Subject<'a>,
}

impl<'a> State<'a> {
    pub(super) fn new(subject: &'a Subject<'a>) -> State<'a> {
        State {
            label: subject.label,
            unsure: subject.unsure,
            seen: subject.flags.seen,
            flagged: subject.flags.flagged,
            keywords: Vec::new(),
            place: None,
            subject,
        }
    }

    pub(super) fn apply(&mut self, action: &Action) {
        match action {
            Action::SetLabel { label } => {
                self.label = Part::Loaded(*label);
                self.unsure = Part::Loaded(false);
            }
            Action::AddKeyword { keyword } => self.keywords.push(keyword.clone()),
            Action::Flag {} => self.flagged = true,
            Action::MarkRead {} => self.seen = true,
            Action::Move { .. } | Action::Archive {} => self.place = action.place(),
            Action::Notify {} | Action::Stop {} => {}
        }
    }

    pub(super) fn has_keyword(&self, keyword: &str) -> bool {
        self.subject
            .flags
            .keywords
            .iter()
            .chain(&self.keywords)
            .any(|k| k.eq_ignore_ascii_case(keyword))
    }

    /// The folder in which the message lies now. The archive of an account that has none has no name.
    pub(super) fn folder(&self) -> (&str, FolderRole) {
        let folders = self.subject.folders;
        match &self.place {
            None => (self.subject.folder.name, self.subject.folder.role),
            Some(Place::Archive {}) => {
                let archive = folders.iter().find(|f| f.role == FolderRole::Archive);
                (archive.map_or("", |f| f.name), FolderRole::Archive)
            }
            Some(Place::Folder { name }) => {
                let known = folders.iter().chain([&self.subject.folder]).find(|f| f.name == name);
                (name, known.map_or(FolderRole::Other, |f| f.role))
            }
        }
    }
}

/// Long texts of one message, folded once and only if they are asked for.
#[derive(Default)]
pub(super) struct Folded {
    subject: OnceCell<String>,
    text: OnceCell<String>,
}

impl Folded {
    pub(super) fn subject(&self, subject: &Subject<'_>) -> &str {
        self.subject.get_or_init(|| fold(subject.subject()))
    }

    pub(super) fn text(&self, text: &str) -> &str {
        self.text.get_or_init(|| fold_lines(text))
    }
}
