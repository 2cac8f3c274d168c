//! The operators of n8n's `filter` parameter.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::operand::Operand;
use crate::conversion::{FieldType, Pattern};

/// A type, an operation on it, and the type of the right side.
#[derive(Clone, Debug)]
pub(super) struct Operator {
    pub(super) left: FieldType,
    pub(super) right: FieldType,
    pub(super) operation: Operation,
    /// The right side does not count.
    pub(super) single: bool,
}

/// What is asked of a value; which of them there are depends on the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Exists,
    NotExists,
    Empty,
    NotEmpty,
    Equals,
    NotEquals,
    Contains,
    NotContains,
    StartsWith,
    NotStartsWith,
    EndsWith,
    NotEndsWith,
    Regex,
    NotRegex,
    True,
    False,
    /// Larger, smaller, later, earlier: which orders of the two sides pass.
    Ordered(Wanted),
    /// The same for the length of a list.
    Length(Wanted),
    /// No such operation: never true.
    Unknown,
}

/// Which orders of two numbers pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
}

impl Operator {
    /// Reads `{type, operation, rightType?, singleValue?}`.
    pub(super) fn of(value: &Value) -> Self {
        let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
        let left = FieldType::of(text("type")).unwrap_or(FieldType::Any);
        Self {
            left,
            right: FieldType::of(text("rightType")).unwrap_or(left),
            operation: Operation::of(left, text("operation")),
            single: value.get("singleValue").is_some_and(engine_core::expression::js::truthy),
        }
    }

    pub(super) fn is_regex(&self) -> bool {
        self.left == FieldType::String && matches!(self.operation, Operation::Regex | Operation::NotRegex)
    }

    /// Whether the condition holds.
    pub(super) fn holds(&self, left: &Operand<'_>, right: &Operand<'_>, how: &How<'_>) -> Result<bool, String> {
        match self.operation {
            Operation::Exists => return Ok(left.exists()),
            Operation::NotExists => return Ok(!left.exists()),
            Operation::Unknown => return Ok(false),
            _ => {}
        }
        match self.left {
            FieldType::String => self.text(left.text(), right.text(), how),
            FieldType::Number => Ok(self.number(left, right)),
            FieldType::DateTime => Ok(self.date(left, right)),
            FieldType::Boolean => Ok(self.flag(left, right)),
            FieldType::Array => Ok(self.list(left.list(), right, how)),
            FieldType::Object => {
                let empty = !matches!(left, Operand::Object(fields) if !fields.is_empty());
                Ok(empty == (self.operation == Operation::Empty))
            }
            _ => Ok(false),
        }
    }

    fn text(&self, left: &str, right: &str, how: &How<'_>) -> Result<bool, String> {
        let lower = |text: &'_ str| how.ignore_case.then(|| text.to_lowercase());
        let left: Cow<'_, str> = lower(left).map_or(Cow::Borrowed(left), Cow::Owned);
        if self.is_regex() {
            let found = match how.pattern {
                Some(pattern) => pattern.is_match(&left),
                None => Pattern::of_literal(right)?.is_match(&left),
            };
            return Ok(found == (self.operation == Operation::Regex));
        }
        let right: Cow<'_, str> = lower(right).map_or(Cow::Borrowed(right), Cow::Owned);
        Ok(match self.operation {
            Operation::Empty => left.is_empty(),
            Operation::NotEmpty => !left.is_empty(),
            Operation::Equals => left == right,
            Operation::NotEquals => left != right,
            Operation::Contains => left.contains(&*right),
            Operation::NotContains => !left.contains(&*right),
            Operation::StartsWith => left.starts_with(&*right),
            Operation::NotStartsWith => !left.starts_with(&*right),
            Operation::EndsWith => left.ends_with(&*right),
            Operation::NotEndsWith => !left.ends_with(&*right),
            _ => false,
        })
    }

    fn number(&self, left: &Operand<'_>, right: &Operand<'_>) -> bool {
        match self.operation {
            Operation::Empty => !left.exists(),
            Operation::NotEmpty => left.exists(),
            Operation::Equals => left.identical(right),
            Operation::NotEquals => !left.identical(right),
            Operation::Ordered(wanted) => wanted.accepts(left.as_number().partial_cmp(&right.as_number())),
            _ => false,
        }
    }

    fn date(&self, left: &Operand<'_>, right: &Operand<'_>) -> bool {
        let order = match (left, right) {
            (Operand::Date(left), Operand::Date(right)) => Some(left.cmp(right)),
            _ => None,
        };
        match (self.operation, order) {
            (Operation::Empty, _) => !left.exists(),
            (Operation::NotEmpty, _) => left.exists(),
            (_, None) => false,
            (Operation::Equals, _) => order == Some(Ordering::Equal),
            (Operation::NotEquals, _) => order != Some(Ordering::Equal),
            (Operation::Ordered(wanted), _) => wanted.accepts(order),
            _ => false,
        }
    }

    fn flag(&self, left: &Operand<'_>, right: &Operand<'_>) -> bool {
        let is_true = matches!(left, Operand::Flag(true));
        match self.operation {
            Operation::Empty => !left.exists(),
            Operation::NotEmpty => left.exists(),
            Operation::True => is_true,
            Operation::False => !is_true,
            Operation::Equals => left.identical(right),
            Operation::NotEquals => !left.identical(right),
            _ => false,
        }
    }

