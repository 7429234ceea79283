//! What a shop sets up in the Admin API, and what its customers see of it in the Shop API.

mod refusals;

use serde_json::{Value, json};
use soko_tests::client::only_field;
use soko_tests::platform::{ALPHA, BETA, SUGAR, TEA, UNGA};
use soko_tests::shopper::{order_of, refusal_of};
use soko_tests::{Client, with_server};

/// The one field of an operation that must go well.
async fn ask(client: &Client, text: &str, variables: Value) -> Value {
    only_field(&client.query(text, variables).await)
}

/// The first item of a list of the channel that has this value in a field.
async fn find(client: &Client, list: &str, fields: &str, (field, value): (&str, &str)) -> Value {
    let text = format!("{{ {list}(options: {{ take: 500 }}) {{ items {{ id {fields} }} }} }}");
    let page = ask(client, &text, json!({})).await;
    let items = page["items"].as_array().expect("items");
    let found = items.iter().find(|item| item[field] == value);
    found.unwrap_or_else(|| panic!("no {field} {value} in {page}")).clone()
}

/// The category of goods without one of their own.
async fn default_category(client: &Client) -> Value {
    let text = "{ taxCategories(options: { filter: { isDefault: { eq: true } } }) { items { id name } } }";
    ask(client, text, json!({})).await["items"][0].clone()
}

/// Prices without and with tax of the variant with this SKU, as customers see them.
async fn prices(shop: &Client, sku: &str) -> (i64, i64) {
    let query = "{ products(options: { take: 100 }) { items { variants { sku price priceWithTax } } } }";
    let data = shop.query(query, json!({})).await;
    let products = data["products"]["items"].as_array().expect("products");
    let mut variants = products.iter().filter_map(|product| product["variants"].as_array()).flatten();
    let variant = variants.find(|variant| variant["sku"] == sku).expect("the variant");
    let number = |field: &str| variant[field].as_i64().expect("an amount");
    (number("price"), number("priceWithTax"))
}

const CREATE_COUNTRY: &str = "mutation ($input: CreateCountryInput!) { createCountry(input: $input) {
    id code name enabled type languageCode translations { languageCode name } } }";
const CREATE_ZONE: &str = "mutation ($input: CreateZoneInput!) { createZone(input: $input) {
    id name members { __typename code name } } }";
const CREATE_RATE: &str = "mutation ($input: CreateTaxRateInput!) { createTaxRate(input: $input) {
    id name value enabled category { name } zone { name members { code } } customerGroup { id } } }";
const UPDATE_RATE: &str =
    "mutation ($input: UpdateTaxRateInput!) { updateTaxRate(input: $input) { id name value enabled } }";
const UPDATE_CHANNEL: &str = "mutation ($input: UpdateChannelInput!) { updateChannel(input: $input) {
    ... on Channel { id pricesIncludeTax defaultTaxZone { id name } } } }";

fn kosovo() -> Value {
    json!({ "code": "XK", "enabled": true, "translations": [{ "languageCode": "en", "name": "Kosovo" }] })
}

