//! Relabelling many messages: a snapshot, proposals, and decisions that are applied and taken back as one.
//!
//! Every step is a transaction that checks where the job stands and moves only items that still wait for it. So a
//! process that is killed loses at most the portion it had not written, and nothing is ever done twice. Several
//! processes may steer a job; one works on it.

use crate::decision::{Shown, ids};
use crate::pack::{from_json, unpack_json};
use crate::sql::{Named, flags, json, label, lane, voice};
use crate::types::{
    PackedContent, RelabelCount, RelabelItem, RelabelItemId, RelabelItemState, RelabelJob,
    RelabelMove, RelabelOutcome, RelabelPortion, RelabelScope, RelabelState, RelabelStep,
    StoredVoiceSet,
};
use crate::vector::{BodyId, Encoded, numbers_of, scores_of};
use crate::{Result, Store, StoreError};
use mailroom_domain::{
    AccountId, FolderId, MessageId, RelabelId, ThreadId, UnixSeconds, Verdict, Voice,
};
use sqlx::{Row as _, Sqlite, Transaction, sqlite::SqliteRow};
use std::collections::HashMap;

/// Items that are cleared away in one transaction.
const CLEARED_AT_ONCE: i64 = 2_000;

/// `$head` over the present messages `m` of a scope, continued by `$tail`. Bound by [`bind_scope`], from ?1 to ?10.
macro_rules! in_scope {
    ($head:literal, $tail:literal) => {
        concat!(
            $head,
            " FROM messages m WHERE m.gone_at IS NULL \
             AND m.account_id NOT IN (SELECT id FROM accounts WHERE leaving = 1) \
             AND (?2 IS NULL OR m.account_id = ?2) \
             AND (?3 IS NULL OR m.folder_id IN (SELECT id FROM folders WHERE name = ?3 OR display = ?3)) \
             AND (?4 IS NULL OR m.received >= ?4) AND (?5 IS NULL OR m.received < ?5) \
             AND (?6 IS NULL OR m.lane = ?6) AND (?7 = 0 OR m.unsure = 1) \
             AND (?8 IS NULL OR m.id IN (SELECT value FROM json_each(?8))) \
             AND (?9 IS NULL OR NOT EXISTS (SELECT 1 FROM decisions d, json_each(?9) s WHERE d.id = m.decision_id \
                 AND d.voices_id = s.value ->> 0 AND d.confidence >= s.value ->> 1)) ",
            $tail
        )
    };
}

const SNAPSHOT: &str = in_scope!(
    "INSERT INTO relabel_items (job_id, message_id, from_label) SELECT ?1, m.id, m.lane",
    "AND m.correction_id IS NULL AND (?10 OR coalesce(m.decided_by, '') <> 'rule') \
     ORDER BY m.sort_key DESC"
);
const LEFT_ALONE: &str = in_scope!(
    "SELECT count(*) FILTER (WHERE m.correction_id IS NOT NULL), \
     count(*) FILTER (WHERE m.correction_id IS NULL AND NOT ?10 AND m.decided_by = 'rule'), ?1",
    "AND (m.correction_id IS NOT NULL OR m.decided_by = 'rule')"
);
const NEXT: &str = "SELECT i.id, i.message_id, m.account_id, m.body_id, b.content, m.set_aside, m.thread_id, v.scores, v.vector, \
     m.folder_id, m.received, m.seen, m.flagged, m.answered, m.draft, m.deleted, m.keywords \
     FROM relabel_items i INDEXED BY relabel_items_next \
     CROSS JOIN messages m ON m.id = i.message_id CROSS JOIN bodies b ON b.id = m.body_id \
     LEFT JOIN vectors v ON v.body_id = m.body_id AND v.version = ?4 \
     WHERE i.job_id = ?1 AND i.state = ?2 AND i.id > ?3 ORDER BY i.id LIMIT ?5";
