//! Builds documents from what html5ever reads.

use std::borrow::Cow;
use std::cell::RefCell;

use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::{ElemName, ElementFlags, NodeOrText, QuirksMode, TreeBuilderOpts, TreeSink};
use html5ever::{Attribute, LocalName, Namespace, ParseOpts, QualName, parse_document};

use super::{Document, Element, Kind, Node, NodeId};

/// How deep elements may lie in one another. Browsers stop at 512 too.
const MAX_DEPTH: u32 = 512;

/// How much is parsed between two looks at how the document grows.
const STEP: usize = 1024;

/// A document that would cost more than it can be worth.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the HTML is nested too deeply")]
pub(crate) struct TooDeep;

impl Document {
    /// Parses a document as a browser does, without running scripts. Anything is one.
    ///
    /// # Errors
    /// When elements lie too deep in one another, or unclosed ones multiply: parsing takes quadratic time and space then.
    pub(crate) fn parse(html: &str) -> Result<Self, TooDeep> {
        let tree_builder = TreeBuilderOpts { scripting_enabled: true, ..TreeBuilderOpts::default() };
        let options = ParseOpts { tree_builder, ..ParseOpts::default() };
        let mut parser = parse_document(Sink::new(), options);
        let most_nodes = html.len() * 2 + 1000;
        let mut rest = html;
        while !rest.is_empty() {
            let end = (STEP.min(rest.len())..=rest.len()).find(|end| rest.is_char_boundary(*end)).unwrap_or(rest.len());
            let (step, after) = rest.split_at(end);
            parser.process(step.into());
            if !parser.tokenizer.sink.sink.is_sound(most_nodes) {
                return Err(TooDeep);
            }
            rest = after;
        }
        Ok(parser.finish())
    }
}

/// The document that is being built, and the full names of its elements.
struct Sink {
    state: RefCell<State>,
}

struct State {
    document: Document,
    names: Vec<Option<QualName>>,
    /// What hangs below `<template>`s, by the template's id.
    templates: Vec<(NodeId, NodeId)>,
    /// How deep each node lies.
    depths: Vec<u32>,
    deepest: u32,
}

#[derive(Debug)]
struct Name(QualName);

impl ElemName for Name {
    fn ns(&self) -> &Namespace {
        &self.0.ns
    }

    fn local_name(&self) -> &LocalName {
        &self.0.local
    }
}

impl Sink {
    fn new() -> Self {
        Self { state: RefCell::new(State { document: Document::empty(), names: vec![None], templates: Vec::new(), depths: vec![0], deepest: 0 }) }
    }

    fn is_sound(&self, most_nodes: usize) -> bool {
        let state = self.state.borrow();
        state.deepest <= MAX_DEPTH && state.names.len() <= most_nodes
    }

    fn add(&self, kind: Kind, name: Option<QualName>) -> NodeId {
        self.state.borrow_mut().add(kind, name)
    }
}

impl State {
    fn add(&mut self, kind: Kind, name: Option<QualName>) -> NodeId {
        self.document.nodes.push(Node { kind, parent: None, children: Vec::new() });
        self.names.push(name);
        self.depths.push(0);
        NodeId(self.document.nodes.len() - 1)
    }

    fn node(&mut self, id: NodeId) -> Option<&mut Node> {
        self.document.nodes.get_mut(id.0)
    }

    fn detach(&mut self, id: NodeId) {
        let Some(parent) = self.node(id).and_then(|node| node.parent.take()) else { return };
        if let Some(parent) = self.node(parent) {
            parent.children.retain(|child| *child != id);
        }
    }

    /// Puts a node or text before the child at `at`, or last. Text next to text joins it.
    fn insert(&mut self, parent: NodeId, at: usize, child: NodeOrText<NodeId>) {
        let child = match child {
            NodeOrText::AppendNode(child) => {
                self.detach(child);
                child
            }
            NodeOrText::AppendText(text) => {
                let before = at.checked_sub(1).and_then(|before| self.document.children(parent).get(before).copied());
                if let Some(Kind::Text(before)) = before.and_then(|before| self.node(before)).map(|node| &mut node.kind) {
                    before.push_str(&text);
                    return;
                }
                self.add(Kind::Text(text.to_string()), None)
            }
        };
        let depth = self.depths.get(parent.0).map_or(0, |depth| depth + 1);
        if let Some(own) = self.depths.get_mut(child.0) {
            *own = depth;
        }
        self.deepest = self.deepest.max(depth);
        if let Some(node) = self.node(child) {
            node.parent = Some(parent);
        }
        if let Some(parent) = self.node(parent) {
            let at = at.min(parent.children.len());
            parent.children.insert(at, child);
        }
    }
}

