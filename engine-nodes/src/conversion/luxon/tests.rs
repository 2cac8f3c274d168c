use jiff::Zoned;
use serde_json::{Value, json};

use super::format::{american_week, to_iso};
use super::*;

fn at(text: &str) -> Zoned {
    text.parse().unwrap()
}

#[test]
fn tokens_are_written() {
    let date = at("2023-09-04T13:07:05.054[America/New_York]");
    let check = |format: &str, expect: &str| assert_eq!(LuxonFormat::new(format).format(&date), expect, "{format:?}");
    check("yyyy-MM-dd'T'HH:mm:ss.SSSZZ", "2023-09-04T13:07:05.054-04:00");
    check("y yy yyyyyy", "2023 23 002023");
    check("S u uu uuu", "54 054 05 0");
    check("s ss m mm h hh H HH a", "5 05 7 07 1 01 13 13 PM");
    check("Z ZZ ZZZ ZZZZ z", "-4 -04:00 -0400 EDT America/New_York");
    check("ZZZZZ", "Eastern Daylight Time");
    check("d dd E EEE EEEE EEEEE c ccc cccc ccccc", "4 04 1 Mon Monday M 1 Mon Monday M");
    check("L LL LLL LLLL LLLLL M MM MMM MMMM MMMMM", "9 09 Sep September S 9 09 Sep September S");
    check("G GG GGGGG", "AD Anno Domini A");
    check("kk kkkk W WW o ooo q qq n nn ii iiii", "23 2023 36 36 247 247 3 03 36 36 23 2023");
    check("X x", "1693847225 1693847225054");
    check("D; DD; DDD; DDDD", "9/4/2023; Sep 4, 2023; September 4, 2023; Monday, September 4, 2023");
    check("t; tt; ttt; T; TT", "1:07 PM; 1:07:05 PM; 1:07:05 PM EDT; 13:07; 13:07:05");
    check("f; FF", "9/4/2023, 1:07 PM; Sep 4, 2023, 1:07:05 PM");
    check("fff", "September 4, 2023 at 1:07 PM EDT");
    check("''", "'");
    check("EEE, dd LLL yyyy", "Mon, 04 Sep 2023");
}

#[test]
fn zones_without_a_name_go_by_their_offset() {
    let check = |date: &str, expect: &str| assert_eq!(LuxonFormat::new("z ZZZZ ZZZZZ").format(&at(date)), expect);
    check("2023-01-01T00:00[Europe/Berlin]", "Europe/Berlin GMT+1 Central European Standard Time");
    check("2023-01-01T00:00[Asia/Kathmandu]", "Asia/Kathmandu GMT+5:45 GMT+05:45");
    check("2023-01-01T00:00[Etc/UTC]", "Etc/UTC UTC Coordinated Universal Time");
    check("2023-01-01T00:00+03:00[+03:00]", "UTC+3 UTC+3 UTC+3");
}

#[test]
fn iso_has_a_z_only_for_utc_itself() {
    assert_eq!(to_iso(&at("2023-01-01T00:00[UTC]")), "2023-01-01T00:00:00.000Z");
    assert_eq!(to_iso(&at("2023-01-01T00:00[Etc/UTC]")), "2023-01-01T00:00:00.000+00:00");
    assert_eq!(to_iso(&at("2023-01-01T00:00:01.5[America/St_Johns]")), "2023-01-01T00:00:01.500-03:30");
}

#[test]
fn weeks_of_america_begin_on_sunday() {
    let check = |date: &str, expect: (i16, i64)| assert_eq!(american_week(date.parse().unwrap()), expect, "{date}");
    check("2023-01-01", (2023, 1));
    check("2022-12-31", (2022, 53));
    check("2024-12-29", (2025, 1));
    check("2024-12-28", (2024, 52));
}

#[test]
fn texts_are_read() {
    let now = at("2024-05-06T07:08:09.010[America/New_York]");
    let check = |text: &str, format: &str, expect: Result<&str, ReadError>| {
        let read = LuxonReader::new(format).read(text, &now).map(|date| to_iso(&date));
        assert_eq!(read.as_deref().map_err(|error| *error), expect, "{text:?} {format:?}");
    };
    check("20230405", "yyyyMMdd", Ok("2023-04-05T00:00:00.000-04:00"));
    check("5 april 2023 at 3:04 pm", "d MMMM yyyy 'at' h:mm a", Ok("2023-04-05T15:04:00.000-04:00"));
    check("12:00 AM", "h:mm a", Ok("2024-05-06T00:00:00.000-04:00"));
    check("07/08", "MM/dd", Ok("2024-07-08T00:00:00.000-04:00"));
    check("2023-04-05 06:07:08.9 +0530", "yyyy-MM-dd HH:mm:ss.u ZZZ", Ok("2023-04-04T20:37:08.900-04:00"));
    check("2023-04-05 06:07 Europe/Berlin", "yyyy-MM-dd HH:mm z", Ok("2023-04-05T00:07:00.000-04:00"));
    check("23", "yy", Ok("2023-01-01T00:00:00.000-05:00"));
    check("61", "yy", Ok("1961-01-01T00:00:00.000-05:00"));
    check("2023-W14-3", "kkkk-'W'WW-E", Ok("2023-04-05T00:00:00.000-04:00"));
    check("2023-095", "yyyy-ooo", Ok("2023-04-05T00:00:00.000-04:00"));
    check("Wed 5 Apr 2023", "EEE d MMM yyyy", Ok("2023-04-05T00:00:00.000-04:00"));
    check("Thu 5 Apr 2023", "EEE d MMM yyyy", Err(ReadError::NoSuchDate));
    check("4/5/2023, 1:02 PM", "f", Ok("2023-04-05T13:02:00.000-04:00"));
    check("2023-13-01", "yyyy-MM-dd", Err(ReadError::NoSuchDate));
    check("2023-02-30", "yyyy-MM-dd", Err(ReadError::NoSuchDate));
    check("13:00 PM", "h:mm a", Err(ReadError::NoSuchDate));
    check("2023-1-1", "yyyy-MM-dd", Err(ReadError::Unparsable));
    check("x2023", "yyyy", Err(ReadError::Unparsable));
}

