//! Folders, how far they have been synced, and what the server changed in them.

use crate::sql::{Named, flags, json, keywords, uid};
use crate::types::{Fingerprint, Folder};
use crate::{Result, Store, StoreError};
use mailroom_domain::{
    AccountId, FlagSet, FolderId, FolderRole, SyncState, Uid, UidValidity, UnixSeconds,
};
use sqlx::{Row as _, Sqlite, Transaction, sqlite::SqliteRow};
use std::collections::{HashMap, HashSet};

impl Store {
    /// The folder of that wire name, made if it is new, and how far it has been synced. Display name and
    /// role are brought up to date.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the account is not there.
    pub async fn folder(
        &self,
        account: AccountId,
        name: &str,
        display: &str,
        role: FolderRole,
    ) -> Result<(FolderId, SyncState)> {
        let mut tx = self.write().await?;
        let there: Option<i64> =
            sqlx::query_scalar("SELECT id FROM accounts WHERE id = ? AND leaving = 0")
                .bind(account.0)
                .fetch_optional(&mut *tx)
                .await
                .named(self)?;
        if there.is_none() {
            return Err(StoreError::NotFound("The account"));
        }
        let row = sqlx::query(
            "INSERT INTO folders (account_id, name, display, role) VALUES (?, ?, ?, ?) \
             ON CONFLICT (account_id, name) DO UPDATE SET display = excluded.display, role = excluded.role \
             RETURNING id, uid_validity, low_uid, high_uid, highest_modseq",
        )
        .bind(account.0)
        .bind(name)
        .bind(display)
        .bind(role.as_str())
        .fetch_one(&mut *tx)
        .await
        .named(self)?;
        tx.commit().await.named(self)?;
        Ok((FolderId(row.try_get(0).named(self)?), state(&row, 1).named(self)?))
    }

    /// The folders of one account, or of all, in the order in which they were first seen.
    pub async fn folders(&self, account: Option<AccountId>) -> Result<Vec<Folder>> {
        let rows = sqlx::query(
            "SELECT id, account_id, name, display, role, uid_validity, low_uid, high_uid, highest_modseq \
             FROM folders WHERE ?1 IS NULL OR account_id = ?1 ORDER BY id",
        )
        .bind(account.map(|a| a.0))
        .fetch_all(self.readers())
        .await
        .named(self)?;
        let folder = |row: &SqliteRow| -> sqlx::Result<Folder> {
            Ok(Folder {
                id: FolderId(row.try_get(0)?),
                account: AccountId(row.try_get(1)?),
                name: row.try_get(2)?,
                display: row.try_get(3)?,
                role: role(&row.try_get::<String, _>(4)?),
                state: state(row, 5)?,
            })
        };
        rows.iter().map(folder).collect::<sqlx::Result<_>>().named(self)
    }

    /// UIDs and flags of the present messages of the folder's current UIDVALIDITY, by UID.
    pub async fn present(&self, folder: FolderId) -> Result<Vec<(Uid, FlagSet)>> {
        let rows = sqlx::query(
            "SELECT m.uid, m.seen, m.flagged, m.answered, m.draft, m.deleted, m.keywords \
             FROM folders f JOIN messages m ON m.folder_id = f.id AND m.uid_validity = f.uid_validity \
             WHERE f.id = ? AND m.gone_at IS NULL ORDER BY m.uid",
        )
        .bind(folder.0)
        .fetch_all(self.readers())
        .await
        .named(self)?;
        let one = |row: &SqliteRow| Ok((uid(row.try_get(0)?), flags(row, 1)?));
        rows.iter().map(one).collect::<sqlx::Result<_>>().named(self)
    }

