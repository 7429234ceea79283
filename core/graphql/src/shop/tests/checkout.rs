//! From an empty cart to a placed order, and what is refused on the way.

use serde_json::{Value, json};

use super::kit::{Client, Shop, nothing};

const ORDER: &str = "fragment O on Order { __typename id code active createdAt state currencyCode totalQuantity subTotal \
    subTotalWithTax taxSummary { description taxRate taxTotal } shippingWithTax totalWithTax \
    customer { id firstName lastName emailAddress } shippingAddress { fullName streetLine1 streetLine2 company city province \
    postalCode countryCode phoneNumber } shippingLines { shippingMethod { id name } priceWithTax } lines { id unitPriceWithTax \
    linePriceWithTax quantity featuredAsset { id preview source } productVariant { id name price product { id slug } } } \
    payments { id state method amount metadata } }";

const EVERYTHING: &str = "{ activeOrder { id type orderPlacedAt billingAddress { city } surcharges { id } discounts { amount } \
    couponCodes promotions { id } fulfillments { id } shipping total lines { unitPrice unitPriceChangeSinceAdded \
    unitPriceWithTaxChangeSinceAdded discountedUnitPrice discountedUnitPriceWithTax proratedUnitPrice \
    proratedUnitPriceWithTax orderPlacedQuantity taxRate linePrice discountedLinePrice discountedLinePriceWithTax \
    proratedLinePrice proratedLinePriceWithTax lineTax discounts { amount } taxLines { description taxRate } \
    order { code } fulfillmentLines { quantity } } history { totalItems items { type data } } customFields } }";

fn document(operation: &str) -> String {
    format!("{operation} {ORDER}")
}

async fn add(guest: &mut Client<'_>, variant: &str, quantity: i64) -> Value {
    let text = document(
        "mutation($v: ID!, $q: Int!) { addItemToOrder(productVariantId: $v, quantity: $q) { ...O \
         ... on ErrorResult { errorCode message } ... on InsufficientStockError { quantityAvailable order { totalQuantity } } } }",
    );
    guest.ask(&text, json!({ "v": variant, "q": quantity })).await["addItemToOrder"].clone()
}

async fn transition(guest: &mut Client<'_>, state: &str) -> Value {
    let text = document(
        "mutation($s: String!) { transitionOrderToState(state: $s) { ...O \
         ... on OrderStateTransitionError { errorCode message transitionError fromState toState } } }",
    );
    guest.ask(&text, json!({ "s": state })).await["transitionOrderToState"].clone()
}

async fn pay(guest: &mut Client<'_>, method: &str) -> Value {
    let text = document(
        "mutation($i: PaymentInput!) { addPaymentToOrder(input: $i) { ...O ... on ErrorResult { errorCode } } }",
    );
    guest.ask(&text, json!({ "i": { "method": method, "metadata": {} } })).await["addPaymentToOrder"].clone()
}

/// Says who buys and where it goes, and chooses the delivery.
async fn prepare(guest: &mut Client<'_>) {
    let text = document(
        "mutation($i: CreateCustomerInput!) { setCustomerForOrder(input: $i) { ...O ... on ErrorResult { errorCode } } }",
    );
    let asha = json!({ "firstName": "Asha", "lastName": "Otieno", "emailAddress": "asha@mail.example" });
    let order = guest.ask(&text, json!({ "i": asha })).await["setCustomerForOrder"].clone();
    assert_eq!(order["customer"]["firstName"], "Asha", "{order}");
    let text = document(
        "mutation($i: CreateAddressInput!) { setOrderShippingAddress(input: $i) { ...O ... on ErrorResult { errorCode } } }",
    );
    let nairobi = json!({ "fullName": "Asha Otieno", "streetLine1": "1 Kimathi St", "city": "Nairobi", "countryCode": "KE" });
    let order = guest.ask(&text, json!({ "i": nairobi })).await["setOrderShippingAddress"].clone();
    assert_eq!(order["shippingAddress"]["streetLine1"], "1 Kimathi St", "{order}");
    let quotes = guest
        .ask("{ eligibleShippingMethods { id name description price priceWithTax metadata } }", nothing())
        .await;
    let quote = &quotes["eligibleShippingMethods"][0];
    assert_eq!(quote["priceWithTax"], 5_000);
    let text = document(
        "mutation($id: [ID!]!) { setOrderShippingMethod(shippingMethodId: $id) { ...O ... on ErrorResult { errorCode } } }",
    );
    let order = guest.ask(&text, json!({ "id": [quote["id"]] })).await["setOrderShippingMethod"].clone();
    assert_eq!(order["shippingWithTax"], 5_000, "{order}");
    assert_eq!(order["shippingLines"][0]["shippingMethod"]["name"], "Boda");
}

