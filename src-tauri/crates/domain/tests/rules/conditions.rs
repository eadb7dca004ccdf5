//! Each condition, on a message for which it holds and on one for which it does not.

use crate::message::*;
use mailroom_domain::rules::*;
use mailroom_domain::{AuthResult, FolderRole, Label, Position, RuleId, Voice};

/// Whether the condition alone makes a rule match.
fn holds(condition: &Condition, message: &Message) -> Answer {
    let list = rules(vec![rule(1, Group::all(vec![condition.clone()]), vec![Action::Flag {}])]);
    let answer = list.matches(RuleId(1), &message.subject(), RECEIVED + 100);
    // "None of" is the opposite, always.
    let opposite = Group::none(vec![condition.clone()]);
    let list = rules(vec![rule(1, opposite, vec![Action::Flag {}])]);
    assert_ne!(list.matches(RuleId(1), &message.subject(), RECEIVED + 100), answer);
    answer
}

/// Makes something of a message.
type Fill = fn(&mut Message);

#[track_caller]
fn tells(condition: &Condition, yes: impl FnOnce(&mut Message), no: impl FnOnce(&mut Message)) {
    let (yes, no) = (Message::plain().with(yes), Message::plain().with(no));
    assert_eq!(holds(condition, &yes), Answer::Yes, "{condition}");
    assert_eq!(holds(condition, &no), Answer::No, "{condition}");
}

fn text(value: &str) -> TextTest {
    TextTest::Is(value.into())
}

fn nothing(_: &mut Message) {}

#[test]
fn what_the_voices_said() {
    tells(&Condition::Label { is: Label::Task }, |m| m.verdict.label = Label::Task, nothing);
    tells(&Condition::Unsure { is: true }, |m| m.verdict.unsure = true, nothing);
    tells(
        &Condition::Probability {
            of: Label::Urgent,
            bound: Share { at_least: Some(0.25), below: Some(0.6) },
        },
        |m| m.verdict.probabilities = weights([1.0, 1.0, 1.0, 1.0]),
        |m| m.verdict.probabilities = weights([3.0, 1.0, 1.0, 0.0]),
    );
    let says = Condition::VoiceSays { voice: Voice::Model, label: Label::Task };
    tells(
        &says,
        |m| m.verdict.voices = vec![share(Voice::Model, [0.0, 1.0, 0.0, 0.0])],
        |m| m.verdict.voices = vec![share(Voice::Encoder, [0.0, 1.0, 0.0, 0.0])],
    );
    let doubts = Condition::VoiceDoubts { voice: Voice::Model, below: 0.5 };
    tells(
        &doubts,
        |m| m.verdict.voices = vec![share(Voice::Model, [4.0, 6.0, 4.0, 0.0])],
        |m| m.verdict.voices = vec![share(Voice::Model, [1.0, 1.0, 0.0, 0.0])],
    );
    // A voice that was not heard neither says nor doubts anything.
    assert_eq!(holds(&says, &Message::plain()), Answer::No);
    assert_eq!(holds(&doubts, &Message::plain()), Answer::No);
}

#[test]
fn each_part_of_each_address() {
    let fill: [(AddressField, Fill); 6] = [
        (AddressField::From, |m| m.content.headers.from = Some(address("Änne", "Bo@Shop.Example"))),
        (AddressField::Sender, |m| {
            m.content.headers.sender = Some(address("Änne", "Bo@Shop.Example"));
        }),
        (AddressField::ReplyTo, |m| {
            m.content.headers.reply_to = vec![address("Änne", "Bo@Shop.Example")];
        }),
        (AddressField::To, |m| {
            m.content.headers.to = vec![address("", "x@y"), address("Änne", "Bo@Shop.Example")];
        }),
        (AddressField::Cc, |m| {
            m.content.headers.cc = vec![address("Änne", "Bo@Shop.Example")];
        }),
        (AddressField::Recipient, |m| {
            m.content.headers.cc = vec![address("Änne", "Bo@Shop.Example")];
        }),
    ];
    for (field, yes) in fill {
        for (part, value) in [
            (AddressPart::Name, "äNNE"),
            (AddressPart::Address, "bo@shop.example"),
            (AddressPart::Local, "bO"),
            (AddressPart::Domain, "SHOP.example"),
            (AddressPart::Domain, "example"),
        ] {
            tells(&Condition::Address { field, part, test: text(value) }, yes, nothing);
            let test = TextTest::Present;
            tells(&Condition::Address { field, part, test }, yes, nothing);
        }
        // Only `From` is looked at when `From` is meant, and so on.
        for (other, fill) in fill {
            let related = [field, other].contains(&AddressField::Recipient);
            if field != other && !related {
                let test = text("bo@shop.example");
                let condition = Condition::Address { field, part: AddressPart::Address, test };
                assert_eq!(holds(&condition, &Message::plain().with(fill)), Answer::No);
            }
        }
    }
    let recipient = Condition::Address {
        field: AddressField::Recipient,
        part: AddressPart::Local,
        test: text("bo"),
    };
    tells(&recipient, |m| m.content.headers.to = vec![address("", "bo@x")], nothing);
}