const PROPOSED: &str = "SELECT i.id, i.message_id, i.base_id, \
     coalesce(i.verdict, (SELECT f.verdict FROM relabel_items f WHERE f.id = i.first_id)), \
     m.decision_id, m.correction_id IS NOT NULL, m.lane, d.relabel_id IS NULL, d.voices_id, d.verdict \
     FROM relabel_items i INDEXED BY relabel_items_next CROSS JOIN messages m ON m.id = i.message_id \
     LEFT JOIN decisions d ON d.id = m.decision_id \
     WHERE i.job_id = ?1 AND i.state = 'proposed' ORDER BY i.id LIMIT ?2";
const TAKEN_BACK: &str = "SELECT d.id, d.message_id, m.lane FROM decisions d INDEXED BY decisions_relabel \
     CROSS JOIN messages m ON m.id = d.message_id \
     WHERE d.relabel_id = ?1 AND d.id > ?2 ORDER BY d.id LIMIT ?3";
const EXAMPLES: &str = "SELECT message_id FROM relabel_items INDEXED BY relabel_items_next \
     WHERE job_id = ?1 AND state = 'proposed' AND from_label = ?2 AND to_label = ?3 ORDER BY id LIMIT ?4";

#[cfg(test)]
pub(crate) const PLANNED: [&str; 4] = [NEXT, PROPOSED, TAKEN_BACK, EXAMPLES];

type ScopeQuery<'q> = sqlx::query::Query<'q, Sqlite, sqlx::sqlite::SqliteArguments>;

