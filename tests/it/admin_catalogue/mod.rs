//! What administrators make of facets, collections, pictures and tags, as customers and others see it.

mod access;
mod assets;

use serde_json::{Value, json};
use soko_domain::catalogue::ProductChanges;
use soko_kernel::{FacetValueId, ProductId};
use soko_tests::platform::ALPHA;
use soko_tests::{Client, TestServer, with_server};

const CREATE_FACET: &str = "mutation ($input: CreateFacetInput!) {
    createFacet(input: $input) { id code isPrivate values { id code name } } }";
const CREATE_COLLECTION: &str = "mutation ($input: CreateCollectionInput!) {
    createCollection(input: $input) { id slug isPrivate inheritFilters parentId position
        featuredAsset { id source } filters { code args { name value } } } }";
const UPDATE_COLLECTION: &str = "mutation ($input: UpdateCollectionInput!) {
    updateCollection(input: $input) { id isPrivate featuredAsset { id } productVariantCount } }";
const SHOWN: &str = "query ($slug: String!) { collection(slug: $slug) { id name position
    breadcrumbs { slug } featuredAsset { source } productVariants { items { sku } } } }";

/// A facet `season` with the values `rainy` and `dry`.
async fn create_seasons(admin: &Client) -> Value {
    let value = |code: &str, name: &str| json!({ "code": code, "translations": [{ "languageCode": "en", "name": name }] });
    let input = json!({
        "code": "season", "isPrivate": false,
        "translations": [{ "languageCode": "en", "name": "Season" }, { "languageCode": "sw", "name": "Msimu" }],
        "values": [value("rainy", "Rainy"), value("dry", "Dry")],
    });
    admin.query(CREATE_FACET, json!({ "input": input })).await["createFacet"].clone()
}

fn having(values: &[&Value]) -> Value {
    let ids = json!(values).to_string();
    json!([{ "code": "facet-value-filter", "arguments": [{ "name": "facetValueIds", "value": ids },
        { "name": "containsAny", "value": "false" }] }])
}

fn rainy_days(value: &Value) -> Value {
    json!({ "input": { "filters": having(&[value]), "translations": [
        { "languageCode": "en", "name": "Rainy days", "slug": "", "description": "What to drink then." }] } })
}

/// Gives a product of the default shop exactly this facet value.
async fn classify(server: &TestServer, product: &Value, value: &Value) {
    let number = |id: &Value| id.as_str().and_then(|id| id.parse::<i64>().ok()).expect("an id");
    let changes = ProductChanges {
        facet_value_ids: Some(vec![FacetValueId(number(value))]),
        ..ProductChanges::of(ProductId(number(product)))
    };
    let actor = &server.open(ALPHA).actor;
    server.services().catalogue.update_product(actor, changes).await.expect("a classified product");
}

async fn tea(shop: &Client) -> Value {
    let query =
        "{ product(slug: \"tea\") { id featuredAsset { id } facetValues { code } collections { slug } } }";
    shop.query(query, json!({})).await["product"].clone()
}

fn skus(variants: &Value) -> Vec<&str> {
    variants["items"].as_array().into_iter().flatten().filter_map(|variant| variant["sku"].as_str()).collect()
}

