//! A customer who buys on account, and sells to the shop on account too.

use serde_json::json;
use soko_tests::platform::SUGAR;
use soko_tests::{Client, TestServer};

use super::belongings::id_at;
use super::operation::Ids;

/// Makes the shop's kept customer owe for one order, leaves another to be paid, and owes them for a purchase.
pub async fn open(server: &TestServer, admin: &Client, shop: &'static str, ids: &mut Ids) {
    let who = ids.get("kept_customer").expect("a customer").clone();
    let method = "mutation { createPaymentMethod(input: { code: \"on-account\", enabled: true,
        handler: { code: \"customer-credit\", arguments: [] },
        translations: [{ languageCode: en, name: \"On account\", description: \"\" }] }) { __typename } }";
    admin.expect("PaymentMethod", method, json!({})).await;
    let approve = "mutation ($who: ID!) {
        approveCustomerCredit(input: { customerId: $who, approved: true, creditLimit: 90000000 }) { __typename } }";
    admin.expect("CreditSummary", approve, json!({ "who": who })).await;
    for kind in ["owed_order", "order_to_charge"] {
        let guest = server.shopper(shop);
        let sugar = guest.variant(SUGAR).await;
        let order = guest.arrange_payment(&sugar, 1, "on-account@guests.example").await;
        let id = id_at(&order, "id");
        let hand = "mutation ($order: ID!, $who: ID!) {
            setOrderCustomer(input: { orderId: $order, customerId: $who }) { __typename } }";
        admin.expect("Order", hand, json!({ "order": id, "who": who })).await;
        if kind == "owed_order" {
            let charge = "mutation ($order: ID!) {
                addCreditPaymentToOrder(input: { orderId: $order, method: \"on-account\" }) { __typename } }";
            admin.expect("Order", charge, json!({ "order": id })).await;
        }
        ids.insert(kind.to_owned(), id);
    }
    let approve = "mutation ($who: ID!) { approveSupplierCredit(input: { supplierId: $who, approved: true,
        supplierCreditLimit: 90000000 }) { __typename } }";
    admin.expect("SupplierCreditSummary", approve, json!({ "who": who })).await;
    let buy = "mutation ($who: ID!) { recordPurchase(input: { supplierId: $who, referenceNumber: \"inv-1\",
        totalCost: 70000 }) { __typename ... on SupplierPurchase { id } } }";
    let purchase = admin.expect("SupplierPurchase", buy, json!({ "who": who })).await;
    ids.insert("purchase".to_owned(), id_at(&purchase, "id"));
}
