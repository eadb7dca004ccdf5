//! How the store fails, in words for the user.

use std::path::PathBuf;

/// The store failed. Each sentence says what the user can do; nothing was written unless it says so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file is no sound database. It was left as it is.
    #[error(
        "The mail database {} is damaged ({reason}). It was left untouched. Move it to another folder to \
         keep it, then start Mailroom again: it fetches the mail anew from the server.",
        path.display()
    )]
    Corrupt {
        /// Where it lies.
        path: PathBuf,
        /// What was found, for a report.
        reason: String,
    },
    /// The file is a sound database, but another program's.
    #[error(
        "{} is not a Mailroom database. It was left untouched. Move it away, or choose another data folder.",
        path.display()
    )]
    Foreign {
        /// Where it lies.
        path: PathBuf,
    },
    /// A newer Mailroom wrote it.
    #[error(
        "The mail database {} was written by a newer version of Mailroom (format {found}, this one reads up \
         to {known}). It was left untouched. Install the newer version again.",
        path.display()
    )]
    Newer {
        /// Where it lies.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that this program reads.
        known: i64,
    },
    /// It could not be brought to this version's format; it still has the former one.
    #[error(
        "The mail database {} could not be brought to this version's format ({reason}). It still has the \
         former one. Free some disk space and try again, or install the former version.",
        path.display()
    )]
    Migration {
        /// Where it lies.
        path: PathBuf,
        /// What happened.
        reason: String,
    },
    /// Another Mailroom uses the same data.
    #[error("Another Mailroom is using {}. Close it and try again.", path.display())]
    Busy {
        /// The data folder.
        path: PathBuf,
    },
    /// No space is left. Nothing of the last change was kept.
    #[error("The disk is full, so the last change was not kept. Free some space and try again.")]
    DiskFull,
    /// The operating system refused a file.
    #[error("{} could not be used: {reason}. Check that it exists, that it is yours and that it can be written.", path.display())]
    File {
        /// Which file or folder.
        path: PathBuf,
        /// What the operating system said.
        reason: String,
    },
    /// What was named is not there (any more).
    #[error("{0} is not there any more. Refresh the list and try again.")]
    NotFound(&'static str),
    /// The request makes no sense as it stands.
    #[error("{0}")]
    Invalid(String),
    /// Something stored could not be read back.
    #[error(
        "Something stored could not be read ({0}). Run the check of the database in the settings."
    )]
    Unreadable(String),
    /// SQLite failed in another way.
    #[error("The mail database failed ({0}). Try again; if it stays, start Mailroom again.")]
    Database(String),
}

/// Primary result codes of SQLite (sqlite.org/rescode.html) that the user can do something about.
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READONLY: i32 = 8;
const IOERR: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;
const NOTADB: i32 = 26;

impl StoreError {
    /// Names a failure of SQLite; `path` is the database file.
    pub(crate) fn of(error: &sqlx::Error, path: &std::path::Path) -> StoreError {
        let code = match error {
            sqlx::Error::Database(e) => {
                e.code().and_then(|c| c.parse::<i32>().ok()).map(|c| c & 0xff)
            }
            sqlx::Error::PoolTimedOut => Some(BUSY),
            _ => None,
        };
        let path = path.to_path_buf();
        let reason = error.to_string();
        match code {
            Some(BUSY | LOCKED) => StoreError::Busy { path },
            Some(CORRUPT | NOTADB) => StoreError::Corrupt { path, reason },
            Some(FULL) => StoreError::DiskFull,
            Some(READONLY | IOERR | CANTOPEN) => StoreError::File { path, reason },
            _ => StoreError::Database(reason),
        }
    }

    /// A file that the operating system refused.
    pub(crate) fn file(path: &std::path::Path, error: &std::io::Error) -> StoreError {
        match error.kind() {
            std::io::ErrorKind::StorageFull => StoreError::DiskFull,
            _ => StoreError::File { path: path.to_path_buf(), reason: error.to_string() },
        }
    }
}
