//! Luxon's arithmetic: adding units, the beginning of a unit, and differences in units.

use engine_core::expression::js;
use engine_core::model::Json;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp, Zoned};

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unit {
    Years,
    Quarters,
    Months,
    Weeks,
    Days,
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
}

const UNITS: [Unit; 9] =
    [Unit::Years, Unit::Quarters, Unit::Months, Unit::Weeks, Unit::Days, Unit::Hours, Unit::Minutes, Unit::Seconds, Unit::Milliseconds];

impl Unit {
    /// The unit of a name, singular or plural.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        UNITS.into_iter().find(|unit| unit.name() == name || unit.name().strip_suffix('s') == Some(&name))
    }

    /// The name in the plural.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Years => "years",
            Self::Quarters => "quarters",
            Self::Months => "months",
            Self::Weeks => "weeks",
            Self::Days => "days",
            Self::Hours => "hours",
            Self::Minutes => "minutes",
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
        }
    }

    /// How long it is, for parts of one; months and years as Luxon takes them when it must.
    const fn milliseconds(self) -> f64 {
        const DAY: f64 = 86_400_000.0;
        match self {
            Self::Years => 365.0 * DAY,
            Self::Quarters => 91.0 * DAY,
            Self::Months => 30.0 * DAY,
            Self::Weeks => 7.0 * DAY,
            Self::Days => DAY,
            Self::Hours => 3_600_000.0,
            Self::Minutes => 60_000.0,
            Self::Seconds => 1000.0,
            Self::Milliseconds => 1.0,
        }
    }

    /// Whether it is as long everywhere and always.
    const fn is_exact(self) -> bool {
        matches!(self, Self::Hours | Self::Minutes | Self::Seconds | Self::Milliseconds)
    }
}

/// Amounts of units: a duration as Luxon has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Amounts {
    /// The units that it has, from the largest on.
    amounts: Vec<(Unit, f64)>,
}

impl Amounts {
    /// One amount.
    pub(crate) fn of(unit: Unit, amount: f64) -> Self {
        Self { amounts: vec![(unit, amount)] }
    }

    fn get(&self, unit: Unit) -> f64 {
        self.amounts.iter().find(|(other, _)| *other == unit).map_or(0.0, |(_, amount)| *amount)
    }

    fn set(&mut self, unit: Unit, amount: f64) {
        self.amounts.retain(|(other, _)| *other != unit);
        self.amounts.push((unit, amount));
        self.amounts.sort_by_key(|(unit, _)| *unit);
    }

    /// The opposite.
    #[must_use]
    pub(crate) fn negated(mut self) -> Self {
        for (_, amount) in &mut self.amounts {
            *amount = if *amount == 0.0 { 0.0 } else { -*amount };
        }
        self
    }

    /// `{"years": 1, "days": 2.5}`.
    pub(crate) fn to_json(&self) -> Json {
        self.amounts.iter().map(|(unit, amount)| (unit.name().to_owned(), js::from_f64(*amount))).collect()
    }

    /// `P1Y2DT3H`.
    pub(crate) fn to_iso(&self) -> String {
        let mut out = "P".to_owned();
        let part = |amount: f64, letter: &str| if amount == 0.0 { String::new() } else { js::number_to_string(amount) + letter };
        let date = [
            part(self.get(Unit::Years), "Y"),
            part(self.get(Unit::Months) + self.get(Unit::Quarters) * 3.0, "M"),
            part(self.get(Unit::Weeks), "W"),
            part(self.get(Unit::Days), "D"),
        ];
        let seconds = self.get(Unit::Seconds) + self.get(Unit::Milliseconds) / 1000.0;
        let has_seconds = self.get(Unit::Seconds) != 0.0 || self.get(Unit::Milliseconds) != 0.0;
        let seconds = if has_seconds { js::number_to_string((seconds * 1000.0).round() / 1000.0) + "S" } else { String::new() };
        let time = [part(self.get(Unit::Hours), "H"), part(self.get(Unit::Minutes), "M"), seconds].concat();
        out.push_str(&date.concat());
        if !time.is_empty() {
            out.push('T');
            out.push_str(&time);
        }
        if out == "P" { "PT0S".to_owned() } else { out }
    }
}

/// A date later by some amounts. Years, months, weeks and days go by the calendar; a day that the month does not have becomes its last. Parts of a unit
/// go by its usual length. `None` when it lies beyond the calendar.
pub(crate) fn plus(date: &Zoned, amounts: &Amounts) -> Option<Zoned> {
    let whole = |unit: Unit| amounts.get(unit).trunc();
    let later = shift(
        date.date(),
        whole(Unit::Years) * 12.0 + whole(Unit::Quarters) * 3.0 + whole(Unit::Months),
        whole(Unit::Weeks) * 7.0 + whole(Unit::Days),
    )?;
    let moved = if later == date.date() { date.clone() } else { resolve(later.to_datetime(date.time()), date)? };
    let exact = |(unit, amount): &(Unit, f64)| if unit.is_exact() { *amount } else { amount.fract() } * unit.milliseconds();
    let milliseconds: f64 = amounts.amounts.iter().map(exact).sum();
    later_by(&moved, milliseconds)
}

