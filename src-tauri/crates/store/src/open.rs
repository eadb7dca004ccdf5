//! Opening: look first, touch later.

use crate::sql::Named;
use crate::{Result, StoreError, lock};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Sqlite, SqliteConnection, Transaction};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

static MIGRATIONS: Migrator = sqlx::migrate!("../../../migrations");

/// `PRAGMA application_id` of our files: "Mlrm".
const APPLICATION: i64 = 0x4D6C_726D;
/// The first bytes of each SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Up to this many bytes the whole file is checked before it is used; larger ones by [`Store::check`].
const CHECKED_AT_OPEN: u64 = 32 * 1024 * 1024;
/// Readers beside the writer: as many as an interface and a worker use at a time.
const READERS: u32 = 4;

/// The database. Cheap to clone; all clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    path: PathBuf,
    writer: SqlitePool,
    readers: SqlitePool,
    // One connection, which sees whether others have written.
    watcher: SqlitePool,
}

impl Store {
    /// True when a folder holds a database. Opens nothing.
    pub fn exists(dir: &Path) -> bool {
        std::fs::metadata(dir.join("mailroom.db")).is_ok_and(|file| file.len() > 0)
    }

    /// Opens the database `mailroom.db` in `dir`, made if it isn't there, and brings it to this version's
    /// format. A file that is damaged, another program's or a newer version's is left untouched.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Foreign`], [`StoreError::Newer`], [`StoreError::Migration`],
    /// [`StoreError::Busy`] when another process holds it for longer than half a minute,
    /// [`StoreError::File`], [`StoreError::DiskFull`].
    pub async fn open(dir: &Path) -> Result<Store> {
        make_private_dir(dir)?;
        let path = dir.join("mailroom.db");
        let _opening = lock::lock_open(dir).await?;
        match std::fs::metadata(&path) {
            Ok(file) if file.len() > 0 => inspect(&path, file.len()).await?,
            _ => {
                let mut options = std::fs::OpenOptions::new();
                options.create(true).truncate(false).write(true);
                lock::private(&mut options);
                options.open(&path).map_err(|e| StoreError::file(&path, &e))?;
            }
        }
        let named = |e: sqlx::Error| StoreError::of(&e, &path);

        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(false)
            .busy_timeout(Duration::from_secs(10))
            .foreign_keys(true)
            .pragma("trusted_schema", "OFF")
            .pragma("cell_size_check", "ON")
            .pragma("temp_store", "MEMORY")
            .disable_statement_logging();
        let writer = PoolOptions::<Sqlite>::new()
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(60))
            .connect_with(
                options
                    .clone()
                    // Removing an account gives its space back without rewriting the rest.
                    .auto_vacuum(SqliteAutoVacuum::Incremental)
                    .journal_mode(SqliteJournalMode::Wal)
                    // What the user said, and what was sent to a server, survives a power cut.
                    .synchronous(SqliteSynchronous::Full)
                    .pragma("secure_delete", "FAST")
                    .pragma("wal_autocheckpoint", "4000")
                    .pragma("journal_size_limit", "67108864")
                    .pragma("cache_size", "-65536"),
            )
            .await
            .map_err(named)?;
        MIGRATIONS.run(&writer).await.map_err(|e| migration(&path, &e))?;
        let readers = PoolOptions::<Sqlite>::new()
            .max_connections(READERS)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(60))
            .connect_with(options.clone().pragma("cache_size", "-16384").pragma("query_only", "ON"))
            .await
            .map_err(named)?;
        let watcher = PoolOptions::<Sqlite>::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_lazy_with(options.pragma("query_only", "ON"));
        let inner = Inner { dir: dir.to_path_buf(), path, writer, readers, watcher };
        let store = Store { inner: Arc::new(inner) };
        store.adopt_old_rules().await?;
        Ok(store)
    }

    /// Another number than the last time when anything was written in between, by this process or another. Read
    /// before what is to be kept, it tells when that is out of date.
    pub async fn data_version(&self) -> Result<i64> {
        // Numbers of one connection can be compared with each other alone; this one never writes.
        sqlx::query_scalar("PRAGMA data_version")
            .fetch_one(&self.inner.watcher)
            .await
            .map_err(|e| StoreError::of(&e, self.path()))
    }

    /// The data folder.
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Looks through the whole database for damage. Reads all of it: for the background.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] with what was found.
    pub async fn check(&self) -> Result<()> {
        let found: Vec<String> = sqlx::query_scalar("PRAGMA quick_check(5)")
            .fetch_all(self.readers())
            .await
            .named(self)?;
        sound(self.path(), &found)
    }

    /// Writes a compact copy of the whole database to `to`, which must not exist yet. Reading and writing
    /// go on meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when `to` exists, [`StoreError::File`], [`StoreError::DiskFull`].
    pub async fn vacuum_into(&self, to: &Path) -> Result<()> {
        let text = to.to_str().ok_or_else(|| {
            StoreError::Invalid(
                "The path of the copy cannot be written as text. Choose another one.".into(),
            )
        })?;
        let mut options = std::fs::OpenOptions::new();
        options.create_new(true).write(true);
        lock::private(&mut options);
        options.open(to).map_err(|e| match e.kind() {
            std::io::ErrorKind::AlreadyExists => StoreError::Invalid(format!(
                "{} exists already and was left as it is. Choose another name for the copy.",
                to.display()
            )),
            _ => StoreError::file(to, &e),
        })?;
        let copied = async {
            // A connection of its own: `query_only` forbids it, and the writer must not wait for it.
            let mut connection = SqliteConnectOptions::new()
                .filename(self.path())
                .create_if_missing(false)
                .disable_statement_logging()
                .connect()
                .await?;
            sqlx::query("VACUUM INTO ?").bind(text).execute(&mut connection).await?;
            connection.close().await
        };
        if let Err(error) = copied.await {
            // Ours alone: it was made above and holds half a copy.
            let _ = std::fs::remove_file(to);
            return Err(StoreError::of(&error, to));
        }
        Ok(())
    }

    /// Ends all connections after what is under way. A store that is dropped without it is sound as well;
    /// the next opening then reads the write-ahead log.
    pub async fn close(&self) {
        self.inner.watcher.close().await;
        self.inner.readers.close().await;
        self.inner.writer.close().await;
    }

    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.inner.readers
    }

    pub(crate) fn writer(&self) -> &SqlitePool {
        &self.inner.writer
    }

    /// Begins a write. Taking the lock at once rather than at the first write leaves nothing to fail later.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Sqlite>> {
        self.inner.writer.begin_with("BEGIN IMMEDIATE").await.named(self)
    }

    /// Begins a read of one state of the database by several statements.
    pub(crate) async fn read(&self) -> Result<Transaction<'static, Sqlite>> {
        self.inner.readers.begin().await.named(self)
    }
}

