//! Methods of values: JavaScript's own, and the extension functions that n8n adds to them.
//!
//! Only the frequent ones are here, and only as far as they are exact. Called on a value that has no such method, JavaScript's own throw
//! (and the chunk is undefined), while extension functions fail the item; what is left out here is given up.

mod array;
mod extension;
mod object;
mod text;

use super::eval::Stop;
use super::value::Val;
use super::{builtins, fail};
use crate::expression::{ExpressionErrorKind, js};

pub(super) use object::{entries, keys, values};

/// A method that the evaluator knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    At,
    CharAt,
    Concat,
    EndsWith,
    Includes,
    IndexOf,
    Join,
    PadEnd,
    PadStart,
    Replace,
    ReplaceAll,
    Slice,
    Split,
    StartsWith,
    Substring,
    ToFixed,
    ToLowerCase,
    ToString,
    ToUpperCase,
    Trim,
    TrimEnd,
    TrimStart,
    // Extension functions from here on.
    Abs,
    Base64Encode,
    Ceil,
    First,
    Floor,
    IsEmpty,
    IsNotEmpty,
    Keys,
    Last,
    Round,
    ToInt,
    ToJsonString,
    ToNumber,
    UrlEncode,
    Values,
}

const NAMES: [(&str, Method); 37] = [
    ("at", Method::At),
    ("charAt", Method::CharAt),
    ("concat", Method::Concat),
    ("endsWith", Method::EndsWith),
    ("includes", Method::Includes),
    ("indexOf", Method::IndexOf),
    ("join", Method::Join),
    ("padEnd", Method::PadEnd),
    ("padStart", Method::PadStart),
    ("replace", Method::Replace),
    ("replaceAll", Method::ReplaceAll),
    ("slice", Method::Slice),
    ("split", Method::Split),
    ("startsWith", Method::StartsWith),
    ("substring", Method::Substring),
    ("toFixed", Method::ToFixed),
    ("toLowerCase", Method::ToLowerCase),
    ("toString", Method::ToString),
    ("toUpperCase", Method::ToUpperCase),
    ("trim", Method::Trim),
    ("trimEnd", Method::TrimEnd),
    ("trimStart", Method::TrimStart),
    ("abs", Method::Abs),
    ("base64Encode", Method::Base64Encode),
    ("ceil", Method::Ceil),
    ("first", Method::First),
    ("floor", Method::Floor),
    ("isEmpty", Method::IsEmpty),
    ("isNotEmpty", Method::IsNotEmpty),
    ("keys", Method::Keys),
    ("last", Method::Last),
    ("round", Method::Round),
    ("toInt", Method::ToInt),
    ("toJsonString", Method::ToJsonString),
    ("toNumber", Method::ToNumber),
    ("urlEncode", Method::UrlEncode),
    ("values", Method::Values),
];

impl Method {
    pub(super) fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, method)| *method)
    }

    fn name(self) -> &'static str {
        NAMES.iter().find(|(_, method)| *method == self).map_or("", |(name, _)| name)
    }

    /// True for functions that n8n adds.
    pub(super) const fn is_extension(self) -> bool {
        self as u8 >= Self::Abs as u8
    }
}

/// Calls a method.
pub(super) fn call<'a>(method: Method, receiver: Val<'a>, arguments: &[Val<'a>]) -> Result<Val<'a>, Stop> {
    if method.is_extension() {
        return extension::call(method, &receiver, arguments);
    }
    match receiver {
        Val::Undefined | Val::Null => Err(Stop::Throw),
        Val::Text(text) => text::call(method, text, arguments),
        Val::Number(_) | Val::Exact(_) => of_number(method, receiver.to_number()?, arguments),
        Val::Array(_) | Val::List(_) | Val::Items(_) => array::call(method, &receiver, arguments),
        Val::Function => Err(Stop::GiveUp),
        Val::Bool(_) | Val::Object(_) | Val::Record(_) | Val::Item(_) | Val::Files(_) | Val::File(_) => of_other(method, &receiver),
    }
}

fn of_number<'a>(method: Method, number: f64, arguments: &[Val<'a>]) -> Result<Val<'a>, Stop> {
    match method {
        Method::ToString if is_default(arguments.first()) => Ok(Val::owned(js::number_to_string(number))),
        Method::ToString => Err(Stop::GiveUp),
        Method::ToFixed => {
            let places = integer(arguments.first())?;
            if (0.0..=100.0).contains(&places) { Ok(Val::owned(js::to_fixed(number, as_index(places)))) } else { Err(Stop::Throw) }
        }
        _ => Err(missing(method, builtins::inherited_by_number)),
    }
}

fn of_other<'a>(method: Method, receiver: &Val<'a>) -> Result<Val<'a>, Stop> {
    match method {
        // Data under the name of the method hides it and is not callable.
        Method::ToString if matches!(receiver, Val::Object(object) if object.contains_key("toString")) => Err(Stop::Throw),
        Method::ToString => receiver.to_text().map(Val::owned),
        _ => Err(missing(method, builtins::inherited_by_all)),
    }
}

/// What to do about a method that is not implemented for a value: give up if JavaScript has it, throw as JavaScript does if not.
fn missing(method: Method, inherited: fn(&str) -> bool) -> Stop {
    if inherited(method.name()) { Stop::GiveUp } else { Stop::Throw }
}

/// The error of an extension function on null or undefined.
fn on_nothing(method: Method, receiver: &Val<'_>) -> Stop {
    let what = if matches!(receiver, Val::Null) { "null" } else { "undefined" };
    fail(ExpressionErrorKind::Call, format!("{} can't be used on {what} value", method.name()))
}

fn is_default(argument: Option<&Val<'_>>) -> bool {
    matches!(argument, None | Some(Val::Undefined))
}

/// An argument as a whole number, possibly infinite; 0 when it is missing or no number.
fn integer(argument: Option<&Val<'_>>) -> Result<f64, Stop> {
    let number = argument.map_or(Ok(0.0), Val::to_number)?;
    Ok(if number.is_nan() { 0.0 } else { number.trunc() })
}

/// A whole number as an index; the range of `usize` bounds it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate, which is what is wanted")]
const fn as_index(number: f64) -> usize {
    number as usize
}

/// A position that counts from the end when it is negative, cut to the length.
#[expect(clippy::cast_precision_loss, reason = "no list and no text has 2^53 elements")]
fn relative(position: f64, length: usize) -> usize {
    let length_number = length as f64;
    if position < 0.0 { as_index((length_number + position).max(0.0)) } else { as_index(position).min(length) }
}

/// The range of `slice(start, end)`.
fn slice_range(arguments: &[Val<'_>], length: usize) -> Result<std::ops::Range<usize>, Stop> {
    let start = relative(integer(arguments.first())?, length);
    let end = if is_default(arguments.get(1)) { length } else { relative(integer(arguments.get(1))?, length) };
    Ok(start..end.max(start))
}

/// The index of `at(position)`, when there is one.
#[expect(clippy::cast_precision_loss, reason = "no list and no text has 2^53 elements")]
fn at_index(arguments: &[Val<'_>], length: usize) -> Result<Option<usize>, Stop> {
    let position = integer(arguments.first())?;
    let position = if position < 0.0 { position + length as f64 } else { position };
    Ok((position >= 0.0 && position < length as f64).then(|| as_index(position)))
}
