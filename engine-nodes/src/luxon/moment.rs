//! A moment in a zone, and what can be done with it.

use super::calendar::{Fields, Local, days_in_month, week_date};
use super::span::{Conversion, Span};
use super::zone::Zone;

/// A moment that is shown in a zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Milliseconds since the Unix epoch.
    pub millis: i64,
    /// Where it is shown.
    pub zone: Zone,
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// Years.
    Year,
    /// Quarters of years.
    Quarter,
    /// Months.
    Month,
    /// Weeks, from Monday.
    Week,
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

impl Unit {
    /// All units, from the largest.
    pub const ALL: [Self; 9] =
        [Self::Year, Self::Quarter, Self::Month, Self::Week, Self::Day, Self::Hour, Self::Minute, Self::Second, Self::Millisecond];

    /// Reads `day`, `days`, `Day`.
    pub fn parse(name: &str) -> Option<Self> {
        let lower = name.to_lowercase();
        let single = lower.strip_suffix('s').unwrap_or(&lower);
        Self::ALL.into_iter().find(|unit| unit.name() == single)
    }

    /// The name of one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Quarter => "quarter",
            Self::Month => "month",
            Self::Week => "week",
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Minute => "minute",
            Self::Second => "second",
            Self::Millisecond => "millisecond",
        }
    }
}

impl Moment {
    /// What the zone shows.
    pub fn fields(&self) -> Fields {
        Fields::at(self.millis, &self.zone)
    }

    /// The moment at which the zone shows another date and time.
    #[must_use]
    pub fn with_local(&self, local: &Local) -> Self {
        Self { millis: local.in_zone(&self.zone, self.zone.offset(self.millis)), zone: self.zone.clone() }
    }

    /// The moment a span later. Years, months, weeks and days are counted on the calendar, a day of the month that does not exist becoming the last
    /// one; what is smaller is counted on the clock.
    #[must_use]
    pub fn plus(&self, span: &Span) -> Self {
        let local = self.fields().local;
        let whole = |unit| truncated(span.get(unit));
        let year = local.year + whole(Unit::Year);
        let month = local.month + whole(Unit::Month) + whole(Unit::Quarter) * 3;
        let day = local.day.min(days_in_month(year, month)) + whole(Unit::Day) + whole(Unit::Week) * 7;
        let moved = self.with_local(&Local { year, month, day, ..local });
        let mut rest = span.clone();
        for unit in [Unit::Year, Unit::Quarter, Unit::Month, Unit::Week, Unit::Day] {
            rest.set(unit, span.get(unit).fract());
        }
        let millis = rest.in_unit(Unit::Millisecond, Conversion::Casual);
        Self { millis: moved.millis + truncated(millis), zone: moved.zone }
    }

    /// The first moment of the unit that it lies in.
    #[must_use]
    pub fn start_of(&self, unit: Unit) -> Self {
        let fields = self.fields();
        let mut local = fields.local;
        if unit <= Unit::Second {
            local.millisecond = 0;
        }
        if unit <= Unit::Minute {
            local.second = 0;
        }
        if unit <= Unit::Hour {
            local.minute = 0;
        }
        if unit <= Unit::Day {
            local.hour = 0;
        }
        if unit == Unit::Week {
            local = Local::midnight(week_date(fields.week_year, fields.week, 1));
        }
        if unit <= Unit::Month {
            local.day = 1;
        }
        if unit == Unit::Quarter {
            local.month = (local.month - 1) / 3 * 3 + 1;
        }
        if unit == Unit::Year {
            local.month = 1;
        }
        self.with_local(&local)
    }

    /// The last moment of the unit that it lies in.
    #[must_use]
    pub fn end_of(&self, unit: Unit) -> Self {
        let next = self.plus(&Span::of(unit, 1.0)).start_of(unit);
        Self { millis: next.millis - 1, ..next }
    }

    /// True when clocks are set forward in summer, and it is summer.
    pub fn is_in_dst(&self) -> bool {
        if self.zone.is_fixed() {
            return false;
        }
        let offset_in = |month, day: Option<i64>| {
            let local = self.fields().local;
            let day = day.unwrap_or_else(|| local.day.min(days_in_month(local.year, month)));
            self.zone.offset(self.with_local(&Local { month, day, ..local }).millis)
        };
        let offset = self.zone.offset(self.millis);
        offset > offset_in(1, Some(1)) || offset > offset_in(5, None)
    }

    /// The same date and time shown in another zone, which is another moment.
    #[must_use]
    pub fn keeping_local(&self, zone: Zone) -> Self {
        let offset = zone.offset(self.millis);
        Self { millis: self.fields().local.in_zone(&zone, offset), zone }
    }

    /// The same moment shown in another zone.
    #[must_use]
    pub fn in_zone(&self, zone: Zone) -> Self {
        Self { millis: self.millis, zone }
    }
}

/// The whole part of a number.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and dates end long before it does")]
pub(super) fn truncated(number: f64) -> i64 {
    number as i64
}
