//! JSON to XML as xml2js builds it: keys are elements, lists repeat the element, one key holds attributes and one text. Two blanks of indentation.

use std::fmt::Write;

use engine_core::expression::js;
use engine_core::model::Json;
use serde_json::Value;

use super::XmlError;

/// How JSON becomes XML.
#[derive(Clone, Debug)]
pub(crate) struct BuildOptions {
    /// Key that holds attributes.
    pub(crate) attribute_key: String,
    /// Key that holds text.
    pub(crate) text_key: String,
    /// Text with `<`, `>` or `&` in a CDATA section instead of escaped.
    pub(crate) cdata: bool,
    /// No XML declaration.
    pub(crate) headless: bool,
    /// Name of the root element. With the default, an object with one key gives its own.
    pub(crate) root_name: String,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self { attribute_key: "$".to_owned(), text_key: "_".to_owned(), cdata: false, headless: false, root_name: DEFAULT_ROOT.to_owned() }
    }
}

const DEFAULT_ROOT: &str = "root";

/// Builds a document.
///
/// # Errors
/// When a key cannot be the name of an element or attribute, or a text holds a character that XML has not.
pub(crate) fn build(json: &Json, options: &BuildOptions) -> Result<String, XmlError> {
    let mut fields = json.iter();
    let root = match (fields.next(), fields.next()) {
        (Some((name, value)), None) if options.root_name == DEFAULT_ROOT => {
            let mut root = Element::new(name)?;
            root.fill(value, options)?;
            root
        }
        _ => {
            let mut root = Element::new(&options.root_name)?;
            root.fill_fields(json, options)?;
            root
        }
    };
    let mut out = String::new();
    if !options.headless {
        out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>");
    }
    root.write(0, &mut out);
    Ok(out.trim_start().to_owned())
}

struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Node>,
}

enum Node {
    Element(Element),
    /// Markup that stands for text.
    Text(String),
}

impl Element {
    fn new(name: &str) -> Result<Self, XmlError> {
        if !super::is_name(name) {
            return Err(XmlError::malformed(format!("Invalid character in name: {name:?}")));
        }
        Ok(Self { name: name.to_owned(), attributes: Vec::new(), children: Vec::new() })
    }

    fn fill(&mut self, value: &Value, options: &BuildOptions) -> Result<(), XmlError> {
        match value {
            Value::Null => Ok(()),
            Value::Array(values) => self.fill_list(values, options),
            Value::Object(fields) => self.fill_fields(fields, options),
            other => self.text(other, options),
        }
    }

    /// A list within a list has no name for its elements; only the fields of its objects show. Those of a text or a list would be named by a number.
    fn fill_list(&mut self, values: &[Value], options: &BuildOptions) -> Result<(), XmlError> {
        for value in values {
            match value {
                Value::Object(fields) => fields.iter().try_for_each(|(name, value)| self.child(name, value, options))?,
                Value::String(text) if !text.is_empty() => return Self::new("0").map(drop),
                Value::Array(values) if !values.is_empty() => return Self::new("0").map(drop),
                _ => {}
            }
        }
        Ok(())
    }

    fn fill_fields(&mut self, fields: &Json, options: &BuildOptions) -> Result<(), XmlError> {
        for (name, value) in fields {
            if *name == options.attribute_key {
                self.set_attributes(value)?;
            } else if *name == options.text_key {
                self.text(value, options)?;
            } else if let Value::Array(values) = value {
                values.iter().try_for_each(|value| self.child(name, value, options))?;
            } else {
                self.child(name, value, options)?;
            }
        }
        Ok(())
    }

    fn child(&mut self, name: &str, value: &Value, options: &BuildOptions) -> Result<(), XmlError> {
        let mut child = Self::new(name)?;
        child.fill(value, options)?;
        self.children.push(Node::Element(child));
        Ok(())
    }

    fn set_attributes(&mut self, value: &Value) -> Result<(), XmlError> {
        for (name, value) in value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            if !super::is_name(name) {
                return Err(XmlError::malformed(format!("Invalid character in name: {name:?}")));
            }
            let text = js::to_string(value);
            legal(&text)?;
            self.attributes.push((name.clone(), text.into_owned()));
        }
        Ok(())
    }

    fn text(&mut self, value: &Value, options: &BuildOptions) -> Result<(), XmlError> {
        let text = js::to_string(value);
        legal(&text)?;
        let in_section = options.cdata && value.is_string() && text.contains(['<', '>', '&']);
        let markup = if in_section { format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>")) } else { escape(&text, false) };
        self.children.push(Node::Text(markup));
        Ok(())
    }

    fn write(&self, depth: usize, out: &mut String) {
        indent(depth, out);
        out.push('<');
        out.push_str(&self.name);
        for (name, value) in &self.attributes {
            // Writing to a string does not fail.
            write!(out, " {name}=\"{}\"", escape(value, true)).unwrap_or_default();
        }
        if self.children.iter().all(Node::is_empty_text) {
            out.push_str("/>");
            return;
        }
        out.push('>');
        if let [Node::Text(text)] = self.children.as_slice() {
            out.push_str(text);
        } else {
            for child in &self.children {
                child.write(depth + 1, out);
            }
            indent(depth, out);
        }
        write!(out, "</{}>", self.name).unwrap_or_default();
    }
}

