//! Where the nodes that take values out of HTML find it: a field of the item, or a file beside it.

use engine_core::expression::js;
use engine_core::model::{Item, Json};
use engine_core::node::{NodeContext, NodeError, OrFatal};
use futures::TryStreamExt;
use serde_json::Value;

use super::dom::Document;
use crate::conversion::FieldPath;

/// Where HTML is.
pub(super) enum Source<'a> {
    /// In a field: a text, or a list of texts.
    Field(FieldPath),
    /// In the file under a key.
    File(&'a str),
}

/// What `extract` takes out of each document of an item.
pub(super) async fn documents(
    context: &NodeContext,
    (index, item): (usize, &Item),
    source: Source<'_>,
    extract: impl Fn(&Document) -> Json,
) -> Result<Vec<Json>, NodeError> {
    let texts = match source {
        Source::File(key) => vec![file(context, item, key, index).await?],
        Source::Field(path) => {
            let value = path.get(item.json());
            match value.ok_or_else(|| NodeError::fatal(format!("No property named \"{}\" exists!", path.as_str())))? {
                Value::Array(texts) => texts.iter().map(text).collect::<Result<_, _>>()?,
                value => vec![text(value)?],
            }
        }
    };
    texts.iter().map(|html| Ok(extract(&Document::parse(html).or_fatal()?))).collect()
}

fn text(value: &Value) -> Result<String, NodeError> {
    match value {
        Value::Null => Err(NodeError::fatal("HTML is needed, not null")),
        value => Ok(js::to_string(value).into_owned()),
    }
}

async fn file(context: &NodeContext, item: &Item, key: &str, index: usize) -> Result<String, NodeError> {
    let file = item.binary().and_then(|files| files.get(key));
    let file = file.ok_or_else(|| NodeError::fatal(format!("The item has no binary field '{key}' [item {index}]")))?;
    let bytes = context.read_binary(file).await?.try_collect::<Vec<_>>().await?.concat();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
