//! Counting for all processes, in Redis. Where it does not answer at once, each process counts for itself.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use redis::Script;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use tokio::sync::OnceCell;

use super::{Rate, Scope, Subject, Verdict};

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

pub(super) struct Shared {
    client: Option<redis::Client>,
    connection: OnceCell<ConnectionManager>,
    script: Script,
    began: Instant,
    /// Milliseconds after `began` until which it is left alone.
    paused_until: AtomicI64,
}

impl Shared {
    pub(super) fn new(url: &str) -> Self {
        let client = redis::Client::open(url);
        if client.is_err() {
            // The address may hold a password: it is not told.
            tracing::error!("the address of the Redis server cannot be read: each process counts for itself");
        }
        Self { client: client.ok(), connection: OnceCell::new(), script: Script::new(STEP), began: Instant::now(), paused_until: AtomicI64::new(0) }
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

    async fn step(&self, scope: Scope, rate: Rate, subject: Subject) -> Option<Verdict> {
        let client = self.client.as_ref()?;
        let config = ConnectionManagerConfig::new().set_number_of_retries(1);
        let connection = self.connection.get_or_try_init(|| ConnectionManager::new_with_config(client.clone(), config)).await.ok()?;
        let key = match subject {
            Subject::Address(address) => format!("engine:rate:{}:{address}", scope.name()),
            Subject::Id(id) => format!("engine:rate:{}:{id}", scope.name()),
        };
        let interval = u64::try_from(rate.interval.as_micros()).unwrap_or(u64::MAX);
        let mut invocation = self.script.key(key);
        invocation.arg(interval).arg(rate.burst.get());
        let (allowed, remaining, wait, reset): (u8, u32, u64, u64) = invocation.invoke_async(&mut connection.clone()).await.ok()?;
        let wait = (allowed == 0).then(|| Duration::from_micros(wait));
        Some(Verdict { scope, rate, remaining, reset: Duration::from_micros(reset), wait })
    }
}
