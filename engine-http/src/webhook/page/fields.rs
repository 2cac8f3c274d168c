//! The inputs of a form. Each has a label, and says what is wrong with what was sent.

use engine_core::form::{Complaint, Field, FieldKind, Form};
use engine_core::model::Json;
use serde_json::Value;

use super::clean::clean;
use super::html::{escape, put};

/// A form that is to be filled in.
pub(super) struct Sheet<'a> {
    pub(super) form: &'a Form,
    /// Where it is sent; relative to the page.
    pub(super) action: &'a str,
    /// What is sent along besides the fields, as names and values.
    pub(super) along: &'a [(&'a str, &'a str)],
    /// What is filled in already: under the names of inputs, or of fields.
    pub(super) filled: &'a Json,
    /// What was wrong with it.
    pub(super) complaints: &'a [Complaint],
}

impl Sheet<'_> {
    /// The form as HTML.
    pub(super) fn html(&self) -> String {
        let form = self.form;
        let has_files = form.fields.iter().any(|field| field.kind == FieldKind::File);
        let encoding = if has_files { " enctype=\"multipart/form-data\"" } else { "" };
        let mut html = String::new();
        if !form.title.is_empty() {
            put(&mut html, format_args!("<h1>{}</h1>", escape(&form.title)));
        }
        if !form.description.trim().is_empty() {
            put(&mut html, format_args!("<div class=\"lead\">{}</div>", clean(&form.description)));
        }
        if !self.complaints.is_empty() {
            html.push_str("<p class=\"wrong\" role=\"alert\">Something has to be mended before this can be sent.</p>");
        }
        let action = if self.action.is_empty() { String::new() } else { format!(" action=\"{}\"", escape(self.action)) };
        put(&mut html, format_args!("<form method=\"post\"{encoding}{action}>"));
        for (name, value) in self.along {
            put(&mut html, format_args!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value)));
        }
        for (index, field) in form.fields.iter().enumerate() {
            let complaint = self.complaints.iter().find(|complaint| complaint.field == index).map(|complaint| complaint.message.as_str());
            Input { field, id: format!("field-{index}"), filled: self.filled(index, field), complaint }.write(&mut html);
        }
        let button = Some(form.button.trim()).filter(|label| !label.is_empty()).unwrap_or("Submit");
        put(&mut html, format_args!("<button type=\"submit\">{}</button></form>", escape(button)));
        html
    }

    /// What stands in a field from the start: what was sent, else what the address says, else what its author wrote.
    fn filled(&self, index: usize, field: &Field) -> Vec<String> {
        let given = [&format!("field-{index}"), &field.name, &field.label].into_iter().find_map(|name| self.filled.get(name));
        match given {
            _ if matches!(field.kind, FieldKind::Password | FieldKind::File) => Vec::new(),
            Some(value) if field.is_choice() => field.chosen(value),
            Some(Value::String(text)) => vec![text.clone()],
            Some(value @ (Value::Number(_) | Value::Bool(_))) => vec![value.to_string()],
            _ if field.default.is_empty() => Vec::new(),
            _ => field.chosen(&Value::String(field.default.clone())),
        }
    }
}

struct Input<'a> {
    field: &'a Field,
    id: String,
    filled: Vec<String>,
    complaint: Option<&'a str>,
}

