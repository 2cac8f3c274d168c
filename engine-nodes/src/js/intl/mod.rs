//! Numbers, dates and order as people write them: what `Intl` and the `toLocaleString` methods stand on. QuickJS has none of it.
//!
//! Locales are known by a small table; what is not in it is written as in the United States.

mod collate;
mod date;
mod locale;
mod number;
#[cfg(test)]
mod tests;

pub(super) use collate::compare;
pub(super) use date::{DateOptions, HourCycle, Style, Width, format_date};
pub(super) use locale::Locale;
pub(super) use number::{CurrencyDisplay, Grouping, NumberOptions, NumberStyle, SignDisplay, UnitDisplay, format_number};
