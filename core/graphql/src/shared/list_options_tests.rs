#![expect(clippy::unwrap_used, reason = "a failed test")]
use super::*;
use soko_kernel::query::Value as Held;

struct Things;

impl Listed for Things {
    const NAME: &'static str = "Thing";
    const FIELDS: &'static [Field] = &[
        Field { name: "id", kind: Kind::Id, sortable: true },
        Field { name: "name", kind: Kind::Text, sortable: true },
        Field { name: "price", kind: Kind::Number, sortable: false },
        Field { name: "enabled", kind: Kind::Boolean, sortable: false },
        Field { name: "createdAt", kind: Kind::Date, sortable: true },
    ];
    const FLAGS: &'static [&'static str] = &["topLevelOnly"];
}

fn options(json: serde_json::Value) -> ListOptions<Things> {
    ListOptions::parse(Some(Value::from_json(json).unwrap())).map_err(|_| "refused").unwrap()
}

#[expect(clippy::needless_pass_by_value, reason = "shorter for the tests")]
fn filter(json: serde_json::Value) -> Filter {
    ListOptions::query(Some(options(serde_json::json!({ "filter": json })))).unwrap().filter.unwrap()
}

fn condition(json: serde_json::Value) -> Option<Comparison> {
    match filter(json) {
        Filter::Field { comparison, .. } => Some(comparison),
        _ => None,
    }
}

#[test]
fn reads_pages_sorting_and_flags() {
    let sent = r#"{"skip":5,"take":10,"sort":{"name":"DESC","id":"ASC"},"topLevelOnly":true,"filter":null}"#;
    let read =
        ListOptions::<Things>::parse(serde_json::from_str(sent).unwrap()).map_err(|_| "refused").unwrap();
    assert!(read.has("topLevelOnly"));
    let query = ListOptions::query(Some(read)).unwrap();
    assert_eq!((query.skip(), query.take()), (5, 10));
    assert_eq!(query.sort, [("name", Direction::Descending), ("id", Direction::Ascending)]);
    assert_eq!(ListOptions::<Things>::query(None).unwrap(), ListQuery::default());
}

#[test]
fn reads_every_operator() {
    let cases = [
        (serde_json::json!({ "id": { "eq": "7" } }), Comparison::Equal(Held::Integer(7))),
        (serde_json::json!({ "id": { "eq": "x" } }), Comparison::Equal(Held::Integer(0))),
        (serde_json::json!({ "id": { "notIn": ["7"] } }), Comparison::NotIn(vec![Held::Integer(7)])),
        (serde_json::json!({ "id": { "in": "7" } }), Comparison::In(vec![Held::Integer(7)])),
        (serde_json::json!({ "name": { "contains": "a%" } }), Comparison::Contains("a%".into())),
        (serde_json::json!({ "name": { "notContains": "a" } }), Comparison::NotContains("a".into())),
        (serde_json::json!({ "name": { "regex": "^a" } }), Comparison::Matches("^a".into())),
        (serde_json::json!({ "name": { "notEq": "a" } }), Comparison::NotEqual(Held::Text("a".into()))),
        (serde_json::json!({ "name": { "isNull": true } }), Comparison::IsNull(true)),
        (serde_json::json!({ "enabled": { "eq": false } }), Comparison::Equal(Held::Boolean(false))),
        (
            serde_json::json!({ "createdAt": { "before": "1970-01-01T00:00:01Z" } }),
            Comparison::Less(Held::Time(Timestamp(1000))),
        ),
        (
            serde_json::json!({ "createdAt": { "between": { "start": "1970-01-01", "end": "1970-01-02" } } }),
            Comparison::Between(Held::Time(Timestamp(0)), Held::Time(Timestamp(86_400_000))),
        ),
    ];
    for (json, expected) in cases {
        assert_eq!(condition(json.clone()), Some(expected), "{json}");
    }
}

#[test]
fn keeps_the_meaning_of_bounds_between_integers() {
    let cases = [
        ("lt", serde_json::json!(9.5), Comparison::Less(Held::Integer(10))),
        ("lte", serde_json::json!(9.5), Comparison::LessOrEqual(Held::Integer(9))),
        ("gt", serde_json::json!(9.5), Comparison::Greater(Held::Integer(9))),
        ("gte", serde_json::json!(9.5), Comparison::GreaterOrEqual(Held::Integer(10))),
        ("eq", serde_json::json!(9.5), Comparison::In(vec![])),
        ("eq", serde_json::json!(9.0), Comparison::Equal(Held::Integer(9))),
        ("lt", serde_json::json!(-0.5), Comparison::Less(Held::Integer(0))),
        ("gt", serde_json::json!(1e300), Comparison::Greater(Held::Integer(i64::MAX))),
        (
            "eq",
            serde_json::json!(9_007_199_254_740_993_i64),
            Comparison::Equal(Held::Integer(9_007_199_254_740_993)),
        ),
    ];
    for (operator, number, expected) in cases {
        assert_eq!(
            condition(serde_json::json!({ "price": { operator: number } })),
            Some(expected),
            "{operator}"
        );
    }
}

#[test]
fn joins_conditions_as_asked() {
    let both = options(serde_json::json!({
        "filter": { "id": { "eq": "1" }, "name": { "eq": "a" } }, "filterOperator": "OR",
    }));
    let query = ListOptions::query(Some(both)).unwrap();
    assert!(matches!(query.filter, Some(Filter::Or(parts)) if parts.len() == 2));
    let nested = filter(serde_json::json!({ "_or": [{ "id": { "eq": "1" } }, { "id": { "eq": "2" } }] }));
    assert!(matches!(nested, Filter::Or(parts) if parts.len() == 2));
    let range = filter(serde_json::json!({ "price": { "gt": 1, "lt": 5 } }));
    assert!(matches!(range, Filter::And(parts) if parts.len() == 2));
}

#[test]
fn refuses_what_is_beyond_the_limits() {
    let refused = |json| ListOptions::<Things>::query(Some(options(json))).is_err();
    assert!(refused(serde_json::json!({ "take": 1001 })));
    assert!(refused(serde_json::json!({ "skip": -1 })));
    let many: Vec<String> = (1..=201).map(|id| id.to_string()).collect();
    assert!(refused(serde_json::json!({ "filter": { "id": { "in": many } } })));
    let deep = (0..20).fold(serde_json::json!({}), |inner, _| serde_json::json!({ "_and": [inner] }));
    let deep = Value::from_json(serde_json::json!({ "filter": deep })).unwrap();
    assert!(ListOptions::<Things>::parse(Some(deep)).is_err());
    let wrong = Value::from_json(serde_json::json!({ "filter": { "createdAt": { "eq": "soon" } } })).unwrap();
    assert!(ListOptions::<Things>::parse(Some(wrong)).is_err());
}
