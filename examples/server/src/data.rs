//! The data folder: the SQLite file, and the secrets that the engine makes itself where nobody gave it any. Nobody but its user reads any of it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretBox, SecretString};

use crate::settings::{SECRETS_FILE, SealingKey, SettingProblems, Settings, Sources};

/// Reads the settings, and makes secrets that are missing.
pub(crate) fn settings_with_secrets(sources: &Sources) -> anyhow::Result<Settings> {
    let settings = Settings::load(sources)?;
    check_private(&settings.server.data.join(SECRETS_FILE))?;
    let missing = settings.missing_secrets();
    if missing.is_empty() {
        return Ok(settings);
    }
    if settings.server.production {
        return Err(SettingProblems(missing).into());
    }
    make_secrets(&settings)?;
    // Another process may have been first: what counts is what lies there now.
    Ok(Settings::load(sources)?)
}

fn make_secrets(settings: &Settings) -> anyhow::Result<()> {
    let folder = &settings.server.data;
    make_folder(folder)?;
    let path = folder.join(SECRETS_FILE);
    let mut text = Zeroizing::new(if path.exists() { fs::read_to_string(&path).with_context(|| unreadable(&path))? } else { String::new() });
    if text.is_empty() {
        text.push_str("# Made by the engine. Keep a copy in a safe place: without the encryption keys no stored credential can be read.\n");
    }
    let mut add = |key: &str, value: SecretString| {
        let line = Zeroizing::new(format!("{key} = \"{}\"\n", value.expose_secret()));
        text.push_str(&line);
    };
    if settings.secrets.jwt_secret.is_none() {
        add("sign_in.jwt_secret", new_secret()?);
    }
    if settings.secrets.resume_key.is_none() {
        add("secrets.resume_key", new_secret()?);
    }
    if settings.secrets.sealing_keys.is_empty() {
        add("secrets.encryption_keys", new_sealing_key()?.written());
    }
    if path.exists() { replace(&path, text.as_bytes()) } else { write_first(&path, text.as_bytes()).map(drop) }
}

/// Puts a new key in front of those in the engine's own file; gives its id.
pub(crate) fn add_sealing_key(settings: &Settings) -> anyhow::Result<String> {
    const KEY: &str = "secrets.encryption_keys = \"";
    let path = settings.server.data.join(SECRETS_FILE);
    let text = Zeroizing::new(fs::read_to_string(&path).with_context(|| unreadable(&path))?);
    let Some((before, after)) = text.split_once(KEY) else {
        bail!("the encryption keys do not lie in {}: put what `engine key new` prints in front of those that you set", path.display());
    };
    let key = new_sealing_key()?;
    let changed = Zeroizing::new(format!("{before}{KEY}{},{after}", key.written().expose_secret()));
    replace(&path, changed.as_bytes())?;
    Ok(key.id)
}

/// Makes the folder, for its user alone.
pub(crate) fn make_folder(folder: &Path) -> anyhow::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("the data folder {} could not be made; ENGINE_DATA names another one", folder.display()))
}

/// Makes an empty file for its user alone, where there is none: `SQLite` gives its own files the same rights.
pub(crate) fn make_file(path: &Path) -> anyhow::Result<()> {
    match private().open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error).with_context(|| format!("{} could not be made", path.display())),
    }
}

/// Writes a file for its user alone; false when there is one already, which stays as it is.
pub(crate) fn write_first(path: &Path, text: &[u8]) -> anyhow::Result<bool> {
    let draft = draft(path, text)?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft).with_context(|| format!("{} could not be removed", draft.display()))?;
    match linked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error).with_context(|| format!("{} could not be written", path.display())),
    }
}

fn replace(path: &Path, text: &[u8]) -> anyhow::Result<()> {
    let draft = draft(path, text)?;
    fs::rename(&draft, path).with_context(|| format!("{} could not be written", path.display()))
}

/// A complete file under another name.
fn draft(path: &Path, text: &[u8]) -> anyhow::Result<PathBuf> {
    let draft = path.with_extension(format!("draft-{}", uuid::Uuid::now_v7().simple()));
    let written = private().open(&draft).and_then(|mut file: File| file.write_all(text).and_then(|()| file.sync_all()));
    written.with_context(|| format!("{} could not be written", draft.display()))?;
    Ok(draft)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options
}

