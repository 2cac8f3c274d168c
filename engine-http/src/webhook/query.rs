//! Query strings and forms as n8n reads them: repeated keys become lists, brackets become objects and lists (`a[]=1`, `a[b][c]=2`).

use std::borrow::Cow;

use engine_core::model::Json;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// More pairs than this are left unread.
const MAX_PAIRS: usize = 1000;
/// Brackets deeper than this are part of the key.
const MAX_DEPTH: usize = 5;
/// An index in brackets above this is a key.
const MAX_INDEX: usize = 20;

/// Reads `a=1&b=2`.
pub(super) fn parse(text: &str) -> Json {
    let mut json = Json::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()).take(MAX_PAIRS) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (key, value) = (decode(key), decode(value).into_owned());
        insert(&mut json, &key, Value::String(value));
    }
    json
}

/// How many bytes [`parse`] makes of a text, at most.
pub(super) fn room(text: &str) -> usize {
    let pairs = text.split('&').filter(|pair| !pair.is_empty()).take(MAX_PAIRS);
    // Brackets may be written with escapes.
    pairs.map(|pair| pair.len() + room_of(&decode(pair.split_once('=').map_or(pair, |(key, _)| key)))).sum()
}

/// How many bytes a pair takes beside its text, at most: an entry in an object that may just have grown, two strings, and an object of one entry for each bracket.
pub(super) fn room_of(key: &str) -> usize {
    const PAIR: usize = 384;
    const NESTED: usize = 416;
    PAIR + key.matches('[').take(MAX_DEPTH).count() * NESTED
}

/// Adds a value under a key that may hold brackets.
pub(super) fn insert(json: &mut Json, key: &str, value: Value) {
    let (name, path) = split(key);
    if name.is_empty() {
        return;
    }
    let slot = json.entry(name).or_insert(Value::Null);
    put(slot, &path, value);
}

fn decode(text: &str) -> Cow<'_, str> {
    let spaced: Cow<'_, str> = if text.contains('+') { text.replace('+', " ").into() } else { text.into() };
    match spaced {
        Cow::Borrowed(text) => percent_decode_str(text).decode_utf8_lossy(),
        Cow::Owned(text) => percent_decode_str(&text).decode_utf8_lossy().into_owned().into(),
    }
}

/// `a[b][]` is `a`, then `b`, then the end of a list.
fn split(key: &str) -> (&str, Vec<&str>) {
    let Some((name, mut rest)) = key.split_once('[').filter(|(name, rest)| !name.is_empty() && rest.contains(']')) else { return (key, Vec::new()) };
    let mut path = Vec::new();
    while let Some((part, after)) = rest.split_once(']') {
        path.push(part);
        match after.strip_prefix('[') {
            Some(next) if path.len() < MAX_DEPTH && next.contains(']') => rest = next,
            _ => break,
        }
    }
    (name, path)
}

fn put(slot: &mut Value, path: &[&str], value: Value) {
    let Some((first, rest)) = path.split_first() else { return append(slot, value) };
    let is_index = first.is_empty() || first.parse::<usize>().is_ok_and(|index| index <= MAX_INDEX);
    if is_index && matches!(slot, Value::Null | Value::Array(_)) {
        let list = match slot {
            Value::Array(list) => list,
            other => {
                *other = Value::Array(Vec::new());
                let Value::Array(list) = other else { return };
                list
            }
        };
        let index = first.parse().unwrap_or(list.len()).min(list.len());
        if index == list.len() {
            list.push(Value::Null);
        }
        return put(&mut list[index], rest, value);
    }
    if !slot.is_object() {
        let before = std::mem::take(slot);
        let kept = (!before.is_null()).then(|| ("0".to_owned(), before));
        *slot = Value::Object(kept.into_iter().collect());
    }
    if let Value::Object(fields) = slot {
        put(fields.entry(*first).or_insert(Value::Null), rest, value);
    }
}

/// A second value under one key makes a list.
fn append(slot: &mut Value, value: Value) {
    match slot {
        Value::Null => *slot = value,
        Value::Array(list) => list.push(value),
        single => *single = Value::Array(vec![std::mem::take(single), value]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(text: &str, expect: &Value) {
        assert_eq!(&Value::Object(parse(text)), expect, "{text}");
    }

    #[test]
    fn query_strings() {
        check("", &json!({}));
        check("a=1&b=x+y%20z", &json!({"a": "1", "b": "x y z"}));
        check("a", &json!({"a": ""}));
        check("a=1&a=2&a=3", &json!({"a": ["1", "2", "3"]}));
        check("a[]=1&a[]=2", &json!({"a": ["1", "2"]}));
        check("a[0]=x&a[1]=y", &json!({"a": ["x", "y"]}));
        check("a[b]=1&a[c][d]=2", &json!({"a": {"b": "1", "c": {"d": "2"}}}));
        check("a[99]=1", &json!({"a": {"99": "1"}}));
        check("a[b=1", &json!({"a[b": "1"}));
        check("[x]=1", &json!({"[x]": "1"}));
        check("=1&&", &json!({}));
        check("a=%ff", &json!({"a": "\u{fffd}"}));
        check("__proto__[x]=1", &json!({"__proto__": {"x": "1"}}));
    }

    #[test]
    fn hostile_keys_cost_little() {
        let deep = format!("a{}=1", "[b]".repeat(10_000));
        let mut many = String::new();
        many.extend((0..100_000).map(|number| format!("k{number}=1&")));
        assert_eq!(parse(&deep).len(), 1);
        assert_eq!(parse(&many).len(), MAX_PAIRS);
    }
}
