//! Listening: the main address, and the one for metrics and health alone.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::serve::ListenerExt;
use engine_http::Service;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::settings::Settings;

/// What the address for metrics serves.
const OBSERVED: [&str; 5] = ["/metrics", "/health", "/healthz", "/ready", "/readyz"];

/// Takes an address, which a setting named.
pub(crate) async fn bind((address, setting): (SocketAddr, &str)) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let taken = if error.kind() == ErrorKind::AddrInUse { ": another program does, perhaps another `engine serve`" } else { "" };
        anyhow::Error::new(error).context(format!("cannot listen on {address}{taken}; {setting} names another address"))
    })
}

/// What the main address serves: everything, but no metrics where these have an address of their own. A browser that comes without a path sees the API's description.
pub(crate) fn main(service: &Service, settings: &Settings) -> Router {
    let router = service.router().route("/", get(async || Redirect::temporary("/api/v1/docs")));
    if settings.telemetry.metrics_listen.is_none() {
        return router;
    }
    router.layer(middleware::from_fn(async |request: Request, next: Next| -> Response {
        if request.uri().path() == "/metrics" { StatusCode::NOT_FOUND.into_response() } else { next.run(request).await }
    }))
}

/// Serves metrics and health at the address that is for them alone, where there is one.
pub(crate) async fn observed(
    service: &Service,
    settings: &Settings,
    stopping: watch::Receiver<bool>,
) -> anyhow::Result<Option<JoinHandle<std::io::Result<()>>>> {
    let Some(address) = settings.telemetry.metrics_listen else { return Ok(None) };
    let listener = bind((address, "ENGINE_METRICS_LISTEN")).await?;
    tracing::info!(address = %listener.local_addr().context("the address could not be read")?, "serving metrics and health");
    Ok(Some(serve(listener, metrics(service), stopping)))
}

fn metrics(service: &Service) -> Router {
    service.router().layer(middleware::from_fn(async |request: Request, next: Next| -> Response {
        if OBSERVED.contains(&request.uri().path()) { next.run(request).await } else { StatusCode::NOT_FOUND.into_response() }
    }))
}

/// Serves until it is told to stop, and until the requests that are under way are answered.
pub(crate) fn serve(listener: TcpListener, router: Router, mut stopping: watch::Receiver<bool>) -> JoinHandle<std::io::Result<()>> {
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let served = axum::serve(listener, router).with_graceful_shutdown(async move { drop(stopping.wait_for(|stop| *stop).await) });
    tokio::spawn(served.into_future())
}

/// Completes when the process is asked to end. Listens from the call on: what is asked for before it is awaited counts.
pub(crate) fn end_asked_for() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("signals cannot be received")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("signals cannot be received")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// The exit code of a process that was drained; says so when it had to cut something off.
pub(crate) fn ended(left: usize, patience: Duration) -> ExitCode {
    if left == 0 {
        return ExitCode::SUCCESS;
    }
    tracing::error!("{left} executions were cut off after {patience:?}; ENGINE_DRAIN_TIMEOUT gives them longer");
    ExitCode::FAILURE
}
