//! `engine health`: asks a server how it is, for containers and scripts. Needs no other program.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;

use crate::session::Session;

/// Asks the server of this configuration whether it lives. Exit code 0 when it does, 1 when not.
#[derive(Debug, Args)]
pub(crate) struct Health {
    /// Asks whether it serves requests, not only whether it lives.
    #[arg(long)]
    ready: bool,
    /// Address of the server, where it is another one than the configuration says.
    #[arg(long)]
    address: Option<SocketAddr>,
}

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);

impl Health {
    pub(crate) fn execute(self, session: &Session) -> anyhow::Result<ExitCode> {
        let (address, free) = if let Some(address) = self.address {
            (address, None)
        } else {
            let settings = session.settings()?;
            configured(settings.telemetry.metrics_listen, settings.server.listen)
        };
        match find(address, free).and_then(|address| ask(address, if self.ready { "/ready" } else { "/health" })) {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(error) => {
                eprintln!("engine: {error:#}");
                Ok(ExitCode::FAILURE)
            }
        }
    }
}

/// Where the configuration says that a server answers: at the address for metrics, where there is one, else at the main one. Gives the setting that names none, having port 0.
fn configured(metrics: Option<SocketAddr>, main: SocketAddr) -> (SocketAddr, Option<&'static str>) {
    match metrics {
        Some(metrics) if metrics.port() > 0 => (metrics, None),
        Some(_) => (main, Some("ENGINE_METRICS_LISTEN")),
        None => (main, (main.port() == 0).then_some("ENGINE_LISTEN")),
    }
}

/// The address at which to ask. A server whose metrics lie at a free port answers at its main address as well; a worker has none.
fn find(address: SocketAddr, free: Option<&str>) -> anyhow::Result<SocketAddr> {
    let address = reachable(address);
    let Some(setting) = free else { return Ok(address) };
    if address.port() > 0 && TcpStream::connect_timeout(&address, PATIENCE).is_ok() {
        return Ok(address);
    }
    bail!("{setting} has port 0: the process took a free one, which only its log tells; name it with --address {}:PORT", address.ip())
}

/// The address under which a listener is reached from its own machine.
pub(crate) fn reachable(listen: SocketAddr) -> SocketAddr {
    let address = if listen.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { listen.ip() };
    SocketAddr::new(address, listen.port())
}

fn ask(address: SocketAddr, path: &str) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).with_context(|| format!("no server answers at {address}"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(4096).read_to_end(&mut answer).with_context(|| format!("the server at {address} does not answer"))?;
    let answer = String::from_utf8_lossy(&answer);
    match answer.split_whitespace().nth(1) {
        Some("200") => Ok(()),
        Some(status) => bail!("the server at {address} answers {path} with {status}"),
        None => bail!("what listens at {address} is no HTTP server"),
    }
}
