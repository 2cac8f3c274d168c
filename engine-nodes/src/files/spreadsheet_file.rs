//! Spreadsheet File: makes tables of items and items of tables. The forerunner of Convert to File and Extract from File.

use std::sync::Arc;

use async_trait::async_trait;
use engine_core::model::{Item, Json, NodeVersion};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, OrFatal, Typed, error_item};
use engine_core::schema::{NodeGroup, NodeSchema, Property};

use super::convert_to_file::together;
use super::sheet_file::{self, ReadJob, TextBytes, WriteJob};
use super::{binary, sheet_schema};
use crate::node_type::Compiled;
use crate::settings::Settings;

const FORMATS: [&str; 6] = ["csv", "html", "ods", "rtf", "xls", "xlsx"];

pub(super) fn schema() -> NodeSchema {
    let formats_and_auto = ["autodetect", "csv", "html", "ods", "rtf", "xls", "xlsx"];
    NodeSchema::new("spreadsheet_file", "Spreadsheet File")
        .alias("n8n-nodes-base.spreadsheetFile")
        .versions([(1, 0), (2, 0)])
        .description("Reads and writes tables in files")
        .group(NodeGroup::Files)
        .property(Property::options("operation", ["fromFile", "toFile"]))
        .property(Property::string("binaryPropertyName").default("data").required().description("Key of the file"))
        .property(Property::options("fileFormat", formats_and_auto).show("operation", ["fromFile"]).since(2.0))
        .property(Property::options("fileFormat", FORMATS).default("xls").show("operation", ["toFile"]))
        .property(Property::collection("options", sheet_schema::read_options("/fileFormat", false)).show("operation", ["fromFile"]))
        .property(Property::collection("options", write_options()).show("operation", ["toFile"]))
}

fn write_options() -> [Property; 4] {
    [
        Property::boolean("compression", false).show("/fileFormat", ["xlsx", "ods"]).description("Make the file smaller"),
        Property::string("fileName").description("Name of the file"),
        Property::boolean("headerRow", true).description("Whether the first row holds the names of the fields"),
        Property::string("sheetName").default("Sheet").show("/fileFormat", ["ods", "xls", "xlsx"]).description("Name of the sheet"),
    ]
}

pub(super) fn compile(spec: &NodeSpec) -> Compiled {
    Ok(Arc::new(SpreadsheetFile { parameters: spec.typed()?, old: spec.version == NodeVersion::ONE }))
}

struct SpreadsheetFile {
    parameters: Typed<Json>,
    /// Version 1 reads CSV as any other table.
    old: bool,
}

#[async_trait]
impl Node for SpreadsheetFile {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let parameters = self.parameters.at(&context.scope(0)).await?;
        let settings = Settings::new(&parameters);
        match settings.text("operation").as_str() {
            "toFile" => {
                let job = WriteJob::new(&settings.text("fileFormat"), settings, "spreadsheet").or_fatal()?;
                together(&context, job.run(&context).await)
            }
            "fromFile" => self.read_all(&context).await,
            other => Err(NodeError::fatal(format!("The operation \"{other}\" is not supported!"))),
        }
    }
}

impl SpreadsheetFile {
    async fn read_all(&self, context: &NodeContext) -> Result<NodeOutput, NodeError> {
        let mut items = Vec::new();
        for (index, item) in context.items().iter().enumerate() {
            match self.rows(context, (index, item)).await {
                Ok(made) => items.extend(made.into_iter().map(|item| item.paired_with(index))),
                Err(error) if context.continues_on_error() => items.push(error_item(&error).paired_with(index)),
                Err(error) => return Err(error.on_item(index)),
            }
        }
        Ok(items.into())
    }

    async fn rows(&self, context: &NodeContext, (index, item): (usize, &Item)) -> Result<Vec<Item>, NodeError> {
        let parameters = self.parameters.at(&context.scope(index)).await?;
        let settings = Settings::new(&parameters);
        let options = settings.group("options");
        let file = binary::file(item, &settings.text("binaryPropertyName"), index)?;
        let is_csv = file.mime_type == "text/csv" || (file.mime_type == "text/plain" && file.file_extension.as_deref() == Some("csv"));
        let format = match settings.text("fileFormat").as_str() {
            "autodetect" if is_csv => "csv".to_owned(),
            given => given.to_owned(),
        };
        let job = match (self.old, format.as_str()) {
            (true, _) => ReadJob::sheet(options, TextBytes::Utf8),
            (false, "csv") => ReadJob::csv(options)?,
            (false, _) => ReadJob::sheet(options, TextBytes::Latin1),
        };
        let rows = sheet_file::read(context, file, job).await;
        let rows = rows.map_err(|error| if self.old { error } else { sheet_file::wrong_format(error, file, &format) })?;
        Ok(rows.into_iter().map(Item::from_value).collect())
    }
}
