//! What administrators write of products, variants and options, and what customers then see of it.

use serde_json::{Value, json};
use soko_kernel::Permission;
use soko_tests::platform::{ALPHA, BETA, SUGAR, employ};
use soko_tests::{Answer, Client, TestServer, with_server};

const CREATE_PRODUCT: &str = "mutation ($input: CreateProductInput!) { createProduct(input: $input) {
    id name slug enabled channels { code } } }";
const CREATE_GROUP: &str = "mutation ($input: CreateProductOptionGroupInput!) {
    createProductOptionGroup(input: $input) { id code name options { id code name } } }";
const ADD_GROUP: &str = "mutation ($product: ID!, $group: ID!) {
    addOptionGroupToProduct(productId: $product, optionGroupId: $group) { id optionGroups { code } } }";
const CREATE_VARIANTS: &str = "mutation ($input: [CreateProductVariantInput!]!) {
    createProductVariants(input: $input) { id sku name price priceWithTax stockOnHand trackInventory
        prices { currencyCode price } stockLevels { stockOnHand } options { code } } }";
const UPDATE_VARIANTS: &str = "mutation ($input: [UpdateProductVariantInput!]!) {
    updateProductVariants(input: $input) { id sku enabled stockOnHand prices { price } } }";
const UPDATE_VARIANT: &str = "mutation ($input: UpdateProductVariantInput!) {
    updateProductVariant(input: $input) { id sku name enabled stockOnHand prices { price } featuredAsset { id } } }";
const UPDATE_PRODUCTS: &str = "mutation ($input: [UpdateProductInput!]!) {
    updateProducts(input: $input) { id name slug enabled } }";
const DELETE_PRODUCT: &str = "mutation ($id: ID!) { deleteProduct(id: $id) { result message } }";

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// A product without variants.
async fn create_product(admin: &Client, name: &str) -> Value {
    let input = json!({ "translations": [{ "languageCode": "en", "name": name }] });
    admin.query(CREATE_PRODUCT, json!({ "input": input })).await["createProduct"].clone()
}

/// What a new variant needs, and `more`.
fn variant(product: &Value, sku: &str, more: Value) -> Value {
    let mut input = json!({ "productId": product["id"], "sku": sku,
        "translations": [{ "languageCode": "en", "name": format!("Name of {sku}") }] });
    let Value::Object(mut fields) = more else { panic!("no fields: {more}") };
    input.as_object_mut().expect("an object").append(&mut fields);
    input
}

/// The first of the variants, all of which must be created.
async fn create_variants(admin: &Client, input: Vec<Value>) -> Vec<Value> {
    let data = admin.query(CREATE_VARIANTS, json!({ "input": input })).await;
    data["createProductVariants"].as_array().cloned().expect("variants")
}

/// A product with one variant at a price, with units on the shelf.
async fn create_goods(admin: &Client, name: &str, price: i64, units: i64) -> (Value, Value) {
    let product = create_product(admin, name).await;
    let sku = format!("SKU-{}", text(&product["slug"]));
    let input = vec![variant(&product, &sku, json!({ "price": price, "stockOnHand": units }))];
    let variant = create_variants(admin, input).await.swap_remove(0);
    (product, variant)
}

/// The product as a customer sees it; `null` when they do not.
async fn shown(shop: &Client, id: &Value) -> Value {
    let query = "query ($id: ID!) { product(id: $id) { id name slug description optionGroups { name }
        variants { id sku name priceWithTax stockLevel options { name } } } }";
    shop.query(query, json!({ "id": id })).await["product"].clone()
}

fn shop_in_swahili(server: &TestServer) -> Client {
    Client::new(server.http().clone(), server.url("/shop-api?languageCode=sw"), Some(BETA))
}

