//! Chains: `a.b[c](d)?.e`. Here calls of extension functions are found and turned into calls of the dispatcher.

use super::extensions::{is_extension, is_plain_receiver};
use super::lexer::Kind;
use super::parser::{Parsed, Parser};

/// A step of a chain: where it begins, and what it is.
#[derive(Debug)]
struct Link {
    /// Where the step's first token starts.
    start: usize,
    /// `?.` begins it.
    optional: bool,
    kind: LinkKind,
}

#[derive(Debug)]
enum LinkKind {
    /// `.name`; where the name starts.
    Member { name: String, at: usize },
    /// `[key]`; where the bracket opens and closes.
    Index { open: usize, close: usize },
    /// `(arguments)`; where the parentheses open and close.
    Call { open: usize, close: usize },
    /// A template after its tag.
    Template,
}

/// Methods by which a script can build things that QuickJS's own loops do not come to the end of in time.
const WILD_METHODS: &[&str] = &["call", "apply", "bind", "repeat", "padStart", "padEnd", "assign", "fromEntries", "fill", "copyWithin", "from", "of"];

impl Parser<'_> {
    /// A primary expression and all that is accessed and called on it.
    pub(super) fn chain(&mut self) -> Parsed {
        let start = self.token.start;
        let head = if self.at_name() { self.text_of(self.token) } else { "" };
        if head == "$if" && self.rewriting && self.peek()?.kind == Kind::Punct("(") {
            self.conditional_call()?;
        } else if head == "import" {
            return self.unexpected();
        } else {
            self.primary()?;
        }
        self.wild |= head == "Array" && self.at("(");
        let mut links = Vec::new();
        while let Some(link) = self.link()? {
            links.push(link);
        }
        if self.rewriting {
            self.rewrite_chain(start, is_plain_receiver(head), &links);
        }
        Ok(())
    }

    /// What may stand between `new` and its arguments.
    pub(super) fn callee_of_new(&mut self) -> Parsed {
        loop {
            match self.token.kind {
                Kind::Punct(".") => drop(self.member(false)?),
                Kind::Punct("[") => drop(self.index()?),
                _ => return Ok(()),
            }
        }
    }

    fn link(&mut self) -> Parsed<Option<Link>> {
        let start = self.token.start;
        let optional = self.at("?.");
        let kind = match self.token.kind {
            Kind::Punct(".") => self.member(false)?,
            Kind::Punct("?.") => {
                self.advance()?;
                match self.token.kind {
                    Kind::Punct("(") => self.call()?,
                    Kind::Punct("[") => self.index()?,
                    _ => self.member(true)?,
                }
            }
            Kind::Punct("[") => self.index()?,
            Kind::Punct("(") => self.call()?,
            Kind::Template => {
                self.template()?;
                LinkKind::Template
            }
            _ => return Ok(None),
        };
        Ok(Some(Link { start, optional, kind }))
    }

    fn member(&mut self, behind_optional: bool) -> Parsed<LinkKind> {
        if !behind_optional {
            self.expect(".")?;
        }
        let at = self.token.start;
        if self.token.kind == Kind::PrivateName {
            self.advance()?;
            return Ok(LinkKind::Member { name: String::new(), at });
        }
        if !self.at_name() {
            return self.unexpected();
        }
        let name = self.name_of(self.token).into_owned();
        self.check_property(&name)?;
        self.wild |= WILD_METHODS.contains(&name.as_str());
        self.advance()?;
        Ok(LinkKind::Member { name, at })
    }

    fn index(&mut self) -> Parsed<LinkKind> {
        let open = self.token.start;
        self.expect("[")?;
        self.checked_key()?;
        let close = self.token.start;
        self.expect("]")?;
        Ok(LinkKind::Index { open, close })
    }

    /// The expression of a computed property name, with a check around it unless it is plainly harmless.
    pub(super) fn checked_key(&mut self) -> Parsed {
        let token = self.token;
        self.nested(Self::expression)?;
        let end = self.last_end;
        if !self.rewriting {
            return Ok(());
        }
        let alone = token.end == end;
        match token.kind {
            Kind::Number { .. } if alone => {}
            Kind::Text if alone && !self.text_of(token).contains('\\') => {
                let name = self.text_of(token).trim_matches(['"', '\'']).to_owned();
                self.check_property(&name)?;
            }
            _ => {
                self.edits.open(token.start, "__e_k((");
                self.edits.close(end, "))");
            }
        }
        Ok(())
    }

    fn call(&mut self) -> Parsed<LinkKind> {
        let open = self.token.start;
        self.arguments()?;
        Ok(LinkKind::Call { open, close: self.last_end - 1 })
    }

    /// Arguments in their parentheses.
    pub(super) fn arguments(&mut self) -> Parsed {
        self.expect("(")?;
        while !self.at(")") {
            self.eat("...")?;
            self.assignment(true)?;
            if !self.at(")") {
                self.expect(",")?;
            }
        }
        self.expect(")")
    }

    /// `$if(test, a, b)`, which becomes `((test)?(a):(b))`. Calls with too few arguments, or too many, are left to the function of that name.
    fn conditional_call(&mut self) -> Parsed {
        let mark = self.mark();
        let name = self.token;
        self.advance()?;
        self.expect("(")?;
        let mut commas = Vec::new();
        while !self.at(")") && !self.at("...") {
            self.assignment(true)?;
            if !self.at(",") {
                break;
            }
            commas.push(self.token);
            self.advance()?;
        }
        let trailing = commas.last().is_some_and(|comma| comma.end == self.last_end);
        let end = match (self.at(")") && !trailing, commas.len()) {
            (true, 1) => "):(false))",
            (true, 2) => "))",
            _ => {
                self.rewind(&mark);
                return self.primary();
            }
        };
        self.edits.replace(name.start, name.end, "(");
        for (comma, text) in commas.iter().zip([")?(", "):("]) {
            self.edits.replace(comma.start, comma.end, text);
        }
        self.edits.replace(self.token.start, self.token.end, end);
        self.advance()
    }

    /// Turns the calls of extension functions in a chain into calls of the dispatcher, and what is optional before them into cuts.
    fn rewrite_chain(&mut self, start: usize, plain_head: bool, links: &[Link]) {
        let calls: Vec<usize> = (0..links.len()).filter(|at| extension_call(links, *at) && !(plain_head && *at == 0)).collect();
        let Some(last) = calls.last().copied() else { return };
        let mut work = ChainWork { start, segments: vec![Segment::default()] };
        let mut at = 0;
        while let Some(link) = links.get(at) {
            let next = links.get(at + 1);
            at += 1;
            if calls.contains(&(at - 1)) {
                self.dispatch(&mut work, link, next);
                at += 1;
            } else if let Some(call) = next.filter(|next| next.optional && at < last && next.is_call() && link.is_access()) {
                if link.optional {
                    self.cut(&mut work, link);
                }
                self.cut_method(&mut work, link, call);
                at += 1;
            } else if link.optional && at <= last {
                self.cut(&mut work, link);
            }
        }
        let end = self.last_end;
        work.emit(self, end);
    }

    /// `x?.y` becomes `__e_o(x, t => t.y)`: all that follows is within the function.
    fn cut(&mut self, work: &mut ChainWork, link: &Link) {
        let (dot, end) = match &link.kind {
            LinkKind::Member { at, .. } => (".", *at),
            LinkKind::Index { open, .. } | LinkKind::Call { open, .. } => ("", *open),
            LinkKind::Template => return,
        };
        let name = self.temporary();
        work.open("__e_o(");
        work.segments.push(Segment {
            place: Some((link.start, end)),
            before: format!(",{name}=>"),
            opened: String::new(),
            after: format!("{name}{dot}"),
        });
    }

    /// `x.m?.(a)` becomes `__e_m(x, "m", (t, f) => f.call(t, a))`.
    fn cut_method(&mut self, work: &mut ChainWork, member: &Link, call: &Link) {
        let LinkKind::Call { open, .. } = call.kind else { return };
        let (this, function) = (self.temporary(), self.temporary());
        work.open("__e_m(");
        let after = format!("{function}.call({this},");
        let (from, key) = match &member.kind {
            LinkKind::Member { name, at } => (if member.optional { *at } else { member.start }, format!(",{name:?}")),
            LinkKind::Index { open: bracket, close } => {
                self.edits.replace(*bracket, bracket + 1, ",");
                (*close, String::new())
            }
            _ => return,
        };
        let before = format!("{key},({this},{function})=>");
        work.segments.push(Segment { place: Some((from, open + 1)), before, opened: String::new(), after });
    }

    /// `x.first(a)` becomes `__e_x(x, "first", [a])`.
    fn dispatch(&mut self, work: &mut ChainWork, member: &Link, call: Option<&Link>) {
        let (LinkKind::Member { name, .. }, Some(Link { kind: LinkKind::Call { open, close }, .. })) = (&member.kind, call) else { return };
        let rest = format!(",{name:?},[");
        if member.optional {
            let value = self.temporary();
            work.open("__e_o(");
            let segment = Segment {
                place: Some((member.start, open + 1)),
                before: format!(",{value}=>"),
                opened: String::new(),
                after: format!("{value}{rest}"),
            };
            work.segments.push(segment);
        } else {
            self.edits.replace(member.start, open + 1, rest);
        }
        work.open("__e_x(");
        self.edits.replace(*close, close + 1, "])");
    }

    fn temporary(&mut self) -> String {
        self.temporaries += 1;
        format!("__e_{}", self.temporaries)
    }
}

