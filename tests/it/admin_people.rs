//! Roles, colleagues, customers and their groups, and what administrators write down: all through the Admin API.

use serde_json::{Value, json};
use soko_tests::platform::{ALPHA, BETA, PASSWORD, SUGAR, TEA};
use soko_tests::plugins::{bind, example, upload};
use soko_tests::{Client, TestServer, with_server};

const CREATE_ROLE: &str = "mutation ($input: CreateRoleInput!) { createRole(input: $input) {
    id code permissions channels { code } } }";
const CREATE_ADMINISTRATOR: &str =
    "mutation ($input: CreateAdministratorInput!) { createAdministrator(input: $input) {
    id emailAddress user { identifier verified roles { id code } authenticationMethods { strategy } } } }";

fn role(code: &str, permissions: &[&str]) -> Value {
    json!({ "input": { "code": code, "description": "", "permissions": permissions } })
}

fn person(name: &str, roles: &[&Value]) -> Value {
    json!({ "input": { "firstName": name, "lastName": "Kamau", "emailAddress": format!("{name}@alpha.example"),
                       "password": PASSWORD, "roleIds": roles } })
}

/// Creates a colleague of this name with a role of these permissions, who logs in.
pub async fn employ(server: &TestServer, boss: &Client, name: &str, permissions: &[&str]) -> (Client, Value) {
    let role = boss.query(CREATE_ROLE, role(name, permissions)).await["createRole"]["id"].clone();
    let created = boss.query(CREATE_ADMINISTRATOR, person(name, &[&role])).await;
    let client = server.log_in(ALPHA, &format!("{name}@alpha.example")).await;
    (client, created["createAdministrator"]["id"].clone())
}

async fn refuse(client: &Client, code: &str, text: &str, variables: Value) {
    let answer = client.send(text, variables).await;
    assert_eq!(answer.code(), code, "{text}: {}", answer.body);
}

async fn first_id(client: &Client, query: &str) -> Value {
    let data = client.query(query, json!({})).await;
    let list = data.as_object().and_then(|fields| fields.values().next()).cloned().unwrap_or_default();
    list["items"][0]["id"].clone()
}

#[test]
fn a_colleague_may_do_exactly_what_the_role_says() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let created = admin.query(CREATE_ROLE, role("clerk", &["ReadOrder", "ReadCustomer"])).await;
        let clerks = &created["createRole"];
        assert_eq!(clerks["permissions"], json!(["ReadCustomer", "ReadOrder"]));
        assert_eq!(clerks["channels"], json!([{ "code": ALPHA }]));
        let created = admin.query(CREATE_ADMINISTRATOR, person("njeri", &[&clerks["id"]])).await;
        let user = &created["createAdministrator"]["user"];
        assert_eq!(user["authenticationMethods"], json!([{ "strategy": "native" }]));
        assert_eq!(
            (&user["identifier"], &user["roles"][0]["code"]),
            (&json!("njeri@alpha.example"), &json!("clerk"))
        );

        let clerk = server.log_in(ALPHA, "njeri@alpha.example").await;
        let me = clerk.query("{ me { channels { code permissions } } }", json!({})).await;
        let expected = json!([{ "code": ALPHA, "permissions": ["ReadCustomer", "ReadOrder"] }]);
        assert_eq!(me["me"]["channels"], expected);
        clerk.query("{ orders { totalItems } customers { totalItems } }", json!({})).await;
        let customer = "mutation ($id: ID!) { deleteCustomer(id: $id) { result } }";
        refuse(&clerk, "FORBIDDEN", customer, json!({ "id": "1" })).await;
        refuse(&clerk, "FORBIDDEN", "{ roles { totalItems } }", json!({})).await;
        refuse(&clerk, "FORBIDDEN", CREATE_ROLE, role("more", &["ReadOrder"])).await;
        refuse(&clerk.in_channel(BETA), "FORBIDDEN", "{ orders { totalItems } }", json!({})).await;

        let elsewhere = server.log_in(ALPHA, "njeri@alpha.example").await;
        let changed = clerk.query(
            "mutation ($input: UpdateActiveAdministratorInput!) { updateActiveAdministrator(input: $input) { firstName } }",
            json!({ "input": { "firstName": "Wanjeri", "password": "another-password" } }),
        );
        assert_eq!(changed.await["updateActiveAdministrator"]["firstName"], "Wanjeri");
        clerk.query("{ orders { totalItems } }", json!({})).await;
        refuse(&elsewhere, "UNAUTHENTICATED", "{ orders { totalItems } }", json!({})).await;

        let delete = "mutation ($id: ID!) { deleteRole(id: $id) { result message } }";
        let kept = admin.query(delete, json!({ "id": clerks["id"] })).await;
        assert_eq!(kept["deleteRole"]["result"], "NOT_DELETED", "{kept}");
        let id = &created["createAdministrator"]["id"];
        let gone = "mutation ($ids: [ID!]!) { deleteAdministrators(ids: $ids) { result } }";
        assert_eq!(
            admin.query(gone, json!({ "ids": [id] })).await["deleteAdministrators"][0]["result"],
            "DELETED"
        );
        refuse(&clerk, "UNAUTHENTICATED", "{ orders { totalItems } }", json!({})).await;
        assert_eq!(
            admin.query(delete, json!({ "id": clerks["id"] })).await["deleteRole"]["result"],
            "DELETED"
        );
    });
}

