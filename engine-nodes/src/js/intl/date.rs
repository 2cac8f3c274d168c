//! Dates and times.

use super::locale::Locale;
use crate::luxon::{Fields, Lengths, Moment, Names};

/// How wide a part of a date is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::js) enum Width {
    Numeric,
    TwoDigit,
    Narrow,
    Short,
    Long,
}

/// A style that a locale knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::js) enum Style {
    Short,
    Medium,
    Long,
    Full,
}

/// How hours are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::js) enum HourCycle {
    /// 0 to 11.
    H11,
    /// 12, 1 to 11.
    H12,
    /// 0 to 23.
    H23,
    /// 24, 1 to 23.
    H24,
}

/// Which parts of a moment are written, and how.
#[derive(Clone, Debug, Default)]
pub(in crate::js) struct DateOptions {
    pub(in crate::js) weekday: Option<Width>,
    pub(in crate::js) year: Option<Width>,
    pub(in crate::js) month: Option<Width>,
    pub(in crate::js) day: Option<Width>,
    pub(in crate::js) hour: Option<Width>,
    pub(in crate::js) minute: Option<Width>,
    pub(in crate::js) second: Option<Width>,
    pub(in crate::js) fraction: usize,
    pub(in crate::js) zone_name: Option<Width>,
    pub(in crate::js) cycle: Option<HourCycle>,
    pub(in crate::js) hour12: Option<bool>,
    pub(in crate::js) date_style: Option<Style>,
    pub(in crate::js) time_style: Option<Style>,
}

/// A moment as a locale writes it; `tag` names the locale, for the names of months and days.
pub(in crate::js) fn format_date(moment: &Moment, tag: &str, options: &DateOptions) -> String {
    let options = options.spelled_out();
    let writer = Writer { moment, fields: moment.fields(), locale: Locale::of(tag), names: Names::of(tag), options: &options };
    let date = writer.date();
    let time = writer.time();
    match (date.is_empty(), time.is_empty()) {
        (false, false) => format!("{date}{}{time}", writer.gap()),
        (true, _) => time,
        (_, true) => date,
    }
}

impl DateOptions {
    /// The parts for which the styles stand.
    fn spelled_out(&self) -> Self {
        let mut all = self.clone();
        if let Some(style) = self.date_style {
            all.year = Some(Width::Numeric);
            all.day = Some(Width::Numeric);
            all.month = Some(match style {
                Style::Full | Style::Long => Width::Long,
                Style::Medium => Width::Short,
                Style::Short => Width::Numeric,
            });
            all.weekday = (style == Style::Full).then_some(Width::Long);
        }
        if let Some(style) = self.time_style {
            all.hour = Some(Width::Numeric);
            all.minute = Some(Width::TwoDigit);
            all.second = (style >= Style::Medium).then_some(Width::TwoDigit);
            all.zone_name = match style {
                Style::Full => Some(Width::Long),
                Style::Long => Some(Width::Short),
                _ => None,
            };
        }
        all
    }
}

struct Writer<'a> {
    moment: &'a Moment,
    fields: Fields,
    locale: &'static Locale,
    names: &'static Names,
    options: &'a DateOptions,
}