impl Input<'_> {
    fn write(&self, html: &mut String) {
        match self.field.kind {
            FieldKind::Html => put(html, format_args!("<div class=\"field\">{}</div>", clean(&self.field.html))),
            FieldKind::HiddenField => {
                put(html, format_args!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", self.id, escape(&self.value())));
            }
            FieldKind::Radio | FieldKind::Checkbox => self.group(html),
            _ => self.single(html),
        }
    }

    fn value(&self) -> String {
        self.filled.first().cloned().unwrap_or_default()
    }

    fn label(&self) -> String {
        let star = if self.field.required { " <span class=\"star\" aria-hidden=\"true\">*</span>" } else { "" };
        format!("{}{star}", escape(&self.field.label))
    }

    /// What says that the input is wrong, for those who cannot see where the complaint stands.
    fn state(&self) -> String {
        let required = if self.field.required { " required" } else { "" };
        match self.complaint {
            Some(_) => format!("{required} aria-invalid=\"true\" aria-describedby=\"{}-wrong\"", self.id),
            None => required.to_owned(),
        }
    }

    fn complaint(&self, html: &mut String) {
        if let Some(complaint) = self.complaint {
            put(html, format_args!("<p class=\"wrong\" id=\"{}-wrong\">{}</p>", self.id, escape(complaint)));
        }
    }

    fn single(&self, html: &mut String) {
        let (id, field, state) = (&self.id, self.field, self.state());
        put(html, format_args!("<div class=\"field\"><label for=\"{id}\">{}</label>", self.label()));
        let place = if field.placeholder.is_empty() { String::new() } else { format!(" placeholder=\"{}\"", escape(&field.placeholder)) };
        let value = escape(&self.value());
        match field.kind {
            FieldKind::Textarea => {
                // A line break behind the tag is no part of the text.
                put(html, format_args!("<textarea id=\"{id}\" name=\"{id}\"{place}{state}>\n{value}</textarea>"));
            }
            FieldKind::Dropdown => self.dropdown(html, &state),
            FieldKind::File => {
                let several = if field.several { " multiple" } else { "" };
                let accept = if field.accept.is_empty() { String::new() } else { format!(" accept=\"{}\"", escape(&field.accept)) };
                put(html, format_args!("<input type=\"file\" id=\"{id}\" name=\"{id}\"{several}{accept}{state}>"));
            }
            kind => {
                let kind = match kind {
                    FieldKind::Email => "email",
                    FieldKind::Number => "number\" step=\"any",
                    FieldKind::Password => "password",
                    FieldKind::Date => "date",
                    _ => "text",
                };
                put(html, format_args!("<input type=\"{kind}\" id=\"{id}\" name=\"{id}\" value=\"{value}\"{place}{state}>"));
            }
        }
        self.complaint(html);
        html.push_str("</div>");
    }

    fn dropdown(&self, html: &mut String, state: &str) {
        let several = if self.field.several { " multiple" } else { "" };
        put(html, format_args!("<select id=\"{0}\" name=\"{0}\"{several}{state}>", self.id));
        if !self.field.several {
            html.push_str("<option value=\"\">Choose&#8230;</option>");
        }
        for choice in &self.field.choices {
            let selected = if self.filled.contains(choice) { " selected" } else { "" };
            put(html, format_args!("<option value=\"{0}\"{selected}>{0}</option>", escape(choice)));
        }
        html.push_str("</select>");
    }

    fn group(&self, html: &mut String) {
        let (id, field) = (&self.id, self.field);
        let kind = if field.kind == FieldKind::Radio { "radio" } else { "checkbox" };
        let described = self.complaint.map_or_else(String::new, |_| format!(" aria-describedby=\"{id}-wrong\""));
        put(html, format_args!("<fieldset class=\"field\"{described}><legend>{}</legend>", self.label()));
        // One box of a group cannot be required: that would mean this one.
        let required = if field.required && kind == "radio" { " required" } else { "" };
        for choice in &field.choices {
            let checked = if self.filled.contains(choice) { " checked" } else { "" };
            let choice = escape(choice);
            put(
                html,
                format_args!("<label class=\"choice\"><input type=\"{kind}\" name=\"{id}\" value=\"{choice}\"{checked}{required}> {choice}</label>"),
            );
        }
        self.complaint(html);
        html.push_str("</fieldset>");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(field: Field, filled: &Value, expect: &str) {
        let form = Form { fields: vec![field], ..Form::default() };
        let filled = filled.as_object().expect("an object");
        let html = Sheet { form: &form, action: "", along: &[], filled, complaints: &[] }.html();
        let inner = html.split_once('>').and_then(|(_, rest)| rest.split_once("<button")).map(|(inner, _)| inner);
        assert_eq!(inner, Some(expect));
    }

    #[test]
    fn each_kind_has_a_label_and_what_is_filled_in() {
        let named = |kind| Field::new(kind, "A & B");
        let choices = |kind| Field { choices: vec!["x\"".to_owned(), "y".to_owned()], ..Field::new(kind, "C") };
        check(
            Field { required: true, placeholder: "p".to_owned(), ..named(FieldKind::Text) },
            &json!({"A & B": "<v>"}),
            "<div class=\"field\"><label for=\"field-0\">A &amp; B <span class=\"star\" aria-hidden=\"true\">*</span></label>\
             <input type=\"text\" id=\"field-0\" name=\"field-0\" value=\"&lt;v&gt;\" placeholder=\"p\" required></div>",
        );
        check(
            named(FieldKind::Textarea),
            &json!({"field-0": "</textarea>"}),
            "<div class=\"field\"><label for=\"field-0\">A &amp; B</label><textarea id=\"field-0\" name=\"field-0\">\n&lt;/textarea&gt;</textarea></div>",
        );
        check(
            named(FieldKind::Password),
            &json!({"field-0": "secret"}),
            "<div class=\"field\"><label for=\"field-0\">A &amp; B</label><input type=\"password\" id=\"field-0\" name=\"field-0\" value=\"\"></div>",
        );
        check(
            choices(FieldKind::Dropdown),
            &json!({"C": "x\""}),
            "<div class=\"field\"><label for=\"field-0\">C</label><select id=\"field-0\" name=\"field-0\"><option value=\"\">Choose&#8230;</option>\
             <option value=\"x&quot;\" selected>x&quot;</option><option value=\"y\">y</option></select></div>",
        );
        check(
            choices(FieldKind::Checkbox),
            &json!({"field-0": ["y"]}),
            "<fieldset class=\"field\"><legend>C</legend><label class=\"choice\"><input type=\"checkbox\" name=\"field-0\" value=\"x&quot;\"> x&quot;</label>\
             <label class=\"choice\"><input type=\"checkbox\" name=\"field-0\" value=\"y\" checked> y</label></fieldset>",
        );
        check(
            Field { default: "d'".to_owned(), ..named(FieldKind::HiddenField) },
            &json!({}),
            "<input type=\"hidden\" name=\"field-0\" value=\"d&#39;\">",
        );
        check(
            Field { several: true, accept: ".pdf".to_owned(), ..named(FieldKind::File) },
            &json!({}),
            "<div class=\"field\"><label for=\"field-0\">A &amp; B</label><input type=\"file\" id=\"field-0\" name=\"field-0\" multiple accept=\".pdf\"></div>",
        );
        check(Field { html: "<b onclick=x>t</b>".to_owned(), ..named(FieldKind::Html) }, &json!({}), "<div class=\"field\"><b>t</b></div>");
    }

    #[test]
    fn what_is_wrong_stands_at_its_field() {
        let form = Form { fields: vec![Field::new(FieldKind::Number, "N")], ..Form::default() };
        let complaints = [Complaint { field: 0, message: "Enter a number.".to_owned() }];
        let html = Sheet { form: &form, action: "?a=1&b=2", along: &[("n", "v")], filled: &Json::new(), complaints: &complaints }.html();
        assert!(html.contains("<form method=\"post\" action=\"?a=1&amp;b=2\"><input type=\"hidden\" name=\"n\" value=\"v\">"), "{html}");
        assert!(
            html.contains("aria-invalid=\"true\" aria-describedby=\"field-0-wrong\"><p class=\"wrong\" id=\"field-0-wrong\">Enter a number.</p>"),
            "{html}"
        );
    }
}
