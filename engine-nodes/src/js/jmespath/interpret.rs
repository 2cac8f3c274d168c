//! Runs queries over JSON.

use std::borrow::Cow;

use engine_core::model::Json;
use serde_json::Value;

use super::QueryError;
use super::functions;
use super::parse::Expr;

/// A value on the way: part of the data, or made by the query.
#[derive(Clone, Debug)]
pub(in crate::js) enum Data<'a> {
    Value(&'a Value),
    Object(&'a Json),
    List(&'a [Value]),
    Own(Value),
}

impl<'a> Data<'a> {
    pub(super) const NULL: Self = Self::Own(Value::Null);

    pub(super) fn object(&self) -> Option<&Json> {
        match self {
            Self::Value(value) => value.as_object(),
            Self::Own(value) => value.as_object(),
            Self::Object(object) => Some(object),
            Self::List(_) => None,
        }
    }

    pub(super) fn list(&self) -> Option<&[Value]> {
        match self {
            Self::Value(value) => value.as_array().map(Vec::as_slice),
            Self::Own(value) => value.as_array().map(Vec::as_slice),
            Self::List(list) => Some(list),
            Self::Object(_) => None,
        }
    }

    pub(super) fn value(&self) -> Cow<'_, Value> {
        match self {
            Self::Value(value) => Cow::Borrowed(value),
            Self::Own(value) => Cow::Borrowed(value),
            Self::Object(object) => Cow::Owned(Value::Object((*object).clone())),
            Self::List(list) => Cow::Owned(Value::Array(list.to_vec())),
        }
    }

    pub(in crate::js) fn into_value(self) -> Value {
        match self {
            Self::Value(value) => value.clone(),
            Self::Own(value) => value,
            Self::Object(object) => Value::Object(object.clone()),
            Self::List(list) => Value::Array(list.to_vec()),
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Self::Value(Value::Null) | Self::Own(Value::Null))
    }

    /// Empty values, null and false do not hold.
    pub(super) fn holds(&self) -> bool {
        if let Some(object) = self.object() {
            return !object.is_empty();
        }
        if let Some(list) = self.list() {
            return !list.is_empty();
        }
        !matches!(&*self.value(), Value::Null | Value::Bool(false)) && self.value().as_str() != Some("")
    }

    fn field(&self, name: &str) -> Data<'a> {
        match self {
            Self::Value(value) => value.get(name).map_or(Self::NULL, Data::Value),
            Self::Object(object) => object.get(name).map_or(Self::NULL, Data::Value),
            Self::Own(value) => value.get(name).cloned().map_or(Self::NULL, Data::Own),
            Self::List(_) => Self::NULL,
        }
    }

    fn element(&self, index: usize) -> Data<'a> {
        match self {
            Self::Value(value) => value.get(index).map_or(Self::NULL, Data::Value),
            Self::List(list) => list.get(index).map_or(Self::NULL, Data::Value),
            Self::Own(value) => value.get(index).cloned().map_or(Self::NULL, Data::Own),
            Self::Object(_) => Self::NULL,
        }
    }

    /// The elements of a list; `None` when it is none.
    fn elements(&self) -> Option<Vec<Data<'a>>> {
        match self {
            Self::Value(value) => value.as_array().map(|list| list.iter().map(Data::Value).collect()),
            Self::List(list) => Some(list.iter().map(Data::Value).collect()),
            Self::Own(value) => value.as_array().map(|list| list.iter().cloned().map(Data::Own).collect()),
            Self::Object(_) => None,
        }
    }

    fn values(&self) -> Option<Vec<Data<'a>>> {
        match self {
            Self::Value(value) => value.as_object().map(|object| object.values().map(Data::Value).collect()),
            Self::Object(object) => Some(object.values().map(Data::Value).collect()),
            Self::Own(value) => value.as_object().map(|object| object.values().cloned().map(Data::Own).collect()),
            Self::List(_) => None,
        }
    }
}

