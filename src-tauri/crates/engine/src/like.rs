//! Mail that is near in meaning: to a message, or to a few words.

use crate::start::Parts;
use crate::{failure, model, view};
use mailroom_wire::{Code, Failure, Like, Row};
use std::sync::Arc;

/// Messages that are asked for at most.
const MOST: u32 = 200;

/// The messages that are nearest, the nearest first.
pub(crate) async fn find(parts: &Arc<Parts>, what: Like, limit: u32) -> Result<Vec<Row>, Failure> {
    let limit = limit.clamp(1, MOST) as usize;
    let encoder = parts.judge.encoder().ok_or_else(|| {
        Failure::new(
            Code::Unsupported,
            "Meaning cannot be compared, because the encoder's file is not here or is still being loaded. Search by words instead.",
        )
    })?;
    let version = encoder.version().to_owned();
    let (vector, itself) = match what {
        Like::Message { id } => {
            let vector = match parts.store.encoded(id, &version).await.map_err(failure::store)? {
                Some(said) => said.vector,
                None => {
                    let message = parts.store.message(id).await.map_err(failure::store)?;
                    let own = model::own_addresses(parts).await;
                    let judge = Arc::clone(&parts.judge);
                    let own = own.get(&message.row.account).cloned().unwrap_or_default();
                    let said = move || judge.encode(&message.content, &own);
                    let said = tokio::task::spawn_blocking(said).await;
                    said.ok().flatten().ok_or_else(failure::internal)?.1
                }
            };
            (vector, Some(id))
        }
        Like::Text { text } => {
            if text.trim().is_empty() {
                return Ok(Vec::new());
            }
            let text: String = text.chars().take(500).collect();
            let said = tokio::task::spawn_blocking(move || encoder.encode(&[text.trim()])).await;
            let said = said.map_err(|_| failure::internal())?;
            let said = said.map_err(|e| Failure::new(Code::Internal, e.to_string()))?;
            (said.into_iter().next().ok_or_else(failure::internal)?.vector, None)
        }
    };
    let near = parts.store.nearest(&vector, &version, limit + 1).await.map_err(failure::store)?;
    let ids: Vec<_> =
        near.into_iter().map(|(id, _)| id).filter(|id| Some(*id) != itself).take(limit).collect();
    let rows = parts.store.rows(&ids).await.map_err(failure::store)?;
    Ok(rows.into_iter().map(view::row).collect())
}
