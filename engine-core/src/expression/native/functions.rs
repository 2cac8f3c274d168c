//! Functions that are not methods of a value: `Math.floor(x)`, `JSON.stringify(x)`, `$ifEmpty(x, y)`.

use std::borrow::Cow;

use super::eval::Stop;
use super::methods;
use super::value::Val;
use crate::expression::js;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Abs,
    Ceil,
    Floor,
    Max,
    Min,
    Round,
    Sign,
    Sqrt,
    Trunc,
    Stringify,
    Keys,
    Values,
    Entries,
    IsArray,
    Boolean,
    Number,
    String,
    IsNan,
    IsFinite,
    ParseFloat,
    ParseInt,
    EncodeUriComponent,
    IfEmpty,
}

impl Function {
    /// The function of this name; what is called on an object has its name before a dot.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "Math.abs" => Self::Abs,
            "Math.ceil" => Self::Ceil,
            "Math.floor" => Self::Floor,
            "Math.max" => Self::Max,
            "Math.min" => Self::Min,
            "Math.round" => Self::Round,
            "Math.sign" => Self::Sign,
            "Math.sqrt" => Self::Sqrt,
            "Math.trunc" => Self::Trunc,
            "JSON.stringify" => Self::Stringify,
            "Object.keys" => Self::Keys,
            "Object.values" => Self::Values,
            "Object.entries" => Self::Entries,
            "Array.isArray" => Self::IsArray,
            "Boolean" => Self::Boolean,
            "Number" => Self::Number,
            "String" => Self::String,
            "isNaN" => Self::IsNan,
            "isFinite" => Self::IsFinite,
            "parseFloat" => Self::ParseFloat,
            "parseInt" => Self::ParseInt,
            "encodeURIComponent" => Self::EncodeUriComponent,
            "$ifEmpty" => Self::IfEmpty,
            _ => return None,
        })
    }

    /// Whether it can be called with so many arguments; with another number it is the script engine's matter.
    pub(super) const fn takes(self, count: usize) -> bool {
        match self {
            Self::Max | Self::Min => true,
            Self::IfEmpty => count == 2,
            _ => count > 0,
        }
    }
}

