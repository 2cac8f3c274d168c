//! `engine serve`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::serve::ListenerExt;
use clap::Args;
use engine_http::{Activated, Config, Service};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::setup;

/// Serves the webhooks of workflow files, and an API to start executions and to look at them.
///
/// Ends on SIGINT or SIGTERM, after the executions that run, but at most 30 seconds later.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Folder with workflow files (*.json); all of them are activated.
    #[arg(long, default_value = "workflows")]
    workflows: PathBuf,
    /// Address to listen on. Port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:5678")]
    listen: SocketAddr,
    /// Address under which callers reach the server, where it is another one.
    #[arg(long)]
    public_url: Option<String>,
}

/// How long the end may take.
const PATIENCE: Duration = Duration::from_secs(30);

impl Serve {
    pub(crate) fn execute(self) -> anyhow::Result<ExitCode> {
        if !self.listen.ip().is_loopback() {
            bail!("{} is reachable from other machines, and nobody would have to sign in: listen on 127.0.0.1", self.listen);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the async runtime could not be started")?;
        let code = runtime.block_on(self.serve())?;
        runtime.shutdown_timeout(Duration::from_secs(1));
        Ok(code)
    }

    async fn serve(self) -> anyhow::Result<ExitCode> {
        let listener = TcpListener::bind(self.listen).await.with_context(|| format!("cannot listen on {}", self.listen))?;
        let address = listener.local_addr().context("the address could not be read")?;
        let public = self.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        let service = Service::new(setup::engine(None)?, Config::default().public_url(&public));
        setup::print_line(&format!("listening on {public}"));
        activate(&service, &self.workflows, &public)?;
        let router = service.router().into_make_service_with_connect_info::<SocketAddr>();
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let (stop, mut stopping) = tokio::sync::watch::channel(false);
        let mut told = stopping.clone();
        let served = axum::serve(listener, router).with_graceful_shutdown(async move { drop(told.wait_for(|stop| *stop).await) });
        let served = tokio::spawn(served.into_future());
        end_asked_for().await?;
        setup::print_line("ending: waiting for what still runs");
        stop.send_replace(true);
        drop(stopping.changed().await);
        let (connections, left) = tokio::join!(tokio::time::timeout(PATIENCE, served), service.drain(PATIENCE));
        if connections.is_err() || left > 0 {
            eprintln!("engine: {left} executions were cut off after {} seconds", PATIENCE.as_secs());
            return Ok(ExitCode::FAILURE);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Completes when the process is asked to end.
async fn end_asked_for() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("signals cannot be received")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("signals cannot be received")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Activates all workflow files of a folder, and prints what is served. A file that cannot be served keeps no other from being served.
fn activate(service: &Service, folder: &Path, public: &str) -> anyhow::Result<()> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("the folder {} could not be read; name one with --workflows", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    for file in &files {
        let activated = setup::read_workflow(file).and_then(|mut workflow| {
            if workflow.id.is_none() {
                workflow.id = file.file_stem().map(|stem| stem.to_string_lossy().into_owned().into());
            }
            Ok(service.activate(workflow)?)
        });
        match activated {
            Ok(activated) => print(file, &activated, public),
            Err(error) => eprintln!("engine: {} is not served: {error:#}", file.display()),
        }
    }
    if files.is_empty() {
        eprintln!("engine: there is no workflow file in {}", folder.display());
    }
    Ok(())
}

fn print(file: &Path, activated: &Activated, public: &str) {
    setup::print_line(&format!("{}: workflow {:?}", file.display(), activated.id.as_str()));
    for webhook in &activated.webhooks {
        setup::print_line(&format!("  {} {public}{}", webhook.methods.join(","), webhook.path));
    }
    setup::print_line(&format!("  start by hand: POST {public}/api/v1/workflows/{}/executions", activated.id));
}
