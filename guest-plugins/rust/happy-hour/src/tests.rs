//! The rules, as a shop's administrator and its customers would state them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use soko_pricing::{Context, FacetValue, LocalTime, OrderLine, PricingRule, Refusal, Target};

use crate::HappyHour;

const MONDAY: u8 = 1;
const FRIDAY: u8 = 5;
const SATURDAY: u8 = 6;
const SUNDAY: u8 = 7;

fn line(id: u32, sku: &str, quantity: u32, unit_list_price: i64) -> OrderLine {
    OrderLine {
        id,
        variant_id: format!("variant-{sku}"),
        sku: sku.into(),
        product_slug: format!("{}-slug", sku.to_lowercase()),
        quantity,
        unit_list_price,
        line_price: unit_list_price.saturating_mul(i64::from(quantity)),
        facet_values: Vec::new(),
    }
}

fn at(weekday: u8, hour: u16, minute: u16, lines: Vec<OrderLine>) -> Context {
    let minute_of_day = hour * 60 + minute;
    Context {
        channel: "duka-mbili".into(),
        currency: "KES".into(),
        prices_include_tax: true,
        now: LocalTime { unix_ms: 1_780_000_000_000, date: "2026-05-29".into(), weekday, minute_of_day },
        customer: None,
        coupon_codes: Vec::new(),
        lines,
    }
}

