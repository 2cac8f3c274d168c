//! How a workbook shows a number in the format "General": at most eleven characters, exponents beyond.

use engine_core::expression::js::{number_to_string, to_fixed};

/// The number as a workbook shows it.
pub(super) fn general(number: f64) -> String {
    if !number.is_finite() {
        return if number.is_nan() { "#NUM!" } else { "#DIV/0!" }.to_owned();
    }
    if number.fract() == 0.0 && number.abs() < 2_147_483_648.0 {
        return number_to_string(number);
    }
    let magnitude = (number.abs().ln() * std::f64::consts::LOG10_E).floor();
    let limit = if number < 0.0 { 12 } else { 11 };
    let text = if (-4.0..=-1.0).contains(&magnitude) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 6 and 9")]
        precision(number, (10.0 + magnitude) as usize)
    } else if magnitude.abs() <= 9.0 {
        small(number, limit)
    } else if (magnitude - 10.0).abs() < 0.5 {
        to_fixed(number, 10).chars().take(12).collect()
    } else {
        large(number, limit)
    };
    strip(normalize(&text.to_uppercase()))
}

fn small(number: f64, limit: usize) -> String {
    let fixed = strip(to_fixed(number, 12));
    if fixed.len() <= limit {
        return fixed;
    }
    let precise = precision(number, 10);
    if precise.len() <= limit { precise } else { exponential(number, 5) }
}

fn large(number: f64, limit: usize) -> String {
    let fixed = strip(to_fixed(number, 11));
    if fixed.len() > limit || fixed == "0" || fixed == "-0" { precision(number, 6) } else { fixed }
}

/// JavaScript's `toPrecision`.
fn precision(number: f64, digits: usize) -> String {
    let (_, exponent) = decimal(number, digits - 1);
    let digits_signed = i32::try_from(digits).unwrap_or(i32::MAX);
    if exponent < -6 || exponent >= digits_signed {
        return exponential(number, digits - 1);
    }
    format!("{number:.*}", usize::try_from(digits_signed - 1 - exponent).unwrap_or(0))
}

/// JavaScript's `toExponential`.
fn exponential(number: f64, places: usize) -> String {
    let (mantissa, exponent) = decimal(number, places);
    format!("{mantissa}e{exponent:+}")
}

fn decimal(number: f64, places: usize) -> (String, i32) {
    let text = format!("{number:.places$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.to_owned(), exponent.parse().unwrap_or(0))
}

/// Drops zeros at the end of the fraction.
fn strip(text: String) -> String {
    if !text.contains('.') || text.contains(['e', 'E']) {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Two digits at least in the exponent, no zeros at the end of the mantissa.
fn normalize(text: &str) -> String {
    let Some((mantissa, exponent)) = text.split_once('E') else { return text.to_owned() };
    let mantissa = if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    let (sign, digits) = exponent.split_at_checked(1).unwrap_or(("+", exponent));
    format!("{mantissa}E{sign}{digits:0>2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn general_format() {
        for (number, expected) in [
            (0.1 + 0.2, "0.3"),
            (123_456_789_012.0, "1.23457E+11"),
            (1e21, "1E+21"),
            (1e-7, "0.0000001"),
            (-1.5, "-1.5"),
            (1_234_567.891_234_567, "1234567.891"),
            (12_345_678_901_234_567_890.0, "1.23457E+19"),
            (1.0 / 3.0, "0.333333333"),
            (100.0, "100"),
            (-0.0, "0"),
            (1e10 / 3.0, "3333333333"),
            (123_456_789.123_456, "123456789.1"),
            (0.000_012_345_67, "1.23457E-05"),
            (12_345_678_901.0, "12345678901"),
            (-12_345_678_901.5, "-12345678901"),
            (0.05, "0.05"),
        ] {
            assert_eq!(general(number), expected, "{number}");
        }
    }
}