#[test]
fn a_new_country_zone_and_rate_change_the_tax_that_customers_see() {
    with_server(async |server| {
        let (admin, shop) = (server.administrator(ALPHA).await, server.shop(ALPHA));
        let country = ask(&admin, CREATE_COUNTRY, json!({ "input": kosovo() })).await;
        assert_eq!(
            (&country["code"], &country["type"], &country["name"]),
            (&json!("XK"), &json!("country"), &json!("Kosovo"))
        );
        let served = ask(&shop, "{ availableCountries { code name } }", json!({})).await;
        assert!(served.as_array().expect("countries").contains(&json!({ "code": "XK", "name": "Kosovo" })));
        let input = json!({ "name": "Duty free", "memberIds": [country["id"]] });
        let zone = ask(&admin, CREATE_ZONE, json!({ "input": input })).await;
        assert_eq!(zone["members"], json!([{ "__typename": "Country", "code": "XK", "name": "Kosovo" }]));
        let standard = default_category(&admin).await;
        assert_eq!(prices(&shop, SUGAR).await, (31_034, 36_000));
        let (category, at) = (&standard["id"], &zone["id"]);
        let input =
            json!({ "name": "Reduced", "enabled": true, "value": 5.5, "categoryId": category, "zoneId": at });
        let rate = ask(&admin, CREATE_RATE, json!({ "input": input })).await;
        assert_eq!((&rate["value"], &rate["zone"]["name"]), (&json!(5.5), &json!("Duty free")));
        assert_eq!(rate["category"]["name"], standard["name"]);
        let own = ask(&admin, "{ activeChannel { id } }", json!({})).await["id"].clone();
        let input = json!({ "id": own, "defaultTaxZoneId": zone["id"] });
        let channel = ask(&admin, UPDATE_CHANNEL, json!({ "input": input })).await;
        assert_eq!(channel["defaultTaxZone"]["name"], "Duty free");
        assert_eq!(prices(&shop, SUGAR).await, (34_123, 36_000), "36,000 ÷ 1.055, rounded half up");
        let input = json!({ "id": own, "pricesIncludeTax": false });
        ask(&admin, UPDATE_CHANNEL, json!({ "input": input })).await;
        assert_eq!(prices(&shop, SUGAR).await, (36_000, 37_980));
        let input = json!({ "id": rate["id"], "value": 12.3456 });
        assert_eq!(ask(&admin, UPDATE_RATE, json!({ "input": input })).await["value"], 12.3456);
        assert_eq!(prices(&shop, SUGAR).await, (36_000, 40_444));
        let delete = "mutation ($id: ID!) { deleteTaxRate(id: $id) { result message } }";
        let deleted = ask(&admin, delete, json!({ "id": rate["id"] })).await;
        assert_eq!(deleted, json!({ "result": "DELETED", "message": null }));
        assert_eq!(prices(&shop, SUGAR).await, (36_000, 36_000), "a zone without a rate is not taxed");
        // One request sees its own changes.
        let both = "mutation ($country: UpdateCountryInput!, $zone: ID!, $members: [ID!]!) {
            updateCountry(input: $country) { name enabled }
            removeMembersFromZone(zoneId: $zone, memberIds: $members) { members { code } }
            addMembersToZone(zoneId: $zone, memberIds: $members) { members { code name } } }";
        let texts = json!([{ "languageCode": "en", "name": "Kosova" }]);
        let variables = json!({
            "country": { "id": country["id"], "enabled": false, "translations": texts },
            "zone": zone["id"], "members": [country["id"]],
        });
        let changed = admin.query(both, variables).await;
        assert_eq!(changed["removeMembersFromZone"]["members"], json!([]));
        assert_eq!(changed["addMembersToZone"]["members"], json!([{ "code": "XK", "name": "Kosova" }]));
        let served = ask(&shop, "{ availableCountries { code } }", json!({})).await;
        assert!(!served.as_array().expect("countries").contains(&json!({ "code": "XK" })), "it is off");
    });
}

const CREATE_SHIPPING: &str =
    "mutation ($input: CreateShippingMethodInput!) { createShippingMethod(input: $input) {
    id code name description fulfillmentHandlerCode checker { code args { name value } } calculator { code }
    translations { languageCode name } } }";
const UPDATE_SHIPPING: &str =
    "mutation ($input: UpdateShippingMethodInput!) { updateShippingMethod(input: $input) {
    id code name description checker { args { value } } } }";

fn operation(code: &str, arguments: &[(&str, &str)]) -> Value {
    let arguments = arguments.iter().map(|(name, value)| json!({ "name": name, "value": value }));
    json!({ "code": code, "arguments": arguments.collect::<Vec<_>>() })
}

fn within(codes: &str) -> Value {
    operation("country-shipping-eligibility-checker", &[("countryCodes", codes), ("orderMinimum", "30000")])
}

fn flat(rate: &str) -> Value {
    operation("default-shipping-calculator", &[("rate", rate), ("includesTax", "exclude"), ("taxRate", "16")])
}

