//! What storefronts ask before anybody buys.

use serde_json::{Value, json};

use super::kit::{Shop, nothing};

const LIST: &str = "query($o: ProductListOptions) { products(options: $o) { totalItems items { id name slug \
    description featuredAsset { id preview } variants { id name sku price priceWithTax currencyCode stockLevel } } } }";

const DETAIL: &str = "query($slug: String!) { product(slug: $slug) { id name description \
    collections { id slug name breadcrumbs { id name slug } } facetValues { facet { id code name } id code name } \
    featuredAsset { id preview } assets { id preview source width tags { value } } optionGroups { code options { code } } \
    variants { id name priceWithTax currencyCode sku stockLevel featuredAsset { id preview } options { code group { code } } \
      taxRateApplied { value name zone { name } category { name } } product { id } translations { languageCode name } } \
    translations { languageCode slug } variantList(options: { take: 1, sort: { price: DESC } }) { totalItems items { price } } } }";

const SEARCH: &str = "query($i: SearchInput!) { search(input: $i) { totalItems items { productId productName slug \
    description productAsset { id preview } currencyCode \
    priceWithTax { ... on PriceRange { min max } ... on SinglePrice { value } } inStock } \
    facetValues { count facetValue { id name facet { id name } } } collections { count collection { name } } } }";

#[tokio::test]
async fn lists_products_with_their_variants() {
    let shop = Shop::with_products(3).await;
    let data = shop.guest().ask(LIST, json!({ "o": { "take": 2, "skip": 1 } })).await;
    let products = &data["products"];
    assert_eq!(products["totalItems"], 3);
    assert_eq!(products["items"].as_array().unwrap().len(), 2);
    let first = &products["items"][0];
    assert_eq!((&first["name"], &first["slug"]), (&json!("Laptop 1"), &json!("laptop-1")));
    let preview = first["featuredAsset"]["preview"].as_str().unwrap();
    assert!(preview.starts_with("http://shop.example/assets/"), "{preview}");
    let variant = &first["variants"][0];
    assert_eq!((&variant["price"], &variant["priceWithTax"]), (&json!(10_000), &json!(11_600)));
    assert_eq!((&variant["currencyCode"], &variant["stockLevel"]), (&json!("KES"), &json!("IN_STOCK")));
}

#[tokio::test]
async fn shows_everything_about_a_product() {
    let shop = Shop::with_products(1).await;
    let data = shop.guest().ask(DETAIL, json!({ "slug": "laptop-0" })).await;
    let product = &data["product"];
    assert_eq!(product["collections"][0]["name"], "Everything");
    assert_eq!(product["collections"][0]["breadcrumbs"][1]["slug"], "everything");
    assert_eq!(product["facetValues"][0]["facet"]["code"], "brand");
    assert_eq!(product["assets"][0]["tags"][0]["value"], "food");
    assert_eq!(product["assets"][0]["width"], 640);
    assert_eq!(product["optionGroups"][0]["options"].as_array().unwrap().len(), 2);
    let variant = &product["variants"][0];
    assert_eq!(variant["options"][0]["group"]["code"], "size-0");
    assert_eq!(variant["taxRateApplied"]["value"].to_string(), "16");
    assert_eq!(variant["taxRateApplied"]["zone"]["name"], "Kenya");
    assert_eq!(product["variantList"], json!({ "totalItems": 2, "items": [{ "price": 20_000 }] }));
}

#[tokio::test]
async fn finds_products_by_words_and_variants_one_by_one() {
    let shop = Shop::with_products(3).await;
    let mut guest = shop.guest();
    let grouped = json!({ "i": { "term": "laptop", "groupByProduct": true, "take": 20 } });
    let data = guest.ask(SEARCH, grouped).await;
    assert_eq!(data["search"]["totalItems"], 3);
    let hit = &data["search"]["items"][0];
    assert_eq!(hit["priceWithTax"], json!({ "min": 11_600, "max": 23_200 }));
    assert_eq!(hit["inStock"], true);
    assert_eq!(data["search"]["facetValues"][0]["count"], 3);
    assert_eq!(data["search"]["facetValues"][0]["facetValue"]["facet"]["name"], "Brand");
    assert_eq!(data["search"]["collections"][0]["collection"]["name"], "Everything");
    let single = guest.ask(SEARCH, json!({ "i": { "term": "laptop", "sort": { "price": "DESC" } } })).await;
    assert_eq!(single["search"]["totalItems"], 6);
    assert_eq!(single["search"]["items"][0]["priceWithTax"], json!({ "value": 23_200 }));
    let none = guest.ask(SEARCH, json!({ "i": { "term": "submarine" } })).await;
    assert_eq!(none["search"]["totalItems"], 0);
}

