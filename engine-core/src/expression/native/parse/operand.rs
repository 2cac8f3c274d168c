//! What operators stand between: literals, names, brackets.

use std::collections::HashSet;

use super::{Parser, Refusal};
use crate::expression::js;
use crate::expression::native::ast::{Expr, Key, Literal, Unary};
use crate::expression::native::functions::Function;
use crate::expression::native::lex::{TemplateEnd, Token};

impl Parser<'_> {
    /// A literal, a root, a bracket, or the call of a function that belongs to no value.
    pub(super) fn operand(&mut self) -> Result<Expr, Refusal> {
        self.part()?;
        match std::mem::replace(&mut self.token, Token::End) {
            Token::Number(number) => self.literal(Literal::Number(number)),
            Token::Text(text) => self.literal(Literal::Text(text.into())),
            Token::BackQuote => self.template(),
            Token::Name(name) => {
                self.advance()?;
                self.named(name)
            }
            Token::Sign("(") => {
                self.advance()?;
                let inner = self.expression()?;
                self.expect(")")?;
                // Brackets end a chain and a mixture of operators; in the tree they are seen where that matters.
                Ok(if needs_brackets(&inner) { Expr::Chain(Box::new(inner)) } else { inner })
            }
            Token::Sign("[") => {
                self.advance()?;
                self.list("]").map(Expr::Array)
            }
            Token::Sign("{") => {
                self.advance()?;
                self.object()
            }
            other => {
                self.token = other;
                Err(self.unexpected())
            }
        }
    }

    fn literal(&mut self, literal: Literal) -> Result<Expr, Refusal> {
        self.advance()?;
        Ok(Expr::Literal(literal))
    }

    fn named(&mut self, name: &str) -> Result<Expr, Refusal> {
        Ok(Expr::Literal(match name {
            "undefined" => Literal::Undefined,
            "null" => Literal::Null,
            "true" => Literal::Bool(true),
            "false" => Literal::Bool(false),
            "NaN" => Literal::Number(f64::NAN),
            "Infinity" => Literal::Number(f64::INFINITY),
            "Math" | "JSON" | "Object" | "Array" => return self.function_of(name),
            "$if" => return self.conditional_call(),
            "$not" => return self.negation_call(),
            _ if name.starts_with('$') && name != "$ifEmpty" => return self.root(name),
            _ => return self.function(name),
        }))
    }

    fn function_of(&mut self, object: &str) -> Result<Expr, Refusal> {
        if !self.skip(".")? {
            return Err(Refusal::script(format!("`{object}`")));
        }
        let Token::Name(name) = self.token else { return Err(self.unexpected()) };
        self.advance()?;
        self.function(&format!("{object}.{name}"))
    }

    fn function(&mut self, name: &str) -> Result<Expr, Refusal> {
        let unknown = || Refusal::script(format!("`{name}`"));
        let function = Function::named(name).ok_or_else(unknown)?;
        if !self.skip("(")? {
            return Err(unknown());
        }
        let arguments = self.list(")")?;
        self.may_give_up = true;
        if function.takes(arguments.len()) { Ok(Expr::Function(function, arguments)) } else { Err(unknown()) }
    }

    /// `$if(test, a, b)`, which evaluates only one of its branches; the second is false when it is not given.
    fn conditional_call(&mut self) -> Result<Expr, Refusal> {
        self.expect("(")?;
        let mut arguments = self.list(")")?.into_iter();
        let (Some(test), Some(then)) = (arguments.next(), arguments.next()) else {
            return Err(Refusal::script("`$if` with fewer than two arguments"));
        };
        let otherwise = arguments.next().unwrap_or(Expr::Literal(Literal::Bool(false)));
        if arguments.next().is_some() {
            return Err(Refusal::script("`$if` with more than three arguments"));
        }
        Ok(Expr::Conditional(Box::new([test, then, otherwise])))
    }

    fn negation_call(&mut self) -> Result<Expr, Refusal> {
        self.expect("(")?;
        let mut arguments = self.list(")")?.into_iter();
        match (arguments.next(), arguments.next()) {
            (Some(value), None) => Ok(Expr::Unary(Unary::Not, Box::new(value))),
            _ => Err(Refusal::script("`$not` with another number of arguments than one")),
        }
    }

    /// Expressions between commas, up to the closing sign; a comma may stand behind the last.
    pub(super) fn list(&mut self, close: &str) -> Result<Vec<Expr>, Refusal> {
        let mut items = Vec::new();
        while !self.skip(close)? {
            items.push(self.expression()?);
            if !self.at(close) {
                self.expect(",")?;
            }
        }
        Ok(items)
    }

    fn object(&mut self) -> Result<Expr, Refusal> {
        let mut entries: Vec<(Box<str>, Expr)> = Vec::new();
        let mut names = HashSet::new();
        while !self.skip("}")? {
            let name: Box<str> = match std::mem::replace(&mut self.token, Token::End) {
                Token::Name(name) => name.into(),
                Token::Text(name) => name.into(),
                Token::Number(number) => js::number_to_string(number).into(),
                other => {
                    self.token = other;
                    return Err(self.unexpected());
                }
            };
            self.advance()?;
            self.key(&name)?;
            if !names.insert(name.clone()) {
                return Err(Refusal::script("an object with the same key twice"));
            }
            if !self.at(":") && !matches!(self.token, Token::End) {
                return Err(Refusal::script(format!("`{name}` without a value")));
            }
            self.expect(":")?;
            entries.push((name, self.expression()?));
            if !self.at("}") {
                self.expect(",")?;
            }
        }
        let indexed = entries.iter().any(|(key, _)| js::array_index(key).is_some());
        Ok(if indexed { Expr::IndexedObject(entries) } else { Expr::Object(entries) })
    }

    fn template(&mut self) -> Result<Expr, Refusal> {
        let (mut texts, mut values) = (Vec::new(), Vec::new());
        loop {
            let (text, end) = self.lexer.template_text()?;
            texts.push(text.into());
            self.advance()?;
            if end == TemplateEnd::Closed {
                return Ok(Expr::Template(texts, values));
            }
            values.push(self.expression()?);
            // The closing brace stays the token at hand: what follows it is text again.
            if !self.at("}") {
                return Err(self.unexpected());
            }
        }
    }

    /// A key in square brackets, when it is written out.
    pub(super) fn literal_key(&mut self, expr: &Expr) -> Result<Option<Key>, Refusal> {
        Ok(match expr {
            Expr::Literal(Literal::Text(name)) => Some(self.key(name)?),
            Expr::Literal(Literal::Number(number)) => Some(self.key(&js::number_to_string(*number))?),
            _ => None,
        })
    }
}

/// True for what loses its meaning when the brackets around it are forgotten.
const fn needs_brackets(expr: &Expr) -> bool {
    matches!(expr, Expr::Unary(..) | Expr::Logic(..))
}
