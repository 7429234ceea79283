//! Answers about payments that come later: by a question, by a callback, twice, in the wrong order, or never.

use std::sync::Mutex;

use soko_extension::payment::{
    Callback, CallbackRefusal, Notice, PaymentChange, PaymentHandler, PaymentOutcome, PaymentReference,
    PaymentRequest, RefundOutcome, RefundRequest, Subject,
};
use soko_kernel::{ListQuery, PaymentId, RefundId};
use tokio::sync::Notify;

use super::*;
use crate::orders::{CallbackError, FoundOut};
use crate::payments::{
    PaymentError, PaymentHandlers, Payments, PaymentsConfig, QUESTIONS_MAX, Refund, RefundState,
};

/// A provider that tells later, by callbacks that begin with `genuine `: of payments `KEY AMOUNT`, of refunds
/// `KEY REFERENCE`, or `KEY no` of both. A key that begins with `@` is a reference of its own.
struct Later {
    /// What it says when it is asked.
    says: Arc<Mutex<PaymentOutcome>>,
    slow: Option<Arc<Slow>>,
}

/// Holds back what the provider answers to an attempt.
struct Slow {
    asked: Notify,
    go_on: Notify,
    answer: PaymentOutcome,
}

fn settled() -> PaymentOutcome {
    PaymentOutcome::Settled { transaction_id: Some("receipt-1".into()) }
}

fn in_doubt() -> PaymentOutcome {
    PaymentOutcome::InDoubt { message: "the provider does not say".into() }
}

#[async_trait]
impl PaymentHandler for Later {
    fn code(&self) -> &'static str {
        "later"
    }

    fn description(&self) -> &'static str {
        "Tells later"
    }

    async fn create(&self, _request: PaymentRequest) -> PaymentOutcome {
        if let Some(slow) = &self.slow {
            slow.asked.notify_one();
            slow.go_on.notified().await;
            return slow.answer.clone();
        }
        let (transaction_id, message) = (Some("prompt-1".into()), "Enter your PIN".into());
        PaymentOutcome::Pending { transaction_id, message, url: None }
    }

    async fn settle(&self, _payment: PaymentReference) -> PaymentChange {
        PaymentChange::Done
    }

    async fn cancel(&self, _payment: PaymentReference) -> PaymentChange {
        PaymentChange::Done
    }

    async fn refund(&self, _refund: RefundRequest) -> RefundOutcome {
        RefundOutcome::InDoubt { message: "it is queued".into() }
    }

    async fn query(&self, payment: PaymentReference) -> PaymentOutcome {
        assert_eq!(payment.transaction_id.as_deref(), Some("prompt-1"), "it is asked by its own reference");
        self.says.lock().unwrap().clone()
    }

    async fn webhook(&self, callback: Callback) -> Result<Notice, CallbackRefusal> {
        let text = String::from_utf8_lossy(&callback.body).into_owned();
        let Some(said) = text.strip_prefix("genuine ") else {
            return Err(CallbackRefusal::Unauthentic("it is forged".into()));
        };
        let (key, what) = said.split_once(' ').unwrap();
        if key.starts_with("refund-") {
            let outcome = match what {
                "no" => RefundOutcome::Failed { message: "no".into() },
                reference => RefundOutcome::Settled { transaction_id: Some(reference.into()) },
            };
            return Ok(Notice::Refund { refund: Subject::Key(key.into()), outcome });
        }
        let (outcome, amount) = match what.parse() {
            Ok(amount) => (settled(), Some(amount)),
            Err(_) => (PaymentOutcome::Declined { message: "cancelled".into() }, None),
        };
        let payment = match key.strip_prefix('@') {
            Some(reference) => Subject::Transaction(reference.into()),
            None => Subject::Key(key.into()),
        };
        Ok(Notice::Payment { payment, outcome, amount, currency: Some("KES".into()) })
    }
}

