//! Search with operators on a real store, against a plain look at all messages.

use mailroom_domain::{
    Address, Attachment, FlagSet, FolderId, FolderRole, HeaderFacts, Label, MessageContent,
    MessageId, Probabilities, SyncState, Uid, UidValidity, Verdict,
};
use mailroom_store::{AccountKind, Cursor, NewMessage, Store};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const DAY: i64 = 24 * 3600;
/// 2023-01-01T00:00:00Z
const START: i64 = 1_672_531_200;
const PEOPLE: [(&str, &str); 6] = [
    ("Ana Maria", "ana@example.org"),
    ("Anabel Cruz", "acruz@example.com"),
    ("Jürgen Groß", "juergen@firma.example"),
    ("李明", "li@example.cn"),
    ("", "noreply@shop.example"),
    ("Build Server", "ci@example.org"),
];
const WORDS: [&str; 10] =
    ["offer", "invoice", "meeting", "café", "Zürich", "report", "task", "unread", "bread", "lunch"];
const LISTS: [&str; 3] = ["rust-users.example.org", "dev.rust-lang.example", "choir.example"];
const FOLDERS: [&str; 3] = ["INBOX", "Archive", "Entwürfe 2024"];

/// A small generator (SplitMix64, Steele et al. 2014): the same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// What the plain look knows of a message.
#[derive(Clone, Debug)]
struct Mail {
    id: MessageId,
    person: usize,
    subject: [usize; 2],
    text: [usize; 3],
    lane: Label,
    received: i64,
    attachment: bool,
    unsure: bool,
    seen: bool,
    flagged: bool,
    corrected: bool,
    list: Option<&'static str>,
    folder: usize,
}

fn mail(random: &mut Random, days: usize) -> Mail {
    Mail {
        id: MessageId(0),
        person: random.below(PEOPLE.len()),
        subject: std::array::from_fn(|_| random.below(WORDS.len())),
        text: std::array::from_fn(|_| random.below(WORDS.len())),
        lane: random.of(&Label::ALL),
        // Often the first second of a day, where a date's bound is.
        received: START
            + random.below(days) as i64 * DAY
            + if random.one_in(2) { 0 } else { random.below(DAY as usize) as i64 },
        attachment: random.one_in(4),
        unsure: random.one_in(3),
        seen: !random.one_in(3),
        flagged: random.one_in(6),
        corrected: random.one_in(10),
        list: random.one_in(3).then(|| random.of(&LISTS)),
        folder: random.below(FOLDERS.len()),
    }
}

fn message(mail: &Mail, n: usize) -> NewMessage {
    let (name, address) = PEOPLE[mail.person];
    let text = mail.text.map(|at| WORDS[at]).join(" ");
    let probabilities = Probabilities::from_weights([1.0; 4]).unwrap();
    NewMessage {
        uid: Some(Uid(n as u32 + 1)),
        flags: FlagSet { seen: mail.seen, flagged: mail.flagged, ..FlagSet::default() },
        internal_date: Some(mail.received),
        size: 1_000,
        raw: n.to_le_bytes().to_vec(),
        content: MessageContent {
            headers: HeaderFacts {
                message_id: Some(format!("{n}@example.org")),
                subject: mail.subject.map(|at| WORDS[at]).join(" "),
                from: Some(Address { name: name.into(), address: address.into() }),
                list_id: mail.list.map(str::to_owned),
                ..HeaderFacts::default()
            },
            text,
            attachments: if mail.attachment { vec![attachment()] } else { Vec::new() },
            ..MessageContent::default()
        },
        parser: 1,
        verdict: Some(Verdict {
            label: mail.lane,
            unsure: mail.unsure,
            probabilities,
            voices: Vec::new(),
            why: Vec::new(),
            prompt_hash: None,
            rule: None,
            ruled: None,
        }),
    }
}

fn attachment() -> Attachment {
    Attachment { name: "a.pdf".into(), mime: "application/pdf".into(), size: 9, inline: false }
}

struct Fixture {
    _folder: TempDir,
    store: Store,
    mail: Vec<Mail>,
}

