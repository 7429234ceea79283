//! Handlers that do not answer: nothing is guessed, nothing is lost, nothing happens twice.

use std::sync::atomic::{AtomicUsize, Ordering};

use soko_extension::payment::{
    PaymentChange, PaymentHandler, PaymentOutcome, PaymentReference, PaymentRequest, RefundOutcome,
    RefundRequest,
};
use soko_kernel::PaymentId;

use super::*;
use crate::payments::{PaymentError, PaymentHandlers, Payments, PaymentsConfig, RefundState};

/// How a provider does not answer.
#[derive(Clone, Copy)]
enum Fault {
    Hangs,
    Dies,
}

/// A provider that reserves money, and does not answer the first so many questions.
struct Mute {
    fault: Fault,
    unanswered: usize,
    asked: AtomicUsize,
    /// Whether the money is to be reserved, which is a question too, or is here at once.
    reserves: bool,
}

impl Mute {
    async fn answer(&self) {
        if self.asked.fetch_add(1, Ordering::Relaxed) >= self.unanswered {
            return;
        }
        match self.fault {
            Fault::Hangs => std::future::pending().await,
            Fault::Dies => panic!("the provider's answer makes no sense"),
        }
    }
}

#[async_trait]
impl PaymentHandler for Mute {
    fn code(&self) -> &'static str {
        "mute"
    }

    fn description(&self) -> &'static str {
        "Says nothing"
    }

    async fn create(&self, _request: PaymentRequest) -> PaymentOutcome {
        if self.reserves {
            return PaymentOutcome::Authorized { transaction_id: Some("m-1".into()) };
        }
        self.answer().await;
        PaymentOutcome::Settled { transaction_id: Some("m-1".into()) }
    }

    async fn settle(&self, _payment: PaymentReference) -> PaymentChange {
        self.answer().await;
        PaymentChange::Done
    }

    async fn cancel(&self, _payment: PaymentReference) -> PaymentChange {
        self.answer().await;
        PaymentChange::Done
    }

    async fn refund(&self, _refund: RefundRequest) -> RefundOutcome {
        self.answer().await;
        RefundOutcome::Settled { transaction_id: None }
    }
}

impl Shop {
    async fn muted(&self, fault: Fault, unanswered: usize, reserves: bool) -> Orders {
        let mute = Mute { fault, unanswered, asked: AtomicUsize::new(0), reserves };
        let config = PaymentsConfig {
            handlers: PaymentHandlers::of([Arc::new(mute) as Arc<dyn PaymentHandler>]),
            plugins: None,
            handler_timeout: Duration::from_millis(20),
        };
        let payments = Payments::new(self.store.database.clone(), self.store.clock.clone(), config);
        payments.create_method(&self.admin, payment_method("till", "mute")).await.unwrap();
        let neighbours = Neighbours {
            auth: self.services.auth.clone(),
            tax: self.services.tax.clone(),
            shipping: self.services.shipping.clone(),
            payments,
            pricing: self.services.pricing.clone(),
        };
        Orders::new(self.store.database.clone(), self.store.clock.clone(), Random::seeded(45), neighbours)
    }

    async fn stands(&self, payment: PaymentId) -> (PaymentState, bool) {
        let scope = self.store.scope();
        let found =
            self.store.database.read(scope, async |reader| Payments::find_in(reader, scope, payment).await);
        let payment = found.await.unwrap().unwrap();
        (payment.state, payment.error_message.is_some())
    }
}

#[tokio::test]
async fn an_attempt_without_an_answer_stays_until_somebody_knows() {
    for fault in [Fault::Hangs, Fault::Dies] {
        let shop = Shop::open(5).await;
        let orders = shop.muted(fault, usize::MAX, false).await;
        let guest = shop.filled(1).await;
        orders.transition_active(&guest, "ArrangingPayment").await.unwrap();
        let (first, id) = (orders.add_payment(&guest, pay("till")).await, guest.active_order.unwrap());
        let payment = orders.payments_of(&shop.admin, &[id]).await.unwrap()[&id][0].id;
        match fault {
            Fault::Hangs => {
                assert_eq!(first.unwrap().order.state, OrderState::ArrangingPayment);
                assert_eq!(shop.stands(payment).await, (PaymentState::Created, true));
            }
            Fault::Dies => assert!(matches!(first, Err(OrderError::PaymentInProgress)), "{first:?}"),
        }
        let early = orders.transition_payment(&shop.admin, payment, "Settled").await;
        assert!(matches!(early, Err(OrderError::PaymentInProgress)), "{early:?}");
        shop.store.clock.advance(Duration::from_mins(20));
        for _ in 0..2 {
            let again = orders.add_payment(&guest, pay("till")).await;
            assert!(matches!(again, Err(OrderError::PaymentInProgress)), "{again:?}");
        }
        let cancelled = orders.cancel(&shop.admin, id, "").await;
        assert!(matches!(cancelled, Err(OrderError::PaymentInProgress)), "{cancelled:?}");
        let known = orders.transition_payment(&shop.admin, payment, "Settled").await.unwrap();
        assert_eq!(known.state, PaymentState::Settled);
        let order = orders.find(&shop.admin, id).await.unwrap().unwrap();
        assert_eq!(order.order.state, OrderState::PaymentSettled);
        assert_eq!(shop.books().await["CLEARING_GENERIC"], order.total().gross);
        assert!(orders.transition_payment(&shop.admin, payment, "Error").await.is_err());
        assert_eq!(shop.stands(payment).await.0, PaymentState::Settled);
    }
}

