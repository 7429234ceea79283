//! Carts of guests who turn out to be customers.

use soko_kernel::OrderId;

use super::*;
use crate::auth::AuthError;
use crate::customers::NewCustomer;
use crate::payments::{NewAttempt, Payments};

const PASSWORD: &str = "for-tests-only";
const EMAIL: &str = "asha@mail.example";

impl Shop {
    async fn register(&self) -> soko_kernel::CustomerId {
        let new = NewCustomer { facts: asha(), password: Some(PASSWORD.to_owned()) };
        self.services.customers.create(&self.admin, new).await.unwrap().id
    }

    /// Another variant with this much in stock.
    async fn add_variant(&self, sku: &str, stock: i64) -> VariantId {
        let product = NewProduct::named(Language::EN, sku);
        let product = self.services.catalogue.create_product(&self.admin, product).await.unwrap();
        let new = NewVariant { sku: sku.to_owned(), ..new_variant(product.id) };
        let variant = self.services.catalogue.create_variants(&self.admin, vec![new]).await.unwrap()[0].id;
        self.set_stock(variant, stock).await;
        variant
    }

    async fn set_stock(&self, variant: VariantId, stock: i64) {
        let (scope, now, location) = (self.store.scope(), self.store.clock.now(), self.location);
        self.store
            .database
            .write(scope, async move |tx| {
                Inventory::set_stock_in_tx(tx, scope, &[(variant, location, stock)], now).await
            })
            .await
            .unwrap();
    }

    /// Logs the customer in with what a client has in their hands.
    async fn log_in(&self, actor: &Actor) -> Actor {
        let logged_in = self.services.orders.log_in(actor, EMAIL, PASSWORD.to_owned(), false).await;
        self.again(&logged_in.unwrap().token).await
    }

    async fn with_cart(&self, actor: &Actor, items: &[(VariantId, i64)]) -> Actor {
        let (changed, refusals) = self.services.orders.add_items(actor, items.to_vec()).await.unwrap();
        assert!(refusals.is_empty(), "{refusals:?}");
        match changed.session_token {
            Some(token) => self.again(&token).await,
            None => Actor { active_order: Some(changed.order.order.id), ..actor.clone() },
        }
    }

    async fn guest_with(&self, items: &[(VariantId, i64)]) -> Actor {
        self.with_cart(&self.guest().await, items).await
    }

    /// The customer's own cart, from a visit before.
    async fn own_cart(&self, items: &[(VariantId, i64)]) -> Actor {
        let customer = self.log_in(&self.guest().await).await;
        self.with_cart(&customer, items).await
    }

    async fn cart(&self, actor: &Actor) -> OrderView {
        self.services.orders.find_active(actor).await.unwrap().unwrap()
    }

    async fn exists(&self, order: OrderId) -> bool {
        self.services.orders.find(&self.admin, order).await.unwrap().is_some()
    }

    async fn begin_payment(&self, order_id: OrderId) {
        let (scope, now) = (self.store.scope(), self.store.clock.now());
        let metadata = serde_json::json!({});
        let (method, handler) = ("bank".to_owned(), "manual".to_owned());
        let attempt = NewAttempt { order_id, method, handler, amount: 100, metadata };
        let begin =
            async move |tx: &mut soko_infra::Tx| Payments::begin_in_tx(tx, scope, &attempt, now).await;
        self.store.database.write(scope, begin).await.unwrap();
    }
}

fn quantities(order: &OrderView) -> Vec<(VariantId, i64)> {
    order.lines.iter().map(|view| (view.line.variant_id, view.line.quantity)).collect()
}

#[tokio::test]
async fn a_guests_lines_go_into_the_customers_cart_and_the_guests_is_gone() {
    let shop = Shop::open(100).await;
    shop.bind_bulk_discount().await;
    let customer = shop.register().await;
    let (beans, salt) = (shop.add_variant("BEANS", 100).await, shop.add_variant("SALT", 100).await);
    let own = shop.own_cart(&[(shop.variant, 12), (salt, 1)]).await;
    let before = shop.cart(&own).await;
    assert_eq!(before.discounts().unwrap().len(), 1);
    let guest = shop.guest_with(&[(beans, 10), (shop.variant, 2)]).await;
    let gone = guest.active_order.unwrap();
    let merged = shop.log_in(&guest).await;
    assert_eq!(merged.active_order, own.active_order);
    let cart = shop.cart(&merged).await;
    assert_eq!(quantities(&cart), [(shop.variant, 2), (salt, 1), (beans, 10)]);
    assert_eq!(cart.order.customer_id, Some(customer));
    assert_eq!(cart.order.totals.sub_total.gross, 2 * 11_600 + 11_600 + 10 * 10_440, "priced again");
    assert!(!shop.exists(gone).await);
    let stale = shop.services.orders.add_items(&guest, vec![(salt, 1)]).await;
    assert!(stale.is_err(), "the guest's session has ended");
}

