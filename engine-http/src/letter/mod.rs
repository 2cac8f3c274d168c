//! Letters of the sign-in: confirmations of addresses, and password resets.

#[cfg(feature = "mail")]
mod smtp;

#[cfg(feature = "mail")]
pub use smtp::SmtpMailer;

use std::fmt;
use std::net::IpAddr;

use async_trait::async_trait;

/// A letter to one person, as plain text.
#[derive(Clone)]
#[non_exhaustive]
pub struct Letter {
    /// E-mail address.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// The text. It may hold a token: it is for the one to whom it goes, and for nobody else.
    pub text: String,
}

impl Letter {
    pub(crate) fn new(to: &str, subject: &str, text: String) -> Self {
        Self { to: to.to_owned(), subject: subject.to_owned(), text }
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Why a letter was not sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    /// An address, or the server's, is none.
    #[error("the letter cannot be addressed: {0}")]
    Address(String),
    /// The mail server did not take it.
    #[error("the mail server did not take the letter: {0}")]
    Refused(String),
}

/// Sends letters.
#[async_trait]
pub trait Mailer: Send + Sync + fmt::Debug {
    /// Hands a letter to whoever carries it. Nobody waits for this but a task of its own.
    ///
    /// # Errors
    /// When it was not taken.
    async fn send(&self, letter: Letter) -> Result<(), MailError>;
}

/// Writes letters to the log, for a server that only its owner reaches. Whoever reads the log could take over any account, so it exists on loopback only.
#[derive(Debug)]
pub struct LogMailer {
    _on_loopback: (),
}

impl LogMailer {
    /// For a server that listens on this address; `None` where others could reach it.
    pub fn on_loopback(listen: IpAddr) -> Option<Self> {
        listen.to_canonical().is_loopback().then_some(Self { _on_loopback: () })
    }
}

#[async_trait]
impl Mailer for LogMailer {
    async fn send(&self, letter: Letter) -> Result<(), MailError> {
        tracing::info!(to = letter.to, subject = letter.subject, "a letter that nobody carries:\n{}", letter.text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_logged_on_loopback_only() {
        for (address, expect) in
            [("127.0.0.1", true), ("::1", true), ("::ffff:127.0.0.1", true), ("0.0.0.0", false), ("::", false), ("10.0.0.1", false)]
        {
            assert_eq!(LogMailer::on_loopback(address.parse().expect("an address")).is_some(), expect, "{address}");
        }
    }

    #[test]
    fn inv_28_a_letter_does_not_show_its_token() {
        let letter = Letter::new("ada@example.com", "Reset", "token canary".to_owned());
        assert!(!format!("{letter:?}").contains("canary"));
    }
}