fn drone() -> Value {
    json!({
        "code": "drone", "fulfillmentHandler": "manual-fulfillment", "checker": within(r#"["KE"]"#),
        "calculator": flat("10000"),
        "translations": [{ "languageCode": "en", "name": "Drone", "description": "Through the air" }],
    })
}

async fn offered(cart: &Client) -> Vec<(String, i64)> {
    let methods = ask(cart, "{ eligibleShippingMethods { code priceWithTax } }", json!({})).await;
    let methods = methods.as_array().expect("methods").iter();
    let offer =
        |method: &Value| Some((method["code"].as_str()?.to_owned(), method["priceWithTax"].as_i64()?));
    methods.filter_map(offer).collect()
}

#[test]
fn a_new_shipping_method_is_offered_to_the_carts_that_it_delivers() {
    with_server(async |server| {
        let (admin, guest) = (server.administrator(BETA).await, server.shopper(BETA));
        let definitions =
            "{ shippingEligibilityCheckers { code args { name type list required defaultValue } }
            shippingCalculators { code description args { name type defaultValue label } }
            fulfillmentHandlers { code args { name } } }";
        let known = admin.query(definitions, json!({})).await;
        let countries = json!({
            "name": "countryCodes", "type": "string", "list": true, "required": true, "defaultValue": null,
        });
        assert_eq!(known["shippingEligibilityCheckers"][1]["args"][0], countries);
        assert_eq!(known["shippingCalculators"][0]["args"][0]["defaultValue"], 0);
        assert_eq!(known["fulfillmentHandlers"][0]["code"], "manual-fulfillment");
        let (sugar, unga) = (guest.variant(SUGAR).await, guest.variant(UNGA).await);
        guest.add(&unga, 1).await;
        guest.set_details("drone@example.com").await;
        let trial = json!({
            "checker": within(r#"["KE"]"#), "calculator": flat("10000"),
            "shippingAddress": { "streetLine1": "Biashara Street 4", "countryCode": "KE" },
            "lines": [{ "productVariantId": sugar, "quantity": 1 }],
        });
        let test = "query ($input: TestShippingMethodInput!) { testShippingMethod(input: $input) {
            eligible quote { price priceWithTax } } }";
        let tried = ask(&admin, test, json!({ "input": trial })).await;
        assert_eq!(tried, json!({ "eligible": true, "quote": { "price": 10_000, "priceWithTax": 11_600 } }));
        let mut small = trial.clone();
        small["lines"][0]["productVariantId"] = json!(unga);
        let tried = ask(&admin, test, json!({ "input": small })).await;
        assert_eq!(tried, json!({ "eligible": false, "quote": null }), "less than its minimum of 300.00");
        let drone = ask(&admin, CREATE_SHIPPING, json!({ "input": drone() })).await;
        assert_eq!(drone["description"], "Through the air");
        let code = |offers: Vec<(String, i64)>| offers.into_iter().map(|(code, _)| code).collect::<Vec<_>>();
        assert!(!code(offered(&guest.client).await).contains(&"drone".to_owned()));
        guest.add(&sugar, 1).await;
        assert!(offered(&guest.client).await.contains(&("drone".to_owned(), 11_600)));
        let eligible = "query ($input: TestEligibleShippingMethodsInput!) {
            testEligibleShippingMethods(input: $input) { code priceWithTax } }";
        let input = json!({ "shippingAddress": trial["shippingAddress"], "lines": trial["lines"] });
        let would = ask(&admin, eligible, json!({ "input": input })).await;
        assert!(
            would.as_array().expect("quotes").contains(&json!({ "code": "drone", "priceWithTax": 11_600 }))
        );
        let input = json!({ "id": drone["id"], "checker": within(r#"["UG"]"#), "translations": [] });
        let changed = ask(&admin, UPDATE_SHIPPING, json!({ "input": input })).await;
        assert_eq!(
            (&changed["name"], &changed["checker"]["args"][0]["value"]),
            (&json!("Drone"), &json!(r#"["UG"]"#))
        );
        assert!(!code(offered(&guest.client).await).contains(&"drone".to_owned()), "the cart goes to Kenya");
        let delete = "mutation ($ids: [ID!]!) { deleteShippingMethods(ids: $ids) { result } }";
        let deleted = ask(&admin, delete, json!({ "ids": [drone["id"]] })).await;
        assert_eq!(deleted, json!([{ "result": "DELETED" }]));
        let gone = "query ($id: ID!) { shippingMethod(id: $id) { id } }";
        assert!(ask(&admin, gone, json!({ "id": drone["id"] })).await.is_null());
    });
}

const CREATE_PAYMENT: &str = "mutation ($input: CreatePaymentMethodInput!) { createPaymentMethod(input: $input) {
    id code name description enabled checker { code } handler { code args { name } } translations { name } } }";
const UPDATE_PAYMENT: &str =
    "mutation ($input: UpdatePaymentMethodInput!) { updatePaymentMethod(input: $input) {
    id code name description enabled } }";

