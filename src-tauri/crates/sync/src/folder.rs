//! One pass over one folder: what is new, what changed, what is gone.
//!
//! A pass decides by comparing the server's complete list with what is kept, never by what it remembers of
//! an earlier connection. Cut anywhere, it has stored whole slices or nothing, and the next pass finds out
//! by itself what is missing.

use crate::policy::Policy;
use crate::shelf::{Fingerprint, FolderRow, NewMessage, Shelf, ShelfError};
use mailroom_domain::{AccountId, FlagSet, FolderId, MessageId, SyncState, Uid, UnixSeconds};
use mailroom_mail::imap::{Folder, MailError, Mailbox, MessageFacts, Opened};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// Bytes read of a message that is over the limit.
const BEGINNING: u64 = 512 * 1024;
/// Bytes of a header that is read for its Message-ID.
const HEADER: u32 = 64 * 1024;
/// Without modification sequences: how many of the newest messages have their flags looked at each time.
const RECENT: usize = 2_000;
/// More messages gone at once than this, or than a fifth, are looked for a second time.
const BRAKE: usize = 50;

/// Why a pass ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PassError {
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    #[error("Stopped.")]
    Stopped,
}

/// What a pass tells while it runs. `false` from [`Report::go_on`] ends it between two slices.
pub(crate) trait Report {
    fn go_on(&mut self) -> bool;
    fn progress(&mut self, folder: FolderId, name: &str, done: u64, total: u64);
    fn stored(&mut self, folder: FolderId, messages: Vec<MessageId>);
    fn changed(&mut self, folder: FolderId);
}

/// One pass.
pub(crate) struct Pass<'a> {
    pub account: AccountId,
    pub policy: &'a Policy,
    pub mailbox: &'a mut dyn Mailbox,
    pub shelf: &'a mut dyn Shelf,
    pub report: &'a mut dyn Report,
    /// Look at the flags of all messages, where the server has no modification sequences.
    pub all_flags: bool,
}