/// An order that is to be paid with the method `phone`.
async fn arranging(later: Later) -> (Shop, Orders, Actor) {
    let shop = Shop::open(5).await;
    let config = PaymentsConfig::from(PaymentHandlers::of([Arc::new(later) as Arc<dyn PaymentHandler>]));
    let payments = Payments::new(shop.store.database.clone(), shop.store.clock.clone(), config);
    payments.create_method(&shop.admin, payment_method("phone", "later")).await.unwrap();
    let neighbours = Neighbours {
        auth: shop.services.auth.clone(),
        tax: shop.services.tax.clone(),
        shipping: shop.services.shipping.clone(),
        payments,
        pricing: shop.services.pricing.clone(),
    };
    let (database, clock) = (shop.store.database.clone(), shop.store.clock.clone());
    let orders = Orders::new(database, clock, Random::seeded(46), neighbours);
    let guest = shop.filled(1).await;
    orders.transition_active(&guest, "ArrangingPayment").await.unwrap();
    (shop, orders, guest)
}

/// An order with an attempt that is pending.
struct Waiting {
    shop: Shop,
    orders: Orders,
    guest: Actor,
    payment: PaymentId,
    total: i64,
    says: Arc<Mutex<PaymentOutcome>>,
}

impl Waiting {
    async fn open() -> Self {
        // Boxed, so that the futures of the tests stay small.
        Box::pin(Self::open_shop()).await
    }

    async fn open_shop() -> Self {
        let says = Arc::new(Mutex::new(in_doubt()));
        let (shop, orders, guest) = Box::pin(arranging(Later { says: Arc::clone(&says), slow: None })).await;
        let order = orders.add_payment(&guest, pay("phone")).await.unwrap();
        assert_eq!(order.order.state, OrderState::ArrangingPayment);
        let payment = shop.payment_of(&order).await;
        let total = order.total().gross;
        Self { shop, orders, guest, payment, total, says }
    }

    async fn stands(&self) -> crate::payments::Payment {
        let scope = self.shop.store.scope();
        let found = self
            .shop
            .store
            .database
            .read(scope, async |reader| Payments::find_in(reader, scope, self.payment).await);
        found.await.unwrap().unwrap()
    }

    async fn order_state(&self) -> OrderState {
        let id = self.guest.active_order.unwrap();
        self.orders.find(&self.shop.admin, id).await.unwrap().unwrap().order.state
    }

    async fn tell(&self, what: &str) -> Result<(), CallbackError> {
        let body = format!("genuine payment-{} {what}", self.payment).into_bytes();
        self.send(body).await
    }

    async fn send(&self, body: Vec<u8>) -> Result<(), CallbackError> {
        let callback = Callback { headers: Vec::new(), query: String::new(), body };
        self.orders.take_callback(&self.guest, "phone", callback).await
    }

    async fn refund(&self, amount: i64) -> Refund {
        let (payment, amount) = (self.payment, Some(amount));
        let input =
            RefundInput { payment, amount, lines: Vec::new(), shipping: 0, adjustment: 0, reason: None };
        self.orders.refund(&self.shop.admin, input).await.unwrap()
    }

    async fn refund_stands(&self, id: RefundId) -> (RefundState, bool) {
        let scope = self.shop.store.scope();
        let database = &self.shop.store.database;
        let found =
            database.read(scope, async |reader| Payments::find_refund_in(reader, scope, id).await).await;
        let refund = found.unwrap().unwrap();
        (refund.state, refund.in_doubt)
    }

    async fn callbacks(&self) -> Vec<(String, i64)> {
        let scope = self.shop.store.scope();
        let rows = self.shop.store.database.read(scope, async |reader| {
            reader.fetch_all("SELECT state, times FROM payment_callback ORDER BY id", ()).await
        });
        rows.await.unwrap()
    }

    async fn in_review(&self) -> i64 {
        let query = ListQuery::try_new(None, None, Vec::new(), None).unwrap();
        self.orders.payments.list_in_review(&self.shop.admin, &query).await.unwrap().total
    }
}

