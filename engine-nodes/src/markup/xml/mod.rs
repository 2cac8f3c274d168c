//! XML: converts between JSON and XML.

mod build;
mod parse;

use std::sync::Arc;

use async_trait::async_trait;
use engine_core::execution::LogLevel;
use engine_core::model::{Item, Json};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Typed};
use engine_core::schema::{NodeGroup, NodeSchema, Property};
use serde_json::Value;

pub(crate) use build::{BuildOptions, build};
pub(crate) use parse::{ParseOptions, parse};

use crate::node_type::Compiled;
use crate::settings::Settings;

/// Why a text is no XML, or a value cannot become XML.
#[derive(Debug, thiserror::Error)]
pub(crate) enum XmlError {
    #[error("{0}")]
    Malformed(String),
    #[error(transparent)]
    Syntax(#[from] quick_xml::Error),
    #[error(transparent)]
    Attribute(#[from] quick_xml::events::attributes::AttrError),
    #[error(transparent)]
    Entity(#[from] quick_xml::escape::EscapeError),
}

impl XmlError {
    fn malformed(message: impl Into<String>) -> Self {
        Self::Malformed(message.into())
    }
}

pub(super) fn compile(spec: &NodeSpec) -> Compiled {
    Ok(Arc::new(XmlNode { parameters: spec.typed()? }))
}

struct XmlNode {
    parameters: Typed<Json>,
}

#[async_trait]
impl Node for XmlNode {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        // As in n8n, the parameters of the first item count for all.
        let parameters = self.parameters.at(&context.scope(0)).await?;
        let job = Job::new(Settings::new(&parameters))?;
        let mut items = Vec::with_capacity(context.items().len());
        for (index, item) in context.items().iter().enumerate() {
            match job.convert(item) {
                Ok(json) => items.push(job.link(Item::from_value(json), index)),
                // n8n drops an item that cannot be converted when the node is told to go on.
                Err(error) if context.continues_on_error() => context.log(LogLevel::Warn, format!("item {index} left out: {error}")),
                Err(error) => return Err(error.on_item(index)),
            }
        }
        Ok(items.into())
    }
}

enum Job {
    Parse { property: String, options: ParseOptions },
    Build { property: String, options: BuildOptions },
}

impl Job {
    fn new(settings: Settings<'_>) -> Result<Self, NodeError> {
        let property = settings.text("dataPropertyName");
        let options = settings.group("options");
        match settings.text("mode").as_str() {
            "xmlToJson" => Ok(Self::Parse { property, options: parse_options(options)? }),
            "jsonToxml" => Ok(Self::Build { property, options: build_options(options)? }),
            mode => Err(NodeError::fatal(format!("The operation \"{mode}\" is not known!"))),
        }
    }

    fn convert(&self, item: &Item) -> Result<Value, NodeError> {
        match self {
            Self::Parse { property, options } => {
                let value = item.json().get(property);
                let value = value.ok_or_else(|| NodeError::fatal(format!("Item has no JSON property called \"{property}\"")))?;
                let parsed = parse(&engine_core::expression::js::to_string(value), options).map_err(fatal)?;
                Ok(if parsed.is_null() { Value::Object(Json::new()) } else { parsed })
            }
            Self::Build { property, options } => {
                let text = build(item.json(), options).map_err(fatal)?;
                Ok(Value::Object(Json::from_iter([(property.clone(), Value::String(text))])))
            }
        }
    }

    /// n8n leaves the linking of parsed items to the engine.
    fn link(&self, item: Item, index: usize) -> Item {
        match self {
            Self::Parse { .. } => item,
            Self::Build { .. } => item.paired_with(index),
        }
    }
}

fn fatal(error: XmlError) -> NodeError {
    NodeError::from(error).never_retried()
}

fn parse_options(options: Settings<'_>) -> Result<ParseOptions, NodeError> {
    Ok(ParseOptions {
        attribute_key: key(options, "attrkey", "$")?,
        text_key: key(options, "charkey", "_")?,
        explicit_array: options.flag("explicitArray"),
        explicit_root: options.flag_or("explicitRoot", true),
        ignore_attributes: options.flag("ignoreAttrs"),
        merge_attributes: options.flag_or("mergeAttrs", true),
        normalize: options.flag("normalize"),
        lower_case_names: options.flag("normalizeTags"),
        trim: options.flag("trim"),
    })
}

fn build_options(options: Settings<'_>) -> Result<BuildOptions, NodeError> {
    let default = BuildOptions::default();
    Ok(BuildOptions {
        attribute_key: key(options, "attrkey", "$")?,
        text_key: key(options, "charkey", "_")?,
        cdata: options.flag("cdata"),
        headless: options.flag("headless"),
        root_name: options.given("rootName").unwrap_or(default.root_name),
    })
}

fn key(options: Settings<'_>, name: &str, default: &str) -> Result<String, NodeError> {
    let key = options.given(name).unwrap_or_else(|| default.to_owned());
    if matches!(key.as_str(), "__proto__" | "constructor" | "prototype") {
        return Err(NodeError::fatal(format!("The option \"{name}\" must not be \"{key}\"")));
    }
    Ok(key)
}

/// Whether a text is a name as XML 1.0 (fifth edition, production 5) has them.
fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(starts_name) && characters.all(|c| starts_name(c) || continues_name(c))
}

fn starts_name(c: char) -> bool {
    matches!(c,
        ':' | '_' | 'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
        | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}'
        | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

fn continues_name(c: char) -> bool {
    matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

pub(super) fn schema() -> NodeSchema {
    NodeSchema::new("xml", "XML")
        .alias("n8n-nodes-base.xml")
        .description("Converts data from and to XML")
        .group(NodeGroup::Transform)
        .property(Property::options("mode", ["jsonToxml", "xmlToJson"]).default("xmlToJson"))
        .property(Property::string("dataPropertyName").default("data").required().description("Property that holds the XML, or is to hold it"))
        .property(Property::collection("options", build_properties()).show("mode", ["jsonToxml"]))
        .property(Property::collection("options", parse_properties()).show("mode", ["xmlToJson"]))
}

fn build_properties() -> [Property; 6] {
    [
        Property::boolean("allowSurrogateChars", false).description("No effect: text has no lone surrogates here"),
        Property::string("attrkey").default("$").description("Key that holds attributes"),
        Property::boolean("cdata", false).description("Text with special characters in a CDATA section instead of escaped"),
        Property::string("charkey").default("_").description("Key that holds text"),
        Property::boolean("headless", false).description("Leave out the XML declaration"),
        Property::string("rootName").default("root").description("Name of the root element"),
    ]
}

fn parse_properties() -> [Property; 9] {
    [
        Property::string("attrkey").default("$").description("Key for attributes that are not merged"),
        Property::string("charkey").default("_").description("Key for the text of an element that has more than text"),
        Property::boolean("explicitArray", false).description("Every child element in a list, even an only one"),
        Property::boolean("explicitRoot", true).description("The root element's name as the one key of the result"),
        Property::boolean("ignoreAttrs", false).description("Leave out attributes"),
        Property::boolean("mergeAttrs", true).description("Attributes beside the child elements"),
        Property::boolean("normalize", false).description("Shrink white space within text"),
        Property::boolean("normalizeTags", false).description("Element names in lower case"),
        Property::boolean("trim", false).description("Trim text"),
    ]
}
