//! A place of its own in Postgres.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection, PgConnection, query_scalar, raw_sql};

use crate::server::{Place, Server};

/// A schema of its own, dropped at the end.
pub(crate) struct Schema {
    pub(crate) url: String,
    pub(crate) name: String,
}

impl Schema {
    pub(crate) fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let url = std::env::var("ENGINE_TEST_POSTGRES").unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned());
        Self { url, name: format!("engine_server_test_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed)) }
    }

    /// A folder on this schema, with the secrets of the fleet.
    pub(crate) fn place(&self) -> Place {
        let place = Place::new().with("DATABASE_URL", &self.url).with("ENGINE_DATABASE_SCHEMA", &self.name);
        let place = place.with("ENGINE_DATABASE_CONNECTIONS", "4").with("ENGINE_DATABASE_WRITERS", "2").with("ENGINE_ENVIRONMENT", "production");
        let place = place.with("ENGINE_JWT_SECRET", &"j".repeat(32)).with("ENGINE_RESUME_KEY", &"r".repeat(32));
        let place = place.with("ENGINE_ENCRYPTION_KEYS", &format!("k1:{}", "0a".repeat(32)));
        place.with("ENGINE_ADMIN_EMAIL", "ada@example.com").with("ENGINE_ADMIN_PASSWORD", "correct horse battery")
    }

    /// A folder for a process of this name that may reach this machine, and counts as lost after a second.
    pub(crate) fn place_of(&self, name: &str) -> Place {
        let place = self.place().with("ENGINE_WORKER_NAME", name).with("ENGINE_NETWORK_ALLOW", "127.0.0.1");
        place.with("ENGINE_LEASE_TIME", "1s").with("ENGINE_POLL", "100ms")
    }

    /// A server of this name, and somebody signed in.
    pub(crate) async fn server(&self, name: &str) -> Server {
        let mut server = self.place_of(name).serve(&[]);
        server.sign_in("ada@example.com", "correct horse battery").await;
        server
    }

    pub(crate) async fn connect(&self) -> PgConnection {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        sqlx::query("SELECT set_config('search_path', $1, false)").bind(&self.name).execute(&mut connection).await.unwrap();
        connection
    }

    /// The name of the process that drives the only execution that has not ended.
    pub(crate) async fn driving(&self) -> String {
        query_scalar("SELECT w.name FROM active a JOIN workers w ON w.id = a.worker").fetch_one(&mut self.connect().await).await.unwrap()
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
