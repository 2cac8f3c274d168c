//! Why an expression failed.

use std::fmt;

/// An error that fails the item, as opposed to JavaScript's run-time errors, which become `undefined`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    kind: ExpressionErrorKind,
    message: String,
}

/// Kinds of expression errors. The text form is stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpressionErrorKind {
    /// The text does not parse as an expression.
    Syntax,
    /// An expression names a node that the workflow does not have.
    UnknownNode,
    /// The named node has not run.
    NotExecuted,
    /// No connection leads back from this node to the named one.
    NoPath,
    /// Lineage is missing on the way back to the named node.
    NoPairedItem,
    /// Lineage leads to several items of the named node.
    SeveralMatches,
    /// An index is out of range.
    OutOfRange,
    /// A function was called in a way that it does not allow.
    Call,
    /// Access to something that expressions may not reach.
    Forbidden,
    /// Time, memory, stack or output went past its limit.
    Limit,
    /// The expression needs a script engine and there is none.
    NeedsScriptEngine,
}

impl ExpressionErrorKind {
    /// The stable code, such as `paired_item_no_connection`; those that n8n has carry n8n's name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Syntax => "expression_syntax",
            Self::UnknownNode => "expression_unknown_node",
            Self::NotExecuted => "no_execution_data",
            Self::NoPath => "paired_item_no_connection",
            Self::NoPairedItem => "paired_item_no_info",
            Self::SeveralMatches => "paired_item_multiple_matches",
            Self::OutOfRange => "expression_out_of_range",
            Self::Call => "expression_call",
            Self::Forbidden => "expression_forbidden",
            Self::Limit => "expression_limit",
            Self::NeedsScriptEngine => "expression_needs_script_engine",
        }
    }
}

impl fmt::Display for ExpressionErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl ExpressionError {
    /// An error of this kind, with a message for the user.
    pub fn new(kind: ExpressionErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// The kind.
    pub const fn kind(&self) -> ExpressionErrorKind {
        self.kind
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.message
    }
}
