//! Asking the handlers, for a limited time. Who does not answer in it leaves things in doubt.

use std::sync::Arc;
use std::time::Duration;

use soko_extension::effect::PaymentPlugins;
use soko_extension::payment::{
    Callback, CallbackRefusal, Notice, PaymentChange, PaymentHandler, PaymentOutcome, PaymentReference,
    PaymentRequest, RefundOutcome, RefundRequest,
};
use tokio::time::timeout;

use super::{PaymentHandlers, Payments};

/// How long a handler may take to answer, unless the platform says otherwise.
pub const HANDLER_TIMEOUT: Duration = Duration::from_secs(20);

/// Who moves the money, and how long they may take to answer.
#[derive(Clone)]
pub struct PaymentsConfig {
    /// The handlers that payment methods can name.
    pub handlers: PaymentHandlers,
    /// Runs the handlers that shops bring along; without it there are none.
    pub plugins: Option<Arc<dyn PaymentPlugins>>,
    /// How long a handler may take to answer.
    pub handler_timeout: Duration,
}

impl std::fmt::Debug for PaymentsConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { handlers, plugins: _, handler_timeout } = self;
        let mut shown = f.debug_struct("PaymentsConfig");
        shown.field("handlers", handlers).field("handler_timeout", handler_timeout).finish_non_exhaustive()
    }
}

impl Default for PaymentsConfig {
    fn default() -> Self {
        Self { handlers: PaymentHandlers::built_in(), plugins: None, handler_timeout: HANDLER_TIMEOUT }
    }
}

impl From<PaymentHandlers> for PaymentsConfig {
    fn from(handlers: PaymentHandlers) -> Self {
        Self { handlers, ..Self::default() }
    }
}

impl Payments {
    /// Tries to pay.
    pub async fn ask_to_pay(&self, handler: &dyn PaymentHandler, request: PaymentRequest) -> PaymentOutcome {
        let answer = timeout(self.handler_timeout, handler.create(request)).await;
        answer.unwrap_or_else(|_| PaymentOutcome::InDoubt { message: self.no_answer() })
    }

    /// Takes money that was authorised.
    pub async fn ask_to_settle(
        &self,
        handler: &dyn PaymentHandler,
        payment: PaymentReference,
    ) -> PaymentChange {
        let answer = timeout(self.handler_timeout, handler.settle(payment)).await;
        answer.unwrap_or_else(|_| PaymentChange::InDoubt { message: self.no_answer() })
    }

    /// Gives up a payment that was authorised.
    pub async fn ask_to_cancel(
        &self,
        handler: &dyn PaymentHandler,
        payment: PaymentReference,
    ) -> PaymentChange {
        let answer = timeout(self.handler_timeout, handler.cancel(payment)).await;
        answer.unwrap_or_else(|_| PaymentChange::InDoubt { message: self.no_answer() })
    }

    /// Gives money back.
    pub async fn ask_to_refund(&self, handler: &dyn PaymentHandler, refund: RefundRequest) -> RefundOutcome {
        let answer = timeout(self.handler_timeout, handler.refund(refund)).await;
        answer.unwrap_or_else(|_| RefundOutcome::InDoubt { message: self.no_answer() })
    }

    /// What has become of an attempt.
    pub async fn ask_what_became(
        &self,
        handler: &dyn PaymentHandler,
        payment: PaymentReference,
    ) -> PaymentOutcome {
        let answer = timeout(self.handler_timeout, handler.query(payment)).await;
        answer.unwrap_or_else(|_| PaymentOutcome::InDoubt { message: self.no_answer() })
    }

    /// Has a handler read what its provider sent.
    ///
    /// # Errors
    /// Its refusal, or that it did not answer in time.
    pub async fn ask_to_read(
        &self,
        handler: &dyn PaymentHandler,
        callback: Callback,
    ) -> Result<Notice, CallbackRefusal> {
        let answer = timeout(self.handler_timeout, handler.webhook(callback)).await;
        answer.unwrap_or_else(|_| Err(CallbackRefusal::Unavailable(self.no_answer())))
    }

    fn no_answer(&self) -> String {
        format!("the payment handler has not answered within {} seconds", self.handler_timeout.as_secs())
    }
}