#[test]
fn sells_a_new_product_in_two_languages() {
    with_server(async |server| {
        let admin = server.administrator(BETA).await;
        let names = |en: &str, sw: &str| json!([{ "languageCode": "en", "name": en }, { "languageCode": "sw", "name": sw }]);
        let input = json!({ "code": "cup-size", "translations": names("Size", "Ukubwa"), "options": [
            { "code": "small", "translations": names("Small", "Ndogo") },
            { "code": "large", "translations": names("Large", "Kubwa") }] });
        let group =
            admin.query(CREATE_GROUP, json!({ "input": input })).await["createProductOptionGroup"].clone();
        let input = json!({ "customFields": {}, "translations": [
            { "languageCode": "en", "name": "Tin Cup", "description": "Holds tea." },
            { "languageCode": "sw", "name": "Kikombe cha Bati", "slug": "Kikombe" }] });
        let product = admin.query(CREATE_PRODUCT, json!({ "input": input })).await["createProduct"].clone();
        assert_eq!((&product["slug"], &product["channels"]), (&json!("tin-cup"), &json!([{ "code": BETA }])));
        let ids = json!({ "product": product["id"], "group": group["id"] });
        let with_group = admin.query(ADD_GROUP, ids).await;
        assert_eq!(with_group["addOptionGroupToProduct"]["optionGroups"], json!([{ "code": "cup-size" }]));
        let options = |at: usize| json!([group["options"][at]["id"]]);
        let small = json!({ "optionIds": options(0), "prices": [{ "currencyCode": "KES", "price": 11_600 }],
            "stockOnHand": 2, "translations": names("Small Tin Cup", "Kikombe Kidogo") });
        let large = json!({ "optionIds": options(1), "price": 23_200, "trackInventory": "FALSE",
            "translations": names("Large Tin Cup", "Kikombe Kikubwa") });
        let created = create_variants(
            &admin,
            vec![variant(&product, "CUP-S", small), variant(&product, "CUP-L", large)],
        )
        .await;
        assert_eq!(created[0]["prices"], json!([{ "currencyCode": "KES", "price": 11_600 }]));
        assert_eq!((&created[0]["price"], &created[0]["priceWithTax"]), (&json!(10_000), &json!(11_600)));
        assert_eq!(
            (&created[0]["stockOnHand"], &created[1]["stockLevels"]),
            (&json!(2), &json!([{ "stockOnHand": 0 }]))
        );
        let english = shown(&server.shop(BETA), &product["id"]).await;
        assert_eq!(english["description"], "Holds tea.");
        assert_eq!(
            english["variants"],
            json!([
                { "id": created[0]["id"], "sku": "CUP-S", "name": "Small Tin Cup", "priceWithTax": 11_600,
                  "stockLevel": "LOW_STOCK", "options": [{ "name": "Small" }] },
                { "id": created[1]["id"], "sku": "CUP-L", "name": "Large Tin Cup", "priceWithTax": 23_200,
                  "stockLevel": "IN_STOCK", "options": [{ "name": "Large" }] }])
        );
        let swahili = shown(&shop_in_swahili(server), &product["id"]).await;
        assert_eq!((&swahili["name"], &swahili["slug"]), (&json!("Kikombe cha Bati"), &json!("kikombe")));
        assert_eq!(swahili["optionGroups"], json!([{ "name": "Ukubwa" }]));
        assert_eq!(swahili["variants"][1]["options"], json!([{ "name": "Kubwa" }]));
        let search = "{ search(input: { term: \"tin cup\", groupByProduct: true }) { items { productId } } }";
        let found = server.shop(BETA).query(search, json!({})).await;
        assert_eq!(found["search"]["items"], json!([{ "productId": product["id"] }]));
        assert!(shown(&server.shop(ALPHA), &product["id"]).await.is_null(), "it is this shop's only");
    });
}

