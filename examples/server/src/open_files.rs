//! How many files and connections this process may have open: as many as the system lets it.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::settings::DatabaseSettings;

/// Files that are open whatever is configured, and connections of workflows to the outside.
const BESIDES: u64 = 256;

/// Raises the soft limit to the hard one. Says so where that is not enough for the connections that a setting allows, and how to mend it.
pub(crate) fn raise_limit((connections, setting): (usize, &str), database: &DatabaseSettings) {
    let limit = getrlimit(Resource::Nofile);
    let needed = needed(connections, database);
    // Some systems report no hard limit and take none.
    let raised = [limit.maximum, Some(needed)].into_iter().any(|current| setrlimit(Resource::Nofile, Rlimit { current, ..limit }).is_ok());
    let allowed = if raised { getrlimit(Resource::Nofile).current } else { limit.current };
    if let Some(allowed) = allowed.filter(|allowed| *allowed < needed) {
        tracing::warn!(
            "this process may open {allowed} files, but {setting} = {connections} takes about {needed}: raise the hard limit (ulimit -Hn, LimitNOFILE= in a unit of \
             systemd, ulimits: in a compose file), or lower {setting}"
        );
    }
}

fn needed(connections: usize, database: &DatabaseSettings) -> u64 {
    connections as u64 + u64::from(database.connections) + u64::from(database.writers) + BESIDES
}