#[tokio::test]
async fn a_pending_attempt_is_asked_about_until_it_has_its_answer() {
    let waiting = Waiting::open().await;
    assert_eq!(waiting.orders.reconcile_payments().await.unwrap(), 0, "it is not time yet");
    waiting.shop.store.clock.advance(Duration::from_secs(16));
    assert_eq!(waiting.orders.reconcile_payments().await.unwrap(), 1);
    assert_eq!(waiting.orders.reconcile_payments().await.unwrap(), 0, "not twice at once");
    let open = waiting.stands().await;
    assert_eq!((open.state, open.asked_times), (PaymentState::Created, 1));
    *waiting.says.lock().unwrap() = settled();
    waiting.shop.store.clock.advance(Duration::from_mins(1));
    assert_eq!(waiting.orders.reconcile_payments().await.unwrap(), 1);
    let known = waiting.stands().await;
    assert_eq!((known.state, known.transaction_id.as_deref()), (PaymentState::Settled, Some("receipt-1")));
    assert_eq!(waiting.order_state().await, OrderState::PaymentSettled);
    assert_eq!(waiting.shop.books().await["CLEARING_GENERIC"], waiting.total);
    waiting.shop.store.clock.advance(Duration::from_mins(30));
    assert_eq!(waiting.orders.reconcile_payments().await.unwrap(), 0);
}

#[tokio::test]
async fn what_nobody_knows_is_put_before_people_and_resolved_by_them() {
    let waiting = Waiting::open().await;
    for _ in 0..=QUESTIONS_MAX {
        waiting.shop.store.clock.advance(Duration::from_mins(5));
        waiting.orders.reconcile_payments().await.unwrap();
    }
    let open = waiting.stands().await;
    assert_eq!((open.state, open.asked_times, open.ask_at), (PaymentState::Created, QUESTIONS_MAX, None));
    assert_eq!(waiting.in_review().await, 1);
    assert!(waiting.shop.books().await.is_empty(), "nothing is guessed");
    let admin = &waiting.shop.admin;
    for (to, reason) in [(Some("Settled"), " "), (None, "seen on the statement")] {
        assert!(waiting.orders.resolve_payment(admin, waiting.payment, to, reason).await.is_err());
    }
    let resolved =
        waiting.orders.resolve_payment(admin, waiting.payment, Some("Settled"), "on the statement");
    assert_eq!(resolved.await.unwrap().state, PaymentState::Settled);
    assert_eq!((waiting.in_review().await, waiting.order_state().await), (0, OrderState::PaymentSettled));
    let again = waiting.orders.resolve_payment(admin, waiting.payment, None, "again").await;
    assert!(again.is_err(), "it is not in review any more");
}

#[tokio::test]
async fn a_callback_that_comes_fifty_times_at_once_settles_once() {
    let waiting = Waiting::open().await;
    let mut told = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (orders, guest) = (waiting.orders.clone(), waiting.guest.clone());
        let body = format!("genuine payment-{} {}", waiting.payment, waiting.total).into_bytes();
        let callback = Callback { headers: Vec::new(), query: String::new(), body };
        told.spawn(async move { orders.take_callback(&guest, "phone", callback).await });
    }
    told.join_all().await.into_iter().for_each(Result::unwrap);
    assert_eq!(waiting.stands().await.state, PaymentState::Settled);
    assert_eq!(waiting.order_state().await, OrderState::PaymentSettled);
    assert_eq!(waiting.shop.books().await["CLEARING_GENERIC"], waiting.total);
    assert_eq!(waiting.callbacks().await, [("Applied".to_owned(), 50)]);
    assert_eq!(waiting.in_review().await, 0);
}

#[tokio::test]
async fn callbacks_that_contradict_each_other_change_nothing_and_are_put_before_people() {
    let waiting = Waiting::open().await;
    waiting.tell("no").await.unwrap();
    assert_eq!(waiting.stands().await.state, PaymentState::Declined);
    waiting.tell(&waiting.total.to_string()).await.unwrap();
    let late = waiting.stands().await;
    assert_eq!(late.state, PaymentState::Declined, "what was answered stays answered");
    assert!(late.review.is_some(), "and money that came all the same is seen by people");
    assert!(waiting.shop.books().await.is_empty());
    let reason = "given back by hand";
    waiting.orders.resolve_payment(&waiting.shop.admin, waiting.payment, None, reason).await.unwrap();
    assert_eq!(waiting.in_review().await, 0);
}

