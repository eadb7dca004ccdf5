//! Decisions and corrections: two records that only grow, and the label that follows from them.
//!
//! The label of a message is a function of the records: its newest standing correction, else its newest
//! standing decision, else needs-human. So an undo restores exactly what would be shown without the correction,
//! or without the decisions of a relabelling, which stand until their job is taken back.

use crate::pack::{pack_json, unpack_json};
use crate::sql::{Named, json, label, lane};
use crate::types::{BatchId, Recorded, Undone, VoiceSet};
use crate::{Result, Store, StoreError};
use mailroom_domain::{
    Correction, Decision, DecisionId, Label, MessageId, UnixSeconds, Verdict, Voice,
};
use sqlx::{Row as _, Sqlite, Transaction};

/// What a verdict makes of a row in the list.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub label: Label,
    pub unsure: bool,
    pub confidence: f32,
    pub decided_by: Option<Voice>,
    pub model_version: Option<String>,
    pub rule: Option<i64>,
    pub voices: Option<String>,
}

impl Default for Shown {
    /// Without any decision.
    fn default() -> Self {
        Shown {
            label: Label::NeedsHuman,
            unsure: true,
            confidence: 0.0,
            decided_by: None,
            model_version: None,
            rule: None,
            voices: None,
        }
    }
}

impl Shown {
    pub(crate) fn of(verdict: &Verdict) -> Shown {
        let confidence = if verdict.rule.is_some() {
            1.0
        } else {
            verdict.probabilities.of(verdict.most_probable())
        };
        let model = verdict.voices.iter().find(|share| share.voice == Voice::Model);
        Shown {
            label: verdict.label,
            unsure: verdict.unsure,
            confidence,
            decided_by: Some(most_decisive(verdict)),
            model_version: model.map(|share| share.version.clone()),
            rule: verdict.rule.map(|rule| rule.0),
            voices: VoiceSet::of(verdict).map(|set| set.text()),
        }
    }
}

/// The voice that moved the pool most towards its most probable label; a rule decides alone.
fn most_decisive(verdict: &Verdict) -> Voice {
    if verdict.rule.is_some() {
        return Voice::Rule;
    }
    let label = verdict.most_probable();
    let push = |share: &mailroom_domain::VoiceShare| {
        let scores = share.probabilities.ln();
        let mean = scores.iter().sum::<f32>() / scores.len() as f32;
        share.weight * (scores[label.index()] - mean)
    };
    verdict
        .voices
        .iter()
        .max_by(|a, b| push(a).total_cmp(&push(b)))
        .map_or(Voice::Evidence, |share| share.voice)
}

impl Store {
    /// Records a verdict and moves the message to its lane, unless the user has spoken: then it is recorded
    /// and the user's label stays.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]
    pub async fn record_verdict(
        &self,
        message: MessageId,
        verdict: &Verdict,
        at: UnixSeconds,
    ) -> Result<Recorded> {
        self.record_verdicts(std::slice::from_ref(&(message, verdict.clone())), at)
            .await?
            .pop()
            .ok_or(StoreError::NotFound("The message"))
    }

    /// Records many verdicts in one transaction; see [`Store::record_verdict`]. Messages that have been
    /// removed meanwhile are passed over.
    pub async fn record_verdicts(
        &self,
        verdicts: &[(MessageId, Verdict)],
        at: UnixSeconds,
    ) -> Result<Vec<Recorded>> {
        let mut packed = Vec::with_capacity(verdicts.len());
        for (_, verdict) in verdicts {
            packed.push(pack_json(verdict)?);
        }
        let mut tx = self.write().await?;
        let mut recorded = Vec::with_capacity(verdicts.len());
        for ((message, verdict), packed) in verdicts.iter().zip(&packed) {
            let row: Option<(i64, bool)> =
                sqlx::query_as("SELECT lane, correction_id IS NOT NULL FROM messages WHERE id = ?")
                    .bind(message.0)
                    .fetch_optional(&mut *tx)
                    .await
                    .named(self)?;
            let Some((from, corrected)) = row else { continue };
            let shown = Shown::of(verdict);
            let model = self.model_id(&mut tx, shown.model_version.as_deref()).await?;
            let decision = self
                .insert_decision(&mut tx, (None, message.0, None), &shown, packed, model, at)
                .await?;
            if corrected {
                sqlx::query("UPDATE messages SET decision_id = ?2, model_id = ?3 WHERE id = ?1")
                    .bind(message.0)
                    .bind(decision)
                    .bind(model)
                    .execute(&mut *tx)
                    .await
                    .named(self)?;
            } else {
                self.show(&mut tx, message.0, &shown, Some(decision), None, model).await?;
            }
            let from = label(from);
            let to = if corrected { from } else { verdict.label };
            recorded.push(Recorded { message: *message, from, to });
        }
        tx.commit().await.named(self)?;
        Ok(recorded)
    }