/// A store of `count` messages, newest first in `mail`.
async fn fixture(count: usize, days: usize) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).await.unwrap();
    let kind = AccountKind::Local { address: "reader@example.org".into() };
    let account = store.add_account(&kind).await.unwrap();
    let mut folders: Vec<FolderId> = Vec::new();
    for name in FOLDERS {
        folders.push(store.folder(account, name, name, FolderRole::Inbox).await.unwrap().0);
    }
    let mut random = Random(7);
    let mut all: Vec<Mail> = (0..count).map(|_| mail(&mut random, days)).collect();
    let state = SyncState { uid_validity: Some(UidValidity(1)), ..SyncState::default() };
    for (at, folder) in folders.iter().enumerate() {
        let here: Vec<usize> = (0..count).filter(|n| all[*n].folder == at).collect();
        for portion in here.chunks(1_000) {
            let messages = portion.iter().map(|n| message(&all[*n], *n)).collect();
            let kept = store.keep(*folder, messages, state, START).await.unwrap();
            for (n, kept) in portion.iter().zip(kept) {
                all[*n].id = kept.id;
            }
        }
    }
    for label in Label::ALL {
        let spoken: Vec<MessageId> =
            all.iter().filter(|m| m.corrected && m.lane == label).map(|m| m.id).collect();
        store.correct(&spoken, label, START).await.unwrap();
    }
    for mail in all.iter_mut().filter(|m| m.corrected) {
        // The user is sure.
        mail.unsure = false;
    }
    all.sort_by_key(|m| std::cmp::Reverse((m.received, m.id.0)));
    Fixture { _folder: folder, store, mail: all }
}

impl Fixture {
    async fn found(&self, query: &str, lane: Option<Label>, limit: u32) -> Vec<MessageId> {
        let (mut found, mut after): (_, Option<Cursor>) = (Vec::new(), None);
        loop {
            let page = self.store.search(query, lane, after, limit).await.unwrap();
            assert!(page.rows.len() <= limit as usize);
            assert!(page.next.is_none() || page.rows.len() == limit as usize, "{query}");
            found.extend(page.rows.iter().map(|row| row.id));
            match page.next {
                Some(next) => after = Some(next),
                None => return found,
            }
        }
    }

    fn expected(&self, holds: impl Fn(&Mail) -> bool) -> Vec<MessageId> {
        self.mail.iter().filter(|m| holds(m)).map(|m| m.id).collect()
    }
}

fn says(mail: &Mail, word: usize) -> bool {
    mail.subject.contains(&word) || mail.text.contains(&word)
}