impl Node {
    fn is_empty_text(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }

    fn write(&self, depth: usize, out: &mut String) {
        match self {
            Self::Element(element) => element.write(depth, out),
            Self::Text(text) => {
                indent(depth, out);
                out.push_str(text);
            }
        }
    }
}

fn indent(depth: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

fn escape(text: &str, attribute: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' if !attribute => escaped.push_str("&gt;"),
            '"' if attribute => escaped.push_str("&quot;"),
            '\t' if attribute => escaped.push_str("&#x9;"),
            '\n' if attribute => escaped.push_str("&#xA;"),
            '\r' => escaped.push_str("&#xD;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn legal(text: &str) -> Result<(), XmlError> {
    let illegal = |c: char| (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}');
    match text.chars().position(illegal) {
        Some(index) => Err(XmlError::malformed(format!("Invalid character in string at index {index}"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(json: &Value, options: &BuildOptions, expected: &str) {
        let options = BuildOptions { headless: true, ..options.clone() };
        assert_eq!(build(json.as_object().unwrap(), &options).unwrap(), expected, "{json}");
    }

    #[test]
    fn elements() {
        let options = BuildOptions::default();
        for (json, expected) in [
            (json!({"a": 1, "b": null, "c": "", "d": true}), "<root>\n  <a>1</a>\n  <b/>\n  <c/>\n  <d>true</d>\n</root>"),
            (
                json!({"e": [1, "x", null, {"f": 2}, [3, 4]], "g": {}, "h": []}),
                "<root>\n  <e>1</e>\n  <e>x</e>\n  <e/>\n  <e>\n    <f>2</f>\n  </e>\n  <e/>\n  <g/>\n</root>",
            ),
            (json!({"a": {"_": "t", "b": 1}}), "<a>\n  t\n  <b>1</b>\n</a>"),
            (json!({"a": {"b": {"_": "x"}}}), "<a>\n  <b>x</b>\n</a>"),
            (json!({}), "<root/>"),
            (json!({"a": [1, 2]}), "<a/>"),
            (json!({"a": "te<xt>&\r\"'"}), "<a>te&lt;xt&gt;&amp;&#xD;\"'</a>"),
            (json!({"a": {"b": "  "}}), "<a>\n  <b>  </b>\n</a>"),
            (json!({"a": {"$": {"x": "1<\"&\n\t\r", "y": 2, "z": null}}}), "<a x=\"1&lt;&quot;&amp;&#xA;&#x9;&#xD;\" y=\"2\"/>"),
            (json!({"a": {"b": {"_": 5, "$": {"k": [1, 2]}}}}), "<a>\n  <b k=\"1,2\">5</b>\n</a>"),
        ] {
            check(&json, &options, expected);
        }
    }

    #[test]
    fn options() {
        let default = BuildOptions::default();
        let cdata = BuildOptions { cdata: true, ..default.clone() };
        check(&json!({"a": {"b": "a]]>b<", "c": "plain"}}), &cdata, "<a>\n  <b><![CDATA[a]]]]><![CDATA[>b<]]></b>\n  <c>plain</c>\n</a>");
        let named = BuildOptions { root_name: "doc".into(), ..default.clone() };
        check(&json!({"a": 1}), &named, "<doc>\n  <a>1</a>\n</doc>");
        let keys = BuildOptions { attribute_key: "@".into(), text_key: "#".into(), ..default.clone() };
        check(&json!({"a": {"@": {"x": 1}, "#": "t"}, "b": 2}), &keys, "<root>\n  <a x=\"1\">t</a>\n  <b>2</b>\n</root>");
        let document = build(json!({"a": 1}).as_object().unwrap(), &default).unwrap();
        assert_eq!(document, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<a>1</a>");
    }

    #[test]
    fn what_xml_cannot_say() {
        for json in
            [json!({"1a": 1}), json!({"a b": 1}), json!({"a": "\u{1}"}), json!({"a": {"$": {"": 1}}}), json!({"a": ["x"]}), json!({"a": [[1]]})]
        {
            assert!(build(json.as_object().unwrap(), &BuildOptions::default()).is_err(), "{json}");
        }
    }
}
