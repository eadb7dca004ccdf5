//! Lists: pages by key, rows by place, counts.

use crate::decision::ids;
use crate::sql::{Named, label, lane, row, select_rows};
use crate::types::{Cursor, Filter, LaneCount, LaneCounts, Page, Row};
use crate::{Result, Store};
use mailroom_domain::{AccountId, Label, MessageId, ThreadId};

/// The most rows that one page holds; what the interface takes at a time.
pub(crate) const PAGE: u32 = 200;

// Each list names its index. SQLite has no statistics here (they would have to be kept fresh), and a plan
// that sorts a lane of a million rows must not come up by a whim of the planner.
const LANE: &str = select_rows!(
    "FROM messages m INDEXED BY messages_lane \
     WHERE m.lane = ?1 AND m.gone_at IS NULL AND m.sort_key < ?2 ORDER BY m.sort_key DESC LIMIT ?3"
);
const LANE_UNREAD: &str = select_rows!(
    "FROM messages m INDEXED BY messages_lane_unread \
     WHERE m.lane = ?1 AND m.gone_at IS NULL AND m.seen = 0 AND m.sort_key < ?2 \
     ORDER BY m.sort_key DESC LIMIT ?3"
);
const ACCOUNT: &str = select_rows!(
    "FROM messages m INDEXED BY messages_account_lane \
     WHERE m.account_id = ?4 AND m.lane = ?1 AND m.gone_at IS NULL AND m.sort_key < ?2 \
     ORDER BY m.sort_key DESC LIMIT ?3"
);
const ACCOUNT_UNREAD: &str = select_rows!(
    "FROM messages m INDEXED BY messages_account_lane \
     WHERE m.account_id = ?4 AND m.lane = ?1 AND m.gone_at IS NULL AND m.seen = 0 AND m.sort_key < ?2 \
     ORDER BY m.sort_key DESC LIMIT ?3"
);
const PLACE_FROM_TOP: &str = "SELECT sort_key FROM messages INDEXED BY messages_lane \
     WHERE lane = ?1 AND gone_at IS NULL ORDER BY sort_key DESC LIMIT 1 OFFSET ?2";
const PLACE_FROM_END: &str = "SELECT sort_key FROM messages INDEXED BY messages_lane \
     WHERE lane = ?1 AND gone_at IS NULL ORDER BY sort_key ASC LIMIT 1 OFFSET ?2";
const COUNTS: &str = "SELECT lane, sum(total), sum(unread) FROM lane_counts GROUP BY lane";

#[cfg(test)]
pub(crate) const PLANNED: [&str; 7] =
    [LANE, LANE_UNREAD, ACCOUNT, ACCOUNT_UNREAD, PLACE_FROM_TOP, PLACE_FROM_END, COUNTS];

impl Store {
    /// One page of a list, newest first, after the given place. `limit` is 1 to 200. A message keeps its
    /// place for life, so pages neither repeat nor skip one while mail arrives.
    pub async fn page(&self, filter: &Filter, after: Option<Cursor>, limit: u32) -> Result<Page> {
        let limit = limit.clamp(1, PAGE) as usize;
        let before = after.map_or(i64::MAX, |cursor| cursor.0);
        let statement = match (filter.account, filter.unread) {
            (None, false) => LANE,
            (None, true) => LANE_UNREAD,
            (Some(_), false) => ACCOUNT,
            (Some(_), true) => ACCOUNT_UNREAD,
        };
        let lanes: &[Label] = filter.lane.as_ref().map_or(&Label::ALL, std::slice::from_ref);
        let mut tx = self.read().await?;
        let mut rows = Vec::with_capacity(limit + 1);
        for each in lanes {
            let found = sqlx::query(statement)
                .bind(lane(*each))
                .bind(before)
                // One more than asked for tells whether there is a next page.
                .bind(limit as i64 + 1)
                .bind(filter.account.map(|a| a.0))
                .fetch_all(&mut *tx)
                .await
                .named(self)?;
            for r in &found {
                rows.push(row(r).named(self)?);
            }
        }
        if lanes.len() > 1 {
            rows.sort_unstable_by_key(|(key, _)| std::cmp::Reverse(*key));
        }
        Ok(page(rows, limit))
    }

