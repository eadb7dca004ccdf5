//! Messages and rules for tests: one of each kind by hand, and as many as one likes from a seed.

use mailroom_domain::rules::*;
use mailroom_domain::{
    Address, Attachment, AuthResult, FlagSet, FolderRole, Label, MessageContent, Position,
    Probabilities, RuleId, UnixSeconds, Verdict, Voice, VoiceShare,
};

/// When all messages of these tests were received.
pub const RECEIVED: UnixSeconds = 1_700_000_000;

pub const FOLDERS: [Folder<'static>; 3] = [
    Folder { name: "INBOX", role: FolderRole::Inbox },
    Folder { name: "Alte Post", role: FolderRole::Archive },
    Folder { name: "Shop", role: FolderRole::Other },
];

/// A message with all that a rule can ask about.
#[derive(Clone, Debug)]
pub struct Message {
    pub content: MessageContent,
    pub verdict: Verdict,
    pub flags: FlagSet,
    pub folder: Folder<'static>,
    pub answered: bool,
    pub position: Position,
    pub received: UnixSeconds,
    pub account: &'static str,
}

impl Message {
    /// A message in the inbox about which nothing is remarkable.
    pub fn plain() -> Message {
        Message {
            content: MessageContent::default(),
            verdict: Verdict {
                label: Label::Notification,
                unsure: false,
                probabilities: weights([1.0, 1.0, 1.0, 7.0]),
                voices: vec![],
                why: vec![],
                prompt_hash: None,
                rule: None,
                ruled: None,
            },
            flags: FlagSet::default(),
            folder: FOLDERS[0],
            answered: false,
            position: Position::Unknown,
            received: RECEIVED,
            account: "ana@example.org",
        }
    }

    pub fn with(mut self, change: impl FnOnce(&mut Message)) -> Message {
        change(&mut self);
        self
    }

    /// All of it.
    pub fn subject(&self) -> Subject<'_> {
        Subject {
            account: self.account,
            folder: self.folder,
            folders: &FOLDERS,
            answered: self.answered,
            position: Part::Loaded(self.position),
            ..Subject::of(&self.content, &self.verdict, &self.flags, &[], self.received)
        }
    }

    /// A part of it: each bit takes something away.
    pub fn masked(&self, mask: usize) -> Subject<'_> {
        let mut subject = self.subject();
        let h = &self.content.headers;
        if mask & 1 != 0 {
            subject.headers = Headers::Row {
                from_name: h.from.as_ref().map_or("", |a| &a.name),
                from_address: h.from.as_ref().map_or("", |a| &a.address),
                subject: &h.subject,
                list_id: h.list_id.as_deref(),
            };
        }
        if mask & 2 != 0 {
            subject.text = Part::NotLoaded;
        }
        if mask & 4 != 0 {
            subject.language = Part::NotLoaded;
        }
        if mask & 8 != 0 {
            let some = self.content.attachments.iter().any(|a| !a.inline);
            subject.attachments = if some { Attachments::NotLoaded } else { Attachments::Absent };
        }
        if mask & 16 != 0 {
            (subject.label, subject.unsure) = (Part::NotLoaded, Part::NotLoaded);
        }
        if mask & 32 != 0 {
            (subject.probabilities, subject.voices) = (Part::NotLoaded, Part::NotLoaded);
        }
        if mask & 64 != 0 {
            subject.position = Part::NotLoaded;
        }
        subject
    }
}

pub fn weights(weights: [f32; 4]) -> Probabilities {
    Probabilities::from_weights(weights).expect("weights")
}

pub fn share(voice: Voice, probabilities: [f32; 4]) -> VoiceShare {
    let probabilities = weights(probabilities);
    VoiceShare { voice, probabilities, weight: 1.0, version: "1".into() }
}

pub fn address(name: &str, address: &str) -> Address {
    Address { name: name.into(), address: address.into() }
}

pub fn attachment(name: &str, mime: &str, size: u64) -> Attachment {
    Attachment { name: name.into(), mime: mime.into(), size, inline: false }
}

