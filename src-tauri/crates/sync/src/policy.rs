//! What an account's actor syncs and how patient it is.

use mailroom_domain::FolderRole;
use std::time::Duration;

/// What to sync, in what portions, how often. The defaults are for ordinary accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Folders of these roles are left out, besides those that cannot be opened.
    pub skip: Vec<FolderRole>,
    /// Messages of the first portion of a folder: small, so that something is seen soon.
    pub first_slice: usize,
    /// Messages of the later ones.
    pub slice: usize,
    /// Bytes of a portion, by the sizes that the server tells.
    pub slice_bytes: u64,
    /// A message is read up to this many bytes; of a longer one the beginning.
    pub message_limit: u64,
    /// How long one IDLE lasts; under 29 minutes (RFC 2177).
    pub idle: Duration,
    /// How often to look when the server has no IDLE, and at folders other than INBOX when it has.
    pub poll: Duration,
    /// Waiting after errors.
    pub backoff: Backoff,
}

impl Default for Policy {
    fn default() -> Self {
        use FolderRole as R;
        Policy {
            skip: vec![R::All, R::Junk, R::Trash, R::Drafts, R::Sent],
            first_slice: 50,
            slice: 200,
            slice_bytes: 8 * 1024 * 1024,
            message_limit: 50 * 1024 * 1024,
            idle: Duration::from_secs(28 * 60),
            poll: Duration::from_secs(5 * 60),
            backoff: Backoff::default(),
        }
    }
}

/// Exponential waiting with jitter, so that many clients do not come back at the same moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// After the first failure.
    pub least: Duration,
    /// Never longer than this, unless the server asks for it.
    pub most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff { least: Duration::from_secs(1), most: Duration::from_secs(15 * 60) }
    }
}

impl Backoff {
    /// The wait after `failures` failures in a row (1 for the first): between half and all of
    /// `least * 2^(failures - 1)`, capped at `most`. `lot` is a drawn lot, 0 to 1.
    pub fn wait(&self, failures: u32, lot: f64) -> Duration {
        let factor = 2f64.powi(failures.saturating_sub(1).min(30) as i32);
        let full = (self.least.as_secs_f64() * factor).min(self.most.as_secs_f64());
        Duration::from_secs_f64(full * (0.5 + 0.5 * lot.clamp(0.0, 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_grows_and_stops_growing() {
        let b = Backoff::default();
        assert_eq!(b.wait(1, 1.0), Duration::from_secs(1));
        assert_eq!(b.wait(4, 1.0), Duration::from_secs(8));
        assert_eq!(b.wait(4, 0.0), Duration::from_secs(4));
        assert_eq!(b.wait(u32::MAX, 1.0), Duration::from_secs(900));
    }
}
