//! The journal of actions on servers, and long pieces of work that outlive a restart.

use crate::pack::from_json;
use crate::sql::Named;
use crate::types::{ActionStage, Job, JournalEntry};
use crate::{Result, Store, StoreError};
use mailroom_domain::{MessageId, UnixSeconds};

impl Store {
    /// Writes down what is to be done on the server, before anything is sent. On the disk when it returns.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the message has been removed.
    pub async fn intend(
        &self,
        message: MessageId,
        action: &serde_json::Value,
        at: UnixSeconds,
    ) -> Result<i64> {
        let id: Option<i64> = sqlx::query_scalar(
            "INSERT INTO actions (message_id, action, stage, at) \
             SELECT id, ?2, 0, ?3 FROM messages WHERE id = ?1 RETURNING id",
        )
        .bind(message.0)
        .bind(action.to_string())
        .bind(at)
        .fetch_optional(self.writer())
        .await
        .named(self)?;
        id.ok_or(StoreError::NotFound("The message"))
    }

    /// Moves an action forward. On the disk when it returns.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Invalid`] when it has come further already.
    pub async fn advance(&self, action: i64, stage: ActionStage, at: UnixSeconds) -> Result<()> {
        let mut tx = self.write().await?;
        let now: i64 = sqlx::query_scalar("SELECT stage FROM actions WHERE id = ?")
            .bind(action)
            .fetch_optional(&mut *tx)
            .await
            .named(self)?
            .ok_or(StoreError::NotFound("The action"))?;
        if number(stage) < now {
            return Err(StoreError::Invalid("The action has come further already.".into()));
        }
        sqlx::query("UPDATE actions SET stage = ?2, at = ?3 WHERE id = ?1")
            .bind(action)
            .bind(number(stage))
            .bind(at)
            .execute(&mut *tx)
            .await
            .named(self)?;
        tx.commit().await.named(self)
    }

    /// Actions that are not done, oldest first: after a crash, each is looked for on the server before it
    /// is tried again.
    pub async fn open_actions(&self) -> Result<Vec<JournalEntry>> {
        let rows: Vec<(i64, i64, String, i64, i64)> = sqlx::query_as(
            "SELECT id, message_id, action, stage, at FROM actions INDEXED BY actions_open \
             WHERE stage < 3 ORDER BY id",
        )
        .fetch_all(self.readers())
        .await
        .named(self)?;
        rows.into_iter()
            .map(|(id, message, action, stage, at)| {
                Ok(JournalEntry {
                    id,
                    message: MessageId(message),
                    action: from_json(action.as_bytes())?,
                    stage: match stage {
                        0 => ActionStage::Intent,
                        1 => ActionStage::Sent,
                        2 => ActionStage::Verified,
                        _ => ActionStage::Done,
                    },
                    at,
                })
            })
            .collect()
    }

    /// Writes down how far a job has come.
    pub async fn save_job(&self, job: &Job) -> Result<()> {
        let size = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        sqlx::query(
            "INSERT INTO jobs (name, done, total, state, at) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT (name) DO UPDATE SET done = excluded.done, total = excluded.total, \
             state = excluded.state, at = excluded.at",
        )
        .bind(&job.name)
        .bind(size(job.done))
        .bind(size(job.total))
        .bind(job.state.to_string())
        .bind(job.at)
        .execute(self.writer())
        .await
        .named(self)?;
        Ok(())
    }

    /// All jobs that were not removed, by name.
    pub async fn jobs(&self) -> Result<Vec<Job>> {
        let rows: Vec<(String, i64, i64, String, i64)> =
            sqlx::query_as("SELECT name, done, total, state, at FROM jobs ORDER BY name")
                .fetch_all(self.readers())
                .await
                .named(self)?;
        let size = |n: i64| u64::try_from(n).unwrap_or_default();
        rows.into_iter()
            .map(|(name, done, total, state, at)| {
                let state = from_json(state.as_bytes())?;
                Ok(Job { name, done: size(done), total: size(total), state, at })
            })
            .collect()
    }

    /// Removes a job that is done or given up. It need not be there.
    pub async fn remove_job(&self, name: &str) -> Result<()> {
        sqlx::query("DELETE FROM jobs WHERE name = ?")
            .bind(name)
            .execute(self.writer())
            .await
            .named(self)?;
        Ok(())
    }
}

/// A stage as stored.
fn number(stage: ActionStage) -> i64 {
    match stage {
        ActionStage::Intent => 0,
        ActionStage::Sent => 1,
        ActionStage::Verified => 2,
        ActionStage::Done => 3,
    }
}