#[tokio::test]
async fn a_guests_cart_becomes_that_of_a_customer_without_one() {
    let shop = Shop::open(5).await;
    let customer = shop.register().await;
    let guest = shop.guest_with(&[(shop.variant, 2)]).await;
    let actor = shop.log_in(&guest).await;
    assert_eq!(actor.active_order, guest.active_order);
    assert_eq!(shop.cart(&actor).await.order.customer_id, Some(customer));
    let again = shop.log_in(&actor).await;
    assert_eq!(quantities(&shop.cart(&again).await), [(shop.variant, 2)], "logging in again changes nothing");
    let elsewhere = shop.log_in(&shop.guest().await).await;
    assert_eq!(elsewhere.active_order, actor.active_order, "their cart is there on every device");
}

#[tokio::test]
async fn merging_takes_no_more_than_there_is() {
    let shop = Shop::open(10).await;
    shop.register().await;
    let beans = shop.add_variant("BEANS", 6).await;
    shop.own_cart(&[(shop.variant, 3)]).await;
    let guest = shop.guest_with(&[(shop.variant, 9), (beans, 6)]).await;
    shop.set_stock(shop.variant, 5).await;
    shop.set_stock(beans, 0).await;
    let merged = shop.log_in(&guest).await;
    assert_eq!(quantities(&shop.cart(&merged).await), [(shop.variant, 5)]);
}

#[tokio::test]
async fn an_arranged_order_is_opened_again_and_lets_go_of_its_stock() {
    let shop = Shop::open(10).await;
    shop.register().await;
    let own = shop.own_cart(&[(shop.variant, 3)]).await;
    let orders = &shop.services.orders;
    orders.set_shipping_address(&own, Some(nairobi())).await.unwrap();
    orders.set_shipping_method(&own, shop.delivery).await.unwrap();
    orders.transition_active(&own, "ArrangingPayment").await.unwrap();
    let guest = shop.guest_with(&[(shop.variant, 7)]).await;
    let merged = shop.log_in(&guest).await;
    let cart = shop.cart(&merged).await;
    assert_eq!((cart.order.state, quantities(&cart)), (OrderState::AddingItems, vec![(shop.variant, 7)]));
    let saleable = shop.services.inventory.saleable(&merged, &[shop.variant]).await.unwrap();
    assert_eq!(saleable[&shop.variant].at_most(1000), 10);
}

#[tokio::test]
async fn orders_that_are_being_paid_for_are_left_alone() {
    let shop = Shop::open(10).await;
    let customer = shop.register().await;
    let own = shop.own_cart(&[(shop.variant, 3)]).await;
    shop.begin_payment(own.active_order.unwrap()).await;
    let untouched = shop.cart(&own).await.order;
    let guest = shop.guest_with(&[(shop.variant, 1)]).await;
    let merged = shop.log_in(&guest).await;
    assert_eq!(merged.active_order, guest.active_order);
    assert_eq!(shop.cart(&merged).await.order.customer_id, Some(customer));
    assert_eq!(shop.cart(&own).await.order, untouched);
    let paying = shop.guest_with(&[(shop.variant, 2)]).await;
    shop.begin_payment(paying.active_order.unwrap()).await;
    let untouched = shop.cart(&paying).await.order;
    let carried = shop.log_in(&paying).await;
    assert_eq!(shop.cart(&carried).await.order, untouched);
}

#[tokio::test]
async fn a_wrong_password_and_somebody_elses_cart_change_nothing() {
    let shop = Shop::open(10).await;
    shop.register().await;
    let guest = shop.guest_with(&[(shop.variant, 1)]).await;
    let refused = shop.services.orders.log_in(&guest, EMAIL, "wrong".to_owned(), false).await;
    assert!(matches!(refused, Err(OrderError::Auth(AuthError::InvalidCredentials))), "{refused:?}");
    assert_eq!(shop.cart(&guest).await.order.customer_id, None);
    let facts = GuestCustomer { email_address: "juma@mail.example".into(), ..asha() };
    let new = NewCustomer { facts, password: Some(PASSWORD.to_owned()) };
    shop.services.customers.create(&shop.admin, new).await.unwrap();
    let asha = shop.own_cart(&[(shop.variant, 4)]).await;
    let log_in = shop.services.orders.log_in(&asha, "juma@mail.example", PASSWORD.to_owned(), false);
    let juma = shop.again(&log_in.await.unwrap().token).await;
    assert_eq!(juma.active_order, None, "the cart stays with whose it is");
    let asha = shop.log_in(&shop.guest().await).await;
    assert_eq!(quantities(&shop.cart(&asha).await), [(shop.variant, 4)]);
}
