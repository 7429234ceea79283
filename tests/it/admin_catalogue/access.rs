//! What others may not see and not change of a shop's facets, collections, assets and tags.

use serde_json::{Value, json};
use soko_kernel::Permission;
use soko_tests::platform::{ALPHA, BETA, employ};
use soko_tests::{Client, with_server};

use super::assets::storing;
use super::{CREATE_COLLECTION, create_seasons, rainy_days};

/// Every change of a facet, value, collection, asset and tag with these ids.
fn changes(ids: &Value) -> Vec<(&'static str, Value)> {
    let id = |name: &str| json!({ "id": ids[name] });
    let list = |name: &str| json!({ "ids": [ids[name]] });
    let value = json!({ "facetId": ids["facet"], "code": "x", "translations": [{ "languageCode": "en", "name": "X" }] });
    let place = json!({ "collectionId": ids["collection"], "parentId": ids["collection"], "index": 0 });
    let mut below = rainy_days(&ids["value"]);
    below["input"]["parentId"] = ids["collection"].clone();
    vec![
        ("mutation ($id: ID!) { updateFacet(input: { id: $id, code: \"x\" }) { id } }", id("facet")),
        ("mutation ($id: ID!) { deleteFacet(id: $id, force: true) { result } }", id("facet")),
        ("mutation ($ids: [ID!]!) { deleteFacets(ids: $ids, force: true) { result } }", list("facet")),
        (
            "mutation ($input: CreateFacetValueInput!) { createFacetValue(input: $input) { id } }",
            json!({ "input": value }),
        ),
        ("mutation ($id: ID!) { updateFacetValue(input: { id: $id, code: \"x\" }) { id } }", id("value")),
        ("mutation ($ids: [ID!]!) { deleteFacetValues(ids: $ids, force: true) { result } }", list("value")),
        (CREATE_COLLECTION, below),
        (
            "mutation ($id: ID!) { updateCollection(input: { id: $id, isPrivate: true }) { id } }",
            id("collection"),
        ),
        (
            "mutation ($input: MoveCollectionInput!) { moveCollection(input: $input) { id } }",
            json!({ "input": place }),
        ),
        ("mutation ($id: ID!) { deleteCollection(id: $id) { result } }", id("collection")),
        ("mutation ($id: ID!) { updateAsset(input: { id: $id, name: \"x\" }) { id } }", id("asset")),
        ("mutation ($id: ID!) { deleteAsset(input: { assetId: $id, force: true }) { result } }", id("asset")),
        (
            "mutation ($ids: [ID!]!) { deleteAssets(input: { assetIds: $ids, force: true }) { result } }",
            list("asset"),
        ),
        ("mutation ($id: ID!) { updateTag(input: { id: $id, value: \"x\" }) { id } }", id("tag")),
        ("mutation ($id: ID!) { deleteTag(id: $id) { result } }", id("tag")),
    ]
}

/// A facet, value, collection, asset and tag of a shop, by their ids.
async fn belongings(admin: &Client) -> Value {
    let facet = create_seasons(admin).await;
    let tag = admin.query("mutation { createTag(input: { value: \"new\" }) { id } }", json!({})).await;
    let lists = "{ collections(options: { take: 1 }) { items { id } } assets(options: { take: 1 }) { items { id } } }";
    let lists = admin.query(lists, json!({})).await;
    json!({ "facet": facet["id"], "value": facet["values"][0]["id"], "tag": tag["createTag"]["id"],
            "collection": lists["collections"]["items"][0]["id"], "asset": lists["assets"]["items"][0]["id"] })
}

#[test]
fn another_shops_things_are_not_there() {
    with_server(async |server| {
        let (mine, theirs) = (server.administrator(ALPHA).await, server.administrator(BETA).await);
        let ids = belongings(&theirs).await;
        for (text, variables) in changes(&ids) {
            assert_eq!(mine.send(text, variables).await.code(), "NOT_FOUND", "{text}");
        }
        for (text, name) in [
            ("query ($id: ID!) { facet(id: $id) { id } }", "facet"),
            ("query ($id: ID!) { facetValue(id: $id) { id } }", "value"),
            ("query ($id: ID!) { collection(id: $id) { id } }", "collection"),
            ("query ($id: ID!) { asset(id: $id) { id } }", "asset"),
        ] {
            let variables = json!({ "id": ids[name] });
            let found = |data: Value| data.as_object().and_then(|fields| fields.values().next()).cloned();
            assert_eq!(found(mine.query(text, variables.clone()).await), Some(Value::Null), "{text}");
            assert_eq!(
                found(theirs.query(text, variables).await),
                Some(json!({ "id": ids[name] })),
                "{text}"
            );
        }
        let values = mine.query("{ facetValues(options: { take: 100 }) { items { id } } }", json!({})).await;
        assert!(!values.to_string().contains(&format!("\"id\":{}", ids["value"])));
    });
}

#[test]
fn refuses_changes_without_permission() {
    with_server(async |server| {
        let owner = server.administrator(ALPHA).await;
        let ids = belongings(&owner).await;
        employ(server.services(), server.open(ALPHA), "clerk", vec![Permission::ReadCatalog])
            .await
            .expect("a clerk");
        let clerk = server.log_in(ALPHA, "clerk@alpha.example").await;
        let (operations, map) = storing(1);
        let file = || vec![("tea.png", "image/png", b"any".to_vec())];
        assert_eq!(clerk.send_form(&operations, &map, file()).await.code(), "FORBIDDEN");
        for (text, variables) in changes(&ids) {
            assert_eq!(clerk.send(text, variables.clone()).await.code(), "FORBIDDEN", "{text}");
            let stranger = server.admin(ALPHA).send(text, variables).await;
            assert_eq!(stranger.code(), "UNAUTHENTICATED", "{text}");
        }
        let seen = "query ($facet: ID!, $value: ID!, $tag: ID!) {
            facet(id: $facet) { code } facetValue(id: $value) { code } tag(id: $tag) { value } }";
        let seen = clerk
            .send(seen, json!({ "facet": ids["facet"], "value": ids["value"], "tag": ids["tag"] }))
            .await;
        assert_eq!(
            seen.data(),
            json!({ "facet": { "code": "season" }, "facetValue": { "code": "rainy" }, "tag": { "value": "new" } })
        );
        let stranger = server.admin(ALPHA).send("{ collectionFilters { code } }", json!({})).await;
        assert_eq!(stranger.code(), "UNAUTHENTICATED");
    });
}
