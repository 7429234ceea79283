//! Mail, by the server that the platform's operator names.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport as _, Tokio1Executor};
use soko_extension::mail::{Mail, MailFailure, Mailer};

use crate::config::EmailSettings;

/// Longest that the server may take for a command.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest that it may take for a mail: shorter than it takes until another node tries.
const MAIL_TIMEOUT: Duration = Duration::from_secs(30);

/// Hands mails to a server by SMTP.
struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// What sends mail, if the settings name a server.
///
/// # Errors
/// Settings that do not say what they should.
pub fn mailer(settings: &EmailSettings) -> anyhow::Result<Option<Arc<dyn Mailer>>> {
    let Some(url) = settings.smtp_url.reveal() else { return Ok(None) };
    let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
        .map_err(|error| anyhow::anyhow!("email.smtp_url: {error}"))?
        .timeout(Some(TIMEOUT))
        .build();
    let from = settings.from.parse().with_context(|| format!("email.from: {:?}", settings.from))?;
    Ok(Some(Arc::new(Smtp { transport, from })))
}

#[async_trait]
impl Mailer for Smtp {
    async fn send(&self, mail: Mail) -> Result<(), MailFailure> {
        let dead = |message: String| MailFailure { message, permanent: true };
        let to: Mailbox = mail.to.parse().map_err(|error| dead(format!("the address is none: {error}")))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(mail.subject)
            .message_id(Some(format!("<{}@{}>", mail.id, self.from.email.domain())))
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text)
            .map_err(|error| dead(format!("the mail cannot be written: {error}")))?;
        let sent = tokio::time::timeout(MAIL_TIMEOUT, self.transport.send(message)).await;
        let late = |_| MailFailure { message: "the mail server took too long".to_owned(), permanent: false };
        sent.map_err(late)?
            .map(|_| ())
            .map_err(|error| MailFailure { permanent: error.is_permanent(), message: error.to_string() })
    }
}
