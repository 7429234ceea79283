//! From an empty cart to an order with its code, and every way in which a step is refused.

use std::time::Duration;

use serde_json::json;
use soko_tests::platform::{ALPHA, BETA, LAST, SUGAR, TEA, UNGA};
use soko_tests::shopper::{ORDER, order_of, refusal_of};
use soko_tests::with_server;

/// Longer than stock is held for an order that is being paid.
const HOLD_EXPIRY: Duration = Duration::from_hours(2);

#[test]
fn places_an_order_of_a_guest_from_end_to_end() {
    with_server(async |server| {
        let guest = server.shopper(BETA);
        let sugar = guest.variant(SUGAR).await;
        let unga = guest.variant(UNGA).await;
        let cart = guest.add(&sugar, 2).await;
        assert_eq!(cart["state"], "AddingItems");
        assert_eq!(cart["totalWithTax"], 72_000);
        guest.add(&unga, 3).await;
        guest.set_details("wanjiku@example.com").await;
        let order = guest.choose_shipping().await;
        let code = order["code"].as_str().expect("a code").to_owned();
        let ready = order_of(guest.try_transition("ArrangingPayment").await);
        assert_eq!(ready["state"], "ArrangingPayment");
        let paid = order_of(guest.try_pay("cash").await);
        assert_eq!(paid["state"], "PaymentSettled");
        assert_eq!(paid["code"], code.as_str());
        assert_eq!(paid["active"], false);
        assert_eq!(paid["totalQuantity"], 5);
        assert_eq!(paid["subTotalWithTax"], 102_000);
        assert_eq!(paid["payments"][0]["state"], "Settled");
        assert_eq!(paid["payments"][0]["amount"], paid["totalWithTax"]);
        assert_eq!(paid["customer"]["emailAddress"], "wanjiku@example.com");
        assert!(guest.active_order().await.is_null(), "the cart is empty again");
        let query = format!("query ($code: String!) {{ orderByCode(code: $code) {{ ...O }} }} {ORDER}");
        let found = guest.client.query(&query, json!({ "code": code })).await;
        assert_eq!(found["orderByCode"]["totalWithTax"], paid["totalWithTax"]);
    });
}

#[test]
fn totals_are_the_sums_of_their_parts() {
    with_server(async |server| {
        let guest = server.shopper(ALPHA);
        for (sku, quantity) in [(SUGAR, 3), (UNGA, 7), (TEA, 11)] {
            let variant = guest.variant(sku).await;
            guest.add(&variant, quantity).await;
        }
        guest.set_details("sums@example.com").await;
        let order = guest.choose_shipping().await;
        let number =
            |value: &serde_json::Value| value.as_i64().unwrap_or_else(|| panic!("no integer: {value}"));
        let sum = |field: &str| -> i64 {
            order["lines"].as_array().expect("lines").iter().map(|line| number(&line[field])).sum()
        };
        assert_eq!(number(&order["subTotalWithTax"]), sum("proratedLinePriceWithTax"));
        assert_eq!(number(&order["subTotalWithTax"]), 3 * 36_000 + 7 * 10_000 + 11 * 17_800);
        assert_eq!(
            number(&order["totalWithTax"]),
            number(&order["subTotalWithTax"]) + number(&order["shippingWithTax"])
        );
        assert_eq!(number(&order["total"]), number(&order["subTotal"]) + number(&order["shipping"]));
        let taxes = order["taxSummary"].as_array().expect("a summary").iter();
        let tax: i64 = taxes.map(|tax| number(&tax["taxTotal"])).sum();
        assert_eq!(number(&order["totalWithTax"]) - number(&order["total"]), tax);
    });
}

#[test]
fn refuses_quantities_that_make_no_sense() {
    with_server(async |server| {
        let guest = server.shopper(ALPHA);
        let sugar = guest.variant(SUGAR).await;
        for quantity in [-1, i64::from(i32::MIN)] {
            let refusal = refusal_of(guest.try_add(&sugar, quantity).await);
            assert_eq!(refusal["errorCode"], "NEGATIVE_QUANTITY_ERROR", "{quantity}: {refusal}");
        }
        let refusal = refusal_of(guest.try_add(&sugar, i64::from(i32::MAX)).await);
        let code = refusal["errorCode"].as_str().expect("a code");
        assert!(["ORDER_LIMIT_ERROR", "INSUFFICIENT_STOCK_ERROR"].contains(&code), "{refusal}");
        let beyond = guest.try_add(&sugar, i64::from(i32::MAX) + 1).await;
        assert!(!beyond.message().is_empty(), "GraphQL integers have 32 bits");
        assert!(guest.active_order().await["totalQuantity"].as_i64().unwrap_or(0) <= 500);
    });
}

#[test]
fn refuses_what_is_not_there() {
    with_server(async |server| {
        let guest = server.shopper(ALPHA);
        for unknown in ["999999", "0", "-1", "banana", ""] {
            let answer = guest.try_add(unknown, 1).await;
            assert!(!answer.body["errors"].is_null(), "{unknown:?}: {}", answer.body);
        }
        let last = guest.variant(LAST).await;
        let refusal = refusal_of(guest.try_add(&last, 2).await);
        assert_eq!(refusal["errorCode"], "INSUFFICIENT_STOCK_ERROR");
        assert_eq!(refusal["quantityAvailable"], 1);
        assert_eq!(refusal["order"]["totalQuantity"], 1, "as much as there is goes into the cart");
        let none = server.shopper(ALPHA);
        let query = "query ($code: String!) { orderByCode(code: $code) { id } }";
        let answer = none.client.send(query, json!({ "code": "NOSUCHORDERCODE1" })).await;
        assert!(answer.body["data"]["orderByCode"].is_null(), "{}", answer.body);
    });
}

