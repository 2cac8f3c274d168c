//! The names that the rewriting of expressions is about.
//!
//! The rewritten code uses these names of the prelude: `__e_s`, the scope object; `__e_x(value, name, args)`, the dispatcher of extension
//! functions; `__e_k(key)`, which checks a computed property name; `__e_t(value)`, which hides the global object; `__e_o` and `__e_m`, which cut
//! an optional chain short; `__e_l(length)`, which refuses endless arrays. None of them can be named by an expression.

/// The names of all extension functions: calls of methods with these names go through the dispatcher.
const EXTENSIONS: &[&str] = &[
    "abs",
    "append",
    "average",
    "base64Decode",
    "base64Encode",
    "beginningOf",
    "ceil",
    "chunk",
    "compact",
    "difference",
    "diffTo",
    "diffToNow",
    "endOfMonth",
    "extract",
    "extractDomain",
    "extractEmail",
    "extractUrl",
    "extractUrlPath",
    "first",
    "floor",
    "format",
    "hasField",
    "hash",
    "intersection",
    "isBetween",
    "isDomain",
    "isDst",
    "isEmail",
    "isEmpty",
    "isEven",
    "isInLast",
    "isInteger",
    "isNotEmpty",
    "isNumeric",
    "isOdd",
    "isUrl",
    "isWeekend",
    "keepFieldsContaining",
    "keys",
    "last",
    "length",
    "max",
    "merge",
    "mergeIntoObject",
    "min",
    "minus",
    "parseJson",
    "pluck",
    "plus",
    "quote",
    "randomItem",
    "removeDuplicates",
    "removeField",
    "removeFieldsContaining",
    "removeMarkdown",
    "removeTags",
    "renameKeys",
    "replaceSpecialChars",
    "reverse",
    "round",
    "smartJoin",
    "sum",
    "toBoolean",
    "toDate",
    "toDateTime",
    "toDecimalNumber",
    "toFloat",
    "toInt",
    "toJsonString",
    "toNumber",
    "toSentenceCase",
    "toSnakeCase",
    "toTitleCase",
    "toWholeNumber",
    "union",
    "unique",
    "urlDecode",
    "urlEncode",
    "values",
];

/// Properties that lead from data to the machinery behind it.
const UNSAFE: &[&str] = &[
    "__proto__",
    "prototype",
    "constructor",
    "getPrototypeOf",
    "setPrototypeOf",
    "mainModule",
    "binding",
    "_linkedBinding",
    "_load",
    "prepareStackTrace",
    "__lookupGetter__",
    "__lookupSetter__",
    "__defineGetter__",
    "__defineSetter__",
    "caller",
    "arguments",
    "callee",
    "getBuiltinModule",
    "dlopen",
    "execve",
    "loadEnvFile",
    "getOwnPropertyDescriptor",
    "getOwnPropertyDescriptors",
    "defineProperty",
    "defineProperties",
];

/// What expressions may use of JavaScript's own global names. All others are properties of the scope object.
const GLOBALS: &[&str] = &[
    "undefined",
    "NaN",
    "Infinity",
    "Object",
    "Array",
    "String",
    "Number",
    "Boolean",
    "BigInt",
    "Symbol",
    "Math",
    "JSON",
    "Date",
    "RegExp",
    "Map",
    "Set",
    "WeakMap",
    "WeakSet",
    "Error",
    "TypeError",
    "RangeError",
    "SyntaxError",
    "ReferenceError",
    "EvalError",
    "URIError",
    "AggregateError",
    "Int8Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "Int16Array",
    "Uint16Array",
    "Int32Array",
    "Uint32Array",
    "Float32Array",
    "Float64Array",
    "BigInt64Array",
    "BigUint64Array",
    "ArrayBuffer",
    "SharedArrayBuffer",
    "DataView",
    "Intl",
    "isNaN",
    "isFinite",
    "parseInt",
    "parseFloat",
    "encodeURI",
    "encodeURIComponent",
    "decodeURI",
    "decodeURIComponent",
];

/// Objects whose methods are never extension functions, whatever their names.
const PLAIN_RECEIVERS: &[&str] = &["Math", "Object", "JSON", "Number", "Array", "String", "Date", "DateTime", "Duration", "Interval", "Intl"];

/// True for the name of an extension function.
pub(in crate::js) fn is_extension(name: &str) -> bool {
    EXTENSIONS.contains(&name)
}

/// True for a property name that expressions may not use.
pub(in crate::js) fn is_unsafe_name(name: &str) -> bool {
    UNSAFE.contains(&name)
}

pub(super) fn is_global(name: &str) -> bool {
    GLOBALS.contains(&name)
}

pub(super) fn is_plain_receiver(name: &str) -> bool {
    PLAIN_RECEIVERS.contains(&name)
}

/// True for names that no expression may declare or use.
pub(super) fn is_reserved_name(name: &str) -> bool {
    name.starts_with("__e_") || name == "___n8n_data" || name == "__sanitize" || is_unsafe_name(name) && name.starts_with("__")
}

/// The property names that expressions may not use.
pub(in crate::js) fn unsafe_names() -> &'static [&'static str] {
    UNSAFE
}
