//! JavaScript: the engine behind expressions and Code nodes, on QuickJS.
//!
//! [`JsEngine`] is the [`ScriptEngine`](engine_core::expression::ScriptEngine) that plans are compiled with. An expression is rewritten once
//! (`syntax`), compiled once in each realm (`realm`), and evaluated on the caller's thread when that takes little time, otherwise on
//! a thread of the engine (`threads`). Scripts see the engine's data through lazy objects (`data`); all else that they can name is made by the
//! prelude, which is JavaScript over functions of the `host`.

mod code;
mod data;
mod deadline;
mod engine;
mod failure;
mod host;
mod intl;
mod jmespath;
mod kit;
mod limits;
mod nodes;
mod prelude;
mod realm;
mod script;
mod syntax;
#[cfg(test)]
mod tests;
mod threads;

pub use code::{CodeError, CodeMode, CodeOutcome, CodeProgram, CodeRun, HostError, LogLine, LogSeverity, NoHost, ScriptHost, StaticData};
pub use engine::JsEngine;
pub use limits::JsLimits;
pub use nodes::ScriptNodes;
pub(crate) use nodes::asks_for_static_data;
