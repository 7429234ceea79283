//! A guest with a cart who turns out to be a customer with another.

use serde_json::{Value, json};
use soko_domain::customers::{GuestCustomer, NewCustomer};
use soko_tests::platform::{ALPHA, PASSWORD, SUGAR, TEA, UNGA};
use soko_tests::shopper::Shopper;
use soko_tests::{TestServer, with_server};

const EMAIL: &str = "asha@example.com";

async fn register(server: &TestServer) {
    let facts = GuestCustomer {
        title: None,
        first_name: "Asha".to_owned(),
        last_name: "Otieno".to_owned(),
        phone_number: None,
        email_address: EMAIL.to_owned(),
    };
    let new = NewCustomer { facts, password: Some(PASSWORD.to_owned()) };
    server.services().customers.create(&server.open(ALPHA).actor, new).await.expect("a customer");
}

async fn log_in(shopper: &Shopper) {
    let text = "mutation ($name: String!, $password: String!) {
        login(username: $name, password: $password) { __typename } }";
    shopper.client.expect("CurrentUser", text, json!({ "name": EMAIL, "password": PASSWORD })).await;
}

/// SKU and quantity of each line, in order of SKU.
fn content(order: &Value) -> Vec<(String, i64)> {
    let lines = order["lines"].as_array().cloned().unwrap_or_default();
    let sku = |line: &Value| line["productVariant"]["sku"].as_str().unwrap_or_default().to_owned();
    let line = |line: &Value| (sku(line), line["quantity"].as_i64().unwrap_or_default());
    let mut content: Vec<_> = lines.iter().map(line).collect();
    content.sort();
    content
}

#[test]
fn a_guests_lines_go_into_the_customers_cart() {
    with_server(async |server| {
        register(server).await;
        let phone = server.shopper(ALPHA);
        let (sugar, tea, unga) =
            (phone.variant(SUGAR).await, phone.variant(TEA).await, phone.variant(UNGA).await);
        log_in(&phone).await;
        phone.add(&sugar, 5).await;
        let own = phone.add(&unga, 1).await;
        let laptop = server.shopper(ALPHA);
        laptop.add(&sugar, 2).await;
        let guest = laptop.add(&tea, 3).await;
        let before = laptop.client.session();
        log_in(&laptop).await;
        assert_ne!(laptop.client.session(), before);
        let merged = laptop.active_order().await;
        assert_eq!(merged["code"], own["code"]);
        let expected = [(SUGAR, 2), (TEA, 3), (UNGA, 1)].map(|(sku, quantity)| (sku.to_owned(), quantity));
        assert_eq!(content(&merged), expected, "the guest's quantity counts");
        assert_eq!(merged["customer"]["emailAddress"], EMAIL);
        let lines = merged["lines"].as_array().cloned().unwrap_or_default();
        let sum: i64 = lines.iter().filter_map(|line| line["linePriceWithTax"].as_i64()).sum();
        assert_eq!(merged["subTotalWithTax"], sum);
        assert_eq!(phone.active_order().await["code"], own["code"]);
        let admin = server.administrator(ALPHA).await;
        let gone =
            admin.query("query ($id: ID!) { order(id: $id) { state } }", json!({ "id": guest["id"] })).await;
        assert!(gone["order"].is_null(), "{gone}");
    });
}

#[test]
fn a_guests_cart_becomes_the_customers_and_can_be_paid() {
    with_server(async |server| {
        register(server).await;
        let shopper = server.shopper(ALPHA);
        let tea = shopper.variant(TEA).await;
        let guest = shopper.add(&tea, 1).await;
        log_in(&shopper).await;
        let own = shopper.active_order().await;
        assert_eq!((&own["code"], &own["customer"]["emailAddress"]), (&guest["code"], &json!(EMAIL)));
        let address = "mutation ($input: CreateAddressInput!) { setOrderShippingAddress(input: $input) { __typename } }";
        let input = json!({ "input": { "streetLine1": "Biashara Street 4", "countryCode": "KE" } });
        shopper.client.expect("Order", address, input).await;
        shopper.choose_shipping().await;
        let arranged = shopper.try_transition("ArrangingPayment").await.data();
        assert_eq!(arranged["transitionOrderToState"]["state"], "ArrangingPayment", "{arranged}");
        let paid = shopper.try_pay("cash").await.data();
        assert_eq!(paid["addPaymentToOrder"]["state"], "PaymentSettled", "{paid}");
    });
}
