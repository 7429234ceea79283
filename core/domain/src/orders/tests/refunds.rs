//! Money given back: never more than there is, booked once, and in doubt when nobody knows.

use std::sync::atomic::{AtomicUsize, Ordering};

use soko_extension::payment::{
    PaymentChange, PaymentHandler, PaymentOutcome, PaymentReference, PaymentRequest, RefundOutcome,
    RefundRequest,
};
use soko_kernel::{ListQuery, OrderLineId, PaymentId};

use super::*;
use crate::payments::{PaymentError, PaymentHandlers, Payments, Refund, RefundState};

/// A provider that is asked over a wire, and answers refunds in these ways, one after another, then for ever the last.
struct Wire {
    answers: Vec<fn() -> RefundOutcome>,
    asked: AtomicUsize,
}

#[async_trait]
impl PaymentHandler for Wire {
    fn code(&self) -> &'static str {
        "wire"
    }

    fn description(&self) -> &'static str {
        "Far away"
    }

    async fn create(&self, request: PaymentRequest) -> PaymentOutcome {
        PaymentOutcome::Settled { transaction_id: Some(format!("wire-{}", request.idempotency_key)) }
    }

    async fn settle(&self, _payment: PaymentReference) -> PaymentChange {
        PaymentChange::Done
    }

    async fn cancel(&self, _payment: PaymentReference) -> PaymentChange {
        PaymentChange::Done
    }

    async fn refund(&self, _refund: RefundRequest) -> RefundOutcome {
        tokio::task::yield_now().await;
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        self.answers[asked.min(self.answers.len() - 1)]()
    }
}

fn settled() -> RefundOutcome {
    RefundOutcome::Settled { transaction_id: None }
}

fn of(payment: PaymentId, amount: i64) -> RefundInput {
    RefundInput {
        payment,
        amount: Some(amount),
        lines: Vec::new(),
        shipping: 0,
        adjustment: 0,
        reason: Some("Torn bag".into()),
    }
}

fn units(payment: PaymentId, lines: Vec<(OrderLineId, i64)>) -> RefundInput {
    RefundInput { amount: None, lines, ..of(payment, 0) }
}

impl Shop {
    /// Orders whose method `till` asks over the wire.
    async fn wired(&self, answers: Vec<fn() -> RefundOutcome>) -> Orders {
        let wire = Wire { answers, asked: AtomicUsize::new(0) };
        let handlers = PaymentHandlers::of([Arc::new(wire) as Arc<dyn PaymentHandler>]);
        let payments = Payments::new(self.store.database.clone(), self.store.clock.clone(), handlers);
        payments.create_method(&self.admin, payment_method("till", "wire")).await.unwrap();
        let neighbours = Neighbours {
            auth: self.services.auth.clone(),
            tax: self.services.tax.clone(),
            shipping: self.services.shipping.clone(),
            payments,
            pricing: self.services.pricing.clone(),
        };
        Orders::new(self.store.database.clone(), self.store.clock.clone(), Random::seeded(44), neighbours)
    }

    /// An order of one unit, paid over the wire.
    async fn paid_by_wire(&self, orders: &Orders) -> (OrderView, PaymentId) {
        let guest = self.filled(1).await;
        orders.transition_active(&guest, "ArrangingPayment").await.unwrap();
        let order = orders.add_payment(&guest, pay("till")).await.unwrap();
        let payment = self.payment_of(&order).await;
        (order, payment)
    }

    async fn refunds_of(&self, payment: PaymentId) -> Vec<Refund> {
        let all = self.services.orders.refunds_of(&self.admin, &[payment]).await.unwrap();
        all.get(&payment).cloned().unwrap_or_default()
    }
}

