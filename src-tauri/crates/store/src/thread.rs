//! Conversations: by `References` and `In-Reply-To`, else by subject among the same people.
//!
//! A message that knows two conversations joins them. Nothing is ever split.

use mailroom_domain::{MessageContent, UnixSeconds};
use std::collections::HashMap;
use xxhash_rust::xxh3::Xxh3;

/// A reply without `References` belongs to a conversation of the same subject and people that is at most
/// this old.
const SUBJECT_WINDOW: i64 = 30 * 24 * 3600;

/// What a message's conversation is found by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ThreadKeys {
    /// Of its own Message-ID, if it has one, and of those it refers to.
    ids: Vec<i64>,
    /// Of its subject and people; `None` without a subject.
    subject: Option<i64>,
    /// It is an answer that doesn't say to what.
    by_subject: bool,
}

impl ThreadKeys {
    pub(crate) fn of(account: i64, content: &MessageContent) -> ThreadKeys {
        let h = &content.headers;
        let mut ids: Vec<i64> = h
            .message_id
            .iter()
            .chain(&h.in_reply_to)
            .chain(&h.references)
            .filter(|id| !id.trim().is_empty())
            .map(|id| hash(account, "id", &[id.trim()]))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let (subject, answer) = bare_subject(&h.subject);
        let subject = (!subject.is_empty()).then(|| {
            let mut people: Vec<String> =
                h.from.iter().chain(&h.to).chain(&h.cc).map(|a| a.address.to_lowercase()).collect();
            people.sort_unstable();
            people.dedup();
            let mut parts = vec![subject.as_str()];
            parts.extend(people.iter().map(String::as_str));
            hash(account, "subject", &parts)
        });
        let by_subject = answer && h.in_reply_to.is_empty() && h.references.is_empty();
        ThreadKeys { ids, subject, by_subject }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = i64> + '_ {
        self.ids.iter().copied().chain(self.subject)
    }
}

/// Places the messages of one transaction, oldest first, in conversations.
#[derive(Debug)]
pub(crate) struct Threader {
    /// What is known: key to conversation and time.
    known: HashMap<i64, (i64, UnixSeconds)>,
    /// Conversations that were joined to another, within this transaction.
    joined: HashMap<i64, i64>,
    /// Keys to be written.
    changed: HashMap<i64, (i64, UnixSeconds)>,
    first_new: i64,
    next: i64,
}

impl Threader {
    /// `known` holds what the database knows of the keys of all messages to come; `next` is the number of
    /// the next new conversation.
    pub(crate) fn new(known: HashMap<i64, (i64, UnixSeconds)>, next: i64) -> Self {
        Threader { known, joined: HashMap::new(), changed: HashMap::new(), first_new: next, next }
    }

    fn root(&self, mut thread: i64) -> i64 {
        while let Some(to) = self.joined.get(&thread) {
            thread = *to;
        }
        thread
    }

    /// The conversation of a message, which may be joined to another one later; see [`Threader::finish`].
    pub(crate) fn place(&mut self, keys: &ThreadKeys, received: UnixSeconds) -> i64 {
        let mut threads: Vec<i64> = keys
            .ids
            .iter()
            .filter_map(|key| self.known.get(key))
            .map(|(thread, _)| self.root(*thread))
            .collect();
        if threads.is_empty()
            && keys.by_subject
            && let Some((thread, at)) = keys.subject.and_then(|key| self.known.get(&key))
            && received.abs_diff(*at) <= SUBJECT_WINDOW.unsigned_abs()
        {
            threads.push(self.root(*thread));
        }
        threads.sort_unstable();
        threads.dedup();
        let thread = match threads.first() {
            Some(oldest) => *oldest,
            None => {
                self.next += 1;
                self.next - 1
            }
        };
        for other in threads.into_iter().skip(1) {
            self.joined.insert(other, thread);
        }
        for key in keys.all() {
            let at = self.known.get(&key).map_or(received, |(_, at)| received.max(*at));
            self.known.insert(key, (thread, at));
            self.changed.insert(key, (thread, at));
        }
        thread
    }

