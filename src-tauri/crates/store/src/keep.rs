//! Keeping mail: message, text index, conversation, first label and the folder's state in one transaction.

use crate::decision::Shown;
use crate::folder::generation;
use crate::pack::{pack, pack_json};
use crate::sql::{Named, json, keywords};
use crate::thread::{Placed, ThreadKeys, Threader};
use crate::types::{Kept, KeptHow, NewMessage};
use crate::{Result, Store, StoreError, search};
use mailroom_domain::{
    AccountId, FlagSet, FolderId, MessageContent, MessageId, SyncState, UnixSeconds,
};
use sha2::{Digest, Sha256};
use sqlx::{Row as _, Sqlite, Transaction};
use std::collections::HashMap;

/// Characters of a snippet.
const SNIPPET: usize = 200;
/// Characters kept of a header for lists; a subject of a megabyte is an attack or a mistake.
const HEADER: usize = 1_000;

/// A message made ready before the write lock is taken.
struct Prepared {
    uid: Option<i64>,
    flags: FlagSet,
    internal_date: Option<UnixSeconds>,
    received: UnixSeconds,
    size: i64,
    hash: String,
    raw: Vec<u8>,
    content: Vec<u8>,
    parser: u32,
    keys: ThreadKeys,
    facts: Facts,
    verdict: Option<(Shown, Vec<u8>)>,
}

/// What the list and the index hold of a message's content.
pub(crate) struct Facts {
    pub message_id: Option<String>,
    pub list_id: Option<String>,
    pub from_name: String,
    pub from_address: String,
    pub subject: String,
    pub snippet: String,
    pub has_attachments: bool,
    pub indexed: search::Indexed,
}

impl Facts {
    pub(crate) fn of(content: &MessageContent) -> Facts {
        let h = &content.headers;
        let from = h.from.clone().unwrap_or_default();
        Facts {
            message_id: h.message_id.as_deref().map(|id| cut(id, HEADER)),
            list_id: h.list_id.as_deref().map(|id| cut(id, HEADER)),
            from_name: cut(&from.name, HEADER),
            from_address: cut(&from.address, HEADER),
            subject: cut(&h.subject, HEADER),
            snippet: snippet(content),
            has_attachments: content.attachments.iter().any(|a| !a.inline),
            indexed: search::Indexed::of(content),
        }
    }
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

fn snippet(content: &MessageContent) -> String {
    let text = if content.new_text.trim().is_empty() { &content.text } else { &content.new_text };
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() >= SNIPPET * 4 {
            break;
        }
    }
    cut(&line, SNIPPET)
}

