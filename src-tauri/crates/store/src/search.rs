//! Search over subject, sender and text, newest first.
//!
//! The index (FTS5) keeps no text. Its rows have the numbers that order all lists, so that the newest matches
//! come first without sorting, and the first page of a word that is everywhere costs no more than its rows.
//!
//! What the user types is read by the module `query`; here it becomes statements.
//!
//! Scripts without blanks between words (Han, Kana) are indexed character by character, and a run of them in
//! a query is a phrase.

use crate::list::{PAGE, page};
use crate::query::{Field, INDEXED, Query, Test, Word, fold, is_unspaced};
use crate::sql::{Named, json, lane, row, select_rows};
use crate::types::{Cursor, Page};
use crate::{Result, Store};
use mailroom_domain::{Label, MessageContent};
use sqlx::{Sqlite, Transaction};
use std::collections::BTreeSet;

/// Words and operators of a query together. A line that holds more finds nothing: leaving some out would find
/// what was to be kept out.
const TERMS: usize = 256;

// What a row must be; `$from` comes before. Each state is a set of allowed values (bit 1 for no, bit 2 for yes),
// so that one statement serves all filters. None of them is in an index but by the `from`: rows are read
// in order until the page is full, so a filter that little fits (`in:`, `list:`, `is:corrected`, `is:flagged`
// where there are few) may look at all rows of its words or lanes. It never sorts them.
macro_rules! filtered {
    ($from:literal, $order:literal) => {
        select_rows!(concat!(
            $from,
            " AND m.gone_at IS NULL AND m.sort_key >= ?4 AND (?5 >> m.lane) & 1 AND (?6 >> m.seen) & 1 \
             AND (?7 >> m.flagged) & 1 AND (?8 >> m.has_attachments) & 1 AND (?9 >> m.unsure) & 1 \
             AND (?10 >> (m.correction_id IS NOT NULL)) & 1 \
             AND (?11 IS NULL OR m.folder_id IN (SELECT value FROM json_each(?11))) \
             AND (?12 IS NULL OR NOT EXISTS (SELECT 1 FROM json_each(?12) j \
             WHERE instr(lower(coalesce(m.list_id, '')), j.value) = 0)) \
             AND (?13 IS NULL OR NOT EXISTS (SELECT 1 FROM json_each(?13) j \
             WHERE instr(lower(coalesce(m.list_id, '')), j.value) > 0)) \
             ORDER BY ",
            $order,
            " DESC LIMIT ?3"
        ))
    };
}

// Words: the index gives their messages newest first, and rows are read of those alone.
const FIND: &str = filtered!(
    "FROM search s CROSS JOIN messages m ON m.sort_key = s.rowid \
     WHERE s.search MATCH ?1 AND s.rowid < ?2 AND s.rowid >= ?4",
    "s.rowid"
);
// No words: the lists' own indexes give each lane newest first. Words that must not occur are looked up once:
// FTS5 can say NOT only beside words that do occur. That costs as much as they have matches, on each page.
const LANE: &str = filtered!(
    "FROM messages m INDEXED BY messages_lane WHERE m.lane = ?1 AND m.sort_key < ?2 \
     AND (?14 IS NULL OR m.sort_key NOT IN (SELECT s.rowid FROM search s WHERE s.search MATCH ?14))",
    "m.sort_key"
);
const LANE_UNREAD: &str = filtered!(
    "FROM messages m INDEXED BY messages_lane_unread WHERE m.lane = ?1 AND m.sort_key < ?2 AND m.seen = 0 \
     AND (?14 IS NULL OR m.sort_key NOT IN (SELECT s.rowid FROM search s WHERE s.search MATCH ?14))",
    "m.sort_key"
);

#[cfg(test)]
pub(crate) const PLANNED: [&str; 3] = [FIND, LANE, LANE_UNREAD];

/// What the index holds of a message.
pub(crate) struct Indexed {
    subject: String,
    sender: String,
    text: String,
}

impl Indexed {
    pub(crate) fn of(content: &MessageContent) -> Indexed {
        let from = content.headers.from.clone().unwrap_or_default();
        Indexed {
            subject: spaced(&content.headers.subject, INDEXED),
            sender: spaced(&format!("{} {}", from.name, from.address), INDEXED),
            text: spaced(&content.text, INDEXED),
        }
    }
}