#[test]
fn nobody_climbs_by_roles_or_over_people() {
    with_server(async |server| {
        let (admin, operator) = (server.administrator(ALPHA).await, server.operator(ALPHA).await);
        let people =
            ["CreateAdministrator", "ReadAdministrator", "UpdateAdministrator", "DeleteAdministrator"];
        let (manager, own) = employ(server, &admin, "manager", &[&people[..], &["ReadOrder"]].concat()).await;
        let mighty =
            admin.query(CREATE_ROLE, role("mighty", &["UpdateOrder"])).await["createRole"]["id"].clone();
        let beta = operator.query("{ channels { items { id code } } }", json!({})).await;
        let beta =
            beta["channels"]["items"].as_array().and_then(|all| all.iter().find(|one| one["code"] == BETA));
        let beta = beta.expect("the other shop")["id"].clone();

        refuse(&manager, "FORBIDDEN", CREATE_ROLE, role("more", &["UpdateOrder"])).await;
        let mut elsewhere = role("elsewhere", &["ReadOrder"]);
        elsewhere["input"]["channelIds"] = json!([beta]);
        refuse(&manager, "FORBIDDEN", CREATE_ROLE, elsewhere).await;
        refuse(&operator, "INVALID_INPUT", CREATE_ROLE, role("almighty", &["SuperAdmin"])).await;
        let update_role = "mutation ($input: UpdateRoleInput!) { updateRole(input: $input) { id } }";
        refuse(&manager, "FORBIDDEN", update_role, json!({ "input": { "id": mighty, "permissions": [] } }))
            .await;
        let assign = "mutation ($who: ID!, $role: ID!) { assignRoleToAdministrator(administratorId: $who, roleId: $role) { id } }";
        refuse(&manager, "FORBIDDEN", assign, json!({ "who": own, "role": mighty })).await;
        refuse(&manager, "FORBIDDEN", CREATE_ADMINISTRATOR, person("puppet", &[&mighty])).await;

        let everybody = "{ administrators { items { id emailAddress } } }";
        let seen = manager.query(everybody, json!({})).await["administrators"]["items"].clone();
        assert!(!seen.to_string().contains("superadmin") && !seen.to_string().contains(BETA), "{seen}");
        let find = |list: &Value, email: &str| {
            let list = list.as_array().cloned().unwrap_or_default();
            list.into_iter().find(|one| one["emailAddress"] == email).expect("the administrator")["id"]
                .clone()
        };
        let boss = find(&seen, "admin@alpha.example");
        let update =
            "mutation ($input: UpdateAdministratorInput!) { updateAdministrator(input: $input) { id } }";
        let stolen = |id: &Value| json!({ "input": { "id": id, "password": "mine-from-now-on" } });
        refuse(&manager, "FORBIDDEN", update, stolen(&boss)).await;
        let delete = "mutation ($id: ID!) { deleteAdministrator(id: $id) { result message } }";
        refuse(&manager, "FORBIDDEN", delete, json!({ "id": boss })).await;
        let all = operator.query(everybody, json!({})).await["administrators"]["items"].clone();
        let (superadmin, stranger) = (find(&all, "superadmin"), find(&all, "admin@beta.example"));
        for invisible in [&superadmin, &stranger] {
            refuse(&admin, "NOT_FOUND", update, stolen(invisible)).await;
            let query = "query ($id: ID!) { administrator(id: $id) { id } }";
            assert!(admin.query(query, json!({ "id": invisible })).await["administrator"].is_null());
        }
        let theirs = server.administrator(BETA).await;
        let foreign = first_id(&theirs, "{ roles { items { id } } }").await;
        let query = "query ($id: ID!) { role(id: $id) { id } }";
        assert!(theirs.query(query, json!({ "id": foreign })).await["role"].is_object());
        assert!(admin.query(query, json!({ "id": foreign })).await["role"].is_null());
        refuse(&admin, "NOT_FOUND", CREATE_ADMINISTRATOR, person("spy", &[&foreign])).await;
        let kept = operator.query(delete, json!({ "id": superadmin })).await;
        assert_eq!(kept["deleteAdministrator"]["result"], "NOT_DELETED", "{kept}");
        server.administrator(ALPHA).await;
        server.operator(ALPHA).await;
    });
}

