//! Goods and money of an order after it was priced: nothing goes out unpaid, and nothing is counted twice.

use soko_kernel::PaymentId;

use super::*;
use crate::payments::PaymentError;

impl Shop {
    /// An order of these many units, paid as said.
    pub(super) async fn paid(&self, quantity: i64, method: &str) -> OrderView {
        let guest = self.filled(quantity).await;
        let orders = &self.services.orders;
        orders.transition_active(&guest, "ArrangingPayment").await.unwrap();
        orders.add_payment(&guest, pay(method)).await.unwrap()
    }

    pub(super) async fn payment_of(&self, order: &OrderView) -> PaymentId {
        let id = order.order.id;
        self.services.orders.payments_of(&self.admin, &[id]).await.unwrap()[&id][0].id
    }

    /// Units on the shelf and those that are spoken for.
    async fn level(&self) -> (i64, i64) {
        let levels = self.services.inventory.levels_of(&self.admin, &[self.variant]).await.unwrap();
        let level = levels[&self.variant].iter().find(|level| level.location.id == self.location).unwrap();
        (level.on_hand, level.allocated)
    }

    async fn hand_over(&self, order: &OrderView, quantities: &[i64]) -> Result<Fulfillment, OrderError> {
        let line = order.lines[0].line.id.unwrap();
        let goods = NewFulfillment {
            lines: quantities.iter().map(|quantity| (line, *quantity)).collect(),
            method: "boda".into(),
            tracking_code: String::new(),
        };
        self.services.orders.fulfill(&self.admin, order.order.id, goods).await
    }
}

#[tokio::test]
async fn a_cancelled_fulfillment_gives_its_units_back_to_the_order() {
    let shop = Shop::open(10).await;
    let (order, orders) = (shop.paid(5, "cash").await, &shop.services.orders);
    assert_eq!(shop.level().await, (10, 5));
    let part = shop.hand_over(&order, &[1, 1]).await.unwrap();
    assert_eq!(part.lines.iter().map(|line| line.quantity).collect::<Vec<_>>(), [2]);
    assert_eq!(shop.level().await, (8, 3));
    orders.transition_fulfillment(&shop.admin, part.id, "Cancelled").await.unwrap();
    assert_eq!(shop.level().await, (10, 5));
    let all = shop.hand_over(&order, &[5]).await.unwrap();
    assert_eq!(shop.level().await, (5, 0));
    orders.transition_fulfillment(&shop.admin, all.id, "Cancelled").await.unwrap();
    assert_eq!(shop.level().await, (10, 5));
    shop.hand_over(&order, &[5]).await.unwrap();
    assert_eq!(shop.level().await, (5, 0));
}

#[tokio::test]
async fn goods_of_a_cancelled_order_go_nowhere() {
    let shop = Shop::open(10).await;
    let (order, orders) = (shop.paid(5, "cash").await, &shop.services.orders);
    let made = shop.hand_over(&order, &[5]).await.unwrap();
    orders.cancel(&shop.admin, order.order.id, "changed their mind").await.unwrap();
    assert_eq!(shop.level().await, (10, 0));
    let shipped = orders.transition_fulfillment(&shop.admin, made.id, "Shipped").await;
    assert!(matches!(shipped, Err(OrderError::Fulfillment(_))), "{shipped:?}");
}

#[tokio::test]
async fn an_arranged_price_stands() {
    let shop = Shop::open(10).await;
    let checker =
        ConfigurableOperation::new("country-shipping-eligibility-checker", [("countryCodes", "[\"KE\"]")]);
    let within = NewShippingMethod { checker, code: "within".into(), ..delivery() };
    let delivery = shop.services.shipping.create(&shop.admin, within).await.unwrap().id;
    let (guest, orders) = (shop.filled(2).await, &shop.services.orders);
    orders.set_shipping_method(&guest, delivery).await.unwrap();
    let arranged = orders.transition_active(&guest, "ArrangingPayment").await.unwrap();
    let refused = [
        orders.set_shipping_method(&guest, shop.delivery).await.err(),
        orders.remove_all_lines(&guest).await.err(),
        orders.set_shipping_address(&guest, None).await.err(),
        orders.add_items(&guest, vec![(shop.variant, 1)]).await.unwrap().1.pop(),
    ];
    for refusal in refused {
        assert!(matches!(refusal, Some(OrderError::NotModifiable(_))), "{refusal:?}");
    }
    let same = OrderAddress { city: Some("Mombasa".into()), ..nairobi() };
    let moved = orders.set_shipping_address(&guest, Some(same.clone())).await.unwrap();
    orders.set_billing_address(&guest, Some(same)).await.unwrap();
    assert_eq!(moved.order.total(), arranged.total());
    let paid = orders.add_payment(&guest, pay("cash")).await.unwrap();
    assert_eq!((paid.total(), paid.shipping.is_some()), (arranged.total(), true));
    assert_eq!(paid.order.shipping_address.unwrap().city.as_deref(), Some("Mombasa"));
}

#[tokio::test]
async fn what_was_reserved_for_a_cancelled_order_is_given_up() {
    let shop = Shop::open(10).await;
    let (order, orders) = (shop.paid(5, "bank").await, &shop.services.orders);
    let payment = shop.payment_of(&order).await;
    orders.cancel(&shop.admin, order.order.id, "changed their mind").await.unwrap();
    let payments = orders.payments_of(&shop.admin, &[order.order.id]).await.unwrap();
    assert_eq!(payments[&order.order.id][0].state, PaymentState::Cancelled);
    assert!(orders.settle_payment(&shop.admin, payment).await.is_err());
}

#[tokio::test]
async fn goods_stay_while_their_payment_is_given_up_and_go_when_it_is_made_again() {
    let shop = Shop::open(10).await;
    let (order, orders) = (shop.paid(5, "bank").await, &shop.services.orders);
    orders.cancel_payment(&shop.admin, shop.payment_of(&order).await).await.unwrap();
    let unpaid = shop.hand_over(&order, &[5]).await;
    assert!(matches!(unpaid, Err(OrderError::Fulfillment(_))), "{unpaid:?}");
    let paybill = || ManualPayment {
        method: "paybill".into(),
        transaction_id: Some("QWE123".into()),
        metadata: serde_json::json!({}),
    };
    let paid = orders.add_manual_payment(&shop.admin, order.order.id, paybill()).await.unwrap();
    assert_eq!(paid.order.state, OrderState::PaymentSettled);
    shop.hand_over(&order, &[5]).await.unwrap();
    let other = shop.paid(1, "bank").await;
    orders.cancel_payment(&shop.admin, shop.payment_of(&other).await).await.unwrap();
    let again = orders.add_manual_payment(&shop.admin, other.order.id, paybill()).await;
    let in_use = matches!(again, Err(OrderError::Payment(PaymentError::ReferenceInUse(_))));
    assert!(in_use, "{again:?}");
}
