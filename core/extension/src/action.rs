//! Action handlers: plugins that are called about an event, for a recipient whom the core has chosen.
//!
//! What a handler sends by the host goes to that recipient and to nobody else: it names no address, and learns of one only
//! where the shop grants that.

use std::sync::Arc;

use async_trait::async_trait;

use crate::effect::{EffectfulCall, EffectfulRun};

/// Something that happened, and whom a handler is called for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRequest {
    /// The same each time that the same handler is called about the same for the same recipient.
    pub idempotency_key: String,
    /// What happened.
    pub event: ActionEvent,
    /// Who is to be told.
    pub recipient: ActionRecipient,
    /// Which built-in action it is called before, instead of or after: `sms`. None where it is called by itself.
    pub action: Option<String>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionEvent {
    /// Its id, unique in the shop.
    pub id: String,
    /// What: `order.placed`.
    pub name: String,
    /// What is to be known of it, a JSON document.
    pub data: String,
    /// Milliseconds since 1970.
    pub occurred_at_ms: i64,
    /// ISO 4217 code of the shop's currency.
    pub currency: String,
    /// What the core has to say of it in a few words, in the shop's own words where it has any.
    pub title: String,
    /// The same in a sentence: what a text message says.
    pub text: String,
}

/// As what somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionRecipientKind {
    /// A customer.
    Customer,
    /// One of those who run the shop.
    Administrator,
    /// The shop itself: no person.
    Shop,
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRecipient {
    /// As what.
    pub kind: ActionRecipientKind,
    /// The customer's or the administrator's id; the shop's code.
    pub id: String,
    /// What the recipient is called.
    pub name: Option<String>,
    /// In which language they are told: `sw`.
    pub language: String,
    /// A telephone number in E.164 form, where the shop grants it.
    pub phone: Option<String>,
    /// An address of mail, where the shop grants it.
    pub email: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionOutcome {
    /// It is done.
    Done,
    /// On purpose it is not, and nothing that would come after is; for the shop.
    Skipped(String),
    /// It could not be done now, and is to be tried again later; for the shop.
    Retry(String),
    /// It cannot be done; for the shop.
    Failed(String),
}

/// What became of a message that a handler had sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageReceipt {
    /// The provider's reference.
    pub message_id: Option<String>,
    /// Segments that a text message took.
    pub segments: u32,
}

/// Why a message was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// The recipient cannot be told in this way.
    #[error("the recipient cannot be told in this way")]
    NoAddress,
    /// The shop has used up what it may send.
    #[error("the shop has used up what it may send")]
    QuotaExceeded,
    /// It would not be taken later either.
    #[error("{0}")]
    Refused(String),
    /// It was not sent, and may be taken later.
    #[error("{0}")]
    Unavailable(String),
    /// Nobody knows whether it was sent.
    #[error("{0}")]
    InDoubt(String),
}

/// Sends the recipient of a call what its handler says: each message once, however often the call is made anew.
#[async_trait]
pub trait Messenger: Send + Sync {
    /// Sends a text message.
    ///
    /// # Errors
    /// [`MessageError`].
    async fn sms(&self, text: &str) -> Result<MessageReceipt, MessageError>;

    /// Sends a mail.
    ///
    /// # Errors
    /// [`MessageError`].
    async fn email(&self, subject: &str, text: &str) -> Result<MessageReceipt, MessageError>;

    /// Tells the recipient in all their browsers.
    ///
    /// # Errors
    /// [`MessageError`].
    async fn push(&self, title: &str, text: &str) -> Result<MessageReceipt, MessageError>;

    /// Puts a message into the inbox, unless one about the event is there.
    ///
    /// # Errors
    /// [`MessageError`].
    async fn inbox(&self, title: &str, text: &str) -> Result<MessageReceipt, MessageError>;
}

/// Runs action handlers: each call once, in a fresh sandbox, within its limits. None panics, whatever the guest does.
#[async_trait]
pub trait ActionPlugins: Send + Sync {
    /// Calls a handler about an event.
    async fn handle(
        &self,
        call: EffectfulCall,
        request: ActionRequest,
        messenger: Arc<dyn Messenger>,
    ) -> EffectfulRun<ActionOutcome>;
}
