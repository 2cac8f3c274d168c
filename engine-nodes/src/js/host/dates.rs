//! Dates: the calendar, zones and formats behind `DateTime`.
//!
//! The prelude hands in moments as milliseconds and zones by name, and gets numbers and texts back.

use rquickjs::function::Func;
use rquickjs::{Ctx, IntoJs, Object, Result, Value as JsValue};

use crate::luxon::{self, Conversion, Fields, IsoOptions, Local, Moment, Precision, Read, Setting, Span, Unit, Zone, days_in_month, weeks_in_year};

/// The largest moment that JavaScript's dates have, in milliseconds from the epoch.
const LAST: f64 = 8.64e15;

/// Adds the functions to the host object.
pub(super) fn add(host: &Object<'_>) -> Result<()> {
    let dates = Object::new(host.ctx().clone())?;
    dates.set("fields", Func::from(|at: f64, zone: String| fields(at, &zone)))?;
    dates.set("fromLocal", Func::from(from_local))?;
    dates.set("weekDate", Func::from(|year: i64, week: i64, weekday: i64| luxon::week_to_date(year, week, weekday)))?;
    dates.set("ordinalDate", Func::from(|year: i64, ordinal: i64| luxon::ordinal_to_date(year, ordinal)))?;
    dates.set("zone", Func::from(|name: String| Zone::parse(&name).map(|zone| zone.name())))?;
    dates.set("fixedZone", Func::from(|minutes: i32| Zone::Fixed(minutes).name()))?;
    dates.set("offset", Func::from(|at: f64, zone: String| zone_of(&zone).offset(millis(at))))?;
    dates.set("plus", Func::from(|at: f64, zone: String, span: Vec<Option<f64>>| number(moment(at, &zone).plus(&span_of(&span)).millis)))?;
    dates.set("startOf", Func::from(|at: f64, zone: String, unit: usize| number(moment(at, &zone).start_of(unit_at(unit)).millis)))?;
    dates.set("endOf", Func::from(|at: f64, zone: String, unit: usize| number(moment(at, &zone).end_of(unit_at(unit)).millis)))?;
    dates.set("keepLocal", Func::from(|at: f64, zone: String, other: String| number(moment(at, &zone).keeping_local(zone_of(&other)).millis)))?;
    dates.set("isInDst", Func::from(|at: f64, zone: String| moment(at, &zone).is_in_dst()))?;
    dates.set("offsetName", Func::from(|at: f64, zone: String, long: bool| zone_of(&zone).offset_name(millis(at), long)))?;
    dates.set("daysInMonth", Func::from(days_in_month))?;
    dates.set("weeksInYear", Func::from(weeks_in_year))?;
    dates.set("difference", Func::from(difference))?;
    dates.set("format", Func::from(|at: f64, zone: String, format: String, locale: String| luxon::format(&moment(at, &zone), &format, &locale)))?;
    dates.set("iso", Func::from(iso))?;
    dates.set("read", Func::from(read))?;
    dates.set("scan", Func::from(scan))?;
    dates.set("shift", Func::from(shift))?;
    dates.set("normalize", Func::from(|span: Vec<Option<f64>>, long_term: bool| list_of(&span_of(&span).normalized(conversion(long_term)))))?;
    host.set("dates", dates)
}

#[expect(clippy::cast_possible_truncation, reason = "the value is bounded before")]
pub(super) fn millis(at: f64) -> i64 {
    at.clamp(-LAST, LAST) as i64
}

#[expect(clippy::cast_precision_loss, reason = "moments are far below 2^53 milliseconds")]
fn number(millis: i64) -> f64 {
    millis as f64
}

/// The zone with a name that was checked before.
fn zone_of(name: &str) -> Zone {
    Zone::parse(name).unwrap_or(Zone::UTC)
}

fn moment(at: f64, zone: &str) -> Moment {
    Moment { millis: millis(at), zone: zone_of(zone) }
}

fn unit_at(index: usize) -> Unit {
    Unit::ALL.get(index).copied().unwrap_or(Unit::Millisecond)
}

fn conversion(long_term: bool) -> Conversion {
    if long_term { Conversion::LongTerm } else { Conversion::Casual }
}

fn span_of(amounts: &[Option<f64>]) -> Span {
    let mut span = Span::default();
    for (unit, amount) in Unit::ALL.into_iter().zip(amounts) {
        if let Some(amount) = amount {
            span.set(unit, *amount);
        }
    }
    span
}

fn list_of(span: &Span) -> Vec<Option<f64>> {
    Unit::ALL.into_iter().map(|unit| span.given(unit)).collect()
}

