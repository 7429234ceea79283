//! The rules, as a shop's administrator and its customers would state them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use soko_pricing::{
    Adjustment, Context, Customer, FacetValue, LocalTime, OrderLine, PricingRule, Refusal, Target,
};

use crate::WholesaleTiers;

const TIERS: &str = r#"{"breaks": [
    {"skus": ["SUGAR"], "tiers": [{"minQuantity": 6, "offEach": 500}, {"minQuantity": 24, "unitPrice": 9000}]},
    {"facet": {"facet": "category", "value": "drinks"}, "tiers": [{"minQuantity": 12, "offBasisPoints": 1250}]},
    {"tiers": [{"minQuantity": 100, "offBasisPoints": 1000}]}]}"#;

const BOTH: &str = r#"{"breaks": [{"tiers": [{"minQuantity": 12, "offEach": 500}]}],
    "trade": {"groups": ["trade", "kiosk"], "unitPrices": {"SUGAR": 9600}, "offBasisPoints": 500}}"#;

fn line(id: u32, sku: &str, quantity: u32, unit_list_price: i64) -> OrderLine {
    OrderLine {
        id,
        variant_id: format!("variant-{sku}"),
        sku: sku.into(),
        product_slug: sku.to_lowercase(),
        quantity,
        unit_list_price,
        line_price: unit_list_price.saturating_mul(i64::from(quantity)),
        facet_values: Vec::new(),
    }
}

fn order(lines: Vec<OrderLine>) -> Context {
    Context {
        channel: "duka-moja".into(),
        currency: "KES".into(),
        prices_include_tax: true,
        now: LocalTime {
            unix_ms: 1_780_000_000_000,
            date: "2026-05-28".into(),
            weekday: 4,
            minute_of_day: 600,
        },
        customer: None,
        coupon_codes: Vec::new(),
        lines,
    }
}

fn bought_by(group: &str, lines: Vec<OrderLine>) -> Context {
    let customer = Customer { id: "7".into(), groups: vec!["newsletter".into(), group.into()] };
    Context { customer: Some(customer), ..order(lines) }
}

fn price(context: Context, config: &str) -> Vec<(u32, i64, String)> {
    let show = |adjustment: Adjustment| match adjustment.target {
        Target::Line(id) => (id, adjustment.amount, adjustment.reason),
        Target::Order => (0, adjustment.amount, adjustment.reason),
    };
    WholesaleTiers::price_order(context, config.into()).unwrap().into_iter().map(show).collect()
}

fn refuse(context: Context, config: &str) -> Refusal {
    WholesaleTiers::price_order(context, config.into()).unwrap_err()
}

#[test]
fn gives_a_break_from_its_quantity_on() {
    assert_eq!(price(order(vec![line(1, "SUGAR", 5, 10_000)]), TIERS), []);
    assert_eq!(
        price(order(vec![line(1, "SUGAR", 6, 10_000)]), TIERS),
        [(1, -3_000, "6 or more: KES 5.00 off each".into())]
    );
}

#[test]
fn gives_the_highest_tier_reached() {
    assert_eq!(
        price(order(vec![line(1, "SUGAR", 24, 10_000)]), TIERS),
        [(1, -24_000, "24 or more: KES 90.00 each".into())]
    );
}

#[test]
fn prefers_the_sku_over_the_facet_over_all() {
    let drink = FacetValue { facet: "category".into(), value: "drinks".into() };
    let mut sweet = line(1, "SUGAR", 12, 10_000);
    sweet.facet_values.push(drink.clone());
    let mut soda = line(2, "SODA", 100, 60);
    soda.facet_values.push(drink);
    let flour = line(3, "FLOUR", 100, 15_000);
    assert_eq!(
        price(order(vec![sweet, soda, flour]), TIERS),
        [
            (1, -6_000, "6 or more: KES 5.00 off each".into()),
            // 52.5 cents left of each, so 53.
            (2, -700, "12 or more: 12.5% off".into()),
            (3, -150_000, "100 or more: 10% off".into()),
        ]
    );
}

#[test]
fn counts_a_variant_over_all_lines() {
    let adjustments = price(order(vec![line(1, "SUGAR", 4, 10_000), line(2, "SUGAR", 2, 10_000)]), TIERS);
    let amounts: Vec<i64> = adjustments.iter().map(|adjustment| adjustment.1).collect();
    assert_eq!(amounts, [-2_000, -1_000]);
}

#[test]
fn gives_trade_prices_to_the_groups_only() {
    let lines = || vec![line(1, "SUGAR", 1, 10_000), line(2, "FLOUR", 2, 15_000)];
    let expected =
        [(1, -400, "Trade price: KES 96.00 each".to_owned()), (2, -1_500, "Trade price: 5% off".to_owned())];
    assert_eq!(price(bought_by("kiosk", lines()), BOTH), expected);
    assert_eq!(price(bought_by("retail", lines()), BOTH), []);
    assert_eq!(price(order(lines()), BOTH), []);
}

