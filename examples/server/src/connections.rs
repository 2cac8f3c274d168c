//! Connections of HTTP: how long a caller may take to say what it wants, how much it may say, and how many may be there.
//!
//! `axum::serve` waits for ever for the head of a request, and keeps what comes of it until then: whoever opens connections and says little takes file descriptors and memory.

use std::io::{ErrorKind, IoSlice, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use futures::future::{Either, select};
use hyper::server::conn::http1::Builder;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Sleep;

/// The head of a request arrives within this time, and the next request after the last answer. Longer than proxies keep a connection that nobody uses: they close it first.
const HEAD_WITHIN: Duration = Duration::from_secs(75);
/// The request line and the headers are no longer together. More is answered with 431.
const MAX_HEAD: usize = 32 * 1024;
/// So many connections may wait beside those whose requests are served, at least.
const SPARE: usize = 1024;
/// A caller who takes nothing of its answer for so long is given up: what it does not take is kept for it.
const TAKEN_WITHIN: Duration = Duration::from_mins(1);
/// After a connection could not be taken, for want of file descriptors say.
const PAUSE: Duration = Duration::from_secs(1);

/// How many connections there may be where so many requests are served at the same time.
pub(crate) fn most(requests: usize) -> usize {
    requests.saturating_mul(2).saturating_add(SPARE).min(Semaphore::MAX_PERMITS)
}

/// Serves until it is told to stop, and until the requests that are under way are answered. Connections beyond `most` wait until others end.
pub(crate) async fn serve(listener: TcpListener, (router, most): (Router, usize), stopping: watch::Receiver<bool>) -> Result<()> {
    let room = Arc::new(Semaphore::new(most));
    let mut end = stopping.clone();
    loop {
        let taken = async {
            let place = Arc::clone(&room).acquire_owned().await.map_err(std::io::Error::other)?;
            Result::Ok((accept(&listener).await, place))
        };
        tokio::select! {
            taken = taken => {
                let ((stream, peer), place) = taken?;
                tokio::spawn(connection((stream, peer), router.clone(), (stopping.clone(), place)));
            }
            _ = end.wait_for(|stop| *stop) => break,
        }
    }
    drop(listener);
    // All places are free when all connections have ended.
    let all = u32::try_from(most).unwrap_or(u32::MAX);
    room.acquire_many(all).await.map(drop).map_err(std::io::Error::other)
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(taken) => return taken,
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => {}
            Err(error) => {
                tracing::error!(%error, "a connection could not be taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn connection((stream, peer): (TcpStream, SocketAddr), router: Router, (mut stopping, place): (watch::Receiver<bool>, OwnedSemaphorePermit)) {
    drop(stream.set_nodelay(true));
    let inner = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        inner.call(request)
    });
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN).max_header_size(MAX_HEAD);
    let served = builder.serve_connection(TokioIo::new(Taken { stream, patience: None }), service).with_upgrades();
    let mut served = Box::pin(served);
    let stopped = async { drop(stopping.wait_for(|stop| *stop).await) };
    let ended = match select(served.as_mut(), Box::pin(stopped)).await {
        Either::Left((ended, _)) => ended,
        Either::Right(((), mut served)) => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::trace!(%error, "a connection ended early");
    }
    drop(place);
}

/// A stream whose other end has to take what is written.
struct Taken {
    stream: TcpStream,
    /// Runs out when nothing is taken.
    patience: Option<Pin<Box<Sleep>>>,
}

impl Taken {
    fn watch<T>(&mut self, cx: &mut Context<'_>, written: Poll<Result<T>>) -> Poll<Result<T>> {
        if written.is_ready() {
            self.patience = None;
            return written;
        }
        let patience = self.patience.get_or_insert_with(|| Box::pin(tokio::time::sleep(TAKEN_WITHIN)));
        patience.as_mut().poll(cx).map(|()| Err(ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Taken {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Taken {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, written)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, pieces: &[IoSlice<'_>]) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    struct Serving {
        address: SocketAddr,
        stop: watch::Sender<bool>,
        served: tokio::task::JoinHandle<Result<()>>,
    }

    async fn serving(most: usize) -> Serving {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopping) = watch::channel(false);
        let router = Router::new().route("/", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.ip().to_string()));
        let router = router.route("/large", get(async || vec![0_u8; 64 << 20]));
        Serving { address, stop, served: tokio::spawn(serve(listener, (router, most), stopping)) }
    }

    async fn told(stream: &mut TcpStream) -> String {
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    }

    const ASK: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

    #[tokio::test]
    async fn a_request_is_answered_and_knows_its_peer() {
        let serving = serving(8).await;
        let mut stream = TcpStream::connect(serving.address).await.unwrap();
        stream.write_all(ASK).await.unwrap();
        let answer = told(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("127.0.0.1"), "{answer}");
    }

    /// Breaks when whoever says nothing, or never comes to an end, is waited for; or when what it says is gathered without bounds.
    #[tokio::test]
    async fn inv_23_a_head_comes_in_time_and_is_no_longer_than_it_may_be() {
        let serving = serving(8).await;
        let mut long = TcpStream::connect(serving.address).await.unwrap();
        long.write_all(b"GET / HTTP/1.1\r\nx: ").await.unwrap();
        long.write_all(&vec![b'a'; MAX_HEAD]).await.unwrap();
        assert!(told(&mut long).await.starts_with("HTTP/1.1 431"));
        let mut streams = Vec::new();
        for head in ["", "GET / HTTP/1.1\r\nhost: x\r\n", "GET / HTTP/1.1\r\nhost: x\r\n\r\n"] {
            let mut stream = TcpStream::connect(serving.address).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            streams.push(stream);
        }
        let mut answer = [0; 12];
        streams[2].read_exact(&mut answer).await.unwrap();
        tokio::time::pause();
        for mut stream in streams {
            let _: String = told(&mut stream).await;
        }
    }

    /// Breaks when an answer is kept for whoever never takes it.
    #[tokio::test]
    async fn inv_23_an_answer_is_taken_in_time() {
        let serving = serving(8).await;
        let mut stream = TcpStream::connect(serving.address).await.unwrap();
        stream.write_all(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        serving.stop.send_replace(true);
        tokio::time::pause();
        serving.served.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn inv_23_there_are_only_so_many_connections() {
        let serving = serving(1).await;
        let mut first = TcpStream::connect(serving.address).await.unwrap();
        first.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 12];
        first.read_exact(&mut answer).await.unwrap();
        let mut second = TcpStream::connect(serving.address).await.unwrap();
        second.write_all(ASK).await.unwrap();
        for _ in 0..3 {
            let mut rest = [0; 4096];
            while !first.read(&mut rest).await.unwrap().checked_sub(9).is_some_and(|at| rest[at..].starts_with(b"127.0.0.1")) {}
            first.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        }
        assert!(futures::future::poll_immediate(Box::pin(second.readable())).await.is_none(), "it waits for its turn");
        drop(first);
        assert!(told(&mut second).await.starts_with("HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn inv_17_the_end_waits_for_answers_and_not_for_those_who_ask_nothing() {
        let serving = serving(8).await;
        let mut idle = TcpStream::connect(serving.address).await.unwrap();
        idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 12];
        idle.read_exact(&mut answer).await.unwrap();
        serving.stop.send_replace(true);
        serving.served.await.unwrap().unwrap();
        assert!(TcpStream::connect(serving.address).await.is_err());
    }
}