fn mpesa() -> Value {
    json!({
        "code": "mpesa", "enabled": true, "handler": operation("manual", &[]),
        "translations": [{ "languageCode": "en", "name": "M-Pesa", "description": "By phone" }],
    })
}

#[test]
fn a_new_payment_method_pays_until_it_is_off() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let definitions = "{ paymentMethodHandlers { code description args { name } }
            paymentMethodEligibilityCheckers { code } }";
        let known = admin.query(definitions, json!({})).await;
        let handlers = known["paymentMethodHandlers"].as_array().expect("handlers");
        let codes: Vec<&Value> = handlers.iter().map(|handler| &handler["code"]).collect();
        assert_eq!(codes, ["bank", "cash", "customer-credit", "manual", "store-credit"]);
        assert_eq!(known["paymentMethodEligibilityCheckers"], json!([]));
        let created = ask(&admin, CREATE_PAYMENT, json!({ "input": mpesa() })).await;
        assert_eq!(created["handler"], json!({ "code": "manual", "args": [] }));
        let (first, second) = (server.shopper(ALPHA), server.shopper(ALPHA));
        let tea = first.variant(TEA).await;
        first.arrange_payment(&tea, 1, "first@example.com").await;
        let order = order_of(first.try_pay("mpesa").await);
        assert_eq!(
            (&order["state"], &order["payments"][0]["method"]),
            (&json!("PaymentAuthorized"), &json!("mpesa"))
        );
        second.arrange_payment(&tea, 1, "second@example.com").await;
        let eligible = "{ eligiblePaymentMethods { code } }";
        let has =
            |methods: &Value| methods.as_array().expect("methods").contains(&json!({ "code": "mpesa" }));
        assert!(has(&ask(&second.client, eligible, json!({})).await));
        let text = json!([{ "languageCode": "en", "description": "Not now" }]);
        let input = json!({ "id": created["id"], "enabled": false, "checker": null, "translations": text });
        let off = ask(&admin, UPDATE_PAYMENT, json!({ "input": input })).await;
        assert_eq!(
            off,
            json!({
                "id": created["id"], "code": "mpesa", "name": "M-Pesa", "description": "Not now",
                "enabled": false,
            })
        );
        assert!(!has(&ask(&second.client, eligible, json!({})).await));
        assert_eq!(refusal_of(second.try_pay("mpesa").await)["errorCode"], "INELIGIBLE_PAYMENT_METHOD_ERROR");
        let delete = "mutation ($id: ID!) { deletePaymentMethod(id: $id, force: true) { result } }";
        assert_eq!(ask(&admin, delete, json!({ "id": created["id"] })).await, json!({ "result": "DELETED" }));
        let settle = "mutation ($id: ID!) { settlePayment(id: $id) { ... on Payment { state } } }";
        let payment = &order["payments"][0]["id"];
        assert_eq!(
            ask(&admin, settle, json!({ "id": payment })).await,
            json!({ "state": "Settled" }),
            "made before"
        );
        assert_eq!(order_of(second.try_pay("cash").await)["state"], "PaymentSettled");
    });
}

