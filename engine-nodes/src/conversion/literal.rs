//! Objects written by hand: JavaScript's object literals.

use std::iter::Peekable;
use std::str::Chars;

use engine_core::model::Json;
use serde_json::{Number, Value};

/// Deepest nesting that is read.
const DEEPEST: usize = 128;

/// Reads an object literal: keys without quotes, single quotes, commas at the end. `None` when the text is anything else.
pub(crate) fn parse_js_object(text: &str) -> Option<Json> {
    let mut reader = Reader { chars: text.chars().peekable(), depth: 0 };
    reader.blanks()?;
    let value = reader.object()?;
    reader.blanks()?;
    reader.chars.peek().is_none().then_some(value)
}

struct Reader<'a> {
    chars: Peekable<Chars<'a>>,
    depth: usize,
}

impl Reader<'_> {
    /// Skips blanks and comments; `None` for a comment that does not end.
    fn blanks(&mut self) -> Option<()> {
        loop {
            while self.chars.next_if(|c| c.is_whitespace()).is_some() {}
            if self.chars.next_if_eq(&'/').is_none() {
                return Some(());
            }
            match self.chars.next()? {
                '/' => while self.chars.next_if(|c| *c != '\n').is_some() {},
                '*' => self.long_comment()?,
                _ => return None,
            }
        }
    }

    fn long_comment(&mut self) -> Option<()> {
        let mut before = ' ';
        loop {
            let c = self.chars.next()?;
            if before == '*' && c == '/' {
                return Some(());
            }
            before = c;
        }
    }

    fn value(&mut self) -> Option<Value> {
        match *self.chars.peek()? {
            '{' => self.object().map(Value::Object),
            '[' => self.array().map(Value::Array),
            '"' | '\'' => self.text().map(Value::String),
            c if c.is_ascii_digit() || matches!(c, '-' | '+' | '.') => self.number(),
            _ => match self.word().as_str() {
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                "null" | "undefined" => Some(Value::Null),
                _ => None,
            },
        }
    }

    fn object(&mut self) -> Option<Json> {
        self.open('{')?;
        let mut fields = Json::new();
        loop {
            self.blanks()?;
            if self.chars.next_if_eq(&'}').is_some() {
                break;
            }
            let key = match *self.chars.peek()? {
                '"' | '\'' => self.text()?,
                _ => self.word(),
            };
            self.blanks()?;
            if key.is_empty() || self.chars.next()? != ':' {
                return None;
            }
            self.blanks()?;
            let value = self.value()?;
            fields.insert(key, value);
            self.blanks()?;
            if self.chars.next_if_eq(&',').is_none() && self.chars.peek() != Some(&'}') {
                return None;
            }
        }
        self.depth -= 1;
        Some(fields)
    }

    fn array(&mut self) -> Option<Vec<Value>> {
        self.open('[')?;
        let mut values = Vec::new();
        loop {
            self.blanks()?;
            if self.chars.next_if_eq(&']').is_some() {
                break;
            }
            values.push(self.value()?);
            self.blanks()?;
            if self.chars.next_if_eq(&',').is_none() && self.chars.peek() != Some(&']') {
                return None;
            }
        }
        self.depth -= 1;
        Some(values)
    }

    fn open(&mut self, bracket: char) -> Option<()> {
        self.chars.next_if_eq(&bracket)?;
        self.depth += 1;
        (self.depth <= DEEPEST).then_some(())
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(c) = self.chars.next_if(|c| c.is_alphanumeric() || matches!(c, '_' | '$')) {
            word.push(c);
        }
        word
    }

    fn number(&mut self) -> Option<Value> {
        let mut text = String::new();
        while let Some(c) = self.chars.next_if(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.')) {
            text.push(c);
        }
        if let Ok(number) = text.parse::<i64>() {
            return Some(number.into());
        }
        let number = engine_core::expression::js::text_to_number(&text);
        Number::from_f64(number).map(Value::Number)
    }

    fn text(&mut self) -> Option<String> {
        let quote = self.chars.next()?;
        let mut text = String::new();
        loop {
            match self.chars.next()? {
                c if c == quote => return Some(text),
                '\n' | '\r' => return None,
                '\\' => self.escape(&mut text)?,
                c => text.push(c),
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Option<()> {
        let c = match self.chars.next()? {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            '0' => '\0',
            '\n' => return Some(()),
            'x' => self.code(2)?,
            'u' => self.code(4)?,
            other => other,
        };
        text.push(c);
        Some(())
    }

    fn code(&mut self, digits: usize) -> Option<char> {
        let mut hex = || -> Option<u32> {
            let text: String = self.chars.by_ref().take(digits).collect();
            u32::from_str_radix(&text, 16).ok()
        };
        let code = hex()?;
        if !(0xD800..0xDC00).contains(&code) {
            return char::from_u32(code);
        }
        if self.chars.next()? != '\\' || self.chars.next()? != 'u' {
            return None;
        }
        let text: String = self.chars.by_ref().take(4).collect();
        let low = u32::from_str_radix(&text, 16).ok().filter(|low| (0xDC00..0xE000).contains(low))?;
        char::from_u32(0x1_0000 + ((code - 0xD800) << 10) + (low - 0xDC00))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_object_literals() {
        let check = |text: &str, expect: Option<Value>| assert_eq!(parse_js_object(text).map(Value::Object), expect, "{text}");
        check("{a: 1}", Some(json!({"a": 1})));
        check("{'a': '1', \"b\": [1.5, -2, 0x10,], c: {d: null,},}", Some(json!({"a": "1", "b": [1.5, -2, 16.0], "c": {"d": null}})));
        check(r#"{'\'single\' "double"': 1}"#, Some(json!({"'single' \"double\"": 1})));
        check("{ /* why */ a: true // end\n}", Some(json!({"a": true})));
        check("{a: '\\u00e9\\ud83d\\ude00'}", Some(json!({"a": "é😀"})));
        check("[{a: 1}]", None);
        check("{a: 1} x", None);
        check("{a: b}", None);
        check("{a 1}", None);
        check(&"{a:".repeat(200), None);
    }
}