/// Adds a message to the index.
pub(crate) async fn insert(
    tx: &mut Transaction<'static, Sqlite>,
    key: i64,
    indexed: &Indexed,
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO search (rowid, subject, sender, text) VALUES (?, ?, ?, ?)")
        .bind(key)
        .bind(&indexed.subject)
        .bind(&indexed.sender)
        .bind(&indexed.text)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The filters of a query in the numbers that the statements are given.
struct Rows {
    /// Keys from here on.
    from: i64,
    /// Keys before this.
    before: i64,
    /// Allowed values of lane, seen, flagged, has_attachments, unsure, corrected: a bit each.
    lanes: i64,
    seen: i64,
    flagged: i64,
    attachments: i64,
    unsure: i64,
    corrected: i64,
    /// What a List-Id must contain, and what it must not.
    lists: Vec<String>,
    not_lists: Vec<String>,
    /// Folded names of folders, and whether it must not be one of them.
    folders: Vec<(String, bool)>,
}

/// The key of the first message of a second. Lists are ordered by these; see `sort_key` in the schema.
fn first_key(second: i64) -> i64 {
    second.clamp(0, 1 << 42) << 20
}

impl Rows {
    fn of(query: &Query) -> Rows {
        let (both, all) = (0b11, 0b1111);
        let mut rows = Rows {
            from: 0,
            before: i64::MAX,
            lanes: all,
            seen: both,
            flagged: both,
            attachments: both,
            unsure: both,
            corrected: both,
            lists: Vec::new(),
            not_lists: Vec::new(),
            folders: Vec::new(),
        };
        for filter in &query.filters {
            let state = if filter.not { 0b01 } else { 0b10 };
            match &filter.test {
                Test::Lane(label) => {
                    let bit = 1 << lane(*label);
                    rows.lanes &= if filter.not { !bit } else { bit };
                }
                // What is not received since then was received before, and the other way round.
                Test::Since(second) if !filter.not => rows.from = rows.from.max(first_key(*second)),
                Test::Before(second) if filter.not => rows.from = rows.from.max(first_key(*second)),
                Test::Since(second) | Test::Before(second) => {
                    rows.before = rows.before.min(first_key(*second));
                }
                Test::Attachment => rows.attachments &= state,
                Test::Unsure => rows.unsure &= state,
                Test::Seen => rows.seen &= state,
                Test::Flagged => rows.flagged &= state,
                Test::Corrected => rows.corrected &= state,
                Test::List(part) if filter.not => rows.not_lists.push(part.clone()),
                Test::List(part) => rows.lists.push(part.clone()),
                Test::Folder(name) => rows.folders.push((name.clone(), filter.not)),
            }
        }
        rows
    }

    /// No row can be all of this.
    fn is_empty(&self) -> bool {
        let states = [self.lanes, self.seen, self.flagged, self.attachments, self.unsure];
        states.contains(&0) || self.corrected == 0 || self.from >= self.before
    }
}

impl Store {
    /// One page of the messages for which all words and operators hold, newest first. `query` is what the user
    /// typed: any text is safe. Words in double quotes must stand together; the last word may be the beginning
    /// of one. Operators are `from:`, `subject:`, `label:`, `before:`, `after:`, `has:attachment`, `is:`,
    /// `list:`, `in:`, and `-` before any of them or before a word; see the module `query`. A query without
    /// words and operators finds nothing. `limit` is 1 to 200.
    pub async fn search(
        &self,
        query: &str,
        lane_of: Option<Label>,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page> {
        let query = Query::parse(query);
        let terms = query.words.len() + query.filters.len();
        let mut rows = Rows::of(&query);
        if let Some(label) = lane_of {
            rows.lanes &= 1 << lane(label);
        }
        if let Some(cursor) = after {
            rows.before = rows.before.min(cursor.0);
        }
        if terms == 0 || terms > TERMS || rows.is_empty() {
            return Ok(Page::default());
        }
        let limit = limit.clamp(1, PAGE) as usize;
        let mut tx = self.read().await?;
        let folders = match self.allowed(&mut tx, &rows.folders).await? {
            Some(folders) if folders.is_empty() => return Ok(Page::default()),
            folders => folders.map(json),
        };
        let expression = expression(&query.words);
        let unread = rows.seen == 0b01;
        let texts = |parts: &[String]| {
            (!parts.is_empty()).then(|| serde_json::Value::from(parts.to_vec()).to_string())
        };
        let (lists, not_lists) = (texts(&rows.lists), texts(&rows.not_lists));
        // Words have one list, in which each lane is allowed or not; without words each lane is one.
        let lanes: Vec<i64> = match &expression {
            Some(Expression::Find(_)) => vec![0],
            _ => (0..4).filter(|lane| rows.lanes >> lane & 1 == 1).collect(),
        };
        let mut found = Vec::with_capacity(limit + 1);
        for each in lanes {
            let (statement, without) = match &expression {
                Some(Expression::Find(words)) => (sqlx::query(FIND).bind(words), None),
                other => {
                    let statement = sqlx::query(if unread { LANE_UNREAD } else { LANE });
                    let without = match other {
                        Some(Expression::Without(words)) => Some(words),
                        _ => None,
                    };
                    (statement.bind(each), without)
                }
            };
            let some = statement
                .bind(rows.before)
                // One more than asked for tells whether there is a next page.
                .bind(limit as i64 + 1)
                .bind(rows.from)
                .bind(rows.lanes)
                .bind(rows.seen)
                .bind(rows.flagged)
                .bind(rows.attachments)
                .bind(rows.unsure)
                .bind(rows.corrected)
                .bind(&folders)
                .bind(&lists)
                .bind(&not_lists)
                .bind(without)
                .fetch_all(&mut *tx)
                .await
                .named(self)?;
            for each in &some {
                found.push(row(each).named(self)?);
            }
        }
        found.sort_unstable_by_key(|(key, _)| std::cmp::Reverse(*key));
        Ok(page(found, limit))
    }

    /// The folders in which messages may lie; `None` for any. A name that no folder has allows none, turned
    /// around or not: it is a slip, and what was to be kept out would be shown.
    async fn allowed(
        &self,
        tx: &mut Transaction<'static, Sqlite>,
        named: &[(String, bool)],
    ) -> Result<Option<BTreeSet<i64>>> {
        if named.is_empty() {
            return Ok(None);
        }
        let folders: Vec<(i64, String)> = sqlx::query_as("SELECT id, display FROM folders")
            .fetch_all(&mut **tx)
            .await
            .named(self)?;
        let folders: Vec<(i64, String)> =
            folders.into_iter().map(|(id, display)| (id, fold(display.trim()))).collect();
        let mut allowed: BTreeSet<i64> = folders.iter().map(|(id, _)| *id).collect();
        for (name, not) in named {
            if !folders.iter().any(|(_, display)| display == name) {
                return Ok(Some(BTreeSet::new()));
            }
            for (id, display) in &folders {
                if (display == name) == *not {
                    allowed.remove(id);
                }
            }
        }
        Ok(Some(allowed))
    }
}

/// Words as an FTS5 expression.
#[derive(Debug, PartialEq)]
enum Expression {
    /// What must occur, and what must not.
    Find(String),
    /// Only what must not occur: matches what is to be left out.
    Without(String),
}

/// The words as phrases in quotes. `None` without any word.
fn expression(words: &[Word]) -> Option<Expression> {
    let joined = |not: bool, by: &str| {
        let phrases: Vec<String> = words.iter().filter(|w| w.not == not).map(phrase).collect();
        (!phrases.is_empty()).then(|| phrases.join(by))
    };
    match (joined(false, " AND "), joined(true, " OR ")) {
        (Some(all), Some(none)) => Some(Expression::Find(format!("({all}) NOT ({none})"))),
        (Some(all), None) => Some(Expression::Find(all)),
        (None, none) => none.map(Expression::Without),
    }
}

fn phrase(word: &Word) -> String {
    let field = match word.field {
        None => "",
        Some(Field::Subject) => "subject : ",
        Some(Field::Sender) => "sender : ",
        Some(Field::Text) => "text : ",
    };
    // Words hold neither quotes nor NUL, which would end the phrase or the expression.
    let text = spaced(&word.text, usize::MAX);
    format!("{field}\"{text}\"{}", if word.prefix { " *" } else { "" })
}

/// At most `most` characters, with blanks around those of scripts that don't use them.
fn spaced(text: &str, most: usize) -> String {
    let mut out = String::with_capacity(text.len().min(most));
    for c in text.chars().take(most) {
        if is_unspaced(c) {
            out.push(' ');
            out.push(c);
            out.push(' ');
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_typed_becomes_phrases() {
        let is = |query: &str, expected: &str| {
            let words = Query::parse(query).words;
            assert_eq!(expression(&words), Some(Expression::Find(expected.into())), "{query}");
        };
        is("hello wor", "\"hello\" AND \"wor\" *");
        is("hello wor ", "\"hello\" AND \"wor\"");
        is("\"per se\" x", "\"per se\" AND \"x\"");
        is(
            "a AND NOT b* OR (c) NEAR/2 ^d -e:f",
            "\"a\" AND \"AND\" AND \"NOT\" AND \"b*\" AND \"OR\" AND \"(c)\" AND \"NEAR/2\" AND \"^d\" AND \"-e:f\" *",
        );
        is("say \"hi", "\"say\" AND \"hi\" *");
        is("日本", "\" 日  本 \" *");
        is("x\0y", "\"xy\" *");
        for nothing in ["", "  ", "\"", "\"\"", "***", "- ' ;", "\u{200b}"] {
            assert_eq!(Query::parse(nothing), Query::default(), "{nothing:?}");
        }
    }
}
