//! Paths into JSON, as n8n's nodes read them: `a.b[0]['c.d']`. The rules are lodash's.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use engine_core::expression::js;
use engine_core::model::Json;
use serde_json::Value;

/// A field name, or a path to a field below others; parsed once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldPath {
    whole: [Box<str>; 1],
    keys: Box<[Box<str>]>,
}

/// Arrays are not made longer than this to reach an index.
const MAX_ARRAY: usize = 1 << 20;

impl FieldPath {
    /// A path: dots and brackets lead to deeper fields, unless the object has a field of the whole name.
    pub(crate) fn new(text: &str) -> Self {
        let keys = if is_deep(text) { split(text) } else { Box::default() };
        Self { whole: [text.into()], keys }
    }

    /// The name of a field as it stands, dots and all.
    pub(crate) fn literal(name: &str) -> Self {
        Self { whole: [name.into()], keys: Box::default() }
    }

    /// A path where dots count, else a name.
    pub(crate) fn with_dots(text: &str, dots: bool) -> Self {
        if dots { Self::new(text) } else { Self::literal(text) }
    }

    /// The text that it was made from.
    pub(crate) fn as_str(&self) -> &str {
        &self.whole[0]
    }

    /// Whether it is a name in which dots do not count, and has some.
    pub(crate) fn hides_dots(&self) -> bool {
        self.keys.is_empty() && self.as_str().contains('.')
    }

    /// The value that it leads to.
    pub(crate) fn get<'a>(&self, object: &'a Json) -> Option<&'a Value> {
        let (first, rest) = self.keys_in(object).split_first()?;
        rest.iter().try_fold(object.get(&**first)?, |value, key| child(value, key))
    }

    /// Puts a value there, making the objects and arrays on the way.
    pub(crate) fn set(&self, object: &mut Json, value: Value) {
        set_keys(object, self.keys_in(object), value);
    }

    /// Takes the value out that it leads to. The place in an array is left empty, as JavaScript's `delete` does.
    pub(crate) fn remove(&self, object: &mut Json) -> Option<Value> {
        let (last, parents) = self.keys_in(object).split_last()?;
        let Some((first, parents)) = parents.split_first() else { return object.shift_remove(&**last) };
        let parent = parents.iter().try_fold(object.get_mut(&**first)?, |value, key| child_mut(value, key))?;
        match parent {
            Value::Object(fields) => fields.shift_remove(&**last),
            Value::Array(values) => values.get_mut(array_index(last)?).map(Value::take),
            _ => None,
        }
    }

    /// Copies the field from one object to another, under the same path.
    pub(crate) fn copy(&self, from: &Json, to: &mut Json) {
        if let Some(value) = self.get(from) {
            set_keys(to, self.keys_in(from), value.clone());
        }
    }

    fn keys_in(&self, object: &Json) -> &[Box<str>] {
        if self.keys.is_empty() || object.contains_key(self.as_str()) { &self.whole } else { &self.keys }
    }
}

fn child<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Object(fields) => fields.get(key),
        Value::Array(values) if key == "length" => length(values.len()),
        Value::Array(values) => values.get(array_index(key)?),
        Value::String(text) if key == "length" => length(js::utf16_len(text)),
        _ => None,
    }
}

/// A length as a value that can be lent out like those that stand in the data. Each length is kept once; none that is unreasonable.
fn length(count: usize) -> Option<&'static Value> {
    static KEPT: OnceLock<Mutex<HashMap<usize, &'static Value>>> = OnceLock::new();
    if count > MAX_ARRAY {
        return None;
    }
    let mut kept = KEPT.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    Some(kept.entry(count).or_insert_with(|| Box::leak(Box::new(Value::from(count)))))
}

fn child_mut<'a>(value: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    match value {
        Value::Object(fields) => fields.get_mut(key),
        Value::Array(values) => values.get_mut(array_index(key)?),
        _ => None,
    }
}

