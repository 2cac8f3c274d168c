//! The only place that reaches into QuickJS by hand: it makes up for a value that rquickjs counts once too little.
//!
//! When a script assigns to a field of an exotic object, QuickJS lends the value to the object's setter and frees it afterwards. rquickjs 0.14 hands
//! it to [`JsClass::exotic_set_property`](rquickjs::class::JsClass::exotic_set_property) as if it were given away: it is freed twice, while whoever
//! stored it still holds it. `Cargo.toml` names the exact version of rquickjs, so that this is looked at again before another one is taken; the test
//! `values_that_are_put_into_items_of_many_fields_live_as_long_as_the_item` fails when the count is wrong in either direction.

use rquickjs::{Value, qjs};

/// Counts a value that a setter was given once more. To be called once, first thing in a setter.
#[expect(unsafe_code, reason = "rquickjs has no safe way to count a value without keeping it")]
pub(super) fn once_more(value: &Value<'_>) {
    // SAFETY: the value is alive, and belongs to this context; its count only grows.
    unsafe { qjs::JS_DupValue(value.ctx().as_raw().as_ptr(), value.as_raw()) };
}
