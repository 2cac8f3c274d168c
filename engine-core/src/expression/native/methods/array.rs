//! Methods of arrays.

use super::{Method, at_index, is_default, missing, slice_range};
use crate::expression::js;
use crate::expression::native::builtins;
use crate::expression::native::eval::Stop;
use crate::expression::native::operators::{check_length, strict_equals};
use crate::expression::native::value::{Val, join};

pub(super) fn call<'a>(method: Method, array: &Val<'a>, arguments: &[Val<'a>]) -> Result<Val<'a>, Stop> {
    match method {
        Method::ToString => array.to_text().map(Val::owned),
        Method::Join => joined(array, arguments),
        Method::At => Ok(at_index(arguments, length(array))?.map_or(Val::Undefined, |index| element(array, index))),
        Method::Slice => {
            let range = slice_range(arguments, length(array))?;
            Ok(Val::List(range.map(|index| element(array, index)).collect()))
        }
        Method::Includes => find(array, arguments, true).map(|found| Val::Bool(found.is_some())),
        Method::IndexOf => find(array, arguments, false).map(|found| found.map_or(Val::Number(-1.0), Val::count)),
        Method::Concat => Ok(concat(array, arguments)),
        _ => Err(missing(method, builtins::inherited_by_array)),
    }
}

/// The number of elements; 0 for what is no array.
pub(super) fn length(array: &Val<'_>) -> usize {
    match array {
        Val::Array(items) => items.len(),
        Val::List(items) => items.len(),
        Val::Items(items) => items.len(),
        _ => 0,
    }
}

/// The element at an index, undefined beyond the end.
pub(super) fn element<'a>(array: &Val<'a>, index: usize) -> Val<'a> {
    let found = match array {
        Val::Array(items) => items.get(index).map(Val::of),
        Val::List(items) => items.get(index).cloned(),
        Val::Items(items) => items.get(index).map(Val::Item),
        _ => None,
    };
    found.unwrap_or(Val::Undefined)
}

pub(super) fn elements<'a>(array: &Val<'a>) -> impl Iterator<Item = Val<'a>> {
    (0..length(array)).map(|index| element(array, index))
}

fn joined<'a>(array: &Val<'a>, arguments: &[Val<'a>]) -> Result<Val<'a>, Stop> {
    let separator = match arguments.first() {
        None | Some(Val::Undefined) => ",".into(),
        Some(separator) => separator.to_text()?,
    };
    check_length(separator.len().saturating_mul(length(array)))?;
    match array {
        Val::Array(items) => Ok(Val::owned(js::join(items, &separator))),
        _ => join(&elements(array).collect::<Vec<_>>(), &separator).map(Val::owned),
    }
}

/// Where an element is. `includes` finds NaN, `indexOf` does not.
fn find(array: &Val<'_>, arguments: &[Val<'_>], finds_nan: bool) -> Result<Option<usize>, Stop> {
    if !is_default(arguments.get(1)) {
        return Err(Stop::GiveUp);
    }
    let sought = arguments.first().unwrap_or(&Val::Undefined);
    let is_nan = |value: &Val<'_>| value.as_number().is_some_and(f64::is_nan);
    for (index, element) in elements(array).enumerate() {
        if strict_equals(&element, sought)? || finds_nan && is_nan(&element) && is_nan(sought) {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

fn concat<'a>(array: &Val<'a>, arguments: &[Val<'a>]) -> Val<'a> {
    let mut all: Vec<Val<'a>> = elements(array).collect();
    for argument in arguments {
        match argument {
            Val::Array(_) | Val::List(_) | Val::Items(_) => all.extend(elements(argument)),
            other => all.push(other.clone()),
        }
    }
    Val::List(all.into())
}
