//! A connection in use: every statement has a time limit, and a connection that was left in the middle of one is never used again.

use std::time::Duration;

use engine_core::store::StoreError;
use futures::FutureExt;
use sqlx::pool::PoolConnection;
use sqlx::query::Query;
use sqlx::{Database, Executor, IntoArguments, RawSql};

use crate::error::{from_sqlx, timed_out};

/// A statement with its arguments.
pub(crate) type Statement<'q, DB> = Query<'q, DB, <DB as Database>::Arguments>;

/// Changes to the schema may take longer than statements of everyday.
const SCRIPT_LIMIT: Duration = Duration::from_mins(10);

/// A connection that was taken from a pool.
///
/// When it is dropped before [`Session::done`], because a statement failed, took too long or was given up, the connection is closed: what
/// was not committed is rolled back by the database.
#[derive(Debug)]
pub(crate) struct Session<DB: Database> {
    connection: Option<PoolConnection<DB>>,
    limit: Duration,
}

impl<DB: Database> Session<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    DB::Arguments: IntoArguments<DB>,
    DB::QueryResult: Affected,
{
    /// Takes a connection from the pool.
    pub(crate) async fn open(pool: &sqlx::Pool<DB>, limit: Duration) -> Result<Self, StoreError> {
        // Boxed: acquiring may mean to connect, and what that needs is large.
        let connection = within(limit, pool.acquire().boxed()).await?;
        Ok(Self { connection: Some(connection), limit })
    }

    fn connection(&mut self) -> &mut DB::Connection {
        self.connection.as_deref_mut().expect("a session has its connection until it is done")
    }

    /// All rows.
    pub(crate) async fn all(&mut self, statement: Statement<'_, DB>) -> Result<Vec<DB::Row>, StoreError> {
        let limit = self.limit;
        within(limit, statement.fetch_all(self.connection())).await
    }

    /// The first row.
    pub(crate) async fn first(&mut self, statement: Statement<'_, DB>) -> Result<Option<DB::Row>, StoreError> {
        let limit = self.limit;
        within(limit, statement.fetch_optional(self.connection())).await
    }

    /// Changes rows; gives how many.
    pub(crate) async fn change(&mut self, statement: Statement<'_, DB>) -> Result<u64, StoreError> {
        let limit = self.limit;
        Ok(within(limit, statement.execute(self.connection())).await?.affected())
    }

    /// Runs several statements without arguments.
    pub(crate) async fn script(&mut self, script: RawSql) -> Result<(), StoreError> {
        within(SCRIPT_LIMIT, script.execute(self.connection())).await.map(drop)
    }

    /// Gives the connection back. The pool asks it first whether it still lives, and would wait for an answer without end: one that is late is closed.
    pub(crate) fn done(mut self) {
        if let Some(mut connection) = self.connection.take() {
            tokio::spawn(tokio::time::timeout(self.limit, connection.return_to_pool()));
        }
    }
}

impl<DB: Database> Drop for Session<DB> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.detach());
        }
    }
}

/// How many rows a statement changed.
pub(crate) trait Affected {
    fn affected(&self) -> u64;
}

#[cfg(feature = "postgres")]
impl Affected for sqlx::postgres::PgQueryResult {
    fn affected(&self) -> u64 {
        self.rows_affected()
    }
}

#[cfg(feature = "sqlite")]
impl Affected for sqlx::sqlite::SqliteQueryResult {
    fn affected(&self) -> u64 {
        self.rows_affected()
    }
}

/// Waits so long for the database, and no longer.
pub(crate) async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
    tokio::time::timeout(limit, work).await.map_err(|_| timed_out())?.map_err(from_sqlx)
}

/// A transaction. Dropped before its end, it is rolled back by closing its connection.
pub(crate) struct Transaction<DB: Database>(Session<DB>);

impl<DB: Database> Transaction<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    DB::Arguments: IntoArguments<DB>,
    DB::QueryResult: Affected,
{
    /// Begins one with this statement.
    pub(crate) async fn begin(mut session: Session<DB>, statement: &'static str) -> Result<Self, StoreError> {
        session.change(sqlx::query(statement)).await?;
        Ok(Self(session))
    }

    /// All rows.
    pub(crate) async fn all(&mut self, statement: Statement<'_, DB>) -> Result<Vec<DB::Row>, StoreError> {
        self.0.all(statement).await
    }

    /// The first row.
    pub(crate) async fn first(&mut self, statement: Statement<'_, DB>) -> Result<Option<DB::Row>, StoreError> {
        self.0.first(statement).await
    }

    /// Changes rows; gives how many.
    pub(crate) async fn change(&mut self, statement: Statement<'_, DB>) -> Result<u64, StoreError> {
        self.0.change(statement).await
    }

    /// Runs several statements without arguments.
    pub(crate) async fn script(&mut self, script: RawSql) -> Result<(), StoreError> {
        self.0.script(script).await
    }

    /// Makes it durable.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        self.0.change(sqlx::query("COMMIT")).await?;
        self.0.done();
        Ok(())
    }

    /// Undoes it.
    pub(crate) async fn undo(mut self) -> Result<(), StoreError> {
        self.0.change(sqlx::query("ROLLBACK")).await?;
        self.0.done();
        Ok(())
    }

    /// Undoes it, and says why.
    pub(crate) async fn refuse<T>(self, reason: StoreError) -> Result<T, StoreError> {
        self.undo().await?;
        Err(reason)
    }
}
