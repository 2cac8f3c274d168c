//! Tokens.

use super::literal;
use super::parse::Refusal;
use crate::expression::js;

/// A token of the code.
#[derive(Debug, PartialEq)]
pub(super) enum Token<'s> {
    Name(&'s str),
    Number(f64),
    Text(String),
    /// A back quote; what follows is read with [`Lexer::template_text`].
    BackQuote,
    /// A punctuator that the evaluator knows.
    Sign(&'static str),
    End,
}

/// What ended a piece of a template literal.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TemplateEnd {
    /// `${`
    Substitution,
    /// The closing back quote.
    Closed,
}

/// Longest first, so that the first that fits is the right one. Those after [`KNOWN`] of them are read only to say what is not supported.
const SIGNS: [&str; 58] = [
    "===", "!==", "**", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "(", ")", "[", "]", "{", "}", ".", ",", ":", ";", "?", "+", "-", "*", "/",
    "%", "<", ">", "!", "...", "=>", "=", "++", "--", "&", "|", "^", "~", "<<", ">>", ">>>", "+=", "-=", "*=", "/=", "%=", "**=", "&=", "|=", "^=",
    "<<=", ">>=", ">>>=", "&&=", "||=", "??=", "#",
];

/// How many of [`SIGNS`] the evaluator knows.
const KNOWN: usize = 30;

/// Reads tokens one after the other.
#[derive(Debug)]
pub(super) struct Lexer<'s> {
    rest: &'s str,
}

impl<'s> Lexer<'s> {
    pub(super) const fn new(code: &'s str) -> Self {
        Self { rest: code }
    }

    /// The next token, past white space and comments.
    pub(super) fn next(&mut self) -> Result<Token<'s>, Refusal> {
        self.skip_blanks()?;
        let Some(first) = self.rest.chars().next() else { return Ok(Token::End) };
        match first {
            '"' | '\'' => self.text(first),
            '`' => {
                self.advance(1);
                Ok(Token::BackQuote)
            }
            '0'..='9' => self.number(),
            '.' if self.rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit) => self.number(),
            c if starts_name(c) => Ok(Token::Name(self.take_while(continues_name))),
            _ => self.sign(),
        }
    }

    /// The text of a template literal up to the next substitution or the end, in the form that its value has.
    pub(super) fn template_text(&mut self) -> Result<(String, TemplateEnd), Refusal> {
        let mut out = String::new();
        loop {
            let special = self.rest.find(['`', '$', '\\', '\r']).ok_or_else(|| Refusal::syntax("a template literal has no end"))?;
            let (plain, rest) = self.rest.split_at(special);
            out.push_str(plain);
            self.rest = rest;
            if rest.starts_with('`') {
                self.advance(1);
                return Ok((out, TemplateEnd::Closed));
            }
            if rest.starts_with("${") {
                self.advance(2);
                return Ok((out, TemplateEnd::Substitution));
            }
            match rest.as_bytes().first() {
                Some(b'\\') => self.escape(&mut out)?,
                Some(b'\r') => {
                    // All line ends count as one line feed.
                    self.advance(if rest.starts_with("\r\n") { 2 } else { 1 });
                    out.push('\n');
                }
                _ => {
                    self.advance(1);
                    out.push('$');
                }
            }
        }
    }

    fn skip_blanks(&mut self) -> Result<(), Refusal> {
        loop {
            self.rest = js::trim_start(self.rest);
            if self.rest.starts_with("//") {
                let end = self.rest.find(['\n', '\r', '\u{2028}', '\u{2029}']).unwrap_or(self.rest.len());
                self.advance(end);
            } else if let Some(comment) = self.rest.strip_prefix("/*") {
                let (_, after) = comment.split_once("*/").ok_or_else(|| Refusal::syntax("a comment has no end"))?;
                self.rest = after;
            } else if self.rest.starts_with("<!--") || self.rest.starts_with("-->") {
                return Err(Refusal::script("an HTML comment"));
            } else {
                return Ok(());
            }
        }
    }

    fn text(&mut self, quote: char) -> Result<Token<'s>, Refusal> {
        self.advance(1);
        let mut out = String::new();
        loop {
            let special = self.rest.find([quote, '\\', '\n', '\r']).ok_or_else(|| Refusal::syntax("a text has no closing quote"))?;
            let (plain, rest) = self.rest.split_at(special);
            out.push_str(plain);
            self.rest = rest;
            match rest.chars().next() {
                Some('\\') => self.escape(&mut out)?,
                Some(c) if c == quote => {
                    self.advance(1);
                    return Ok(Token::Text(out));
                }
                _ => return Err(Refusal::syntax("a text ends at the end of its line without a closing quote")),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), Refusal> {
        self.advance(1);
        self.rest = literal::escape(self.rest, out)?;
        Ok(())
    }

    fn number(&mut self) -> Result<Token<'s>, Refusal> {
        let (number, rest) = literal::number(self.rest)?;
        if rest.starts_with(|c| continues_name(c) || c == '\\') {
            return Err(Refusal::script("a number that letters follow"));
        }
        self.rest = rest;
        Ok(Token::Number(number))
    }

    fn sign(&mut self) -> Result<Token<'s>, Refusal> {
        // `a?.5:b` is a conditional.
        let digit_after_dot = self.rest.as_bytes().get(2).is_some_and(u8::is_ascii_digit);
        let fits = |sign: &&&str| self.rest.starts_with(**sign) && !(**sign == "?." && digit_after_dot);
        let longest = SIGNS.iter().filter(fits).max_by_key(|sign| sign.len()).copied();
        match longest {
            Some(sign) if SIGNS.iter().take(KNOWN).any(|known| *known == sign) => {
                self.advance(sign.len());
                Ok(Token::Sign(sign))
            }
            Some(sign) => Err(Refusal::script(format!("`{sign}`"))),
            None => Err(Refusal::script(format!("the character {:?}", self.rest.chars().next().unwrap_or_default()))),
        }
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'s str {
        let end = self.rest.find(|c| !accept(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }
}

fn starts_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || c == '$' || !c.is_ascii() && c.is_alphabetic()
}

fn continues_name(c: char) -> bool {
    starts_name(c) || c.is_ascii_digit() || !c.is_ascii() && c.is_alphanumeric() || matches!(c, '\u{200c}' | '\u{200d}')
}