    /// Rows of a lane by their place, 0 for the newest, for a list that jumps. Costs a walk along the index
    /// from the nearer end: about a tenth of a microsecond a row. Pages by key are quicker and don't shift
    /// when mail arrives.
    pub async fn rows_at(&self, lane_of: Label, offset: u64, limit: u32) -> Result<Vec<Row>> {
        let limit = limit.clamp(1, PAGE);
        let mut tx = self.read().await?;
        let total: i64 = sqlx::query_scalar("SELECT sum(total) FROM lane_counts WHERE lane = ?")
            .bind(lane(lane_of))
            .fetch_one(&mut *tx)
            .await
            .named(self)
            .map(|total: Option<i64>| total.unwrap_or_default())?;
        let Some(offset) = i64::try_from(offset).ok().filter(|offset| *offset < total) else {
            return Ok(Vec::new());
        };
        let (statement, steps) = if offset <= total / 2 {
            (PLACE_FROM_TOP, offset)
        } else {
            (PLACE_FROM_END, total - 1 - offset)
        };
        let first: Option<i64> = sqlx::query_scalar(statement)
            .bind(lane(lane_of))
            .bind(steps)
            .fetch_optional(&mut *tx)
            .await
            .named(self)?;
        let Some(first) = first else { return Ok(Vec::new()) };
        let found = sqlx::query(LANE)
            .bind(lane(lane_of))
            .bind(first.saturating_add(1))
            .bind(i64::from(limit))
            .fetch_all(&mut *tx)
            .await
            .named(self)?;
        found.iter().map(|r| row(r).map(|(_, row)| row)).collect::<sqlx::Result<_>>().named(self)
    }

    /// The rows of these messages, in the order given; those that have been removed are left out, those
    /// that are gone from the server are not.
    pub async fn rows(&self, messages: &[MessageId]) -> Result<Vec<Row>> {
        let found = sqlx::query(select_rows!(
            "FROM json_each(?1) j CROSS JOIN messages m ON m.id = j.value ORDER BY j.id"
        ))
        .bind(ids(messages))
        .fetch_all(self.readers())
        .await
        .named(self)?;
        found.iter().map(|r| row(r).map(|(_, row)| row)).collect::<sqlx::Result<_>>().named(self)
    }

    /// The present messages of a conversation, oldest first, at most 1,000 (the newest ones).
    pub async fn thread(&self, thread: ThreadId) -> Result<Vec<Row>> {
        let found = sqlx::query(select_rows!(
            "FROM messages m INDEXED BY messages_thread WHERE m.thread_id = ?1 AND m.gone_at IS NULL \
             ORDER BY m.sort_key DESC LIMIT 1000"
        ))
        .bind(thread.0)
        .fetch_all(self.readers())
        .await
        .named(self)?;
        found
            .iter()
            .rev()
            .map(|r| row(r).map(|(_, row)| row))
            .collect::<sqlx::Result<_>>()
            .named(self)
    }

    /// How many messages lie in each lane, of all accounts.
    pub async fn counts(&self) -> Result<LaneCounts> {
        let rows: Vec<(i64, i64, i64)> =
            sqlx::query_as(COUNTS).fetch_all(self.readers()).await.named(self)?;
        Ok(lane_counts(rows))
    }

    /// How many messages of one account lie in each lane.
    pub async fn account_counts(&self, account: AccountId) -> Result<LaneCounts> {
        let rows: Vec<(i64, i64, i64)> =
            sqlx::query_as("SELECT lane, total, unread FROM lane_counts WHERE account_id = ?")
                .bind(account.0)
                .fetch_all(self.readers())
                .await
                .named(self)?;
        Ok(lane_counts(rows))
    }
}

fn lane_counts(rows: Vec<(i64, i64, i64)>) -> LaneCounts {
    let mut counts = LaneCounts::default();
    for (lane, total, unread) in rows {
        counts.0[label(lane).index()] = LaneCount {
            total: u64::try_from(total).unwrap_or_default(),
            unread: u64::try_from(unread).unwrap_or_default(),
        };
    }
    counts
}

/// A page of at most `limit` of these rows, which are newest first.
pub(crate) fn page(mut rows: Vec<(i64, Row)>, limit: usize) -> Page {
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = if more { rows.last().map(|(key, _)| Cursor(*key)) } else { None };
    Page { rows: rows.into_iter().map(|(_, row)| row).collect(), next }
}
