//! Timing: several subjects in turn, medians of many rounds.

use std::io::Write;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Something that is timed: one round of it.
pub(crate) struct Subject<'a> {
    pub(crate) round: Box<dyn FnMut() -> Duration + 'a>,
}

impl<'a> Subject<'a> {
    /// A subject whose whole call is timed.
    pub(crate) fn new(mut work: impl FnMut() + 'a) -> Self {
        Self::timed(move || {
            let start = Instant::now();
            work();
            start.elapsed()
        })
    }

    /// A subject that works on the calling thread alone: timed by the processor time of that thread, so that a busy machine does not count.
    pub(crate) fn alone(mut work: impl FnMut() + 'a) -> Self {
        Self::timed(move || {
            let start = thread_time();
            work();
            thread_time().saturating_sub(start)
        })
    }

    /// A subject that times itself, for rounds with work that does not count.
    pub(crate) fn timed(round: impl FnMut() -> Duration + 'a) -> Self {
        Self { round: Box::new(round) }
    }
}

/// How long the calling thread has been on a processor.
pub(crate) fn thread_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// Medians of the subjects, their rounds interleaved so that a busy minute hits all of them alike.
pub(crate) fn medians(subjects: &mut [Subject<'_>], rounds: usize) -> Vec<Duration> {
    let mut times: Vec<Vec<Duration>> = vec![Vec::with_capacity(rounds); subjects.len()];
    for round in 0..rounds + 2 {
        for (subject, times) in subjects.iter_mut().zip(&mut times) {
            let time = (subject.round)();
            if round >= 2 {
                times.push(time);
            }
        }
    }
    times
        .into_iter()
        .map(|mut times| {
            times.sort_unstable();
            times.get(times.len() / 2).copied().unwrap_or_default()
        })
        .collect()
}

/// Prints a line on standard output.
pub(crate) fn say(line: &str) {
    drop(writeln!(std::io::stdout().lock(), "{line}"));
}

/// Nanoseconds for each of `count`.
pub(crate) fn nanos_each(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e9 / f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
