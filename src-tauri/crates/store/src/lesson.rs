//! What memory learns from: what the user said, examples that the user named, and which mail is like it.

use crate::sql::{Named, label};
use crate::vector::bytes;
use crate::{Encoded, Result, Store};
use mailroom_domain::{FolderId, Label, MessageId, UnixSeconds};
use std::collections::HashSet;

/// A message whose label the user has told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taught {
    /// The correction's place in the record.
    pub id: i64,
    /// The message.
    pub message: MessageId,
    /// The label that was told.
    pub label: Label,
    /// When.
    pub at: UnixSeconds,
}

// A message that was moved has taken its correction with it: one act teaches once.
const TAUGHT: &str = "SELECT max(c.id), c.message_id, c.to_label, c.at FROM corrections c \
     JOIN messages m ON m.id = c.message_id WHERE m.correction_id = c.id \
     GROUP BY c.batch, m.body_id ORDER BY 1 DESC LIMIT ?";
const OF_SENDER: &str = "SELECT o.sort_key, o.id FROM messages m JOIN messages o INDEXED BY messages_sender \
     ON o.from_address = m.from_address COLLATE NOCASE AND o.gone_at IS NULL \
     WHERE m.id = ?1 AND m.from_address <> '' AND o.correction_id IS NULL \
     AND coalesce(o.decided_by, '') <> 'rule' ORDER BY o.sort_key DESC LIMIT ?2";
const OF_LIST: &str = "SELECT o.sort_key, o.id FROM messages m JOIN messages o INDEXED BY messages_list \
     ON o.list_id = m.list_id AND o.gone_at IS NULL AND o.list_id IS NOT NULL \
     WHERE m.id = ?1 AND o.correction_id IS NULL \
     AND coalesce(o.decided_by, '') <> 'rule' ORDER BY o.sort_key DESC LIMIT ?2";
const OF_THREAD: &str = "SELECT o.sort_key, o.id FROM messages m JOIN messages o INDEXED BY messages_thread \
     ON o.thread_id = m.thread_id AND o.gone_at IS NULL \
     WHERE m.id = ?1 AND o.correction_id IS NULL \
     AND coalesce(o.decided_by, '') <> 'rule' ORDER BY o.sort_key DESC LIMIT ?2";
const IN_FOLDER: &str = "SELECT id, received FROM messages INDEXED BY messages_folder \
     WHERE folder_id = ?1 AND gone_at IS NULL ORDER BY sort_key DESC LIMIT ?2";
const WITH_KEYWORD: &str = "SELECT id, received FROM messages INDEXED BY messages_keywords \
     WHERE gone_at IS NULL AND keywords <> '' AND instr(' ' || lower(keywords) || ' ', ' ' || lower(?1) || ' ') > 0 \
     ORDER BY sort_key DESC LIMIT ?2";

#[cfg(test)]
pub(crate) const PLANNED: [&str; 4] = [OF_SENDER, OF_LIST, OF_THREAD, IN_FOLDER];

impl Store {
    /// What the user said and has not taken back, the newest first; each act about a content once.
    pub async fn taught(&self, limit: usize) -> Result<Vec<Taught>> {
        let rows: Vec<(i64, i64, i64, i64)> = sqlx::query_as(TAUGHT)
            .bind(limit as i64)
            .fetch_all(self.readers())
            .await
            .named(self)?;
        Ok(rows
            .into_iter()
            .map(|(id, message, to, at)| Taught {
                id,
                message: MessageId(message),
                label: label(to),
                at,
            })
            .collect())
    }

    /// Present messages of the same sender, list or conversation as one of these, that neither the user nor a rule
    /// has decided; the newest first, at most `limit`.
    pub async fn related(&self, messages: &[MessageId], limit: u32) -> Result<Vec<MessageId>> {
        let mut tx = self.read().await?;
        let mut found: Vec<(i64, i64)> = Vec::new();
        for message in messages {
            for query in [OF_SENDER, OF_LIST, OF_THREAD] {
                found.extend(
                    sqlx::query_as::<_, (i64, i64)>(query)
                        .bind(message.0)
                        .bind(i64::from(limit))
                        .fetch_all(&mut *tx)
                        .await
                        .named(self)?,
                );
            }
        }
        found.sort_unstable_by_key(|(key, _)| std::cmp::Reverse(*key));
        let mut seen = HashSet::new();
        found.retain(|(_, id)| seen.insert(*id));
        found.truncate(limit as usize);
        Ok(found.into_iter().map(|(_, id)| MessageId(id)).collect())
    }

    /// Present messages of a folder with the time of their arrival, the newest first.
    pub async fn in_folder(
        &self,
        folder: FolderId,
        limit: u32,
    ) -> Result<Vec<(MessageId, UnixSeconds)>> {
        let rows: Vec<(i64, i64)> = sqlx::query_as(IN_FOLDER)
            .bind(folder.0)
            .bind(i64::from(limit))
            .fetch_all(self.readers())
            .await
            .named(self)?;
        Ok(rows.into_iter().map(|(id, at)| (MessageId(id), at)).collect())
    }

    /// Present messages that bear a keyword (RFC 9051, section 2.3.2; case does not matter) with the time of their
    /// arrival, the newest first.
    pub async fn with_keyword(
        &self,
        keyword: &str,
        limit: u32,
    ) -> Result<Vec<(MessageId, UnixSeconds)>> {
        let rows: Vec<(i64, i64)> = sqlx::query_as(WITH_KEYWORD)
            .bind(keyword)
            .bind(i64::from(limit))
            .fetch_all(self.readers())
            .await
            .named(self)?;
        Ok(rows.into_iter().map(|(id, at)| (MessageId(id), at)).collect())
    }

    /// Keeps what the encoder of this version said about a message's content, outside its queue's order.
    pub async fn keep_encoded_of(
        &self,
        message: MessageId,
        version: &str,
        said: &Encoded,
    ) -> Result<()> {
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO vectors (body_id, version, scores, vector) SELECT body_id, ?2, ?3, ?4 FROM messages \
             WHERE id = ?1 ON CONFLICT (body_id) DO UPDATE \
             SET version = excluded.version, scores = excluded.scores, vector = excluded.vector",
        )
        .bind(message.0)
        .bind(version)
        .bind(said.scores.iter().flat_map(|s| s.to_le_bytes()).collect::<Vec<u8>>())
        .bind(bytes(&said.vector))
        .execute(&mut *tx)
        .await
        .named(self)?;
        sqlx::query(
            "DELETE FROM encoder_queue WHERE body_id = (SELECT body_id FROM messages WHERE id = ?)",
        )
        .bind(message.0)
        .execute(&mut *tx)
        .await
        .named(self)?;
        tx.commit().await.named(self)
    }
}
