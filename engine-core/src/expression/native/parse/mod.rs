//! The parser: recursive descent over the grammar of expressions, in JavaScript's precedence.
//!
//! It refuses what it does not know, and says what that was. Nesting and size are bounded, so that neither parsing nor evaluating can
//! exhaust the stack.

mod operand;
mod postfix;
mod roots;

use super::Native;
use super::ast::{Expr, Key, Logic, Unary};
use super::builtins;
use super::lex::{Lexer, Token};
use super::operators::{Arithmetic, Comparison};
use crate::expression::{Reads, js};

/// How deep brackets, calls and operators may nest.
const DEEPEST: usize = 40;

/// How many parts an expression may have; chains of operators count here, not as nesting.
const MOST_PARTS: usize = 400;

/// Why a chunk is not evaluated natively.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::expression) enum Refusal {
    /// It holds something that only a script engine can evaluate.
    Script(String),
    /// It surely is no expression.
    Syntax(String),
    /// It reaches for something that expressions may not reach.
    Forbidden(String),
}

impl Refusal {
    pub(super) fn script(what: impl Into<String>) -> Self {
        Self::Script(what.into())
    }

    pub(super) fn syntax(what: impl Into<String>) -> Self {
        Self::Syntax(what.into())
    }
}

/// Parses the code of a chunk.
pub(super) fn parse(code: &str) -> Result<Native, Refusal> {
    let mut parser = Parser { lexer: Lexer::new(code), token: Token::End, depth: 0, parts: 0, may_give_up: false, reads: Reads::default() };
    parser.advance()?;
    let expr = match parser.moment()? {
        Some(moment) => moment,
        None => parser.expression()?,
    };
    // An object literal stands in brackets that n8n adds, behind which no semicolon can follow.
    if !js::trim_start(code).starts_with('{') {
        parser.skip(";")?;
    }
    match parser.token {
        Token::End => Ok(Native { expr, may_give_up: parser.may_give_up, reads: parser.reads }),
        _ => Err(parser.unexpected()),
    }
}

#[derive(Debug)]
struct Parser<'s> {
    lexer: Lexer<'s>,
    token: Token<'s>,
    depth: usize,
    parts: usize,
    may_give_up: bool,
    reads: Reads,
}