#[test]
fn changes_of_price_and_stock_reach_the_storefront_and_the_cart() {
    with_server(async |server| {
        let (admin, guest) = (server.administrator(ALPHA).await, server.shopper(ALPHA));
        let (product, variant) = create_goods(&admin, "Charcoal Stove", 50_000, 10).await;
        let id = text(&variant["id"]);
        assert_eq!(guest.add(&id, 1).await["totalWithTax"], 50_000);
        let input = json!({ "id": id, "price": 60_000, "stockOnHand": 3, "sku": "STOVE-2",
            "translations": [{ "languageCode": "en", "name": "Stove, improved" }] });
        let changed = admin.query(UPDATE_VARIANT, json!({ "input": input })).await;
        assert_eq!(changed["updateProductVariant"]["stockOnHand"], 3);
        let seen = shown(&guest.client, &product["id"]).await["variants"][0].clone();
        assert_eq!(
            (&seen["priceWithTax"], &seen["sku"], &seen["name"]),
            (&json!(60_000), &json!("STOVE-2"), &json!("Stove, improved"))
        );
        let cart = guest.add(&id, 1).await;
        assert_eq!((&cart["totalQuantity"], &cart["totalWithTax"]), (&json!(2), &json!(120_000)));
        let refused = soko_tests::shopper::refusal_of(guest.try_add(&id, 2).await);
        assert_eq!(
            (&refused["errorCode"], &refused["quantityAvailable"]),
            (&json!("INSUFFICIENT_STOCK_ERROR"), &json!(3))
        );
        let locations = admin.query("{ stockLocations { items { id } } }", json!({})).await;
        let levels =
            json!([{ "stockLocationId": locations["stockLocations"]["items"][0]["id"], "stockOnHand": 0 }]);
        let input = json!({ "id": id, "stockLevels": levels, "stockOnHand": 99,
            "useGlobalOutOfStockThreshold": false, "outOfStockThreshold": -5 });
        admin.query(UPDATE_VARIANT, json!({ "input": input })).await;
        let other = server.shopper(ALPHA);
        assert_eq!(
            other.add(&id, 5).await["totalQuantity"],
            5,
            "five can be ordered of what is not there yet"
        );
        admin.query(UPDATE_VARIANT, json!({ "input": { "id": id, "enabled": false } })).await;
        assert_eq!(shown(&guest.client, &product["id"]).await["variants"], json!([]));
        assert!(!other.try_add(&id, 1).await.body["errors"].is_null(), "nobody buys what is not sold");
    });
}

#[test]
fn what_is_deleted_is_gone_from_the_shop_and_stays_on_orders() {
    with_server(async |server| {
        let (admin, guest) = (server.administrator(ALPHA).await, server.shopper(ALPHA));
        let (product, variant) = create_goods(&admin, "Clay Pot", 10_000, 5).await;
        let id = text(&variant["id"]);
        let order = guest.check_out(&id, 1, "pots@example.com").await;
        let deleted = admin.query(DELETE_PRODUCT, json!({ "id": product["id"] })).await;
        assert_eq!(deleted["deleteProduct"], json!({ "result": "DELETED", "message": null }));
        assert!(shown(&guest.client, &product["id"]).await.is_null());
        let late = server.shopper(ALPHA);
        assert!(!late.try_add(&id, 1).await.body["errors"].is_null());
        let query =
            "query ($code: String!) { orderByCode(code: $code) { lines { productVariant { name } } } }";
        let kept = guest.client.query(query, json!({ "code": order["code"] })).await;
        assert_eq!(kept["orderByCode"]["lines"][0]["productVariant"]["name"], "Name of SKU-clay-pot");
        let again = admin.send(DELETE_PRODUCT, json!({ "id": product["id"] })).await;
        assert_eq!(again.code(), "NOT_FOUND");
        assert_eq!(create_product(&admin, "Clay Pot").await["slug"], "clay-pot", "the slug is free again");
        let (product, variant) = create_goods(&admin, "Iron Pot", 10_000, 5).await;
        let one = "mutation ($id: ID!) { deleteProductVariant(id: $id) { result } }";
        let deleted = admin.query(one, json!({ "id": variant["id"] })).await;
        assert_eq!(deleted["deleteProductVariant"]["result"], "DELETED");
        assert_eq!(shown(&guest.client, &product["id"]).await["variants"], json!([]));
    });
}

