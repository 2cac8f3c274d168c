//! The native evaluator: the part of the expression language that is answered in Rust.
//!
//! [`Native::parse`] takes the code of one chunk when it understands all of it and otherwise says why not; the template then asks the script
//! engine. Evaluation borrows from the scope: nothing is copied until the result is known.
//!
//! What the evaluator understands, it does exactly as JavaScript does. Where the answer depends on a value that turns up only at run time and
//! that it cannot represent (half of a surrogate pair, a function that is compared with something), it gives up and the caller falls back to
//! the script of the same chunk; [`Native::may_give_up`] says beforehand whether that can happen.

mod ast;
mod builtins;
mod clock;
mod eval;
mod functions;
mod held;
mod lex;
mod literal;
mod member;
mod methods;
mod operators;
mod parse;
mod roots;
mod value;

use serde_json::Value;

use self::ast::Expr;
use self::eval::{Context, Stop};
use self::held::Held;
use self::value::Val;
use super::{ExpressionError, ExpressionErrorKind, Reads, Scope};

pub(super) use parse::Refusal;

/// The code of one chunk, parsed.
#[derive(Debug)]
pub(super) struct Native {
    expr: Expr,
    may_give_up: bool,
    reads: Reads,
}

/// What came of an evaluation.
pub(super) enum Outcome<T> {
    /// A value, or an error that fails the item.
    Done(Result<T, ExpressionError>),
    /// The native evaluator cannot tell.
    GaveUp,
}

impl Native {
    /// Parses the code of a chunk.
    ///
    /// # Errors
    /// Why the chunk cannot be evaluated natively.
    pub(super) fn parse(code: &str) -> Result<Self, Refusal> {
        parse::parse(code)
    }

    /// True when an evaluation may end in [`Outcome::GaveUp`].
    pub(super) const fn may_give_up(&self) -> bool {
        self.may_give_up
    }

    /// What the chunk reads.
    pub(super) const fn reads(&self) -> Reads {
        self.reads
    }

    /// The value of the chunk: a number that JSON does not know is marked, see [`not_finite`](super::not_finite). What else it cannot hold (undefined
    /// within an array) becomes null, or is left to the script when it is to be exact.
    pub(super) fn value(&self, scope: &dyn Scope, exact: bool) -> Outcome<Option<Value>> {
        // The quick way for the most frequent form, with nothing set up for the others.
        if let Some(found) = eval::plain_member(&self.expr, scope) {
            return Outcome::Done(Ok(Some(found.clone())));
        }
        let held = Held::default();
        let cx = Context { scope, held: &held };
        let fits = |value: Val<'_>| if exact && !value.fits_json() { Err(Stop::GiveUp) } else { value.into_json() };
        let value = eval::eval(&self.expr, cx).and_then(fits);
        outcome(value, || None)
    }

    /// Appends the value of the chunk as text.
    pub(super) fn write(&self, scope: &dyn Scope, out: &mut String) -> Outcome<()> {
        let held = Held::default();
        let cx = Context { scope, held: &held };
        let written = eval::eval(&self.expr, cx).and_then(|value| value.write_in_template(out));
        outcome(written, || ())
    }
}

fn outcome<T>(result: Result<T, Stop>, undefined: impl Fn() -> T) -> Outcome<T> {
    match result {
        Ok(value) => Outcome::Done(Ok(value)),
        // What JavaScript throws, the expression swallows.
        Err(Stop::Throw | Stop::Short) => Outcome::Done(Ok(undefined())),
        Err(Stop::GiveUp) => Outcome::GaveUp,
        Err(Stop::Fail(error)) => Outcome::Done(Err(*error)),
    }
}

fn fail(kind: ExpressionErrorKind, message: impl Into<String>) -> Stop {
    Stop::Fail(Box::new(ExpressionError::new(kind, message)))
}

#[cfg(test)]
mod tests;