/// Refuses a file with secrets that others may read.
fn check_private(path: &Path) -> anyhow::Result<()> {
    let Ok(metadata) = fs::metadata(path) else { return Ok(()) };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        bail!("{} may be read by others (mode {mode:o}), and what it holds may be known to them: `chmod 600 {}`", path.display(), path.display());
    }
    Ok(())
}

fn unreadable(path: &Path) -> String {
    format!("{} could not be read", path.display())
}

/// 256 random bits as text.
pub(crate) fn new_secret() -> anyhow::Result<SecretString> {
    Ok(SecretString::from(URL_SAFE_NO_PAD.encode(random::<32>()?.as_slice())))
}

/// A key with an id of its own.
pub(crate) fn new_sealing_key() -> anyhow::Result<SealingKey> {
    let id = format!("key-{:08x}", u32::from_be_bytes(*random::<4>()?));
    Ok(SealingKey { id, key: SecretBox::new(Box::new(*random::<32>()?)) })
}

fn random<const N: usize>() -> anyhow::Result<Zeroizing<[u8; N]>> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|error| anyhow::anyhow!("the operating system gives no randomness: {error}"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(folder: &Path, more: &[(&str, &str)]) -> Sources {
        let mut environment: std::collections::BTreeMap<_, _> = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        environment.insert("ENGINE_DATA".to_owned(), folder.join("data").display().to_string());
        Sources { environment, ..Sources::default() }
    }

    fn shown(settings: &Settings) -> (String, String, String) {
        let text = |secret: &Option<SecretString>| secret.as_ref().unwrap().expose_secret().to_owned();
        let keys = settings.secrets.sealing_keys[0].written().expose_secret().to_owned();
        (text(&settings.secrets.jwt_secret), text(&settings.secrets.resume_key), keys)
    }

    #[test]
    fn secrets_are_made_once_and_for_one_user() {
        let folder = tempfile::tempdir().unwrap();
        let first = shown(&settings_with_secrets(&sources(folder.path(), &[])).unwrap());
        assert_eq!(shown(&settings_with_secrets(&sources(folder.path(), &[])).unwrap()), first);
        let mode = |path: &str| fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("data"), mode("data/secrets.toml")), (0o700, 0o600));
        assert_eq!(fs::read_dir(folder.path().join("data")).unwrap().count(), 1, "no draft is left behind");
    }

    #[test]
    fn a_new_key_stands_in_front_of_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let ids = |settings: &Settings| settings.secrets.sealing_keys.iter().map(|key| key.id.clone()).collect::<Vec<_>>();
        let before = settings_with_secrets(&sources(folder.path(), &[])).unwrap();
        let id = add_sealing_key(&before).unwrap();
        assert_eq!(ids(&settings_with_secrets(&sources(folder.path(), &[])).unwrap()), [id, ids(&before)[0].clone()]);
    }

    #[test]
    fn only_what_is_missing_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let own = "x".repeat(32);
        let settings = settings_with_secrets(&sources(folder.path(), &[("ENGINE_JWT_SECRET", &own)])).unwrap();
        assert_eq!(shown(&settings).0, own);
        assert!(!fs::read_to_string(folder.path().join("data/secrets.toml")).unwrap().contains("jwt_secret"));
        let later = settings_with_secrets(&sources(folder.path(), &[])).unwrap();
        assert_eq!((shown(&later).1, shown(&later).2), (shown(&settings).1, shown(&settings).2), "what was there stays");
    }

    #[test]
    fn secrets_that_others_may_read_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        settings_with_secrets(&sources(folder.path(), &[])).unwrap();
        fs::set_permissions(folder.path().join("data/secrets.toml"), fs::Permissions::from_mode(0o640)).unwrap();
        let error = settings_with_secrets(&sources(folder.path(), &[])).unwrap_err().to_string();
        assert!(error.contains("mode 640") && error.contains("chmod 600"), "{error}");
    }

    #[test]
    fn in_production_nothing_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let error = settings_with_secrets(&sources(folder.path(), &[("ENGINE_ENVIRONMENT", "production")])).unwrap_err().to_string();
        for name in ["ENGINE_JWT_SECRET", "ENGINE_RESUME_KEY", "ENGINE_ENCRYPTION_KEYS"] {
            assert!(error.contains(name), "{error}");
        }
        assert!(!folder.path().join("data").exists());
    }
}
