//! The user's rules.

use crate::pack::{from_json, to_json};
use crate::sql::Named;
use crate::{Result, Store, StoreError};
use mailroom_domain::{Action, Condition, Rule, RuleId};
use sqlx::Row as _;

impl Store {
    /// All rules in the order in which they are tried, also those that are off.
    pub async fn rules(&self) -> Result<Vec<Rule>> {
        let rows = sqlx::query(
            "SELECT id, name, enabled, position, conditions, action FROM rules ORDER BY position, id",
        )
        .fetch_all(self.readers())
        .await
        .named(self)?;
        rows.iter()
            .map(|row| {
                Ok(Rule {
                    id: RuleId(row.try_get(0).named(self)?),
                    name: row.try_get(1).named(self)?,
                    enabled: row.try_get(2).named(self)?,
                    position: row.try_get(3).named(self)?,
                    conditions: from_json(row.try_get::<&str, _>(4).named(self)?.as_bytes())?,
                    action: from_json(row.try_get::<&str, _>(5).named(self)?.as_bytes())?,
                })
            })
            .collect()
    }

    /// Adds a rule behind all others. It is on.
    pub async fn add_rule(
        &self,
        name: &str,
        conditions: &[Condition],
        action: &Action,
    ) -> Result<RuleId> {
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO rules (name, enabled, position, conditions, action) \
             VALUES (?, 1, (SELECT coalesce(max(position), 0) + 1 FROM rules), ?, ?) RETURNING id",
        )
        .bind(name)
        .bind(text(&conditions)?)
        .bind(text(action)?)
        .fetch_one(self.writer())
        .await
        .named(self)?;
        Ok(RuleId(id))
    }

    /// Changes a rule: everything but its number.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]
    pub async fn update_rule(&self, rule: &Rule) -> Result<()> {
        let changed = sqlx::query(
            "UPDATE rules SET name = ?2, enabled = ?3, position = ?4, conditions = ?5, action = ?6 \
             WHERE id = ?1",
        )
        .bind(rule.id.0)
        .bind(&rule.name)
        .bind(rule.enabled)
        .bind(rule.position)
        .bind(text(&rule.conditions)?)
        .bind(text(&rule.action)?)
        .execute(self.writer())
        .await
        .named(self)?;
        if changed.rows_affected() == 0 { Err(StoreError::NotFound("The rule")) } else { Ok(()) }
    }

    /// Removes a rule. What it decided stays in the record.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]
    pub async fn remove_rule(&self, rule: RuleId) -> Result<()> {
        let removed = sqlx::query("DELETE FROM rules WHERE id = ?")
            .bind(rule.0)
            .execute(self.writer())
            .await
            .named(self)?;
        if removed.rows_affected() == 0 { Err(StoreError::NotFound("The rule")) } else { Ok(()) }
    }

    /// Puts rules in this order. Those that are not named come behind, in the order they had.
    pub async fn reorder_rules(&self, order: &[RuleId]) -> Result<()> {
        let mut tx = self.write().await?;
        let stored: Vec<i64> = sqlx::query_scalar("SELECT id FROM rules ORDER BY position, id")
            .fetch_all(&mut *tx)
            .await
            .named(self)?;
        let rest = stored.iter().copied().filter(|id| !order.contains(&RuleId(*id)));
        for (position, id) in order.iter().map(|rule| rule.0).chain(rest).enumerate() {
            sqlx::query("UPDATE rules SET position = ?2 WHERE id = ?1")
                .bind(id)
                .bind(position as i64 + 1)
                .execute(&mut *tx)
                .await
                .named(self)?;
        }
        tx.commit().await.named(self)
    }
}

fn text<T: serde::Serialize>(value: &T) -> Result<String> {
    String::from_utf8(to_json(value)?).map_err(|e| StoreError::Invalid(e.to_string()))
}