impl Pass<'_> {
    /// Syncs one folder.
    pub(crate) fn run(&mut self, folder: &Folder) -> Result<(), PassError> {
        let opened = self.mailbox.open(&folder.name)?;
        let display = folder.name.display();
        let row = FolderRow {
            name: folder.name.as_wire().to_owned(),
            display: display.clone(),
            role: folder.role,
        };
        let (id, mut state) = self.shelf.folder(self.account, &row)?;
        match state.uid_validity {
            Some(old) if old != opened.uid_validity => {
                tracing::warn!(folder = %id, "UIDVALIDITY changed; messages are matched anew");
                state = self.renumber(id, &opened)?;
                self.report.changed(id);
            }
            _ => state.uid_validity = Some(opened.uid_validity),
        }
        let present: BTreeMap<Uid, FlagSet> = self.shelf.present(id)?.into_iter().collect();
        if is_settled(&state, &opened, present.len()) {
            return Ok(());
        }
        let listed = self.mailbox.uids()?;
        let gone = self.gone(folder, &opened, &present, &listed)?;
        let flags = self.flags(&state, &present, &listed)?;
        if !gone.is_empty() || !flags.is_empty() {
            self.shelf.settle(id, &flags, &gone, state)?;
            self.report.changed(id);
        }

        let missing: VecDeque<Uid> =
            listed.iter().rev().filter(|uid| !present.contains_key(uid)).copied().collect();
        let top = top(&listed, &opened);
        self.fetch(id, &display, missing, top, &mut state)?;

        // Only now: an earlier end must find the same changes again.
        let done = SyncState {
            uid_validity: state.uid_validity,
            low: listed.first().copied().or(top),
            high: top,
            highest_modseq: opened.highest_modseq,
        };
        if done != state {
            self.shelf.settle(id, &[], &[], done)?;
        }
        Ok(())
    }

    /// Fetches and keeps messages, newest first, a slice at a time.
    fn fetch(
        &mut self,
        id: FolderId,
        name: &str,
        mut missing: VecDeque<Uid>,
        top: Option<Uid>,
        state: &mut SyncState,
    ) -> Result<(), PassError> {
        let total = missing.len() as u64;
        let mut done = 0u64;
        let mut most = self.policy.first_slice.max(1);
        if total > 0 {
            self.report.progress(id, name, 0, total);
        }
        let mut facts: VecDeque<MessageFacts> = VecDeque::new();
        while !missing.is_empty() || !facts.is_empty() {
            if !self.report.go_on() {
                return Err(PassError::Stopped);
            }
            if facts.is_empty() {
                let count = missing.len().min(most);
                let uids: Vec<Uid> = missing.drain(..count).collect();
                let mut found = self.mailbox.facts(&uids)?;
                found.sort_unstable_by_key(|f| std::cmp::Reverse(f.uid));
                // Messages that went away meanwhile are dealt with; the next pass will not list them.
                done += (count - found.len()) as u64;
                facts = found.into();
                most = self.policy.slice.max(1);
                if facts.is_empty() {
                    continue;
                }
            }
            let slice = self.slice(&mut facts);
            let messages = self.read(&slice)?;
            done += slice.len() as u64;
            if let Some(last) = slice.last() {
                // Everything at or above the slice's lowest message is kept from now on; older than
                // that, only what was kept before and reaches up to it.
                let low = match (state.low, state.high) {
                    (Some(low), Some(high)) if last.uid.0 <= high.0.saturating_add(1) => {
                        low.min(last.uid)
                    }
                    _ => last.uid,
                };
                let complete = messages.len() == slice.len() && facts.is_empty();
                let after = if complete {
                    SyncState { low: Some(low), high: top, ..*state }
                } else {
                    *state
                };
                let ids = self.shelf.keep(id, messages, after)?;
                *state = after;
                if !ids.is_empty() {
                    self.report.stored(id, ids);
                }
            }
            self.report.progress(id, name, done.min(total), total);
        }
        Ok(())
    }

    /// Takes messages off the front until there are enough bytes.
    fn slice(&self, facts: &mut VecDeque<MessageFacts>) -> Vec<MessageFacts> {
        let mut slice = Vec::new();
        let mut bytes = 0u64;
        while let Some(next) = facts.front() {
            bytes = bytes.saturating_add(next.size.min(self.policy.message_limit));
            if !slice.is_empty() && bytes > self.policy.slice_bytes {
                break;
            }
            slice.extend(facts.pop_front());
        }
        slice
    }

    /// Reads and parses the messages of a slice, in its order. Those that are gone are left out.
    fn read(&mut self, slice: &[MessageFacts]) -> Result<Vec<NewMessage>, PassError> {
        let limit = self.policy.message_limit;
        let (whole, over): (Vec<_>, Vec<_>) =
            slice.iter().map(|f| (f.uid, f.size)).partition(|(_, size)| *size <= limit);
        let mut raws: HashMap<Uid, Vec<u8>> = HashMap::with_capacity(slice.len());
        self.mailbox.bodies(&whole, limit, &mut |uid, raw| {
            raws.insert(uid, raw);
        })?;
        if !over.is_empty() {
            let beginning: Vec<_> = over.iter().map(|(uid, _)| (*uid, BEGINNING)).collect();
            self.mailbox.bodies(&beginning, BEGINNING, &mut |uid, raw| {
                raws.insert(uid, raw);
            })?;
        }
        Ok(slice
            .iter()
            .filter_map(|facts| {
                let raw = raws.remove(&facts.uid)?;
                let mut content = mailroom_mail::parse(&raw);
                if facts.size > limit {
                    content
                        .defects
                        .push("It is very large; only its beginning was fetched.".into());
                }
                // RFC822.SIZE may be missing from an answer.
                let size = if facts.size == 0 { raw.len() as u64 } else { facts.size };
                Some(NewMessage {
                    uid: facts.uid,
                    flags: facts.flags.clone(),
                    received: facts.received,
                    size,
                    raw,
                    content,
                })
            })
            .collect())
    }

    /// Messages that are kept and that the server no longer lists. Many at once are asked for again, in a
    /// folder opened anew.
    fn gone(
        &mut self,
        folder: &Folder,
        opened: &Opened,
        present: &BTreeMap<Uid, FlagSet>,
        listed: &[Uid],
    ) -> Result<Vec<Uid>, PassError> {
        let missing = |listed: &[Uid]| -> Vec<Uid> {
            present.keys().filter(|uid| listed.binary_search(uid).is_err()).copied().collect()
        };
        let gone = missing(listed);
        if gone.len() <= BRAKE && gone.len() * 5 <= present.len().max(5) {
            return Ok(gone);
        }
        let again = self.mailbox.open(&folder.name)?;
        if again.uid_validity != opened.uid_validity {
            return Ok(Vec::new());
        }
        let second: BTreeSet<Uid> = missing(&self.mailbox.uids()?).into_iter().collect();
        let confirmed: Vec<Uid> = gone.iter().filter(|uid| second.contains(uid)).copied().collect();
        tracing::warn!(found = gone.len(), confirmed = confirmed.len(), "many messages are gone");
        Ok(confirmed)
    }

    /// Flags that differ from what is kept.
    fn flags(
        &mut self,
        state: &SyncState,
        present: &BTreeMap<Uid, FlagSet>,
        listed: &[Uid],
    ) -> Result<Vec<(Uid, FlagSet)>, PassError> {
        if present.is_empty() {
            return Ok(Vec::new());
        }
        let facts = match state.highest_modseq {
            Some(modseq) if self.mailbox.has_modseq() => self.mailbox.changed_since(modseq)?,
            _ => {
                let known: Vec<Uid> =
                    listed.iter().rev().filter(|uid| present.contains_key(uid)).copied().collect();
                let most = if self.all_flags { known.len() } else { RECENT.min(known.len()) };
                self.mailbox.facts(known.get(..most).unwrap_or(&known))?
            }
        };
        Ok(facts
            .into_iter()
            .filter(|f| present.get(&f.uid).is_some_and(|kept| *kept != f.flags))
            .map(|f| (f.uid, f.flags))
            .collect())
    }

    /// After a change of UIDVALIDITY: finds the messages again by what they are.
    fn renumber(&mut self, id: FolderId, opened: &Opened) -> Result<SyncState, PassError> {
        let kept = self.shelf.fingerprints(id)?;
        let listed = self.mailbox.uids()?;
        let sizes: BTreeSet<u64> = kept.iter().map(|k| k.size).collect();
        let mut found: Vec<Fingerprint> = Vec::new();
        for chunk in listed.chunks(1_000) {
            let facts: Vec<MessageFacts> = self
                .mailbox
                .facts(chunk)?
                .into_iter()
                .filter(|f| sizes.contains(&f.size))
                .collect();
            let uids: Vec<Uid> = facts.iter().map(|f| f.uid).collect();
            let mut ids: HashMap<Uid, Option<String>> = HashMap::new();
            for part in uids.chunks(100) {
                for (uid, header) in self.mailbox.headers(part, HEADER)? {
                    ids.insert(uid, mailroom_mail::parse(&header).headers.message_id);
                }
            }
            found.extend(facts.into_iter().map(|f| Fingerprint {
                uid: f.uid,
                message_id: ids.remove(&f.uid).flatten(),
                size: f.size,
                received: f.received,
            }));
        }
        let moves = matches(&kept, &found);
        let state = SyncState { uid_validity: Some(opened.uid_validity), ..SyncState::default() };
        self.shelf.renumber(id, &moves, state)?;
        Ok(state)
    }
}

