//! A list that converts an element when it is read. The proxy around it is made by the prelude; here is what it asks.

use engine_core::model::Batch;
use rquickjs::class::{JsClass, Readable, Trace, Tracer};
use rquickjs::function::Constructor;
use rquickjs::{Class, Ctx, JsLifetime, Result, Value as JsValue};

use super::handle::Elements;
use super::inward;
use crate::js::kit::Kit;

/// Where the elements come from.
#[derive(Clone)]
pub(in crate::js) enum ListSource {
    /// A list within JSON.
    Values(Elements),
    /// Items; those of the node's own input are linked by their index.
    Items { batch: Batch, input: bool },
}

/// The engine's list behind a proxy.
#[derive(JsLifetime)]
pub(in crate::js) struct LazyList {
    source: ListSource,
}

impl LazyList {
    /// How long the list is.
    pub(in crate::js) fn len(&self) -> usize {
        match &self.source {
            ListSource::Values(elements) => elements.get().len(),
            ListSource::Items { batch, .. } => batch.len(),
        }
    }

    /// The element at an index; `undefined` past the end.
    pub(in crate::js) fn element<'js>(&self, ctx: &Ctx<'js>, index: usize) -> Result<JsValue<'js>> {
        let found = match &self.source {
            ListSource::Values(elements) => elements.get().get(index).map(|value| inward::element(ctx, value, || elements.part(index))),
            ListSource::Items { batch, input } => batch.get(index).map(|item| inward::item(ctx, item, input.then_some(index))),
        };
        found.unwrap_or_else(|| Ok(JsValue::new_undefined(ctx.clone())))
    }
}

/// The engine's list behind an array, as long as no element was read.
pub(in crate::js) fn untouched_list<'js>(ctx: &Ctx<'js>, array: &JsValue<'js>) -> Result<Option<Elements>> {
    if !array.is_proxy() {
        return Ok(None);
    }
    let list: JsValue<'js> = Kit::of(ctx)?.untouched_list.call((array.clone(),))?;
    let list = list.as_object().and_then(Class::<LazyList>::from_object);
    Ok(list.and_then(|list| match &list.borrow().source {
        ListSource::Values(elements) => Some(elements.clone()),
        ListSource::Items { .. } => None,
    }))
}

/// A list as a script sees it: an array.
pub(in crate::js) fn wrap<'js>(ctx: &Ctx<'js>, source: ListSource) -> Result<JsValue<'js>> {
    let list = LazyList { source };
    let length = list.len();
    Kit::of(ctx)?.wrap_list.call((Class::instance(ctx.clone(), list)?, length))
}

impl<'js> Trace<'js> for LazyList {
    fn trace<'a>(&self, _tracer: Tracer<'a, 'js>) {}
}

impl<'js> JsClass<'js> for LazyList {
    const NAME: &'static str = "List";
    type Mutable = Readable;

    fn constructor(_ctx: &Ctx<'js>) -> Result<Option<Constructor<'js>>> {
        Ok(None)
    }
}
