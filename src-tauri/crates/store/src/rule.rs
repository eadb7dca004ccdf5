//! The user's rules: documents in their order.

use crate::pack::from_json;
use crate::sql::Named;
use crate::{Result, Store, StoreError};
use mailroom_domain::RuleId;
use mailroom_domain::rules::exchange::OldRule;
use mailroom_domain::rules::{Action, Group, Rule};
use serde::{Deserialize, Serialize};
use sqlx::{Row as _, Sqlite, Transaction};

/// A rule without its number, as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    name: String,
    enabled: bool,
    when: Group,
    then: Vec<Action>,
}

impl Store {
    /// All rules in the order in which they are heard, also those that are off.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] when one was written by a newer version.
    pub async fn rules(&self) -> Result<Vec<Rule>> {
        let rows = sqlx::query("SELECT id, rule FROM routing_rules ORDER BY position, id")
            .fetch_all(self.readers())
            .await
            .named(self)?;
        rows.iter()
            .map(|row| {
                let text: &str = row.try_get(1).named(self)?;
                let Kept { name, enabled, when, then } = from_json(text.as_bytes())?;
                Ok(Rule { id: RuleId(row.try_get(0).named(self)?), name, enabled, when, then })
            })
            .collect()
    }

    /// Replaces all rules by these, in this order, and gives them with their numbers: a rule whose number no kept rule
    /// has gets a new one. What a removed rule decided stays in the record.
    pub async fn set_rules(&self, rules: &[Rule]) -> Result<Vec<Rule>> {
        let mut tx = self.write().await?;
        let known: Vec<i64> = sqlx::query_scalar("SELECT id FROM routing_rules")
            .fetch_all(&mut *tx)
            .await
            .named(self)?;
        sqlx::query("DELETE FROM routing_rules").execute(&mut *tx).await.named(self)?;
        let mut out: Vec<Rule> = Vec::with_capacity(rules.len());
        for (position, rule) in rules.iter().enumerate() {
            let again = out.iter().any(|kept| kept.id == rule.id);
            let id = Some(rule.id.0).filter(|id| known.contains(id) && !again);
            let id = self.insert_rule(&mut tx, id, position as i64, rule).await?;
            out.push(Rule { id, ..rule.clone() });
        }
        tx.commit().await.named(self)?;
        Ok(out)
    }

    async fn insert_rule(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        id: Option<i64>,
        position: i64,
        rule: &Rule,
    ) -> Result<RuleId> {
        let Rule { name, enabled, when, then, .. } = rule.clone();
        let text = serde_json::to_string(&Kept { name, enabled, when, then })
            .map_err(|e| StoreError::Invalid(format!("The rule cannot be stored ({e}).")))?;
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO routing_rules (id, position, rule) VALUES (?, ?, ?) RETURNING id",
        )
        .bind(id)
        .bind(position)
        .bind(text)
        .fetch_one(&mut **tx)
        .await
        .named(self)?;
        Ok(RuleId(id))
    }

    /// Takes over the rules of before, of which the first that matched decided.
    pub(crate) async fn adopt_old_rules(&self) -> Result<()> {
        let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM rules)")
            .fetch_one(self.readers())
            .await
            .named(self)?;
        if !there {
            return Ok(());
        }
        let mut tx = self.write().await?;
        let rows = sqlx::query(
            "SELECT id, name, enabled, position, conditions, action FROM rules ORDER BY position, id",
        )
        .fetch_all(&mut *tx)
        .await
        .named(self)?;
        for row in rows {
            let old = OldRule {
                id: RuleId(row.try_get(0).named(self)?),
                name: row.try_get(1).named(self)?,
                enabled: row.try_get(2).named(self)?,
                position: row.try_get(3).named(self)?,
                conditions: from_json(row.try_get::<&str, _>(4).named(self)?.as_bytes())?,
                action: from_json(row.try_get::<&str, _>(5).named(self)?.as_bytes())?,
            };
            let (id, position) = (old.id.0, old.position);
            self.insert_rule(&mut tx, Some(id), position, &Rule::from(old)).await?;
        }
        sqlx::query("DELETE FROM rules").execute(&mut *tx).await.named(self)?;
        tx.commit().await.named(self)
    }
}