#[tokio::test]
async fn each_operator_finds_what_it_says() {
    let f = fixture(200, 900).await;
    let day = |d: i64| START + d * DAY;
    let all: Vec<(&str, Box<dyn Fn(&Mail) -> bool>)> = vec![
        ("from:ana", Box::new(|m| m.person < 2)),
        ("from:ana ", Box::new(|m| m.person < 2)),
        ("from:\"ana\"", Box::new(|m| m.person == 0)),
        ("from:\"ana maria\"", Box::new(|m| m.person == 0)),
        ("from:jurg", Box::new(|m| m.person == 2)),
        ("from:ana@example.org", Box::new(|m| m.person == 0)),
        ("from:李", Box::new(|m| m.person == 3)),
        ("from:offer", Box::new(|_| false)),
        ("-from:ana", Box::new(|m| m.person >= 2)),
        ("subject:offer", Box::new(|m| m.subject.contains(&0))),
        ("subject:off", Box::new(|m| m.subject.contains(&0))),
        ("subject:off ", Box::new(|_| false)),
        ("subject:cafe x:", Box::new(|_| false)),
        ("subject:cafe ", Box::new(|m| m.subject.contains(&3))),
        ("-subject:offer", Box::new(|m| !m.subject.contains(&0))),
        ("label:urgent", Box::new(|m| m.lane == Label::Urgent)),
        ("lane:tasks", Box::new(|m| m.lane == Label::Task)),
        ("-lane:tasks", Box::new(|m| m.lane != Label::Task)),
        ("label:task label:urgent", Box::new(|_| false)),
        ("after:2024", Box::new(move |m| m.received >= day(365))),
        ("before:2024", Box::new(move |m| m.received < day(365))),
        ("after:2023-02 before:2023-03", {
            Box::new(move |m| (day(31)..day(59)).contains(&m.received))
        }),
        ("-after:2023-02-01", Box::new(move |m| m.received < day(31))),
        ("-before:2023-02-01", Box::new(move |m| m.received >= day(31))),
        ("after:2024 before:2023", Box::new(|_| false)),
        ("after:1970", Box::new(|_| true)),
        ("before:1970", Box::new(|_| false)),
        ("after:9999 ", Box::new(|_| false)),
        ("has:attachment", Box::new(|m| m.attachment)),
        ("-has:attachment", Box::new(|m| !m.attachment)),
        ("is:unsure", Box::new(|m| m.unsure)),
        ("is:unread", Box::new(|m| !m.seen)),
        ("is:read", Box::new(|m| m.seen)),
        ("is:read is:unread", Box::new(|_| false)),
        ("is:starred", Box::new(|m| m.flagged)),
        ("-is:flagged", Box::new(|m| !m.flagged)),
        ("is:corrected", Box::new(|m| m.corrected)),
        ("-is:corrected", Box::new(|m| !m.corrected)),
        ("list:RUST", Box::new(|m| m.list.is_some_and(|l| l.contains("rust")))),
        ("-list:rust", Box::new(|m| !m.list.is_some_and(|l| l.contains("rust")))),
        ("list:rust list:lang", Box::new(|m| m.list == Some(LISTS[1]))),
        ("list:rust -list:lang", Box::new(|m| m.list == Some(LISTS[0]))),
        ("list:%", Box::new(|_| false)),
        ("in:inbox", Box::new(|m| m.folder == 0)),
        ("in:\"ENTWURFE 2024\"", Box::new(|m| m.folder == 2)),
        ("-in:archive", Box::new(|m| m.folder != 1)),
        ("in:inbox in:archive", Box::new(|_| false)),
        ("in:nowhere", Box::new(|_| false)),
        ("-in:nowhere", Box::new(|_| false)),
        ("-offer", Box::new(|m| !says(m, 0))),
        ("-offer -invoice", Box::new(|m| !says(m, 0) && !says(m, 1))),
        ("invoice -offer", Box::new(|m| says(m, 1) && !says(m, 0))),
        ("-cafe", Box::new(|m| !says(m, 3))),
        ("offer is:unread", Box::new(|m| says(m, 0) && !m.seen)),
        ("is:nonsense ", Box::new(|_| false)),
        ("-is:nonsense ", Box::new(|_| false)),
        ("to:reader ", Box::new(|_| false)),
        ("", Box::new(|_| false)),
    ];
    for (query, holds) in all {
        let expected = f.expected(&holds);
        assert_eq!(f.found(query, None, 200).await, expected, "{query}");
        assert_eq!(f.found(query, None, 7).await, expected, "{query} by pages");
        let urgent = f.expected(|m| m.lane == Label::Urgent && holds(m));
        assert_eq!(f.found(query, Some(Label::Urgent), 7).await, urgent, "{query} in a lane");
    }
    let many = "-offer ".repeat(100_000);
    assert_eq!(f.found(&many, None, 7).await, [], "more terms than are read find nothing");
    let many = "-offer ".repeat(200) + &"list:rust ".repeat(50);
    let expected = f.expected(|m| !says(m, 0) && m.list.is_some_and(|l| l.contains("rust")));
    assert_eq!(f.found(&many, None, 7).await, expected);
}

