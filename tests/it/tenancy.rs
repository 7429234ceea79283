//! What one shop has, no other shop's token can see or change.

use serde_json::{Value, json};
use soko_tests::platform::{ALPHA, BETA, SUGAR, TEA};
use soko_tests::{Client, with_server};

/// Ids of one shop's things as its own customers see them.
struct Belongings {
    product: String,
    slug: String,
    collection: String,
    facet: String,
    facet_value: String,
    asset: String,
}

async fn belongings(shop: &Client) -> Belongings {
    let query = "{
        products(options: { take: 1 }) { items { id slug featuredAsset { id } facetValues { id } } }
        collections(options: { take: 1 }) { items { id } }
        facets(options: { take: 1 }) { items { id } } }";
    let data = shop.query(query, json!({})).await;
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{data}")).to_owned();
    let product = &data["products"]["items"][0];
    Belongings {
        product: text(&product["id"]),
        slug: text(&product["slug"]),
        collection: text(&data["collections"]["items"][0]["id"]),
        facet: text(&data["facets"]["items"][0]["id"]),
        facet_value: text(&product["facetValues"][0]["id"]),
        asset: text(&product["featuredAsset"]["id"]),
    }
}

/// What the query's only field answers, or `null` where it is refused.
async fn seen(client: &Client, query: &str, variables: Value) -> Value {
    let answer = client.send(query, variables).await;
    answer.body["data"].as_object().and_then(|fields| fields.values().next()).cloned().unwrap_or_default()
}

#[test]
fn ids_of_another_shop_name_nothing() {
    with_server(async |server| {
        let (alpha, beta) = (server.shop(ALPHA), server.shop(BETA));
        let (own, others) = (belongings(&alpha).await, belongings(&beta).await);
        let queries = [
            ("query ($id: ID!) { product(id: $id) { id } }", &own.product, &others.product),
            ("query ($id: ID!) { collection(id: $id) { id } }", &own.collection, &others.collection),
            ("query ($id: ID!) { facet(id: $id) { id } }", &own.facet, &others.facet),
        ];
        for (query, own, other) in queries {
            assert_eq!(seen(&alpha, query, json!({ "id": own })).await["id"], own.as_str(), "{query}");
            assert!(seen(&alpha, query, json!({ "id": other })).await.is_null(), "{query}");
        }
        assert_eq!(own.slug, others.slug, "the shops sell the same");
        let by_slug = "query ($slug: String!) { product(slug: $slug) { id featuredAsset { id } } }";
        let found = seen(&alpha, by_slug, json!({ "slug": others.slug })).await;
        assert_eq!(found["id"], own.product.as_str());
        assert_eq!(found["featuredAsset"]["id"], own.asset.as_str());
        let search = "query ($input: SearchInput!) { search(input: $input) { items { productId } } }";
        let input = json!({ "input": { "facetValueIds": [others.facet_value], "take": 10 } });
        assert_eq!(seen(&alpha, search, input).await["items"], json!([]));
        let input = json!({ "input": { "collectionId": others.collection, "take": 10 } });
        assert_eq!(seen(&alpha, search, input).await["items"], json!([]));
    });
}

#[test]
fn lists_show_the_own_shop_only() {
    with_server(async |server| {
        let (alpha, beta) = (server.shop(ALPHA), server.shop(BETA));
        let lists = [
            "{ products(options: { take: 100 }) { items { id } } }",
            "{ collections(options: { take: 100 }) { items { id } } }",
            "{ facets(options: { take: 100 }) { items { id } } }",
        ];
        for list in lists {
            let (own, others) = (seen(&alpha, list, json!({})).await, seen(&beta, list, json!({})).await);
            let ids = |page: &Value| page["items"].as_array().cloned().unwrap_or_default();
            assert!(!ids(&own).is_empty() && ids(&own).len() == ids(&others).len(), "{list}");
            assert!(ids(&own).iter().all(|id| !ids(&others).contains(id)), "{list}");
        }
        let search = "{ search(input: { term: \"sugar\", take: 100 }) { items { productVariantId } } }";
        let (own, others) = (seen(&alpha, search, json!({})).await, seen(&beta, search, json!({})).await);
        assert_eq!(own["items"].as_array().map(Vec::len), Some(1));
        assert_ne!(own["items"], others["items"]);
    });
}

#[test]
fn another_shops_goods_and_orders_cannot_be_touched() {
    with_server(async |server| {
        let (mine, theirs) = (server.shopper(ALPHA), server.shopper(BETA));
        let foreign = theirs.variant(SUGAR).await;
        let answer = mine.try_add(&foreign, 1).await;
        assert!(!answer.body["errors"].is_null(), "{}", answer.body);
        let own = mine.variant(TEA).await;
        mine.add(&own, 1).await;
        let cart = theirs.add(&foreign, 1).await;
        let line = cart["lines"][0]["id"].clone();
        for mutation in [
            "mutation ($id: ID!) { removeOrderLine(orderLineId: $id) { __typename } }",
            "mutation ($id: ID!) { adjustOrderLine(orderLineId: $id, quantity: 3) { __typename } }",
        ] {
            mine.client.send(mutation, json!({ "id": line })).await;
        }
        assert_eq!(theirs.active_order().await["totalQuantity"], 1);
        let paid = theirs.check_out(&foreign, 1, "theirs@example.com").await;
        let queries = [
            ("query ($id: String!) { orderByCode(code: $id) { id } }", paid["code"].clone()),
            ("query ($id: ID!) { order(id: $id) { id } }", paid["id"].clone()),
        ];
        for (query, id) in queries {
            assert!(seen(&mine.client, query, json!({ "id": id })).await.is_null(), "{query}");
        }
    });
}

#[test]
fn a_session_of_one_shop_is_nobody_in_another() {
    with_server(async |server| {
        let guest = server.shopper(ALPHA);
        let tea = guest.variant(TEA).await;
        guest.add(&tea, 1).await;
        let elsewhere = guest.client.in_channel(BETA);
        assert!(elsewhere.query("{ activeOrder { id } }", json!({})).await["activeOrder"].is_null());
        assert_eq!(guest.active_order().await["totalQuantity"], 1);
    });
}

#[test]
fn refuses_a_channel_that_is_not_there() {
    with_server(async |server| {
        let stranger = server.shop("nowhere");
        let answer = stranger.send("{ activeChannel { code } }", json!({})).await;
        assert_eq!(answer.code(), "CHANNEL_NOT_FOUND");
        let default = server.shop(None).query("{ activeChannel { code } }", json!({})).await;
        assert_eq!(default["activeChannel"]["code"], ALPHA);
        let own = server.shop(BETA).query("{ activeChannel { code token } }", json!({})).await;
        assert_eq!(own["activeChannel"], json!({ "code": BETA, "token": BETA }));
    });
}
