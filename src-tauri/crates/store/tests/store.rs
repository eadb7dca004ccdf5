//! The store on real files: what is kept stays, what is counted is there, and what is damaged is left alone.

use mailroom_domain::rules::{Action, Condition, Group, Rule, TextField, TextTest};
use mailroom_domain::{
    AccountId, Address, FlagSet, FolderId, FolderRole, HeaderFacts, Label, MessageContent,
    MessageId, Probabilities, RuleId, SyncState, Uid, UidValidity, Verdict, Voice, VoiceShare,
};
use mailroom_store::{
    AccountKind, ActionStage, BodyId, Encoded, Filter, HistoryCursor, HistoryFilter, HistoryKind,
    Job, Kept, KeptHow, NewMessage, Page, QueueScope, Row, Store, StoreError,
};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection};
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{Command, Stdio};
use std::task::Poll;
use std::time::Instant;
use tempfile::TempDir;

const EPOCH: i64 = 1_738_000_000;
const DAY: i64 = 24 * 3600;

/// A store with one account and two folders, in a folder of its own.
struct Fixture {
    folder: TempDir,
    store: Store,
    account: AccountId,
    inbox: FolderId,
    archive: FolderId,
}

async fn fixture() -> Fixture {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path()).await;
    let (account, [inbox, archive]) = add_account(&store).await;
    Fixture { folder, store, account, inbox, archive }
}

async fn open(folder: &Path) -> Store {
    Store::open(folder).await.expect("a store")
}

async fn add_account(store: &Store) -> (AccountId, [FolderId; 2]) {
    let kind = AccountKind::Local { address: "reader@example.org".into() };
    let account = store.add_account(&kind).await.expect("an account");
    let mut folders = Vec::new();
    for (name, role) in [("INBOX", FolderRole::Inbox), ("Archive", FolderRole::Archive)] {
        folders.push(store.folder(account, name, name, role).await.expect("a folder").0);
    }
    (account, [folders[0], folders[1]])
}

impl Fixture {
    fn path(&self) -> PathBuf {
        self.store.path().to_owned()
    }

    async fn keep(&self, folder: FolderId, messages: Vec<NewMessage>) -> Vec<Kept> {
        self.store.keep(folder, messages, state(7), EPOCH).await.expect("kept")
    }

    /// Keeps one message in the inbox.
    async fn keep_one(&self, message: NewMessage) -> MessageId {
        self.keep(self.inbox, vec![message]).await[0].id
    }

    async fn settle(&self, flags: &[(Uid, FlagSet)], gone: &[u32]) {
        let gone: Vec<Uid> = gone.iter().copied().map(Uid).collect();
        self.store.settle(self.inbox, flags, &gone, state(7), EPOCH).await.expect("settled");
    }

    async fn row(&self, message: MessageId) -> Row {
        self.store.rows(&[message]).await.expect("rows").remove(0)
    }

    async fn lane(&self, message: MessageId) -> Label {
        self.row(message).await.lane
    }

    async fn found(&self, query: &str) -> Vec<MessageId> {
        ids(&self.store.search(query, None, None, 200).await.expect("a page"))
    }
}

fn ids(page: &Page) -> Vec<MessageId> {
    page.rows.iter().map(|row| row.id).collect()
}

fn state(uid_validity: u32) -> SyncState {
    SyncState { uid_validity: Some(UidValidity(uid_validity)), ..SyncState::default() }
}

fn person(name: &str) -> Address {
    Address { name: name.into(), address: format!("{}@example.org", name.to_lowercase()) }
}

fn content(n: u32) -> MessageContent {
    MessageContent {
        headers: HeaderFacts {
            message_id: Some(format!("{n}@example.org")),
            subject: format!("Subject {n}"),
            from: Some(person("Ana")),
            to: vec![person("Reader")],
            ..HeaderFacts::default()
        },
        text: format!("These are the words of number{n}."),
        ..MessageContent::default()
    }
}

fn written(uid: u32, n: u32, content: MessageContent) -> NewMessage {
    NewMessage {
        uid: Some(Uid(uid)),
        flags: FlagSet::default(),
        internal_date: Some(EPOCH + i64::from(n)),
        size: 1_000 + u64::from(n),
        raw: format!("Message-ID: <{n}@example.org>\r\n\r\n{}", content.text).into_bytes(),
        content,
        parser: 1,
        verdict: Some(evidence(Label::NeedsHuman)),
    }
}

/// Message `n` under a UID.
fn numbered(uid: u32, n: u32) -> NewMessage {
    written(uid, n, content(n))
}

fn message(n: u32) -> NewMessage {
    numbered(n, n)
}

fn messages(numbers: impl IntoIterator<Item = u32>) -> Vec<NewMessage> {
    numbers.into_iter().map(message).collect()
}

fn says(message: NewMessage, verdict: Option<Verdict>) -> NewMessage {
    NewMessage { verdict, ..message }
}

fn with_text(n: u32, text: &str) -> NewMessage {
    written(n, n, MessageContent { text: text.into(), ..content(n) })
}

fn seen() -> FlagSet {
    FlagSet { seen: true, ..FlagSet::default() }
}

fn sure_of(label: Label) -> Probabilities {
    let weights = std::array::from_fn(|at| if at == label.index() { 7.0 } else { 1.0 });
    Probabilities::from_weights(weights).expect("probabilities")
}

fn share(voice: Voice, label: Label, version: &str) -> VoiceShare {
    VoiceShare { voice, probabilities: sure_of(label), weight: 1.0, version: version.into() }
}

fn evidence(label: Label) -> Verdict {
    Verdict {
        label,
        unsure: false,
        probabilities: sure_of(label),
        voices: vec![share(Voice::Evidence, label, "evidence-1")],
        why: Vec::new(),
        prompt_hash: None,
        rule: None,
        ruled: None,
    }
}

fn unsure() -> Verdict {
    Verdict { unsure: true, ..evidence(Label::NeedsHuman) }
}

fn model(label: Label, version: &str) -> Verdict {
    let mut verdict = evidence(label);
    verdict.voices.push(VoiceShare { weight: 2.0, ..share(Voice::Model, label, version) });
    verdict
}

fn ruled(label: Label) -> Verdict {
    Verdict { rule: Some(RuleId(1)), ..evidence(label) }
}

/// A connection past the store, to look at what it wrote or to spoil it.
async fn connect(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .connect()
        .await
        .expect("a connection")
}

async fn execute(path: &Path, statement: &str) -> sqlx::Result<()> {
    let mut connection = connect(path).await;
    let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await;
    connection.close().await.expect("closed");
    done.map(drop)
}

async fn number(path: &Path, query: &str) -> i64 {
    let mut connection = connect(path).await;
    let found =
        sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(&mut connection).await;
    connection.close().await.expect("closed");
    found.unwrap_or_else(|e| panic!("{query}: {e}"))
}

/// Counts, labels, index and queue are what the rows say.
async fn assert_sound(store: &Store) {
    assert!(store.counts_agree().await.expect("counted"), "counts differ from the rows");
    for (what, query) in [
        (
            "labels that do not follow from the records",
            "SELECT count(*) FROM messages m WHERE lane <> coalesce( \
             (SELECT to_label FROM corrections WHERE message_id = m.id AND undone_at IS NULL ORDER BY id DESC), \
             (SELECT label FROM decisions WHERE message_id = m.id ORDER BY id DESC), 2)",
        ),
        (
            "decisions that are not the newest",
            "SELECT count(*) FROM messages m \
             WHERE decision_id IS NOT (SELECT max(id) FROM decisions WHERE message_id = m.id) OR correction_id \
             IS NOT (SELECT max(id) FROM corrections WHERE message_id = m.id AND undone_at IS NULL)",
        ),
        (
            "messages that are not indexed",
            "SELECT count(*) FROM messages WHERE sort_key NOT IN (SELECT id FROM search_docsize)",
        ),
        (
            "index entries without a message",
            "SELECT count(*) FROM search_docsize WHERE id NOT IN (SELECT sort_key FROM messages)",
        ),
        (
            "contents that nobody encodes",
            "SELECT count(*) FROM bodies WHERE id NOT IN (SELECT body_id FROM vectors) \
             AND id NOT IN (SELECT body_id FROM encoder_queue)",
        ),
        (
            "contents without a message",
            "SELECT count(*) FROM bodies WHERE id NOT IN (SELECT body_id FROM messages)",
        ),
        (
            "marks that are not shown",
            "SELECT count(*) FROM messages m WHERE set_aside <> \
             EXISTS (SELECT 1 FROM set_aside WHERE message_id = m.id)",
        ),
        ("broken references", "SELECT count(*) FROM pragma_foreign_key_check"),
    ] {
        assert_eq!(number(store.path(), query).await, 0, "{what}");
    }
}

/// All rows of a list, by pages of `limit`.
async fn all(store: &Store, filter: &Filter, limit: u32) -> Vec<MessageId> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.page(filter, after, limit).await.expect("a page");
        found.extend(ids(&page));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 32) % u64::from(sides)) as u32
    }

    fn coin(&mut self) -> bool {
        self.roll(2) == 0
    }

    fn label(&mut self) -> Label {
        Label::ALL[self.roll(4) as usize]
    }
}

/// Drops a future that is not done after so many polls.
async fn drop_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let (mut future, mut left) = (pin!(future), polls);
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

// Keeping.

