//! Carts and goods that a node remembers are shown as the store has them.

use serde_json::{Value, json};
use soko_tests::platform::{ALPHA, SUGAR, UNGA};
use soko_tests::{Client, Shopper, TestServer, with_server};

/// The cart twice in one document: only the first can be what the node remembers, the second is read from the store.
const TWICE: &str = "{ remembered: activeOrder { ...All } stored: activeOrder { ...All } }
    fragment All on Order {
        id code state active createdAt updatedAt orderPlacedAt totalQuantity subTotal subTotalWithTax shipping
        shippingWithTax total totalWithTax currencyCode couponCodes
        customer { id emailAddress }
        shippingAddress { fullName streetLine1 city country countryCode phoneNumber }
        billingAddress { fullName streetLine1 city country countryCode phoneNumber }
        shippingLines { id priceWithTax shippingMethod { id code } }
        taxSummary { description taxRate taxBase taxTotal }
        payments { id state method amount }
        lines {
            id createdAt updatedAt quantity unitPrice unitPriceWithTax linePriceWithTax proratedLinePriceWithTax taxRate
            discounts { description amountWithTax }
            featuredAsset { id name }
            productVariant { id sku name priceWithTax product { name slug } }
        }
    }";

/// The cart, which must be the same from memory and from the store.
async fn seen(shopper: &Shopper, after: &str) -> Value {
    let data = shopper.client.query(TWICE, json!({})).await;
    assert_eq!(data["remembered"], data["stored"], "after {after}");
    data["stored"].clone()
}

async fn change(shopper: &Shopper, what: &str) {
    let answer = shopper.client.query(&format!("mutation {{ {what} {{ __typename }} }}"), json!({})).await;
    let names = answer.as_object().into_iter().flatten().map(|(_, answer)| answer["__typename"].clone());
    assert!(names.into_iter().all(|name| name == "Order"), "{what}: {answer}");
}

#[test]
fn a_cart_is_remembered_as_it_is_stored() {
    with_server(async |server: &TestServer| {
        let shopper = server.shopper(ALPHA);
        let (sugar, unga) = (shopper.variant(SUGAR).await, shopper.variant(UNGA).await);
        shopper.add(&sugar, 2).await;
        let cart = seen(&shopper, "the first unit").await;
        shopper.add(&unga, 12).await;
        seen(&shopper, "another variant").await;
        let line = cart["lines"][0]["id"].as_str().expect("an id").to_owned();
        let address = "fullName: \"Wanjiku Mwangi\" streetLine1: \"Biashara Street 4\" city: \"Nairobi\" countryCode: \"KE\"";
        for what in [
            format!("adjustOrderLine(orderLineId: {line}, quantity: 10)"),
            "setCustomerForOrder(input: { firstName: \"A\", lastName: \"B\", emailAddress: \"known@example.com\" })".into(),
            format!("setOrderShippingAddress(input: {{ {address} }})"),
            format!("setOrderBillingAddress(input: {{ {address} phoneNumber: \"0712345678\" }})"),
        ] {
            change(&shopper, &what).await;
            seen(&shopper, &what).await;
        }
        shopper.choose_shipping().await;
        seen(&shopper, "a delivery").await;
        for what in [
            format!("removeOrderLine(orderLineId: {line})"),
            "unsetOrderBillingAddress".into(),
            "transitionOrderToState(state: \"ArrangingPayment\")".into(),
            "transitionOrderToState(state: \"AddingItems\")".into(),
            "removeAllOrderLines".into(),
        ] {
            change(&shopper, &what).await;
            seen(&shopper, &what).await;
        }
    });
}