/// Calls a function.
pub(super) fn call(function: Function, arguments: Vec<Val<'_>>) -> Result<Val<'_>, Stop> {
    if let Function::Max | Function::Min = function {
        return extreme(function, &arguments).map(Val::Number);
    }
    let mut arguments = arguments.into_iter();
    let first = arguments.next().unwrap_or(Val::Undefined);
    let second = arguments.next().unwrap_or(Val::Undefined);
    Ok(match function {
        Function::Stringify => {
            let indent = indent(&second, &arguments.next().unwrap_or(Val::Undefined))?;
            first.to_json_text(indent)?.map_or(Val::Undefined, Val::owned)
        }
        Function::Keys => methods::keys(&first)?,
        Function::Values => methods::values(&first)?,
        Function::Entries => methods::entries(&first)?,
        Function::IsArray => Val::Bool(matches!(first, Val::Array(_) | Val::List(_) | Val::Items(_))),
        Function::Boolean => Val::Bool(first.truthy()),
        Function::String => Val::Text(first.into_text()?),
        Function::IsNan => Val::Bool(first.to_number()?.is_nan()),
        Function::IsFinite => Val::Bool(first.to_number()?.is_finite()),
        Function::ParseFloat => Val::Number(parse_float(&first.to_text()?)),
        Function::ParseInt => Val::Number(parse_int(&first.to_text()?, &second)?),
        Function::EncodeUriComponent => Val::Text(Cow::Owned(encode_uri_component(&first.to_text()?))),
        Function::IfEmpty => {
            if is_empty(&first) {
                second
            } else {
                first
            }
        }
        _ => Val::Number(of_number(function, first.to_number()?)),
    })
}

fn of_number(function: Function, number: f64) -> f64 {
    match function {
        Function::Abs => number.abs(),
        Function::Ceil => number.ceil(),
        Function::Floor => number.floor(),
        Function::Round => round(number),
        Function::Sign if number == 0.0 || number.is_nan() => number,
        Function::Sign => number.signum(),
        Function::Sqrt => number.sqrt(),
        Function::Trunc => number.trunc(),
        _ => number,
    }
}

/// `Math.round`: halves go up, also below zero.
fn round(number: f64) -> f64 {
    let below = number.floor();
    let rounded = if number - below >= 0.5 { below + 1.0 } else { below };
    rounded.copysign(number)
}

fn extreme(function: Function, arguments: &[Val<'_>]) -> Result<f64, Stop> {
    let greatest = function == Function::Max;
    let mut found = if greatest { f64::NEG_INFINITY } else { f64::INFINITY };
    for argument in arguments {
        let number = argument.to_number()?;
        // Zeros differ by their sign here, which `total_cmp` knows.
        let beyond = if greatest { number.total_cmp(&found).is_gt() } else { number.total_cmp(&found).is_lt() };
        if number.is_nan() || found.is_nan() {
            found = f64::NAN;
        } else if beyond {
            found = number;
        }
    }
    Ok(found)
}

fn indent(replacer: &Val<'_>, space: &Val<'_>) -> Result<usize, Stop> {
    // Functions and lists of keys as replacers, and texts as indent, are rare.
    match (replacer.is_nullish(), space.as_number()) {
        (true, Some(number)) => Ok(small_count(number)),
        (true, None) if !space.is_object() && !matches!(space, Val::Text(_)) => Ok(0),
        _ => Err(Stop::GiveUp),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range before the cast; NaN is cast to 0")]
fn small_count(number: f64) -> usize {
    number.clamp(0.0, 10.0) as usize
}

/// `$ifEmpty`'s idea of empty: undefined, null, and texts, arrays and objects without content.
fn is_empty(value: &Val<'_>) -> bool {
    match value {
        Val::Undefined | Val::Null => true,
        Val::Text(text) => text.is_empty(),
        Val::Array(items) => items.is_empty(),
        Val::List(items) => items.is_empty(),
        Val::Items(items) => items.is_empty(),
        Val::Object(object) => object.is_empty(),
        Val::Record(entries) => entries.is_empty(),
        Val::Files(files) => files.is_empty(),
        Val::Bool(_) | Val::Number(_) | Val::Exact(_) | Val::Item(_) | Val::File(_) | Val::Function => false,
    }
}

/// `parseFloat(text)`: the longest beginning that is a decimal number.
pub(super) fn parse_float(text: &str) -> f64 {
    let text = js::trim_start(text);
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.starts_with("Infinity") {
        return if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let mut end = text.len() - unsigned.len();
    let digits = |from: usize| text.bytes().skip(from).take_while(u8::is_ascii_digit).count();
    end += digits(end);
    if text.as_bytes().get(end) == Some(&b'.') {
        end += 1 + digits(end + 1);
    }
    if let Some(b'e' | b'E') = text.as_bytes().get(end) {
        let sign = usize::from(matches!(text.as_bytes().get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        end += if exponent > 0 { 1 + sign + exponent } else { 0 };
    }
    text.get(..end).and_then(|number| number.parse().ok()).unwrap_or(f64::NAN)
}

/// `parseInt(text, radix)`, for decimal numbers and hexadecimal ones with their prefix.
pub(super) fn parse_int(text: &str, radix: &Val<'_>) -> Result<f64, Stop> {
    let radix = radix.to_number()?;
    let automatic = radix.is_nan() || radix == 0.0;
    if !automatic && radix.trunc().total_cmp(&10.0).is_ne() {
        return Err(Stop::GiveUp);
    }
    let text = js::trim_start(text);
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if automatic && (unsigned.starts_with("0x") || unsigned.starts_with("0X")) {
        return Err(Stop::GiveUp);
    }
    let end = text.len() - unsigned.len() + unsigned.bytes().take_while(u8::is_ascii_digit).count();
    Ok(text.get(..end).and_then(|number| number.parse().ok()).unwrap_or(f64::NAN))
}

/// `encodeURIComponent(text)`.
pub(super) fn encode_uri_component(text: &str) -> String {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 15].into_iter().filter_map(|digit| HEX.get(usize::from(digit))));
        }
    }
    out
}
