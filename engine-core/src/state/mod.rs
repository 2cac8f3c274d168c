//! The state machine of an execution: pure and incremental, the same under every runtime.
//!
//! [`ExecutionState::apply`] takes what happened and says what to do. No clock, no I/O, no randomness and no async live here: times and results
//! lie in the log before an event tells of them. The cost of an event is that of the node's connections, never of the graph. Recovery applies the recorded events again.
//!
//! Two frontiers decide what runs next: `parallel` settles inputs and joins connections; `stack` does what n8n does, in both of its orders.

mod machine;
mod outcome;
mod parallel;
mod retry;
mod stack;
mod status;

pub use machine::{Command, Event, ExecutionState};
pub(crate) use outcome::{Raw, Timing, finish, record};
pub(crate) use retry::{RetryDecision, USUAL_TRIES, after_error, after_success};
pub use status::ExecutionStatus;

pub use crate::execution::Activation;