#[test]
fn each_text() {
    let fill: [(TextField, Fill); 7] = [
        (TextField::Subject, |m| m.content.headers.subject = "Die ÜBERSICHT".into()),
        (TextField::ListId, |m| m.content.headers.list_id = Some("die übersicht".into())),
        (TextField::Body, |m| m.content.text = "\nDie\r\n  Übersicht\n".into()),
        (TextField::Precedence, |m| m.content.headers.precedence = Some("die übersicht".into())),
        (TextField::AutoSubmitted, |m| {
            m.content.headers.auto_submitted = Some("die übersicht".into());
        }),
        (TextField::Mailer, |m| m.content.headers.mailer = Some("Die Übersicht".into())),
        (TextField::DeliveredTo, |m| {
            m.content.headers.delivered_to = vec!["x".into(), "Die Übersicht".into()];
        }),
    ];
    for (field, yes) in fill {
        for test in [
            text("die übersicht"),
            TextTest::Contains("E ÜBER".into()),
            TextTest::Starts("DIE".into()),
            TextTest::Ends("Sicht".into()),
            TextTest::Glob("d?e*Ü*t".into()),
            TextTest::Present,
        ] {
            tells(&Condition::Text { field, test }, yes, nothing);
        }
        for test in
            [text("die"), TextTest::Starts("übersicht".into()), TextTest::Glob("d*x".into())]
        {
            let condition = Condition::Text { field, test };
            assert_eq!(holds(&condition, &Message::plain().with(yes)), Answer::No, "{condition}");
        }
    }
}

#[test]
fn blanks_of_a_text_are_one() {
    let yes = |m: &mut Message| m.content.text = "please\r\n\tpay now".into();
    for test in [
        TextTest::Contains(" Please  pay ".into()),
        TextTest::Glob("please  pay*".into()),
        TextTest::Glob("*pay ?ow".into()),
    ] {
        tells(&Condition::Text { field: TextField::Body, test }, yes, nothing);
    }
    let condition =
        Condition::Text { field: TextField::Body, test: TextTest::Contains("pleasepay".into()) };
    assert_eq!(holds(&condition, &Message::plain().with(yes)), Answer::No);
}

#[test]
fn headers_language_size_age_account() {
    let names = |m: &mut Message| m.content.headers.names = vec!["x-shop".into()];
    tells(&Condition::Header { name: "X-Shop".into() }, names, nothing);
    tells(
        &Condition::Language { is: "DE".into() },
        |m| m.content.language = Some("de".into()),
        nothing,
    );
    let span = |low, high| Span { at_least: low, at_most: high };
    let size = |bytes| Condition::Size { bytes };
    tells(&size(span(Some(10), Some(20))), |m| m.content.size = 10, |m| m.content.size = 9);
    tells(&size(span(Some(10), Some(20))), |m| m.content.size = 20, |m| m.content.size = 21);
    let age = |seconds| Condition::Age { seconds };
    tells(&age(span(Some(100), None)), nothing, |m| m.received += 1);
    tells(&age(span(None, Some(100))), nothing, |m| m.received -= 1);
    // From the future, and from before the beginning of time.
    tells(&age(span(None, Some(0))), |m| m.received = i64::MAX, |m| m.received = i64::MIN);
    tells(&Condition::Account { is: "ANA@example.org".into() }, nothing, |m| m.account = "");
}

