//! Which names a piece of code declares, and which it takes from outside.

use std::collections::HashSet;

/// A scope by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ScopeId(usize);

#[derive(Debug)]
struct Scope {
    parent: Option<ScopeId>,
    /// Where `var` and function declarations end up.
    function: bool,
    names: HashSet<String>,
}

/// A place where a name is used.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    pub(super) name: String,
    pub(super) start: usize,
    pub(super) end: usize,
    /// `{name}`, short for `{name: name}`.
    pub(super) shorthand: bool,
    /// The name is assigned to.
    pub(super) assigned: bool,
    scope: ScopeId,
}

/// The scopes of a source, and the uses of names in them.
#[derive(Debug)]
pub(super) struct Bindings {
    scopes: Vec<Scope>,
    references: Vec<Reference>,
    current: ScopeId,
}

impl Bindings {
    pub(super) fn new() -> Self {
        Self { scopes: vec![Scope { parent: None, function: true, names: HashSet::new() }], references: Vec::new(), current: ScopeId(0) }
    }

    /// Enters a scope of a function, or of a block; gives the one to go back to.
    pub(super) fn enter(&mut self, function: bool) -> ScopeId {
        let outer = self.current;
        self.scopes.push(Scope { parent: Some(outer), function, names: HashSet::new() });
        self.current = ScopeId(self.scopes.len() - 1);
        outer
    }

    pub(super) fn leave(&mut self, outer: ScopeId) {
        self.current = outer;
    }

    /// Declares a name in the current block.
    pub(super) fn declare(&mut self, name: &str) {
        self.declare_in(self.current, name);
    }

    /// Declares a name in the current function, and in the blocks between.
    pub(super) fn declare_var(&mut self, name: &str) {
        let mut at = self.current;
        loop {
            self.declare_in(at, name);
            match self.scopes.get(at.0) {
                Some(Scope { function: false, parent: Some(parent), .. }) => at = *parent,
                _ => break,
            }
        }
    }

    fn declare_in(&mut self, scope: ScopeId, name: &str) {
        if let Some(scope) = self.scopes.get_mut(scope.0) {
            scope.names.insert(name.to_owned());
        }
    }

    pub(super) fn refer(&mut self, name: &str, start: usize, end: usize) {
        self.references.push(Reference { name: name.to_owned(), start, end, shorthand: false, assigned: false, scope: self.current });
    }

    pub(super) fn refer_shorthand(&mut self, name: &str, start: usize, end: usize) {
        self.refer(name, start, end);
        if let Some(last) = self.references.last_mut() {
            last.shorthand = true;
        }
    }

    /// Marks the uses that lie in `start..end` and can be targets as assigned.
    pub(super) fn assign(&mut self, start: usize, end: usize) {
        for reference in self.references.iter_mut().rev().take_while(|reference| reference.start >= start) {
            reference.assigned |= reference.end <= end;
        }
    }

    /// A state to go back to.
    pub(super) fn mark(&self) -> (usize, usize, ScopeId) {
        (self.scopes.len(), self.references.len(), self.current)
    }

    /// Forgets all that came after the mark.
    pub(super) fn rewind(&mut self, (scopes, references, current): (usize, usize, ScopeId)) {
        self.scopes.truncate(scopes);
        self.references.truncate(references);
        self.current = current;
    }

    fn declared(&self, reference: &Reference) -> bool {
        let mut at = Some(reference.scope);
        while let Some(scope) = at.and_then(|id| self.scopes.get(id.0)) {
            if scope.names.contains(&reference.name) {
                return true;
            }
            at = scope.parent;
        }
        false
    }

    /// The uses of names that nothing in the source declares.
    pub(super) fn free(&self) -> impl Iterator<Item = &Reference> {
        self.references.iter().filter(|reference| !self.declared(reference))
    }
}
