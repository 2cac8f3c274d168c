//! Texts as JavaScript sees them: lengths and positions count UTF-16 units.

use std::ops::Range;

/// JavaScript's white space and line ends, which are not quite Unicode's.
pub const fn is_whitespace(c: char) -> bool {
    matches!(
        c,
        '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}'
    )
}

/// `text.trim()`.
pub fn trim(text: &str) -> &str {
    text.trim_matches(is_whitespace)
}

/// `text.trimStart()`.
pub fn trim_start(text: &str) -> &str {
    text.trim_start_matches(is_whitespace)
}

/// `text.trimEnd()`.
pub fn trim_end(text: &str) -> &str {
    text.trim_end_matches(is_whitespace)
}

/// `text.length`.
pub fn utf16_len(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() }
}

/// The part between two positions, counted in UTF-16 units and cut to the text; `None` when a cut falls inside a character beyond
/// U+FFFF, because half of one is no text.
pub fn utf16_slice(text: &str, range: Range<usize>) -> Option<&str> {
    if range.start >= range.end {
        return Some("");
    }
    let start = byte_index(text, range.start)?;
    let end = byte_index(text, range.end)?;
    text.get(start..end)
}

/// Where a UTF-16 position lies in the bytes; the end of the text for a position beyond it.
fn byte_index(text: &str, position: usize) -> Option<usize> {
    if text.is_ascii() {
        return Some(position.min(text.len()));
    }
    let mut seen = 0;
    for (index, c) in text.char_indices() {
        if seen >= position {
            return (seen == position).then_some(index);
        }
        seen += c.len_utf16();
    }
    (seen <= position).then_some(text.len())
}