fn make_private_dir(dir: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|e| StoreError::file(dir, &e))
}

/// Looks at a file through a connection that cannot write.
async fn inspect(path: &Path, size: u64) -> Result<()> {
    let corrupt =
        |reason: &str| StoreError::Corrupt { path: path.to_path_buf(), reason: reason.to_owned() };
    let mut head = [0u8; 100];
    let mut file = std::fs::File::open(path).map_err(|e| StoreError::file(path, &e))?;
    if file.read_exact(&mut head).is_err() {
        return Err(corrupt("it is too short"));
    }
    if head[..16] != *MAGIC {
        return Err(corrupt("it does not begin like a database"));
    }
    drop(file);

    let named = |e: sqlx::Error| StoreError::of(&e, path);
    let mut connection: SqliteConnection = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .create_if_missing(false)
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .disable_statement_logging()
        .connect()
        .await
        .map_err(named)?;
    let outcome = inspect_with(&mut connection, path, size).await;
    let _ = connection.close().await;
    outcome
}

async fn inspect_with(connection: &mut SqliteConnection, path: &Path, size: u64) -> Result<()> {
    let named = |e: sqlx::Error| StoreError::of(&e, path);
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut *connection)
        .await
        .map_err(named)?;
    if tables == 0 {
        // Made, and the power went before the first migration.
        return Ok(());
    }
    let application: i64 = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(&mut *connection)
        .await
        .map_err(named)?;
    let migrated: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(named)?;
    // Ours before its first migration is done: the list of migrations, and nothing else.
    let begun = application == 0 && migrated == 1 && tables <= 2;
    if application != APPLICATION && !begun {
        return Err(StoreError::Foreign { path: path.to_path_buf() });
    }
    if migrated == 1 {
        let found: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
            .fetch_one(&mut *connection)
            .await
            .map_err(named)?;
        let known = MIGRATIONS.iter().map(|m| m.version).max().unwrap_or_default();
        if let Some(found) = found.filter(|found| *found > known) {
            return Err(StoreError::Newer { path: path.to_path_buf(), found, known });
        }
    }
    if size <= CHECKED_AT_OPEN {
        let found: Vec<String> = sqlx::query_scalar("PRAGMA quick_check(5)")
            .fetch_all(&mut *connection)
            .await
            .map_err(named)?;
        sound(path, &found)?;
    }
    Ok(())
}

fn sound(path: &Path, found: &[String]) -> Result<()> {
    if found.len() == 1 && found[0] == "ok" {
        return Ok(());
    }
    Err(StoreError::Corrupt { path: path.to_path_buf(), reason: found.join("; ") })
}

fn migration(path: &Path, error: &MigrateError) -> StoreError {
    let known = MIGRATIONS.iter().map(|m| m.version).max().unwrap_or_default();
    match error {
        MigrateError::VersionMissing(found) => {
            StoreError::Newer { path: path.to_path_buf(), found: *found, known }
        }
        MigrateError::Execute(e) | MigrateError::ExecuteMigration(e, _) => {
            match StoreError::of(e, path) {
                StoreError::Database(reason) => {
                    StoreError::Migration { path: path.to_path_buf(), reason }
                }
                named => named,
            }
        }
        other => StoreError::Migration { path: path.to_path_buf(), reason: other.to_string() },
    }
}