pub fn rule(id: i64, when: Group, then: Vec<Action>) -> Rule {
    Rule { id: RuleId(id), name: format!("Rule {id}"), enabled: true, when, then }
}

pub fn subject_contains(value: &str) -> Condition {
    Condition::Text { field: TextField::Subject, test: TextTest::Contains(value.into()) }
}

pub fn set(label: Label) -> Action {
    Action::SetLabel { label }
}

pub fn rules(list: Vec<Rule>) -> Rules {
    Rules::new(list).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Knuth's linear congruential generator: the same numbers for the same seed, on every machine.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    pub fn chance(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    fn word(&mut self) -> String {
        self.pick(&["invoice", "Rechnung", "MÜLLER", "müll", "a", "Ω", "50%", "in*ice"]).to_owned()
    }

    fn words(&mut self) -> String {
        let count = self.below(4);
        (0..count).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }

    fn mailbox(&mut self) -> Address {
        let local = self.pick(&["ana", "Bo", "no-reply"]);
        let domain = self.pick(&["shop.example", "mail.Shop.example", "example.org"]);
        let name = self.pick(&["", "Ana", "Shop"]);
        address(name, &format!("{local}@{domain}"))
    }

    fn mailboxes(&mut self) -> Vec<Address> {
        let count = self.below(3);
        (0..count).map(|_| self.mailbox()).collect()
    }

    fn label(&mut self) -> Label {
        self.pick(&Label::ALL)
    }

    fn voice(&mut self) -> Voice {
        self.pick(&[Voice::Evidence, Voice::Encoder, Voice::Model, Voice::Memory])
    }

    fn weights(&mut self) -> [f32; 4] {
        [0; 4].map(|_| 1.0 + self.below(8) as f32)
    }

    fn auth(&mut self) -> AuthResult {
        self.pick(&[AuthResult::Unknown, AuthResult::Pass, AuthResult::Fail, AuthResult::Neutral])
    }

    fn keyword(&mut self) -> String {
        self.pick(&["$work", "Later", "later"]).to_owned()
    }

    fn folder(&mut self) -> String {
        self.pick(&["INBOX", "Alte Post", "Shop", "New ${x} \"one\""]).to_owned()
    }

    pub fn message(&mut self) -> Message {
        let mut m = Message::plain();
        let h = &mut m.content.headers;
        h.subject = self.words();
        h.from = (!self.chance(5)).then(|| self.mailbox());
        h.sender = self.chance(4).then(|| self.mailbox());
        (h.reply_to, h.to, h.cc) = (self.mailboxes(), self.mailboxes(), self.mailboxes());
        h.list_id = self.chance(3).then(|| self.pick(&["lang.example", "shop.example"]).to_owned());
        h.precedence = self.chance(4).then(|| "bulk".to_owned());
        h.auto_submitted = self.chance(4).then(|| "auto-replied".to_owned());
        h.mailer = self.chance(4).then(|| "Shop Mailer 1.0".to_owned());
        h.delivered_to = if self.chance(3) { vec!["ana@example.org".into()] } else { vec![] };
        h.names = if self.chance(2) { vec!["x-shop".into()] } else { vec![] };
        (h.authentication.spf, h.authentication.dkim) = (self.auth(), self.auth());
        h.authentication.dmarc = self.auth();
        m.content.text = self.words().replace(' ', "\n ");
        m.content.language = self.pick(&[None, Some("en"), Some("de")]).map(str::to_owned);
        for _ in 0..self.below(3) {
            let mut one = attachment(
                self.pick(&["a.PDF", "photo.jpg", ""]),
                self.pick(&["application/pdf", "image/jpeg"]),
                self.below(300) as u64,
            );
            one.inline = self.chance(3);
            m.content.attachments.push(one);
        }
        m.content.size = self.below(3000) as u64;
        m.verdict.probabilities = weights(self.weights());
        m.verdict.label = self.label();
        m.verdict.unsure = self.chance(3);
        for _ in 0..self.below(4) {
            let (voice, given) = (self.voice(), self.weights());
            m.verdict.voices.push(share(voice, given));
        }
        m.flags = self.flags();
        m.folder = self.pick(&FOLDERS);
        m.answered = self.chance(3);
        m.position = self.pick(&[
            Position::Unknown,
            Position::OnlyTo,
            Position::To,
            Position::Cc,
            Position::Absent,
        ]);
        m.received = RECEIVED + self.below(40) as i64;
        m.account = self.pick(&["ana@example.org", "bo@example.org", ""]);
        m
    }

    pub fn flags(&mut self) -> FlagSet {
        FlagSet {
            seen: self.chance(2),
            flagged: self.chance(2),
            answered: self.chance(3),
            keywords: if self.chance(2) { vec![self.keyword()] } else { vec![] },
            ..FlagSet::default()
        }
    }

    fn span(&mut self, most: usize) -> Span {
        let (low, high) = (self.below(most) as u64, self.below(most) as u64);
        match self.below(3) {
            0 => Span { at_least: Some(low), at_most: None },
            1 => Span { at_least: None, at_most: Some(high) },
            _ => Span { at_least: Some(low.min(high)), at_most: Some(low.max(high)) },
        }
    }

    fn test(&mut self, value: String) -> TextTest {
        match self.below(6) {
            0 => TextTest::Is(value),
            1 => TextTest::Contains(value),
            2 => TextTest::Starts(value),
            3 => TextTest::Ends(value),
            4 => TextTest::Glob(match self.below(4) {
                0 => format!("*{value}*"),
                1 => format!("{value}?*"),
                2 => format!("*{value}*{value}"),
                _ => format!("?*{}", value.to_uppercase()),
            }),
            _ => TextTest::Present,
        }
    }

    fn text_test(&mut self) -> TextTest {
        let value = self.word();
        self.test(value)
    }

    /// One of the conditions that a Sieve script may be able to say.
    pub fn sayable(&mut self) -> Condition {
        match self.below(9) {
            0..3 => {
                let part =
                    self.pick(&[AddressPart::Address, AddressPart::Local, AddressPart::Domain]);
                let mailbox = self.mailbox();
                let value = match part {
                    AddressPart::Domain => mailbox.domain(),
                    AddressPart::Local => mailbox.local(),
                    _ => mailbox.address,
                };
                let field = self.pick(&[
                    AddressField::From,
                    AddressField::ReplyTo,
                    AddressField::To,
                    AddressField::Cc,
                    AddressField::Recipient,
                ]);
                Condition::Address { field, part, test: self.test(value) }
            }
            3 | 4 => Condition::Text { field: TextField::Subject, test: self.text_test() },
            5 => {
                let field = self.pick(&[TextField::Precedence, TextField::AutoSubmitted]);
                let value = self.pick(&["bulk", "auto", "Replied"]).to_owned();
                Condition::Text { field, test: self.test(value) }
            }
            6 => {
                let value = self.pick(&["lang.example", "example", "shop"]).to_owned();
                Condition::Text { field: TextField::ListId, test: self.test(value) }
            }
            7 => {
                let value = self.word();
                Condition::Text { field: TextField::Body, test: TextTest::Contains(value) }
            }
            _ => match self.below(5) {
                0 => Condition::Header { name: "X-Shop".into() },
                1 => Condition::Size { bytes: self.span(1000) },
                2 => Condition::Seen { is: self.chance(2) },
                3 => Condition::Flagged { is: self.chance(2) },
                _ => Condition::Keyword { is: self.keyword() },
            },
        }
    }

    fn leaf(&mut self) -> Condition {
        match self.below(22) {
            0..4 => self.sayable(),
            4 => Condition::Label { is: self.label() },
            5 => {
                let bound = if self.chance(2) {
                    Share { at_least: Some(0.3), below: None }
                } else {
                    Share { at_least: None, below: Some(0.3) }
                };
                Condition::Probability { of: self.label(), bound }
            }
            6 => Condition::Unsure { is: self.chance(2) },
            7 => Condition::VoiceSays { voice: self.voice(), label: self.label() },
            8 => Condition::VoiceDoubts { voice: self.voice(), below: 0.4 },
            9 => {
                let field =
                    self.pick(&[AddressField::Sender, AddressField::From, AddressField::Recipient]);
                let value = self.pick(&["Ana", "shop"]).to_owned();
                Condition::Address { field, part: AddressPart::Name, test: self.test(value) }
            }
            10 => {
                let field = self.pick(&[TextField::Mailer, TextField::DeliveredTo]);
                let value = self.pick(&["shop", "ana"]).to_owned();
                Condition::Text { field, test: self.test(value) }
            }
            11 => Condition::Text { field: TextField::Body, test: self.text_test() },
            12 => Condition::Language { is: self.pick(&["en", "DE"]).to_owned() },
            13 => Condition::Attachment {
                mime: self.chance(2).then(|| "image/*".to_owned()),
                ending: self.chance(2).then(|| ".pdf".to_owned()),
                size: self.chance(2).then(|| self.span(300)),
            },
            14 => Condition::AttachmentCount { bound: self.span(3) },
            15 => Condition::AttachmentSize { bytes: self.span(600) },
            16 | 17 => Condition::Age { seconds: self.span(60) },
            18 => Condition::Account { is: "Ana@example.org".into() },
            19 => {
                let value = self.folder();
                Condition::Folder { test: self.test(value) }
            }
            20 => match self.below(3) {
                0 => Condition::FolderRole {
                    is: self.pick(&[FolderRole::Inbox, FolderRole::Archive, FolderRole::Other]),
                },
                1 => Condition::Answered { is: self.chance(2) },
                _ => Condition::Authentication {
                    method: self.pick(&[AuthMethod::Spf, AuthMethod::Dkim, AuthMethod::Dmarc]),
                    is: self.auth(),
                },
            },
            _ => Condition::Reader {
                is: self.pick(&[Standing::To, Standing::OnlyTo, Standing::Cc, Standing::Absent]),
            },
        }
    }

    fn group(&mut self, depth: usize, sayable: bool) -> Group {
        let mode = self.pick(&[Mode::All, Mode::Any, Mode::Any, Mode::None]);
        let of = (0..1 + self.below(3))
            .map(|_| {
                if depth < 3 && self.chance(4) {
                    Condition::Group(self.group(depth + 1, sayable))
                } else if sayable {
                    self.sayable()
                } else {
                    self.leaf()
                }
            })
            .collect();
        Group { mode, of }
    }

    fn actions(&mut self, sayable: bool) -> Vec<Action> {
        let mut out = Vec::new();
        let kinds = if sayable { 5 } else { 8 };
        for _ in 0..1 + self.below(3) {
            let action = match self.below(kinds) {
                0 => Action::AddKeyword { keyword: self.keyword() },
                1 => Action::Flag {},
                2 => Action::MarkRead {},
                3 => Action::Move { folder: self.folder() },
                4 => Action::Stop {},
                5 => Action::Archive {},
                6 => Action::Notify {},
                _ => Action::SetLabel { label: self.label() },
            };
            let slot = |a: &Action| match a {
                Action::SetLabel { .. } => 0,
                Action::AddKeyword { .. } => 1,
                Action::Flag {} => 2,
                Action::MarkRead {} => 3,
                Action::Move { .. } | Action::Archive {} => 4,
                Action::Notify {} => 5,
                Action::Stop {} => 6,
            };
            if out.iter().all(|a| slot(a) != slot(&action)) {
                out.push(action);
            }
        }
        out
    }

    pub fn rule(&mut self, id: i64, sayable: bool) -> Rule {
        let when = self.group(1, sayable);
        let then = self.actions(sayable);
        Rule { enabled: !self.chance(8), ..rule(id, when, then) }
    }

    pub fn rules(&mut self, sayable: bool) -> Rules {
        let count = self.below(7) as i64;
        rules((1..=count).map(|id| self.rule(id, sayable)).collect())
    }
}
