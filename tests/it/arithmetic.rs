//! What an order costs is the sum of its parts, whatever is in it and whatever the plugins make of it.
//!
//! `cargo xtask soak` makes many rounds of it.

use rand::Rng as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};
use soko_host::testing::{On, PricingGuest};
use soko_tests::client::only_field;
use soko_tests::platform::{ALPHA, BETA, SUGAR, TEA, UNGA};
use soko_tests::plugins::{bind, upload};
use soko_tests::{Shopper, TestServer, soak, with_server};

const DEFAULT_ROUNDS: u64 = 8;
/// Changes of one cart.
const STEPS: usize = 10;
/// What is bought, with its list price.
const GOODS: [(&str, i64); 3] = [(SUGAR, 36_000), (UNGA, 10_000), (TEA, 17_800)];
/// What one change adds or sets at most.
const QUANTITY_MAX: i64 = 7;

const PARTS: &str = "{ activeOrder {
    subTotal subTotalWithTax shipping shippingWithTax total totalWithTax totalQuantity
    discounts { amount amountWithTax } surcharges { price priceWithTax }
    shippingLines { discountedPrice discountedPriceWithTax } taxSummary { taxBase taxTotal }
    lines { id quantity unitPriceWithTax linePriceWithTax proratedLinePrice proratedLinePriceWithTax lineTax
        discounts { amountWithTax } productVariant { sku } } } }";

/// An amount, which must be an integer.
#[track_caller]
fn amount(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("no integer: {value}"))
}

/// The sum of a field over a list.
#[track_caller]
fn sum(list: &Value, field: &str) -> i64 {
    list.as_array().expect("a list").iter().map(|one| amount(&one[field])).sum()
}

/// From each line's list price through its discounts to what it costs; from the lines to the total.
fn check(order: &Value) {
    let lines = &order["lines"];
    for line in lines.as_array().expect("lines") {
        let sku = &line["productVariant"]["sku"];
        let (_, list_price) = GOODS.iter().find(|(known, _)| sku == known).expect("one of the goods");
        assert_eq!(amount(&line["unitPriceWithTax"]), *list_price, "{line}");
        let price = amount(&line["linePriceWithTax"]);
        assert_eq!(price, list_price * amount(&line["quantity"]), "{line}");
        let costs = amount(&line["proratedLinePriceWithTax"]);
        assert_eq!(price + sum(&line["discounts"], "amountWithTax"), costs, "{line}");
        assert!(costs >= 0, "{line}");
    }
    for (with_tax, [sub_total, prorated, shipping, delivery, surcharge, total]) in [
        (false, ["subTotal", "proratedLinePrice", "shipping", "discountedPrice", "price", "total"]),
        (
            true,
            [
                "subTotalWithTax",
                "proratedLinePriceWithTax",
                "shippingWithTax",
                "discountedPriceWithTax",
                "priceWithTax",
                "totalWithTax",
            ],
        ),
    ] {
        let surcharges = sum(&order["surcharges"], surcharge);
        assert_eq!(amount(&order[sub_total]), sum(lines, prorated) + surcharges, "{with_tax} {order}");
        assert_eq!(amount(&order[shipping]), sum(&order["shippingLines"], delivery), "{with_tax} {order}");
        assert_eq!(amount(&order[total]), amount(&order[sub_total]) + amount(&order[shipping]), "{order}");
    }
    let of_lines: i64 =
        lines.as_array().into_iter().flatten().map(|line| sum(&line["discounts"], "amountWithTax")).sum();
    assert_eq!(sum(&order["discounts"], "amountWithTax"), of_lines, "{order}");
    let taxes = &order["taxSummary"];
    assert_eq!(sum(taxes, "taxTotal"), amount(&order["totalWithTax"]) - amount(&order["total"]), "{order}");
    assert_eq!(sum(taxes, "taxBase"), amount(&order["total"]), "{order}");
    assert_eq!(amount(&order["totalQuantity"]), sum(lines, "quantity"), "{order}");
}

/// One change of the cart. It may be refused: there may be too little on the shelf.
async fn change(shopper: &Shopper, variants: &[String], order: &Value, random: &mut StdRng) {
    let quantity = random.random_range(1..=QUANTITY_MAX);
    let line =
        order["lines"].as_array().and_then(|lines| lines.choose(random)).map(|line| line["id"].clone());
    let (text, variables) = match (random.random_range(0..6), line) {
        (0, Some(line)) => (
            "mutation ($line: ID!) { removeOrderLine(orderLineId: $line) { __typename } }",
            json!({ "line": line }),
        ),
        (1 | 2, Some(line)) => (
            "mutation ($line: ID!, $quantity: Int!) {
                adjustOrderLine(orderLineId: $line, quantity: $quantity) { __typename } }",
            json!({ "line": line, "quantity": quantity }),
        ),
        (3, Some(_)) => {
            let methods = shopper.client.query("{ eligibleShippingMethods { id } }", json!({})).await;
            let method =
                methods["eligibleShippingMethods"].as_array().and_then(|all| all.choose(random)).cloned();
            (
                "mutation ($id: ID!) { setOrderShippingMethod(shippingMethodId: [$id]) { __typename } }",
                method.expect("a delivery"),
            )
        }
        _ => (
            "mutation ($variant: ID!, $quantity: Int!) {
                addItemToOrder(productVariantId: $variant, quantity: $quantity) { __typename } }",
            json!({ "variant": variants.choose(random), "quantity": quantity }),
        ),
    };
    let changed = only_field(&shopper.client.query(text, variables).await);
    let known = ["Order", "InsufficientStockError"];
    assert!(known.iter().any(|known| changed["__typename"] == *known), "{text}: {changed}");
}

async fn round(server: &TestServer, shop: &'static str, random: &mut StdRng) {
    let shopper = server.shopper(shop);
    let mut variants = Vec::new();
    for (sku, _) in GOODS {
        variants.push(shopper.variant(sku).await);
    }
    shopper.add(&variants[0], 1).await;
    shopper.set_details("random@example.com").await;
    for _ in 0..STEPS {
        let order = shopper.client.query(PARTS, json!({})).await["activeOrder"].clone();
        check(&order);
        change(&shopper, &variants, &order, random).await;
    }
    check(&shopper.client.query(PARTS, json!({})).await["activeOrder"]);
}

/// Makes the order cheaper, the first line dearer, and the order cheaper again by an amount that no number of lines
/// divides.
fn uneven() -> Vec<u8> {
    let adjustments =
        [(On::Order, -333, "a third"), (On::Line(0), 77, "wrapping"), (On::Order, -1_001, "more")];
    PricingGuest::new().name("uneven").adjust(&adjustments).build()
}

#[test]
fn every_order_is_the_sum_of_its_parts() {
    with_server(async |server| {
        let mut random = soak::random();
        let admin = server.administrator(BETA).await;
        bind(&admin, &upload(&admin, uneven()).await, json!({})).await;
        for _ in 0..soak::rounds(DEFAULT_ROUNDS) {
            round(server, ALPHA, &mut random).await;
            round(server, BETA, &mut random).await;
        }
    });
}
