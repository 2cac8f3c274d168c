//! What the prelude of a realm hands to Rust: functions and objects of the script engine that the host needs again and again.
#![expect(elided_lifetimes_in_paths, reason = "the derive of JsLifetime writes the type without its lifetime")]

use std::cell::RefCell;
use std::collections::HashMap;

use engine_core::expression::{ExpressionError, ExpressionErrorKind};
use rquickjs::runtime::UserDataGuard;
use rquickjs::{Array, Ctx, Error, Function, JsLifetime, Object, Result, Value as JsValue};

/// The parts of the prelude that Rust calls. Kept with the runtime; scripts cannot reach it.
#[derive(JsLifetime)]
pub(super) struct Kit<'js> {
    /// The prototype of plain objects.
    pub(super) object_prototype: Object<'js>,
    /// The prototype of lazy objects.
    pub(super) lazy_prototype: Object<'js>,
    /// Makes an array of a list and its length.
    pub(super) wrap_list: Function<'js>,
    /// The list behind an array, as long as no element was read.
    pub(super) untouched_list: Function<'js>,
    pub(super) is_array: Function<'js>,
    pub(super) has_own: Function<'js>,
    /// The value in a boxed one, an empty object for sets and maps.
    pub(super) unbox: Function<'js>,
    /// A marked form of what JSON does not know.
    pub(super) mark: Function<'js>,
    pub(super) well_formed: Function<'js>,
    /// Makes an error of n8n's kind.
    pub(super) make_error: Function<'js>,
    /// The kind of an error of n8n's kind; otherwise undefined.
    pub(super) error_kind: Function<'js>,
    /// What compiled expressions are given, in the order of their parameters.
    pub(super) helpers: Array<'js>,
    /// The objects with which parts of the prelude are called.
    pub(super) host: Object<'js>,
    pub(super) exports: Object<'js>,
    /// Compiled expressions by their number.
    pub(super) functions: RefCell<HashMap<u64, Function<'js>>>,
}

impl<'js> Kit<'js> {
    /// The kit of the runtime.
    pub(super) fn of<'a>(ctx: &'a Ctx<'js>) -> Result<UserDataGuard<'a, Self>> {
        ctx.userdata::<Self>().ok_or(Error::Unknown)
    }

    /// From what the prelude exports.
    pub(super) fn new(host: Object<'js>, exports: Object<'js>) -> Result<Self> {
        Ok(Self {
            object_prototype: exports.get("objectPrototype")?,
            lazy_prototype: exports.get("lazyPrototype")?,
            wrap_list: exports.get("wrapList")?,
            untouched_list: exports.get("untouchedList")?,
            has_own: exports.get("hasOwn")?,
            is_array: exports.get("isArray")?,
            unbox: exports.get("unbox")?,
            mark: exports.get("mark")?,
            well_formed: exports.get("wellFormed")?,
            make_error: exports.get("makeError")?,
            error_kind: exports.get("errorKind")?,
            helpers: exports.get("helpers")?,
            host,
            exports,
            functions: RefCell::new(HashMap::new()),
        })
    }

    /// Throws an error of n8n's kind.
    pub(super) fn fail(&self, ctx: &Ctx<'js>, error: &ExpressionError) -> Error {
        match self.make_error.call::<_, JsValue<'js>>((error.kind().code(), error.message())) {
            Ok(thrown) => ctx.throw(thrown),
            Err(error) => error,
        }
    }
}

/// Throws an error of n8n's kind.
pub(super) fn fail(ctx: &Ctx<'_>, error: &ExpressionError) -> Error {
    match Kit::of(ctx) {
        Ok(kit) => kit.fail(ctx, error),
        Err(error) => error,
    }
}

/// The kind of expression error with this code.
pub(super) fn kind_of(code: &str) -> Option<ExpressionErrorKind> {
    use ExpressionErrorKind::{
        Call, Forbidden, Limit, NeedsScriptEngine, NoPairedItem, NoPath, NotExecuted, OutOfRange, SeveralMatches, Syntax, UnknownNode,
    };
    let kinds = [Syntax, UnknownNode, NotExecuted, NoPath, NoPairedItem, SeveralMatches, OutOfRange, Call, Forbidden, Limit, NeedsScriptEngine];
    kinds.into_iter().find(|kind| kind.code() == code)
}
