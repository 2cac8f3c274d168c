//! `engine key new | rotate`.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use engine_core::store::Stores;
use engine_http::SealingKeys;
use secrecy::ExposeSecret;

use crate::session::Session;
use crate::{data, engine, setup};

/// Makes keys that seal credentials, and seals credentials anew.
#[derive(Debug, Args)]
pub(crate) struct Keys {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prints a new key as `id:key`. Put it in front of the others in `ENGINE_ENCRYPTION_KEYS` and start all servers and workers anew, before `rotate`.
    New {
        /// Puts it in front of the keys in the engine's own `secrets.toml` instead of printing it.
        #[arg(long)]
        save: bool,
    },
    /// Seals every credential with the first key of `ENGINE_ENCRYPTION_KEYS`, in small batches, while servers run.
    Rotate,
}

/// So many credentials are read at once.
const BATCH: u32 = 100;

impl Keys {
    pub(crate) fn execute(self, session: &Session) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::New { save: false } => setup::print_line(data::new_sealing_key()?.written().expose_secret()),
            Command::New { save: true } => save(session)?,
            Command::Rotate => return rotate(session),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn save(session: &Session) -> anyhow::Result<()> {
    let settings = session.settings_with_secrets()?;
    let id = data::add_sealing_key(&settings)?;
    setup::print_line(&format!("{id} seals from the next start on; then run `engine key rotate`"));
    Ok(())
}

fn rotate(session: &Session) -> anyhow::Result<ExitCode> {
    let settings = session.settings()?;
    let keys = engine::sealing_keys(&settings.secrets);
    session.on_database(async |storage| {
        let Rotated { done, closed } = seal_anew(&storage.stores, &keys).await?;
        let newest = keys.names().next().unwrap_or_default();
        setup::print_line(&format!("credentials sealed anew: {done}; all that can be opened are under {newest}"));
        if closed.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        eprintln!("engine: {} credentials are sealed with keys that ENGINE_ENCRYPTION_KEYS does not name: {}", closed.len(), closed.join(", "));
        Ok(ExitCode::FAILURE)
    })
}

/// What a rotation did.
#[derive(Debug)]
struct Rotated {
    done: usize,
    /// Credentials that none of the keys opens, each with the name of its key.
    closed: Vec<String>,
}

async fn seal_anew(stores: &Stores, keys: &SealingKeys) -> anyhow::Result<Rotated> {
    let Some(newest) = keys.names().next() else {
        bail!("there is no key to seal with: set ENGINE_ENCRYPTION_KEYS; `engine key new` makes one");
    };
    let mut done = 0;
    loop {
        // Those that cannot be opened stay in the answer: ask for more than there were of them.
        let mut closed = Vec::new();
        let (mut limit, mut resealed) = (BATCH, 0);
        while resealed == 0 {
            let others = stores.credentials.credentials_not_under(newest, limit).await.context("credentials could not be read")?;
            let is_last = others.len() < limit as usize;
            closed.clear();
            for credential in others {
                match keys.reseal(&credential.id, &credential.secret) {
                    // One that was changed meanwhile was sealed with the newest key then, or comes again.
                    Some(secret) => resealed += usize::from(stores.credentials.reseal_credential(&credential.id, credential.revision, secret).await?),
                    None => closed.push(format!("{} ({})", credential.id.as_str(), credential.secret.key_id)),
                }
            }
            if is_last && resealed == 0 {
                return Ok(Rotated { done, closed });
            }
            limit = limit.saturating_mul(2);
        }
        done += resealed;
    }
}

/// Refuses to serve with keys that do not open what is stored: workflows would fail one by one later.
pub(crate) async fn check(stores: &Stores, keys: &SealingKeys) -> anyhow::Result<()> {
    let newest = keys.names().next().unwrap_or_default();
    let others = stores.credentials.credentials_not_under(newest, BATCH).await?;
    match others.iter().find(|credential| keys.names().all(|name| name != credential.secret.key_id)) {
        Some(credential) => bail!(
            "stored credentials are sealed with the key {:?}, which this process does not have: set ENGINE_ENCRYPTION_KEYS as on the other servers, \
             or copy their secrets.toml",
            credential.secret.key_id
        ),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use engine_core::runtime::TokioRuntime;
    use engine_core::store::{MemoryStore, SealedSecret, StoredCredential, TenantId};

    use super::*;

    fn keys(names: &[&str]) -> SealingKeys {
        SealingKeys::new(names.iter().map(|name| ((*name).to_owned(), [name.as_bytes()[0]; 32])))
    }

    async fn add(stores: &Stores, number: usize, secret: SealedSecret) {
        let credential = StoredCredential {
            id: format!("credential-{number:03}").into(),
            tenant: TenantId::default(),
            name: "c".to_owned(),
            kind: "httpBasicAuth".to_owned(),
            attributes: engine_core::model::Json::new(),
            secret,
            revision: 0,
            created: engine_core::model::Timestamp::EPOCH,
            updated: engine_core::model::Timestamp::EPOCH,
        };
        stores.credentials.save_credential(credential).await.unwrap();
    }

    /// A sealed secret, by way of a key that seals nothing else.
    fn sealed(number: usize, names: &[&str]) -> SealedSecret {
        let id = format!("credential-{number:03}").into();
        keys(names).seal(&id, &serde_json::json!({"password": number})).unwrap()
    }

    #[tokio::test]
    async fn all_that_can_be_opened_is_sealed_anew_and_the_rest_is_named() {
        let stores = Stores::of(&Arc::new(MemoryStore::new(Arc::new(TokioRuntime::current()))));
        for number in 0..150 {
            add(&stores, number, sealed(number, &["lost"])).await;
        }
        for number in 150..260 {
            add(&stores, number, sealed(number, &["old"])).await;
        }
        let rotated = seal_anew(&stores, &keys(&["new", "old"])).await.unwrap();
        assert_eq!((rotated.done, rotated.closed.len()), (110, 150));
        assert_eq!(rotated.closed[0], "credential-000 (lost)");
        let again = seal_anew(&stores, &keys(&["new", "old"])).await.unwrap();
        assert_eq!((again.done, again.closed.len()), (0, 150));
        assert!(check(&stores, &keys(&["new", "old"])).await.unwrap_err().to_string().contains("\"lost\""));
        assert!(check(&stores, &keys(&["new", "lost"])).await.is_ok());
    }
}
