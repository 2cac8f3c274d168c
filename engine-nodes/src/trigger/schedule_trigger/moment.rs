//! A moment as n8n's Schedule Trigger describes it.

use engine_core::model::Json;
use serde_json::json;

use crate::conversion::DateTime;

/// The item that a schedule gives.
pub(super) fn describe(now: &DateTime, zone: &str) -> Json {
    let zoned = now.zoned();
    let time = zoned.strftime("%-I:%M:%S %P").to_string();
    let month = zoned.strftime("%B").to_string();
    let offset = zoned.strftime("%:z").to_string();
    let day = ordinal(zoned.day());
    // Moment writes the offset out even for UTC.
    let timestamp = format!("{}{offset}", now.to_string().trim_end_matches('Z').get(..23).unwrap_or_default());
    let fields = json!({
        "timestamp": timestamp,
        "Readable date": format!("{month} {day} {}, {time}", zoned.year()),
        "Readable time": time,
        "Day of week": zoned.strftime("%A").to_string(),
        "Year": zoned.strftime("%Y").to_string(),
        "Month": month,
        "Day of month": zoned.strftime("%d").to_string(),
        "Hour": zoned.strftime("%H").to_string(),
        "Minute": zoned.strftime("%M").to_string(),
        "Second": zoned.strftime("%S").to_string(),
        "Timezone": format!("{zone} (UTC{offset})"),
    });
    if let serde_json::Value::Object(fields) = fields { fields } else { Json::new() }
}

/// `1st`, `2nd`, `3rd`, `4th`, `11th`.
fn ordinal(day: i8) -> String {
    let suffix = match (day % 10, day / 10) {
        (_, 1) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{day}{suffix}")
}

#[cfg(test)]
mod tests {
    use engine_core::model::Timestamp;

    use super::*;
    use crate::conversion::Dates;

    #[test]
    fn a_moment_reads_like_this() {
        let now = Dates::new("America/New_York", Timestamp::parse("2024-01-02T20:04:05.006Z").unwrap()).now();
        let got = serde_json::to_value(describe(&now, "America/New_York")).unwrap();
        let expect = json!({
            "timestamp": "2024-01-02T15:04:05.006-05:00",
            "Readable date": "January 2nd 2024, 3:04:05 pm",
            "Readable time": "3:04:05 pm",
            "Day of week": "Tuesday",
            "Year": "2024",
            "Month": "January",
            "Day of month": "02",
            "Hour": "15",
            "Minute": "04",
            "Second": "05",
            "Timezone": "America/New_York (UTC-05:00)",
        });
        assert_eq!(got, expect);
    }
}
