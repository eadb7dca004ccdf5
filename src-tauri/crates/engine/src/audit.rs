//! "How well does it sort my mail?": a few messages drawn at random, judged by the user, and what follows.

use crate::start::Parts;
use crate::{failure, memory, now, view};
use mailroom_domain::audit::{BANDS, estimate};
use mailroom_domain::{Label, UnixSeconds};
use mailroom_wire::{AuditBand, AuditItem, AuditView, Code, Failure};

/// Messages that may be drawn at once.
const MOST: u64 = 200;
/// Answers older than this say nothing about the voices as they are now.
const COUNTS_FOR: UnixSeconds = 365 * 86_400;

/// Draws messages for the user to judge.
pub(crate) async fn draw(parts: &Parts, count: u64) -> Result<AuditView, Failure> {
    if !(1..=MOST).contains(&count) {
        return Err(Failure::new(Code::Invalid, "Draw between 1 and 200 messages."));
    }
    let drawn = parts.store.draw_audit(count, now()).await.map_err(failure::store)?;
    if drawn == 0 {
        let text = "There is no mail to draw from: all of it was drawn before, or decided by you or a rule.";
        return Err(Failure::new(Code::NotFound, text));
    }
    self::view(parts).await
}

/// The user's judgement about a drawn message. It counts for the estimate, and teaches as any label does.
pub(crate) async fn answer(parts: &Parts, id: i64, label: Label) -> Result<AuditView, Failure> {
    let message = parts.store.answer_audit(id, label, now()).await.map_err(failure::store)?;
    parts.store.correct(&[message], label, now()).await.map_err(failure::store)?;
    memory::told(parts, &[message]).await;
    parts.lanes_changed();
    self::view(parts).await
}

/// What was drawn and judged.
pub(crate) async fn view(parts: &Parts) -> Result<AuditView, Failure> {
    let audit = parts.store.audit(now() - COUNTS_FOR).await.map_err(failure::store)?;
    let messages: Vec<_> = audit.open.iter().map(|drawn| drawn.message).collect();
    let rows = parts.store.rows(&messages).await.map_err(failure::store)?;
    let open = audit
        .open
        .iter()
        .filter_map(|drawn| {
            let row = rows.iter().find(|row| row.id == drawn.message)?;
            Some(AuditItem { id: drawn.id, shown: drawn.shown, row: view::row(row.clone()) })
        })
        .collect();
    let estimate = estimate(&audit.bands);
    Ok(AuditView {
        open,
        judged: audit.bands.iter().map(|band| band.judged).sum(),
        share: estimate.map(|e| e.share),
        low: estimate.map(|e| e.low),
        high: estimate.map(|e| e.high),
        bands: audit
            .bands
            .iter()
            .zip(BANDS)
            .map(|(band, from)| AuditBand {
                from,
                held: band.held,
                judged: band.judged,
                right: band.right,
            })
            .collect(),
        confusion: audit.confusion.map(Vec::from).to_vec(),
    })
}

/// Forgets what was drawn and not judged.
pub(crate) async fn end(parts: &Parts) -> Result<AuditView, Failure> {
    parts.store.end_audit().await.map_err(failure::store)?;
    self::view(parts).await
}