    /// Sets flags, marks messages as gone, and keeps the folder's state, in one transaction. UIDs are those
    /// of the state's UIDVALIDITY; unknown ones are passed over.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Invalid`] when the state has no UIDVALIDITY.
    pub async fn settle(
        &self,
        folder: FolderId,
        flags: &[(Uid, FlagSet)],
        gone: &[Uid],
        state: SyncState,
        at: UnixSeconds,
    ) -> Result<()> {
        let generation = generation(&state)?;
        let mut tx = self.write().await?;
        self.set_state(&mut tx, folder, &state).await?;
        for (uid, flags) in flags {
            sqlx::query(
                "UPDATE messages SET seen = ?4, flagged = ?5, answered = ?6, draft = ?7, deleted = ?8, \
                 keywords = ?9 WHERE folder_id = ?1 AND uid_validity = ?2 AND uid = ?3",
            )
            .bind(folder.0)
            .bind(generation)
            .bind(i64::from(uid.0))
            .bind(flags.seen)
            .bind(flags.flagged)
            .bind(flags.answered)
            .bind(flags.draft)
            .bind(flags.deleted)
            .bind(keywords(flags))
            .execute(&mut *tx)
            .await
            .named(self)?;
        }
        if !gone.is_empty() {
            sqlx::query(
                "UPDATE messages SET gone_at = ?4 WHERE folder_id = ?1 AND uid_validity = ?2 \
                 AND uid IN (SELECT value FROM json_each(?3)) AND gone_at IS NULL",
            )
            .bind(folder.0)
            .bind(generation)
            .bind(json(gone.iter().map(|uid| i64::from(uid.0))))
            .bind(at)
            .execute(&mut *tx)
            .await
            .named(self)?;
        }
        tx.commit().await.named(self)
    }

    /// Fingerprints of the present messages of the folder's current UIDVALIDITY, by UID.
    pub async fn fingerprints(&self, folder: FolderId) -> Result<Vec<Fingerprint>> {
        let rows = sqlx::query(
            "SELECT m.uid, m.message_id, m.size, m.internal_date \
             FROM folders f JOIN messages m ON m.folder_id = f.id AND m.uid_validity = f.uid_validity \
             WHERE f.id = ? AND m.gone_at IS NULL ORDER BY m.uid",
        )
        .bind(folder.0)
        .fetch_all(self.readers())
        .await
        .named(self)?;
        let one = |row: &SqliteRow| -> sqlx::Result<Fingerprint> {
            Ok(Fingerprint {
                uid: uid(row.try_get(0)?),
                message_id: row.try_get(1)?,
                size: u64::try_from(row.try_get::<i64, _>(2)?).unwrap_or_default(),
                internal_date: row.try_get(3)?,
            })
        };
        rows.iter().map(one).collect::<sqlx::Result<_>>().named(self)
    }

