//! What a run of a node gives.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::NodeError;
use crate::form::Form;
use crate::model::{Batch, Item, Json, Timestamp};

/// What a run of a node gives.
#[derive(Clone, Debug)]
pub enum NodeOutput {
    /// Items for the first output port, and none for others.
    One(Batch),
    /// Items for each output port, from the first on; ports left out get none.
    Items(Vec<Batch>),
    /// Nothing at all: the branch ends here and no run is recorded. n8n's `null`.
    Nothing,
    /// The execution waits; what it waits for decides what leaves the node.
    Wait(Box<Wait>),
}

impl NodeOutput {
    /// Items for the first output. Handing on a batch that came in copies nothing, and the engine knows that item for item it is the input.
    pub fn items(items: impl Into<Batch>) -> Self {
        Self::One(items.into())
    }

    /// One list of items for each output.
    pub fn ports(ports: impl IntoIterator<Item = Vec<Item>>) -> Self {
        Self::Items(ports.into_iter().map(Batch::from).collect())
    }
}

impl From<Vec<Item>> for NodeOutput {
    fn from(items: Vec<Item>) -> Self {
        Self::items(items)
    }
}

impl From<Batch> for NodeOutput {
    #[inline]
    fn from(items: Batch) -> Self {
        Self::One(items)
    }
}

impl From<Wait> for NodeOutput {
    fn from(wait: Wait) -> Self {
        Self::Wait(Box::new(wait))
    }
}

/// What a waiting execution waits for: whichever comes first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Wait {
    /// Until this time; then the node's input leaves its first output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Until it is resumed from outside; then what the caller brought leaves the first output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
}

impl Wait {
    /// Until a time.
    pub fn until(time: Timestamp) -> Self {
        Self { until: Some(time), resume: None }
    }

    /// For a duration from `now` on.
    pub fn for_duration(now: Timestamp, duration: Duration) -> Self {
        Self::until(now.after(duration))
    }

    /// Until resumed from outside.
    pub fn for_resume(resume: Resume) -> Self {
        Self { until: None, resume: Some(resume) }
    }
}

/// How a waiting execution is resumed from outside.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resume {
    /// Part of the address that the node chose, after the execution's id.
    #[serde(default)]
    pub suffix: String,
    /// The webhook's options (methods, authentication, response), as the node's parameters give them.
    #[serde(default)]
    pub options: Value,
}

impl Resume {
    /// The same, with a page that asks for what is waited for.
    ///
    /// # Errors
    /// When the form cannot be written as JSON.
    pub fn with_form(mut self, form: &Form) -> Result<Self, NodeError> {
        let form = serde_json::to_value(form).map_err(|error| NodeError::fatal(format!("the form cannot be kept: {error}")))?;
        if !self.options.is_object() {
            self.options = Value::Object(Json::new());
        }
        self.options["form"] = form;
        Ok(self)
    }

    /// The page that asks for what is waited for, where a person fills one in.
    pub fn form(&self) -> Option<Form> {
        serde_json::from_value(self.options.get("form")?.clone()).ok()
    }
}
