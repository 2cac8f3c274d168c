//! What n8n's nodes do with dates by way of Luxon: formats made of tokens, reading by such formats, and arithmetic with the calendar. All in English.

mod arithmetic;
mod format;
mod read;
mod zone_names;

#[cfg(test)]
mod tests;

pub(crate) use arithmetic::{Amounts, Unit, difference, plus, start_of};
pub(crate) use format::{LuxonFormat, to_iso};
pub(crate) use read::{LuxonReader, ReadError};

use format::{MONTHS, WEEKDAYS};
