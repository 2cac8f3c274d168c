//! Values of the elements that a selector selects: text, HTML, an attribute, or what a form field holds.

use engine_core::expression::js;
use engine_core::model::Json;
use serde_json::Value;

use super::super::dom::{Document, NodeId};
use super::super::select::{Selector, SelectorError};
use super::text;
use crate::settings::Settings;

/// One value to be extracted.
#[derive(Clone, Debug)]
pub(in crate::markup) struct Extraction {
    key: String,
    selector: Selector,
    what: What,
    /// One value for each element, as a list.
    each: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum What {
    Attribute(String),
    Html,
    /// All text, one after the other.
    Text {
        empty: bool,
    },
    /// Text laid out, without some elements.
    LaidOut(Vec<Selector>),
    FormValue,
}

/// How text is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::markup) enum TextStyle {
    /// All text; nothing for none.
    Joined,
    /// All text, even when there is none.
    JoinedOrEmpty,
    /// Laid out in lines.
    LaidOut,
}

/// What is done with extracted text.
#[derive(Clone, Copy, Debug)]
pub(in crate::markup) struct Cleaning {
    pub(in crate::markup) trim: bool,
    pub(in crate::markup) clean_up: bool,
}

impl Extraction {
    /// Reads the parameters of one value.
    ///
    /// # Errors
    /// When a selector is none.
    pub(in crate::markup) fn new(settings: Settings<'_>, style: TextStyle) -> Result<Self, SelectorError> {
        let what = match settings.text("returnValue").as_str() {
            "attribute" => What::Attribute(settings.text("attribute")),
            "html" => What::Html,
            "value" => What::FormValue,
            _ if style == TextStyle::LaidOut => What::LaidOut(skipped(&settings.text("skipSelectors"))?),
            _ => What::Text { empty: style == TextStyle::JoinedOrEmpty },
        };
        let selector = Selector::parse(&settings.text("cssSelector"))?;
        Ok(Self { key: settings.text("key"), selector, what, each: settings.flag("returnArray") })
    }

    /// Puts the value of a document under its key; an undefined value leaves no key.
    pub(in crate::markup) fn extract(&self, document: &Document, cleaning: Cleaning, json: &mut Json) {
        let elements = self.selector.select(document);
        let value = if self.each {
            Some(elements.iter().map(|element| self.value(document, &[*element], cleaning).unwrap_or_default()).collect())
        } else {
            self.value(document, &elements, cleaning)
        };
        if let Some(value) = value {
            json.insert(self.key.clone(), value);
        }
    }

    fn value(&self, document: &Document, elements: &[NodeId], cleaning: Cleaning) -> Option<Value> {
        let first = elements.first().copied();
        let text = match &self.what {
            What::Attribute(name) if name.is_empty() => return all_attributes(document, first?),
            What::Attribute(name) => attribute(document, first?, name)?,
            What::Html => Some(document.inner_html(first?)).filter(|html| !html.is_empty())?,
            What::Text { empty } => {
                let text: String = elements.iter().map(|element| document.text(*element)).collect();
                Some(text).filter(|text| *empty || !text.is_empty())?
            }
            What::LaidOut(skip) => first.map(|element| text::text(document, element, skip)).unwrap_or_default(),
            What::FormValue => form_value(document, elements)?,
        };
        Some(Value::String(cleaning.apply(text)))
    }
}

impl Cleaning {
    fn apply(self, text: String) -> String {
        let text = if self.trim { js::trim(&text).to_owned() } else { text };
        if !self.clean_up {
            return text;
        }
        let joined = js::trim(&text).replace(['\r', '\n'], "");
        let mut clean = String::with_capacity(joined.len());
        let mut after_space = false;
        for c in joined.chars() {
            let is_space = js::is_whitespace(c);
            if !is_space {
                clean.push(c);
            } else if !after_space {
                clean.push(' ');
            }
            after_space = is_space;
        }
        clean
    }
}

fn skipped(selectors: &str) -> Result<Vec<Selector>, SelectorError> {
    selectors.split(',').map(str::trim).filter(|selector| !selector.is_empty()).map(Selector::parse).collect()
}

/// Without a name n8n gives all attributes.
fn all_attributes(document: &Document, id: NodeId) -> Option<Value> {
    let attributes = &document.element(id)?.attributes;
    Some(Value::Object(attributes.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect()))
}

