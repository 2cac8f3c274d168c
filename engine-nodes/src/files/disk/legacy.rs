//! The three older nodes: Read Binary File, Read Binary Files, Write Binary File.

use std::collections::BTreeMap;

use async_trait::async_trait;
use engine_core::model::{Item, Json};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, Typed, error_item};
use engine_core::schema::{Effect, NodeGroup, NodeSchema, Property};

use super::policy::Allowed;
use super::{Kind, read_write, transfer};
use crate::attachment::file;
use crate::node_type::{Compiled, ready};
use crate::settings::Settings;

fn schema(kind: &str, title: &str, alias: &str, path: &str) -> NodeSchema {
    NodeSchema::new(kind, title)
        .alias(format!("n8n-nodes-base.{alias}"))
        .group(NodeGroup::Files)
        .effect(Effect::Idempotent)
        .property(Property::string(path).required())
        .property(Property::string("dataPropertyName").default("data").required().description("Key of the file"))
}

pub(super) fn read_one() -> Kind {
    Kind {
        schema: schema("read_binary_file", "Read Binary File", "readBinaryFile", "filePath").description("Reads a file from disk"),
        path: |_| "filePath",
        writes: |_| false,
        append: "append",
        compile: |spec, allowed| compile(spec, allowed, Job::ReadOne),
    }
}

pub(super) fn read_many() -> Kind {
    Kind {
        schema: schema("read_binary_files", "Read Binary Files", "readBinaryFiles", "fileSelector").description("Reads files from disk"),
        path: |_| "fileSelector",
        writes: |_| false,
        append: "append",
        compile: |spec, allowed| compile(spec, allowed, Job::ReadMany),
    }
}

pub(super) fn write() -> Kind {
    let options = Property::collection("options", [Property::boolean("append", false)]);
    Kind {
        schema: schema("write_binary_file", "Write Binary File", "writeBinaryFile", "fileName")
            .description("Writes a file to disk")
            .property(options),
        path: |_| "fileName",
        writes: |_| true,
        append: "options.append",
        compile: |spec, allowed| compile(spec, allowed, Job::Write),
    }
}

fn compile(spec: &NodeSpec, allowed: Allowed, job: Job) -> Compiled {
    ready(Legacy { parameters: spec.typed()?, allowed, job })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    ReadOne,
    ReadMany,
    Write,
}

struct Legacy {
    parameters: Typed<Json>,
    allowed: Allowed,
    job: Job,
}

#[async_trait]
impl Node for Legacy {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        if self.job == Job::ReadMany {
            return self.read_many(&context).await;
        }
        let mut items = Vec::with_capacity(context.items().len());
        for (index, item) in context.items().iter().enumerate() {
            let made = match self.one(&context, (index, item)).await {
                Ok(made) => made,
                Err(error) if context.continues_on_error() => error_item(&error),
                Err(error) => return Err(error.on_item(index)),
            };
            items.push(made.paired_with(index));
        }
        Ok(items.into())
    }
}

impl Legacy {
    async fn one(&self, context: &NodeContext, (index, item): (usize, &Item)) -> Result<Item, NodeError> {
        let parameters = self.parameters.at(&context.scope(index)).await?;
        let at = Settings::new(&parameters);
        let key = at.text("dataPropertyName");
        let mut item = item.clone();
        if self.job == Job::ReadOne {
            let binary = transfer::read(context, &self.allowed, &at.text("filePath")).await?;
            item.binary_mut().insert(key, binary);
            return Ok(item);
        }
        let append = Settings::new(&*self.parameters.at(&context.scope(0)).await?).group("options").flag("append");
        let path = at.text("fileName");
        transfer::write(context, &self.allowed, (&path, append), file(&item, &key, index)?).await?;
        item.json_mut().insert("fileName".to_owned(), path.into());
        Ok(item)
    }

    /// One item for each file, all of them made from the first item.
    async fn read_many(&self, context: &NodeContext) -> Result<NodeOutput, NodeError> {
        let parameters = self.parameters.at(&context.scope(0)).await?;
        let at = Settings::new(&parameters);
        let mut items = Vec::new();
        for path in read_write::find(context, &self.allowed, &at.text("fileSelector")).await? {
            let binary = transfer::read(context, &self.allowed, &path).await?;
            let files = BTreeMap::from([(at.text("dataPropertyName"), binary)]);
            items.push(Item::default().with_binary(files).paired_with(0));
        }
        Ok(items.into())
    }
}
