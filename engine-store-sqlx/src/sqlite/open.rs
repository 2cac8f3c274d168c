//! Opening: connections, and a schema that is up to date.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine_core::store::StoreError;
use rusqlite::{Connection, OpenFlags};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqlitePool, query, raw_sql};
use tokio::time::{Instant, sleep};

use super::writer::Writer;
use super::{Core, SqliteStore};
use crate::error::{from_rusqlite, from_sqlx};
use crate::local::Listeners;
use crate::migrate::{Migration, missing};
use crate::row::get;
use crate::session::{Session, Transaction};

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "first", sql: include_str!("../../migrations/sqlite/0001_first.sql") },
    Migration { version: 2, name: "lists", sql: include_str!("../../migrations/sqlite/0002_lists.sql") },
    Migration { version: 3, name: "journal", sql: include_str!("../../migrations/sqlite/0003_journal.sql") },
];

/// Before a file that another process locks is opened again.
const PAUSE: Duration = Duration::from_millis(10);

/// Where the file is, and how to use it.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    path: PathBuf,
    readers: u32,
    limit: Duration,
    most_bytes: Option<u64>,
}

/// Bytes in a page of the file.
const PAGE: u32 = 4096;

/// So many prepared statements are kept for groups, which need fewer.
const GROUP_STATEMENTS: usize = 32;

impl SqliteOptions {
    /// The file; it is made when it is not there. The directory must be there.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_owned(), readers: 4, limit: Duration::from_secs(30), most_bytes: None }
    }

    /// How many connections read; 4 unless set. One more writes.
    #[must_use]
    pub fn readers(mut self, readers: u32) -> Self {
        self.readers = readers.max(1);
        self
    }

    /// How long one statement may take, and how long it waits for another process that writes; 30 seconds unless set.
    #[must_use]
    pub fn statement_timeout(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The file may grow so large, its log not counted; what has no room is refused with [`StoreError::Full`]. As large as the disk allows unless set.
    #[must_use]
    pub fn most_bytes(mut self, bytes: u64) -> Self {
        self.most_bytes = Some(bytes);
        self
    }

    fn connect(&self) -> SqliteConnectOptions {
        // Every commit is on the disk when it returns: synchronous FULL syncs the log each time.
        let options = SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(self.limit)
            .foreign_keys(false)
            .statement_cache_capacity(250)
            .disable_statement_logging();
        match self.most_pages() {
            Some(pages) => options.page_size(PAGE).pragma("max_page_count", pages.to_string()),
            None => options,
        }
    }

    /// The connection that writes. Processes that open a new file at the same moment meet when they turn its log on, and SQLite refuses there at once instead of
    /// waiting for the lock: they try again.
    async fn writer(&self) -> Result<SqlitePool, StoreError> {
        let until = Instant::now() + self.limit;
        loop {
            let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(self.limit).test_before_acquire(false);
            let opened = pool.idle_timeout(None).max_lifetime(None).connect_with(self.connect()).await.map_err(from_sqlx);
            match opened {
                Err(StoreError::Unavailable(_)) if Instant::now() + PAUSE < until => sleep(PAUSE).await,
                opened => return opened,
            }
        }
    }

    /// A connection without a pool, for the thread that writes groups.
    pub(super) fn connect_directly(&self) -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(self.limit)?;
        connection.set_prepared_statement_cache_capacity(GROUP_STATEMENTS);
        connection.pragma_update(None, "synchronous", "FULL")?;
        if let Some(pages) = self.most_pages() {
            // It answers what it was set to.
            connection.query_one(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
        }
        Ok(connection)
    }

    fn most_pages(&self) -> Option<u64> {
        self.most_bytes.map(|bytes| bytes.div_ceil(u64::from(PAGE)))
    }
}

impl SqliteStore {
    /// Opens the file, and brings the schema up to date.
    ///
    /// # Errors
    /// When the file cannot be opened, or its schema is newer than this engine.
    pub async fn open(options: SqliteOptions) -> Result<Self, StoreError> {
        let writer = options.writer().await?;
        migrate(&writer, options.limit).await?;
        let readers = SqlitePoolOptions::new().max_connections(options.readers).acquire_timeout(options.limit).test_before_acquire(false);
        let readers = readers.connect_lazy_with(options.connect().read_only(true).create_if_missing(false));
        let turn: Arc<tokio::sync::Mutex<()>> = Arc::default();
        let group = Writer::start(options.connect_directly().map_err(from_rusqlite)?, Arc::clone(&turn))?;
        let core = Core { readers, writer, turn, limit: options.limit, group, listeners: Listeners::default(), lane: Mutex::default() };
        Ok(Self { core: Arc::new(core) })
    }
}

/// Applies what is missing, in one transaction; processes that start at the same time wait for each other.
async fn migrate(pool: &SqlitePool, limit: Duration) -> Result<(), StoreError> {
    let mut tx = Transaction::begin(Session::open(pool, limit).await?, "BEGIN IMMEDIATE").await?;
    tx.script(raw_sql("CREATE TABLE IF NOT EXISTS engine_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum BLOB NOT NULL, applied TEXT NOT NULL) STRICT"))
        .await?;
    let rows = tx.all(query("SELECT version, checksum FROM engine_migrations ORDER BY version")).await?;
    let applied: Result<Vec<_>, StoreError> = rows.iter().map(|row| Ok((get(row, "version")?, get(row, "checksum")?))).collect();
    for migration in missing(MIGRATIONS, &applied?)? {
        tx.script(raw_sql(migration.sql)).await?;
        let note = query("INSERT INTO engine_migrations (version, name, checksum, applied) VALUES ($1, $2, $3, datetime('now'))");
        tx.change(note.bind(migration.version).bind(migration.name).bind(migration.checksum())).await?;
    }
    tx.commit().await
}
