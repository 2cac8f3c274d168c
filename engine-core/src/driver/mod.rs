//! The driver: the one async loop that carries out what the state machine decides.
//!
//! It runs nodes (panics caught, deadlines kept, retries made), tells observers, and writes the journal. A node's future is polled once where it is made;
//! only one that has to wait is queued, so that a node which computes costs no scheduling. One driver drives one execution; the engine and the worker
//! make drivers, nothing else does.

mod attempt;
mod called;
mod control;
mod drive;
mod journal;
mod prepare;
mod replay;
mod result;
mod shared;

pub use control::{Control, Signal};
pub use drive::{Driver, DriverOptions, Parking};
pub use journal::{Journal, JournalEntry, JournalError};
pub use result::{ExecutionError, ExecutionResult, NodeRuns, Outcome, Parked};
