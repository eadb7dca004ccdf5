//! Simulated users: mailboxes of recurring senders whose owner means something of their own by the labels.
//!
//! The learning curve is measured on them. Texts are the corpus's; senders recur as they do in a real mailbox (a few
//! write most of it, and banks send both receipts and alarms), and each user departs from the general meaning in
//! four ways: some senders' usual mail means another label to them, two topics do (one of them new after a while),
//! one whole kind of mail does, and where two labels were fair the user holds to the one they prefer. What no user
//! can teach stays in: a quarter of the mail comes from senders seen once. Not a model of any real person.

use crate::{Record, Via};
use mailroom_domain::Label;

/// Senders who write again and again.
const SENDERS: usize = 40;
/// Per cent of mail from others.
const STRANGERS: u64 = 25;
/// Per cent of a recurring sender's mail that is of their usual label.
const USUAL: u64 = 85;
/// Per cent of senders whose usual mail means another label to this user.
const FLIPPED: u64 = 12;
/// Per cent of mail about each of the topics.
const TOPIC: u64 = 5;
/// Messages after which the second topic begins.
const NEWS: usize = 120;

const FIRST: [&str; 20] = [
    "Amara", "Bastian", "Chiara", "Deepak", "Elodie", "Farid", "Giulia", "Henrik", "Ines", "Jonas",
    "Kanya", "Leonor", "Marco", "Niran", "Olivia", "Priya", "Quentin", "Rosa", "Somchai", "Tilda",
];
const LAST: [&str; 20] = [
    "Albers",
    "Bianchi",
    "Chevalier",
    "Dantas",
    "Eklund",
    "Ferreira",
    "Gupta",
    "Hoffmann",
    "Iyer",
    "Jaidee",
    "Keller",
    "Lombardi",
    "Moreau",
    "Nakpradit",
    "Ortega",
    "Pereira",
    "Quiroga",
    "Rossi",
    "Sharma",
    "Tavares",
];
const FIRMS: [&str; 20] = [
    "arbora",
    "belmont-data",
    "cantina",
    "dorfladen",
    "estrela",
    "fjordline",
    "gartenwerk",
    "harbourlight",
    "indigo-press",
    "junipero",
    "kiteworks",
    "lumina",
    "mirador",
    "northgate",
    "ostara",
    "pinewood",
    "quillhouse",
    "riverbank",
    "solaris-bank",
    "tramontana",
];
/// Words that no message of the corpus holds.
const TOPICS: [&str; 8] = [
    "Falkenstein",
    "Quetzal",
    "Blaumeise",
    "Torquato",
    "Zephyrine",
    "Marigold-7",
    "Ostrava",
    "Vasquine",
];

/// What kind of sender wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A person's mail program.
    Person,
    /// A mailing list.
    List,
    /// A service that reports.
    Robot,
    /// A sender of bulk mail.
    Bulk,
    /// Anything else; never a recurring sender.
    Other,
}

/// What of the user's own decided a message's label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// This sender's usual mail means another label.
    Sender,
    /// A topic.
    Topic,
    /// A whole kind of mail.
    Kind,
    /// Of two fair labels, the preferred one.
    Taste,
}

/// One message of a simulated mailbox, with what its owner calls it.
#[derive(Clone, Debug)]
pub struct Received {
    /// The message; [`Record::message`] gives its bytes.
    pub record: Record,
    /// The user's label.
    pub label: Label,
    /// Why it is not simply the corpus's.
    pub habit: Option<Habit>,
}

struct Sender {
    from: String,
    class: Class,
    usual: Label,
    flipped: Option<Label>,
}

