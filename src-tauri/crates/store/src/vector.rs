//! What the encoder said, by content, and which contents wait for it.

use crate::sql::Named;
use crate::{Result, Store};
use futures::TryStreamExt as _;
use mailroom_domain::MessageId;
use sqlx::{Row as _, Sqlite, Transaction};

/// A content in the database; messages with the same bytes share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BodyId(pub(crate) i64);

/// What the encoder said about a content.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    /// Scores of the labels before softmax.
    pub scores: [f32; 4],
    /// Of unit length. Kept with a byte a dimension: what is read back is off by less than 0.01.
    pub vector: Vec<f32>,
}

const QUEUE: &str = "SELECT body_id FROM encoder_queue ORDER BY received DESC LIMIT ?";

#[cfg(test)]
pub(crate) const PLANNED: [&str; 1] = [QUEUE];

impl Store {
    /// Contents that wait for the encoder, the newest first, each with the present messages that have it.
    pub async fn encoder_queue(&self, limit: u32) -> Result<Vec<(BodyId, Vec<MessageId>)>> {
        let mut tx = self.read().await?;
        let bodies: Vec<i64> = sqlx::query_scalar(QUEUE)
            .bind(i64::from(limit))
            .fetch_all(&mut *tx)
            .await
            .named(self)?;
        let mut out = Vec::with_capacity(bodies.len());
        for body in bodies {
            let messages: Vec<i64> =
                sqlx::query_scalar("SELECT id FROM messages WHERE body_id = ? AND gone_at IS NULL")
                    .bind(body)
                    .fetch_all(&mut *tx)
                    .await
                    .named(self)?;
            out.push((BodyId(body), messages.into_iter().map(MessageId).collect()));
        }
        Ok(out)
    }

    /// How many contents wait for the encoder.
    pub async fn waiting_for_encoder(&self) -> Result<u64> {
        let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM encoder_queue")
            .fetch_one(self.readers())
            .await
            .named(self)?;
        Ok(u64::try_from(waiting).unwrap_or_default())
    }

    /// Keeps what the encoder of this version said, and takes the contents from its queue; `None` for a content
    /// that it cannot read.
    pub async fn keep_encoded(
        &self,
        version: &str,
        said: &[(BodyId, Option<Encoded>)],
    ) -> Result<()> {
        let mut tx = self.write().await?;
        for (body, said) in said {
            if let Some(said) = said {
                self.insert_encoded(&mut tx, version, *body, said).await?;
            }
            sqlx::query("DELETE FROM encoder_queue WHERE body_id = ?")
                .bind(body.0)
                .execute(&mut *tx)
                .await
                .named(self)?;
        }
        tx.commit().await.named(self)
    }

    /// Keeps what the encoder said about a content; it stays in the queue, if it is there.
    pub(crate) async fn insert_encoded(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        version: &str,
        body: BodyId,
        said: &Encoded,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO vectors (body_id, version, scores, vector) SELECT id, ?2, ?3, ?4 FROM bodies \
             WHERE id = ?1 ON CONFLICT (body_id) DO UPDATE \
             SET version = excluded.version, scores = excluded.scores, vector = excluded.vector",
        )
        .bind(body.0)
        .bind(version)
        .bind(said.scores.iter().flat_map(|s| s.to_le_bytes()).collect::<Vec<u8>>())
        .bind(bytes(&said.vector))
        .execute(&mut **tx)
        .await
        .named(self)?;
        Ok(())
    }

    /// Puts contents back into the queue that another version of the encoder has read; gives their number.
    pub async fn encode_again(&self, version: &str) -> Result<u64> {
        let mut tx = self.write().await?;
        let queued = sqlx::query(
            "INSERT INTO encoder_queue (body_id, received) \
             SELECT v.body_id, max(m.received) FROM vectors v JOIN messages m ON m.body_id = v.body_id \
             WHERE v.version <> ?1 GROUP BY v.body_id ON CONFLICT DO NOTHING",
        )
        .bind(version)
        .execute(&mut *tx)
        .await
        .named(self)?
        .rows_affected();
        tx.commit().await.named(self)?;
        Ok(queued)
    }

    /// What the encoder of this version said about a message; `None` if it has not read it.
    pub async fn encoded(&self, message: MessageId, version: &str) -> Result<Option<Encoded>> {
        let row = sqlx::query(
            "SELECT v.scores, v.vector FROM messages m JOIN vectors v ON v.body_id = m.body_id \
             WHERE m.id = ? AND v.version = ?",
        )
        .bind(message.0)
        .bind(version)
        .fetch_optional(self.readers())
        .await
        .named(self)?;
        row.map(|row| {
            let scores = scores_of(row.try_get(0).named(self)?);
            Ok(Encoded { scores, vector: numbers_of(row.try_get(1).named(self)?) })
        })
        .transpose()
    }
}

