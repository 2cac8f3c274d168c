//! Numbers, dates and words in several locales, as Node.js 20 writes them.

use std::cmp::Ordering;

use super::number::{CurrencyDisplay, UnitDisplay};
use super::{DateOptions, HourCycle, Locale, NumberOptions, NumberStyle, Style, Width, compare, format_date, format_number};
use crate::luxon::{Moment, Zone};

fn number(value: f64, locale: &str, options: &NumberOptions) -> String {
    format_number(value, Locale::of(locale), options)
}

#[test]
fn writes_numbers() {
    let check = |value: f64, locale: &str, expect: &str| assert_eq!(number(value, locale, &NumberOptions::default()), expect, "{value} {locale}");
    check(0.0, "en-US", "0");
    check(1234.5, "en-US", "1,234.5");
    check(-1_234_567.891_5, "en-US", "-1,234,567.892");
    check(0.000_5, "en-US", "0.001");
    check(0.05, "en-US", "0.05");
    check(1e21, "en-US", "1,000,000,000,000,000,000,000");
    check(1234.5, "de-DE", "1.234,5");
    check(1234.5, "es-ES", "1234,5");
    check(12345.5, "es", "12.345,5");
    check(1_234_567.0, "en-IN", "12,34,567");
    check(1234.5, "fr-FR", "1\u{202f}234,5");
    check(1234.5, "de-CH", "1’234.5");
    check(f64::NAN, "en-US", "NaN");
    check(f64::INFINITY, "en-US", "∞");
}

#[test]
fn rounds_half_away_from_zero() {
    let options = |places| NumberOptions { least_fraction: Some(places), most_fraction: Some(places), ..NumberOptions::default() };
    for (value, places, expect) in
        [(1.005, 2, "1.01"), (2.5, 0, "3"), (-2.5, 0, "-3"), (9.999, 2, "10.00"), (0.0, 2, "0.00"), (999.995, 2, "1,000.00")]
    {
        assert_eq!(number(value, "en-US", &options(places)), expect, "{value}");
    }
    let significant = NumberOptions { most_significant: Some(3), ..NumberOptions::default() };
    assert_eq!(number(123_456.0, "en-US", &significant), "123,000");
    assert_eq!(number(0.001_234_5, "en-US", &significant), "0.00123");
}

#[test]
fn writes_amounts() {
    let currency = |code: &str| NumberOptions { style: NumberStyle::Currency(code.to_owned(), CurrencyDisplay::Symbol), ..NumberOptions::default() };
    assert_eq!(number(1234.5, "en-US", &currency("USD")), "$1,234.50");
    assert_eq!(number(-1234.5, "en-US", &currency("USD")), "-$1,234.50");
    assert_eq!(number(1234.5, "de-DE", &currency("EUR")), "1.234,50\u{a0}€");
    assert_eq!(number(1234.5, "pt-BR", &currency("BRL")), "R$\u{a0}1.234,50");
    assert_eq!(number(1234.5, "en-US", &currency("CHF")), "CHF\u{a0}1,234.50");
    assert_eq!(number(1234.5, "en-US", &currency("JPY")), "¥1,235");
    let percent = NumberOptions { style: NumberStyle::Percent, ..NumberOptions::default() };
    assert_eq!(number(0.256, "en-US", &percent), "26%");
    assert_eq!(number(0.256, "de-DE", &percent), "26\u{a0}%");
    let compact = NumberOptions { compact: Some(false), ..NumberOptions::default() };
    assert_eq!(number(1234.0, "en-US", &compact), "1.2K");
    assert_eq!(number(15_300_000.0, "en-US", &compact), "15M");
    let hours = NumberOptions { style: NumberStyle::Unit("hour".to_owned(), UnitDisplay::Long), ..NumberOptions::default() };
    assert_eq!(number(1.0, "en-US", &hours), "1 hour");
    assert_eq!(number(2.0, "en-US", &hours), "2 hours");
}

/// 5 March 2024, 14:05:09 in Berlin.
fn date(locale: &str, options: &DateOptions) -> String {
    let zone = Zone::parse("Europe/Berlin").unwrap();
    format_date(&Moment { millis: 1_709_643_909_000, zone }, locale, options)
}

fn numeric() -> DateOptions {
    DateOptions { year: Some(Width::Numeric), month: Some(Width::Numeric), day: Some(Width::Numeric), ..DateOptions::default() }
}

#[test]
fn writes_dates() {
    for (locale, expect) in [
        ("en-US", "3/5/2024"),
        ("en-GB", "05/03/2024"),
        ("de-DE", "5.3.2024"),
        ("fr-FR", "05/03/2024"),
        ("sv-SE", "2024-03-05"),
        ("en-CA", "2024-03-05"),
    ] {
        assert_eq!(date(locale, &numeric()), expect, "{locale}");
    }
    let words = DateOptions { month: Some(Width::Long), weekday: Some(Width::Long), ..numeric() };
    for (locale, expect) in [
        ("en-US", "Tuesday, March 5, 2024"),
        ("en-GB", "Tuesday, 5 March 2024"),
        ("de-DE", "Dienstag, 5. März 2024"),
        ("fr-FR", "mardi 5 mars 2024"),
        ("es-ES", "martes, 5 de marzo de 2024"),
    ] {
        assert_eq!(date(locale, &words), expect, "{locale}");
    }
}

#[test]
fn writes_times() {
    let time = DateOptions { hour: Some(Width::Numeric), minute: Some(Width::Numeric), second: Some(Width::Numeric), ..numeric() };
    assert_eq!(date("en-US", &time), "3/5/2024, 2:05:09 PM");
    assert_eq!(date("en-GB", &time), "05/03/2024, 14:05:09");
    assert_eq!(date("de-DE", &time), "5.3.2024, 14:05:09");
    assert_eq!(date("sv-SE", &time), "2024-03-05 14:05:09");
    assert_eq!(date("en-US", &DateOptions { cycle: Some(HourCycle::H23), ..time }), "3/5/2024, 14:05:09");
    let styled = DateOptions { date_style: Some(Style::Long), time_style: Some(Style::Short), ..DateOptions::default() };
    assert_eq!(date("en-US", &styled), "March 5, 2024 at 2:05 PM");
    let full = DateOptions { time_style: Some(Style::Full), ..DateOptions::default() };
    assert_eq!(date("en-US", &full), "2:05:09 PM Central European Standard Time");
}

#[test]
fn compares_words() {
    for (a, b, expect) in [
        ("a", "B", Ordering::Less),
        ("a", "A", Ordering::Less),
        ("a\u{301}", "b", Ordering::Less),
        ("a", "a\u{301}", Ordering::Less),
        ("1", "a", Ordering::Less),
    ] {
        assert_eq!(compare(a, b, false, 3), expect, "{a} {b}");
        assert_eq!(compare(b, a, false, 3), expect.reverse(), "{b} {a}");
    }
    assert_eq!(compare("a10", "a9", true, 3), Ordering::Greater);
    assert_eq!(compare("a10", "a9", false, 3), Ordering::Less);
    assert_eq!(compare("a", "A", false, 1), Ordering::Equal);
}
