//! Counting for all processes, in Redis. Where it does not answer at once, each process counts for itself.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, FutureExt};
use redis::Script;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use super::{Rate, RedisAddress, Scope, Subject, Verdict};

/// One step of GCRA by the server's own clock: `{allowed, remaining, wait, reset}`, times in microseconds.
const STEP: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local before = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local after = before + interval
local allowed_at = after - burst * interval
if allowed_at > now then return {0, 0, allowed_at - now, before - now} end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
return {1, math.floor((now - allowed_at) / interval), 0, after - now}
";

/// The longest that a request waits for the count.
const PATIENCE: Duration = Duration::from_millis(100);
/// For so long the server is left alone after it has failed.
const PAUSE: Duration = Duration::from_secs(1);

type Connecting = futures::future::Shared<BoxFuture<'static, Option<ConnectionManager>>>;

pub(super) struct Shared {
    address: RedisAddress,
    /// The connection, or what becomes one; `None` comes of it when none could be made.
    connection: Mutex<Option<Connecting>>,
    script: Script,
    began: Instant,
    /// Milliseconds after `began` until which it is left alone.
    paused_until: AtomicI64,
}

impl Shared {
    pub(super) fn new(address: RedisAddress) -> Self {
        Self { address, connection: Mutex::default(), script: Script::new(STEP), began: Instant::now(), paused_until: AtomicI64::new(0) }
    }

    /// Counts a request; `None` when that could not be done in time.
    pub(super) async fn check(&self, scope: Scope, rate: Rate, subject: Subject) -> Option<Verdict> {
        let now = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        if now < self.paused_until.load(Ordering::Relaxed) {
            return None;
        }
        let verdict = tokio::time::timeout(PATIENCE, self.step(scope, rate, subject)).await.ok().flatten();
        if verdict.is_none() {
            let pause = i64::try_from(PAUSE.as_millis()).unwrap_or(0);
            self.paused_until.store(now.saturating_add(pause), Ordering::Relaxed);
            tracing::warn!("Redis does not answer: this process counts requests for itself");
        }
        verdict
    }

    /// The connection. It is made on a task of its own: one that takes longer than a request waits, as those with TLS may, is there for the next request.
    fn connection(&self) -> Connecting {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = connection.as_ref().filter(|connection| !matches!(connection.peek(), Some(None))) {
            return connection.clone();
        }
        let connecting = connect(self.address.clone()).boxed().shared();
        drop(tokio::spawn(connecting.clone()));
        connection.insert(connecting).clone()
    }

    async fn step(&self, scope: Scope, rate: Rate, subject: Subject) -> Option<Verdict> {
        let mut connection = self.connection().await?;
        let key = match subject {
            Subject::Address(address) => format!("engine:rate:{}:{address}", scope.name()),
            Subject::Id(id) => format!("engine:rate:{}:{id}", scope.name()),
        };
        let interval = u64::try_from(rate.interval.as_micros()).unwrap_or(u64::MAX);
        let mut invocation = self.script.key(key);
        invocation.arg(interval).arg(rate.burst.get());
        let (allowed, remaining, wait, reset): (u8, u32, u64, u64) = invocation.invoke_async(&mut connection).await.ok()?;
        let wait = (allowed == 0).then(|| Duration::from_micros(wait));
        Some(Verdict { scope, rate, remaining, reset: Duration::from_micros(reset), wait })
    }
}

async fn connect(address: RedisAddress) -> Option<ConnectionManager> {
    let config = ConnectionManagerConfig::new().set_number_of_retries(1);
    let connected = async { ConnectionManager::new_with_config(address.client()?, config).await };
    connected.await.inspect_err(|error| tracing::warn!(%error, address = ?address, "no connection to Redis")).ok()
}
