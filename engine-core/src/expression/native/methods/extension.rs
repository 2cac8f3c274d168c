//! n8n's extension functions: methods that it adds to every value of a type.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::array::{element, length};
use super::{Method, as_index, is_default, on_nothing};
use crate::expression::js;
use crate::expression::native::eval::Stop;
use crate::expression::native::functions::{encode_uri_component, parse_int};
use crate::expression::native::methods::{integer, keys, values};
use crate::expression::native::operators::check_length;
use crate::expression::native::value::Val;

/// Calls an extension function. With arguments other than the usual ones, and on types for which it is an error, this gives up.
pub(super) fn call<'a>(method: Method, receiver: &Val<'a>, arguments: &[Val<'a>]) -> Result<Val<'a>, Stop> {
    match method {
        Method::IsEmpty => return is_empty(receiver).map(Val::Bool),
        Method::IsNotEmpty => return is_empty(receiver).map(|empty| Val::Bool(!empty)),
        _ if receiver.is_nullish() => return Err(on_nothing(method, receiver)),
        Method::Round => return round(receiver, arguments),
        _ if !arguments.is_empty() => return Err(Stop::GiveUp),
        _ => {}
    }
    match (receiver, method) {
        (Val::Array(_) | Val::List(_) | Val::Items(_), _) => of_array(method, receiver),
        (Val::Number(_) | Val::Exact(_), _) => of_number(method, receiver.to_number()?),
        (Val::Text(text), _) => of_text(method, text),
        (Val::Bool(value), Method::ToInt | Method::ToNumber) => Ok(Val::count(usize::from(*value))),
        (Val::Object(_) | Val::Record(_), Method::Keys) => keys(receiver),
        (Val::Object(_) | Val::Record(_), Method::Values) => values(receiver),
        (Val::Object(_) | Val::Record(_), Method::ToJsonString) => json_text(receiver),
        _ => Err(Stop::GiveUp),
    }
}

/// Null and undefined are empty, texts, arrays and objects by their content, and everything else when it is false.
fn is_empty(value: &Val<'_>) -> Result<bool, Stop> {
    Ok(match value {
        Val::Undefined | Val::Null => true,
        Val::Text(text) => text.is_empty(),
        Val::Array(_) | Val::List(_) | Val::Items(_) => length(value) == 0,
        Val::Object(object) => object.is_empty(),
        Val::Record(entries) => entries.is_empty(),
        Val::Files(files) => files.is_empty(),
        Val::Item(_) | Val::File(_) => false,
        Val::Bool(_) | Val::Number(_) | Val::Exact(_) => !value.truthy(),
        Val::Function => return Err(Stop::GiveUp),
    })
}

fn round<'a>(receiver: &Val<'a>, arguments: &[Val<'a>]) -> Result<Val<'a>, Stop> {
    let number = receiver.as_number().ok_or(Stop::GiveUp)?;
    let places = if is_default(arguments.first()) { 0.0 } else { integer(arguments.first())? };
    if (0.0..=100.0).contains(&places) { Ok(Val::Number(rounded(number, as_index(places)))) } else { Err(Stop::GiveUp) }
}

/// n8n rounds by way of `toFixed`.
fn rounded(number: f64, places: usize) -> f64 {
    js::text_to_number(&js::to_fixed(number, places))
}

fn of_array<'a>(method: Method, array: &Val<'a>) -> Result<Val<'a>, Stop> {
    match method {
        Method::First => Ok(element(array, 0)),
        Method::Last => Ok(length(array).checked_sub(1).map_or(Val::Undefined, |last| element(array, last))),
        Method::ToJsonString => json_text(array),
        _ => Err(Stop::GiveUp),
    }
}

fn of_number<'a>(method: Method, number: f64) -> Result<Val<'a>, Stop> {
    Ok(Val::Number(match method {
        Method::Abs => number.abs(),
        Method::Ceil => number.ceil(),
        Method::Floor => number.floor(),
        Method::ToInt => rounded(number, 0),
        _ => return Err(Stop::GiveUp),
    }))
}

fn of_text<'a>(method: Method, text: &str) -> Result<Val<'a>, Stop> {
    match method {
        _ if may_be_instant(text) => Err(Stop::GiveUp),
        Method::ToJsonString => json_text(&Val::text(text)).map(detached),
        Method::Base64Encode => {
            check_length(text.len() / 3 * 4)?;
            Ok(Val::owned(STANDARD.encode(text)))
        }
        Method::UrlEncode => Ok(Val::owned(encode_uri_component(text))),
        Method::ToNumber => number(js::text_to_number(text)),
        // Currency signs are ignored; plain numbers have none.
        Method::ToInt if text.bytes().all(|byte| byte.is_ascii_digit() || b" +-.".contains(&byte)) => number(parse_int(text, &Val::Undefined)?),
        _ => Err(Stop::GiveUp),
    }
}

/// Texts of the form `2024-01-02T03:04:05.000Z` are taken for dates, which have functions of their own.
fn may_be_instant(text: &str) -> bool {
    matches!(text.as_bytes(), [_, _, _, _, b'-', .., b'Z'] if text.len() == 24)
}

/// What is no number is an error, whose text is the script engine's matter.
fn number<'a>(number: f64) -> Result<Val<'a>, Stop> {
    if number.is_nan() { Err(Stop::GiveUp) } else { Ok(Val::Number(number)) }
}

fn json_text<'a>(value: &Val<'a>) -> Result<Val<'a>, Stop> {
    Ok(value.to_json_text(0)?.map_or(Val::Undefined, Val::owned))
}

fn detached<'a>(value: Val<'_>) -> Val<'a> {
    match value {
        Val::Text(text) => Val::owned(text),
        _ => Val::Undefined,
    }
}