#[test]
fn keeps_what_is_in_use_and_says_by_what() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let response = "result message";
        let delete_zones = format!("mutation ($ids: [ID!]!) {{ deleteZones(ids: $ids) {{ {response} }} }}");
        let spare = ask(&admin, CREATE_ZONE, json!({ "input": { "name": "Spare" } })).await;
        let used = find(&admin, "zones", "name", ("name", "Everywhere")).await;
        let outcomes = ask(&admin, &delete_zones, json!({ "ids": [used["id"], spare["id"]] })).await;
        let why = "the zone is still used by tax rates (2) and channels (1)";
        assert_eq!(outcomes[0], json!({ "result": "NOT_DELETED", "message": why }));
        assert_eq!(outcomes[1], json!({ "result": "DELETED", "message": null }));
        let standard = default_category(&admin).await;
        let delete = format!("mutation ($id: ID!) {{ deleteTaxCategory(id: $id) {{ {response} }} }}");
        let outcome = ask(&admin, &delete, json!({ "id": standard["id"] })).await;
        assert_eq!(outcome["result"], "NOT_DELETED");
        let why = outcome["message"].as_str().expect("a reason");
        assert!(why.contains("tax rates (3)") && why.contains("product variants"), "{why}");
        let create =
            "mutation { createTaxCategory(input: { name: \"Luxury\", isDefault: true }) { id isDefault } }";
        let luxury = ask(&admin, create, json!({})).await;
        let before = "query ($id: ID!) { taxCategory(id: $id) { isDefault } }";
        let before = ask(&admin, before, json!({ "id": standard["id"] })).await;
        assert_eq!(
            (&luxury["isDefault"], &before["isDefault"]),
            (&json!(true), &json!(false)),
            "there is one default"
        );
        let outcome = ask(&admin, &delete, json!({ "id": luxury["id"] })).await;
        assert_eq!(outcome["result"], "DELETED");
        let partly = json!({ "ids": [used["id"], "999999"] });
        assert_eq!(admin.send(&delete_zones, partly).await.code(), "NOT_FOUND");
    });
}

