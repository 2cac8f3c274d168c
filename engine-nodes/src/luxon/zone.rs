//! Time zones by the names that Luxon takes.

use jiff::Timestamp;
use jiff::tz::{Dst, TimeZone};

/// A time zone: an IANA zone, or a fixed offset from UTC.
#[derive(Clone, Debug, PartialEq)]
pub enum Zone {
    /// A zone of the IANA database, by its name.
    Named(TimeZone),
    /// A fixed offset in minutes.
    Fixed(i32),
}

impl Zone {
    /// UTC.
    pub const UTC: Self = Self::Fixed(0);

    /// Reads `Europe/Berlin`, `utc`, `UTC+3`, `UTC-5:30`, in any case. `None` for what names no zone.
    pub fn parse(name: &str) -> Option<Self> {
        let lower = name.trim().to_ascii_lowercase();
        // The zone of the machine is no part of a workflow.
        if matches!(lower.as_str(), "utc" | "gmt" | "system" | "local") {
            return Some(Self::UTC);
        }
        if let Some(offset) = lower.strip_prefix("utc") {
            return offset_of(offset).map(Self::Fixed);
        }
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte)) {
            return None;
        }
        TimeZone::get(name).ok().map(Self::Named)
    }

    /// The name: IANA's, `UTC`, or `UTC+5:30`.
    pub fn name(&self) -> String {
        match self {
            Self::Named(zone) => zone.iana_name().unwrap_or("UTC").to_owned(),
            Self::Fixed(0) => "UTC".to_owned(),
            Self::Fixed(minutes) => format!("UTC{}", offset_text(*minutes, OffsetStyle::Narrow)),
        }
    }

    /// True for a fixed offset.
    pub const fn is_fixed(&self) -> bool {
        matches!(self, Self::Fixed(_))
    }

    /// The offset from UTC at a moment, in minutes.
    pub fn offset(&self, millis: i64) -> i32 {
        match self {
            Self::Fixed(minutes) => *minutes,
            Self::Named(zone) => zone.to_offset(timestamp(millis)).seconds().div_euclid(60),
        }
    }

    /// The short or the long name of the offset at a moment, as English speakers in America have it.
    pub fn offset_name(&self, millis: i64, long: bool) -> String {
        let Self::Named(zone) = self else { return self.name() };
        let info = zone.to_offset_info(timestamp(millis));
        let minutes = info.offset().seconds().div_euclid(60);
        let abbreviation = info.abbreviation();
        let summer = info.dst() == Dst::Yes;
        let name = self.name();
        let found = ZONE_NAMES.iter().find(|entry| entry.abbreviation == abbreviation && entry.offset == minutes && (entry.holds)(&name));
        match found {
            Some(entry) if long => entry.long.to_owned(),
            Some(entry) if entry.short => abbreviation.to_owned(),
            _ if minutes == 0 && long && !summer => "Greenwich Mean Time".to_owned(),
            _ if minutes == 0 => "GMT".to_owned(),
            _ if long => format!("GMT{}", offset_text(minutes, OffsetStyle::Short)),
            _ => format!("GMT{}", offset_text(minutes, OffsetStyle::Narrow)),
        }
    }
}

/// A name that English has for the offset of some zones.
struct ZoneName {
    abbreviation: &'static str,
    offset: i32,
    long: &'static str,
    /// The abbreviation is in use in America.
    short: bool,
    /// For which zones, where an abbreviation means several things.
    holds: fn(&str) -> bool,
}

const fn entry(abbreviation: &'static str, offset: i32, long: &'static str, short: bool, holds: fn(&str) -> bool) -> ZoneName {
    ZoneName { abbreviation, offset, long, short, holds }
}

fn anywhere(_: &str) -> bool {
    true
}

fn america(name: &str) -> bool {
    name.starts_with("America/") || name.starts_with("US/") || name.starts_with("Canada/") || !name.contains('/')
}

fn universal(name: &str) -> bool {
    name.ends_with("UTC") || name.ends_with("Universal") || name.ends_with("Zulu") || name.ends_with("UCT")
}