    fn list(&self, left: &[Value], right: &Operand<'_>, how: &How<'_>) -> bool {
        match self.operation {
            Operation::Empty => left.is_empty(),
            Operation::NotEmpty => !left.is_empty(),
            Operation::Contains => contains(left, right, how.ignore_case),
            Operation::NotContains => !contains(left, right, how.ignore_case),
            Operation::Length(wanted) => {
                let length = u32::try_from(left.len()).map_or(f64::INFINITY, f64::from);
                match wanted {
                    Wanted::Equal => Operand::Number(length).identical(right),
                    Wanted::NotEqual => !Operand::Number(length).identical(right),
                    _ => wanted.accepts(length.partial_cmp(&right.as_number())),
                }
            }
            _ => false,
        }
    }
}

/// How texts are compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct How<'a> {
    pub(super) ignore_case: bool,
    /// The right side of a regex operation, where it was compiled before.
    pub(super) pattern: Option<&'a Pattern>,
}

/// Whether a list holds a value: the same number, text, boolean or null; texts in any case where case does not count.
pub(super) fn contains(list: &[Value], wanted: &Operand<'_>, ignore_case: bool) -> bool {
    list.iter().any(|value| match (value, wanted) {
        (Value::String(text), Operand::Text(wanted)) if ignore_case => text.to_lowercase() == wanted.to_lowercase(),
        (Value::String(text), Operand::Text(wanted)) => text == wanted,
        (Value::Number(number), Operand::Number(wanted)) => {
            Operand::Number(engine_core::expression::js::as_f64(number)).identical(&Operand::Number(*wanted))
        }
        (Value::Bool(flag), Operand::Flag(wanted)) => flag == wanted,
        (Value::Null, Operand::Null) => true,
        _ => false,
    })
}

impl Operation {
    fn of(kind: FieldType, name: &str) -> Self {
        match name {
            "exists" => return Self::Exists,
            "notExists" => return Self::NotExists,
            "empty" => return Self::Empty,
            "notEmpty" => return Self::NotEmpty,
            _ => {}
        }
        let of_type = match kind {
            FieldType::String => Self::of_text(name),
            FieldType::Number => Self::of_number(name),
            FieldType::DateTime => Self::of_date(name),
            FieldType::Boolean => Self::of_flag(name),
            FieldType::Array => Self::of_list(name),
            _ => None,
        };
        of_type.unwrap_or(Self::Unknown)
    }

    fn of_text(name: &str) -> Option<Self> {
        Some(match name {
            "equals" => Self::Equals,
            "notEquals" => Self::NotEquals,
            "contains" => Self::Contains,
            "notContains" => Self::NotContains,
            "startsWith" => Self::StartsWith,
            "notStartsWith" => Self::NotStartsWith,
            "endsWith" => Self::EndsWith,
            "notEndsWith" => Self::NotEndsWith,
            "regex" => Self::Regex,
            "notRegex" => Self::NotRegex,
            _ => return None,
        })
    }

    fn of_number(name: &str) -> Option<Self> {
        Some(match name {
            "equals" => Self::Equals,
            "notEquals" => Self::NotEquals,
            "gt" => Self::Ordered(Wanted::Greater),
            "lt" => Self::Ordered(Wanted::Less),
            "gte" => Self::Ordered(Wanted::GreaterOrEqual),
            "lte" => Self::Ordered(Wanted::LessOrEqual),
            _ => return None,
        })
    }

    fn of_date(name: &str) -> Option<Self> {
        Some(match name {
            "equals" => Self::Equals,
            "notEquals" => Self::NotEquals,
            "after" => Self::Ordered(Wanted::Greater),
            "before" => Self::Ordered(Wanted::Less),
            "afterOrEquals" => Self::Ordered(Wanted::GreaterOrEqual),
            "beforeOrEquals" => Self::Ordered(Wanted::LessOrEqual),
            _ => return None,
        })
    }

    fn of_flag(name: &str) -> Option<Self> {
        Some(match name {
            "true" => Self::True,
            "false" => Self::False,
            "equals" => Self::Equals,
            "notEquals" => Self::NotEquals,
            _ => return None,
        })
    }

    fn of_list(name: &str) -> Option<Self> {
        Some(match name {
            "contains" => Self::Contains,
            "notContains" => Self::NotContains,
            "lengthEquals" => Self::Length(Wanted::Equal),
            "lengthNotEquals" => Self::Length(Wanted::NotEqual),
            "lengthGt" => Self::Length(Wanted::Greater),
            "lengthLt" => Self::Length(Wanted::Less),
            "lengthGte" => Self::Length(Wanted::GreaterOrEqual),
            "lengthLte" => Self::Length(Wanted::LessOrEqual),
            _ => return None,
        })
    }
}

impl Wanted {
    /// Nothing is accepted where the sides have no order (NaN).
    fn accepts(self, order: Option<Ordering>) -> bool {
        order.is_some_and(|order| match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Greater => order.is_gt(),
            Self::Less => order.is_lt(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::LessOrEqual => order.is_le(),
        })
    }
}
