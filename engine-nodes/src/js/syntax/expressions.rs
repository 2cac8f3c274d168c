//! Expressions: operators, literals, and what stands at the head of a chain of accesses and calls.

use super::lexer::Kind;
use super::parser::{Parsed, Parser};

const ASSIGNMENTS: &[&str] = &["=", "+=", "-=", "*=", "/=", "%=", "**=", "<<=", ">>=", ">>>=", "&=", "|=", "^=", "&&=", "||=", "??="];
const BINARY: &[&str] =
    &["??", "||", "&&", "|", "^", "&", "==", "!=", "===", "!==", "<", ">", "<=", ">=", "<<", ">>", ">>>", "+", "-", "*", "/", "%", "**"];
const UNARY_WORDS: &[&str] = &["typeof", "void", "delete"];
/// Words that begin no expression.
const NOT_EXPRESSIONS: &[&str] = &[
    "var",
    "const",
    "if",
    "else",
    "for",
    "while",
    "do",
    "switch",
    "case",
    "default",
    "try",
    "catch",
    "finally",
    "throw",
    "return",
    "break",
    "continue",
    "import",
    "export",
    "in",
    "instanceof",
    "with",
    "debugger",
    "enum",
    "extends",
];

impl Parser<'_> {
    /// An expression with commas.
    pub(super) fn expression(&mut self) -> Parsed {
        self.expression_with(true)
    }

    /// An expression with commas; without `in` as an operator in the head of a `for`.
    pub(super) fn expression_with(&mut self, allow_in: bool) -> Parsed {
        self.assignment(allow_in)?;
        while self.eat(",")? {
            self.assignment(allow_in)?;
        }
        Ok(())
    }

    /// An expression without commas.
    pub(super) fn assignment(&mut self, allow_in: bool) -> Parsed {
        self.nested(|parser| {
            if parser.arrow_function()? {
                return Ok(());
            }
            if parser.within.generator && parser.eat_word("yield")? {
                return parser.yielded(allow_in);
            }
            let start = parser.token.start;
            let literal = parser.at("[") || parser.at("{");
            parser.binary(allow_in)?;
            if parser.eat("?")? {
                parser.assignment(true)?;
                parser.expect(":")?;
                return parser.assignment(allow_in);
            }
            let Kind::Punct(operator) = parser.token.kind else { return Ok(()) };
            if !ASSIGNMENTS.contains(&operator) {
                return Ok(());
            }
            let length = parser.note_assignment(start, literal);
            parser.advance()?;
            let value = parser.token.start;
            parser.assignment(allow_in)?;
            if length && parser.rewriting {
                parser.edits.open(value, "__e_l(");
                parser.edits.close(parser.last_end, ")");
            }
            Ok(())
        })
    }

    fn yielded(&mut self, allow_in: bool) -> Parsed {
        let ends = self.token.after_newline || self.at_end() || [")", "]", "}", ",", ";", ":"].iter().any(|punct| self.at(punct));
        if ends {
            return Ok(());
        }
        self.eat("*")?;
        self.assignment(allow_in)
    }

    /// Notes that what was read from `start` on is assigned to: a name, or the names in a pattern. True for the length of something.
    pub(super) fn note_assignment(&mut self, start: usize, pattern: bool) -> bool {
        let end = self.last_end;
        let text = self.text_between(start, end);
        if pattern || text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            self.bindings.assign(start, end);
        } else {
            // Growing arrays by hand is how to build what natives cannot be stopped on.
            self.wild = true;
        }
        text.contains("length")
    }

    /// Operators between operands; their order does not matter here.
    fn binary(&mut self, allow_in: bool) -> Parsed {
        if self.token.kind == Kind::PrivateName {
            self.advance()?;
        } else {
            self.unary()?;
        }
        loop {
            let operator = match self.token.kind {
                Kind::Punct(punct) => BINARY.contains(&punct),
                Kind::Name => self.at_word("instanceof") || (allow_in && self.at_word("in")),
                _ => false,
            };
            if !operator {
                return Ok(());
            }
            self.advance()?;
            self.unary()?;
        }
    }

    fn unary(&mut self) -> Parsed {
        let mut prefixes = 0;
        loop {
            let prefix = match self.token.kind {
                Kind::Punct(punct) => ["!", "~", "+", "-"].contains(&punct),
                Kind::Name => UNARY_WORDS.contains(&self.text_of(self.token)) || (self.within.asynchronous && self.at_word("await")),
                _ => false,
            };
            if prefix {
                self.advance()?;
            } else if self.at("++") || self.at("--") {
                self.advance()?;
                let start = self.token.start;
                self.chain()?;
                self.note_assignment(start, false);
                return Ok(());
            } else {
                break;
            }
            prefixes += 1;
            if prefixes > 100 {
                return self.unexpected();
            }
        }
        let start = self.token.start;
        self.chain()?;
        if (self.at("++") || self.at("--")) && !self.token.after_newline {
            self.note_assignment(start, false);
            self.advance()?;
        }
        Ok(())
    }

    /// What a chain begins with. Gives the text of a plain name.
    pub(super) fn primary(&mut self) -> Parsed {
        match self.token.kind {
            Kind::Number { big } => {
                self.wild |= big;
                self.advance()
            }
            Kind::Text => self.advance(),
            Kind::Template => self.template(),
            Kind::Name => self.named(),
            Kind::Punct("(") => self.parenthesised(),
            Kind::Punct("[") => self.array(),
            Kind::Punct("{") => self.object(),
            Kind::Punct("/" | "/=") => {
                self.rescan_regex()?;
                self.advance()
            }
            _ => self.unexpected(),
        }
    }

    fn parenthesised(&mut self) -> Parsed {
        self.expect("(")?;
        self.expression()?;
        self.expect(")")
    }

    fn named(&mut self) -> Parsed {
        let word = self.text_of(self.token);
        match word {
            "function" => return self.function_expression(false),
            "class" => return self.class(),
            "new" => return self.construction(),
            "this" => return self.this(),
            "super" | "null" | "true" | "false" => return self.advance(),
            "async" => {
                let next = self.peek()?;
                if next.kind == Kind::Name && self.text_of(next) == "function" && !next.after_newline {
                    self.advance()?;
                    return self.function_expression(true);
                }
            }
            _ if NOT_EXPRESSIONS.contains(&word) => return self.unexpected(),
            _ => {}
        }
        self.reference()
    }

    /// A name that stands for a value.
    fn reference(&mut self) -> Parsed {
        let token = self.token;
        let name = self.name_of(token).into_owned();
        self.check_binding(&name)?;
        if name == "arguments" && self.within.function {
            return self.advance();
        }
        if name == "BigInt" || name.ends_with("Array") && name.len() > "Array".len() || name.ends_with("ArrayBuffer") {
            self.wild = true;
        }
        self.bindings.refer(&name, token.start, token.end);
        self.advance()
    }

    fn this(&mut self) -> Parsed {
        if self.rewriting {
            let text = if self.within.function { "__e_t(this)" } else { "__e_s" };
            self.edits.replace(self.token.start, self.token.end, text);
        }
        self.advance()
    }

    /// `new X(...)`, `new.target`.
    fn construction(&mut self) -> Parsed {
        self.advance()?;
        if self.eat(".")? {
            return self.advance();
        }
        if self.at_word("new") {
            self.nested(Self::construction)?;
        } else {
            self.wild |= self.at_word("Array");
            self.primary()?;
        }
        self.callee_of_new()?;
        if self.at("(") {
            self.arguments()?;
        }
        Ok(())
    }

    /// The rest of a template, from its opening back quote on.
    pub(super) fn template(&mut self) -> Parsed {
        let mut from = self.token.end;
        loop {
            let (end, substitution) = self.template_text(from)?;
            self.resume(end)?;
            if !substitution {
                return Ok(());
            }
            self.nested(Self::expression)?;
            if !self.at("}") {
                return self.unexpected();
            }
            from = self.token.end;
        }
    }

    fn array(&mut self) -> Parsed {
        self.expect("[")?;
        while !self.at("]") {
            if self.eat(",")? {
                continue;
            }
            self.eat("...")?;
            self.assignment(true)?;
            if !self.at("]") {
                self.expect(",")?;
            }
        }
        self.expect("]")
    }

    fn object(&mut self) -> Parsed {
        self.expect("{")?;
        while !self.at("}") {
            self.property()?;
            if !self.at("}") {
                self.expect(",")?;
            }
        }
        self.expect("}")
    }

    fn property(&mut self) -> Parsed {
        if self.eat("...")? {
            return self.assignment(true);
        }
        let method = self.method_modifiers()?;
        let key = self.token;
        let named = key.kind == Kind::Name;
        // Objects that say how long they are can pass for endless arrays.
        self.wild |= self.text_of(key).contains("length");
        self.property_key()?;
        if self.at("(") || method.any {
            return self.method(method);
        }
        if self.eat(":")? {
            return self.assignment(true);
        }
        if !named {
            return self.unexpected();
        }
        let name = self.name_of(key).into_owned();
        self.check_binding(&name)?;
        self.bindings.refer_shorthand(&name, key.start, key.end);
        // `{a = 1} = b`, the only place where this may stand.
        if self.eat("=")? { self.assignment(true) } else { Ok(()) }
    }

    /// The key of a property: a name, a text, a number, or an expression in brackets.
    pub(super) fn property_key(&mut self) -> Parsed {
        match self.token.kind {
            Kind::Name | Kind::Text | Kind::PrivateName | Kind::Number { .. } => self.advance(),
            Kind::Punct("[") => {
                self.advance()?;
                self.nested(Self::expression)?;
                self.expect("]")
            }
            _ => self.unexpected(),
        }
    }
}
