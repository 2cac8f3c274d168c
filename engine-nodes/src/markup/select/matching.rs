//! Which elements selectors select.

use std::collections::HashSet;

use super::super::dom::{Document, Kind, NodeId};
use super::position::{Counted, Nth};
use super::{Combinator, Complex, Compound, Selector, Test};

/// The elements below `root` that a selector selects, in document order.
pub(super) fn select(selector: &Selector, document: &Document, root: NodeId) -> Vec<NodeId> {
    let all: Vec<NodeId> = document.descendants(root).filter(|node| document.element(*node).is_some()).collect();
    let mut chosen: HashSet<NodeId> = HashSet::new();
    for complex in &selector.alternatives {
        if complex.steps.iter().flat_map(|(_, compound)| compound).any(|test| matches!(test, Test::Position(_))) {
            chosen.extend(step_by_step(complex, document, &all));
        } else {
            chosen.extend(all.iter().filter(|element| matches_complex(complex, document, **element)));
        }
    }
    all.into_iter().filter(|element| chosen.contains(element)).collect()
}

/// From left to right, so that positions can be counted among what each step selects.
fn step_by_step(complex: &Complex, document: &Document, all: &[NodeId]) -> Vec<NodeId> {
    let mut current: Option<HashSet<NodeId>> = None;
    let mut list = Vec::new();
    for (combinator, compound) in &complex.steps {
        list = match &current {
            None => all.to_vec(),
            Some(left) => all.iter().copied().filter(|element| is_right_of(*combinator, document, *element, left)).collect(),
        };
        for test in compound {
            list = match test {
                Test::Position(position) => position.pick(&list),
                test => list.into_iter().filter(|element| passes(test, document, *element)).collect(),
            };
        }
        current = Some(list.iter().copied().collect());
    }
    list
}

fn is_right_of(combinator: Combinator, document: &Document, element: NodeId, left: &HashSet<NodeId>) -> bool {
    candidates(combinator, document, element).any(|candidate| left.contains(&candidate))
}

/// Whether an element passes one of the selectors.
pub(super) fn matches(selector: &Selector, document: &Document, element: NodeId) -> bool {
    selector.alternatives.iter().any(|complex| matches_complex(complex, document, element))
}

fn matches_complex(complex: &Complex, document: &Document, element: NodeId) -> bool {
    matches_steps(&complex.steps, document, element, None)
}

/// From right to left. `anchor` is the element that the first step stands to, for relative selectors.
fn matches_steps(steps: &[(Combinator, Compound)], document: &Document, element: NodeId, anchor: Option<NodeId>) -> bool {
    let Some(((combinator, compound), before)) = steps.split_last() else { return false };
    if !compound.iter().all(|test| passes(test, document, element)) {
        return false;
    }
    match (before.is_empty(), anchor) {
        (true, None) => true,
        (true, Some(anchor)) => candidates(*combinator, document, element).any(|candidate| candidate == anchor),
        (false, anchor) => candidates(*combinator, document, element).any(|candidate| matches_steps(before, document, candidate, anchor)),
    }
}

/// The elements that may be meant left of a combinator.
fn candidates(combinator: Combinator, document: &Document, element: NodeId) -> Box<dyn Iterator<Item = NodeId> + '_> {
    let parent = document.parent(element);
    let before = move || {
        let siblings = parent.map(|parent| document.child_elements(parent)).into_iter().flatten();
        let earlier: Vec<_> = siblings.take_while(|sibling| *sibling != element).collect();
        earlier.into_iter().rev()
    };
    match combinator {
        Combinator::Descendant => Box::new(std::iter::successors(parent, |node| document.parent(*node))),
        Combinator::Child => Box::new(parent.into_iter()),
        Combinator::Adjacent => Box::new(before().take(1)),
        Combinator::Sibling => Box::new(before()),
        Combinator::Parent => Box::new(document.child_elements(element)),
    }
}

fn passes(condition: &Test, document: &Document, id: NodeId) -> bool {
    let Some(tag) = document.element(id) else { return false };
    match condition {
        Test::Any | Test::Position(_) => true,
        Test::Never => false,
        Test::Name(name) => tag.name.eq_ignore_ascii_case(name),
        Test::Attribute(test) => test.holds(tag),
        Test::Is(selector) => matches(selector, document, id),
        Test::Not(selector) => !matches(selector, document, id),
        Test::Has(selector) => selector.alternatives.iter().any(|complex| has(complex, document, id)),
        Test::Contains(text) => document.text(id).contains(text.as_str()),
        Test::ContainsIgnoringCase(text) => document.text(id).to_lowercase().contains(text.as_str()),
        Test::Nth(nth) => is_nth(nth, document, id),
        Test::Root => document.parent(id) == Some(Document::ROOT),
        Test::Empty => document.children(id).iter().all(|child| match document.kind(*child) {
            Kind::Element(_) => false,
            Kind::Text(text) => text.is_empty(),
            _ => true,
        }),
        Test::OnlyChild => siblings(document, id).count() == 1,
        Test::OnlyOfType => siblings(document, id).filter(|sibling| document.name(*sibling) == tag.name).count() == 1,
    }
}

