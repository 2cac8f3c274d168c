//! Tokens of JavaScript. The parser says where a slash may begin a regular expression; it alone can know.

use std::borrow::Cow;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Name,
    /// `#name`.
    PrivateName,
    /// A number; true for a `BigInt`.
    Number { big: bool },
    /// A string literal.
    Text,
    /// A regular expression.
    Regex,
    /// The opening back quote of a template.
    Template,
    /// An operator or a bracket.
    Punct(&'static str),
    /// The end of the source.
    End,
}

/// A token and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// A line ends between the token before and this one.
    pub(super) after_newline: bool,
}

/// Why the source is no token.
#[derive(Debug)]
pub(super) struct BadToken;

/// Longest first, so that the first match is the token.
const PUNCTUATORS: &[&str] = &[
    ">>>=", "...", "===", "!==", "**=", "<<=", ">>=", ">>>", "&&=", "||=", "??=", "=>", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "++", "--",
    "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>", "**", "{", "}", "(", ")", "[", "]", ";", ",", "<", ">", "+", "-", "*", "/", "%", "&",
    "|", "^", "!", "~", "?", ":", "=", ".", "@",
];

/// Reads tokens from a source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lexer<'s> {
    source: &'s str,
}

impl<'s> Lexer<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self { source }
    }

    pub(super) fn text(&self, start: usize, end: usize) -> &'s str {
        self.source.get(start..end).unwrap_or_default()
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.source.as_bytes().get(at).copied()
    }

    fn char(&self, at: usize) -> Option<char> {
        self.source.get(at..)?.chars().next()
    }

    /// The token at or after `from`, a slash taken as an operator.
    pub(super) fn token(&self, from: usize) -> Result<Token, BadToken> {
        let (start, after_newline) = self.skip_blanks(from)?;
        let token = |kind, end| Ok(Token { kind, start, end, after_newline });
        let Some(first) = self.char(start) else { return token(Kind::End, start) };
        match first {
            '0'..='9' => self.number(start, after_newline),
            '.' if self.byte(start + 1).is_some_and(|next| next.is_ascii_digit()) => self.number(start, after_newline),
            '"' | '\'' => token(Kind::Text, self.text_end(start, first)?),
            '`' => token(Kind::Template, start + 1),
            '#' => {
                let end = self.name_end(start + 1).filter(|end| *end > start + 1).ok_or(BadToken)?;
                token(Kind::PrivateName, end)
            }
            _ => match self.name_end(start).ok_or(BadToken)? {
                end if end > start => token(Kind::Name, end),
                _ => {
                    let punct = self.punctuator(start).ok_or(BadToken)?;
                    token(Kind::Punct(punct), start + punct.len())
                }
            },
        }
    }

    fn punctuator(&self, at: usize) -> Option<&'static str> {
        let rest = self.source.get(at..)?;
        let found = PUNCTUATORS.iter().find(|punct| rest.starts_with(**punct)).copied()?;
        // `a?.5:b` is a conditional with a number.
        if found == "?." && self.byte(at + 2).is_some_and(|next| next.is_ascii_digit()) { Some("?") } else { Some(found) }
    }

    /// Past white space and comments; whether a line ended on the way.
    fn skip_blanks(&self, from: usize) -> Result<(usize, bool), BadToken> {
        let mut at = from;
        let mut newline = false;
        while let Some(next) = self.char(at) {
            match next {
                '\n' | '\r' | '\u{2028}' | '\u{2029}' => newline = true,
                '/' if self.byte(at + 1) == Some(b'/') => {
                    at = self.source.get(at..).and_then(|rest| rest.find(is_line_end)).map_or(self.source.len(), |found| at + found);
                    continue;
                }
                '/' if self.byte(at + 1) == Some(b'*') => {
                    let length = self.source.get(at + 2..).and_then(|rest| rest.find("*/")).ok_or(BadToken)?;
                    newline |= self.text(at, at + 2 + length).contains(is_line_end);
                    at += length + 4;
                    continue;
                }
                '\u{feff}' => {}
                blank if blank.is_whitespace() => {}
                _ => break,
            }
            at += next.len_utf8();
        }
        Ok((at, newline))
    }

    /// The end of the name that starts at `at`; `at` itself when there is none. `None` for a bad escape.
    fn name_end(&self, at: usize) -> Option<usize> {
        let mut end = at;
        while let Some(next) = self.char(end) {
            if next == '\\' {
                end = self.escape_in_name(end)?.1;
            } else if is_name_part(next, end == at) {
                end += next.len_utf8();
            } else {
                break;
            }
        }
        Some(end)
    }

    /// The character that `\u0061` or `\u{61}` at `at` stands for, and where the escape ends.
    fn escape_in_name(&self, at: usize) -> Option<(char, usize)> {
        let rest = self.source.get(at..)?.strip_prefix("\\u")?;
        let (digits, length) = match rest.strip_prefix('{') {
            Some(braced) => braced.split_once('}').map(|(digits, _)| (digits, digits.len() + 4))?,
            None => (rest.get(..4)?, 6),
        };
        Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, at + length))
    }

    /// The name that a token spells, its escapes resolved.
    pub(super) fn name(&self, token: Token) -> Cow<'s, str> {
        let text = self.text(token.start, token.end);
        if !text.contains('\\') {
            return Cow::Borrowed(text);
        }
        let mut name = String::new();
        let mut at = token.start;
        while at < token.end {
            let Some(next) = self.char(at) else { break };
            let (meant, end) = if next == '\\' { self.escape_in_name(at).unwrap_or((next, at + 1)) } else { (next, at + next.len_utf8()) };
            name.push(meant);
            at = end;
        }
        Cow::Owned(name)
    }

    fn number(&self, start: usize, after_newline: bool) -> Result<Token, BadToken> {
        let mut end = start;
        let radix = self.byte(start) == Some(b'0') && self.byte(start + 1).is_some_and(|next| b"xXoObB".contains(&next));
        while let Some(next) = self.byte(end) {
            let sign = !radix && (next == b'+' || next == b'-') && end > start && self.byte(end - 1).is_some_and(|last| last == b'e' || last == b'E');
            let dot = next == b'.' && !radix && !self.text(start, end).contains(['.', 'e', 'E']);
            if !(next.is_ascii_alphanumeric() || next == b'_' || sign || dot) {
                break;
            }
            end += 1;
        }
        if self.char(end).is_some_and(|next| is_name_part(next, true)) {
            return Err(BadToken);
        }
        let big = !radix && self.text(start, end).ends_with('n') || radix && self.text(start, end).ends_with('n');
        Ok(Token { kind: Kind::Number { big }, start, end, after_newline })
    }

    fn text_end(&self, start: usize, quote: char) -> Result<usize, BadToken> {
        let mut at = start + 1;
        loop {
            let next = self.char(at).ok_or(BadToken)?;
            at += next.len_utf8();
            match next {
                '\\' => at += self.char(at).ok_or(BadToken)?.len_utf8(),
                '\n' | '\r' => return Err(BadToken),
                _ if next == quote => return Ok(at),
                _ => {}
            }
        }
    }

    /// Reads again, as a regular expression, the token that starts with a slash.
    pub(super) fn regex(&self, slash: Token) -> Result<Token, BadToken> {
        let mut at = slash.start + 1;
        let mut in_class = false;
        loop {
            let next = self.char(at).filter(|next| !is_line_end(*next)).ok_or(BadToken)?;
            at += next.len_utf8();
            match next {
                '\\' => at += self.char(at).filter(|next| !is_line_end(*next)).ok_or(BadToken)?.len_utf8(),
                '[' => in_class = true,
                ']' => in_class = false,
                '/' if !in_class => break,
                _ => {}
            }
        }
        let end = self.name_end(at).ok_or(BadToken)?;
        Ok(Token { kind: Kind::Regex, end, ..slash })
    }

    /// The text of a template from `from` on: where it ends, and whether a `${` ended it rather than the closing back quote.
    pub(super) fn template_text(&self, from: usize) -> Result<(usize, bool), BadToken> {
        let mut at = from;
        loop {
            let next = self.char(at).ok_or(BadToken)?;
            at += next.len_utf8();
            match next {
                '\\' => at += self.char(at).ok_or(BadToken)?.len_utf8(),
                '`' => return Ok((at, false)),
                '$' if self.byte(at) == Some(b'{') => return Ok((at + 1, true)),
                _ => {}
            }
        }
    }
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

fn is_name_part(c: char, first: bool) -> bool {
    c == '$' || c == '_' || c.is_alphabetic() || (!first && (c.is_alphanumeric() || matches!(c, '\u{200c}' | '\u{200d}') || is_mark(c)))
}

/// Combining marks may stand within names; a rough range is enough, QuickJS checks.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}' | '\u{20d0}'..='\u{20ff}')
}
