//! Places of elements: among their siblings (`:nth-child`), and among what was selected so far (jQuery's `:first`, `:eq`).

use super::{Selector, SelectorError};

/// `:nth-child(2n + 1 of S)` and relatives.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Nth {
    pub(super) formula: Formula,
    pub(super) from_end: bool,
    pub(super) counted: Counted,
}

/// Which siblings count.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Counted {
    All,
    SameName,
    Matching(Selector),
}

/// `step * n + offset` for n from 0 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Formula {
    pub(super) step: i64,
    pub(super) offset: i64,
}

impl Formula {
    pub(super) const FIRST: Self = Self { step: 0, offset: 1 };

    /// Reads `odd`, `even`, `3`, `-n+3`.
    pub(super) fn parse(text: &str) -> Result<Self, SelectorError> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
        let fail = || SelectorError::Unmatched(format!("nth({text})"));
        match text.as_str() {
            "odd" => return Ok(Self { step: 2, offset: 1 }),
            "even" => return Ok(Self { step: 2, offset: 0 }),
            _ => {}
        }
        let Some((step, offset)) = text.split_once('n') else {
            return Ok(Self { step: 0, offset: text.parse().map_err(|_| fail())? });
        };
        let step = match step {
            "" | "+" => 1,
            "-" => -1,
            number => number.parse().map_err(|_| fail())?,
        };
        let offset = if offset.is_empty() { 0 } else { offset.parse().map_err(|_| fail())? };
        Ok(Self { step, offset })
    }

    /// Whether it reaches a place; the first is 1.
    pub(super) fn reaches(self, place: usize) -> bool {
        let distance = i64::try_from(place).unwrap_or(i64::MAX).saturating_sub(self.offset);
        if self.step == 0 { distance == 0 } else { distance % self.step == 0 && distance / self.step >= 0 }
    }
}

/// A place among what was selected so far, counted from 0; negative numbers count from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    At(i64),
    After(i64),
    Before(i64),
    Even,
    Odd,
}

impl Position {
    /// The position that a pseudo-class names.
    pub(super) fn named(name: &str, argument: Option<&str>) -> Option<Self> {
        let number = || argument.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        Some(match name {
            "first" => Self::At(0),
            "last" => Self::At(-1),
            "eq" | "nth" => Self::At(number()),
            "gt" => Self::After(number()),
            "lt" => Self::Before(number()),
            "even" => Self::Even,
            "odd" => Self::Odd,
            _ => return None,
        })
    }

    /// Those of a list that are there.
    pub(super) fn pick<T: Copy>(self, list: &[T]) -> Vec<T> {
        let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
        let from_start = |number: i64| if number < 0 { length + number } else { number };
        let keeps = |index: i64| match self {
            Self::At(number) => index == from_start(number),
            Self::After(number) => index > from_start(number),
            Self::Before(number) => index < from_start(number),
            Self::Even => index % 2 == 0,
            Self::Odd => index % 2 == 1,
        };
        list.iter().zip(0..).filter(|(_, index)| keeps(*index)).map(|(element, _)| *element).collect()
    }
}