/// A simulated user.
pub struct User {
    senders: Vec<Sender>,
    topics: [(&'static str, Label); 2],
    kind: (Class, Label, Label),
    preferred: [u8; 4],
    dice: Dice,
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    fn other(&mut self, than: Label) -> Label {
        loop {
            let label = Label::ALL[self.below(4)];
            if label != than {
                return label;
            }
        }
    }
}

/// What kind of sender a program stands for.
pub fn class(via: Via) -> Class {
    match via {
        Via::Outlook
        | Via::Exchange
        | Via::Notes
        | Via::Eudora
        | Via::Pine
        | Via::Mutt
        | Via::Thunderbird
        | Via::Applemail
        | Via::Iphone
        | Via::Android
        | Via::Gmail
        | Via::Webmail => Class::Person,
        Via::Mailman | Via::Majordomo | Via::Ezmlm | Via::Googlegroups | Via::Listserv => {
            Class::List
        }
        Via::Github
        | Via::Gitlab
        | Via::Jira
        | Via::Ci
        | Via::Cron
        | Via::Monitor
        | Via::Bugzilla
        | Via::Transactional => Class::Robot,
        Via::Esp => Class::Bulk,
        Via::Crude | Via::Dsn | Via::Autoreply | Via::Calendar | Via::Asis => Class::Other,
    }
}

impl User {
    /// The user of this number: the same one each time.
    pub fn new(number: u64) -> User {
        let mut dice = Dice(number.wrapping_mul(0x0005_deec_e66d));
        let mut names: Vec<usize> = (0..SENDERS).collect();
        for at in (1..names.len()).rev() {
            names.swap(at, dice.below(at + 1));
        }
        let senders = (0..SENDERS)
            .map(|n| {
                let class =
                    [Class::Person, Class::Bulk, Class::List, Class::Robot, Class::Person][n % 5];
                // As the corpus has them: bulk mail is hardly ever anything else, people may want anything.
                let usual = match (class, dice.below(10)) {
                    (Class::Bulk, 0..=8) | (Class::Robot, 0..=5) | (Class::List, 0..=4) => {
                        Label::Notification
                    }
                    (Class::Robot, 6..=7) | (Class::Person, 0) => Label::Urgent,
                    (Class::Robot, _) | (Class::List, 5..=7) | (Class::Person, 1..=4) => {
                        Label::Task
                    }
                    (Class::Bulk, _) => Label::Task,
                    (Class::List | Class::Person, _) => Label::NeedsHuman,
                    (Class::Other, _) => Label::Notification,
                };
                let at = names[n];
                let (first, last) = (FIRST[at % 20], LAST[(at * 7 + number as usize) % 20]);
                let firm = FIRMS[(at * 3 + number as usize) % 20];
                let from = match class {
                    Class::Person => format!(
                        "{first} {last} <{}.{}@{firm}.example>",
                        first.to_lowercase(),
                        last.to_lowercase()
                    ),
                    Class::List => format!("{firm}-talk{at}@lists.{firm}.example"),
                    Class::Robot => format!("{firm} <service{at}@{firm}.example>"),
                    Class::Bulk | Class::Other => format!("{firm} <news{at}@mail.{firm}.example>"),
                };
                let flipped = dice.chance(FLIPPED).then(|| dice.other(usual));
                Sender { from, class, usual, flipped }
            })
            .collect();
        let first = dice.below(TOPICS.len());
        let topics = [
            (TOPICS[first], Label::ALL[dice.below(3)]),
            (TOPICS[(first + 3) % TOPICS.len()], Label::ALL[dice.below(3)]),
        ];
        let kind = [
            (Class::Robot, Label::Notification, Label::Task),
            (Class::List, Label::NeedsHuman, Label::Notification),
            (Class::Bulk, Label::Notification, Label::NeedsHuman),
            (Class::Person, Label::NeedsHuman, Label::Task),
        ][(number % 4) as usize];
        let mut preferred = [0, 1, 2, 3];
        for at in (1..4).rev() {
            preferred.swap(at, dice.below(at + 1));
        }
        User { senders, topics, kind, preferred, dice }
    }

    /// The next `count` messages, with texts drawn from `texts`; `after` messages came before. Each is received
    /// once, but a text may come again from another sender.
    pub fn receive(&mut self, texts: &[&Record], count: usize, after: usize) -> Vec<Received> {
        (0..count).filter_map(|n| self.one(texts, after + n)).collect()
    }

    fn one(&mut self, texts: &[&Record], place: usize) -> Option<Received> {
        let sender = (!self.dice.chance(STRANGERS)).then(|| self.sender());
        let mut record = match sender {
            None => (*texts.get(self.dice.below(texts.len()))?).clone(),
            Some(at) => {
                let Sender { class: wanted, usual, .. } = self.senders[at];
                let usual = self.dice.chance(USUAL).then_some(usual);
                let fitting: Vec<&&Record> = texts
                    .iter()
                    .filter(|r| class(r.via) == wanted && usual.is_none_or(|l| r.labels().0 == l))
                    .collect();
                (**fitting.get(self.dice.below(fitting.len()))?).clone()
            }
        };
        let (general, second) = record.labels();
        let mut found = (general, None);
        if let Some(second) = second {
            let rank = |l: Label| self.preferred[l.index()];
            if rank(second) < rank(general) {
                found = (second, Some(Habit::Taste));
            }
        }
        if (class(record.via), general) == (self.kind.0, self.kind.1) {
            found = (self.kind.2, Some(Habit::Kind));
        }
        if let Some(at) = sender {
            let sender = &self.senders[at];
            if sender.class == Class::List {
                record.to.clone_from(&sender.from);
            } else {
                record.from.clone_from(&sender.from);
            }
            if let Some(flipped) = sender.flipped.filter(|_| general == sender.usual) {
                found = (flipped, Some(Habit::Sender));
            }
        }
        let known = if place < NEWS { 1 } else { 2 };
        for (topic, label) in &self.topics[..known] {
            if self.dice.chance(TOPIC) {
                if self.dice.chance(50) {
                    record.subject = format!("{} ({topic})", record.subject);
                } else {
                    record.body = format!("{topic}. {}", record.body);
                }
                found = (*label, Some(Habit::Topic));
                break;
            }
        }
        Some(Received { record, label: found.0, habit: found.1 })
    }

    /// By Zipf's law: the nth sender writes 1/n as much as the first.
    fn sender(&mut self) -> usize {
        let total: f64 = (1..=self.senders.len()).map(|n| 1.0 / n as f64).sum();
        let mut at = (self.dice.next() >> 11) as f64 / (1u64 << 53) as f64 * total;
        for n in 0..self.senders.len() {
            at -= 1.0 / (n + 1) as f64;
            if at <= 0.0 {
                return n;
            }
        }
        self.senders.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn users_differ_and_are_the_same_each_time() {
        let records = crate::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../triage/corpus"))
            .expect("the corpus");
        let texts: Vec<&Record> =
            records.iter().filter(|r| r.split() == crate::Split::Test).collect();
        for topic in TOPICS {
            assert!(
                records.iter().all(|r| !r.body.contains(topic) && !r.subject.contains(topic)),
                "{topic}"
            );
        }
        for number in 0..4 {
            let received = User::new(number).receive(&texts, 400, 0);
            let again = User::new(number).receive(&texts, 400, 0);
            assert!(
                received
                    .iter()
                    .zip(&again)
                    .all(|(a, b)| a.record == b.record && a.label == b.label)
            );
            let share = |habit| {
                received.iter().filter(|r| r.habit == Some(habit)).count() * 100 / received.len()
            };
            for habit in [Habit::Sender, Habit::Topic, Habit::Kind] {
                assert!(
                    (2..45).contains(&share(habit)),
                    "user {number}: {habit:?} {} %",
                    share(habit)
                );
            }
            let general = received.iter().filter(|r| r.record.labels().0 == r.label).count();
            assert!((180..360).contains(&general), "user {number}: {general} of 400 as usual");
        }
    }
}
