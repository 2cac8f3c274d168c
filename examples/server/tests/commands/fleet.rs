//! Several processes on one Postgres.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;
use sqlx::{Connection, PgConnection, raw_sql};

use crate::server::{Place, answer, greeting};

/// A schema of its own, dropped at the end.
struct Schema {
    url: String,
    name: String,
}

impl Schema {
    fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let url = std::env::var("ENGINE_TEST_POSTGRES").unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned());
        Self { url, name: format!("engine_server_test_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed)) }
    }

    /// A folder on this schema, with the secrets of the fleet.
    fn place(&self) -> Place {
        let place = Place::new().with("DATABASE_URL", &self.url).with("ENGINE_DATABASE_SCHEMA", &self.name);
        let place = place.with("ENGINE_DATABASE_CONNECTIONS", "4").with("ENGINE_DATABASE_WRITERS", "2").with("ENGINE_ENVIRONMENT", "production");
        let place = place.with("ENGINE_JWT_SECRET", &"j".repeat(32)).with("ENGINE_RESUME_KEY", &"r".repeat(32));
        let place = place.with("ENGINE_ENCRYPTION_KEYS", &format!("k1:{}", "0a".repeat(32)));
        place.with("ENGINE_ADMIN_EMAIL", "ada@example.com").with("ENGINE_ADMIN_PASSWORD", "correct horse battery")
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let (url, name) = (self.url.clone(), self.name.clone());
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut connection = PgConnection::connect(&url).await.unwrap();
                let script = format!("DROP SCHEMA IF EXISTS {name} CASCADE");
                raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut connection).await.unwrap();
            });
        });
        drop(dropping.join());
    }
}

fn started(place: &Place) -> crate::server::Server {
    place.serve(&[])
}

#[tokio::test]
async fn what_one_server_stores_another_serves() {
    let schema = Schema::new();
    let (here, there) = (schema.place(), schema.place());
    assert_eq!(here.run(&["migrate"]).done(), "the schema on Postgres is up to date\n");
    let mut first = started(&here);
    first.sign_in("ada@example.com", "correct horse battery").await;
    here.write("greet.json", &greeting("greet"));
    here.run(&["import", "greet.json", "--activate"]).done();
    let second = started(&there);
    assert_eq!(answer(second.post("/webhook/greet", &json!({"name": "Ada"})), 200).await["greeting"], "Hello Ada");
    assert_eq!(here.run(&["user", "list"]).done().lines().count(), 1, "the first administrator is made once");
    assert!(!here.path("data").exists(), "a member of a fleet keeps nothing on its machine");
}

#[test]
fn the_command_that_backs_up_shows_no_password() {
    let schema = Schema::new();
    let place = schema.place();
    let told = place.run(&["backup", "engine.dump"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert_eq!(told.out, format!("pg_dump --format=custom --schema={} --file=engine.dump \"$DATABASE_URL\"\n", schema.name));
}

#[test]
fn a_database_that_cannot_be_reached_is_told_with_what_to_do() {
    let place = Place::new().with("DATABASE_URL", "postgres://engine:canary@127.0.0.1:1/engine").with("ENGINE_DATABASE_STATEMENT_TIMEOUT", "2s");
    let refused = place.run(&["migrate"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("the Postgres database cannot be used") && !refused.err.contains("canary"), "{}", refused.err);
}
