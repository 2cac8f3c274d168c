//! The functions of JMESPath.

use std::cmp::Ordering;

use engine_core::expression::js::{compare_text, from_f64, stringify};
use serde_json::Value;

use super::QueryError;
use super::interpret::{Data, search};
use super::parse::Expr;

type Answer<'a> = Result<Data<'a>, QueryError>;

/// The value of a call.
pub(super) fn call<'a>(name: &str, arguments: &[Expr], data: &Data<'a>) -> Answer<'a> {
    match (name, arguments) {
        ("map", [Expr::Reference(each), list]) => {
            let list = search(list, data)?;
            let found = elements(&list)?.iter().map(|element| Ok(search(each, &Data::Own(element.clone()))?.into_value()));
            return Ok(Data::Own(Value::Array(found.collect::<Result<_, QueryError>>()?)));
        }
        ("sort_by" | "max_by" | "min_by", [list, Expr::Reference(key)]) => return by(name, &search(list, data)?, key),
        ("not_null", all) => {
            for one in all {
                let value = search(one, data)?;
                if !value.value().is_null() {
                    return Ok(value);
                }
            }
            return Ok(Data::NULL);
        }
        _ => {}
    }
    let values = arguments.iter().map(|argument| search(argument, data).map(Data::into_value)).collect::<Result<Vec<_>, _>>()?;
    plain(name, &values).map(Data::Own)
}

fn wrong(name: &str) -> QueryError {
    QueryError::new(format!("{name}() is unknown, or its arguments are of the wrong kind"))
}

fn elements<'d>(data: &'d Data<'_>) -> Result<&'d [Value], QueryError> {
    data.list().ok_or_else(|| QueryError::new("a list is expected"))
}

/// Functions that know their arguments by value.
fn plain(name: &str, values: &[Value]) -> Result<Value, QueryError> {
    let refused = || wrong(name);
    Ok(match (name, values) {
        ("abs", [value]) => from_f64(number(value)?.abs()),
        ("ceil", [value]) => from_f64(number(value)?.ceil()),
        ("floor", [value]) => from_f64(number(value)?.floor()),
        ("sum", [Value::Array(list)]) => from_f64(numbers(list)?.iter().sum()),
        ("avg", [Value::Array(list)]) if list.is_empty() => Value::Null,
        ("avg", [Value::Array(list)]) => from_f64(numbers(list)?.iter().sum::<f64>() / length(list.len())),
        ("max", [Value::Array(list)]) => extreme(list, Ordering::Greater)?,
        ("min", [Value::Array(list)]) => extreme(list, Ordering::Less)?,
        ("sort", [Value::Array(list)]) => {
            let mut sorted = list.clone();
            comparable(&sorted)?;
            sorted.sort_by(order);
            Value::Array(sorted)
        }
        ("contains", [Value::Array(list), value]) => Value::Bool(list.contains(value)),
        ("contains", [Value::String(text), Value::String(part)]) => Value::Bool(text.contains(part.as_str())),
        ("contains", [Value::String(_), _]) => Value::Bool(false),
        ("starts_with", [Value::String(text), Value::String(part)]) => Value::Bool(text.starts_with(part.as_str())),
        ("ends_with", [Value::String(text), Value::String(part)]) => Value::Bool(text.ends_with(part.as_str())),
        ("join", [Value::String(glue), Value::Array(list)]) => {
            let texts = list.iter().map(|value| value.as_str().ok_or_else(refused)).collect::<Result<Vec<_>, _>>()?;
            Value::String(texts.join(glue))
        }
        ("keys", [Value::Object(object)]) => object.keys().map(|key| Value::String(key.clone())).collect(),
        ("values", [Value::Object(object)]) => object.values().cloned().collect(),
        ("length", [Value::String(text)]) => text.chars().count().into(),
        ("length", [Value::Array(list)]) => list.len().into(),
        ("length", [Value::Object(object)]) => object.len().into(),
        ("merge", objects) => {
            let fields = objects.iter().map(|object| object.as_object().ok_or_else(refused)).collect::<Result<Vec<_>, _>>()?;
            Value::Object(fields.into_iter().flat_map(Clone::clone).collect())
        }
        ("reverse", [Value::Array(list)]) => list.iter().rev().cloned().collect(),
        ("reverse", [Value::String(text)]) => Value::String(text.chars().rev().collect()),
        ("to_array", [Value::Array(list)]) => Value::Array(list.clone()),
        ("to_array", [value]) => Value::Array(vec![value.clone()]),
        ("to_string", [Value::String(text)]) => Value::String(text.clone()),
        ("to_string", [value]) => Value::String(stringify(value)),
        ("to_number", [value @ Value::Number(_)]) => value.clone(),
        ("to_number", [Value::String(text)]) => text.trim().parse::<f64>().map_or(Value::Null, from_f64),
        ("to_number", [_]) => Value::Null,
        ("type", [value]) => Value::String(type_of(value).to_owned()),
        _ => return Err(refused()),
    })
}

/// `sort_by`, `max_by`, `min_by`.
fn by<'a>(name: &str, list: &Data<'_>, key: &Expr) -> Answer<'a> {
    let keyed = elements(list)?.iter().map(|element| Ok((search(key, &Data::Own(element.clone()))?.into_value(), element.clone())));
    let mut keyed = keyed.collect::<Result<Vec<_>, QueryError>>()?;
    comparable(&keyed.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>())?;
    if name == "sort_by" {
        keyed.sort_by(|(a, _), (b, _)| order(a, b));
        return Ok(Data::Own(keyed.into_iter().map(|(_, element)| element).collect()));
    }
    let wanted = if name == "max_by" { Ordering::Greater } else { Ordering::Less };
    let best = keyed.into_iter().reduce(|best, next| if order(&next.0, &best.0) == wanted { next } else { best });
    Ok(best.map_or(Data::NULL, |(_, element)| Data::Own(element)))
}

fn number(value: &Value) -> Result<f64, QueryError> {
    value.as_f64().ok_or_else(|| QueryError::new("a number is expected"))
}

fn numbers(list: &[Value]) -> Result<Vec<f64>, QueryError> {
    list.iter().map(number).collect()
}

#[expect(clippy::cast_precision_loss, reason = "lists are far shorter than 2^53")]
fn length(count: usize) -> f64 {
    count as f64
}

/// Only lists of numbers, and lists of texts, have an order.
fn comparable(list: &[Value]) -> Result<(), QueryError> {
    if list.iter().all(Value::is_number) || list.iter().all(Value::is_string) {
        return Ok(());
    }
    Err(QueryError::new("numbers only, or texts only, are expected"))
}

fn order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::String(a), Value::String(b)) => compare_text(a, b),
        _ => a.as_f64().unwrap_or_default().total_cmp(&b.as_f64().unwrap_or_default()),
    }
}

fn extreme(list: &[Value], wanted: Ordering) -> Result<Value, QueryError> {
    comparable(list)?;
    let best = list.iter().reduce(|best, next| if order(next, best) == wanted { next } else { best });
    Ok(best.cloned().unwrap_or(Value::Null))
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
