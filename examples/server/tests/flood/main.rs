//! A real server under 10,000 connections that all call a webhook at the same time: each gets an answer that says what became of it, and the process stays small.

#![expect(clippy::unwrap_used, reason = "tests panic to fail")]
#![expect(dead_code, reason = "what the tests of the commands need of the process is more")]

#[path = "../commands/server.rs"]
mod server;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use server::{Place, Server, answer, greeting};

/// Connections at the same time.
const CONNECTIONS: usize = 10_000;

/// So many files are open besides.
const BESIDES: usize = 500;

/// So many connections are made at a time, fewer than the kernel lets wait to be accepted.
const AT_A_TIME: usize = 500;

/// A body: all of them together are 160 MB.
const BODY: usize = 16 << 10;

/// As many connections as this machine allows, at most [`CONNECTIONS`]. The server inherits the limit.
///
/// # Panics
/// When the hard limit is below what says anything.
fn allowed() -> usize {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let most = limit.maximum.map_or(CONNECTIONS, |maximum| usize::try_from(maximum).unwrap_or(CONNECTIONS).saturating_sub(BESIDES));
    assert!(most >= 1000, "the hard limit on open files ({:?}) is too low for this test: ulimit -Hn 20000", limit.maximum);
    if most < CONNECTIONS {
        eprintln!("the hard limit on open files allows {most} connections, not {CONNECTIONS}: ulimit -Hn 20000 allows all");
    }
    most.min(CONNECTIONS)
}

/// A line of what the kernel tells of the server's memory, such as `VmRSS`, in kB.
fn memory(server: &Server, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let rest = status.lines().find_map(|status| status.strip_prefix(line)?.strip_prefix(':')).unwrap();
    rest.trim().trim_end_matches(" kB").parse().unwrap()
}

/// One call over a connection that is there; its status and whether it says when to come back.
async fn call(mut stream: TcpStream, request: Arc<[u8]>) -> (u16, bool) {
    // What is refused early may be answered before all of it was sent.
    drop(stream.write_all(&request).await);
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    let answer = String::from_utf8_lossy(&answer).to_ascii_lowercase();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, answer.contains("\r\nretry-after: "))
}

/// Calls a webhook over so many connections at the same time; how often each status came, and whether each refusal says when to come back.
async fn flood(server: &Server, connections: usize) -> BTreeMap<(u16, bool), usize> {
    let address = server.url.trim_start_matches("http://").to_owned();
    let body = json!({"name": "x".repeat(BODY)}).to_string();
    let length = body.len();
    let head = format!(
        "POST /webhook/greet HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    let request: Arc<[u8]> = [head.as_bytes(), body.as_bytes()].concat().into();
    let mut streams = Vec::with_capacity(connections);
    while streams.len() < connections {
        let some = (0..AT_A_TIME.min(connections - streams.len())).map(|_| TcpStream::connect(&*address));
        streams.extend(futures::future::try_join_all(some).await.unwrap());
    }
    let calls: Vec<_> = streams.into_iter().map(|stream| tokio::spawn(call(stream, Arc::clone(&request)))).collect();
    let mut told = BTreeMap::new();
    for call in calls {
        *told.entry(call.await.unwrap()).or_default() += 1;
    }
    told
}

/// Breaks when a connection is dropped without an answer, a refusal does not say when to come back, or memory grows with the number of callers without a bound.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inv_23_ten_thousand_callers_are_answered_in_bounded_memory() {
    let connections = allowed();
    // Each refusal is a line of the log, which nobody reads here.
    let place = Place::new().with("ENGINE_BODY_BUDGET", "8MiB").with("ENGINE_CONCURRENCY", "500").with("ENGINE_LOG", "error");
    place.write("flows/greet.json", &greeting("greet"));
    let server = place.serve(&["--workflows", "flows"]);
    answer(server.post("/webhook/greet", &json!({"name": "Ada"})), 200).await;
    let (before, begun) = (memory(&server, "VmRSS"), Instant::now());
    let told = flood(&server, connections).await;
    let (peak, took) = (memory(&server, "VmHWM"), begun.elapsed());
    eprintln!("{connections} connections in {took:?}: {told:?}; memory {before} kB before, {peak} kB at most");
    assert_eq!(told.values().sum::<usize>(), connections);
    for ((status, says_when), count) in &told {
        let is_fine = (200..300).contains(status) || ([429, 503].contains(status) && *says_when);
        assert!(is_fine, "{count} answers with status {status}, Retry-After {says_when}");
    }
    assert!(told.contains_key(&(200, false)), "some are served: {told:?}");
    // All bodies together would be more.
    let bound = 64 * 1024 + u64::try_from(connections).unwrap() * 10;
    assert!(peak - before < bound, "{before} kB before, {peak} kB at most, which is more than {bound} kB more");
    answer(server.post("/webhook/greet", &json!({"name": "Ada"})), 200).await;
}
