//! Buying on account, over HTTP: what customers may, what they owe and pay, and who sees to it.

use serde_json::{Value, json};
use soko_domain::customers::{GuestCustomer, NewCustomer};
use soko_tests::client::only_field;
use soko_tests::load::Records;
use soko_tests::platform::{ALPHA, PASSWORD, SUGAR};
use soko_tests::shopper::order_of;
use soko_tests::{Client, Shopper, TestServer, invariants, soak, with_server};

use crate::admin_people::employ;

/// Units in stock for the longest of these tests.
const PLENTY: i64 = 1_000_000;
const SUMMARY: &str =
    "fragment S on CreditSummary { __typename customerId isCreditApproved creditFrozen creditLimit
    outstandingAmount availableCredit depositBalance creditDuration lastRepaymentAmount currencyCode }";
const REFUSED: &str = "__typename ... on ErrorResult { errorCode message }";

const PAY_SINGLE: &str = "mutation ($input: PaySingleOrderInput!) { paySingleOrder(input: $input) {
    __typename ... on ErrorResult { errorCode message }
    ... on PaymentExceedsOwedError { outstandingAmount }
    ... on PaymentAllocation { totalAllocated } } }";
const PAY_SUPPLIER: &str = "mutation ($input: SupplierPaymentAllocationInput!) {
    allocateBulkSupplierPayment(input: $input) { __typename ... on ErrorResult { errorCode message }
    ... on SupplierPaymentAllocation {
    totalAllocated advanceAmount excessPayment
    purchasesPaid { purchaseId amountPaid outstandingAmount }
    summary { outstandingAmount advanceBalance } } } }";

/// A customer with an account, logged in, and the shop's ways to pay on account.
pub async fn customer(server: &TestServer, admin: &Client) -> (Shopper, Value) {
    for (code, handler) in [("on-account", "customer-credit"), ("deposit", "store-credit")] {
        let method =
            "mutation ($code: String!, $handler: String!) { createPaymentMethod(input: { code: $code,
            enabled: true, handler: { code: $handler, arguments: [] },
            translations: [{ languageCode: en, name: $code, description: \"\" }] }) { __typename } }";
        admin.expect("PaymentMethod", method, json!({ "code": code, "handler": handler })).await;
    }
    let facts = GuestCustomer {
        title: None,
        first_name: "Asha".to_owned(),
        last_name: "Otieno".to_owned(),
        phone_number: None,
        email_address: "asha@mail.example".to_owned(),
    };
    let new = NewCustomer { facts, password: Some(PASSWORD.to_owned()) };
    let created =
        server.services().customers.create(&server.open(ALPHA).actor, new).await.expect("a customer");
    let shopper = server.shopper(ALPHA);
    let log_in = "mutation ($name: String!, $password: String!) {
        login(username: $name, password: $password) { __typename } }";
    shopper
        .client
        .expect("CurrentUser", log_in, json!({ "name": "asha@mail.example", "password": PASSWORD }))
        .await;
    (shopper, json!(created.id.to_string()))
}

pub async fn arrange(shopper: &Shopper) -> Value {
    let sugar = shopper.variant(SUGAR).await;
    shopper.add(&sugar, 1).await;
    shopper.set_address().await;
    shopper.choose_shipping().await;
    order_of(shopper.try_transition("ArrangingPayment").await)
}

async fn approve(admin: &Client, who: &Value, limit: i64) -> Value {
    let text = format!(
        "mutation ($input: ApproveCustomerCreditInput!) {{
        approveCustomerCredit(input: $input) {{ ...S }} }} {SUMMARY}"
    );
    let input = json!({ "customerId": who, "approved": true, "creditLimit": limit, "creditDuration": 14 });
    only_field(&admin.query(&text, json!({ "input": input })).await)
}

async fn summary(admin: &Client, who: &Value) -> Value {
    let text = format!("query ($who: ID!) {{ creditSummary(customerId: $who) {{ ...S }} }} {SUMMARY}");
    only_field(&admin.query(&text, json!({ "who": who })).await)
}

