//! Text messages to telephones, by a provider that a shop has an account with.

use async_trait::async_trait;

use crate::effect::SecretBytes;

/// Who sends text messages on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SmsProvider {
    /// <https://africastalking.com>
    AfricasTalking,
    /// <https://textsms.co.ke>
    TextSms,
}

impl SmsProvider {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::AfricasTalking, Self::TextSms];

    /// The name that the database uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AfricasTalking => "africastalking",
            Self::TextSms => "textsms",
        }
    }

    /// The provider with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == name)
    }
}

/// A shop's account with a provider.
#[derive(Debug, Clone)]
pub struct SmsAccount {
    /// With whom.
    pub provider: SmsProvider,
    /// The user's name with Africa's Talking, the partner id with TextSMS.
    pub username: String,
    /// Whom messages are from: a sender id or short code. The provider's own where there is none.
    pub sender_id: Option<String>,
    /// What the provider knows the shop by.
    pub api_key: SecretBytes,
}

/// A text message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sms {
    /// The recipient's number in E.164 form: `+254712345678`.
    pub to: String,
    /// What it says.
    pub text: String,
}

/// What a provider said of a message that it took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SmsReceipt {
    /// The provider's reference.
    pub message_id: Option<String>,
    /// What it cost, where the provider says so.
    pub cost: Option<SmsCost>,
}

/// What a message cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsCost {
    /// Millionths of the currency's unit: providers ask for less than a cent.
    pub micros: i64,
    /// ISO 4217 code.
    pub currency: String,
}

/// Why a message was not sent, or may not have been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmsFailure {
    /// It would not be taken later either.
    #[error("{0}")]
    Refused(String),
    /// It was certainly not sent, and may be taken later.
    #[error("{0}")]
    Unavailable(String),
    /// Nobody knows whether it was sent.
    #[error("{0}")]
    InDoubt(String),
}

/// Hands text messages to providers.
#[async_trait]
pub trait SmsGateway: Send + Sync {
    /// Hands a message to the provider, once.
    ///
    /// # Errors
    /// [`SmsFailure`].
    async fn send(&self, account: &SmsAccount, sms: &Sms) -> Result<SmsReceipt, SmsFailure>;
}
