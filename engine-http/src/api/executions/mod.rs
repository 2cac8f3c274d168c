//! Executions: starting them, looking at them, steering and repeating them. An execution is seen by whoever sees its workflow.
//!
//! Those whose workflow says that nothing is stored are known to this process only; all others lie in the store, wherever they are driven.

mod found;
mod list;
mod several;
mod start;
mod steer;

pub(super) use found::show;
pub(super) use list::{ListQuery, list};
pub(super) use several::{Several, cancel_all, delete_all, pause_all, resume_all, retry_all};
pub(super) use start::{NewExecution, StartQuery, start};
pub(super) use steer::{From, cancel, delete, pause, rerun, resume, retry};
