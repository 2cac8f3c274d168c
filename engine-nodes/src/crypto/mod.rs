//! Nodes for digests, signatures, signed tokens and one-time passwords.

mod crypto_node;
mod digest;
mod jwt;
mod key;
mod totp;
mod trial;

use engine_core::node::{NodeRegistry, RegistryError};

use self::trial::KeyTester;
use crate::node_type::Definition;

/// Adds the nodes of this group, and the testers of their credentials.
pub(crate) fn register(registry: &mut NodeRegistry) -> Result<(), RegistryError> {
    registry.register_tester("crypto", KeyTester::Crypto);
    registry.register_tester("jwtAuth", KeyTester::Jwt);
    registry.register_tester("totpApi", KeyTester::Totp);
    registry.register(Definition::new(crypto_node::schema(), crypto_node::compile))?;
    registry.register(Definition::new(jwt::schema(), jwt::compile))?;
    registry.register(Definition::new(totp::schema(), totp::compile))
}
