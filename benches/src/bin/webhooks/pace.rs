//! Calls at a fixed rate, whatever the answers take: `wrk` sends the next request when it has the answer to the last one, and so never sees a queue.
//!
//! Each connection is a thread with times of its own at which it sends. A request whose time has come while the last answer is still missing waits, and its wait counts;
//! that a thread wakes up late does not.

use std::io::{Error, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How to call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) address: SocketAddr,
    /// Requests a second, over all connections.
    pub(crate) rate: f64,
    pub(crate) connections: u32,
    pub(crate) seconds: u32,
}

/// How long answers took.
#[derive(Debug)]
pub(crate) struct Latency {
    sorted: Vec<Duration>,
    took: Duration,
}

/// What happens in this time is not counted: connections are made, and pools filled.
const WARM_UP: Duration = Duration::from_millis(500);

impl Pace {
    /// Calls, and waits for the last answer.
    pub(crate) fn keep(self, request: &str) -> Result<Latency> {
        let began = Instant::now();
        let sorted = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..self.connections).map(|number| scope.spawn(move || self.connection(number, began, request))).collect();
            let mut all = Vec::new();
            for thread in threads {
                all.extend(thread.join().map_err(|_| Error::other("a connection failed"))??);
            }
            all.sort_unstable();
            Ok::<_, Error>(all)
        })?;
        Ok(Latency { sorted, took: began.elapsed().saturating_sub(WARM_UP) })
    }

    fn connection(self, number: u32, began: Instant, request: &str) -> Result<Vec<Duration>> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        let between = Duration::from_secs_f64(f64::from(self.connections) / self.rate);
        let mut due = began + between.mul_f64(f64::from(number) / f64::from(self.connections));
        let end = began + WARM_UP + Duration::from_secs(self.seconds.into());
        let (mut latencies, mut answer) = (Vec::new(), Vec::new());
        while due < end {
            let early = due.saturating_duration_since(Instant::now());
            if !early.is_zero() {
                std::thread::sleep(early);
            }
            let since = if early.is_zero() { due } else { Instant::now() };
            call(&mut stream, request, &mut answer)?;
            if due >= began + WARM_UP {
                latencies.push(since.elapsed());
            }
            due += between;
        }
        Ok(latencies)
    }
}

/// Sends a request and reads its answer to the end.
fn call(stream: &mut TcpStream, request: &str, answer: &mut Vec<u8>) -> Result<()> {
    stream.write_all(request.as_bytes())?;
    answer.clear();
    let mut piece = [0; 4096];
    loop {
        let read = stream.read(&mut piece)?;
        answer.extend_from_slice(piece.get(..read).unwrap_or_default());
        if read == 0 {
            return Err(Error::other("the connection ended"));
        }
        let text = String::from_utf8_lossy(answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        if !head.starts_with("HTTP/1.1 200") {
            return Err(Error::other(format!("answered: {}", head.lines().next().unwrap_or_default())));
        }
        let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        if length.is_some_and(|length| body.len() >= length) {
            return Ok(());
        }
    }
}

impl Latency {
    /// So many of a hundred answers took no longer.
    fn percentile(&self, percent: usize) -> Duration {
        let last = self.sorted.len().saturating_sub(1);
        self.sorted.get(last * percent / 100).copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Latency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let millis = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let count = u32::try_from(self.sorted.len()).unwrap_or(u32::MAX);
        let [half, most, all] = [50, 99, 100].map(|percent| millis(self.percentile(percent)));
        write!(
            f,
            "{:.0}/s sent, 50 % within {half:.2} ms, 99 % within {most:.2} ms, all within {all:.1} ms",
            f64::from(count) / self.took.as_secs_f64()
        )
    }
}
