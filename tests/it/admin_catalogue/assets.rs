//! Uploaded pictures, where they are seen, and what labels them.

use serde_json::{Value, json};
use soko_domain::catalogue::FILE_SIZE_MAX_BYTES;
use soko_tests::platform::ALPHA;
use soko_tests::{Client, TestServer, with_server};

use super::{CREATE_COLLECTION, SHOWN, UPDATE_COLLECTION, rainy_days};

const CREATE_ASSETS: &str =
    "mutation ($input: [CreateAssetInput!]!) { createAssets(input: $input) { __typename
    ... on Asset { id name type mimeType width height fileSize source tags { value }
        translations { languageCode name } }
    ... on MimeTypeError { errorCode message fileName mimeType } } }";

/// A picture of the platform, as its own server gives it.
async fn picture(server: &TestServer, shop: &Client) -> Vec<u8> {
    let query = "{ product(slug: \"tea\") { featuredAsset { source } } }";
    let data = shop.query(query, json!({})).await;
    let source = data["product"]["featuredAsset"]["source"].as_str().expect("an address").to_owned();
    let response = server.http().get(source).send().await.expect("a picture");
    response.bytes().await.expect("a picture's bytes").to_vec()
}

/// The operation that stores `count` files, and the map that puts the parts `0`, `1` and so on into their places.
pub(super) fn storing(count: usize) -> (Value, String) {
    let input: Vec<Value> = (0..count).map(|_| json!({ "file": null, "tags": ["new"] })).collect();
    let places = (0..count).map(|at| (at.to_string(), json!([format!("variables.input.{at}.file")])));
    let map: serde_json::Map<String, Value> = places.collect();
    (json!({ "query": CREATE_ASSETS, "variables": { "input": input } }), Value::from(map).to_string())
}

#[test]
fn stores_pictures_and_serves_them() {
    with_server(async |server| {
        let (shop, admin) = (server.shop(ALPHA), server.administrator(ALPHA).await);
        let drawing = picture(server, &shop).await;
        // Another picture: trailing bytes belong to nothing, and change what a picture is stored under.
        let other: Vec<u8> = drawing.iter().copied().chain(*b"other").collect();
        let (mut operations, map) = storing(3);
        operations["variables"]["input"][2]["translations"] =
            json!([{ "languageCode": "sw", "name": "Chai" }]);
        let files = vec![
            ("tea.png", "image/png", drawing.clone()),
            ("tea.txt", "text/plain", b"no picture".to_vec()),
            ("chai.png", "image/png", other.clone()),
        ];
        let answer = admin.send_form(&operations, &map, files).await.data()["createAssets"].clone();
        let (first, refused, last) = (&answer[0], &answer[1], &answer[2]);
        assert_eq!((&first["name"], &first["mimeType"]), (&json!("tea.png"), &json!("image/png")));
        assert_eq!((&first["type"], &first["fileSize"]), (&json!("IMAGE"), &json!(drawing.len())));
        assert_eq!(first["tags"], json!([{ "value": "new" }]));
        assert_eq!(last["translations"], json!([{ "languageCode": "sw", "name": "Chai" }]));
        assert_eq!(
            (&refused["__typename"], &refused["errorCode"]),
            (&json!("MimeTypeError"), &json!("MIME_TYPE_ERROR"))
        );
        assert_eq!((&refused["fileName"], &refused["mimeType"]), (&json!("tea.txt"), &json!("text/plain")));
        let served =
            server.http().get(last["source"].as_str().expect("an address")).send().await.expect("an answer");
        assert_eq!(
            served.headers().get("content-type").and_then(|kind| kind.to_str().ok()),
            Some("image/png")
        );
        assert_eq!(served.bytes().await.expect("bytes"), other);

        let text = "mutation ($input: UpdateAssetInput!) { updateAsset(input: $input) { name focalPoint { x y } tags { value } } }";
        let change = json!({ "id": first["id"], "name": "Tea", "focalPoint": { "x": 0.1, "y": 1 }, "tags": ["new", "hot"] });
        let changed = admin.query(text, json!({ "input": change })).await["updateAsset"].clone();
        assert_eq!(
            (&changed["name"], &changed["focalPoint"]),
            (&json!("Tea"), &json!({ "x": 0.1, "y": 1.0 }))
        );
        let kept = admin.query(text, json!({ "input": { "id": first["id"] } })).await["updateAsset"].clone();
        assert_eq!(kept, changed);
        let outside = json!({ "id": first["id"], "focalPoint": { "x": -0.1, "y": 0 } });
        assert_eq!(admin.send(text, json!({ "input": outside })).await.code(), "INVALID_INPUT");
        let gone = admin.query(text, json!({ "input": { "id": first["id"], "focalPoint": null } })).await;
        assert!(gone["updateAsset"]["focalPoint"].is_null());

        let mut featured = rainy_days(&json!("1"));
        featured["input"]["featuredAssetId"] = first["id"].clone();
        let created = admin.query(CREATE_COLLECTION, featured).await["createCollection"].clone();
        let shown = async || shop.query(SHOWN, json!({ "slug": "rainy-days" })).await["collection"].clone();
        assert_eq!(shown().await["featuredAsset"]["source"], first["source"]);
        admin.query(UPDATE_COLLECTION, json!({ "input": { "id": created["id"], "isPrivate": false } })).await;
        assert_eq!(shown().await["featuredAsset"]["source"], first["source"]);
        admin
            .query(UPDATE_COLLECTION, json!({ "input": { "id": created["id"], "featuredAssetId": null } }))
            .await;
        assert!(shown().await["featuredAsset"].is_null());
    });
}