fn fields(at: f64, zone: &str) -> Vec<i64> {
    let Fields { local, offset, weekday, ordinal, week, week_year } = Fields::at(millis(at), &zone_of(zone));
    let Local { year, month, day, hour, minute, second, millisecond } = local;
    vec![year, month, day, hour, minute, second, millisecond, i64::from(offset), weekday, ordinal, week, week_year]
}

/// The moment at which a zone shows a date and time; `known` is the offset to be preferred.
fn from_local(parts: Vec<i64>, zone: String, known: i32) -> Option<f64> {
    let [year, month, day, hour, minute, second, millisecond] = <[i64; 7]>::try_from(parts).ok()?;
    let local = Local { year, month, day, hour, minute, second, millisecond };
    Some(number(local.in_zone(&zone_of(&zone), known)))
}

fn difference(from: f64, from_zone: String, to: f64, to_zone: String, units: Vec<usize>) -> Vec<Option<f64>> {
    let units: Vec<Unit> = units.into_iter().map(unit_at).collect();
    list_of(&luxon::difference(&moment(from, &from_zone), &moment(to, &to_zone), &units))
}

fn shift(span: Vec<Option<f64>>, units: Vec<usize>, long_term: bool) -> Vec<Option<f64>> {
    let units: Vec<Unit> = units.into_iter().map(unit_at).collect();
    list_of(&span_of(&span).shifted(&units, conversion(long_term)))
}

/// The date and the time of a moment in ISO 8601.
fn iso(at: f64, zone: String, options: Object<'_>) -> Result<Vec<String>> {
    let flag = |name: &str, otherwise: bool| options.get::<_, Option<bool>>(name).map(|value| value.unwrap_or(otherwise));
    let precision: Option<String> = options.get("precision")?;
    let options = IsoOptions {
        basic: flag("basic", false)?,
        suppress_seconds: flag("suppressSeconds", false)?,
        suppress_milliseconds: flag("suppressMilliseconds", false)?,
        include_offset: flag("includeOffset", true)?,
        extended_zone: flag("extendedZone", false)?,
        precision: match precision.as_deref() {
            Some("year") => Precision::Year,
            Some("month") => Precision::Month,
            Some("day") => Precision::Day,
            Some("hour") => Precision::Hour,
            Some("minute") => Precision::Minute,
            Some("second") => Precision::Second,
            _ => Precision::Millisecond,
        },
    };
    let moment = moment(at, &zone);
    Ok(vec![luxon::iso_date(&moment, &options), luxon::iso_time(&moment, &options)])
}

/// What a reader found: `[millis, zone]`, the name of the unit that is out of range, or nothing.
fn found<'js>(ctx: &Ctx<'js>, read: Read) -> Result<JsValue<'js>> {
    match read {
        Read::Done(moment) => {
            let list = rquickjs::Array::new(ctx.clone())?;
            list.set(0, number(moment.millis))?;
            list.set(1, moment.zone.name())?;
            Ok(list.into_value())
        }
        Read::OutOfRange(unit) => unit.into_js(ctx),
        Read::Unknown => Ok(JsValue::new_undefined(ctx.clone())),
    }
}

fn setting(zone: &str, keep_zone: bool, now: f64) -> Setting {
    Setting { zone: zone_of(zone), keep_zone, now: millis(now) }
}

/// `[way, text]`: the name of a way to read, and what is to be read.
fn read(ctx: Ctx<'_>, what: Vec<String>, zone: String, keep_zone: bool, now: f64) -> Result<JsValue<'_>> {
    let [way, text] = what.as_slice() else { return Ok(JsValue::new_undefined(ctx.clone())) };
    let setting = setting(&zone, keep_zone, now);
    let read = match way.as_str() {
        "iso" => luxon::read_iso(text, &setting),
        "sql" => luxon::read_sql(text, &setting),
        "http" => luxon::read_http(text, &setting),
        "rfc2822" => luxon::read_rfc2822(text, &setting),
        _ => luxon::read_any(text, &setting),
    };
    found(&ctx, read)
}

/// `[text, format, locale]` in a zone.
fn scan(ctx: Ctx<'_>, what: Vec<String>, zone: String, keep_zone: bool, now: f64) -> Result<JsValue<'_>> {
    let [text, format, locale] = what.as_slice() else { return Ok(JsValue::new_undefined(ctx.clone())) };
    found(&ctx, luxon::scan(text, format, locale, &setting(&zone, keep_zone, now)))
}