    /// What is to be written.
    pub(crate) fn finish(self) -> Placed {
        let joins: Vec<(i64, i64)> =
            self.joined.keys().map(|thread| (*thread, self.root(*thread))).collect();
        let roots: HashMap<i64, i64> = joins.iter().copied().collect();
        let root = |thread: i64| roots.get(&thread).copied().unwrap_or(thread);
        let keys =
            self.changed.iter().map(|(key, (thread, at))| (*key, root(*thread), *at)).collect();
        let new = (self.first_new..self.next).filter(|t| !roots.contains_key(t)).collect();
        let stored = joins.into_iter().filter(|(from, _)| *from < self.first_new).collect();
        Placed { new, joins: stored, keys, roots }
    }
}

/// What placing messages in conversations changes.
#[derive(Debug)]
pub(crate) struct Placed {
    /// New conversations.
    pub new: Vec<i64>,
    /// Stored conversations that become part of another one: `(from, to)`.
    pub joins: Vec<(i64, i64)>,
    /// `(key, conversation, time)`
    pub keys: Vec<(i64, i64, UnixSeconds)>,
    roots: HashMap<i64, i64>,
}

impl Placed {
    /// The conversation that one has become part of, or itself.
    pub(crate) fn root(&self, thread: i64) -> i64 {
        self.roots.get(&thread).copied().unwrap_or(thread)
    }
}

/// A 64-bit hash as SQLite's integer. Collisions join two conversations by accident: one in a million
/// archives of a million messages.
fn hash(account: i64, kind: &str, parts: &[&str]) -> i64 {
    let mut state = Xxh3::new();
    state.update(&account.to_le_bytes());
    state.update(kind.as_bytes());
    for part in parts {
        state.update(&(part.len() as u64).to_le_bytes());
        state.update(part.as_bytes());
    }
    i64::from_le_bytes(state.digest().to_le_bytes())
}

/// Answer and forward prefixes of common mail programs and languages, lower-cased.
const PREFIXES: [&str; 22] = [
    "re", "aw", "sv", "vs", "antw", "ant", "odp", "res", "ref", "rif", "r", "fwd", "fw", "wg",
    "tr", "rv", "enc", "i", "回复", "答复", "转发", "返信",
];

/// The subject without prefixes, in lower case with single blanks, and whether it had one.
fn bare_subject(subject: &str) -> (String, bool) {
    let mut rest = subject.trim();
    let mut answer = false;
    while let Some((head, tail)) = rest.split_once([':', '：']) {
        let head = head.trim().to_lowercase();
        // "Re[2]", "Re (3)"
        let name = head.split(['[', '(']).next().unwrap_or_default().trim();
        if !PREFIXES.contains(&name) {
            break;
        }
        answer = true;
        rest = tail.trim();
    }
    (rest.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" "), answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_of_several_languages_are_taken_off() {
        assert_eq!(bare_subject("Re: AW: Fwd: Offer  Q3"), ("offer q3".into(), true));
        assert_eq!(bare_subject("Re[2]: x"), ("x".into(), true));
        assert_eq!(bare_subject("回复：会议"), ("会议".into(), true));
        assert_eq!(bare_subject("Invoice: 17"), ("invoice: 17".into(), false));
        assert_eq!(bare_subject("re:"), (String::new(), true));
    }

    fn keys(ids: &[i64]) -> ThreadKeys {
        ThreadKeys { ids: ids.to_vec(), subject: None, by_subject: false }
    }

    #[test]
    fn a_late_message_joins_what_it_links_and_chains_end_at_one_root() {
        let mut t = Threader::new(HashMap::from([(1, (7, 0)), (2, (8, 0))]), 100);
        assert_eq!(t.place(&keys(&[3]), 1), 100);
        assert_eq!(t.place(&keys(&[3, 2]), 2), 8);
        assert_eq!(t.place(&keys(&[2, 1]), 3), 7);
        let placed = t.finish();
        assert_eq!(placed.root(100), 7);
        assert_eq!(placed.new, Vec::<i64>::new());
        assert_eq!(placed.joins, vec![(8, 7)]);
        assert!(placed.keys.iter().all(|(_, thread, _)| *thread == 7));
    }
}
