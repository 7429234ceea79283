//! Ways to pay, payments, and the states they go through.

use soko_infra::DatabaseError;
use soko_kernel::operation::ConfigurableOperation;
use soko_kernel::{Language, OrderId, PaymentId, PaymentMethodId, Timestamp};

use soko_extension::payment::{PaymentChange, PaymentOutcome};

use super::error::PaymentError;

/// Where a client's metadata says that a payment is for a part of what is left to pay, in minor units.
const ALLOCATED_AMOUNT: &str = "allocatedAmount";
/// Characters of the reason why people have to look at a payment.
const REVIEW_LENGTH_MAX: usize = 500;

/// A way to pay in a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentMethod {
    /// Its id.
    pub id: PaymentMethodId,
    /// What clients name it by.
    pub code: String,
    /// Whether customers may use it.
    pub enabled: bool,
    /// Who may use it; everybody when absent.
    pub checker: Option<ConfigurableOperation>,
    /// Who moves the money, and its settings.
    pub handler: ConfigurableOperation,
    /// Its place among the others, lowest first.
    pub position: i64,
    /// Its texts; at least one.
    pub translations: Vec<PaymentMethodTranslation>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl PaymentMethod {
    /// The texts in the wanted language, else in the fallback, else in any.
    pub fn text(&self, wanted: Language, fallback: Language) -> Option<&PaymentMethodTranslation> {
        let of = |language| self.translations.iter().find(|translation| translation.language == language);
        of(wanted).or_else(|| of(fallback)).or(self.translations.first())
    }

    /// Takes the changes, and returns the texts that change, whole.
    pub(super) fn apply(&mut self, changes: PaymentMethodChanges) -> Vec<MethodText> {
        if let Some(code) = changes.code {
            self.code = code;
        }
        self.enabled = changes.enabled.unwrap_or(self.enabled);
        if let Some(handler) = changes.handler {
            self.handler = handler;
        }
        if let Some(checker) = changes.checker {
            self.checker = checker;
        }
        let whole = |change: MethodTextChanges| {
            let before = self.translations.iter().find(|text| text.language == change.language);
            let name = change.name.or_else(|| before.map(|text| text.name.clone()));
            let description = change.description.or_else(|| before.map(|text| text.description.clone()));
            MethodText {
                language: change.language,
                name: name.unwrap_or_default(),
                description: description.unwrap_or_default(),
            }
        };
        changes.texts.into_iter().map(whole).collect()
    }
}

/// A payment method's texts in one language.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct PaymentMethodTranslation {
    /// Its id.
    pub id: i64,
    /// The method.
    pub payment_method_id: PaymentMethodId,
    /// The language.
    pub language: Language,
    /// Shown to customers.
    pub name: String,
    /// Shown to customers; may be empty.
    pub description: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a new payment method needs.
#[derive(Debug, Clone)]
pub struct NewPaymentMethod {
    /// Unique in the channel.
    pub code: String,
    /// Whether customers may use it.
    pub enabled: bool,
    /// Who moves the money.
    pub handler: ConfigurableOperation,
    /// Who may use it.
    pub checker: Option<ConfigurableOperation>,
    /// Its texts; at least one.
    pub texts: Vec<MethodText>,
}

/// Texts in one language, as given.
#[derive(Debug, Clone)]
pub struct MethodText {
    /// The language.
    pub language: Language,
    /// Shown to customers.
    pub name: String,
    /// Shown to customers; may be empty.
    pub description: String,
}

/// What changes of the texts in one language; absent fields stay.
#[derive(Debug, Clone)]
pub struct MethodTextChanges {
    /// The language.
    pub language: Language,
    /// Shown to customers; a language that is new must have it.
    pub name: Option<String>,
    /// Shown to customers.
    pub description: Option<String>,
}

/// What may change; absent fields stay, and so do texts of languages that are not named.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of NewPaymentMethod")]
pub struct PaymentMethodChanges {
    pub code: Option<String>,
    pub enabled: Option<bool>,
    pub handler: Option<ConfigurableOperation>,
    /// Another checker, or none.
    pub checker: Option<Option<ConfigurableOperation>>,
    pub texts: Vec<MethodTextChanges>,
}

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentState {
    /// The handler has been asked and its answer is not recorded.
    Created,
    /// The money is reserved.
    Authorized,
    /// The money is here.
    Settled,
    /// The payer or the provider said no.
    Declined,
    /// It failed for certain.
    Error,
    /// It was given up before it was settled.
    Cancelled,
}