/// Attributes that mean yes by being there; their value is their name.
const FLAGS: [&str; 15] = [
    "autofocus",
    "autoplay",
    "async",
    "checked",
    "controls",
    "defer",
    "disabled",
    "hidden",
    "loop",
    "multiple",
    "open",
    "readonly",
    "required",
    "scoped",
    "selected",
];

fn attribute(document: &Document, id: NodeId, name: &str) -> Option<String> {
    let element = document.element(id)?;
    if let Some(value) = element.attribute(name) {
        return Some(if FLAGS.contains(&name) { name.to_owned() } else { value.to_owned() });
    }
    match (element.name.as_str(), name, element.attribute("type")) {
        ("option", "value", _) => Some(document.text(id)),
        ("input", "value", Some("radio" | "checkbox")) => Some("on".to_owned()),
        _ => None,
    }
}

fn form_value(document: &Document, elements: &[NodeId]) -> Option<String> {
    let first = *elements.first()?;
    match document.name(first) {
        "textarea" => Some(elements.iter().map(|element| document.text(*element)).collect()),
        "select" => {
            let options = selected(document, first);
            if document.element(first)?.attribute("multiple").is_some() {
                return Some(options.iter().map(|option| document.text(*option)).collect::<Vec<_>>().join(","));
            }
            attribute(document, *options.first()?, "value")
        }
        "button" | "input" | "option" => attribute(document, first, "value"),
        _ => None,
    }
}

/// The options of a select that are chosen; the first where none says so.
fn selected(document: &Document, select: NodeId) -> Vec<NodeId> {
    let has = |id: NodeId, name: &str| document.element(id).is_some_and(|element| element.attribute(name).is_some());
    let options: Vec<_> = document.descendants(select).filter(|node| document.name(*node) == "option").collect();
    let chosen: Vec<_> = options.iter().copied().filter(|option| has(*option, "selected")).collect();
    if chosen.is_empty() && !has(select, "multiple") { options.into_iter().take(1).collect() } else { chosen }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(html: &str, parameters: &Value, style: TextStyle, expected: &Value) {
        let document = Document::parse(html).unwrap();
        let mut json = Json::new();
        let extraction = Extraction::new(Settings::new(parameters.as_object().unwrap()), style).unwrap();
        extraction.extract(&document, Cleaning { trim: true, clean_up: false }, &mut json);
        assert_eq!(json.get("k").cloned().unwrap_or_default(), *expected, "{parameters}");
    }

    #[test]
    fn values() {
        let html = "<p class=a> one </p><p><b>two</b></p><input type=checkbox checked><select><option>x<option value=2 selected>y</select><textarea>t</textarea>";
        for (selector, what, more, expected) in [
            ("p", "text", json!({}), json!("one two")),
            ("p", "text", json!({"returnArray": true}), json!(["one", "two"])),
            ("i", "text", json!({}), Value::Null),
            ("p", "html", json!({"returnArray": true}), json!(["one", "<b>two</b>"])),
            ("p", "attribute", json!({"attribute": "class"}), json!("a")),
            ("p", "attribute", json!({"attribute": "class", "returnArray": true}), json!(["a", null])),
            ("p", "attribute", json!({}), json!({"class": "a"})),
            ("input", "attribute", json!({"attribute": "checked"}), json!("checked")),
            ("input", "value", json!({}), json!("on")),
            ("select", "value", json!({}), json!("2")),
            ("textarea", "value", json!({}), json!("t")),
            ("p", "value", json!({}), Value::Null),
        ] {
            let mut parameters = json!({"key": "k", "cssSelector": selector, "returnValue": what});
            parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            check(html, &parameters, TextStyle::Joined, &expected);
        }
        let text = |skip: &str| json!({"key": "k", "cssSelector": "p", "returnValue": "text", "skipSelectors": skip});
        check("<p>a <i>b</i><br>c</p>", &text("i"), TextStyle::LaidOut, &json!("a\nc"));
        check("<i>none</i>", &text(""), TextStyle::LaidOut, &json!(""));
        check("<i>none</i>", &text(""), TextStyle::JoinedOrEmpty, &json!(""));
    }

    #[test]
    fn cleaning() {
        let cleaning = Cleaning { trim: false, clean_up: true };
        assert_eq!(cleaning.apply(" a \n\n b\t\u{a0}c ".into()), "a b c");
        assert_eq!(cleaning.apply("A\n\nb".into()), "Ab");
    }
}
