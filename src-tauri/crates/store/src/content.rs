//! One message, opened: its content, its bytes.

use crate::decision::ids;
use crate::keep::Facts;
use crate::pack::{pack_json, unpack, unpack_json};
use crate::sql::{Named, flags, row, select_rows, uid};
use crate::types::StoredMessage;
use crate::{Result, Store, StoreError, search};
use mailroom_domain::{MessageContent, MessageId, UidValidity};
use sqlx::Row as _;

impl Store {
    /// One message with its content and newest verdict; also one that is gone from the server.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]
    pub async fn message(&self, id: MessageId) -> Result<StoredMessage> {
        let mut tx = self.read().await?;
        let r = sqlx::query(select_rows!(
            ", f.display, m.uid_validity, m.uid, m.seen, m.flagged, m.answered, m.draft, m.deleted, \
             m.keywords, m.gone_at IS NOT NULL, b.content, d.verdict, a.reason \
             FROM messages m JOIN folders f ON f.id = m.folder_id JOIN bodies b ON b.id = m.body_id \
             LEFT JOIN decisions d ON d.id = m.decision_id LEFT JOIN set_aside a ON a.message_id = m.id \
             WHERE m.id = ?1"
        ))
        .bind(id.0)
        .fetch_optional(&mut *tx)
        .await
        .named(self)?
        .ok_or(StoreError::NotFound("The message"))?;
        let verdict: Option<&[u8]> = r.try_get(29).named(self)?;
        Ok(StoredMessage {
            row: row(&r).named(self)?.1,
            folder_display: r.try_get(18).named(self)?,
            uid_validity: r
                .try_get::<Option<i64>, _>(19)
                .named(self)?
                .and_then(|v| u32::try_from(v).ok())
                .map(UidValidity),
            uid: r.try_get::<Option<i64>, _>(20).named(self)?.map(uid),
            flags: flags(&r, 21).named(self)?,
            gone: r.try_get(27).named(self)?,
            content: unpack_json(r.try_get::<&[u8], _>(28).named(self)?)?,
            verdict: verdict.map(unpack_json).transpose()?,
            set_aside: r.try_get(30).named(self)?,
        })
    }

    /// A message as received.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]
    pub async fn raw(&self, id: MessageId) -> Result<Vec<u8>> {
        let packed: Vec<u8> = sqlx::query_scalar(
            "SELECT b.raw FROM messages m JOIN bodies b ON b.id = m.body_id WHERE m.id = ?",
        )
        .bind(id.0)
        .fetch_optional(self.readers())
        .await
        .named(self)?
        .ok_or(StoreError::NotFound("The message"))?;
        unpack(&packed)
    }

    /// The contents of these messages, in the order given; those that have been removed are left out.
    pub async fn contents(
        &self,
        messages: &[MessageId],
    ) -> Result<Vec<(MessageId, MessageContent)>> {
        let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
            "SELECT m.id, b.content FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value \
             CROSS JOIN bodies b ON b.id = m.body_id ORDER BY j.id",
        )
        .bind(ids(messages))
        .fetch_all(self.readers())
        .await
        .named(self)?;
        rows.into_iter().map(|(id, packed)| Ok((MessageId(id), unpack_json(&packed)?))).collect()
    }

    /// All present messages in the order in which they were stored, a portion at a time: those after the
    /// given one. For work on the whole archive.
    pub async fn scan(&self, after: Option<MessageId>, limit: u32) -> Result<Vec<MessageId>> {
        let found: Vec<i64> = sqlx::query_scalar(
            "SELECT id FROM messages WHERE id > ? AND gone_at IS NULL ORDER BY id LIMIT ?",
        )
        .bind(after.map_or(0, |id| id.0))
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await
        .named(self)?;
        Ok(found.into_iter().map(MessageId).collect())
    }

    /// Messages whose content was made by an older parser than `parser`, at most `limit`, to be parsed anew
    /// from [`Store::raw`] and given to [`Store::replace_content`].
    pub async fn outdated_content(&self, parser: u32, limit: u32) -> Result<Vec<MessageId>> {
        let found: Vec<i64> = sqlx::query_scalar(
            "SELECT min(m.id) FROM bodies b INDEXED BY bodies_parser CROSS JOIN messages m ON m.body_id = b.id \
             WHERE b.parser < ? GROUP BY b.id LIMIT ?",
        )
        .bind(i64::from(parser))
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await
        .named(self)?;
        Ok(found.into_iter().map(MessageId).collect())
    }

    /// Puts newly parsed content in place of the old, for the message and all others with the same bytes,
    /// and indexes it anew. Conversation and label stay.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]
    pub async fn replace_content(
        &self,
        id: MessageId,
        content: &MessageContent,
        parser: u32,
    ) -> Result<()> {
        let packed = pack_json(content)?;
        let facts = Facts::of(content);
        let mut tx = self.write().await?;
        let body: i64 = sqlx::query_scalar("SELECT body_id FROM messages WHERE id = ?")
            .bind(id.0)
            .fetch_optional(&mut *tx)
            .await
            .named(self)?
            .ok_or(StoreError::NotFound("The message"))?;
        sqlx::query("UPDATE bodies SET content = ?2, parser = ?3 WHERE id = ?1")
            .bind(body)
            .bind(&packed)
            .bind(i64::from(parser))
            .execute(&mut *tx)
            .await
            .named(self)?;
        let keys: Vec<i64> = sqlx::query_scalar(
            "UPDATE messages SET message_id = ?2, list_id = ?3, from_name = ?4, from_address = ?5, \
             subject = ?6, snippet = ?7, has_attachments = ?8 WHERE body_id = ?1 RETURNING sort_key",
        )
        .bind(body)
        .bind(&facts.message_id)
        .bind(&facts.list_id)
        .bind(&facts.from_name)
        .bind(&facts.from_address)
        .bind(&facts.subject)
        .bind(&facts.snippet)
        .bind(facts.has_attachments)
        .fetch_all(&mut *tx)
        .await
        .named(self)?;
        for key in keys {
            sqlx::query("DELETE FROM search WHERE rowid = ?")
                .bind(key)
                .execute(&mut *tx)
                .await
                .named(self)?;
            search::insert(&mut tx, key, &facts.indexed).await.named(self)?;
        }
        tx.commit().await.named(self)
    }
}
