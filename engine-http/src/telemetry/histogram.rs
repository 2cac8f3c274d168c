//! A histogram that many threads add to.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds, in microseconds.
const BOUNDS: [u64; 14] = [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 1_000_000, 10_000_000, 60_000_000];

/// How long things took.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; BOUNDS.len()],
    count: AtomicU64,
    micros: AtomicU64,
}

impl Histogram {
    /// Counts one.
    pub(crate) fn add(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.count.fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(micros, Ordering::Relaxed);
        let bucket = BOUNDS.partition_point(|bound| *bound < micros);
        if let Some(bucket) = self.buckets.get(bucket) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many were counted.
    #[cfg(test)]
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Writes the series of a histogram. `labels` is empty, or ends with a comma.
    pub(crate) fn write(&self, text: &mut String, name: &str, labels: &str) -> fmt::Result {
        let mut below = 0;
        for (bound, bucket) in BOUNDS.iter().zip(&self.buckets) {
            below += bucket.load(Ordering::Relaxed);
            writeln!(text, "{name}_bucket{{{labels}le=\"{}\"}} {below}", Duration::from_micros(*bound).as_secs_f64())?;
        }
        // Written last and at least as high as the buckets, though others count meanwhile.
        let count = self.count.load(Ordering::Relaxed).max(below);
        let braced = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.trim_end_matches(',')) };
        writeln!(text, "{name}_bucket{{{labels}le=\"+Inf\"}} {count}")?;
        writeln!(text, "{name}_sum{braced} {}", Duration::from_micros(self.micros.load(Ordering::Relaxed)).as_secs_f64())?;
        writeln!(text, "{name}_count{braced} {count}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_what_is_at_most_their_bound() {
        let histogram = Histogram::default();
        for micros in [100, 101, 60_000_000, 60_000_001] {
            histogram.add(Duration::from_micros(micros));
        }
        let mut text = String::new();
        histogram.write(&mut text, "x", "a=\"b\",").expect("written");
        let line = |start: &str| text.lines().find_map(|line| line.strip_prefix(start)).map(str::to_owned).expect("a line");
        assert_eq!(line("x_bucket{a=\"b\",le=\"0.0001\"} "), "1");
        assert_eq!(line("x_bucket{a=\"b\",le=\"0.00025\"} "), "2");
        assert_eq!(line("x_bucket{a=\"b\",le=\"60\"} "), "3");
        assert_eq!(line("x_bucket{a=\"b\",le=\"+Inf\"} "), "4");
        assert_eq!(line("x_count{a=\"b\"} "), "4");
    }
}
