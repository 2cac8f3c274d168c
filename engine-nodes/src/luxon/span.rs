//! Lengths of time, in units of the calendar and the clock.

use super::moment::Unit;

/// A length of time: an amount of each unit that was given. Units that were not given are counted as zero, but stay out of what is shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Span {
    amounts: [Option<f64>; 9],
}

/// What a month and a year are taken to be when they are turned into days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conversion {
    /// 30 days and 365 days.
    #[default]
    Casual,
    /// What they are on average over 400 years.
    LongTerm,
}

impl Conversion {
    /// Milliseconds of a unit.
    fn millis(self, unit: Unit) -> f64 {
        let day = 86_400_000.0;
        let year = match self {
            Self::Casual => 365.0 * day,
            Self::LongTerm => 146_097.0 / 400.0 * day,
        };
        match unit {
            Unit::Year => year,
            Unit::Quarter => {
                if self == Self::Casual {
                    91.0 * day
                } else {
                    year / 4.0
                }
            }
            Unit::Month => {
                if self == Self::Casual {
                    30.0 * day
                } else {
                    year / 12.0
                }
            }
            Unit::Week => 7.0 * day,
            Unit::Day => day,
            Unit::Hour => 3_600_000.0,
            Unit::Minute => 60_000.0,
            Unit::Second => 1000.0,
            Unit::Millisecond => 1.0,
        }
    }

    /// How many of the smaller unit make one of the larger.
    fn ratio(self, larger: Unit, smaller: Unit) -> f64 {
        match (self, larger, smaller) {
            (_, Unit::Year, Unit::Quarter) | (Self::Casual, Unit::Month, Unit::Week) => 4.0,
            (_, Unit::Year, Unit::Month) => 12.0,
            (_, Unit::Quarter, Unit::Month) => 3.0,
            (Self::Casual, Unit::Year, Unit::Week) => 52.0,
            (Self::Casual, Unit::Quarter, Unit::Week) => 13.0,
            _ => self.millis(larger) / self.millis(smaller),
        }
    }
}

impl Span {
    /// An amount of one unit.
    pub fn of(unit: Unit, amount: f64) -> Self {
        let mut span = Self::default();
        span.set(unit, amount);
        span
    }

    /// The amount of a unit; zero when it was not given.
    pub fn get(&self, unit: Unit) -> f64 {
        self.given(unit).unwrap_or_default()
    }

    /// The amount of a unit, when it was given.
    pub fn given(&self, unit: Unit) -> Option<f64> {
        self.amounts.get(unit as usize).copied().flatten()
    }

    /// Gives a unit an amount.
    pub fn set(&mut self, unit: Unit, amount: f64) {
        if let Some(slot) = self.amounts.get_mut(unit as usize) {
            *slot = Some(amount);
        }
    }

    /// The units that were given, from the largest.
    pub fn units(&self) -> impl Iterator<Item = (Unit, f64)> + '_ {
        Unit::ALL.into_iter().filter_map(|unit| Some((unit, self.given(unit)?)))
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let mut sum = Self::default();
        for unit in Unit::ALL {
            if self.given(unit).is_some() || other.given(unit).is_some() {
                sum.set(unit, self.get(unit) + other.get(unit));
            }
        }
        sum
    }

    /// Every amount changed in one way.
    #[must_use]
    pub fn map(&self, change: impl Fn(f64) -> f64) -> Self {
        Self { amounts: self.amounts.map(|amount| amount.map(&change)) }
    }

    /// The same length the other way. There is no negative zero.
    #[must_use]
    pub fn negated(&self) -> Self {
        self.map(|amount| if amount == 0.0 { 0.0 } else { -amount })
    }

    /// The whole length in one unit.
    pub fn in_unit(&self, unit: Unit, conversion: Conversion) -> f64 {
        self.shifted(&[unit], conversion).get(unit)
    }

    /// The same length in other units: each gets what is whole in it, the smallest the rest.
    #[must_use]
    pub fn shifted(&self, units: &[Unit], conversion: Conversion) -> Self {
        let mut built = Self::default();
        let mut accumulated = Self::default();
        let mut last = None;
        for unit in Unit::ALL {
            if !units.contains(&unit) {
                if let Some(amount) = self.given(unit) {
                    accumulated.set(unit, amount);
                }
                continue;
            }
            last = Some(unit);
            let mut own: f64 = Unit::ALL.into_iter().filter_map(|above| Some(conversion.ratio(above, unit) * accumulated.given(above)?)).sum();
            accumulated = Self::default();
            own += self.get(unit);
            let whole = own.trunc();
            built.set(unit, whole);
            accumulated.set(unit, (own * 1000.0 - whole * 1000.0) / 1000.0);
        }
        let Some(last) = last else { return self.clone() };
        let rest: f64 = accumulated
            .units()
            .filter(|(_, amount)| *amount != 0.0)
            .map(|(unit, amount)| if unit == last { amount } else { amount / conversion.ratio(last, unit) })
            .sum();
        built.set(last, built.get(last) + rest);
        built.normalized(conversion)
    }

    /// The same length with amounts of one sign, none of them larger than the next larger unit that was given.
    #[must_use]
    pub fn normalized(&self, conversion: Conversion) -> Self {
        let mut amounts = self.clone();
        let sign = if amounts.total_millis(conversion) < 0.0 { -1.0 } else { 1.0 };
        // From the smallest: borrow what is missing, carry what is over.
        let mut previous: Option<Unit> = None;
        for unit in Unit::ALL.into_iter().rev() {
            if amounts.given(unit).is_none() {
                continue;
            }
            if let Some(smaller) = previous {
                let amount = amounts.get(smaller) * sign;
                let ratio = conversion.ratio(unit, smaller);
                let carried = (amount / ratio).floor();
                amounts.set(unit, amounts.get(unit) + carried * sign);
                amounts.set(smaller, amounts.get(smaller) - carried * ratio * sign);
            }
            previous = Some(unit);
        }
        // From the largest: hand fractions down.
        let mut previous: Option<Unit> = None;
        for unit in Unit::ALL {
            if amounts.given(unit).is_none() {
                continue;
            }
            if let Some(larger) = previous {
                let fraction = amounts.get(larger).fract();
                amounts.set(larger, amounts.get(larger) - fraction);
                amounts.set(unit, amounts.get(unit) + fraction * conversion.ratio(larger, unit));
            }
            previous = Some(unit);
        }
        amounts.map(|amount| if amount == 0.0 { 0.0 } else { amount })
    }

    fn total_millis(&self, conversion: Conversion) -> f64 {
        // Summed from the milliseconds up, one unit into the next, as Luxon does it.
        Unit::ALL.into_iter().map(|unit| self.get(unit) * conversion.millis(unit)).sum()
    }
}