/// The day some months and days later.
fn shift(date: Date, months: f64, days: f64) -> Option<Date> {
    let months = Span::new().try_months(whole(months)?).ok()?;
    let days = Span::new().try_days(whole(days)?).ok()?;
    date.checked_add(months).ok()?.checked_add(days).ok()
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
fn whole(number: f64) -> Option<i64> {
    (number.abs() < 1e15).then_some(number as i64)
}

fn later_by(date: &Zoned, milliseconds: f64) -> Option<Zoned> {
    if milliseconds == 0.0 {
        return Some(date.clone());
    }
    let timestamp = Timestamp::from_millisecond(date.timestamp().as_millisecond().checked_add(whole(milliseconds.floor())?)?).ok()?;
    Some(timestamp.to_zoned(date.time_zone().clone()))
}

/// A local time in the zone of `near`. Of two that a change of clocks makes, the one with the offset of `near` counts; one that is skipped moves on.
fn resolve(local: DateTime, near: &Zoned) -> Option<Zoned> {
    let zone: &TimeZone = near.time_zone();
    let ambiguous = zone.to_ambiguous_zoned(local);
    let later = matches!(ambiguous.offset(), AmbiguousOffset::Fold { after, .. } if after == near.offset());
    if later { ambiguous.later().ok() } else { ambiguous.compatible().ok() }
}

/// The beginning of the unit in which a date lies. Weeks begin on Monday.
pub(crate) fn start_of(date: &Zoned, unit: Unit) -> Option<Zoned> {
    let day = date.date();
    let first_month = |month: i8| Date::new(day.year(), month, 1).ok();
    let day = match unit {
        Unit::Years => first_month(1)?,
        Unit::Quarters => first_month((day.month() - 1) / 3 * 3 + 1)?,
        Unit::Months => first_month(day.month())?,
        Unit::Weeks => shift(day, 0.0, -f64::from(day.weekday().to_monday_zero_offset()))?,
        _ => day,
    };
    let now = date.time();
    let time = match unit {
        Unit::Hours => jiff::civil::time(now.hour(), 0, 0, 0),
        Unit::Minutes => jiff::civil::time(now.hour(), now.minute(), 0, 0),
        Unit::Seconds => jiff::civil::time(now.hour(), now.minute(), now.second(), 0),
        Unit::Milliseconds => return Some(date.clone()),
        _ => jiff::civil::Time::midnight(),
    };
    resolve(day.to_datetime(time), date)
}

/// How much later `end` is than `start`, in the given units; the smallest takes the rest, as a fraction.
pub(crate) fn difference(start: &Zoned, end: &Zoned, units: &[Unit]) -> Option<Amounts> {
    if end.timestamp() < start.timestamp() {
        return difference(end, start, units).map(Amounts::negated);
    }
    let (mut cursor, mut amounts) = (start.clone(), Amounts::default());
    let (mut above, mut smallest) = (None, None);
    for unit in UNITS.into_iter().filter(|unit| !unit.is_exact() && units.contains(unit)) {
        smallest = Some(unit);
        amounts.set(unit, calendar_distance(&cursor, end, unit));
        let mut high = plus(start, &amounts)?;
        if high.timestamp() > end.timestamp() {
            amounts.set(unit, amounts.get(unit) - 1.0);
            cursor = plus(start, &amounts)?;
            if cursor.timestamp() > end.timestamp() {
                high = cursor;
                amounts.set(unit, amounts.get(unit) - 1.0);
                cursor = plus(start, &amounts)?;
            }
        } else {
            cursor = high.clone();
        }
        above = Some(high);
    }
    let rest = milliseconds_between(&cursor, end);
    let exact: Vec<Unit> = UNITS.into_iter().filter(|unit| unit.is_exact() && units.contains(unit)).collect();
    if !exact.is_empty() {
        spread(rest, &exact, &mut amounts);
    } else if let (Some(mut high), Some(unit)) = (above, smallest) {
        if high.timestamp() < end.timestamp() {
            high = plus(&cursor, &Amounts::of(unit, 1.0))?;
        }
        if high.timestamp() != cursor.timestamp() {
            amounts.set(unit, amounts.get(unit) + rest / milliseconds_between(&cursor, &high));
        }
    }
    Some(amounts)
}

/// Spreads milliseconds over exact units, the largest first; the smallest takes a fraction.
fn spread(milliseconds: f64, units: &[Unit], amounts: &mut Amounts) {
    let mut rest = milliseconds;
    for (index, unit) in units.iter().enumerate() {
        let amount = rest / unit.milliseconds();
        let amount = if index + 1 == units.len() { amount } else { amount.trunc() };
        amounts.set(*unit, amount);
        rest -= amount * unit.milliseconds();
    }
}

/// How many units lie between two dates by their calendar fields alone.
fn calendar_distance(from: &Zoned, to: &Zoned, unit: Unit) -> f64 {
    let (from, to) = (from.date(), to.date());
    let years = f64::from(to.year()) - f64::from(from.year());
    let months = f64::from(to.month()) - f64::from(from.month());
    let days = from.until(to).map_or(0.0, |span| f64::from(span.get_days()));
    match unit {
        Unit::Years => years,
        Unit::Quarters => f64::from((to.month() - 1) / 3) - f64::from((from.month() - 1) / 3) + years * 4.0,
        Unit::Months => months + years * 12.0,
        Unit::Weeks => (days / 7.0).trunc(),
        _ => days,
    }
}

#[expect(clippy::cast_precision_loss, reason = "the calendar ends long before 2^53 milliseconds")]
fn milliseconds_between(from: &Zoned, to: &Zoned) -> f64 {
    (to.timestamp().as_millisecond() - from.timestamp().as_millisecond()) as f64
}