#[tokio::test]
async fn what_is_kept_twice_is_there_once() {
    let f = fixture().await;
    let first = f.keep(f.inbox, messages(1..=3)).await;
    assert!(first.iter().all(|kept| kept.how == KeptHow::New));
    f.settle(&[(Uid(2), seen())], &[]).await;
    let again = f.keep(f.inbox, messages([3, 2, 1, 1])).await;
    assert!(again.iter().all(|kept| kept.how == KeptHow::Known));
    assert_eq!(again.iter().map(|k| k.id).collect::<Vec<_>>(), [2, 1, 0, 0].map(|at| first[at].id));
    assert_eq!(f.store.counts().await.unwrap().total(), 3);
    assert!(f.row(first[1].id).await.seen, "what is there is left as it is");
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn the_bytes_and_the_content_come_back_as_they_were() {
    let f = fixture().await;
    let sent = NewMessage { raw: (0..=255).cycle().take(70_000).collect(), ..message(1) };
    let id = f.keep_one(sent.clone()).await;
    assert_eq!(f.store.raw(id).await.unwrap(), sent.raw);
    let stored = f.store.message(id).await.unwrap();
    assert_eq!((stored.content, stored.verdict), (sent.content, sent.verdict));
    assert_eq!(
        (stored.uid, stored.uid_validity, stored.gone),
        (Some(Uid(1)), Some(UidValidity(7)), false)
    );
}

#[tokio::test]
async fn a_message_that_moves_takes_over_decision_and_correction() {
    let f = fixture().await;
    let id = f.keep_one(says(message(1), Some(evidence(Label::Task)))).await;
    f.store.correct(&[id], Label::Urgent, EPOCH).await.unwrap();
    f.settle(&[], &[1]).await;
    let moved = f.keep(f.archive, vec![numbered(9, 1)]).await[0];
    assert_eq!(moved.how, KeptHow::Moved);
    assert_eq!(f.lane(moved.id).await, Label::Urgent);
    assert_eq!(f.row(moved.id).await.decided_by, Some(Voice::User));
    let undone = f.store.undo_last(EPOCH).await.unwrap().expect("an act");
    assert_eq!(undone.messages, [id, moved.id]);
    assert_eq!(f.lane(moved.id).await, Label::Task);
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn a_message_that_moves_takes_over_each_correction_that_stands() {
    let f = fixture().await;
    let id = f.keep_one(message(1)).await;
    f.store.correct(&[id], Label::Task, EPOCH).await.unwrap();
    f.store.correct(&[id], Label::Urgent, EPOCH).await.unwrap();
    let moved = f.keep(f.archive, vec![numbered(9, 1)]).await[0].id;
    for expected in [Label::Urgent, Label::Task, Label::NeedsHuman] {
        assert_eq!((f.lane(id).await, f.lane(moved).await), (expected, expected));
        f.store.undo_last(EPOCH).await.unwrap();
    }
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn a_message_that_moves_takes_over_from_the_copy_that_the_user_corrected() {
    let f = fixture().await;
    let id = f.keep_one(message(1)).await;
    f.keep(f.archive, vec![message(1)]).await;
    f.store.correct(&[id], Label::Urgent, EPOCH).await.unwrap();
    let moved = f.keep(f.archive, vec![numbered(2, 1)]).await[0].id;
    assert_eq!(f.lane(moved).await, Label::Urgent);
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn a_message_that_moves_stays_set_aside() {
    let f = fixture().await;
    let id = f.keep_one(message(1)).await;
    f.store.set_aside(id, "m1", "It took too long.", EPOCH).await.unwrap();
    let moved = f.keep(f.archive, vec![numbered(9, 1)]).await[0].id;
    assert_eq!(
        f.store.message(moved).await.unwrap().set_aside.as_deref(),
        Some("It took too long.")
    );
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn moved_and_new_messages_come_in_one_portion() {
    let f = fixture().await;
    f.keep(f.inbox, messages(1..=2)).await;
    // Known bytes before, between and after new ones, one of them twice.
    let portion =
        [3, 1, 4, 2, 5, 5, 6].into_iter().zip(1..).map(|(n, uid)| numbered(uid, n)).collect();
    let how: Vec<KeptHow> = f.keep(f.archive, portion).await.iter().map(|kept| kept.how).collect();
    let (new, moved) = (KeptHow::New, KeptHow::Moved);
    assert_eq!(how, [new, moved, new, moved, new, moved, new]);
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn a_copy_of_a_message_that_nobody_judged_keeps_the_verdict_it_brings() {
    let f = fixture().await;
    f.keep_one(says(message(1), None)).await;
    let copy = f.keep(f.archive, vec![says(message(1), Some(evidence(Label::Task)))]).await[0].id;
    assert_eq!(f.lane(copy).await, Label::Task);
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn a_gone_message_that_returns_keeps_its_label() {
    let f = fixture().await;
    let id = f.keep_one(says(message(1), Some(evidence(Label::Task)))).await;
    f.store.correct(&[id], Label::Notification, EPOCH).await.unwrap();
    f.settle(&[], &[1]).await;
    assert_eq!(f.store.counts().await.unwrap().total(), 0);
    assert!(f.store.message(id).await.unwrap().gone);
    assert_eq!(f.store.corrections().await.unwrap().len(), 1, "what it taught stays");
    let returned = f.keep(f.inbox, vec![NewMessage { flags: seen(), ..message(1) }]).await[0];
    assert_eq!(returned, Kept { id, how: KeptHow::Returned });
    assert_eq!(f.lane(id).await, Label::Notification);
    assert!(f.row(id).await.seen, "its flags are the server's");
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn an_imported_file_can_be_imported_again() {
    let f = fixture().await;
    let file = || (1..=3).map(|n| NewMessage { uid: None, ..message(n) }).collect::<Vec<_>>();
    let first = f.store.import(f.inbox, file(), EPOCH).await.unwrap();
    let twice = [file(), file()].concat();
    let again = f.store.import(f.inbox, twice, EPOCH).await.unwrap();
    assert!(
        again
            .iter()
            .zip(first.iter().cycle())
            .all(|(a, b)| a.id == b.id && a.how == KeptHow::Known)
    );
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn a_portion_that_is_refused_leaves_nothing() {
    let f = fixture().await;
    let beyond = SyncState { highest_modseq: Some(u64::MAX), ..state(7) };
    let without = vec![message(1), NewMessage { uid: None, ..message(2) }];
    for (portion, state) in
        [(messages(1..=2), beyond), (messages(1..=2), SyncState::default()), (without, state(7))]
    {
        let refused = f.store.keep(f.inbox, portion, state, EPOCH).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    }
    let nowhere = f.store.keep(FolderId(99), messages(1..=2), state(7), EPOCH).await;
    assert!(matches!(nowhere, Err(StoreError::NotFound(_))), "{nowhere:?}");
    assert_eq!(number(&f.path(), "SELECT count(*) FROM messages").await, 0);
    assert_eq!(f.store.folders(None).await.unwrap()[0].state, SyncState::default());
}

#[tokio::test]
async fn dates_that_nobody_means_have_a_place_too() {
    let f = fixture().await;
    let dated = |n, internal_date| NewMessage { internal_date, ..message(n) };
    let portion = vec![
        dated(1, Some(i64::MAX)),
        dated(2, Some(i64::MIN)),
        dated(3, None),
        dated(4, Some(EPOCH)),
    ];
    let kept: Vec<MessageId> = f.keep(f.inbox, portion).await.iter().map(|k| k.id).collect();
    assert_eq!(all(&f.store, &Filter::default(), 2).await, [kept[0], kept[3], kept[2], kept[1]]);
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn two_messages_of_one_second_whose_numbers_are_a_million_apart_both_have_a_place() {
    let f = fixture().await;
    let of_one_second = |n| NewMessage { internal_date: Some(EPOCH), ..message(n) };
    for n in [1, 2] {
        f.keep(f.inbox, vec![of_one_second(n)]).await;
    }
    execute(&f.path(), "UPDATE sqlite_sequence SET seq = 1 << 20 WHERE name = 'messages'")
        .await
        .unwrap();
    f.keep(f.inbox, vec![of_one_second(3), of_one_second(4)]).await;
    assert_eq!(all(&f.store, &Filter::default(), 1).await.len(), 4);
    assert_eq!(f.found("number4").await.len(), 1);
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn new_numbers_under_another_uidvalidity_leave_labels_alone() {
    let f = fixture().await;
    let kept = f.keep(f.inbox, messages(1..=3)).await;
    f.store.correct(&[kept[1].id], Label::Urgent, EPOCH).await.unwrap();
    let moves = [(Uid(1), Uid(2)), (Uid(2), Uid(1))];
    f.store.renumber(f.inbox, &moves, state(8), EPOCH).await.unwrap();
    assert_eq!(f.store.message(kept[1].id).await.unwrap().uid, Some(Uid(1)));
    assert_eq!(f.lane(kept[1].id).await, Label::Urgent);
    assert!(
        f.store.message(kept[2].id).await.unwrap().gone,
        "the server does not list it any more"
    );
    // The server goes back to the former one, in which the third's number is taken now.
    f.store.renumber(f.inbox, &[(Uid(1), Uid(3))], state(7), EPOCH).await.unwrap();
    assert_eq!(f.store.present(f.inbox).await.unwrap(), [(Uid(3), FlagSet::default())]);
    assert_eq!(f.lane(kept[1].id).await, Label::Urgent);
    for (moves, state) in [(&[][..], state(7)), (&[(Uid(1), Uid(5)), (Uid(2), Uid(5))], state(9))] {
        let refused = f.store.renumber(f.inbox, moves, state, EPOCH).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    }
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn content_that_is_parsed_anew_is_found_by_its_new_words() {
    let f = fixture().await;
    let id = f.keep_one(message(1)).await;
    let copy = f.keep(f.archive, vec![message(1)]).await[0].id;
    assert_eq!(f.store.outdated_content(2, 10).await.unwrap(), [id]);
    let better = MessageContent { text: "An umbrella".into(), ..content(1) };
    f.store.replace_content(copy, &better, 2).await.unwrap();
    assert_eq!(f.store.outdated_content(2, 10).await.unwrap(), []);
    assert_eq!(f.found("umbrella").await, [copy, id]);
    assert_eq!(f.found("number1").await, []);
    assert_eq!(f.row(id).await.snippet, "An umbrella");
    assert_sound(&f.store).await;
}

// Counts.

/// What a long use of the store does, in an order that nobody chose.
struct Use {
    dice: Dice,
    store: Store,
    accounts: Vec<(AccountId, Vec<(FolderId, u32)>)>,
    messages: Vec<MessageId>,
}

impl Use {
    async fn add_account(&mut self) {
        let (account, folders) = add_account(&self.store).await;
        self.accounts.push((account, folders.map(|folder| (folder, 7)).to_vec()));
    }

    fn folder(&mut self) -> (FolderId, u32) {
        let account = self.dice.roll(self.accounts.len() as u32) as usize;
        self.accounts[account].1[self.dice.roll(2) as usize]
    }

    fn some(&mut self) -> Vec<MessageId> {
        let known = self.messages.len() as u32;
        (0..self.dice.roll(5).min(known))
            .map(|_| self.messages[self.dice.roll(known) as usize])
            .collect()
    }

    fn uids(&mut self) -> Vec<Uid> {
        (0..self.dice.roll(6)).map(|_| Uid(1 + self.dice.roll(40))).collect()
    }

    fn flags(&mut self) -> FlagSet {
        FlagSet { seen: self.dice.coin(), flagged: self.dice.coin(), ..FlagSet::default() }
    }

    fn verdict(&mut self) -> Verdict {
        let label = self.dice.label();
        match self.dice.roll(5) {
            0 => unsure(),
            1 => ruled(label),
            2 => model(label, "m1"),
            3 => model(label, "m2"),
            _ => evidence(label),
        }
    }

    fn message(&mut self, uid: Uid) -> NewMessage {
        let n = self.dice.roll(60);
        let mut content = content(n);
        let headers = &mut content.headers;
        match n % 4 {
            0 => {
                headers.references =
                    vec![format!("{}@example.org", n / 2), format!("{}@example.org", n / 3)]
            }
            1 => headers.subject = format!("Re: Subject {}", n / 4),
            _ => {}
        }
        let verdict = (self.dice.roll(3) > 0).then(|| self.verdict());
        NewMessage { flags: self.flags(), verdict, ..written(uid.0, n, content) }
    }

    async fn act(&mut self) -> Result<(), StoreError> {
        let (folder, generation) = self.folder();
        match self.dice.roll(13) {
            0..=3 => {
                let portion = self.uids().into_iter().map(|uid| self.message(uid)).collect();
                let kept = self.store.keep(folder, portion, state(generation), EPOCH).await?;
                self.messages.extend(kept.iter().filter(|k| k.is_new()).map(|k| k.id));
            }
            4 | 5 => {
                let flags: Vec<_> =
                    self.uids().into_iter().map(|uid| (uid, self.flags())).collect();
                let gone = self.uids();
                self.store.settle(folder, &flags, &gone, state(generation), EPOCH).await?;
            }
            6 | 7 => {
                let said: Vec<_> = self.some().into_iter().map(|id| (id, self.verdict())).collect();
                self.store.record_verdicts(&said, EPOCH).await?;
            }
            8 => {
                let (some, to) = (self.some(), self.dice.label());
                let act = self.store.correct(&some, to, EPOCH).await?;
                if let (Some(act), 0) = (act, self.dice.roll(4)) {
                    self.store.undo(act, EPOCH).await?;
                }
            }
            9 => drop(self.store.undo_last(EPOCH).await?),
            10 => {
                for id in self.some() {
                    match self.store.set_aside(id, "m1", "It stopped.", EPOCH).await {
                        Ok(()) | Err(StoreError::NotFound(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
                if self.dice.coin() {
                    self.store.clear_set_aside("m2").await?;
                }
            }
            11 => {
                let next = if generation == 7 { 8 } else { 7 };
                let by = self.dice.roll(40);
                let moves: Vec<_> =
                    (1..=30).map(|uid| (Uid(uid), Uid(1 + (uid + by) % 40))).collect();
                self.store.renumber(folder, &moves, state(next), EPOCH).await?;
                let folders = self.accounts.iter_mut().flat_map(|account| &mut account.1);
                folders.filter(|f| f.0 == folder).for_each(|f| f.1 = next);
            }
            _ if self.dice.roll(4) == 0 => {
                let at = self.dice.roll(self.accounts.len() as u32) as usize;
                self.store.remove_account(self.accounts.remove(at).0).await?;
                self.add_account().await;
            }
            _ => {
                for (body, _) in self.store.encoder_queue(3).await? {
                    self.store.keep_encoded("e1", &[(body, Some(said(0.5)))]).await?;
                }
            }
        }
        Ok(())
    }
}

#[tokio::test]
async fn counts_labels_and_queues_follow_from_the_rows_whatever_happens() {
    for seed in 1..=3 {
        let folder = tempfile::tempdir().expect("a folder");
        let store = open(folder.path()).await;
        let dice = Dice(seed << 32 | 0x9E37_79B9);
        let mut used =
            Use { dice, store: store.clone(), accounts: Vec::new(), messages: Vec::new() };
        used.add_account().await;
        used.add_account().await;
        for act in 0..300 {
            used.act().await.unwrap_or_else(|e| panic!("seed {seed}, act {act}: {e}"));
            assert!(store.counts_agree().await.unwrap(), "seed {seed}, act {act}");
            if act % 30 == 29 {
                assert_sound(&store).await;
                assert_listed_as_counted(&store).await;
            }
        }
        for version in ["m1", "m2", "m3"] {
            for scope in [QueueScope::All, QueueScope::Unsure] {
                let queue = store.model_queue(version, scope, 10_000).await.unwrap();
                assert_eq!(
                    store.waiting_for_model(version, scope).await.unwrap(),
                    queue.len() as u64
                );
            }
        }
        for correction in store.corrections().await.unwrap() {
            let row = &store.rows(&[correction.message]).await.unwrap()[0];
            assert_eq!((row.lane, row.decided_by), (correction.to, Some(Voice::User)));
        }
        store.check().await.unwrap();
    }
}

/// Each list is as long as its count, of all accounts and of each.
async fn assert_listed_as_counted(store: &Store) {
    let mut accounts = vec![None];
    accounts.extend(store.accounts().await.unwrap().iter().map(|account| Some(account.id)));
    for account in accounts {
        let counts = match account {
            Some(id) => store.account_counts(id).await.unwrap(),
            None => store.counts().await.unwrap(),
        };
        for label in Label::ALL {
            let filter = Filter { account, ..Filter::lane(label) };
            assert_eq!(all(store, &filter, 7).await.len() as u64, counts.of(label).total);
            let filter = Filter { unread: true, ..filter };
            assert_eq!(all(store, &filter, 200).await.len() as u64, counts.of(label).unread);
        }
    }
}

// Lists.

#[tokio::test]
async fn pages_neither_repeat_nor_skip_while_mail_arrives() {
    let f = fixture().await;
    for lane in [None, Some(Label::NeedsHuman)] {
        for account in [None, Some(f.account)] {
            for unread in [false, true] {
                let filter = Filter { lane, account, unread };
                // Newer and older than what is there, between any two pages.
                f.keep(f.inbox, messages(1_000..1_030)).await;
                let there = all(&f.store, &filter, 200).await;
                let (mut found, mut after, mut next) =
                    (Vec::new(), None, 2_000 + there.len() as u32);
                loop {
                    let page = f.store.page(&filter, after, 7).await.unwrap();
                    found.extend(ids(&page));
                    f.keep(f.inbox, messages([next, 900 - (next - 2_000)])).await;
                    next += 1;
                    after = page.next.map(|cursor| cursor.to_string().parse().expect("a cursor"));
                    if after.is_none() {
                        break;
                    }
                }
                let each: BTreeSet<MessageId> = found.iter().copied().collect();
                assert_eq!(each.len(), found.len(), "{filter:?} repeats");
                assert!(there.iter().all(|id| each.contains(id)), "{filter:?} skips");
            }
        }
    }
    assert!("12x".parse::<mailroom_store::Cursor>().is_err());
}

#[tokio::test]
async fn a_page_holds_between_1_and_200_rows() {
    let f = fixture().await;
    f.keep(f.inbox, messages(1..=201)).await;
    for (limit, rows) in [(0, 1), (1, 1), (200, 200), (u32::MAX, 200)] {
        let page = f.store.page(&Filter::default(), None, limit).await.unwrap();
        assert_eq!((page.rows.len(), page.next.is_some()), (rows, true));
    }
}

#[tokio::test]
async fn rows_by_place_are_those_of_the_pages() {
    let f = fixture().await;
    f.keep(f.inbox, messages(1..=40)).await;
    f.settle(&[], &[3, 17, 38]).await;
    let pages = all(&f.store, &Filter::lane(Label::NeedsHuman), 7).await;
    for offset in 0..=40 {
        let rows = f.store.rows_at(Label::NeedsHuman, offset, 3).await.unwrap();
        let expected: Vec<MessageId> =
            pages.iter().copied().skip(offset as usize).take(3).collect();
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), expected, "from {offset}");
    }
    assert_eq!(f.store.rows_at(Label::Urgent, 0, 3).await.unwrap(), []);
    assert_eq!(f.store.rows_at(Label::NeedsHuman, u64::MAX, 3).await.unwrap(), []);
}

// Decisions and corrections.

#[tokio::test]
async fn undo_restores_what_was_there_and_twice_goes_one_further_back() {
    let f = fixture().await;
    let id = f.keep_one(says(message(1), Some(evidence(Label::Task)))).await;
    let before = f.row(id).await;
    f.store.correct(&[id], Label::Urgent, EPOCH).await.unwrap();
    let between = f.row(id).await;
    f.store.correct(&[id], Label::Notification, EPOCH).await.unwrap();
    let undone = f.store.undo_last(EPOCH).await.unwrap().expect("an act");
    assert_eq!((undone.label, undone.messages), (Label::Notification, vec![id]));
    assert_eq!(f.row(id).await, between);
    f.store.undo_last(EPOCH).await.unwrap().expect("an act");
    assert_eq!(f.row(id).await, before);
    assert_eq!(f.store.undo_last(EPOCH).await.unwrap(), None);
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn an_act_over_many_messages_is_taken_back_as_a_whole_and_once() {
    let f = fixture().await;
    let kept: Vec<MessageId> =
        f.keep(f.inbox, messages(1..=5)).await.iter().map(|k| k.id).collect();
    let twice = [&kept[..], &kept[..], &[MessageId(999)]].concat();
    let act = f.store.correct(&twice, Label::Task, EPOCH).await.unwrap().expect("an act");
    f.store.correct(&kept[..1], Label::Urgent, EPOCH).await.unwrap();
    assert_eq!(f.store.undo(act, EPOCH).await.unwrap().expect("an act").messages, kept);
    assert_eq!(f.lane(kept[0]).await, Label::Urgent, "a later act stands");
    assert_eq!(f.lane(kept[1]).await, Label::NeedsHuman);
    assert_eq!(f.store.undo(act, EPOCH).await.unwrap(), None);
    assert_eq!(f.store.correct(&[MessageId(999)], Label::Task, EPOCH).await.unwrap(), None);
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn the_users_word_outlives_later_verdicts() {
    let f = fixture().await;
    let id = f.keep_one(says(message(1), Some(evidence(Label::Task)))).await;
    f.store.correct(&[id], Label::Urgent, EPOCH).await.unwrap();
    for verdict in
        [evidence(Label::NeedsHuman), model(Label::Notification, "m1"), ruled(Label::Task)]
    {
        let recorded = f.store.record_verdict(id, &verdict, EPOCH).await.unwrap();
        assert_eq!((recorded.from, recorded.to), (Label::Urgent, Label::Urgent));
        assert_eq!(f.store.message(id).await.unwrap().verdict, Some(verdict));
        assert_eq!(f.row(id).await.decided_by, Some(Voice::User));
    }
    assert_eq!(f.store.decisions(id).await.unwrap().len(), 4, "all are recorded");
    f.store.undo_last(EPOCH).await.unwrap();
    assert_eq!(f.lane(id).await, Label::Task, "and the newest counts when it is taken back");
    let nobody = f.store.record_verdict(MessageId(999), &unsure(), EPOCH).await;
    assert!(matches!(nobody, Err(StoreError::NotFound(_))));
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn decisions_and_corrections_cannot_be_changed_or_deleted() {
    let f = fixture().await;
    let id = f.keep_one(message(1)).await;
    for label in [Label::Urgent, Label::Task] {
        f.store.correct(&[id], label, EPOCH).await.unwrap();
    }
    f.store.undo_last(EPOCH).await.unwrap();
    for statement in [
        "UPDATE decisions SET label = 0",
        "UPDATE decisions SET at = at",
        "DELETE FROM decisions",
        "UPDATE corrections SET to_label = 3",
        "UPDATE corrections SET to_label = 3, undone_at = 1 WHERE undone_at IS NULL",
        "UPDATE corrections SET undone_at = NULL",
        "UPDATE corrections SET undone_at = 1 WHERE undone_at IS NOT NULL",
        "DELETE FROM corrections",
        "UPDATE messages SET account_id = account_id + 1",
    ] {
        let error = execute(&f.path(), statement).await.expect_err(statement).to_string();
        assert!(
            error.contains("append-only") || error.contains("stays in its account"),
            "{statement}: {error}"
        );
    }
    assert_sound(&f.store).await;
}

// Search.

#[tokio::test]
async fn search_finds_words_beginnings_and_phrases_newest_first() {
    let f = fixture().await;
    let texts =
        ["The café on the corner", "Corner shops of Zürich", "会議は東京で", "on corner the"];
    let portion = texts.iter().zip(1..).map(|(text, n)| with_text(n, text)).collect();
    let kept: Vec<MessageId> = f.keep(f.inbox, portion).await.iter().map(|k| k.id).collect();
    for (query, expected) in [
        ("corner", &[3, 1, 0][..]),
        ("CORN", &[3, 1, 0]),
        ("corn ", &[]),
        ("corner zuri", &[1]),
        ("cafe", &[0]),
        ("\"the corner\"", &[0]),
        ("the corner", &[3, 0]),
        ("東京", &[2]),
        ("京東", &[]),
        ("ana@example.org", &[3, 2, 1, 0]),
        ("subject 2", &[1]),
        ("corner 😀", &[3, 1, 0]),
        ("nowhere", &[]),
        ("", &[]),
    ] {
        let expected: Vec<MessageId> = expected.iter().map(|at| kept[*at]).collect();
        assert_eq!(f.found(query).await, expected, "{query}");
    }
    f.settle(&[], &[4]).await;
    assert_eq!(f.found("corner").await, [kept[1], kept[0]], "what is gone is not found");
    f.store.correct(&kept[..1], Label::Urgent, EPOCH).await.unwrap();
    let urgent = f.store.search("corner", Some(Label::Urgent), None, 10).await.unwrap();
    assert_eq!(ids(&urgent), [kept[0]]);
    let first = f.store.search("corner", None, None, 1).await.unwrap();
    assert_eq!(ids(&f.store.search("corner", None, first.next, 1).await.unwrap()), [kept[0]]);
}

/// What breaks parsers of queries.
fn odd_texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "\"",
        "\"\"\"",
        "AND",
        "a OR NOT b",
        "NEAR(a b, 2)",
        "NEAR/3",
        "a* OR *b",
        "subject:x",
        "-subject : x",
        "^x",
        "(",
        "((a)",
        "{a b} : c",
        "a + b",
        "a\0b",
        "\0",
        "\0\"a",
        "😀",
        "👩‍👩‍👧 family",
        "' OR 1=1 --",
        "x'; DROP TABLE messages; --",
        "\u{202e}abc",
        "\u{feff}",
        "e\u{301}\u{301}\u{301}",
        "ﬁ ß İ",
        "Ⓐ",
        "²",
        "\\",
        "%_",
        "\r\n\t",
        "a\u{2028}b",
    ]
    .map(String::from)
    .to_vec();
    texts.extend(
        ["a", "a ", "\"", "日", "\"日\" ", "😀", "AND ", "a\0", "(", "\u{301}"]
            .map(|t| t.repeat(10_000)),
    );
    texts
}

#[tokio::test]
async fn search_survives_any_text() {
    let f = fixture().await;
    let portion = odd_texts().into_iter().zip(1..).map(|(text, n)| {
        let mut odd = with_text(n, &format!("{text} needle"));
        odd.content.headers.subject = text;
        odd
    });
    let kept = f.keep(f.inbox, portion.collect()).await;
    let short = odd_texts().iter().filter(|text| text.chars().count() < 10_000).count();
    let found = f.found("needle").await.len();
    assert!(found >= short && found <= kept.len(), "{found} of {}", kept.len());
    for text in odd_texts() {
        for query in
            [text.clone(), format!("needle {text}"), format!("{text} needle"), format!("\"{text}")]
        {
            let page = f.store.search(&query, None, None, 5).await;
            assert!(page.is_ok(), "{:?}: {page:?}", query.chars().take(40).collect::<String>());
        }
    }
    for c in ('\0'..=char::MAX).filter(|c| c.is_alphanumeric()).step_by(61) {
        let page = f.store.search(&format!("{c} x{c}"), None, None, 5).await;
        assert!(page.is_ok(), "{c:?}: {page:?}");
    }
    assert_sound(&f.store).await;
}

// Conversations.

fn answer(n: u32, subject: &str, references: &[u32]) -> NewMessage {
    let mut content = content(n);
    content.headers.subject = subject.into();
    content.headers.references = references.iter().map(|n| format!("{n}@example.org")).collect();
    (content.headers.from, content.headers.to) = (Some(person("Reader")), vec![person("Ana")]);
    written(n, n, content)
}

#[tokio::test]
async fn answers_are_one_conversation_by_references_in_any_order() {
    let f = fixture().await;
    let mut kept = Vec::new();
    for m in [
        answer(3, "Other words", &[1, 2]),
        message(9),
        message(1),
        answer(2, "Re: Subject 1", &[1]),
    ] {
        kept.push(f.keep_one(m).await);
    }
    let thread = f.row(kept[0]).await.thread;
    let rows = f.store.thread(thread).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [kept[2], kept[3], kept[0]]);
    assert!(rows.iter().all(|row| row.thread_size == 3));
    assert_eq!(f.row(kept[1]).await.thread_size, 1);
    f.settle(&[], &[2]).await;
    assert_eq!(f.row(kept[0]).await.thread_size, 2, "what is gone is not counted");
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn a_late_message_joins_the_conversations_it_links() {
    let f = fixture().await;
    let kept = f.keep(f.inbox, messages([1, 2, 3])).await;
    f.keep(f.inbox, vec![answer(4, "a", &[1, 2]), answer(5, "b", &[2, 3])]).await;
    let thread = f.row(kept[2].id).await.thread;
    assert_eq!(f.store.thread(thread).await.unwrap().len(), 5);
    assert_eq!(number(&f.path(), "SELECT count(*) FROM threads").await, 1);
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn answers_without_references_are_one_conversation_by_subject_and_people_for_a_month() {
    let f = fixture().await;
    let first = f.keep_one(message(1)).await;
    let later = |m: NewMessage, days| NewMessage { internal_date: Some(EPOCH + days * DAY), ..m };
    let soon = f.keep_one(later(answer(2, "AW: Re: subject  1", &[]), 29)).await;
    let late = f.keep_one(later(answer(3, "Re: Subject 1", &[]), 90)).await;
    let mut stranger = answer(4, "Re: Subject 1", &[]);
    stranger.content.headers.to = vec![person("Ben")];
    let strange = f.keep_one(stranger).await;
    let no_answer = f.keep_one(later(answer(5, "Subject 1", &[]), 1)).await;
    let thread = f.row(first).await.thread;
    assert_eq!(f.row(soon).await.thread, thread);
    for other in [late, strange, no_answer] {
        assert_ne!(f.row(other).await.thread, thread);
    }
}

// Opening.

fn fill(folder: &Path, bytes: &[u8]) {
    std::fs::write(folder.join("mailroom.db"), bytes).expect("written");
}

/// Opening fails with a sentence that ends with what to do, and leaves the file as it was.
async fn refused(folder: &Path) -> StoreError {
    let path = folder.join("mailroom.db");
    let before = std::fs::read(&path).expect("bytes");
    let error = Store::open(folder).await.expect_err("a refusal");
    assert!(std::fs::read(&path).expect("bytes") == before, "{error}, but the file was changed");
    let sentence = error.to_string();
    let advice = sentence.trim_end_matches('.').rsplit(". ").next().expect("a sentence");
    let todo = ["Move it ", "Install ", "Close "].iter().any(|verb| advice.starts_with(verb));
    assert!(sentence.contains("untouched") && todo, "{sentence}");
    error
}

/// The bytes of a database with some mail in it.
async fn filled() -> Vec<u8> {
    let f = fixture().await;
    f.keep(f.inbox, messages(1..=40)).await;
    f.store.close().await;
    std::fs::read(f.path()).expect("bytes")
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_was() {
    let sound = filled().await;
    let mut headless = sound.clone();
    headless[..16].fill(0);
    let mut dice = Dice(5);
    let noise: Vec<u8> = (0..9_000).map(|_| dice.roll(256) as u8).collect();
    let cut = sound[..sound.len() / 2].to_vec();
    let short = sound[..60].to_vec();
    for bytes in [headless, noise, cut, short, b"x".to_vec(), vec![0; 8192]] {
        let folder = tempfile::tempdir().expect("a folder");
        fill(folder.path(), &bytes);
        let error = refused(folder.path()).await;
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_lost_page_is_noticed_unless_nothing_lay_on_it() {
    let sound = filled().await;
    let page = usize::from(u16::from_be_bytes([sound[16], sound[17]]));
    let (pages, mut noticed) = (sound.len() / page, 0);
    for lost in 0..pages {
        let folder = tempfile::tempdir().expect("a folder");
        let mut bytes = sound.clone();
        bytes[lost * page..(lost + 1) * page].fill(0);
        fill(folder.path(), &bytes);
        match Store::open(folder.path()).await {
            Ok(store) => assert_eq!(store.counts().await.unwrap().total(), 40, "page {lost}"),
            Err(_) => {
                let error = refused(folder.path()).await;
                assert!(matches!(error, StoreError::Corrupt { .. }), "page {lost}: {error}");
                noticed += 1;
            }
        }
    }
    assert!(noticed + 5 > pages, "{noticed} of {pages}");
}

#[tokio::test]
async fn another_programs_database_is_refused_and_left_as_it_was() {
    for journal in [SqliteJournalMode::Delete, SqliteJournalMode::Wal] {
        for application in [0, 77] {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("mailroom.db");
            let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
            let mut connection = options.journal_mode(journal).connect().await.expect("a database");
            let make = format!("CREATE TABLE notes (text); PRAGMA application_id = {application};");
            sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut connection).await.expect("a table");
            connection.close().await.expect("closed");
            let error = refused(folder.path()).await;
            assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
        }
    }
}

#[tokio::test]
async fn a_newer_versions_database_is_refused_and_left_as_it_was() {
    let f = fixture().await;
    f.store.close().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9000, 'later', 1, x'00', 0)";
    execute(&f.path(), newer).await.unwrap();
    let error = refused(f.folder.path()).await;
    assert!(matches!(error, StoreError::Newer { found: 9000, .. }), "{error}");
}

#[tokio::test]
async fn a_database_of_the_first_format_is_brought_to_this_one_with_its_mail() {
    let f = fixture().await;
    f.keep(f.inbox, messages(1..=5)).await;
    f.store.close().await;
    let former = "DROP TABLE relabel_counts; DROP TABLE relabel_items; DROP TABLE relabel_jobs; \
                  DROP TABLE voice_sets; DROP INDEX decisions_relabel; \
                  ALTER TABLE decisions DROP COLUMN voices_id; \
                  ALTER TABLE decisions DROP COLUMN relabel_id; \
                  DROP INDEX messages_sender; DROP INDEX messages_list; DROP INDEX messages_folder; \
                  DROP INDEX messages_keywords; DROP TABLE audits; \
                  DROP TRIGGER messages_to_encode; DROP TABLE encoder_queue; DROP TABLE vectors; \
                  DROP TABLE routing_rules; DELETE FROM _sqlx_migrations WHERE version > 1; \
                  INSERT INTO rules (name, enabled, position, conditions, action) VALUES ('Boss', 1, 1, \
                  '[{\"field\":\"from\",\"matches\":\"is\",\"value\":\"boss@firm.example\"}]', \
                  '{\"kind\":\"label\",\"label\":\"urgent\"}')";
    execute(&f.path(), former).await.unwrap();
    let store = open(f.folder.path()).await;
    assert_eq!(store.waiting_for_encoder().await.unwrap(), 5);
    assert_eq!(store.counts().await.unwrap().total(), 5);
    assert_sound(&store).await;
    // Rules of before are taken over, once.
    let rules = store.rules().await.unwrap();
    assert_eq!(rules.len(), 1);
    assert_eq!(rules[0].name, "Boss");
    assert_eq!(rules[0].then, [Action::SetLabel { label: Label::Urgent }, Action::Stop {}]);
    store.close().await;
    assert_eq!(open(f.folder.path()).await.rules().await.unwrap(), rules);
}

#[tokio::test]
async fn a_database_whose_making_was_cut_short_is_made_to_the_end() {
    let f = fixture().await;
    f.store.close().await;
    let mut connection = connect(&f.path()).await;
    let begun: String =
        sqlx::query_scalar("SELECT sql FROM sqlite_schema WHERE name = '_sqlx_migrations'")
            .fetch_one(&mut connection)
            .await
            .expect("a table");
    connection.close().await.expect("closed");
    for make in ["", "VACUUM", begun.as_str()] {
        let folder = tempfile::tempdir().expect("a folder");
        fill(folder.path(), b"");
        execute(&folder.path().join("mailroom.db"), make).await.unwrap();
        add_account(&open(folder.path()).await).await;
    }
}

#[tokio::test]
async fn several_can_open_a_new_folder_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let below = folder.path().join("a/b");
    let (a, b, c) = tokio::join!(Store::open(&below), Store::open(&below), Store::open(&below));
    let (account, _) = add_account(&a.expect("a store")).await;
    for store in [b, c] {
        assert_eq!(
            store.expect("a store").account(account).await.unwrap().address(),
            "reader@example.org"
        );
    }
}

#[tokio::test]
async fn two_engines_cannot_work_on_one_folder() {
    let f = fixture().await;
    let other = open(f.folder.path()).await;
    let lock = f.store.lock_engine().expect("a lock");
    let error = other.lock_engine().expect_err("a refusal");
    assert!(matches!(error, StoreError::Busy { .. }));
    assert!(error.to_string().ends_with("Close it and try again."), "{error}");
    other.set_setting("theme", &"dark").await.expect("a process without an engine may write");
    drop(lock);
    other.lock_engine().expect("a lock");
}

// What waits for the language model.

#[tokio::test]
async fn the_model_is_asked_about_what_it_has_not_read_at_this_version() {
    let f = fixture().await;
    let verdicts = [
        None,
        Some(unsure()),
        Some(evidence(Label::Task)),
        Some(model(Label::Task, "m1")),
        Some(model(Label::Task, "m2")),
        Some(ruled(Label::Task)),
        Some(unsure()),
        Some(unsure()),
    ];
    let portion =
        verdicts.into_iter().zip(1..).map(|(verdict, n)| says(message(n), verdict)).collect();
    let kept: Vec<MessageId> = f.keep(f.inbox, portion).await.iter().map(|k| k.id).collect();
    f.settle(&[], &[7]).await;
    f.store.correct(&kept[7..], Label::Urgent, EPOCH).await.unwrap();
    assert_eq!(f.store.undecided(10).await.unwrap(), [kept[0]]);
    for (version, scope, expected) in [
        ("m1", QueueScope::All, &[4, 2, 1, 0][..]),
        ("m2", QueueScope::All, &[3, 2, 1, 0]),
        ("m3", QueueScope::All, &[4, 3, 2, 1, 0]),
        ("m3", QueueScope::Unsure, &[1, 0]),
    ] {
        let expected: Vec<MessageId> = expected.iter().map(|at| kept[*at]).collect();
        assert_eq!(f.store.model_queue(version, scope, 10).await.unwrap(), expected, "{version}");
        assert_eq!(f.store.model_queue(version, scope, 1).await.unwrap(), expected[..1]);
        assert_eq!(f.store.waiting_for_model(version, scope).await.unwrap(), expected.len() as u64);
    }
    f.store.undo_last(EPOCH).await.unwrap();
    assert_eq!(
        f.store.model_queue("m3", QueueScope::Unsure, 1).await.unwrap(),
        [kept[7]],
        "it waits again"
    );
}

#[tokio::test]
async fn what_was_set_aside_is_not_asked_about_until_another_model_comes() {
    let f = fixture().await;
    let kept: Vec<MessageId> =
        f.keep(f.inbox, messages(1..=3)).await.iter().map(|k| k.id).collect();
    f.store.set_aside(kept[0], "m1", "It stopped.", EPOCH + 2).await.unwrap();
    f.store.set_aside(kept[1], "m0", "It stopped.", EPOCH).await.unwrap();
    f.store.set_aside(kept[1], "m2", "It took too long.", EPOCH + 1).await.unwrap();
    let marks = f.store.set_asides().await.unwrap();
    let told: Vec<_> =
        marks.iter().map(|m| (m.message, m.reason.as_str(), m.version.as_str())).collect();
    assert_eq!(told, [(kept[1], "It took too long.", "m2"), (kept[0], "It stopped.", "m1")]);
    assert_eq!(f.store.model_queue("m2", QueueScope::All, 10).await.unwrap(), [kept[2]]);
    assert_sound(&f.store).await;
    assert_eq!(f.store.clear_set_aside("m2").await.unwrap(), 1);
    assert_eq!(f.store.model_queue("m2", QueueScope::All, 10).await.unwrap(), [kept[2], kept[0]]);
    assert_eq!(f.store.waiting_for_model("m2", QueueScope::All).await.unwrap(), 2);
    assert_eq!(f.store.message(kept[0]).await.unwrap().set_aside, None);
    let nobody = f.store.set_aside(MessageId(999), "m1", "It stopped.", EPOCH).await;
    assert!(matches!(nobody, Err(StoreError::NotFound(_))));
    assert_sound(&f.store).await;
}

// What waits for the encoder.

fn said(first: f32) -> Encoded {
    Encoded { scores: [first, -1.5, 0.0, 1e-9], vector: vec![0.6, -0.8, 0.0] }
}

async fn encode(store: &Store, version: &str, limit: u32) -> Vec<(BodyId, Vec<MessageId>)> {
    let queue = store.encoder_queue(limit).await.expect("a queue");
    let all: Vec<_> = queue.iter().map(|(body, _)| (*body, Some(said(2.5)))).collect();
    store.keep_encoded(version, &all).await.expect("kept");
    queue
}

#[tokio::test]
async fn the_encoder_reads_the_newest_first_and_each_content_once() {
    let f = fixture().await;
    let kept: Vec<MessageId> =
        f.keep(f.inbox, messages([2, 9, 5])).await.iter().map(|k| k.id).collect();
    let copy = f.keep(f.archive, vec![numbered(1, 9)]).await[0].id;
    assert_eq!(f.store.waiting_for_encoder().await.unwrap(), 3);
    let first = encode(&f.store, "e1", 2).await;
    let read: Vec<_> = first.into_iter().map(|(_, messages)| messages).collect();
    assert_eq!(read, [vec![kept[1], copy], vec![kept[2]]]);
    assert_eq!(encode(&f.store, "e1", 2).await[0].1, [kept[0]]);
    assert_eq!(encode(&f.store, "e1", 2).await, []);
    for id in [&kept[..], &[copy]].concat() {
        let back = f.store.encoded(id, "e1").await.unwrap().expect("a vector");
        assert_eq!(back.scores, said(2.5).scores);
        assert!(back.vector.iter().zip(said(2.5).vector).all(|(a, b)| (a - b).abs() < 0.01));
    }
    f.keep(f.archive, vec![numbered(2, 5)]).await;
    assert_eq!(
        f.store.waiting_for_encoder().await.unwrap(),
        0,
        "a message that moves costs nothing"
    );
}

#[tokio::test]
async fn a_content_that_the_encoder_cannot_read_leaves_the_queue() {
    let f = fixture().await;
    let id = f.keep_one(message(1)).await;
    let queue = f.store.encoder_queue(10).await.unwrap();
    f.store.keep_encoded("e1", &[(queue[0].0, None)]).await.unwrap();
    assert_eq!(f.store.encoder_queue(10).await.unwrap(), []);
    assert_eq!(f.store.encoded(id, "e1").await.unwrap(), None);
}

#[tokio::test]
async fn another_version_of_the_encoder_reads_all_again() {
    let f = fixture().await;
    let id = f.keep(f.inbox, messages(1..=3)).await[0].id;
    encode(&f.store, "e1", 10).await;
    assert_eq!(f.store.encode_again("e1").await.unwrap(), 0);
    assert_eq!(f.store.encode_again("e2").await.unwrap(), 3);
    assert_eq!(f.store.encode_again("e2").await.unwrap(), 0, "they are queued already");
    assert_eq!(f.store.encoded(id, "e2").await.unwrap(), None);
    encode(&f.store, "e2", 10).await;
    assert_eq!(f.store.encoded(id, "e1").await.unwrap(), None);
    assert!(f.store.encoded(id, "e2").await.unwrap().is_some());
    assert_eq!(f.store.encode_again("e2").await.unwrap(), 0);
}

#[tokio::test]
async fn what_waits_for_the_encoder_leaves_with_its_account_unless_another_has_it() {
    let f = fixture().await;
    let (other, [folder, _]) = add_account(&f.store).await;
    f.keep(f.inbox, messages([1, 2])).await;
    f.store.keep(folder, messages([2, 3]), state(7), EPOCH).await.unwrap();
    let queue = encode(&f.store, "e1", 1).await;
    f.store.remove_account(other).await.unwrap();
    assert_eq!(f.store.waiting_for_encoder().await.unwrap(), 2);
    f.store
        .keep_encoded("e1", &[(queue[0].0, Some(said(1.0)))])
        .await
        .expect("a content that left is passed over");
    assert_eq!(number(&f.path(), "SELECT count(*) FROM vectors").await, 0);
    assert_sound(&f.store).await;
}

// Accounts.

#[tokio::test]
async fn an_account_leaves_nothing_behind() {
    let f = fixture().await;
    let kept: Vec<MessageId> =
        f.keep(f.inbox, messages(1..=1_200)).await.iter().map(|k| k.id).collect();
    f.store.correct(&kept[..50], Label::Urgent, EPOCH).await.unwrap();
    f.store.set_aside(kept[60], "m1", "It stopped.", EPOCH).await.unwrap();
    f.store.intend(kept[70], &serde_json::json!("read"), EPOCH).await.unwrap();
    encode(&f.store, "e1", 100).await;
    f.store.remove_account(f.account).await.unwrap();
    for table in [
        "accounts",
        "folders",
        "messages",
        "bodies",
        "decisions",
        "corrections",
        "set_aside",
        "actions",
        "threads",
        "thread_keys",
        "lane_counts",
        "vectors",
        "encoder_queue",
        "search_docsize",
    ] {
        assert_eq!(number(&f.path(), &format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    assert_sound(&f.store).await;
    assert!(matches!(f.store.remove_account(f.account).await, Err(StoreError::NotFound(_))));
    let (next, _) = add_account(&f.store).await;
    assert!(next > f.account, "its number is never used again");
}

#[tokio::test]
async fn a_removal_that_was_cut_short_is_finished_at_the_next_start() {
    for polls in (0..).step_by(3) {
        let f = fixture().await;
        f.keep(f.inbox, messages(1..=4)).await;
        let done = drop_after(polls, f.store.remove_account(f.account)).await;
        f.store.close().await;
        let store = open(f.folder.path()).await;
        store.finish_removals().await.unwrap();
        let left = store.counts().await.unwrap().total();
        let expected = if store.accounts().await.unwrap().is_empty() { 0 } else { 4 };
        assert_eq!(left, expected, "after {polls} polls");
        assert_sound(&store).await;
        if done.is_some() {
            assert_eq!(expected, 0);
            return;
        }
    }
}

// Backup.

#[tokio::test]
async fn a_backup_opens_and_is_equal() {
    let f = fixture().await;
    let kept = f.keep(f.inbox, messages(1..=50)).await;
    f.store.correct(&[kept[3].id], Label::Urgent, EPOCH).await.unwrap();
    f.settle(&[(Uid(4), seen())], &[5]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("mailroom.db");
    f.store.vacuum_into(&copy).await.unwrap();
    let mut connection = connect(&f.path()).await;
    sqlx::query("ATTACH ? AS copy").bind(copy.to_str()).execute(&mut connection).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'search'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(tables.len() > 20);
    for table in tables {
        let differ = format!(
            "SELECT (SELECT count(*) FROM (SELECT * FROM main.{table} EXCEPT SELECT * FROM copy.{table})) + \
             (SELECT count(*) FROM (SELECT * FROM copy.{table} EXCEPT SELECT * FROM main.{table}))"
        );
        let rows: i64 =
            sqlx::query_scalar(AssertSqlSafe(differ)).fetch_one(&mut connection).await.unwrap();
        assert_eq!(rows, 0, "{table}");
    }
    connection.close().await.unwrap();

    let backup = open(folder.path()).await;
    assert_eq!(backup.counts().await.unwrap(), f.store.counts().await.unwrap());
    assert_eq!(
        backup.message(kept[3].id).await.unwrap(),
        f.store.message(kept[3].id).await.unwrap()
    );
    assert_eq!(backup.raw(kept[7].id).await.unwrap(), f.store.raw(kept[7].id).await.unwrap());
    assert_eq!(backup.search("number8", None, None, 5).await.unwrap().rows.len(), 1);
    backup.check().await.unwrap();
    assert_sound(&backup).await;
}

#[tokio::test]
async fn a_backup_never_takes_the_place_of_a_file() {
    let f = fixture().await;
    let copy = f.folder.path().join("copy.db");
    std::fs::write(&copy, "mine").expect("written");
    let error = f.store.vacuum_into(&copy).await.expect_err("a refusal");
    assert!(matches!(error, StoreError::Invalid(_)), "{error}");
    assert_eq!(std::fs::read(&copy).expect("bytes"), b"mine");
    let nowhere = f.store.vacuum_into(&f.folder.path().join("none/copy.db")).await;
    assert!(matches!(nowhere, Err(StoreError::File { .. })), "{nowhere:?}");
}

// Interruptions.

const PORTION: u32 = 20;

/// Each portion is there with its state, its labels and its words, or not at all; gives their number.
async fn assert_whole(store: &Store, folder: FolderId) -> u32 {
    store.check().await.expect("a sound file");
    assert_sound(store).await;
    let state = store
        .folders(None)
        .await
        .unwrap()
        .into_iter()
        .find(|f| f.id == folder)
        .expect("a folder")
        .state;
    let high = state.high.map_or(0, |uid| uid.0);
    assert_eq!(high % PORTION, 0);
    let present = store.present(folder).await.unwrap();
    let uids = present.iter().map(|(uid, _)| uid.0);
    assert!(uids.eq(1..=high), "{} messages, but synced up to {high}", present.len());
    assert_eq!(store.undecided(1).await.unwrap(), [], "no message is ever seen without a label");
    high / PORTION
}

async fn keep_portion(
    store: &Store,
    folder: FolderId,
    after: u32,
) -> Result<Vec<Kept>, StoreError> {
    let high = after + PORTION;
    let state = SyncState { high: Some(Uid(high)), ..state(7) };
    store.keep(folder, messages(after + 1..=high), state, EPOCH).await
}

#[tokio::test]
async fn a_write_that_is_dropped_is_whole_or_absent() {
    let f = fixture().await;
    let mut high = 0;
    for polls in (0..).step_by(37) {
        let done = drop_after(polls, keep_portion(&f.store, f.inbox, high)).await;
        let portions = assert_whole(&f.store, f.inbox).await;
        assert!(portions * PORTION == high || portions * PORTION == high + PORTION);
        high = portions * PORTION;
        if done.is_some() {
            break;
        }
    }
    assert!(high > 0);
}

/// Where the child process of the next test works.
const CHILD: &str = "MAILROOM_STORE_TEST_FOLDER";

/// No test of its own: what the next one kills.
#[tokio::test]
async fn writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let store = open(Path::new(&folder)).await;
    let inbox = store.folders(None).await.unwrap()[0].clone();
    let mut high = inbox.state.high.map_or(0, |uid| uid.0);
    loop {
        let kept = keep_portion(&store, inbox.id, high).await.expect("kept");
        high += PORTION;
        println!("kept");
        store.correct(&[kept[0].id, kept[1].id], Label::Urgent, EPOCH).await.expect("corrected");
        store.undo_last(EPOCH).await.expect("undone");
    }
}

#[tokio::test]
async fn a_process_that_is_killed_while_it_writes_leaves_whole_portions() {
    let f = fixture().await;
    f.store.close().await;
    let (mut dice, mut before) = (Dice(11), 0);
    for round in 0..24 {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "writes_until_it_is_killed", "--nocapture", "--test-threads=1"])
            .env(CHILD, f.folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a child");
        // Held until the end: without a reader the child would fail before it is killed. The harness may put
        // words of its own on the same line.
        let mut lines =
            BufReader::new(child.stdout.take().expect("its words")).lines().map_while(Result::ok);
        let mut told = || lines.find(|line| line.ends_with("kept")).map(|_| Instant::now());
        let (first, second) = (told().expect("a portion"), told().expect("another portion"));
        // Somewhere within the next portion, at another place each time.
        let moment = (second - first) * dice.roll(1_000) / 1_000;
        while second.elapsed() < moment {
            std::hint::spin_loop();
        }
        child.kill().expect("killed");
        child.wait().expect("ended");

        let store = open(f.folder.path()).await;
        let portions = assert_whole(&store, f.inbox).await;
        assert!(portions >= before + 2, "round {round}: what was told to be kept is there");
        before = portions;
        store.close().await;
    }
}

// The journal, jobs, rules and settings.

#[tokio::test]
async fn an_action_only_moves_forward_and_is_open_until_it_is_done() {
    let f = fixture().await;
    let id = f.keep_one(message(1)).await;
    let action = serde_json::json!({ "move": "Archive" });
    let entry = f.store.intend(id, &action, EPOCH).await.unwrap();
    f.store.advance(entry, ActionStage::Sent, EPOCH + 1).await.unwrap();
    let back = f.store.advance(entry, ActionStage::Intent, EPOCH + 2).await;
    assert!(matches!(back, Err(StoreError::Invalid(_))));
    assert!(execute(&f.path(), "UPDATE actions SET stage = 0").await.is_err());
    f.store.close().await;
    let store = open(f.folder.path()).await;
    let open = store.open_actions().await.unwrap();
    assert_eq!((open[0].message, &open[0].action), (id, &action));
    assert_eq!((open[0].stage, open[0].at), (ActionStage::Sent, EPOCH + 1));
    store.advance(entry, ActionStage::Done, EPOCH + 3).await.unwrap();
    assert_eq!(store.open_actions().await.unwrap(), []);
    assert!(matches!(
        store.intend(MessageId(999), &action, EPOCH).await,
        Err(StoreError::NotFound(_))
    ));
    assert!(matches!(
        store.advance(999, ActionStage::Done, EPOCH).await,
        Err(StoreError::NotFound(_))
    ));
}

#[tokio::test]
async fn jobs_and_settings_outlive_a_restart() {
    let f = fixture().await;
    let state = serde_json::json!({ "next": 7 });
    let mut job = Job { name: "import".into(), done: 1, total: u64::MAX >> 1, state, at: EPOCH };
    f.store.save_job(&job).await.unwrap();
    job.done = 2;
    f.store.save_job(&job).await.unwrap();
    f.store.set_setting("theme", &"dark").await.unwrap();
    f.store.close().await;
    let store = open(f.folder.path()).await;
    assert_eq!(store.jobs().await.unwrap(), [job]);
    assert_eq!(store.setting::<String>("theme").await.unwrap().as_deref(), Some("dark"));
    assert!(matches!(store.setting::<u32>("theme").await, Err(StoreError::Unreadable(_))));
    store.remove_job("import").await.unwrap();
    store.remove_setting("theme").await.unwrap();
    assert_eq!(
        (store.jobs().await.unwrap(), store.setting::<String>("theme").await.unwrap()),
        (vec![], None)
    );
}

#[tokio::test]
async fn rules_keep_the_order_they_are_put_in_and_their_numbers() {
    let f = fixture().await;
    let rule = |id: i64, name: &str| Rule {
        id: RuleId(id),
        name: name.into(),
        enabled: true,
        when: Group::all(vec![Condition::Text {
            field: TextField::Subject,
            test: TextTest::Contains("\"50%\" 'off'".into()),
        }]),
        then: vec![Action::SetLabel { label: Label::Notification }],
    };
    let kept = f.store.set_rules(&[rule(0, "a"), rule(0, "b"), rule(0, "c")]).await.unwrap();
    assert_eq!(f.store.rules().await.unwrap(), kept);
    let [a, b, c] = kept.as_slice() else { panic!("{kept:?}") };
    assert!(a.id != b.id && b.id != c.id && a.id.0 > 0);
    // Another order, one left out, one new, one that claims a number that is taken.
    let (b, fresh) = (b.clone(), rule(999, "d"));
    let again = Rule { name: "e".into(), ..b.clone() };
    let now = f.store.set_rules(&[c.clone(), fresh, b.clone(), again]).await.unwrap();
    assert_eq!(f.store.rules().await.unwrap(), now);
    let names: String = now.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(names, "cdbe");
    assert_eq!((now[0].id, now[2].id), (c.id, b.id));
    let mut numbers: Vec<i64> = now.iter().map(|r| r.id.0).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 4);
    assert!(!numbers.contains(&a.id.0) && !numbers.contains(&999), "{numbers:?}");
}

#[tokio::test]
async fn the_record_tells_who_decided_what_and_when_page_by_page() {
    let f = fixture().await;
    let ids: Vec<MessageId> = f.keep(f.inbox, messages(1..=6)).await.iter().map(|k| k.id).collect();
    for (n, id) in ids.iter().enumerate() {
        f.store.record_verdict(*id, &evidence(Label::Task), EPOCH + n as i64).await.unwrap();
    }
    f.store.correct(&ids[..2], Label::Urgent, EPOCH + 2).await.unwrap();
    let undone = f.store.correct(&ids[2..3], Label::Notification, EPOCH + 9).await.unwrap();
    f.store.undo(undone.unwrap(), EPOCH + 10).await.unwrap();
    let every = HistoryFilter::default();
    let (all, end) = f.store.history(every, None, 200).await.unwrap();
    assert!(end.is_none());
    assert!(all.iter().rev().is_sorted_by_key(|entry| entry.at));
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let (page, next) = f.store.history(every, after, 3).await.unwrap();
        assert!(page.len() <= 3);
        paged.extend(page);
        let Some(next) = next else { break };
        after = Some(next.to_string().parse().unwrap());
    }
    assert_eq!(paged, all);
    assert!(matches!(all[0].what, HistoryKind::Correction { undone: true, .. }), "{:?}", all[0]);
    let of = async |filter| f.store.history(filter, None, 200).await.unwrap().0;
    assert_eq!(of(HistoryFilter { by: Some(Voice::User), ..every }).await.len(), 3);
    assert_eq!(of(HistoryFilter { to: Some(Label::Urgent), ..every }).await.len(), 2);
    let one = of(HistoryFilter { message: Some(ids[0]), ..every }).await;
    assert!(one.iter().all(|entry| entry.message == ids[0]) && one.len() >= 2, "{one:?}");
    assert!("x".parse::<HistoryCursor>().is_err());
}

#[tokio::test]
async fn what_the_user_said_is_a_lesson_once_however_often_its_message_moves() {
    let f = fixture().await;
    let ids: Vec<MessageId> = f.keep(f.inbox, messages(1..=3)).await.iter().map(|k| k.id).collect();
    f.store.correct(&ids[..2], Label::Urgent, EPOCH).await.unwrap();
    f.store.correct(&ids[1..2], Label::Task, EPOCH + 1).await.unwrap();
    let taught = f.store.taught(10).await.unwrap();
    let told: Vec<_> = taught.iter().map(|t| (t.message, t.label, t.at)).collect();
    assert_eq!(told, [(ids[1], Label::Task, EPOCH + 1), (ids[0], Label::Urgent, EPOCH)]);
    // Moved to the archive: the same act about the same content.
    f.settle(&[], &[1]).await;
    f.keep(f.archive, vec![numbered(9, 1)]).await;
    assert_eq!(f.store.taught(10).await.unwrap().len(), 2);
    assert_eq!(f.store.taught(1).await.unwrap().len(), 1);
    f.store.undo_last(EPOCH + 2).await.unwrap();
    let told: Vec<Label> = f.store.taught(10).await.unwrap().iter().map(|t| t.label).collect();
    assert_eq!(told, [Label::Urgent, Label::Urgent]);
}

#[tokio::test]
async fn related_mail_is_of_the_same_sender_list_or_conversation_and_nobody_has_decided_it() {
    let f = fixture().await;
    let mail = |n: u32, from: &str, list: Option<&str>| {
        let mut content = content(n);
        content.headers.from = Some(Address { name: String::new(), address: from.into() });
        content.headers.list_id = list.map(Into::into);
        written(n, n, content)
    };
    let ids: Vec<MessageId> = f
        .keep(
            f.inbox,
            vec![
                mail(1, "ana@firm.example", None),
                mail(2, "ANA@firm.example", None),
                mail(3, "bo@firm.example", Some("dev.lists.example")),
                mail(4, "cy@other.example", Some("dev.lists.example")),
                says(mail(5, "ana@firm.example", None), Some(ruled(Label::Task))),
                mail(6, "ana@firm.example", None),
            ],
        )
        .await
        .iter()
        .map(|k| k.id)
        .collect();
    f.store.correct(&ids[5..], Label::Urgent, EPOCH).await.unwrap();
    assert_eq!(
        f.store.related(&[ids[5]], 10).await.unwrap(),
        [ids[1], ids[0]],
        "newest first, without what a rule decided"
    );
    assert_eq!(f.store.related(&[ids[2]], 10).await.unwrap(), [ids[3], ids[2]]);
    assert_eq!(f.store.related(&[ids[5], ids[2]], 3).await.unwrap(), [ids[3], ids[2], ids[1]]);
    f.settle(&[], &[1]).await;
    assert_eq!(f.store.related(&[ids[5]], 10).await.unwrap(), [ids[1]]);
}

#[tokio::test]
async fn examples_are_what_lies_in_a_folder_or_bears_a_keyword() {
    let f = fixture().await;
    let marked = |n: u32, keyword: &str| NewMessage {
        flags: FlagSet { keywords: vec![keyword.into(), "other".into()], ..FlagSet::default() },
        ..message(n)
    };
    f.keep(f.inbox, vec![marked(1, "$Invoice"), marked(2, "$InvoiceOld"), message(3)]).await;
    let archived = f.keep(f.archive, messages(4..=5)).await;
    let found = f.store.with_keyword("$invoice", 10).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].1, EPOCH + 1);
    let filed: Vec<MessageId> =
        f.store.in_folder(f.archive, 10).await.unwrap().into_iter().map(|(id, _)| id).collect();
    assert_eq!(filed, [archived[1].id, archived[0].id]);
    assert_eq!(f.store.in_folder(f.archive, 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_the_encoder_said_out_of_turn_is_kept_and_not_asked_again() {
    let f = fixture().await;
    let id = f.keep_one(message(1)).await;
    let said = Encoded { scores: [1.0, 2.0, 3.0, 4.0], vector: vec![0.6, 0.8] };
    f.store.keep_encoded_of(id, "v1", &said).await.unwrap();
    assert_eq!(f.store.waiting_for_encoder().await.unwrap(), 0);
    assert_eq!(f.store.encoded(id, "v1").await.unwrap().expect("kept").scores, said.scores);
    assert_eq!(f.store.encoded(id, "v2").await.unwrap(), None);
}

#[tokio::test]
async fn an_audit_draws_at_random_what_the_machine_decided_and_each_message_once() {
    let f = fixture().await;
    let doubtful = |n: u32| says(message(n), Some(unsure()));
    f.keep(f.inbox, messages(1..=30)).await;
    f.keep(f.inbox, (31..=40).map(doubtful).collect()).await;
    let ruled_one = f.keep_one(says(message(41), Some(ruled(Label::Task)))).await;
    let told = f.keep_one(message(42)).await;
    f.store.correct(&[told], Label::Task, EPOCH).await.unwrap();
    assert_eq!(f.store.draw_audit(10, EPOCH).await.unwrap(), 10);
    let audit = f.store.audit(0).await.unwrap();
    assert_eq!(audit.bands.iter().map(|b| b.held).sum::<u64>(), 40);
    let drawn: BTreeSet<MessageId> = audit.open.iter().map(|d| d.message).collect();
    assert_eq!(drawn.len(), 10);
    assert!(!drawn.contains(&ruled_one) && !drawn.contains(&told));
    // Answers are counted by what was shown; what is judged is not drawn again.
    let first = audit.open[0];
    assert_eq!(
        f.store.answer_audit(first.id, Label::Urgent, EPOCH + 1).await.unwrap(),
        first.message
    );
    f.store.answer_audit(audit.open[1].id, audit.open[1].shown, EPOCH + 1).await.unwrap();
    let audit = f.store.audit(0).await.unwrap();
    assert_eq!(audit.open.len(), 8);
    assert_eq!(
        audit.bands.iter().map(|b| (b.judged, b.right)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1)),
        (2, 1)
    );
    assert_eq!(audit.confusion[first.shown.index()][Label::Urgent.index()], 1);
    assert_eq!(
        f.store.audit(EPOCH + 2).await.unwrap().bands.iter().map(|b| b.judged).sum::<u64>(),
        0
    );
    assert_eq!(f.store.draw_audit(100, EPOCH).await.unwrap(), 30);
    assert_eq!(f.store.draw_audit(100, EPOCH).await.unwrap(), 0);
    assert_eq!(f.store.end_audit().await.unwrap(), 38);
    assert!(f.store.answer_audit(999, Label::Task, EPOCH).await.is_err());
    f.store.remove_account(f.account).await.unwrap();
    assert_eq!(f.store.audit(0).await.unwrap(), mailroom_store::Audit::default());
}
