//! Search over subject, sender and text, newest first.
//!
//! The index (FTS5) keeps no text. Its rows have the numbers that order all lists, so that the newest matches
//! come first without sorting, and the first page of a word that is everywhere costs no more than its rows.
//!
//! Scripts without blanks between words (Han, Kana) are indexed character by character, and a run of them in
//! a query is a phrase.

use crate::list::{PAGE, page};
use crate::sql::{Named, lane, row, select_rows};
use crate::types::{Cursor, Page};
use crate::{Result, Store};
use mailroom_domain::{Label, MessageContent};
use sqlx::{Sqlite, Transaction};

/// Characters of a text that are indexed: what comes later in a long mail is boilerplate or data.
const INDEXED: usize = 20_000;
/// Words of a query that count.
const WORDS: usize = 16;
/// Characters of a word that count.
const WORD: usize = 64;

const FIND: &str = select_rows!(
    "FROM search s CROSS JOIN messages m ON m.sort_key = s.rowid \
     WHERE s.search MATCH ?1 AND s.rowid < ?2 AND m.gone_at IS NULL AND (?3 IS NULL OR m.lane = ?3) \
     ORDER BY s.rowid DESC LIMIT ?4"
);

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

impl Store {
    /// One page of the messages in which all words occur, newest first. `query` is what the user typed: any
    /// text is safe. Words in double quotes must stand together; the last word may be the beginning of one.
    /// A query without words finds nothing. `limit` is 1 to 200.
    pub async fn search(
        &self,
        query: &str,
        lane_of: Option<Label>,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page> {
        let Some(expression) = expression(query) else { return Ok(Page::default()) };
        let limit = limit.clamp(1, PAGE) as usize;
        let found = sqlx::query(FIND)
            .bind(expression)
            .bind(after.map_or(i64::MAX, |cursor| cursor.0))
            .bind(lane_of.map(lane))
            .bind(limit as i64 + 1)
            .fetch_all(self.readers())
            .await
            .named(self)?;
        let rows = found.iter().map(row).collect::<sqlx::Result<Vec<_>>>().named(self)?;
        Ok(page(rows, limit))
    }
}

/// The query as an FTS5 expression: phrases in quotes, all of which must occur. `None` without any word.
fn expression(query: &str) -> Option<String> {
    let mut phrases: Vec<(String, bool)> = Vec::new();
    let ends_open = !query.ends_with('"');
    // Every second piece between double quotes is a phrase; an unpaired quote is a blank.
    let pieces: Vec<&str> = query.split('"').collect();
    let paired = pieces.len() - usize::from(pieces.len().is_multiple_of(2));
    for (i, piece) in pieces.iter().enumerate() {
        if i % 2 == 1 && i < paired {
            phrases.push((piece.chars().take(WORD * 8).collect(), false));
        } else {
            phrases.extend(
                piece.split_whitespace().map(|word| (word.chars().take(WORD).collect(), true)),
            );
        }
    }
    let mut phrases: Vec<(String, bool)> = phrases
        .into_iter()
        .map(|(text, word)| (spaced(&text, usize::MAX), word))
        .filter(|(text, _)| text.chars().any(char::is_alphanumeric))
        .collect();
    phrases.truncate(WORDS);
    let last = phrases.len().checked_sub(1)?;
    let mut expression = String::new();
    for (i, (text, word)) in phrases.iter().enumerate() {
        if i > 0 {
            expression.push_str(" AND ");
        }
        expression.push('"');
        // Quotes are gone; NUL would end the expression.
        expression.extend(text.chars().filter(|c| *c != '"' && *c != '\0'));
        expression.push('"');
        // One letter would match half of everything; a whole character of Han or Kana is a word.
        let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
        if i == last && *word && ends_open && !query.ends_with(char::is_whitespace) && letters > 1 {
            expression.push_str(" *");
        }
    }
    Some(expression)
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

fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{3040}'..='\u{30FF}'    // Hiragana, Katakana
        | '\u{3400}'..='\u{4DBF}'  // Han, extension A
        | '\u{4E00}'..='\u{9FFF}'  // Han
        | '\u{F900}'..='\u{FAFF}'  // Han, compatibility
        | '\u{FF66}'..='\u{FF9F}'  // halfwidth Katakana
        | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_typed_becomes_phrases() {
        let is = |query: &str, expected: &str| {
            assert_eq!(expression(query).as_deref(), Some(expected), "{query}");
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
            assert_eq!(expression(nothing), None, "{nothing:?}");
        }
    }
}
