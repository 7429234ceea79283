//! Mail to people.

use async_trait::async_trait;

/// A mail in plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The recipient's address.
    pub to: String,
    /// What it is about, in one line.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// The same for each try of the same mail, so that whoever receives it twice can tell.
    pub id: String,
}

/// Why a mail was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MailFailure {
    /// For those who run the shop.
    pub message: String,
    /// Whether it would not be taken later either.
    pub permanent: bool,
}

/// Sends mails.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands a mail to the server that sends it on.
    ///
    /// # Errors
    /// [`MailFailure`].
    async fn send(&self, mail: Mail) -> Result<(), MailFailure>;
}
