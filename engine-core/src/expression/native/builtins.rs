//! Names that JavaScript gives a meaning to: those that expressions may not reach, and those that values inherit.

use super::eval::Stop;
use super::fail;
use crate::expression::ExpressionErrorKind;

/// True for properties that lead out of the data, to constructors and prototypes.
pub(super) fn is_forbidden(name: &str) -> bool {
    matches!(
        name,
        "constructor"
            | "__proto__"
            | "prototype"
            | "getPrototypeOf"
            | "prepareStackTrace"
            | "__lookupGetter__"
            | "__lookupSetter__"
            | "__defineGetter__"
            | "__defineSetter__"
    )
}

/// The message for a forbidden name, in n8n's words.
pub(super) fn refusal(name: &str) -> String {
    if name == "constructor" {
        "Expression contains invalid constructor function call".to_owned()
    } else {
        format!("Cannot access \"{name}\" due to security concerns")
    }
}

/// Fails for a forbidden name.
pub(super) fn check_allowed(name: &str) -> Result<(), Stop> {
    if is_forbidden(name) { Err(fail(ExpressionErrorKind::Forbidden, refusal(name))) } else { Ok(()) }
}

/// True for the functions that every value inherits.
pub(super) fn inherited_by_all(name: &str) -> bool {
    matches!(name, "toString" | "toLocaleString" | "valueOf" | "hasOwnProperty" | "isPrototypeOf" | "propertyIsEnumerable")
}

/// True for the functions that a number inherits.
pub(super) fn inherited_by_number(name: &str) -> bool {
    matches!(name, "toExponential" | "toFixed" | "toPrecision") || inherited_by_all(name)
}

/// True for the functions that a text inherits.
pub(super) fn inherited_by_text(name: &str) -> bool {
    const HTML: [&str; 13] = ["anchor", "big", "blink", "bold", "fixed", "fontcolor", "fontsize", "italics", "link", "small", "strike", "sub", "sup"];
    const OWN: [&str; 38] = [
        "at",
        "charAt",
        "charCodeAt",
        "codePointAt",
        "concat",
        "endsWith",
        "includes",
        "indexOf",
        "isWellFormed",
        "lastIndexOf",
        "localeCompare",
        "match",
        "matchAll",
        "normalize",
        "padEnd",
        "padStart",
        "repeat",
        "replace",
        "replaceAll",
        "search",
        "slice",
        "split",
        "startsWith",
        "substr",
        "substring",
        "toLocaleLowerCase",
        "toLocaleUpperCase",
        "toLowerCase",
        "toUpperCase",
        "toWellFormed",
        "trim",
        "trimEnd",
        "trimLeft",
        "trimRight",
        "trimStart",
        "toString",
        "valueOf",
        "length",
    ];
    OWN.contains(&name) || HTML.contains(&name) || inherited_by_all(name)
}

/// True for the functions that an array inherits.
pub(super) fn inherited_by_array(name: &str) -> bool {
    const OWN: [&str; 36] = [
        "at",
        "concat",
        "copyWithin",
        "entries",
        "every",
        "fill",
        "filter",
        "find",
        "findIndex",
        "findLast",
        "findLastIndex",
        "flat",
        "flatMap",
        "forEach",
        "includes",
        "indexOf",
        "join",
        "keys",
        "lastIndexOf",
        "map",
        "pop",
        "push",
        "reduce",
        "reduceRight",
        "reverse",
        "shift",
        "slice",
        "some",
        "sort",
        "splice",
        "toReversed",
        "toSorted",
        "toSpliced",
        "unshift",
        "values",
        "with",
    ];
    OWN.contains(&name) || inherited_by_all(name)
}

/// True when some value inherits a function of this name: a member of this name may be a function.
pub(super) fn inherited_by_some(name: &str) -> bool {
    inherited_by_text(name) || inherited_by_array(name) || inherited_by_number(name)
}
