//! What stands where a name is declared: a name, or a pattern that takes a value apart.

use super::lexer::Kind;
use super::parser::{Parsed, Parser};

/// How the names of a pattern are declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Declare {
    /// In the block: parameters, `let`, `const`, `catch`.
    Block,
    /// In the function: `var`.
    Function,
}

impl Parser<'_> {
    /// A name or a pattern.
    pub(super) fn pattern(&mut self, declare: Declare) -> Parsed {
        self.nested(|parser| match parser.token.kind {
            Kind::Punct("[") => parser.array_pattern(declare),
            Kind::Punct("{") => parser.object_pattern(declare),
            Kind::Name => parser.declared_name(declare),
            _ => parser.unexpected(),
        })
    }

    /// A pattern that may have a default value.
    pub(super) fn pattern_with_default(&mut self, declare: Declare) -> Parsed {
        self.pattern(declare)?;
        if self.eat("=")? { self.assignment(true) } else { Ok(()) }
    }

    fn declared_name(&mut self, declare: Declare) -> Parsed {
        let name = self.name_of(self.token).into_owned();
        self.check_binding(&name)?;
        match declare {
            Declare::Block => self.bindings.declare(&name),
            Declare::Function => self.bindings.declare_var(&name),
        }
        self.advance()
    }

    fn array_pattern(&mut self, declare: Declare) -> Parsed {
        self.expect("[")?;
        while !self.at("]") {
            if self.eat(",")? {
                continue;
            }
            self.eat("...")?;
            self.pattern_with_default(declare)?;
            if !self.at("]") {
                self.expect(",")?;
            }
        }
        self.expect("]")
    }

    fn object_pattern(&mut self, declare: Declare) -> Parsed {
        self.expect("{")?;
        while !self.at("}") {
            if self.eat("...")? {
                self.pattern(declare)?;
            } else {
                self.property_pattern(declare)?;
            }
            if !self.at("}") {
                self.expect(",")?;
            }
        }
        self.expect("}")
    }

    fn property_pattern(&mut self, declare: Declare) -> Parsed {
        let key = self.token;
        let next = self.peek()?;
        if key.kind == Kind::Name && next.kind != Kind::Punct(":") {
            let name = self.name_of(key).into_owned();
            self.check_property(&name)?;
            return self.pattern_with_default(declare);
        }
        match key.kind {
            Kind::Name => self.check_property(&self.name_of(key))?,
            Kind::Text => self.check_property(self.text_of(key).trim_matches(['"', '\'']))?,
            _ => {}
        }
        if self.eat("[")? {
            self.checked_key()?;
            self.expect("]")?;
        } else {
            self.property_key()?;
        }
        self.expect(":")?;
        self.pattern_with_default(declare)
    }
}