#[test]
fn options_in_use_stay_until_they_are_forced() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let product = create_product(&admin, "Rope").await;
        let name = |name: &str| json!([{ "languageCode": "en", "name": name }]);
        let input = json!({ "code": "length", "translations": name("Length"), "options": [
            { "code": "5m", "translations": name("5 m") }] });
        let group =
            admin.query(CREATE_GROUP, json!({ "input": input })).await["createProductOptionGroup"].clone();
        admin.query(ADD_GROUP, json!({ "product": product["id"], "group": group["id"] })).await;
        let create = "mutation ($input: CreateProductOptionInput!) { createProductOption(input: $input) { id groupId } }";
        let input = json!({ "productOptionGroupId": group["id"], "code": "9m", "translations": name("9 m") });
        let long = admin.query(create, json!({ "input": input })).await["createProductOption"].clone();
        let rename = "mutation ($input: UpdateProductOptionInput!) { updateProductOption(input: $input) { code name } }";
        let input = json!({ "id": long["id"], "code": "10m", "translations": name("10 m") });
        let renamed = admin.query(rename, json!({ "input": input })).await;
        assert_eq!(renamed["updateProductOption"], json!({ "code": "10m", "name": "10 m" }));
        let short = group["options"][0]["id"].clone();
        let input = vec![variant(&product, "ROPE-5", json!({ "price": 100, "optionIds": [short] }))];
        create_variants(&admin, input).await;
        let taken = vec![variant(&product, "ROPE-6", json!({ "price": 100, "optionIds": [short] }))];
        let taken = admin.send(CREATE_VARIANTS, json!({ "input": taken })).await;
        assert_eq!(taken.code(), "CONFLICT", "the combination is there");
        let none = vec![variant(&product, "ROPE-7", json!({ "price": 100 }))];
        assert_eq!(admin.send(CREATE_VARIANTS, json!({ "input": none })).await.code(), "INVALID_INPUT");
        let query = "query ($group: ID!) { productOptionGroup(id: $group) { productCount }
            productOptionGroups(options: { filter: { code: { eq: \"length\" } } }) { totalItems items { id } }
            productOptions(groupId: $group, options: { sort: { code: DESC } }) { items { code } } }";
        let lists = admin.query(query, json!({ "group": group["id"] })).await;
        assert_eq!(lists["productOptionGroup"]["productCount"], 1);
        assert_eq!(
            lists["productOptionGroups"],
            json!({ "totalItems": 1, "items": [{ "id": group["id"] }] })
        );
        assert_eq!(lists["productOptions"]["items"], json!([{ "code": "5m" }, { "code": "10m" }]));
        let delete_option = "mutation ($id: ID!) { deleteProductOption(id: $id) { result message } }";
        let kept = admin.query(delete_option, json!({ "id": short })).await["deleteProductOption"].clone();
        assert_eq!(kept["result"], "NOT_DELETED");
        assert!(text(&kept["message"]).contains("1 variants"), "{kept}");
        let gone = admin.query(delete_option, json!({ "id": long["id"] })).await;
        assert_eq!(gone["deleteProductOption"]["result"], "DELETED");
        let remove = "mutation ($product: ID!, $group: ID!, $force: Boolean) {
            removeOptionGroupFromProduct(productId: $product, optionGroupId: $group, force: $force) { __typename
                ... on Product { optionGroups { code } variants { options { code } } }
                ... on ProductOptionInUseError { errorCode optionGroupCode productVariantCount } } }";
        let ids = |force: bool| json!({ "product": product["id"], "group": group["id"], "force": force });
        let refused = admin.expect("ProductOptionInUseError", remove, ids(false)).await;
        assert_eq!(refused["errorCode"], "PRODUCT_OPTION_IN_USE_ERROR");
        assert_eq!(
            (&refused["optionGroupCode"], &refused["productVariantCount"]),
            (&json!("length"), &json!(1))
        );
        let delete = "mutation ($ids: [ID!]!) { deleteProductOptionGroups(ids: $ids) { result message } }";
        let kept = admin.query(delete, json!({ "ids": [group["id"]] })).await;
        assert_eq!(kept["deleteProductOptionGroups"][0]["result"], "NOT_DELETED");
        let removed = admin.expect("Product", remove, ids(true)).await;
        assert_eq!(
            (&removed["optionGroups"], &removed["variants"]),
            (&json!([]), &json!([{ "options": [] }]))
        );
        let gone = admin.query(delete, json!({ "ids": [group["id"]] })).await;
        assert_eq!(gone["deleteProductOptionGroups"], json!([{ "result": "DELETED", "message": null }]));
    });
}

