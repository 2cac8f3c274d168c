//! From the engine to scripts.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose;
use engine_core::model::{Binary, BinaryContent, Item, Json, Link, Paired};
use rquickjs::{Array, Ctx, IntoJs, Object, Result, Value as JsValue};
use serde_json::Value;

use super::handle::{Fields, Part};
use super::list::{self, ListSource};
use super::object::LazyObject;
use crate::js::host::shown;

/// Lists up to this length are converted at once: a real array costs less than a lazy one.
const SHORT_LIST: usize = 8;

/// Objects of items up to this many fields are converted at once, for the same reason: code mostly reads or copies all of them.
const SMALL_OBJECT: usize = 12;

/// A value as a script sees it, when it holds no other values.
pub(super) fn scalar<'js>(ctx: &Ctx<'js>, value: &Value) -> Result<JsValue<'js>> {
    match value {
        Value::Bool(value) => Ok(JsValue::new_bool(ctx.clone(), *value)),
        Value::Number(number) => Ok(match number.as_i64().and_then(|whole| i32::try_from(whole).ok()) {
            Some(small) => JsValue::new_int(ctx.clone(), small),
            None => JsValue::new_number(ctx.clone(), number.as_f64().unwrap_or(f64::NAN)),
        }),
        Value::String(text) => text.as_str().into_js(ctx),
        Value::Null | Value::Array(_) | Value::Object(_) => Ok(JsValue::new_null(ctx.clone())),
    }
}

/// A part of an object or a list.
pub(super) fn part<'js>(ctx: &Ctx<'js>, part: Part) -> Result<JsValue<'js>> {
    match part {
        Part::Fields(fields) => LazyObject::create(ctx, fields),
        Part::Elements(elements) if elements.get().len() <= SHORT_LIST => {
            let array = Array::new(ctx.clone())?;
            for (index, value) in elements.get().iter().enumerate() {
                array.set(index, element(ctx, value, || elements.part(index))?)?;
            }
            Ok(array.into_value())
        }
        Part::Elements(elements) => list::wrap(ctx, ListSource::Values(elements)),
    }
}

/// A value that stands in an object or a list; what it holds is got through `part_of`.
pub(super) fn element<'js>(ctx: &Ctx<'js>, value: &Value, part_of: impl FnOnce() -> Option<Part>) -> Result<JsValue<'js>> {
    match value {
        Value::Array(_) | Value::Object(_) => match part_of() {
            Some(found) => part(ctx, found),
            None => Ok(JsValue::new_null(ctx.clone())),
        },
        plain => scalar(ctx, plain),
    }
}

/// A value of its own.
pub(in crate::js) fn to_script<'js>(ctx: &Ctx<'js>, value: Value) -> Result<JsValue<'js>> {
    match value {
        Value::Object(json) => LazyObject::create(ctx, Fields::new(Arc::new(json))),
        Value::Array(_) => {
            let holder = Fields::new(Arc::new(Json::from_iter([(String::new(), value)])));
            holder.part("").map_or_else(|| Ok(JsValue::new_null(ctx.clone())), |found| part(ctx, found))
        }
        plain => scalar(ctx, &plain),
    }
}

/// An item, `{json, binary, pairedItem}`; with the index at which it lies in the node's input, if it does.
pub(in crate::js) fn item<'js>(ctx: &Ctx<'js>, item: &Item, index: Option<usize>) -> Result<JsValue<'js>> {
    let object = Object::new(ctx.clone())?;
    object.set("json", fields_of_item(ctx, item, index.is_some())?)?;
    if let Some(files) = item.binary() {
        let binary = Object::new(ctx.clone())?;
        for (key, file) in files {
            binary.set(key.as_str(), self::file(ctx, file)?)?;
        }
        object.set("binary", binary)?;
    }
    match (index, item.paired()) {
        (Some(index), _) => object.set("pairedItem", link(ctx, &Link::new(index))?)?,
        (None, Paired::Unknown) => {}
        (None, Paired::One(one)) => object.set("pairedItem", link(ctx, one)?)?,
        (None, Paired::Many(many)) => {
            let links = Array::new(ctx.clone())?;
            for (at, one) in many.iter().enumerate() {
                links.set(at, link(ctx, one)?)?;
            }
            object.set("pairedItem", links)?;
        }
    }
    Ok(object.into_value())
}

/// The JSON of an item. Code gets small ones whole.
fn fields_of_item<'js>(ctx: &Ctx<'js>, item: &Item, for_code: bool) -> Result<JsValue<'js>> {
    let fields = Fields::new(Arc::clone(item.shared_json()));
    let json = item.json();
    if !for_code || json.len() > SMALL_OBJECT || json.contains_key("__proto__") {
        return LazyObject::create(ctx, fields);
    }
    let object = Object::new(ctx.clone())?;
    for (key, value) in json {
        object.set(key.as_str(), element(ctx, value, || fields.part(key))?)?;
    }
    Ok(object.into_value())
}

fn link<'js>(ctx: &Ctx<'js>, link: &Link) -> Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    object.set("item", link.item)?;
    if link.input > 0 {
        object.set("input", link.input)?;
    }
    Ok(object)
}

/// What is known of a file. Code nodes are shown the bytes of small ones, and a name by which to hand the file back.
pub(in crate::js) fn file<'js>(ctx: &Ctx<'js>, file: &Binary) -> Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    if let Some(id) = shown(file) {
        let data = match &file.content {
            BinaryContent::Inline(bytes) => general_purpose::STANDARD.encode(bytes),
            BinaryContent::Stored(_) => "stored".to_owned(),
        };
        object.set("data", data)?;
        object.set("id", id)?;
    }
    object.set("mimeType", file.mime_type.as_str())?;
    let texts = [("fileName", &file.file_name), ("fileExtension", &file.file_extension), ("directory", &file.directory)];
    for (key, text) in texts.into_iter().filter_map(|(key, text)| Some((key, text.as_deref()?))) {
        object.set(key, text)?;
    }
    object.set("fileSize", readable_size(file.size))?;
    object.set("bytes", JsValue::new_number(ctx.clone(), size_as_number(file.size)))?;
    Ok(object)
}

#[expect(clippy::cast_precision_loss, reason = "files of more than 2^53 bytes do not exist")]
fn size_as_number(size: u64) -> f64 {
    size as f64
}

/// A size as n8n writes it: `1.23 kB`, with three digits at most.
fn readable_size(size: u64) -> String {
    let mut amount = size_as_number(size);
    let mut units = ["B", "kB", "MB", "GB", "TB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    for larger in units {
        if amount < 1000.0 {
            break;
        }
        amount /= 1000.0;
        unit = larger;
    }
    let places = if unit == "B" || amount >= 100.0 {
        0
    } else if amount >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{amount:.places$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} {unit}")
}
