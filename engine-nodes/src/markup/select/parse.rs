//! Selectors read from text.

use super::attribute::{AttributeTest, Operator};
use super::position::{Counted, Formula, Nth, Position};
use super::{Combinator, Complex, Compound, Selector, SelectorError, Test, alias};

/// How deep selectors may lie in one another.
const MAX_DEPTH: usize = 16;
const MAX_LENGTH: usize = 16 * 1024;

pub(super) fn parse(text: &str) -> Result<Selector, SelectorError> {
    parse_within(text, 0, Start::Anywhere)
}

/// What the first compound of a selector may stand behind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    Anywhere,
    /// A combinator: the selector is relative to an element.
    Relative,
}

fn parse_within(text: &str, depth: usize, start: Start) -> Result<Selector, SelectorError> {
    if depth > MAX_DEPTH || text.len() > MAX_LENGTH {
        return Err(SelectorError::TooComplex);
    }
    let mut parser = Parser { rest: text.trim(), depth };
    let mut alternatives = vec![parser.complex(start)?];
    while parser.take(',') {
        parser.blanks();
        alternatives.push(parser.complex(start)?);
    }
    if parser.rest.is_empty() { Ok(Selector { alternatives }) } else { Err(parser.unmatched()) }
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn unmatched(&self) -> SelectorError {
        SelectorError::Unmatched(self.rest.to_owned())
    }

    fn take(&mut self, c: char) -> bool {
        let found = self.rest.strip_prefix(c);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn blanks(&mut self) -> bool {
        let trimmed = self.rest.trim_start();
        let any = trimmed.len() < self.rest.len();
        self.rest = trimmed;
        any
    }

    fn complex(&mut self, start: Start) -> Result<Complex, SelectorError> {
        let mut steps = Vec::new();
        let leading = if start == Start::Relative { self.combinator() } else { None };
        let mut combinator = leading.unwrap_or(Combinator::Descendant);
        loop {
            steps.push((combinator, self.compound()?));
            let blank = self.blanks();
            combinator = match self.combinator() {
                Some(combinator) => combinator,
                None if self.rest.is_empty() || self.rest.starts_with(',') => return Ok(Complex { steps }),
                None if blank => Combinator::Descendant,
                None => return Err(self.unmatched()),
            };
        }
    }

    fn combinator(&mut self) -> Option<Combinator> {
        let combinator = match self.rest.chars().next()? {
            '>' => Combinator::Child,
            '+' => Combinator::Adjacent,
            '~' => Combinator::Sibling,
            '<' => Combinator::Parent,
            _ => return None,
        };
        let mut rest = self.rest.chars();
        rest.next();
        self.rest = rest.as_str();
        self.blanks();
        Some(combinator)
    }

    fn compound(&mut self) -> Result<Compound, SelectorError> {
        let mut tests = Vec::new();
        loop {
            let test = match self.rest.chars().next() {
                Some('*') if self.take('*') => Test::Any,
                Some('#') if self.take('#') => Test::Attribute(AttributeTest::new("id", Operator::Equals, &self.name()?)),
                Some('.') if self.take('.') => {
                    let class = AttributeTest::new("class", Operator::Word, &self.name()?);
                    Test::Attribute(AttributeTest { ignore_case: false, ..class })
                }
                Some('[') if self.take('[') => Test::Attribute(self.attribute()?),
                Some(':') if self.take(':') => self.pseudo()?,
                Some(c) if tests.is_empty() && starts_name(c) => {
                    let name = self.name()?;
                    // A namespace does not count.
                    if self.rest.starts_with('|') && !self.rest.starts_with("|=") {
                        self.take('|');
                        continue;
                    }
                    Test::Name(name.to_lowercase())
                }
                _ if tests.is_empty() => return Err(if self.rest.is_empty() { SelectorError::Empty } else { self.unmatched() }),
                _ => return Ok(tests),
            };
            tests.push(test);
        }
    }

    /// An identifier, escapes resolved.
    fn name(&mut self) -> Result<String, SelectorError> {
        let mut name = String::new();
        while let Some(c) = self.rest.chars().next() {
            let after = self.rest.strip_prefix(c).unwrap_or_default();
            if c == '\\' {
                self.rest = after;
                name.push(self.escaped());
            } else if starts_name(c) || c.is_ascii_digit() {
                self.rest = after;
                name.push(c);
            } else {
                break;
            }
        }
        if name.is_empty() { Err(self.unmatched()) } else { Ok(name) }
    }

    /// What stands behind a backslash: up to six hexadecimal digits and a blank, or any character.
    fn escaped(&mut self) -> char {
        let digits = self.rest.chars().take(6).take_while(char::is_ascii_hexdigit).count();
        if digits == 0 {
            let mut rest = self.rest.chars();
            let c = rest.next().unwrap_or(char::REPLACEMENT_CHARACTER);
            self.rest = rest.as_str();
            return c;
        }
        let (number, after) = self.rest.split_at_checked(digits).unwrap_or((self.rest, ""));
        self.rest = after.strip_prefix(char::is_whitespace).unwrap_or(after);
        u32::from_str_radix(number, 16).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    /// `name op value i]`
    fn attribute(&mut self) -> Result<AttributeTest, SelectorError> {
        self.blanks();
        self.take('|');
        let name = self.name()?;
        self.blanks();
        let operators = [
            ("=", Operator::Equals),
            ("~=", Operator::Word),
            ("|=", Operator::Dash),
            ("^=", Operator::Starts),
            ("$=", Operator::Ends),
            ("*=", Operator::Contains),
            ("!=", Operator::Differs),
        ];
        let found = operators.iter().find_map(|(sign, operator)| Some((self.rest.strip_prefix(sign)?, *operator)));
        let Some((rest, operator)) = found else {
            return if self.take(']') { Ok(AttributeTest::new(&name, Operator::Exists, "")) } else { Err(self.unmatched()) };
        };
        self.rest = rest;
        self.blanks();
        let value = match self.rest.chars().next() {
            Some(quote @ ('"' | '\'')) if self.take(quote) => self.quoted(quote)?,
            _ => self.name()?,
        };
        let mut test = AttributeTest::new(&name, operator, &value);
        self.blanks();
        match self.rest.chars().next() {
            Some('i' | 'I') => test.ignore_case = true,
            Some('s' | 'S') => test.ignore_case = false,
            _ => return if self.take(']') { Ok(test) } else { Err(self.unmatched()) },
        }
        let mut rest = self.rest.chars();
        rest.next();
        self.rest = rest.as_str();
        self.blanks();
        if self.take(']') { Ok(test) } else { Err(self.unmatched()) }
    }

    fn quoted(&mut self, quote: char) -> Result<String, SelectorError> {
        let mut value = String::new();
        loop {
            let mut rest = self.rest.chars();
            let Some(c) = rest.next() else { return Err(SelectorError::Unmatched(value)) };
            self.rest = rest.as_str();
            match c {
                '\\' => value.push(self.escaped()),
                c if c == quote => return Ok(value),
                c => value.push(c),
            }
        }
    }

    fn pseudo(&mut self) -> Result<Test, SelectorError> {
        if self.rest.starts_with(':') {
            return Err(SelectorError::PseudoElement);
        }
        let name = self.name()?.to_lowercase();
        let argument = if self.rest.starts_with('(') { Some(self.argument()?) } else { None };
        self.pseudo_class(&name, argument)
    }

    /// The text between parentheses, which may hold others and quotes.
    fn argument(&mut self) -> Result<&'a str, SelectorError> {
        let mut depth = 0;
        let mut quote = None;
        let mut escaped = false;
        for (at, c) in self.rest.char_indices() {
            match c {
                _ if std::mem::take(&mut escaped) => {}
                '\\' => escaped = true,
                c if quote == Some(c) => quote = None,
                _ if quote.is_some() => {}
                '"' | '\'' => quote = Some(c),
                '(' => depth += 1,
                ')' if depth == 1 => {
                    let (inner, after) = self.rest.split_at_checked(at).unwrap_or((self.rest, ""));
                    self.rest = after.strip_prefix(')').unwrap_or_default();
                    return Ok(inner.strip_prefix('(').unwrap_or_default());
                }
                ')' => depth -= 1,
                _ => {}
            }
        }
        Err(self.unmatched())
    }

    fn pseudo_class(&self, name: &str, argument: Option<&str>) -> Result<Test, SelectorError> {
        if let Some(position) = Position::named(name, argument) {
            return Ok(Test::Position(position));
        }
        if let Some(expansion) = alias::expansion(name) {
            return Ok(Test::Is(self.inner(Some(expansion), Start::Anywhere)?));
        }
        Ok(match name {
            "is" | "matches" | "where" => Test::Is(self.inner(argument, Start::Anywhere)?),
            "not" => Test::Not(self.inner(argument, Start::Anywhere)?),
            "has" => Test::Has(self.inner(argument, Start::Relative)?),
            "contains" => Test::Contains(unquoted(argument)),
            "icontains" => Test::ContainsIgnoringCase(unquoted(argument).to_lowercase()),
            "root" | "scope" => Test::Root,
            "empty" => Test::Empty,
            "only-child" => Test::OnlyChild,
            "only-of-type" => Test::OnlyOfType,
            "hover" | "visited" | "active" | "focus" => Test::Never,
            _ => Test::Nth(self.nth(name, argument)?),
        })
    }

    fn inner(&self, argument: Option<&str>, start: Start) -> Result<Selector, SelectorError> {
        parse_within(argument.unwrap_or_default(), self.depth + 1, start)
    }

    fn nth(&self, name: &str, argument: Option<&str>) -> Result<Nth, SelectorError> {
        let (from_end, counted, fixed) = match name {
            "first-child" => (false, Counted::All, true),
            "last-child" => (true, Counted::All, true),
            "first-of-type" => (false, Counted::SameName, true),
            "last-of-type" => (true, Counted::SameName, true),
            "nth-child" => (false, Counted::All, false),
            "nth-last-child" => (true, Counted::All, false),
            "nth-of-type" => (false, Counted::SameName, false),
            "nth-last-of-type" => (true, Counted::SameName, false),
            _ => return Err(SelectorError::UnknownPseudo(name.to_owned())),
        };
        if fixed {
            return Ok(Nth { formula: Formula::FIRST, from_end, counted });
        }
        let argument = argument.unwrap_or_default();
        let (formula, counted) = match argument.split_once(" of ") {
            Some((formula, of)) if counted == Counted::All => (formula, Counted::Matching(self.inner(Some(of), Start::Anywhere)?)),
            _ => (argument, counted),
        };
        Ok(Nth { formula: Formula::parse(formula)?, from_end, counted })
    }
}

fn unquoted(argument: Option<&str>) -> String {
    let text = argument.unwrap_or_default();
    let bare = ['"', '\''].iter().find_map(|quote| text.trim().strip_prefix(*quote)?.strip_suffix(*quote));
    bare.unwrap_or(text).replace("\\\"", "\"").replace("\\'", "'")
}

fn starts_name(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '_' | '-' | '\\') || !c.is_ascii()
}