#[test]
fn refuses_what_cannot_be_sold() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let (product, sold) = create_goods(&admin, "Basket", 100, 1).await;
        let empty = create_product(&admin, "Basket").await;
        assert_eq!(empty["slug"], "basket-2", "slugs are numbered");
        let create = async |more: Value| -> Answer {
            admin.send(CREATE_VARIANTS, json!({ "input": [variant(&empty, "BASKET", more)] })).await
        };
        let wrong = [
            json!({ "price": -1 }),
            json!({ "price": 1, "stockOnHand": -1 }),
            json!({ "prices": [{ "currencyCode": "USD", "price": 1 }] }),
            json!({ "prices": [{ "currencyCode": "KES", "price": 1 }, { "currencyCode": "KES", "price": 2 }] }),
            json!({ "price": 1, "sku": " " }),
            json!({ "price": 1, "translations": [] }),
            json!({ "price": 1, "customFields": { "gift": true } }),
            json!({ "price": 1, "optionIds": ["1"] }),
        ];
        for more in wrong {
            let refused = create(more.clone()).await;
            assert_eq!(refused.code(), "INVALID_INPUT", "{more}: {}", refused.body);
        }
        let unknown = [
            json!({ "productId": "999999" }),
            json!({ "taxCategoryId": "999999" }),
            json!({ "facetValueIds": ["banana"] }),
            json!({ "assetIds": ["999999"] }),
            json!({ "featuredAssetId": "999999" }),
            json!({ "stockLevels": [{ "stockLocationId": "999999", "stockOnHand": 1 }] }),
        ];
        for more in unknown {
            let refused = create(more.clone()).await;
            assert_eq!(refused.code(), "NOT_FOUND", "{more}: {}", refused.body);
        }
        assert_eq!(
            shown(&server.shop(ALPHA), &empty["id"]).await["variants"],
            json!([]),
            "nothing is half done"
        );
        let second = vec![variant(&product, "BASKET-2", json!({ "price": 1 }))];
        let second = admin.send(CREATE_VARIANTS, json!({ "input": second })).await;
        assert_eq!(second.code(), "CONFLICT", "without options a product has one variant");
        let input =
            json!({ "id": sold["id"], "prices": [{ "currencyCode": "KES", "price": 1, "delete": true }] });
        assert_eq!(admin.send(UPDATE_VARIANT, json!({ "input": input })).await.code(), "INVALID_INPUT");
        let nameless = json!({ "input": { "translations": [{ "languageCode": "en", "name": " " }] } });
        assert_eq!(admin.send(CREATE_PRODUCT, nameless).await.code(), "INVALID_INPUT");
        let same_sku = vec![variant(&empty, "SKU-basket", json!({ "price": 1 }))];
        create_variants(&admin, same_sku).await;
    });
}

