//! `Intl`: reads the options of scripts.

use std::cmp::Ordering;

use rquickjs::function::Func;
use rquickjs::{Object, Result};

use crate::js::intl::{
    CurrencyDisplay, DateOptions, Grouping, HourCycle, Locale, NumberOptions, NumberStyle, SignDisplay, Style, UnitDisplay, Width, compare,
    format_date, format_number,
};
use crate::luxon::{Moment, Zone};

/// Adds the functions to the host object.
pub(super) fn add(host: &Object<'_>) -> Result<()> {
    let intl = Object::new(host.ctx().clone())?;
    intl.set("number", Func::from(number))?;
    intl.set("date", Func::from(date))?;
    intl.set(
        "compare",
        Func::from(|a: String, b: String, numeric: bool, sensitivity: u8| match compare(&a, &b, numeric, sensitivity) {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        }),
    )?;
    host.set("intl", intl)
}

fn text(options: &Object<'_>, name: &str) -> Result<Option<String>> {
    options.get(name)
}

fn number(value: f64, locale: String, options: Object<'_>) -> Result<String> {
    let count = |name: &str| options.get::<_, Option<f64>>(name).map(|value| value.map(small));
    let unit_display = match text(&options, "unitDisplay")?.as_deref() {
        Some("long") => UnitDisplay::Long,
        Some("narrow") => UnitDisplay::Narrow,
        _ => UnitDisplay::Short,
    };
    let style = match text(&options, "style")?.as_deref() {
        Some("percent") => NumberStyle::Percent,
        Some("currency") => {
            let display = match text(&options, "currencyDisplay")?.as_deref() {
                Some("code") => CurrencyDisplay::Code,
                Some("name") => CurrencyDisplay::Name,
                Some("narrowSymbol") => CurrencyDisplay::NarrowSymbol,
                _ => CurrencyDisplay::Symbol,
            };
            NumberStyle::Currency(text(&options, "currency")?.unwrap_or_default().to_uppercase(), display)
        }
        Some("unit") => NumberStyle::Unit(text(&options, "unit")?.unwrap_or_default(), unit_display),
        _ => NumberStyle::Decimal,
    };
    let compact = match text(&options, "notation")?.as_deref() {
        Some("compact") => Some(text(&options, "compactDisplay")?.as_deref() == Some("long")),
        _ => None,
    };
    let grouping: rquickjs::Value<'_> = options.get("useGrouping")?;
    let options = NumberOptions {
        style,
        least_integer: count("minimumIntegerDigits")?.unwrap_or(1),
        least_fraction: count("minimumFractionDigits")?,
        most_fraction: count("maximumFractionDigits")?,
        least_significant: count("minimumSignificantDigits")?,
        most_significant: count("maximumSignificantDigits")?,
        grouping: if grouping.as_bool() == Some(false) { Grouping::Never } else { Grouping::Always },
        sign: match text(&options, "signDisplay")?.as_deref() {
            Some("always") => SignDisplay::Always,
            Some("never") => SignDisplay::Never,
            Some("exceptZero") => SignDisplay::ExceptZero,
            _ => SignDisplay::Auto,
        },
        compact,
    };
    Ok(format_number(value, Locale::of(&locale), &options))
}

/// A number of digits; at most 100.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the value is bounded")]
fn small(count: f64) -> usize {
    count.clamp(0.0, 100.0) as usize
}

fn width(options: &Object<'_>, name: &str) -> Result<Option<Width>> {
    Ok(match text(options, name)?.as_deref() {
        Some("2-digit") => Some(Width::TwoDigit),
        Some("narrow") => Some(Width::Narrow),
        Some("short" | "shortOffset" | "shortGeneric") => Some(Width::Short),
        Some("long" | "longOffset" | "longGeneric") => Some(Width::Long),
        Some(_) => Some(Width::Numeric),
        None => None,
    })
}

fn style(options: &Object<'_>, name: &str) -> Result<Option<Style>> {
    Ok(match text(options, name)?.as_deref() {
        Some("full") => Some(Style::Full),
        Some("long") => Some(Style::Long),
        Some("medium") => Some(Style::Medium),
        Some("short") => Some(Style::Short),
        _ => None,
    })
}

fn date(millis: f64, locale: String, zone: String, options: Object<'_>) -> Result<String> {
    let cycle = match text(&options, "hourCycle")?.as_deref() {
        Some("h11") => Some(HourCycle::H11),
        Some("h12") => Some(HourCycle::H12),
        Some("h23") => Some(HourCycle::H23),
        Some("h24") => Some(HourCycle::H24),
        _ => None,
    };
    let options = DateOptions {
        weekday: width(&options, "weekday")?,
        year: width(&options, "year")?,
        month: width(&options, "month")?,
        day: width(&options, "day")?,
        hour: width(&options, "hour")?,
        minute: width(&options, "minute")?,
        second: width(&options, "second")?,
        fraction: options.get::<_, Option<f64>>("fractionalSecondDigits")?.map(small).unwrap_or_default(),
        zone_name: width(&options, "timeZoneName")?,
        cycle,
        hour12: options.get("hour12")?,
        date_style: style(&options, "dateStyle")?,
        time_style: style(&options, "timeStyle")?,
    };
    let moment = Moment { millis: super::dates::millis(millis), zone: Zone::parse(&zone).unwrap_or(Zone::UTC) };
    Ok(format_date(&moment, &locale, &options))
}
