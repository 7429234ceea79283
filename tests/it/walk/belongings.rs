//! What each shop has: one thing of every kind that an operation may name.

use serde_json::{Value, json};
use soko_domain::customers::{GuestCustomer, NewCustomer};
use soko_host::testing::{ActionGuest, PaymentGuest};
use soko_tests::platform::{PASSWORD, SUGAR, TEA};
use soko_tests::plugins::{bind, cents_off, update, upload};
use soko_tests::shopper::order_of;
use soko_tests::{Client, Shopper, TestServer};

use super::operation::Ids;
use super::{accounts, spares};

/// Where the Admin API shows a thing of each kind: the first id of the answer is taken.
const ADMIN_KINDS: &[(&str, &str)] = &[
    ("administrator", "activeAdministrator { id }"),
    ("binding", "pluginBindings { items { id } }"),
    ("channel", "activeChannel { id }"),
    ("collection", "collections { items { id } }"),
    ("facet_value", "products { items { facetValues { id } } }"),
    ("delivery", "eventActions(options: { filter: { actionType: { eq: \"webhook\" } } }) { items { id } }"),
    (
        "fulfillment",
        "orders(options: { filter: { active: { eq: false } } }) { items { fulfillments { id } } }",
    ),
    ("bank_account", "ledgerAccounts(options: { filter: { code: { eq: \"BANK_MAIN\" } } }) { items { id } }"),
    ("cash_account", "ledgerAccounts(options: { filter: { code: { eq: \"CASH\" } } }) { items { id } }"),
    (
        "till_account",
        "ledgerAccounts(options: { filter: { code: { eq: \"CASH_ON_HAND\" } } }) { items { id } }",
    ),
    (
        "journal_entry",
        "journalEntries(options: { filter: { sourceType: { eq: \"Expense\" } } }) { items { id } }",
    ),
    (
        "note",
        "orders { items { history(options: { filter: { type: { eq: \"ORDER_NOTE\" } } }) { items { id } } } }",
    ),
    ("notification", "notifications { items { id } }"),
    ("order", "orders(options: { filter: { active: { eq: false } } }) { items { id } }"),
    ("order_line", "orders(options: { filter: { active: { eq: false } } }) { items { lines { id } } }"),
    ("plugin", "plugins { items { id } }"),
    ("plugin_version", "pluginVersions { items { id } }"),
    ("product", "products { items { id } }"),
    ("seller", "activeChannel { seller { id } }"),
    ("stock_location", "stockLocations { items { id } }"),
    ("tax_category", "taxCategories { items { id } }"),
    ("variant", "productVariants { items { id } }"),
    ("webhook", "webhookEndpoints { id }"),
    ("zone", "activeChannel { defaultTaxZone { id } }"),
];

/// Where the Shop API shows a thing of each kind to the customer.
const SHOP_KINDS: &[(&str, &str)] = &[
    ("cart_line", "activeOrder { lines { id } }"),
    ("collection", "collections { items { id } }"),
    ("facet", "facets { items { id } }"),
    ("facet_value", "facets { items { values { id } } }"),
    ("notification", "notifications { items { id } }"),
    ("product", "products { items { id } }"),
    ("shipping_method", "eligibleShippingMethods { id }"),
    ("variant", "products { items { variants { id } } }"),
];

/// A shop with something of everything, and who acts in it.
pub struct Shop {
    /// A customer with an order and a cart, logged in.
    pub customer: Client,
    /// An administrator who may do everything there.
    pub admin: Client,
    /// What the customer can name.
    pub shop_ids: Ids,
    /// What the administrator can name.
    pub admin_ids: Ids,
}

