//! Relabelling on real files: what is proposed changes nothing, what is applied can be taken back exactly, and a kill
//! at any point loses at most a portion.

use mailroom_domain::{
    AccountId, Address, FlagSet, FolderId, FolderRole, HeaderFacts, Label, MessageContent,
    MessageId, Probabilities, RelabelId, RuleId, SyncState, Uid, UidValidity, Verdict, Voice,
    VoiceShare,
};
use mailroom_store::{
    AccountKind, ChangedVoices, Encoded, NewMessage, PackedVerdict, RelabelItem, RelabelItemState,
    RelabelOutcome, RelabelScope, RelabelState, RelabelStep, Row, Store, StoreError, VoiceSet,
};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;
use tempfile::TempDir;

const EPOCH: i64 = 1_738_000_000;
const NO_PLAN: serde_json::Value = serde_json::Value::Null;
/// Where the child process of the test with kills works.
const CHILD: &str = "MAILROOM_RELABEL_TEST_FOLDER";

struct Fixture {
    folder: TempDir,
    store: Store,
    account: AccountId,
    inbox: FolderId,
    archive: FolderId,
}

async fn fixture() -> Fixture {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).await.expect("a store");
    let (account, inbox, archive) = account(&store, "reader@example.org").await;
    Fixture { folder, store, account, inbox, archive }
}

async fn account(store: &Store, address: &str) -> (AccountId, FolderId, FolderId) {
    let kind = AccountKind::Local { address: address.into() };
    let account = store.add_account(&kind).await.expect("an account");
    let inbox = store.folder(account, "INBOX", "INBOX", FolderRole::Inbox).await.expect("a folder");
    let archive =
        store.folder(account, "Old", "Archive", FolderRole::Archive).await.expect("a folder");
    (account, inbox.0, archive.0)
}

fn said(voice: Voice, label: Label, version: &str, weight: f32) -> VoiceShare {
    let weights = std::array::from_fn(|at| if at == label.index() { 7.0 } else { 1.0 });
    let probabilities = Probabilities::from_weights(weights).expect("probabilities");
    VoiceShare { voice, probabilities, weight, version: version.into() }
}

fn verdict(label: Label, version: &str) -> Verdict {
    let share = said(Voice::Evidence, label, version, 1.0);
    Verdict {
        label,
        unsure: false,
        probabilities: share.probabilities,
        voices: vec![share],
        why: Vec::new(),
        prompt_hash: None,
        rule: None,
        ruled: None,
    }
}

fn message(n: u32, verdict: Option<Verdict>) -> NewMessage {
    let content = MessageContent {
        headers: HeaderFacts {
            message_id: Some(format!("{n}@example.org")),
            subject: format!("Subject {n}"),
            from: Some(Address { name: "Ana".into(), address: "ana@example.org".into() }),
            ..HeaderFacts::default()
        },
        text: format!("These are the words of number{n}."),
        ..MessageContent::default()
    };
    NewMessage {
        uid: Some(Uid(n)),
        flags: FlagSet { seen: n.is_multiple_of(3), ..FlagSet::default() },
        internal_date: Some(EPOCH + i64::from(n)),
        size: 1_000,
        raw: format!("Message-ID: <{n}@example.org>\r\n\r\n{}", content.text).into_bytes(),
        content,
        parser: 1,
        verdict,
    }
}

fn state() -> SyncState {
    SyncState { uid_validity: Some(UidValidity(7)), ..SyncState::default() }
}

/// The label that message `n` has at first, and the one that is proposed for it.
fn before(n: usize) -> Label {
    Label::ALL[n % 4]
}

fn after(n: usize) -> Label {
    Label::ALL[n / 2 % 4]
}

impl Fixture {
    async fn keep(&self, folder: FolderId, messages: Vec<NewMessage>) -> Vec<MessageId> {
        let kept = self.store.keep(folder, messages, state(), EPOCH).await.expect("kept");
        kept.into_iter().map(|kept| kept.id).collect()
    }

    /// So many messages in the inbox, the oldest first.
    async fn fill(&self, count: usize) -> Vec<MessageId> {
        let numbered = (1..=count).map(|n| message(n as u32, Some(verdict(before(n), "old"))));
        self.keep(self.inbox, numbered.collect()).await
    }

    async fn start(&self, scope: &RelabelScope) -> RelabelId {
        self.store.start_relabel(scope, &serde_json::json!({}), EPOCH).await.expect("a job")
    }

