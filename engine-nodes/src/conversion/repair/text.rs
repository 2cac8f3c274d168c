//! Texts in quotes of any kind, with the quotes that are missing or not escaped.

use super::chars::{closes, ends_bare_text, is_blank, is_delimiter, is_foreign_blank, is_in_address, is_quote, starts_address};
use super::{Repair, insert_before_blanks};

/// What became of a quote that may end a text.
enum End {
    /// It ends the text.
    Here,
    /// It belongs to the text.
    Inside,
    /// The quote that ends the text is missing: the text is read again, up to this place or up to the next delimiter.
    Missing(Option<usize>),
}

impl Repair {
    /// A text in quotes. It ends at `stop` if that is given, or at the next delimiter if it is `cut`.
    pub(super) fn text(&mut self, stop: Option<usize>, cut: bool) -> Option<bool> {
        let escaped = self.skip_one('\\');
        let Some(quote) = self.here().filter(|c| is_quote(*c)) else { return Some(false) };
        let start = self.at;
        let mut text = String::from("\"");
        self.at += 1;
        loop {
            let Some(c) = self.here() else {
                let last = self.text.get(self.last_solid(self.at - 1)).copied();
                if !cut && last.is_none_or(is_delimiter) {
                    return self.again(start, None);
                }
                return self.finish(text, false);
            };
            if Some(self.at) == stop {
                return self.finish(text, false);
            }
            if closes(quote, c) {
                match self.end(cut) {
                    End::Here => {
                        self.at += 1;
                        return self.finish(text, true);
                    }
                    // An escape has led past the place.
                    End::Missing(Some(_)) if stop.is_some() => return None,
                    End::Missing(stop) => return self.again(start, stop),
                    End::Inside => text.push_str("\\\""),
                }
                self.at += 1;
            } else if cut && ends_bare_text(c) {
                if self.before() == Some(':') && starts_address(&self.slice(start + 1, self.at + 2)) {
                    let from = self.at;
                    self.skip(is_in_address);
                    text.push_str(&self.slice(from, self.at));
                }
                insert_before_blanks(&mut text, "\"");
                self.out.push_str(&text);
                self.joined()?;
                return Some(true);
            } else if c == '\\' {
                self.escape(&mut text)?;
            } else {
                self.character(c, &mut text)?;
            }
            if escaped {
                self.skip_one('\\');
            }
        }
    }

    /// Reads the text again, now with a place where it ends.
    fn again(&mut self, start: usize, stop: Option<usize>) -> Option<bool> {
        self.at = start;
        self.text(stop, stop.is_none())
    }

    /// Writes the text and what is joined to it; a quote that is missing comes before the blanks.
    fn finish(&mut self, mut text: String, closed: bool) -> Option<bool> {
        if closed {
            text.push('"');
            self.out.push_str(&text);
            self.blanks(false);
            self.joined()?;
            return Some(true);
        }
        insert_before_blanks(&mut text, "\"");
        self.out.push_str(&text);
        Some(true)
    }

    /// Whether the quote that stands here ends its text: something must follow that can follow a text.
    fn end(&self, cut: bool) -> End {
        let mut next = self.at + 1;
        loop {
            match self.text.get(next) {
                Some(c) if is_blank(*c) && *c != '\n' || is_foreign_blank(*c) => next += 1,
                _ => match self.comment_end(next) {
                    Some(end) => next = end,
                    None => break,
                },
            }
        }
        if cut || self.text.get(next).is_none_or(|c| is_delimiter(*c) || is_quote(*c) || c.is_ascii_digit()) {
            return End::Here;
        }
        let before = self.last_solid(self.at - 1);
        match self.text.get(before) {
            Some(',') => End::Missing(Some(before)),
            Some(c) if is_delimiter(*c) => End::Missing(None),
            _ => End::Inside,
        }
    }

    /// The last place from `at` backwards that is not blank.
    fn last_solid(&self, at: usize) -> usize {
        let mut at = at;
        while at > 0 && self.text.get(at).is_some_and(|c| is_blank(*c)) {
            at -= 1;
        }
        at
    }

    fn escape(&mut self, text: &mut String) -> Option<()> {
        let next = self.text.get(self.at + 1).copied();
        match next {
            Some('u') => {
                let digits = self.text.iter().skip(self.at + 2).take(4).take_while(|c| c.is_ascii_hexdigit()).count();
                if digits == 4 {
                    text.push_str(&self.slice(self.at, self.at + 6));
                    self.at += 6;
                } else if self.at + 2 + digits >= self.text.len() {
                    self.at = self.text.len();
                } else {
                    return None;
                }
            }
            Some(c) => {
                if matches!(c, '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') {
                    text.push('\\');
                }
                text.push(c);
                self.at += 2;
            }
            None => self.at += 2,
        }
        Some(())
    }

    fn character(&mut self, c: char, text: &mut String) -> Option<()> {
        match c {
            '"' if self.before() != Some('\\') => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            c if c < ' ' => return None,
            c => text.push(c),
        }
        self.at += 1;
        Some(())
    }

    /// Texts that are joined by `+` become one.
    fn joined(&mut self) -> Option<()> {
        self.blanks(true);
        while self.skip_one('+') {
            self.blanks(true);
            if let Some(end) = self.out.rfind('"') {
                self.out.truncate(end);
            }
            let start = self.out.len();
            if self.text(None, false)? {
                self.out.remove(start);
            } else {
                self.insert_before_blanks("\"");
            }
        }
        Some(())
    }
}
