//! Being told what happens, for logs, metrics and live views.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::execution::{ExecutionData, LogLevel, RunRecord};
use crate::model::Timestamp;
use crate::state::ExecutionStatus;

/// Something that happened in an execution.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum ExecutionEvent<'a> {
    /// It began to run, or runs again after a wait or a crash.
    Started {
        /// When.
        at: Timestamp,
    },
    /// A node began to run.
    NodeStarted {
        /// Its name.
        node: &'a Arc<str>,
        /// Number of the run.
        run: usize,
        /// Number of the try, from 0.
        attempt: u32,
        /// When.
        at: Timestamp,
    },
    /// A run of a node ended or waits.
    NodeFinished {
        /// Its name.
        node: &'a Arc<str>,
        /// Number of the run.
        run: usize,
        /// What came of it.
        record: &'a RunRecord,
    },
    /// A try failed and another one follows.
    NodeRetried {
        /// Its name.
        node: &'a Arc<str>,
        /// The number of the try that failed, from 0.
        attempt: u32,
        /// Why it failed.
        error: &'a Value,
    },
    /// A node wrote a line.
    Logged {
        /// Its name.
        node: &'a Arc<str>,
        /// How important it is.
        level: LogLevel,
        /// The line.
        message: &'a str,
    },
    /// It ended, waits or is paused.
    Ended {
        /// How.
        status: ExecutionStatus,
        /// Why it failed.
        error: Option<&'a Value>,
        /// When.
        at: Timestamp,
    },
}

/// Is told what happens, while it happens, by the task that drives the execution: it must not block and should be quick.
///
/// A panic in an observer fails nothing but the call. Events of one execution come in order; those of several are interleaved.
pub trait Observer: Send + Sync + fmt::Debug {
    /// Whether events about single nodes are wanted; asked once per execution.
    fn wants_nodes(&self) -> bool {
        true
    }

    /// Something happened.
    fn observe(&self, execution: &ExecutionData, event: ExecutionEvent<'_>);
}

/// Is told nothing.
#[derive(Debug, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn wants_nodes(&self) -> bool {
        false
    }

    fn observe(&self, _execution: &ExecutionData, _event: ExecutionEvent<'_>) {}
}

/// Tells several observers, one after the other.
#[derive(Debug)]
pub struct Observers(pub Vec<Arc<dyn Observer>>);

impl Observer for Observers {
    fn wants_nodes(&self) -> bool {
        self.0.iter().any(|observer| observer.wants_nodes())
    }

    fn observe(&self, execution: &ExecutionData, event: ExecutionEvent<'_>) {
        for observer in &self.0 {
            observer.observe(execution, event);
        }
    }
}
