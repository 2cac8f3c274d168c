//! Which webhook a path means: a tree of path segments. The service builds a new one whenever workflows are activated or deactivated; requests only read.
//!
//! A path is matched as segments, never as text. Where several patterns fit, the one with the most fixed segments wins, as in n8n; among equals, the one whose fixed
//! segments come earlier.

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::Method;
use engine_core::model::Json;
use percent_encoding::percent_decode_str;

use super::{Hook, HookOptions};
use crate::service::ActivationError;

/// Paths with more segments than this are not looked up.
const MAX_SEGMENTS: usize = 64;

/// All webhooks of all active workflows.
#[derive(Debug, Default)]
pub(crate) struct RouteTable {
    root: Segment,
}

#[derive(Debug, Default)]
struct Segment {
    fixed: HashMap<Box<str>, Segment>,
    parameter: Option<Box<Segment>>,
    routes: Vec<Route>,
}

/// A webhook at the end of its path.
#[derive(Debug)]
struct Route {
    hook: Arc<Hook>,
    /// Names of the parameters along this path.
    names: Arc<[Box<str>]>,
}

/// The webhooks at a path.
pub(crate) struct Found<'t> {
    at: &'t Segment,
    values: Vec<String>,
}

impl RouteTable {
    /// A table of these webhooks.
    ///
    /// # Errors
    /// When two have the same method and paths of the same shape.
    pub(crate) fn build<'h>(hooks: impl IntoIterator<Item = &'h Arc<Hook>>) -> Result<Self, ActivationError> {
        let mut table = Self::default();
        hooks.into_iter().try_for_each(|hook| table.add(hook))?;
        Ok(table)
    }

    /// A table of these webhooks; where two have the same method and paths of the same shape, the first one has them.
    #[cfg(feature = "api")]
    pub(super) fn of_the_first<'h>(hooks: impl IntoIterator<Item = &'h Arc<Hook>>) -> Self {
        let mut table = Self::default();
        for hook in hooks {
            drop(table.add(hook));
        }
        table
    }

    /// Adds a webhook.
    ///
    /// # Errors
    /// When one that is there has the same method and a path of the same shape.
    pub(super) fn add(&mut self, hook: &Arc<Hook>) -> Result<(), ActivationError> {
        hook.paths().iter().try_for_each(|path| self.insert(hook, path))
    }

    fn insert(&mut self, hook: &Arc<Hook>, path: &str) -> Result<(), ActivationError> {
        let mut at = &mut self.root;
        let mut names = Vec::new();
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            at = match segment.strip_prefix(':') {
                Some(name) => {
                    names.push(name.into());
                    at.parameter.get_or_insert_default()
                }
                None => at.fixed.entry(segment.into()).or_default(),
            };
        }
        for route in &at.routes {
            if let Some(method) = hook.methods.iter().find(|method| route.hook.methods.contains(method)) {
                let other = route.hook.workflow.clone();
                return Err(ActivationError::Conflict { method: method.to_string(), path: path.to_owned(), other });
            }
        }
        at.routes.push(Route { hook: Arc::clone(hook), names: names.into() });
        Ok(())
    }

    /// The webhooks of the pattern that fits a path best.
    pub(crate) fn find(&self, path: &str) -> Option<Found<'_>> {
        let mut segments = Vec::with_capacity(8);
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            segments.push(percent_decode_str(segment).decode_utf8().ok()?);
            if segments.len() > MAX_SEGMENTS {
                return None;
            }
        }
        let (at, _, values) = best(&self.root, &segments)?;
        let values = values.into_iter().rev().collect();
        Some(Found { at, values })
    }
}

/// The best match below a segment: its place, how many fixed segments it has, and the values of its parameters from the last to the first.
///
/// Each place of the tree is visited at most once, so that a path costs no more than the tree holds.
fn best<'t>(at: &'t Segment, rest: &[std::borrow::Cow<'_, str>]) -> Option<(&'t Segment, usize, Vec<String>)> {
    let Some((first, rest)) = rest.split_first() else {
        return (!at.routes.is_empty()).then(|| (at, 0, Vec::new()));
    };
    let fixed = at.fixed.get(&**first).and_then(|next| best(next, rest)).map(|(place, fixed, values)| (place, fixed + 1, values));
    let Some(parameter) = &at.parameter else { return fixed };
    if fixed.as_ref().is_some_and(|(_, count, _)| *count >= rest.len()) {
        return fixed;
    }
    let with_parameter = best(parameter, rest).map(|(place, count, mut values)| {
        values.push(first.clone().into_owned());
        (place, count, values)
    });
    match (fixed, with_parameter) {
        (Some(fixed), Some(other)) => Some(if other.1 > fixed.1 { other } else { fixed }),
        (fixed, other) => fixed.or(other),
    }
}

impl<'t> Found<'t> {
    /// The webhook for a method, and its output.
    pub(crate) fn hook(&self, method: &Method) -> Option<(&'t Arc<Hook>, usize)> {
        self.at.routes.iter().find_map(|route| {
            let position = route.hook.methods.iter().position(|own| own == method)?;
            Some((&route.hook, if route.hook.output_per_method { position } else { 0 }))
        })
    }

    /// The methods that the path takes.
    pub(crate) fn methods(&self) -> Vec<Method> {
        self.at.routes.iter().flat_map(|route| route.hook.methods.iter().cloned()).collect()
    }

    /// The options of the webhooks at the path.
    pub(crate) fn options(&self) -> impl Iterator<Item = &'t HookOptions> {
        self.at.routes.iter().map(|route| &route.hook.options)
    }

    /// The path's parameters, as a webhook names them.
    pub(crate) fn params(self, hook: &Arc<Hook>) -> Json {
        let names = self.at.routes.iter().find(|route| Arc::ptr_eq(&route.hook, hook)).map(|route| Arc::clone(&route.names));
        let names = names.iter().flat_map(|names| names.iter());
        names.zip(self.values).map(|(name, value)| (name.to_string(), value.into())).collect()
    }
}