    /// The messages of a job in the order of work.
    async fn snapshot(&self, scope: &RelabelScope) -> Vec<MessageId> {
        let id = self.start(scope).await;
        let items = waiting(&self.store, id, RelabelItemState::Evidence).await;
        let end = [RelabelState::Running];
        assert!(self.steer(id, &end, RelabelState::Cancelled).await);
        while self.store.clear_relabels().await.expect("cleared") {}
        items.into_iter().map(|item| item.message).collect()
    }

    async fn steer(&self, id: RelabelId, from: &[RelabelState], to: RelabelState) -> bool {
        self.store.steer_relabel(id, from, to, EPOCH).await.expect("steered")
    }

    /// Proposes for all that waits, and applies it.
    async fn relabel(&self, scope: &RelabelScope, label: impl Fn(MessageId) -> Label) -> RelabelId {
        let id = self.start(scope).await;
        let items = waiting(&self.store, id, RelabelItemState::Evidence).await;
        let outcomes: Vec<_> = items.iter().map(|i| settles(i, label(i.message))).collect();
        self.write(id, RelabelItemState::Evidence, &outcomes).await;
        assert!(self.steer(id, &[RelabelState::Running], RelabelState::Ready).await);
        apply(&self.store, id).await;
        id
    }

    async fn write(&self, id: RelabelId, waited: RelabelItemState, outcomes: &[RelabelOutcome]) {
        assert!(self.store.relabel_portion(id, waited, outcomes, "s1").await.expect("written"));
    }

    async fn rows(&self, messages: &[MessageId]) -> Vec<Row> {
        self.store.rows(messages).await.expect("rows")
    }
}

async fn waiting(store: &Store, id: RelabelId, state: RelabelItemState) -> Vec<RelabelItem> {
    store.relabel_next(id, state, None, "s1", 10_000).await.expect("items")
}

fn settles(item: &RelabelItem, label: Label) -> RelabelOutcome {
    let verdict = PackedVerdict::of(&verdict(label, "new")).expect("packed");
    let step = RelabelStep::Settled { verdict, voice: Voice::Evidence };
    outcome(item, step)
}

fn outcome(item: &RelabelItem, step: RelabelStep) -> RelabelOutcome {
    RelabelOutcome { item: item.id, step, likeness: None, encoded: None }
}

async fn apply(store: &Store, id: RelabelId) {
    let from = [RelabelState::Ready, RelabelState::Applying];
    assert!(store.steer_relabel(id, &from, RelabelState::Applying, EPOCH).await.expect("steered"));
    while !store.apply_relabel(id, 7, EPOCH).await.expect("applied").finished {}
}

async fn undo(store: &Store, id: RelabelId) {
    let from = [RelabelState::Applied, RelabelState::Undoing];
    assert!(store.steer_relabel(id, &from, RelabelState::Undoing, EPOCH).await.expect("steered"));
    let mut at = None;
    while !store.undo_relabel(id, &mut at, 7, EPOCH).await.expect("undone").finished {}
}

async fn number(store: &Store, query: &str) -> i64 {
    let options = SqliteConnectOptions::new().filename(store.path());
    let mut connection = options.connect().await.expect("a connection");
    let found =
        sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(&mut connection).await;
    connection.close().await.expect("closed");
    found.unwrap_or_else(|e| panic!("{query}: {e}"))
}

