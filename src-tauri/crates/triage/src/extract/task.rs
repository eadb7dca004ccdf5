//! The code's own proposal for a task, made of what was found and nothing else.

use mailroom_domain::{DateCandidate, Extraction, RequestCandidate, TaskDraft};

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

/// A day or a time that lay behind when the message was sent is no due date.
pub(super) fn is_over(found: &Extraction, date: &DateCandidate) -> bool {
    date.at < found.sent
}

/// The date beside the request; else the message's only deadline.
fn due<'a>(found: &'a Extraction, request: &RequestCandidate) -> Option<&'a DateCandidate> {
    if let Some(at) = request.date {
        return found.dates.get(at as usize);
    }
    let mut deadlines = found.dates.iter().filter(|d| d.deadline && !is_over(found, d));
    let first = deadlines.next();
    first.filter(|first| deadlines.all(|d| d.date == first.date))
}

fn only<T: PartialEq>(all: &[T]) -> Option<&T> {
    all.first().filter(|_| all.len() == 1)
}