#[tokio::test]
async fn an_attempt_that_came_to_nothing_can_be_made_again() {
    let shop = Shop::open(5).await;
    let orders = shop.muted(Fault::Hangs, 1, false).await;
    let guest = shop.filled(1).await;
    orders.transition_active(&guest, "ArrangingPayment").await.unwrap();
    orders.add_payment(&guest, pay("till")).await.unwrap();
    let id = guest.active_order.unwrap();
    let payment = orders.payments_of(&shop.admin, &[id]).await.unwrap()[&id][0].id;
    shop.store.clock.advance(Duration::from_mins(1));
    let known = orders.transition_payment(&shop.admin, payment, "Error").await.unwrap();
    assert_eq!(known.state, PaymentState::Error);
    assert!(shop.books().await.is_empty());
    let paid = orders.add_payment(&guest, pay("till")).await.unwrap();
    assert_eq!(paid.order.state, OrderState::PaymentSettled);
}

#[tokio::test]
async fn reserved_money_is_taken_once_however_often_it_is_asked_for() {
    for fault in [Fault::Hangs, Fault::Dies] {
        let shop = Shop::open(5).await;
        let orders = shop.muted(fault, 1, true).await;
        let guest = shop.filled(1).await;
        orders.transition_active(&guest, "ArrangingPayment").await.unwrap();
        let order = orders.add_payment(&guest, pay("till")).await.unwrap();
        let payment = shop.payment_of(&order).await;
        let in_doubt = |outcome: &Result<_, OrderError>| {
            matches!(outcome, Err(OrderError::Payment(PaymentError::InDoubt(_))))
        };
        let unanswered = orders.settle_payment(&shop.admin, payment).await;
        assert!(in_doubt(&unanswered), "{unanswered:?}");
        assert_eq!(shop.stands(payment).await, (PaymentState::Authorized, matches!(fault, Fault::Hangs)));
        let at_once = orders.settle_payment(&shop.admin, payment).await;
        assert!(in_doubt(&at_once), "the first may still be answered: {at_once:?}");
        shop.store.clock.advance(Duration::from_mins(1));
        let given_up = orders.cancel_payment(&shop.admin, payment).await;
        assert!(in_doubt(&given_up), "it may have been taken: {given_up:?}");
        assert!(shop.books().await.is_empty());
        let settled = orders.settle_payment(&shop.admin, payment).await.unwrap();
        assert_eq!((settled.state, settled.error_message), (PaymentState::Settled, None));
        assert_eq!(shop.books().await["CLEARING_GENERIC"], order.total().gross);
        assert!(orders.settle_payment(&shop.admin, payment).await.is_err());
        assert_eq!(shop.books().await["CLEARING_GENERIC"], order.total().gross);
    }
}

#[tokio::test]
async fn a_refund_without_an_answer_is_in_doubt_and_counts() {
    let shop = Shop::open(5).await;
    // The payment is the first question, which is answered by hand here.
    let orders = shop.muted(Fault::Hangs, usize::MAX, false).await;
    let guest = shop.filled(1).await;
    orders.transition_active(&guest, "ArrangingPayment").await.unwrap();
    let order = orders.add_payment(&guest, pay("till")).await.unwrap();
    let (payment, total) = (shop.payment_of(&order).await, order.total().gross);
    shop.store.clock.advance(Duration::from_mins(1));
    orders.transition_payment(&shop.admin, payment, "Settled").await.unwrap();
    let of = |amount| RefundInput {
        payment,
        amount: Some(amount),
        lines: Vec::new(),
        shipping: 0,
        adjustment: 0,
        reason: None,
    };
    let refund = orders.refund(&shop.admin, of(total - 1)).await.unwrap();
    assert_eq!((refund.state, refund.in_doubt), (RefundState::Pending, true));
    assert!(refund.error_message.is_some());
    let above = orders.refund(&shop.admin, of(2)).await;
    assert!(
        matches!(above, Err(OrderError::Payment(PaymentError::RefundAmount { maximum: 1 }))),
        "{above:?}"
    );
    assert_eq!(shop.books().await["CLEARING_GENERIC"], total);
}
