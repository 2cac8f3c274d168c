//! XML to JSON, in the shapes that xml2js gives: the text of an element with attributes or children under a key of its own, repeated elements
//! as lists, an element with nothing but text as that text.
//!
//! Parsing ends with the root element: what stands behind it is not looked at.

use engine_core::model::Json;
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use serde_json::Value;

use super::XmlError;

/// How elements and attributes become JSON.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, as xml2js has them")]
pub(crate) struct ParseOptions {
    /// Key of the object of attributes, where they are not merged.
    pub(crate) attribute_key: String,
    /// Key of the text of an element that has more than text.
    pub(crate) text_key: String,
    /// Every child element in a list, even an only one.
    pub(crate) explicit_array: bool,
    /// The root element's name as the one key of the result.
    pub(crate) explicit_root: bool,
    /// No attributes at all.
    pub(crate) ignore_attributes: bool,
    /// Attributes beside the child elements.
    pub(crate) merge_attributes: bool,
    /// White space within text shrinks to single blanks, and is trimmed.
    pub(crate) normalize: bool,
    /// Element names in lower case.
    pub(crate) lower_case_names: bool,
    /// Text is trimmed.
    pub(crate) trim: bool,
}

impl Default for ParseOptions {
    fn default() -> Self {
        Self {
            attribute_key: "$".to_owned(),
            text_key: "_".to_owned(),
            explicit_array: false,
            explicit_root: true,
            ignore_attributes: false,
            merge_attributes: true,
            normalize: false,
            lower_case_names: false,
            trim: false,
        }
    }
}

/// How deep elements may lie; deeper JSON could not be read back by many.
const MAX_DEPTH: usize = 100;

/// Parses a document. A text without any element is null.
///
/// # Errors
/// When it is not well-formed.
pub(crate) fn parse(text: &str, options: &ParseOptions) -> Result<Value, XmlError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut parser = Parser { options, open: Vec::new(), root: None };
    while parser.root.is_none() {
        let event = reader.read_event()?;
        if matches!(event, Event::Eof) {
            break;
        }
        parser.event(event)?;
    }
    match parser.root {
        Some(root) => Ok(root),
        None if parser.open.is_empty() => Ok(Value::Null),
        None => Err(XmlError::malformed("Unclosed root tag")),
    }
}

struct Parser<'a> {
    options: &'a ParseOptions,
    open: Vec<Element>,
    root: Option<Value>,
}

#[derive(Default)]
struct Element {
    name: String,
    fields: Json,
    text: String,
    has_cdata: bool,
}

impl Parser<'_> {
    fn event(&mut self, event: Event<'_>) -> Result<(), XmlError> {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::Empty(tag) => {
                self.start(&tag)?;
                self.end()
            }
            Event::End(_) => self.end(),
            Event::Text(text) => self.append(&text),
            Event::GeneralRef(reference) => {
                let resolved = resolve(&reference)?;
                self.append(&resolved)
            }
            Event::CData(data) => {
                self.append(&data)?;
                if let Some(element) = self.open.last_mut() {
                    element.has_cdata = true;
                }
                Ok(())
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Eof => Ok(()),
        }
    }

    fn append(&mut self, text: &str) -> Result<(), XmlError> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(XmlError::malformed("Non-whitespace before first tag")),
        }
        Ok(())
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), XmlError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(XmlError::malformed(format!("elements lie more than {MAX_DEPTH} deep")));
        }
        let name = name(tag.name().as_ref())?;
        let mut element = Element { name: safe_name(if self.options.lower_case_names { name.to_lowercase() } else { name }), ..Element::default() };
        if !self.options.ignore_attributes {
            self.attributes(tag, &mut element.fields)?;
        }
        self.open.push(element);
        Ok(())
    }

    fn attributes(&self, tag: &BytesStart<'_>, fields: &mut Json) -> Result<(), XmlError> {
        let mut seen = Vec::new();
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute?;
            let key = name(attribute.key.as_ref())?;
            if seen.contains(&key) {
                continue;
            }
            let value = Value::String(quick_xml::escape::unescape(&attribute.value)?.into_owned());
            seen.push(key.clone());
            let key = safe_name(key);
            if self.options.merge_attributes {
                self.put(fields, key, value);
                continue;
            }
            let group = fields.entry(self.options.attribute_key.clone()).or_insert_with(|| Value::Object(Json::new()));
            if let Value::Object(group) = group {
                group.insert(key, value);
            }
        }
        Ok(())
    }

    /// Adds a value under a key; a second one makes a list.
    fn put(&self, fields: &mut Json, key: String, value: Value) {
        match fields.get_mut(&key) {
            None if self.options.explicit_array => drop(fields.insert(key, Value::Array(vec![value]))),
            None => drop(fields.insert(key, value)),
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }

    fn end(&mut self) -> Result<(), XmlError> {
        let Some(element) = self.open.pop() else { return Err(XmlError::malformed("Unmatched closing tag")) };
        let Element { name, fields, text, has_cdata } = element;
        let value = self.value(fields, text, has_cdata);
        match self.open.last_mut() {
            Some(parent) => {
                let mut fields = std::mem::take(&mut parent.fields);
                self.put(&mut fields, name, value);
                if let Some(parent) = self.open.last_mut() {
                    parent.fields = fields;
                }
            }
            None if self.options.explicit_root => self.root = Some(Value::Object(Json::from_iter([(name, value)]))),
            None => self.root = Some(value),
        }
        Ok(())
    }

    /// An element without fields is its text, even when that is blank; beside fields blank text is dropped.
    fn value(&self, fields: Json, text: String, has_cdata: bool) -> Value {
        let blank = text.trim().is_empty() && !has_cdata;
        if blank {
            return if fields.is_empty() { Value::String(text) } else { Value::Object(fields) };
        }
        let text = match (self.options.normalize, self.options.trim) {
            (true, _) => normalize(&text),
            (false, true) => text.trim().to_owned(),
            (false, false) => text,
        };
        if fields.is_empty() {
            return Value::String(text);
        }
        let mut all = Json::from_iter([(self.options.text_key.clone(), Value::String(text))]);
        all.extend(fields);
        Value::Object(all)
    }
}