#[test]
fn refuses_strangers_readers_and_other_shops() {
    with_server(async |server| {
        let (alpha, beta) = (server.administrator(ALPHA).await, server.administrator(BETA).await);
        let (product, variant_of_beta) = create_goods(&beta, "Secret", 100, 1).await;
        let (own, own_variant) = create_goods(&alpha, "Own", 100, 1).await;
        let foreign = [
            (UPDATE_PRODUCTS, json!({ "input": [{ "id": product["id"], "enabled": false }] })),
            (UPDATE_VARIANTS, json!({ "input": [{ "id": variant_of_beta["id"], "price": 1 }] })),
            (DELETE_PRODUCT, json!({ "id": product["id"] })),
            (CREATE_VARIANTS, json!({ "input": [variant(&product, "X", json!({ "price": 1 }))] })),
            (
                "mutation ($id: ID!) { deleteProductVariant(id: $id) { result } }",
                json!({ "id": variant_of_beta["id"] }),
            ),
        ];
        for (mutation, variables) in &foreign {
            assert_eq!(alpha.send(mutation, variables.clone()).await.code(), "NOT_FOUND", "{mutation}");
        }
        let locations = beta.query("{ stockLocations { items { id } } }", json!({})).await;
        let levels =
            json!([{ "stockLocationId": locations["stockLocations"]["items"][0]["id"], "stockOnHand": 9 }]);
        let elsewhere = json!({ "input": { "id": own_variant["id"], "stockLevels": levels } });
        assert_eq!(alpha.send(UPDATE_VARIANT, elsewhere).await.code(), "NOT_FOUND");
        let untouched = shown(&server.shop(BETA), &product["id"]).await;
        assert_eq!(untouched["variants"][0]["priceWithTax"], 100);
        let readers = vec![Permission::ReadCatalog, Permission::ReadProduct];
        employ(server.services(), server.open(ALPHA), "reader", readers).await.expect("a reader");
        let reader = server.log_in(ALPHA, "reader@alpha.example").await;
        let query = "query ($id: ID!) { product(id: $id) { name } }";
        assert_eq!(reader.query(query, json!({ "id": own["id"] })).await["product"]["name"], "Own");
        let name = json!([{ "languageCode": "en", "name": "New" }]);
        let writes = [
            (CREATE_PRODUCT, json!({ "input": { "translations": name } })),
            (UPDATE_PRODUCTS, json!({ "input": [{ "id": own["id"], "enabled": false }] })),
            (DELETE_PRODUCT, json!({ "id": own["id"] })),
            (CREATE_VARIANTS, json!({ "input": [variant(&own, "X", json!({ "price": 1 }))] })),
            (UPDATE_VARIANTS, json!({ "input": [{ "id": own_variant["id"], "price": 1 }] })),
            (CREATE_GROUP, json!({ "input": { "code": "x", "translations": name } })),
        ];
        for (mutation, variables) in writes {
            assert_eq!(reader.send(mutation, variables.clone()).await.code(), "FORBIDDEN", "{mutation}");
            let stranger = server.admin(ALPHA);
            assert_eq!(stranger.send(mutation, variables).await.code(), "UNAUTHENTICATED", "{mutation}");
        }
        let unseen =
            "query ($id: ID!) { product(id: $id) { name } productVariants(productId: $id) { totalItems } }";
        let seen = alpha.query(unseen, json!({ "id": product["id"] })).await;
        assert_eq!(seen, json!({ "product": null, "productVariants": { "totalItems": 0 } }));
    });
}

#[test]
fn bulk_changes_are_all_or_nothing() {
    with_server(async |server| {
        let (admin, shop) = (server.administrator(ALPHA).await, server.shop(ALPHA));
        let (first, of_first) = create_goods(&admin, "First", 100, 1).await;
        let (second, of_second) = create_goods(&admin, "Second", 200, 2).await;
        let price =
            async |product: &Value| shown(&shop, &product["id"]).await["variants"][0]["priceWithTax"].clone();
        let dearer = |price: i64, more: Value| {
            let mut input = json!([{ "id": of_first["id"], "price": price, "stockOnHand": 7 }]);
            input.as_array_mut().expect("a list").push(more);
            json!({ "input": input })
        };
        let bad = [
            (json!({ "id": of_second["id"], "price": -1 }), "INVALID_INPUT"),
            (json!({ "id": of_second["id"], "stockOnHand": -1 }), "INVALID_INPUT"),
            (json!({ "id": of_first["id"], "price": 5 }), "INVALID_INPUT"),
            (json!({ "id": "999999", "price": 5 }), "NOT_FOUND"),
        ];
        for (more, code) in bad {
            let refused = admin.send(UPDATE_VARIANTS, dearer(999, more)).await;
            assert_eq!(refused.code(), code, "{}", refused.body);
            assert_eq!(price(&first).await, 100);
        }
        let good =
            admin.query(UPDATE_VARIANTS, dearer(999, json!({ "id": of_second["id"], "price": 5 }))).await;
        assert_eq!(good["updateProductVariants"][0]["stockOnHand"], 7);
        assert_eq!((price(&first).await, price(&second).await), (json!(999), json!(5)));
        let change = |id: &Value| json!({ "id": id, "enabled": false });
        let refused = json!({ "input": [change(&first["id"]), change(&json!("999999"))] });
        assert_eq!(admin.send(UPDATE_PRODUCTS, refused).await.code(), "NOT_FOUND");
        assert!(!shown(&shop, &first["id"]).await.is_null());
        let delete = "mutation ($ids: [ID!]!) { deleteProducts(ids: $ids) { result } }";
        let refused = admin.send(delete, json!({ "ids": [first["id"], "999999"] })).await;
        assert_eq!(refused.code(), "NOT_FOUND");
        let delete_variants = "mutation ($ids: [ID!]!) { deleteProductVariants(ids: $ids) { result } }";
        let refused = admin.send(delete_variants, json!({ "ids": [of_first["id"], "999999"] })).await;
        assert_eq!(refused.code(), "NOT_FOUND");
        assert_eq!(price(&first).await, 999);
        let gone = admin.query(delete, json!({ "ids": [first["id"], second["id"]] })).await;
        assert_eq!(gone["deleteProducts"], json!([{ "result": "DELETED" }, { "result": "DELETED" }]));
        assert!(shown(&shop, &second["id"]).await.is_null());
    });
}

