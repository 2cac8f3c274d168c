//! Tests on attributes.

use super::super::dom::Element;

/// A test on an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AttributeTest {
    pub(super) name: String,
    pub(super) operator: Operator,
    pub(super) value: String,
    pub(super) ignore_case: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Exists,
    Equals,
    /// One of the words is it.
    Word,
    /// It, or it with a dash behind.
    Dash,
    Starts,
    Ends,
    Contains,
    /// Not there, or something else.
    Differs,
}

/// Attributes whose values HTML compares without case (HTML standard, section 4.16.2).
const CASELESS: [&str; 46] = [
    "accept",
    "accept-charset",
    "align",
    "alink",
    "axis",
    "bgcolor",
    "charset",
    "checked",
    "clear",
    "codetype",
    "color",
    "compact",
    "declare",
    "defer",
    "dir",
    "direction",
    "disabled",
    "enctype",
    "face",
    "frame",
    "hreflang",
    "http-equiv",
    "lang",
    "language",
    "link",
    "media",
    "method",
    "multiple",
    "nohref",
    "noresize",
    "noshade",
    "nowrap",
    "readonly",
    "rel",
    "rev",
    "rules",
    "scope",
    "scrolling",
    "selected",
    "shape",
    "target",
    "text",
    "type",
    "valign",
    "valuetype",
    "vlink",
];

impl AttributeTest {
    pub(super) fn new(name: &str, operator: Operator, value: &str) -> Self {
        let name = name.to_lowercase();
        let ignore_case = CASELESS.contains(&name.as_str());
        Self { name, operator, value: value.to_owned(), ignore_case }
    }

    pub(super) fn is_id(&self) -> bool {
        self.name == "id" && self.operator == Operator::Equals
    }

    pub(super) fn holds(&self, element: &Element) -> bool {
        let Some(actual) = element.attribute(&self.name) else { return self.operator == Operator::Differs };
        if self.ignore_case && self.operator != Operator::Exists {
            return self.compare(&actual.to_lowercase(), &self.value.to_lowercase());
        }
        self.compare(actual, &self.value)
    }

    fn compare(&self, actual: &str, wanted: &str) -> bool {
        match self.operator {
            Operator::Exists => true,
            Operator::Equals => actual == wanted,
            Operator::Differs => actual != wanted,
            Operator::Word => !wanted.is_empty() && actual.split(char::is_whitespace).any(|word| word == wanted),
            Operator::Dash => actual.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')),
            Operator::Starts => !wanted.is_empty() && actual.starts_with(wanted),
            Operator::Ends => !wanted.is_empty() && actual.ends_with(wanted),
            Operator::Contains => !wanted.is_empty() && actual.contains(wanted),
        }
    }
}