async fn till(admin: &Client) -> Value {
    let text = "{ ledgerAccounts(options: { filter: { code: { eq: \"CASH_ON_HAND\" } } }) { items { id } } }";
    admin.query(text, json!({})).await["ledgerAccounts"]["items"][0]["id"].clone()
}

async fn allocate(admin: &Client, input: Value) -> Value {
    let text = format!("mutation ($input: PaymentAllocationInput!) {{ allocateBulkPayment(input: $input) {{
        {REFUSED} ... on InsufficientDepositError {{ depositBalance }}
        ... on PaymentAllocation {{ totalAllocated depositedAmount excessPayment
            ordersPaid {{ orderId amountPaid outstandingAmount }} summary {{ outstandingAmount depositBalance }} }} }} }}");
    only_field(&admin.query(&text, json!({ "input": input })).await)
}

/// A new customer buys on account, for all that the limit allows.
pub async fn buy_on_account(server: &TestServer) {
    let admin = server.administrator(ALPHA).await;
    let (shopper, who) = customer(server, &admin).await;
    let order = arrange(&shopper).await;
    approve(&admin, &who, order["totalWithTax"].as_i64().expect("a price")).await;
    let paid = order_of(shopper.try_pay("on-account").await);
    assert_eq!(paid["state"], "PaymentSettled", "{paid}");
}

#[test]
fn a_customer_buys_on_account_up_to_the_limit_and_pays_later() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let (shopper, who) = customer(server, &admin).await;
        let nothing = summary(&admin, &who).await;
        assert_eq!((&nothing["isCreditApproved"], &nothing["creditDuration"]), (&json!(false), &json!(30)));
        let order = arrange(&shopper).await;
        let total = order["totalWithTax"].as_i64().expect("a price");
        let refused = only_field(&shopper.try_pay("on-account").await.data());
        assert_eq!(refused["errorCode"], "PAYMENT_DECLINED_ERROR", "{refused}");
        let approved = approve(&admin, &who, total + 10).await;
        assert_eq!(
            (&approved["availableCredit"], &approved["creditDuration"]),
            (&json!(total + 10), &json!(14))
        );
        let paid = order_of(shopper.try_pay("on-account").await);
        assert_eq!(paid["state"], "PaymentSettled", "{paid}");
        assert_eq!(paid["payments"].as_array().map(Vec::len), Some(2), "the refused attempt is on record");
        let owing = summary(&admin, &who).await;
        assert_eq!((&owing["outstandingAmount"], &owing["availableCredit"]), (&json!(total), &json!(10)));
        arrange(&shopper).await;
        let above = only_field(&shopper.try_pay("on-account").await.data());
        assert_eq!(above["errorCode"], "PAYMENT_DECLINED_ERROR", "{above}");

        let unpaid = "query ($who: ID!) { unpaidOrdersForCustomer(customerId: $who) {
            outstandingAmount dueDate order { id code } } }";
        let unpaid = only_field(&admin.query(unpaid, json!({ "who": who })).await);
        let expected = json!([{ "outstandingAmount": total, "dueDate": "2026-07-15",
            "order": { "id": order["id"], "code": order["code"] } }]);
        assert_eq!(unpaid, expected);
        let till = till(&admin).await;
        let money = json!({ "customerId": who, "paymentAmount": total + 500, "cashAccountId": till, "excess": "KEEP" });
        let done = allocate(&admin, money).await;
        assert_eq!(
            (&done["totalAllocated"], &done["depositedAmount"]),
            (&json!(total), &json!(500)),
            "{done}"
        );
        let part = json!([{ "orderId": order["id"], "amountPaid": total, "outstandingAmount": 0 }]);
        assert_eq!(done["ordersPaid"], part);
        assert_eq!(done["summary"], json!({ "outstandingAmount": 0, "depositBalance": 500 }));

        let statement = "query ($who: ID!) { customerStatement(customerId: $who, from: \"2026-07-01\",
            to: \"2026-07-31\") { openingBalance closingBalance totalItems items { amount balance sourceType orderId } } }";
        let stated = only_field(&admin.query(statement, json!({ "who": who })).await);
        assert_eq!((&stated["openingBalance"], &stated["closingBalance"]), (&json!(0), &json!(-500)));
        let last = stated["items"].as_array().and_then(|items| items.last()).expect("lines");
        let expected =
            json!({ "amount": -500, "balance": -500, "sourceType": "PaymentAllocation", "orderId": null });
        assert_eq!(last, &expected);
        invariants::check(server.database(), &Records::default()).await;
    });
}