fn prepare(account: i64, message: &NewMessage) -> Result<Prepared> {
    let verdict = match &message.verdict {
        Some(verdict) => Some((Shown::of(verdict), pack_json(verdict)?)),
        None => None,
    };
    let received = message.internal_date.or(message.content.headers.date).unwrap_or_default();
    Ok(Prepared {
        uid: message.uid.map(|uid| i64::from(uid.0)),
        flags: message.flags.clone(),
        internal_date: message.internal_date,
        // Beyond these no date is meant; the order of lists has 43 bits for it.
        received: received.clamp(0, 1 << 40),
        size: i64::try_from(message.size).unwrap_or(i64::MAX),
        hash: hex(&Sha256::digest(&message.raw)),
        raw: pack(&message.raw)?,
        content: pack_json(&message.content)?,
        parser: message.parser,
        keys: ThreadKeys::of(account, &message.content),
        facts: Facts::of(&message.content),
        verdict,
    })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// A message that is new, with the numbers it gets.
struct Placement {
    /// Its place in the order given.
    at: usize,
    id: i64,
    body: i64,
    new_body: bool,
    thread: i64,
    /// The same bytes elsewhere in the account.
    twin: Option<i64>,
}

impl Store {
    /// Keeps messages and the folder's new state together: all or nothing. Idempotent by (folder,
    /// UIDVALIDITY of the state, UID): a message that is there is left as it is, and is present again if it
    /// was marked as gone. Returns what became of each, in the order given.
    ///
    /// Portions of 50 to 1,000 messages are quickest.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the folder; [`StoreError::Invalid`] when a message has no UID or the
    /// state no UIDVALIDITY.
    pub async fn keep(
        &self,
        folder: FolderId,
        messages: Vec<NewMessage>,
        state: SyncState,
        at: UnixSeconds,
    ) -> Result<Vec<Kept>> {
        let generation = generation(&state)?;
        if messages.iter().any(|m| m.uid.is_none()) {
            return Err(StoreError::Invalid("A message from a server needs its UID.".into()));
        }
        self.keep_all(folder, messages, Some((generation, state)), at).await
    }

    /// Keeps messages of imported files in a folder of a local account. Idempotent by (folder, content):
    /// the same file can be imported again. Returns what became of each, in the order given.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the folder; [`StoreError::Invalid`] when a message has a UID.
    pub async fn import(
        &self,
        folder: FolderId,
        messages: Vec<NewMessage>,
        at: UnixSeconds,
    ) -> Result<Vec<Kept>> {
        if messages.iter().any(|m| m.uid.is_some()) {
            return Err(StoreError::Invalid("An imported message has no UID.".into()));
        }
        self.keep_all(folder, messages, None, at).await
    }

    async fn keep_all(
        &self,
        folder: FolderId,
        messages: Vec<NewMessage>,
        state: Option<(i64, SyncState)>,
        at: UnixSeconds,
    ) -> Result<Vec<Kept>> {
        let account: i64 = sqlx::query_scalar("SELECT account_id FROM folders WHERE id = ?")
            .bind(folder.0)
            .fetch_optional(self.readers())
            .await
            .named(self)?
            .ok_or(StoreError::NotFound("The folder"))?;
        // Hashing and packing take longer than writing: others write meanwhile.
        let prepared = tokio::task::spawn_blocking(move || {
            messages.iter().map(|m| prepare(account, m)).collect::<Result<Vec<_>>>()
        })
        .await
        .map_err(|e| StoreError::Database(e.to_string()))??;

        let mut tx = self.write().await?;
        if let Some((_, state)) = &state {
            self.set_state(&mut tx, folder, state).await?;
        }
        let generation = state.map(|(generation, _)| generation);
        let kept =
            self.insert(&mut tx, AccountId(account), folder, generation, &prepared, at).await?;
        tx.commit().await.named(self)?;
        Ok(kept)
    }

    async fn insert(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        account: AccountId,
        folder: FolderId,
        generation: Option<i64>,
        prepared: &[Prepared],
        at: UnixSeconds,
    ) -> Result<Vec<Kept>> {
        let mut kept: Vec<Option<Kept>> = vec![None; prepared.len()];
        let mut bodies = self.bodies(tx, prepared).await?;

        // What is there already.
        let mut by_uid: HashMap<i64, (i64, bool)> = HashMap::new();
        let mut by_hash: HashMap<String, (i64, bool)> = HashMap::new();
        if generation.is_some() {
            let rows = sqlx::query(
                "SELECT uid, id, gone_at IS NOT NULL FROM messages WHERE folder_id = ?1 AND uid_validity = ?2 \
                 AND uid IN (SELECT value FROM json_each(?3))",
            )
            .bind(folder.0)
            .bind(generation)
            .bind(json(prepared.iter().filter_map(|p| p.uid)))
            .fetch_all(&mut **tx)
            .await
            .named(self)?;
            for r in &rows {
                by_uid.insert(
                    r.try_get(0).named(self)?,
                    (r.try_get(1).named(self)?, r.try_get(2).named(self)?),
                );
            }
        } else {
            for (hash, body) in &bodies {
                let there: Option<(i64, bool)> = sqlx::query_as(
                    "SELECT id, gone_at IS NOT NULL FROM messages WHERE body_id = ? AND folder_id = ?",
                )
                .bind(body)
                .bind(folder.0)
                .fetch_optional(&mut **tx)
                .await
                .named(self)?;
                if let Some(there) = there {
                    by_hash.insert(hash.clone(), there);
                }
            }
        }

        // Numbers for what is new, given oldest first: `search` wants its rows in ascending order.
        let mut order: Vec<usize> = (0..prepared.len()).collect();
        order.sort_by_key(|i| prepared[*i].received);
        let mut next_id = self.last(tx, "messages").await? + 1;
        let mut next_body = self.last(tx, "bodies").await? + 1;
        let next_thread = self.last(tx, "threads").await? + 1;
        let mut threader = Threader::new(self.known_keys(tx, prepared).await?, next_thread);
        let mut placements: Vec<Placement> = Vec::new();
        for i in order {
            let p = &prepared[i];
            let there = match p.uid {
                Some(uid) => by_uid.get(&uid),
                None => by_hash.get(&p.hash),
            };
            if let Some((id, gone)) = there.copied() {
                if gone {
                    sqlx::query("UPDATE messages SET gone_at = NULL WHERE id = ?")
                        .bind(id)
                        .execute(&mut **tx)
                        .await
                        .named(self)?;
                    self.update_flags(tx, id, &p.flags).await?;
                }
                let how = if gone { KeptHow::Returned } else { KeptHow::Known };
                kept[i] = Some(Kept { id: MessageId(id), how });
                // A second copy in the same portion finds it present.
                match p.uid {
                    Some(uid) => by_uid.insert(uid, (id, false)),
                    None => by_hash.insert(p.hash.clone(), (id, false)),
                };
                continue;
            }
            let id = next_id;
            next_id += 1;
            let (body, new_body) = match bodies.get(&p.hash) {
                Some(body) => (*body, false),
                None => {
                    bodies.insert(p.hash.clone(), next_body);
                    next_body += 1;
                    (next_body - 1, true)
                }
            };
            let twin =
                if new_body { None } else { self.twin(tx, account, body, &placements).await? };
            let how = if twin.is_some() { KeptHow::Moved } else { KeptHow::New };
            kept[i] = Some(Kept { id: MessageId(id), how });
            match p.uid {
                Some(uid) => by_uid.insert(uid, (id, false)),
                None => by_hash.insert(p.hash.clone(), (id, false)),
            };
            let thread = threader.place(&p.keys, p.received);
            placements.push(Placement { at: i, id, body, new_body, thread, twin });
        }

        let placed = threader.finish();
        self.write_threads(tx, account, &placed).await?;
        let mut next_decision = self.last(tx, "decisions").await? + 1;
        for n in &placements {
            let p = &prepared[n.at];
            if n.new_body {
                sqlx::query(
                    "INSERT INTO bodies (id, hash, parser, content, raw) VALUES (?, unhex(?), ?, ?, ?)",
                )
                .bind(n.body)
                .bind(&p.hash)
                .bind(i64::from(p.parser))
                .bind(&p.content)
                .bind(&p.raw)
                .execute(&mut **tx)
                .await
                .named(self)?;
            }
            let judged = match n.twin {
                Some(twin) if p.verdict.is_some() => self.is_judged(tx, twin).await?,
                _ => false,
            };
            let decision = match &p.verdict {
                Some((shown, verdict)) if !judged => {
                    let model = self.model_id(tx, shown.model_version.as_deref()).await?;
                    next_decision += 1;
                    Some((next_decision - 1, shown, verdict, model))
                }
                _ => None,
            };
            let key = self
                .insert_message(
                    tx,
                    n,
                    p,
                    (account, folder, generation, placed.root(n.thread)),
                    decision.as_ref().map(|(id, shown, _, model)| (*id, *shown, *model)),
                )
                .await?;
            search::insert(tx, key, &p.facts.indexed).await.named(self)?;
            if let Some((id, shown, verdict, model)) = decision {
                let numbers = (Some(id), n.id, None);
                self.insert_decision(tx, numbers, shown, verdict, model, at).await?;
            }
            if let Some(twin) = n.twin {
                next_decision += self.take_over(tx, twin, n.id).await?;
            }
        }
        self.write_keys(tx, &placed).await?;
        Ok(kept.into_iter().flatten().collect())
    }

    /// The last number given in a table; it is never given again.
    async fn last(&self, tx: &mut Transaction<'static, Sqlite>, table: &str) -> Result<i64> {
        let last: Option<i64> =
            sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = ?")
                .bind(table)
                .fetch_optional(&mut **tx)
                .await
                .named(self)?;
        Ok(last.unwrap_or_default())
    }

    /// Stored bodies with these contents, by hash.
    async fn bodies(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        prepared: &[Prepared],
    ) -> Result<HashMap<String, i64>> {
        let hashes: Vec<&str> = prepared.iter().map(|p| p.hash.as_str()).collect();
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT hex(hash), id FROM bodies WHERE hash IN (SELECT unhex(value) FROM json_each(?))",
        )
        .bind(serde_json::json!(hashes).to_string())
        .fetch_all(&mut **tx)
        .await
        .named(self)?;
        Ok(rows.into_iter().collect())
    }

    /// The newest message of the account with this body, or the one about which the user spoke last.
    async fn twin(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        account: AccountId,
        body: i64,
        placements: &[Placement],
    ) -> Result<Option<i64>> {
        if let Some(n) = placements.iter().rev().find(|n| n.body == body) {
            return Ok(Some(n.id));
        }
        sqlx::query_scalar(
            "SELECT id FROM messages WHERE body_id = ? AND account_id = ? \
             ORDER BY correction_id DESC, id DESC LIMIT 1",
        )
        .bind(body)
        .bind(account.0)
        .fetch_optional(&mut **tx)
        .await
        .named(self)
    }

    /// Whether there is a decision about the message.
    async fn is_judged(&self, tx: &mut Transaction<'static, Sqlite>, message: i64) -> Result<bool> {
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM decisions WHERE message_id = ?)")
            .bind(message)
            .fetch_one(&mut **tx)
            .await
            .named(self)
    }

    async fn known_keys(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        prepared: &[Prepared],
    ) -> Result<HashMap<i64, (i64, UnixSeconds)>> {
        let rows: Vec<(i64, i64, i64)> = sqlx::query_as(
            "SELECT key, thread_id, at FROM thread_keys WHERE key IN (SELECT value FROM json_each(?))",
        )
        .bind(json(prepared.iter().flat_map(|p| p.keys.all())))
        .fetch_all(&mut **tx)
        .await
        .named(self)?;
        Ok(rows.into_iter().map(|(key, thread, at)| (key, (thread, at))).collect())
    }

    async fn write_threads(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        account: AccountId,
        placed: &Placed,
    ) -> Result<()> {
        sqlx::query("INSERT INTO threads (id, account_id) SELECT value, ?2 FROM json_each(?1)")
            .bind(json(placed.new.iter().copied()))
            .bind(account.0)
            .execute(&mut **tx)
            .await
            .named(self)?;
        for (from, to) in &placed.joins {
            for statement in [
                "UPDATE messages SET thread_id = ?2 WHERE thread_id = ?1",
                "UPDATE thread_keys SET thread_id = ?2 WHERE thread_id = ?1",
                "DELETE FROM threads WHERE id = ?1 AND id <> ?2",
            ] {
                sqlx::query(statement).bind(from).bind(to).execute(&mut **tx).await.named(self)?;
            }
        }
        Ok(())
    }

    async fn write_keys(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        placed: &Placed,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO thread_keys (key, thread_id, at) \
             SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true \
             ON CONFLICT (key) DO UPDATE SET thread_id = excluded.thread_id, at = excluded.at",
        )
        .bind(serde_json::json!(placed.keys).to_string())
        .execute(&mut **tx)
        .await
        .named(self)?;
        Ok(())
    }

    /// Inserts the row and returns its place in the lists.
    async fn insert_message(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        n: &Placement,
        p: &Prepared,
        (account, folder, generation, thread): (AccountId, FolderId, Option<i64>, i64),
        decided: Option<(i64, &Shown, i64)>,
    ) -> Result<i64> {
        let unlabelled = Shown::default();
        let (decision, shown, model) = match decided {
            Some((decision, shown, model)) => (Some(decision), shown, model),
            None => (None, &unlabelled, 0),
        };
        let mut second = p.received;
        let mut key = second << 20 | n.id & 0xF_FFFF;
        loop {
            let inserted = sqlx::query(
                "INSERT INTO messages (id, account_id, folder_id, uid_validity, uid, body_id, thread_id, \
                 sort_key, received, internal_date, size, lane, unsure, confidence, decided_by, decision_id, \
                 model_id, seen, flagged, answered, draft, deleted, has_attachments, keywords, message_id, \
                 list_id, from_name, from_address, subject, snippet) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, \
                 ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, \
                 ?27, ?28, ?29, ?30) ON CONFLICT (sort_key) DO NOTHING",
            )
            .bind(n.id)
            .bind(account.0)
            .bind(folder.0)
            .bind(generation)
            .bind(p.uid)
            .bind(n.body)
            .bind(thread)
            .bind(key)
            .bind(p.received)
            .bind(p.internal_date)
            .bind(p.size)
            .bind(crate::sql::lane(shown.label))
            .bind(shown.unsure)
            .bind(f64::from(shown.confidence))
            .bind(shown.decided_by.map(|v| v.as_str()))
            .bind(decision)
            .bind(model)
            .bind(p.flags.seen)
            .bind(p.flags.flagged)
            .bind(p.flags.answered)
            .bind(p.flags.draft)
            .bind(p.flags.deleted)
            .bind(p.facts.has_attachments)
            .bind(keywords(&p.flags))
            .bind(&p.facts.message_id)
            .bind(&p.facts.list_id)
            .bind(&p.facts.from_name)
            .bind(&p.facts.from_address)
            .bind(&p.facts.subject)
            .bind(&p.facts.snippet)
            .execute(&mut **tx)
            .await
            .named(self)?;
            if inserted.rows_affected() == 1 {
                return Ok(key);
            }
            // The same second and a number that is a million apart: behind the last one of that second,
            // or of the first later second with room.
            let last: i64 = sqlx::query_scalar(
                "SELECT max(sort_key) FROM messages WHERE sort_key BETWEEN ?1 << 20 AND (?1 + 1 << 20) - 1",
            )
            .bind(second)
            .fetch_one(&mut **tx)
            .await
            .named(self)?;
            key = last + 1;
            second = key >> 20;
        }
    }

    async fn update_flags(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        id: i64,
        flags: &FlagSet,
    ) -> Result<()> {
        sqlx::query(
            "UPDATE messages SET seen = ?2, flagged = ?3, answered = ?4, draft = ?5, deleted = ?6, \
             keywords = ?7 WHERE id = ?1",
        )
        .bind(id)
        .bind(flags.seen)
        .bind(flags.flagged)
        .bind(flags.answered)
        .bind(flags.draft)
        .bind(flags.deleted)
        .bind(keywords(flags))
        .execute(&mut **tx)
        .await
        .named(self)?;
        Ok(())
    }
}
