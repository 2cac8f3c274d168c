//! Convert to/from binary data: moves data between JSON and files.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use engine_core::model::{Item, Json, NodeVersion};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, OrFatal, Typed};
use engine_core::schema::{NodeGroup, NodeSchema, Property};
use serde_json::Value;

use super::binary::{self, Description};
use super::charset::Mark;
use super::convert_to_file::default_name;
use super::encoding_options;
use super::json_file::{Encoded, decoded};
use crate::conversion::FieldPath;
use crate::node_type::Compiled;
use crate::settings::Settings;

const TO_JSON: &str = "binaryToJson";
const TO_BINARY: &str = "jsonToBinary";
/// The encodings in which a byte order mark has a meaning.
const WITH_MARK: [&str; 9] = ["utf8", "cesu8", "ucs2", "utf16", "utf16be", "utf16le", "utf32", "utf32be", "utf32le"];

pub(super) fn schema() -> NodeSchema {
    NodeSchema::new("move_binary_data", "Convert to/from binary data")
        .alias("n8n-nodes-base.moveBinaryData")
        .versions([(1, 0), (1, 1)])
        .description("Moves data between JSON and files")
        .group(NodeGroup::Files)
        .property(Property::options("mode", [TO_JSON, TO_BINARY]))
        .property(Property::boolean("setAllData", true).show("mode", [TO_JSON]).description("Whether the file holds all JSON of the item"))
        .property(Property::string("sourceKey").default("data").required().show("mode", [TO_JSON]).description("Key of the file"))
        .property(Property::string("destinationKey").default("data").required().show("mode", [TO_JSON]).show("setAllData", [false]))
        .property(Property::boolean("convertAllData", true).show("mode", [TO_BINARY]).description("Whether all JSON of the item goes into the file"))
        .property(Property::string("sourceKey").default("data").required().show("mode", [TO_BINARY]).show("convertAllData", [false]))
        .property(Property::string("destinationKey").default("data").required().show("mode", [TO_BINARY]).description("Key of the new file"))
        .property(Property::collection("options", options()))
}

fn options() -> Vec<Property> {
    let to_json = |property: Property| property.show("/mode", [TO_JSON]);
    let to_binary = |property: Property| property.show("/mode", [TO_BINARY]);
    vec![
        to_binary(Property::boolean("addBOM", false)).show("encoding", WITH_MARK),
        to_binary(Property::boolean("dataIsBase64", false)).show("/convertAllData", [false]).hide("useRawData", [true]),
        encoding_options::property(),
        to_json(Property::boolean("stripBOM", true)).show("encoding", WITH_MARK),
        to_binary(Property::string("fileName")),
        to_json(Property::boolean("jsonParse", false)).show("/setAllData", [false]).hide("keepAsBase64", [true]),
        Property::boolean("keepSource", false).description("Whether the source stays"),
        to_json(Property::boolean("keepAsBase64", false)).show("/setAllData", [false]).hide("jsonParse", [true]),
        to_binary(Property::string("mimeType").default("application/json")),
        to_binary(Property::boolean("useRawData", false)).hide("dataIsBase64", [true]),
    ]
}

pub(super) fn compile(spec: &NodeSpec) -> Compiled {
    encoding_options::check(spec, "options.encoding")?;
    Ok(Arc::new(MoveBinaryData { parameters: spec.typed()?, old: spec.version == NodeVersion::ONE }))
}

struct MoveBinaryData {
    parameters: Typed<Json>,
    /// Version 1 gives files without a type that of JSON, and no name.
    old: bool,
}

#[async_trait]
impl Node for MoveBinaryData {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let mut items = Vec::with_capacity(context.items().len());
        for (index, item) in context.items().iter().enumerate() {
            let made = self.one(&context, (index, item)).await.map_err(|error| error.on_item(index))?;
            items.extend(made.map(|item| item.paired_with(index)));
        }
        Ok(items.into())
    }
}

