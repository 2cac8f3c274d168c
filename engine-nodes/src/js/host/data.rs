//! Items: of the node itself, and of others.

use engine_core::expression::{NodeItems, Scope};
use engine_core::model::{Batch, Item};
use rquickjs::function::{Func, Opt};
use rquickjs::{Class, Ctx, Exception, Object, Result, Value as JsValue};

use super::at_hand::{ask, tell};
use crate::js::data::{self, Fields, LazyList, LazyObject, ListSource, wrap_list};

/// Adds the functions to the host object.
pub(super) fn add(host: &Object<'_>) -> Result<()> {
    host.set("element", Func::from(element))?;
    host.set("json", Func::from(json))?;
    host.set("binary", Func::from(binary))?;
    host.set("itemIndex", Func::from(|ctx: Ctx<'_>| tell(&ctx, |at| at.scope.item_index())))?;
    host.set("runIndex", Func::from(|ctx: Ctx<'_>| tell(&ctx, |at| at.scope.run_index())))?;
    host.set("inputLength", Func::from(|ctx: Ctx<'_>| tell(&ctx, |at| at.scope.input().len())))?;
    host.set("inputItem", Func::from(input_item))?;
    host.set("inputItems", Func::from(input_items))?;
    host.set("nodeItems", Func::from(node_items))?;
    host.set("itemsBeside", Func::from(items_beside))?;
    host.set("pairedItem", Func::from(paired_item))
}

fn element<'js>(ctx: Ctx<'js>, list: Class<'js, LazyList>, index: usize) -> Result<JsValue<'js>> {
    list.borrow().element(&ctx, index)
}

/// The item at hand; none where the node has no input.
fn current(scope: &dyn Scope) -> Option<&Item> {
    scope.input().get(scope.item_index())
}

fn json(ctx: Ctx<'_>) -> Result<JsValue<'_>> {
    let json = tell(&ctx, |at| current(at.scope).map(|item| std::sync::Arc::clone(item.shared_json())))?;
    LazyObject::create(&ctx, Fields::new(json.unwrap_or_default()))
}

fn binary(ctx: Ctx<'_>) -> Result<JsValue<'_>> {
    let item = tell(&ctx, |at| current(at.scope).cloned().unwrap_or_default())?;
    let object = data::item(&ctx, &item, Some(0))?;
    let binary: Option<JsValue<'_>> = object.as_object().map(|object| object.get("binary")).transpose()?;
    match binary {
        Some(binary) if binary.is_object() => Ok(binary),
        _ => Ok(Object::new(ctx.clone())?.into_value()),
    }
}

fn input_item(ctx: Ctx<'_>, index: usize) -> Result<JsValue<'_>> {
    match tell(&ctx, |at| at.scope.input().get(index).cloned())? {
        Some(item) => data::item(&ctx, &item, Some(index)),
        None => Ok(JsValue::new_undefined(ctx.clone())),
    }
}

fn input_items(ctx: Ctx<'_>) -> Result<JsValue<'_>> {
    let batch = tell(&ctx, |at| at.scope.input().clone())?;
    wrap_list(&ctx, ListSource::Items { batch, input: true })
}

fn node_items(ctx: Ctx<'_>, node: String, output: Opt<Option<usize>>, run: Opt<Option<i64>>) -> Result<JsValue<'_>> {
    let query = NodeItems { output: output.0.flatten(), run: run.0.flatten(), ..NodeItems::of(&node) };
    let batch: Batch = ask(&ctx, |at| at.scope.node_items(&query))?;
    wrap_list(&ctx, ListSource::Items { batch, input: false })
}

fn items_beside(ctx: Ctx<'_>, node: String) -> Result<JsValue<'_>> {
    let batch: Batch = ask(&ctx, |at| at.scope.node_items(&NodeItems::beside(&node)))?;
    wrap_list(&ctx, ListSource::Items { batch, input: false })
}

fn paired_item(ctx: Ctx<'_>, node: String, index: usize) -> Result<JsValue<'_>> {
    match ask(&ctx, |at| at.scope.paired_item(&node, index))? {
        Some(item) => data::item(&ctx, &item, None),
        None => Err(Exception::throw_type(&ctx, "the links of the item end before that node")),
    }
}
