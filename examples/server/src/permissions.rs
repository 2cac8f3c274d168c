//! What workflows may reach.

use engine_nodes::network::{CommandPolicy, HttpClient, NetworkNodes, NetworkPolicy};
use engine_nodes::{FilePolicy, NodeSettings};

use crate::settings::{Reader, Reason, SettingProblems, Sources};

/// What workflows may reach.
#[derive(Clone, Debug)]
pub(crate) struct Permissions {
    network: NetworkPolicy,
    commands: CommandPolicy,
    files: FilePolicy,
}

impl Permissions {
    /// Those of this process, whatever its other settings say: for commands that need no others.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub(crate) fn load(sources: &Sources) -> Result<Self, SettingProblems> {
        crate::settings::read_part(sources, Self::read)
    }

    /// Reads them.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        let mut network = NetworkPolicy::default();
        for rule in reader.list("ENGINE_NETWORK_ALLOW") {
            match network.clone().allow(&rule) {
                Ok(wider) => network = wider,
                Err(error) => {
                    reader.refuse("ENGINE_NETWORK_ALLOW", Reason::new(error.to_string(), "Write it as 10.0.0.0/8, 127.0.0.1 or *.example.com."));
                }
            }
        }
        for host in reader.list("ENGINE_PROXIES") {
            match network.clone().allow_proxy(&host) {
                Ok(wider) => network = wider,
                Err(error) => reader.refuse("ENGINE_PROXIES", Reason::new(error.to_string(), "Name hosts, such as proxy.example.com.")),
            }
        }
        let choices = [("refuse", CommandPolicy::default as fn() -> CommandPolicy), ("allow", CommandPolicy::allow)];
        let commands = reader.choice("ENGINE_COMMANDS", &choices).map_or_else(CommandPolicy::default, |policy| policy());
        let files = match reader.text("ENGINE_FILES_ROOT").filter(|root| !root.is_empty()).map(FilePolicy::within) {
            None => FilePolicy::default(),
            Some(Ok(policy)) => policy,
            Some(Err(error)) => {
                reader
                    .refuse("ENGINE_FILES_ROOT", Reason::new(error.to_string(), "Name a folder that exists and that the engine may read and write."));
                FilePolicy::default()
            }
        };
        Self { network, commands, files }
    }

    /// The settings of the built-in nodes.
    pub(crate) fn node_settings(&self) -> NodeSettings {
        NodeSettings::default()
            .network(NetworkNodes::new(HttpClient::new(self.network.clone())).commands(self.commands.clone()))
            .files(self.files.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(variables: &[(&str, &str)]) -> Result<NodeSettings, String> {
        let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let permissions = Permissions::load(&Sources { environment, ..Sources::default() });
        permissions.map(|permissions| permissions.node_settings()).map_err(|problems| problems.to_string())
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
        assert!(
            read_from(&[("ENGINE_COMMANDS", "allow"), ("ENGINE_PROXIES", "proxy.corp.example"), ("DATABASE_URL", "mysql://another/program")]).is_ok()
        );
    }
}