#[test]
fn lists_are_filtered_and_sorted_by_every_field() {
    with_server(async |server| {
        let admin = server.administrator(BETA).await;
        let sortable = [
            ("countries", "id createdAt updatedAt code type name parentId"),
            ("zones", "id createdAt updatedAt name"),
            ("taxCategories", "id createdAt updatedAt name"),
            ("taxRates", "id createdAt updatedAt name value"),
            ("shippingMethods", "id createdAt updatedAt code name description fulfillmentHandlerCode"),
            ("paymentMethods", "id createdAt updatedAt name code description"),
        ];
        for (list, fields) in sortable {
            for field in fields.split(' ') {
                let text = format!(
                    "{{ {list}(options: {{ sort: {{ {field}: DESC }} }}) {{ totalItems items {{ id }} }} }}"
                );
                assert!(ask(&admin, &text, json!({})).await["totalItems"].as_i64() > Some(0), "{text}");
            }
        }
        let total = async |list: &str, filter: &str| {
            let text = format!("{{ {list}(options: {{ filter: {{ {filter} }} }}) {{ totalItems }} }}");
            ask(&admin, &text, json!({})).await["totalItems"].as_i64().expect("a number")
        };
        assert_eq!(total("countries", r#"name: { eq: "Kenya" }"#).await, 1);
        assert_eq!(total("countries", r#"languageCode: { eq: "en" }, enabled: { eq: true }"#).await, 249);
        assert_eq!(total("countries", r#"type: { eq: "province" }"#).await, 0);
        assert_eq!(total("countries", "parentId: { isNull: true }").await, 249);
        assert_eq!(total("zones", r#"name: { contains: "africa" }"#).await, 1);
        assert_eq!(total("taxCategories", "isDefault: { eq: true }").await, 1);
        assert_eq!(total("taxRates", "value: { eq: 16 }, enabled: { eq: true }").await, 3);
        assert_eq!(total("taxRates", "value: { between: { start: 15.9, end: 16.1 } }").await, 3);
        assert_eq!(total("taxRates", "value: { lt: 16 }").await, total("taxRates", "value: { eq: 0 }").await);
        let zone = find(&admin, "zones", "name", ("name", "Kenya")).await["id"].clone();
        assert!(total("taxRates", &format!("zoneId: {{ eq: {zone} }}")).await > 0);
        assert_eq!(
            total("shippingMethods", r#"languageCode: { eq: "en" }, code: { in: ["boda", "x"] }"#).await,
            1
        );
        assert_eq!(total("paymentMethods", r#"enabled: { eq: true }, name: { notEq: "Cash" }"#).await, 1);
        let dear = "{ taxRates(options: { sort: { value: DESC }, take: 1 }) {
            items { value zone { members { code } } } } }";
        assert_eq!(ask(&admin, dear, json!({})).await["items"][0]["value"], 16);
        let swahili =
            r#"{ countries(options: { filter: { name: { eq: "Uingereza" } } }) { items { code name } } }"#;
        assert_eq!(ask(&admin, swahili, json!({})).await["items"], json!([]), "English is spoken here");
    });
}

#[test]
fn lists_cost_the_same_statements_for_one_item_and_for_many() {
    with_server(async |server| {
        let admin = server.administrator(BETA).await;
        let statements = async |text: &str, take: i64| {
            let (mut items, mut fewest) = (0, u64::MAX);
            // The server has work of its own now and then, which counts too.
            for _ in 0..5 {
                let before = server.services().database.statement_count();
                let page = ask(&admin, text, json!({ "take": take })).await;
                items = page["items"].as_array().map_or(0, Vec::len);
                fewest = fewest.min(server.services().database.statement_count() - before);
            }
            (items, fewest)
        };
        for list in [
            "countries(options: { take: $take }) { items { name translations { name } } }",
            "zones(options: { take: $take }) { items { name members { name translations { name } } } }",
            "taxRates(options: { take: $take }) { items { value category { name } zone { members { code } } } }",
            "shippingMethods(options: { take: $take }) { items { code translations { name } } }",
            "paymentMethods(options: { take: $take }) { items { code translations { name } } }",
        ] {
            let text = format!("query ($take: Int) {{ {list} }}");
            let (one, many) = (statements(&text, 1).await, statements(&text, 100).await);
            assert!(one.0 == 1 && many.0 > 1, "{list}");
            assert_eq!(one.1, many.1, "{list}");
        }
    });
}

#[test]
fn tells_whoever_is_logged_in_what_the_server_offers() {
    with_server(async |server| {
        let text =
            "{ globalSettings { id availableLanguages trackInventory outOfStockThreshold serverConfig {
            orderProcess { name to } permittedAssetTypes moneyStrategyPrecision
            permissions { name description assignable }
            customFieldConfig { Order { __typename } ProductVariant { __typename } }
            entityCustomFields { entityName } } } }";
        let settings = ask(&server.administrator(BETA).await, text, json!({})).await;
        assert_eq!(settings["availableLanguages"], json!(["en", "sw"]));
        let config = &settings["serverConfig"];
        let begin = json!({ "name": "Created", "to": ["AddingItems", "Draft"] });
        assert_eq!(config["orderProcess"][0], begin);
        assert_eq!(config["customFieldConfig"], json!({ "Order": [], "ProductVariant": [] }));
        let names: Vec<&Value> = config["permissions"].as_array().expect("permissions").iter().collect();
        let named = |name: &str| names.iter().find(|one| one["name"] == name).map(|one| &one["assignable"]);
        assert_eq!((named("ReadZone"), named("Owner")), (Some(&json!(true)), Some(&json!(false))));
        assert_eq!(server.admin(BETA).send(text, json!({})).await.code(), "UNAUTHENTICATED");
    });
}

#[test]
fn the_operator_changes_any_shop_from_any_other() {
    with_server(async |server| {
        let operator = server.operator(ALPHA).await;
        let beta = server.administrator(BETA).await;
        let id = ask(&beta, "{ activeChannel { id } }", json!({})).await["id"].clone();
        let zone = find(&beta, "zones", "name", ("name", "Kenya")).await;
        let text = "mutation ($input: UpdateChannelInput!) { updateChannel(input: $input) {
            ... on Channel { code pricesIncludeTax } ... on ErrorResult { errorCode message } } }";
        let input = json!({ "id": id, "pricesIncludeTax": false, "defaultShippingZoneId": zone["id"] });
        let changed = ask(&operator, text, json!({ "input": input })).await;
        assert_eq!(changed, json!({ "code": BETA, "pricesIncludeTax": false }));
        assert_eq!(prices(&server.shop(BETA), SUGAR).await.0, 36_000);
        assert_eq!(prices(&server.shop(ALPHA), SUGAR).await.1, 36_000, "the operator's own shop stays");
    });
}

#[test]
fn refuses_two_texts_in_one_language() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let mut twice = mpesa();
        let text = twice["translations"][0].clone();
        twice["translations"] = json!([text, text]);
        let refused = admin.send(CREATE_PAYMENT, json!({ "input": twice })).await;
        assert_eq!(refused.message(), "there are two texts in the language en");
    });
}
