//! Extract from File: takes JSON data out of files.

mod schema;

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use engine_core::model::{Item, Json};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, OrFatal, Typed, error_item};
use serde_json::Value;

use super::charset::{Charset, Mark};
use super::sheet_file::{ReadJob, TextBytes};
use super::{binary, calendar, encoding_options, pdf, sheet_file};
use crate::conversion::FieldPath;
use crate::node_type::Compiled;
use crate::settings::Settings;

pub(super) use schema::schema;

pub(super) fn compile(spec: &NodeSpec) -> Compiled {
    if spec.text("operation") == "pdf" {
        pdf::check(spec, "operation")?;
    }
    encoding_options::check(spec, "options.encoding")?;
    Ok(Arc::new(ExtractFromFile { parameters: spec.typed()? }))
}

struct ExtractFromFile {
    parameters: Typed<Json>,
}

#[async_trait]
impl Node for ExtractFromFile {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let mut items = Vec::new();
        for (index, item) in context.items().iter().enumerate() {
            match self.one(&context, (index, item)).await {
                Ok(made) => items.extend(made.into_iter().map(|item| item.paired_with(index))),
                Err(error) if context.continues_on_error() => items.push(error_item(&error).paired_with(index)),
                Err(error) => return Err(error.on_item(index)),
            }
        }
        Ok(items.into())
    }
}

impl ExtractFromFile {
    async fn one(&self, context: &NodeContext, (index, item): (usize, &Item)) -> Result<Vec<Item>, NodeError> {
        let parameters = self.parameters.at(&context.scope(index)).await?;
        let settings = Settings::new(&parameters);
        let key = settings.text("binaryPropertyName");
        let source = Source { index, item, key: &key, options: settings.group("options") };
        match settings.text("operation").as_str() {
            operation @ ("csv" | "html" | "ods" | "rtf" | "xls" | "xlsx") => rows(context, &source, operation).await,
            "pdf" => document(context, &source).await.map(|item| vec![item]),
            operation => field(context, &source, operation, &settings.text("destinationKey")).await.map(|item| vec![item]),
        }
    }
}

/// Where data comes from: an item and the key of its file.
struct Source<'a> {
    index: usize,
    item: &'a Item,
    key: &'a str,
    options: Settings<'a>,
}

impl Source<'_> {
    /// Whether the item's JSON is kept, and all its files. Without the file that was read otherwise.
    fn kept(&self) -> (bool, bool) {
        match self.options.text("keepSource").as_str() {
            "json" => (true, false),
            "binary" => (false, true),
            "both" => (true, true),
            _ => (false, false),
        }
    }

    fn item_with(&self, json: Json) -> Item {
        let made = Item::new(json);
        if self.kept().1 {
            return made.with_binary_of(self.item);
        }
        let mut files = self.item.binary().cloned().unwrap_or_default();
        files.remove(self.key);
        made.with_binary(files)
    }
}

async fn rows(context: &NodeContext, source: &Source<'_>, format: &str) -> Result<Vec<Item>, NodeError> {
    let file = binary::file(source.item, source.key, source.index)?;
    let job = if format == "csv" { ReadJob::csv(source.options)? } else { ReadJob::sheet(source.options, TextBytes::Latin1) };
    let rows = sheet_file::read(context, file, job).await;
    let rows = rows.map_err(|error| sheet_file::wrong_format(error, file, format))?;
    Ok(rows.into_iter().map(Item::from_value).collect())
}

async fn field(context: &NodeContext, source: &Source<'_>, operation: &str, path: &str) -> Result<Item, NodeError> {
    let file = binary::file(source.item, source.key, source.index)?;
    let bytes = binary::bytes(context, file).await?;
    let value = if operation == "binaryToPropery" {
        Value::String(base64::engine::general_purpose::STANDARD.encode(&bytes))
    } else {
        let charset = source.options.filled("encoding").map_or_else(|| Ok(Charset::detect(&bytes)), |name| Charset::named(&name)).or_fatal()?;
        let mark = if source.options.flag_or("stripBOM", true) { Mark::Without } else { Mark::With };
        value(charset.decode(&bytes, mark), operation)?
    };
    let mut json = if source.kept().0 { source.item.json().clone() } else { Json::new() };
    FieldPath::new(path).set(&mut json, value);
    Ok(source.item_with(json))
}

fn value(text: String, operation: &str) -> Result<Value, NodeError> {
    match operation {
        "fromJson" if text.is_empty() => Ok(Value::Object(Json::new())),
        "fromJson" => serde_json::from_str(&text).map_err(|error| {
            NodeError::fatal("The file selected in 'Input Binary Field' is not in JSON format")
                .with_description(format!("Try to change the operation or select a JSON file in 'Input Binary Field' ({error})"))
        }),
        "fromIcs" => calendar::parse(&text).or_fatal(),
        "text" | "xml" => Ok(Value::String(text)),
        other => Err(NodeError::fatal(format!("The operation \"{other}\" is not known!"))),
    }
}

async fn document(context: &NodeContext, source: &Source<'_>) -> Result<Item, NodeError> {
    let file = binary::file(source.item, source.key, source.index)?;
    let bytes = binary::bytes(context, file).await?;
    let options = pdf::Options::new(source.options);
    let found = binary::work(context, bytes.len(), move || pdf::extract(&bytes, &options)).await?.or_fatal()?;
    let mut json = if source.kept().0 { source.item.json().clone() } else { Json::new() };
    json.extend(found);
    Ok(source.item_with(json))
}
