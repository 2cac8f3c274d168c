//! What a person sent: n8n's item, with the values under the names of their fields.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Field, FieldKind, Form};
use crate::expression::js;
use crate::model::{Binary, Item, Json, Timestamp};

/// What was sent, before it is understood. The page names its inputs `field-0`, `field-1` and so on; the name or the label of a field are taken as well.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The texts.
    pub body: &'a Json,
    /// The files: the first of an input under the input's name, further ones with `_1`, `_2` and so on behind it.
    pub files: &'a BTreeMap<String, Binary>,
}

/// When a form was sent, as its item says it: Luxon's `toISO()` in an IANA zone, or in UTC where there is none.
pub fn sent_at(at: Timestamp, zone: Option<&str>) -> String {
    let zone = zone.and_then(|zone| jiff::tz::TimeZone::get(zone).ok()).unwrap_or(jiff::tz::TimeZone::UTC);
    let instant = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or_default();
    let zoned = instant.to_zoned(zone);
    let time = zoned.time();
    let clock = format!("{}T{:02}:{:02}:{:02}.{:03}", zoned.date(), time.hour(), time.minute(), time.second(), time.millisecond());
    let name = zoned.time_zone().iana_name().unwrap_or_default();
    if zoned.time_zone() == &jiff::tz::TimeZone::UTC || name.eq_ignore_ascii_case("utc") || name.eq_ignore_ascii_case("gmt") {
        return clock + "Z";
    }
    let minutes = zoned.offset().seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{clock}{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

impl Form {
    /// The item that an answer gives: a value for each field that asks for one (null where nothing was sent), `submittedAt` and `formMode`; files beside it.
    pub fn item(&self, answer: Answer<'_>, (sent, mode): (&str, &str)) -> Item {
        let mut json = Json::new();
        let mut binary = BTreeMap::new();
        for (index, field) in self.fields.iter().enumerate() {
            let value = match field.kind {
                FieldKind::File => Some(take_files(field, answer.files_of(index, field), &mut binary)),
                FieldKind::Html if field.name.is_empty() => None,
                FieldKind::Html => Some(answer.value_of(index, field).cloned().unwrap_or_else(|| field.html.clone().into())),
                _ => Some(answer.value_of(index, field).map_or(Value::Null, |value| field.convert(value))),
            };
            json.extend(value.map(|value| (field.name.clone(), value)));
        }
        json.insert("submittedAt".to_owned(), sent.into());
        json.insert("formMode".to_owned(), mode.into());
        let item = Item::new(json);
        if binary.is_empty() { item } else { item.with_binary(binary) }
    }
}

/// Puts the files of a field beside the item; gives what the item tells of them.
fn take_files(field: &Field, files: Vec<&Binary>, binary: &mut BTreeMap<String, Binary>) -> Value {
    let told: Vec<Value> = files.iter().map(|file| describe(file)).collect();
    let key = word(&field.name);
    let several = files.len() > 1;
    for (number, file) in files.into_iter().enumerate() {
        let key = if several { format!("{key}_{number}") } else { key.clone() };
        binary.insert(key, file.clone());
    }
    match told.len() {
        0 => Value::Null,
        1 if !field.several => told.into_iter().next().unwrap_or_default(),
        _ => told.into(),
    }
}

impl<'a> Answer<'a> {
    /// What was sent for a field, as it was sent.
    pub fn value_of(&self, index: usize, field: &Field) -> Option<&'a Value> {
        let given = [&format!("field-{index}"), &field.name, &field.label].into_iter().find_map(|key| self.body.get(key));
        given.filter(|value| !value.is_null())
    }

    /// The files that were sent for a field. An input that was left empty sends a file without name or content: that is none.
    pub fn files_of(&self, index: usize, field: &Field) -> Vec<&'a Binary> {
        let is_file = |file: &&Binary| file.size > 0 || file.file_name.is_some();
        let of = |name: &str| {
            let first = self.files.get(name);
            let further = (1..).map_while(|number| self.files.get(&format!("{name}_{number}")));
            first.into_iter().chain(further).filter(is_file).collect::<Vec<_>>()
        };
        let names = [&format!("field-{index}"), &field.name, &field.label];
        names.into_iter().map(|name| of(name)).find(|files| !files.is_empty()).unwrap_or_default()
    }
}

impl Field {
    /// The value as n8n's items have it.
    pub fn convert(&self, value: &Value) -> Value {
        match self.kind {
            FieldKind::Number if value.as_str().is_some_and(|text| js::trim(text).is_empty()) => Value::Null,
            FieldKind::Number => js::from_f64(js::to_number(value)),
            FieldKind::Text => Value::String(js::trim(&js::to_string(value)).to_owned()),
            FieldKind::Radio => self.chosen(value).into_iter().next().map_or(Value::Null, Value::String),
            FieldKind::Checkbox | FieldKind::Dropdown if self.is_list() => self.chosen(value).into(),
            _ => value.clone(),
        }
    }