#[tokio::test]
async fn an_answer_that_a_callback_was_quicker_than_and_contradicted_is_put_before_people() {
    let answer = settled();
    let slow = Arc::new(Slow { asked: Notify::new(), go_on: Notify::new(), answer });
    let says = Arc::new(Mutex::new(in_doubt()));
    let later = Later { says: Arc::clone(&says), slow: Some(Arc::clone(&slow)) };
    let (shop, orders, guest) = Box::pin(arranging(later)).await;
    let id = guest.active_order.unwrap();
    let paying = tokio::spawn({
        let (orders, guest) = (orders.clone(), guest.clone());
        async move { orders.add_payment(&guest, pay("phone")).await }
    });
    slow.asked.notified().await;
    let open = orders.payments_of(&shop.admin, &[id]).await.unwrap()[&id][0].clone();
    let waiting = Waiting { shop, orders, guest, payment: open.id, total: open.amount, says };
    waiting.tell("no").await.unwrap();
    slow.go_on.notify_one();
    let answered = paying.await.unwrap();
    assert!(
        matches!(answered, Err(OrderError::PaymentDeclined(_))),
        "the customer is told what is on record: {answered:?}"
    );
    let late = waiting.stands().await;
    assert_eq!(late.state, PaymentState::Declined);
    assert!(late.review.is_some_and(|why| why.contains("ettled")), "money may have come all the same");
    assert_eq!(waiting.in_review().await, 1);
    assert!(waiting.shop.books().await.is_empty());
}

#[tokio::test]
async fn a_callback_finds_its_payment_by_the_providers_reference() {
    let waiting = Waiting::open().await;
    waiting.send(format!("genuine @prompt-2 {}", waiting.total).into_bytes()).await.unwrap();
    assert_eq!(waiting.stands().await.state, PaymentState::Created, "another's reference");
    waiting.send(format!("genuine @prompt-1 {}", waiting.total).into_bytes()).await.unwrap();
    assert_eq!(waiting.stands().await.state, PaymentState::Settled);
    let states: Vec<String> = waiting.callbacks().await.into_iter().map(|(state, _)| state).collect();
    assert_eq!(states, ["Ignored", "Applied"]);
}

#[tokio::test]
async fn another_amount_than_was_asked_for_is_no_payment() {
    let waiting = Waiting::open().await;
    waiting.tell("1").await.unwrap();
    let open = waiting.stands().await;
    assert_eq!(open.state, PaymentState::Created);
    assert!(open.review.is_some_and(|why| why.contains("were asked for")));
    assert!(waiting.shop.books().await.is_empty());
}

#[tokio::test]
async fn forged_and_unknown_callbacks_are_kept_and_change_nothing() {
    let waiting = Waiting::open().await;
    let forged = waiting.send(b"payment-1 100".to_vec()).await;
    assert!(matches!(forged, Err(CallbackError::Refused(CallbackRefusal::Unauthentic(_)))), "{forged:?}");
    waiting.send(b"genuine payment-999 100".to_vec()).await.unwrap();
    waiting.send(b"genuine nonsense 100".to_vec()).await.unwrap();
    let states: Vec<String> = waiting.callbacks().await.into_iter().map(|(state, _)| state).collect();
    assert_eq!(states, ["Refused", "Ignored", "Ignored"]);
    assert_eq!(waiting.stands().await.state, PaymentState::Created);
    let callback = Callback { headers: Vec::new(), query: String::new(), body: Vec::new() };
    let nowhere = waiting.orders.take_callback(&waiting.guest, "card", callback).await;
    assert!(matches!(nowhere, Err(CallbackError::UnknownMethod(_))), "{nowhere:?}");
    let now = waiting.shop.store.clock.now();
    assert_eq!(waiting.orders.payments.expire_callbacks(now).await.unwrap(), 0);
    let again = waiting.send(b"payment-1 100".to_vec()).await;
    assert!(matches!(again, Err(CallbackError::Refused(CallbackRefusal::Unauthentic(_)))), "{again:?}");
    assert_eq!(waiting.callbacks().await[0], ("Refused".to_owned(), 2));
    waiting.shop.store.clock.advance(Duration::from_hours(91 * 24));
    let now = waiting.shop.store.clock.now();
    assert_eq!(waiting.orders.payments.expire_callbacks(now).await.unwrap(), 3);
}

