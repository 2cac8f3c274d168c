//! Convert to File: makes files of the JSON of items.

mod schema;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use engine_core::model::{Binary, Item, Json, Link, Paired};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, OrFatal, Typed, error_item};
use serde_json::Value;

use super::binary::{self, Description};
use super::charset::Mark;
use super::json_file::{Encoded, decoded};
use super::{calendar, encoding_options, sheet_file};
use crate::conversion::FieldPath;
use crate::node_type::Compiled;
use crate::settings::Settings;

pub(super) use schema::schema;

pub(super) fn compile(spec: &NodeSpec) -> Compiled {
    encoding_options::check(spec, "options.encoding")?;
    let keeps_base64 = spec.version == engine_core::model::NodeVersion::ONE;
    Ok(Arc::new(ConvertToFile { parameters: spec.typed()?, keeps_base64 }))
}

struct ConvertToFile {
    parameters: Typed<Json>,
    /// Version 1 can take text that is not base64 for the bytes of a file.
    keeps_base64: bool,
}

#[async_trait]
impl Node for ConvertToFile {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let parameters = self.parameters.at(&context.scope(0)).await?;
        let settings = Settings::new(&parameters);
        let operation = settings.text("operation");
        match operation.as_str() {
            "csv" | "html" | "ods" | "rtf" | "xls" | "xlsx" => {
                let job = sheet_file::WriteJob::new(&operation, settings, "File").or_fatal()?;
                together(&context, job.run(&context).await)
            }
            "toJson" if settings.text("mode") != "each" => together(&context, all_as_json(&context, settings).await),
            "toJson" | "toBinary" | "toText" | "iCal" => self.each(&context, &operation).await,
            other => Err(NodeError::fatal(format!("The operation \"{other}\" is not known!"))),
        }
    }
}

impl ConvertToFile {
    async fn each(&self, context: &NodeContext, operation: &str) -> Result<NodeOutput, NodeError> {
        let mut items = Vec::with_capacity(context.items().len());
        for (index, item) in context.items().iter().enumerate() {
            let made = match self.one(context, operation, (index, item)).await {
                Ok((key, file)) => with_file(key, file),
                Err(error) if context.continues_on_error() => error_item(&error),
                Err(error) => return Err(error.on_item(index)),
            };
            items.push(made.paired_with(index));
        }
        Ok(items.into())
    }

    async fn one(&self, context: &NodeContext, operation: &str, (index, item): (usize, &Item)) -> Result<(String, Binary), NodeError> {
        let parameters = self.parameters.at(&context.scope(index)).await?;
        let settings = Settings::new(&parameters);
        let options = settings.group("options");
        let mut description = Description::named(options.text("fileName"));
        let bytes = match operation {
            "iCal" => {
                let (bytes, named) = calendar::event_file(settings, context, index)?;
                description = named;
                bytes
            }
            "toJson" => encoded(options)?.bytes(&Value::Object(item.json().clone()), &mut description),
            "toText" => {
                if description.name.is_empty() {
                    "file.txt".clone_into(&mut description.name);
                }
                description = description.with_type("text/plain");
                encoded(options)?.bytes(source(item, settings)?, &mut description)
            }
            _ => {
                description = description.with_type(options.text("mimeType"));
                let is_base64 = !self.keeps_base64 || options.flag_or("dataIsBase64", true);
                let value = source(item, settings)?;
                if is_base64 { decoded(value)? } else { encoded(options)?.bytes(value, &mut description) }
            }
        };
        let mut file = binary::store(context, bytes, description).await?;
        default_name(&mut file);
        Ok((key(settings), file))
    }
}

/// The value that the parameters point at.
fn source<'a>(item: &'a Item, settings: Settings<'_>) -> Result<&'a Value, NodeError> {
    let path = settings.text("sourceProperty");
    if path.is_empty() {
        return Err(NodeError::fatal("The name of the field that holds the data is missing"));
    }
    FieldPath::new(&path).get(item.json()).ok_or_else(|| NodeError::fatal(format!("The value in \"{path}\" is not set")))
}

fn encoded(options: Settings<'_>) -> Result<Encoded, NodeError> {
    Ok(Encoded {
        charset: encoding_options::charset(options).or_fatal()?,
        mark: if options.flag("addBOM") { Mark::With } else { Mark::Without },
        pretty: options.flag("format"),
    })
}

async fn all_as_json(context: &NodeContext, settings: Settings<'_>) -> Result<(String, Binary), NodeError> {
    let options = settings.group("options");
    let all = context.items().iter().map(|item| Value::Object(item.json().clone())).collect();
    let mut description = Description::named(options.text("fileName"));
    let bytes = encoded(options)?.bytes(&all, &mut description);
    let mut file = binary::store(context, bytes, description).await?;
    default_name(&mut file);
    Ok((key(settings), file))
}

fn key(settings: Settings<'_>) -> String {
    settings.filled("binaryPropertyName").unwrap_or_else(|| "data".to_owned())
}

pub(super) fn default_name(file: &mut Binary) {
    if file.file_name.as_ref().is_none_or(String::is_empty) {
        let extension = file.file_extension.as_ref().map(|extension| format!(".{extension}")).unwrap_or_default();
        file.file_name = Some(format!("file{extension}"));
    }
}

fn with_file(key: String, file: Binary) -> Item {
    Item::default().with_binary(BTreeMap::from([(key, file)]))
}

/// One item made of all.
pub(super) fn together(context: &NodeContext, made: Result<(String, Binary), NodeError>) -> Result<NodeOutput, NodeError> {
    let item = match made {
        Ok((key, file)) => with_file(key, file),
        Err(error) if context.continues_on_error() => error_item(&error),
        Err(error) => return Err(error),
    };
    let links = Paired::many((0..context.items().len()).map(Link::new));
    Ok(vec![item.paired_with(links)].into())
}
