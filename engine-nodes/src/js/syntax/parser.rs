//! The state of the parser, and what it is asked for: rewriting an expression, and finding the names that a body of code assigns without declaring.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use super::bindings::Bindings;
use super::edits::Edits;
use super::extensions::{is_global, is_reserved_name, is_unsafe_name};
use super::lexer::{BadToken, Kind, Lexer, Token};

/// How deep expressions and statements may be nested.
const MAX_DEPTH: usize = 200;

/// Why a source cannot be taken.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::js) enum Problem {
    /// It is no JavaScript, or not of the kind that was asked for.
    Syntax(String),
    /// It names what scripts may not reach.
    Forbidden(String),
}

impl From<BadToken> for Problem {
    fn from(_: BadToken) -> Self {
        Self::Syntax("unexpected character".to_owned())
    }
}

pub(super) type Parsed<T = ()> = Result<T, Problem>;

/// An expression as it is handed to QuickJS.
#[derive(Debug)]
pub(in crate::js) struct Rewritten {
    /// The code of the expression. It uses the names of the prelude: see `extensions`.
    pub(in crate::js) code: String,
    /// It may build what QuickJS handles in long loops that cannot be interrupted, so it belongs on a thread of its own.
    pub(in crate::js) wild: bool,
}

/// Rewrites the first expression of the source.
pub(in crate::js) fn rewrite_expression(source: &str) -> Parsed<Rewritten> {
    let mut parser = Parser::new(source, true)?;
    if parser.at_end() || parser.at_statement() {
        return Err(Problem::Syntax("invalid syntax: an expression is expected".to_owned()));
    }
    let start = parser.token.start;
    parser.expression()?;
    let end = parser.last_end;
    parser.rest_of_program()?;
    let wild = parser.wild;
    let code = parser.finish(end);
    Ok(Rewritten { code: code.get(start..).unwrap_or_default().to_owned(), wild })
}

/// The names that the body of a function assigns, but neither it nor the surroundings declare. `None` when the body is not understood.
pub(in crate::js) fn assigned_globals(body: &str) -> Option<BTreeSet<String>> {
    let mut parser = Parser::new(body, false).ok()?;
    parser.within = Within { function: true, asynchronous: true, generator: false };
    while !parser.at_end() {
        parser.statement().ok()?;
    }
    Some(
        parser
            .bindings
            .free()
            .filter(|reference| reference.assigned && !is_global(&reference.name))
            .map(|reference| reference.name.clone())
            .collect(),
    )
}

/// What kind of function a piece of code stands in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Within {
    /// One that has its own `this` and `arguments`.
    pub(super) function: bool,
    /// One in which `await` is an operator.
    pub(super) asynchronous: bool,
    /// One in which `yield` is an operator.
    pub(super) generator: bool,
}

/// A recursive-descent parser that builds no tree: it notes names and changes as it goes.
#[derive(Debug)]
pub(super) struct Parser<'s> {
    source: &'s str,
    lexer: Lexer<'s>,
    pub(super) token: Token,
    /// Where the token before the current one ended.
    pub(super) last_end: usize,
    pub(super) edits: Edits,
    pub(super) bindings: Bindings,
    /// Whether names, calls and property accesses are to be changed.
    pub(super) rewriting: bool,
    pub(super) wild: bool,
    /// The rules of the function that is being read.
    pub(super) within: Within,
    /// Opening parentheses that were tried as parameters of an arrow function, and are none.
    pub(super) no_arrows: HashSet<usize>,
    /// What was wrong with parameters that may turn out to be an expression.
    pub(super) forbidden_parameter: Option<String>,
    pub(super) temporaries: usize,
    depth: usize,
}

/// A state to go back to.
pub(super) struct Mark {
    token: Token,
    last_end: usize,
    edits: usize,
    bindings: (usize, usize, super::bindings::ScopeId),
    within: Within,
    depth: usize,
}