    /// After a change of UIDVALIDITY: gives messages their new UIDs (`(old, new)`, the old ones of the
    /// folder's stored UIDVALIDITY, the new ones of the state's), marks its other present messages as gone,
    /// and keeps the new state. Labels, decisions and corrections stay with their messages.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Invalid`] when the state has no UIDVALIDITY or the one that
    /// is stored already, or when two moves name the same UID.
    pub async fn renumber(
        &self,
        folder: FolderId,
        moves: &[(Uid, Uid)],
        state: SyncState,
        at: UnixSeconds,
    ) -> Result<()> {
        let to = generation(&state)?;
        let twice = |side: fn(&(Uid, Uid)) -> Uid| {
            let mut seen = HashSet::with_capacity(moves.len());
            moves.iter().any(|m| !seen.insert(side(m)))
        };
        if twice(|m| m.0) || twice(|m| m.1) {
            return Err(StoreError::Invalid("A message cannot be given two numbers.".into()));
        }
        let mut tx = self.write().await?;
        let from: Option<i64> = sqlx::query_scalar("SELECT uid_validity FROM folders WHERE id = ?")
            .bind(folder.0)
            .fetch_optional(&mut *tx)
            .await
            .named(self)?
            .ok_or(StoreError::NotFound("The folder"))?;
        if from == Some(to) {
            return Err(StoreError::Invalid("The folder has this UIDVALIDITY already.".into()));
        }
        if let Some(from) = from {
            let rows = sqlx::query(
                "SELECT uid, id FROM messages WHERE folder_id = ? AND uid_validity = ?",
            )
            .bind(folder.0)
            .bind(from)
            .fetch_all(&mut *tx)
            .await
            .named(self)?;
            let mut ids = HashMap::with_capacity(rows.len());
            for row in &rows {
                ids.insert(uid(row.try_get(0).named(self)?), row.try_get::<i64, _>(1).named(self)?);
            }
            for (old, new) in moves {
                let Some(id) = ids.get(old) else { continue };
                // A server that goes back to a former UIDVALIDITY: the row of that time gives way.
                sqlx::query(
                    "UPDATE messages SET uid = NULL, uid_validity = NULL, gone_at = coalesce(gone_at, ?4) \
                     WHERE folder_id = ?1 AND uid_validity = ?2 AND uid = ?3",
                )
                .bind(folder.0)
                .bind(to)
                .bind(i64::from(new.0))
                .bind(at)
                .execute(&mut *tx)
                .await
                .named(self)?;
                sqlx::query("UPDATE messages SET uid_validity = ?2, uid = ?3 WHERE id = ?1")
                    .bind(id)
                    .bind(to)
                    .bind(i64::from(new.0))
                    .execute(&mut *tx)
                    .await
                    .named(self)?;
            }
            sqlx::query(
                "UPDATE messages SET gone_at = ?3 \
                 WHERE folder_id = ?1 AND uid_validity = ?2 AND gone_at IS NULL",
            )
            .bind(folder.0)
            .bind(from)
            .bind(at)
            .execute(&mut *tx)
            .await
            .named(self)?;
        }
        self.set_state(&mut tx, folder, &state).await?;
        tx.commit().await.named(self)
    }

    pub(crate) async fn set_state(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        folder: FolderId,
        state: &SyncState,
    ) -> Result<()> {
        let modseq = state.highest_modseq.map(i64::try_from).transpose().map_err(|_| {
            StoreError::Invalid(
                "The server's HIGHESTMODSEQ is beyond 63 bits (RFC 7162, 3.1).".into(),
            )
        })?;
        let changed = sqlx::query(
            "UPDATE folders SET uid_validity = ?2, low_uid = ?3, high_uid = ?4, highest_modseq = ?5 \
             WHERE id = ?1",
        )
        .bind(folder.0)
        .bind(state.uid_validity.map(|v| i64::from(v.0)))
        .bind(state.low.map(|u| i64::from(u.0)))
        .bind(state.high.map(|u| i64::from(u.0)))
        .bind(modseq)
        .execute(&mut **tx)
        .await
        .named(self)?;
        if changed.rows_affected() == 0 { Err(StoreError::NotFound("The folder")) } else { Ok(()) }
    }
}

/// The state's UIDVALIDITY, without which a UID means nothing.
pub(crate) fn generation(state: &SyncState) -> Result<i64> {
    state
        .uid_validity
        .map(|v| i64::from(v.0))
        .ok_or_else(|| StoreError::Invalid("The folder has not been selected yet.".into()))
}

fn state(row: &SqliteRow, at: usize) -> sqlx::Result<SyncState> {
    let number = |i| -> sqlx::Result<Option<u32>> {
        Ok(row.try_get::<Option<i64>, _>(i)?.and_then(|n| u32::try_from(n).ok()))
    };
    Ok(SyncState {
        uid_validity: number(at)?.map(UidValidity),
        low: number(at + 1)?.map(Uid),
        high: number(at + 2)?.map(Uid),
        highest_modseq: row.try_get::<Option<i64>, _>(at + 3)?.and_then(|n| u64::try_from(n).ok()),
    })
}

fn role(name: &str) -> FolderRole {
    use FolderRole as R;
    [R::Inbox, R::Archive, R::Sent, R::Drafts, R::Junk, R::Trash, R::All]
        .into_iter()
        .find(|role| role.as_str() == name)
        .unwrap_or_default()
}
