//! The nodes that run code: Code, and Function and Function Item of old.

mod code;
mod function;
mod items;
mod node_host;
#[cfg(feature = "http")]
mod requests;
#[cfg(test)]
mod tests;

use engine_core::node::{NodeRegistry, RegistryError};

use super::JsEngine;

/// The nodes that run code, and what they run it with.
#[derive(Clone, Debug, Default)]
pub struct ScriptNodes {
    engine: JsEngine,
    #[cfg(feature = "http")]
    client: Option<crate::network::HttpClient>,
}

impl ScriptNodes {
    /// Nodes that run code with this engine, and can send no requests.
    pub fn new(engine: JsEngine) -> Self {
        Self {
            engine,
            #[cfg(feature = "http")]
            client: None,
        }
    }

    /// Lets code send requests, with this client.
    #[cfg(feature = "http")]
    #[must_use]
    pub fn client(mut self, client: crate::network::HttpClient) -> Self {
        self.client = Some(client);
        self
    }

    /// Adds the nodes to a registry.
    ///
    /// # Errors
    /// When one of their names is taken.
    pub fn register(&self, registry: &mut NodeRegistry) -> Result<(), RegistryError> {
        registry.register(code::CodeType::new(self.clone()))?;
        registry.register(function::FunctionType::function(self.clone()))?;
        registry.register(function::FunctionType::function_item(self.clone()))
    }
}