    /// What was chosen. Browsers send one text for each choice; n8n's own page sends a list as JSON.
    pub fn chosen(&self, value: &Value) -> Vec<String> {
        match value {
            Value::Array(values) => values.iter().map(|value| js::to_string(value).into_owned()).collect(),
            Value::String(text) if self.choices.contains(text) => vec![text.clone()],
            Value::String(text) => match serde_json::from_str::<Vec<Value>>(text) {
                Ok(values) => values.iter().map(|value| js::to_string(value).into_owned()).collect(),
                Err(_) if text.is_empty() => Vec::new(),
                Err(_) => vec![text.clone()],
            },
            Value::Null => Vec::new(),
            other => vec![js::to_string(other).into_owned()],
        }
    }
}

/// A file as the JSON beside it tells of it.
fn describe(file: &Binary) -> Value {
    json!({ "filename": file.file_name, "mimetype": file.mime_type, "size": file.size })
}

/// A name as the key of a file: JavaScript's `\W` becomes `_`.
fn word(name: &str) -> String {
    name.encode_utf16().map(|unit| u8::try_from(unit).map_or('_', char::from)).map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(fields: Vec<Field>, body: &Value, files: &[(&str, Binary)]) -> Item {
        let form = Form { fields, ..Form::default() };
        let body = body.as_object().expect("an object");
        let files = files.iter().map(|(name, file)| ((*name).to_owned(), file.clone())).collect();
        form.item(Answer { body, files: &files }, ("then", "test"))
    }

    fn check(field: &Field, sent: &Value, expect: &Value) {
        let name = field.name.clone();
        let given = item(vec![field.clone()], &json!({ "field-0": sent }), &[]);
        assert_eq!(given.json().get(&name).cloned().unwrap_or(json!("none")), *expect, "{field:?} of {sent}");
    }

    #[test]
    fn values_have_the_type_of_their_field() {
        let choice = |kind, several| Field { choices: vec!["1".to_owned(), "[a]".to_owned()], several, ..Field::new(kind, "f") };
        check(&Field::new(FieldKind::Text, "f"), &json!("  a b "), &json!("a b"));
        check(&Field::new(FieldKind::Textarea, "f"), &json!(" a "), &json!(" a "));
        check(&Field::new(FieldKind::Number, "f"), &json!("1.5"), &json!(1.5));
        check(&Field::new(FieldKind::Number, "f"), &json!(""), &json!(null));
        check(&Field::new(FieldKind::Date, "f"), &json!("2026-11-29"), &json!("2026-11-29"));
        check(&choice(FieldKind::Checkbox, true), &json!("1"), &json!(["1"]));
        check(&choice(FieldKind::Checkbox, true), &json!(["1", "[a]"]), &json!(["1", "[a]"]));
        check(&choice(FieldKind::Checkbox, true), &json!("[\"1\",\"b\"]"), &json!(["1", "b"]));
        check(&choice(FieldKind::Checkbox, true), &json!("[a]"), &json!(["[a]"]));
        check(&choice(FieldKind::Dropdown, true), &json!("1"), &json!(["1"]));
        check(&choice(FieldKind::Dropdown, false), &json!("1"), &json!("1"));
        check(&choice(FieldKind::Radio, false), &json!("[\"1\"]"), &json!("1"));
        check(&choice(FieldKind::Radio, false), &json!("1"), &json!("1"));
        check(&Field::new(FieldKind::Text, "f"), &json!(null), &json!(null));
        let html = |name: &str| Field { html: "<b>x</b>".to_owned(), ..Field::new(FieldKind::Html, name) };
        check(&html("f"), &json!(null), &json!("<b>x</b>"));
        check(&html(""), &json!("<i>"), &json!("none"));
    }

    #[test]
    fn files_lie_under_their_field_and_an_empty_input_is_none() {
        let file = |name: &str| Binary::inline(b"x".to_vec(), "text/plain").with_file_name(name);
        let several = Field { several: true, ..Field::new(FieldKind::File, "My file") };
        let two = item(vec![several.clone()], &json!({}), &[("field-0", file("a.txt")), ("field-0_1", file("b.txt"))]);
        let told = |name: &str| json!({"filename": name, "mimetype": "text/plain", "size": 1});
        assert_eq!(two.json()["My file"], json!([told("a.txt"), told("b.txt")]));
        assert_eq!(two.binary().expect("files").keys().collect::<Vec<_>>(), ["My_file_0", "My_file_1"]);
        let one = item(vec![several.clone()], &json!({}), &[("field-0", file("a.txt"))]);
        assert_eq!((&one.json()["My file"], one.binary().expect("a file").keys().next()), (&json!([told("a.txt")]), Some(&"My_file".to_owned())));
        let empty = item(vec![several], &json!({}), &[("field-0", Binary::inline(Vec::new(), "application/octet-stream"))]);
        assert_eq!((&empty.json()["My file"], empty.binary().is_some()), (&json!(null), false));
    }

    #[test]
    fn the_time_of_sending_is_told_in_the_forms_zone() {
        let at = Timestamp::parse("2026-07-01T10:00:00.25Z").expect("an instant");
        assert_eq!(sent_at(at, None), "2026-07-01T10:00:00.250Z");
        assert_eq!(sent_at(at, Some("UTC")), "2026-07-01T10:00:00.250Z");
        assert_eq!(sent_at(at, Some("America/New_York")), "2026-07-01T06:00:00.250-04:00");
        assert_eq!(sent_at(at, Some("nowhere")), "2026-07-01T10:00:00.250Z");
    }
}
