//! `JSON.stringify`, which writes numbers and orders keys in JavaScript's way.

use serde_json::{Map, Value};

use super::as_f64;
use super::number::write_number;

/// `JSON.stringify(value)`.
pub fn stringify(value: &Value) -> String {
    let mut out = String::new();
    write_value(value, None, &mut out);
    out
}

/// `JSON.stringify(value, null, indent)`; at most ten blanks.
pub fn stringify_pretty(value: &Value, indent: usize) -> String {
    indented(indent, |indent, out| write_value(value, indent, out))
}

/// [`stringify_pretty`] for an array that is no value of its own.
pub(crate) fn stringify_array(items: &[Value], indent: usize) -> String {
    indented(indent, |indent, out| write_array(items, indent, out))
}

/// [`stringify_pretty`] for an object that is no value of its own.
pub(crate) fn stringify_object(object: &Map<String, Value>, indent: usize) -> String {
    indented(indent, |indent, out| write_object(object, indent, out))
}

fn indented(indent: usize, write: impl Fn(Option<Indent<'_>>, &mut String)) -> String {
    let mut out = String::new();
    let unit = " ".repeat(indent.min(10));
    write((!unit.is_empty()).then_some(Indent { unit: &unit, depth: 0 }), &mut out);
    out
}

/// The entries of an object in the order in which JavaScript lists them: array indexes ascending, then the others as written.
pub fn entries(object: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut list: Vec<_> = object.iter().collect();
    if list.iter().any(|(key, _)| array_index(key).is_some()) {
        list.sort_by_key(|(key, _)| array_index(key).map_or(u64::MAX, u64::from));
    }
    list
}

/// The number of a key that is an array index in its usual form, such as `0` or `42`, not `01`.
pub(crate) fn array_index(key: &str) -> Option<u32> {
    let usual = matches!(key.as_bytes(), [b'0'] | [b'1'..=b'9', ..]) && key.len() <= 10;
    if usual { key.parse().ok().filter(|index| *index < u32::MAX) } else { None }
}

#[derive(Clone, Copy)]
struct Indent<'a> {
    unit: &'a str,
    depth: usize,
}

impl Indent<'_> {
    fn line(self, out: &mut String) {
        out.push('\n');
        for _ in 0..self.depth {
            out.push_str(self.unit);
        }
    }

    const fn deeper(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }
}

fn write_value(value: &Value, indent: Option<Indent<'_>>, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => {
            let number = as_f64(number);
            if number.is_finite() {
                write_number(number, out);
            } else {
                out.push_str("null");
            }
        }
        Value::String(text) => write_text(text, out),
        Value::Array(items) => write_array(items, indent, out),
        Value::Object(object) => write_object(object, indent, out),
    }
}

fn write_array(items: &[Value], indent: Option<Indent<'_>>, out: &mut String) {
    write_list(('[', ']'), items.iter(), (indent, out), write_value);
}

fn write_object(object: &Map<String, Value>, indent: Option<Indent<'_>>, out: &mut String) {
    write_list(('{', '}'), entries(object).into_iter(), (indent, out), |(key, value), indent, out| {
        write_text(key, out);
        out.push_str(if indent.is_some() { ": " } else { ":" });
        write_value(value, indent, out);
    });
}

fn write_list<T>(
    (open, close): (char, char),
    items: impl ExactSizeIterator<Item = T>,
    (indent, out): (Option<Indent<'_>>, &mut String),
    write: impl Fn(T, Option<Indent<'_>>, &mut String),
) {
    out.push(open);
    let inner = indent.map(Indent::deeper);
    let empty = items.len() == 0;
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(',');
        }
        if let Some(inner) = inner {
            inner.line(out);
        }
        write(item, inner, out);
    }
    if let (Some(indent), false) = (indent, empty) {
        indent.line(out);
    }
    out.push(close);
}

/// Appends a text as a JSON string.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c < ' ' || c == '"' || c == '\\') {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let mut chars = special.chars();
        if let Some(c) = chars.next() {
            write_escape(c, out);
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn write_escape(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        other => {
            let code = u32::from(other);
            out.push_str("\\u00");
            out.extend([code >> 4, code & 15].into_iter().filter_map(|digit| char::from_digit(digit, 16)));
        }
    }
}
