//! Moments as ISO 8601 writes them.

use super::format::padded;
use super::moment::Moment;
use super::zone::{OffsetStyle, offset_text};

/// How the text is written.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are Luxon's own options")]
pub struct IsoOptions {
    /// Without hyphens and colons.
    pub basic: bool,
    /// Seconds are left out when they and the milliseconds are zero.
    pub suppress_seconds: bool,
    /// Milliseconds are left out when they are zero.
    pub suppress_milliseconds: bool,
    /// With the offset.
    pub include_offset: bool,
    /// With the zone in brackets.
    pub extended_zone: bool,
    /// The smallest unit that is written.
    pub precision: Precision,
}

/// The smallest unit that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// Years.
    Year,
    /// Months.
    Month,
    /// Days.
    Day,
    /// Hours.
    Hour,
    /// Minutes.
    Minute,
    /// Seconds.
    Second,
    /// Milliseconds.
    Millisecond,
}

impl Default for IsoOptions {
    fn default() -> Self {
        Self {
            basic: false,
            suppress_seconds: false,
            suppress_milliseconds: false,
            include_offset: true,
            extended_zone: false,
            precision: Precision::Millisecond,
        }
    }
}

/// The date: `2024-03-05`.
pub fn iso_date(moment: &Moment, options: &IsoOptions) -> String {
    let local = moment.fields().local;
    let hyphen = if options.basic { "" } else { "-" };
    let mut text = match local.year {
        0..=9999 => padded(local.year, 4),
        year if year < 0 => padded(year, 6),
        year => format!("+{}", padded(year, 6)),
    };
    if options.precision >= Precision::Month {
        text += hyphen;
        text += &padded(local.month, 2);
    }
    if options.precision >= Precision::Day {
        text += hyphen;
        text += &padded(local.day, 2);
    }
    text
}

/// The time: `10:00:00.000+01:00`.
pub fn iso_time(moment: &Moment, options: &IsoOptions) -> String {
    let fields = moment.fields();
    let local = fields.local;
    let colon = if options.basic { "" } else { ":" };
    let mut text = padded(local.hour, 2);
    let seconds = options.precision >= Precision::Second && !(options.suppress_seconds && local.second == 0 && local.millisecond == 0);
    if options.precision >= Precision::Minute {
        text += colon;
        text += &padded(local.minute, 2);
    }
    if seconds {
        text += colon;
        text += &padded(local.second, 2);
    }
    if seconds && options.precision >= Precision::Millisecond && !(options.suppress_milliseconds && local.millisecond == 0) {
        text += ".";
        text += &padded(local.millisecond, 3);
    }
    if options.include_offset {
        let is_utc = moment.zone.is_fixed() && fields.offset == 0 && !options.extended_zone;
        let style = if options.basic { OffsetStyle::Technical } else { OffsetStyle::Short };
        text += &if is_utc { "Z".to_owned() } else { offset_text(fields.offset, style) };
    }
    if options.extended_zone {
        text.extend(["[", &moment.zone.name(), "]"]);
    }
    text
}
