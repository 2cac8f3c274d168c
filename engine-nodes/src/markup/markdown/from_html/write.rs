//! Writes Markdown while it walks through a document.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::parse::{Document, Element, Node, NodeId, ROOT, decode};
use super::rules::{Kind, Place, Rule};
use super::{Options, finish};

/// Elements that count although they can hold nothing.
const CONTENTLESS: [&str; 3] = ["br", "hr", "img"];
/// How deep elements may lie within each other before what is in them is left out.
const MAX_DEPTH: usize = 400;

/// Where the walk is.
#[derive(Clone, Debug, Default)]
struct Context {
    place: Place,
    list: Option<List>,
    preformatted: bool,
    /// Text is written as it is.
    literal: bool,
    /// The caption of the table around.
    caption: Option<Rc<RefCell<Option<String>>>>,
    depth: usize,
}

#[derive(Clone, Debug)]
struct List {
    ordered: bool,
    depth: usize,
    /// The number of the last item.
    number: Rc<Cell<usize>>,
}

pub(super) struct Writer<'a> {
    document: &'a Document,
    options: &'a Options,
    text: String,
    /// Places that links at the end refer to.
    references: Vec<String>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(document: &'a Document, options: &'a Options) -> Self {
        Self { document, options, text: String::new(), references: Vec::new() }
    }

    pub(super) fn write(&mut self) {
        self.node(ROOT, &Context::default());
    }

    pub(super) fn finish(mut self) -> String {
        if self.options.references {
            if self.text.chars().next_back().is_some_and(|c| !matches!(c, '\r' | '\n')) {
                self.text.push('\n');
            }
            for (index, place) in self.references.iter().enumerate() {
                self.text.extend(["\n[", &(index + 1).to_string(), "]: ", place]);
            }
        }
        finish::document(&self.text, self.options.max_newlines)
    }

    /// Whether there is anything in a node to be written.
    fn counts(&self, id: NodeId, depth: usize) -> bool {
        match self.document.node(id) {
            Node::Text(_) => true,
            Node::Element(element) if CONTENTLESS.contains(&element.tag().as_str()) => true,
            Node::Element(element) if element.children.is_empty() => Rule::counts_when_empty(&element.tag()),
            Node::Element(element) => depth < MAX_DEPTH && element.children.iter().any(|child| self.counts(*child, depth + 1)),
        }
    }

    fn node(&mut self, id: NodeId, context: &Context) {
        let document = self.document;
        match document.node(id) {
            Node::Text(text) => self.plain_text(text, context),
            Node::Element(element) if context.depth < MAX_DEPTH && self.counts(id, context.depth) => self.element((id, element), context),
            Node::Element(_) => {}
        }
    }

    fn plain_text(&mut self, source: &str, context: &Context) {
        if context.preformatted {
            let text = decode(source);
            let text = if context.literal { text } else { finish::escaped(&text, self.options) };
            self.text.push_str(&text);
        } else if source.replace("&nbsp;", " ").chars().all(char::is_whitespace) {
            if self.text.chars().next_back().is_some_and(|c| !c.is_whitespace()) {
                self.text.push(' ');
            }
        } else {
            let text = collapsed(&decode(source));
            let text = if context.literal { text } else { finish::escaped(&text, self.options) };
            self.text.push_str(&text);
        }
    }

    fn children(&mut self, element: &'a Element, context: &Context) {
        let context = Context { depth: context.depth + 1, ..context.clone() };
        for child in &element.children {
            self.node(*child, &context);
        }
    }

    fn element(&mut self, (id, element): (NodeId, &'a Element), context: &Context) {
        let tag = element.tag();
        let context = entered(&tag, context);
        match Rule::of(&tag, context.place, self.options) {
            None => self.children(element, &context),
            Some(rule) if rule.ignored => {}
            Some(rule) => self.by_rule((id, element), rule, context),
        }
    }

    fn by_rule(&mut self, (id, element): (NodeId, &'a Element), rule: Rule, mut context: Context) {
        let start = self.text.len();
        self.newlines(rule.newlines);
        if let Some(content) = self.content_alone((id, element), rule.kind) {
            self.text.push_str(&content);
            return self.newlines(rule.newlines);
        }
        let frame = self.frame((id, element), rule.kind, &mut context);
        self.text.push_str(&frame.prefix);
        let inner = self.text.len();
        if rule.kind != Kind::NoImage {
            self.children(element, &context);
        }
        let written = self.text.get(inner..).unwrap_or_default();
        let finished = match self.finished(frame.kind, written, &context) {
            Finished::Gone => {
                if rule.kind == Kind::ListItem {
                    context.list.iter().for_each(|list| list.number.set(list.number.get().saturating_sub(1)));
                }
                return self.text.truncate(start);
            }
            Finished::AsItIs => None,
            Finished::Changed(text) => Some(text),
        };
        if let Some(finished) = finished {
            self.text.truncate(inner);
            // A mark that would grow longer by the one before it keeps its distance.
            let repeats = self.text.chars().next_back().is_some_and(|last| finished.starts_with(last));
            if repeats && matches!(frame.kind, Kind::Strong | Kind::Deleted | Kind::Emphasis | Kind::Code) && frame.prefix.is_empty() {
                self.text.push(' ');
            }
            self.text.push_str(&finished);
        }
        self.text.push_str(&frame.postfix);
        self.newlines(rule.newlines);
    }

    /// What an element is whose children do not count.
    fn content_alone(&self, (id, element): (NodeId, &Element), kind: Kind) -> Option<String> {
        match kind {
            Kind::LineBreak(content) | Kind::Rule(content) => Some(content.to_owned()),
            Kind::Image => Some(self.image(element)),
            Kind::Link => {
                let place = element.attribute("href").filter(|place| !place.is_empty())?;
                (self.document.text_of(id) == place).then(|| format!("<{}>", encoded(&place)))
            }
            _ => None,
        }
    }

    fn image(&self, element: &Element) -> String {
        let attribute = |name: &str| element.attribute(name).unwrap_or_default();
        let source = attribute("src");
        let is_data = source.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:"));
        if source.is_empty() || (is_data && !self.options.keep_data_images) {
            return String::new();
        }
        let title = Some(attribute("title")).filter(|title| !title.is_empty()).map(|title| format!(" \"{title}\"")).unwrap_or_default();
        format!("![{}]({source}{title})", attribute("alt"))
    }

    /// What stands before and behind the children, and how they are written.
    fn frame(&mut self, (id, element): (NodeId, &Element), kind: Kind, context: &mut Context) -> Frame {
        let mut frame = Frame { kind, prefix: String::new(), postfix: String::new() };
        match kind {
            Kind::Preformatted => context.literal = true,
            Kind::Heading(level) => frame.prefix = format!("{} ", "#".repeat(level)),
            Kind::BracketedHeading => (frame.prefix, frame.postfix) = ("[".to_owned(), "]".to_owned()),
            Kind::ListItem => frame.prefix = self.item_mark(context),
            Kind::Code => self.code_frame((id, element), &mut frame, context),
            Kind::Table => context.place = Place::Table,
            Kind::Caption => context.place = Place::Cell,
            Kind::Row => {
                context.place = Place::Row;
                (frame.prefix, frame.postfix) = ("| ".to_owned(), "\n".to_owned());
            }
            Kind::Cell => {
                context.place = Place::Cell;
                (frame.prefix, frame.postfix) = (" ".to_owned(), " |".to_owned());
            }
            Kind::Link => self.link_frame(element, &mut frame, context),
            _ => {}
        }
        frame
    }

    fn item_mark(&self, context: &Context) -> String {
        let Some(list) = &context.list else { return format!("{} ", self.options.bullet) };
        let indentation = "   ".repeat(list.depth);
        if list.ordered { format!("{indentation}{}. ", list.number.get()) } else { format!("{indentation}{} ", self.options.bullet) }
    }

    fn code_frame(&self, (id, element): (NodeId, &Element), frame: &mut Frame, context: &mut Context) {
        context.literal = true;
        let is_block = self.document.parent(id).is_some_and(|parent| parent.tag() == "pre" && parent.children.len() < 2);
        if !is_block {
            return;
        }
        context.place = Place::CodeBlock;
        if !self.options.fenced {
            frame.kind = Kind::IndentedCode;
            return;
        }
        frame.kind = Kind::Plain;
        let class = element.attribute("class").unwrap_or_default();
        let language =
            class.split_once("language-").and_then(|(_, rest)| rest.split_whitespace().next().filter(|_| !rest.starts_with(char::is_whitespace)));
        frame.prefix = format!("{}{}\n", self.options.code_fence, language.unwrap_or_default());
        frame.postfix = format!("\n{}", self.options.code_fence);
    }

    fn link_frame(&mut self, element: &Element, frame: &mut Frame, context: &mut Context) {
        let Some(place) = element.attribute("href").filter(|place| !place.is_empty()) else {
            frame.kind = Kind::Plain;
            return;
        };
        let place = encoded(&place);
        context.place = Place::Link;
        frame.prefix.push('[');
        frame.postfix = if self.options.references {
            format!("][{}]", self.reference(place))
        } else {
            let title = element.attribute("title").filter(|title| !title.is_empty()).map(|title| format!(" \"{title}\""));
            format!("]({place}{})", title.unwrap_or_default())
        };
    }

    /// The number of a place in the list at the end.
    fn reference(&mut self, place: String) -> usize {
        if let Some(index) = self.references.iter().position(|known| *known == place) {
            return index + 1;
        }
        self.references.push(place);
        self.references.len()
    }

    /// What becomes of the text of an element when it is complete.
    fn finished(&self, kind: Kind, text: &str, context: &Context) -> Finished {
        let depth = context.list.as_ref().map_or(0, |list| list.depth);
        let around = |mark: &str| Finished::Changed(finish::surround(text, mark));
        match kind {
            Kind::Strong | Kind::Deleted | Kind::Emphasis | Kind::ListItem if text.chars().all(char::is_whitespace) => Finished::Gone,
            Kind::Strong => around(&self.options.strong),
            Kind::Deleted => around("~~"),
            Kind::Emphasis => around(&self.options.emphasis),
            Kind::ListItem => Finished::Changed(finish::list_item(text, depth)),
            Kind::Quotation => Finished::Changed(finish::quotation(text)),
            Kind::Code => Finished::Changed(finish::code(text)),
            Kind::IndentedCode => Finished::Changed(finish::indented(text)),
            Kind::Link => Finished::Changed(finish::on_one_line(text)),
            Kind::Cell => Finished::Changed(finish::cell(text)),
            Kind::Row if !finish::has_cells(text) => Finished::Gone,
            Kind::Table => {
                let caption = context.caption.as_ref().and_then(|caption| caption.borrow().clone());
                finish::table(text, caption.as_deref()).map_or(Finished::Gone, Finished::Changed)
            }
            Kind::Caption => {
                let caption = finish::on_one_line(text).trim().to_owned();
                if let Some(kept) = context.caption.as_ref().filter(|_| !caption.is_empty()) {
                    kept.replace(Some(format!("__{caption}__")));
                }
                Finished::Gone
            }
            _ => Finished::AsItIs,
        }
    }

    /// Fills up to so many line breaks.
    fn newlines(&mut self, count: usize) {
        let there = self.text.chars().rev().take(10).take_while(|c| c.is_whitespace()).filter(|c| matches!(c, '\r' | '\n')).count();
        self.text.extend(std::iter::repeat_n('\n', count.saturating_sub(there)));
    }
}

/// What becomes of the text of an element when it is complete.
enum Finished {
    AsItIs,
    Changed(String),
    /// The element leaves nothing behind.
    Gone,
}

struct Frame {
    kind: Kind,
    prefix: String,
    postfix: String,
}

/// The context within an element.
fn entered(tag: &str, context: &Context) -> Context {
    let mut context = context.clone();
    match tag {
        "ul" | "ol" => {
            let depth = context.list.as_ref().map_or(0, |list| list.depth + 1);
            context.list = Some(List { ordered: tag == "ol", depth, number: Rc::default() });
        }
        "li" => context.list.iter().for_each(|list| list.number.set(list.number.get() + 1)),
        "pre" => context.preformatted = true,
        "table" => context.caption = Some(Rc::default()),
        _ => {}
    }
    context
}

/// Characters that would end a link too early.
fn encoded(place: &str) -> String {
    place.replace('(', "%28").replace(')', "%29").replace('_', "%5F").replace('*', "%2A")
}

/// A text whose blanks are single; of those at its ends one stays when it is on the line of the text.
fn collapsed(text: &str) -> String {
    let trimmed = text.trim();
    let on_line = |c: Option<char>| c.is_some_and(|c| c.is_whitespace() && !matches!(c, '\r' | '\n'));
    let start = text.len() - text.trim_start().len();
    let (before, rest) = text.split_at(start);
    let mut made = String::with_capacity(text.len());
    if on_line(before.chars().next_back()) {
        made.push(' ');
    }
    let mut words = trimmed.split_whitespace();
    made.push_str(words.next().unwrap_or_default());
    for word in words {
        made.push(' ');
        made.push_str(word);
    }
    if on_line(rest.strip_prefix(trimmed).and_then(|rest| rest.chars().next())) {
        made.push(' ');
    }
    made
}
