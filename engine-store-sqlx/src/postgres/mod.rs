//! The store on Postgres.
//!
//! Most statements read the same on `SQLite`: they lie in `portable/` and are compiled once for each database, with the words that differ as macros. What is
//! Postgres' own is here: opening, group commit by one statement over `unnest`, candidates of a claim, notifications, partitions.

/// The database's clock. A subquery, so that it is read once for each statement: compared with a volatile function, no index is of use.
macro_rules! now {
    () => {
        "(SELECT now_micros())"
    };
}

/// A counter, one higher. At the end of its range it becomes a number that cannot be read, so that the row is set aside and fails nothing else.
macro_rules! raised {
    ($column:literal) => {
        concat!("CASE WHEN ", $column, " < 2147483647 THEN ", $column, " + 1 ELSE -1 END")
    };
}

/// A column in a condition that need not use an index: the planner knows best.
macro_rules! passive {
    ($column:literal) => {
        $column
    };
}

/// What names a row of a table whose key has two columns.
macro_rules! row_name {
    ($key:literal) => {
        "ctid"
    };
}

/// Keeps the rows that were read from being changed by others until the transaction ends.
macro_rules! lock {
    () => {
        " FOR NO KEY UPDATE"
    };
}

/// The same, passing over rows that others hold.
macro_rules! skip_locked {
    () => {
        " FOR NO KEY UPDATE SKIP LOCKED"
    };
}

/// Membership in a list of uuids that is bound with `ids`.
macro_rules! among {
    ($parameter:literal) => {
        concat!("= ANY(", $parameter, ")")
    };
}

/// Membership in a list of texts that is bound with `texts`.
macro_rules! among_texts {
    ($parameter:literal) => {
        concat!("= ANY(", $parameter, ")")
    };
}

/// Membership in a list of numbers that is bound with `numbers`.
macro_rules! among_numbers {
    ($parameter:literal) => {
        concat!("= ANY(", $parameter, ")")
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
mod partitions;
mod parts;
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
#[path = "../portable/upkeep.rs"]
mod upkeep;
mod wakeup;
#[path = "../portable/workflow.rs"]
mod workflow;
mod writer;
mod writers;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use engine_core::model::Timestamp;
use engine_core::store::StoreError;
use sqlx::{PgPool, Postgres, query as statement};
use uuid::Uuid;

use self::candidates::{Lane, candidates, lock_claims};
use self::group::Group;
pub use self::open::PostgresOptions;
use self::partitions::{drop_partitions, make_partitions};
use self::wakeup::Wakeups;
use self::writers::Writers;
use crate::row::{get, time};
use crate::session::{Session, Transaction};

use PostgresStore as SqlStore;

type Sql = Postgres;
type Row = sqlx::postgres::PgRow;
type Reader = Session<Postgres>;
type Statement<'q> = crate::session::Statement<'q, Postgres>;

/// Keeps everything in one schema of a Postgres database. Cloning it clones a handle.
#[derive(Clone)]
pub struct PostgresStore {
    core: Arc<Core>,
}

struct Core {
    /// For everything but group commit.
    pool: PgPool,
    /// For group commit: sessions that always go along indexes.
    writers: Writers,
    limit: Duration,
    patience: Duration,
    group: Group,
    wakeups: Wakeups,
    /// Where the last claim stopped looking for work, when there was too much to look at all of it.
    lane: std::sync::Mutex<Option<Lane>>,
}

impl PostgresStore {
    /// Ends all connections. What is under way is finished first, within the time limit of a statement: a connection that swallows everything never says goodbye.
    pub async fn close(&self) {
        let closing = async {
            self.core.writers.close().await;
            self.core.pool.close().await;
        };
        // Connections that are still open then end with the process.
        drop(tokio::time::timeout(self.core.limit, closing).await);
    }

    /// The server's version, such as 150004 for 15.4.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn server_version(&self) -> Result<u32, StoreError> {
        let row = self.read_first(statement("SELECT current_setting('server_version_num')::bigint AS version")).await?;
        let version = row.map_or(Ok(0), |row| get::<i64, _>(&row, "version"))?;
        u32::try_from(version).map_err(|_| StoreError::corrupt("setting", "server_version_num", version.to_string()))
    }

    async fn reader(&self) -> Result<Reader, StoreError> {
        Session::open(&self.core.pool, self.core.limit).await
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
        let mut session = self.reader().await?;
        let changed = session.change(statement).await?;
        session.done();
        Ok(changed)
    }

    async fn begin(&self) -> Result<Tx, StoreError> {
        Transaction::begin(self.reader().await?, "BEGIN").await.map(Tx)
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresStore({} connections)", self.core.pool.size() + self.core.writers.size())
    }
}

/// A transaction.
struct Tx(Transaction<Postgres>);

impl Tx {
    /// The database's clock.
    async fn now(&mut self) -> Result<Timestamp, StoreError> {
        let row = self.0.first(statement("SELECT now_micros() AS now")).await?;
        row.map_or(Ok(Timestamp::EPOCH), |row| get(&row, "now").map(time))
    }

    async fn all(&mut self, statement: Statement<'_>) -> Result<Vec<Row>, StoreError> {
        self.0.all(statement).await
    }

    async fn first(&mut self, statement: Statement<'_>) -> Result<Option<Row>, StoreError> {
        self.0.first(statement).await
    }

    async fn change(&mut self, statement: Statement<'_>) -> Result<u64, StoreError> {
        self.0.change(statement).await
    }

    async fn commit(self) -> Result<(), StoreError> {
        self.0.commit().await
    }

    async fn undo(self) -> Result<(), StoreError> {
        self.0.undo().await
    }

    async fn refuse<T>(self, reason: StoreError) -> Result<T, StoreError> {
        self.0.refuse(reason).await
    }
}

/// Every id is a uuid here.
async fn remove_nameless(_tx: &mut Tx) -> Result<(), StoreError> {
    Ok(())
}

/// Uuids for `among!`.
fn ids(ids: impl Iterator<Item = Uuid>) -> Vec<Uuid> {
    ids.collect()
}

/// Texts for `among_texts!`.
fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    texts.map(str::to_owned).collect()
}

/// Numbers for `among_numbers!`.
fn numbers(numbers: impl Iterator<Item = i64>) -> Vec<i64> {
    numbers.collect()
}