    /// All verdicts of a message, newest first.
    pub async fn decisions(&self, message: MessageId) -> Result<Vec<Decision>> {
        let rows = sqlx::query(
            "SELECT id, at, verdict FROM decisions WHERE message_id = ? ORDER BY id DESC",
        )
        .bind(message.0)
        .fetch_all(self.readers())
        .await
        .named(self)?;
        rows.iter()
            .map(|row| {
                Ok(Decision {
                    id: DecisionId(row.try_get(0).named(self)?),
                    message,
                    at: row.try_get(1).named(self)?,
                    verdict: unpack_json(row.try_get::<&[u8], _>(2).named(self)?)?,
                })
            })
            .collect()
    }

    /// The user's own word about messages: it stays until it is taken back, whatever the voices say later.
    /// Messages that have been removed meanwhile are passed over. Returns the act, to be taken back by
    /// [`Store::undo`]; `None` if no message was left.
    pub async fn correct(
        &self,
        messages: &[MessageId],
        to: Label,
        at: UnixSeconds,
    ) -> Result<Option<BatchId>> {
        let mut tx = self.write().await?;
        let batch: i64 = sqlx::query_scalar("SELECT coalesce(max(batch), 0) + 1 FROM corrections")
            .fetch_one(&mut *tx)
            .await
            .named(self)?;
        let mut any = false;
        let mut seen = std::collections::HashSet::new();
        for message in messages.iter().filter(|m| seen.insert(**m)) {
            let inserted: Option<i64> = sqlx::query_scalar(
                "INSERT INTO corrections (batch, message_id, from_label, to_label, at) \
                 SELECT ?1, id, lane, ?3, ?4 FROM messages WHERE id = ?2 RETURNING id",
            )
            .bind(batch)
            .bind(message.0)
            .bind(lane(to))
            .bind(at)
            .fetch_optional(&mut *tx)
            .await
            .named(self)?;
            if inserted.is_some() {
                self.settle_label(&mut tx, message.0).await?;
                any = true;
            }
        }
        tx.commit().await.named(self)?;
        Ok(any.then_some(BatchId(batch)))
    }

    /// Takes back one act of correcting. Each of its messages is shown again as it would be without it.
    /// `None` if it was taken back already or is not there any more.
    pub async fn undo(&self, batch: BatchId, at: UnixSeconds) -> Result<Option<Undone>> {
        let mut tx = self.write().await?;
        let undone = self.undo_in(&mut tx, batch, at).await?;
        tx.commit().await.named(self)?;
        Ok(undone)
    }

    /// Takes back the user's last act that stands; again and again, one after the other. `None` when there
    /// is nothing left.
    pub async fn undo_last(&self, at: UnixSeconds) -> Result<Option<Undone>> {
        let mut tx = self.write().await?;
        let batch: Option<i64> =
            sqlx::query_scalar("SELECT max(batch) FROM corrections WHERE undone_at IS NULL")
                .fetch_one(&mut *tx)
                .await
                .named(self)?;
        let undone = match batch {
            Some(batch) => self.undo_in(&mut tx, BatchId(batch), at).await?,
            None => None,
        };
        tx.commit().await.named(self)?;
        Ok(undone)
    }

    async fn undo_in(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        batch: BatchId,
        at: UnixSeconds,
    ) -> Result<Option<Undone>> {
        let rows: Vec<(i64, i64)> = sqlx::query_as(
            "UPDATE corrections SET undone_at = ?2 WHERE batch = ?1 AND undone_at IS NULL \
             RETURNING message_id, to_label",
        )
        .bind(batch.0)
        .bind(at)
        .fetch_all(&mut **tx)
        .await
        .named(self)?;
        let Some((_, to)) = rows.first().copied() else { return Ok(None) };
        for (message, _) in &rows {
            self.settle_label(tx, *message).await?;
        }
        let messages = rows.into_iter().map(|(message, _)| MessageId(message)).collect();
        Ok(Some(Undone { batch, label: label(to), messages }))
    }

