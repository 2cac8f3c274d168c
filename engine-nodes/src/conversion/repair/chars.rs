//! What characters mean to the mending of JSON.

/// A blank of JSON.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\n' | '\t' | '\r')
}

/// A blank that JSON does not know: it becomes a plain one.
pub(super) fn is_foreign_blank(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// What may follow the end of a text.
pub(super) fn is_delimiter(c: char) -> bool {
    matches!(c, ',' | ':' | '[' | ']' | '/' | '{' | '}' | '(' | ')' | '\n' | '+')
}

/// What ends a text without quotes.
pub(super) fn ends_bare_text(c: char) -> bool {
    matches!(c, ',' | '[' | ']' | '/' | '{' | '}' | '\n' | '+')
}

fn is_double_like(c: char) -> bool {
    matches!(c, '"' | '\u{201c}' | '\u{201d}')
}

fn is_single_like(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '`' | '\u{b4}')
}

pub(super) fn is_quote(c: char) -> bool {
    is_double_like(c) || is_single_like(c)
}

/// Whether `c` ends a text that began with `start`: plain quotes end with the same, others with anything like them.
pub(super) fn closes(start: char, c: char) -> bool {
    match start {
        '"' | '\'' => c == start,
        start if is_single_like(start) => is_single_like(c),
        _ => is_double_like(c),
    }
}

pub(super) fn starts_value(c: char) -> bool {
    is_quote(c) || c.is_ascii_alphanumeric() || matches!(c, '[' | '{' | '_' | '-')
}

pub(super) fn starts_name(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '_' | '$')
}

pub(super) fn is_in_name(c: char) -> bool {
    starts_name(c) || c.is_ascii_digit()
}

pub(super) fn is_in_address(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~:/?#@!$&'()*+;=".contains(c)
}

/// The beginnings of addresses, which else would be taken for a comment.
pub(super) fn starts_address(text: &str) -> bool {
    matches!(text, "http://" | "https://" | "ftp://" | "mailto://" | "file://" | "data://" | "irc://")
}
