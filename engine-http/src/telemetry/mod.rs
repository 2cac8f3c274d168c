//! Numbers about what runs, in the text format of Prometheus, and events for `tracing`. No label and no field holds what a caller or a workflow put into it, but for
//! the names of node types.

mod histogram;
mod http;
mod nodes;
#[cfg(feature = "api")]
mod render;

pub(crate) use histogram::Histogram;
pub(crate) use http::HttpNumbers;
pub(crate) use nodes::ENDS;
pub use nodes::Telemetry;
#[cfg(feature = "api")]
pub(crate) use render::{Depth, render};
