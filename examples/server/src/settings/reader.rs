//! From texts to values: each that cannot be used is noted, and reading goes on.

use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;

use super::problem::{Reason, SettingProblem};
use super::show;
use super::table::{self, Setting};
use super::values::Values;

/// Reads values, and remembers what is wrong with them.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    values: &'a Values,
    pub(super) problems: Vec<SettingProblem>,
    /// Which settings were asked for.
    #[cfg(test)]
    pub(super) asked: std::collections::BTreeSet<&'static str>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(values: &'a Values) -> Self {
        Self {
            values,
            problems: values.problems.clone(),
            #[cfg(test)]
            asked: std::collections::BTreeSet::new(),
        }
    }

    /// What a setting says, or its default; nothing where that is empty.
    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        let setting = self.setting(name);
        let text = self.values.get(setting).map_or(setting.default, |given| &given.text).trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Whether somebody set it.
    pub(crate) fn is_set(&mut self, name: &'static str) -> bool {
        let setting = self.setting(name);
        self.values.get(setting).is_some()
    }

    /// A text that is not kept where it could be printed.
    pub(crate) fn secret(&mut self, name: &'static str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }

    /// A value of any type; nothing where it is not set or cannot be used.
    pub(crate) fn parse<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, Reason>) -> Option<T> {
        let text = self.text(name)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(reason) => {
                self.refuse(name, reason);
                None
            }
        }
    }

    /// A number within bounds. One that cannot be used gives the least: nothing will be done with it.
    pub(crate) fn number<T>(&mut self, name: &'static str, bounds: RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + Copy + std::fmt::Display,
    {
        let least = *bounds.start();
        self.parse(name, |text| number(text, &bounds)).unwrap_or(least)
    }

    /// A number within bounds, where one is set.
    pub(crate) fn optional_number<T>(&mut self, name: &'static str, bounds: RangeInclusive<T>) -> Option<T>
    where
        T: FromStr + PartialOrd + Copy + std::fmt::Display,
    {
        self.parse(name, |text| number(text, &bounds))
    }

    /// A time span.
    pub(crate) fn duration(&mut self, name: &'static str) -> Duration {
        self.optional_duration(name).unwrap_or_default()
    }

    /// A time span, where one is set.
    pub(crate) fn optional_duration(&mut self, name: &'static str) -> Option<Duration> {
        self.parse(name, duration)
    }

    /// A time span that is not shorter than this.
    pub(crate) fn duration_of(&mut self, name: &'static str, least: Duration) -> Duration {
        let longer = |text: &str| match duration(text)? {
            span if span < least => Err(Reason::new("this is too short", format!("Use at least {}.", humantime::format_duration(least)))),
            span => Ok(span),
        };
        self.parse(name, longer).unwrap_or(least)
    }

    /// A number of bytes.
    pub(crate) fn size(&mut self, name: &'static str) -> usize {
        self.parse(name, size).unwrap_or_default()
    }

    /// Yes or no.
    pub(crate) fn flag(&mut self, name: &'static str) -> bool {
        self.choice(name, &[("true", true), ("false", false)]).unwrap_or_default()
    }

    /// One of several words.
    pub(crate) fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)]) -> Option<T> {
        self.parse(name, |text| {
            let found = choices.iter().find(|(word, _)| *word == text);
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            found.map(|(_, value)| *value).ok_or_else(|| Reason::new("this word is not known", format!("Use one of: {}.", words.join(", "))))
        })
    }

    /// The parts of a list with commas.
    pub(crate) fn list(&mut self, name: &'static str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    /// Notes that a setting cannot be used.
    pub(crate) fn refuse(&mut self, name: &'static str, reason: Reason) {
        let setting = self.setting(name);
        let given = self.values.get(setting);
        let origin = given.map_or_else(|| "not set".to_owned(), |given| given.origin.clone());
        let value = given.and_then(|given| show::value(setting, &given.text));
        self.problems.push(SettingProblem { name: name.to_owned(), value, origin, reason });
    }

    #[cfg_attr(not(test), expect(clippy::unused_self, reason = "tests note which settings are asked for"))]
    fn setting(&mut self, name: &'static str) -> &'static Setting {
        #[cfg(test)]
        self.asked.insert(name);
        table::all().find(|setting| setting.name == name).unwrap_or_else(|| unreachable!("{name} is in the table"))
    }
}

fn number<T: FromStr + PartialOrd + std::fmt::Display>(text: &str, bounds: &RangeInclusive<T>) -> Result<T, Reason> {
    let fits = text.parse().ok().filter(|number| bounds.contains(number));
    fits.ok_or_else(|| Reason::new("this is no whole number within bounds", format!("Use a number from {} to {}.", bounds.start(), bounds.end())))
}

fn duration(text: &str) -> Result<Duration, Reason> {
    humantime::parse_duration(text).map_err(|error| Reason::new(format!("this is no time span: {error}"), "Write it as 500ms, 30s, 15m, 12h or 30d."))
}

fn size(text: &str) -> Result<usize, Reason> {
    const UNITS: [(&str, usize); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1)];
    let parsed = UNITS.iter().find_map(|(unit, bytes)| text.strip_suffix(unit)?.trim().parse::<usize>().ok()?.checked_mul(*bytes));
    parsed.filter(|bytes| *bytes > 0).ok_or_else(|| Reason::new("this is no number of bytes", "Write it as 1024, 64KiB, 16MiB or 1GiB."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_spans_are_read_with_their_units() {
        assert_eq!(size("16MiB").unwrap(), 16 << 20);
        assert_eq!(size("1024").unwrap(), 1024);
        for wrong in ["", "0", "-1", "16MB", "MiB", "99999999999999GiB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
        assert_eq!(duration("1m 30s").unwrap(), Duration::from_secs(90));
        assert!(duration("30").is_err(), "a number without its unit");
        assert!(number("0", &(1..=9)).is_err());
        assert_eq!(number("9", &(1..=9)).unwrap(), 9);
    }
}