#[tokio::test]
async fn all_that_was_paid_can_be_given_back_and_its_tax_is_owed_no_longer() {
    let shop = Shop::open(10).await;
    let order = shop.paid(3, "cash").await;
    let (orders, payment) = (&shop.services.orders, shop.payment_of(&order).await);
    let total = order.total();
    let mut left = total.gross;
    for amount in [1, 12_345, left - 12_346] {
        let above = orders.refund(&shop.admin, of(payment, left + 1)).await;
        let refused = matches!(above, Err(OrderError::Payment(PaymentError::RefundAmount { maximum })) if maximum == left);
        assert!(refused, "{above:?}");
        let refund = orders.refund(&shop.admin, of(payment, amount)).await.unwrap();
        assert_eq!((refund.state, refund.total, refund.in_doubt), (RefundState::Settled, amount, false));
        left -= amount;
    }
    let above = orders.refund(&shop.admin, of(payment, 1)).await;
    assert!(matches!(above, Err(OrderError::Payment(PaymentError::RefundAmount { maximum: 0 }))));
    let books = shop.books().await;
    assert_eq!((books["CASH_ON_HAND"], books["TAX_PAYABLE"]), (0, 0));
    assert_eq!((books["SALES"], books["SALES_RETURNS"]), (-total.net, total.net));
    let history = orders.history(&shop.admin, order.order.id, &ListQuery::default()).await.unwrap();
    let refunds = history.items.iter().filter(|entry| entry.kind == "ORDER_REFUND_TRANSITION");
    assert_eq!(refunds.map(|entry| &entry.data["to"]).collect::<Vec<_>>(), ["Settled"; 3]);
}

#[tokio::test]
async fn what_people_give_back_is_booked_when_they_say_so_and_once() {
    let shop = Shop::open(10).await;
    let order = shop.paid(2, "bank").await;
    let (orders, payment) = (&shop.services.orders, shop.payment_of(&order).await);
    let early = orders.refund(&shop.admin, of(payment, 100)).await;
    assert!(matches!(early, Err(OrderError::RefundState(OrderState::PaymentAuthorized))), "{early:?}");
    orders.settle_payment(&shop.admin, payment).await.unwrap();
    let before = shop.books().await;
    let first = orders.refund(&shop.admin, of(payment, 100)).await.unwrap();
    let second = orders.refund(&shop.admin, of(payment, 100)).await.unwrap();
    assert_eq!((first.state, first.in_doubt), (RefundState::Pending, false));
    assert_eq!(shop.books().await, before);
    let done = orders.settle_refund(&shop.admin, first.id, "slip-1".into()).await.unwrap();
    assert_eq!((done.state, done.transaction_id.as_deref()), (RefundState::Settled, Some("slip-1")));
    let after = shop.books().await;
    assert_eq!(after["CLEARING_GENERIC"], before["CLEARING_GENERIC"] - 100);
    let again = orders.settle_refund(&shop.admin, first.id, "slip-1".into()).await;
    assert!(matches!(again, Err(OrderError::Payment(PaymentError::RefundTransition { .. }))), "{again:?}");
    let reused = orders.settle_refund(&shop.admin, second.id, "slip-1".into()).await;
    assert!(matches!(reused, Err(OrderError::Payment(PaymentError::ReferenceInUse(_)))), "{reused:?}");
    assert!(orders.settle_refund(&shop.admin, second.id, " ".into()).await.is_err());
    assert_eq!(shop.books().await, after);
    let stranger = shop.store.add_channel("other").await;
    let theirs = orders.settle_refund(&stranger, second.id, "slip-2".into()).await;
    assert!(matches!(theirs, Err(OrderError::Payment(PaymentError::RefundNotFound(_)))), "{theirs:?}");
}

#[tokio::test]
async fn units_are_refunded_once_at_what_they_cost() {
    let shop = Shop::open(10).await;
    let order = shop.paid(3, "cash").await;
    let (orders, payment) = (&shop.services.orders, shop.payment_of(&order).await);
    let line = order.lines[0].line.id.unwrap();
    let with_delivery = RefundInput { shipping: 500, adjustment: -100, ..units(payment, vec![(line, 2)]) };
    let refund = orders.refund(&shop.admin, with_delivery).await.unwrap();
    assert_eq!((refund.total, refund.what.items), (2 * 11_600 + 400, 2 * 11_600));
    assert_eq!(refund.lines.iter().map(|line| line.quantity).collect::<Vec<_>>(), [2]);
    let again = orders.refund(&shop.admin, units(payment, vec![(line, 2)])).await;
    assert!(matches!(again, Err(OrderError::AlreadyRefunded(id)) if id == refund.id), "{again:?}");
    // Twice the same line is its sum.
    let many = orders.refund(&shop.admin, units(payment, vec![(line, 2), (line, 2)])).await;
    assert!(matches!(many, Err(OrderError::QuantityTooGreat)), "{many:?}");
    let negative = orders.refund(&shop.admin, units(payment, vec![(line, -1)])).await;
    assert!(matches!(negative, Err(OrderError::NegativeQuantity)), "{negative:?}");
    for nothing in [
        units(payment, vec![(line, 0)]),
        of(payment, 0),
        of(payment, -5),
        RefundInput { shipping: -1, ..units(payment, vec![]) },
    ] {
        let refused = orders.refund(&shop.admin, nothing).await;
        assert!(matches!(refused, Err(OrderError::Payment(PaymentError::NothingToRefund))), "{refused:?}");
    }
    let huge = RefundInput { shipping: i64::MAX, adjustment: i64::MAX, ..units(payment, vec![]) };
    assert!(matches!(orders.refund(&shop.admin, huge).await, Err(OrderError::Money(_))));
    let other = shop.paid(1, "cash").await;
    let theirs = other.lines[0].line.id.unwrap();
    let mismatch = orders.refund(&shop.admin, units(payment, vec![(theirs, 1)])).await;
    assert!(matches!(mismatch, Err(OrderError::PaymentOrderMismatch)), "{mismatch:?}");
    let several = orders.refund(&shop.admin, units(payment, vec![(line, 1), (theirs, 1)])).await;
    assert!(matches!(several, Err(OrderError::MultipleOrders)), "{several:?}");
    let left = order.total().gross - refund.total;
    assert_eq!(orders.refund(&shop.admin, units(payment, vec![(line, 1)])).await.unwrap().total, 11_600);
    let above = orders.refund(&shop.admin, of(payment, left)).await;
    let refused = matches!(above, Err(OrderError::Payment(PaymentError::RefundAmount { maximum })) if maximum == left - 11_600);
    assert!(refused, "{above:?}");
}

