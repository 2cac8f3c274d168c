//! The nodes that run code: Code, Function and Function Item of old, and those that sort by code.

mod code;
mod function;
mod items;
mod node_host;
#[cfg(feature = "http")]
mod requests;
#[cfg(feature = "transform")]
mod sort;
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
        #[cfg(feature = "transform")]
        for sorting in crate::transform::sorting() {
            registry.register(sort::SortType::new(sorting, self.clone()))?;
        }
        registry.register(code::CodeType::new(self.clone()))?;
        registry.register(function::FunctionType::function(self.clone()))?;
        registry.register(function::FunctionType::function_item(self.clone()))
    }
}

/// Whether code among the parameters asks for data that outlives executions: all ways to it have this in their names.
pub(crate) fn asks_for_static_data(spec: &engine_core::node::NodeSpec) -> bool {
    spec.source.values().filter_map(serde_json::Value::as_str).any(|text| text.contains("StaticData"))
}
