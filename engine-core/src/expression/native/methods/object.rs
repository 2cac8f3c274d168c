//! Keys and values of objects.

use std::borrow::Cow;

use super::array::{elements, length};
use crate::expression::js;
use crate::expression::native::eval::Stop;
use crate::expression::native::value::Val;

/// `Object.keys(value)`.
pub(in crate::expression::native) fn keys<'a>(value: &Val<'a>) -> Result<Val<'a>, Stop> {
    Ok(list(pairs(value)?.into_iter().map(|(key, _)| Val::Text(key))))
}

/// `Object.values(value)`.
pub(in crate::expression::native) fn values<'a>(value: &Val<'a>) -> Result<Val<'a>, Stop> {
    Ok(list(pairs(value)?.into_iter().map(|(_, value)| value)))
}

/// `Object.entries(value)`.
pub(in crate::expression::native) fn entries<'a>(value: &Val<'a>) -> Result<Val<'a>, Stop> {
    Ok(list(pairs(value)?.into_iter().map(|(key, value)| list([Val::Text(key), value].into_iter()))))
}

fn list<'a>(values: impl Iterator<Item = Val<'a>>) -> Val<'a> {
    Val::List(values.collect())
}

/// The own properties of a value, in JavaScript's order.
fn pairs<'a>(value: &Val<'a>) -> Result<Vec<(Cow<'a, str>, Val<'a>)>, Stop> {
    Ok(match value {
        Val::Undefined | Val::Null => return Err(Stop::Throw),
        Val::Object(object) => js::entries(object).into_iter().map(|(key, value)| (Cow::Borrowed(key.as_str()), Val::of(value))).collect(),
        Val::Record(entries) => entries.to_vec(),
        Val::Files(files) => files.iter().map(|(key, file)| (Cow::Borrowed(key.as_str()), Val::File(file))).collect(),
        Val::Array(_) | Val::List(_) | Val::Items(_) => (0..length(value)).map(|index| Cow::Owned(index.to_string())).zip(elements(value)).collect(),
        Val::Bool(_) | Val::Number(_) | Val::Exact(_) => Vec::new(),
        Val::Text(_) | Val::Item(_) | Val::File(_) | Val::Function => return Err(Stop::GiveUp),
    })
}
