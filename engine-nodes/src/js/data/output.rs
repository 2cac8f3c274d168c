//! From scripts to the engine: what a script gives, as JSON.

use engine_core::expression::js::from_f64;
use engine_core::model::Json;
use rquickjs::convert::Coerced;
use rquickjs::object::Filter;
use rquickjs::{Class, Ctx, Error, Object, Value as JsValue};
use serde_json::Value;

use super::list::untouched_list;
use super::object::LazyObject;
use crate::js::kit::Kit;

/// How deep values may be nested.
const MAX_DEPTH: usize = 100;

/// Why a value cannot be taken.
#[derive(Debug)]
pub(in crate::js) enum OutputError {
    /// It is too deep, too large, or holds itself; the text says which.
    Limit(String),
    /// The script threw while its value was read.
    Thrown(Error),
}

impl From<Error> for OutputError {
    fn from(error: Error) -> Self {
        Self::Thrown(error)
    }
}

type Output<T> = Result<T, OutputError>;

/// Reads values of scripts, up to a total size.
pub(in crate::js) struct Outward<'a, 'js> {
    ctx: &'a Ctx<'js>,
    kit: &'a Kit<'js>,
    /// What may still be read, in bytes.
    budget: usize,
    /// Dates, regular expressions and the like come out as `{"$date": ...}`.
    marked: bool,
}

/// The text of a JavaScript string; lone surrogates become the replacement character.
pub(in crate::js) fn text_of<'js>(ctx: &Ctx<'js>, text: &rquickjs::String<'js>) -> rquickjs::Result<String> {
    match text.to_string() {
        Ok(text) => Ok(text),
        Err(Error::Utf8(_)) => Kit::of(ctx)?.well_formed.call::<_, rquickjs::String<'js>>((text.clone(),))?.to_string(),
        Err(error) => Err(error),
    }
}

impl<'a, 'js> Outward<'a, 'js> {
    pub(in crate::js) fn new(ctx: &'a Ctx<'js>, kit: &'a Kit<'js>, budget: usize) -> Self {
        Self { ctx, kit, budget, marked: false }
    }

    /// Lets values that JSON does not know come out marked as what they are.
    pub(in crate::js) fn marked(mut self, marked: bool) -> Self {
        self.marked = marked;
        self
    }

    /// The value as JSON; `None` for `undefined` and what JSON leaves out.
    pub(in crate::js) fn read(&mut self, value: &JsValue<'js>) -> Output<Option<Value>> {
        self.value(value, 0)
    }

    fn spend(&mut self, bytes: usize) -> Output<()> {
        self.budget = self.budget.checked_sub(bytes).ok_or_else(|| OutputError::Limit("the result is too large".to_owned()))?;
        Ok(())
    }

    fn value(&mut self, value: &JsValue<'js>, depth: usize) -> Output<Option<Value>> {
        self.spend(16)?;
        if let Some(text) = value.as_string() {
            let text = text_of(self.ctx, text)?;
            self.spend(text.len())?;
            return Ok(Some(Value::String(text)));
        }
        if let Some(whole) = value.as_int() {
            return Ok(Some(Value::from(whole)));
        }
        if let Some(number) = value.as_float() {
            return Ok(Some(self.number(number)));
        }
        if let Some(truth) = value.as_bool() {
            return Ok(Some(Value::Bool(truth)));
        }
        if value.is_null() {
            return Ok(Some(Value::Null));
        }
        if value.is_big_int() {
            return self.big_int(value).map(Some);
        }
        match value.as_object() {
            Some(object) if !value.is_function() => self.object(object, depth),
            _ => Ok(None),
        }
    }