#[test]
fn gives_the_better_of_break_and_trade_price_never_both() {
    // 95.00 by quantity beats 96.00 for trade; 5 % of 150.00 beats 5.00.
    assert_eq!(
        price(bought_by("trade", vec![line(1, "SUGAR", 12, 10_000), line(2, "FLOUR", 12, 15_000)]), BOTH),
        [(1, -6_000, "12 or more: KES 5.00 off each".into()), (2, -9_000, "Trade price: 5% off".into())]
    );
    // Both leave 95.00.
    assert_eq!(
        price(bought_by("trade", vec![line(3, "SALT", 12, 10_000)]), BOTH),
        [(3, -6_000, "12 or more: KES 5.00 off each".into())]
    );
}

#[test]
fn never_raises_a_price() {
    assert_eq!(price(bought_by("trade", vec![line(1, "SUGAR", 1, 9_000)]), BOTH), []);
    assert_eq!(price(order(vec![line(1, "SUGAR", 24, 8_000)]), TIERS), []);
}

#[test]
fn never_takes_a_line_below_zero() {
    // The list price is lower than what is off each.
    assert_eq!(price(order(vec![line(1, "SUGAR", 6, 300)]), TIERS)[0].1, -1_800);
    // An earlier component took almost everything off the line already.
    let mut nearly_free = line(1, "SUGAR", 6, 10_000);
    nearly_free.line_price = 100;
    assert_eq!(price(order(vec![nearly_free.clone()]), TIERS)[0].1, -100);
    for line_price in [0, -50] {
        nearly_free.line_price = line_price;
        assert_eq!(price(order(vec![nearly_free.clone()]), TIERS), []);
    }
}

#[test]
fn refuses_amounts_out_of_range() {
    let config = r#"{"breaks": [{"tiers": [{"minQuantity": 1, "unitPrice": 0}]}]}"#;
    let huge = line(9, "GOLD", u32::MAX, i64::MAX);
    assert_eq!(
        refuse(order(vec![huge]), config),
        Refusal::Unsupported("line 9: the amount is out of range".into())
    );
    let mut negative = line(9, "GOLD", 1, 5);
    negative.unit_list_price = -5;
    assert!(matches!(refuse(order(vec![negative]), config), Refusal::Unsupported(_)));
}

#[test]
fn refuses_configurations_that_make_no_sense() {
    let refused = [
        r#"{"breaks": [{"tiers": [{"minQuantity": 12, "offEach": 5}, {"minQuantity": 6, "offEach": 9}]}]}"#,
        r#"{"breaks": [{"tiers": [{"minQuantity": 0, "offEach": 5}]}]}"#,
        r#"{"breaks": [{"tiers": [{"minQuantity": 1}]}]}"#,
        r#"{"breaks": [{"tiers": [{"minQuantity": 1, "offEach": 5, "unitPrice": 5}]}]}"#,
        r#"{"breaks": [{"tiers": [{"minQuantity": 1, "offEach": -5}]}]}"#,
        r#"{"breaks": [{"tiers": [{"minQuantity": 1, "offEach": 0.5}]}]}"#,
        r#"{"trade": {"groups": ["trade"], "unitPrices": {"SUGAR": -1}}}"#,
        r#"{"brakes": []}"#,
        "",
    ];
    for config in refused {
        let refusal = refuse(order(vec![line(1, "SUGAR", 1, 100)]), config);
        assert!(matches!(refusal, Refusal::InvalidConfig(_)), "{config}: {refusal:?}");
    }
}

#[test]
fn describes_itself_with_a_schema_that_its_example_meets() {
    let manifest = WholesaleTiers::describe();
    assert_eq!((manifest.name.as_str(), manifest.kind.as_str()), ("wholesale-tiers", "pricing"));
    let schema = serde_json::from_str(&manifest.config_schema).unwrap();
    let validator = jsonschema::draft202012::options().build(&schema).unwrap();
    let accepts = |config: &str| validator.is_valid(&serde_json::from_str(config).unwrap());
    let example = include_str!("../example-config.json");
    for config in [TIERS, BOTH, example] {
        assert!(accepts(config), "{config}");
        price(order(vec![line(1, "SUGAR", 1, 100)]), config);
    }
    let rejected = [
        "{}",
        "[]",
        r#"{"brakes": []}"#,
        r#"{"breaks": [{"tiers": []}]}"#,
        r#"{"breaks": [{"tiers": [{"minQuantity": 0, "offEach": 5}]}]}"#,
        r#"{"breaks": [{"tiers": [{"minQuantity": 1, "offEach": 5, "unitPrice": 5}]}]}"#,
        r#"{"breaks": [{"tiers": [{"minQuantity": 1, "offEach": 0.5}]}]}"#,
        r#"{"breaks": [{"skus": ["A"], "facet": {"facet": "a", "value": "b"}, "tiers": [{"minQuantity": 1, "offEach": 5}]}]}"#,
        r#"{"trade": {"groups": ["trade"]}}"#,
        r#"{"trade": {"groups": ["trade"], "offBasisPoints": 10001}}"#,
    ];
    for config in rejected {
        assert!(!accepts(config), "{config}");
    }
}