/// 10 % off under the given windows, floor and further settings.
fn config(windows: &str, floor: &str, more: &str) -> String {
    format!(r#"{{"windows": {windows}, "offBasisPoints": 1000, "floor": {floor}{more}}}"#)
}

fn evenings(floor: &str) -> String {
    config(r#"[{"days": ["friday"], "start": "17:00", "end": "19:00"}]"#, floor, "")
}

fn price(context: Context, config: &str) -> Vec<(u32, i64, String)> {
    let adjustments = HappyHour::price_order(context, config.into()).unwrap();
    let show = |adjustment: soko_pricing::Adjustment| match adjustment.target {
        Target::Line(id) => (id, adjustment.amount, adjustment.reason),
        Target::Order => (0, adjustment.amount, adjustment.reason),
    };
    adjustments.into_iter().map(show).collect()
}

fn is_open(windows: &str, weekday: u8, hour: u16, minute: u16) -> bool {
    let config = config(windows, r#"{"unitPrice": 0}"#, "");
    !price(at(weekday, hour, minute, vec![line(1, "SODA", 1, 100)]), &config).is_empty()
}

fn refuse(context: Context, config: &str) -> Refusal {
    HappyHour::price_order(context, config.into()).unwrap_err()
}

#[test]
fn gives_the_discount_in_the_window_only() {
    let windows = r#"[{"days": ["friday"], "start": "17:00", "end": "19:00"}]"#;
    assert!(!is_open(windows, FRIDAY, 16, 59));
    assert!(is_open(windows, FRIDAY, 17, 0));
    assert!(is_open(windows, FRIDAY, 18, 59));
    assert!(!is_open(windows, FRIDAY, 19, 0));
    assert!(!is_open(windows, SATURDAY, 18, 0));
}

#[test]
fn counts_a_window_past_midnight_to_its_first_day() {
    let windows = r#"[{"days": ["friday", "sunday"], "start": "22:00", "end": "02:00"}]"#;
    assert!(is_open(windows, FRIDAY, 22, 0));
    assert!(is_open(windows, SATURDAY, 1, 59));
    assert!(!is_open(windows, SATURDAY, 2, 0));
    assert!(!is_open(windows, FRIDAY, 1, 0));
    assert!(!is_open(windows, SATURDAY, 23, 0));
    assert!(is_open(windows, SUNDAY, 23, 0));
    assert!(is_open(windows, MONDAY, 0, 0));
}

#[test]
fn opens_for_whole_days() {
    for windows in [
        r#"[{"days": ["saturday"], "start": "00:00", "end": "24:00"}]"#,
        r#"[{"days": ["saturday"], "start": "00:00", "end": "00:00"}]"#,
    ] {
        assert!(!is_open(windows, FRIDAY, 23, 59));
        assert!(is_open(windows, SATURDAY, 0, 0));
        assert!(is_open(windows, SATURDAY, 23, 59));
        assert!(!is_open(windows, SUNDAY, 0, 0));
    }
}

#[test]
fn takes_the_share_off_the_list_price() {
    let context = at(FRIDAY, 17, 30, vec![line(1, "SODA", 3, 6_000), line(2, "GUM", 2, 5)]);
    assert_eq!(
        price(context, &evenings(r#"{"unitPrice": 0}"#)),
        // 4.5 cents of each gum are left, so 5: nothing to give.
        [(1, -1_800, "Happy hour 17:00–19:00: 10% off".into())]
    );
}

#[test]
fn never_goes_below_the_floor() {
    let soda = || vec![line(1, "SODA", 3, 6_000)];
    let floors = [
        (r#"{"unitPrice": 5500}"#, -1_500, ", down to KES 55.00 each"),
        (r#"{"listBasisPoints": 9500}"#, -900, ", down to KES 57.00 each"),
        (r#"{"unitPrice": 5500, "listBasisPoints": 9500}"#, -900, ", down to KES 57.00 each"),
        (r#"{"unitPrice": 5800, "unitPrices": {"SODA": 5500}}"#, -1_500, ", down to KES 55.00 each"),
        (r#"{"unitPrice": 5400}"#, -1_800, ""),
    ];
    for (floor, amount, ending) in floors {
        let expected = (1, amount, format!("Happy hour 17:00–19:00: 10% off{ending}"));
        assert_eq!(price(at(FRIDAY, 17, 30, soda()), &evenings(floor)), [expected], "{floor}");
    }
    assert_eq!(price(at(FRIDAY, 17, 30, soda()), &evenings(r#"{"unitPrice": 6000}"#)), []);
    assert_eq!(price(at(FRIDAY, 17, 30, soda()), &evenings(r#"{"unitPrice": 9000}"#)), []);
}

#[test]
fn counts_earlier_adjustments_towards_the_floor() {
    let mut soda = line(1, "SODA", 3, 6_000);
    let config = evenings(r#"{"unitPrice": 5000}"#);
    for (line_price, amount) in [(18_000, -1_800), (16_000, -1_000), (15_001, -1)] {
        soda.line_price = line_price;
        assert_eq!(price(at(FRIDAY, 17, 30, vec![soda.clone()]), &config)[0].1, amount);
    }
    for line_price in [15_000, 100, 0, -1] {
        soda.line_price = line_price;
        assert_eq!(price(at(FRIDAY, 17, 30, vec![soda.clone()]), &config), []);
    }
}

#[test]
fn discounts_only_what_the_filter_names() {
    let mut juice = line(3, "JUICE", 1, 100);
    juice.facet_values.push(FacetValue { facet: "category".into(), value: "drinks".into() });
    let mut bread = line(4, "BREAD", 1, 100);
    bread.facet_values.push(FacetValue { facet: "category".into(), value: "bakery".into() });
    let lines = vec![line(1, "SODA", 1, 100), line(2, "MILK", 1, 100), juice, bread];
    let only = r#", "label": "Sundowner",
        "only": {"skus": ["SODA"], "products": ["milk-slug"], "facets": [{"facet": "category", "value": "drinks"}]}"#;
    let windows = r#"[{"days": ["friday"], "start": "17:00", "end": "19:00"}]"#;
    let adjustments = price(at(FRIDAY, 17, 30, lines), &config(windows, r#"{"unitPrice": 0}"#, only));
    let named: Vec<u32> = adjustments.iter().map(|adjustment| adjustment.0).collect();
    assert_eq!(named, [1, 2, 3]);
    assert_eq!(adjustments[0].2, "Sundowner 17:00–19:00: 10% off");
}

#[test]
fn refuses_amounts_out_of_range() {
    let huge = at(FRIDAY, 17, 30, vec![line(9, "GOLD", u32::MAX, i64::MAX)]);
    let refusal = refuse(huge, &evenings(r#"{"unitPrice": 0}"#));
    assert_eq!(refusal, Refusal::Unsupported("line 9: the amount is out of range".into()));
    let negative = at(FRIDAY, 17, 30, vec![line(9, "GOLD", 1, -5)]);
    assert!(matches!(refuse(negative, &evenings(r#"{"unitPrice": 0}"#)), Refusal::Unsupported(_)));
}

#[test]
fn refuses_configurations_that_make_no_sense() {
    let zero = r#"{"unitPrice": 0}"#;
    let refused = [
        config(r#"[{"days": ["friday"], "start": "17:60", "end": "19:00"}]"#, zero, ""),
        config(r#"[{"days": ["friday"], "start": "24:00", "end": "02:00"}]"#, zero, ""),
        config(r#"[{"days": ["friday"], "start": "17:00", "end": "24:01"}]"#, zero, ""),
        config(r#"[{"days": ["friday"], "start": "+7:00", "end": "19:00"}]"#, zero, ""),
        config(r#"[{"days": ["friday"], "start": "7:00", "end": "19:00"}]"#, zero, ""),
        config(r#"[{"days": ["freitag"], "start": "17:00", "end": "19:00"}]"#, zero, ""),
        evenings(r#"{"unitPrice": -1}"#),
        evenings(r#"{"unitPrices": {"OTHER": 5}}"#),
        evenings(r#"{"unitPrice": 0.5}"#),
        r#"{"windows": []}"#.into(),
    ];
    for config in refused {
        let refusal = refuse(at(FRIDAY, 17, 30, vec![line(1, "SODA", 1, 100)]), &config);
        assert!(matches!(refusal, Refusal::InvalidConfig(_)), "{config}: {refusal:?}");
    }
}

#[test]
fn describes_itself_with_a_schema_that_its_example_meets() {
    let manifest = HappyHour::describe();
    assert_eq!((manifest.name.as_str(), manifest.kind.as_str()), ("happy-hour", "pricing"));
    let schema = serde_json::from_str(&manifest.config_schema).unwrap();
    let validator = jsonschema::draft202012::options().build(&schema).unwrap();
    let accepts = |config: &str| validator.is_valid(&serde_json::from_str(config).unwrap());
    for config in [include_str!("../example-config.json"), &evenings(r#"{"unitPrice": 5}"#)] {
        assert!(accepts(config), "{config}");
        price(at(FRIDAY, 23, 30, vec![line(1, "SODA", 1, 100)]), config);
    }
    let rejected = [
        "{}".into(),
        evenings("{}"),
        evenings(r#"{"unitPrice": -1}"#),
        evenings(r#"{"listBasisPoints": 10001}"#),
        config("[]", r#"{"unitPrice": 5}"#, ""),
        config(r#"[{"days": [], "start": "17:00", "end": "19:00"}]"#, r#"{"unitPrice": 5}"#, ""),
        config(r#"[{"days": ["friday"], "start": "24:00", "end": "19:00"}]"#, r#"{"unitPrice": 5}"#, ""),
        config(r#"[{"days": ["friday"], "start": "17:00", "end": "24:30"}]"#, r#"{"unitPrice": 5}"#, ""),
        config(
            r#"[{"days": ["friday"], "start": "17:00", "end": "19:00"}]"#,
            r#"{"unitPrice": 5}"#,
            r#", "x": 1"#,
        ),
        config(
            r#"[{"days": ["friday"], "start": "17:00", "end": "19:00"}]"#,
            r#"{"unitPrice": 5}"#,
            r#", "only": {}"#,
        ),
    ];
    for config in rejected {
        assert!(!accepts(&config), "{config}");
    }
}
