//! Counters and a histogram of executions, in the text format of Prometheus.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use engine_core::state::ExecutionStatus;

use crate::telemetry::ENDS;

/// Upper bounds of the histogram, in microseconds.
const BOUNDS: [u64; 12] = [100, 500, 1_000, 5_000, 10_000, 50_000, 100_000, 500_000, 1_000_000, 10_000_000, 60_000_000, 600_000_000];

/// What is counted about executions that ended.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    succeeded: AtomicU64,
    failed: AtomicU64,
    canceled: AtomicU64,
    buckets: [AtomicU64; BOUNDS.len()],
    micros: AtomicU64,
}

impl Metrics {
    /// Counts one.
    pub(super) fn count(&self, status: ExecutionStatus, took: Duration) {
        let counter = match status {
            ExecutionStatus::Success => &self.succeeded,
            ExecutionStatus::Canceled => &self.canceled,
            _ => &self.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
        if let Some(bucket) = BOUNDS.iter().position(|bound| micros <= *bound).and_then(|index| self.buckets.get(index)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The text that Prometheus reads.
    ///
    /// `ended` are the executions that ended in this process, where somebody counts all of them: here are only those whose end somebody waited for.
    pub(super) fn render(&self, running: usize, ended: Option<[u64; ENDS.len()]>) -> Result<String, std::fmt::Error> {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let own = [get(&self.succeeded), get(&self.failed), get(&self.canceled)];
        let total: u64 = own.iter().sum();
        let mut text = String::from("# HELP engine_executions_total Executions that ended.\n# TYPE engine_executions_total counter\n");
        for (status, count) in ENDS.iter().zip(ended.unwrap_or(own)) {
            writeln!(text, "engine_executions_total{{status=\"{status}\"}} {count}")?;
        }
        writeln!(text, "# HELP engine_executions_running Executions that run or wait.\n# TYPE engine_executions_running gauge")?;
        writeln!(text, "engine_executions_running {running}")?;
        writeln!(text, "# HELP engine_execution_seconds How long executions took.\n# TYPE engine_execution_seconds histogram")?;
        let mut below = 0;
        for (bound, bucket) in BOUNDS.iter().zip(&self.buckets) {
            below += get(bucket);
            writeln!(text, "engine_execution_seconds_bucket{{le=\"{}\"}} {below}", Duration::from_micros(*bound).as_secs_f64())?;
        }
        writeln!(text, "engine_execution_seconds_bucket{{le=\"+Inf\"}} {total}")?;
        writeln!(text, "engine_execution_seconds_sum {}", Duration::from_micros(get(&self.micros)).as_secs_f64())?;
        writeln!(text, "engine_execution_seconds_count {total}")?;
        Ok(text)
    }
}
