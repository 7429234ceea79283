//! Money given back, over HTTP.

use rand::Rng as _;
use serde_json::{Value, json};
use soko_tests::client::only_field;
use soko_tests::load::Records;
use soko_tests::platform::{ALPHA, SUGAR};
use soko_tests::shopper::order_of;
use soko_tests::{Answer, Client, TestServer, invariants, soak, with_server};

use crate::admin_people::employ;

/// Refunds of one payment at the same time.
const AT_ONCE: usize = 10;
/// Units for all of them.
const PLENTY: i64 = 1_000_000;
/// Payments that so many ask for, and those of a soak.
const ROUNDS: [u64; 2] = [3, 1_000];

const REFUND: &str = "mutation ($input: RefundOrderInput!) { refundOrder(input: $input) {
    __typename
    ... on ErrorResult { errorCode message }
    ... on RefundAmountError { maximumRefundable }
    ... on RefundOrderStateError { orderState }
    ... on Refund { id state total items shipping adjustment method reason transactionId paymentId metadata
        lines { quantity orderLineId orderLine { id quantity } refund { id } } } } }";

async fn refund(admin: &Client, input: Value) -> Answer {
    admin.send(REFUND, json!({ "input": input })).await
}

async fn sell(server: &TestServer, quantity: i64) -> Value {
    let shopper = server.shopper(ALPHA);
    let sugar = shopper.variant(SUGAR).await;
    shopper.check_out(&sugar, quantity, "amina@example.com").await
}

#[test]
fn ten_refunds_at_once_never_give_back_more_than_was_paid() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let sugar = server.shopper(ALPHA).variant(SUGAR).await;
        server.restock(ALPHA, &sugar, PLENTY).await;
        let mut random = soak::random();
        let rounds = soak::rounds_of(ROUNDS[0], ROUNDS[1]);
        for _ in 0..rounds {
            let order = sell(server, random.random_range(1..=5)).await;
            let payment = &order["payments"][0];
            let amount = payment["amount"].as_i64().expect("an amount") * 6 / 10;
            let attempts = (0..AT_ONCE).map(async |_| {
                let input = json!({ "paymentId": payment["id"], "amount": amount, "reason": "Torn bag" });
                only_field(&refund(&admin, input).await.data())["__typename"].clone()
            });
            let answers = futures_util::future::join_all(attempts).await;
            let count = |name: &str| answers.iter().filter(|answer| **answer == name).count();
            assert_eq!((count("Refund"), count("RefundAmountError")), (1, AT_ONCE - 1), "{answers:?}");
            let shown = admin
                .query(
                    "query ($id: ID!) { order(id: $id) { payments { refunds { state total } } } }",
                    json!({ "id": order["id"] }),
                )
                .await;
            let expected = json!([{ "state": "Settled", "total": amount }]);
            assert_eq!(shown["order"]["payments"][0]["refunds"], expected);
        }
        let balances = admin.query("{ trialBalance { debits credits account { code } } }", json!({})).await;
        let lines = balances["trialBalance"].as_array().expect("lines").clone();
        let sum = |side: &str| lines.iter().map(|line| line[side].as_i64().expect("a sum")).sum::<i64>();
        assert_eq!(sum("debits"), sum("credits"));
        invariants::check(server.database(), &Records::default()).await;
        println!("{rounds} payments, each refunded once by {AT_ONCE} at once");
    });
}

