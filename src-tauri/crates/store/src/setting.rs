//! Settings: values by name. Passwords are none: they lie in the OS keychain.

use crate::pack::from_json;
use crate::sql::Named;
use crate::{Result, Store, StoreError};
use serde::{Serialize, de::DeserializeOwned};

impl Store {
    /// A setting, or `None` if it was never set.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] when it was stored as another type.
    pub async fn setting<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        let value: Option<String> = sqlx::query_scalar("SELECT value FROM settings WHERE key = ?")
            .bind(key)
            .fetch_optional(self.readers())
            .await
            .named(self)?;
        value.map(|text| from_json(text.as_bytes())).transpose()
    }

    /// Sets a setting.
    pub async fn set_setting<T: Serialize + Sync>(&self, key: &str, value: &T) -> Result<()> {
        let text = serde_json::to_string(value).map_err(|e| {
            StoreError::Invalid(format!("The setting {key} cannot be stored ({e})."))
        })?;
        sqlx::query(
            "INSERT INTO settings (key, value) VALUES (?, ?) \
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )
        .bind(key)
        .bind(text)
        .execute(self.writer())
        .await
        .named(self)?;
        Ok(())
    }

    /// Takes a setting back to its default. It need not be there.
    pub async fn remove_setting(&self, key: &str) -> Result<()> {
        sqlx::query("DELETE FROM settings WHERE key = ?")
            .bind(key)
            .execute(self.writer())
            .await
            .named(self)?;
        Ok(())
    }
}