async fn variant(shop: &Shop) -> String {
    let data = shop.guest().ask("{ product(slug: \"laptop-0\") { variants { id } } }", nothing()).await;
    data["product"]["variants"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn takes_a_guest_from_an_empty_cart_to_a_placed_order() {
    let shop = Shop::with_products(1).await;
    let variant = variant(&shop).await;
    let mut guest = shop.guest();
    let order = add(&mut guest, &variant, 2).await;
    assert!(guest.token().is_some());
    assert_eq!((&order["totalWithTax"], &order["subTotal"]), (&json!(23_200), &json!(20_000)), "{order}");
    assert_eq!(order["lines"][0]["productVariant"]["product"]["slug"], "laptop-0");
    assert!(order["lines"][0]["featuredAsset"]["source"].as_str().unwrap().starts_with("http"));
    prepare(&mut guest).await;
    assert_eq!(transition(&mut guest, "ArrangingPayment").await["state"], "ArrangingPayment");
    let placed = pay(&mut guest, "cash").await;
    assert_eq!((&placed["state"], &placed["active"]), (&json!("PaymentSettled"), &json!(false)), "{placed}");
    assert_eq!(placed["payments"][0]["amount"], 28_200);
    assert_eq!(placed["taxSummary"][0]["taxRate"].to_string(), "0");
    assert_eq!(guest.ask("{ activeOrder { id } }", nothing()).await["activeOrder"], Value::Null);
    let by_code = document("query($c: String!) { orderByCode(code: $c) { ...O } }");
    let read = guest.ask(&by_code, json!({ "c": placed["code"] })).await;
    assert_eq!(read["orderByCode"]["totalWithTax"], 28_200);
    let stranger =
        shop.guest().answer("query($i: ID!) { order(id: $i) { id } }", json!({ "i": placed["id"] })).await;
    assert_eq!(stranger["data"]["order"], Value::Null);
    assert_eq!(stranger["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
}

#[tokio::test]
async fn shows_every_price_of_a_cart() {
    let shop = Shop::with_products(1).await;
    let variant = variant(&shop).await;
    let mut guest = shop.guest();
    add(&mut guest, &variant, 3).await;
    prepare(&mut guest).await;
    let order = guest.ask(EVERYTHING, nothing()).await["activeOrder"].clone();
    let line = &order["lines"][0];
    for (field, amount) in [
        ("unitPrice", 10_000),
        ("linePrice", 30_000),
        ("proratedLinePriceWithTax", 34_800),
        ("lineTax", 4_800),
    ] {
        assert_eq!(line[field], amount, "{field}");
    }
    assert_eq!(line["taxLines"], json!([{ "description": "VAT 16 %", "taxRate": 16 }]));
    assert_eq!((&order["total"], &order["type"]), (&json!(35_000), &json!("Regular")));
}

#[tokio::test]
async fn changes_and_empties_a_cart() {
    let shop = Shop::with_products(1).await;
    let variant = variant(&shop).await;
    let mut guest = shop.guest();
    let several = document(
        "mutation($i: [AddItemInput!]!) { addItemsToOrder(inputs: $i) { order { ...O } \
         errorResults { ... on ErrorResult { errorCode } } } }",
    );
    let inputs = json!([{ "productVariantId": variant, "quantity": 1 }, { "productVariantId": variant, "quantity": -1 }]);
    let added = guest.ask(&several, json!({ "i": inputs })).await["addItemsToOrder"].clone();
    assert_eq!(added["errorResults"], json!([{ "errorCode": "NEGATIVE_QUANTITY_ERROR" }]));
    let line = added["order"]["lines"][0]["id"].clone();
    let adjust = "mutation($l: ID!, $q: Int!) { adjustOrderLine(orderLineId: $l, quantity: $q) { ... on Order { totalQuantity } } }";
    let adjusted = guest.ask(adjust, json!({ "l": line, "q": 4 })).await;
    assert_eq!(adjusted["adjustOrderLine"]["totalQuantity"], 4);
    let unknown = guest.answer(adjust, json!({ "l": "999", "q": 4 })).await;
    assert_eq!(unknown["errors"][0]["extensions"]["code"], "NOT_FOUND", "{unknown}");
    let remove = "mutation($l: ID!) { removeOrderLine(orderLineId: $l) { ... on Order { totalQuantity lines { id } } } }";
    let removed = guest.ask(remove, json!({ "l": line })).await;
    assert_eq!(removed["removeOrderLine"]["lines"], json!([]));
    add(&mut guest, &variant, 1).await;
    let emptied =
        guest.ask("mutation { removeAllOrderLines { ... on Order { lines { id } } } }", nothing()).await;
    assert_eq!(emptied["removeAllOrderLines"]["lines"], json!([]));
    let unset = "mutation { unsetOrderShippingAddress { ... on Order { shippingAddress { city } } } \
        setOrderBillingAddress(input: { streetLine1: \"PO Box 1\", countryCode: \"KE\" }) { ... on Order { billingAddress { country } } } \
        unsetOrderBillingAddress { ... on Order { billingAddress { country } } } }";
    let unset = guest.ask(unset, nothing()).await;
    assert_eq!(unset["setOrderBillingAddress"]["billingAddress"]["country"], "Kenya");
    assert_eq!(unset["unsetOrderBillingAddress"]["billingAddress"], Value::Null);
}

#[tokio::test]
async fn refuses_with_members_of_the_results() {
    let shop = Shop::with_products(1).await;
    let variant = variant(&shop).await;
    let mut guest = shop.guest();
    let nobody = guest
        .ask("mutation { unsetOrderShippingAddress { ... on ErrorResult { errorCode message } } }", nothing())
        .await;
    assert_eq!(nobody["unsetOrderShippingAddress"]["errorCode"], "NO_ACTIVE_ORDER_ERROR");
    assert_eq!(transition(&mut guest, "ArrangingPayment").await, Value::Null);
    let too_many = add(&mut guest, &variant, 11).await;
    assert_eq!(too_many["errorCode"], "INSUFFICIENT_STOCK_ERROR", "{too_many}");
    assert_eq!(
        (&too_many["quantityAvailable"], &too_many["order"]["totalQuantity"]),
        (&json!(10), &json!(10))
    );
    assert_eq!(add(&mut guest, &variant, -1).await["errorCode"], "NEGATIVE_QUANTITY_ERROR");
    assert_eq!(add(&mut guest, &variant, 2_000_000_000).await["errorCode"], "ORDER_LIMIT_ERROR");
    let early = transition(&mut guest, "ArrangingPayment").await;
    assert_eq!(
        (&early["errorCode"], &early["fromState"]),
        (&json!("ORDER_STATE_TRANSITION_ERROR"), &json!("AddingItems"))
    );
    assert_eq!(pay(&mut guest, "cash").await["errorCode"], "ORDER_PAYMENT_STATE_ERROR");
    assert_eq!(pay(&mut guest, "gold").await["errorCode"], "INELIGIBLE_PAYMENT_METHOD_ERROR");
    let method = "mutation($i: [ID!]!) { setOrderShippingMethod(shippingMethodId: $i) { ... on ErrorResult { errorCode } } }";
    for ids in [json!(["999"]), json!([]), json!(["1", "2"])] {
        let refused = guest.ask(method, json!({ "i": ids })).await;
        assert_eq!(
            refused["setOrderShippingMethod"]["errorCode"], "INELIGIBLE_SHIPPING_METHOD_ERROR",
            "{ids}"
        );
    }
    prepare(&mut guest).await;
    transition(&mut guest, "ArrangingPayment").await;
    assert_eq!(add(&mut guest, &variant, 1).await["errorCode"], "ORDER_MODIFICATION_ERROR");
    let text = "mutation { addItemToOrder(productVariantId: \"abc\", quantity: 1) { __typename } }";
    let unknown = shop.guest().answer(text, nothing()).await;
    assert_eq!(unknown["errors"][0]["extensions"]["code"], "NOT_FOUND", "{unknown}");
}

#[tokio::test]
async fn keeps_the_session_that_an_operation_of_the_same_request_began() {
    let shop = Shop::with_products(1).await;
    let variant = variant(&shop).await;
    let text = "mutation($v: ID!) { a: addItemToOrder(productVariantId: $v, quantity: 1) { ... on Order { id } } \
        b: addItemToOrder(productVariantId: $v, quantity: 2) { ... on Order { id totalQuantity } } }";
    let data = shop.guest().ask(text, json!({ "v": variant })).await;
    assert_eq!(data["a"]["id"], data["b"]["id"]);
    assert_eq!(data["b"]["totalQuantity"], 3);
}

#[tokio::test]
async fn costs_the_same_statements_for_one_line_and_for_many() {
    let statements = async |products: usize| {
        let shop = Shop::with_products(products).await;
        let data = shop.guest().ask("{ products { items { variants { id } } } }", nothing()).await;
        let mut guest = shop.guest();
        for product in data["products"]["items"].as_array().unwrap() {
            add(&mut guest, product["variants"][0]["id"].as_str().unwrap(), 1).await;
        }
        let mut counts = vec![shop.statements()];
        guest.ask(&document("{ activeOrder { ...O } }"), nothing()).await;
        counts.push(shop.statements());
        add(&mut guest, data["products"]["items"][0]["variants"][0]["id"].as_str().unwrap(), 1).await;
        counts.push(shop.statements());
        prepare(&mut guest).await;
        counts.push(shop.statements());
        assert_eq!(transition(&mut guest, "ArrangingPayment").await["state"], "ArrangingPayment");
        counts.push(shop.statements());
        assert_eq!(pay(&mut guest, "cash").await["state"], "PaymentSettled");
        counts.push(shop.statements());
        counts.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>()
    };
    let (one, many) = (statements(1).await, statements(12).await);
    assert_eq!(one, many, "reading, adding, preparing, arranging and paying");
}
