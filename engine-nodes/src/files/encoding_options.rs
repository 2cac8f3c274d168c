//! The parameter for a character set, and its check when a workflow is compiled.

use engine_core::node::NodeSpec;
use engine_core::problem::Problem;
use engine_core::schema::Property;

use super::charset::Charset;
use crate::settings::Settings;

/// The encodings in which a byte order mark has a meaning.
pub(super) const WITH_MARK: [&str; 3] = ["utf8", "cesu8", "ucs2"];

pub(super) fn property() -> Property {
    Property::string("encoding").default("utf8").description("Character set")
}

/// Reports a constant encoding under a path that is not known here.
pub(super) fn check(spec: &NodeSpec, path: &str) -> Result<(), Vec<Problem>> {
    let name = spec.text(path);
    if name.is_empty() || Charset::named(&name).is_ok() {
        return Ok(());
    }
    Err(vec![spec.unsupported(path, format!("the encoding \"{name}\" is not supported"))])
}

/// The character set that the options name; UTF-8 when they name none.
pub(super) fn charset(options: Settings<'_>) -> Result<Charset, super::charset::UnknownCharset> {
    options.filled("encoding").map_or(Ok(Charset::Utf8), |name| Charset::named(&name))
}
