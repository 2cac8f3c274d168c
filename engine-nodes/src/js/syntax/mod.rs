//! JavaScript as text: enough of a parser to know names, calls and statements apart.
//!
//! Expressions are rewritten before QuickJS sees them, as n8n does it: names that nothing declares become properties of the scope object, calls of
//! extension functions become calls of the dispatcher, and property names are checked. Everything else is left as it was written, byte for byte, and
//! QuickJS has the last word on whether it is JavaScript.

mod bindings;
mod chains;
mod edits;
mod expressions;
mod extensions;
mod functions;
mod lexer;
mod parser;
mod patterns;
mod statements;
#[cfg(test)]
mod tests;

pub(super) use extensions::unsafe_names;
pub(super) use parser::{Problem, assigned_globals, rewrite_expression};