const CREATE_CUSTOMER: &str = "mutation ($input: CreateCustomerInput!, $password: String) {
    createCustomer(input: $input, password: $password) { __typename ... on ErrorResult { errorCode }
        ... on Customer { id emailAddress user { identifier authenticationMethods { strategy } } groups { name } } } }";

fn customer(email: &str) -> Value {
    let input =
        json!({ "firstName": "Njeri", "lastName": "Wambui", "emailAddress": email, "phoneNumber": "" });
    json!({ "input": input, "password": PASSWORD })
}

async fn log_in(shop: &Client, email: &str) {
    let text = "mutation ($name: String!, $password: String!) {
        login(username: $name, password: $password) { __typename } }";
    shop.expect("CurrentUser", text, json!({ "name": email, "password": PASSWORD })).await;
}

#[test]
fn a_customer_in_the_trade_group_gets_the_trade_price() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let tiers = upload(&admin, example("wholesale-tiers")).await;
        let config = json!({ "trade": { "groups": ["trade"], "unitPrices": { "SUGAR-2KG": 33_500 } } });
        bind(&admin, &tiers, config).await;
        let kiosk = admin.expect("Customer", CREATE_CUSTOMER, customer("Kiosk@example.com")).await;
        assert_eq!(kiosk["user"]["identifier"], "kiosk@example.com");
        admin.expect("EmailAddressConflictError", CREATE_CUSTOMER, customer("kiosk@example.com")).await;
        let trader = server.shopper(ALPHA);
        let sugar = trader.variant(SUGAR).await;
        log_in(&trader.client, "kiosk@example.com").await;
        assert_eq!(trader.add(&sugar, 1).await["totalWithTax"], 36_000);

        let create = "mutation ($input: CreateCustomerGroupInput!) { createCustomerGroup(input: $input) {
            id name customers { totalItems items { id } } } }";
        let group =
            admin.query(create, json!({ "input": { "name": "trade" } })).await["createCustomerGroup"].clone();
        let add = "mutation ($group: ID!, $ids: [ID!]!) { addCustomersToGroup(customerGroupId: $group, customerIds: $ids) {
            customers { items { emailAddress groups { name } } } } }";
        let added = admin.query(add, json!({ "group": group["id"], "ids": [kiosk["id"]] })).await;
        let members = json!([{ "emailAddress": "kiosk@example.com", "groups": [{ "name": "trade" }] }]);
        assert_eq!(added["addCustomersToGroup"]["customers"]["items"], members);
        assert_eq!(trader.add(&sugar, 1).await["totalWithTax"], 2 * 33_500);

        let theirs = server.administrator(BETA).await;
        refuse(&theirs, "NOT_FOUND", add, json!({ "group": group["id"], "ids": [] })).await;
        let query = "query ($id: ID!) { customer(id: $id) { id } }";
        assert!(theirs.query(query, json!({ "id": kiosk["id"] })).await["customer"].is_null());

        let remove = "mutation ($group: ID!, $ids: [ID!]!) {
            removeCustomersFromGroup(customerGroupId: $group, customerIds: $ids) { customers { totalItems } } }";
        let removed = admin.query(remove, json!({ "group": group["id"], "ids": [kiosk["id"]] })).await;
        assert_eq!(removed["removeCustomersFromGroup"]["customers"]["totalItems"], 0);
        assert_eq!(trader.add(&sugar, 1).await["totalWithTax"], 3 * 36_000);
        let delete = "mutation ($id: ID!) { deleteCustomerGroup(id: $id) { result } }";
        let gone = admin.query(delete, json!({ "id": group["id"] })).await;
        assert_eq!(gone["deleteCustomerGroup"]["result"], "DELETED");

        let update = "mutation ($input: UpdateCustomerInput!) { updateCustomer(input: $input) { __typename
            ... on Customer { emailAddress title orders { items { totalWithTax } } } } }";
        let input = json!({ "id": kiosk["id"], "title": null, "emailAddress": "duka@example.com" });
        let changed = admin.expect("Customer", update, json!({ "input": input })).await;
        assert_eq!(changed["orders"]["items"], json!([{ "totalWithTax": 3 * 36_000 }]));
        log_in(&server.shop(ALPHA), "duka@example.com").await;
        let delete = "mutation ($id: ID!) { deleteCustomer(id: $id) { result } }";
        admin.query(delete, json!({ "id": kiosk["id"] })).await;
        refuse(&trader.client, "UNAUTHENTICATED", "{ me { id } }", json!({})).await;
    });
}

