//! What administrators do with orders by hand.

use soko_kernel::{CustomerId, ListQuery};

use super::*;
use crate::customers::NewCustomer;
use crate::payments::PaymentError;

impl Shop {
    /// An administrator of the channel as it is now.
    async fn manager(&self) -> Actor {
        Actor::system(self.services.channels.resolve(Some("test")).await.unwrap())
    }
}

fn paybill() -> ManualPayment {
    ManualPayment {
        method: "paybill".into(),
        transaction_id: Some("QWE123".into()),
        metadata: serde_json::json!({}),
    }
}

#[tokio::test]
async fn an_order_that_was_paid_elsewhere_is_a_sale() {
    let shop = Shop::open(5).await;
    let (guest, manager) = (shop.filled(2).await, shop.manager().await);
    let (orders, id) = (&shop.services.orders, guest.active_order.unwrap());
    let early = orders.add_manual_payment(&manager, id, paybill()).await;
    assert!(matches!(early, Err(OrderError::PaymentState)), "{early:?}");
    let arranged = orders.transition_order(&manager, id, "ArrangingPayment").await.unwrap();
    let paid = orders.add_manual_payment(&manager, id, paybill()).await.unwrap();
    assert_eq!(paid.order.state, OrderState::PaymentSettled);
    assert!(!paid.order.active && paid.order.placed_at.is_some());
    let payments = &orders.payments_of(&manager, &[id]).await.unwrap()[&id];
    assert_eq!(payments.len(), 1);
    assert_eq!((payments[0].amount, payments[0].state), (arranged.total().gross, PaymentState::Settled));
    assert_eq!(payments[0].transaction_id.as_deref(), Some("QWE123"));
    let saleable = shop.services.inventory.saleable(&guest, &[shop.variant]).await.unwrap();
    assert_eq!(saleable[&shop.variant].at_most(1000), 3);
    let again = orders.add_manual_payment(&manager, id, paybill()).await;
    assert!(matches!(again, Err(OrderError::PaymentState)), "{again:?}");
    let replay = orders.replay_receipt(&manager, &paid.order.code).await.unwrap();
    assert!(replay.is_equal(), "{:?}", replay.differences);
}

#[tokio::test]
async fn an_order_goes_no_further_than_its_payments_and_fulfillments() {
    let shop = Shop::open(5).await;
    let (guest, manager) = (shop.filled(2).await, shop.manager().await);
    let (orders, id) = (&shop.services.orders, guest.active_order.unwrap());
    let refuse = async |states: &[&str]| {
        for to in states {
            let refused = orders.transition_order(&manager, id, to).await;
            assert!(matches!(refused, Err(OrderError::StateTransition { .. })), "{to}: {refused:?}");
        }
    };
    refuse(&["PaymentSettled", "Shipped", "Nonsense", "Draft"]).await;
    orders.transition_order(&manager, id, "ArrangingPayment").await.unwrap();
    refuse(&["PaymentAuthorized", "PaymentSettled", "Delivered"]).await;
    let reopened = orders.transition_order(&manager, id, "AddingItems").await.unwrap();
    assert_eq!(reopened.order.state, OrderState::AddingItems);
    orders.transition_active(&guest, "ArrangingPayment").await.unwrap();
    let placed = orders.add_payment(&guest, pay("bank")).await.unwrap();
    refuse(&["PaymentSettled", "Shipped", "Modifying"]).await;
    let payment = orders.payments_of(&manager, &[id]).await.unwrap()[&id][0].id;
    let backwards = orders.transition_payment(&manager, payment, "Created").await;
    let refused = matches!(backwards, Err(OrderError::Payment(PaymentError::StateTransition { .. })));
    assert!(refused, "{backwards:?}");
    assert!(orders.transition_payment(&manager, payment, "Nonsense").await.is_err());
    let settled = orders.transition_payment(&manager, payment, "Settled").await.unwrap();
    assert_eq!(settled.state, PaymentState::Settled);
    refuse(&["Shipped", "Delivered"]).await;
    let line = placed.lines[0].line.id.unwrap();
    let goods =
        NewFulfillment { lines: vec![(line, 2)], method: "boda".into(), tracking_code: String::new() };
    let made = orders.fulfill(&manager, id, goods).await.unwrap();
    orders.transition_fulfillment(&manager, made.id, "Shipped").await.unwrap();
    refuse(&["Delivered"]).await;
    let cancelled = orders.transition_order(&manager, id, "Cancelled").await.unwrap();
    assert_eq!(cancelled.order.state, OrderState::Cancelled);
    let stranger = shop.store.add_channel("other").await;
    let theirs = orders.transition_order(&stranger, id, "Cancelled").await;
    assert!(matches!(theirs, Err(OrderError::NotFound(_))), "{theirs:?}");
}

