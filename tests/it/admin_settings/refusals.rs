//! What cannot be set up, by whom, and what of another shop cannot be touched.

use serde_json::{Value, json};
use soko_kernel::Permission;
use soko_tests::platform::{ALPHA, BETA, TEA, employ};
use soko_tests::with_server;

use super::{
    CREATE_COUNTRY, CREATE_PAYMENT, CREATE_RATE, CREATE_SHIPPING, CREATE_ZONE, UPDATE_CHANNEL,
    UPDATE_PAYMENT, UPDATE_RATE, UPDATE_SHIPPING, ask, default_category, drone, find, kosovo, mpesa,
    operation, within,
};

/// The input with one of its fields changed.
fn with(mut input: Value, field: &str, value: Value) -> Value {
    input[field] = value;
    input
}

const INVALID: &str = "INVALID_INPUT";
const MISSING: &str = "NOT_FOUND";
const CONFLICT: &str = "CONFLICT";

/// A mutation, its input, and the code with which it is refused.
type Case = (&'static str, Value, &'static str);

fn places_and_taxes(zone: &Value, category: &Value) -> Vec<Case> {
    let rate = || json!({ "name": "r", "enabled": true, "value": 1, "categoryId": category, "zoneId": zone });
    let nameless = json!([{ "languageCode": "en" }]);
    vec![
        (CREATE_RATE, with(rate(), "value", json!(-1)), INVALID),
        (CREATE_RATE, with(rate(), "value", json!(1000.01)), INVALID),
        (CREATE_RATE, with(rate(), "value", json!(1e300)), INVALID),
        (CREATE_RATE, with(rate(), "name", json!("")), INVALID),
        (CREATE_RATE, with(rate(), "zoneId", json!("999999")), MISSING),
        (CREATE_RATE, with(rate(), "categoryId", json!("banana")), MISSING),
        (CREATE_RATE, with(rate(), "customerGroupId", json!("999999")), MISSING),
        (UPDATE_RATE, json!({ "id": "999999", "value": 1 }), MISSING),
        (CREATE_COUNTRY, with(kosovo(), "code", json!("xk")), INVALID),
        (CREATE_COUNTRY, with(kosovo(), "code", json!("KE")), CONFLICT),
        (CREATE_COUNTRY, with(kosovo(), "translations", json!([])), INVALID),
        (CREATE_COUNTRY, with(kosovo(), "translations", nameless), INVALID),
        (CREATE_ZONE, json!({ "name": "Kenya" }), CONFLICT),
        (CREATE_ZONE, json!({ "name": "New", "memberIds": ["999999"] }), MISSING),
    ]
}

fn deliveries() -> Vec<Case> {
    let calculator = |name: &str, value: &str| operation("default-shipping-calculator", &[(name, value)]);
    vec![
        (CREATE_SHIPPING, with(drone(), "calculator", operation("nonsense", &[])), INVALID),
        (CREATE_SHIPPING, with(drone(), "calculator", calculator("rate", "-1")), INVALID),
        (CREATE_SHIPPING, with(drone(), "calculator", calculator("rate", "cheap")), INVALID),
        (CREATE_SHIPPING, with(drone(), "calculator", calculator("taxRate", "1001")), INVALID),
        (CREATE_SHIPPING, with(drone(), "calculator", calculator("speed", "1")), INVALID),
        (CREATE_SHIPPING, with(drone(), "checker", operation("nonsense", &[])), INVALID),
        (CREATE_SHIPPING, with(drone(), "checker", within("Kenya")), INVALID),
        (CREATE_SHIPPING, with(drone(), "fulfillmentHandler", json!("pigeon")), INVALID),
        (CREATE_SHIPPING, with(drone(), "code", json!("flat-rate")), CONFLICT),
        (CREATE_SHIPPING, with(drone(), "code", json!("to the moon")), INVALID),
        (CREATE_SHIPPING, with(drone(), "translations", json!([])), INVALID),
        (UPDATE_SHIPPING, json!({ "id": "999999", "translations": [] }), MISSING),
    ]
}

fn payments() -> Vec<Case> {
    vec![
        (CREATE_PAYMENT, with(mpesa(), "handler", operation("barter", &[])), INVALID),
        (CREATE_PAYMENT, with(mpesa(), "handler", operation("cash", &[("till", "1")])), INVALID),
        (CREATE_PAYMENT, with(mpesa(), "checker", operation("rich-customers", &[])), INVALID),
        (CREATE_PAYMENT, with(mpesa(), "code", json!("cash")), CONFLICT),
        (CREATE_PAYMENT, with(mpesa(), "translations", json!([])), INVALID),
        (UPDATE_PAYMENT, json!({ "id": "999999", "enabled": false }), MISSING),
    ]
}

#[test]
fn refuses_what_cannot_be_set_up() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let zone = find(&admin, "zones", "name", ("name", "Kenya")).await["id"].clone();
        let category = default_category(&admin).await["id"].clone();
        let cases = [places_and_taxes(&zone, &category), deliveries(), payments()].concat();
        for (text, input, code) in cases {
            let answer = admin.send(text, json!({ "input": input })).await;
            assert_eq!(answer.code(), code, "{input}");
        }
        for (_, one) in BY_ID {
            let text = format!("mutation {{ delete{}(id: \"999999\") {{ result }} }}", capitalised(one));
            assert_eq!(admin.send(&text, json!({})).await.code(), MISSING, "{text}");
        }
        let test = "query ($input: TestEligibleShippingMethodsInput!) {
            testEligibleShippingMethods(input: $input) { id } }";
        let tea = server.shopper(ALPHA).variant(TEA).await;
        let trials = [
            ("KE", tea.as_str(), 0, INVALID),
            ("KE", "999999", 1, MISSING),
            ("XX", tea.as_str(), 1, INVALID),
        ];
        for (country, variant, quantity, code) in trials {
            let lines = json!([{ "productVariantId": variant, "quantity": quantity }]);
            let address = json!({ "streetLine1": "x", "countryCode": country });
            let input = json!({ "shippingAddress": address, "lines": lines });
            assert_eq!(admin.send(test, json!({ "input": input })).await.code(), code, "{input}");
        }
    });
}

