//! Forms as data: what a page asks a person for, and what the answer means.
//!
//! Nodes make forms ([`WebhookSpec::form`](crate::node::WebhookSpec::form) for the first page of a workflow, [`Resume::with_form`](crate::node::Resume::with_form)
//! for later ones), the HTTP side shows them and takes the answers. Nothing here reads a request or writes HTML.

mod answer;
mod complaint;
mod ending;
mod field;

pub use answer::{Answer, sent_at};
pub use complaint::Complaint;
pub use ending::{Ending, EndingPage};
pub use field::{Field, FieldKind};

use serde::{Deserialize, Serialize};

/// A page that asks for something.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Form {
    /// What stands at its head; text.
    pub title: String,
    /// What stands below that; HTML as the workflow's author wrote it, to be cleaned before it is shown.
    pub description: String,
    /// What stands on the button; text.
    pub button: String,
    /// Style sheet of the workflow's author, after the page's own.
    pub css: String,
    /// What is asked for, in order.
    pub fields: Vec<Field>,
    /// Whether the time of sending is given in UTC, and not in the workflow's zone.
    pub utc: bool,
    /// What is shown when the workflow shows nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
}