/// The parts into which cuts divide a chain: each but the first is the body of a function.
struct ChainWork {
    start: usize,
    segments: Vec<Segment>,
}

#[derive(Default)]
struct Segment {
    /// What the segment's first text stands in place of; the chain's start for the first.
    place: Option<(usize, usize)>,
    before: String,
    /// Calls that enclose what is in the segment so far.
    opened: String,
    after: String,
}

impl ChainWork {
    fn open(&mut self, call: &str) {
        if let Some(segment) = self.segments.last_mut() {
            segment.opened.insert_str(0, call);
        }
    }

    fn emit(self, parser: &mut Parser<'_>, end: usize) {
        let cuts = self.segments.len() - 1;
        for segment in self.segments {
            match segment.place {
                None => parser.edits.open(self.start, segment.opened),
                Some((from, to)) => parser.edits.replace(from, to, format!("{}{}{}", segment.before, segment.opened, segment.after)),
            }
        }
        parser.edits.close(end, ")".repeat(cuts));
    }
}

impl Link {
    fn is_call(&self) -> bool {
        matches!(self.kind, LinkKind::Call { .. })
    }

    fn is_access(&self) -> bool {
        matches!(&self.kind, LinkKind::Index { .. } | LinkKind::Member { .. })
    }
}

/// True where a member that names an extension function is called.
fn extension_call(links: &[Link], at: usize) -> bool {
    let (Some(member), Some(call)) = (links.get(at), links.get(at + 1)) else { return false };
    matches!(&member.kind, LinkKind::Member { name, .. } if is_extension(name)) && call.is_call()
}