fn siblings(document: &Document, id: NodeId) -> impl DoubleEndedIterator<Item = NodeId> {
    document.parent(id).map(|parent| document.child_elements(parent)).into_iter().flatten()
}

/// Whether something that stands to an element as the selector says is there.
fn has(complex: &Complex, document: &Document, anchor: NodeId) -> bool {
    let leading = complex.steps.first().map_or(Combinator::Descendant, |(combinator, _)| *combinator);
    let scope = match leading {
        Combinator::Descendant | Combinator::Child => Some(anchor),
        Combinator::Adjacent | Combinator::Sibling | Combinator::Parent => document.parent(anchor),
    };
    let within = |scope| document.descendants(scope).filter(|node| document.element(*node).is_some());
    scope.is_some_and(|scope| within(scope).any(|element| matches_steps(&complex.steps, document, element, Some(anchor))))
}

fn is_nth(nth: &Nth, document: &Document, id: NodeId) -> bool {
    let counts = |sibling: &NodeId| match &nth.counted {
        Counted::All => true,
        Counted::SameName => document.name(*sibling) == document.name(id),
        Counted::Matching(selector) => matches(selector, document, *sibling),
    };
    let counted = siblings(document, id).filter(counts);
    let place = if nth.from_end {
        counted.rev().position(|sibling| sibling == id)
    } else {
        counted.collect::<Vec<_>>().iter().position(|sibling| *sibling == id)
    };
    place.is_some_and(|place| nth.formula.reaches(place + 1))
}

#[cfg(test)]
mod tests {
    use super::super::SelectorError;
    use super::*;

    const PAGE: &str = "<div id=a class='x y'><p>one</p><p class=y lang=en-GB>two <b>bold</b></p><ul><li>1<li class=on>2<li>3<li>4</ul></div>\
        <form><input type=TEXT value=v><input><input type=checkbox checked><select><option>o1<option selected>o2</select></form><p></p>";

    fn check(selector: &str, expected: &[&str]) {
        let document = Document::parse(PAGE).unwrap();
        let found = Selector::parse(selector).unwrap().select(&document);
        let shown: Vec<_> = found.iter().map(|id| format!("{}:{}", document.name(*id), document.text(*id))).collect();
        assert_eq!(shown, expected, "{selector}");
    }

    #[test]
    fn simple() {
        check("b", &["b:bold"]);
        check("#a > p.y", &["p:two bold"]);
        check("div.x.y b", &["b:bold"]);
        check("p:not(.y)", &["p:one", "p:"]);
        check("[lang|=en], b", &["p:two bold", "b:bold"]);
        check("p + p", &["p:two bold"]);
        check("p ~ ul > li:nth-child(2n+1)", &["li:1", "li:3"]);
        check("li:last-child, li:first-of-type", &["li:1", "li:4"]);
        check("P:EMPTY", &["p:"]);
        check("", &[]);
        check("li.\\6fn", &["li:2"]);
        check("b < p", &["p:two bold"]);
    }

    #[test]
    fn pseudo_classes() {
        check("p:contains('two')", &["p:two bold"]);
        check("p:has(> b), ul:has(li.on)", &["p:two bold", "ul:1234"]);
        check("p:has(+ p)", &["p:one"]);
        check(":is(b, ul) li.on", &["li:2"]);
        check("li:nth-child(2 of :not(.on))", &["li:3"]);
        check("li:nth-last-child(-n+2)", &["li:3", "li:4"]);
        check("input:text", &["input:", "input:"]);
        check(":checked", &["input:", "option:o2"]);
        check("option:selected", &["option:o2"]);
        check("[type=text]", &["input:"]);
        check("p:only-of-type, b:only-child", &["b:bold", "p:"]);
    }

    #[test]
    fn positions() {
        check("li:first", &["li:1"]);
        check("li:eq(-1)", &["li:4"]);
        check("li:gt(0):lt(2)", &["li:2", "li:3"]);
        check("li:odd", &["li:2", "li:4"]);
        check("p:eq(1) b, li:last", &["b:bold", "li:4"]);
    }

    #[test]
    fn what_is_no_selector() {
        for (text, error) in [
            ("p >", SelectorError::Empty),
            ("p::before", SelectorError::PseudoElement),
            ("p:nonsense", SelectorError::UnknownPseudo("nonsense".into())),
            ("p[", SelectorError::Unmatched(String::new())),
            (")", SelectorError::Unmatched(")".into())),
            ("a,", SelectorError::Empty),
        ] {
            assert_eq!(Selector::parse(text).unwrap_err(), error, "{text}");
        }
        let deep = format!("{}p{}", ":not(".repeat(1000), ")".repeat(1000));
        assert_eq!(Selector::parse(&deep).unwrap_err(), SelectorError::TooComplex);
    }
}