impl Shop {
    /// Sells something to a customer, hands a part of it over, and puts a plugin to use.
    pub async fn furnish(server: &TestServer, code: &'static str) -> Self {
        let admin = server.administrator(code).await;
        let send =
            "mutation { createWebhookEndpoint(input: { url: \"https://hooks.invalid/\" }) { __typename } }";
        admin.expect("WebhookEndpoint", send, json!({})).await;
        let customer = customer(server, code).await;
        customer.add(&customer.variant(TEA).await, 3).await;
        customer.set_address().await;
        customer.choose_shipping().await;
        order_of(customer.try_transition("ArrangingPayment").await);
        let order = order_of(customer.try_pay("cash").await);
        customer.add(&customer.variant(SUGAR).await, 1).await;
        customer.set_address().await;
        hand_over(&admin, &order).await;
        write_note(&admin, &order).await;
        spend(&admin).await;
        let version = upload(&admin, cents_off("test-rule", "1.0.0", 100)).await;
        let binding = bind(&admin, &version, json!({})).await;
        update(&admin, json!({ "id": binding["id"], "config": { "again": true } })).await;
        // Priced with the plugin, so that it has a run.
        customer.add(&customer.variant(SUGAR).await, 1).await;
        server.settle().await;
        let mut admin_ids = find_all(&admin, ADMIN_KINDS).await;
        let mut shop_ids = find_all(&customer.client, SHOP_KINDS).await;
        shop_ids.insert("order".to_owned(), id_at(&order, "id"));
        spares::find(&admin, &mut admin_ids).await;
        spares::make(&admin, code, &mut admin_ids).await;
        spares::sell(server, code, &mut admin_ids).await;
        accounts::open(server, &admin, code, &mut admin_ids).await;
        admin_ids.insert("refund".to_owned(), give_back(server, &admin, code).await);
        admin_ids.insert("doubtful_refund".to_owned(), give_back(server, &admin, code).await);
        admin_ids.insert("reviewed_payment".to_owned(), id_at(&order["payments"][0], "id"));
        put_up_for_review(server, code, &admin_ids["reviewed_payment"]).await;
        let spare_plugin = upload(&admin, cents_off("spare-rule", "1.0.0", 100)).await;
        admin_ids.insert("spare_plugin".to_owned(), id_at(&spare_plugin, "pluginId"));
        let payment_plugin = upload(&admin, PaymentGuest::new().secret("key", false).build()).await;
        admin_ids.insert("payment_plugin".to_owned(), id_at(&payment_plugin, "pluginId"));
        act_on_events(&admin, &mut admin_ids).await;
        Self { customer: customer.client, admin, shop_ids, admin_ids }
    }
}

/// A plugin that acts on events, and a limit that nobody meets.
async fn act_on_events(admin: &Client, ids: &mut Ids) {
    let version = upload(admin, ActionGuest::new().build()).await;
    let binding = bind(admin, &version, json!({})).await;
    ids.insert("action_binding".to_owned(), id_at(&binding, "id"));
    let handler =
        "mutation ($id: ID!) { createEventHandler(input: { bindingId: $id, placement: ALONE }) { id } }";
    let handler = admin.query(handler, json!({ "id": binding["id"] })).await["createEventHandler"].clone();
    ids.insert("event_handler".to_owned(), id_at(&handler, "id"));
    let limit = "mutation { createEventRateLimit(input: {
        actionType: SMS, scope: CHANNEL, actionsMax: 1000, periodSeconds: 60 }) { id } }";
    let limit = admin.query(limit, json!({})).await["createEventRateLimit"].clone();
    ids.insert("rate_limit".to_owned(), id_at(&limit, "id"));
}

