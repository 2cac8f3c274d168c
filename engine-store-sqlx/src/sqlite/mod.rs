//! The store on `SQLite`: one file, one writer, many readers.
//!
//! Most statements read the same on Postgres: they lie in `portable/` and are compiled once for each database, with the words that differ as macros. What is
//! `SQLite`'s own is here: opening, group commit by a thread of its own, candidates of a claim.
//!
//! All that writes takes turns, in transactions that take the write lock when they begin: reading first and writing later would fail whenever somebody else wrote in
//! between. Starts and commits have a connection of their own: `writer`. Readers see the last commit and never wait.

/// The database's clock. `SQLite`'s knows milliseconds.
macro_rules! now {
    () => {
        "(CAST(round(unixepoch('now', 'subsec') * 1000) AS INTEGER) * 1000)"
    };
}

/// A column in a condition that must not use an index.
macro_rules! passive {
    ($column:literal) => {
        concat!("+", $column)
    };
}

/// What names a row of a table whose key has two columns.
macro_rules! row_name {
    ($key:literal) => {
        $key
    };
}

/// A counter, one higher. At the end of its range it becomes a number that cannot be read, so that the row is set aside and fails nothing else.
macro_rules! raised {
    ($column:literal) => {
        concat!("CASE WHEN ", $column, " < 2147483647 THEN ", $column, " + 1 ELSE -1 END")
    };
}

/// The transaction holds the whole database.
macro_rules! lock {
    () => {
        ""
    };
}

/// The transaction holds the whole database.
macro_rules! skip_locked {
    () => {
        ""
    };
}

/// Membership in a list of uuids that is bound with `ids`.
macro_rules! among {
    ($parameter:literal) => {
        concat!("IN (SELECT unhex(value) FROM json_each(", $parameter, "))")
    };
}

/// Membership in a list of texts that is bound with `texts`.
macro_rules! among_texts {
    ($parameter:literal) => {
        concat!("IN (SELECT value FROM json_each(", $parameter, "))")
    };
}

/// Membership in a list of numbers that is bound with `numbers`.
macro_rules! among_numbers {
    ($parameter:literal) => {
        concat!("IN (SELECT value FROM json_each(", $parameter, "))")
    };
}

#[path = "../portable/account.rs"]
mod account;
#[path = "../portable/audit.rs"]
mod audit;
#[path = "../portable/blob.rs"]
mod blob;
mod candidates;
#[path = "../portable/commit.rs"]
mod commit;
#[path = "../portable/credential.rs"]
mod credential;
#[path = "../portable/document.rs"]
mod document;
mod group;
#[path = "../portable/list.rs"]
mod list;
#[path = "../portable/load.rs"]
mod load;
mod open;
#[path = "../portable/query.rs"]
mod query;
#[path = "../portable/queue.rs"]
mod queue;
#[path = "../portable/schedule.rs"]
mod schedule;
#[path = "../portable/signal.rs"]
mod signal;
#[path = "../portable/store.rs"]
mod store;
#[cfg(test)]
mod tests;
#[path = "../portable/upkeep.rs"]
mod upkeep;
#[path = "../portable/workflow.rs"]
mod workflow;
mod writer;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use engine_core::model::Timestamp;
use engine_core::store::{StoreError, Wakeup};
use futures::stream::BoxStream;
use sqlx::{Sqlite, SqlitePool, query as statement};
use tokio::sync::{Mutex, OwnedMutexGuard};
use uuid::Uuid;

use self::candidates::{candidates, lock_claims};
pub use self::open::SqliteOptions;
use self::writer::Writer;
use crate::local::Listeners;
use crate::row::{get, time};
use crate::session::{Session, Transaction};

use SqliteStore as SqlStore;

type Sql = Sqlite;
type Row = sqlx::sqlite::SqliteRow;
type Reader = Session<Sqlite>;
type Statement<'q> = crate::session::Statement<'q, Sqlite>;

/// A copy of everything may take longer than statements of everyday.
const BACK_UP_LIMIT: Duration = Duration::from_hours(1);

/// Keeps everything in one `SQLite` file. Cloning it clones a handle.
#[derive(Clone)]
pub struct SqliteStore {
    core: Arc<Core>,
}

struct Core {
    readers: SqlitePool,
    /// One connection.
    writer: SqlitePool,
    /// Whoever holds it may write.
    turn: Arc<Mutex<()>>,
    limit: Duration,
    group: Writer,
    listeners: Listeners,
    /// The lane at which the last claim stopped looking for work, when there was too much to look at all of it.
    lane: std::sync::Mutex<Option<candidates::Lane>>,
}

impl SqliteStore {
    /// Ends all connections. What is under way is finished first.
    pub async fn close(&self) {
        self.core.group.end().await;
        self.core.readers.close().await;
        self.core.writer.close().await;
    }