/// Labels follow from the records, counts from the rows, and no decision is there twice.
async fn assert_sound(store: &Store) {
    assert!(store.counts_agree().await.expect("counted"), "lanes");
    for (what, query) in [
        (
            "labels that do not follow from the records",
            "SELECT count(*) FROM messages m WHERE lane <> coalesce( \
             (SELECT to_label FROM corrections WHERE message_id = m.id AND undone_at IS NULL ORDER BY id DESC), \
             (SELECT label FROM decisions d LEFT JOIN relabel_jobs j ON j.id = d.relabel_id \
              WHERE message_id = m.id AND (j.undone_at IS NULL OR j.state = 'undoing' AND m.decision_id = d.id) \
              ORDER BY d.id DESC), 2)",
        ),
        (
            "decisions of a job that are there twice",
            "SELECT count(*) FROM (SELECT 1 FROM decisions WHERE relabel_id IS NOT NULL \
             GROUP BY relabel_id, message_id HAVING count(*) > 1)",
        ),
        (
            "applied items without their decision, or decisions without their item",
            "SELECT count(*) FROM relabel_items i JOIN relabel_jobs j ON j.id = i.job_id WHERE \
             (i.state = 'applied') <> EXISTS \
             (SELECT 1 FROM decisions WHERE message_id = i.message_id AND relabel_id = i.job_id)",
        ),
        (
            "counts that differ from the items",
            "SELECT count(*) FROM relabel_counts c JOIN relabel_jobs j ON j.id = c.job_id \
             WHERE j.finished_at IS NULL AND items <> (SELECT count(*) FROM relabel_items i \
             WHERE i.job_id = c.job_id AND i.state = c.state AND i.from_label = c.from_label \
             AND i.to_label = c.to_label AND i.voice = c.voice AND (i.first_id IS NOT NULL) = c.folded)",
        ),
        (
            "items that are not counted",
            "SELECT count(*) FROM relabel_jobs j WHERE finished_at IS NULL AND \
             (SELECT count(*) FROM relabel_items WHERE job_id = j.id) <> \
             coalesce((SELECT sum(items) FROM relabel_counts WHERE job_id = j.id), 0)",
        ),
        ("broken references", "SELECT count(*) FROM pragma_foreign_key_check"),
    ] {
        assert_eq!(number(store, query).await, 0, "{what}");
    }
}