    /// What the user said last about each message, as far as it stands, oldest first. Messages that are
    /// gone from the server are among them: what they taught stays.
    pub async fn corrections(&self) -> Result<Vec<Correction>> {
        let rows: Vec<(i64, i64, i64, i64)> = sqlx::query_as(
            "SELECT c.message_id, c.from_label, c.to_label, c.at FROM corrections c \
             JOIN messages m ON m.id = c.message_id WHERE m.correction_id = c.id ORDER BY c.id",
        )
        .fetch_all(self.readers())
        .await
        .named(self)?;
        Ok(rows
            .into_iter()
            .map(|(message, from, to, at)| Correction {
                message: MessageId(message),
                from: label(from),
                to: label(to),
                at,
            })
            .collect())
    }

    /// Shows what follows from the records.
    pub(crate) async fn settle_label(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        message: i64,
    ) -> Result<()> {
        let correction: Option<(i64, i64)> = sqlx::query_as(
            "SELECT id, to_label FROM corrections WHERE message_id = ? AND undone_at IS NULL \
             ORDER BY id DESC LIMIT 1",
        )
        .bind(message)
        .fetch_optional(&mut **tx)
        .await
        .named(self)?;
        let decision: Option<(i64, i64, bool, f64, String, i64)> = sqlx::query_as(
            "SELECT id, label, unsure, confidence, decided_by, model_id FROM decisions d \
             WHERE message_id = ? AND NOT EXISTS \
             (SELECT 1 FROM relabel_jobs j WHERE j.id = d.relabel_id AND j.undone_at IS NOT NULL) \
             ORDER BY id DESC LIMIT 1",
        )
        .bind(message)
        .fetch_optional(&mut **tx)
        .await
        .named(self)?;
        let newest = decision.as_ref().map(|d| d.0);
        let model = decision.as_ref().map(|d| d.5).unwrap_or_default();
        let mut shown = match decision {
            Some((_, at, unsure, confidence, by, _)) => Shown {
                label: label(at),
                unsure,
                confidence: confidence as f32,
                decided_by: crate::sql::voice(&by),
                ..Shown::default()
            },
            None => Shown::default(),
        };
        if let Some((_, to)) = correction {
            shown = Shown {
                label: label(to),
                unsure: false,
                confidence: 1.0,
                decided_by: Some(Voice::User),
                ..Shown::default()
            };
        }
        self.show(tx, message, &shown, newest, correction.map(|c| c.0), model).await
    }

    pub(crate) async fn show(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        message: i64,
        shown: &Shown,
        decision: Option<i64>,
        correction: Option<i64>,
        model: i64,
    ) -> Result<()> {
        sqlx::query(
            "UPDATE messages SET lane = ?2, unsure = ?3, confidence = ?4, decided_by = ?5, \
             decision_id = ?6, correction_id = ?7, model_id = ?8 WHERE id = ?1",
        )
        .bind(message)
        .bind(lane(shown.label))
        .bind(shown.unsure)
        .bind(f64::from(shown.confidence))
        .bind(shown.decided_by.map(|v| v.as_str()))
        .bind(decision)
        .bind(correction)
        .bind(model)
        .execute(&mut **tx)
        .await
        .named(self)?;
        Ok(())
    }

