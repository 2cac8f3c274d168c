//! What a person sees when nothing more is asked. A node that ends a form remembers it, so that it is there as long as the execution is, in every process.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::execution::ExecutionData;
use crate::model::{Binary, Item};
use crate::node::NodeMemory;

/// What a person sees when nothing more is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Ending {
    /// A page.
    Page(EndingPage),
    /// Another address: `http` or `https`.
    Redirect {
        /// The address.
        url: String,
    },
    /// A whole page of the workflow's author: HTML.
    Html {
        /// The HTML.
        html: String,
    },
}

/// The last page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndingPage {
    /// Title of the browser's window; text.
    pub form_title: String,
    /// What stands at its head; text.
    pub title: String,
    /// What stands below that; HTML, to be cleaned before it is shown.
    pub message: String,
    /// Style sheet of the workflow's author.
    pub css: String,
    /// Whether a file is handed over with it.
    pub file: bool,
}

/// The name under which a node remembers it.
const REMEMBERED: &str = "formEnding";

impl Ending {
    /// Lets a node remember it as the end of its form, with a file that is handed over.
    pub fn remember(&self, memory: &mut NodeMemory, file: Option<Binary>) {
        let item = Item::from_value(serde_json::json!({ "ending": self }));
        let item = match file {
            Some(file) => item.with_binary([("file".to_owned(), file)].into()),
            None => item,
        };
        memory.items.insert(Cow::Borrowed(REMEMBERED), vec![item]);
    }

    /// The end that the node remembers that ended the form last; `None` where none did.
    pub fn of(execution: &ExecutionData) -> Option<(Self, Option<Binary>)> {
        let nodes = 0..u32::try_from(execution.plan().len()).unwrap_or(u32::MAX);
        let ended = nodes.filter_map(|node| {
            let item = execution.remembered(node)?.items.get(REMEMBERED)?.first()?.clone();
            Some((execution.log().last(node)?.order, item))
        });
        let (_, item) = ended.max_by_key(|(order, _)| *order)?;
        let ending = serde_json::from_value(item.json().get("ending")?.clone()).ok()?;
        Some((ending, item.binary().and_then(|files| files.get("file")).cloned()))
    }
}
