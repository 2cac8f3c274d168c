//! The JSON formats of workflows and items: reading and writing.
//!
//! [`read_workflow`] takes the engine's own format and n8n's export, told apart by the shape of `connections` (a list, or an object keyed by node name).
//! What it does not know is kept and written back: exporting an imported workflow gives back what came in.

mod connections;
mod fields;
mod item;
mod node;
mod settings;
mod workflow;

pub use item::{ItemShapeError, batch_from_json, item_from_json, item_to_json};
pub(crate) use item::{binary_from_json, binary_to_json};
pub use workflow::{read_workflow, read_workflow_value, write_workflow};