#[test]
fn attachments_that_are_not_shown_within_the_text() {
    let pdf = |m: &mut Message| {
        m.content.attachments = vec![
            attachment("photo.jpg", "image/jpeg", 500),
            attachment("Bill.PDF", "application/pdf", 100),
        ];
    };
    let inline = |m: &mut Message| {
        pdf(m);
        m.content.attachments.iter_mut().for_each(|a| a.inline = true);
    };
    let one =
        |mime: Option<&str>, ending: Option<&str>, size: Option<Span>| Condition::Attachment {
            mime: mime.map(str::to_owned),
            ending: ending.map(str::to_owned),
            size,
        };
    let from = |low| Span { at_least: Some(low), at_most: None };
    tells(&one(None, None, None), pdf, inline);
    tells(&one(Some("application/*"), Some(".pdf"), Some(from(100))), pdf, inline);
    tells(&one(Some("image/*"), None, Some(from(200))), pdf, inline);
    // All that is given must hold of one and the same attachment.
    assert_eq!(
        holds(&one(Some("image/*"), Some(".pdf"), None), &Message::plain().with(pdf)),
        Answer::No
    );
    assert_eq!(
        holds(&one(Some("application/pdf"), None, Some(from(101))), &Message::plain().with(pdf)),
        Answer::No
    );
    tells(&Condition::AttachmentCount { bound: from(2) }, pdf, inline);
    tells(&Condition::AttachmentSize { bytes: from(600) }, pdf, inline);
    let none = Span { at_least: None, at_most: Some(0) };
    tells(&Condition::AttachmentCount { bound: none }, nothing, pdf);
}

#[test]
fn folder_conversation_and_recipients() {
    let shop = |m: &mut Message| m.folder = FOLDERS[2];
    tells(&Condition::Folder { test: text("SHOP") }, shop, nothing);
    tells(&Condition::FolderRole { is: FolderRole::Inbox }, nothing, shop);
    tells(&Condition::Answered { is: true }, |m| m.answered = true, nothing);
    tells(&Condition::Answered { is: true }, |m| m.flags.answered = true, nothing);
    let at = |position| move |m: &mut Message| m.position = position;
    let reader = |is| Condition::Reader { is };
    tells(&reader(Standing::To), at(Position::To), at(Position::Cc));
    tells(&reader(Standing::To), at(Position::OnlyTo), at(Position::Unknown));
    tells(&reader(Standing::OnlyTo), at(Position::OnlyTo), at(Position::To));
    tells(&reader(Standing::Cc), at(Position::Cc), at(Position::To));
    tells(&reader(Standing::Absent), at(Position::Absent), at(Position::Unknown));
}

#[test]
fn authentication_and_flags() {
    let failed = |method| Condition::Authentication { method, is: AuthResult::Fail };
    tells(
        &failed(AuthMethod::Spf),
        |m| m.content.headers.authentication.spf = AuthResult::Fail,
        |m| m.content.headers.authentication.dkim = AuthResult::Fail,
    );
    tells(
        &failed(AuthMethod::Dkim),
        |m| m.content.headers.authentication.dkim = AuthResult::Fail,
        |m| m.content.headers.authentication.dmarc = AuthResult::Fail,
    );
    tells(
        &failed(AuthMethod::Dmarc),
        |m| m.content.headers.authentication.dmarc = AuthResult::Fail,
        |m| m.content.headers.authentication.spf = AuthResult::Fail,
    );
    tells(&Condition::Seen { is: true }, |m| m.flags.seen = true, nothing);
    tells(&Condition::Seen { is: false }, nothing, |m| m.flags.seen = true);
    tells(&Condition::Flagged { is: true }, |m| m.flags.flagged = true, nothing);
    let keyword = Condition::Keyword { is: "$Work".into() };
    tells(&keyword, |m| m.flags.keywords = vec!["$WORK".into()], nothing);
}

#[test]
fn groups() {
    let (yes, no) = (Condition::Seen { is: false }, Condition::Seen { is: true });
    let group = |mode, of: &[&Condition]| {
        Condition::Group(Group { mode, of: of.iter().map(|c| (*c).clone()).collect() })
    };
    let m = Message::plain();
    for (mode, of, expected) in [
        (Mode::All, vec![&yes, &yes], Answer::Yes),
        (Mode::All, vec![&yes, &no], Answer::No),
        (Mode::Any, vec![&no, &yes], Answer::Yes),
        (Mode::Any, vec![&no, &no], Answer::No),
        (Mode::None, vec![&no, &no], Answer::Yes),
        (Mode::None, vec![&no, &yes], Answer::No),
    ] {
        assert_eq!(holds(&group(mode, &of), &m), expected, "{mode:?}");
    }
}
