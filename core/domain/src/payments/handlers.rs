//! The built-in handlers: ways to pay that need nobody's answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use soko_extension::payment::{
    PaymentChange, PaymentHandler, PaymentOutcome, PaymentReference, PaymentRequest, RefundOutcome,
    RefundRequest,
};

/// The handlers that payment methods can name, by code.
#[derive(Clone)]
pub struct PaymentHandlers(Arc<BTreeMap<String, Arc<dyn PaymentHandler>>>);

impl PaymentHandlers {
    /// The built-in handlers.
    pub fn built_in() -> Self {
        Self::of([Arc::new(Cash) as Arc<dyn PaymentHandler>, Arc::new(Manual)])
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

/// Money that somebody checks by hand, such as a bank transfer: authorised now, settled by an administrator, who also
/// says when it has been given back.
struct Manual;

#[async_trait]
impl PaymentHandler for Manual {
    fn code(&self) -> &'static str {
        "manual"
    }

    fn description(&self) -> &'static str {
        "Confirmed by hand, such as a bank transfer; an administrator settles it"
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