impl PaymentState {
    const ALL: [Self; 6] =
        [Self::Created, Self::Authorized, Self::Settled, Self::Declined, Self::Error, Self::Cancelled];

    /// The name that the database and clients use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "Created",
            Self::Authorized => "Authorized",
            Self::Settled => "Settled",
            Self::Declined => "Declined",
            Self::Error => "Error",
            Self::Cancelled => "Cancelled",
        }
    }

    /// The state with this name.
    ///
    /// # Errors
    /// A name that the database cannot hold.
    pub fn parse(name: &str) -> Result<Self, DatabaseError> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == name)
            .ok_or_else(|| DatabaseError::corrupt("payment state", name))
    }

    /// States that may follow.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Created => &[Self::Authorized, Self::Settled, Self::Declined, Self::Error, Self::Cancelled],
            Self::Authorized => &[Self::Settled, Self::Error, Self::Cancelled],
            Self::Settled | Self::Declined | Self::Error | Self::Cancelled => &[],
        }
    }

    /// Whether the payment's money counts towards the order.
    pub fn covers(self) -> bool {
        matches!(self, Self::Authorized | Self::Settled)
    }
}

/// What a handler is asked to do with money that is reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// To take it.
    Settle,
    /// To give it up.
    Cancel,
}

impl Change {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Settle => "settle",
            Self::Cancel => "cancel",
        }
    }

    pub(super) fn parse(name: &str) -> Result<Self, DatabaseError> {
        let found = [Self::Settle, Self::Cancel].into_iter().find(|change| change.as_str() == name);
        found.ok_or_else(|| DatabaseError::corrupt("change of a payment", name))
    }

    /// The state that the payment has when it is done.
    pub fn state(self) -> PaymentState {
        match self {
            Self::Settle => PaymentState::Settled,
            Self::Cancel => PaymentState::Cancelled,
        }
    }
}

