//! Stores of [`engine_core`] on Postgres and `SQLite`.
//!
//! [`PostgresStore`] and [`SqliteStore`] play every part of [`engine_core::store`]: executions with their journals, queue and leases, workflows,
//! schedules, credentials, users. A program opens one and hands it to the engine:
//!
//! ```no_run
//! # #[cfg(feature = "sqlite")]
//! # async fn open() -> Result<(), engine_core::store::StoreError> {
//! use std::sync::Arc;
//!
//! use engine_core::store::Stores;
//! use engine_store_sqlx::{SqliteOptions, SqliteStore};
//!
//! let store = SqliteStore::open(SqliteOptions::new("./data/engine.sqlite")).await?;
//! let stores = Stores::of(&Arc::new(store));
//! # drop(stores);
//! # Ok(())
//! # }
//! ```
//!
//! Opening brings the schema up to date. Everything runs on tokio, because sqlx does.

#![forbid(unsafe_code)]
#![cfg_attr(
    all(feature = "postgres", feature = "sqlite"),
    expect(
        clippy::duplicate_mod,
        reason = "statements that read the same on both databases are compiled once for each, with the words that differ as macros"
    )
)]

mod code;
mod error;
mod group;
mod local;
mod migrate;
#[cfg(feature = "postgres")]
mod postgres;
mod row;
mod session;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "postgres")]
pub use postgres::{PostgresOptions, PostgresStore};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteOptions, SqliteStore};