/// Queries of one thing and changes of it, each with its id alone.
const BY_ID: &[(&str, &str)] = &[
    ("countries", "country"),
    ("zones", "zone"),
    ("taxCategories", "taxCategory"),
    ("taxRates", "taxRate"),
    ("shippingMethods", "shippingMethod"),
    ("paymentMethods", "paymentMethod"),
];

fn capitalised(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_uppercase() + rest
}

#[test]
fn another_shops_settings_are_as_if_they_were_not_there() {
    with_server(async |server| {
        let (alpha, beta) = (server.administrator(ALPHA).await, server.administrator(BETA).await);
        for (list, one) in BY_ID {
            let ids = format!("{{ {list}(options: {{ take: 1 }}) {{ totalItems items {{ id }} }} }}");
            let page = ask(&beta, &ids, json!({})).await;
            let id = page["items"][0]["id"].clone();
            let query = format!("query ($id: ID!) {{ {one}(id: $id) {{ id }} }}");
            assert_eq!(ask(&beta, &query, json!({ "id": id })).await["id"], id, "{one}");
            assert!(ask(&alpha, &query, json!({ "id": id })).await.is_null(), "{one}");
            let filtered = format!(
                "query ($id: String!) {{
                    {list}(options: {{ filter: {{ id: {{ eq: $id }} }} }}) {{ totalItems }} }}"
            );
            assert_eq!(ask(&alpha, &filtered, json!({ "id": id })).await["totalItems"], 0, "{list}");
            let name = capitalised(one);
            let translations = if *one == "shippingMethod" { ", translations: []" } else { "" };
            let update = format!(
                "mutation ($id: ID!) {{ update{name}(input: {{ id: $id{translations} }}) {{ id }} }}"
            );
            assert_eq!(alpha.send(&update, json!({ "id": id })).await.code(), MISSING, "{update}");
            let delete = format!("mutation ($id: ID!) {{ delete{name}(id: $id) {{ result }} }}");
            assert_eq!(alpha.send(&delete, json!({ "id": id })).await.code(), MISSING, "{delete}");
            assert_eq!(ask(&beta, &ids, json!({})).await, page, "nothing happened to it");
        }
        let theirs = find(&beta, "zones", "name", ("name", "Kenya")).await;
        let country = find(&beta, "countries", "code", ("code", "KE")).await;
        let add =
            "mutation ($zone: ID!, $ids: [ID!]!) { addMembersToZone(zoneId: $zone, memberIds: $ids) { id } }";
        let own = find(&alpha, "zones", "name", ("name", "Kenya")).await;
        for variables in
            [json!({ "zone": theirs["id"], "ids": [] }), json!({ "zone": own["id"], "ids": [country["id"]] })]
        {
            assert_eq!(alpha.send(add, variables.clone()).await.code(), MISSING, "{variables}");
        }
        let id = ask(&alpha, "{ activeChannel { id } }", json!({})).await["id"].clone();
        let input = json!({ "id": id, "defaultTaxZoneId": theirs["id"] });
        assert_eq!(alpha.send(UPDATE_CHANNEL, json!({ "input": input })).await.code(), MISSING);
    });
}

#[test]
fn refuses_those_who_may_not_set_up_the_shop() {
    with_server(async |server| {
        let shop = server.open(ALPHA);
        employ(server.services(), shop, "clerk", vec![Permission::ReadCatalog]).await.expect("a clerk");
        employ(server.services(), shop, "auditor", vec![Permission::ReadSettings]).await.expect("an auditor");
        let clerk = server.log_in(ALPHA, "clerk@alpha.example").await;
        let auditor = server.log_in(ALPHA, "auditor@alpha.example").await;
        for (list, one) in BY_ID {
            let (lists, query) =
                (format!("{{ {list} {{ totalItems }} }}"), format!("{{ {one}(id: \"1\") {{ id }} }}"));
            let delete = format!("mutation {{ delete{}(id: \"1\") {{ result }} }}", capitalised(one));
            for text in [&lists, &query, &delete] {
                assert_eq!(clerk.send(text, json!({})).await.code(), "FORBIDDEN", "{text}");
                assert_eq!(
                    server.admin(ALPHA).send(text, json!({})).await.code(),
                    "UNAUTHENTICATED",
                    "{text}"
                );
            }
            assert!(ask(&auditor, &lists, json!({})).await["totalItems"].as_i64() > Some(0), "{list}");
            assert_eq!(auditor.send(&delete, json!({})).await.code(), "FORBIDDEN", "{delete}");
        }
        for field in [
            "shippingCalculators",
            "shippingEligibilityCheckers",
            "fulfillmentHandlers",
            "paymentMethodHandlers",
        ] {
            let text = format!("{{ {field} {{ code }} }}");
            assert_eq!(clerk.send(&text, json!({})).await.code(), "FORBIDDEN", "{field}");
            ask(&auditor, &text, json!({})).await;
        }
        for (text, input) in
            [(CREATE_COUNTRY, kosovo()), (CREATE_SHIPPING, drone()), (CREATE_PAYMENT, mpesa())]
        {
            assert_eq!(auditor.send(text, json!({ "input": input })).await.code(), "FORBIDDEN", "{text}");
        }
    });
}
