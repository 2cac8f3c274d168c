//! Letters through a mail server.

use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::{Letter, MailError, Mailer};

/// Sends letters with SMTP.
#[derive(Debug)]
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl SmtpMailer {
    /// A mail server by its address, such as `smtps://user:password@mail.example.com` or `smtp://mail.example.com:587?tls=required`, and who letters come from, such
    /// as `Workflows <flows@example.com>`.
    ///
    /// # Errors
    /// When one of the two cannot be read.
    pub fn new(url: &str, from: &str) -> Result<Self, MailError> {
        // What is wrong with the address is not told: it holds a password.
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| MailError::Address("of the mail server".to_owned()))?;
        let from = from.parse().map_err(|_| MailError::Address(format!("{from:?} is no sender")))?;
        Ok(Self { transport: transport.build(), from })
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, letter: Letter) -> Result<(), MailError> {
        let to = letter.to.parse().map_err(|_| MailError::Address("it is no mailbox".to_owned()))?;
        let message = Message::builder().from(self.from.clone()).to(Mailbox::new(None, to)).subject(letter.subject).header(ContentType::TEXT_PLAIN);
        let message = message.body(letter.text).map_err(|error| MailError::Refused(error.to_string()))?;
        self.transport.send(message).await.map(drop).map_err(|error| MailError::Refused(error.to_string()))
    }
}
