//! The time between two moments, in units of the calendar.

use super::calendar::{DAY, Fields};
use super::moment::{Moment, Unit};
use super::span::{Conversion, Span};

/// The time from `earlier` to `later`, in the given units: whole ones, and what is left over in the smallest. Negative when `later` is the earlier one.
pub fn difference(earlier: &Moment, later: &Moment, units: &[Unit]) -> Span {
    if later.millis < earlier.millis {
        return difference(later, earlier, units).negated();
    }
    let mut work = Work { start: earlier, end: later, span: Span::default(), cursor: earlier.clone(), high_water: earlier.clone(), lowest: None };
    for unit in [Unit::Year, Unit::Quarter, Unit::Month, Unit::Week, Unit::Day] {
        if units.contains(&unit) {
            work.count(unit);
        }
    }
    work.finish(units)
}

struct Work<'a> {
    start: &'a Moment,
    end: &'a Moment,
    span: Span,
    /// As far as whole units lead.
    cursor: Moment,
    /// One unit further.
    high_water: Moment,
    lowest: Option<Unit>,
}

impl Work<'_> {
    /// Counts the whole units from the start to the end.
    fn count(&mut self, unit: Unit) {
        self.lowest = Some(unit);
        let mut amount = apart(unit, &self.cursor.fields(), &self.end.fields());
        let reach = |span: &mut Span, amount: f64| {
            span.set(unit, amount);
            self.start.plus(span)
        };
        self.high_water = reach(&mut self.span, amount);
        if self.high_water.millis <= self.end.millis {
            self.cursor = self.high_water.clone();
            return;
        }
        amount -= 1.0;
        self.cursor = reach(&mut self.span, amount);
        if self.cursor.millis > self.end.millis {
            // Moments in different zones can be one further apart.
            self.high_water = self.cursor.clone();
            amount -= 1.0;
            self.cursor = reach(&mut self.span, amount);
        }
    }

    fn finish(mut self, units: &[Unit]) -> Span {
        let left = exact(self.end.millis - self.cursor.millis);
        let clock: Vec<Unit> = units.iter().copied().filter(|unit| *unit >= Unit::Hour).collect();
        if !clock.is_empty() {
            return Span::of(Unit::Millisecond, left).shifted(&clock, Conversion::Casual).plus(&self.span);
        }
        let Some(lowest) = self.lowest else { return self.span };
        if self.high_water.millis < self.end.millis {
            self.high_water = self.cursor.plus(&Span::of(lowest, 1.0));
        }
        if self.high_water.millis != self.cursor.millis {
            let unit = exact(self.high_water.millis - self.cursor.millis);
            self.span.set(lowest, self.span.get(lowest) + left / unit);
        }
        self.span
    }
}

/// How far two dates are apart by the calendar alone.
fn apart(unit: Unit, from: &Fields, to: &Fields) -> f64 {
    let years = to.local.year - from.local.year;
    let days = || (to.local.as_utc().div_euclid(DAY)) - from.local.as_utc().div_euclid(DAY);
    let quarter = |fields: &Fields| (fields.local.month - 1) / 3;
    exact(match unit {
        Unit::Year => years,
        Unit::Quarter => years * 4 + quarter(to) - quarter(from),
        Unit::Month => years * 12 + to.local.month - from.local.month,
        Unit::Week => days() / 7,
        _ => days(),
    })
}

/// A whole number as JavaScript has it.
#[expect(clippy::cast_precision_loss, reason = "spans of time are far below 2^53 milliseconds")]
pub(crate) fn exact(number: i64) -> f64 {
    number as f64
}
