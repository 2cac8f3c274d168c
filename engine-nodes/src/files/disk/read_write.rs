//! Read/Write Files from Disk.

use std::collections::BTreeMap;

use async_trait::async_trait;
use engine_core::model::{Binary, Item, Json, NodeVersion};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, OrFatal, Typed, error_item};
use engine_core::schema::{Effect, NodeGroup, NodeSchema, Property};
use serde_json::json;

use super::policy::Allowed;
use super::{Kind, pattern, transfer};
use crate::attachment::file;
use crate::files::media::{file_type, pretty_size};
use crate::node_type::{Compiled, ready};
use crate::settings::Settings;

pub(super) fn kind() -> Kind {
    Kind {
        schema: schema(),
        path: |spec| if writes(spec) { "fileName" } else { "fileSelector" },
        writes,
        append: "options.append",
        compile: |spec, allowed| compile(spec, allowed),
    }
}

fn writes(spec: &NodeSpec) -> bool {
    spec.text("operation") == "write"
}

fn schema() -> NodeSchema {
    let read = |property: Property| property.show("operation", ["read"]);
    let write = |property: Property| property.show("operation", ["write"]);
    let of_read = [
        Property::string("fileExtension").description("The extension that the item's file gets"),
        Property::string("fileName").description("The name that the item's file gets"),
        Property::string("mimeType").description("The media type that the item's file gets"),
        Property::string("dataPropertyName").default("data").description("Key of the file"),
    ];
    NodeSchema::new("read_write_file", "Read/Write Files from Disk")
        .alias("n8n-nodes-base.readWriteFile")
        .versions([(1, 0), (1, 1)])
        .group(NodeGroup::Files)
        .description("Reads files from disk, or writes one")
        .effect(Effect::Idempotent)
        .property(Property::options("operation", ["read", "write"]))
        .property(read(Property::string("fileSelector")).required().description("A path, or a pattern such as /data/**/*.png"))
        .property(read(Property::collection("options", of_read)))
        .property(write(Property::string("fileName")).required().description("The path of the new file"))
        .property(write(Property::string("dataPropertyName").default("data")).required().description("Key of the file to write"))
        .property(write(Property::collection("options", [Property::boolean("append", false)])))
}

fn compile(spec: &NodeSpec, allowed: Allowed) -> Compiled {
    ready(ReadWriteFile { parameters: spec.typed()?, allowed, writes: writes(spec), quiet: spec.version == NodeVersion::ONE })
}

struct ReadWriteFile {
    parameters: Typed<Json>,
    allowed: Allowed,
    writes: bool,
    /// Version 1 does not mind when it finds nothing.
    quiet: bool,
}

#[async_trait]
impl Node for ReadWriteFile {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let mut items = Vec::with_capacity(context.items().len());
        for (index, item) in context.items().iter().enumerate() {
            let made = if self.writes { self.write(&context, (index, item)).await.map(|item| vec![item]) } else { self.read(&context, index).await };
            match made {
                Ok(made) => items.extend(made.into_iter().map(|item| item.paired_with(index))),
                Err(error) if context.continues_on_error() => items.push(error_item(&error).paired_with(index)),
                Err(error) => return Err(error.on_item(index)),
            }
        }
        Ok(items.into())
    }
}

impl ReadWriteFile {
    async fn read(&self, context: &NodeContext, index: usize) -> Result<Vec<Item>, NodeError> {
        let parameters = self.parameters.at(&context.scope(index)).await?;
        let at = Settings::new(&parameters);
        let options = at.group("options");
        let selector = at.text("fileSelector");
        let paths = find(context, &self.allowed, &selector).await?;
        if paths.is_empty() && !self.quiet {
            let error = NodeError::fatal("No file(s) found");
            return Err(error.with_description(format!("No file matching the selector \"{selector}\" found")));
        }
        let key = options.filled("dataPropertyName").unwrap_or_else(|| "data".to_owned());
        let mut items = Vec::with_capacity(paths.len());
        for path in paths {
            let mut binary = transfer::read(context, &self.allowed, &path).await?;
            rename(&mut binary, options);
            items.push(Item::new(describe(&binary)).with_binary(BTreeMap::from([(key.clone(), binary)])));
        }
        Ok(items)
    }

    async fn write(&self, context: &NodeContext, (index, item): (usize, &Item)) -> Result<Item, NodeError> {
        let parameters = self.parameters.at(&context.scope(index)).await?;
        let at = Settings::new(&parameters);
        let source = file(item, &at.text("dataPropertyName"), index)?;
        let path = at.text("fileName");
        transfer::write(context, &self.allowed, (&path, at.group("options").flag("append")), source).await?;
        let mut item = item.clone();
        item.json_mut().insert("fileName".to_owned(), path.into());
        Ok(item)
    }
}

/// The files that a selector finds.
pub(super) async fn find(context: &NodeContext, allowed: &Allowed, selector: &str) -> Result<Vec<String>, NodeError> {
    let (allowed, selector) = (allowed.clone(), selector.to_owned());
    transfer::blocking(context.runtime().as_ref(), move || pattern::find(&allowed, &selector)).await?.or_fatal()
}

fn rename(binary: &mut Binary, options: Settings<'_>) {
    if let Some(name) = options.given("fileName") {
        binary.file_name = Some(name);
    }
    if let Some(extension) = options.given("fileExtension") {
        binary.file_extension = Some(extension);
    }
    if let Some(media_type) = options.given("mimeType") {
        binary.mime_type = media_type;
    }
}

/// What the item says of its file; what is not known is left out.
fn describe(binary: &Binary) -> Json {
    let fields = [
        ("mimeType", Some(json!(binary.mime_type))),
        ("fileType", file_type(&binary.mime_type).map(|kind| json!(kind))),
        ("fileName", binary.file_name.as_ref().map(|name| json!(name))),
        ("fileExtension", binary.file_extension.as_ref().map(|extension| json!(extension))),
        ("fileSize", Some(json!(pretty_size(binary.size)))),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
