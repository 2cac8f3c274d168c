//! The data that the engine speaks of: workflows, items, identities, time.
//!
//! Everything here is plain data. Reading and writing its JSON formats is the work of [`crate::format`];
//! turning a workflow into something that runs is the work of [`crate::plan`].

mod binary;
mod builder;
mod id;
mod item;
mod timestamp;
mod workflow;

pub use binary::{Binary, BinaryContent, BlobId};
pub use builder::WorkflowBuilder;
pub(crate) use id::text_id;
pub use id::{ExecutionId, NodeId, NodeKind, NodeVersion, WorkflowId};
pub use item::{Batch, Item, ItemSource, Json, Link, Paired};
pub use timestamp::{Timestamp, TimestampError};
pub use workflow::{Backoff, Connection, Durability, ExecutionOrder, Format, MAIN, NodeDefinition, NodeOptions, RetryPolicy, Settings, Workflow};