#[test]
fn fills_a_collection_by_a_new_facet_and_moves_it() {
    with_server(async |server| {
        let (shop, admin) = (server.shop(ALPHA), server.administrator(ALPHA).await);
        let facet = create_seasons(&admin).await;
        let rainy = &facet["values"][0]["id"];
        let named = shop.query(
            "query ($id: ID!) { facet(id: $id) { name values { code } } }",
            json!({ "id": facet["id"] }),
        );
        assert_eq!(
            named.await["facet"],
            json!({ "name": "Season", "values": [{ "code": "rainy" }, { "code": "dry" }] })
        );
        classify(server, &tea(&shop).await["id"], rainy).await;
        let preview = "query ($input: PreviewCollectionVariantsInput!) {
            previewCollectionVariants(input: $input) { totalItems items { sku } } }";
        let input = json!({ "inheritFilters": false, "filters": having(&[rainy]) });
        let previewed = admin.query(preview, json!({ "input": input })).await;
        assert_eq!(skus(&previewed["previewCollectionVariants"]), ["TEA-250G"]);

        let created = admin.query(CREATE_COLLECTION, rainy_days(rainy)).await["createCollection"].clone();
        assert_eq!((&created["isPrivate"], &created["inheritFilters"]), (&json!(false), &json!(true)));
        let shown = async || shop.query(SHOWN, json!({ "slug": "rainy-days" })).await["collection"].clone();
        let collection = shown().await;
        assert_eq!((&collection["id"], &collection["name"]), (&created["id"], &json!("Rainy days")));
        assert_eq!(skus(&collection["productVariants"]), ["TEA-250G"]);

        let food = "{ collections(options: { filter: { slug: { eq: \"food-drinks\" } } }) { items { id } } }";
        let parent = admin.query(food, json!({})).await["collections"]["items"][0]["id"].clone();
        let place = json!({ "collectionId": created["id"], "parentId": parent, "index": 0 });
        let text =
            "mutation ($input: MoveCollectionInput!) { moveCollection(input: $input) { parentId position } }";
        let moved = admin.query(text, json!({ "input": place })).await;
        assert_eq!(moved["moveCollection"], json!({ "parentId": parent, "position": 0 }));
        let collection = shown().await;
        let way: Vec<&Value> = collection["breadcrumbs"].as_array().into_iter().flatten().collect();
        let slugs: Vec<&str> = way.iter().filter_map(|step| step["slug"].as_str()).collect();
        assert_eq!(slugs, ["__root_collection__", "food-drinks", "rainy-days"]);
        // What it is below now holds no tea, and narrows what it selects itself.
        assert_eq!(skus(&collection["productVariants"]), [] as [&str; 0]);
        let alone = json!({ "input": { "id": created["id"], "inheritFilters": false } });
        admin.query(UPDATE_COLLECTION, alone).await;
        assert_eq!(skus(&shown().await["productVariants"]), ["TEA-250G"]);
        let below_itself = json!({ "collectionId": parent, "parentId": created["id"], "index": 0 });
        assert_eq!(admin.send(text, json!({ "input": below_itself })).await.code(), "INVALID_INPUT");

        let dry =
            json!({ "input": { "id": created["id"], "filters": having(&[&facet["values"][1]["id"]]) } });
        let changed = admin.query(UPDATE_COLLECTION, dry).await;
        assert_eq!(changed["updateCollection"]["productVariantCount"], 0);
        assert_eq!(skus(&shown().await["productVariants"]), [] as [&str; 0]);
        admin.query(UPDATE_COLLECTION, json!({ "input": { "id": created["id"], "isPrivate": true } })).await;
        assert!(shown().await.is_null());
        let text = "query ($id: ID!) { collection(id: $id) { isPrivate slug } }";
        let seen = admin.query(text, json!({ "id": created["id"] })).await;
        assert_eq!(seen["collection"], json!({ "isPrivate": true, "slug": "rainy-days" }));
    });
}

#[test]
fn changes_facet_values_and_refuses_what_makes_no_sense() {
    with_server(async |server| {
        let (shop, admin) = (server.shop(ALPHA), server.administrator(ALPHA).await);
        let facet = create_seasons(&admin).await;
        let text = "mutation ($input: CreateFacetValueInput!) { createFacetValue(input: $input) { id facet { code } } }";
        let cold = json!({ "facetId": facet["id"], "code": "cold", "translations": [{ "languageCode": "en", "name": "Cold" }] });
        let created = admin.query(text, json!({ "input": cold })).await["createFacetValue"].clone();
        assert_eq!(created["facet"]["code"], "season");
        assert_eq!(admin.send(text, json!({ "input": cold })).await.code(), "CONFLICT");
        let text =
            "mutation ($input: UpdateFacetValueInput!) { updateFacetValue(input: $input) { name code } }";
        let chilly = json!({ "id": created["id"], "translations": [{ "languageCode": "sw", "name": "Baridi" }], "code": "chilly" });
        let changed = admin.query(text, json!({ "input": chilly })).await;
        assert_eq!(changed["updateFacetValue"], json!({ "name": "Cold", "code": "chilly" }));
        let list = "query ($of: String!) { facetValues(options: { filter: { facetId: { eq: $of } }, sort: { code: ASC } })
            { totalItems items { code translations { languageCode name } } } }";
        let values = admin.query(list, json!({ "of": facet["id"] })).await["facetValues"].clone();
        assert_eq!((&values["totalItems"], &values["items"][0]["code"]), (&json!(3), &json!("chilly")));
        assert_eq!(values["items"][0]["translations"][1], json!({ "languageCode": "sw", "name": "Baridi" }));
        let hide =
            "mutation ($id: ID!) { updateFacet(input: { id: $id, isPrivate: true }) { isPrivate name } }";
        let hidden = admin.query(hide, json!({ "id": facet["id"] })).await;
        assert_eq!(hidden["updateFacet"], json!({ "isPrivate": true, "name": "Season" }));
        let seen =
            shop.query("query ($id: ID!) { facet(id: $id) { id } }", json!({ "id": facet["id"] })).await;
        assert!(seen["facet"].is_null());

        let named = json!([{ "languageCode": "en", "name": "Size" }]);
        for (input, code) in [
            (json!({ "code": "season", "isPrivate": false, "translations": named }), "CONFLICT"),
            (json!({ "code": " ", "isPrivate": false, "translations": named }), "INVALID_INPUT"),
            (json!({ "code": "size", "isPrivate": false, "translations": [] }), "INVALID_INPUT"),
            (
                json!({ "code": "size", "isPrivate": false, "translations": named, "customFields": { "a": 1 } }),
                "INVALID_INPUT",
            ),
        ] {
            let answer = admin.send(CREATE_FACET, json!({ "input": input })).await;
            assert_eq!(answer.code(), code, "{input}");
        }
        let filters = admin
            .query("{ collectionFilters { code args { name type list defaultValue } } }", json!({}))
            .await;
        let combine =
            json!({ "name": "combineWithAnd", "type": "boolean", "list": false, "defaultValue": true });
        assert_eq!(filters["collectionFilters"][0]["code"], "facet-value-filter");
        assert_eq!(filters["collectionFilters"][0]["args"][2], combine);
        let mut odd = rainy_days(&facet["id"]);
        odd["input"]["filters"] = json!([{ "code": "price-filter", "arguments": [] }]);
        assert_eq!(admin.send(CREATE_COLLECTION, odd).await.code(), "INVALID_INPUT");
    });
}

