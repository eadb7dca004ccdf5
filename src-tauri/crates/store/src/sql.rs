//! The statement that reads list rows, and small conversions between SQLite's types and ours.

use crate::{Result, Store, StoreError, types::Row};
use mailroom_domain::{
    AccountId, Address, FlagSet, FolderId, Label, MessageId, ThreadId, Uid, Voice,
};
use sqlx::{Row as _, sqlite::SqliteRow};

/// A statement that reads [`Row`]s of `messages m`, continued by `$tail`. Read back by [`row`].
macro_rules! select_rows {
    ($tail:expr) => {
        concat!(
            "SELECT m.id, m.sort_key, m.account_id, m.folder_id, m.thread_id, \
             (SELECT t.present FROM threads t WHERE t.id = m.thread_id), \
             m.lane, m.unsure, m.confidence, m.decided_by, m.from_name, m.from_address, m.subject, \
             m.snippet, m.received, m.seen, m.flagged, m.has_attachments ",
            $tail
        )
    };
}
pub(crate) use select_rows;

/// Reads what [`select_rows`] selects: the row and its place in the list.
pub(crate) fn row(r: &SqliteRow) -> sqlx::Result<(i64, Row)> {
    let row = Row {
        id: MessageId(r.try_get(0)?),
        account: AccountId(r.try_get(2)?),
        folder: FolderId(r.try_get(3)?),
        thread: ThreadId(r.try_get(4)?),
        thread_size: r.try_get::<Option<i64>, _>(5)?.unwrap_or(1).try_into().unwrap_or(u32::MAX),
        lane: label(r.try_get(6)?),
        unsure: r.try_get(7)?,
        confidence: r.try_get::<f64, _>(8)? as f32,
        decided_by: r.try_get::<Option<String>, _>(9)?.as_deref().and_then(voice),
        from: Address { name: r.try_get(10)?, address: r.try_get(11)? },
        subject: r.try_get(12)?,
        snippet: r.try_get(13)?,
        received: r.try_get(14)?,
        seen: r.try_get(15)?,
        flagged: r.try_get(16)?,
        attachments: r.try_get(17)?,
    };
    Ok((r.try_get(1)?, row))
}

/// A label by its place. The schema allows no other value than 0 to 3.
pub(crate) fn label(index: i64) -> Label {
    usize::try_from(index).ok().and_then(Label::from_index).unwrap_or(Label::NeedsHuman)
}

/// A label's place.
pub(crate) fn lane(label: Label) -> i64 {
    label.index() as i64
}

/// A voice by the name in the database.
pub(crate) fn voice(name: &str) -> Option<Voice> {
    use Voice as V;
    [V::Evidence, V::Encoder, V::Model, V::Memory, V::Rule, V::User]
        .into_iter()
        .find(|v| v.as_str() == name)
}

/// Reads seen, flagged, answered, draft, deleted, keywords, from column `at` on.
pub(crate) fn flags(r: &SqliteRow, at: usize) -> sqlx::Result<FlagSet> {
    Ok(FlagSet {
        seen: r.try_get(at)?,
        flagged: r.try_get(at + 1)?,
        answered: r.try_get(at + 2)?,
        draft: r.try_get(at + 3)?,
        deleted: r.try_get(at + 4)?,
        keywords: r.try_get::<String, _>(at + 5)?.split_whitespace().map(str::to_owned).collect(),
    })
}

/// Keywords as stored: sorted, each once, without blanks.
pub(crate) fn keywords(flags: &FlagSet) -> String {
    let mut words: Vec<&str> = flags.keywords.iter().flat_map(|k| k.split_whitespace()).collect();
    words.sort_unstable();
    words.dedup();
    words.join(" ")
}

/// A UID as stored. The schema holds what was bound from a [`Uid`].
pub(crate) fn uid(value: i64) -> Uid {
    Uid(u32::try_from(value).unwrap_or_default())
}

/// Numbers as the JSON array that `json_each` reads: one statement for any number of values.
pub(crate) fn json(values: impl IntoIterator<Item = i64>) -> String {
    let mut text = String::from("[");
    for (i, value) in values.into_iter().enumerate() {
        if i > 0 {
            text.push(',');
        }
        text.push_str(&value.to_string());
    }
    text.push(']');
    text
}

/// Gives SQLite's failures the words and the path that the user needs.
pub(crate) trait Named<T> {
    /// Names the failure.
    fn named(self, store: &Store) -> Result<T>;
}

impl<T> Named<T> for sqlx::Result<T> {
    fn named(self, store: &Store) -> Result<T> {
        self.map_err(|error| StoreError::of(&error, store.path()))
    }
}
