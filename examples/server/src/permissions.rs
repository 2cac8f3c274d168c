//! What workflows may reach, from the environment.
//!
//! `ENGINE_NETWORK_ALLOW` lists inside addresses, networks and hosts that they may reach, separated by commas; `ENGINE_PROXIES` proxies that
//! they may use; `ENGINE_COMMANDS=allow` lets them run commands; `ENGINE_FILES_ROOT` names the one directory in which they may read and write files.

use anyhow::{Context, bail};
use engine_nodes::network::{CommandPolicy, HttpClient, NetworkNodes, NetworkPolicy};
use engine_nodes::{FilePolicy, NodeSettings};

/// The settings of the built-in nodes.
pub(crate) fn from_environment() -> anyhow::Result<NodeSettings> {
    read(|name| std::env::var(name).ok())
}

fn read(variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<NodeSettings> {
    let mut policy = NetworkPolicy::default();
    for rule in list(variable("ENGINE_NETWORK_ALLOW").as_deref()) {
        policy = policy.allow(rule).context("ENGINE_NETWORK_ALLOW")?;
    }
    for host in list(variable("ENGINE_PROXIES").as_deref()) {
        policy = policy.allow_proxy(host).context("ENGINE_PROXIES")?;
    }
    let commands = match variable("ENGINE_COMMANDS").as_deref() {
        None | Some("" | "refuse") => CommandPolicy::default(),
        Some("allow") => CommandPolicy::allow(),
        Some(other) => bail!("ENGINE_COMMANDS must be \"allow\" or \"refuse\", not {other:?}"),
    };
    let files = match variable("ENGINE_FILES_ROOT").filter(|root| !root.is_empty()) {
        None => FilePolicy::default(),
        Some(root) => FilePolicy::within(&root).with_context(|| format!("ENGINE_FILES_ROOT: {root:?} cannot be opened"))?,
    };
    Ok(NodeSettings::default().network(NetworkNodes::new(HttpClient::new(policy)).commands(commands)).files(files))
}

fn list(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(variables: &[(&str, &str)]) -> Result<NodeSettings, String> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        read(find).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn permissions_are_given_one_by_one() {
        let permits = |variables: &[(&str, &str)], address: &str| {
            read_from(variables).map(|settings| settings.network.client().policy().permits(address.parse().unwrap()))
        };
        assert_eq!(permits(&[], "127.0.0.1"), Ok(false));
        assert_eq!(permits(&[("ENGINE_NETWORK_ALLOW", "10.0.0.0/8, 127.0.0.1,")], "127.0.0.1"), Ok(true));
        assert_eq!(permits(&[("ENGINE_NETWORK_ALLOW", "10.0.0.0/8")], "169.254.169.254"), Ok(false));
        assert!(permits(&[("ENGINE_NETWORK_ALLOW", "10.0.0.0/99")], "10.0.0.1").is_err());
        assert!(permits(&[("ENGINE_COMMANDS", "yes")], "10.0.0.1").is_err());
        assert!(read_from(&[("ENGINE_COMMANDS", "allow"), ("ENGINE_PROXIES", "proxy.corp.example")]).is_ok());
        assert!(read_from(&[("ENGINE_FILES_ROOT", "/nonexistent/root")]).is_err_and(|error| error.contains("cannot be opened")));
        let directory = std::env::temp_dir();
        assert!(read_from(&[("ENGINE_FILES_ROOT", directory.to_str().unwrap())]).is_ok());
    }
}
