//! JavaScript: the engine behind expressions and Code nodes.
