//! An order paid by several payments: it is paid when they cover it, and none is for more than is left.

use std::collections::BTreeMap;

use super::*;
use crate::payments::{Payment, PaymentError};

fn part(method: &str, amount: impl Into<serde_json::Value>) -> PaymentInput {
    PaymentInput { method: method.into(), metadata: serde_json::json!({ "allocatedAmount": amount.into() }) }
}

impl Shop {
    /// A cart of one unit whose payment is being arranged, for KES 166.00.
    async fn arranged(&self) -> Actor {
        let guest = self.filled(1).await;
        self.services.orders.transition_active(&guest, "ArrangingPayment").await.unwrap();
        guest
    }

    async fn payments(&self, order: &OrderView) -> Vec<Payment> {
        let id = order.order.id;
        self.services.orders.payments_of(&self.admin, &[id]).await.unwrap()[&id].clone()
    }
}

#[tokio::test]
async fn several_tenders_pay_one_order_and_their_taxes_add_up() {
    let shop = Shop::open(10).await;
    let (guest, orders) = (shop.arranged().await, &shop.services.orders);
    let first = orders.add_payment(&guest, part("cash", 1)).await.unwrap();
    assert_eq!((first.order.state, first.order.active), (OrderState::ArrangingPayment, true));
    orders.add_payment(&guest, part("cash", 6_599)).await.unwrap();
    let placed = orders.add_payment(&guest, pay("cash")).await.unwrap();
    assert_eq!(placed.order.state, OrderState::PaymentSettled);
    let amounts: Vec<i64> = shop.payments(&placed).await.iter().map(|payment| payment.amount).collect();
    assert_eq!(amounts, [1, 6_599, 10_000]);
    let total = placed.total();
    let expected: BTreeMap<String, i64> =
        [("CASH_ON_HAND", total.gross), ("SALES", -total.net), ("TAX_PAYABLE", total.net - total.gross)]
            .map(|(code, amount)| (code.to_owned(), amount))
            .into();
    assert_eq!(shop.books().await, expected);
    assert!(matches!(orders.add_payment(&guest, pay("cash")).await, Err(OrderError::NoActiveOrder)));
}

#[tokio::test]
async fn an_order_is_authorised_until_its_last_tender_is_settled() {
    let shop = Shop::open(10).await;
    let (guest, orders) = (shop.arranged().await, &shop.services.orders);
    shop.services.payments.create_method(&shop.admin, payment_method("transfer", "bank")).await.unwrap();
    let guest = Actor { channel: shop.guest().await.channel, ..guest };
    orders.add_payment(&guest, part("transfer", 6_600)).await.unwrap();
    let placed = orders.add_payment(&guest, part("cash", 10_000)).await.unwrap();
    assert_eq!(placed.order.state, OrderState::PaymentAuthorized);
    let transfer = shop.payments(&placed).await[0].clone();
    assert_eq!((transfer.state, transfer.handler.as_str()), (PaymentState::Authorized, "bank"));
    orders.settle_payment(&shop.admin, transfer.id).await.unwrap();
    let paid = orders.find(&shop.admin, placed.order.id).await.unwrap().unwrap();
    assert_eq!(paid.order.state, OrderState::PaymentSettled);
    let books = shop.books().await;
    assert_eq!((books["BANK_MAIN"], books["CASH_ON_HAND"]), (6_600, 10_000));
}

#[tokio::test]
async fn a_payment_is_for_a_part_of_what_is_left_or_for_all_of_it() {
    let shop = Shop::open(10).await;
    let (guest, orders) = (shop.arranged().await, &shop.services.orders);
    let refused = |amount: serde_json::Value, left: i64| {
        let guest = guest.clone();
        async move {
            let refused = orders.add_payment(&guest, part("cash", amount.clone())).await;
            let expected = matches!(refused, Err(OrderError::Payment(PaymentError::Amount { outstanding }))
                if outstanding == left);
            assert!(expected, "{amount}: {refused:?}");
        }
    };
    let fraction = serde_json::from_str("1.5").unwrap();
    for nonsense in [0.into(), (-5).into(), 16_601.into(), fraction, "100".into(), u64::MAX.into()] {
        refused(nonsense, 16_600).await;
    }
    let part_paid = orders.add_payment(&guest, part("cash", 16_000)).await.unwrap();
    refused(601.into(), 600).await;
    let (admin, id) = (&shop.admin, part_paid.order.id);
    let by_hand = |amount: i64| ManualPayment {
        method: "paybill".into(),
        transaction_id: None,
        metadata: serde_json::json!({ "allocatedAmount": amount }),
    };
    let above = orders.add_manual_payment(admin, id, by_hand(601)).await;
    assert!(matches!(above, Err(OrderError::Payment(PaymentError::Amount { outstanding: 600 }))));
    let part_paid = orders.add_manual_payment(admin, id, by_hand(100)).await.unwrap();
    assert_eq!(part_paid.order.state, OrderState::ArrangingPayment);
    let placed = orders.add_payment(
        &guest,
        PaymentInput { metadata: serde_json::json!({ "allocatedAmount": null }), ..pay("cash") },
    );
    let placed = placed.await.unwrap();
    assert_eq!(placed.order.state, OrderState::PaymentSettled);
    assert_eq!(shop.payments(&placed).await.len(), 3, "what was refused left nothing");
}

#[tokio::test]
async fn each_tender_is_refunded_up_to_what_it_brought() {
    let shop = Shop::open(10).await;
    let (guest, orders) = (shop.arranged().await, &shop.services.orders);
    orders.add_payment(&guest, part("cash", 6_600)).await.unwrap();
    let placed = orders.add_payment(&guest, pay("cash")).await.unwrap();
    let first = shop.payments(&placed).await[0].id;
    let refund = |amount| RefundInput {
        payment: first,
        amount: Some(amount),
        lines: Vec::new(),
        shipping: 0,
        adjustment: 0,
        reason: None,
    };
    let above = orders.refund(&shop.admin, refund(6_601)).await;
    assert!(matches!(above, Err(OrderError::Payment(PaymentError::RefundAmount { maximum: 6_600 }))));
    orders.refund(&shop.admin, refund(6_600)).await.unwrap();
    assert_eq!(shop.books().await["CASH_ON_HAND"], 10_000);
}

#[tokio::test]
async fn who_paid_a_part_keeps_their_goods_on_hold() {
    let shop = Shop::open(1).await;
    let other = shop.filled(1).await;
    let (guest, orders) = (shop.arranged().await, &shop.services.orders);
    shop.store.clock.advance(std::time::Duration::from_mins(25));
    orders.add_payment(&guest, part("cash", 6_600)).await.unwrap();
    shop.store.clock.advance(std::time::Duration::from_mins(10));
    let refused = orders.transition_active(&other, "ArrangingPayment").await;
    assert!(matches!(refused, Err(OrderError::StateTransition { .. })), "{refused:?}");
    let placed = orders.add_payment(&guest, pay("cash")).await.unwrap();
    assert_eq!(placed.order.state, OrderState::PaymentSettled);
}
