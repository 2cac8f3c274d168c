//! Operators on values.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::rc::Rc;

use super::eval::Stop;
use super::fail;
use super::member::{own_or_inherited, property_key};
use super::value::Val;
use crate::expression::{ExpressionErrorKind, js};

/// The longest text that the evaluator makes, in bytes. Tests need not make that much.
pub(super) const LONGEST_TEXT: usize = if cfg!(test) { 2 << 20 } else { 64 << 20 };

#[derive(Clone, Copy, Debug)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Comparison {
    Loose,
    NotLoose,
    Strict,
    NotStrict,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `key in object`
    In,
}

impl Arithmetic {
    pub(super) fn apply<'a>(self, left: Val<'a>, right: Val<'a>) -> Result<Val<'a>, Stop> {
        if let Self::Add = self {
            return add(left, right);
        }
        let (left, right) = (left.to_number()?, right.to_number()?);
        Ok(Val::Number(match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            Self::Remainder => left % right,
            Self::Power => power(left, right),
        }))
    }
}

fn add<'a>(left: Val<'a>, right: Val<'a>) -> Result<Val<'a>, Stop> {
    let (left, right) = (left.into_primitive()?, right.into_primitive()?);
    if !matches!(left, Val::Text(_)) && !matches!(right, Val::Text(_)) {
        return Ok(Val::Number(left.to_number()? + right.to_number()?));
    }
    let (left, right) = (left.into_text()?, right.into_text()?);
    check_length(left.len() + right.len())?;
    let mut text = left.into_owned();
    text.push_str(&right);
    Ok(Val::Text(Cow::Owned(text)))
}

/// Fails when a text would become longer than allowed.
pub(super) fn check_length(length: usize) -> Result<(), Stop> {
    if length > LONGEST_TEXT { Err(fail(ExpressionErrorKind::Limit, "the text would be longer than 64 MiB")) } else { Ok(()) }
}

/// `base ** exponent`; C's `pow` gives 1 for the two cases in which JavaScript gives NaN.
fn power(base: f64, exponent: f64) -> f64 {
    let undecided = exponent.is_infinite() && base.abs().total_cmp(&1.0).is_eq();
    if exponent.is_nan() || undecided { f64::NAN } else { base.powf(exponent) }
}

impl Comparison {
    pub(super) fn apply(self, left: Val<'_>, right: Val<'_>) -> Result<bool, Stop> {
        match self {
            Self::Loose => loose_equals(&left, &right),
            Self::NotLoose => loose_equals(&left, &right).map(|equal| !equal),
            Self::Strict => strict_equals(&left, &right),
            Self::NotStrict => strict_equals(&left, &right).map(|equal| !equal),
            Self::In => contains_key(&left, &right),
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => Ok(self.holds(order(left, right)?)),
        }
    }

    const fn holds(self, order: Option<Ordering>) -> bool {
        match order {
            None => false,
            Some(Ordering::Less) => matches!(self, Self::Less | Self::LessOrEqual),
            Some(Ordering::Equal) => matches!(self, Self::LessOrEqual | Self::GreaterOrEqual),
            Some(Ordering::Greater) => matches!(self, Self::Greater | Self::GreaterOrEqual),
        }
    }
}

fn order(left: Val<'_>, right: Val<'_>) -> Result<Option<Ordering>, Stop> {
    match (left.into_primitive()?, right.into_primitive()?) {
        (Val::Text(left), Val::Text(right)) => Ok(Some(js::compare_text(&left, &right))),
        (left, right) => Ok(left.to_number()?.partial_cmp(&right.to_number()?)),
    }
}

/// `left === right`.
pub(super) fn strict_equals(left: &Val<'_>, right: &Val<'_>) -> Result<bool, Stop> {
    match (left, right) {
        (Val::Undefined, Val::Undefined) | (Val::Null, Val::Null) => Ok(true),
        (Val::Bool(left), Val::Bool(right)) => Ok(left == right),
        (Val::Text(left), Val::Text(right)) => Ok(left == right),
        (Val::Number(_) | Val::Exact(_), Val::Number(_) | Val::Exact(_)) => {
            Ok(left.to_number()?.partial_cmp(&right.to_number()?) == Some(Ordering::Equal))
        }
        _ if left.is_object() && right.is_object() => same_object(left, right),
        _ => Ok(false),
    }
}

/// `left == right`.
fn loose_equals(left: &Val<'_>, right: &Val<'_>) -> Result<bool, Stop> {
    if left.is_nullish() || right.is_nullish() {
        return Ok(left.is_nullish() && right.is_nullish());
    }
    match (left, right) {
        (Val::Text(_), Val::Text(_)) => strict_equals(left, right),
        _ if left.is_object() && right.is_object() => same_object(left, right),
        _ if left.is_object() => loose_equals(&Val::Text(left.to_text()?), right),
        _ if right.is_object() => loose_equals(left, &Val::Text(right.to_text()?)),
        _ => Ok(left.to_number()?.partial_cmp(&right.to_number()?) == Some(Ordering::Equal)),
    }
}

/// Objects are equal only to themselves.
fn same_object(left: &Val<'_>, right: &Val<'_>) -> Result<bool, Stop> {
    match (left, right) {
        (Val::Array(left), Val::Array(right)) => Ok(std::ptr::eq(*left, *right)),
        (Val::Object(left), Val::Object(right)) => Ok(std::ptr::eq(*left, *right)),
        (Val::List(left), Val::List(right)) => Ok(Rc::ptr_eq(left, right)),
        (Val::Record(left), Val::Record(right)) => Ok(Rc::ptr_eq(left, right)),
        (Val::Items(_) | Val::Item(_) | Val::Files(_) | Val::File(_) | Val::Function, _)
        | (_, Val::Items(_) | Val::Item(_) | Val::Files(_) | Val::File(_) | Val::Function) => Err(Stop::GiveUp),
        _ => Ok(false),
    }
}

/// `key in object`.
fn contains_key(key: &Val<'_>, object: &Val<'_>) -> Result<bool, Stop> {
    match object {
        Val::Items(_) | Val::Item(_) | Val::File(_) | Val::Function => Err(Stop::GiveUp),
        _ if object.is_object() => own_or_inherited(object, &property_key(key)?),
        _ => Err(Stop::Throw),
    }
}