#[test]
fn finds_pictures_by_their_labels() {
    with_server(async |server| {
        let (shop, admin) = (server.shop(ALPHA), server.administrator(ALPHA).await);
        let drawing = picture(server, &shop).await;
        let (mut operations, map) = storing(2);
        operations["variables"]["input"][1]["tags"] = json!(["new", "hot"]);
        let files = vec![("one.png", "image/png", drawing.clone()), ("two.png", "image/png", drawing)];
        let stored = admin.send_form(&operations, &map, files).await.data()["createAssets"].clone();
        let list = "query ($options: AssetListOptions) { assets(options: $options) { totalItems items { id name } } }";
        let found =
            async |options: Value| admin.query(list, json!({ "options": options })).await["assets"].clone();
        assert_eq!(
            found(json!({ "tags": ["new", "hot"] })).await["items"],
            json!([{ "id": stored[1]["id"], "name": "two.png" }])
        );
        assert_eq!(found(json!({ "tags": ["new", "hot"], "tagsOperator": "OR" })).await["totalItems"], 2);
        let named = json!({ "tags": ["new"], "filter": { "name": { "eq": "one.png" } }, "sort": { "fileSize": "DESC" } });
        assert_eq!(found(named).await["items"], json!([{ "id": stored[0]["id"], "name": "one.png" }]));

        let tags = admin
            .query("{ tags(options: { sort: { value: ASC } }) { items { id value } } }", json!({}))
            .await;
        let hot = tags["tags"]["items"][0].clone();
        assert_eq!(hot["value"], "hot");
        let text = "mutation ($input: UpdateTagInput!) { updateTag(input: $input) { value } }";
        let taken = json!({ "input": { "id": hot["id"], "value": "new" } });
        assert_eq!(admin.send(text, taken).await.code(), "CONFLICT");
        admin.query(text, json!({ "input": { "id": hot["id"], "value": "warm" } })).await;
        assert_eq!(found(json!({ "tags": ["warm"] })).await["totalItems"], 1);
        let text = "mutation { createTag(input: { value: \"warm\" }) { id } }";
        assert_eq!(admin.query(text, json!({})).await["createTag"]["id"], hot["id"]);
        let text = "mutation ($id: ID!) { deleteTag(id: $id) { result } }";
        admin.query(text, json!({ "id": hot["id"] })).await;
        assert_eq!(found(json!({ "tags": ["warm"] })).await["totalItems"], 0);
        let tag = "query ($id: ID!) { tag(id: $id) { value } }";
        assert_eq!(admin.send(tag, json!({ "id": hot["id"] })).await.code(), "NOT_FOUND");
    });
}

#[test]
fn refuses_files_that_cannot_be_taken() {
    with_server(async |server| {
        let (shop, admin) = (server.shop(ALPHA), server.administrator(ALPHA).await);
        let drawing = picture(server, &shop).await;
        let count = async || {
            admin.query("{ assets { totalItems } }", json!({})).await["assets"]["totalItems"].clone()
        };
        let before = count().await;
        let (operations, map) = storing(1);
        let one = || vec![("tea.png", "image/png", drawing.clone())];
        for broken in [
            "",
            "no json",
            "[]",
            "{\"0\": \"variables.input.0.file\"}",
            "{\"7\": [\"variables.input.0.file\"]}",
        ] {
            let answer = admin.send_form(&operations, broken, one()).await;
            assert_eq!((answer.status, answer.code()), (400, "BAD_REQUEST"), "{broken:?}");
        }
        for nowhere in ["{}", "{\"0\": [\"variables.input.3.file\"]}", "{\"0\": [\"variables\"]}"] {
            let answer = admin.send_form(&operations, nowhere, one()).await;
            assert!(["INVALID_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&answer.code()), "{nowhere:?}");
        }
        let padded = |bytes: usize| {
            let mut file = drawing.clone();
            file.resize(bytes, 0);
            vec![("big.png", "image/png", file), ("tea.png", "image/png", drawing.clone())]
        };
        let (two, both) = storing(2);
        let answer = admin.send_form(&two, &both, padded(FILE_SIZE_MAX_BYTES + 1)).await;
        assert_eq!(answer.code(), "INVALID_INPUT");
        assert!(answer.message().contains("big.png"), "{}", answer.message());
        let answer = admin.send_form(&two, &both, padded(FILE_SIZE_MAX_BYTES + (5 << 20))).await;
        assert_eq!((answer.status, answer.code()), (413, "PAYLOAD_TOO_LARGE"));
        assert_eq!(count().await, before);
        let stranger = server.admin(ALPHA).send_form(&operations, &map, one()).await;
        assert_eq!(stranger.code(), "UNAUTHENTICATED");
        let shop = shop.send_form(&operations, &map, one()).await;
        assert_eq!(shop.code(), "UNSUPPORTED_MEDIA_TYPE");
    });
}
