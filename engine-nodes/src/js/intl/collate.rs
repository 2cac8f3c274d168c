//! The order of words in a dictionary.

use std::cmp::Ordering;

/// Compares two texts as `localeCompare` does in most languages: by letters first, then by accents, then by case, the small letter first.
/// The texts come decomposed, accents behind their letters. With `numeric`, runs of digits are compared as numbers; `sensitivity` tells how many
/// of the differences count: 1 letters only, 2 accents too, 3 all.
pub(in crate::js) fn compare(a: &str, b: &str, numeric: bool, sensitivity: u8) -> Ordering {
    let letters = || primary(a, numeric).cmp(&primary(b, numeric));
    let accents = || a.chars().filter(|c| is_accent(*c)).cmp(b.chars().filter(|c| is_accent(*c)));
    let case = || cases(a).cmp(cases(b));
    let by_letters = letters();
    let by_accents = || if sensitivity >= 2 { accents() } else { Ordering::Equal };
    let by_case = || if sensitivity >= 3 { case() } else { Ordering::Equal };
    by_letters.then_with(by_accents).then_with(by_case)
}

fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Small letters stand before large ones.
fn cases(text: &str) -> impl Iterator<Item = bool> + '_ {
    text.chars().filter(|c| !is_accent(*c)).map(char::is_uppercase)
}

/// What a character counts as: blanks, punctuation, signs, digits, letters, in this order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Element {
    Blank(char),
    Punctuation(usize),
    Sign(char),
    Number { length: usize, digits: String },
    Letter(char),
}

/// Punctuation in the order of Unicode's table.
const PUNCTUATION: &str = "_-,;:!?.'\"()[]{}@*/\\&#%";

fn primary(text: &str, numeric: bool) -> Vec<Element> {
    let mut elements = Vec::new();
    let mut rest = text.chars().filter(|c| !is_accent(*c)).peekable();
    while let Some(c) = rest.next() {
        if c.is_ascii_digit() {
            let mut digits = c.to_string();
            while numeric && rest.peek().is_some_and(char::is_ascii_digit) {
                digits.extend(rest.next());
            }
            let trimmed = if numeric { digits.trim_start_matches('0') } else { &digits };
            elements.push(Element::Number { length: trimmed.len(), digits: trimmed.to_owned() });
        } else if c.is_alphabetic() {
            elements.extend(folded(c));
        } else if c.is_whitespace() {
            elements.push(Element::Blank(c));
        } else if let Some(at) = PUNCTUATION.find(c) {
            elements.push(Element::Punctuation(at));
        } else {
            elements.push(Element::Sign(c));
        }
    }
    elements
}

/// Letters without case; those that are two letters in one as both.
fn folded(c: char) -> Vec<Element> {
    let pair = match c {
        'ß' => "ss",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ø' | 'Ø' => "o",
        'đ' | 'Đ' => "d",
        'ł' | 'Ł' => "l",
        _ => return c.to_lowercase().map(Element::Letter).collect(),
    };
    pair.chars().map(Element::Letter).collect()
}
