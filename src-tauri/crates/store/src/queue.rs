//! What waits: for its first decision, or for the language model.

use crate::sql::Named;
use crate::types::{QueueScope, SetAside};
use crate::{Result, Store, StoreError};
use mailroom_domain::{MessageId, UnixSeconds};

const QUEUE: &str = "SELECT sort_key, id FROM messages INDEXED BY messages_queue \
     WHERE model_id = ?1 AND unsure = ?2 AND waits = 1 ORDER BY sort_key DESC LIMIT ?3";
const UNDECIDED: &str = "SELECT id FROM messages INDEXED BY messages_undecided \
     WHERE gone_at IS NULL AND decision_id IS NULL AND correction_id IS NULL ORDER BY sort_key DESC LIMIT ?";

#[cfg(test)]
pub(crate) const PLANNED: [&str; 2] = [QUEUE, UNDECIDED];

impl Store {
    /// Present messages about which nobody has said anything yet, newest first.
    pub async fn undecided(&self, limit: u32) -> Result<Vec<MessageId>> {
        let found: Vec<i64> = sqlx::query_scalar(UNDECIDED)
            .bind(i64::from(limit))
            .fetch_all(self.readers())
            .await
            .named(self)?;
        Ok(found.into_iter().map(MessageId).collect())
    }

    /// Present messages whose newest decision was made without the language model's voice at this version,
    /// newest first; without those that the user or a rule decided, and those set aside.
    pub async fn model_queue(
        &self,
        version: &str,
        scope: QueueScope,
        limit: u32,
    ) -> Result<Vec<MessageId>> {
        let mut tx = self.read().await?;
        let mut others: Vec<i64> =
            sqlx::query_scalar("SELECT id FROM model_versions WHERE version <> ?")
                .bind(version)
                .fetch_all(&mut *tx)
                .await
                .named(self)?;
        others.push(0);
        let mut found: Vec<(i64, i64)> = Vec::new();
        for model in others {
            for unsure in [true, false] {
                if !unsure && scope == QueueScope::Unsure {
                    continue;
                }
                found.extend(
                    sqlx::query_as::<_, (i64, i64)>(QUEUE)
                        .bind(model)
                        .bind(unsure)
                        .bind(i64::from(limit))
                        .fetch_all(&mut *tx)
                        .await
                        .named(self)?,
                );
            }
        }
        found.sort_unstable_by_key(|(key, _)| std::cmp::Reverse(*key));
        found.truncate(limit as usize);
        Ok(found.into_iter().map(|(_, id)| MessageId(id)).collect())
    }

    /// How many messages [`Store::model_queue`] holds.
    pub async fn waiting_for_model(&self, version: &str, scope: QueueScope) -> Result<u64> {
        let waiting: Option<i64> = sqlx::query_scalar(
            "SELECT sum(waiting) FROM model_counts WHERE unsure >= ?2 AND model_id NOT IN \
             (SELECT id FROM model_versions WHERE version = ?1)",
        )
        .bind(version)
        .bind(i64::from(scope == QueueScope::Unsure))
        .fetch_one(self.readers())
        .await
        .named(self)?;
        Ok(waiting.and_then(|n| u64::try_from(n).ok()).unwrap_or_default())
    }

    /// Marks a message that the language model could not read (it stopped, or took too long), so that it is
    /// not asked again; `reason` is a sentence for the user.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]
    pub async fn set_aside(
        &self,
        message: MessageId,
        version: &str,
        reason: &str,
        at: UnixSeconds,
    ) -> Result<()> {
        let mut tx = self.write().await?;
        let marked = sqlx::query("UPDATE messages SET set_aside = 1 WHERE id = ?")
            .bind(message.0)
            .execute(&mut *tx)
            .await
            .named(self)?;
        if marked.rows_affected() == 0 {
            return Err(StoreError::NotFound("The message"));
        }
        sqlx::query(
            "INSERT INTO set_aside (message_id, reason, version, at) VALUES (?, ?, ?, ?) \
             ON CONFLICT (message_id) DO UPDATE SET reason = excluded.reason, version = excluded.version, \
             at = excluded.at",
        )
        .bind(message.0)
        .bind(reason)
        .bind(version)
        .bind(at)
        .execute(&mut *tx)
        .await
        .named(self)?;
        tx.commit().await.named(self)
    }

    /// All messages that were set aside, oldest mark first.
    pub async fn set_asides(&self) -> Result<Vec<SetAside>> {
        let rows: Vec<(i64, String, String, i64)> = sqlx::query_as(
            "SELECT message_id, reason, version, at FROM set_aside ORDER BY at, message_id",
        )
        .fetch_all(self.readers())
        .await
        .named(self)?;
        Ok(rows
            .into_iter()
            .map(|(message, reason, version, at)| SetAside {
                message: MessageId(message),
                reason,
                version,
                at,
            })
            .collect())
    }

    /// Takes the marks away from messages that another version than this one could not read, and returns
    /// how many: a new model may be asked again.
    pub async fn clear_set_aside(&self, except: &str) -> Result<u64> {
        let mut tx = self.write().await?;
        sqlx::query(
            "UPDATE messages SET set_aside = 0 \
             WHERE id IN (SELECT message_id FROM set_aside WHERE version <> ?)",
        )
        .bind(except)
        .execute(&mut *tx)
        .await
        .named(self)?;
        let cleared = sqlx::query("DELETE FROM set_aside WHERE version <> ?")
            .bind(except)
            .execute(&mut *tx)
            .await
            .named(self)?;
        tx.commit().await.named(self)?;
        Ok(cleared.rows_affected())
    }
}