fn set_keys(object: &mut Json, keys: &[Box<str>], value: Value) {
    let Some((first, rest)) = keys.split_first() else { return };
    if keys.iter().any(|key| matches!(&**key, "__proto__" | "constructor" | "prototype")) {
        return;
    }
    let Some(next) = rest.first() else {
        object.insert(first.to_string(), value);
        return;
    };
    let mut place = object.entry(&**first).or_insert(Value::Null);
    let mut next = &**next;
    for after in rest.iter().skip(1).map(|key| Some(&**key)).chain([None]) {
        make_container(place, next);
        let Some(deeper) = slot(place, next) else { return };
        place = deeper;
        next = after.unwrap_or_default();
    }
    *place = value;
}

/// Makes sure that `place` can hold `key`.
fn make_container(place: &mut Value, key: &str) {
    if !matches!(place, Value::Object(_) | Value::Array(_)) {
        *place = if array_index(key).is_some() { Value::Array(Vec::new()) } else { Value::Object(Json::new()) };
    }
}

/// The place for `key`, made when it is not there; `None` for an array and a key that is no index within reason.
fn slot<'a>(container: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    match container {
        Value::Object(fields) => Some(fields.entry(key).or_insert(Value::Null)),
        Value::Array(values) => {
            let index = array_index(key).filter(|index| *index < MAX_ARRAY)?;
            if values.len() <= index {
                values.resize(index + 1, Value::Null);
            }
            values.get_mut(index)
        }
        _ => None,
    }
}

/// The number of a key in its usual form, such as `0` or `42`, not `01`.
fn array_index(key: &str) -> Option<usize> {
    let usual = matches!(key.as_bytes(), [b'0'] | [b'1'..=b'9', ..]);
    if usual { key.parse().ok() } else { None }
}

/// Whether a text holds a dot or brackets that close.
fn is_deep(text: &str) -> bool {
    text.contains('.') || text.match_indices('[').any(|(at, _)| text.get(at..).is_some_and(closes))
}

/// Whether a text that begins with `[` closes that bracket: `[]`, `[x]` or `['x[y]']`.
fn closes(text: &str) -> bool {
    let inner = text.get(1..).unwrap_or_default();
    inner.find(['[', ']']).is_some_and(|at| inner.get(at..).is_some_and(|rest| rest.starts_with(']'))) || quoted(text).is_some()
}

/// Splits a path into keys.
fn split(text: &str) -> Box<[Box<str>]> {
    let mut keys: Vec<Box<str>> = Vec::new();
    if text.starts_with('.') {
        keys.push("".into());
    }
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let plain = rest.find(['.', '[', ']']).unwrap_or(rest.len());
        if plain > 0 {
            let (key, tail) = rest.split_at(plain);
            keys.push(key.into());
            rest = tail;
        } else if let Some((key, tail)) = number(rest).or_else(|| quoted(rest)) {
            keys.push(key);
            rest = tail;
        } else {
            if is_empty_key(rest) {
                keys.push("".into());
            }
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
    }
    keys.into()
}

/// Whether nothing stands between this dot (or `[]`) and the next one or the end.
fn is_empty_key(rest: &str) -> bool {
    let after = rest.strip_prefix('.').or_else(|| rest.strip_prefix("[]"));
    after.is_some_and(|after| after.is_empty() || after.starts_with('.') || after.starts_with("[]"))
}

/// Reads `[12]` or `[-1.5]`; gives the number as it stands and what follows.
fn number(rest: &str) -> Option<(Box<str>, &str)> {
    let (inner, tail) = rest.strip_prefix('[')?.split_once(']')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = inner.strip_prefix('-').unwrap_or(inner);
    let valid = match unsigned.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(unsigned),
    };
    valid.then(|| (inner.into(), tail))
}

