//! The record of what was decided, as it is shown.

use crate::start::Parts;
use crate::{failure, view};
use mailroom_domain::{MessageId, Verdict};
use mailroom_store::{HistoryKind, Store};
use mailroom_wire::{Failure, HistoryEntry, HistoryFilter, HistoryPage, Row};
use std::collections::{HashMap, HashSet};

/// One page of the record.
pub(crate) async fn page(
    parts: &Parts,
    filter: HistoryFilter,
    after: Option<String>,
    limit: u32,
) -> Result<HistoryPage, Failure> {
    let HistoryFilter { by, to, message } = filter;
    let filter = mailroom_store::HistoryFilter { by, to, message };
    let after = after.map(|text| text.parse()).transpose().map_err(failure::store)?;
    let (found, next) = parts.store.history(filter, after, limit).await.map_err(failure::store)?;
    let ids: HashSet<MessageId> = found.iter().map(|entry| entry.message).collect();
    let rows = rows(&parts.store, ids.into_iter().collect()).await?;
    let entries = found
        .into_iter()
        .map(|found| {
            let entry = HistoryEntry {
                at: found.at,
                row: rows.get(&found.message).cloned(),
                by: found.by,
                from: None,
                to: found.to,
                unsure: false,
                confidence: None,
                reason: None,
                relabel: None,
                undone: false,
                act: None,
            };
            match found.what {
                HistoryKind::Decision { verdict, relabel, undone } => {
                    let Verdict { unsure, probabilities, why, .. } = *verdict;
                    HistoryEntry {
                        unsure,
                        confidence: Some(probabilities.of(found.to)),
                        reason: why.into_iter().next().map(|reason| reason.text),
                        relabel,
                        undone,
                        ..entry
                    }
                }
                HistoryKind::Correction { from, batch, undone } => {
                    HistoryEntry { from: Some(from), undone, act: Some(batch.0), ..entry }
                }
            }
        })
        .collect();
    Ok(HistoryPage { entries, next: next.map(|next| next.to_string()) })
}

async fn rows(store: &Store, ids: Vec<MessageId>) -> Result<HashMap<MessageId, Row>, Failure> {
    let rows = store.rows(&ids).await.map_err(failure::store)?;
    Ok(rows.into_iter().map(|row| (row.id, view::row(row))).collect())
}
