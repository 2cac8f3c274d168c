//! The text of PDF files. Not built in yet: workflows that ask for it are told so when they are checked.

use engine_core::model::Json;
use engine_core::node::NodeSpec;
use engine_core::problem::Problem;
use engine_core::schema::Property;

use crate::settings::Settings;

/// What is taken out of a document.
#[derive(Clone, Debug)]
pub(super) struct Options;

impl Options {
    pub(super) fn new(_settings: Settings<'_>) -> Self {
        Self
    }
}

/// Why a document could not be read.
#[derive(Debug, thiserror::Error)]
#[error("PDF files are not supported")]
pub(super) struct PdfError;

/// Reports a node that reads PDF files.
pub(super) fn check(spec: &NodeSpec, path: &str) -> Result<(), Vec<Problem>> {
    Err(vec![spec.unsupported(path, "PDF files are not supported")])
}

/// The text and the properties of a document.
pub(super) fn extract(_bytes: &[u8], _options: &Options) -> Result<Json, PdfError> {
    Err(PdfError)
}

pub(super) fn properties() -> [Property; 3] {
    [
        Property::boolean("joinPages", true).description("One text of all pages instead of a list"),
        Property::number("maxPages", 0).description("How many pages are read at most; 0 for all"),
        Property::string("password").description("Password of an encrypted file"),
    ]
}