const ZONE_NAMES: &[ZoneName] = &[
    entry("UTC", 0, "Coordinated Universal Time", true, universal),
    entry("EST", -300, "Eastern Standard Time", true, america),
    entry("EDT", -240, "Eastern Daylight Time", true, america),
    entry("CST", -360, "Central Standard Time", true, america),
    entry("CDT", -300, "Central Daylight Time", true, america),
    entry("MST", -420, "Mountain Standard Time", true, america),
    entry("MDT", -360, "Mountain Daylight Time", true, america),
    entry("PST", -480, "Pacific Standard Time", true, america),
    entry("PDT", -420, "Pacific Daylight Time", true, america),
    entry("AKST", -540, "Alaska Standard Time", true, anywhere),
    entry("AKDT", -480, "Alaska Daylight Time", true, anywhere),
    entry("HST", -600, "Hawaii-Aleutian Standard Time", true, anywhere),
    entry("AST", -240, "Atlantic Standard Time", false, anywhere),
    entry("ADT", -180, "Atlantic Daylight Time", false, anywhere),
    entry("CET", 60, "Central European Standard Time", false, anywhere),
    entry("CEST", 120, "Central European Summer Time", false, anywhere),
    entry("EET", 120, "Eastern European Standard Time", false, anywhere),
    entry("EEST", 180, "Eastern European Summer Time", false, anywhere),
    entry("WET", 0, "Western European Standard Time", false, anywhere),
    entry("WEST", 60, "Western European Summer Time", false, anywhere),
    entry("BST", 60, "British Summer Time", false, anywhere),
    entry("IST", 330, "India Standard Time", false, anywhere),
    entry("IST", 60, "Irish Standard Time", false, anywhere),
    entry("IST", 120, "Israel Standard Time", false, anywhere),
    entry("IDT", 180, "Israel Daylight Time", false, anywhere),
    entry("JST", 540, "Japan Standard Time", false, anywhere),
    entry("KST", 540, "Korean Standard Time", false, anywhere),
    entry("CST", 480, "China Standard Time", false, anywhere),
    entry("HKT", 480, "Hong Kong Standard Time", false, anywhere),
    entry("MSK", 180, "Moscow Standard Time", false, anywhere),
    entry("SAST", 120, "South Africa Standard Time", false, anywhere),
    entry("AEST", 600, "Australian Eastern Standard Time", false, anywhere),
    entry("AEDT", 660, "Australian Eastern Daylight Time", false, anywhere),
    entry("AWST", 480, "Australian Western Standard Time", false, anywhere),
    entry("NZST", 720, "New Zealand Standard Time", false, anywhere),
    entry("NZDT", 780, "New Zealand Daylight Time", false, anywhere),
];

/// How an offset is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OffsetStyle {
    /// `+5`, `+5:30`.
    Narrow,
    /// `+05:00`.
    Short,
    /// `+0500`.
    Technical,
}

pub(super) fn offset_text(minutes: i32, style: OffsetStyle) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
    match style {
        OffsetStyle::Narrow if rest == 0 => format!("{sign}{hours}"),
        OffsetStyle::Narrow => format!("{sign}{hours}:{rest:02}"),
        OffsetStyle::Short => format!("{sign}{hours:02}:{rest:02}"),
        OffsetStyle::Technical => format!("{sign}{hours:02}{rest:02}"),
    }
}

/// The minutes that `+3`, `-05:30` or nothing at all stand for.
fn offset_of(text: &str) -> Option<i32> {
    if text.is_empty() {
        return Some(0);
    }
    let (sign, rest) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(rest), _) => (1, rest),
        (_, Some(rest)) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "00"));
    let digits = |text: &str, most: usize| {
        (!text.is_empty() && text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse::<i32>().ok())
    };
    let (hours, minutes) = (digits(hours, 2)??, digits(minutes, 2)??);
    Some(sign * (hours * 60 + minutes))
}

/// The moment as jiff has it; the ends of its range for what lies beyond.
pub(super) fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(if millis < 0 { Timestamp::MIN } else { Timestamp::MAX })
}