    /// Appends to the record of decisions; the numbers are its own, if it has one already, the message's, and the
    /// relabelling's that it is part of.
    pub(crate) async fn insert_decision(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        (id, message, relabel): (Option<i64>, i64, Option<i64>),
        shown: &Shown,
        verdict: &[u8],
        model: i64,
        at: UnixSeconds,
    ) -> Result<i64> {
        let voices = self.voices_id(tx, shown.voices.as_deref()).await?;
        let inserted = sqlx::query(
            "INSERT INTO decisions (id, message_id, at, label, unsure, confidence, decided_by, model_id, rule_id, \
             verdict, voices_id, relabel_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(id)
        .bind(message)
        .bind(at)
        .bind(lane(shown.label))
        .bind(shown.unsure)
        .bind(f64::from(shown.confidence))
        .bind(shown.decided_by.unwrap_or(Voice::Evidence).as_str())
        .bind(model)
        .bind(shown.rule)
        .bind(verdict)
        .bind(voices)
        .bind(relabel)
        .execute(&mut **tx)
        .await
        .named(self)?;
        Ok(inserted.last_insert_rowid())
    }

    /// The number of a version of the language model's voice; 0 for none.
    pub(crate) async fn model_id(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        version: Option<&str>,
    ) -> Result<i64> {
        let Some(version) = version else { return Ok(0) };
        let known: Option<i64> =
            sqlx::query_scalar("SELECT id FROM model_versions WHERE version = ?")
                .bind(version)
                .fetch_optional(&mut **tx)
                .await
                .named(self)?;
        if let Some(id) = known {
            return Ok(id);
        }
        sqlx::query_scalar("INSERT INTO model_versions (version) VALUES (?) RETURNING id")
            .bind(version)
            .fetch_one(&mut **tx)
            .await
            .named(self)
    }

    /// The number of a set of voices; 0 for none.
    async fn voices_id(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        voices: Option<&str>,
    ) -> Result<i64> {
        let Some(voices) = voices else { return Ok(0) };
        let known: Option<i64> = sqlx::query_scalar("SELECT id FROM voice_sets WHERE voices = ?")
            .bind(voices)
            .fetch_optional(&mut **tx)
            .await
            .named(self)?;
        if let Some(id) = known {
            return Ok(id);
        }
        sqlx::query_scalar("INSERT INTO voice_sets (voices) VALUES (?) RETURNING id")
            .bind(voices)
            .fetch_one(&mut **tx)
            .await
            .named(self)
    }

    /// Gives a message the newest decision and the standing corrections of one with the same bytes, so that
    /// moving mail between folders loses nothing; of relabellings that may be taken back, also what would stand
    /// then. An undo takes back both. Returns how many decisions it recorded.
    pub(crate) async fn take_over(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        from: i64,
        to: i64,
    ) -> Result<i64> {
        let recorded = sqlx::query(
            "INSERT INTO decisions (message_id, at, label, unsure, confidence, decided_by, model_id, rule_id, \
             verdict, voices_id, relabel_id) \
             SELECT ?2, at, label, unsure, confidence, decided_by, model_id, rule_id, verdict, voices_id, relabel_id \
             FROM decisions WHERE message_id = ?1 AND id >= coalesce( \
             (SELECT max(id) FROM decisions WHERE message_id = ?1 AND relabel_id IS NULL), 0) ORDER BY id",
        )
        .bind(from)
        .bind(to)
        .execute(&mut **tx)
        .await
        .named(self)?
        .rows_affected();
        for statement in [
            "INSERT INTO corrections (batch, message_id, from_label, to_label, at) \
             SELECT batch, ?2, from_label, to_label, at FROM corrections \
             WHERE message_id = ?1 AND undone_at IS NULL ORDER BY id",
            "INSERT INTO set_aside (message_id, reason, version, at) \
             SELECT ?2, reason, version, at FROM set_aside WHERE message_id = ?1",
            "UPDATE messages SET set_aside = 1 \
             WHERE id = ?2 AND EXISTS (SELECT 1 FROM set_aside WHERE message_id = ?1)",
        ] {
            sqlx::query(statement).bind(from).bind(to).execute(&mut **tx).await.named(self)?;
        }
        self.settle_label(tx, to).await?;
        Ok(i64::try_from(recorded).unwrap_or_default())
    }

    /// Counts the lanes anew from the messages themselves, and says whether the kept counts agree. For the
    /// check of the database and for tests: reads all messages.
    pub async fn counts_agree(&self) -> Result<bool> {
        let mut tx = self.read().await?;
        let differ: i64 = sqlx::query_scalar(
            "SELECT \
             (SELECT count(*) FROM lane_counts c WHERE total <> (SELECT count(*) FROM messages m \
                WHERE m.account_id = c.account_id AND m.lane = c.lane AND gone_at IS NULL)) + \
             (SELECT count(*) FROM lane_counts c WHERE unread <> (SELECT count(*) FROM messages m \
                WHERE m.account_id = c.account_id AND m.lane = c.lane AND gone_at IS NULL AND seen = 0)) + \
             (SELECT count(*) FROM threads t WHERE present <> (SELECT count(*) FROM messages m \
                WHERE m.thread_id = t.id AND gone_at IS NULL)) + \
             (SELECT count(*) FROM model_counts c WHERE waiting <> (SELECT count(*) FROM messages m \
                WHERE m.model_id = c.model_id AND m.unsure = c.unsure AND waits = 1))",
        )
        .fetch_one(&mut *tx)
        .await
        .named(self)?;
        Ok(differ == 0)
    }
}

/// Message numbers as `json_each` reads them.
pub(crate) fn ids(messages: &[MessageId]) -> String {
    json(messages.iter().map(|m| m.0))
}