/// A condition as typed, and whether it holds for each message.
fn condition(random: &mut Random, mail: &[Mail]) -> (String, Vec<bool>) {
    let not = random.one_in(3);
    let day = random.below(900) as i64;
    // 2023 has 365 days; months are left to the table above.
    let date = |day: i64| {
        let (mut year, mut left) = (2023, day);
        while left >= if year % 4 == 0 { 366 } else { 365 } {
            left -= if year % 4 == 0 { 366 } else { 365 };
            year += 1;
        }
        let mut month = 1;
        for length in [31, if year % 4 == 0 { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30]
        {
            if left < length {
                break;
            }
            left -= length;
            month += 1;
        }
        format!("{year}-{month:02}-{:02}", left + 1)
    };
    let word = random.below(WORDS.len());
    let (text, holds): (String, Box<dyn Fn(&Mail) -> bool>) = match random.below(13) {
        0 | 1 => (WORDS[word].to_uppercase(), Box::new(move |m| says(m, word))),
        2 => (format!("subject:{}", WORDS[word]), Box::new(move |m| m.subject.contains(&word))),
        3 => {
            let (typed, people): (&str, &[usize]) = random.of(&[
                ("an", &[0, 1][..]),
                ("Gro", &[2]),
                ("example", &[0, 1, 2, 3, 4, 5]),
                ("ci@", &[5]),
                ("李明", &[3]),
            ]);
            (format!("from:{typed}"), Box::new(move |m| people.contains(&m.person)))
        }
        4 => {
            let (typed, label) = random.of(&[
                ("urgent", Label::Urgent),
                ("Task", Label::Task),
                ("human", Label::NeedsHuman),
                ("notifs", Label::Notification),
            ]);
            (format!("label:{typed}"), Box::new(move |m| m.lane == label))
        }
        5 => (format!("after:{}", date(day)), Box::new(move |m| m.received >= START + day * DAY)),
        6 => (format!("before:{}", date(day)), Box::new(move |m| m.received < START + day * DAY)),
        7 => ("has:attachment".into(), Box::new(|m| m.attachment)),
        8 => ("is:unsure".into(), Box::new(|m| m.unsure)),
        9 => match random.one_in(2) {
            true => ("is:unread".into(), Box::new(|m| !m.seen)),
            false => ("is:flagged".into(), Box::new(|m| m.flagged)),
        },
        10 => ("is:corrected".into(), Box::new(|m| m.corrected)),
        11 => {
            let part = random.of(&["rust", "example", "choir"]);
            (
                format!("list:{part}"),
                Box::new(move |m| m.list.is_some_and(|list| list.contains(part))),
            )
        }
        _ => {
            let folder = random.below(FOLDERS.len());
            (format!("in:\"{}\"", FOLDERS[folder]), Box::new(move |m| m.folder == folder))
        }
    };
    let typed = format!("{}{text}", if not { "-" } else { "" });
    (typed, mail.iter().map(|m| holds(m) != not).collect())
}

#[tokio::test]
async fn any_operators_together_find_what_a_plain_look_finds() {
    let f = fixture(200, 900).await;
    let mut random = Random(11);
    let mut some = 0;
    for _ in 0..400 {
        let parts: Vec<(String, Vec<bool>)> =
            (0..1 + random.below(4)).map(|_| condition(&mut random, &f.mail)).collect();
        let query = parts.iter().map(|(typed, _)| typed.as_str()).collect::<Vec<_>>().join(" ");
        let expected: Vec<MessageId> = (0..f.mail.len())
            .filter(|n| parts.iter().all(|(_, holds)| holds[*n]))
            .map(|n| f.mail[n].id)
            .collect();
        some += usize::from(!expected.is_empty());
        let limit = random.of(&[1, 3, 20, 200]).max(expected.len() as u32 / 10).max(1);
        assert_eq!(f.found(&query, None, limit).await, expected, "{query} by {limit}");
    }
    println!("{some} of 400 queries found something");
    assert!(some > 150, "{some}");
}

/// `cargo test -p mailroom-store --test search -- --ignored --nocapture`
#[tokio::test]
#[ignore = "prints timings over 100,000 messages"]
async fn timings() {
    let begun = Instant::now();
    let f = fixture(100_000, 900).await;
    println!("{} messages in {:?}", f.mail.len(), begun.elapsed());
    for query in [
        "offer",
        "offer is:unread",
        "offer from:ana",
        "offer -invoice label:task",
        "offer list:choir in:archive is:corrected is:flagged",
        "is:unread",
        "is:unread label:task",
        "from:ana",
        "after:2024-05 before:2024-06",
        "has:attachment is:unsure",
        "list:choir",
        "in:archive is:corrected is:flagged is:unread has:attachment list:choir",
        "list:nowhere",
        "-offer",
        "-from:ana",
    ] {
        let mut times: Vec<Duration> = Vec::new();
        let mut rows = 0;
        for _ in 0..11 {
            let begun = Instant::now();
            rows = f.store.search(query, None, None, 50).await.unwrap().rows.len();
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        println!("{query:70} {rows:3} rows, median {:?}", times[5]);
    }
}
