//! Accounts, and how one leaves.

use crate::sql::Named;
use crate::types::{Account, AccountKind};
use crate::{Result, Store, StoreError};
use mailroom_domain::{AccountId, AccountSettings, Security, ServerAddress};
use sqlx::Row as _;

/// Messages removed in one transaction: short enough for other writes to come in between.
const REMOVED_AT_ONCE: i64 = 500;

impl Store {
    /// Adds an account and returns its number.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when the same user is there already on the same server.
    pub async fn add_account(&self, kind: &AccountKind) -> Result<AccountId> {
        let mut tx = self.write().await?;
        if let AccountKind::Imap(settings) = kind {
            let there: Option<i64> = sqlx::query_scalar(
                "SELECT id FROM accounts WHERE kind = 'imap' AND leaving = 0 AND host = ?1 COLLATE NOCASE \
                 AND port = ?2 AND user = ?3 COLLATE NOCASE",
            )
            .bind(&settings.server.host)
            .bind(i64::from(settings.server.port))
            .bind(&settings.user)
            .fetch_optional(&mut *tx)
            .await
            .named(self)?;
            if there.is_some() {
                return Err(StoreError::Invalid(format!(
                    "{} on {} is there already. Sign in again in its settings if it does not sync.",
                    settings.user, settings.server.host
                )));
            }
        }
        let (name, settings) = columns(kind);
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO accounts (kind, address, user, host, port, security) \
             VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        )
        .bind(name)
        .bind(settings.address)
        .bind(settings.user)
        .bind(settings.server.host)
        .bind(i64::from(settings.server.port))
        .bind(security(settings.server.security))
        .fetch_one(&mut *tx)
        .await
        .named(self)?;
        tx.commit().await.named(self)?;
        Ok(AccountId(id))
    }

    /// Changes an account. Its mail stays.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]
    pub async fn update_account(&self, id: AccountId, kind: &AccountKind) -> Result<()> {
        let (name, settings) = columns(kind);
        let changed = sqlx::query(
            "UPDATE accounts SET kind = ?2, address = ?3, user = ?4, host = ?5, port = ?6, security = ?7 \
             WHERE id = ?1 AND leaving = 0",
        )
        .bind(id.0)
        .bind(name)
        .bind(settings.address)
        .bind(settings.user)
        .bind(settings.server.host)
        .bind(i64::from(settings.server.port))
        .bind(security(settings.server.security))
        .execute(self.writer())
        .await
        .named(self)?;
        if changed.rows_affected() == 0 { Err(StoreError::NotFound("The account")) } else { Ok(()) }
    }

    /// All accounts, oldest first, without those that are being removed.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        let rows = sqlx::query(
            "SELECT id, kind, address, user, host, port, security FROM accounts WHERE leaving = 0 ORDER BY id",
        )
        .fetch_all(self.readers())
        .await
        .named(self)?;
        rows.iter().map(account).collect::<sqlx::Result<_>>().named(self)
    }

    /// One account.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]
    pub async fn account(&self, id: AccountId) -> Result<Account> {
        self.accounts()
            .await?
            .into_iter()
            .find(|a| a.id == id)
            .ok_or(StoreError::NotFound("The account"))
    }

    /// Removes an account with its mail, decisions and corrections from this machine. Other writes come
    /// in between. Cut short, it is finished by [`Store::finish_removals`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`]
    pub async fn remove_account(&self, id: AccountId) -> Result<()> {
        let marked = sqlx::query("UPDATE accounts SET leaving = 1 WHERE id = ? AND leaving = 0")
            .bind(id.0)
            .execute(self.writer())
            .await
            .named(self)?;
        if marked.rows_affected() == 0 {
            return Err(StoreError::NotFound("The account"));
        }
        self.finish_removals().await
    }

    /// Goes on with removals that were cut short, by a kill or a crash. To be called once at start.
    pub async fn finish_removals(&self) -> Result<()> {
        let leaving: Vec<i64> = sqlx::query_scalar("SELECT id FROM accounts WHERE leaving = 1")
            .fetch_all(self.readers())
            .await
            .named(self)?;
        for account in &leaving {
            while self.remove_some(*account).await? {}
        }
        if !leaving.is_empty() {
            // Deleted words lie in the index until its parts are merged.
            sqlx::query("INSERT INTO search (search) VALUES ('optimize')")
                .execute(self.writer())
                .await
                .named(self)?;
            sqlx::query("PRAGMA incremental_vacuum").execute(self.writer()).await.named(self)?;
        }
        Ok(())
    }

    /// Removes a portion; `false` when nothing of the account is left.
    async fn remove_some(&self, account: i64) -> Result<bool> {
        let mut tx = self.write().await?;
        let rows = sqlx::query(
            "SELECT id, sort_key, body_id FROM messages \
             WHERE folder_id IN (SELECT id FROM folders WHERE account_id = ?) LIMIT ?",
        )
        .bind(account)
        .bind(REMOVED_AT_ONCE)
        .fetch_all(&mut *tx)
        .await
        .named(self)?;
        if rows.is_empty() {
            for statement in [
                "DELETE FROM thread_keys WHERE thread_id IN (SELECT id FROM threads WHERE account_id = ?)",
                "DELETE FROM threads WHERE account_id = ?",
                "DELETE FROM folders WHERE account_id = ?",
                "DELETE FROM lane_counts WHERE account_id = ?",
                "DELETE FROM accounts WHERE id = ?",
            ] {
                sqlx::query(statement).bind(account).execute(&mut *tx).await.named(self)?;
            }
            tx.commit().await.named(self)?;
            return Ok(false);
        }
        let (mut ids, mut keys, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
        for row in &rows {
            ids.push(row.try_get::<i64, _>(0).named(self)?);
            keys.push(row.try_get::<i64, _>(1).named(self)?);
            bodies.push(row.try_get::<i64, _>(2).named(self)?);
        }
        let (ids, keys, bodies) =
            (crate::sql::json(ids), crate::sql::json(keys), crate::sql::json(bodies));
        for (statement, values) in [
            ("DELETE FROM search WHERE rowid IN (SELECT value FROM json_each(?))", &keys),
            ("DELETE FROM decisions WHERE message_id IN (SELECT value FROM json_each(?))", &ids),
            ("DELETE FROM corrections WHERE message_id IN (SELECT value FROM json_each(?))", &ids),
            ("DELETE FROM set_aside WHERE message_id IN (SELECT value FROM json_each(?))", &ids),
            ("DELETE FROM actions WHERE message_id IN (SELECT value FROM json_each(?))", &ids),
            ("DELETE FROM messages WHERE id IN (SELECT value FROM json_each(?))", &ids),
            (
                "DELETE FROM bodies WHERE id IN (SELECT value FROM json_each(?)) \
                 AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.body_id = bodies.id)",
                &bodies,
            ),
        ] {
            sqlx::query(statement).bind(values).execute(&mut *tx).await.named(self)?;
        }
        tx.commit().await.named(self)?;
        Ok(true)
    }
}

