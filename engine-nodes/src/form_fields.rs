//! The fields of forms as n8n's nodes write them: read by the Form Trigger, the Form node and Wait.

use engine_core::expression::js;
use engine_core::form::{Field, FieldKind};
use engine_core::model::Json;
use engine_core::node::Parameter;
use engine_core::schema::{Property, PropertyGroup};
use serde_json::Value;

use crate::settings::Settings;

const FIELD_TYPES: [&str; 12] =
    ["text", "checkbox", "html", "date", "dropdown", "email", "file", "hiddenField", "number", "password", "radio", "textarea"];

/// The parameter that lists the fields.
pub(crate) fn property() -> Property {
    Property::fixed_collection_list("formFields", [PropertyGroup::new("values", field())])
}

fn field() -> Vec<Property> {
    let choice = PropertyGroup::new("values", [Property::string("option")]);
    vec![
        Property::string("fieldLabel"),
        Property::string("fieldName"),
        Property::options("fieldType", FIELD_TYPES),
        Property::string("elementName").show("fieldType", ["html"]),
        Property::string("html").show("fieldType", ["html"]),
        Property::string("placeholder"),
        Property::string("defaultValue"),
        Property::string("fieldValue").show("fieldType", ["hiddenField"]),
        Property::fixed_collection_list("fieldOptions", [choice]).show("fieldType", ["dropdown", "checkbox", "radio"]),
        Property::boolean("multiselect", false).show("fieldType", ["dropdown"]),
        Property::boolean("multipleFiles", true).show("fieldType", ["file"]),
        Property::string("acceptFileTypes").show("fieldType", ["file"]),
        Property::string("formatDate").show("fieldType", ["date"]),
        Property::string("limitSelection"),
        Property::number("numberOfSelections", 1),
        Property::number("minSelections", 0),
        Property::number("maxSelections", 1),
        Property::boolean("requiredField", false),
    ]
}

/// HTML may hold expressions without saying so with a `=` at its beginning.
pub(crate) fn prepare(parameters: &mut Json) {
    let fields = parameters.get_mut("formFields").and_then(|fields| fields.get_mut("values")).and_then(Value::as_array_mut);
    for html in fields.into_iter().flatten().filter_map(|field| field.get_mut("html")) {
        mark(html);
    }
}

/// Marks a text that holds expressions as one that does.
pub(crate) fn mark(value: &mut Value) {
    if let Value::String(text) = value
        && text.contains("{{")
        && !text.starts_with('=')
    {
        text.insert(0, '=');
    }
}

/// A parameter without its expressions: null stands for each.
pub(crate) fn constants(parameter: &Parameter) -> Value {
    match parameter {
        Parameter::Constant(value) => value.clone(),
        Parameter::List(parts) => parts.iter().map(constants).collect(),
        Parameter::Object(parts) => parts.iter().map(|(key, part)| (key.clone(), constants(part))).collect(),
        Parameter::Expression(_) | Parameter::Invalid(_) => Value::Null,
    }
}

/// The address of a web page, with `http://` before one that says no scheme; `None` where it is none.
pub(crate) fn web_address(text: &str) -> Option<String> {
    let text = js::trim(text);
    let url = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let (scheme, rest) = url.split_once("://")?;
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    (is_web && !rest.is_empty() && !url.contains(|c: char| c.is_control() || c.is_whitespace())).then_some(url)
}

/// The fields of a list of objects.
pub(crate) fn read(list: &Value) -> Vec<Field> {
    let fields = list.as_array().map(Vec::as_slice).unwrap_or_default();
    fields.iter().filter_map(Value::as_object).map(|field| read_one(Settings::new(field))).collect()
}

fn read_one(field: Settings<'_>) -> Field {
    let kind = FieldKind::named(&field.text("fieldType")).unwrap_or_default();
    let label = field.text("fieldLabel");
    let named = field.filled("fieldName").unwrap_or_else(|| label.clone());
    let name = if kind == FieldKind::Html { field.text("elementName") } else { named };
    let default = field.text(if kind == FieldKind::HiddenField { "fieldValue" } else { "defaultValue" });
    let several = match kind {
        FieldKind::Checkbox => true,
        FieldKind::File => field.flag_or("multipleFiles", true),
        _ => field.flag("multiselect"),
    };
    let (least, most) = bounds(kind, field);
    Field {
        label,
        name,
        kind,
        placeholder: field.text("placeholder"),
        default,
        html: field.text("html"),
        choices: choices(field),
        several,
        accept: field.text("acceptFileTypes"),
        required: field.flag("requiredField"),
        least,
        most,
    }
}

