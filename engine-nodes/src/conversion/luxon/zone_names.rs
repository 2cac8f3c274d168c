//! Names of time zones in English, as far as they are in common use; all other zones go by their offset, as in browsers.

use jiff::Zoned;

/// The zone itself: `Europe/Berlin`, `UTC`, `UTC+3`.
pub(super) fn zone(date: &Zoned) -> String {
    match date.time_zone().iana_name() {
        Some(name) => name.to_owned(),
        None => format!("UTC{}", offset(date, false)),
    }
}

/// `EST`, `GMT+1`.
pub(super) fn short(date: &Zoned) -> String {
    let Some(name) = date.time_zone().iana_name() else { return zone(date) };
    if is_utc(name) {
        return "UTC".to_owned();
    }
    let abbreviation = abbreviation(date);
    let is_american = name.starts_with("America/") || name.starts_with("US/") || name.starts_with("Canada/") || name == "Pacific/Honolulu";
    if is_american
        && name != "America/Havana"
        && matches!(abbreviation.as_bytes(), [b'E' | b'C' | b'M' | b'P' | b'H', b'S' | b'D', b'T'] | b"AKST" | b"AKDT")
    {
        return abbreviation;
    }
    format!("GMT{}", offset(date, false))
}

/// `Eastern Standard Time`, `GMT+03:00`.
pub(super) fn long(date: &Zoned) -> String {
    let Some(name) = date.time_zone().iana_name() else { return zone(date) };
    if is_utc(name) {
        return "Coordinated Universal Time".to_owned();
    }
    let region = name.split('/').next().unwrap_or(name);
    match long_name(&abbreviation(date), (region, name)) {
        Some(long) => long.to_owned(),
        None => format!("GMT{}", offset(date, true)),
    }
}

fn is_utc(name: &str) -> bool {
    matches!(name, "UTC" | "Etc/UTC" | "Etc/UCT" | "Etc/Zulu" | "Etc/Universal" | "Zulu" | "UCT")
}

fn abbreviation(date: &Zoned) -> String {
    date.time_zone().to_offset_info(date.timestamp()).abbreviation().to_owned()
}

/// `+1`, `+5:30`, or `+01:00` in full; nothing for no offset.
fn offset(date: &Zoned, full: bool) -> String {
    let minutes = date.offset().seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    match (minutes.abs() / 60, minutes.abs() % 60) {
        (0, 0) => String::new(),
        (hours, minutes) if full => format!("{sign}{hours:02}:{minutes:02}"),
        (hours, 0) => format!("{sign}{hours}"),
        (hours, minutes) => format!("{sign}{hours}:{minutes:02}"),
    }
}

fn long_name(abbreviation: &str, (region, name): (&str, &str)) -> Option<&'static str> {
    let america = matches!(region, "America" | "US" | "Canada") || name == "Pacific/Honolulu";
    Some(match abbreviation {
        "EST" if america => "Eastern Standard Time",
        "EDT" if america => "Eastern Daylight Time",
        "CST" if america => "Central Standard Time",
        "CDT" if america => "Central Daylight Time",
        "MST" if america => "Mountain Standard Time",
        "MDT" if america => "Mountain Daylight Time",
        "PST" if america => "Pacific Standard Time",
        "PDT" if america => "Pacific Daylight Time",
        "AKST" => "Alaska Standard Time",
        "AKDT" => "Alaska Daylight Time",
        "HST" => "Hawaii-Aleutian Standard Time",
        "AST" if america => "Atlantic Standard Time",
        "ADT" if america => "Atlantic Daylight Time",
        "NST" if america => "Newfoundland Standard Time",
        "NDT" if america => "Newfoundland Daylight Time",
        "CET" => "Central European Standard Time",
        "CEST" => "Central European Summer Time",
        "EET" => "Eastern European Standard Time",
        "EEST" => "Eastern European Summer Time",
        "WET" => "Western European Standard Time",
        "WEST" => "Western European Summer Time",
        "GMT" => "Greenwich Mean Time",
        "BST" => "British Summer Time",
        "IST" if region == "Europe" => "Irish Standard Time",
        "IST" if name == "Asia/Jerusalem" => "Israel Standard Time",
        "IDT" => "Israel Daylight Time",
        "IST" => "India Standard Time",
        "MSK" => "Moscow Standard Time",
        "PKT" => "Pakistan Standard Time",
        "CST" if region == "Asia" => "China Standard Time",
        "HKT" => "Hong Kong Standard Time",
        "JST" => "Japan Standard Time",
        "KST" => "Korean Standard Time",
        "WIB" => "Western Indonesia Time",
        "SAST" => "South Africa Standard Time",
        "EAT" => "East Africa Time",
        "CAT" => "Central Africa Time",
        "WAT" => "West Africa Standard Time",
        "AWST" => "Australian Western Standard Time",
        "ACST" => "Australian Central Standard Time",
        "ACDT" => "Australian Central Daylight Time",
        "AEST" => "Australian Eastern Standard Time",
        "AEDT" => "Australian Eastern Daylight Time",
        "NZST" => "New Zealand Standard Time",
        "NZDT" => "New Zealand Daylight Time",
        _ => return None,
    })
}
