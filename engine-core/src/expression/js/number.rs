//! Numbers: their text, and reading them from text.

use serde_json::{Number, Value};

use super::text::trim;

/// Largest distance from zero up to which every integer is a float: 2^53.
const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0;

/// A number as JSON: integral values below 2^53 become JSON integers; NaN and the infinities become null, as `JSON.stringify` has it.
pub fn from_f64(number: f64) -> Value {
    exact_integer(number).map_or_else(|| Number::from_f64(number).map_or(Value::Null, Value::Number), Value::from)
}

/// The number as an integer when it is one, below 2^53.
#[expect(clippy::cast_possible_truncation, clippy::float_cmp, reason = "only taken for integral values below 2^53, which is what is tested for")]
fn exact_integer(number: f64) -> Option<i64> {
    (number.trunc() == number && number.abs() < EXACT_INTEGERS).then_some(number as i64)
}

/// `String(number)`: the shortest digits that read back as the same number, with an exponent from 1e21 up and below 1e-6.
pub fn number_to_string(number: f64) -> String {
    let mut out = String::new();
    write_number(number, &mut out);
    out
}

/// Appends `String(number)`.
pub(crate) fn write_number(number: f64, out: &mut String) {
    if let Some(integer) = exact_integer(number) {
        write_integer(integer, out);
    } else if number.is_nan() {
        out.push_str("NaN");
    } else if number.is_infinite() {
        out.push_str(if number > 0.0 { "Infinity" } else { "-Infinity" });
    } else {
        if number < 0.0 {
            out.push('-');
        }
        write_digits(&shortest(number.abs()), out);
    }
}

fn write_integer(integer: i64, out: &mut String) {
    if integer < 0 {
        out.push('-');
    }
    let mut rest = integer.unsigned_abs();
    let mut digits = [0_u8; 20];
    let mut count = 0;
    for digit in &mut digits {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        count += 1;
        if rest == 0 {
            break;
        }
    }
    out.extend(digits.iter().take(count).rev().map(|digit| char::from(*digit)));
}

/// The shortest digits that read back as the same number, in scientific form; of two that are equally near the even one.
fn shortest(number: f64) -> String {
    let shortest = format!("{number:e}");
    let digits = shortest.bytes().take_while(|byte| *byte != b'e').filter(u8::is_ascii_digit).count();
    // Rust's shortest form may take the odd one; asked for that many digits, it takes the even one. Only long numbers have such neighbours.
    if digits < 16 { shortest } else { format!("{number:.*e}", digits - 1) }
}

/// Writes Rust's shortest scientific form (`1.2345e-7`) the way JavaScript does.
fn write_digits(scientific: &str, out: &mut String) {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    // `point` is where the decimal point stands, counted in digits from the first one.
    let point = exponent + 1;
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    if (count..=21).contains(&point) {
        out.push_str(&digits);
        out.push_str(&zeros(point - count));
    } else if (1..=21).contains(&point) {
        let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0));
        out.extend([whole, ".", fraction]);
    } else if (-5..=0).contains(&point) {
        out.extend(["0.", &zeros(-point), &digits]);
    } else {
        let (first, rest) = digits.split_at(1);
        out.push_str(first);
        if !rest.is_empty() {
            out.extend([".", rest]);
        }
        out.extend([if exponent < 0 { "e-" } else { "e+" }, &exponent.abs().to_string()]);
    }
}

/// `Number(text)`: white space around is ignored, an empty text is 0, what is no number is NaN.
pub fn text_to_number(text: &str) -> f64 {
    let text = trim(text);
    match text.as_bytes() {
        [] => return 0.0,
        [b'0', b'x' | b'X', ..] => return radix_number(text, 16),
        [b'0', b'o' | b'O', ..] => return radix_number(text, 8),
        [b'0', b'b' | b'B', ..] => return radix_number(text, 2),
        _ => {}
    }
    match text {
        "Infinity" | "+Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        // Rust reads names of numbers too, in any case; everything else it reads as JavaScript does.
        _ if text.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte)) => text.parse().unwrap_or(f64::NAN),
        _ => f64::NAN,
    }
}

fn radix_number(text: &str, radix: u32) -> f64 {
    let digits = text.get(2..).unwrap_or_default();
    if digits.is_empty() { f64::NAN } else { digits_to_f64(digits, radix).unwrap_or(f64::NAN) }
}

/// Reads digits of a radix that is a power of two, rounded to the nearest float; `None` when there is another character.
#[expect(clippy::cast_precision_loss, reason = "the one rounding that is wanted: the lowest bit says whether anything was cut off below it")]
pub(crate) fn digits_to_f64(digits: &str, radix: u32) -> Option<f64> {
    let bits = radix.trailing_zeros();
    let (mut kept, mut dropped_bits) = (0_u64, 0_u32);
    for digit in digits.chars() {
        let digit = u64::from(digit.to_digit(radix)?);
        if kept >> 58 == 0 && dropped_bits == 0 {
            kept = kept << bits | digit;
        } else {
            // Beyond 58 bits only two facts matter: how many more there are, and whether any of them is set.
            dropped_bits = dropped_bits.saturating_add(bits);
            kept |= u64::from(digit != 0);
        }
    }
    Some(kept as f64 * 2_f64.powi(i32::try_from(dropped_bits).unwrap_or(i32::MAX)))
}

/// `number.toFixed(places)`: ties are rounded away from zero, as the exact binary value stands; at most 100 places.
pub fn to_fixed(number: f64, places: usize) -> String {
    if number.is_nan() || number.abs() >= 1e21 {
        return number_to_string(number);
    }
    let size = number.abs();
    // Rust rounds the exact value, but ties to even: an exact tie ends in a 5 with nothing behind it, one place further on.
    let places = places.min(100);
    let longer = format!("{size:.*}", places + 1);
    let exact_tie =
        longer.ends_with('5') && longer.parse() == Ok(size) && format!("{size:.*}", places + 30).trim_end_matches('0').len() == longer.len();
    let rounded = if exact_tie { round_up(&longer) } else { format!("{size:.places$}") };
    if number < 0.0 { format!("-{rounded}") } else { rounded }
}

/// Drops the last digit and adds one to the digit before it.
fn round_up(digits: &str) -> String {
    let mut bytes: Vec<u8> = digits.bytes().collect();
    bytes.pop();
    if bytes.last() == Some(&b'.') {
        bytes.pop();
    }
    for at in (0..bytes.len()).rev() {
        match bytes.get_mut(at) {
            Some(b'.') | None => {}
            Some(byte @ b'9') => *byte = b'0',
            Some(byte) => {
                *byte += 1;
                return bytes.into_iter().map(char::from).collect();
            }
        }
    }
    std::iter::once('1').chain(bytes.into_iter().map(char::from)).collect()
}
