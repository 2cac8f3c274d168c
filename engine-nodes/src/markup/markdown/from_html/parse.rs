//! A lenient reading of HTML: what is written, not what a browser would make of it. node-html-parser reads so, and n8n converts what it reads.

use std::sync::LazyLock;

use regex::Regex;

/// Elements that hold nothing.
const VOID: [&str; 14] = ["area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "embed", "param", "track", "wbr"];
/// Elements whose text is dropped.
const DROPPED: [&str; 3] = ["script", "noscript", "style"];

/// A node by its place in the document.
pub(super) type NodeId = usize;

/// The root of a document.
pub(super) const ROOT: NodeId = 0;

/// An element or a text.
#[derive(Debug)]
pub(super) enum Node {
    Element(Element),
    /// As it is written, entities and all.
    Text(String),
}

#[derive(Debug, Default)]
pub(super) struct Element {
    /// As it is written.
    name: String,
    attributes: String,
    parent: Option<NodeId>,
    pub(super) children: Vec<NodeId>,
}

/// What was read.
#[derive(Debug)]
pub(super) struct Document {
    nodes: Vec<Node>,
}

/// A tag, and where it lies.
struct Tag<'t> {
    start: usize,
    end: usize,
    closes: bool,
    name: &'t str,
    attributes: &'t str,
    closed: bool,
}

impl Element {
    /// The name in lower case.
    pub(super) fn tag(&self) -> String {
        self.name.to_ascii_lowercase()
    }

    pub(super) fn attribute(&self, wanted: &str) -> Option<String> {
        static ATTRIBUTE: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r#"([a-zA-Z()\[\]#@$.?:][a-zA-Z0-9\-_:()\[\]#]*)(?:\s*=\s*(?:'([^']*)'|"([^"]*)"|(\S+)))?"#).ok());
        let found = ATTRIBUTE.as_ref()?.captures_iter(&self.attributes).find(|found| found[1].eq_ignore_ascii_case(wanted))?;
        let value = [2, 3, 4].into_iter().find_map(|group| found.get(group)).map_or("", |value| value.as_str());
        Some(decode(value))
    }
}

impl Document {
    pub(super) fn parse(html: &str) -> Self {
        let mut reader = Reader { document: Self { nodes: vec![Node::Element(Element::default())] }, open: vec![ROOT], link: None };
        let mut at = 0;
        while let Some((start, found)) = next_markup(html, at) {
            reader.text(html.get(at..start).unwrap_or_default());
            at = match found {
                Markup::Comment(end) => end,
                Markup::Tag(tag) => reader.tag(html, &tag),
            };
        }
        reader.text(html.get(at..).unwrap_or_default());
        reader.finish()
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    pub(super) fn element(&self, id: NodeId) -> Option<&Element> {
        match &self.nodes[id] {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        }
    }

    pub(super) fn parent(&self, id: NodeId) -> Option<&Element> {
        self.element(self.element(id)?.parent?)
    }

    /// All text within a node, with its entities resolved.
    pub(super) fn text_of(&self, id: NodeId) -> String {
        match self.node(id) {
            Node::Text(text) => decode(text),
            Node::Element(element) => element.children.iter().map(|child| self.text_of(*child)).collect(),
        }
    }

    fn element_mut(&mut self, id: NodeId) -> Option<&mut Element> {
        match &mut self.nodes[id] {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        }
    }

    fn append(&mut self, parent: NodeId, child: NodeId) {
        if let Some(element) = self.element_mut(child) {
            element.parent = Some(parent);
        }
        if let Some(element) = self.element_mut(parent) {
            element.children.push(child);
        }
    }
}

/// Builds a document, tag by tag.
struct Reader {
    document: Document,
    open: Vec<NodeId>,
    /// How many elements were open when the link began that is not closed yet.
    link: Option<usize>,
}

impl Reader {
    fn current(&self) -> NodeId {
        self.open.last().copied().unwrap_or(ROOT)
    }

    fn current_name(&self) -> &str {
        self.document.element(self.current()).map_or("", |element| &element.name)
    }

    fn add(&mut self, node: Node) -> NodeId {
        let id = self.document.nodes.len();
        self.document.nodes.push(node);
        self.document.append(self.current(), id);
        id
    }

    fn text(&mut self, text: &str) {
        if !text.is_empty() {
            self.add(Node::Text(text.to_owned()));
        }
    }

    /// Takes a tag in; gives where reading goes on.
    fn tag(&mut self, html: &str, tag: &Tag<'_>) -> usize {
        let name = tag.name.to_ascii_lowercase();
        let (mut closes, mut next) = (tag.closes, tag.end);
        if !tag.closes {
            self.open(tag, &name);
            if DROPPED.contains(&name.as_str()) {
                let closing = format!("</{}>", tag.name);
                let found = html.get(tag.end..).and_then(|rest| rest.find(&closing));
                next = found.map_or(html.len(), |at| tag.end + at + closing.len());
                closes = found.is_some();
            }
        }
        if closes || tag.closed || VOID.contains(&name.as_str()) {
            self.close(tag.name, &name);
        }
        next
    }

    fn open(&mut self, tag: &Tag<'_>, name: &str) {
        if !tag.closed && closed_by_opening(&self.current_name().to_ascii_lowercase()).contains(&name) {
            self.open.pop();
        }
        if name == "a" {
            if let Some(depth) = self.link {
                self.open.truncate(depth.max(1));
            }
            self.link = Some(self.open.len());
        }
        let element = Element { name: tag.name.to_owned(), attributes: tag.attributes.to_owned(), ..Element::default() };
        let id = self.add(Node::Element(element));
        self.open.push(id);
    }

