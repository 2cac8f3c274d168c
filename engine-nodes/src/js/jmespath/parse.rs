//! From tokens to a tree, by binding power.

use serde_json::Value;

use super::QueryError;
use super::lex::{Token, tokens};

/// How deep a query may be nested.
const MAX_DEPTH: usize = 100;

/// A query.
#[derive(Clone, Debug)]
pub(in crate::js) enum Expr {
    Current,
    Field(String),
    Index(i64),
    Slice(Option<i64>, Option<i64>, i64),
    Literal(Value),
    /// The second within what the first gives.
    Sub(Box<Expr>, Box<Expr>),
    /// The second within each element of the list that the first gives.
    Each(Box<Expr>, Box<Expr>),
    /// The second within each value of the object that the first gives.
    EachValue(Box<Expr>, Box<Expr>),
    /// The third within each element of the first's list for which the second holds.
    Filter(Box<Expr>, Box<Expr>, Box<Expr>),
    /// Lists within the list taken apart.
    Flatten(Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Compare(&'static str, Box<Expr>, Box<Expr>),
    List(Vec<Expr>),
    Object(Vec<(String, Expr)>),
    Call(String, Vec<Expr>),
    /// An expression as an argument.
    Reference(Box<Expr>),
}

/// Reads a query.
pub(in crate::js) fn parse(query: &str) -> Result<Expr, QueryError> {
    let mut parser = Parser { tokens: tokens(query)?, at: 0, depth: 0 };
    let expr = parser.expression(0)?;
    if *parser.peek() == Token::End { Ok(expr) } else { Err(parser.unexpected()) }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

/// How strongly an operator binds what stands before it.
fn power(token: &Token) -> u8 {
    match token {
        Token::Punct("|") => 1,
        Token::Punct("||") => 2,
        Token::Punct("&&") => 3,
        Token::Punct("==" | "!=" | "<" | ">" | "<=" | ">=") => 5,
        Token::Punct("[]") => 9,
        Token::Punct("*") => 20,
        Token::Punct("[?") => 21,
        Token::Punct(".") => 40,
        Token::Punct("[") => 55,
        _ => 0,
    }
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(&Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn eat(&mut self, punct: &str) -> bool {
        let found = matches!(self.peek(), Token::Punct(found) if *found == punct);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, punct: &str) -> Result<(), QueryError> {
        if self.eat(punct) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> QueryError {
        QueryError::new(format!("unexpected token {:?}", self.peek()))
    }

    fn expression(&mut self, least: u8) -> Result<Expr, QueryError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(QueryError::new("the query is nested too deeply"));
        }
        let mut left = self.prefix()?;
        while power(self.peek()) > least {
            left = self.infix(left)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn prefix(&mut self) -> Result<Expr, QueryError> {
        match self.next() {
            Token::Literal(value) => Ok(Expr::Literal(value)),
            Token::Name(name, false) if self.eat("(") => self.call(name),
            Token::Name(name, _) => Ok(Expr::Field(name)),
            Token::Punct("@") => Ok(Expr::Current),
            Token::Punct("!") => Ok(Expr::Not(Box::new(self.expression(45)?))),
            Token::Punct("&") => Ok(Expr::Reference(Box::new(self.expression(0)?))),
            Token::Punct("*") => self.each_value(Expr::Current),
            Token::Punct("[?") => self.filter(Expr::Current),
            Token::Punct("{") => self.object(),
            Token::Punct("[]") => {
                let flat = Expr::Flatten(Box::new(Expr::Current));
                self.each(flat, 9)
            }
            Token::Punct("[") => self.bracket(Expr::Current, true),
            Token::Punct("(") => {
                let inner = self.expression(0)?;
                self.expect(")")?;
                Ok(inner)
            }
            _ => {
                self.at -= 1;
                Err(self.unexpected())
            }
        }
    }

    fn infix(&mut self, left: Expr) -> Result<Expr, QueryError> {
        let Token::Punct(operator) = self.next() else { return Err(self.unexpected()) };
        let pair = |left, right| (Box::new(left), Box::new(right));
        match operator {
            "." if self.eat("*") => self.each_value(left),
            "." => {
                let right = self.dotted(40)?;
                Ok(Expr::Sub(Box::new(left), Box::new(right)))
            }
            "|" => {
                let (left, right) = pair(left, self.expression(1)?);
                Ok(Expr::Sub(left, right))
            }
            "||" => {
                let (left, right) = pair(left, self.expression(2)?);
                Ok(Expr::Or(left, right))
            }
            "&&" => {
                let (left, right) = pair(left, self.expression(3)?);
                Ok(Expr::And(left, right))
            }
            "[?" => self.filter(left),
            "[]" => self.each(Expr::Flatten(Box::new(left)), 9),
            "[" => self.bracket(left, false),
            _ => {
                let (left, right) = pair(left, self.expression(5)?);
                Ok(Expr::Compare(operator, left, right))
            }
        }
    }

    /// What stands behind a dot.
    fn dotted(&mut self, least: u8) -> Result<Expr, QueryError> {
        match self.peek() {
            Token::Name(..) | Token::Punct("*") => self.expression(least),
            Token::Punct("[") => {
                self.at += 1;
                self.list()
            }
            Token::Punct("{") => {
                self.at += 1;
                self.object()
            }
            _ => Err(self.unexpected()),
        }
    }

    /// What each element of a projection goes on with.
    fn rest(&mut self, least: u8) -> Result<Expr, QueryError> {
        if power(self.peek()) < 10 {
            return Ok(Expr::Current);
        }
        match self.peek() {
            Token::Punct("[" | "[?") => self.continued(least),
            Token::Punct(".") => {
                self.at += 1;
                self.dotted(least)
            }
            _ => Err(self.unexpected()),
        }
    }

    /// Goes on from each element, as if `@` stood before what follows.
    fn continued(&mut self, least: u8) -> Result<Expr, QueryError> {
        let mut left = Expr::Current;
        while power(self.peek()) > least {
            left = self.infix(left)?;
        }
        Ok(left)
    }

    fn each(&mut self, left: Expr, least: u8) -> Result<Expr, QueryError> {
        let rest = self.rest(least)?;
        Ok(Expr::Each(Box::new(left), Box::new(rest)))
    }

    fn each_value(&mut self, left: Expr) -> Result<Expr, QueryError> {
        let rest = self.rest(20)?;
        Ok(Expr::EachValue(Box::new(left), Box::new(rest)))
    }

    fn filter(&mut self, left: Expr) -> Result<Expr, QueryError> {
        let test = self.expression(0)?;
        self.expect("]")?;
        let rest = if *self.peek() == Token::Punct("[]") { Expr::Current } else { self.rest(21)? };
        Ok(Expr::Filter(Box::new(left), Box::new(test), Box::new(rest)))
    }

    /// `[0]`, `[1:2]`, `[*]`, and at the beginning of an expression `[a, b]`.
    fn bracket(&mut self, left: Expr, first: bool) -> Result<Expr, QueryError> {
        match (self.peek().clone(), self.tokens.get(self.at + 1)) {
            (Token::Number(_) | Token::Punct(":"), _) => self.index(left),
            (Token::Punct("*"), Some(Token::Punct("]"))) => {
                self.at += 2;
                self.each(left, 20)
            }
            _ if first => self.list(),
            _ => Err(self.unexpected()),
        }
    }

    fn index(&mut self, left: Expr) -> Result<Expr, QueryError> {
        let mut parts = [None, None, None];
        let mut at = 0;
        while !self.eat("]") {
            match self.next() {
                Token::Number(number) => *parts.get_mut(at).ok_or_else(|| self.unexpected())? = Some(number),
                Token::Punct(":") if at < 2 => at += 1,
                _ => return Err(self.unexpected()),
            }
        }
        if at == 0 {
            let [Some(index), ..] = parts else { return Err(self.unexpected()) };
            return Ok(Expr::Sub(Box::new(left), Box::new(Expr::Index(index))));
        }
        let slice = Expr::Slice(parts[0], parts[1], parts[2].unwrap_or(1));
        self.each(Expr::Sub(Box::new(left), Box::new(slice)), 20)
    }

    fn list(&mut self) -> Result<Expr, QueryError> {
        let mut items = Vec::new();
        loop {
            items.push(self.expression(0)?);
            if self.eat("]") {
                return Ok(Expr::List(items));
            }
            self.expect(",")?;
        }
    }

    fn object(&mut self) -> Result<Expr, QueryError> {
        let mut fields = Vec::new();
        loop {
            let Token::Name(name, _) = self.next() else { return Err(self.unexpected()) };
            self.expect(":")?;
            fields.push((name, self.expression(0)?));
            if self.eat("}") {
                return Ok(Expr::Object(fields));
            }
            self.expect(",")?;
        }
    }

    fn call(&mut self, name: String) -> Result<Expr, QueryError> {
        let mut arguments = Vec::new();
        while !self.eat(")") {
            arguments.push(self.expression(0)?);
            if !self.eat(",") && *self.peek() != Token::Punct(")") {
                return Err(self.unexpected());
            }
        }
        Ok(Expr::Call(name, arguments))
    }
}