fn bind_scope(statement: &'static str, job: i64, scope: &RelabelScope) -> ScopeQuery<'static> {
    let current =
        scope.changed.as_ref().map(|changed| serde_json::json!(changed.current).to_string());
    sqlx::query(statement)
        .bind(job)
        .bind(scope.account.map(|a| a.0))
        .bind(scope.folder.clone())
        .bind(scope.since)
        .bind(scope.until)
        .bind(scope.lane.map(lane))
        .bind(scope.unsure)
        .bind(scope.ids.as_ref().map(|messages| ids(messages)))
        .bind(current)
        .bind(scope.ruled)
}

impl Store {
    /// Begins a relabelling: takes the snapshot of the messages in its scope, newest first, in the transaction that
    /// makes the job. What the user corrected or a rule decided is left alone and counted.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] while another one is under way; [`StoreError::NotFound`] for the account or folder.
    pub async fn start_relabel(
        &self,
        scope: &RelabelScope,
        plan: &serde_json::Value,
        at: UnixSeconds,
    ) -> Result<RelabelId> {
        let mut tx = self.write().await?;
        let active: Option<(i64, String)> =
            sqlx::query_as("SELECT id, state FROM relabel_jobs WHERE active = 1")
                .fetch_optional(&mut *tx)
                .await
                .named(self)?;
        if let Some((id, state)) = active {
            return Err(StoreError::Invalid(format!(
                "Relabelling {id} is {state}. Apply, discard or cancel it first."
            )));
        }
        self.check_scope(&mut tx, scope).await?;
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO relabel_jobs (state, plan, made_at, touched_at) VALUES ('running', ?1, ?2, ?2) \
             RETURNING id",
        )
        .bind(plan.to_string())
        .bind(at)
        .fetch_one(&mut *tx)
        .await
        .named(self)?;
        bind_scope(SNAPSHOT, id, scope).execute(&mut *tx).await.named(self)?;
        let left = bind_scope(LEFT_ALONE, id, scope).fetch_one(&mut *tx).await.named(self)?;
        sqlx::query("UPDATE relabel_jobs SET corrected = ?2, ruled = ?3 WHERE id = ?1")
            .bind(id)
            .bind(left.try_get::<i64, _>(0).named(self)?)
            .bind(left.try_get::<i64, _>(1).named(self)?)
            .execute(&mut *tx)
            .await
            .named(self)?;
        sqlx::query(
            "INSERT INTO relabel_counts (job_id, state, from_label, to_label, voice, folded, items) \
             SELECT job_id, state, from_label, -1, '', 0, count(*) FROM relabel_items WHERE job_id = ?1 \
             GROUP BY job_id, state, from_label",
        )
        .bind(id)
        .execute(&mut *tx)
        .await
        .named(self)?;
        tx.commit().await.named(self)?;
        Ok(RelabelId(id))
    }

    async fn check_scope(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        scope: &RelabelScope,
    ) -> Result<()> {
        if let Some(account) = scope.account {
            let there: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM accounts WHERE id = ? AND leaving = 0)",
            )
            .bind(account.0)
            .fetch_one(&mut **tx)
            .await
            .named(self)?;
            if !there {
                return Err(StoreError::NotFound("The account"));
            }
        }
        if let Some(folder) = &scope.folder {
            let there: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM folders WHERE (name = ?1 OR display = ?1) \
                 AND (?2 IS NULL OR account_id = ?2))",
            )
            .bind(folder)
            .bind(scope.account.map(|a| a.0))
            .fetch_one(&mut **tx)
            .await
            .named(self)?;
            if !there {
                return Err(StoreError::NotFound("The folder"));
            }
        }
        Ok(())
    }

    /// One relabelling, or the last one; `None` when there is none.
    pub async fn relabel_job(&self, id: Option<RelabelId>) -> Result<Option<RelabelJob>> {
        let mut tx = self.read().await?;
        let row = sqlx::query(
            "SELECT id, state, plan, made_at, finished_at, undone_at, corrected, ruled, notes, hold, rate, \
             seconds_left, touched_at FROM relabel_jobs WHERE ?1 IS NULL OR id = ?1 ORDER BY id DESC LIMIT 1",
        )
        .bind(id.map(|id| id.0))
        .fetch_optional(&mut *tx)
        .await
        .named(self)?;
        let Some(row) = row else { return Ok(None) };
        let counts = sqlx::query(
            "SELECT state, from_label, to_label, voice, folded, items FROM relabel_counts \
             WHERE job_id = ? AND items > 0",
        )
        .bind(row.try_get::<i64, _>(0).named(self)?)
        .fetch_all(&mut *tx)
        .await
        .named(self)?;
        let mut job = job(&row).named(self)??;
        job.counts = counts.iter().map(count).collect::<sqlx::Result<_>>().named(self)?;
        Ok(Some(job))
    }

    /// The relabelling that somebody has to work on: one that runs, is being applied or taken back.
    pub async fn relabel_at_work(&self) -> Result<Option<(RelabelId, RelabelState)>> {
        let row: Option<(i64, String)> = sqlx::query_as(
            "SELECT id, state FROM relabel_jobs WHERE active = 1 AND state IN ('running', 'applying', 'undoing')",
        )
        .fetch_optional(self.readers())
        .await
        .named(self)?;
        Ok(row.and_then(|(id, state)| Some((RelabelId(id), state_of(&state)?))))
    }

    /// Moves a relabelling from one of these states to another; `false` if it is in none of them. Finished ones are
    /// cleared by [`Store::clear_relabels`].
    pub async fn steer_relabel(
        &self,
        id: RelabelId,
        from: &[RelabelState],
        to: RelabelState,
        at: UnixSeconds,
    ) -> Result<bool> {
        let mut tx = self.write().await?;
        if to.is_active() {
            let other: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM relabel_jobs WHERE active = 1 AND id <> ?)",
            )
            .bind(id.0)
            .fetch_one(&mut *tx)
            .await
            .named(self)?;
            if other {
                return Err(StoreError::Invalid(
                    "Another relabelling is under way. Apply, discard or cancel it first.".into(),
                ));
            }
        }
        let names: Vec<&str> = from.iter().map(|state| state.as_str()).collect();
        let moved = sqlx::query(
            "UPDATE relabel_jobs SET state = ?2, touched_at = ?3, hold = NULL, rate = NULL, seconds_left = NULL, \
             finished_at = CASE WHEN ?2 IN ('applied', 'cancelled', 'discarded') THEN ?3 ELSE finished_at END, \
             undone_at = CASE WHEN ?2 = 'undoing' THEN ?3 ELSE undone_at END \
             WHERE id = ?1 AND state IN (SELECT value FROM json_each(?4))",
        )
        .bind(id.0)
        .bind(to.as_str())
        .bind(at)
        .bind(serde_json::json!(names).to_string())
        .execute(&mut *tx)
        .await
        .named(self)?;
        tx.commit().await.named(self)?;
        Ok(moved.rows_affected() == 1)
    }

    /// Changes what was asked for; the scope has been taken already.
    pub async fn replan_relabel(&self, id: RelabelId, plan: &serde_json::Value) -> Result<()> {
        sqlx::query("UPDATE relabel_jobs SET plan = ?2 WHERE id = ?1")
            .bind(id.0)
            .bind(plan.to_string())
            .execute(self.writer())
            .await
            .named(self)?;
        Ok(())
    }

    /// Tells how a relabelling comes along: messages a second, seconds left, why it waits.
    pub async fn tell_relabel(
        &self,
        id: RelabelId,
        (rate, seconds_left): (Option<f64>, Option<u64>),
        hold: Option<&str>,
        at: UnixSeconds,
    ) -> Result<()> {
        sqlx::query(
            "UPDATE relabel_jobs SET rate = ?2, seconds_left = ?3, hold = ?4, touched_at = ?5 WHERE id = ?1",
        )
        .bind(id.0)
        .bind(rate)
        .bind(seconds_left.map(|s| i64::try_from(s).unwrap_or(i64::MAX)))
        .bind(hold)
        .bind(at)
        .execute(self.writer())
        .await
        .named(self)?;
        Ok(())
    }

    /// Adds a sentence for the user, once.
    pub async fn note_relabel(&self, id: RelabelId, note: &str) -> Result<()> {
        sqlx::query(
            "UPDATE relabel_jobs SET notes = json_insert(notes, '$[#]', ?2) \
             WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM json_each(notes) WHERE value = ?2)",
        )
        .bind(id.0)
        .bind(note)
        .execute(self.writer())
        .await
        .named(self)?;
        Ok(())
    }

    /// The next items that wait in this state, newest first, after the given one; with what the encoder of that
    /// version has said about their contents.
    pub async fn relabel_next(
        &self,
        id: RelabelId,
        waiting: RelabelItemState,
        after: Option<RelabelItemId>,
        encoder: &str,
        limit: u32,
    ) -> Result<Vec<RelabelItem>> {
        let rows = sqlx::query(NEXT)
            .bind(id.0)
            .bind(waiting.as_str())
            .bind(after.map_or(0, |item| item.0))
            .bind(encoder)
            .bind(i64::from(limit))
            .fetch_all(self.readers())
            .await
            .named(self)?;
        let item = |row: &SqliteRow| -> sqlx::Result<RelabelItem> {
            Ok(RelabelItem {
                id: RelabelItemId(row.try_get(0)?),
                message: MessageId(row.try_get(1)?),
                account: AccountId(row.try_get(2)?),
                body: BodyId(row.try_get(3)?),
                content: PackedContent(row.try_get(4)?),
                set_aside: row.try_get(5)?,
                thread: ThreadId(row.try_get(6)?),
                folder: FolderId(row.try_get(9)?),
                received: row.try_get(10)?,
                flags: flags(row, 11)?,
                encoder: match (
                    row.try_get::<Option<&[u8]>, _>(7)?,
                    row.try_get::<Option<&[u8]>, _>(8)?,
                ) {
                    (Some(scores), Some(vector)) => {
                        Some(Encoded { scores: scores_of(scores), vector: numbers_of(vector) })
                    }
                    _ => None,
                },
            })
        };
        rows.iter().map(item).collect::<sqlx::Result<_>>().named(self)
    }

    /// The first item of each of these kinds of near-duplicates, if one has been met.
    pub async fn relabel_firsts(
        &self,
        id: RelabelId,
        likenesses: impl IntoIterator<Item = i64>,
    ) -> Result<HashMap<i64, RelabelItemId>> {
        let rows: Vec<(i64, i64)> = sqlx::query_as(
            "SELECT likeness, min(id) FROM relabel_items INDEXED BY relabel_items_likeness \
             WHERE job_id = ?1 AND likeness IN (SELECT value FROM json_each(?2)) AND first_id IS NULL \
             AND state <> 'unreadable' GROUP BY likeness",
        )
        .bind(id.0)
        .bind(json(likenesses))
        .fetch_all(self.readers())
        .await
        .named(self)?;
        Ok(rows.into_iter().map(|(likeness, item)| (likeness, RelabelItemId(item))).collect())
    }

    /// Writes what came of a portion of items that waited in this state. `false`, and nothing is written, when the
    /// job has been ended meanwhile.
    pub async fn relabel_portion(
        &self,
        id: RelabelId,
        waited: RelabelItemState,
        outcomes: &[RelabelOutcome],
        encoder: &str,
    ) -> Result<bool> {
        let mut tx = self.write().await?;
        let open: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM relabel_jobs WHERE id = ? AND state IN ('running', 'paused'))",
        )
        .bind(id.0)
        .fetch_one(&mut *tx)
        .await
        .named(self)?;
        if !open {
            return Ok(false);
        }
        for outcome in outcomes {
            if let Some((body, said)) = &outcome.encoded {
                self.insert_encoded(&mut tx, encoder, *body, said).await?;
            }
            self.write_outcome(&mut tx, waited, outcome).await?;
        }
        tx.commit().await.named(self)?;
        Ok(true)
    }

    async fn write_outcome(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        waited: RelabelItemState,
        outcome: &RelabelOutcome,
    ) -> Result<()> {
        let (mut to, mut by, mut verdict, mut first) = (-1, "", None, None);
        let state = match &outcome.step {
            RelabelStep::Settled { verdict: packed, voice } => {
                (to, by, verdict) = (lane(packed.label), voice.as_str(), Some(&packed.bytes));
                RelabelItemState::Proposed
            }
            RelabelStep::Waits(next) => *next,
            RelabelStep::Unreadable => RelabelItemState::Unreadable,
            RelabelStep::Folds(item) => {
                let found: Option<(String, i64, String)> =
                    sqlx::query_as("SELECT state, to_label, voice FROM relabel_items WHERE id = ?")
                        .bind(item.0)
                        .fetch_optional(&mut **tx)
                        .await
                        .named(self)?;
                // Removed meanwhile with its account: this one is read for itself, by a later portion.
                let Some((found, label, voice)) = found else { return Ok(()) };
                first = Some(item.0);
                if found == RelabelItemState::Proposed.as_str() {
                    to = label;
                    by = crate::sql::voice(&voice).unwrap_or(Voice::Evidence).as_str();
                    RelabelItemState::Proposed
                } else {
                    RelabelItemState::Duplicate
                }
            }
        };
        // What lies where is looked at again: mail was read and corrected since the snapshot.
        let moved = sqlx::query(
            "UPDATE relabel_items SET state = ?3, to_label = ?4, voice = ?5, verdict = ?6, first_id = ?7, \
             likeness = coalesce(?8, likeness), \
             (from_label, base_id) = (SELECT m.lane, m.decision_id FROM messages m WHERE m.id = relabel_items.message_id) \
             WHERE id = ?1 AND state = ?2",
        )
        .bind(outcome.item.0)
        .bind(waited.as_str())
        .bind(state.as_str())
        .bind(to)
        .bind(by)
        .bind(verdict)
        .bind(first)
        .bind(outcome.likeness)
        .execute(&mut **tx)
        .await
        .named(self)?;
        if moved.rows_affected() == 1 && state == RelabelItemState::Proposed && first.is_none() {
            sqlx::query(
                "UPDATE relabel_items SET state = 'proposed', to_label = ?2, voice = ?3, \
                 (from_label, base_id) = (SELECT m.lane, m.decision_id FROM messages m WHERE m.id = relabel_items.message_id) \
                 WHERE first_id = ?1 AND state = 'duplicate'",
            )
            .bind(outcome.item.0)
            .bind(to)
            .bind(by)
            .execute(&mut **tx)
            .await
            .named(self)?;
        }
        Ok(())
    }

    /// Near-duplicates whose first one is gone, with its account, or cannot be read, are read for themselves; gives
    /// their number.
    pub async fn relabel_orphans(&self, id: RelabelId) -> Result<u64> {
        let freed = sqlx::query(
            "UPDATE relabel_items SET state = 'evidence', first_id = NULL, likeness = NULL \
             WHERE job_id = ? AND state = 'duplicate' \
             AND NOT EXISTS (SELECT 1 FROM relabel_items f \
             WHERE f.id = relabel_items.first_id AND f.state <> 'unreadable')",
        )
        .bind(id.0)
        .execute(self.writer())
        .await
        .named(self)?;
        Ok(freed.rows_affected())
    }

    /// What applying a relabelling would change, or has changed: from lane to lane, the most first.
    pub async fn relabel_moves(&self, id: RelabelId, examples: u32) -> Result<Vec<RelabelMove>> {
        let mut tx = self.read().await?;
        let rows: Vec<(i64, i64, i64)> = sqlx::query_as(
            "SELECT from_label, to_label, sum(items) FROM relabel_counts \
             WHERE job_id = ? AND state IN ('proposed', 'applied') AND from_label <> to_label \
             GROUP BY from_label, to_label HAVING sum(items) > 0 ORDER BY sum(items) DESC, from_label, to_label",
        )
        .bind(id.0)
        .fetch_all(&mut *tx)
        .await
        .named(self)?;
        let mut moves = Vec::with_capacity(rows.len());
        for (from, to, count) in rows {
            let examples: Vec<i64> = sqlx::query_scalar(EXAMPLES)
                .bind(id.0)
                .bind(from)
                .bind(to)
                .bind(i64::from(examples))
                .fetch_all(&mut *tx)
                .await
                .named(self)?;
            moves.push(RelabelMove {
                from: label(from),
                to: label(to),
                count: u64::try_from(count).unwrap_or_default(),
                examples: examples.into_iter().map(MessageId).collect(),
            });
        }
        Ok(moves)
    }

    /// Records the next verdicts of a relabelling that is being applied, in one transaction. What the user corrected
    /// meanwhile, and what was judged anew, stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when it is not being applied.
    pub async fn apply_relabel(
        &self,
        id: RelabelId,
        limit: u32,
        at: UnixSeconds,
    ) -> Result<RelabelPortion> {
        let mut tx = self.write().await?;
        self.expect_state(&mut tx, id, RelabelState::Applying).await?;
        let rows = sqlx::query(PROPOSED)
            .bind(id.0)
            .bind(i64::from(limit))
            .fetch_all(&mut *tx)
            .await
            .named(self)?;
        let mut portion = RelabelPortion::default();
        for row in &rows {
            let item: i64 = row.try_get(0).named(self)?;
            let message: i64 = row.try_get(1).named(self)?;
            let (base, now): (Option<i64>, Option<i64>) =
                (row.try_get(2).named(self)?, row.try_get(4).named(self)?);
            let packed: Option<&[u8]> = row.try_get(3).named(self)?;
            let corrected: bool = row.try_get(5).named(self)?;
            let standing: Option<&[u8]> = row.try_get(9).named(self)?;
            let recorded = row.try_get::<Option<i64>, _>(8).named(self)?.unwrap_or_default() > 0;
            // Decisions of another relabelling may be taken back: what this one says stands for itself.
            let own = row.try_get::<Option<bool>, _>(7).named(self)?.unwrap_or_default();
            let state = match packed {
                _ if corrected => RelabelItemState::Corrected,
                _ if base != now => RelabelItemState::Rejudged,
                None => RelabelItemState::Unreadable,
                Some(packed) if own && recorded && standing == Some(packed) => {
                    RelabelItemState::Same
                }
                Some(packed) => {
                    let verdict: Verdict = unpack_json(packed)?;
                    let shown = Shown::of(&verdict);
                    let model = self.model_id(&mut tx, shown.model_version.as_deref()).await?;
                    let numbers = (None, message, Some(id.0));
                    let decision =
                        self.insert_decision(&mut tx, numbers, &shown, packed, model, at).await?;
                    self.show(&mut tx, message, &shown, Some(decision), None, model).await?;
                    let moved = row.try_get::<i64, _>(6).named(self)? != lane(shown.label);
                    portion.moved += u64::from(moved);
                    RelabelItemState::Applied
                }
            };
            sqlx::query("UPDATE relabel_items SET state = ?2 WHERE id = ?1")
                .bind(item)
                .bind(state.as_str())
                .execute(&mut *tx)
                .await
                .named(self)?;
        }
        portion.done = rows.len() as u64;
        portion.finished = portion.done < u64::from(limit);
        if portion.finished {
            sqlx::query(
                "UPDATE relabel_jobs SET state = 'applied', finished_at = ?2, touched_at = ?2, hold = NULL, \
                 rate = NULL, seconds_left = NULL WHERE id = ?1",
            )
            .bind(id.0)
            .bind(at)
            .execute(&mut *tx)
            .await
            .named(self)?;
        }
        tx.commit().await.named(self)?;
        Ok(portion)
    }

    /// Shows again, for the next messages of a relabelling that is being taken back, what stands without it: the
    /// decision before, or what was decided or corrected since. `after` is where the last portion ended, or `None`;
    /// to begin again is harmless.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when it is not being taken back.
    pub async fn undo_relabel(
        &self,
        id: RelabelId,
        after: &mut Option<i64>,
        limit: u32,
        at: UnixSeconds,
    ) -> Result<RelabelPortion> {
        let mut tx = self.write().await?;
        self.expect_state(&mut tx, id, RelabelState::Undoing).await?;
        let rows: Vec<(i64, i64, i64)> = sqlx::query_as(TAKEN_BACK)
            .bind(id.0)
            .bind(after.unwrap_or_default())
            .bind(i64::from(limit))
            .fetch_all(&mut *tx)
            .await
            .named(self)?;
        let mut portion = RelabelPortion { done: rows.len() as u64, ..RelabelPortion::default() };
        for (_, message, before) in &rows {
            self.settle_label(&mut tx, *message).await?;
            let now: i64 = sqlx::query_scalar("SELECT lane FROM messages WHERE id = ?")
                .bind(message)
                .fetch_one(&mut *tx)
                .await
                .named(self)?;
            portion.moved += u64::from(now != *before);
        }
        portion.finished = portion.done < u64::from(limit);
        if portion.finished {
            sqlx::query("UPDATE relabel_jobs SET state = 'undone', touched_at = ?2 WHERE id = ?1")
                .bind(id.0)
                .bind(at)
                .execute(&mut *tx)
                .await
                .named(self)?;
        }
        tx.commit().await.named(self)?;
        if let Some((last, ..)) = rows.last() {
            *after = Some(*last);
        }
        Ok(portion)
    }

    async fn expect_state(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        id: RelabelId,
        state: RelabelState,
    ) -> Result<()> {
        let found: Option<String> =
            sqlx::query_scalar("SELECT state FROM relabel_jobs WHERE id = ?")
                .bind(id.0)
                .fetch_optional(&mut **tx)
                .await
                .named(self)?;
        match found {
            Some(found) if found == state.as_str() => Ok(()),
            _ => Err(StoreError::Invalid(format!(
                "The relabelling is not {}. Look at its state and try again.",
                state.as_str()
            ))),
        }
    }

    /// Clears away the items of finished jobs, a portion at a time; `false` when none is left. Their counts stay.
    pub async fn clear_relabels(&self) -> Result<bool> {
        let cleared = sqlx::query(
            "DELETE FROM relabel_items WHERE id IN (SELECT i.id FROM relabel_jobs j CROSS JOIN relabel_items i \
             INDEXED BY relabel_items_next ON i.job_id = j.id WHERE j.finished_at IS NOT NULL LIMIT ?)",
        )
        .bind(CLEARED_AT_ONCE)
        .execute(self.writer())
        .await
        .named(self)?;
        Ok(cleared.rows_affected() > 0)
    }

    /// All sets of voices that decisions were made with.
    pub async fn voice_sets(&self) -> Result<Vec<StoredVoiceSet>> {
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT id, voices FROM voice_sets ORDER BY id")
                .fetch_all(self.readers())
                .await
                .named(self)?;
        // One that cannot be read, a later version's perhaps, is not known to be current.
        Ok(rows
            .into_iter()
            .filter_map(|(id, text)| {
                Some(StoredVoiceSet { id, set: from_json(text.as_bytes()).ok()? })
            })
            .collect())
    }
}