#[test]
fn a_refund_is_shown_with_its_lines_to_the_shop_and_to_its_customer() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let order = sell(server, 2).await;
        let (payment, line) = (&order["payments"][0]["id"], &order["lines"][0]);
        let lines = json!([{ "orderLineId": line["id"], "quantity": 1 }]);
        let input = json!({ "paymentId": payment, "lines": lines, "reason": "Torn bag" });
        let made = only_field(&refund(&admin, input.clone()).await.data());
        let worth = line["proratedLinePriceWithTax"].as_i64().expect("a price") / 2;
        assert_eq!((&made["state"], &made["total"]), (&json!("Settled"), &json!(worth)), "{made}");
        let shown = json!([{ "quantity": 1, "orderLineId": line["id"],
            "orderLine": { "id": line["id"], "quantity": 2 }, "refund": { "id": made["id"] } }]);
        assert_eq!((&made["lines"], &made["reason"]), (&shown, &json!("Torn bag")));
        let seen = "query ($code: String!) { orderByCode(code: $code) { payments { refunds {
            id state total lines { quantity orderLine { id } } } } } }";
        let guest = server.shopper(ALPHA).client;
        let seen = guest.query(seen, json!({ "code": order["code"] })).await;
        let refunds = json!([{ "id": made["id"], "state": "Settled", "total": worth,
            "lines": [{ "quantity": 1, "orderLine": { "id": line["id"] } }] }]);
        assert_eq!(seen["orderByCode"]["payments"][0]["refunds"], refunds);

        let refused = async |input: Value| {
            let answer = only_field(&refund(&admin, input).await.data());
            answer["errorCode"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
        };
        let two = json!([{ "orderLineId": line["id"], "quantity": 2 }]);
        assert_eq!(refused(json!({ "paymentId": payment, "lines": two })).await, "ALREADY_REFUNDED_ERROR");
        let three = json!([{ "orderLineId": line["id"], "quantity": 3 }]);
        assert_eq!(
            refused(json!({ "paymentId": payment, "lines": three })).await,
            "QUANTITY_TOO_GREAT_ERROR"
        );
        assert_eq!(refused(json!({ "paymentId": payment, "amount": 0 })).await, "NOTHING_TO_REFUND_ERROR");
        let left = order["totalWithTax"].as_i64().expect("a price") - worth;
        let above =
            only_field(&refund(&admin, json!({ "paymentId": payment, "amount": left + 1 })).await.data());
        assert_eq!(
            (&above["errorCode"], &above["maximumRefundable"]),
            (&json!("REFUND_AMOUNT_ERROR"), &json!(left))
        );
        let other = sell(server, 1).await;
        let theirs = json!([{ "orderLineId": other["lines"][0]["id"], "quantity": 1 }]);
        let mismatch = refused(json!({ "paymentId": payment, "lines": theirs })).await;
        assert_eq!(mismatch, "PAYMENT_ORDER_MISMATCH_ERROR");
        let both = json!([{ "orderLineId": line["id"], "quantity": 1 },
            { "orderLineId": other["lines"][0]["id"], "quantity": 1 }]);
        assert_eq!(refused(json!({ "paymentId": payment, "lines": both })).await, "MULTIPLE_ORDER_ERROR");
        let (clerk, _) = employ(server, &admin, "clerk", &["ReadOrder"]).await;
        assert_eq!(refund(&clerk, input).await.code(), "FORBIDDEN");
    });
}

#[test]
fn what_was_paid_by_bank_is_given_back_by_hand() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let guest = server.shopper(ALPHA);
        let sugar = guest.variant(SUGAR).await;
        guest.arrange_payment(&sugar, 1, "amina@example.com").await;
        let order = order_of(guest.try_pay("bank-transfer").await);
        let payment = &order["payments"][0]["id"];
        let early = only_field(&refund(&admin, json!({ "paymentId": payment, "amount": 100 })).await.data());
        assert_eq!(
            (&early["errorCode"], &early["orderState"]),
            (&json!("REFUND_ORDER_STATE_ERROR"), &json!("PaymentAuthorized"))
        );
        let settle = "mutation ($id: ID!) { settlePayment(id: $id) { __typename } }";
        admin.expect("Payment", settle, json!({ "id": payment })).await;
        let begun = only_field(&refund(&admin, json!({ "paymentId": payment, "amount": 100 })).await.data());
        assert_eq!((&begun["state"], &begun["transactionId"]), (&json!("Pending"), &Value::Null), "{begun}");
        let by_hand = "mutation ($id: ID!) { settleRefund(input: { id: $id, transactionId: \"slip-1\" }) {
            __typename ... on Refund { state transactionId } ... on ErrorResult { errorCode } } }";
        let done = only_field(&admin.query(by_hand, json!({ "id": begun["id"] })).await);
        assert_eq!((&done["state"], &done["transactionId"]), (&json!("Settled"), &json!("slip-1")));
        let again = only_field(&admin.query(by_hand, json!({ "id": begun["id"] })).await);
        assert_eq!(again["errorCode"], "REFUND_STATE_TRANSITION_ERROR");
    });
}