#[test]
fn refusals_say_which_and_how_much() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let (shopper, who) = customer(server, &admin).await;
        let order = arrange(&shopper).await;
        let total = order["totalWithTax"].as_i64().expect("a price");
        let charge = async |method: &str, amount: Option<i64>| {
            let text = format!(
                "mutation ($input: CreditPaymentInput!) {{ addCreditPaymentToOrder(input: $input) {{
                {REFUSED} ... on CreditLimitExceededError {{ availableCredit }}
                ... on InsufficientDepositError {{ depositBalance }}
                ... on PaymentExceedsOwedError {{ outstandingAmount }} ... on Order {{ state }} }} }}"
            );
            let input = json!({ "orderId": order["id"], "method": method, "amount": amount });
            only_field(&admin.query(&text, json!({ "input": input })).await)
        };
        let validate = async |amount: i64| {
            let text = format!(
                "query ($input: ValidateCreditInput!) {{ validateCredit(input: $input) {{ {REFUSED} }} }}"
            );
            let input = json!({ "customerId": who, "estimatedOrderTotal": amount });
            only_field(&admin.query(&text, json!({ "input": input })).await)
        };
        assert_eq!(charge("on-account", None).await["errorCode"], "CREDIT_NOT_APPROVED_ERROR");
        assert_eq!(validate(1).await["errorCode"], "CREDIT_NOT_APPROVED_ERROR");
        approve(&admin, &who, total - 1).await;
        let above = charge("on-account", None).await;
        let expected = (&json!("CREDIT_LIMIT_EXCEEDED_ERROR"), &json!(total - 1));
        assert_eq!((&above["errorCode"], &above["availableCredit"]), expected);
        assert_eq!(validate(total).await["errorCode"], "CREDIT_LIMIT_EXCEEDED_ERROR");
        assert_eq!(validate(total - 1).await["__typename"], "CreditSummary");
        let empty = charge("deposit", None).await;
        let expected = (&json!("INSUFFICIENT_DEPOSIT_ERROR"), &json!(0));
        assert_eq!((&empty["errorCode"], &empty["depositBalance"]), expected);
        let too_much = charge("on-account", Some(total + 1)).await;
        let expected = (&json!("PAYMENT_EXCEEDS_OWED_ERROR"), &json!(total));
        assert_eq!((&too_much["errorCode"], &too_much["outstandingAmount"]), expected);
        let frozen = "mutation ($who: ID!) { freezeCustomerCredit(customerId: $who) { creditFrozen availableCredit } }";
        let frozen = only_field(&admin.query(frozen, json!({ "who": who })).await);
        assert_eq!(frozen, json!({ "creditFrozen": true, "availableCredit": 0 }));
        assert_eq!(charge("on-account", None).await["errorCode"], "CREDIT_FROZEN_ERROR");
        let thaw = "mutation ($who: ID!) { unfreezeCustomerCredit(customerId: $who) { creditFrozen } }";
        admin.query(thaw, json!({ "who": who })).await;
        assert_eq!(charge("on-account", Some(total - 1)).await["state"], "ArrangingPayment");
        let paid = order_of(shopper.try_pay("cash").await);
        assert_eq!(paid["state"], "PaymentSettled");
        assert_eq!(charge("on-account", None).await["errorCode"], "MANUAL_PAYMENT_STATE_ERROR");

        let single = async |amount: i64| {
            let input = json!({ "orderId": order["id"], "paymentAmount": amount, "cashAccountId": till(&admin).await });
            only_field(&admin.query(PAY_SINGLE, json!({ "input": input })).await)
        };
        let above = single(total).await;
        let expected = (&json!("PAYMENT_EXCEEDS_OWED_ERROR"), &json!(total - 1));
        assert_eq!((&above["errorCode"], &above["outstandingAmount"]), expected);
        assert_eq!(single(total - 1).await["totalAllocated"], json!(total - 1));
        assert_eq!(single(1).await["errorCode"], "NOTHING_OWED_ERROR");
        let nothing = json!({ "customerId": who, "paymentAmount": 5, "cashAccountId": till(&admin).await });
        assert_eq!(allocate(&admin, nothing).await["errorCode"], "NOTHING_OWED_ERROR");
        let neither =
            "mutation ($who: ID!) { allocateBulkPayment(input: { customerId: $who, paymentAmount: 5 }) {
            __typename } }";
        assert_eq!(admin.send(neither, json!({ "who": who })).await.code(), "INVALID_INPUT");
        let (clerk, _) = employ(server, &admin, "clerk", &["ReadCustomer"]).await;
        let denied =
            "mutation ($who: ID!) { approveCustomerCredit(input: { customerId: $who, approved: true }) {
            __typename } }";
        assert_eq!(clerk.send(denied, json!({ "who": who })).await.code(), "FORBIDDEN");
        assert_eq!(summary(&clerk, &who).await["lastRepaymentAmount"], json!(total - 1));
    });
}

