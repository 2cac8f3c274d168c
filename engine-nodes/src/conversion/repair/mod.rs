//! JSON written by hand or put together from pieces, mended the way n8n's Edit Fields mends it, with the rules of the library jsonrepair 3.13:
//! quotes of all kinds or none, missing and superfluous commas, comments, values cut off, quotes and line breaks within texts.

mod chars;
mod text;

use serde_json::Value;

use chars::{
    ends_bare_text, is_blank, is_delimiter, is_foreign_blank, is_in_address, is_in_name, is_quote, starts_address, starts_name, starts_value,
};

/// Deepest nesting that is read.
const DEEPEST: usize = 128;

/// The value of JSON, which is mended where it is none.
///
/// # Errors
/// When the text cannot be mended; the error is that of the text as it is.
pub(crate) fn parse_leniently(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text).or_else(|error| repaired(text).and_then(|text| serde_json::from_str(&text).ok()).ok_or(error))
}

/// The text made JSON; `None` when that cannot be done.
fn repaired(text: &str) -> Option<String> {
    let mut repair = Repair { text: text.chars().collect(), at: 0, out: String::with_capacity(text.len() + 16), depth: 0 };
    repair.document()?;
    Some(repair.out)
}

/// `None` of a method stands for a text that cannot be mended, `Some(false)` for something else than what the method reads.
struct Repair {
    text: Vec<char>,
    at: usize,
    out: String,
    depth: usize,
}

impl Repair {
    fn document(&mut self) -> Option<()> {
        self.fence(&["```", "[```", "{```"]);
        if !self.value()? {
            return None;
        }
        self.fence(&["```", "```]", "```}"]);
        let comma = self.take(',');
        if comma {
            self.blanks(true);
        }
        if self.here().is_some_and(starts_value) && self.out.trim_end_matches([' ', '\t', '\r']).ends_with([',', '\n']) {
            if !comma {
                self.insert_before_blanks(",");
            }
            self.lines()?;
        } else if comma {
            self.strip_last(',');
        }
        while matches!(self.here(), Some('}' | ']')) {
            self.at += 1;
            self.blanks(true);
        }
        (self.at >= self.text.len()).then_some(())
    }

