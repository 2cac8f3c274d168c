//! Opens the stores that the configuration names. All commands come here.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use engine_core::runtime::TokioRuntime;
use engine_core::store::{MemoryStore, Stores};
use engine_store_sqlx::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore};
use secrecy::ExposeSecret;

use crate::data;
use crate::settings::{DatabaseSettings, Settings, StorageKind, Target};

/// Open stores, their schema up to date.
#[derive(Debug)]
pub(crate) struct Storage {
    pub(crate) stores: Stores,
    pub(crate) database: Database,
}

/// What keeps them.
#[derive(Debug)]
pub(crate) enum Database {
    Memory,
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
}

impl Storage {
    /// Opens what the settings name. Must be called on the runtime.
    pub(crate) async fn open(settings: &Settings) -> anyhow::Result<Self> {
        let Self { mut stores, database } = Self::on(&settings.database).await?;
        if settings.storage.kind != StorageKind::Database {
            stores.blobs = blobs(settings)?;
        }
        Ok(Self { stores, database })
    }

    /// Opens a database alone, with binary data in it.
    pub(crate) async fn on(settings: &DatabaseSettings) -> anyhow::Result<Self> {
        let database = Database::open(settings).await?;
        Ok(Self { stores: database.stores(), database })
    }

    /// Ends all connections, when what is under way is finished.
    pub(crate) async fn close(self) {
        match self.database {
            Database::Memory => {}
            Database::Sqlite(store) => store.close().await,
            Database::Postgres(store) => store.close().await,
        }
    }
}

/// After this time it is told that the database does not answer.
const SILENT: Duration = Duration::from_secs(3);

/// Waits for a database, and says so when that takes long.
async fn telling<T>(mut opening: Pin<Box<impl Future<Output = T>>>, why: &str) -> T {
    if let Ok(opened) = tokio::time::timeout(SILENT, &mut opening).await {
        return opened;
    }
    tracing::warn!("the database does not answer yet: {why}");
    opening.await
}

impl Database {
    async fn open(settings: &DatabaseSettings) -> anyhow::Result<Self> {
        match &settings.target {
            Target::Memory => Ok(Self::Memory),
            Target::Sqlite(path) => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                folder.map(data::make_folder).transpose()?;
                data::make_file(path)?;
                let options = SqliteOptions::new(path).readers(settings.connections.min(8)).statement_timeout(settings.statement_timeout);
                let locked = format!("another program may hold the SQLite file {} locked", path.display());
                let store = telling(Box::pin(SqliteStore::open(options)), &locked).await;
                let store = store.map_err(|error| {
                    let why = if error.is_transient() { locked } else { format!("the SQLite file {} cannot be used", path.display()) };
                    anyhow::Error::new(error).context(why)
                })?;
                Ok(Self::Sqlite(store))
            }
            Target::Postgres(url) => {
                let options = PostgresOptions::new(url.expose_secret())
                    .schema(&settings.schema)
                    .connections(settings.connections)
                    .writers(settings.writers)
                    .statement_timeout(settings.statement_timeout)
                    .idle_timeout(settings.idle_timeout)
                    .max_lifetime(settings.max_lifetime);
                let store = telling(Box::pin(PostgresStore::open(options)), "`engine config check` shows its address").await;
                let store = store.context("the Postgres database cannot be used; `engine config check` shows its address")?;
                Ok(Self::Postgres(store))
            }
        }
    }

    fn stores(&self) -> Stores {
        match self {
            Self::Memory => Stores::of(&Arc::new(MemoryStore::new(Arc::new(TokioRuntime::current())))),
            Self::Sqlite(store) => Stores::of(&Arc::new(store.clone())),
            Self::Postgres(store) => Stores::of(&Arc::new(store.clone())),
        }
    }

    /// Its name, for people.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "Postgres",
        }
    }

    /// Refuses what makes no sense without a database.
    pub(crate) fn must_last(&self) -> anyhow::Result<()> {
        match self {
            Self::Memory => bail!("DATABASE_URL says memory: nothing outlives this command"),
            Self::Sqlite(_) | Self::Postgres(_) => Ok(()),
        }
    }
}

#[cfg(feature = "object-store")]
fn blobs(settings: &Settings) -> anyhow::Result<Arc<dyn engine_core::blob::BlobStore>> {
    Ok(Arc::new(crate::bucket::Bucket::open(&settings.storage, &settings.server.data)?))
}

#[cfg(not(feature = "object-store"))]
fn blobs(_settings: &Settings) -> anyhow::Result<Arc<dyn engine_core::blob::BlobStore>> {
    bail!("this build keeps binary data in the database only")
}