/// Reads `['key']` or `["key"]`, with backslashes before quotes; gives the key and what follows.
fn quoted(rest: &str) -> Option<(Box<str>, &str)> {
    let mut chars = rest.strip_prefix('[')?.chars();
    let quote = chars.next().filter(|c| matches!(c, '"' | '\''))?;
    let mut key = String::new();
    loop {
        match chars.next()? {
            '\\' => key.push(chars.next()?),
            c if c == quote => return chars.as_str().strip_prefix(']').map(|tail| (key.into(), tail)),
            c => key.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Json {
        let Value::Object(object) = value else { panic!("{value} is no object") };
        object
    }

    #[test]
    fn texts_split_into_keys() {
        let check = |text: &str, expect: &[&str]| {
            let path = FieldPath::new(text);
            let keys: Vec<&str> = path.keys_in(&Json::new()).iter().map(|key| &**key).collect();
            assert_eq!(keys, expect, "{text:?}");
        };
        check("a", &["a"]);
        check("", &[""]);
        check("a b-c", &["a b-c"]);
        check("a.b.c", &["a", "b", "c"]);
        check("a[0].b", &["a", "0", "b"]);
        check("a[b]", &["a", "b"]);
        check("a['x.y']", &["a", "x.y"]);
        check("[\"x\\\"y\"].z", &["x\"y", "z"]);
        check("a['x[y]']", &["a", "x[y]"]);
        check("a[-1]", &["a", "-1"]);
        check("a..b", &["a", "", "b"]);
        check("a.", &["a", ""]);
        check(".a", &["", "a"]);
        check("a[", &["a["]);
        check("a]b", &["a]b"]);
        check("é.ü", &["é", "ü"]);
    }

    #[test]
    fn values_are_found() {
        let data = object(json!({"a": {"b": [1, {"c": 2}], "x.y": 3}, "p.q": 4, "p": {"q": 5}, "n": null}));
        let check = |text: &str, expect: Option<Value>| assert_eq!(FieldPath::new(text).get(&data).cloned(), expect, "{text:?}");
        check("a.b[0]", Some(json!(1)));
        check("a.b.1.c", Some(json!(2)));
        check("a['x.y']", Some(json!(3)));
        check("p.q", Some(json!(4)));
        check("n", Some(Value::Null));
        check("n.x", None);
        check("a.b[2]", None);
        check("a.b[01]", None);
        check("zzz", None);
        assert_eq!(FieldPath::literal("a.b").get(&data), None);
        assert_eq!(FieldPath::with_dots("p.q", false).get(&data), Some(&json!(4)));
    }

    #[test]
    fn values_are_put_and_taken() {
        let set = |start: Value, text: &str, expect: Value| {
            let mut data = object(start);
            FieldPath::new(text).set(&mut data, json!("v"));
            assert_eq!(Value::Object(data), expect, "{text:?}");
        };
        set(json!({}), "a.b.c", json!({"a": {"b": {"c": "v"}}}));
        set(json!({}), "a[1].b", json!({"a": [null, {"b": "v"}]}));
        set(json!({"a": 5}), "a.b", json!({"a": {"b": "v"}}));
        set(json!({"a.b": 1}), "a.b", json!({"a.b": "v"}));
        set(json!({"a": [1]}), "a.x", json!({"a": [1]}));
        set(json!({"a": [1]}), "a[99999999]", json!({"a": [1]}));
        set(json!({}), "__proto__.x", json!({}));

        let remove = |start: Value, text: &str, taken: Option<Value>, expect: Value| {
            let mut data = object(start);
            assert_eq!(FieldPath::new(text).remove(&mut data), taken, "{text:?}");
            assert_eq!(Value::Object(data), expect, "{text:?}");
        };
        remove(json!({"a": {"b": 1, "c": 2}}), "a.b", Some(json!(1)), json!({"a": {"c": 2}}));
        remove(json!({"a": [1, 2]}), "a[0]", Some(json!(1)), json!({"a": [null, 2]}));
        remove(json!({"a": 1}), "b.c", None, json!({"a": 1}));
        remove(json!({"a": 1}), "a", Some(json!(1)), json!({}));
    }

    #[test]
    fn fields_are_copied_under_their_path() {
        let from = object(json!({"a": {"b": 1, "c": 2}, "x.y": 3}));
        let mut to = Json::new();
        for path in ["a.b", "x.y", "none"] {
            FieldPath::new(path).copy(&from, &mut to);
        }
        assert_eq!(Value::Object(to), json!({"a": {"b": 1}, "x.y": 3}));
    }
}