#[test]
fn units_are_added_by_the_calendar() {
    let check = |date: &str, unit: Unit, amount: f64, expect: &str| {
        let later = plus(&at(date), &Amounts::of(unit, amount)).map(|date| to_iso(&date));
        assert_eq!(later.as_deref(), Some(expect), "{date} {amount} {unit:?}");
    };
    check("2024-01-31T10:00[Europe/Berlin]", Unit::Months, 1.0, "2024-02-29T10:00:00.000+01:00");
    check("2024-01-31T10:00[Europe/Berlin]", Unit::Quarters, -1.0, "2023-10-31T10:00:00.000+01:00");
    check("2024-03-30T10:00[Europe/Berlin]", Unit::Days, 1.0, "2024-03-31T10:00:00.000+02:00");
    check("2024-03-30T10:00[Europe/Berlin]", Unit::Hours, 24.0, "2024-03-31T11:00:00.000+02:00");
    check("2024-03-30T02:30[Europe/Berlin]", Unit::Days, 1.0, "2024-03-31T03:30:00.000+02:00");
    check("2024-10-28T02:30[Europe/Berlin]", Unit::Days, -1.0, "2024-10-27T02:30:00.000+01:00");
    check("2024-01-01T00:00[UTC]", Unit::Days, 1.5, "2024-01-02T12:00:00.000Z");
    check("2024-01-01T00:00[UTC]", Unit::Milliseconds, 1.0, "2024-01-01T00:00:00.001Z");
    assert_eq!(plus(&at("2024-01-01T00:00[UTC]"), &Amounts::of(Unit::Years, 1e12)), None);
}

#[test]
fn units_have_a_beginning() {
    let check = |unit: Unit, expect: &str| {
        let start = start_of(&at("2024-05-16T13:14:15.016[Europe/Berlin]"), unit).map(|date| to_iso(&date));
        assert_eq!(start.as_deref(), Some(expect), "{unit:?}");
    };
    check(Unit::Years, "2024-01-01T00:00:00.000+01:00");
    check(Unit::Quarters, "2024-04-01T00:00:00.000+02:00");
    check(Unit::Months, "2024-05-01T00:00:00.000+02:00");
    check(Unit::Weeks, "2024-05-13T00:00:00.000+02:00");
    check(Unit::Days, "2024-05-16T00:00:00.000+02:00");
    check(Unit::Hours, "2024-05-16T13:00:00.000+02:00");
    check(Unit::Seconds, "2024-05-16T13:14:15.000+02:00");
}

#[test]
fn differences_are_spread_over_units() {
    let check = |start: &str, end: &str, units: &[&str], expect: &Value, iso: &str| {
        let units: Vec<Unit> = units.iter().map(|unit| Unit::named(unit).unwrap()).collect();
        let amounts = difference(&at(start), &at(end), &units).unwrap();
        assert_eq!(Value::Object(amounts.to_json()), *expect, "{start} {end}");
        assert_eq!(amounts.to_iso(), iso);
    };
    let (new_year, spring) = ("2024-01-01T00:00[America/New_York]", "2025-03-15T12:00[America/New_York]");
    check(new_year, spring, &["year", "month", "day"], &json!({"years": 1, "months": 2, "days": 14.5}), "P1Y2M14.5D");
    check(new_year, spring, &["year", "hours"], &json!({"years": 1, "hours": 1763}), "P1YT1763H");
    check(spring, new_year, &["years"], &json!({"years": -1.201_255_707_762_557_2}), "P-1.2012557077625572Y");
    check(new_year, new_year, &["days", "seconds"], &json!({"days": 0, "seconds": 0}), "PT0S");
    check("2024-01-31T00:00[UTC]", "2024-03-01T00:00[UTC]", &["months", "days"], &json!({"months": 1, "days": 1}), "P1M1D");
    check(
        "2024-01-01T00:00[UTC]",
        "2024-01-15T06:30:00.5[UTC]",
        &["weeks", "hours", "seconds"],
        &json!({"weeks": 2, "hours": 6, "seconds": 1800.5}),
        "P2WT6H1800.5S",
    );
}
