//! A real HTTP server on a port of its own, and names that lead where a test says.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use super::NameService;

/// A request that a server saw.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }

    pub(crate) fn query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A server that answers as a test says and remembers what it saw. It ends with the test's runtime.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl TestServer {
    pub(crate) async fn start<R: IntoResponse>(answer: impl Fn(&Seen) -> R + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (log, answer) = (Arc::clone(&seen), Arc::new(answer));
        let handle = move |request: Request<Body>| {
            let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
            async move {
                let (parts, body) = request.into_parts();
                let body = to_bytes(body, usize::MAX).await.unwrap();
                let seen = Seen { method: parts.method, uri: parts.uri, headers: parts.headers, body };
                let response: Response = answer(&seen).into_response();
                log.lock().unwrap().push(seen);
                response
            }
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handle)).await });
        Self { address, seen }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The URL of a host that [`Names`] leads here.
    pub(crate) fn url_of(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.address.port())
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn last(&self) -> Seen {
        self.seen().pop().expect("the server saw a request")
    }
}

/// Names that lead to addresses that a test chose: the first look-up to the first list, the second to the second, the last for ever.
#[derive(Debug, Default)]
pub(crate) struct Names {
    answers: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
}

impl Names {
    pub(crate) fn new<'a>(entries: impl IntoIterator<Item = (&'a str, &'a [&'a [&'a str]])>) -> Arc<Self> {
        let parse = |addresses: &&[&str]| addresses.iter().map(|address| address.parse().unwrap()).collect();
        let answers = entries.into_iter().map(|(name, lists)| (name.to_owned(), lists.iter().map(parse).collect())).collect();
        Arc::new(Self { answers: Mutex::new(answers) })
    }
}

#[async_trait]
impl NameService for Names {
    async fn look_up(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        let mut answers = self.answers.lock().unwrap();
        let lists = answers.get_mut(name).ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such name"))?;
        let addresses = if lists.len() > 1 { lists.remove(0) } else { lists[0].clone() };
        Ok(addresses.into_iter().map(|address| SocketAddr::new(address, 0)).collect())
    }
}