impl Store {
    /// The present messages whose contents are nearest to a vector of unit length, by this version of the encoder,
    /// the nearest first, each with the cosine; at most `limit`. Looks at every vector: some 0.1 s for 100,000.
    pub async fn nearest(
        &self,
        vector: &[f32],
        version: &str,
        limit: usize,
    ) -> Result<Vec<(MessageId, f32)>> {
        let mut tx = self.read().await?;
        let mut best: Vec<(f32, i64)> = Vec::with_capacity(limit + 1);
        {
            let mut rows = sqlx::query("SELECT body_id, vector FROM vectors WHERE version = ?")
                .bind(version)
                .fetch(&mut *tx);
            while let Some(row) = rows.try_next().await.named(self)? {
                let near = cosine(vector, row.try_get(1).named(self)?);
                if best.len() >= limit && best.last().is_some_and(|(least, _)| near <= *least) {
                    continue;
                }
                let at = best.partition_point(|(other, _)| *other >= near);
                best.insert(at, (near, row.try_get(0).named(self)?));
                best.truncate(limit);
            }
        }
        let mut out = Vec::new();
        for (near, body) in best {
            let messages: Vec<i64> = sqlx::query_scalar(
                "SELECT id FROM messages WHERE body_id = ? AND gone_at IS NULL ORDER BY received DESC",
            )
            .bind(body)
            .fetch_all(&mut *tx)
            .await
            .named(self)?;
            out.extend(messages.into_iter().map(|id| (MessageId(id), near)));
        }
        out.truncate(limit);
        Ok(out)
    }
}

/// The cosine of a vector of unit length and a packed one; -1 if they cannot be compared.
fn cosine(vector: &[f32], packed: &[u8]) -> f32 {
    if vector.len() != packed.len() {
        return -1.0;
    }
    let (mut product, mut square) = (0.0f32, 0.0f32);
    for (a, b) in vector.iter().zip(packed) {
        let b = f32::from(*b as i8);
        product += a * b;
        square += b * b;
    }
    product / square.sqrt().max(1e-9)
}

pub(crate) fn scores_of(bytes: &[u8]) -> [f32; 4] {
    let numbers = bytes.as_chunks::<4>().0;
    std::array::from_fn(|at| numbers.get(at).map_or(0.0, |b| f32::from_le_bytes(*b)))
}

pub(crate) fn bytes(vector: &[f32]) -> Vec<u8> {
    let most = vector.iter().fold(1e-9f32, |most, v| most.max(v.abs()));
    vector.iter().map(|v| (v / most * 127.0).round() as i8 as u8).collect()
}

pub(crate) fn numbers_of(bytes: &[u8]) -> Vec<f32> {
    let length = bytes.iter().map(|b| f32::from(*b as i8).powi(2)).sum::<f32>().sqrt().max(1e-9);
    bytes.iter().map(|b| f32::from(*b as i8) / length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_the_same_after_packing_to_a_hundredth() {
        let mut vector: Vec<f32> =
            (0..384).map(|n| ((n * 37 % 101) as f32 - 50.0) / 50.0).collect();
        let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
        vector.iter_mut().for_each(|v| *v /= length);
        let back = numbers_of(&bytes(&vector));
        assert!(vector.iter().zip(&back).all(|(a, b)| (a - b).abs() < 0.01));
        assert_eq!(numbers_of(&bytes(&[0.0; 4])), [0.0; 4]);
        assert!((cosine(&vector, &bytes(&vector)) - 1.0).abs() < 0.001);
        assert_eq!(cosine(&vector, &[1, 2]), -1.0);
    }
}