    fn number(&self, number: f64) -> Value {
        if self.marked && !number.is_finite() {
            let name = if number.is_nan() {
                "NaN"
            } else if number > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            };
            return marker("$number", name.into());
        }
        from_f64(number)
    }

    fn big_int(&self, value: &JsValue<'js>) -> Output<Value> {
        let Coerced(digits) = value.get::<Coerced<String>>()?;
        if self.marked {
            return Ok(marker("$bigint", digits.into()));
        }
        Ok(digits.parse::<i64>().map_or(Value::String(digits), Value::from))
    }

    fn object(&mut self, object: &Object<'js>, depth: usize) -> Output<Option<Value>> {
        if depth >= MAX_DEPTH {
            return Err(OutputError::Limit(format!("the result is nested deeper than {MAX_DEPTH} levels, or holds itself")));
        }
        if object.is_proxy() {
            return self.proxy(object, depth);
        }
        if object.is_array() {
            return self.array(object, depth).map(Some);
        }
        if let Some(lazy) = LazyObject::from(self.ctx, object) {
            return self.lazy(&lazy, depth).map(Some);
        }
        if let Some(plain) = self.plain(object)? {
            return self.value(&plain, depth + 1);
        }
        let mut json = Json::new();
        for key in object.own_keys::<rquickjs::String<'js>>(Filter::new().string().enum_only()) {
            let key = key?;
            let value: JsValue<'js> = object.get(key.as_value().clone())?;
            if let Some(value) = self.value(&value, depth + 1)? {
                let name = text_of(self.ctx, &key)?;
                self.spend(name.len())?;
                json.insert(name, value);
            }
        }
        Ok(Some(Value::Object(json)))
    }

    /// What stands for an object that is not read field by field: a date, a boxed value, whatever has a `toJSON`.
    fn plain(&self, object: &Object<'js>) -> Output<Option<JsValue<'js>>> {
        if self.marked {
            let mark: JsValue<'js> = self.kit.mark.call((object.clone(),))?;
            if !mark.is_undefined() {
                return Ok(Some(mark));
            }
        }
        let to_json: JsValue<'js> = object.get("toJSON")?;
        if let Some(to_json) = to_json.into_function() {
            return Ok(Some(to_json.call((rquickjs::function::This(object.clone()), ""))?));
        }
        if object.get_prototype().as_ref() == Some(&self.kit.object_prototype) {
            return Ok(None);
        }
        let boxed: JsValue<'js> = self.kit.unbox.call((object.clone(),))?;
        Ok((!boxed.is_undefined()).then_some(boxed))
    }

    fn array(&mut self, array: &Object<'js>, depth: usize) -> Output<Value> {
        let length: f64 = array.get("length")?;
        self.spend(if length < 1e9 { from_length(length) * 8 } else { usize::MAX })?;
        let mut list = Vec::new();
        for index in 0..u32::try_from(from_length(length)).unwrap_or(u32::MAX) {
            let value: JsValue<'js> = array.get(index)?;
            list.push(self.value(&value, depth + 1)?.unwrap_or(Value::Null));
        }
        Ok(Value::Array(list))
    }

    fn lazy(&mut self, lazy: &Class<'js, LazyObject<'js>>, depth: usize) -> Output<Value> {
        let lazy = lazy.borrow();
        let Some(source) = lazy.source() else {
            let own = lazy.own().map(|own| self.object(&own, depth)).transpose()?;
            return Ok(own.flatten().unwrap_or(Value::Null));
        };
        if lazy.untouched() {
            self.spend(source.get().iter().map(|(key, value)| key.len() + rough_size(value)).sum())?;
            return Ok(Value::Object(source.get().clone()));
        }
        let mut json = Json::new();
        for (key, value) in source.get() {
            let value = if let Some(part) = lazy.handed_out(key) {
                self.value(&part, depth + 1)?
            } else {
                self.spend(key.len() + rough_size(value))?;
                Some(value.clone())
            };
            if let Some(value) = value {
                json.insert(key.clone(), value);
            }
        }
        Ok(Value::Object(json))
    }

    /// A proxy: a list of the engine's, as it is when nothing was read of it, or something of the script's own.
    fn proxy(&mut self, object: &Object<'js>, depth: usize) -> Output<Option<Value>> {
        if let Some(elements) = untouched_list(self.ctx, object.as_value())? {
            self.spend(elements.get().iter().map(rough_size).sum())?;
            return Ok(Some(Value::Array(elements.get().clone())));
        }
        let is_array: bool = self.kit.is_array.call((object.clone(),))?;
        if is_array {
            return self.array(object, depth).map(Some);
        }
        // Scripts have no way to make a proxy of their own.
        Ok(None)
    }
}

impl std::fmt::Debug for Outward<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outward").field("budget", &self.budget).finish_non_exhaustive()
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lengths are whole and not negative")]
fn from_length(length: f64) -> usize {
    length as usize
}

fn marker(name: &str, value: Value) -> Value {
    Value::Object(Json::from_iter([(name.to_owned(), value)]))
}

/// About how much memory a value takes.
fn rough_size(value: &Value) -> usize {
    match value {
        Value::String(text) => 16 + text.len(),
        Value::Array(list) => 16 + list.iter().map(rough_size).sum::<usize>(),
        Value::Object(json) => 16 + json.iter().map(|(key, value)| key.len() + rough_size(value)).sum::<usize>(),
        _ => 16,
    }
}