/// Nothing can have changed since the last complete pass. Only servers that keep modification sequences
/// can tell that about flags.
fn is_settled(state: &SyncState, opened: &Opened, present: usize) -> bool {
    let same_next = match (opened.uid_next, state.high) {
        (Some(next), Some(high)) => next == high.0.saturating_add(1),
        (Some(next), None) => next == 1,
        (None, _) => false,
    };
    same_next
        && opened.exists as usize == present
        && opened.highest_modseq.is_some()
        && opened.highest_modseq == state.highest_modseq
}

/// The highest UID that has been given out, as far as it is known.
fn top(listed: &[Uid], opened: &Opened) -> Option<Uid> {
    let last = listed.last().map_or(0, |uid| uid.0);
    let next = opened.uid_next.map_or(0, |next| next.saturating_sub(1));
    let top = last.max(next);
    (top > 0).then_some(Uid(top))
}

/// Pairs of (old UID, new UID): first by Message-ID, size and date, then, where a server gave new dates,
/// by Message-ID and size. Of several that are alike each is used once, in the order of their UIDs.
fn matches(kept: &[Fingerprint], found: &[Fingerprint]) -> Vec<(Uid, Uid)> {
    let mut moves = Vec::new();
    let mut left: Vec<&Fingerprint> = kept.iter().collect();
    let mut free: Vec<&Fingerprint> = found.iter().collect();
    for with_date in [true, false] {
        let key = |f: &'_ Fingerprint| -> (Option<String>, u64, Option<UnixSeconds>) {
            (f.message_id.clone(), f.size, if with_date { f.received } else { None })
        };
        let mut by_key: HashMap<_, VecDeque<&Fingerprint>> = HashMap::new();
        free.sort_by_key(|f| f.uid);
        for f in &free {
            by_key.entry(key(f)).or_default().push_back(f);
        }
        let mut used = BTreeSet::new();
        left.sort_by_key(|f| f.uid);
        left.retain(|k| {
            // Without a Message-ID, size alone tells nothing.
            if !with_date && k.message_id.is_none() {
                return true;
            }
            match by_key.get_mut(&key(k)).and_then(VecDeque::pop_front) {
                Some(f) => {
                    moves.push((k.uid, f.uid));
                    used.insert(f.uid);
                    false
                }
                None => true,
            }
        });
        free.retain(|f| !used.contains(&f.uid));
    }
    moves.sort_unstable();
    moves
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(uid: u32, id: Option<&str>, size: u64, received: i64) -> Fingerprint {
        Fingerprint {
            uid: Uid(uid),
            message_id: id.map(Into::into),
            size,
            received: Some(received),
        }
    }

    #[test]
    fn messages_are_found_again_and_each_once() {
        let kept = [
            print(1, Some("a"), 10, 1),
            print(2, Some("b"), 10, 2),
            print(3, None, 10, 3),
            print(4, Some("d"), 10, 4),
            print(5, Some("d"), 10, 4),
            print(6, Some("gone"), 10, 6),
            print(7, None, 99, 7),
        ];
        let found = [
            print(50, Some("d"), 10, 4),
            print(51, Some("d"), 10, 4),
            print(52, Some("b"), 10, 777),
            print(53, Some("a"), 10, 1),
            print(54, None, 10, 3),
            print(55, Some("a"), 11, 1),
            print(56, None, 99, 8),
        ];
        let moves: Vec<_> = matches(&kept, &found).into_iter().map(|(a, b)| (a.0, b.0)).collect();
        assert_eq!(moves, [(1, 53), (2, 52), (3, 54), (4, 50), (5, 51)]);
    }
}
