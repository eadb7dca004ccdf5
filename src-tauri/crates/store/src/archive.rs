//! What is known of every message without unpacking anything: for looks over the whole archive.

use crate::decision::ids;
use crate::pack::unpack_json;
use crate::sql::{Named, flags, label, voice};
use crate::types::PackedContent;
use crate::{Result, Store};
use futures::TryStreamExt as _;
use mailroom_domain::{
    AccountId, FlagSet, FolderId, Label, MessageId, UnixSeconds, Verdict, Voice,
};
use sqlx::Row as _;

/// One present message, as far as its row tells.
#[derive(Clone, Debug, PartialEq)]
pub struct ArchiveRow {
    /// Its number.
    pub id: MessageId,
    /// Whose it is.
    pub account: AccountId,
    /// Where it lies.
    pub folder: FolderId,
    /// When it was received.
    pub received: UnixSeconds,
    /// Bytes as received.
    pub size: u64,
    /// The lane it lies in.
    pub lane: Label,
    /// It lies there for want of certainty.
    pub unsure: bool,
    /// Who decided that.
    pub decided_by: Option<Voice>,
    /// Flags and keywords.
    pub flags: FlagSet,
    /// It has attachments besides what is shown within the text.
    pub attachments: bool,
    /// Display name of `From`.
    pub from_name: String,
    /// Address of `From`, or empty.
    pub from_address: String,
    /// `Subject`
    pub subject: String,
    /// `List-Id`
    pub list_id: Option<String>,
}

/// A message with its content, packed, and the newest verdict on it.
#[derive(Clone, Debug)]
pub struct Whole {
    /// Its number.
    pub id: MessageId,
    /// Its content, as stored.
    pub content: PackedContent,
    verdict: Option<Vec<u8>>,
}

impl Whole {
    /// Unpacks the verdict, if there is one.
    ///
    /// # Errors
    /// [`crate::StoreError::Unreadable`]
    pub fn verdict(&self) -> Result<Option<Verdict>> {
        self.verdict.as_deref().map(unpack_json).transpose()
    }
}

const ARCHIVE: &str = "SELECT id, account_id, folder_id, received, size, lane, unsure, decided_by, seen, flagged, \
     answered, draft, deleted, keywords, has_attachments, from_name, from_address, subject, list_id \
     FROM messages WHERE gone_at IS NULL";

impl Store {
    /// All present messages. Some 0.5 s and 40 MB for 100,000: keep them for as long as nothing changes.
    pub async fn archive(&self) -> Result<Vec<ArchiveRow>> {
        let mut out = Vec::new();
        let mut rows = sqlx::query(ARCHIVE).fetch(self.readers());
        while let Some(row) = rows.try_next().await.named(self)? {
            let read = || -> sqlx::Result<ArchiveRow> {
                Ok(ArchiveRow {
                    id: MessageId(row.try_get(0)?),
                    account: AccountId(row.try_get(1)?),
                    folder: FolderId(row.try_get(2)?),
                    received: row.try_get(3)?,
                    size: row.try_get::<i64, _>(4)?.try_into().unwrap_or_default(),
                    lane: label(row.try_get(5)?),
                    unsure: row.try_get(6)?,
                    decided_by: row.try_get::<Option<&str>, _>(7)?.and_then(voice),
                    flags: flags(&row, 8)?,
                    attachments: row.try_get(14)?,
                    from_name: row.try_get(15)?,
                    from_address: row.try_get(16)?,
                    subject: row.try_get(17)?,
                    list_id: row.try_get(18)?,
                })
            };
            out.push(read().named(self)?);
        }
        Ok(out)
    }

    /// These messages with content and verdict, in the order given; those that have been removed are left out.
    pub async fn wholes(&self, messages: &[MessageId]) -> Result<Vec<Whole>> {
        let rows = sqlx::query(
            "SELECT m.id, b.content, d.verdict FROM json_each(?) j CROSS JOIN messages m ON m.id = j.value \
             CROSS JOIN bodies b ON b.id = m.body_id LEFT JOIN decisions d ON d.id = m.decision_id ORDER BY j.id",
        )
        .bind(ids(messages))
        .fetch_all(self.readers())
        .await
        .named(self)?;
        let whole = |row: &sqlx::sqlite::SqliteRow| -> sqlx::Result<Whole> {
            Ok(Whole {
                id: MessageId(row.try_get(0)?),
                content: PackedContent(row.try_get(1)?),
                verdict: row.try_get(2)?,
            })
        };
        rows.iter().map(whole).collect::<sqlx::Result<_>>().named(self)
    }
}
