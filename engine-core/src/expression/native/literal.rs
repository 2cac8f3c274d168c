//! Numbers and escapes as they are written in code.

use super::parse::Refusal;
use crate::expression::js;

/// Reads the number at the start of the code; gives it and what follows.
pub(super) fn number(code: &str) -> Result<(f64, &str), Refusal> {
    let radix = match code.as_bytes() {
        [b'0', b'x' | b'X', ..] => 16,
        [b'0', b'o' | b'O', ..] => 8,
        [b'0', b'b' | b'B', ..] => 2,
        [b'0', b'0'..=b'9' | b'_', ..] => return Err(Refusal::script("a number with a leading zero")),
        _ => return decimal(code),
    };
    let (digits, rest) = digits(code.get(2..).unwrap_or_default(), radix)?;
    let number = (!digits.is_empty()).then(|| js::digits_to_f64(&digits, radix)).flatten();
    number.map(|number| (number, rest)).ok_or_else(|| Refusal::syntax("a number without digits"))
}

fn decimal(code: &str) -> Result<(f64, &str), Refusal> {
    let (mut text, mut rest) = digits(code, 10)?;
    if let Some(fraction) = rest.strip_prefix('.') {
        let (digits, after) = digits(fraction, 10)?;
        text.push('.');
        text.push_str(&digits);
        rest = after;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let (digits, after) = digits(unsigned, 10)?;
        text.push('e');
        text.push_str(if exponent.starts_with('-') { "-" } else { "" });
        text.push_str(&digits);
        rest = after;
    }
    // The only forms that are left to fail have no digits where there must be some.
    text.parse().map(|number| (number, rest)).map_err(|_| Refusal::syntax("a number without digits"))
}

/// Digits, in which single underscores may stand between two of them.
fn digits(code: &str, radix: u32) -> Result<(String, &str), Refusal> {
    let end = code.find(|c: char| !c.is_digit(radix) && c != '_').unwrap_or(code.len());
    let (taken, rest) = code.split_at(end);
    if taken.starts_with('_') || taken.ends_with('_') || taken.contains("__") {
        return Err(Refusal::script("an underscore in a number that stands between no two digits"));
    }
    Ok((taken.replace('_', ""), rest))
}

/// Appends what an escape stands for; the code begins behind its backslash. Gives what follows it.
pub(super) fn escape<'s>(code: &'s str, out: &mut String) -> Result<&'s str, Refusal> {
    let mut chars = code.chars();
    let Some(c) = chars.next() else { return Err(Refusal::syntax("a text has no end")) };
    let rest = chars.as_str();
    match c {
        'n' => out.push('\n'),
        't' => out.push('\t'),
        'r' => out.push('\r'),
        'b' => out.push('\u{8}'),
        'f' => out.push('\u{c}'),
        'v' => out.push('\u{b}'),
        '0' if !rest.starts_with(|next: char| next.is_ascii_digit()) => out.push('\0'),
        '0'..='9' => return Err(Refusal::script("an octal escape")),
        'x' => return fixed(rest, 2).and_then(|(unit, rest)| push_units(unit, rest, out)),
        'u' => return unicode(rest).and_then(|(unit, rest)| push_units(unit, rest, out)),
        // A line break behind a backslash is no part of the text.
        '\r' => return Ok(rest.strip_prefix('\n').unwrap_or(rest)),
        '\n' | '\u{2028}' | '\u{2029}' => {}
        other => out.push(other),
    }
    Ok(rest)
}

/// Appends a code point, or a surrogate pair of which the second half follows as another escape.
fn push_units<'s>(unit: u32, rest: &'s str, out: &mut String) -> Result<&'s str, Refusal> {
    let (point, rest) = match low_half(rest) {
        Some((low, after)) if (0xD800..0xDC00).contains(&unit) => (0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00), after),
        _ => (unit, rest),
    };
    out.push(char::from_u32(point).ok_or_else(|| Refusal::script("half of a surrogate pair"))?);
    Ok(rest)
}

fn low_half(code: &str) -> Option<(u32, &str)> {
    code.strip_prefix("\\u").and_then(|code| unicode(code).ok()).filter(|(low, _)| (0xDC00..0xE000).contains(low))
}

fn unicode(code: &str) -> Result<(u32, &str), Refusal> {
    match code.strip_prefix('{').and_then(|code| code.split_once('}')) {
        Some((digits, rest)) => hex(digits).filter(|point| *point <= 0x10_FFFF).map(|point| (point, rest)).ok_or_else(bad_escape),
        None => fixed(code, 4),
    }
}

fn fixed(code: &str, count: usize) -> Result<(u32, &str), Refusal> {
    let digits = code.get(..count).ok_or_else(bad_escape)?;
    Ok((hex(digits).ok_or_else(bad_escape)?, code.get(count..).unwrap_or_default()))
}

fn hex(digits: &str) -> Option<u32> {
    if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) { u32::from_str_radix(digits, 16).ok() } else { None }
}

fn bad_escape() -> Refusal {
    Refusal::script("an escape that is not complete")
}
