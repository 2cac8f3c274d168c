//! Compression: packs files into archives and unpacks them.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use engine_core::model::{Binary, Item, Json, NodeVersion};
use engine_core::node::{Node, NodeContext, NodeError, NodeOutput, NodeSpec, OrFatal, Typed, error_item};
use engine_core::schema::{NodeGroup, NodeSchema, Property};

use super::archive::{self, ArchiveError, Entry, Limits};
use super::binary::{self, Description};
use crate::media_type::{extension_of, of_extension};
use crate::node_type::Compiled;
use crate::settings::Settings;

const ARCHIVES: [&str; 3] = ["zip", "tar", "targz"];
const FORMATS: [&str; 4] = ["gzip", "tar", "targz", "zip"];

pub(super) fn schema() -> NodeSchema {
    let compress = |property: Property| property.show("operation", ["compress"]);
    let gzip = |property: Property| compress(property).show("outputFormat", ["gzip"]);
    let archives = |property: Property| compress(property).show("outputFormat", ARCHIVES);
    NodeSchema::new("compression", "Compression")
        .alias("n8n-nodes-base.compression")
        .versions([(1, 0), (1, 1)])
        .description("Packs and unpacks files")
        .group(NodeGroup::Files)
        .property(Property::options("operation", ["compress", "decompress"]).default("decompress"))
        .property(Property::string("binaryPropertyName").default("data").required().description("Keys of the files, separated by commas"))
        .property(compress(Property::options("outputFormat", FORMATS)).default("").until(1.1))
        .property(compress(Property::options("outputFormat", FORMATS)).default("zip").since(1.1))
        .property(archives(Property::string("fileName")).required().description("Name of the archive"))
        .property(archives(Property::string("binaryPropertyOutput").default("data")).description("Key of the archive"))
        .property(gzip(Property::string("fileName")).since(1.1).description("Name of the new file"))
        .property(gzip(Property::string("binaryPropertyOutput").default("data")).since(1.1).description("Key of the new file"))
        .property(gzip(Property::string("outputPrefix").default("data")).required().until(1.1).description("Start of the keys of the new files"))
        .property(
            Property::string("outputPrefix")
                .default("file_")
                .required()
                .show("operation", ["decompress"])
                .description("Start of the keys of the files"),
        )
}

pub(super) fn compile(spec: &NodeSpec) -> Compiled {
    Ok(Arc::new(CompressionNode { parameters: spec.typed()?, old: spec.version == NodeVersion::ONE }))
}

struct CompressionNode {
    parameters: Typed<Json>,
    /// Version 1 takes most parameters from the first item, and names gzip files otherwise.
    old: bool,
}

#[async_trait]
impl Node for CompressionNode {
    async fn run(&self, context: NodeContext) -> Result<NodeOutput, NodeError> {
        let first = self.parameters.at(&context.scope(0)).await?;
        let unpack = Settings::new(&first).text("operation") == "decompress";
        let mut items = Vec::with_capacity(context.items().len());
        for (index, item) in context.items().iter().enumerate() {
            let scope = context.scope(if self.old || unpack { 0 } else { index });
            let parameters = self.parameters.at(&scope).await.map_err(|error| error.on_item(index))?;
            let job = Job { context: &context, item, index, settings: Settings::new(&parameters), old: self.old };
            let made = match if unpack { job.unpack().await } else { job.pack().await } {
                Ok(files) => Item::shared(Arc::clone(item.shared_json())).with_binary(files),
                Err(error) if context.continues_on_error() => error_item(&error),
                Err(error) => return Err(error.on_item(index)),
            };
            items.push(made.paired_with(index));
        }
        Ok(items.into())
    }
}

type Files = BTreeMap<String, Binary>;

struct Job<'a> {
    context: &'a NodeContext,
    item: &'a Item,
    index: usize,
    settings: Settings<'a>,
    old: bool,
}

