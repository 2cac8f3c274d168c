//! The node types that an engine knows, and the testers of the credentials that they use.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::NodeType;
use crate::credential::CredentialTester;
use crate::model::{NodeKind, NodeVersion};
use crate::schema::NodeSchema;

/// Node types by their names. A name may be served by several types, each with versions of its own.
#[derive(Clone, Default)]
pub struct NodeRegistry {
    types: Vec<Arc<dyn NodeType>>,
    by_name: HashMap<NodeKind, Vec<usize>>,
    testers: HashMap<String, Arc<dyn CredentialTester>>,
    tester_of_others: Option<Arc<dyn CredentialTester>>,
}

/// Two node types that claim the same name and version.
#[derive(Debug, Clone, thiserror::Error)]
#[error("node type {kind} version {version} is registered twice")]
pub struct RegistryError {
    kind: NodeKind,
    version: NodeVersion,
}

impl NodeRegistry {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a node type under its own name and its aliases.
    ///
    /// # Errors
    /// When one of its names is taken for one of its versions.
    pub fn register(&mut self, node_type: impl NodeType) -> Result<(), RegistryError> {
        self.register_shared(Arc::new(node_type))
    }

    /// Like [`register`](Self::register) for a type that is shared.
    ///
    /// # Errors
    /// When one of its names is taken for one of its versions.
    pub fn register_shared(&mut self, node_type: Arc<dyn NodeType>) -> Result<(), RegistryError> {
        let schema = node_type.schema();
        let names: Vec<NodeKind> = std::iter::once(&schema.kind).chain(&schema.aliases).cloned().collect();
        for kind in &names {
            if let Some(&version) = schema.versions.iter().find(|version| self.get(kind, **version).is_some()) {
                return Err(RegistryError { kind: kind.clone(), version });
            }
        }
        let index = self.types.len();
        self.types.push(node_type);
        for kind in names {
            self.by_name.entry(kind).or_default().push(index);
        }
        Ok(())
    }

    /// The same registry with one more type, for a chain of calls at start-up.
    ///
    /// # Panics
    /// When one of its names is taken for one of its versions: that is a mistake in the program.
    #[must_use]
    pub fn with(mut self, node_type: impl NodeType) -> Self {
        if let Err(error) = self.register(node_type) {
            panic!("{error}");
        }
        self
    }

    /// The type that serves a name at a version.
    pub fn get(&self, kind: &NodeKind, version: NodeVersion) -> Option<&Arc<dyn NodeType>> {
        self.named(kind).find(|node_type| node_type.schema().versions.contains(&version))
    }

    /// All types that serve a name.
    pub fn named(&self, kind: &NodeKind) -> impl Iterator<Item = &Arc<dyn NodeType>> {
        self.by_name.get(kind).into_iter().flatten().filter_map(|&index| self.types.get(index))
    }

    /// All types, in the order in which they were registered.
    pub fn types(&self) -> &[Arc<dyn NodeType>] {
        &self.types
    }

    /// All schemas, in the order in which they were registered.
    pub fn schemas(&self) -> impl Iterator<Item = &NodeSchema> {
        self.types.iter().map(|node_type| node_type.schema())
    }

    /// Says who tries out credentials of a type; it takes the place of one that was named before.
    pub fn register_tester(&mut self, credential_kind: impl Into<String>, tester: impl CredentialTester) {
        self.testers.insert(credential_kind.into(), Arc::new(tester));
    }

    /// Says who tries out credentials of all types that have no tester of their own.
    pub fn register_tester_of_others(&mut self, tester: impl CredentialTester) {
        self.tester_of_others = Some(Arc::new(tester));
    }

    /// Who tries out credentials of a type, such as `httpBasicAuth`.
    pub fn tester(&self, credential_kind: &str) -> Option<&Arc<dyn CredentialTester>> {
        self.testers.get(credential_kind).or(self.tester_of_others.as_ref())
    }

    /// The known name most like `kind`, for a hint.
    pub fn nearest(&self, kind: &str) -> Option<&NodeKind> {
        let wanted = last_segment(kind).to_lowercase();
        let distance = |name: &NodeKind| edit_distance(&wanted, &last_segment(name.as_str()).to_lowercase());
        let (distance, name) = self.by_name.keys().map(|name| (distance(name), name)).min()?;
        (distance <= 2).then_some(name)
    }
}

impl fmt::Debug for NodeRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.schemas().map(|schema| &schema.kind)).finish()
    }
}

fn last_segment(kind: &str) -> &str {
    kind.rsplit('.').next().unwrap_or(kind)
}

/// Levenshtein distance, cut off at texts of 64 characters.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().take(64).enumerate() {
        let mut diagonal = row.first().copied().unwrap_or(0);
        let mut left = i + 1;
        let mut next = vec![left];
        for (j, cb) in b.iter().enumerate() {
            let up = row.get(j + 1).copied().unwrap_or(usize::MAX);
            left = (diagonal + usize::from(ca != *cb)).min(up + 1).min(left + 1);
            diagonal = up;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