const HISTORY: &str = "history { items { id type data } }";

fn notes(order: &Value) -> Vec<Value> {
    let entries = order["history"]["items"].as_array().cloned().unwrap_or_default();
    let notes = entries.iter().filter(|entry| entry["type"] == "ORDER_NOTE");
    notes.map(|entry| entry["data"]["note"].clone()).collect()
}

#[test]
fn the_customer_sees_public_notes_only() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let guest = server.shopper(ALPHA);
        let tea = guest.variant(TEA).await;
        let order = guest.check_out(&tea, 1, "notes@example.com").await;
        let add = "mutation ($input: AddNoteToOrderInput!) { addNoteToOrder(input: $input) {
            history { items { id type isPublic data administrator { emailAddress } } } } }";
        let note = |text: &str, public: bool| json!({ "input": { "id": order["id"], "note": text, "isPublic": public } });
        admin.query(add, note("Gate 3", true)).await;
        let noted = admin.query(add, note("Pays late", false)).await["addNoteToOrder"].clone();
        assert_eq!(notes(&noted), ["Gate 3", "Pays late"]);
        let last =
            noted["history"]["items"].as_array().and_then(|all| all.last()).cloned().unwrap_or_default();
        assert_eq!(last["administrator"]["emailAddress"], "admin@alpha.example", "{last}");
        let seen = async || {
            let text = format!("query ($code: String!) {{ orderByCode(code: $code) {{ {HISTORY} }} }}");
            let data = guest.client.query(&text, json!({ "code": order["code"] })).await;
            data["orderByCode"].clone()
        };
        let shown = seen().await;
        assert_eq!(notes(&shown), ["Gate 3"]);
        let entries = shown["history"]["items"].as_array().cloned().unwrap_or_default();
        let public =
            entries.iter().find(|entry| entry["type"] == "ORDER_NOTE").expect("the note")["id"].clone();
        let update =
            "mutation ($input: UpdateOrderNoteInput!) { updateOrderNote(input: $input) { isPublic data } }";
        let change = json!({ "input": { "noteId": public, "note": "Gate 4" } });
        assert_eq!(
            admin.query(update, change).await["updateOrderNote"],
            json!({ "isPublic": true, "data": { "note": "Gate 4" } })
        );
        assert_eq!(notes(&seen().await), ["Gate 4"]);
        admin.query(update, json!({ "input": { "noteId": public, "isPublic": false } })).await;
        assert!(notes(&seen().await).is_empty());
        let delete = "mutation ($id: ID!) { deleteOrderNote(id: $id) { result } }";
        refuse(&server.administrator(BETA).await, "NOT_FOUND", delete, json!({ "id": public })).await;
        admin.query(delete, json!({ "id": public })).await;
        let transition = &entries.iter().find(|entry| entry["type"] != "ORDER_NOTE").expect("an entry")["id"];
        refuse(&admin, "NOT_FOUND", delete, json!({ "id": transition })).await;
    });
}