#[test]
fn administrators_find_what_customers_do_not_see() {
    with_server(async |server| {
        let (admin, shop) = (server.administrator(ALPHA).await, server.shop(ALPHA));
        let (product, variant) = create_goods(&admin, "Hidden Drum", 100, 1).await;
        let change = json!([{ "id": product["id"], "enabled": false,
            "translations": [{ "languageCode": "en", "name": "Hidden Tambourine" }] }]);
        let changed = admin.query(UPDATE_PRODUCTS, json!({ "input": change })).await;
        assert_eq!(
            changed["updateProducts"][0]["slug"], "hidden-drum",
            "an address stays when a name changes"
        );
        let search = "{ search(input: { term: \"tambourine\" }) { totalItems items { productVariantId } } }";
        assert_eq!(shop.query(search, json!({})).await["search"]["totalItems"], 0);
        let search = "{ search(input: { term: \"tambourine\", groupByProduct: true }) { totalItems items {
            productId productVariantId enabled channelIds inStock price { ... on PriceRange { max } } } } }";
        let found = admin.query(search, json!({})).await["search"]["items"].clone();
        let channel = server.open(ALPHA).actor.channel.id.to_string();
        assert_eq!(
            found,
            json!([{ "productId": product["id"], "productVariantId": variant["id"], "enabled": false,
                     "channelIds": [channel], "inStock": true, "price": { "max": 86 } }])
        );
        let stranger = server.admin(ALPHA).send(search, json!({})).await;
        assert_eq!(stranger.code(), "UNAUTHENTICATED");
        let slug = "query ($id: ID) { slugForEntity(input: { entityName: \"Product\", fieldName: \"slug\",
            inputValue: \"Hidden Drum\", entityId: $id }) }";
        assert_eq!(admin.query(slug, json!({})).await["slugForEntity"], "hidden-drum-2");
        assert_eq!(admin.query(slug, json!({ "id": product["id"] })).await["slugForEntity"], "hidden-drum");
        let list = "{ productVariants(options: { filter: { stockOnHand: { eq: 1 }, sku: { eq: \"SKU-hidden-drum\" } },
            sort: { stockOnHand: ASC } }) { items { id trackInventory } } }";
        let listed = admin.query(list, json!({})).await;
        assert_eq!(
            listed["productVariants"]["items"],
            json!([{ "id": variant["id"], "trackInventory": "INHERIT" }])
        );
        let of_sku =
            "{ products(options: { filter: { sku: { eq: \"SKU-hidden-drum\" } } }) { items { id } } }";
        let products = admin.query(of_sku, json!({})).await;
        assert_eq!(products["products"]["items"], json!([{ "id": product["id"] }]));
        let picture = "{ products(options: { take: 1 }) { items { assets { id } variants { id sku } } } }";
        let pictured = admin.query(picture, json!({})).await["products"]["items"][0].clone();
        let input = json!({ "id": variant["id"], "assetIds": [pictured["assets"][0]["id"]],
            "featuredAssetId": pictured["assets"][0]["id"] });
        let shown = admin.query(UPDATE_VARIANT, json!({ "input": input })).await;
        assert_eq!(shown["updateProductVariant"]["featuredAsset"]["id"], pictured["assets"][0]["id"]);
        let input = json!({ "id": variant["id"], "sku": SUGAR });
        let kept =
            admin.query(UPDATE_VARIANT, json!({ "input": input })).await["updateProductVariant"].clone();
        assert!(!kept["featuredAsset"].is_null(), "what is absent stays");
        let input = json!({ "id": variant["id"], "featuredAssetId": null });
        let bare = admin.query(UPDATE_VARIANT, json!({ "input": input })).await;
        assert!(bare["updateProductVariant"]["featuredAsset"].is_null());
    });
}
