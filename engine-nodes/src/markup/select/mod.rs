//! CSS selectors on documents: those of level 4 that make sense without a browser, and jQuery's (`:contains`, `:first`, `:eq(1)`, `:checkbox` and others).

mod alias;
mod attribute;
mod matching;
mod parse;
mod position;

use super::dom::{Document, NodeId};
use attribute::AttributeTest;
use position::{Nth, Position};

/// A list of selectors.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Selector {
    alternatives: Vec<Complex>,
}

/// Why a text is no selector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SelectorError {
    #[error("Unmatched selector: {0}")]
    Unmatched(String),
    #[error("Empty sub-selector")]
    Empty,
    #[error("Unknown pseudo-class :{0}")]
    UnknownPseudo(String),
    #[error("Pseudo-elements are not supported")]
    PseudoElement,
    #[error("the selector is nested too deeply or too long")]
    TooComplex,
}

/// Compounds and how each stands to the one before; the first to the element that a relative selector begins at.
#[derive(Clone, Debug, PartialEq)]
struct Complex {
    steps: Vec<(Combinator, Compound)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Combinator {
    Descendant,
    Child,
    /// The element directly before is the one meant on the left.
    Adjacent,
    /// An element before is the one meant on the left.
    Sibling,
    /// The left element is a child of the right one.
    Parent,
}

/// Tests that one element must pass, in order.
type Compound = Vec<Test>;

#[derive(Clone, Debug, PartialEq)]
enum Test {
    Any,
    Name(String),
    Attribute(AttributeTest),
    Is(Selector),
    Not(Selector),
    Has(Selector),
    Contains(String),
    ContainsIgnoringCase(String),
    Nth(Nth),
    Root,
    Empty,
    OnlyChild,
    OnlyOfType,
    Never,
    /// Counts only where elements are selected, not where one is tested.
    Position(Position),
}

impl Selector {
    /// Parses a list of selectors. An empty text selects nothing.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn parse(text: &str) -> Result<Self, SelectorError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        parse::parse(text)
    }

    /// The elements of a document that the selector selects, in document order.
    pub(crate) fn select(&self, document: &Document) -> Vec<NodeId> {
        matching::select(self, document, Document::ROOT)
    }

    /// Whether one of the selectors selects an element, positions aside.
    pub(crate) fn matches(&self, document: &Document, element: NodeId) -> bool {
        matching::matches(self, document, element)
    }

    /// The greatest specificity of the selectors: counts of ids, of classes and the like, and of names.
    pub(crate) fn specificity(&self) -> (u32, u32, u32) {
        self.alternatives.iter().map(Complex::specificity).max().unwrap_or_default()
    }
}

impl Complex {
    fn specificity(&self) -> (u32, u32, u32) {
        let mut sum = (0, 0, 0);
        for test in self.steps.iter().flat_map(|(_, compound)| compound) {
            let (a, b, c) = match test {
                Test::Any => (0, 0, 0),
                Test::Name(_) => (0, 0, 1),
                Test::Attribute(attribute) if attribute.is_id() => (1, 0, 0),
                Test::Is(selector) | Test::Not(selector) | Test::Has(selector) => selector.specificity(),
                _ => (0, 1, 0),
            };
            sum = (sum.0 + a, sum.1 + b, sum.2 + c);
        }
        sum
    }
}
