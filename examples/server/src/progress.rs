//! Progress on a terminal, for executions that take long.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use engine_core::execution::ExecutionData;
use engine_core::observer::{ExecutionEvent, Observer};
use indicatif::{ProgressBar, ProgressDrawTarget};

/// Shows which node runs, and how many have. Draws on standard error, and only when that is a terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    finished: AtomicU64,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(4));
        bar.enable_steady_tick(Duration::from_millis(250));
        Self { bar, finished: AtomicU64::new(0) }
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Progress {
    fn wants_nodes(&self) -> bool {
        !self.bar.is_hidden()
    }

    fn observe(&self, _execution: &ExecutionData, event: ExecutionEvent<'_>) {
        match event {
            ExecutionEvent::NodeStarted { node, .. } => {
                let finished = self.finished.load(Ordering::Relaxed);
                self.bar.set_message(format!("{finished} nodes done, running {node}"));
            }
            ExecutionEvent::NodeFinished { .. } => drop(self.finished.fetch_add(1, Ordering::Relaxed)),
            _ => {}
        }
    }
}
