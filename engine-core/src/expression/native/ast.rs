//! What a chunk is parsed into.

use super::functions::Function;
use super::methods::Method;
use super::operators::{Arithmetic, Comparison};

/// An expression.
#[derive(Debug)]
pub(super) enum Expr {
    Literal(Literal),
    Root(Root),
    /// Members of a root, one after the other: the form of four expressions out of five.
    Path(Root, Vec<Key>),
    Member {
        object: Box<Expr>,
        key: Key,
        optional: bool,
    },
    Index {
        object: Box<Expr>,
        index: Box<Expr>,
        optional: bool,
    },
    /// The whole of a chain that has a `?.` in it: where that meets null or undefined, the chain is undefined.
    Chain(Box<Expr>),
    Method {
        object: Box<Expr>,
        method: Method,
        arguments: Vec<Expr>,
        optional: bool,
    },
    Function(Function, Vec<Expr>),
    Unary(Unary, Box<Expr>),
    Arithmetic(Arithmetic, Box<[Expr; 2]>),
    Comparison(Comparison, Box<[Expr; 2]>),
    Logic(Logic, Box<[Expr; 2]>),
    Conditional(Box<[Expr; 3]>),
    /// Texts and the values between them: one text more than values.
    Template(Vec<Box<str>>, Vec<Expr>),
    Array(Vec<Expr>),
    /// In the order in which they are written, which is that of evaluation.
    Object(Vec<(Box<str>, Expr)>),
    /// An object with array indexes among its keys, which come first once they are evaluated.
    IndexedObject(Vec<(Box<str>, Expr)>),
}

/// A value written in the code.
#[derive(Debug)]
pub(super) enum Literal {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(Box<str>),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Unary {
    Not,
    Negate,
    Plus,
    TypeOf,
    Void,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Logic {
    And,
    Or,
    /// `??`
    Coalesce,
}

/// The key of a property.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// An array index, however it was written: `[0]` and `["0"]` are the same.
    Index(u32),
    /// Any other name.
    Name(Box<str>),
}

/// Where a value of the scope is to be found.
#[derive(Debug)]
pub(super) enum Root {
    /// `$json`, `$('Node').item.json`.
    Json(ItemAt),
    /// `$binary`: an object even where the item has no files.
    Binary,
    /// An item as such: `$input.first()`.
    Item(ItemAt),
    /// `$input.all()`.
    Input,
    /// `$('Node').all()`, `$items('Node')`.
    Items(NodeItemsAt),
    /// `$('Node').isExecuted`.
    IsExecuted(Box<str>),
    /// `$('Node').params`, `$node['Node'].parameter`.
    ParametersOf(Box<str>),
    /// `$('Node').context`.
    ContextOf(Box<str>),
    /// `$node['Node'].runIndex`.
    RunIndexOf(Box<str>),
    /// `$parameter`.
    Parameters,
    /// `$vars`.
    Variables,
    /// A variable that only this scope has: `$response` while a node fetches pages.
    Own(&'static str),
    Fact(Fact),
}

/// Which item.
#[derive(Debug)]
pub(super) enum ItemAt {
    /// The item at hand.
    Current,
    /// `$input.first()`.
    First,
    /// `$input.last()`.
    Last,
    /// `$('Node').item`; with an index, `.pairedItem(i)`.
    Paired(Box<str>, Option<Box<Expr>>),
    /// `$('Node').first()`.
    FirstOf(NodeItemsAt),
    /// `$('Node').last()`.
    LastOf(NodeItemsAt),
    /// `$node['Node']`: the item with the same index.
    Beside(Box<str>),
}

/// Which items of another node.
#[derive(Debug)]
pub(super) struct NodeItemsAt {
    pub(super) node: Box<str>,
    pub(super) output: Option<usize>,
    pub(super) run: Option<i64>,
}

/// A single fact of the execution.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fact {
    ItemIndex,
    RunIndex,
    Now,
    Today,
    WorkflowId,
    WorkflowName,
    WorkflowActive,
    ExecutionId,
    ExecutionMode,
    ResumeUrl,
    ResumeFormUrl,
    NodeId,
    NodeVersion,
    WebhookId,
    PreviousName,
    PreviousOutput,
    PreviousRun,
}
