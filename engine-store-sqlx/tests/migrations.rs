//! The schema is brought up to date: from nothing, by several processes at once, and from what earlier releases left.
//!
//! `tests/releases/` holds a dump of each release's schema with something of everything in it (`support::release::leave`), made with `pg_dump --inserts` and
//! `sqlite3 .dump` on the day of the release.

#![cfg(all(feature = "postgres", feature = "sqlite"))]
#![expect(clippy::unwrap_used, reason = "tests panic to fail")]

mod support;

use std::path::Path;
use std::sync::Arc;

use engine_core::store::{StoreError, Stores};
use engine_store_sqlx::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore};
use futures::future::join_all;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection, query, raw_sql};
use support::{Schema, connect, release, run};

const FIRST_ON_POSTGRES: &str = include_str!("releases/first.postgres.sql");
const FIRST_ON_SQLITE: &str = include_str!("releases/first.sqlite.sql");

async fn sqlite_of(path: &Path, script: &'static str) {
    let mut connection = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path).create_if_missing(true)).await.unwrap();
    raw_sql(script).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// Breaks when what is left is not all found again, in the same release: then the other tests here would show nothing.
#[test]
fn what_is_left_is_found() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let sqlite = SqliteStore::open(SqliteOptions::new(directory.path().join("engine.sqlite"))).await.unwrap();
        let schema = Schema::new();
        for stores in [Stores::of(&Arc::new(sqlite)), Stores::of(&Arc::new(schema.open().await))] {
            release::leave(&stores).await;
            release::find(&stores).await;
        }
    });
}

/// Breaks when a change to the schema loses or changes what the first release left in Postgres.
#[test]
fn the_first_releases_data_is_found_on_postgres() {
    run(async {
        let schema = Schema::new();
        let script = FIRST_ON_POSTGRES.replace("engine_fixture", &schema.0);
        raw_sql(AssertSqlSafe(script)).execute(&mut connect().await).await.unwrap();
        let store = schema.open().await;
        release::find(&Stores::of(&Arc::new(store.clone()))).await;
        store.close().await;
    });
}

/// Breaks when a change to the schema loses or changes what the first release left in a file.
#[test]
fn the_first_releases_data_is_found_on_sqlite() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("engine.sqlite");
        sqlite_of(&path, FIRST_ON_SQLITE).await;
        let store = SqliteStore::open(SqliteOptions::new(&path)).await.unwrap();
        release::find(&Stores::of(&Arc::new(store))).await;
    });
}

/// Breaks when processes that start at the same time do not wait for each other, or each makes the schema.
#[test]
fn several_processes_may_open_an_empty_database_at_once() {
    run(async {
        let schema = Schema::new();
        let opened = join_all((0..4).map(|_| PostgresStore::open(schema.options().connections(2)))).await;
        for store in opened {
            store.unwrap().close().await;
        }
        let mut connection = connect().await;
        query("SELECT set_config('search_path', $1, false)").bind(&schema.0).execute(&mut connection).await.unwrap();
        let applied: Vec<i32> = query("SELECT version FROM engine_migrations ORDER BY version")
            .fetch_all(&mut connection)
            .await
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect();
        assert_eq!(applied, (1..=i32::try_from(applied.len()).unwrap()).collect::<Vec<_>>());

        // Many times: they meet only now and then.
        for _ in 0..20 {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("engine.sqlite");
            for store in join_all((0..4).map(|_| SqliteStore::open(SqliteOptions::new(&path)))).await {
                store.unwrap().close().await;
            }
        }
    });
}

/// Breaks when an older engine writes into a schema that it does not know.
#[test]
fn a_newer_schema_is_refused() {
    run(async {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("engine.sqlite");
        SqliteStore::open(SqliteOptions::new(&path)).await.unwrap().close().await;
        sqlite_of(&path, "INSERT INTO engine_migrations (version, name, checksum, applied) VALUES (999, 'later', x'00', '')").await;
        let refused = SqliteStore::open(SqliteOptions::new(&path)).await.unwrap_err();
        assert!(matches!(&refused, StoreError::Backend(reason) if reason.to_string().contains("use a newer engine")), "{refused:?}");
    });
}

/// Breaks when a name reaches the database that it would take for another one.
#[test]
fn schemas_have_plain_names() {
    run(async {
        for name in ["", "Engine", "a b", "a\"b", "1a", "a-b", &"a".repeat(41)] {
            let refused = PostgresStore::open(PostgresOptions::new(support::url()).schema(name)).await.unwrap_err();
            assert!(matches!(refused, StoreError::Invalid(_)), "{name:?}: {refused:?}");
        }
    });
}

/// Breaks when rows that came before their partition keep it from being made, or are lost when it is.
#[test]
fn a_partition_that_comes_late_takes_its_rows() {
    run(async {
        let schema = Schema::new();
        let store = schema.open().await;
        let stores = Stores::of(&Arc::new(store.clone()));
        let mut connection = connect().await;
        query("SELECT set_config('search_path', $1, false)").bind(&schema.0).execute(&mut connection).await.unwrap();
        // The engine was not running when the month began.
        let drop = "DO $$ DECLARE name text; BEGIN FOR name IN SELECT c.oid::regclass::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
                    WHERE i.inhparent = 'audit_log'::regclass AND c.relname ~ '_\\d{4}_\\d{2}$' LOOP EXECUTE 'DROP TABLE ' || name; END LOOP; END $$";
        raw_sql(drop).execute(&mut connection).await.unwrap();
        let entry = engine_core::store::AuditEntry {
            id: uuid::Uuid::now_v7(),
            tenant: "t".into(),
            at: engine_core::model::Timestamp::from_micros(1),
            actor: String::new(),
            action: String::new(),
            target: String::new(),
            details: engine_core::model::Json::new(),
        };
        stores.audit.audit(entry.clone()).await.unwrap();
        let early: i64 = query("SELECT count(*) FROM audit_log_other").fetch_one(&mut connection).await.unwrap().get(0);
        assert_eq!(early, 1);
        stores.upkeep.upkeep(&engine_core::store::Upkeep::default()).await.unwrap();
        let early: i64 = query("SELECT count(*) FROM audit_log_other").fetch_one(&mut connection).await.unwrap().get(0);
        assert_eq!(early, 0);
        assert_eq!(stores.audit.audit_log(&"t".into(), engine_core::store::PageRequest::first(9)).await.unwrap().items, [entry]);
        store.close().await;
    });
}
