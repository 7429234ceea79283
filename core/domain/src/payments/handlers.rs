//! The built-in handlers: ways to pay that need nobody's answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use soko_extension::payment::{
    PaymentChange, PaymentHandler, PaymentOutcome, PaymentReference, PaymentRequest, RefundOutcome,
    RefundRequest,
};

/// Code of the handler of purchases on account.
const CUSTOMER_CREDIT: &str = "customer-credit";
/// Code of the handler that spends what a customer has paid ahead.
const STORE_CREDIT: &str = "store-credit";

/// Where the money of a payment comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Funds {
    /// From outside: cash, or whoever moves money.
    Outside,
    /// The customer owes it.
    Credit,
    /// The customer has paid it ahead.
    Deposit,
}

impl Funds {
    /// Where the money of payments by this handler comes from.
    pub fn of_handler(code: &str) -> Self {
        match code {
            CUSTOMER_CREDIT => Self::Credit,
            STORE_CREDIT => Self::Deposit,
            _ => Self::Outside,
        }
    }
}

/// The handlers that payment methods can name, by code.
#[derive(Clone)]
pub struct PaymentHandlers(Arc<BTreeMap<String, Arc<dyn PaymentHandler>>>);

impl PaymentHandlers {
    /// The built-in handlers.
    pub fn built_in() -> Self {
        let handlers: [Arc<dyn PaymentHandler>; 5] =
            [Arc::new(Cash), Arc::new(MANUAL), Arc::new(BANK), Arc::new(CREDIT), Arc::new(DEPOSIT)];
        Self::of(handlers)
    }

    /// These handlers and no others.
    pub fn of(handlers: impl IntoIterator<Item = Arc<dyn PaymentHandler>>) -> Self {
        Self(Arc::new(handlers.into_iter().map(|handler| (handler.code().to_owned(), handler)).collect()))
    }

    /// The handler with this code.
    pub fn find(&self, code: &str) -> Option<Arc<dyn PaymentHandler>> {
        self.0.get(code).cloned()
    }

    /// Every handler, by code.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn PaymentHandler>> {
        self.0.values()
    }
}

impl std::fmt::Debug for PaymentHandlers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Money over the counter: settled as soon as the till says so.
struct Cash;

impl Cash {
    fn take(request: &PaymentRequest) -> PaymentOutcome {
        PaymentOutcome::Settled { transaction_id: Some(format!("cash-{}", request.idempotency_key)) }
    }
}

#[async_trait]
impl PaymentHandler for Cash {
    fn code(&self) -> &'static str {
        "cash"
    }

    fn description(&self) -> &'static str {
        "Cash over the counter or on delivery; settles at once"
    }

    fn create_at_once(&self, request: &PaymentRequest) -> Option<PaymentOutcome> {
        Some(Self::take(request))
    }

    async fn create(&self, request: PaymentRequest) -> PaymentOutcome {
        Self::take(&request)
    }

    async fn settle(&self, _payment: PaymentReference) -> PaymentChange {
        PaymentChange::Done
    }

    async fn cancel(&self, _payment: PaymentReference) -> PaymentChange {
        PaymentChange::Refused { message: "cash that was taken is refunded, not cancelled".to_owned() }
    }

    fn refund_at_once(&self, refund: &RefundRequest) -> Option<RefundOutcome> {
        Some(RefundOutcome::Settled { transaction_id: Some(format!("cash-{}", refund.idempotency_key)) })
    }
}

/// Money that somebody checks by hand: authorised now, settled by an administrator, who also says when it has been given
/// back.
struct ByHand {
    code: &'static str,
    description: &'static str,
}

const MANUAL: ByHand = ByHand {
    code: "manual",
    description: "Confirmed by hand, such as a bank transfer; an administrator settles it",
};

/// As [`MANUAL`], and booked on the shop's bank account.
const BANK: ByHand = ByHand {
    code: "bank",
    description: "Sent to the shop's bank account; an administrator settles it when it is there",
};

#[async_trait]
impl PaymentHandler for ByHand {
    fn code(&self) -> &'static str {
        self.code
    }

    fn description(&self) -> &'static str {
        self.description
    }

    fn create_at_once(&self, _request: &PaymentRequest) -> Option<PaymentOutcome> {
        Some(PaymentOutcome::Authorized { transaction_id: None })
    }

    async fn create(&self, _request: PaymentRequest) -> PaymentOutcome {
        PaymentOutcome::Authorized { transaction_id: None }
    }

    async fn settle(&self, _payment: PaymentReference) -> PaymentChange {
        PaymentChange::Done
    }

    async fn cancel(&self, _payment: PaymentReference) -> PaymentChange {
        PaymentChange::Done
    }

    fn refund_at_once(&self, _refund: &RefundRequest) -> Option<RefundOutcome> {
        Some(RefundOutcome::Pending { transaction_id: None })
    }
}

/// Money that does not change hands: the customer owes it, or has it with the shop. Whether there is as much the core
/// decides together with the payment, in its transaction; see [`Funds`](super::Funds).
struct OnAccount {
    code: &'static str,
    description: &'static str,
}

const CREDIT: OnAccount = OnAccount {
    code: CUSTOMER_CREDIT,
    description: "On the customer's account, up to their credit limit; they pay later",
};

const DEPOSIT: OnAccount =
    OnAccount { code: STORE_CREDIT, description: "Out of what the customer has paid ahead" };

#[async_trait]
impl PaymentHandler for OnAccount {
    fn code(&self) -> &'static str {
        self.code
    }

    fn description(&self) -> &'static str {
        self.description
    }

    fn create_at_once(&self, request: &PaymentRequest) -> Option<PaymentOutcome> {
        let transaction_id = Some(format!("{}-{}", self.code, request.idempotency_key));
        Some(PaymentOutcome::Settled { transaction_id })
    }

    async fn create(&self, _request: PaymentRequest) -> PaymentOutcome {
        PaymentOutcome::Failed { message: "nothing is bought on account but with its payment".to_owned() }
    }

    async fn settle(&self, _payment: PaymentReference) -> PaymentChange {
        PaymentChange::Done
    }

    async fn cancel(&self, _payment: PaymentReference) -> PaymentChange {
        PaymentChange::Refused { message: "what was bought on account is refunded, not cancelled".to_owned() }
    }

    fn refund_at_once(&self, refund: &RefundRequest) -> Option<RefundOutcome> {
        Some(RefundOutcome::Settled {
            transaction_id: Some(format!("{}-{}", self.code, refund.idempotency_key)),
        })
    }
}