/// What a query gives for some data.
pub(in crate::js) fn search<'a>(query: &Expr, data: &Data<'a>) -> Result<Data<'a>, QueryError> {
    match query {
        Expr::Current => Ok(data.clone()),
        Expr::Field(name) => Ok(data.field(name)),
        Expr::Index(index) => {
            let length = i64::try_from(data.list().map_or(0, <[Value]>::len)).unwrap_or(i64::MAX);
            let index = if *index < 0 { index + length } else { *index };
            Ok(usize::try_from(index).map_or(Data::NULL, |index| data.element(index)))
        }
        Expr::Slice(from, to, step) => slice(data, (*from, *to, *step)),
        Expr::Literal(value) => Ok(Data::Own(value.clone())),
        Expr::Sub(left, right) => search(right, &search(left, data)?),
        Expr::Each(left, right) => project(search(left, data)?.elements(), right),
        Expr::EachValue(left, right) => project(search(left, data)?.values(), right),
        Expr::Filter(left, test, right) => {
            let Some(elements) = search(left, data)?.elements() else { return Ok(Data::NULL) };
            let mut kept = Vec::new();
            for element in elements {
                if search(test, &element)?.holds() {
                    kept.push(element);
                }
            }
            project(Some(kept), right)
        }
        Expr::Flatten(left) => {
            let Some(elements) = search(left, data)?.elements() else { return Ok(Data::NULL) };
            let flat = elements.into_iter().flat_map(|element| match element.into_value() {
                Value::Array(inner) => inner,
                other => vec![other],
            });
            Ok(Data::Own(Value::Array(flat.collect())))
        }
        _ => combine(query, data),
    }
}

/// What is made of several parts.
fn combine<'a>(query: &Expr, data: &Data<'a>) -> Result<Data<'a>, QueryError> {
    match query {
        Expr::Or(left, right) => {
            let first = search(left, data)?;
            if first.holds() { Ok(first) } else { search(right, data) }
        }
        Expr::And(left, right) => {
            let first = search(left, data)?;
            if first.holds() { search(right, data) } else { Ok(first) }
        }
        Expr::Not(inner) => Ok(Data::Own(Value::Bool(!search(inner, data)?.holds()))),
        Expr::Compare(operator, left, right) => {
            let (left, right) = (search(left, data)?, search(right, data)?);
            Ok(Data::Own(compare(operator, &left.value(), &right.value())))
        }
        Expr::List(_) | Expr::Object(_) if data.is_null() => Ok(Data::NULL),
        Expr::List(items) => {
            let items = items.iter().map(|item| search(item, data).map(Data::into_value));
            Ok(Data::Own(Value::Array(items.collect::<Result<_, _>>()?)))
        }
        Expr::Object(fields) => {
            let fields = fields.iter().map(|(name, field)| Ok((name.clone(), search(field, data)?.into_value())));
            Ok(Data::Own(Value::Object(fields.collect::<Result<Json, QueryError>>()?)))
        }
        Expr::Call(name, arguments) => functions::call(name, arguments, data),
        _ => Err(QueryError::new("an expression is expected here")),
    }
}

/// What a query gives for each element, nulls left out.
fn project<'a>(elements: Option<Vec<Data<'a>>>, query: &Expr) -> Result<Data<'a>, QueryError> {
    let Some(elements) = elements else { return Ok(Data::NULL) };
    let mut found = Vec::new();
    for element in elements {
        let value = search(query, &element)?;
        if !value.is_null() {
            found.push(value.into_value());
        }
    }
    Ok(Data::Own(Value::Array(found)))
}

fn slice<'a>(data: &Data<'a>, (from, to, step): (Option<i64>, Option<i64>, i64)) -> Result<Data<'a>, QueryError> {
    if step == 0 {
        return Err(QueryError::new("the step of a slice cannot be 0"));
    }
    let Some(list) = data.list() else { return Ok(Data::NULL) };
    let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
    let (lowest, highest) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let bound = |at: i64| (if at < 0 { at + length } else { at }).clamp(lowest, highest);
    let mut at = from.map_or(if step > 0 { 0 } else { length - 1 }, bound);
    let end = to.map_or(if step > 0 { length } else { -1 }, bound);
    let mut taken = Vec::new();
    while if step > 0 { at < end } else { at > end } {
        taken.extend(usize::try_from(at).ok().and_then(|at| list.get(at)).cloned());
        at += step;
    }
    Ok(Data::Own(Value::Array(taken)))
}

/// Order is defined for numbers only; for all else it is null.
fn compare(operator: &str, left: &Value, right: &Value) -> Value {
    let numbers = left.as_f64().zip(right.as_f64());
    let ordered = |test: fn(&f64, &f64) -> bool| numbers.map_or(Value::Null, |(left, right)| Value::Bool(test(&left, &right)));
    let equal = || numbers.map_or_else(|| left == right, |(left, right)| left.total_cmp(&right).is_eq());
    match operator {
        "==" => Value::Bool(equal()),
        "!=" => Value::Bool(!equal()),
        "<" => ordered(f64::lt),
        "<=" => ordered(f64::le),
        ">" => ordered(f64::gt),
        _ => ordered(f64::ge),
    }
}
