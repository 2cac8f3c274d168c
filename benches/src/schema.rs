//! Where the benchmarks keep what they store on Postgres.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection, Executor};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// `ENGINE_TEST_POSTGRES`, otherwise the server on 127.0.0.1:5432.
pub(crate) fn url() -> String {
    std::env::var("ENGINE_TEST_POSTGRES").unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned())
}

/// A schema for one run.
pub(crate) struct Schema(&'static str);

impl Schema {
    /// An empty one; what an earlier run left is dropped.
    pub(crate) async fn new(name: &'static str) -> Result<Self, Failure> {
        let schema = Self(name);
        schema.drop().await?;
        let mut connection = PgConnection::connect(&url()).await?;
        connection.execute(AssertSqlSafe(["CREATE SCHEMA ", name].concat())).await?;
        Ok(schema)
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.0
    }

    pub(crate) async fn drop(&self) -> Result<(), Failure> {
        let mut connection = PgConnection::connect(&url()).await?;
        connection.execute(AssertSqlSafe(["DROP SCHEMA IF EXISTS ", self.0, " CASCADE"].concat())).await?;
        Ok(())
    }

    pub(crate) async fn connect(&self) -> Result<PgConnection, Failure> {
        let options = url().parse::<PgConnectOptions>()?.options([("search_path", self.0)]);
        Ok(PgConnection::connect_with(&options).await?)
    }
}