#[tokio::test]
async fn a_snapshot_holds_what_is_in_its_scope_the_newest_first() {
    let f = fixture().await;
    let ids = f.fill(12).await;
    let old = f.keep(f.archive, vec![message(40, Some(verdict(Label::Task, "old")))]).await[0];
    let (other, there, _) = account(&f.store, "other@example.org").await;
    let far = f.keep(there, vec![message(50, None)]).await[0];
    let mut doubtful = verdict(Label::NeedsHuman, "old");
    doubtful.unsure = true;
    f.store.record_verdict(ids[4], &doubtful, EPOCH).await.expect("recorded");
    f.store.correct(&[ids[0]], Label::Urgent, EPOCH).await.expect("corrected");
    let ruled = Verdict { rule: Some(RuleId(1)), ..verdict(Label::Urgent, "old") };
    f.store.record_verdict(ids[1], &ruled, EPOCH).await.expect("recorded");
    f.store.settle(f.inbox, &[], &[Uid(3)], state(), EPOCH).await.expect("gone");

    let all: Vec<MessageId> =
        [far, old].into_iter().chain(ids[3..].iter().rev().copied()).collect();
    let scope = RelabelScope::default();
    assert_eq!(f.snapshot(&scope).await, all);
    let job = f.store.relabel_job(None).await.expect("a job").expect("one");
    assert_eq!((job.corrected, job.ruled, job.state), (1, 1, RelabelState::Cancelled));

    let of = |change: &dyn Fn(&mut RelabelScope)| {
        let mut scope = RelabelScope::default();
        change(&mut scope);
        scope
    };
    assert_eq!(f.snapshot(&of(&|s| s.account = Some(other))).await, [far]);
    assert_eq!(f.snapshot(&of(&|s| s.folder = Some("Archive".into()))).await, [old]);
    assert_eq!(f.snapshot(&of(&|s| s.folder = Some("Old".into()))).await, [old]);
    assert_eq!(f.snapshot(&of(&|s| s.unsure = true)).await, [far, ids[4]], "unlabelled is unsure");
    assert_eq!(f.snapshot(&of(&|s| s.ids = Some(vec![ids[5], ids[0], far]))).await, [far, ids[5]]);
    let between = of(&|s| (s.since, s.until) = (Some(EPOCH + 6), Some(EPOCH + 8)));
    assert_eq!(f.snapshot(&between).await, [ids[6], ids[5]]);
    let tasks = f.snapshot(&of(&|s| s.lane = Some(Label::Task))).await;
    assert_eq!(tasks, [old, ids[8]], "1, 5, 9 of the inbox but for those that were decided anew");
    let with_rules = f.snapshot(&of(&|s| s.ruled = true)).await;
    assert!(with_rules.contains(&ids[1]) && !with_rules.contains(&ids[0]));
    assert_eq!(with_rules.len(), all.len() + 1);

    let nowhere = of(&|s| s.folder = Some("Nowhere".into()));
    let none = f.store.start_relabel(&nowhere, &NO_PLAN, EPOCH).await;
    assert!(matches!(none, Err(StoreError::NotFound(_))));
    let gone = of(&|s| s.account = Some(AccountId(99)));
    let none = f.store.start_relabel(&gone, &NO_PLAN, EPOCH).await;
    assert!(matches!(none, Err(StoreError::NotFound(_))));
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn one_job_is_under_way_at_a_time() {
    let f = fixture().await;
    f.fill(3).await;
    let first = f.start(&RelabelScope::default()).await;
    let scope = RelabelScope::default();
    let second = f.store.start_relabel(&scope, &NO_PLAN, EPOCH).await;
    assert!(matches!(second, Err(StoreError::Invalid(text)) if text.contains("running")));
    assert!(!f.steer(first, &[RelabelState::Ready], RelabelState::Applying).await);
    assert!(f.steer(first, &[RelabelState::Running], RelabelState::Paused).await);
    assert!(f.store.relabel_at_work().await.expect("a look").is_none());
    assert!(f.steer(first, &[RelabelState::Paused], RelabelState::Running).await);
    assert!(matches!(f.store.apply_relabel(first, 9, EPOCH).await, Err(StoreError::Invalid(_))));
    // What was not written when the job was ended is not written any more.
    let items = waiting(&f.store, first, RelabelItemState::Evidence).await;
    assert!(f.steer(first, &[RelabelState::Running], RelabelState::Cancelled).await);
    let outcomes = [settles(&items[0], Label::Urgent)];
    let waited = RelabelItemState::Evidence;
    assert!(!f.store.relabel_portion(first, waited, &outcomes, "s1").await.expect("refused"));
    let second = f.start(&scope).await;
    assert!(f.steer(second, &[RelabelState::Running], RelabelState::Ready).await);
    apply(&f.store, second).await;
    f.start(&scope).await;
    let back =
        f.store.steer_relabel(second, &[RelabelState::Applied], RelabelState::Undoing, EPOCH);
    assert!(matches!(back.await, Err(StoreError::Invalid(_))), "another one is under way");
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn what_is_applied_is_taken_back_exactly() {
    let f = fixture().await;
    let mut ids = f.fill(40).await;
    // One that nobody has judged yet.
    ids.extend(f.keep(f.inbox, vec![message(100, None)]).await);
    let (rows, counts) = (f.rows(&ids).await, f.store.counts().await.expect("counts"));

    let id = f.start(&RelabelScope::default()).await;
    let items = waiting(&f.store, id, RelabelItemState::Evidence).await;
    let place = |message: MessageId| ids.iter().position(|id| *id == message).expect("known") + 1;
    let outcomes: Vec<_> = items.iter().map(|i| settles(i, after(place(i.message)))).collect();
    f.write(id, RelabelItemState::Evidence, &outcomes).await;
    assert_eq!(f.rows(&ids).await, rows, "what is proposed changes nothing");
    let moves = f.store.relabel_moves(id, 2).await.expect("moves");
    let mut expected: BTreeMap<(Label, Label), u64> = BTreeMap::new();
    for n in 1..=41 {
        let from = if n == 41 { Label::NeedsHuman } else { before(n) };
        if from != after(n) {
            *expected.entry((from, after(n))).or_default() += 1;
        }
    }
    let found: BTreeMap<_, _> = moves.iter().map(|m| ((m.from, m.to), m.count)).collect();
    assert_eq!(found, expected);
    assert!(moves.iter().all(|m| m.examples.len() as u64 == m.count.min(2)));
    assert!(moves.iter().all(|m| m.examples.is_sorted_by_key(|id| std::cmp::Reverse(id.0))));

    assert!(f.steer(id, &[RelabelState::Running], RelabelState::Ready).await);
    apply(&f.store, id).await;
    for (at, row) in f.rows(&ids).await.iter().enumerate() {
        assert_eq!(row.lane, after(at + 1));
    }
    while f.store.clear_relabels().await.expect("cleared") {}
    assert_eq!(number(&f.store, "SELECT count(*) FROM relabel_items").await, 0);
    let again = f.store.relabel_moves(id, 2).await.expect("moves");
    let found: BTreeMap<_, _> = again.iter().map(|m| ((m.from, m.to), m.count)).collect();
    assert_eq!(found, expected, "what was changed is known afterwards");
    assert_sound(&f.store).await;

    undo(&f.store, id).await;
    assert_eq!(f.rows(&ids).await, rows);
    assert_eq!(f.store.counts().await.expect("counts"), counts);
    assert_eq!(f.store.undecided(9).await.expect("a list"), [ids[40]], "still nobody's");
    assert_eq!(f.store.decisions(ids[0]).await.expect("a record").len(), 2, "nothing is forgotten");
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn what_the_user_or_a_voice_said_meanwhile_stays() {
    let f = fixture().await;
    let ids = f.fill(6).await;
    let id = f.start(&RelabelScope::default()).await;
    let items = waiting(&f.store, id, RelabelItemState::Evidence).await;
    let outcomes: Vec<_> = items.iter().map(|i| settles(i, Label::Urgent)).collect();
    f.write(id, RelabelItemState::Evidence, &outcomes).await;
    assert!(f.steer(id, &[RelabelState::Running], RelabelState::Ready).await);
    // Between the proposal and its being applied.
    f.store.correct(&[ids[0]], Label::Notification, EPOCH).await.expect("corrected");
    f.store.record_verdict(ids[1], &verdict(Label::Task, "x"), EPOCH).await.expect("recorded");
    apply(&f.store, id).await;
    let job = f.store.relabel_job(Some(id)).await.expect("a job").expect("one");
    assert_eq!(job.count(&[RelabelItemState::Corrected]), 1);
    assert_eq!(job.count(&[RelabelItemState::Rejudged]), 1);
    assert_eq!(job.count(&[RelabelItemState::Applied]), 4);
    let lanes = |rows: Vec<Row>| rows.into_iter().map(|row| row.lane).collect::<Vec<_>>();
    let (urgent, task, told) = (Label::Urgent, Label::Task, Label::Notification);
    assert_eq!(lanes(f.rows(&ids).await), [told, task, urgent, urgent, urgent, urgent]);
    // Between that and its being taken back: corrected, judged anew, and moved to another folder.
    f.store.correct(&[ids[2]], Label::Task, EPOCH).await.expect("corrected");
    f.store.record_verdict(ids[3], &verdict(Label::Task, "x"), EPOCH).await.expect("recorded");
    let moved = f.keep(f.archive, vec![message(5, Some(verdict(told, "z")))]).await[0];
    assert_eq!(lanes(f.rows(&[moved]).await), [urgent]);
    undo(&f.store, id).await;
    assert_eq!(
        lanes(f.rows(&ids).await),
        [told, task, task, task, before(5), before(6)],
        "as it was, but for what was said since"
    );
    assert_eq!(lanes(f.rows(&[moved]).await), [before(5)], "and so is the copy");
    f.store.undo_last(EPOCH).await.expect("undone");
    assert_eq!(lanes(f.rows(&[ids[2]]).await), [before(3)], "without correction and relabelling");
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn two_relabellings_are_taken_back_in_any_order() {
    let f = fixture().await;
    let ids = f.fill(8).await;
    let rows = f.rows(&ids).await;
    for first_first in [false, true] {
        let first = f.relabel(&RelabelScope::default(), |_| Label::Urgent).await;
        let second = f.relabel(&RelabelScope::default(), |_| Label::Task).await;
        let (one, two) = if first_first { (first, second) } else { (second, first) };
        undo(&f.store, one).await;
        let left = if first_first { Label::Task } else { Label::Urgent };
        assert!(f.rows(&ids).await.iter().all(|row| row.lane == left));
        undo(&f.store, two).await;
        assert_eq!(f.rows(&ids).await, rows);
        assert_sound(&f.store).await;
    }
}

#[tokio::test]
async fn the_same_verdict_is_not_recorded_again() {
    let f = fixture().await;
    let ids = f.fill(4).await;
    for id in &ids {
        let same = verdict(Label::Task, "new");
        f.store.record_verdict(*id, &same, EPOCH).await.expect("recorded");
    }
    let id = f.relabel(&RelabelScope::default(), |_| Label::Task).await;
    let job = f.store.relabel_job(Some(id)).await.expect("a job").expect("one");
    assert_eq!(job.count(&[RelabelItemState::Same]), 4);
    assert_eq!(f.store.decisions(ids[0]).await.expect("a record").len(), 2);
}

#[tokio::test]
async fn near_duplicates_take_the_verdict_of_the_first_whenever_it_comes() {
    let f = fixture().await;
    let ids = f.fill(6).await;
    let id = f.start(&RelabelScope::default()).await;
    let items = waiting(&f.store, id, RelabelItemState::Evidence).await;
    assert_eq!(items[0].message, ids[5]);
    let like =
        |outcome: RelabelOutcome, likeness| RelabelOutcome { likeness: Some(likeness), ..outcome };
    let waits = RelabelStep::Waits(RelabelItemState::Encoder);
    let evidence = RelabelItemState::Evidence;
    f.write(
        id,
        evidence,
        &[
            like(outcome(&items[0], waits), 7),
            like(outcome(&items[1], RelabelStep::Folds(items[0].id)), 7),
            like(settles(&items[2], Label::Task), 8),
            like(outcome(&items[3], RelabelStep::Folds(items[2].id)), 8),
        ],
    )
    .await;
    let firsts = f.store.relabel_firsts(id, [7, 8, 9]).await.expect("firsts");
    assert_eq!(firsts.len(), 2);
    assert_eq!((firsts[&7], firsts[&8]), (items[0].id, items[2].id));
    let job = f.store.relabel_job(Some(id)).await.expect("a job").expect("one");
    assert_eq!(job.count(&[RelabelItemState::Duplicate]), 1);
    assert_eq!(job.count(&[RelabelItemState::Proposed]), 2);
    // The encoder has read the first one; what it said is kept with the content.
    let body = items[0].body;
    let encoded = Encoded { scores: [3.0, 0.0, 0.0, 0.0], vector: vec![0.6, 0.8] };
    let step = settles(&items[0], Label::Urgent).step;
    let read =
        RelabelOutcome { encoded: Some((body, encoded.clone())), ..outcome(&items[0], step) };
    f.write(id, RelabelItemState::Encoder, &[read.clone()]).await;
    let kept = f.store.encoded(ids[5], "s1").await.expect("a look").expect("it is kept");
    assert_eq!(kept.scores, encoded.scores);
    let waits = f.store.waiting_for_encoder().await.expect("a count");
    assert_eq!(waits, 6, "the queue of the lanes has yet to hear of it");
    // Written again, by a portion that was thought lost, it changes nothing.
    f.write(id, RelabelItemState::Encoder, &[read]).await;
    f.write(id, evidence, &[settles(&items[4], Label::Task), settles(&items[5], Label::Task)])
        .await;
    assert!(f.steer(id, &[RelabelState::Running], RelabelState::Ready).await);
    assert_sound(&f.store).await;
    apply(&f.store, id).await;
    let lanes: Vec<Label> = f.rows(&ids).await.iter().map(|row| row.lane).collect();
    let (urgent, task) = (Label::Urgent, Label::Task);
    assert_eq!(lanes, [task, task, task, task, urgent, urgent]);
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn a_job_outlives_the_removal_of_an_account_and_new_mail() {
    let f = fixture().await;
    let ids = f.fill(5).await;
    let (other, there, _) = account(&f.store, "other@example.org").await;
    f.keep(there, (50..60).map(|n| message(n, Some(verdict(Label::Urgent, "old")))).collect())
        .await;
    let id = f.start(&RelabelScope::default()).await;
    let items = waiting(&f.store, id, RelabelItemState::Evidence).await;
    assert_eq!(items.len(), 15);
    // The first of two that are alike lies in the account that goes.
    let mut first = settles(&items[0], Label::Task);
    first.step = RelabelStep::Waits(RelabelItemState::Model);
    let orphan = outcome(&items[10], RelabelStep::Folds(items[0].id));
    f.write(id, RelabelItemState::Evidence, &[first, orphan]).await;
    f.store.remove_account(other).await.expect("removed");
    let new = f.keep(f.inbox, vec![message(99, Some(verdict(Label::Urgent, "old")))]).await[0];
    assert_sound(&f.store).await;
    let job = f.store.relabel_job(Some(id)).await.expect("a job").expect("one");
    assert_eq!(job.total(), 5);
    // A portion that was judged before the removal writes what is left of it.
    let late: Vec<_> = items[1..10].iter().map(|i| settles(i, Label::Task)).collect();
    f.write(id, RelabelItemState::Evidence, &late).await;
    assert_eq!(f.store.relabel_orphans(id).await.expect("freed"), 1);
    let items = waiting(&f.store, id, RelabelItemState::Evidence).await;
    assert_eq!(
        items.iter().map(|i| i.message).collect::<Vec<_>>(),
        [4, 3, 2, 1, 0].map(|n| ids[n])
    );
    let outcomes: Vec<_> = items.iter().map(|i| settles(i, Label::Task)).collect();
    f.write(id, RelabelItemState::Evidence, &outcomes).await;
    assert!(f.steer(id, &[RelabelState::Running], RelabelState::Ready).await);
    apply(&f.store, id).await;
    assert!(f.rows(&ids).await.iter().all(|row| row.lane == Label::Task));
    assert_eq!(f.rows(&[new]).await[0].lane, Label::Urgent, "not in the snapshot");
    assert_sound(&f.store).await;
    // And so does its being taken back.
    f.store.remove_account(f.account).await.expect("removed");
    undo(&f.store, id).await;
    assert_sound(&f.store).await;
}

#[tokio::test]
async fn what_a_change_of_voices_cannot_affect_is_left_out() {
    let f = fixture().await;
    let ids = f.fill(4).await;
    let heard = |versions: &[(Voice, &str)]| {
        let mut made = verdict(Label::Task, "e1");
        made.voices = versions.iter().map(|(v, name)| said(*v, Label::Task, name, 1.0)).collect();
        made
    };
    let both = heard(&[(Voice::Evidence, "e1"), (Voice::Encoder, "s1")]);
    f.store.record_verdict(ids[0], &both, EPOCH).await.expect("recorded");
    let alone = heard(&[(Voice::Evidence, "e1")]);
    f.store.record_verdict(ids[1], &alone, EPOCH).await.expect("recorded");
    let sets = f.store.voice_sets().await.expect("sets");
    assert_eq!(sets.len(), 3, "{sets:?}");
    let id_of = |verdict: &Verdict| {
        let wanted = VoiceSet::of(verdict).expect("voices");
        sets.iter().find(|stored| stored.set == wanted).expect("known").id
    };
    let of = |current: Vec<(i64, f32)>| RelabelScope {
        changed: Some(ChangedVoices { current }),
        ..RelabelScope::default()
    };
    let newest_first = |at: &[usize]| at.iter().map(|at| ids[*at]).collect::<Vec<_>>();
    assert_eq!(f.snapshot(&of(vec![])).await, newest_first(&[3, 2, 1, 0]));
    assert_eq!(f.snapshot(&of(vec![(id_of(&both), 0.0)])).await, newest_first(&[3, 2, 1]));
    // The decision is 0.7 probable.
    let sure = vec![(id_of(&both), 0.0), (id_of(&alone), 0.6)];
    assert_eq!(f.snapshot(&of(sure)).await, newest_first(&[3, 2]));
    let unsure = vec![(id_of(&both), 0.0), (id_of(&alone), 0.8)];
    assert_eq!(f.snapshot(&of(unsure)).await, newest_first(&[3, 2, 1]));
}

#[tokio::test]
async fn progress_notes_and_plan_are_kept() {
    let f = fixture().await;
    f.fill(2).await;
    let id = f.start(&RelabelScope::default()).await;
    for note in ["One.", "Two.", "One."] {
        f.store.note_relabel(id, note).await.expect("noted");
    }
    f.store.replan_relabel(id, &serde_json::json!({ "bound": 0.9 })).await.expect("planned");
    let told = f.store.tell_relabel(id, (Some(12.5), Some(60)), Some("busy"), EPOCH + 5);
    told.await.expect("told");
    let job = f.store.relabel_job(None).await.expect("a job").expect("one");
    assert_eq!(job.notes, ["One.", "Two."]);
    assert_eq!(job.plan, serde_json::json!({ "bound": 0.9 }));
    assert_eq!((job.rate, job.seconds_left, job.touched_at), (Some(12.5), Some(60), EPOCH + 5));
    assert_eq!(job.hold.as_deref(), Some("busy"));
    assert!(f.steer(id, &[RelabelState::Running], RelabelState::Paused).await);
    let job = f.store.relabel_job(None).await.expect("a job").expect("one");
    assert_eq!((job.rate, job.hold), (None, None), "what has stopped has no pace");
}

/// No test of its own: what the next one kills. Makes proposals, applies them and takes them back, over and over.
#[tokio::test]
async fn relabels_until_it_is_killed() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let store = Store::open(Path::new(&folder)).await.expect("a store");
    loop {
        go_on(&store, 5).await;
        println!("written");
    }
}

/// One portion of whatever is to be done next.
async fn go_on(store: &Store, portion: u32) {
    use RelabelState as S;
    let job = store.relabel_job(None).await.expect("a job");
    let steer = async |id, from: S, to: S| {
        assert!(store.steer_relabel(id, &[from], to, EPOCH).await.expect("steered"));
    };
    let Some(job) = job.filter(|job| job.state != S::Undone) else {
        store.start_relabel(&RelabelScope::default(), &NO_PLAN, EPOCH).await.expect("a job");
        return;
    };
    match job.state {
        S::Running => {
            for state in [RelabelItemState::Evidence, RelabelItemState::Encoder] {
                let items =
                    store.relabel_next(job.id, state, None, "s1", portion).await.expect("items");
                if items.is_empty() {
                    continue;
                }
                let outcomes: Vec<_> = items
                    .iter()
                    .map(|item| {
                        let n = item.message.0 as usize;
                        let step = match state {
                            RelabelItemState::Evidence if n.is_multiple_of(3) => {
                                RelabelStep::Waits(RelabelItemState::Encoder)
                            }
                            _ => settles(item, after(n)).step,
                        };
                        outcome(item, step)
                    })
                    .collect();
                assert!(
                    store.relabel_portion(job.id, state, &outcomes, "s1").await.expect("written")
                );
                return;
            }
            steer(job.id, S::Running, S::Ready).await;
        }
        S::Ready => steer(job.id, S::Ready, S::Applying).await,
        S::Applying => drop(store.apply_relabel(job.id, portion, EPOCH).await.expect("applied")),
        S::Applied => {
            while store.clear_relabels().await.expect("cleared") {}
            steer(job.id, S::Applied, S::Undoing).await;
        }
        S::Undoing => {
            let mut at = None;
            while !store
                .undo_relabel(job.id, &mut at, portion, EPOCH)
                .await
                .expect("undone")
                .finished
            {
                println!("written");
            }
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_process_that_is_killed_loses_a_portion_at_most_and_doubles_nothing() {
    let f = fixture().await;
    let ids = f.fill(60).await;
    let rows = f.rows(&ids).await;
    f.store.close().await;
    let mut dice = 17u64;
    let mut seen = std::collections::BTreeSet::new();
    for round in 0..16 {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "relabels_until_it_is_killed", "--nocapture", "--test-threads=1"])
            .env(CHILD, f.folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a child");
        // Held until the end: without a reader the child would fail before it is killed.
        let mut lines =
            BufReader::new(child.stdout.take().expect("its words")).lines().map_while(Result::ok);
        let mut told = || lines.find(|line| line.ends_with("written")).map(|_| Instant::now());
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut last = told().expect("a portion");
        let mut span = std::time::Duration::ZERO;
        for _ in 0..1 + (dice >> 33) % 9 {
            let now = told().expect("another portion");
            (span, last) = (now - last, now);
        }
        // Somewhere within the next portion.
        let moment = span * ((dice >> 40) % 1_000) as u32 / 1_000;
        while last.elapsed() < moment {
            std::hint::spin_loop();
        }
        child.kill().expect("killed");
        child.wait().expect("ended");

        let store = Store::open(f.folder.path()).await.expect("a store");
        assert_sound(&store).await;
        let job = store.relabel_job(None).await.expect("a job").expect("one");
        seen.insert(job.state.as_str());
        if matches!(job.state, RelabelState::Running | RelabelState::Ready) {
            let now = store.rows(&ids).await.expect("rows");
            assert_eq!(now, rows, "round {round}: nothing is applied yet");
        }
        store.close().await;
    }
    assert!(seen.len() > 1, "only {seen:?} was cut");
    // Whoever comes next brings it to its end.
    let store = Store::open(f.folder.path()).await.expect("a store");
    let id = store.relabel_job(None).await.expect("a job").expect("one").id;
    let mut applied = false;
    loop {
        let state = store.relabel_job(Some(id)).await.expect("a job").expect("one").state;
        if state == RelabelState::Applied {
            applied = true;
            for row in store.rows(&ids).await.expect("rows") {
                assert_eq!(row.lane, after(row.id.0 as usize));
            }
        }
        if state == RelabelState::Undone {
            break;
        }
        go_on(&store, 500).await;
    }
    assert!(applied || seen.contains("undoing") || seen.contains("undone"));
    assert_eq!(store.rows(&ids).await.expect("rows"), rows);
    assert_sound(&store).await;
}