    fn close(&mut self, written: &str, name: &str) {
        loop {
            if name == "a" {
                self.link = None;
            }
            if self.current_name() == written {
                self.open.pop();
                return;
            }
            if !closed_by_closing(&self.current_name().to_ascii_lowercase()).contains(&name) {
                return;
            }
            self.open.pop();
        }
    }

    /// Elements that were never closed hold nothing, unless they lie at the top: what was in them follows them.
    fn finish(mut self) -> Document {
        while self.open.len() > 1 {
            let Some(last) = self.open.pop() else { break };
            let before = self.current();
            let (Some(element), Some(outer)) = (self.document.element(last), self.document.element(before)) else { continue };
            let Some(parent) = element.parent.filter(|parent| *parent != ROOT) else { continue };
            let same = parent == before && element.tag() == outer.tag();
            let to = if same { outer.parent.unwrap_or(ROOT) } else { before };
            let children = element.children.clone();
            if let Some(outer) = self.document.element_mut(before) {
                outer.children.retain(|child| *child != last);
            }
            for child in children {
                self.document.append(to, child);
            }
            if same {
                self.open.pop();
            }
        }
        self.document
    }
}

/// The elements whose opening ends an element.
fn closed_by_opening(name: &str) -> &'static [&'static str] {
    match name {
        "li" => &["li"],
        "p" => &["p", "div"],
        "b" => &["div"],
        "td" | "th" => &["td", "th"],
        "h1" => &["h1"],
        "h2" => &["h2"],
        "h3" => &["h3"],
        "h4" => &["h4"],
        "h5" => &["h5"],
        "h6" => &["h6"],
        _ => &[],
    }
}

/// The elements whose end ends an element within them.
fn closed_by_closing(name: &str) -> &'static [&'static str] {
    match name {
        "li" => &["ul", "ol"],
        "a" | "b" | "i" | "p" => &["div"],
        "td" | "th" => &["tr", "table"],
        _ => &[],
    }
}

enum Markup<'t> {
    /// Up to where a comment goes.
    Comment(usize),
    Tag(Tag<'t>),
}

fn next_markup(html: &str, from: usize) -> Option<(usize, Markup<'_>)> {
    let mut at = from;
    loop {
        let start = at + html.get(at..)?.find('<')?;
        let rest = html.get(start..)?;
        if rest.starts_with("<!--") {
            if let Some(end) = rest.find("-->") {
                return Some((start, Markup::Comment(start + end + 3)));
            }
        } else if let Some(tag) = tag_at(html, start) {
            return Some((tag.start, Markup::Tag(tag)));
        }
        at = start + 1;
    }
}

fn tag_at(html: &str, start: usize) -> Option<Tag<'_>> {
    let bytes = html.as_bytes();
    let closes = bytes.get(start + 1) == Some(&b'/');
    let name_start = start + 1 + usize::from(closes);
    let continues = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':' | b'_');
    let length = bytes.get(name_start..)?.iter().take_while(|byte| continues(byte)).count();
    let name = html.get(name_start..name_start + length).filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))?;
    let begin = name_start + length;
    let mut at = begin;
    loop {
        match bytes.get(at)? {
            b'>' => break,
            quote @ (b'"' | b'\'') => at = quoted_end(bytes, at, *quote).unwrap_or(at + 1),
            _ => at += 1,
        }
    }
    let is_whole = bytes[at - 1] == b'/';
    let attributes = html.get(begin..at - usize::from(is_whole)).unwrap_or_default();
    if !attributes.is_empty() && !attributes.starts_with(char::is_whitespace) {
        return None;
    }
    Some(Tag { start, end: at + 1, closes, name, attributes, closed: is_whole })
}

/// Behind a quoted value, if it is one: something must follow that can.
fn quoted_end(bytes: &[u8], at: usize, quote: u8) -> Option<usize> {
    let end = at + 1 + bytes.get(at + 1..)?.iter().position(|byte| *byte == quote)? + 1;
    bytes.get(end).filter(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>')).map(|_| end)
}

/// A text with its entities resolved.
pub(super) fn decode(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut pieces = text.split('&');
    made.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let length = piece.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#').count();
        let (name, rest) = piece.split_at(length);
        match (rest.strip_prefix(';'), entity(name)) {
            (Some(rest), Some(character)) => {
                made.push_str(&character);
                made.push_str(rest);
            }
            (None, Some(character)) if WITHOUT_SEMICOLON.contains(&name) => {
                made.push_str(&character);
                made.push_str(rest);
            }
            _ => {
                made.push('&');
                made.push_str(piece);
            }
        }
    }
    made
}

/// Entities that are often written without their semicolon, and known to mean the same then.
const WITHOUT_SEMICOLON: [&str; 8] = ["amp", "lt", "gt", "quot", "nbsp", "copy", "reg", "shy"];

fn entity(name: &str) -> Option<String> {
    let Some(number) = name.strip_prefix('#') else { return quick_xml::escape::resolve_html5_entity(name).map(str::to_owned) };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
        None => number.parse(),
    };
    code.ok().map(|code| char::from_u32(code).filter(|c| *c != '\0').unwrap_or('\u{fffd}').to_string())
}