#[test]
fn an_administrator_takes_an_order_to_its_end_by_hand() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let guest = server.shopper(ALPHA);
        let tea = guest.variant(TEA).await;
        guest.add(&tea, 2).await;
        guest.set_details("phone@example.com").await;
        let cart = guest.choose_shipping().await;
        let pay = "mutation ($input: ManualPaymentInput!) { addManualPaymentToOrder(input: $input) { __typename
            ... on ErrorResult { errorCode } ... on Order { state payments { method state amount transactionId } } } }";
        let payment = json!({ "input": { "orderId": cart["id"], "method": "paybill", "transactionId": "QWE123", "metadata": {} } });
        let early = admin.expect("ManualPaymentStateError", pay, payment.clone()).await;
        assert_eq!(early["errorCode"], "MANUAL_PAYMENT_STATE_ERROR");
        let transition = "mutation ($id: ID!, $state: String!) { transitionOrderToState(id: $id, state: $state) { __typename
            ... on OrderStateTransitionError { fromState toState } ... on Order { state totalWithTax } } }";
        let to = |state: &str| json!({ "id": cart["id"], "state": state });
        admin.expect("OrderStateTransitionError", transition, to("PaymentSettled")).await;
        let arranged = admin.expect("Order", transition, to("ArrangingPayment")).await;
        admin.expect("OrderStateTransitionError", transition, to("PaymentSettled")).await;
        let paid = admin.expect("Order", pay, payment).await;
        assert_eq!(paid["state"], "PaymentSettled");
        let expected = json!({ "method": "paybill", "state": "Settled", "amount": arranged["totalWithTax"], "transactionId": "QWE123" });
        assert_eq!(paid["payments"], json!([expected]));
        admin.expect("OrderStateTransitionError", transition, to("Shipped")).await;
        assert!(guest.active_order().await.is_null(), "it is a sale");
        let orders = "query ($options: OrderListOptions) { orders(options: $options) { items { code } } }";
        let filter = json!({ "options": { "filter": { "transactionId": { "eq": "QWE123" }, "customerLastName": { "eq": "Mwangi" } } } });
        assert_eq!(admin.query(orders, filter).await["orders"]["items"], json!([{ "code": cart["code"] }]));

        let kiosk = admin.expect("Customer", CREATE_CUSTOMER, customer("kiosk@example.com")).await;
        let give = "mutation ($input: SetOrderCustomerInput!) { setOrderCustomer(input: $input) { customer { emailAddress } } }";
        let input =
            json!({ "input": { "orderId": cart["id"], "customerId": kiosk["id"], "note": "rang up" } });
        let given = admin.query(give, input.clone()).await;
        assert_eq!(given["setOrderCustomer"]["customer"]["emailAddress"], "kiosk@example.com");
        refuse(&server.administrator(BETA).await, "NOT_FOUND", give, input).await;
        let cancelled = admin.expect("Order", transition, to("Cancelled")).await;
        assert_eq!(cancelled["state"], "Cancelled");
    });
}

#[test]
fn sellers_are_the_operators_matter_and_a_shop_sees_its_own() {
    with_server(async |server| {
        let (admin, operator) = (server.administrator(ALPHA).await, server.operator(ALPHA).await);
        let create = "mutation ($input: CreateSellerInput!) { createSeller(input: $input) { id name } }";
        let input = json!({ "input": { "name": "Gamma Ltd" } });
        refuse(&admin, "FORBIDDEN", create, input.clone()).await;
        let created = operator.query(create, input).await["createSeller"].clone();
        let sellers = "{ sellers { totalItems items { id name } } }";
        let own = admin.query(sellers, json!({})).await["sellers"].clone();
        assert_eq!((&own["totalItems"], &own["items"][0]["name"]), (&json!(1), &json!("Alpha")));
        assert_eq!(operator.query(sellers, json!({})).await["sellers"]["totalItems"], 3);
        let update = "mutation ($input: UpdateSellerInput!) { updateSeller(input: $input) { name } }";
        let rename = |id: &Value| json!({ "input": { "id": id, "name": "Alpha Traders" } });
        refuse(&admin, "NOT_FOUND", update, rename(&created["id"])).await;
        let renamed = admin.query(update, rename(&own["items"][0]["id"])).await;
        assert_eq!(renamed["updateSeller"]["name"], "Alpha Traders");
        let seen = admin.query("{ activeChannel { seller { name } } }", json!({})).await;
        assert_eq!(seen["activeChannel"]["seller"]["name"], "Alpha Traders");
    });
}
