//! Which fields of the input stay.

use engine_core::expression::js;
use engine_core::model::Json;
use engine_core::node::Parameter;

use super::plan::Options;
use crate::conversion::FieldPath;

/// Which fields of the input stay.
#[derive(Debug)]
pub(super) enum Include {
    All,
    None,
    /// These, each with the name that it then has.
    Selected(Vec<(FieldPath, FieldPath)>),
    Except(Vec<FieldPath>),
}

impl Include {
    /// Reads the parameters; `None` when one is an expression.
    pub(super) fn compile(parameters: &Parameter, options: Options) -> Option<Self> {
        let text = |path: &str| match parameters.get(path) {
            None => Some(String::new()),
            Some(part) => Some(js::to_string(part.constant()?).into_owned()),
        };
        if options.rules.version.at_least(3, 3) {
            let all = parameters.get("includeOtherFields").map(|part| part.constant().map(js::truthy));
            if !all.unwrap_or(Some(false))? {
                return Some(Self::None);
            }
        }
        let names = |path: &str| -> Option<Vec<String>> {
            Some(text(path)?.split(',').map(js::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect())
        };
        let path = |name: &String| FieldPath::with_dots(name, options.dots);
        Some(match text("include")?.as_str() {
            "none" => Self::None,
            "selected" => Self::Selected(names("includeFields")?.iter().map(|name| (path(name), path(&last_part(name, options.dots)))).collect()),
            "except" => Self::Except(names("excludeFields")?.iter().map(path).collect()),
            _ => Self::All,
        })
    }

    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// A copy of the fields that stay, with room for more.
    pub(super) fn take(&self, json: &Json, more: usize) -> Json {
        match self {
            Self::None => Json::with_capacity(more),
            Self::All => with_room(json, more),
            Self::Except(paths) => {
                let mut kept = with_room(json, more);
                for path in paths {
                    path.remove(&mut kept);
                }
                kept
            }
            Self::Selected(paths) => {
                let mut kept = Json::with_capacity(paths.len() + more);
                for (from, to) in paths {
                    if let Some(value) = from.get(json) {
                        to.set(&mut kept, value.clone());
                    }
                }
                kept
            }
        }
    }
}

fn with_room(json: &Json, more: usize) -> Json {
    let mut copy = Json::with_capacity(json.len() + more);
    copy.extend(json.iter().map(|(key, value)| (key.clone(), value.clone())));
    copy
}

/// A selected field of a field comes to lie at the top.
fn last_part(name: &str, dots: bool) -> String {
    match name.rsplit_once('.') {
        Some((_, last)) if dots => last.to_owned(),
        _ => name.to_owned(),
    }
}