impl<'s> Parser<'s> {
    fn new(source: &'s str, rewriting: bool) -> Parsed<Self> {
        let lexer = Lexer::new(source);
        let token = lexer.token(0)?;
        Ok(Self {
            source,
            lexer,
            token,
            last_end: 0,
            edits: Edits::default(),
            bindings: Bindings::new(),
            rewriting,
            wild: false,
            within: Within::default(),
            no_arrows: HashSet::new(),
            forbidden_parameter: None,
            temporaries: 0,
            depth: 0,
        })
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            token: self.token,
            last_end: self.last_end,
            edits: self.edits.mark(),
            bindings: self.bindings.mark(),
            within: self.within,
            depth: self.depth,
        }
    }

    pub(super) fn rewind(&mut self, mark: &Mark) {
        self.token = mark.token;
        self.last_end = mark.last_end;
        self.edits.rewind(mark.edits);
        self.bindings.rewind(mark.bindings);
        self.within = mark.within;
        self.depth = mark.depth;
    }

    /// Runs a step one level deeper.
    pub(super) fn nested<T>(&mut self, step: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            return Err(Problem::Syntax("the code is nested too deeply".to_owned()));
        }
        self.depth += 1;
        let done = step(self);
        self.depth -= 1;
        done
    }

    pub(super) fn advance(&mut self) -> Parsed {
        self.last_end = self.token.end;
        self.token = self.lexer.token(self.token.end)?;
        Ok(())
    }

    /// The token behind the current one.
    pub(super) fn peek(&self) -> Parsed<Token> {
        self.after(self.token)
    }

    /// The token behind another.
    pub(super) fn after(&self, token: Token) -> Parsed<Token> {
        Ok(self.lexer.token(token.end)?)
    }

    pub(super) fn at_end(&self) -> bool {
        self.token.kind == Kind::End
    }

    pub(super) fn at(&self, punct: &str) -> bool {
        matches!(self.token.kind, Kind::Punct(found) if found == punct)
    }

    /// Takes the punctuator when it stands here.
    pub(super) fn eat(&mut self, punct: &str) -> Parsed<bool> {
        if self.at(punct) {
            self.advance()?;
            return Ok(true);
        }
        Ok(false)
    }

    pub(super) fn expect(&mut self, punct: &str) -> Parsed {
        if self.eat(punct)? { Ok(()) } else { self.unexpected() }
    }

    pub(super) fn unexpected<T>(&self) -> Parsed<T> {
        if let (true, Some(message)) = (self.at("=>"), &self.forbidden_parameter) {
            return Err(Problem::Forbidden(message.clone()));
        }
        let found = if self.at_end() { "the end" } else { self.text_of(self.token) };
        Err(Problem::Syntax(format!("invalid syntax: unexpected {found}")))
    }

    pub(super) fn text_of(&self, token: Token) -> &'s str {
        self.lexer.text(token.start, token.end)
    }

    pub(super) fn text_between(&self, start: usize, end: usize) -> &'s str {
        self.lexer.text(start, end)
    }

    pub(super) fn at_name(&self) -> bool {
        self.token.kind == Kind::Name
    }

    /// True at this keyword, written without escapes.
    pub(super) fn at_word(&self, word: &str) -> bool {
        self.at_name() && self.text_of(self.token) == word
    }

    pub(super) fn eat_word(&mut self, word: &str) -> Parsed<bool> {
        if self.at_word(word) {
            self.advance()?;
            return Ok(true);
        }
        Ok(false)
    }

    pub(super) fn name_of(&self, token: Token) -> Cow<'s, str> {
        self.lexer.name(token)
    }

    /// The end of a template's text from `from` on, or of its part up to `${`.
    pub(super) fn template_text(&self, from: usize) -> Parsed<(usize, bool)> {
        Ok(self.lexer.template_text(from)?)
    }

    /// Goes on behind `end`, a place within a template.
    pub(super) fn resume(&mut self, end: usize) -> Parsed {
        self.last_end = end;
        self.token = self.lexer.token(end)?;
        Ok(())
    }

    pub(super) fn rescan_regex(&mut self) -> Parsed {
        self.token = self.lexer.regex(self.token)?;
        Ok(())
    }

    /// Refuses names of properties that lead out of the sandbox.
    pub(super) fn check_property(&self, name: &str) -> Parsed {
        if !self.rewriting || !is_unsafe_name(name) {
            return Ok(());
        }
        Err(Problem::Forbidden(match name {
            "constructor" => "Expression contains invalid constructor function call".to_owned(),
            _ => format!("Cannot access \"{name}\" due to security concerns"),
        }))
    }

    /// Refuses names that the rewritten code uses itself.
    pub(super) fn check_binding(&self, name: &str) -> Parsed {
        if self.rewriting && is_reserved_name(name) {
            return Err(Problem::Forbidden(format!("Cannot use \"{name}\" due to security concerns")));
        }
        Ok(())
    }

    /// What follows the first expression must be JavaScript as well, though it has no effect.
    fn rest_of_program(&mut self) -> Parsed {
        self.end_of_statement()?;
        while !self.at_end() {
            self.statement()?;
        }
        Ok(())
    }

    fn finish(mut self, end: usize) -> String {
        for reference in self.bindings.free() {
            if is_global(&reference.name) {
                continue;
            }
            let replacement = if reference.shorthand { format!("{0}: __e_s.{0}", reference.name) } else { format!("__e_s.{}", reference.name) };
            self.edits.replace(reference.start, reference.end, replacement);
        }
        self.edits.apply(self.source, end)
    }
}
