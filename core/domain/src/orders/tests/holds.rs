//! Stock that is kept for those who pay: who gets the last unit when somebody is slow.

use soko_extension::payment::{
    PaymentChange, PaymentHandler, PaymentOutcome, PaymentReference, PaymentRequest,
};

use super::*;
use crate::payments::{PaymentHandlers, Payments};

#[tokio::test]
async fn an_expired_hold_stops_no_other_buyer_and_its_owner_from_paying() {
    let shop = Shop::open(1).await;
    let (slow, quick) = (shop.filled(1).await, shop.filled(1).await);
    let orders = &shop.services.orders;
    orders.transition_active(&slow, "ArrangingPayment").await.unwrap();
    let held = orders.transition_active(&quick, "ArrangingPayment").await;
    assert!(matches!(held, Err(OrderError::StateTransition { .. })), "{held:?}");
    shop.store.clock.advance(HOLD_LIFETIME);
    // No job has removed the hold.
    orders.transition_active(&quick, "ArrangingPayment").await.unwrap();
    let refused = orders.add_payment(&slow, pay("cash")).await.unwrap_err();
    let OrderError::StateTransition { from, reason, .. } = &refused else { panic!("{refused}") };
    assert_eq!(*from, OrderState::ArrangingPayment);
    assert!(reason.contains("only 0 units"), "{reason}");
    let id = slow.active_order.unwrap();
    assert!(orders.payments_of(&shop.admin, &[id]).await.unwrap().get(&id).is_none_or(Vec::is_empty));
    assert_eq!(
        orders.add_payment(&quick, pay("cash")).await.unwrap().order.state,
        OrderState::PaymentSettled
    );
}

#[tokio::test]
async fn who_pays_late_is_held_the_goods_anew() {
    let shop = Shop::open(1).await;
    let guest = shop.filled(1).await;
    let orders = &shop.services.orders;
    orders.transition_active(&guest, "ArrangingPayment").await.unwrap();
    shop.store.clock.advance(HOLD_LIFETIME * 3);
    assert_eq!(shop.services.inventory.expire_holds(shop.store.clock.now()).await.unwrap(), 1);
    let placed = orders.add_payment(&guest, pay("cash")).await.unwrap();
    assert_eq!(placed.order.state, OrderState::PaymentSettled);
}

/// A till that takes the money while somebody finds the shelf empty.
struct SlowTill {
    store: soko_infra::Database,
    scope: soko_kernel::ChannelScope,
    variant: VariantId,
    shelf: StockLocationId,
}

#[async_trait]
impl PaymentHandler for SlowTill {
    fn code(&self) -> &'static str {
        "slow-till"
    }

    fn description(&self) -> &'static str {
        "Takes its time"
    }

    async fn create(&self, _request: PaymentRequest) -> PaymentOutcome {
        let (scope, counts) = (self.scope, vec![(self.variant, self.shelf, 0)]);
        let counted = self.store.write(scope, async move |tx| {
            Inventory::set_stock_in_tx(tx, scope, &counts, crate::testing::TEST_START).await
        });
        counted.await.unwrap();
        PaymentOutcome::Settled { transaction_id: Some("till-1".into()) }
    }

    async fn settle(&self, _payment: PaymentReference) -> PaymentChange {
        PaymentChange::Done
    }

    async fn cancel(&self, _payment: PaymentReference) -> PaymentChange {
        PaymentChange::Done
    }
}

#[tokio::test]
async fn money_that_was_taken_stays_on_record_when_the_goods_are_gone() {
    let shop = Shop::open(1).await;
    let till = SlowTill {
        store: shop.store.database.clone(),
        scope: shop.store.scope(),
        variant: shop.variant,
        shelf: shop.location,
    };
    let handlers = PaymentHandlers::of([Arc::new(till) as Arc<dyn PaymentHandler>]);
    let payments = Payments::new(shop.store.database.clone(), shop.store.clock.clone(), handlers);
    payments.create_method(&shop.admin, payment_method("till", "slow-till")).await.unwrap();
    let neighbours = Neighbours {
        auth: shop.services.auth.clone(),
        tax: shop.services.tax.clone(),
        shipping: shop.services.shipping.clone(),
        payments,
        pricing: shop.services.pricing.clone(),
    };
    let (database, clock) = (shop.store.database.clone(), shop.store.clock.clone());
    let orders = Orders::new(database, clock, Random::seeded(43), neighbours);
    let guest = shop.filled(1).await;
    orders.transition_active(&guest, "ArrangingPayment").await.unwrap();
    let refused = orders.add_payment(&guest, pay("till")).await;
    assert!(matches!(refused, Err(OrderError::StateTransition { .. })), "{refused:?}");
    let id = guest.active_order.unwrap();
    let recorded = &orders.payments_of(&shop.admin, &[id]).await.unwrap()[&id];
    assert_eq!(recorded.iter().map(|payment| payment.state).collect::<Vec<_>>(), [PaymentState::Settled]);
    let order = orders.find(&shop.admin, id).await.unwrap().unwrap();
    assert_eq!((order.order.state, order.order.active), (OrderState::ArrangingPayment, true));

    // The goods are there after all: nothing is left to pay, so nobody is asked.
    let (scope, counts) = (shop.store.scope(), vec![(shop.variant, shop.location, 1)]);
    let work = async move |tx: &mut soko_infra::Tx| {
        Inventory::set_stock_in_tx(tx, scope, &counts, crate::testing::TEST_START).await
    };
    shop.store.database.write(scope, work).await.unwrap();
    let placed = orders.add_payment(&guest, pay("till")).await.unwrap();
    assert_eq!(placed.order.state, OrderState::PaymentSettled);
    assert_eq!(orders.payments_of(&shop.admin, &[id]).await.unwrap()[&id].len(), 1);
}