#[tokio::test]
async fn notes_are_for_the_shop_unless_they_are_public() {
    let shop = Shop::open(5).await;
    let (guest, manager) = (shop.filled(1).await, shop.manager().await);
    let (orders, id) = (&shop.services.orders, guest.active_order.unwrap());
    orders.add_note(&manager, id, "gate 3".into(), true).await.unwrap();
    orders.add_note(&manager, id, "pays late".into(), false).await.unwrap();
    let notes = async |actor: &Actor| {
        let page = orders.history(actor, id, &ListQuery::default()).await.unwrap();
        let notes = page.items.into_iter().filter(|entry| entry.kind == "ORDER_NOTE");
        notes.map(|entry| (entry.id, entry.data["note"].clone())).collect::<Vec<_>>()
    };
    let (seen, all) = (notes(&guest).await, notes(&manager).await);
    assert_eq!((seen.len(), all.len()), (1, 2));
    assert_eq!(seen[0].1, "gate 3");
    let hidden = orders.update_note(&manager, seen[0].0, None, Some(false)).await.unwrap();
    assert_eq!((hidden.is_public, &hidden.data["note"]), (false, &seen[0].1));
    assert!(notes(&guest).await.is_empty());
    for note in ["", "  ", &"x".repeat(10_001)] {
        let refused = orders.add_note(&manager, id, note.to_owned(), true).await;
        assert!(matches!(refused, Err(OrderError::InvalidInput(_))), "{refused:?}");
    }
    let stranger = shop.store.add_channel("other").await;
    assert!(matches!(orders.delete_note(&stranger, seen[0].0).await, Err(OrderError::NotFound(_))));
    assert!(matches!(orders.add_note(&guest, id, "mine".into(), true).await, Err(OrderError::Forbidden(_))));
    orders.delete_note(&manager, seen[0].0).await.unwrap();
    assert_eq!(notes(&manager).await.len(), 1);
}

#[tokio::test]
async fn an_order_is_given_to_a_customer_of_the_channel() {
    let shop = Shop::open(5).await;
    let (guest, manager) = (shop.filled(1).await, shop.manager().await);
    let (orders, id) = (&shop.services.orders, guest.active_order.unwrap());
    let facts = GuestCustomer { email_address: "juma@mail.example".into(), ..asha() };
    let new = NewCustomer { facts, password: None };
    let juma = shop.services.customers.create(&manager, new.clone()).await.unwrap().id;
    let given = orders.set_order_customer(&manager, id, juma, Some("rang up".into())).await.unwrap();
    assert_eq!(given.order.customer_id, Some(juma));
    let page = orders.history(&manager, id, &ListQuery::default()).await.unwrap();
    let entry = page.items.iter().find(|entry| entry.kind == "ORDER_CUSTOMER_UPDATED").unwrap();
    assert_eq!((&entry.data["newCustomerName"], entry.is_public), (&"Asha Otieno".into(), false));
    let stranger = shop.store.add_channel("other").await;
    let theirs = shop.services.customers.create(&stranger, new).await.unwrap().id;
    for unknown in [theirs, CustomerId(999)] {
        let refused = orders.set_order_customer(&manager, id, unknown, None).await;
        assert!(matches!(refused, Err(OrderError::Customer(_))), "{refused:?}");
    }
}