/// The columns of an account; those that its kind doesn't have are empty.
fn columns(kind: &AccountKind) -> (&'static str, AccountSettings) {
    let empty = |address: &str| AccountSettings {
        address: address.to_owned(),
        user: String::new(),
        server: ServerAddress { host: String::new(), port: 0, security: Security::Tls },
    };
    match kind {
        AccountKind::Imap(settings) => ("imap", settings.clone()),
        AccountKind::Local { address } => ("local", empty(address)),
        AccountKind::Sample => ("sample", empty("")),
    }
}

fn security(security: Security) -> &'static str {
    match security {
        Security::Tls => "tls",
        Security::Plain => "plain",
    }
}

fn account(row: &sqlx::sqlite::SqliteRow) -> sqlx::Result<Account> {
    let address: String = row.try_get(2)?;
    let kind = match row.try_get::<String, _>(1)?.as_str() {
        "imap" => AccountKind::Imap(AccountSettings {
            address,
            user: row.try_get(3)?,
            server: ServerAddress {
                host: row.try_get(4)?,
                port: u16::try_from(row.try_get::<i64, _>(5)?).unwrap_or_default(),
                security: match row.try_get::<String, _>(6)?.as_str() {
                    "plain" => Security::Plain,
                    _ => Security::Tls,
                },
            },
        }),
        "sample" => AccountKind::Sample,
        _ => AccountKind::Local { address },
    };
    Ok(Account { id: AccountId(row.try_get(0)?), kind })
}
