//! Things of which each shop has several of a kind: one that is kept, and others for the operations that use them up.

use serde_json::json;
use soko_infra::DataScope;
use soko_tests::platform::SUGAR;
use soko_tests::shopper::order_of;
use soko_tests::{Client, TestServer};

use super::belongings::{first_text, id_at};
use super::operation::{Ids, filled};

/// What the kind of each is called by: `$kept_tag` is never used up, `$first_tag` by itself, the others in a list.
const WHICH: [&str; 4] = ["kept", "first", "second", "third"];

/// What the shops have from the start: as many are listed as there are in [`WHICH`].
const LISTED: &[(&str, &str)] = &[
    ("asset", "assets { items { id } }"),
    (
        "country",
        r#"countries(options: { filter: { code: { in: ["BI", "RW", "TZ", "UG"] } } }) { items { id } }"#,
    ),
];

/// How one of a kind is made, after those that stand above. `WHICH` and `SHOP` stand for what tells it from the others.
const MADE: &[(&str, &str)] = &[
    ("tag", r#"createTag(input: { value: "WHICH" }) { id }"#),
    (
        "facet",
        r#"createFacet(input: { code: "WHICH", isPrivate: false, translations: [{ languageCode: en, name: "WHICH" }] }) { id }"#,
    ),
    (
        "facet_value",
        r#"createFacetValue(input: { facetId: $WHICH_facet, code: "WHICH", translations: [{ languageCode: en, name: "WHICH" }] }) { id }"#,
    ),
    (
        "collection",
        r#"createCollection(input: { filters: [], translations: [{ languageCode: en, name: "WHICH", slug: "WHICH-collection", description: "" }] }) { id }"#,
    ),
    (
        "product",
        r#"createProduct(input: { translations: [{ languageCode: en, name: "WHICH", slug: "WHICH-product", description: "" }] }) { id }"#,
    ),
    (
        "option_group",
        r#"createProductOptionGroup(input: { code: "WHICH", translations: [{ languageCode: en, name: "WHICH" }], options: [] }) { id }"#,
    ),
    (
        "option",
        r#"createProductOption(input: { productOptionGroupId: $WHICH_option_group, code: "WHICH", translations: [{ languageCode: en, name: "WHICH" }] }) { id }"#,
    ),
    (
        "product_with_options",
        "addOptionGroupToProduct(productId: $WHICH_product, optionGroupId: $WHICH_option_group) { id }",
    ),
    (
        "variant",
        r#"createProductVariants(input: [{ productId: $WHICH_product, sku: "WHICH", price: 100, optionIds: [$WHICH_option], translations: [{ languageCode: en, name: "WHICH" }] }]) { id }"#,
    ),
    (
        "free_option",
        r#"createProductOption(input: { productOptionGroupId: $WHICH_option_group, code: "free", translations: [{ languageCode: en, name: "Free" }] }) { id }"#,
    ),
    (
        "customer",
        r#"createCustomer(input: { firstName: "WHICH", lastName: "SHOP", emailAddress: "WHICH@customers.example" }) { ... on Customer { id } }"#,
    ),
    ("customer_group", r#"createCustomerGroup(input: { name: "WHICH" }) { id }"#),
    (
        "role",
        r#"createRole(input: { code: "WHICH-SHOP", description: "", permissions: [ReadOrder] }) { id }"#,
    ),
    (
        "administrator",
        r#"createAdministrator(input: { firstName: "WHICH", lastName: "SHOP", emailAddress: "WHICH@SHOP.example", password: "for-tests-only", roleIds: [$kept_role] }) { id }"#,
    ),
    ("zone", r#"createZone(input: { name: "WHICH", memberIds: [] }) { id }"#),
    ("tax_category", r#"createTaxCategory(input: { name: "WHICH" }) { id }"#),
    (
        "tax_rate",
        r#"createTaxRate(input: { name: "WHICH", enabled: true, value: 16, categoryId: $kept_tax_category, zoneId: $kept_zone }) { id }"#,
    ),
    (
        "shipping_method",
        r#"createShippingMethod(input: { code: "WHICH", fulfillmentHandler: "manual-fulfillment", checker: { code: "default-shipping-eligibility-checker", arguments: [] }, calculator: { code: "default-shipping-calculator", arguments: [{ name: "rate", value: "99900" }] }, translations: [{ languageCode: en, name: "WHICH", description: "" }] }) { id }"#,
    ),
    (
        "payment_method",
        r#"createPaymentMethod(input: { code: "WHICH", enabled: true, handler: { code: "manual", arguments: [] }, translations: [{ languageCode: en, name: "WHICH", description: "" }] }) { id }"#,
    ),
];

/// Names what the shop has from the start.
pub async fn find(admin: &Client, ids: &mut Ids) {
    for (kind, query) in LISTED {
        let data = admin.query(&format!("{{ {query} }}"), json!({})).await;
        let listed = data.as_object().and_then(|fields| fields.values().next());
        let items = listed.and_then(|page| page["items"].as_array()).expect("a page");
        assert!(items.len() >= WHICH.len(), "too few of {kind}: {data}");
        for (which, item) in WHICH.iter().zip(items) {
            ids.insert(format!("{which}_{kind}"), id_at(item, "id"));
        }
    }
}

/// Makes what the shop lacks.
pub async fn make(admin: &Client, shop: &str, ids: &mut Ids) {
    for (kind, mutation) in MADE {
        for which in WHICH {
            let document = mutation.replace("WHICH", which).replace("SHOP", shop);
            let data = admin.query(&format!("mutation {{ {} }}", filled(&document, ids)), json!({})).await;
            let id = first_text(&data).unwrap_or_else(|| panic!("no {which} {kind}: {data}"));
            ids.insert(format!("{which}_{kind}"), id.to_owned());
        }
    }
}

/// Sells to guests who pay by bank, which leaves payments to settle and to cancel, and to one who is yet to pay.
pub async fn sell(server: &TestServer, shop: &'static str, ids: &mut Ids) {
    for which in WHICH {
        let guest = server.shopper(shop);
        let sugar = guest.variant(SUGAR).await;
        let unpaid = guest.arrange_payment(&sugar, 1, &format!("{which}@guests.example")).await;
        if which == "kept" {
            ids.insert("unpaid_order".to_owned(), id_at(&unpaid, "id"));
        } else {
            let order = order_of(guest.try_pay("bank-transfer").await);
            ids.insert(format!("{which}_payment"), id_at(&order["payments"][0], "id"));
            ids.insert(format!("{which}_order_line"), id_at(&order["lines"][0], "id"));
        }
    }
    // No handler of the shop's leaves payments that people have to look at.
    let doubtful: i64 = ids["third_payment"].parse().expect("a number");
    let put_up = server.database().write(DataScope::Platform, async move |tx| {
        tx.execute("UPDATE payment SET review = 'nobody knows' WHERE id = $1", (doubtful,)).await
    });
    assert_eq!(put_up.await.expect("a change"), 1);
}
