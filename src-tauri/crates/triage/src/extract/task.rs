//! The code's own proposal for a task, made of what was found and nothing else.

use mailroom_domain::{DateCandidate, Extraction, RequestCandidate, TaskDraft, TextSource};

/// A request that scores less is shown, but is not proposed as a task.
const LEAST: f32 = 2.0;

/// The best request as a task, with the date and the amount that go with it; `None` when nothing is asked.
pub fn best(found: &Extraction) -> Option<TaskDraft> {
    let request = found.requests.first().filter(|r| r.score >= LEAST)?;
    let amount = request.amount.and_then(|at| found.amounts.get(at as usize));
    Some(TaskDraft {
        what: request.quote.clone(),
        for_whom: request.whom.clone(),
        due: due(found, request).cloned(),
        amount: amount.or_else(|| only(&found.amounts)).cloned(),
    })
}

/// The date beside the request; else the deadline that another request or the subject names, or the text's only one.
fn due<'a>(found: &'a Extraction, request: &RequestCandidate) -> Option<&'a DateCandidate> {
    let beside = request.date.and_then(|at| found.dates.get(at as usize));
    if beside.is_some() {
        return beside;
    }
    let mut deadlines = found.dates.iter().filter(|d| d.deadline);
    let first = deadlines.next();
    let others = deadlines.any(|d| first.is_some_and(|f| f.date != d.date));
    if first.is_some() && !others {
        return first;
    }
    let mut subject = found.dates.iter().filter(|d| d.quote.span.source == TextSource::Subject);
    subject.next().filter(|_| subject.next().is_none())
}

fn only<T: PartialEq>(all: &[T]) -> Option<&T> {
    all.first().filter(|_| all.len() == 1)
}
