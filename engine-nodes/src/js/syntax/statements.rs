//! Statements: they stand in the bodies of functions within expressions, and make up the code of Code nodes.

use super::lexer::Kind;
use super::parser::{Parsed, Parser};
use super::patterns::Declare;

impl Parser<'_> {
    /// True at what can only be a statement.
    pub(super) fn at_statement(&self) -> bool {
        let words = [
            "function", "class", "let", "if", "for", "while", "do", "throw", "return", "try", "switch", "var", "const", "import", "export",
            "debugger",
        ];
        if self.at(";") {
            return true;
        }
        if !self.at_name() {
            return false;
        }
        let next = self.peek();
        if self.at_word("async") {
            return next.is_ok_and(|next| self.text_of(next) == "function" && !next.after_newline);
        }
        if self.at_word("let") {
            return next.is_ok_and(|next| matches!(next.kind, Kind::Name | Kind::Punct("[" | "{")));
        }
        words.iter().any(|word| self.at_word(word))
    }

    /// A semicolon, or a place where one may be left out.
    pub(super) fn end_of_statement(&mut self) -> Parsed {
        if self.eat(";")? || self.at("}") || self.at_end() || self.token.after_newline { Ok(()) } else { self.unexpected() }
    }

    /// A block in braces, with a scope of its own.
    pub(super) fn block(&mut self) -> Parsed {
        let outer = self.bindings.enter(false);
        self.expect("{")?;
        while !self.at("}") {
            self.statement()?;
        }
        self.bindings.leave(outer);
        self.expect("}")
    }

    /// One statement.
    pub(super) fn statement(&mut self) -> Parsed {
        self.nested(|parser| match parser.token.kind {
            Kind::End => parser.unexpected(),
            Kind::Punct("{") => parser.block(),
            Kind::Punct(";") => parser.advance(),
            Kind::Name => parser.named_statement(),
            _ => parser.expression_statement(),
        })
    }

    fn expression_statement(&mut self) -> Parsed {
        self.expression()?;
        self.end_of_statement()
    }

    fn named_statement(&mut self) -> Parsed {
        match self.text_of(self.token) {
            "var" => self.declaration(Declare::Function),
            "const" => self.declaration(Declare::Block),
            "let" if self.at_statement() => self.declaration(Declare::Block),
            "function" => self.function_declaration(),
            "async" if self.at_statement() => self.function_declaration(),
            "class" => self.class_declaration(),
            "if" => self.conditional(),
            "for" => self.for_loop(),
            "while" | "with" => self.headed(),
            "do" => self.do_loop(),
            "switch" => self.switch(),
            "try" => self.try_statement(),
            "return" | "throw" => self.returned(),
            "break" | "continue" => self.jump(),
            "debugger" => {
                self.advance()?;
                self.end_of_statement()
            }
            _ if self.peek().is_ok_and(|next| next.kind == Kind::Punct(":")) => {
                self.advance()?;
                self.expect(":")?;
                self.statement()
            }
            _ => self.expression_statement(),
        }
    }

    fn declaration(&mut self, declare: Declare) -> Parsed {
        self.advance()?;
        self.declarators(declare, true)?;
        self.end_of_statement()
    }

    fn declarators(&mut self, declare: Declare, allow_in: bool) -> Parsed {
        loop {
            self.pattern(declare)?;
            if self.eat("=")? {
                self.assignment(allow_in)?;
            }
            if !self.eat(",")? {
                return Ok(());
            }
        }
    }

    fn in_parentheses(&mut self) -> Parsed {
        self.expect("(")?;
        self.expression()?;
        self.expect(")")
    }

    fn conditional(&mut self) -> Parsed {
        self.headed()?;
        if self.eat_word("else")? { self.statement() } else { Ok(()) }
    }

    /// `while (a) b`, and all that has the same form.
    fn headed(&mut self) -> Parsed {
        self.advance()?;
        self.in_parentheses()?;
        self.statement()
    }

    fn do_loop(&mut self) -> Parsed {
        self.advance()?;
        self.statement()?;
        if !self.eat_word("while")? {
            return self.unexpected();
        }
        self.in_parentheses()?;
        self.eat(";")?;
        Ok(())
    }

    fn for_loop(&mut self) -> Parsed {
        let outer = self.bindings.enter(false);
        self.advance()?;
        self.eat_word("await")?;
        self.expect("(")?;
        self.for_head()?;
        self.expect(")")?;
        self.statement()?;
        self.bindings.leave(outer);
        Ok(())
    }

    fn for_head(&mut self) -> Parsed {
        let start = self.token.start;
        match self.text_of(self.token) {
            ";" => {}
            "var" => {
                self.advance()?;
                self.declarators(Declare::Function, false)?;
            }
            "const" | "let" => {
                self.advance()?;
                self.declarators(Declare::Block, false)?;
            }
            _ => {
                let pattern = self.at("[") || self.at("{");
                self.expression_with(false)?;
                if self.at_word("of") || self.at_word("in") {
                    self.note_assignment(start, pattern);
                }
            }
        }
        if self.eat_word("of")? {
            return self.assignment(true);
        }
        if self.eat_word("in")? {
            return self.expression();
        }
        self.expect(";")?;
        if !self.at(";") {
            self.expression()?;
        }
        self.expect(";")?;
        if self.at(")") { Ok(()) } else { self.expression() }
    }

    fn switch(&mut self) -> Parsed {
        self.advance()?;
        self.in_parentheses()?;
        let outer = self.bindings.enter(false);
        self.expect("{")?;
        while !self.at("}") {
            if self.eat_word("case")? {
                self.expression()?;
                self.expect(":")?;
            } else if self.at_word("default") && self.peek()?.kind == Kind::Punct(":") {
                self.advance()?;
                self.expect(":")?;
            } else {
                self.statement()?;
            }
        }
        self.bindings.leave(outer);
        self.expect("}")
    }

    fn try_statement(&mut self) -> Parsed {
        self.advance()?;
        self.block()?;
        if self.eat_word("catch")? {
            let outer = self.bindings.enter(false);
            if self.eat("(")? {
                self.pattern(Declare::Block)?;
                self.expect(")")?;
            }
            self.block()?;
            self.bindings.leave(outer);
        }
        if self.eat_word("finally")? { self.block() } else { Ok(()) }
    }

    fn returned(&mut self) -> Parsed {
        self.advance()?;
        if !(self.at(";") || self.at("}") || self.at_end() || self.token.after_newline) {
            self.expression()?;
        }
        self.end_of_statement()
    }

    fn jump(&mut self) -> Parsed {
        self.advance()?;
        if self.at_name() && !self.token.after_newline {
            self.advance()?;
        }
        self.end_of_statement()
    }
}