#[tokio::test]
async fn a_callback_that_was_emptied_is_kept_anew_when_it_comes_again() {
    let store = TestStore::open().await;
    let (scope, now) = (store.scope(), store.clock.now());
    let callback = Callback { headers: Vec::new(), query: String::new(), body: b"a body".to_vec() };
    for expected in [&b""[..], b"a body"] {
        let callback = callback.clone();
        let kept = store.database.write(scope, async move |tx| {
            let kept = Payments::keep_callback_in_tx(tx, scope, "phone", &callback, now).await?;
            if expected.is_empty() {
                Payments::empty_callback_in_tx(tx, scope, kept.id, "it is forged", now).await?;
            }
            tx.fetch_one("SELECT body, times FROM payment_callback", ()).await
        });
        let (body, times): (Vec<u8>, i64) = kept.await.unwrap();
        assert_eq!((&*body, times), (expected, if expected.is_empty() { 1 } else { 2 }));
    }
}

#[tokio::test]
async fn a_refund_is_settled_by_its_callback_and_once() {
    let waiting = Waiting::open().await;
    waiting.tell(&waiting.total.to_string()).await.unwrap();
    let refund = waiting.refund(100).await;
    assert_eq!((refund.state, refund.in_doubt), (RefundState::Pending, true));
    for reference in ["r-1", "r-1", "r-2"] {
        let body = format!("genuine {} {reference}", refund.idempotency_key());
        waiting.send(body.into_bytes()).await.unwrap();
        assert_eq!(waiting.refund_stands(refund.id).await, (RefundState::Settled, false));
        assert_eq!(waiting.shop.books().await["CLEARING_GENERIC"], waiting.total - 100);
    }
    assert_eq!(waiting.in_review().await, 0);
    waiting.send(format!("genuine {} no", refund.idempotency_key()).into_bytes()).await.unwrap();
    assert_eq!(waiting.refund_stands(refund.id).await, (RefundState::Settled, false));
    assert_eq!(waiting.in_review().await, 1, "people see that the provider contradicts itself");
    waiting.send(b"genuine refund-999 r-3".to_vec()).await.unwrap();
    assert_eq!(waiting.shop.books().await["CLEARING_GENERIC"], waiting.total - 100);
}

#[tokio::test]
async fn people_end_a_refund_of_which_nobody_says_what_became() {
    let waiting = Waiting::open().await;
    waiting.tell(&waiting.total.to_string()).await.unwrap();
    let (refund, admin) = (waiting.refund(waiting.total).await, &waiting.shop.admin);
    let query = ListQuery::try_new(None, None, Vec::new(), None).unwrap();
    let pending = async || waiting.orders.payments.list_pending_refunds(admin, &query).await.unwrap().total;
    assert_eq!(pending().await, 1);
    let early = waiting.orders.resolve_refund(admin, refund.id, FoundOut::Failed, "not there").await;
    assert!(matches!(early, Err(OrderError::Payment(PaymentError::InDoubt(_)))), "{early:?}");
    waiting.shop.store.clock.advance(Duration::from_mins(1));
    assert!(waiting.orders.resolve_refund(admin, refund.id, FoundOut::Failed, " ").await.is_err());
    let failed = waiting.orders.resolve_refund(admin, refund.id, FoundOut::Failed, "not there").await;
    assert_eq!(failed.unwrap().state, RefundState::Failed);
    let again = FoundOut::Settled { transaction_id: Some("r-1".into()) };
    let again = waiting.orders.resolve_refund(admin, refund.id, again, "there after all").await;
    assert!(matches!(again, Err(OrderError::Payment(PaymentError::RefundTransition { .. }))), "{again:?}");
    assert_eq!((pending().await, waiting.shop.books().await["CLEARING_GENERIC"]), (0, waiting.total));
    let second = waiting.refund(waiting.total).await;
    waiting.shop.store.clock.advance(Duration::from_mins(1));
    let settled = FoundOut::Settled { transaction_id: Some("r-2".into()) };
    let settled = waiting.orders.resolve_refund(admin, second.id, settled, "on the statement").await.unwrap();
    assert_eq!((settled.state, settled.transaction_id.as_deref()), (RefundState::Settled, Some("r-2")));
    assert_eq!(waiting.shop.books().await["CLEARING_GENERIC"], 0);
}
