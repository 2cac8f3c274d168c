//! Facts of the workflow, the execution and other nodes, and expressions within expressions.

use std::sync::Arc;

use engine_core::expression::{ExpressionError, ExpressionErrorKind, ScriptEngine, Template};
use engine_core::model::Json;
use rquickjs::function::Func;
use rquickjs::{Ctx, Exception, IntoJs, Object, Result, Value as JsValue};
use serde_json::Value;

use super::at_hand::{AtHand, ask, tell};
use crate::js::data::{Fields, LazyObject, Outward, to_script, untouched_list};
use crate::js::jmespath::{self, Data};
use crate::js::kit::{Kit, fail};

/// What the custom data of an execution may take, in bytes.
const MAX_CUSTOM_VALUE: usize = 1 << 16;

/// How much data of a script's own may be searched, in bytes.
const MAX_QUERIED: usize = 64 << 20;

/// Adds the functions to the host object.
pub(super) fn add(host: &Object<'_>) -> Result<()> {
    host.set("otherNode", Func::from(other_node))?;
    host.set("previousNode", Func::from(previous_node))?;
    host.set("previous", Func::from(previous))?;
    host.set("workflow", Func::from(workflow))?;
    host.set("execution", Func::from(execution))?;
    host.set("node", Func::from(node))?;
    host.set("variables", Func::from(|ctx| lazy(&ctx, |at| Arc::clone(&at.scope.facts().variables))))?;
    host.set("parameters", Func::from(|ctx| lazy(&ctx, |at| Arc::clone(&at.scope.facts().node.parameters))))?;
    host.set("customData", Func::from(|ctx| lazy(&ctx, |at| Arc::new(at.scope.custom_data()))))?;
    host.set("setCustomData", Func::from(set_custom_data))?;
    host.set("now", Func::from(|ctx: Ctx<'_>| tell(&ctx, |at| at.scope.now().as_millis())))?;
    host.set("timeZone", Func::from(|ctx: Ctx<'_>| tell(&ctx, |at| at.scope.facts().time_zone.to_string())))?;
    host.set("variable", Func::from(variable))?;
    host.set("resolved", Func::from(resolved))?;
    host.set("jmespath", Func::from(jmespath))?;
    host.set("evaluate", Func::from(|ctx, text: String| evaluate(&ctx, &text)))
}

fn lazy<'js>(ctx: &Ctx<'js>, json: impl FnOnce(&AtHand<'_>) -> Arc<Json>) -> Result<JsValue<'js>> {
    LazyObject::create(ctx, Fields::new(tell(ctx, json)?))
}

fn other_node(ctx: Ctx<'_>, name: String) -> Result<Object<'_>> {
    let node = ask(&ctx, |at| at.scope.other_node(&name))?;
    let object = Object::new(ctx.clone())?;
    object.set("executed", node.executed)?;
    object.set("parameters", LazyObject::create(&ctx, Fields::new(node.parameters))?)?;
    object.set("context", LazyObject::create(&ctx, Fields::new(Arc::new(node.context)))?)?;
    if node.executed {
        object.set("runIndex", node.run_index)?;
    } else {
        object.set("runIndex", -1)?;
    }
    Ok(object)
}

/// The node from which the first input came, as `otherNode` tells of it.
fn previous_node(ctx: Ctx<'_>) -> Result<JsValue<'_>> {
    match tell(&ctx, |at| at.scope.previous().map(|source| source.node.to_string()))? {
        Some(name) => other_node(ctx, name).map(Object::into_value),
        None => Ok(JsValue::new_undefined(ctx.clone())),
    }
}

fn previous(ctx: Ctx<'_>) -> Result<Object<'_>> {
    let object = Object::new(ctx.clone())?;
    if let Some(source) = tell(&ctx, |at| at.scope.previous().cloned())? {
        object.set("name", &*source.node)?;
        object.set("outputIndex", source.output)?;
        object.set("runIndex", source.run)?;
    }
    Ok(object)
}

fn workflow(ctx: Ctx<'_>) -> Result<Object<'_>> {
    let facts = tell(&ctx, |at| at.scope.facts().workflow.clone())?;
    let object = Object::new(ctx.clone())?;
    object.set("id", &*facts.id)?;
    object.set("name", &*facts.name)?;
    object.set("active", facts.active)?;
    Ok(object)
}

fn execution(ctx: Ctx<'_>) -> Result<Object<'_>> {
    let facts = tell(&ctx, |at| at.scope.facts().execution.clone())?;
    let object = Object::new(ctx.clone())?;
    object.set("id", &*facts.id)?;
    object.set("mode", &*facts.mode)?;
    object.set("rawMode", if &*facts.mode == "test" { "manual" } else { &*facts.mode })?;
    object.set("resumeUrl", optional(&ctx, facts.resume_url.as_deref())?)?;
    object.set("resumeFormUrl", optional(&ctx, facts.resume_form_url.as_deref())?)?;
    Ok(object)
}

fn node(ctx: Ctx<'_>) -> Result<Object<'_>> {
    let facts = tell(&ctx, |at| at.scope.facts().node.clone())?;
    let object = Object::new(ctx.clone())?;
    object.set("id", &*facts.id)?;
    object.set("name", &*facts.name)?;
    if let Some(version) = facts.version {
        object.set("version", version.to_string().parse::<f64>().unwrap_or(1.0))?;
    }
    object.set("webhookId", optional(&ctx, facts.webhook_id.as_deref())?)?;
    Ok(object)
}

fn optional<'js>(ctx: &Ctx<'js>, text: Option<&str>) -> Result<JsValue<'js>> {
    text.map_or_else(|| Ok(JsValue::new_undefined(ctx.clone())), |text| text.into_js(ctx))
}

fn set_custom_data<'js>(ctx: Ctx<'js>, key: String, value: JsValue<'js>) -> Result<()> {
    let value = {
        let kit = Kit::of(&ctx)?;
        let read = Outward::new(&ctx, &kit, MAX_CUSTOM_VALUE).read(&value);
        read.map_err(|_| fail(&ctx, &ExpressionError::new(ExpressionErrorKind::Limit, "the value for the custom data is too large")))?
    };
    ask(&ctx, |at| at.scope.set_custom_data(&key, &value.unwrap_or(Value::Null)))
}

fn variable(ctx: Ctx<'_>, name: String) -> Result<JsValue<'_>> {
    let value = tell(&ctx, |at| at.scope.variables().and_then(|variables| variables.get(&name)).cloned())?;
    value.map_or_else(|| Ok(JsValue::new_undefined(ctx.clone())), |value| to_script(&ctx, value))
}

/// The value of a parameter: what the expression in it gives, if it holds one.
fn resolved<'js>(ctx: Ctx<'js>, value: JsValue<'js>) -> Result<JsValue<'js>> {
    match value.as_string().map(rquickjs::String::to_string) {
        Some(Ok(text)) => match text.strip_prefix('=') {
            Some(template) => evaluate(&ctx, template),
            None => Ok(value),
        },
        _ => Ok(value),
    }
}

/// What a query finds in some data. Data of the engine's is searched where it lies.
fn jmespath<'js>(ctx: Ctx<'js>, data: JsValue<'js>, query: String) -> Result<JsValue<'js>> {
    let failed = |message: String| Exception::throw_message(&ctx, &message);
    let query = jmespath::parse(&query).map_err(|error| failed(error.to_string()))?;
    let lazy = data.as_object().and_then(|object| LazyObject::from(&ctx, object));
    let fields = lazy.as_ref().and_then(|lazy| lazy.borrow().clean_source());
    let list = untouched_list(&ctx, &data)?;
    let found = if let Some(fields) = &fields {
        jmespath::search(&query, &Data::Object(fields.get())).map(Data::into_value)
    } else if let Some(elements) = &list {
        jmespath::search(&query, &Data::List(elements.get())).map(Data::into_value)
    } else {
        let kit = Kit::of(&ctx)?;
        let plain = Outward::new(&ctx, &kit, MAX_QUERIED).read(&data).map_err(|_| failed("the data is too large to be searched".to_owned()))?;
        jmespath::search(&query, &Data::Own(plain.unwrap_or(Value::Null))).map(Data::into_value)
    };
    to_script(&ctx, found.map_err(|error| failed(error.to_string()))?)
}

fn evaluate<'js>(ctx: &Ctx<'js>, template: &str) -> Result<JsValue<'js>> {
    let value = ask(ctx, |at| {
        let engine: &dyn ScriptEngine = at.engine;
        let slow = || Err(ExpressionError::new(ExpressionErrorKind::Limit, "an expression within an expression took too long"));
        Template::compile(template, Some(engine))?.evaluate_now(at.scope).unwrap_or_else(slow)
    })?;
    value.map_or_else(|| Ok(JsValue::new_undefined(ctx.clone())), |value| to_script(ctx, value))
}
