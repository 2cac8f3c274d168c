//! Handles on parts of a shared JSON object: as cheap to make as a pointer and a count.

use std::sync::Arc;

use engine_core::model::Json;
use serde_json::Value;
use yoke::Yoke;

/// An object somewhere within a shared one.
#[derive(Clone)]
pub(in crate::js) struct Fields(Yoke<&'static Json, Arc<Json>>);

/// A list somewhere within a shared object.
#[derive(Clone)]
pub(in crate::js) struct Elements(Yoke<&'static Vec<Value>, Arc<Json>>);

/// A part of an object or a list that is an object or a list itself.
pub(super) enum Part {
    Fields(Fields),
    Elements(Elements),
}

impl Fields {
    pub(in crate::js) fn new(json: Arc<Json>) -> Self {
        Self(Yoke::attach_to_cart(json, |json| json))
    }

    pub(in crate::js) fn get(&self) -> &Json {
        self.0.get()
    }

    /// The part under this key; `None` when it is neither an object nor a list.
    pub(super) fn part(&self, key: &str) -> Option<Part> {
        match self.get().get(key)? {
            Value::Object(_) => {
                self.0.clone().try_map_project(|json, _| json.get(key).and_then(Value::as_object).ok_or(())).ok().map(|part| Part::Fields(Self(part)))
            }
            Value::Array(_) => self
                .0
                .clone()
                .try_map_project(|json, _| json.get(key).and_then(Value::as_array).ok_or(()))
                .ok()
                .map(|part| Part::Elements(Elements(part))),
            _ => None,
        }
    }
}

impl Elements {
    pub(in crate::js) fn get(&self) -> &Vec<Value> {
        self.0.get()
    }

    /// The part at this index; `None` when it is neither an object nor a list.
    pub(super) fn part(&self, index: usize) -> Option<Part> {
        match self.get().get(index)? {
            Value::Object(_) => self
                .0
                .clone()
                .try_map_project(|list, _| list.get(index).and_then(Value::as_object).ok_or(()))
                .ok()
                .map(|part| Part::Fields(Fields(part))),
            Value::Array(_) => self
                .0
                .clone()
                .try_map_project(|list, _| list.get(index).and_then(Value::as_array).ok_or(()))
                .ok()
                .map(|part| Part::Elements(Self(part))),
            _ => None,
        }
    }
}
