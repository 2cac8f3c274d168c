//! The evaluation of one condition, and the options that all conditions of a filter share.

use engine_core::expression::js;
use serde_json::Value;

use super::operand::{Given, Operand, Strictness};
use super::operator::{How, Operator};
use crate::conversion::{Dates, FieldType, Pattern};

/// How the conditions of a filter are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Combinator {
    And,
    Or,
    /// No such combinator: never true.
    Unknown,
}

/// What all conditions of a filter share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) combinator: Combinator,
    pub(super) ignore_case: bool,
    pub(super) strictness: Strictness,
}

/// Where a condition stands: for messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) condition: usize,
    pub(super) item: usize,
}

/// Why a condition has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(super) struct FilterError {
    pub(super) message: String,
    pub(super) help: &'static str,
}

impl Options {
    /// Reads `combinator` and `options` of a filter parameter.
    pub(super) fn of(combinator: Option<&Value>, options: Option<&Value>) -> Self {
        let option = |key: &str| options.and_then(|options| options.get(key)).filter(|value| !value.is_null());
        Self {
            combinator: match combinator.and_then(Value::as_str) {
                None | Some("and") => Combinator::And,
                Some("or") => Combinator::Or,
                Some(_) => Combinator::Unknown,
            },
            ignore_case: option("caseSensitive").is_some_and(|flag| !js::truthy(flag)),
            strictness: Strictness {
                strict: option("typeValidation").is_none_or(|kind| kind == "strict"),
                version: match option("version").map(js::to_number) {
                    Some(version) if version >= 3.0 => 3,
                    Some(version) if version >= 2.0 => 2,
                    _ => 1,
                },
            },
        }
    }

    /// Whether one condition holds.
    pub(super) fn check(self, sides: &Sides<'_>, place: Place, dates: &Dates) -> Result<bool, FilterError> {
        let Sides { operator, left, right, pattern } = *sides;
        let left_operand = left.convert(operator.left, self.strictness, dates);
        let right_operand = right.convert(operator.right, self.strictness, dates).or(if operator.single { Some(Operand::Null) } else { None });
        match (&left_operand, &right_operand) {
            (Some(left), Some(right)) => {
                let how = How { ignore_case: self.ignore_case, pattern };
                operator.holds(left, right, &how).map_err(|message| FilterError { message, help: "" })
            }
            (None, None) if left.describe().0 == right.describe().0 => Err(self.both_wrong(operator, left)),
            (None, _) => Err(self.wrong(operator.left, left, place)),
            (_, None) => Err(self.wrong(operator.right, right, place)),
        }
    }

    fn wrong(self, wanted: FieldType, given: Given<'_>, place: Place) -> FilterError {
        let (kind, text) = given.describe();
        let (wanted, kind_with_article) = (with_article(wanted.name()), with_article(kind));
        let suffix = format!("[condition {}, item {}]", place.condition, place.item);
        let message = if self.strictness.strict {
            format!("Wrong type: '{text}' is {kind_with_article} but was expecting {wanted} {suffix}")
        } else {
            format!("Conversion error: the {kind} '{text}' can't be converted to {wanted} {suffix}")
        };
        FilterError { message, help: self.help() }
    }

    fn both_wrong(self, operator: &Operator, left: Given<'_>) -> FilterError {
        let (wanted, kind) = (with_article(operator.left.name()), with_article(left.describe().0));
        FilterError { message: format!("Comparison type expects {wanted} but both fields are {kind}"), help: self.help() }
    }

    fn help(self) -> &'static str {
        if self.strictness.strict {
            "Try changing the type of comparison, or let types be converted where required"
        } else {
            "Try changing the type of comparison"
        }
    }
}

/// A condition with the values of its sides for one item.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sides<'a> {
    pub(super) operator: &'a Operator,
    pub(super) left: Given<'a>,
    pub(super) right: Given<'a>,
    pub(super) pattern: Option<&'a Pattern>,
}

fn with_article(word: &str) -> String {
    let article = if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {word}")
}