impl Job<'_> {
    fn keys(&self) -> Vec<String> {
        self.settings.text("binaryPropertyName").split(',').map(|key| key.trim().to_owned()).collect()
    }

    async fn sources(&self) -> Result<Vec<(&Binary, bytes::Bytes)>, NodeError> {
        let mut sources = Vec::new();
        for key in self.keys() {
            let file = binary::file(self.item, &key, self.index)?;
            sources.push((file, binary::bytes(self.context, file).await?));
        }
        Ok(sources)
    }

    async fn pack(&self) -> Result<Files, NodeError> {
        let sources = self.sources().await?;
        let format = self.settings.text("outputFormat");
        if format == "gzip" {
            return self.gzip(sources).await;
        }
        let size = sources.iter().map(|(_, bytes)| bytes.len()).sum();
        let entries: Vec<_> = sources.iter().map(|(file, bytes)| Entry { name: file_name(file), bytes: bytes.to_vec() }).collect();
        let packed = binary::work(self.context, size, move || match format.as_str() {
            "zip" => archive::zip(&entries),
            "tar" => Ok(archive::tar(&entries)),
            "targz" => archive::gzip(&archive::tar(&entries)),
            other => Err(std::io::Error::other(format!("the output format \"{other}\" is not known")).into()),
        });
        let description = Description::named(self.settings.text("fileName"));
        let file = binary::store(self.context, packed.await?.or_fatal()?, description).await?;
        Ok(Files::from([(self.settings.text("binaryPropertyOutput"), file)]))
    }

    async fn gzip(&self, sources: Vec<(&Binary, bytes::Bytes)>) -> Result<Files, NodeError> {
        let mut files = Files::new();
        for (index, (source, bytes)) in sources.into_iter().enumerate() {
            let (key, name) = if self.old { self.old_gzip_name(source, index) } else { self.gzip_name(source, index) };
            let packed = binary::work(self.context, bytes.len(), move || archive::gzip(&bytes)).await?.or_fatal()?;
            files.insert(key, binary::store(self.context, packed, Description::named(name)).await?);
        }
        Ok(files)
    }

    fn old_gzip_name(&self, source: &Binary, index: usize) -> (String, String) {
        (format!("{}{index}", self.settings.text("outputPrefix")), format!("{}.gzip", stem(source)))
    }

    fn gzip_name(&self, source: &Binary, index: usize) -> (String, String) {
        let output = self.settings.filled("binaryPropertyOutput").unwrap_or_else(|| "data".to_owned());
        let key = if index == 0 { output } else { format!("{output}{index}") };
        let given = self.settings.filled("fileName").map(|name| name.replacen(".gz", "", 1).replacen(".gzip", "", 1));
        let extension = source.file_extension.as_ref().map(|extension| format!(".{}", extension.to_lowercase())).unwrap_or_default();
        (key, format!("{}{extension}.gz", given.unwrap_or_else(|| stem(source))))
    }

    async fn unpack(&self) -> Result<Files, NodeError> {
        let prefix = self.settings.text("outputPrefix");
        let mut files = Files::new();
        let mut count = 0;
        for (index, (key, (source, bytes))) in self.keys().into_iter().zip(self.sources().await?).enumerate() {
            let extension = source.file_extension.as_deref().unwrap_or_default().to_lowercase();
            let is_tar = matches!(extension.as_str(), "tar" | "tgz") || file_name(source).to_lowercase().ends_with(".tar.gz");
            match extension.as_str() {
                "" => return Err(NodeError::fatal(format!("File extension not found for binary data {key}"))),
                _ if is_tar || extension == "zip" => {
                    for entry in self.entries(bytes, is_tar).await? {
                        let file = binary::store(self.context, entry.bytes, Description::named(entry.name)).await?;
                        files.insert(format!("{prefix}{count}"), file);
                        count += 1;
                    }
                }
                "gz" | "gzip" => drop(files.insert(format!("{prefix}{index}"), self.gunzip(source, bytes).await?)),
                other => {
                    return Err(NodeError::fatal(format!("Unsupported archive format \".{other}\" for binary data {key}"))
                        .with_description("The Decompress operation supports the following formats: zip, gzip, tar, tar.gz and tgz"));
                }
            }
        }
        Ok(files)
    }

    /// The files of an archive, without the copies that macOS makes.
    async fn entries(&self, bytes: bytes::Bytes, is_tar: bool) -> Result<Vec<Entry>, NodeError> {
        let unpack = move || -> Result<Vec<Entry>, ArchiveError> {
            if is_tar { archive::untar(&bytes, Limits::default()) } else { archive::unzip(&bytes, Limits::default()) }
        };
        let entries = binary::work(self.context, usize::MAX, unpack).await?.or_fatal()?;
        Ok(entries.into_iter().filter(|entry| !entry.name.contains("__MACOSX")).collect())
    }

    async fn gunzip(&self, source: &Binary, bytes: bytes::Bytes) -> Result<Binary, NodeError> {
        let unpacked = binary::work(self.context, usize::MAX, move || archive::gunzip(&bytes, Limits::default())).await?.or_fatal()?;
        let name = file_name(source);
        let inner = name.strip_suffix(".gz").and_then(|inner| inner.rsplit_once('.')).map(|(_, extension)| extension.to_owned());
        let media_type = inner.as_deref().and_then(of_extension).unwrap_or_default();
        let mut file = binary::store(self.context, unpacked, Description::named(stem(source)).with_type(media_type)).await?;
        let extension = inner.or_else(|| extension_of(&file.mime_type).map(str::to_owned));
        if let Some(extension) = extension {
            file.file_name = Some(format!("{}.{extension}", stem(source)));
            file.file_extension = Some(extension);
        }
        Ok(file)
    }
}

fn file_name(file: &Binary) -> String {
    file.file_name.clone().unwrap_or_else(|| "file".to_owned())
}

/// The name up to its first dot.
fn stem(file: &Binary) -> String {
    file_name(file).split('.').next().unwrap_or_default().to_owned()
}