#[tokio::test]
async fn costs_the_same_statements_for_one_product_and_for_many() {
    let statements = async |products| {
        let shop = Shop::with_products(products).await;
        let mut guest = shop.guest();
        let mut counts = Vec::new();
        let everything = LIST.replace(
            "variants {",
            "collections { id children { id } } facetValues { name facet { name } } \
            assets { tags { value } } optionGroups { options { group { code } } } variants { \
            options { code } facetValues { code } assets { id } translations { name } taxCategory { name }",
        );
        for (text, variables) in [
            (LIST, nothing()),
            (&everything, nothing()),
            (SEARCH, json!({ "i": { "term": "laptop", "groupByProduct": true } })),
        ] {
            guest.ask(text, variables.clone()).await;
            let before = shop.statements();
            guest.ask(text, variables).await;
            counts.push(shop.statements() - before);
        }
        counts
    };
    let (few, many) = (statements(1).await, statements(30).await);
    assert_eq!(few, many);
    assert!(many[0] <= 6, "a list of products runs {many:?} statements");
}

#[tokio::test]
async fn answers_nothing_for_what_is_not_there() {
    let shop = Shop::with_products(1).await;
    let mut guest = shop.guest();
    let text = "{ a: product(id: \"999\") { id } b: product(id: \"abc\") { id } c: product(slug: \"none\") { id } \
        d: product { id } e: collection(id: \"-1\") { id } f: facet(id: \"9223372036854775808\") { id } \
        g: order(id: \"x\") { id } h: orderByCode(code: \"NONE\") { id } activeOrder { id } activeCustomer { id } \
        eligibleShippingMethods { id } eligiblePaymentMethods { id } }";
    let data = guest.ask(text, nothing()).await;
    for (field, value) in data.as_object().unwrap() {
        assert!(*value == Value::Null || *value == json!([]), "{field}: {value}");
    }
    let mismatch = guest.ask("{ product(id: \"999\", slug: \"laptop-0\") { id } }", nothing()).await;
    assert_eq!(mismatch["product"], Value::Null);
}

#[tokio::test]
async fn filters_and_sorts_lists_as_asked() {
    let shop = Shop::with_products(4).await;
    let mut guest = shop.guest();
    let names = async |guest: &mut super::kit::Client<'_>, options: Value| -> Vec<String> {
        let text = "query($o: ProductListOptions) { products(options: $o) { items { name } } }";
        let data = guest.ask(text, json!({ "o": options })).await;
        let items = data["products"]["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&mut guest, json!({ "sort": { "name": "DESC" }, "take": 1 })).await, ["Laptop 3"]);
    assert_eq!(
        names(&mut guest, json!({ "filter": { "name": { "contains": "top 2" } } })).await,
        ["Laptop 2"]
    );
    let or =
        json!({ "filter": { "_or": [{ "slug": { "eq": "laptop-0" } }, { "slug": { "regex": "-3$" } }] } });
    assert_eq!(names(&mut guest, or).await, ["Laptop 0", "Laptop 3"]);
    let none = json!({ "filter": { "id": { "eq": "abc" } } });
    assert!(names(&mut guest, none).await.is_empty());
    let text = "query($o: ProductListOptions) { products(options: $o) { totalItems } }";
    for options in [
        json!({ "take": 5000 }),
        json!({ "skip": -1 }),
        json!({ "filter": { "createdAt": { "before": "soon" } } }),
    ] {
        let answer = guest.answer(text, json!({ "o": options })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID_INPUT", "{answer}");
    }
    let unknown = guest.answer(text, json!({ "o": { "filter": { "colour": { "eq": "red" } } } })).await;
    assert_eq!(unknown["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
}

#[tokio::test]
async fn describes_the_channel_and_what_it_offers() {
    let shop = Shop::with_products(1).await;
    let text = "{ activeChannel { code currencyCode availableLanguageCodes defaultTaxZone { name members { __typename \
        code ... on Country { enabled } } } seller { name } } availableCountries { code name type parent { id } } \
        activePaymentMethods { code } activeShippingMethods { code name } facets { items { code values { code facet { id } } \
        valueList(options: { filter: { code: { eq: \"soko\" } } }) { totalItems } } } \
        collections(options: { topLevelOnly: true }) { items { name parent { name } productVariantCount \
        productVariants { totalItems } children { id } filters { code args { name value } } } } nextOrderStates }";
    let data = shop.guest().ask(text, nothing()).await;
    let member = json!({ "__typename": "Country", "code": "KE", "enabled": true });
    assert_eq!(data["activeChannel"]["defaultTaxZone"]["members"], json!([member]));
    assert_eq!(data["activeChannel"]["availableLanguageCodes"], json!(["en", "sw"]));
    assert_eq!(data["availableCountries"][0]["name"], "Kenya");
    assert_eq!(data["activePaymentMethods"], json!([{ "code": "cash" }, { "code": "bank" }]));
    let collection = &data["collections"]["items"][0];
    assert_eq!(
        (&collection["productVariantCount"], &collection["productVariants"]["totalItems"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(data["facets"]["items"][0]["valueList"]["totalItems"], 1);
}
