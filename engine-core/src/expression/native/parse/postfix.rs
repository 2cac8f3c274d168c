//! Members, indexes and calls behind an operand.

use super::{Parser, Refusal};
use crate::expression::native::ast::{Expr, Key, Root};
use crate::expression::native::lex::Token;
use crate::expression::native::methods::Method;

impl Parser<'_> {
    pub(super) fn postfix(&mut self) -> Result<Expr, Refusal> {
        let mut expr = self.operand()?;
        let mut short_circuits = false;
        loop {
            let optional = self.at("?.");
            if optional || self.at(".") {
                self.advance()?;
                expr = match self.token {
                    Token::Name(name) => {
                        self.advance()?;
                        self.member(expr, name, optional)?
                    }
                    Token::Sign("[") if optional => {
                        self.advance()?;
                        self.index(expr, true)?
                    }
                    _ => return Err(self.unexpected()),
                };
                short_circuits |= optional;
            } else if self.skip("[")? {
                expr = self.index(expr, false)?;
            } else if self.at("(") {
                return Err(Refusal::script("a call of something that is no known method"));
            } else if matches!(self.token, Token::BackQuote) {
                return Err(self.unexpected());
            } else {
                return Ok(if short_circuits { Expr::Chain(Box::new(expr)) } else { expr });
            }
        }
    }

    fn member(&mut self, object: Expr, name: &str, optional: bool) -> Result<Expr, Refusal> {
        if self.skip("(")? {
            let method = Method::named(name).ok_or_else(|| Refusal::script(format!("the method `.{name}()`")))?;
            let arguments = self.list(")")?;
            self.part()?;
            self.may_give_up = true;
            return Ok(Expr::Method { object: Box::new(object), method, arguments, optional });
        }
        let key = self.key(name)?;
        self.with_key(object, key, optional)
    }

    fn index(&mut self, object: Expr, optional: bool) -> Result<Expr, Refusal> {
        let index = self.expression()?;
        self.expect("]")?;
        if let Some(key) = self.literal_key(&index)? {
            return self.with_key(object, key, optional);
        }
        if matches!(object, Expr::Root(Root::Parameters)) {
            return Err(Refusal::script("a parameter whose name is computed"));
        }
        self.part()?;
        self.may_give_up = true;
        Ok(Expr::Index { object: Box::new(object), index: Box::new(index), optional })
    }

    fn with_key(&mut self, object: Expr, key: Key, optional: bool) -> Result<Expr, Refusal> {
        // One text index may hit half of a surrogate pair.
        self.may_give_up |= matches!(key, Key::Index(_));
        self.part()?;
        Ok(match object {
            Expr::Root(root) if !optional => Expr::Path(root, vec![key]),
            Expr::Path(root, mut keys) if !optional => {
                keys.push(key);
                Expr::Path(root, keys)
            }
            object => Expr::Member { object: Box::new(object), key, optional },
        })
    }
}