impl MoveBinaryData {
    /// Nothing when the item has no such data.
    async fn one(&self, context: &NodeContext, (index, item): (usize, &Item)) -> Result<Option<Item>, NodeError> {
        let parameters = self.parameters.at(&context.scope(index)).await?;
        let settings = Settings::new(&parameters);
        match settings.text("mode").as_str() {
            TO_JSON => to_json(context, item, settings).await,
            TO_BINARY => self.to_binary(context, item, settings).await,
            mode => Err(NodeError::fatal(format!("The operation \"{mode}\" is not known!"))),
        }
    }

    async fn to_binary(&self, context: &NodeContext, item: &Item, settings: Settings<'_>) -> Result<Option<Item>, NodeError> {
        let options = settings.group("options");
        let source = (!settings.flag_or("convertAllData", true)).then(|| FieldPath::new(&settings.text("sourceKey")));
        let value = match &source {
            Some(path) => path.get(item.json()).cloned(),
            None => Some(Value::Object(item.json().clone())),
        };
        let Some(value) = value else { return Ok(None) };
        let mut description = Description::named(options.text("fileName")).with_type(options.text("mimeType"));
        let bytes = if options.flag("dataIsBase64") { decoded(&value)? } else { raw(&value, options, &mut description)? };
        if self.old && description.media_type.is_empty() {
            description = description.with_type("application/json");
        }
        let mut file = binary::store(context, bytes, description).await?;
        if !self.old {
            default_name(&mut file);
        }
        let mut made = Item::new(json_without(item, source.as_ref(), options.flag("keepSource"))).with_binary_of(item);
        made.binary_mut().insert(settings.text("destinationKey"), file);
        Ok(Some(made))
    }
}

/// The bytes of a value: JSON, unless text is to be taken as it is.
fn raw(value: &Value, options: Settings<'_>, description: &mut Description) -> Result<Vec<u8>, NodeError> {
    let encoded = Encoded {
        charset: encoding_options::charset(options).or_fatal()?,
        mark: if options.flag("addBOM") { Mark::With } else { Mark::Without },
        pretty: false,
    };
    let given = description.media_type.clone();
    let bytes = if options.flag("useRawData") {
        encoded.bytes(value, description)
    } else {
        "application/json".clone_into(&mut description.media_type);
        encoded.charset.encode(&engine_core::expression::js::stringify(value), encoded.mark)
    };
    if !given.is_empty() {
        description.media_type = given;
    }
    Ok(bytes)
}

fn json_without(item: &Item, source: Option<&FieldPath>, keep: bool) -> Json {
    match (keep, source) {
        (true, _) => item.json().clone(),
        (false, None) => Json::new(),
        (false, Some(path)) => {
            let mut json = item.json().clone();
            path.remove(&mut json);
            json
        }
    }
}

async fn to_json(context: &NodeContext, item: &Item, settings: Settings<'_>) -> Result<Option<Item>, NodeError> {
    let options = settings.group("options");
    let key = settings.text("sourceKey");
    let Some(file) = item.binary().and_then(|files| files.get(&key)) else { return Ok(None) };
    let bytes = binary::bytes(context, file).await?;
    let mark = if options.flag_or("stripBOM", true) { Mark::Without } else { Mark::With };
    let charset = encoding_options::charset(options).or_fatal()?;
    let json = if settings.flag_or("setAllData", true) {
        match serde_json::from_str(&charset.decode(&bytes, mark)).or_fatal()? {
            Value::Object(json) => json,
            other => Item::from_value(other).json().clone(),
        }
    } else {
        let mut json = item.json().clone();
        let value = if options.flag("keepAsBase64") {
            Value::String(base64::engine::general_purpose::STANDARD.encode(&bytes))
        } else if options.flag("jsonParse") {
            serde_json::from_str(&charset.decode(&bytes, mark)).or_fatal()?
        } else {
            Value::String(charset.decode(&bytes, mark))
        };
        FieldPath::new(&settings.text("destinationKey")).set(&mut json, value);
        json
    };
    let mut made = Item::new(json).with_binary_of(item);
    if !options.flag("keepSource") {
        let mut files = item.binary().cloned().unwrap_or_default();
        files.remove(&key);
        made = made.with_binary(files);
    }
    Ok(Some(made))
}
