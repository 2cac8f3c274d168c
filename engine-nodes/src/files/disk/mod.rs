//! Nodes that read and write files on disk: inside one directory, and only where a [`FilePolicy`] allows it.
//!
//! Paths are resolved by the operating system below an open directory (`openat2` on Linux), so neither `..` nor a symbolic link that is exchanged
//! at the wrong moment leads out of it.

mod legacy;
mod pattern;
mod policy;
mod read_write;
#[cfg(test)]
mod tests;
mod transfer;

pub use policy::FilePolicy;

use engine_core::node::{Node, NodeRegistry, NodeSpec, NodeType, RegistryError};
use engine_core::problem::Problem;
use engine_core::schema::{Effect, NodeSchema};
use std::sync::Arc;

use self::policy::Allowed;
use crate::node_type::Compiled;

/// Adds the nodes of this group.
pub(crate) fn register(registry: &mut NodeRegistry, policy: &FilePolicy) -> Result<(), RegistryError> {
    for kind in [read_write::kind(), legacy::read_one(), legacy::read_many(), legacy::write()] {
        registry.register(DiskType { policy: policy.clone(), kind })?;
    }
    Ok(())
}

/// What makes up one type of node for files on disk.
struct Kind {
    schema: NodeSchema,
    /// The parameter that holds the path.
    path: fn(&NodeSpec) -> &'static str,
    writes: fn(&NodeSpec) -> bool,
    /// The parameter that says whether a file is appended to.
    append: &'static str,
    compile: fn(&NodeSpec, Allowed) -> Compiled,
}

struct DiskType {
    policy: FilePolicy,
    kind: Kind,
}

impl NodeType for DiskType {
    fn schema(&self) -> &NodeSchema {
        &self.kind.schema
    }

    fn reads_static_data(&self, _spec: &NodeSpec) -> bool {
        false
    }

    fn compile(&self, spec: &NodeSpec) -> Result<Arc<dyn Node>, Vec<Problem>> {
        let (path, writes) = ((self.kind.path)(spec), (self.kind.writes)(spec));
        let refused = |message: &str| {
            let problem = spec.unsupported(path, message);
            Err(vec![problem.help("whoever runs the engine can allow it with a file policy")])
        };
        match self.policy.allowed() {
            None => refused("workflows may not read or write files on this engine"),
            Some(allowed) if writes && !allowed.writable => refused("workflows may not write files on this engine"),
            Some(allowed) => (self.kind.compile)(spec, allowed.clone()),
        }
    }

    /// Writing a file once more does no harm, appending does. What was read may be something else the next time, so it is recorded.
    fn effect(&self, spec: &NodeSpec) -> Effect {
        let overwrites = spec.constant(self.kind.append).is_none_or(|append| append == false);
        if (self.kind.writes)(spec) && !(overwrites && spec.parameter(self.kind.append).is_constant()) {
            Effect::Effectful
        } else {
            Effect::Idempotent
        }
    }
}