impl Parser<'_> {
    /// A conditional, or anything that binds tighter.
    fn expression(&mut self) -> Result<Expr, Refusal> {
        self.nested(|parser| {
            let test = parser.either()?;
            if !parser.skip("?")? {
                return Ok(test);
            }
            let then = parser.expression()?;
            parser.expect(":")?;
            let otherwise = parser.expression()?;
            parser.part()?;
            Ok(Expr::Conditional(Box::new([test, then, otherwise])))
        })
    }

    /// `||` and `??`, which JavaScript does not let stand side by side without brackets.
    fn either(&mut self) -> Result<Expr, Refusal> {
        let mut left = self.both()?;
        let mut chain = None;
        loop {
            let (sign, logic) = match self.token {
                Token::Sign("||") => ("||", Logic::Or),
                Token::Sign("??") => ("??", Logic::Coalesce),
                _ => return Ok(left),
            };
            let mixes_and = sign == "??" && matches!(left, Expr::Logic(Logic::And, _)) && chain.is_none();
            if mixes_and || chain.is_some_and(|first| first != sign) {
                return Err(Refusal::script("`??` beside `||` or `&&`"));
            }
            chain = Some(sign);
            self.advance()?;
            let right = self.both()?;
            if sign == "??" && matches!(right, Expr::Logic(Logic::And, _)) {
                return Err(Refusal::script("`??` beside `||` or `&&`"));
            }
            left = self.pair(|operands| Expr::Logic(logic, operands), left, right)?;
        }
    }

    fn both(&mut self) -> Result<Expr, Refusal> {
        let mut left = self.binary(0)?;
        while self.skip("&&")? {
            let right = self.binary(0)?;
            left = self.pair(|operands| Expr::Logic(Logic::And, operands), left, right)?;
        }
        Ok(left)
    }

    /// Left-associative operators of at least the given binding power.
    fn binary(&mut self, least: u8) -> Result<Expr, Refusal> {
        let mut left = self.power()?;
        while let Some((power, operator)) = self.operator()? {
            if power < least {
                break;
            }
            self.advance()?;
            let right = self.nested(|parser| parser.binary(power + 1))?;
            left = self.pair(|operands| operator.build(operands), left, right)?;
        }
        Ok(left)
    }

    /// The binary operator at hand and how tightly it binds.
    fn operator(&self) -> Result<Option<(u8, Operator)>, Refusal> {
        use Operator::{Arithmetic as A, Comparison as C};
        Ok(Some(match self.token {
            Token::Sign("==") => (0, C(Comparison::Loose)),
            Token::Sign("!=") => (0, C(Comparison::NotLoose)),
            Token::Sign("===") => (0, C(Comparison::Strict)),
            Token::Sign("!==") => (0, C(Comparison::NotStrict)),
            Token::Sign("<") => (1, C(Comparison::Less)),
            Token::Sign("<=") => (1, C(Comparison::LessOrEqual)),
            Token::Sign(">") => (1, C(Comparison::Greater)),
            Token::Sign(">=") => (1, C(Comparison::GreaterOrEqual)),
            Token::Name("in") => (1, C(Comparison::In)),
            Token::Name("instanceof") => return Err(Refusal::script("`instanceof`")),
            Token::Sign("+") => (2, A(Arithmetic::Add)),
            Token::Sign("-") => (2, A(Arithmetic::Subtract)),
            Token::Sign("*") => (3, A(Arithmetic::Multiply)),
            Token::Sign("/") => (3, A(Arithmetic::Divide)),
            Token::Sign("%") => (3, A(Arithmetic::Remainder)),
            _ => return Ok(None),
        }))
    }

    /// `**`, which associates to the right and takes no sign before its left side.
    fn power(&mut self) -> Result<Expr, Refusal> {
        let base = self.unary()?;
        if !matches!(self.token, Token::Sign("**")) {
            return Ok(base);
        }
        if matches!(base, Expr::Unary(..)) {
            return Err(Refusal::script("a sign before the left side of `**`"));
        }
        self.advance()?;
        let exponent = self.nested(Self::power)?;
        self.pair(|operands| Expr::Arithmetic(Arithmetic::Power, operands), base, exponent)
    }

    fn unary(&mut self) -> Result<Expr, Refusal> {
        let operator = match self.token {
            Token::Sign("!") => Unary::Not,
            Token::Sign("-") => Unary::Negate,
            Token::Sign("+") => Unary::Plus,
            Token::Name("typeof") => Unary::TypeOf,
            Token::Name("void") => Unary::Void,
            _ => return self.postfix(),
        };
        self.advance()?;
        let operand = self.nested(Self::unary)?;
        self.part()?;
        Ok(Expr::Unary(operator, Box::new(operand)))
    }

    fn pair(&mut self, build: impl FnOnce(Box<[Expr; 2]>) -> Expr, left: Expr, right: Expr) -> Result<Expr, Refusal> {
        self.part()?;
        Ok(build(Box::new([left, right])))
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, Refusal>) -> Result<T, Refusal> {
        if self.depth == DEEPEST {
            return Err(Refusal::script(format!("nesting deeper than {DEEPEST}")));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// Counts one more part of the expression.
    fn part(&mut self) -> Result<(), Refusal> {
        self.parts += 1;
        if self.parts > MOST_PARTS { Err(Refusal::script(format!("more than {MOST_PARTS} parts"))) } else { Ok(()) }
    }

    fn advance(&mut self) -> Result<(), Refusal> {
        self.token = self.lexer.next()?;
        Ok(())
    }

    fn at(&self, sign: &str) -> bool {
        matches!(self.token, Token::Sign(found) if found == sign)
    }

    fn skip(&mut self, sign: &str) -> Result<bool, Refusal> {
        let found = self.at(sign);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect(&mut self, sign: &str) -> Result<(), Refusal> {
        if self.skip(sign)? { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Why the token at hand cannot stand here. Only the end of the code is surely wrong: other tokens may mean something to JavaScript.
    fn unexpected(&self) -> Refusal {
        match &self.token {
            Token::End => Refusal::syntax("the expression is not complete"),
            Token::Name(name) => Refusal::script(format!("`{name}`")),
            Token::Sign("/") => Refusal::script("a regular expression"),
            Token::Sign(sign) => Refusal::script(format!("`{sign}`")),
            Token::Number(_) => Refusal::script("a number in this place"),
            Token::Text(_) => Refusal::script("a text in this place"),
            Token::BackQuote => Refusal::script("a tagged template"),
        }
    }

    /// The key of a name that is written in the code.
    fn key(&mut self, name: &str) -> Result<Key, Refusal> {
        if builtins::is_forbidden(name) {
            return Err(Refusal::Forbidden(builtins::refusal(name)));
        }
        // A function that nobody calls can be the result, but not an operand.
        self.may_give_up |= builtins::inherited_by_some(name) && name != "length";
        Ok(js::array_index(name).map_or_else(|| Key::Name(name.into()), Key::Index))
    }
}

#[derive(Clone, Copy)]
enum Operator {
    Arithmetic(Arithmetic),
    Comparison(Comparison),
}

impl Operator {
    fn build(self, operands: Box<[Expr; 2]>) -> Expr {
        match self {
            Self::Arithmetic(operator) => Expr::Arithmetic(operator, operands),
            Self::Comparison(operator) => Expr::Comparison(operator, operands),
        }
    }
}
