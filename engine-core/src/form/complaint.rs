//! What is wrong with an answer: nothing starts or goes on with one that its form does not allow.

use serde_json::Value;

use super::{Answer, Field, FieldKind, Form};
use crate::expression::js;

/// Something that has to be mended before an answer is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Index of the field.
    pub field: usize,
    /// What has to be done, for the person who filled it in.
    pub message: String,
}

impl Form {
    /// What is wrong with an answer; empty when it can be taken.
    pub fn complaints(&self, answer: Answer<'_>) -> Vec<Complaint> {
        let wrong = |(index, field): (usize, &Field)| {
            let message = match field.kind {
                FieldKind::Html | FieldKind::HiddenField => None,
                FieldKind::File => field.wrong_with_files(answer.files_of(index, field).len()),
                _ if field.is_choice() => field.wrong_with_choice(answer.value_of(index, field)),
                _ => field.wrong_with_text(answer.value_of(index, field)),
            };
            message.map(|message| Complaint { field: index, message })
        };
        self.fields.iter().enumerate().filter_map(wrong).collect()
    }
}

impl Field {
    fn wrong_with_files(&self, files: usize) -> Option<String> {
        match files {
            0 if self.required => Some("Choose a file.".to_owned()),
            0 | 1 => None,
            _ if self.several => None,
            _ => Some("Choose one file only.".to_owned()),
        }
    }

    fn wrong_with_choice(&self, value: Option<&Value>) -> Option<String> {
        let chosen: Vec<String> = value.map(|value| self.chosen(value)).unwrap_or_default();
        let chosen: Vec<&String> = chosen.iter().filter(|choice| !choice.is_empty()).collect();
        let count = u32::try_from(chosen.len()).unwrap_or(u32::MAX);
        if count == 0 {
            return (self.required || self.least.is_some_and(|least| least > 0)).then(|| self.asks_for());
        }
        if chosen.iter().any(|choice| !self.choices.contains(choice)) {
            return Some("Choose from what is offered.".to_owned());
        }
        let within = self.least.is_none_or(|least| count >= least) && self.most.is_none_or(|most| count <= most) && (count == 1 || self.is_list());
        (!within).then(|| self.asks_for())
    }

    fn asks_for(&self) -> String {
        match (self.least, self.most) {
            (Some(least), Some(most)) if least == most => format!("Choose exactly {least}."),
            (Some(least), Some(most)) => format!("Choose {least} to {most}."),
            (Some(least), None) => format!("Choose at least {least}."),
            (None, Some(most)) => format!("Choose at most {most}."),
            (None, None) => "Choose one.".to_owned(),
        }
    }

    fn wrong_with_text(&self, value: Option<&Value>) -> Option<String> {
        let text = value.map(js::to_string).unwrap_or_default();
        let text = js::trim(&text);
        if text.is_empty() {
            return self.required.then(|| "Fill this in.".to_owned());
        }
        let wrong = match self.kind {
            FieldKind::Number if js::to_number(&Value::from(text)).is_nan() => "Enter a number.",
            FieldKind::Email if !is_mail_address(text) => "Enter a mail address, such as name@example.com.",
            FieldKind::Date if text.parse::<jiff::civil::Date>().is_err() => "Enter a day, such as 2026-11-29.",
            _ => return None,
        };
        Some(wrong.to_owned())
    }
}

/// What HTML's `input type=email` takes, roughly: something, an `@`, something without blanks.
fn is_mail_address(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@')) && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::model::Binary;

    fn check(field: Field, sent: &Value, expect: &str) {
        let form = Form { fields: vec![field], ..Form::default() };
        let body = json!({ "field-0": sent });
        let complaints = form.complaints(Answer { body: body.as_object().expect("an object"), files: &BTreeMap::new() });
        let told = complaints.first().map(|complaint| complaint.message.as_str()).unwrap_or_default();
        assert_eq!(told, expect, "{form:?} of {sent}");
    }

    #[test]
    fn each_kind_says_what_it_takes() {
        let required = |kind| Field { required: true, ..Field::new(kind, "f") };
        check(Field::new(FieldKind::Text, "f"), &json!(null), "");
        check(required(FieldKind::Text), &json!("  "), "Fill this in.");
        check(required(FieldKind::File), &json!("x"), "Choose a file.");
        check(Field::new(FieldKind::Number, "f"), &json!("1e3"), "");
        check(Field::new(FieldKind::Number, "f"), &json!("one"), "Enter a number.");
        check(Field::new(FieldKind::Email, "f"), &json!("a@b"), "");
        check(Field::new(FieldKind::Email, "f"), &json!("a b@c"), "Enter a mail address, such as name@example.com.");
        check(Field::new(FieldKind::Date, "f"), &json!("2026-02-29"), "Enter a day, such as 2026-11-29.");
        check(Field::new(FieldKind::HiddenField, "f"), &json!(null), "");
    }

    #[test]
    fn choices_are_those_that_were_offered_and_as_many_as_were_asked_for() {
        let choices = || ["a", "b", "c"].map(str::to_owned).to_vec();
        let of = |kind, (least, most)| Field { choices: choices(), least, most, ..Field::new(kind, "f") };
        let boxes = |least, most| of(FieldKind::Checkbox, (least, most));
        check(of(FieldKind::Radio, (None, None)), &json!("b"), "");
        check(of(FieldKind::Radio, (None, None)), &json!("x"), "Choose from what is offered.");
        check(of(FieldKind::Radio, (None, None)), &json!(["a", "b"]), "Choose one.");
        check(Field { required: true, ..of(FieldKind::Dropdown, (None, None)) }, &json!(""), "Choose one.");
        check(boxes(Some(2), Some(2)), &json!(["a"]), "Choose exactly 2.");
        check(boxes(Some(2), Some(2)), &json!(["a", "c"]), "");
        check(boxes(Some(1), Some(2)), &json!(["a", "b", "c"]), "Choose 1 to 2.");
        check(boxes(None, None), &json!(["a", "b", "c"]), "");
    }

    #[test]
    fn one_file_is_not_two() {
        let form = Form { fields: vec![Field::new(FieldKind::File, "f")], ..Form::default() };
        let file = Binary::inline(b"x".to_vec(), "text/plain");
        let files = [("f".to_owned(), file.clone()), ("f_1".to_owned(), file)].into();
        assert_eq!(form.complaints(Answer { body: &serde_json::Map::new(), files: &files }).len(), 1);
    }
}