impl Writer<'_> {
    fn in_words(&self) -> bool {
        matches!(self.options.month, Some(Width::Short | Width::Long | Width::Narrow))
    }

    /// What stands between date and time.
    fn gap(&self) -> &'static str {
        let long = self.options.month == Some(Width::Long);
        if long { self.locale.long_time_gap } else { self.locale.time_gap }
    }

    fn date(&self) -> String {
        let date = if self.in_words() { self.date_in_words() } else { self.date_in_numbers() };
        let Some(width) = self.options.weekday else { return date };
        let weekday = self.names.weekday(self.fields.weekday, lengths(width));
        match () {
            () if date.is_empty() => weekday,
            () if self.options.month.is_none() && self.options.year.is_none() => format!("{date} {weekday}"),
            () if self.in_words() => format!("{weekday}{}{date}", self.locale.weekday_gap),
            () => format!("{weekday}, {date}"),
        }
    }

    fn date_in_words(&self) -> String {
        let pattern = match (self.options.day.is_some(), self.options.year.is_some()) {
            (true, true) => self.locale.words,
            (true, false) => self.locale.words_without_year,
            (false, true) => self.locale.words_without_day,
            (false, false) => "{M}",
        };
        let month = self.names.month(self.fields.local.month, lengths(self.options.month.unwrap_or(Width::Long)));
        self.filled(pattern).replace("{M}", &month)
    }

    fn date_in_numbers(&self) -> String {
        let DateOptions { year, month, day, date_style, .. } = self.options;
        let pattern = match (day.is_some(), month.is_some(), year.is_some()) {
            (true, true, true) if *date_style == Some(Style::Short) => self.locale.short,
            (true, true, true) => self.locale.numeric,
            (true, true, false) => self.locale.day_month,
            (false, true, true) => "{M}/{y}",
            (true, false, true) => "{y} {d}",
            (false, false, true) => "{y}",
            (false, true, false) => "{M}",
            (true, false, false) => "{d}",
            (false, false, false) => "",
        };
        let wide = |text: String| if *day == Some(Width::TwoDigit) { text.replace("{d}", "{dd}") } else { text };
        let pattern = wide(if *month == Some(Width::TwoDigit) { pattern.replace("{M}", "{MM}") } else { pattern.to_owned() });
        let month = self.fields.local.month;
        self.filled(&pattern).replace("{MM}", &format!("{month:02}")).replace("{M}", &month.to_string())
    }

    /// Days and years filled into a pattern.
    fn filled(&self, pattern: &str) -> String {
        let local = self.fields.local;
        let two_digit_year = format!("{:02}", local.year.rem_euclid(100));
        let year = if self.options.year == Some(Width::TwoDigit) { two_digit_year.clone() } else { local.year.to_string() };
        let day = if self.options.day == Some(Width::TwoDigit) { format!("{:02}", local.day) } else { local.day.to_string() };
        pattern.replace("{yy}", &two_digit_year).replace("{y}", &year).replace("{dd}", &format!("{:02}", local.day)).replace("{d}", &day)
    }

    fn cycle(&self) -> HourCycle {
        match (self.options.hour12, self.options.cycle) {
            (Some(true), _) => HourCycle::H12,
            (Some(false), _) if self.locale.is_american() => HourCycle::H24,
            (None, Some(cycle)) => cycle,
            (None, None) if self.locale.twelve_hours => HourCycle::H12,
            (Some(false) | None, _) => HourCycle::H23,
        }
    }

    fn time(&self) -> String {
        let parts =
            [self.hour(), self.padded(self.fields.local.minute, self.options.minute), self.padded(self.fields.local.second, self.options.second)];
        let mut text = parts.into_iter().flatten().collect::<Vec<_>>().join(":");
        if self.options.fraction > 0 {
            let digits = format!("{:03}", self.fields.local.millisecond);
            text.push('.');
            text.push_str(digits.get(..self.options.fraction.min(3)).unwrap_or(&digits));
        }
        let zone = self.options.zone_name.map(|width| self.moment.zone.offset_name(self.moment.millis, width == Width::Long));
        let words = [Some(text).filter(|text| !text.is_empty()), self.meridiem(), zone];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    fn hour(&self) -> Option<String> {
        let width = self.options.hour?;
        let hour = self.fields.local.hour;
        let shown = match self.cycle() {
            HourCycle::H11 => hour % 12,
            HourCycle::H12 => (hour + 11) % 12 + 1,
            HourCycle::H23 => hour,
            HourCycle::H24 => (hour + 23) % 24 + 1,
        };
        // Hours of the whole day have two digits wherever the locale counts half days.
        let whole_day = !self.half_days() && (self.locale.two_digit_hours || self.locale.twelve_hours);
        Some(if width == Width::TwoDigit || whole_day { format!("{shown:02}") } else { shown.to_string() })
    }

    fn half_days(&self) -> bool {
        matches!(self.cycle(), HourCycle::H11 | HourCycle::H12)
    }

    /// Minutes and seconds: two digits, unless they stand alone.
    fn padded(&self, value: i64, width: Option<Width>) -> Option<String> {
        let several = [self.options.hour, self.options.minute, self.options.second].iter().flatten().count() > 1;
        Some(if several || width? == Width::TwoDigit { format!("{value:02}") } else { value.to_string() }).filter(|_| width.is_some())
    }

    fn meridiem(&self) -> Option<String> {
        self.options.hour.filter(|_| self.half_days())?;
        let meridiem = self.names.meridiem(self.fields.local.hour);
        let lower = self.locale.is_english() && !self.locale.is_american();
        Some(if lower { meridiem.to_lowercase() } else { meridiem.to_owned() })
    }
}

fn lengths(width: Width) -> Lengths {
    match width {
        Width::Narrow => Lengths::Narrow,
        Width::Short => Lengths::Short,
        _ => Lengths::Long,
    }
}
