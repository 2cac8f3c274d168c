//! A way to Postgres that can be broken: connections go through it, until it swallows what it should pass on.

use std::collections::HashSet;
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What happens on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Everything arrives.
    Open,
    /// Everything that is sent disappears; nobody is told. A connection that lost something stays so.
    Swallowing,
}

/// The proxy.
pub(crate) struct Proxy {
    pub(crate) url: String,
    way: watch::Sender<Way>,
    ports: Arc<Mutex<HashSet<u16>>>,
}

impl Proxy {
    /// Before the Postgres at this address.
    pub(crate) async fn before(url: &str) -> Self {
        let options = PgConnectOptions::from_str(url).unwrap();
        let target = (options.get_host().to_owned(), options.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (way, watched) = watch::channel(Way::Open);
        let ports = Arc::new(Mutex::new(HashSet::new()));
        let known = Arc::clone(&ports);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(target.clone()).await else { continue };
                let port = server.local_addr().unwrap().port();
                known.lock().unwrap().insert(port);
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let (there, back) = (pass(from_client, to_server, watched.clone()), pass(from_server, to_client, watched.clone()));
                let known = Arc::clone(&known);
                tokio::spawn(async move {
                    tokio::join!(there, back);
                    // The port is free for others now.
                    known.lock().unwrap().remove(&port);
                });
            }
        });
        let (user, database) = (options.get_username().to_owned(), options.get_database().unwrap_or("postgres").to_owned());
        let password =
            url.split_once("//").and_then(|(_, rest)| rest.split_once('@')).and_then(|(user, _)| user.split_once(':')).map(|(_, word)| word);
        let password = password.map_or_else(String::new, |word| [":", word].concat());
        Self { url: format!("postgres://{user}{password}@127.0.0.1:{port}/{database}?sslmode=disable"), way, ports }
    }

    /// From now on.
    pub(crate) fn set(&self, way: Way) {
        self.way.send_replace(way);
    }

    /// The ports by which Postgres knows the connections that go through here.
    pub(crate) fn ports(&self) -> Vec<i32> {
        self.ports.lock().unwrap().iter().map(|port| i32::from(*port)).collect()
    }
}

async fn pass(mut from: tokio::net::tcp::OwnedReadHalf, mut to: tokio::net::tcp::OwnedWriteHalf, way: watch::Receiver<Way>) {
    let mut buffer = vec![0; 1 << 16];
    let mut has_lost = false;
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        has_lost |= *way.borrow() == Way::Swallowing;
        if !has_lost && to.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
    // A connection that swallows does not tell of its end either, until its own side is closed.
    drop(to.shutdown().await);
}