fn choices(field: Settings<'_>) -> Vec<String> {
    match field.get("fieldOptions") {
        Some(Value::Array(values)) => values.iter().map(choice).collect(),
        _ => field.group("fieldOptions").get("values").and_then(Value::as_array).into_iter().flatten().map(choice).collect(),
    }
}

fn choice(value: &Value) -> String {
    js::to_string(value.get("option").unwrap_or(value)).into_owned()
}

/// How many boxes have to be ticked at least, and may be at most.
fn bounds(kind: FieldKind, field: Settings<'_>) -> (Option<u32>, Option<u32>) {
    let number = |name: &str| field.number(name).filter(|number| *number >= 0.0).map(whole);
    match field.text("limitSelection").as_str() {
        "exact" if kind == FieldKind::Checkbox => {
            let exact = number("numberOfSelections").unwrap_or(1);
            (Some(exact), Some(exact))
        }
        "range" if kind == FieldKind::Checkbox => (Some(number("minSelections").unwrap_or(0)), Some(number("maxSelections").unwrap_or(1))),
        _ => (None, None),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates, and nobody offers so many boxes")]
fn whole(number: f64) -> u32 {
    number as u32
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_read_as_n8n_writes_them() {
        let fields = read(&json!([
            {"fieldLabel": "Name", "requiredField": true},
            {"fieldLabel": "Who", "fieldName": "who", "fieldType": "radio", "fieldOptions": {"values": [{"option": "A"}, {"option": 2}]}},
            {"fieldLabel": "Some", "fieldType": "checkbox", "limitSelection": "range", "minSelections": 1, "maxSelections": 3},
            {"fieldType": "html", "elementName": "intro", "html": "<b>x</b>"},
            {"fieldType": "hiddenField", "fieldName": "source", "fieldValue": "mail"},
            {"fieldLabel": "File", "fieldType": "file", "acceptFileTypes": ".pdf"},
            {"fieldLabel": "Odd", "fieldType": "unheard of"},
        ]));
        let told: Vec<_> = fields.iter().map(|field| (field.name.as_str(), field.kind, field.several, field.required)).collect();
        let expect = [
            ("Name", FieldKind::Text, false, true),
            ("who", FieldKind::Radio, false, false),
            ("Some", FieldKind::Checkbox, true, false),
            ("intro", FieldKind::Html, false, false),
            ("source", FieldKind::HiddenField, false, false),
            ("File", FieldKind::File, true, false),
            ("Odd", FieldKind::Text, false, false),
        ];
        assert_eq!(told, expect);
        assert_eq!((&fields[1].choices, fields[2].least, fields[2].most), (&vec!["A".to_owned(), "2".to_owned()], Some(1), Some(3)));
        assert_eq!((fields[4].default.as_str(), fields[5].accept.as_str()), ("mail", ".pdf"));
    }

    #[test]
    fn only_web_pages_are_addresses() {
        assert_eq!(web_address(" example.com/a ").as_deref(), Some("http://example.com/a"));
        assert_eq!(web_address("https://example.com").as_deref(), Some("https://example.com"));
        for bad in ["", "javascript://x/%0aalert(1)", "file:///etc/passwd", "https://a b", "https://a\nb", "data:text/html,x y"] {
            assert_eq!(web_address(bad), None, "{bad}");
        }
    }

    #[test]
    fn html_with_expressions_is_one() {
        let mut parameters = json!({"formFields": {"values": [{"html": "<b>{{ $json.a }}</b>"}, {"html": "plain"}]}});
        prepare(parameters.as_object_mut().expect("an object"));
        assert_eq!(parameters["formFields"]["values"], json!([{"html": "=<b>{{ $json.a }}</b>"}, {"html": "plain"}]));
    }
}
