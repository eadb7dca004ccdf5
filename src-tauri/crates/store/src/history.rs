//! The record of decisions and corrections, newest first: who decided what about which message, and when.

use crate::pack::unpack_json;
use crate::sql::{Named, label, lane, voice};
use crate::types::BatchId;
use crate::{Result, Store, StoreError};
use mailroom_domain::{Label, MessageId, RelabelId, UnixSeconds, Verdict, Voice};
use sqlx::Row as _;

/// Entries of one page at most.
pub const HISTORY_PAGE: u32 = 200;

/// Which entries are wanted: those for which all of this holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Only this one's; [`Voice::User`] for corrections.
    pub by: Option<Voice>,
    /// Only into this lane.
    pub to: Option<Label>,
    /// Only about this message.
    pub message: Option<MessageId>,
}

/// One entry of the record.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEntry {
    /// The message.
    pub message: MessageId,
    /// When.
    pub at: UnixSeconds,
    /// Who decided.
    pub by: Voice,
    /// The label it got.
    pub to: Label,
    /// What it was about.
    pub what: HistoryKind,
}

/// What an entry is about.
#[derive(Clone, Debug, PartialEq)]
pub enum HistoryKind {
    /// The voices or a rule.
    Decision {
        /// The verdict.
        verdict: Box<Verdict>,
        /// The relabelling that it is part of.
        relabel: Option<RelabelId>,
        /// That relabelling was taken back.
        undone: bool,
    },
    /// The user.
    Correction {
        /// Where it lay before.
        from: Label,
        /// The act, which is taken back as a whole.
        batch: BatchId,
        /// It was taken back.
        undone: bool,
    },
}

/// Where a page ended: the oldest decision and the oldest correction that were told. Round-trips through its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryCursor {
    decision: i64,
    correction: i64,
}

impl std::fmt::Display for HistoryCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.decision, self.correction)
    }
}

impl std::str::FromStr for HistoryCursor {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self> {
        let place = text.split_once('-').and_then(|(decision, correction)| {
            Some(HistoryCursor {
                decision: decision.parse().ok()?,
                correction: correction.parse().ok()?,
            })
        });
        place.ok_or_else(|| {
            StoreError::Invalid("The place in the record is not valid. Start from the top.".into())
        })
    }
}

const DECISIONS: &str = "SELECT d.id, d.message_id, d.at, d.label, d.decided_by, d.verdict, d.relabel_id, \
     coalesce(j.undone_at IS NOT NULL, 0) FROM decisions d LEFT JOIN relabel_jobs j ON j.id = d.relabel_id \
     WHERE d.id < ?1 AND (?2 IS NULL OR d.decided_by = ?2) AND (?3 IS NULL OR d.label = ?3) \
     ORDER BY d.id DESC LIMIT ?4";
const DECISIONS_OF: &str = "SELECT d.id, d.message_id, d.at, d.label, d.decided_by, d.verdict, d.relabel_id, \
     coalesce(j.undone_at IS NOT NULL, 0) FROM decisions d LEFT JOIN relabel_jobs j ON j.id = d.relabel_id \
     WHERE d.message_id = ?5 AND d.id < ?1 AND (?2 IS NULL OR d.decided_by = ?2) \
     AND (?3 IS NULL OR d.label = ?3) ORDER BY d.id DESC LIMIT ?4";
const CORRECTIONS: &str = "SELECT id, message_id, at, to_label, from_label, batch, undone_at IS NOT NULL \
     FROM corrections WHERE id < ?1 AND (?2 IS NULL OR to_label = ?2) AND (?3 IS NULL OR message_id = ?3) \
     ORDER BY id DESC LIMIT ?4";

#[cfg(test)]
pub(crate) const PLANNED: [&str; 3] = [DECISIONS, DECISIONS_OF, CORRECTIONS];

impl Store {
    /// One page of the record, newest first, and where the next one begins; `None` at its end. `limit` is 1 to
    /// [`HISTORY_PAGE`].
    pub async fn history(
        &self,
        filter: HistoryFilter,
        after: Option<HistoryCursor>,
        limit: u32,
    ) -> Result<(Vec<HistoryEntry>, Option<HistoryCursor>)> {
        let limit = limit.clamp(1, HISTORY_PAGE) as usize;
        let mut place = after.unwrap_or(HistoryCursor { decision: i64::MAX, correction: i64::MAX });
        let mut found: Vec<(i64, HistoryEntry)> = Vec::new();
        let mut tx = self.read().await?;
        if filter.by != Some(Voice::User) {
            let statement = if filter.message.is_some() { DECISIONS_OF } else { DECISIONS };
            let rows = sqlx::query(statement)
                .bind(place.decision)
                .bind(filter.by.map(Voice::as_str))
                .bind(filter.to.map(lane))
                .bind(limit as i64 + 1)
                .bind(filter.message.map(|m| m.0))
                .fetch_all(&mut *tx)
                .await
                .named(self)?;
            for row in &rows {
                let verdict: Verdict = unpack_json(row.try_get::<&[u8], _>(5).named(self)?)?;
                let read = || -> sqlx::Result<(i64, HistoryEntry)> {
                    let by = voice(row.try_get(4)?).unwrap_or(Voice::Evidence);
                    let entry = HistoryEntry {
                        message: MessageId(row.try_get(1)?),
                        at: row.try_get(2)?,
                        by,
                        to: label(row.try_get(3)?),
                        what: HistoryKind::Decision {
                            verdict: Box::new(verdict),
                            relabel: row.try_get::<Option<i64>, _>(6)?.map(RelabelId),
                            undone: row.try_get(7)?,
                        },
                    };
                    Ok((row.try_get(0)?, entry))
                };
                found.push(read().named(self)?);
            }
        }
        if filter.by.is_none_or(|by| by == Voice::User) {
            let rows = sqlx::query(CORRECTIONS)
                .bind(place.correction)
                .bind(filter.to.map(lane))
                .bind(filter.message.map(|m| m.0))
                .bind(limit as i64 + 1)
                .fetch_all(&mut *tx)
                .await
                .named(self)?;
            for row in &rows {
                let read = || -> sqlx::Result<(i64, HistoryEntry)> {
                    let entry = HistoryEntry {
                        message: MessageId(row.try_get(1)?),
                        at: row.try_get(2)?,
                        by: Voice::User,
                        to: label(row.try_get(3)?),
                        what: HistoryKind::Correction {
                            from: label(row.try_get(4)?),
                            batch: BatchId(row.try_get(5)?),
                            undone: row.try_get(6)?,
                        },
                    };
                    Ok((row.try_get(0)?, entry))
                };
                found.push(read().named(self)?);
            }
        }
        // Each record is in order by itself; a user's word at the same second came after what it is about.
        found
            .sort_by_key(|(id, entry)| std::cmp::Reverse((entry.at, entry.by == Voice::User, *id)));
        let more = found.len() > limit;
        found.truncate(limit);
        for (id, entry) in &found {
            let oldest = match entry.what {
                HistoryKind::Decision { .. } => &mut place.decision,
                HistoryKind::Correction { .. } => &mut place.correction,
            };
            *oldest = (*oldest).min(*id);
        }
        Ok((found.into_iter().map(|(_, entry)| entry).collect(), more.then_some(place)))
    }
}
