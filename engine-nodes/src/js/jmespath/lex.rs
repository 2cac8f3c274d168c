//! Tokens of JMESPath.

use serde_json::Value;

use super::QueryError;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name, quoted or not; true when quoted.
    Name(String, bool),
    Number(i64),
    Literal(Value),
    Punct(&'static str),
    End,
}

const PUNCTUATORS: &[&str] =
    &["[?", "[]", "||", "&&", "==", "!=", "<=", ">=", "<", ">", "!", ".", "*", "[", "]", ",", ":", "@", "&", "(", ")", "{", "}", "|"];

/// All tokens of a query, with an end.
pub(super) fn tokens(query: &str) -> Result<Vec<Token>, QueryError> {
    let mut rest = query.trim_start();
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            'a'..='z' | 'A'..='Z' | '_' => name(rest),
            '0'..='9' | '-' => number(rest)?,
            '"' => quoted(rest)?,
            '\'' => raw(rest)?,
            '`' => literal(rest)?,
            _ => {
                let punct = PUNCTUATORS.iter().find(|punct| rest.starts_with(**punct));
                let punct = punct.ok_or_else(|| QueryError::new(format!("unexpected character {first:?}")))?;
                (Token::Punct(punct), punct.len())
            }
        };
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    tokens.push(Token::End);
    Ok(tokens)
}

fn name(text: &str) -> (Token, usize) {
    let length = text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    (Token::Name(text.get(..length).unwrap_or_default().to_owned(), false), length)
}

fn number(text: &str) -> Result<(Token, usize), QueryError> {
    let digits = text.bytes().skip(1).take_while(u8::is_ascii_digit).count() + 1;
    let parsed = text.get(..digits).and_then(|digits| digits.parse().ok());
    parsed.map(|number| (Token::Number(number), digits)).ok_or_else(|| QueryError::new("a number is expected"))
}

/// The index of the mark that ends a text begun by it, where a backslash before it does not count.
fn end_of(text: &str, mark: char) -> Result<usize, QueryError> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == mark => return Ok(at),
            _ => {}
        }
    }
    Err(QueryError::new(format!("{mark} is not closed")))
}

fn quoted(text: &str) -> Result<(Token, usize), QueryError> {
    let end = end_of(text, '"')?;
    let name = serde_json::from_str(text.get(..=end).unwrap_or_default()).map_err(|error| QueryError::new(error.to_string()))?;
    Ok((Token::Name(name, true), end + 1))
}

fn raw(text: &str) -> Result<(Token, usize), QueryError> {
    let end = end_of(text, '\'')?;
    let inside = text.get(1..end).unwrap_or_default().replace("\\'", "'");
    Ok((Token::Literal(Value::String(inside)), end + 1))
}

/// A value as JSON between back quotes; what is no JSON is taken as text.
fn literal(text: &str) -> Result<(Token, usize), QueryError> {
    let end = end_of(text, '`')?;
    let inside = text.get(1..end).unwrap_or_default().replace("\\`", "`");
    let inside = inside.trim();
    let value = serde_json::from_str(inside).unwrap_or_else(|_| Value::String(inside.to_owned()));
    Ok((Token::Literal(value), end + 1))
}
