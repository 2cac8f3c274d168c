//! The files that items carry, by their key. Called by the nodes of several groups.

use engine_core::model::{Binary, Item};
use engine_core::node::NodeError;

/// The file of an item under a key.
///
/// # Errors
/// When there is none.
pub(crate) fn file<'a>(item: &'a Item, key: &str, index: usize) -> Result<&'a Binary, NodeError> {
    let Some(files) = item.binary() else {
        let message = format!("This operation expects the node's input data to contain a binary file '{key}', but none was found [item {index}]");
        return Err(NodeError::fatal(message).with_description("Make sure that the previous node outputs a binary file"));
    };
    files.get(key).ok_or_else(|| {
        NodeError::fatal(format!("The item has no binary field '{key}' [item {index}]")).with_description(
            "Check that the parameter where you specified the input binary field name is correct, and that it matches a field in the binary input",
        )
    })
}
