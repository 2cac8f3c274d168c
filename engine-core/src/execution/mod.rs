//! The data of one execution: what ran, what came of it, and what nodes and expressions may see of it.
//!
//! The [driver](crate::driver) writes here; nodes and expressions read. Nothing here decides what runs next: that is [`crate::state`].

mod data;
mod lineage;
mod log;
mod reply;
mod run;
mod scope;

pub(crate) use data::NewExecution;
pub use data::{CallWorkflow, ExecutionData, ExecutionMode, LogLevel, Services, WorkflowCaller, WorkflowReference};
pub use log::{Lineage, Part, Parts, RecordedOutput, RunLog, RunRecord, RunStatus, Runs};
pub use reply::{Reply, ReplyBody, Responder};
pub(crate) use run::View;
pub use run::{Activation, Inputs, NodeRun};
pub use scope::NodeScope;
