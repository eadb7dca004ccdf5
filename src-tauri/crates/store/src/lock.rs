//! Locks between processes. The operating system lets go of them when a process ends, however it ends.

use crate::{Result, Store, StoreError};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::Duration;

/// Held by the one process that syncs and labels; see [`Store::lock_engine`].
#[derive(Debug)]
pub struct EngineLock {
    _file: File,
}

impl Store {
    /// Makes this process the only one whose engine works on these data, until the lock is dropped. A
    /// process that only reads, or changes a rule or a label, needs no lock: SQLite orders the writes.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when another Mailroom holds it; [`StoreError::File`] when the file cannot be
    /// made.
    pub fn lock_engine(&self) -> Result<EngineLock> {
        let path = self.dir().join("engine.lock");
        let file = open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(EngineLock { _file: file }),
            Err(TryLockError::WouldBlock) => {
                Err(StoreError::Busy { path: self.dir().to_path_buf() })
            }
            Err(TryLockError::Error(e)) => Err(StoreError::file(&path, &e)),
        }
    }
}

/// Held while a database is made or migrated, so that two processes don't do it at once.
pub(crate) async fn lock_open(dir: &Path) -> Result<File> {
    let path = dir.join("open.lock");
    let file = open(&path)?;
    // A migration of a large database may take a while.
    for _ in 0..600 {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(TryLockError::Error(e)) => return Err(StoreError::file(&path, &e)),
        }
    }
    Err(StoreError::Busy { path: dir.to_path_buf() })
}

fn open(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    private(&mut options);
    options.open(path).map_err(|e| StoreError::file(path, &e))
}

/// Mail is for its reader's eyes: files are made without rights for others.
pub(crate) fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}