#[tokio::test]
async fn what_failed_can_be_given_back_and_what_is_in_doubt_cannot() {
    let shop = Shop::open(10).await;
    let orders = shop
        .wired(vec![
            || RefundOutcome::Failed { message: "account closed".into() },
            || RefundOutcome::InDoubt { message: "the line went dead".into() },
            || panic!("the provider's answer makes no sense"),
            settled,
        ])
        .await;
    let (order, payment) = shop.paid_by_wire(&orders).await;
    let total = order.total().gross;
    let before = shop.books().await;
    let failed = orders.refund(&shop.admin, of(payment, total)).await.unwrap();
    assert_eq!(
        (failed.state, failed.error_message.as_deref()),
        (RefundState::Failed, Some("account closed"))
    );
    let doubtful = orders.refund(&shop.admin, of(payment, total - 100)).await.unwrap();
    assert_eq!((doubtful.state, doubtful.in_doubt), (RefundState::Pending, true));
    let by_hand = orders.settle_refund(&shop.admin, doubtful.id, "slip".into()).await;
    assert!(matches!(by_hand, Err(OrderError::Payment(PaymentError::RefundTransition { .. }))));
    let broken = orders.refund(&shop.admin, of(payment, 60)).await.unwrap();
    assert_eq!((broken.state, broken.in_doubt), (RefundState::Pending, true));
    assert_eq!(shop.books().await, before);
    let above = orders.refund(&shop.admin, of(payment, 41)).await;
    assert!(
        matches!(above, Err(OrderError::Payment(PaymentError::RefundAmount { maximum: 40 }))),
        "{above:?}"
    );
    orders.refund(&shop.admin, of(payment, 40)).await.unwrap();
    assert_eq!(shop.books().await["CLEARING_GENERIC"], before["CLEARING_GENERIC"] - 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_ten_refunds_at_once_only_those_that_there_is_money_for_are_made() {
    let shop = Shop::open(10).await;
    let orders = Arc::new(shop.wired(vec![settled]).await);
    for _ in 0..3 {
        let (order, payment) = shop.paid_by_wire(&orders).await;
        let total = order.total().gross;
        let before = shop.books().await;
        let attempts = (0..10).map(|_| {
            let (orders, admin) = (Arc::clone(&orders), shop.admin.clone());
            tokio::spawn(async move { orders.refund(&admin, of(payment, total * 6 / 10)).await })
        });
        let mut made = 0;
        for attempt in attempts.collect::<Vec<_>>() {
            match attempt.await.unwrap() {
                Ok(refund) => made += i64::from(refund.state == RefundState::Settled),
                Err(OrderError::Payment(PaymentError::RefundAmount { .. })) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        assert_eq!(made, 1);
        assert_eq!(
            shop.refunds_of(payment).await.iter().map(|refund| refund.total).sum::<i64>(),
            total * 6 / 10
        );
        let after = shop.books().await;
        assert_eq!(after["CLEARING_GENERIC"], before["CLEARING_GENERIC"] - total * 6 / 10);
    }
}