/// An order of a customer's whose payment is being arranged, at some till.
async fn at_a_till(server: &TestServer, admin: &Client, who: &Value) -> Value {
    let guest = server.shopper(ALPHA);
    let sugar = guest.variant(SUGAR).await;
    let order = guest.arrange_payment(&sugar, 1, "till@guests.example").await;
    let hand = "mutation ($order: ID!, $who: ID!) {
        setOrderCustomer(input: { orderId: $order, customerId: $who }) { __typename } }";
    admin.expect("Order", hand, json!({ "order": order["id"], "who": who })).await;
    order
}

#[test]
fn two_tills_never_pass_one_limit() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let (shopper, who) = customer(server, &admin).await;
        server.restock(ALPHA, &shopper.variant(SUGAR).await, PLENTY).await;
        let till = till(&admin).await;
        for _ in 0..soak::rounds_of(3, 1_000) {
            let orders = [at_a_till(server, &admin, &who).await, at_a_till(server, &admin, &who).await];
            let total = orders[0]["totalWithTax"].as_i64().expect("a price");
            approve(&admin, &who, 2 * total - 1).await;
            let charges = orders.iter().map(async |order| {
                let text = "mutation ($id: ID!) { addCreditPaymentToOrder(input: { orderId: $id,
                    method: \"on-account\" }) { __typename } }";
                only_field(&admin.query(text, json!({ "id": order["id"] })).await)["__typename"].clone()
            });
            let answers = futures_util::future::join_all(charges).await;
            let sold = answers.iter().filter(|answer| **answer == "Order").count();
            let refused = answers.iter().filter(|answer| **answer == "CreditLimitExceededError").count();
            assert_eq!((sold, refused), (1, 1), "{answers:?}");
            assert_eq!(summary(&admin, &who).await["outstandingAmount"], json!(total));
            invariants::check(server.database(), &Records::default()).await;
            let money = json!({ "customerId": who, "paymentAmount": total, "cashAccountId": till });
            assert_eq!(allocate(&admin, money).await["totalAllocated"], json!(total));
        }
    });
}