    /// Writes a copy of everything, as it is now, to a file that is not there yet. Others read and write meanwhile.
    ///
    /// # Errors
    /// When the file cannot be written, or there is something of that name.
    pub async fn back_up(&self, file: &std::path::Path) -> Result<(), StoreError> {
        let Some(file) = file.to_str() else { return Err(StoreError::Invalid("the name of the file is no Unicode")) };
        let mut session = Session::open(&self.core.readers, BACK_UP_LIMIT).await?;
        session.change(statement("VACUUM INTO $1").bind(file)).await?;
        session.done();
        Ok(())
    }

    async fn reader(&self) -> Result<Reader, StoreError> {
        Session::open(&self.core.readers, self.core.limit).await
    }

    async fn read(&self, statement: Statement<'_>) -> Result<Vec<Row>, StoreError> {
        let mut session = self.reader().await?;
        let rows = session.all(statement).await?;
        session.done();
        Ok(rows)
    }

    async fn read_first(&self, statement: Statement<'_>) -> Result<Option<Row>, StoreError> {
        let mut session = self.reader().await?;
        let row = session.first(statement).await?;
        session.done();
        Ok(row)
    }

    async fn write(&self, statement: Statement<'_>) -> Result<u64, StoreError> {
        let _turn = self.core.turn.lock().await;
        let mut session = Session::open(&self.core.writer, self.core.limit).await?;
        let changed = session.change(statement).await?;
        session.done();
        Ok(changed)
    }

    async fn begin(&self) -> Result<Tx, StoreError> {
        let turn = Arc::clone(&self.core.turn).lock_owned().await;
        let transaction = Transaction::begin(Session::open(&self.core.writer, self.core.limit).await?, "BEGIN IMMEDIATE").await?;
        Ok(Tx { transaction, _turn: turn })
    }

    fn tell(&self, wakeup: Wakeup) {
        self.core.listeners.tell(wakeup);
    }

    fn listen(&self) -> BoxStream<'static, Wakeup> {
        self.core.listeners.listen()
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqliteStore({} readers)", self.core.readers.size())
    }
}

/// A transaction.
struct Tx {
    transaction: Transaction<Sqlite>,
    _turn: OwnedMutexGuard<()>,
}

impl Tx {
    /// The database's clock.
    async fn now(&mut self) -> Result<Timestamp, StoreError> {
        let row = self.transaction.first(statement(concat!("SELECT ", now!(), " AS now"))).await?;
        row.map_or(Ok(Timestamp::EPOCH), |row| get(&row, "now").map(time))
    }

    async fn all(&mut self, statement: Statement<'_>) -> Result<Vec<Row>, StoreError> {
        self.transaction.all(statement).await
    }

    async fn first(&mut self, statement: Statement<'_>) -> Result<Option<Row>, StoreError> {
        self.transaction.first(statement).await
    }

    async fn change(&mut self, statement: Statement<'_>) -> Result<u64, StoreError> {
        self.transaction.change(statement).await
    }

    async fn commit(self) -> Result<(), StoreError> {
        self.transaction.commit().await
    }

    async fn undo(self) -> Result<(), StoreError> {
        self.transaction.undo().await
    }

    async fn refuse<T>(self, reason: StoreError) -> Result<T, StoreError> {
        self.transaction.refuse(reason).await
    }
}

/// Removes ready rows whose id is none: nothing can name them, and they would hide others.
async fn remove_nameless(tx: &mut Tx) -> Result<(), StoreError> {
    tx.change(statement("DELETE FROM active WHERE state = 0 AND length(id) <> 16")).await.map(drop)
}

/// Uuids for `among!`.
fn ids(ids: impl Iterator<Item = Uuid>) -> String {
    let mut list = String::from("[");
    for id in ids {
        let separator = if list.len() > 1 { "," } else { "" };
        list.push_str(separator);
        list.push('"');
        list.push_str(id.simple().encode_lower(&mut Uuid::encode_buffer()));
        list.push('"');
    }
    list.push(']');
    list
}

/// Texts for `among_texts!`.
fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.collect::<serde_json::Value>().to_string()
}

/// Numbers for `among_numbers!`.
fn numbers(numbers: impl Iterator<Item = i64>) -> String {
    numbers.collect::<serde_json::Value>().to_string()
}

/// `SQLite` keeps history in one table.
async fn make_partitions(_store: &SqlStore) -> Result<(), StoreError> {
    Ok(())
}

/// `SQLite` keeps history in one table.
async fn drop_partitions(_store: &SqlStore, _cutoff: Timestamp) -> Result<u64, StoreError> {
    Ok(0)
}
