//! JMESPath, behind `$jmespath(data, query)`.
//!
//! An own implementation, for two reasons: it reads the engine's JSON where it lies and copies only what it finds, and it keeps the order of keys,
//! which the libraries at hand do not.

mod functions;
mod interpret;
mod lex;
mod parse;
#[cfg(test)]
mod tests;

pub(super) use interpret::{Data, search};
pub(super) use parse::parse;

/// Why a query gives nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct QueryError(pub(super) String);

impl QueryError {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}
