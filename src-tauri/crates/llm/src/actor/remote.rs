//! Sheets that go to an endpoint: several at once, tried again, and kept while nobody answers.

use super::{Actor, Heard, LONGEST_WAIT, LlmState, Pending};
use crate::ScoreError;
use crate::endpoint::{Connection, EndpointError};
use mailroom_domain::SheetScores;
use tokio::task::JoinSet;

/// Sheets that are under way at once. A server that has room for more gains little: most of a sheet's prompt is read
/// once and kept between its questions.
const IN_FLIGHT: usize = 4;

type Told = (Pending, Result<SheetScores, EndpointError>);

impl Actor {
    /// Asks an endpoint until it is not wanted any more. `true` ends the task.
    pub(super) async fn serve_remote(&mut self, connection: &Connection) -> bool {
        let name = connection.name();
        if self.failures > 0 {
            let doubled = self.config.back_off.saturating_mul(1 << (self.failures - 1).min(10));
            match self.rest(doubled.min(LONGEST_WAIT)).await {
                Heard::End => return true,
                Heard::Changed => return false,
                Heard::Line(_) | Heard::Dead(_) => {}
            }
        }
        let checking = connection.check();
        tokio::pin!(checking);
        let checked = loop {
            tokio::select! {
                checked = &mut checking => break checked,
                command = self.inbox.recv() => match self.disturbed(command) {
                    None => {}
                    Some(Heard::End) => return true,
                    Some(_) => return false,
                },
            }
        };
        if let Err(error) = checked {
            return self.without(&error);
        }
        self.failures = 0;
        self.state.send_replace(LlmState::Ready { name });
        // Dropped with all that is under way when the endpoint is not wanted any more.
        let mut asked: JoinSet<Told> = JoinSet::new();
        loop {
            while asked.len() < IN_FLIGHT {
                let Some(mut pending) = self.next() else { break };
                let connection = connection.clone();
                asked.spawn(async move {
                    let said = tokio::select! {
                        said = connection.score(&pending.sheet) => said,
                        // Nobody waits for it any more.
                        () = pending.answer.closed() => Ok(SheetScores::default()),
                    };
                    (pending, said)
                });
            }
            tokio::select! {
                told = asked.join_next(), if !asked.is_empty() => match told {
                    Some(Ok((pending, said))) => {
                        if let Some(error) = answer(&mut self.queue, pending, said) {
                            while let Some(told) = asked.join_next().await {
                                let Ok((pending, said)) = told else { continue };
                                let _ = answer(&mut self.queue, pending, said);
                            }
                            return self.without(&error);
                        }
                    }
                    Some(Err(error)) => tracing::warn!(%error, "a question was lost"),
                    None => {}
                },
                command = self.inbox.recv() => match self.disturbed(command) {
                    None => {}
                    Some(Heard::End) => return true,
                    Some(_) => return false,
                },
            }
        }
    }

    /// The endpoint does not answer: what passes is waited for, with the questions kept; the rest is the user's.
    fn without(&mut self, error: &EndpointError) -> bool {
        if !error.is_passing() {
            return self.give_up(&error.to_string());
        }
        self.failures += 1;
        tracing::warn!(%error, failures = self.failures, "the endpoint does not answer");
        let reason = format!("{error} Mailroom goes on trying.");
        self.state.send_replace(LlmState::Failed { reason });
        false
    }
}

/// Hands an answer over; gives back what keeps the endpoint from answering anything, with the question put back.
fn answer(
    queue: &mut std::collections::VecDeque<Pending>,
    pending: Pending,
    said: Result<SheetScores, EndpointError>,
) -> Option<EndpointError> {
    match said {
        Ok(scores) => {
            let fits = scores.fits(&pending.sheet);
            let wrong = ScoreError::Failed("its scores are no numbers".into());
            let _ = pending.answer.send(if fits { Ok(scores) } else { Err(wrong) });
            None
        }
        Err(error) if error.is_about_the_sheet() => {
            let _ = pending.answer.send(Err(ScoreError::Failed(error.to_string())));
            None
        }
        Err(error) => {
            queue.push_front(pending);
            Some(error)
        }
    }
}
