//! The built-in nodes, in groups behind features, and the JavaScript engine of expressions and Code nodes.
//!
//! A group lives in a directory of its own and needs nothing from the others; [`registry`] has all groups whose features are on. `js` is the
//! script engine: `js::JsEngine` evaluates what the native evaluator of engine-core leaves to JavaScript, and runs the code of Code nodes.
//!
//! What several groups share: `conversion` is n8n's conversion between types, dates and paths into JSON; `condition` is n8n's conditions.

#[cfg(feature = "js")]
pub mod js;
#[cfg(feature = "luxon")]
pub mod luxon;

#[cfg(any(feature = "crypto", feature = "files"))]
#[cfg_attr(not(feature = "full"), allow(dead_code, unused_imports, reason = "each group uses a part of it"))]
mod attachment;
#[cfg(feature = "values")]
#[cfg_attr(not(feature = "full"), allow(dead_code, unused_imports, reason = "each group uses a part of it"))]
mod condition;
#[cfg(feature = "values")]
#[cfg_attr(not(feature = "full"), allow(dead_code, unused_imports, reason = "each group uses a part of it"))]
mod conversion;
#[cfg(any(feature = "files", feature = "http"))]
#[cfg_attr(not(feature = "full"), allow(dead_code, unused_imports, reason = "each group uses a part of it"))]
mod media_type;
#[cfg(any(feature = "crypto", feature = "files", feature = "flow", feature = "markup", feature = "transform"))]
#[cfg_attr(not(feature = "full"), allow(dead_code, unused_imports, reason = "each group uses a part of it"))]
mod node_type;
#[cfg(any(feature = "crypto", feature = "files", feature = "flow", feature = "http", feature = "markup"))]
#[cfg_attr(not(feature = "full"), allow(dead_code, unused_imports, reason = "each group uses a part of it"))]
mod settings;

#[cfg(any(feature = "crypto", feature = "js"))]
mod base64_text;

#[cfg(feature = "js")]
mod ai_transform;
#[cfg(feature = "crypto")]
mod crypto;
#[cfg(feature = "image")]
mod edit_image;
#[cfg(feature = "files")]
mod files;
#[cfg(feature = "flow")]
mod flow;
#[cfg(feature = "flow")]
mod form_fields;
#[cfg(feature = "markup")]
mod markup;
#[cfg(feature = "http")]
pub mod network;
#[cfg(feature = "jwt")]
mod token;
#[cfg(feature = "transform")]
mod transform;
#[cfg(feature = "flow")]
mod trigger;

#[cfg(test)]
#[cfg(feature = "flow")]
mod testing;

mod registry;

#[cfg(feature = "disk")]
pub use files::disk::FilePolicy;
pub use registry::{NodeSettings, kinds_by_feature, registry, registry_with};
