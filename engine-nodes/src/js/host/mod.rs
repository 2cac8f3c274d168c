//! The functions of the engine that the prelude may call. Scripts reach them only through what the prelude makes of them.

#![expect(clippy::needless_pass_by_value, reason = "functions that scripts call own what was converted for them")]

mod at_hand;
mod bytes;
mod code;
mod data;
mod dates;
mod facts;
mod hashes;
mod intl;
mod text;

use rquickjs::function::Func;
use rquickjs::{Ctx, Object, Result};

pub(super) use at_hand::{shown, with_run, with_scope};

use super::prelude::{self, Purpose};
use super::syntax::unsafe_names;

/// Global names of QuickJS that no script gets.
const DENIED_GLOBALS: &[&str] = &["FinalizationRegistry", "Atomics", "navigator", "gc"];

/// The same for expressions, besides.
const DENIED_IN_EXPRESSIONS: &[&str] = &[
    "globalThis",
    "Promise",
    "Function",
    "escape",
    "unescape",
    "queueMicrotask",
    "Iterator",
    "SuppressedError",
    "DisposableStack",
    "AsyncDisposableStack",
    "Reflect",
    "Proxy",
    "WeakRef",
    "performance",
    "DOMException",
];

/// Names of hosts that appear to expressions as empty objects.
const DENIED_NAMES: &[&str] = &[
    "document",
    "global",
    "window",
    "Window",
    "globalThis",
    "self",
    "alert",
    "prompt",
    "confirm",
    "eval",
    "uneval",
    "setTimeout",
    "setInterval",
    "setImmediate",
    "clearTimeout",
    "clearInterval",
    "clearImmediate",
    "queueMicrotask",
    "Function",
    "require",
    "module",
    "exports",
    "fetch",
    "XMLHttpRequest",
    "WebSocket",
    "Promise",
    "Generator",
    "GeneratorFunction",
    "AsyncFunction",
    "AsyncGenerator",
    "AsyncGeneratorFunction",
    "WebAssembly",
    "Reflect",
    "Proxy",
    "escape",
    "unescape",
    "importScripts",
    "Buffer",
];

/// The names of the extension functions of dates: known before they are read.
const DATE_FUNCTIONS: &[&str] = &[
    "beginningOf",
    "endOfMonth",
    "extract",
    "isBetween",
    "isDst",
    "isInLast",
    "isWeekend",
    "minus",
    "plus",
    "format",
    "toDateTime",
    "diffTo",
    "diffToNow",
    "toInt",
    "toFloat",
    "toBoolean",
    "isEmpty",
    "isNotEmpty",
];

/// The object with all functions of the host.
pub(super) fn object<'js>(ctx: &Ctx<'js>, purpose: Purpose) -> Result<Object<'js>> {
    let host = Object::new(ctx.clone())?;
    let strict = purpose == Purpose::Expressions;
    host.set("isStrict", Func::from(move || strict))?;
    host.set("unsafeNames", Func::from(|| unsafe_names().to_vec()))?;
    host.set("deniedNames", Func::from(|| DENIED_NAMES.to_vec()))?;
    let denied = move || DENIED_GLOBALS.iter().chain(DENIED_IN_EXPRESSIONS.iter().filter(|_| strict)).copied().collect::<Vec<_>>();
    host.set("deniedGlobals", Func::from(denied))?;
    host.set("dateFunctions", Func::from(|| DATE_FUNCTIONS.to_vec()))?;
    host.set("load", Func::from(|ctx: Ctx<'js>, part: String| prelude::load(&ctx, &part)))?;
    data::add(&host)?;
    facts::add(&host)?;
    text::add(&host)?;
    dates::add(&host)?;
    intl::add(&host)?;
    if purpose == Purpose::Code {
        bytes::add(&host)?;
        code::add(&host)?;
    }
    Ok(host)
}