    fn value(&mut self) -> Option<bool> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        self.blanks(true);
        let found =
            self.object()? || self.array()? || self.text(None, false)? || self.number() || self.keyword() || self.bare_text(false)? || self.pattern();
        self.blanks(true);
        self.depth -= 1;
        Some(found)
    }

    fn object(&mut self) -> Option<bool> {
        if !self.take('{') {
            return Some(false);
        }
        self.opened();
        let mut first = true;
        while self.here().is_some_and(|c| c != '}') {
            if !first {
                self.comma();
                self.blanks(true);
            }
            first = false;
            self.ellipsis();
            if !(self.text(None, false)? || self.bare_text(true)?) {
                if !matches!(self.here(), Some('}' | '{' | ']' | '[') | None) {
                    return None;
                }
                self.strip_last(',');
                break;
            }
            self.entry()?;
        }
        self.close('}');
        Some(true)
    }

    /// What follows a key: a colon and a value.
    fn entry(&mut self) -> Option<()> {
        self.blanks(true);
        let colon = self.take(':');
        let ended = self.at >= self.text.len();
        if !colon {
            if !ended && !self.here().is_some_and(starts_value) {
                return None;
            }
            self.insert_before_blanks(":");
        }
        if !self.value()? {
            if !colon && !ended {
                return None;
            }
            self.out.push_str("null");
        }
        Some(())
    }

    fn array(&mut self) -> Option<bool> {
        if !self.take('[') {
            return Some(false);
        }
        self.opened();
        let mut first = true;
        while self.here().is_some_and(|c| c != ']') {
            if !first {
                self.comma();
            }
            first = false;
            self.ellipsis();
            if !self.value()? {
                self.strip_last(',');
                break;
            }
        }
        self.close(']');
        Some(true)
    }

    /// A comma right behind an opening bracket is left out.
    fn opened(&mut self) {
        self.blanks(true);
        if self.here() == Some(',') {
            self.at += 1;
            self.blanks(true);
        }
    }

    fn comma(&mut self) {
        if !self.take(',') {
            self.insert_before_blanks(",");
        }
    }

    fn close(&mut self, bracket: char) {
        if !self.take(bracket) {
            self.insert_before_blanks(bracket.encode_utf8(&mut [0; 4]));
        }
    }

    /// Leaves out `...` and the comma behind it.
    fn ellipsis(&mut self) {
        self.blanks(true);
        if self.text.get(self.at..).is_some_and(|rest| rest.starts_with(&['.'; 3])) {
            self.at += 3;
            self.blanks(true);
            if self.here() == Some(',') {
                self.at += 1;
            }
        }
    }

    /// Several values, each on a line: they become a list.
    fn lines(&mut self) -> Option<()> {
        let mut first = true;
        loop {
            if !first {
                self.comma();
            }
            first = false;
            if !self.value()? {
                break;
            }
        }
        self.strip_last(',');
        self.out = format!("[\n{}\n]", self.out);
        Some(())
    }

    fn number(&mut self) -> bool {
        let start = self.at;
        let cut_off = self.number_end();
        if cut_off.is_none() || self.at == start {
            self.at = start;
            return false;
        }
        let number = self.slice(start, self.at);
        let leading_zero = number.starts_with('0') && number.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
        let more = if cut_off == Some(true) { "0" } else { "" };
        let quote = if leading_zero && more.is_empty() { "\"" } else { "" };
        self.out.extend([quote, &number, more, quote]);
        true
    }

    /// Moves behind a number; `Some(true)` when it is cut off, `None` when there is none.
    fn number_end(&mut self) -> Option<bool> {
        for signs in [&['-'][..], &['.'], &['e', 'E']] {
            if self.here().is_some_and(|c| signs.contains(&c)) {
                self.at += 1;
                if signs.len() == 2 && matches!(self.here(), Some('-' | '+')) {
                    self.at += 1;
                }
                if self.number_ends() {
                    return Some(true);
                }
                self.here().filter(char::is_ascii_digit)?;
            }
            while self.here().is_some_and(|c| c.is_ascii_digit()) {
                self.at += 1;
            }
        }
        self.number_ends().then_some(false)
    }

    fn number_ends(&self) -> bool {
        self.here().is_none_or(|c| is_delimiter(c) || is_blank(c))
    }

    fn keyword(&mut self) -> bool {
        const WORDS: [(&str, &str); 6] =
            [("true", "true"), ("false", "false"), ("null", "null"), ("True", "true"), ("False", "false"), ("None", "null")];
        let Some((word, value)) = WORDS.into_iter().find(|(word, _)| self.follows(word)) else { return false };
        self.at += word.len();
        self.out.push_str(value);
        true
    }

    /// A text without quotes; a call of a function stands for its argument.
    fn bare_text(&mut self, key: bool) -> Option<bool> {
        let start = self.at;
        if self.here().is_some_and(starts_name) {
            self.skip(is_in_name);
            let behind = self.text.get(self.at..).unwrap_or_default().iter().position(|c| !is_blank(*c));
            if let Some(blanks) = behind.filter(|blanks| self.text.get(self.at + blanks) == Some(&'(')) {
                self.at += blanks + 1;
                self.value()?;
                if self.skip_one(')') {
                    self.skip_one(';');
                }
                return Some(true);
            }
        }
        self.skip(|c| !(ends_bare_text(c) || is_quote(c) || key && c == ':'));
        if self.before() == Some(':') && starts_address(&self.slice(start, self.at + 2)) {
            self.skip(is_in_address);
        }
        if self.at == start {
            return Some(false);
        }
        while self.before().is_some_and(is_blank) {
            self.at -= 1;
        }
        match self.slice(start, self.at).as_str() {
            "undefined" => self.out.push_str("null"),
            symbol => self.out.push_str(&Value::from(symbol).to_string()),
        }
        self.skip_one('"');
        Some(true)
    }

    /// A pattern between slashes becomes a text.
    fn pattern(&mut self) -> bool {
        let start = self.at;
        if !self.skip_one('/') {
            return false;
        }
        while self.here().is_some_and(|c| c != '/' || self.before() == Some('\\')) {
            self.at += 1;
        }
        self.at += 1;
        let pattern = self.slice(start, self.at);
        self.out.push_str(&Value::from(pattern).to_string());
        true
    }

    /// A fence of Markdown, with its language.
    fn fence(&mut self, fences: &[&str]) {
        self.plain_blanks(true);
        if let Some(fence) = fences.iter().find(|fence| self.follows(fence)) {
            self.at += fence.len();
            if self.here().is_some_and(starts_name) {
                self.skip(is_in_name);
            }
            self.blanks(true);
        }
    }

    /// Writes blanks and leaves out comments.
    fn blanks(&mut self, newlines: bool) {
        self.plain_blanks(newlines);
        while let Some(end) = self.comment_end(self.at) {
            self.at = end;
            self.plain_blanks(newlines);
        }
    }

    fn plain_blanks(&mut self, newlines: bool) {
        while let Some(c) = self.here().filter(|c| is_blank(*c) && (newlines || *c != '\n') || is_foreign_blank(*c)) {
            self.out.push(if is_blank(c) { c } else { ' ' });
            self.at += 1;
        }
    }

    fn comment_end(&self, at: usize) -> Option<usize> {
        let rest = self.text.get(at..)?;
        match rest {
            ['/', '*', ..] => Some(rest.windows(2).position(|pair| pair == ['*', '/']).map_or(self.text.len(), |end| at + end + 2)),
            ['/', '/', ..] => Some(rest.iter().position(|c| *c == '\n').map_or(self.text.len(), |end| at + end)),
            _ => None,
        }
    }

    fn here(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn before(&self) -> Option<char> {
        self.text.get(self.at.checked_sub(1)?).copied()
    }

    fn follows(&self, word: &str) -> bool {
        let mut rest = self.text.iter().skip(self.at);
        word.chars().all(|c| rest.next() == Some(&c))
    }

    fn slice(&self, start: usize, end: usize) -> String {
        self.text.iter().take(end).skip(start).collect()
    }

    fn skip(&mut self, wanted: impl Fn(char) -> bool) {
        while self.here().is_some_and(&wanted) {
            self.at += 1;
        }
    }

    fn skip_one(&mut self, wanted: char) -> bool {
        let there = self.here() == Some(wanted);
        self.at += usize::from(there);
        there
    }

    /// Writes a character that stands here.
    fn take(&mut self, wanted: char) -> bool {
        let there = self.skip_one(wanted);
        if there {
            self.out.push(wanted);
        }
        there
    }

    fn insert_before_blanks(&mut self, what: &str) {
        insert_before_blanks(&mut self.out, what);
    }

    /// Leaves out the last such character that was written.
    fn strip_last(&mut self, c: char) {
        if let Some(at) = self.out.rfind(c) {
            self.out.remove(at);
        }
    }
}

fn insert_before_blanks(text: &mut String, what: &str) {
    let end = text.trim_end_matches(is_blank).len();
    text.insert_str(end, what);
}

#[cfg(test)]
mod tests;
