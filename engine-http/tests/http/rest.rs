//! Callers who are answered while they still send.

use std::time::Duration;

use engine_http::{Config, Rate, RateLimits};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::{Server, echo};

const CHUNK: usize = 16 << 10;
const CHUNKS: usize = 32;

/// Sends a part of a body, waits until the answer is there, sends all the rest, and only then reads. Gives the answer, or why there is none.
async fn call_slowly(server: &Server, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(server.address).await?;
    let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: {}\r\n\r\n", CHUNK * CHUNKS);
    stream.write_all(head.as_bytes()).await?;
    for chunk in 0..CHUNKS {
        stream.write_all(&[b'x'; CHUNK]).await?;
        if chunk == CHUNKS / 8 {
            stream.readable().await?;
        }
        tokio::task::yield_now().await;
    }
    read(&mut stream).await
}

/// What has come by now, at least something.
async fn read(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut answer = vec![0; CHUNK];
    let read = stream.read(&mut answer).await?;
    answer.truncate(read);
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

async fn server(config: Config) -> Server {
    let server = Server::start(config).await;
    server.service.activate(echo("hook", json!({}))).expect("it can be served");
    server
}

/// Breaks when a connection is closed while its caller still sends: it is reset then, and the answer is lost.
#[tokio::test]
async fn a_caller_who_is_refused_midway_gets_the_answer() {
    let full = server(Config::default().with(|config| config.max_requests = 0)).await;
    let small = server(Config::default().with(|config| config.max_body = 1000)).await;
    let busy = server(Config::default().with(|config| config.body_budget = 40_000)).await;
    let limit = RateLimits::default().with(|limits| limits.webhooks = Some(Rate::new(1, Duration::from_hours(1))));
    let limited = server(Config::default().with(|config| config.rate_limits = limit)).await;
    assert_eq!(limited.post("/webhook/hook").send().await.expect("an answer").status(), 200);
    let cases = [
        (&full, "/webhook/hook", 503),
        (&small, "/webhook/hook", 413),
        (&busy, "/webhook/hook", 503),
        (&limited, "/webhook/hook", 429),
        (&busy, "/webhook/nobody", 404),
        (&busy, "/api/v1/workflows", 403),
    ];
    for (server, path, status) in cases {
        let answer = call_slowly(server, path).await.unwrap_or_else(|error| panic!("{path}: {status}: {error}"));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
    }
}

/// Breaks when a body is read for as long as somebody sends.
#[tokio::test]
async fn what_is_left_of_a_body_is_read_up_to_a_bound() {
    let server = server(Config::default().with(|config| config.max_requests = 0)).await;
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(b"POST /webhook/hook HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n").await.expect("sent");
    let answer = read(&mut stream).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("connection: close\r\n"), "{answer}");
    let chunk = format!("{CHUNK:x}\r\n{}\r\n", "x".repeat(CHUNK));
    let endless = async { while stream.write_all(chunk.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(Duration::from_mins(1), endless).await.expect("the connection is closed");
}

/// Breaks when a caller who waits to be asked for its body is asked after it was refused.
#[tokio::test]
async fn a_body_that_was_not_asked_for_is_not_asked_for_later() {
    let server = server(Config::default().with(|config| config.max_requests = 0)).await;
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(b"POST /webhook/hook HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 10\r\n\r\n").await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 503 ") && !answer.contains("100 Continue"), "{answer}");
}

/// Breaks when a small rest costs its connection.
#[tokio::test]
async fn a_connection_goes_on_behind_a_small_rest() {
    let server = server(Config::default().with(|config| config.max_body = 1000)).await;
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    for _ in 0..3 {
        stream.write_all(format!("POST /webhook/hook HTTP/1.1\r\nhost: x\r\ncontent-length: {CHUNK}\r\n\r\n").as_bytes()).await.expect("sent");
        stream.write_all(&[b'x'; CHUNK]).await.expect("sent");
        let answer = read(&mut stream).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
}