/// Runs of two or more white space characters become one blank; the ends are trimmed.
fn normalize(text: &str) -> String {
    let mut normalized = String::with_capacity(text.len());
    let mut space = String::new();
    for c in text.trim().chars() {
        if c.is_whitespace() {
            space.push(c);
            continue;
        }
        normalized.push_str(if space.chars().nth(1).is_some() { " " } else { &space });
        space.clear();
        normalized.push(c);
    }
    normalized
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, XmlError> {
    if let Some(character) = reference.resolve_char_ref()? {
        return Ok(character.to_string());
    }
    let name: &str = reference;
    quick_xml::escape::resolve_xml_entity(name).map(str::to_owned).ok_or_else(|| XmlError::malformed(format!("Invalid character entity &{name};")))
}

fn name(name: &str) -> Result<String, XmlError> {
    if super::is_name(name) { Ok(name.to_owned()) } else { Err(XmlError::malformed(format!("Invalid name {name:?}"))) }
}

/// n8n marks names that would be dangerous as keys of a JavaScript object.
fn safe_name(name: String) -> String {
    if matches!(name.as_str(), "__proto__" | "constructor" | "prototype") { format!("sanitized_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(text: &str, options: &ParseOptions, expected: &Value) {
        assert_eq!(&parse(text, options).unwrap(), expected, "{text}");
    }

    #[test]
    fn elements_attributes_and_text() {
        let options = ParseOptions::default();
        for (text, expected) in [
            ("<r a='1'><i>1</i><i k='v'>2</i><e/><t> x </t></r>", json!({"r": {"a": "1", "i": ["1", {"_": "2", "k": "v"}], "e": "", "t": " x "}})),
            ("<?xml version=\"1.0\"?> <data> <id>1</id> </data> ", json!({"data": {"id": "1"}})),
            ("\u{feff}<!-- c --><!DOCTYPE a><a><![CDATA[ ]]></a>", json!({"a": " "})),
            ("<a>  </a>", json!({"a": "  "})),
            ("<a>x<b/>y</a>", json!({"a": {"_": "xy", "b": ""}})),
            ("<a>&lt;&#65;&#x42;&amp;<![CDATA[<&]]></a>", json!({"a": "<AB&<&"})),
            ("<a x='1' x='2' y='&quot;&#10;'/>", json!({"a": {"x": "1", "y": "\"\n"}})),
            ("<a k='1'><k>2</k><k>3</k></a>", json!({"a": {"k": ["1", "2", "3"]}})),
            ("<a><constructor>1</constructor></a>", json!({"a": {"sanitized_constructor": "1"}})),
            ("<a>1</a>what follows <is ignored", json!({"a": "1"})),
            ("<n:a xmlns:n='u'><n:b/></n:a>", json!({"n:a": {"xmlns:n": "u", "n:b": ""}})),
            (" \n", Value::Null),
        ] {
            check(text, &options, &expected);
        }
    }

    #[test]
    fn options() {
        let text = "<R a='1'><I>1</I><I k='v'>  2   3 </I></R>";
        let default = ParseOptions::default();
        let explicit = ParseOptions { merge_attributes: false, explicit_array: true, lower_case_names: true, trim: true, ..default.clone() };
        check(text, &explicit, &json!({"r": {"$": {"a": "1"}, "i": ["1", {"_": "2   3", "$": {"k": "v"}}]}}));
        let keyed = ParseOptions { merge_attributes: false, attribute_key: "@".into(), text_key: "#".into(), normalize: true, ..default.clone() };
        check(text, &keyed, &json!({"R": {"@": {"a": "1"}, "I": ["1", {"#": "2 3", "@": {"k": "v"}}]}}));
        let bare = ParseOptions { explicit_root: false, ignore_attributes: true, ..default };
        check(text, &bare, &json!({"I": ["1", "  2   3 "]}));
    }

    #[test]
    fn malformed() {
        let deep = "<a>".repeat(10_000);
        for text in ["x", "<a>", "<a></b>", "<a b></a>", "<a b=c></a>", "<a>&nbsp;</a>", "<a>&</a>", "<1/>", "<a><!-- -- --></a>", &deep] {
            assert!(parse(text, &ParseOptions::default()).is_err(), "{text}");
        }
    }
}
