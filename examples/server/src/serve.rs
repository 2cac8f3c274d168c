//! `engine serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use engine_http::Service;
use tokio::sync::watch;

use crate::import::{Importer, owner};
use crate::session::Session;
use crate::settings::{ServerSettings, Settings};
use crate::storage::Storage;
use crate::{engine, files, listeners, open_files, setup, telemetry, users};

/// Serves webhooks and the API, and drives executions.
///
/// With nothing configured it keeps everything in ./data, listens on loopback, and says how to sign in. Ends on SIGINT or SIGTERM, after the executions that
/// run, but at most `ENGINE_DRAIN_TIMEOUT` later. Exit code 0 when all of them ended, 1 when some were cut off, 2 when the server could not start.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Folder with workflow files; they are imported and activated at the start.
    #[arg(long, value_name = "FOLDER")]
    workflows: Option<PathBuf>,
    /// Address to listen on, instead of `ENGINE_LISTEN`. Port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Address under which callers reach the server, instead of `ENGINE_PUBLIC_URL`.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

/// The address under which callers reach the server; where nobody says, the one on which it listens. Never one that a caller names.
fn public_url(settings: &mut ServerSettings, address: SocketAddr) -> String {
    if settings.public_url.is_none() && !address.ip().is_loopback() {
        tracing::warn!(
            "ENGINE_PUBLIC_URL is not set: addresses that resume executions and show forms begin with http://{address}; set it to the address that callers use"
        );
    }
    settings.public_url.get_or_insert_with(|| format!("http://{address}")).clone()
}

impl Serve {
    pub(crate) fn execute(self, session: &Session) -> anyhow::Result<ExitCode> {
        let mut settings = session.settings_with_secrets()?;
        settings.server.listen = self.listen.unwrap_or(settings.server.listen);
        settings.server.public_url = self.public_url.clone().or(settings.server.public_url);
        let telemetry = telemetry::begin(&settings.telemetry)?;
        open_files::raise_limit((settings.http.max_requests, "ENGINE_MAX_REQUESTS"), &settings.database);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the async runtime could not be started")?;
        runtime.spawn(telemetry.log.watch());
        let code = runtime.block_on(self.serve(settings))?;
        runtime.shutdown_timeout(Duration::from_secs(1));
        Ok(code)
    }

    async fn serve(self, mut settings: Settings) -> anyhow::Result<ExitCode> {
        let storage = Storage::open(&settings).await?;
        let stores = &storage.stores;
        users::ensure_somebody(stores, &settings.server, &settings.secrets).await?;
        let listener = listeners::bind((settings.server.listen, "ENGINE_LISTEN")).await?;
        let address = listener.local_addr().context("the address could not be read")?;
        let public = public_url(&mut settings.server, address);
        let service = engine::service(&settings, stores).await?;
        let print = setup::printer();
        self.import(&service, &print).await?;
        for (id, error) in service.restore().await? {
            tracing::error!(workflow = id.as_str(), %error, "the workflow is not served");
        }
        let (stop, stopping) = watch::channel(false);
        let metrics = listeners::observed(&service, &settings, stopping.clone()).await?;
        let served = listeners::serve(listener, listeners::main(&service, &settings), stopping);
        let end = listeners::end_asked_for()?;
        print(&format!("listening on {public}"));
        tracing::info!(%address, database = storage.database.name(), name = service.worker().options().name, "serving");
        end.await;
        tracing::info!("ending: waiting for what still runs");
        stop.send_replace(true);
        let patience = settings.executions.drain_timeout;
        let (connections, left) = tokio::join!(tokio::time::timeout(patience, served), service.drain(patience));
        if let Some(metrics) = metrics {
            metrics.abort();
        }
        storage.close().await;
        if connections.is_err() && left == 0 {
            tracing::error!("connections were cut off after {patience:?}; ENGINE_DRAIN_TIMEOUT gives them longer");
            return Ok(ExitCode::FAILURE);
        }
        Ok(listeners::ended(left, patience))
    }

    /// Imports and activates what lies in the folder of workflows.
    async fn import(&self, service: &Service, print: &(dyn Fn(&str) + Sync)) -> anyhow::Result<()> {
        let Some(folder) = &self.workflows else { return Ok(()) };
        if !folder.is_dir() {
            bail!("there is no folder {}: name the one with your workflow files, or leave --workflows out", folder.display());
        }
        let worker = service.worker();
        let importer = Importer { worker, owner: owner(worker.stores(), None).await?, print };
        importer.import(&files::workflows(std::slice::from_ref(folder))?, true).await;
        Ok(())
    }
}