fn attributes(attributes: Vec<Attribute>) -> Vec<(String, String)> {
    let name = |name: &QualName| match &name.prefix {
        Some(prefix) => format!("{prefix}:{}", name.local),
        None => name.local.to_string(),
    };
    attributes.into_iter().map(|attribute| (name(&attribute.name), attribute.value.to_string())).collect()
}

impl TreeSink for Sink {
    type Handle = NodeId;
    type Output = Document;
    type ElemName<'a> = Name;

    fn finish(self) -> Document {
        let mut state = self.state.into_inner();
        for (template, contents) in std::mem::take(&mut state.templates) {
            let children = state.node(contents).map(|node| std::mem::take(&mut node.children)).unwrap_or_default();
            for child in children {
                state.insert(template, usize::MAX, NodeOrText::AppendNode(child));
            }
        }
        state.document
    }

    fn parse_error(&self, _message: Cow<'static, str>) {}

    fn get_document(&self) -> NodeId {
        Document::ROOT
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Name {
        let name = self.state.borrow().names.get(target.0).cloned().flatten();
        Name(name.unwrap_or_else(|| QualName::new(None, Namespace::default(), LocalName::default())))
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> NodeId {
        let element = Element { name: name.local.to_string(), attributes: attributes(attrs) };
        let id = self.add(Kind::Element(element), Some(name));
        if flags.template {
            let contents = self.add(Kind::Document, None);
            self.state.borrow_mut().templates.push((id, contents));
        }
        id
    }

    fn create_comment(&self, text: StrTendril) -> NodeId {
        self.add(Kind::Comment(text.to_string()), None)
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> NodeId {
        self.add(Kind::Comment(format!("?{target} {data}")), None)
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        let mut state = self.state.borrow_mut();
        let end = state.document.children(*parent).len();
        state.insert(*parent, end, child);
    }

    fn append_based_on_parent_node(&self, element: &NodeId, previous: &NodeId, child: NodeOrText<NodeId>) {
        if self.state.borrow().document.parent(*element).is_some() {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }

    fn append_doctype_to_document(&self, name: StrTendril, _public_id: StrTendril, _system_id: StrTendril) {
        let doctype = self.add(Kind::Doctype(name.to_string()), None);
        self.append(&Document::ROOT, NodeOrText::AppendNode(doctype));
    }

    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        self.state.borrow().templates.iter().find(|(template, _)| template == target).map_or(*target, |(_, contents)| *contents)
    }

    fn same_node(&self, x: &NodeId, y: &NodeId) -> bool {
        x == y
    }

    fn set_quirks_mode(&self, _mode: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &NodeId, child: NodeOrText<NodeId>) {
        let mut state = self.state.borrow_mut();
        if let NodeOrText::AppendNode(child) = &child {
            state.detach(*child);
        }
        let Some(parent) = state.document.parent(*sibling) else { return };
        let at = state.document.children(parent).iter().position(|child| child == sibling).unwrap_or(usize::MAX);
        state.insert(parent, at, child);
    }

    fn add_attrs_if_missing(&self, target: &NodeId, attrs: Vec<Attribute>) {
        let mut state = self.state.borrow_mut();
        if let Some(Kind::Element(element)) = state.node(*target).map(|node| &mut node.kind) {
            for (name, value) in attributes(attrs) {
                if element.attribute(&name).is_none() {
                    element.attributes.push((name, value));
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &NodeId) {
        self.state.borrow_mut().detach(*target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        let mut state = self.state.borrow_mut();
        for child in state.document.children(*node).to_vec() {
            state.insert(*new_parent, usize::MAX, NodeOrText::AppendNode(child));
        }
    }
}