async fn hand_over(admin: &Client, order: &Value) {
    let lines = json!([{ "orderLineId": order["lines"][0]["id"], "quantity": 1 }]);
    let text = "mutation ($lines: [OrderLineInput!]!) { addFulfillmentToOrder(input: { lines: $lines,
        handler: { code: \"manual-fulfillment\", arguments: [] } }) { __typename } }";
    admin.expect("Fulfillment", text, json!({ "lines": lines })).await;
}

/// A refund that somebody is to give back by hand.
async fn give_back(server: &TestServer, admin: &Client, code: &'static str) -> String {
    let guest = server.shopper(code);
    let sugar = guest.variant(SUGAR).await;
    guest.arrange_payment(&sugar, 1, "given-back@guests.example").await;
    let order = order_of(guest.try_pay("bank-transfer").await);
    let payment = json!({ "id": order["payments"][0]["id"] });
    let settle = "mutation ($id: ID!) { settlePayment(id: $id) { __typename } }";
    admin.expect("Payment", settle, payment.clone()).await;
    let text = "mutation ($id: ID!) { refundOrder(input: { paymentId: $id, amount: 100 }) {
        __typename ... on Refund { id } } }";
    id_at(&admin.expect("Refund", text, payment).await, "id")
}

/// As a callback that says other than what is on record would.
async fn put_up_for_review(server: &TestServer, code: &'static str, payment: &str) {
    let scope = server.open(code).actor.public_scope();
    let payment: i64 = payment.parse().expect("an id");
    let put = server.database().write(scope, async move |tx| {
        let sql = "UPDATE payment SET review = 'to be looked at' WHERE channel_id = $1 AND id = $2";
        tx.execute_one(sql, (scope.channel_id(), payment)).await
    });
    put.await.expect("a payment");
}

async fn write_note(admin: &Client, order: &Value) {
    let text = "mutation ($id: ID!) {
        addNoteToOrder(input: { id: $id, note: \"Gate 3\", isPublic: true }) { __typename } }";
    admin.expect("Order", text, json!({ "id": order["id"] })).await;
}

async fn spend(admin: &Client) {
    let till = "{ ledgerAccounts(options: { filter: { code: { eq: \"CASH_ON_HAND\" } } }) { items { id } } }";
    let till = admin.query(till, json!({})).await["ledgerAccounts"]["items"][0]["id"].clone();
    let text = "mutation ($till: ID!) { recordExpense(input: {
        reference: \"tea\", paidFromAccountId: $till, amount: 70, memo: \"Tea\" }) { __typename } }";
    admin.expect("JournalEntry", text, json!({ "till": till })).await;
}

/// Somebody with an account, logged in.
async fn customer(server: &TestServer, code: &'static str) -> Shopper {
    let email_address = "customer@example.com";
    let facts = GuestCustomer {
        title: None,
        first_name: "Wanjiku".to_owned(),
        last_name: "Mwangi".to_owned(),
        phone_number: None,
        email_address: email_address.to_owned(),
    };
    let new = NewCustomer { facts, password: Some(PASSWORD.to_owned()) };
    server.services().customers.create(&server.open(code).actor, new).await.expect("a customer");
    let shopper = server.shopper(code);
    let log_in = "mutation ($name: String!, $password: String!) {
        login(username: $name, password: $password) { __typename } }";
    let account = json!({ "name": email_address, "password": PASSWORD });
    shopper.client.expect("CurrentUser", log_in, account).await;
    shopper
}

async fn find_all(client: &Client, kinds: &[(&str, &str)]) -> Ids {
    let mut ids = Ids::new();
    for (kind, query) in kinds {
        let data = client.query(&format!("{{ {query} }}"), json!({})).await;
        let id = first_text(&data).unwrap_or_else(|| panic!("no {kind}: {data}"));
        ids.insert((*kind).to_owned(), id.to_owned());
    }
    ids
}

/// An id in what an operation answered with.
pub fn id_at(thing: &Value, field: &str) -> String {
    thing[field].as_str().unwrap_or_else(|| panic!("no {field}: {thing}")).to_owned()
}

/// The first text in an answer: its first id, where only ids were asked for.
pub fn first_text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Array(items) => items.iter().find_map(first_text),
        Value::Object(fields) => fields.values().find_map(first_text),
        _ => None,
    }
}
