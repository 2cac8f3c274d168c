//! `engine worker`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use tokio::sync::watch;

use crate::session::Session;
use crate::settings::Settings;
use crate::storage::{Database, Storage};
use crate::{engine, listeners, open_files, setup, telemetry};

/// Drives executions of a Postgres that servers share, and serves nothing but health and metrics, at `ENGINE_METRICS_LISTEN`.
///
/// Needs the database and the secrets of the servers. Ends on SIGINT or SIGTERM, after what runs, but at most `ENGINE_DRAIN_TIMEOUT` later; the rest is handed back
/// to the others. Exit code 0 when nothing was cut off, 1 when something was, 2 when the worker could not start.
#[derive(Debug, Args)]
pub(crate) struct Work {}

impl Work {
    #[expect(clippy::unused_self, reason = "all commands have one shape")]
    pub(crate) fn execute(self, session: &Session) -> anyhow::Result<ExitCode> {
        let settings = session.settings_with_secrets()?;
        let telemetry = telemetry::begin(&settings.telemetry)?;
        open_files::raise_limit((settings.executions.concurrency, "ENGINE_CONCURRENCY"), &settings.database);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the async runtime could not be started")?;
        runtime.spawn(telemetry.log.watch());
        let code = runtime.block_on(work(&settings))?;
        runtime.shutdown_timeout(Duration::from_secs(1));
        Ok(code)
    }
}

async fn work(settings: &Settings) -> anyhow::Result<ExitCode> {
    let storage = Storage::open(settings).await?;
    if !matches!(storage.database, Database::Postgres(_)) {
        bail!(
            "a worker shares a Postgres with its servers: set DATABASE_URL; on {} `engine serve` does everything by itself",
            storage.database.name()
        );
    }
    let service = engine::service(settings, &storage.stores).await?;
    let (stop, stopping) = watch::channel(false);
    let metrics = listeners::observed(&service, settings, stopping).await?;
    let name = service.worker().options().name.clone();
    let end = listeners::end_asked_for()?;
    setup::print_line(&format!("working as {name}"));
    tracing::info!(database = storage.database.name(), name, "working");
    end.await;
    tracing::info!("ending: waiting for what still runs");
    let patience = settings.executions.drain_timeout;
    let left = service.drain(patience).await;
    // Balancers and probes may look until nothing runs any more.
    stop.send_replace(true);
    if let Some(metrics) = metrics {
        metrics.abort();
    }
    storage.close().await;
    Ok(listeners::ended(left, patience))
}