#[test]
fn keeps_what_is_in_use_unless_told_otherwise() {
    with_server(async |server| {
        let (shop, admin) = (server.shop(ALPHA), server.administrator(ALPHA).await);
        let facet = create_seasons(&admin).await;
        let (rainy, dry) = (&facet["values"][0]["id"], &facet["values"][1]["id"]);
        classify(server, &tea(&shop).await["id"], rainy).await;
        admin.query(CREATE_COLLECTION, rainy_days(rainy)).await;
        let text = "mutation ($ids: [ID!]!, $force: Boolean) {
            deleteFacetValues(ids: $ids, force: $force) { result message } }";
        let outcome = admin.query(text, json!({ "ids": [rainy, dry] })).await["deleteFacetValues"].clone();
        assert_eq!(
            (&outcome[0]["result"], &outcome[1]["result"]),
            (&json!("NOT_DELETED"), &json!("DELETED"))
        );
        assert_eq!(outcome[0]["message"], "\"rainy\" is in use by 1 products and 0 variants");
        assert_eq!(tea(&shop).await["facetValues"], json!([{ "code": "rainy" }]));
        let text =
            "mutation ($id: ID!, $force: Boolean) { deleteFacet(id: $id, force: $force) { result message } }";
        let kept = admin.query(text, json!({ "id": facet["id"] })).await;
        assert_eq!(kept["deleteFacet"]["result"], "NOT_DELETED");
        assert!(tea(&shop).await["collections"].to_string().contains("rainy-days"));
        let gone = admin.query(text, json!({ "id": facet["id"], "force": true })).await;
        assert_eq!(gone["deleteFacet"]["result"], "DELETED");
        let left = tea(&shop).await;
        assert_eq!(left["facetValues"], json!([]));
        assert!(!left["collections"].to_string().contains("rainy-days"));
        assert_eq!(admin.send(text, json!({ "id": facet["id"] })).await.code(), "NOT_FOUND");

        let asset = left["featuredAsset"]["id"].clone();
        let text = "mutation ($id: ID!, $force: Boolean) {
            deleteAsset(input: { assetId: $id, force: $force }) { result message } }";
        let kept = admin.query(text, json!({ "id": asset })).await["deleteAsset"].clone();
        assert_eq!(kept["result"], "NOT_DELETED");
        assert!(kept["message"].as_str().is_some_and(|why| why.contains("in use by 1 products")), "{kept}");
        assert_eq!(tea(&shop).await["featuredAsset"]["id"], asset);
        let gone = admin.query(text, json!({ "id": asset, "force": true })).await;
        assert_eq!(gone["deleteAsset"], json!({ "result": "DELETED", "message": null }));
        assert!(tea(&shop).await["featuredAsset"].is_null());

        let all = "{ collections { items { id slug parentId } } }";
        let collections = admin.query(all, json!({})).await["collections"]["items"].clone();
        let of = |slug: &str| {
            let mut all = collections.as_array().into_iter().flatten();
            all.find(|one| one["slug"] == slug).expect("a collection")["id"].clone()
        };
        let text = "mutation ($ids: [ID!]!) { deleteCollections(ids: $ids) { result } }";
        let gone = admin.query(text, json!({ "ids": [of("food-drinks"), of("rainy-days")] })).await;
        assert_eq!(gone["deleteCollections"], json!([{ "result": "DELETED" }, { "result": "DELETED" }]));
        for slug in ["food-drinks", "beverages", "rainy-days"] {
            assert!(shop.query(SHOWN, json!({ "slug": slug })).await["collection"].is_null(), "{slug}");
        }
    });
}
