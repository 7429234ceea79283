//! Browsing and searching, in both languages of the shops.

use serde_json::{Value, json};
use soko_tests::platform::{ALPHA, SUGAR};
use soko_tests::with_server;

#[test]
fn finds_goods_by_word_beginning_sku_and_facet() {
    with_server(async |server| {
        let shop = server.shop(ALPHA);
        let query = "query ($input: SearchInput!) { search(input: $input) { totalItems
            items { productName sku slug priceWithTax { ... on SinglePrice { value } ... on PriceRange { min max } } }
            facetValues { count facetValue { id code facet { code } } } collections { count collection { slug } } } }";
        let names = async |input: Value| {
            let found = shop.query(query, json!({ "input": input })).await["search"].clone();
            let items = found["items"].as_array().cloned().unwrap_or_default();
            items
                .iter()
                .filter_map(|item| item["productName"].as_str().map(str::to_owned))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(json!({ "term": "sugar" })).await, ["White Sugar"]);
        assert_eq!(names(json!({ "term": "sug" })).await, ["White Sugar"]);
        assert_eq!(names(json!({ "term": SUGAR })).await, ["White Sugar"]);
        assert_eq!(names(json!({ "term": "highlands" })).await, ["Tea Leaves"], "by its description");
        assert_eq!(names(json!({ "term": "unga" })).await.len(), 2, "both sizes");
        assert_eq!(names(json!({ "term": "unga", "groupByProduct": true })).await, ["Unga Flour"]);
        for nothing in ["zebra", "\"", "' OR 1=1 --", "*", "(", "NEAR(", "a AND", "😀"] {
            let answer = shop.send(query, json!({ "input": { "term": nothing } })).await;
            assert!(answer.body["errors"].is_null(), "{nothing:?}: {}", answer.body);
        }
        let all = shop.query(query, json!({ "input": { "groupByProduct": true } })).await["search"].clone();
        let brands = all["facetValues"].as_array().expect("facet values");
        let tamu = brands.iter().find(|value| value["facetValue"]["code"] == "tamu").expect("the brand");
        assert_eq!(tamu["count"], 1);
        let of_brand = json!({ "facetValueFilters": [{ "and": tamu["facetValue"]["id"] }] });
        assert_eq!(names(of_brand).await, ["White Sugar"]);
        let unga = shop.query(query, json!({ "input": { "term": "unga", "groupByProduct": true } })).await;
        assert_eq!(unga["search"]["items"][0]["priceWithTax"], json!({ "min": 10_000, "max": 19_000 }));
    });
}

#[test]
fn speaks_both_languages() {
    with_server(async |server| {
        let url = server.url("/shop-api?languageCode=sw");
        let shop = soko_tests::Client::new(server.http().clone(), url, Some(ALPHA));
        let data = shop.query("{ product(slug: \"sugar\") { name languageCode } }", json!({})).await;
        assert_eq!(data["product"], json!({ "name": "Sukari Nyeupe", "languageCode": "sw" }));
        let found =
            shop.query("{ search(input: { term: \"sukari\" }) { items { productName } } }", json!({})).await;
        assert_eq!(found["search"]["items"], json!([{ "productName": "Sukari Nyeupe" }]));
    });
}

#[test]
fn the_tree_of_collections_holds_its_goods() {
    with_server(async |server| {
        let shop = server.shop(ALPHA);
        let query = "{ collections(options: { topLevelOnly: true }) { items { slug children { slug } } }
            collection(slug: \"beverages\") { name breadcrumbs { slug } parent { slug }
                productVariants { totalItems items { sku } } } }";
        let data = shop.query(query, json!({})).await;
        let top: Vec<&str> = data["collections"]["items"]
            .as_array()
            .expect("items")
            .iter()
            .filter_map(|one| one["slug"].as_str())
            .collect();
        assert_eq!(top, ["food-drinks", "home", "stationery", "farm-inputs"]);
        assert_eq!(data["collection"]["parent"]["slug"], "food-drinks");
        assert_eq!(data["collection"]["productVariants"]["items"], json!([{ "sku": "TEA-250G" }]));
    });
}

#[test]
fn pictures_are_served() {
    with_server(async |server| {
        let shop = server.shop(ALPHA);
        let query = "{ product(slug: \"tea\") { featuredAsset { preview source width height mimeType } } }";
        let asset = shop.query(query, json!({})).await["product"]["featuredAsset"].clone();
        assert_eq!((&asset["width"], &asset["mimeType"]), (&json!(400), &json!("image/png")));
        let preview = asset["preview"].as_str().expect("an address");
        let response = server.http().get(preview).send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "image/png");
        assert!(response.bytes().await.expect("a picture").starts_with(b"\x89PNG"));
        for outside in ["/assets/../soko.db", "/assets/%2e%2e/soko.db", "/assets/aa/nothing.png"] {
            let response = server.http().get(server.url(outside)).send().await.expect("an answer");
            assert_eq!(response.status(), 404, "{outside}");
        }
    });
}
