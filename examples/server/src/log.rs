//! Where lines of the log go: to standard error, by a thread of its own.
//!
//! Whoever reads the log may be slow, or gone. Then lines are lost, and counted; nothing that the process does waits for its log.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fs::File;
use std::io::{self, BufWriter};
use std::os::fd::AsFd;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

/// So many lines wait for a slow reader; more are lost.
const LINES: usize = 8192;
/// How often it is looked whether lines were lost.
const LOOK: Duration = Duration::from_secs(10);
/// How long the end of the process waits for a reader. The writer's own patience is shorter, but what it does when that ends may wait as well.
const PATIENCE: Duration = Duration::from_secs(2);

/// Writes what is left when it is dropped, for as long as somebody reads.
#[derive(Debug)]
pub(crate) struct Log {
    guard: Option<WorkerGuard>,
    lost: ErrorCounter,
}

/// The writer for lines, and what has to live as long as the process.
pub(crate) fn begin() -> anyhow::Result<(NonBlocking, Log)> {
    // A descriptor of its own: a thread that waits in it does not hold the lock of standard error.
    let stderr = io::stderr().as_fd().try_clone_to_owned().context("standard error cannot be used for the log")?;
    let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(LINES).thread_name("log");
    let (writer, guard) = builder.finish(BufWriter::new(File::from(stderr)));
    let lost = writer.error_counter();
    report_panics();
    Ok((writer, Log { guard: Some(guard), lost }))
}

/// A panic is a line of the log too: the usual report waits for whoever reads standard error.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or_default();
        let place = panic.location().map(tracing::field::display);
        let backtrace = Some(Backtrace::capture()).filter(|backtrace| backtrace.status() == BacktraceStatus::Captured);
        tracing::error!(panic = message, place, backtrace = backtrace.as_ref().map(tracing::field::display), "a panic");
    }));
}

impl Log {
    /// Says now and then how many lines were lost. Never completes.
    pub(crate) fn watch(&self) -> impl Future<Output = ()> + use<> {
        let lost = self.lost.clone();
        async move {
            let mut told = 0;
            loop {
                tokio::time::sleep(LOOK).await;
                let now = lost.dropped_lines();
                if now > told {
                    tracing::warn!(lines = now - told, "lines of the log were lost: whoever reads standard error is too slow");
                    told = now;
                }
            }
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        drop(std::panic::take_hook());
        let (written, waiting) = mpsc::channel::<()>();
        let guard = self.guard.take();
        thread::spawn(move || drop((guard, written)));
        // All is written, or nobody reads.
        let (Ok(()) | Err(_)) = waiting.recv_timeout(PATIENCE);
    }
}
