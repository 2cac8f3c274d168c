//! Signing in, and the keys of the engine.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretBox, SecretString};

use super::problem::Reason;
use super::reader::Reader;

/// A key that seals credentials.
#[derive(Debug)]
pub(crate) struct SealingKey {
    pub(crate) id: String,
    pub(crate) key: SecretBox<[u8; 32]>,
}

/// Who signs in, and with what it is secured.
#[derive(Debug)]
pub(crate) struct SecretSettings {
    pub(crate) jwt_secret: Option<SecretString>,
    pub(crate) resume_key: Option<SecretString>,
    /// The first one seals.
    pub(crate) sealing_keys: Vec<SealingKey>,
    pub(crate) issuer: String,
    pub(crate) access_lifetime: Duration,
    pub(crate) refresh_lifetime: Duration,
    pub(crate) open_registration: bool,
    pub(crate) login_failures: u32,
    pub(crate) lock_out: Duration,
    pub(crate) admin_email: Option<String>,
    pub(crate) admin_password: Option<SecretString>,
}

/// Shorter ones can be guessed.
const SHORTEST: usize = 32;

impl SecretSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let settings = Self {
            jwt_secret: long(reader, "ENGINE_JWT_SECRET"),
            resume_key: long(reader, "ENGINE_RESUME_KEY"),
            sealing_keys: reader.parse("ENGINE_ENCRYPTION_KEYS", sealing_keys).unwrap_or_default(),
            issuer: reader.text("ENGINE_JWT_ISSUER").unwrap_or_default(),
            access_lifetime: reader.duration("ENGINE_ACCESS_LIFETIME"),
            refresh_lifetime: reader.duration("ENGINE_REFRESH_LIFETIME"),
            open_registration: reader.flag("ENGINE_OPEN_REGISTRATION"),
            login_failures: reader.number("ENGINE_LOGIN_FAILURES", 1..=1000),
            lock_out: reader.duration("ENGINE_LOGIN_LOCK_OUT"),
            admin_email: reader.text("ENGINE_ADMIN_EMAIL"),
            admin_password: reader.secret("ENGINE_ADMIN_PASSWORD"),
        };
        if settings.admin_email.is_some() != settings.admin_password.is_some() {
            let reason = Reason::new("ENGINE_ADMIN_EMAIL and ENGINE_ADMIN_PASSWORD go together", "Set both or neither.");
            reader.refuse(if settings.admin_email.is_some() { "ENGINE_ADMIN_PASSWORD" } else { "ENGINE_ADMIN_EMAIL" }, reason);
        }
        settings
    }
}

fn long(reader: &mut Reader<'_>, name: &'static str) -> Option<SecretString> {
    reader.parse(name, |text| {
        let way_out = format!("Use at least {SHORTEST} random characters, such as those that `openssl rand -base64 32` prints.");
        if text.len() < SHORTEST { Err(Reason::new(format!("it has only {} characters", text.len()), way_out)) } else { Ok(SecretString::from(text)) }
    })
}

/// Keys as `id:key`, with commas between them.
fn sealing_keys(text: &str) -> Result<Vec<SealingKey>, Reason> {
    let mut keys: Vec<SealingKey> = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let form = || Reason::new(format!("key {} is not of the form id:key", keys.len() + 1), "`engine key new` prints one.");
        let (id, key) = part.split_once(':').ok_or_else(form)?;
        let is_name = !id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !is_name {
            return Err(form());
        }
        if keys.iter().any(|known| known.id == id) {
            return Err(Reason::new(format!("two keys are called {id:?}"), "Give each key an id of its own."));
        }
        let key = bytes(key).ok_or_else(|| Reason::new(format!("the key {id:?} is not 32 bytes"), "`engine key new` prints one."))?;
        keys.push(SealingKey { id: id.to_owned(), key: SecretBox::new(Box::new(key)) });
    }
    Ok(keys)
}

/// 32 bytes, in base64 of any kind or in hexadecimal digits.
fn bytes(text: &str) -> Option<[u8; 32]> {
    let hexadecimal = (text.len() == 64)
        .then(|| text.as_bytes().as_chunks::<2>().0.iter().map(|pair| digit(pair[0])?.checked_mul(16)?.checked_add(digit(pair[1])?)).collect());
    let decoded: Option<Vec<u8>> =
        hexadecimal.flatten().or_else(|| [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].iter().find_map(|kind| kind.decode(text).ok()));
    Zeroizing::new(decoded?).as_slice().try_into().ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

impl SealingKey {
    /// The key as it is written in the configuration.
    pub(crate) fn written(&self) -> SecretString {
        SecretString::from(format!("{}:{}", self.id, STANDARD.encode(self.key.expose_secret())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_in_both_notations_and_in_order() {
        let text = format!("new:{}, old:{}", STANDARD.encode([7; 32]), "0a".repeat(32));
        let keys = sealing_keys(&text).unwrap();
        let read: Vec<_> = keys.iter().map(|key| (key.id.as_str(), *key.key.expose_secret())).collect();
        assert_eq!(read, [("new", [7; 32]), ("old", [10; 32])]);
        assert_eq!(sealing_keys(keys[0].written().expose_secret()).unwrap()[0].id, "new");
    }

    #[test]
    fn a_key_that_is_refused_is_not_shown() {
        let long = "canary".repeat(6);
        for wrong in [long.clone(), format!("id:{long}"), format!("two words:{long}"), format!(":{long}"), "a:,a:".to_owned()] {
            let reason = sealing_keys(&wrong).unwrap_err();
            assert!(!format!("{reason:?}").contains("canary"), "{reason:?}");
        }
        let key = STANDARD.encode([1; 32]);
        assert!(sealing_keys(&format!("a:{key},a:{key}")).unwrap_err().wrong.contains("two keys"));
    }
}
