//! Payment handlers: they talk to whoever moves the money, outside any transaction, and say what happened.
//!
//! Built-in handlers and plugins stand behind the same trait. A handler never changes an order: it answers, and the
//! core records.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use soko_kernel::operation::ArgDefinition;

/// A payment to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRequest {
    /// Names the attempt: the same key is the same attempt, however often it is sent.
    pub idempotency_key: String,
    /// The order's code.
    pub order_code: String,
    /// Minor units of `currency`.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// What the client sent along, a JSON document.
    pub metadata: serde_json::Value,
    /// Arguments of the payment method, by name.
    pub arguments: Vec<(String, String)>,
}

/// A payment that exists, to be settled or cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentReference {
    /// Names the attempt.
    pub idempotency_key: String,
    /// The provider's reference, as `create` answered it.
    pub transaction_id: Option<String>,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// Arguments of the payment method, by name.
    pub arguments: Vec<(String, String)>,
}

/// What became of an attempt to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentOutcome {
    /// The money is reserved and must be settled later.
    Authorized {
        /// The provider's reference.
        transaction_id: Option<String>,
    },
    /// The money is here.
    Settled {
        /// The provider's reference.
        transaction_id: Option<String>,
    },
    /// The provider has taken the attempt in, and it is the payer's turn: what comes of it is told or asked for later.
    Pending {
        /// The provider's reference.
        transaction_id: Option<String>,
        /// Shown to the payer: what is left to do.
        message: String,
        /// Where the payer is to go, if anywhere.
        url: Option<String>,
    },
    /// The payer or the provider said no.
    Declined {
        /// Shown to the payer.
        message: String,
    },
    /// It failed for certain: no money moved.
    Failed {
        /// Shown to the payer.
        message: String,
    },
    /// Nobody knows: to be asked again, never to be guessed.
    InDoubt {
        /// Shown to the administrator.
        message: String,
    },
}

/// What became of settling or cancelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentChange {
    /// Done.
    Done,
    /// Refused for certain: nothing changed.
    Refused {
        /// Shown to the administrator.
        message: String,
    },
    /// Nobody knows: to be asked again, never to be guessed.
    InDoubt {
        /// Shown to the administrator.
        message: String,
    },
}

/// Money to give back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRequest {
    /// Names the refund: the same key is the same refund, however often it is sent.
    pub idempotency_key: String,
    /// What it is given back of.
    pub payment: PaymentReference,
    /// Minor units of the payment's currency.
    pub amount: i64,
    /// Why; for the provider's books.
    pub reason: Option<String>,
}

/// What became of giving money back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundOutcome {
    /// The money is with the payer.
    Settled {
        /// The provider's reference.
        transaction_id: Option<String>,
    },
    /// It will be given back, and the provider or an administrator says when it has been.
    Pending {
        /// The provider's reference.
        transaction_id: Option<String>,
    },
    /// It failed for certain: no money moved.
    Failed {
        /// Shown to the administrator.
        message: String,
    },
    /// Nobody knows: to be asked again, never to be guessed.
    InDoubt {
        /// Shown to the administrator.
        message: String,
    },
}

/// A request that a provider sent to tell of something, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// Names in lower case; a value that is no text is left out.
    pub headers: Vec<(String, String)>,
    /// What followed the question mark in the address; may be empty.
    pub query: String,
    /// The body.
    pub body: Vec<u8>,
}

/// What a callback speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// What has this idempotency key.
    Key(String),
    /// What has this reference of the provider's.
    Transaction(String),
}

/// What a genuine callback says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Something of an attempt to pay.
    Payment {
        /// Which.
        payment: Subject,
        /// What became of it.
        outcome: PaymentOutcome,
        /// Minor units that were paid, where the provider says so.
        amount: Option<i64>,
        /// ISO 4217 code, where the provider says so.
        currency: Option<String>,
    },
    /// Something of a refund.
    Refund {
        /// Which.
        refund: Subject,
        /// What became of it.
        outcome: RefundOutcome,
    },
    /// Nothing that matters here, with the reason.
    Nothing(String),
}

/// Why a callback is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallbackRefusal {
    /// It is not from the provider, or cannot be told to be.
    #[error("the callback is not genuine: {0}")]
    Unauthentic(String),
    /// It cannot be read.
    #[error("the callback cannot be read: {0}")]
    Malformed(String),
    /// It cannot be judged now, and is to be sent again.
    #[error("the callback cannot be judged now: {0}")]
    Unavailable(String),
}

/// Talks to whoever moves the money.
#[async_trait]
pub trait PaymentHandler: Send + Sync {
    /// The code that payment methods name it by: `cash`.
    fn code(&self) -> &str;

    /// One sentence for administrators.
    fn description(&self) -> &str;

    /// The settings that a payment method can give it: none, unless it says otherwise.
    fn arguments(&self) -> &[ArgDefinition] {
        &[]
    }

    /// The answer to an attempt that nobody has to be asked about, such as cash over the counter; none where somebody
    /// has to. It is recorded together with the attempt, inside its transaction, so it must neither wait nor move money
    /// by itself.
    fn create_at_once(&self, _request: &PaymentRequest) -> Option<PaymentOutcome> {
        None
    }

    /// Tries to pay. Called outside any transaction, when there is no answer at once.
    async fn create(&self, request: PaymentRequest) -> PaymentOutcome;

    /// Takes money that was authorised.
    async fn settle(&self, payment: PaymentReference) -> PaymentChange;

    /// Gives up a payment that was authorised and not settled.
    async fn cancel(&self, payment: PaymentReference) -> PaymentChange;

    /// The answer to a refund that nobody has to be asked about, as [`Self::create_at_once`] for payments.
    fn refund_at_once(&self, _refund: &RefundRequest) -> Option<RefundOutcome> {
        None
    }

    /// Gives money back. Called outside any transaction, when there is no answer at once. A handler that cannot leaves it
    /// to people.
    async fn refund(&self, _refund: RefundRequest) -> RefundOutcome {
        RefundOutcome::Pending { transaction_id: None }
    }

    /// What has become of an attempt whose answer never came, or said that it was not done. A handler that cannot be
    /// asked leaves it in doubt.
    async fn query(&self, _payment: PaymentReference) -> PaymentOutcome {
        PaymentOutcome::InDoubt { message: "this payment handler cannot be asked later".to_owned() }
    }

    /// Reads what a provider sent, and tells a genuine callback from any other. A handler whose provider sends nothing
    /// takes none.
    ///
    /// # Errors
    /// [`CallbackRefusal`].
    async fn webhook(&self, _callback: Callback) -> Result<Notice, CallbackRefusal> {
        Err(CallbackRefusal::Unauthentic("this payment handler takes no callbacks".to_owned()))
    }
}
