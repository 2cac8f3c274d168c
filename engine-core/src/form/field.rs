//! One thing that a form asks for.

use serde::{Deserialize, Serialize};

/// The kind of a [`Field`]; n8n's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FieldKind {
    /// A line of text.
    #[default]
    Text,
    /// Several lines of text.
    Textarea,
    /// An address for mail.
    Email,
    /// A number.
    Number,
    /// A text that is not shown while it is typed.
    Password,
    /// A day.
    Date,
    /// One choice of a list, or several.
    Dropdown,
    /// One of several buttons.
    Radio,
    /// Any of several boxes.
    Checkbox,
    /// A file, or several.
    File,
    /// Something to be read, nothing to be filled in.
    Html,
    /// Something that is sent along and not shown.
    HiddenField,
}

impl FieldKind {
    /// The kind under n8n's name; `None` where there is none.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "text" => Self::Text,
            "textarea" => Self::Textarea,
            "email" => Self::Email,
            "number" => Self::Number,
            "password" => Self::Password,
            "date" => Self::Date,
            "dropdown" => Self::Dropdown,
            "radio" => Self::Radio,
            "checkbox" => Self::Checkbox,
            "file" => Self::File,
            "html" => Self::Html,
            "hiddenField" => Self::HiddenField,
            _ => return None,
        })
    }
}

/// One thing that a form asks for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Field {
    /// What the page shows.
    pub label: String,
    /// The key of its value in the item. An [`FieldKind::Html`] field without a name gives no value.
    pub name: String,
    /// What is asked for.
    pub kind: FieldKind,
    /// What an empty input shows.
    pub placeholder: String,
    /// What is filled in from the start.
    pub default: String,
    /// What is shown, for [`FieldKind::Html`]; to be cleaned before.
    pub html: String,
    /// What there is to choose from.
    pub choices: Vec<String>,
    /// Whether several may be chosen or handed over.
    pub several: bool,
    /// Which files are taken: extensions and media types, separated by commas. A hint for the browser.
    pub accept: String,
    /// Whether it has to be filled in.
    pub required: bool,
    /// How many have to be chosen at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least: Option<u32>,
    /// How many may be chosen at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
}

impl Field {
    /// A field of this kind whose label is its name.
    pub fn new(kind: FieldKind, label: impl Into<String>) -> Self {
        let label = label.into();
        let several = kind == FieldKind::Checkbox;
        Self { name: label.clone(), label, kind, several, ..Self::default() }
    }

    /// Whether it offers choices.
    pub fn is_choice(&self) -> bool {
        matches!(self.kind, FieldKind::Dropdown | FieldKind::Radio | FieldKind::Checkbox)
    }

    /// Whether its value is a list.
    pub fn is_list(&self) -> bool {
        match self.kind {
            FieldKind::Checkbox => true,
            FieldKind::Dropdown | FieldKind::File => self.several,
            _ => false,
        }
    }
}