/// A payment, or an attempt at one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// The order that it pays for.
    pub order_id: OrderId,
    /// Code of the payment method.
    pub method: String,
    /// Code of the handler.
    pub handler: String,
    /// Minor units of the order's currency.
    pub amount: i64,
    /// Of that, what has been given back or is being given back.
    pub refunded: i64,
    /// Where it stands.
    pub state: PaymentState,
    /// What its handler was asked to do with what is reserved, while the answer is not known.
    pub asked: Option<Change>,
    /// The provider's reference.
    pub transaction_id: Option<String>,
    /// Why it was declined or failed, or what is in doubt.
    pub error_message: Option<String>,
    /// What the client sent along.
    pub metadata: serde_json::Value,
    /// When its handler is asked again what has become of it; only of an attempt that has no answer.
    pub ask_at: Option<Timestamp>,
    /// How often it was.
    pub asked_times: i64,
    /// Why people have to look at it.
    pub review: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Payment {
    /// Takes the handler's answer. In doubt, the payment stays as it is, with the reason.
    pub fn record(&mut self, outcome: PaymentOutcome) {
        if let PaymentOutcome::Pending { url: Some(url), .. } = &outcome {
            self.send_payer_to(url);
        }
        let (state, transaction_id, message) = match outcome {
            PaymentOutcome::Authorized { transaction_id } => (PaymentState::Authorized, transaction_id, None),
            PaymentOutcome::Settled { transaction_id } => (PaymentState::Settled, transaction_id, None),
            PaymentOutcome::Pending { transaction_id, message, url: _ } => {
                (PaymentState::Created, transaction_id, Some(message))
            }
            PaymentOutcome::Declined { message } => (PaymentState::Declined, None, Some(message)),
            PaymentOutcome::Failed { message } => (PaymentState::Error, None, Some(message)),
            PaymentOutcome::InDoubt { message } => (PaymentState::Created, None, Some(message)),
        };
        self.state = state;
        self.transaction_id = transaction_id.or(self.transaction_id.take());
        self.error_message = message;
    }

    /// Leaves it to people, who are told why. It is not asked about any more.
    pub(super) fn put_before_people(&mut self, why: &str) {
        self.review = Some(why.chars().take(REVIEW_LENGTH_MAX).collect());
        self.ask_at = None;
    }

    /// Puts an address where customers may read it, among what is public of what the client sent along.
    fn send_payer_to(&mut self, url: &str) {
        if !self.metadata.is_object() {
            self.metadata = serde_json::json!({});
        }
        let public = &mut self.metadata["public"];
        if !public.is_object() {
            *public = serde_json::json!({});
        }
        public["paymentUrl"] = url.into();
    }

    /// Notes that the handler is about to be asked. Not while it may be answering, which takes it until `answered_by`;
    /// afterwards the same may be asked again, under the same key, and nothing else.
    pub(super) fn ask(
        &mut self,
        change: Change,
        answered_by: Timestamp,
        now: Timestamp,
    ) -> Result<(), PaymentError> {
        if self.state != PaymentState::Authorized {
            return Err(PaymentError::StateTransition { from: self.state, to: change.state() });
        }
        if let Some(asked) = self.asked
            && (asked != change || now <= answered_by)
        {
            let asked = asked.as_str();
            return Err(PaymentError::InDoubt(format!(
                "it is not known whether it could {asked} the payment"
            )));
        }
        self.asked = Some(change);
        self.error_message = None;
        Ok(())
    }

    /// Takes the handler's answer to what it was asked; an answer that comes after another one is refused.
    pub(super) fn answer(&mut self, change: Change, answer: &PaymentChange) -> Result<(), PaymentError> {
        if self.state != PaymentState::Authorized || self.asked != Some(change) {
            return Err(PaymentError::StateTransition { from: self.state, to: change.state() });
        }
        match answer {
            PaymentChange::Done => (self.state, self.asked) = (change.state(), None),
            PaymentChange::Refused { message } => {
                (self.asked, self.error_message) = (None, Some(message.clone()));
            }
            PaymentChange::InDoubt { message } => self.error_message = Some(message.clone()),
        }
        Ok(())
    }

    /// What may still be given back; nothing of money that is not here.
    pub fn refundable(&self) -> i64 {
        if self.state == PaymentState::Settled { self.amount.saturating_sub(self.refunded).max(0) } else { 0 }
    }

    /// Names the attempt towards its handler.
    pub fn idempotency_key(&self) -> String {
        format!("payment-{}", self.id)
    }
}

/// What the payments of an order come to, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Money that is here.
    pub settled: i64,
    /// Money that is reserved.
    pub authorized: i64,
}

impl Coverage {
    /// The coverage by these payments.
    pub fn of(payments: &[Payment]) -> Self {
        payments.iter().fold(Self::default(), |mut coverage, payment| {
            match payment.state {
                PaymentState::Settled => coverage.settled = coverage.settled.saturating_add(payment.amount),
                PaymentState::Authorized => {
                    coverage.authorized = coverage.authorized.saturating_add(payment.amount);
                }
                _ => {}
            }
            coverage
        })
    }

    /// Whether something was paid, and nothing of `total` is left to pay.
    pub fn covers(self, total: i64) -> bool {
        self != Self::default() && self.outstanding(total) == 0
    }

    /// What an attempt to pay is for: what the client's `allocatedAmount` says, else all that is left to pay of `total`.
    ///
    /// # Errors
    /// [`PaymentError::Amount`] when the client names something else than a part of what is left.
    pub fn asked_for(self, total: i64, metadata: &serde_json::Value) -> Result<i64, PaymentError> {
        let outstanding = self.outstanding(total);
        match metadata.get(ALLOCATED_AMOUNT) {
            None | Some(serde_json::Value::Null) => Ok(outstanding),
            Some(named) => {
                let part = named.as_i64().filter(|part| (1..=outstanding).contains(part));
                part.ok_or(PaymentError::Amount { outstanding })
            }
        }
    }

    /// What is still to be paid of `total`; never negative.
    pub fn outstanding(self, total: i64) -> i64 {
        total.saturating_sub(self.settled).saturating_sub(self.authorized).max(0)
    }
}
