//! Messages drawn at random for the user to judge, and their answers.

use crate::sql::{Named, label, lane};
use crate::{Result, Store, StoreError};
use mailroom_domain::audit::{BANDS, Stratum, allocate, band};
use mailroom_domain::{Label, MessageId, UnixSeconds};
use sqlx::{Sqlite, Transaction};

/// A message that waits for the user's judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Its number among all that were drawn.
    pub id: i64,
    /// The message.
    pub message: MessageId,
    /// The lane that it lay in when it was drawn.
    pub shown: Label,
}

/// What was drawn and judged so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// By band of probability, as in [`mailroom_domain::audit::BANDS`].
    pub bands: [Stratum; 5],
    /// How often mail that was shown as the first label is the second to the user, among what was judged.
    pub confusion: [[u64; 4]; 4],
    /// What waits to be judged, oldest first.
    pub open: Vec<Drawn>,
}

// What the user or a rule decided is no work of the machine's.
const HELD: &str = "SELECT (confidence >= ?1) + (confidence >= ?2) + (confidence >= ?3) + (confidence >= ?4), \
     count(*) FROM messages \
     WHERE gone_at IS NULL AND correction_id IS NULL AND coalesce(decided_by, '') NOT IN ('rule', '') GROUP BY 1";
const DRAW: &str = "SELECT id, lane, confidence FROM messages \
     WHERE gone_at IS NULL AND correction_id IS NULL AND coalesce(decided_by, '') NOT IN ('rule', '') \
     AND confidence >= ?1 AND confidence < ?2 AND id NOT IN (SELECT message_id FROM audits) \
     ORDER BY random() LIMIT ?3";

impl Store {
    /// Draws messages at random for the user to judge, `count` in all, more of them where labels are doubtful. Reads
    /// all messages. What was drawn before is not drawn again.
    pub async fn draw_audit(&self, count: u64, at: UnixSeconds) -> Result<usize> {
        let mut tx = self.write().await?;
        let held = self.held(&mut tx).await?;
        let mut drawn = 0;
        for (at_band, wanted) in allocate(&held, count).into_iter().enumerate() {
            let from = BANDS.get(at_band).copied().unwrap_or_default();
            let to = BANDS.get(at_band + 1).copied().unwrap_or(2.0);
            let found: Vec<(i64, i64, f64)> = sqlx::query_as(DRAW)
                .bind(f64::from(from))
                .bind(f64::from(to))
                .bind(i64::try_from(wanted).unwrap_or(0))
                .fetch_all(&mut *tx)
                .await
                .named(self)?;
            for (message, shown, confidence) in found {
                sqlx::query(
                    "INSERT INTO audits (message_id, band, shown, drawn_at) VALUES (?, ?, ?, ?)",
                )
                .bind(message)
                .bind(band(confidence as f32) as i64)
                .bind(shown)
                .bind(at)
                .execute(&mut *tx)
                .await
                .named(self)?;
                drawn += 1;
            }
        }
        tx.commit().await.named(self)?;
        Ok(drawn)
    }

    /// How many messages each band holds. The bounds are bound, so that they are the same numbers as in [`band`].
    async fn held(&self, tx: &mut Transaction<'static, Sqlite>) -> Result<[u64; 5]> {
        let mut query = sqlx::query_as::<_, (i64, i64)>(HELD);
        for bound in BANDS.into_iter().skip(1) {
            query = query.bind(f64::from(bound));
        }
        let mut held = [0u64; 5];
        for (band, count) in query.fetch_all(&mut **tx).await.named(self)? {
            if let Some(held) = usize::try_from(band).ok().and_then(|band| held.get_mut(band)) {
                *held = u64::try_from(count).unwrap_or_default();
            }
        }
        Ok(held)
    }

    /// Records what the user calls a message that was drawn; gives the message.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]
    pub async fn answer_audit(&self, id: i64, answer: Label, at: UnixSeconds) -> Result<MessageId> {
        let message: Option<i64> = sqlx::query_scalar(
            "UPDATE audits SET answer = ?2, answered_at = ?3 WHERE id = ?1 RETURNING message_id",
        )
        .bind(id)
        .bind(lane(answer))
        .bind(at)
        .fetch_optional(self.writer())
        .await
        .named(self)?;
        message.map(MessageId).ok_or(StoreError::NotFound("The drawn message"))
    }

    /// What was drawn and judged since a time. How much mail each band holds is as of now.
    pub async fn audit(&self, since: UnixSeconds) -> Result<Audit> {
        let mut tx = self.read().await?;
        let mut audit = Audit::default();
        for (stratum, held) in audit.bands.iter_mut().zip(self.held(&mut tx).await?) {
            stratum.held = held;
        }
        let rows: Vec<(i64, i64, i64, i64, Option<i64>)> = sqlx::query_as(
            "SELECT a.id, a.message_id, a.band, a.shown, a.answer FROM audits a \
             JOIN messages m ON m.id = a.message_id \
             WHERE (a.answer IS NULL AND m.gone_at IS NULL) OR a.answered_at >= ? ORDER BY a.id",
        )
        .bind(since)
        .fetch_all(&mut *tx)
        .await
        .named(self)?;
        for (id, message, band, shown, answer) in rows {
            let shown = label(shown);
            let Some(answer) = answer.map(label) else {
                audit.open.push(Drawn { id, message: MessageId(message), shown });
                continue;
            };
            audit.confusion[shown.index()][answer.index()] += 1;
            if let Some(stratum) =
                usize::try_from(band).ok().and_then(|band| audit.bands.get_mut(band))
            {
                stratum.judged += 1;
                stratum.right += u64::from(shown == answer);
            }
        }
        Ok(audit)
    }

    /// Forgets what was drawn and not judged.
    pub async fn end_audit(&self) -> Result<u64> {
        let ended = sqlx::query("DELETE FROM audits WHERE answer IS NULL")
            .execute(self.writer())
            .await
            .named(self)?;
        Ok(ended.rows_affected())
    }
}