fn state_of(name: &str) -> Option<RelabelState> {
    RelabelState::ALL.into_iter().find(|state| state.as_str() == name)
}

fn job(row: &SqliteRow) -> sqlx::Result<Result<RelabelJob>> {
    let state: String = row.try_get(1)?;
    let plan: String = row.try_get(2)?;
    let notes: String = row.try_get(8)?;
    let number = |at: usize| -> sqlx::Result<u64> {
        Ok(u64::try_from(row.try_get::<i64, _>(at)?).unwrap_or_default())
    };
    let read = || -> Result<_> {
        let state = state_of(&state)
            .ok_or_else(|| StoreError::Unreadable(format!("a relabelling is \"{state}\"")))?;
        Ok((state, from_json(plan.as_bytes())?, from_json(notes.as_bytes())?))
    };
    let (state, plan, notes) = match read() {
        Ok(read) => read,
        Err(error) => return Ok(Err(error)),
    };
    Ok(Ok(RelabelJob {
        id: RelabelId(row.try_get(0)?),
        state,
        plan,
        made_at: row.try_get(3)?,
        finished_at: row.try_get(4)?,
        undone_at: row.try_get(5)?,
        corrected: number(6)?,
        ruled: number(7)?,
        notes,
        hold: row.try_get(9)?,
        rate: row.try_get(10)?,
        seconds_left: row.try_get::<Option<i64>, _>(11)?.and_then(|s| u64::try_from(s).ok()),
        touched_at: row.try_get(12)?,
        counts: Vec::new(),
    }))
}

fn count(row: &SqliteRow) -> sqlx::Result<RelabelCount> {
    let state: String = row.try_get(0)?;
    let to: i64 = row.try_get(2)?;
    Ok(RelabelCount {
        // The schema allows no other.
        state: RelabelItemState::ALL
            .into_iter()
            .find(|s| s.as_str() == state)
            .unwrap_or(RelabelItemState::Unreadable),
        from: label(row.try_get(1)?),
        to: (to >= 0).then(|| label(to)),
        voice: voice(&row.try_get::<String, _>(3)?),
        folded: row.try_get(4)?,
        items: u64::try_from(row.try_get::<i64, _>(5)?).unwrap_or_default(),
    })
}
