//! A document as a tree in one vector, for HTML that was parsed as browsers parse it.

mod parse;
mod serialize;

#[cfg(test)]
pub(crate) use parse::TooDeep;

/// Index of a node in its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(usize);

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The document itself.
    Document,
    /// `<!DOCTYPE name>`.
    Doctype(String),
    /// An element.
    Element(Element),
    /// Text.
    Text(String),
    /// A comment.
    Comment(String),
}

/// A tag name and attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    /// In lower case for HTML.
    pub(crate) name: String,
    /// In the order of the source.
    pub(crate) attributes: Vec<(String, String)>,
}

impl Element {
    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Clone, Debug)]
struct Node {
    kind: Kind,
    parent: Option<NodeId>,
    children: Vec<NodeId>,
}

/// A document.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    nodes: Vec<Node>,
}

impl Document {
    /// The document's own node.
    pub(crate) const ROOT: NodeId = NodeId(0);

    fn empty() -> Self {
        Self { nodes: vec![Node { kind: Kind::Document, parent: None, children: Vec::new() }] }
    }

    fn node(&self, id: NodeId) -> &Node {
        // Ids come from this document only, and nodes are never removed from the vector.
        self.nodes.get(id.0).unwrap_or(&DETACHED)
    }

    /// What a node is.
    pub(crate) fn kind(&self, id: NodeId) -> &Kind {
        &self.node(id).kind
    }

    /// A node as an element.
    pub(crate) fn element(&self, id: NodeId) -> Option<&Element> {
        match self.kind(id) {
            Kind::Element(element) => Some(element),
            _ => None,
        }
    }

    /// The tag name of an element; empty for other nodes.
    pub(crate) fn name(&self, id: NodeId) -> &str {
        self.element(id).map_or("", |element| &element.name)
    }

    /// The node above.
    pub(crate) fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).parent
    }

    /// The nodes directly below.
    pub(crate) fn children(&self, id: NodeId) -> &[NodeId] {
        &self.node(id).children
    }

    /// The elements directly below.
    pub(crate) fn child_elements(&self, id: NodeId) -> impl DoubleEndedIterator<Item = NodeId> {
        self.children(id).iter().copied().filter(|child| self.element(*child).is_some())
    }

    /// All nodes below, in document order.
    pub(crate) fn descendants(&self, id: NodeId) -> Descendants<'_> {
        Descendants { document: self, pending: self.children(id).iter().rev().copied().collect() }
    }

    /// All text below, one after the other.
    pub(crate) fn text(&self, id: NodeId) -> String {
        let own = std::iter::once(id).chain(self.descendants(id));
        own.filter_map(|node| match self.kind(node) {
            Kind::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect()
    }
}

static DETACHED: Node = Node { kind: Kind::Document, parent: None, children: Vec::new() };

/// Walks the nodes below one.
pub(crate) struct Descendants<'a> {
    document: &'a Document,
    pending: Vec<NodeId>,
}

impl Iterator for Descendants<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        let next = self.pending.pop()?;
        self.pending.extend(self.document.children(next).iter().rev());
        Some(next)
    }
}