#[test]
fn suppliers_sell_on_account_and_are_paid_oldest_first() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let (_, who) = customer(server, &admin).await;
        let buy = async |reference: &str, cost: i64, paid_from: Value| {
            let text = format!(
                "mutation ($input: RecordPurchaseInput!) {{ recordPurchase(input: $input) {{ {REFUSED}
                ... on CreditLimitExceededError {{ availableCredit }}
                ... on SupplierPurchase {{ id outstandingAmount isCreditPurchase purchaseDate }} }} }}"
            );
            let input = json!({ "supplierId": who, "referenceNumber": reference, "totalCost": cost,
                "paidFromAccountId": paid_from });
            only_field(&admin.query(&text, json!({ "input": input })).await)
        };
        assert_eq!(buy("a", 700, Value::Null).await["errorCode"], "CREDIT_NOT_APPROVED_ERROR");
        let approve =
            "mutation ($who: ID!) { approveSupplierCredit(input: { supplierId: $who, approved: true,
            supplierCreditLimit: 1000 }) { availableCredit } }";
        admin.query(approve, json!({ "who": who })).await;
        let first = buy("a", 700, Value::Null).await;
        assert_eq!(
            (&first["outstandingAmount"], &first["purchaseDate"]),
            (&json!(700), &json!("2026-07-01"))
        );
        assert_eq!(buy("a", 1, Value::Null).await["errorCode"], "PURCHASE_REFERENCE_IN_USE_ERROR");
        let above = buy("b", 301, Value::Null).await;
        assert_eq!(
            (&above["errorCode"], &above["availableCredit"]),
            (&json!("CREDIT_LIMIT_EXCEEDED_ERROR"), &json!(300))
        );
        let second = buy("b", 300, Value::Null).await;
        let till = till(&admin).await;
        let cash = buy("c", 5_000, till.clone()).await;
        assert_eq!((&cash["outstandingAmount"], &cash["isCreditPurchase"]), (&json!(0), &json!(false)));
        let pay = async |amount: i64, purchases: Value, excess: &str| {
            let input = json!({ "supplierId": who, "paymentAmount": amount, "paidFromAccountId": till,
                "purchaseIds": purchases, "excess": excess });
            only_field(&admin.query(PAY_SUPPLIER, json!({ "input": input })).await)
        };
        let part = pay(800, Value::Null, "RETURN").await;
        let expected = json!([
            { "purchaseId": first["id"], "amountPaid": 700, "outstandingAmount": 0 },
            { "purchaseId": second["id"], "amountPaid": 100, "outstandingAmount": 200 },
        ]);
        assert_eq!(part["purchasesPaid"], expected, "{part}");
        let unpaid =
            "query ($who: ID!) { unpaidPurchasesForSupplier(supplierId: $who) { id outstandingAmount } }";
        let unpaid = only_field(&admin.query(unpaid, json!({ "who": who })).await);
        assert_eq!(unpaid, json!([{ "id": second["id"], "outstandingAmount": 200 }]));
        assert_eq!(pay(5, json!([first["id"]]), "RETURN").await["errorCode"], "NOTHING_OWED_ERROR");
        let ahead = pay(250, json!([second["id"]]), "KEEP").await;
        assert_eq!((&ahead["totalAllocated"], &ahead["advanceAmount"]), (&json!(200), &json!(50)), "{ahead}");
        assert_eq!(ahead["summary"], json!({ "outstandingAmount": 0, "advanceBalance": 50 }));
        assert_eq!(pay(5, Value::Null, "RETURN").await["errorCode"], "NOTHING_OWED_ERROR");
        let third = buy("d", 80, Value::Null).await;
        assert_eq!(third["outstandingAmount"], json!(30), "what was paid ahead is taken for it");
        let statement = "query ($who: ID!) { supplierStatement(supplierId: $who, from: \"2026-07-01\",
            to: \"2026-07-31\") { closingBalance items { amount } } }";
        let stated = only_field(&admin.query(statement, json!({ "who": who })).await);
        let amounts = [700, 300, -800, -250, 80].map(|amount| json!({ "amount": amount }));
        assert_eq!((&stated["closingBalance"], &stated["items"]), (&json!(30), &json!(amounts)));
        let (clerk, _) = employ(server, &admin, "clerk", &["UpdateOrder", "ReadCustomer"]).await;
        let text = "query ($who: ID!) { unpaidPurchasesForSupplier(supplierId: $who) { id } }";
        assert_eq!(clerk.send(text, json!({ "who": who })).await.code(), "FORBIDDEN");
    });
}
