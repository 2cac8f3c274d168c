//! Functions of all kinds, and classes.

use super::lexer::{Kind, Token};
use super::parser::{Parsed, Parser, Problem, Within};
use super::patterns::Declare;

/// The words before the name of a method.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Modifiers {
    /// There were any.
    pub(super) any: bool,
    asynchronous: bool,
    generator: bool,
}

/// What kind of function is entered.
#[derive(Clone, Copy, Debug)]
struct FunctionKind {
    arrow: bool,
    asynchronous: bool,
    generator: bool,
}

impl Parser<'_> {
    /// An arrow function, when one stands here. Gives false, with nothing taken, when none does.
    pub(super) fn arrow_function(&mut self) -> Parsed<bool> {
        let token = self.token;
        let next = match token.kind {
            Kind::Name | Kind::Punct("(") => self.peek(),
            _ => return Ok(false),
        };
        // What cannot be peeked at may be the start of a regular expression; no arrow function looks like that.
        let Ok(next) = next else { return Ok(false) };
        if token.kind == Kind::Name && next.kind == Kind::Punct("=>") {
            let outer = self.bindings.enter(true);
            self.pattern(Declare::Block)?;
            self.arrow_body(false)?;
            self.bindings.leave(outer);
            return Ok(true);
        }
        let asynchronous = self.at_word("async") && !next.after_newline && (next.kind == Kind::Punct("(") || self.async_name(next));
        if !(self.at("(") || asynchronous) || self.no_arrows.contains(&token.start) {
            return Ok(false);
        }
        let mark = self.mark();
        let outer = self.bindings.enter(true);
        match self.arrow_head(asynchronous) {
            Ok(()) if self.at("=>") && !self.token.after_newline => {
                self.arrow_body(asynchronous)?;
                self.bindings.leave(outer);
                return Ok(true);
            }
            // What is forbidden in parameters may be allowed in an expression, if it is one.
            Err(Problem::Forbidden(message)) => self.forbidden_parameter = Some(message),
            _ => {}
        }
        self.rewind(&mark);
        self.no_arrows.insert(token.start);
        Ok(false)
    }

    /// `async name =>`.
    fn async_name(&self, name: Token) -> bool {
        name.kind == Kind::Name && self.after(name).is_ok_and(|next| next.kind == Kind::Punct("=>"))
    }

    fn arrow_head(&mut self, asynchronous: bool) -> Parsed {
        if asynchronous {
            self.advance()?;
        }
        if self.at("(") { self.parameters() } else { self.pattern(Declare::Block) }
    }

    fn arrow_body(&mut self, asynchronous: bool) -> Parsed {
        self.expect("=>")?;
        let kind = FunctionKind { arrow: true, asynchronous, generator: false };
        if self.at("{") {
            return self.inside(kind, Self::function_block);
        }
        self.inside(kind, |parser| parser.assignment(true))
    }

    /// Parameters in their parentheses.
    fn parameters(&mut self) -> Parsed {
        self.expect("(")?;
        while !self.at(")") {
            self.eat("...")?;
            self.pattern_with_default(Declare::Block)?;
            if !self.at(")") {
                self.expect(",")?;
            }
        }
        self.expect(")")
    }

    /// Runs a step with the rules of a function's inside.
    fn inside<T>(&mut self, kind: FunctionKind, step: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        let before = self.within;
        self.within = Within { function: before.function || !kind.arrow, asynchronous: kind.asynchronous, generator: kind.generator };
        let done = self.nested(step);
        self.within = before;
        done
    }

    fn function_block(&mut self) -> Parsed {
        self.expect("{")?;
        while !self.at("}") {
            self.statement()?;
        }
        self.expect("}")
    }

    /// `function name(parameters) { body }` as an expression: its name holds within it only.
    pub(super) fn function_expression(&mut self, asynchronous: bool) -> Parsed {
        let outer = self.bindings.enter(true);
        self.advance()?;
        let generator = self.eat("*")?;
        if self.at_name() {
            self.pattern(Declare::Block)?;
        }
        self.parameters_and_body(asynchronous, generator)?;
        self.bindings.leave(outer);
        Ok(())
    }

    /// The same as a declaration.
    pub(super) fn function_declaration(&mut self) -> Parsed {
        let asynchronous = self.eat_word("async")?;
        self.advance()?;
        let generator = self.eat("*")?;
        if !self.at_name() {
            return self.unexpected();
        }
        self.pattern(Declare::Function)?;
        self.parameters_and_body(asynchronous, generator)
    }

    fn parameters_and_body(&mut self, asynchronous: bool, generator: bool) -> Parsed {
        let outer = self.bindings.enter(true);
        self.inside(FunctionKind { arrow: false, asynchronous, generator }, |parser| {
            parser.parameters()?;
            parser.function_block()
        })?;
        self.bindings.leave(outer);
        Ok(())
    }

    /// `async`, `get`, `set`, `static`, `*` before the name of a method.
    pub(super) fn method_modifiers(&mut self) -> Parsed<Modifiers> {
        let mut found = Modifiers::default();
        loop {
            if self.eat("*")? {
                found.generator = true;
            } else if ["async", "get", "set", "static"].iter().any(|word| self.at_word(word)) {
                let next = self.peek()?;
                let is_name = matches!(next.kind, Kind::Punct("(" | "," | ":" | "}" | "=" | ";")) || next.kind == Kind::End;
                if is_name {
                    return Ok(found);
                }
                found.asynchronous |= self.at_word("async");
                self.advance()?;
            } else {
                return Ok(found);
            }
            found.any = true;
        }
    }

    /// The parameters and the body of a method.
    pub(super) fn method(&mut self, modifiers: Modifiers) -> Parsed {
        self.parameters_and_body(modifiers.asynchronous, modifiers.generator)
    }

    /// A class, from the word on. A name holds within it.
    pub(super) fn class(&mut self) -> Parsed {
        let outer = self.bindings.enter(false);
        self.advance()?;
        if self.at_name() && !self.at_word("extends") {
            self.pattern(Declare::Block)?;
        }
        if self.eat_word("extends")? {
            self.chain()?;
        }
        self.expect("{")?;
        while !self.at("}") {
            if !self.eat(";")? {
                self.class_member()?;
            }
        }
        self.expect("}")?;
        self.bindings.leave(outer);
        Ok(())
    }

    /// A class that is declared: its name holds around it as well.
    pub(super) fn class_declaration(&mut self) -> Parsed {
        let name = self.peek()?;
        if name.kind == Kind::Name {
            let name = self.name_of(name).into_owned();
            self.bindings.declare(&name);
        }
        self.class()
    }

    fn class_member(&mut self) -> Parsed {
        let modifiers = self.method_modifiers()?;
        let kind = FunctionKind { arrow: false, asynchronous: false, generator: false };
        if self.at("{") {
            return self.inside(kind, Self::block);
        }
        self.property_key()?;
        if self.at("(") {
            return self.method(modifiers);
        }
        if self.eat("=")? {
            self.inside(kind, |parser| parser.assignment(true))?;
        }
        if self.at("}") || self.eat(";")? || self.token.after_newline { Ok(()) } else { self.unexpected() }
    }
}
