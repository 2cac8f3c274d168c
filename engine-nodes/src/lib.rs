//! The built-in nodes, in groups behind features, and the JavaScript engine of expressions and Code nodes.
//!
//! A group lives in a directory of its own and needs nothing from the others. `js` is the script engine: `js::JsEngine` evaluates what the native
//! evaluator of engine-core leaves to JavaScript, and runs the code of Code nodes.

#[cfg(feature = "js")]
pub mod js;