#[test]
fn refuses_steps_out_of_order() {
    with_server(async |server| {
        let guest = server.shopper(ALPHA);
        let nothing = guest.try_transition("ArrangingPayment").await;
        assert!(nothing.body["data"]["transitionOrderToState"].is_null(), "{}", nothing.body);
        let early = refusal_of(guest.try_pay("cash").await);
        assert_eq!(early["errorCode"], "NO_ACTIVE_ORDER_ERROR");
        let tea = guest.variant(TEA).await;
        guest.add(&tea, 1).await;
        let unready = refusal_of(guest.try_transition("ArrangingPayment").await);
        assert_eq!(unready["errorCode"], "ORDER_STATE_TRANSITION_ERROR");
        assert_eq!(unready["fromState"], "AddingItems");
        let unready = refusal_of(guest.try_pay("cash").await);
        assert_eq!(unready["errorCode"], "ORDER_PAYMENT_STATE_ERROR");
        for state in ["Delivered", "PaymentSettled", "Nonsense", ""] {
            let refusal = refusal_of(guest.try_transition(state).await);
            assert_eq!(refusal["errorCode"], "ORDER_STATE_TRANSITION_ERROR", "{state}");
        }
        guest.arrange_payment(&tea, 1, "order@example.com").await;
        let closed = refusal_of(guest.try_add(&tea, 1).await);
        assert_eq!(closed["errorCode"], "ORDER_MODIFICATION_ERROR");
        let unknown = refusal_of(guest.try_pay("barter").await);
        assert_eq!(unknown["errorCode"], "INELIGIBLE_PAYMENT_METHOD_ERROR");
        assert_eq!(guest.active_order().await["state"], "ArrangingPayment", "nothing is half done");
    });
}

#[test]
fn refuses_a_delivery_that_is_not_offered() {
    with_server(async |server| {
        let guest = server.shopper(BETA);
        let tea = guest.variant(TEA).await;
        guest.add(&tea, 1).await;
        guest.set_details("far@example.com").await;
        let text = "mutation ($id: [ID!]!) { setOrderShippingMethod(shippingMethodId: $id) {
            __typename ... on ErrorResult { errorCode message } } }";
        for id in ["999999", "1"] {
            let answer = guest.client.send(text, json!({ "id": [id] })).await;
            let refusal = refusal_of(answer);
            assert_eq!(
                refusal["errorCode"], "INELIGIBLE_SHIPPING_METHOD_ERROR",
                "{id}: of no shop, or of the other one"
            );
        }
    });
}

#[test]
fn holds_stock_while_an_order_is_paid_and_lets_go_when_the_hold_expires() {
    with_server(async |server| {
        let (first, second) = (server.shopper(ALPHA), server.shopper(ALPHA));
        let last = first.variant(LAST).await;
        first.arrange_payment(&last, 1, "first@example.com").await;
        let refusal = refusal_of(second.try_add(&last, 1).await);
        assert_eq!(refusal["errorCode"], "INSUFFICIENT_STOCK_ERROR");
        server.clock.advance(HOLD_EXPIRY);
        second.check_out(&last, 1, "second@example.com").await;
        let answer = first.try_pay("cash").await;
        let late = soko_tests::client::only_field(&answer.data());
        assert_ne!(late["__typename"], "Order", "nobody pays for a unit that is not there: {late}");
        assert_eq!(first.active_order().await["payments"].as_array().map_or(0, Vec::len), 0);
    });
}

#[test]
fn changes_of_a_cart_reprice_it() {
    with_server(async |server| {
        let guest = server.shopper(ALPHA);
        let (sugar, tea) = (guest.variant(SUGAR).await, guest.variant(TEA).await);
        guest.add(&sugar, 1).await;
        let cart = guest.add(&tea, 2).await;
        let line = |index: usize| cart["lines"][index]["id"].clone();
        let adjust = format!(
            "mutation ($line: ID!, $quantity: Int!) {{ adjustOrderLine(orderLineId: $line, quantity: $quantity) {{
                __typename ... on ErrorResult {{ errorCode message }} ...O }} }} {ORDER}"
        );
        let changed = guest.client.send(&adjust, json!({ "line": line(0), "quantity": 5 })).await;
        assert_eq!(order_of(changed)["totalWithTax"], 5 * 36_000 + 2 * 17_800);
        let negative = guest.client.send(&adjust, json!({ "line": line(0), "quantity": -5 })).await;
        assert_eq!(refusal_of(negative)["errorCode"], "NEGATIVE_QUANTITY_ERROR");
        let gone = guest.client.send(&adjust, json!({ "line": line(0), "quantity": 0 })).await;
        assert_eq!(order_of(gone)["lines"].as_array().map(Vec::len), Some(1));
        let remove = format!(
            "mutation ($line: ID!) {{ removeOrderLine(orderLineId: $line) {{
                __typename ... on ErrorResult {{ errorCode message }} ...O }} }} {ORDER}"
        );
        let empty = order_of(guest.client.send(&remove, json!({ "line": line(1) })).await);
        assert_eq!(empty["totalWithTax"], 0);
        let unknown = guest.client.send(&remove, json!({ "line": "999999" })).await;
        assert!(unknown.status == 200, "{}", unknown.body);
    });
}