#[test]
fn a_request_that_changes_a_cart_several_times_decides_by_what_it_did() {
    with_server(async |server: &TestServer| {
        let shopper = server.shopper(ALPHA);
        let (sugar, unga) = (shopper.variant(SUGAR).await, shopper.variant(UNGA).await);
        shopper.add(&sugar, 1).await;
        seen(&shopper, "the first unit").await;
        let both = format!(
            "mutation {{ a: addItemToOrder(productVariantId: {unga}, quantity: 2) {{ ...O }}
                b: addItemToOrder(productVariantId: {unga}, quantity: 3) {{ ...O }}
                c: removeAllOrderLines {{ ...O }} d: addItemToOrder(productVariantId: {sugar}, quantity: 4) {{ ...O }} }}
             fragment O on Order {{ totalQuantity }}"
        );
        let data = shopper.client.query(&both, json!({})).await;
        let quantities = ["a", "b", "c", "d"].map(|step| data[step]["totalQuantity"].clone());
        assert_eq!(quantities, [json!(3), json!(6), json!(0), json!(4)], "{data}");
        assert_eq!(seen(&shopper, "four changes").await["totalQuantity"], 4);
    });
}

/// What the cart's only line shows.
async fn line(shopper: &Shopper) -> Value {
    seen(shopper, "a change of the catalogue").await["lines"][0].clone()
}

async fn administer(admin: &Client, what: &str) {
    admin.query(&format!("mutation {{ {what} }}"), json!({})).await;
}

#[test]
fn what_a_shop_changes_of_its_goods_is_in_every_cart_at_once() {
    with_server(async |server: &TestServer| {
        let admin = server.administrator(ALPHA).await;
        let shopper = server.shopper(ALPHA);
        let variant = shopper.variant(SUGAR).await;
        shopper.add(&variant, 1).await;
        let before = line(&shopper).await;
        let found = admin.query(
            "query ($id: ID!) { productVariant(id: $id) { product { id } } }",
            json!({ "id": variant }),
        );
        let product = found.await["productVariant"]["product"]["id"].as_str().expect("an id").to_owned();

        let name = |name: &str| format!("translations: [{{ languageCode: en, name: \"{name}\" }}]");
        let named = name("Renamed variant");
        administer(&admin, &format!("updateProductVariant(input: {{ id: {variant}, {named} }}) {{ id }}"))
            .await;
        assert_eq!(line(&shopper).await["productVariant"]["name"], "Renamed variant");

        let named = name("Renamed product");
        administer(&admin, &format!("updateProduct(input: {{ id: {product}, {named} }}) {{ id }}")).await;
        assert_eq!(line(&shopper).await["productVariant"]["product"]["name"], "Renamed product");

        let dearer = before["productVariant"]["priceWithTax"].as_i64().expect("a price") + 1_000;
        administer(
            &admin,
            &format!("updateProductVariant(input: {{ id: {variant}, price: {dearer} }}) {{ id }}"),
        )
        .await;
        assert_eq!(line(&shopper).await["productVariant"]["priceWithTax"], dearer);
        let added = shopper.add(&variant, 1).await;
        assert_ne!(added["lines"][0]["unitPriceWithTax"], before["unitPriceWithTax"], "{added}");

        if let Some(picture) = before["featuredAsset"]["id"].as_str() {
            administer(
                &admin,
                &format!("updateAsset(input: {{ id: {picture}, name: \"Renamed picture\" }}) {{ id }}"),
            )
            .await;
            assert_eq!(line(&shopper).await["featuredAsset"]["name"], "Renamed picture");
            administer(
                &admin,
                &format!("deleteAsset(input: {{ assetId: {picture}, force: true }}) {{ result }}"),
            )
            .await;
            assert_eq!(line(&shopper).await["featuredAsset"], Value::Null);
        }

        administer(
            &admin,
            &format!("updateProductVariant(input: {{ id: {variant}, enabled: false }}) {{ id }}"),
        )
        .await;
        let refused = shopper.try_add(&variant, 1).await;
        assert!(!refused.body["errors"].is_null(), "it is not sold any more: {}", refused.body);
        administer(
            &admin,
            &format!("updateProductVariant(input: {{ id: {variant}, enabled: true }}) {{ id }}"),
        )
        .await;
        shopper.add(&variant, 1).await;
        administer(&admin, &format!("deleteProduct(id: {product}) {{ result }}")).await;
        let refused = shopper.try_add(&variant, 1).await;
        assert!(!refused.body["errors"].is_null(), "it is not sold any more: {}", refused.body);
    });
}
