//! Opening: connections, and a schema that is up to date.

use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine_core::store::StoreError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgPool, query, raw_sql};

use super::group::Group;
use super::wakeup::Wakeups;
use super::writers::Writers;
use super::{Core, PostgresStore, Tx, make_partitions};
use crate::error::from_sqlx;
use crate::migrate::{Migration, missing};
use crate::row::get;
use crate::session::{Session, Transaction, within};

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "first", sql: include_str!("../../migrations/postgres/0001_first.sql") },
    Migration { version: 2, name: "lists", sql: include_str!("../../migrations/postgres/0002_lists.sql") },
];

/// A schema's name may have so many letters: the channel for hints is named after it, and names of Postgres end after 63.
const LONGEST_SCHEMA: usize = 40;

/// How to reach the database, and how to use it.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    url: String,
    schema: String,
    connections: u32,
    writers: u32,
    limit: Duration,
    patience: Duration,
    idle: Duration,
    lifetime: Duration,
}

impl PostgresOptions {
    /// Where the database is: `postgres://user:password@host:port/name`. Sessions are called `engine` there, unless an `application_name` follows.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            schema: "engine".to_owned(),
            connections: 10,
            writers: 2,
            limit: Duration::from_secs(30),
            patience: Duration::from_secs(20),
            idle: Duration::from_mins(10),
            lifetime: Duration::from_mins(30),
        }
    }

    /// The schema in which everything lies; `engine` unless set. It is made when it is not there. Small letters, digits and `_`, at most 40 of them.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// How many connections for everything but writing journals; 10 unless set.
    #[must_use]
    pub fn connections(mut self, connections: u32) -> Self {
        self.connections = connections.max(2);
        self
    }

    /// How many connections for writing journals; 2 unless set. Over each, one group of writes is on its way at a time; more of them make smaller groups, which is worth
    /// it only where the way is long.
    #[must_use]
    pub fn writers(mut self, writers: u32) -> Self {
        self.writers = writers.max(1);
        self
    }

    /// How long one statement may take; 30 seconds unless set.
    #[must_use]
    pub fn statement_timeout(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// How long a journal write is tried again while the database cannot be reached; 20 seconds unless set.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// A connection that nobody uses is closed after this time, 10 minutes unless set; those that write journals stay.
    #[must_use]
    pub fn idle_timeout(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// A connection is replaced after this time, so that balancers and fail-overs are noticed; 30 minutes unless set.
    #[must_use]
    pub fn max_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// A pool of at most so many connections.
    fn pool(&self, connections: u32) -> PgPoolOptions {
        PgPoolOptions::new().max_connections(connections).acquire_timeout(self.limit).idle_timeout(self.idle).max_lifetime(self.lifetime)
    }

    fn connect(&self) -> Result<PgConnectOptions, StoreError> {
        let is_plain = |name: &str| {
            name.starts_with(|letter: char| letter.is_ascii_lowercase() || letter == '_')
                && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
        };
        if !is_plain(&self.schema) || self.schema.len() > LONGEST_SCHEMA {
            return Err(StoreError::Invalid("the name of the schema must be made of at most 40 small letters, digits and _"));
        }
        let millis = self.limit.as_millis().to_string();
        let mut options = PgConnectOptions::from_str(&self.url).map_err(from_sqlx)?.disable_statement_logging();
        if options.get_application_name().is_none() {
            options = options.application_name("engine");
        }
        Ok(options.statement_cache_capacity(250).options([
            ("search_path", self.schema.as_str()),
            ("statement_timeout", millis.as_str()),
            ("idle_in_transaction_session_timeout", millis.as_str()),
            ("synchronous_commit", "on"),
            // Compiling a statement takes longer than any of ours runs.
            ("jit", "off"),
        ]))
    }
}

impl PostgresStore {
    /// Connects, and brings the schema up to date.
    ///
    /// # Errors
    /// When the database cannot be reached, or its schema is newer than this engine.
    pub async fn open(options: PostgresOptions) -> Result<Self, StoreError> {
        let connect = options.connect()?;
        let pool = within(options.limit, options.pool(options.connections).connect_with(connect.clone())).await?;
        migrate(&pool, &options).await?;
        // Group commit joins small lists with large tables: a plan that reads a table from end to end is never right there, whatever the statistics say.
        let along_indexes =
            [("enable_seqscan", "off"), ("enable_hashjoin", "off"), ("enable_mergejoin", "off"), ("plan_cache_mode", "force_generic_plan")];
        let writers = options.pool(options.writers).test_before_acquire(false).connect_lazy_with(connect.options(along_indexes));
        let writers = Writers::new(writers, options.limit, options.lifetime);
        let core = Arc::new(Core {
            wakeups: Wakeups::new(&options.schema),
            group: Group::new(usize::try_from(options.writers).unwrap_or(1)),
            limit: options.limit,
            patience: options.patience,
            lane: Mutex::default(),
            pool,
            writers,
        });
        let store = Self { core };
        match make_partitions(&store).await {
            // Somebody reads or writes for long just now. What has no partition lies in the default one until upkeep makes it.
            Ok(()) | Err(StoreError::Unavailable(_)) => {}
            Err(error) => return Err(error),
        }
        Wakeups::run(&store.core);
        Ok(store)
    }
}

/// Applies what is missing, in one transaction; processes that start at the same time wait for each other.
async fn migrate(pool: &PgPool, options: &PostgresOptions) -> Result<(), StoreError> {
    let mut tx = Tx(Transaction::begin(Session::open(pool, options.limit).await?, "BEGIN").await?);
    // Changes to large tables take longer than statements of everyday, and so does waiting for another process that makes them.
    tx.script("SET LOCAL statement_timeout = '10min'; SET LOCAL idle_in_transaction_session_timeout = '10min'").await?;
    tx.change(query("SELECT set_config('engine.schema', $1, true)").bind(&options.schema)).await?;
    tx.script("SELECT pg_advisory_xact_lock(7113, hashtext(current_setting('engine.schema')))").await?;
    tx.script("DO $$ BEGIN EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', current_setting('engine.schema')); END $$").await?;
    tx.script(
        "CREATE TABLE IF NOT EXISTS engine_migrations (version integer PRIMARY KEY, name text NOT NULL, checksum bytea NOT NULL, applied timestamptz NOT NULL)",
    )
    .await?;
    let rows = tx.all(query("SELECT version, checksum FROM engine_migrations ORDER BY version")).await?;
    let applied: Result<Vec<_>, StoreError> = rows.iter().map(|row| Ok((get(row, "version")?, get(row, "checksum")?))).collect();
    for migration in missing(MIGRATIONS, &applied?)? {
        tx.script(migration.sql).await?;
        let note = query("INSERT INTO engine_migrations (version, name, checksum, applied) VALUES ($1, $2, $3, now())");
        tx.change(note.bind(migration.version).bind(migration.name).bind(migration.checksum())).await?;
    }
    tx.commit().await
}

impl Tx {
    /// Several statements without arguments.
    async fn script(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.0.script(raw_sql(sql)).await
    }
}
