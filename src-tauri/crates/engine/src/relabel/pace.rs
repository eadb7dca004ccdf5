//! How quickly a relabelling comes along, and how long it will take. Knows of time only what it is told.

use std::collections::VecDeque;
use std::time::Duration;

/// Work that counts: what was done in the last minute of working.
const WINDOW: Duration = Duration::from_secs(60);
/// Messages a second before anything has been measured, on two cores of 2020.
const GUESS: [f64; 3] = [1500.0, 20.0, 0.5];
/// Shares that go to the encoder, and from there to the model, before enough has been read to tell.
const GUESSED_SHARES: [f64; 2] = [0.5, 0.15];
/// Messages that are enough to tell.
const ENOUGH: u64 = 500;

/// The pace of one voice: a sliding window over the time that it worked. Waiting does not count.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    recent: VecDeque<(Duration, u64)>,
}

impl Pace {
    /// So many messages took so long.
    pub(super) fn add(&mut self, took: Duration, messages: u64) {
        self.recent.push_back((took, messages));
        let mut all: Duration = self.recent.iter().map(|(took, _)| *took).sum();
        while all > WINDOW && self.recent.len() > 1 {
            if let Some((took, _)) = self.recent.pop_front() {
                all -= took;
            }
        }
    }

    /// Messages a second; `None` before anything was done.
    pub(super) fn rate(&self) -> Option<f64> {
        let took: Duration = self.recent.iter().map(|(took, _)| *took).sum();
        let messages: u64 = self.recent.iter().map(|(_, n)| n).sum();
        (messages > 0).then(|| messages as f64 / took.as_secs_f64().max(1e-6))
    }
}

/// Where the messages of a relabelling are; near-duplicates not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// Waiting for evidence, encoder, model.
    pub(super) waiting: [u64; 3],
    /// Settled by the evidence or a rule, by the encoder, by the model.
    pub(super) settled: [u64; 3],
}

/// Seconds until all have their verdict: what waits, and of what has not been read yet the share that went on so far,
/// each at the pace of its voice.
pub(super) fn seconds_left(standing: &Standing, paces: &[Pace; 3]) -> u64 {
    let Standing { waiting: [unread, encoder, model], settled } = *standing;
    let read = encoder + model + settled.iter().sum::<u64>();
    let went_on = encoder + model + settled[1] + settled[2];
    let share = |part: u64, of: u64, guess: f64| {
        if of >= ENOUGH || unread == 0 { part as f64 / of.max(1) as f64 } else { guess }
    };
    let to_encoder = encoder as f64 + unread as f64 * share(went_on, read, GUESSED_SHARES[0]);
    let asked = model + settled[2];
    // Without a model nothing goes there.
    let further =
        if asked == 0 { 0.0 } else { share(asked, asked + settled[1], GUESSED_SHARES[1]) };
    let work = [unread as f64, to_encoder, model as f64 + to_encoder * further];
    let seconds: f64 = work
        .iter()
        .zip(paces)
        .zip(GUESS)
        .map(|((work, pace), guess)| work / pace.rate().unwrap_or(guess))
        .sum();
    seconds.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_minute_of_work() {
        let mut pace = Pace::default();
        assert_eq!(pace.rate(), None);
        for _ in 0..100 {
            pace.add(Duration::from_secs(1), 10);
        }
        assert_eq!(pace.rate(), Some(10.0));
        for _ in 0..60 {
            pace.add(Duration::from_secs(1), 30);
        }
        assert_eq!(pace.rate(), Some(30.0));
        pace.add(Duration::from_secs(300), 300);
        assert_eq!(pace.rate(), Some(1.0), "one long portion is a window of its own");
    }

    #[test]
    fn what_is_left_counts_what_will_go_on_to_dearer_voices() {
        let mut paces: [Pace; 3] = Default::default();
        paces[0].add(Duration::from_secs(1), 1000);
        paces[1].add(Duration::from_secs(1), 10);
        // A fifth went on to the encoder.
        let standing = Standing { waiting: [1000, 200, 0], settled: [800, 0, 0] };
        assert_eq!(seconds_left(&standing, &paces), 1 + 20 + 20);
        let end = Standing { waiting: [0, 30, 0], settled: [800, 170, 0] };
        assert_eq!(seconds_left(&end, &paces), 3);
        assert_eq!(seconds_left(&Standing::default(), &paces), 0);
        // A tenth of what the encoder read went on to the model.
        paces[2].add(Duration::from_secs(10), 10);
        let model = Standing { waiting: [0, 100, 10], settled: [800, 90, 0] };
        assert_eq!(seconds_left(&model, &paces), 10 + 10 + 10);
    }
}
