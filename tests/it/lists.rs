//! Every list of both endpoints takes every field and every operator that its schema offers.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use soko_tests::platform::{ALPHA, SUGAR};
use soko_tests::{Client, with_server};

use crate::credit::customer;

/// The root lists, and the types of inputs by their names.
struct Lists {
    /// Field of the query, and the name of its options.
    roots: Vec<(String, String)>,
    /// Fields of each input type with their types' names.
    inputs: BTreeMap<String, Vec<(String, String)>>,
}

fn named(mut of: &Value) -> String {
    while !of["ofType"].is_null() {
        of = &of["ofType"];
    }
    of["name"].as_str().expect("a type's name").to_owned()
}

fn fields(of: &Value) -> Vec<(String, String)> {
    let field = |field: &Value| (field["name"].as_str().expect("a name").to_owned(), named(&field["type"]));
    of.as_array().into_iter().flatten().map(field).collect()
}

impl Lists {
    async fn of(client: &Client) -> Self {
        let reference = "{ name ofType { name ofType { name ofType { name } } } }";
        let query = format!(
            "{{ __schema {{
                queryType {{ fields {{ name args {{ name type {reference} }} }} }}
                types {{ name inputFields {{ name type {reference} }} }}
            }} }}"
        );
        let schema = client.query(&query, json!({})).await["__schema"].clone();
        let types = schema["types"].as_array().expect("types");
        let inputs = types
            .iter()
            .map(|one| (one["name"].as_str().expect("a name").to_owned(), fields(&one["inputFields"])));
        let roots = schema["queryType"]["fields"].as_array().expect("fields").iter().filter_map(|root| {
            // Only what is wrapped, as in `ID!`, has no name of its own.
            let arguments = root["args"].as_array().expect("arguments");
            let asks_no_more = arguments.iter().all(|argument| argument["type"]["name"].is_string());
            let options = fields(&root["args"]).into_iter().find(|(name, _)| name == "options")?.1;
            asks_no_more.then(|| (root["name"].as_str().expect("a name").to_owned(), options))
        });
        Self { roots: roots.collect(), inputs: inputs.collect() }
    }

    fn input(&self, name: &str) -> &[(String, String)] {
        self.inputs.get(name).map_or(&[], Vec::as_slice)
    }
}

/// A value for an operator of a field.
fn value(operators: &str, operator: &str) -> Value {
    let one = match operators {
        "IDOperators" => json!("1"),
        "StringOperators" => json!("a"),
        "NumberOperators" => json!(1.5),
        "BooleanOperators" => json!(true),
        "DateOperators" => json!("2026-07-01T09:00:00.000Z"),
        other => panic!("no value for {other}"),
    };
    match operator {
        "isNull" => json!(false),
        "in" | "notIn" => json!([one]),
        "between" => json!({ "start": one, "end": one }),
        _ => one,
    }
}

/// Options with each field to sort by, and each operator of each field to filter by.
fn every_option(lists: &Lists, options: &str) -> Vec<Value> {
    let known = lists.input(options);
    let part = |name: &str| known.iter().find(|(field, _)| field == name).map(|(_, of)| lists.input(of));
    let mut asked = Vec::new();
    for (field, _) in part("sort").into_iter().flatten() {
        asked.push(json!({ "sort": { field: "DESC" }, "take": 2 }));
    }
    for (field, operators) in
        part("filter").into_iter().flatten().filter(|(field, _)| !field.starts_with('_'))
    {
        for (operator, _) in lists.input(operators) {
            let condition = json!({ field: { operator: value(operators, operator) } });
            asked.push(json!({ "filter": condition, "take": 2 }));
        }
        let absent = json!({ field: { "isNull": true } });
        let present = json!({ field: { "isNull": false } });
        asked.push(json!({ "filter": { "_or": [absent, present], "_and": [present, present] } }));
        asked.push(json!({ "filter": present, "filterOperator": "OR" }));
    }
    assert!(asked.len() > 10, "{options}");
    asked
}

/// Asks `list`, such as `products(options: $options)`, with every option; `around` holds it where `{}` stands.
async fn check(client: &Client, lists: &Lists, options: &str, around: &str, list: &str) {
    let list = format!("{list} {{ totalItems items {{ __typename }} }}");
    let query = format!("query ($options: {options}) {}", around.replace("{}", &list));
    for options in every_option(lists, options) {
        let answer = client.send(&query, json!({ "options": options })).await;
        assert!(answer.body["errors"].is_null(), "{list} {options}: {}", answer.body);
    }
}

async fn check_roots(client: &Client, at_least: usize) -> Lists {
    let lists = Lists::of(client).await;
    assert!(lists.roots.len() >= at_least, "{:?}", lists.roots);
    for (root, options) in &lists.roots {
        check(client, &lists, options, "{ {} }", &format!("{root}(options: $options)")).await;
    }
    lists
}

#[test]
fn the_shop_api_filters_and_sorts_by_every_field() {
    with_server(async |server| {
        // Somebody's own lists need somebody.
        let (shopper, _) = customer(server, &server.administrator(ALPHA).await).await;
        let lists = check_roots(&shopper.client, 4).await;
        let sugar = shopper.variant(SUGAR).await;
        shopper.add(&sugar, 1).await;
        for (options, around, list) in [
            ("ProductVariantListOptions", "{ products { items { {} } } }", "variantList(options: $options)"),
            (
                "ProductVariantListOptions",
                "{ collections { items { {} } } }",
                "productVariants(options: $options)",
            ),
            ("FacetValueListOptions", "{ facets { items { {} } } }", "valueList(options: $options)"),
            ("HistoryEntryListOptions", "{ activeOrder { {} } }", "history(options: $options)"),
        ] {
            check(&shopper.client, &lists, options, around, list).await;
        }
    });
}

#[test]
fn the_admin_api_filters_and_sorts_by_every_field() {
    with_server(async |server| {
        check_roots(&server.operator(ALPHA).await, 10).await;
    });
}

/// What a storefront asks of its lists, and what it must get.
#[test]
fn filters_mean_what_they_say() {
    with_server(async |server| {
        let shop = server.shop(ALPHA);
        let slugs = async |filter: Value, operator: &str| {
            let query = "query ($options: ProductListOptions) {
                products(options: $options) { totalItems items { slug } } }";
            let options = json!({ "filter": filter, "filterOperator": operator, "sort": { "slug": "ASC" } });
            let page = shop.query(query, json!({ "options": options })).await["products"].clone();
            let items = page["items"].as_array().expect("items").clone();
            assert_eq!(page["totalItems"], items.len());
            items.iter().map(|item| item["slug"].as_str().expect("a slug").to_owned()).collect::<Vec<_>>()
        };
        let all = slugs(json!({}), "AND").await;
        assert!(all.len() >= 3, "{all:?}");
        let (first, second) = (&all[0], &all[1]);
        let is = |slug: &str| json!({ "slug": { "eq": slug } });
        assert_eq!(slugs(is(first), "AND").await, all[..1]);
        assert_eq!(slugs(json!({ "slug": { "notEq": first } }), "AND").await, all[1..]);
        assert_eq!(slugs(json!({ "slug": { "in": [first, second] } }), "AND").await, all[..2]);
        assert_eq!(slugs(json!({ "slug": { "notIn": [first, second] } }), "AND").await, all[2..]);
        assert_eq!(slugs(json!({ "slug": { "in": [] } }), "AND").await, Vec::<String>::new());
        assert_eq!(slugs(json!({ "slug": { "notIn": [] } }), "AND").await, all);
        let shouted = first.to_uppercase();
        assert_eq!(slugs(json!({ "slug": { "regex": format!("^{shouted}$") } }), "AND").await, all[..1]);
        assert_eq!(slugs(json!({ "slug": { "contains": shouted } }), "AND").await, all[..1]);
        assert_eq!(slugs(json!({ "slug": { "notContains": shouted } }), "AND").await, all[1..]);
        assert_eq!(slugs(json!({ "_or": [is(first), is(second)] }), "AND").await, all[..2]);
        assert_eq!(slugs(json!({ "_and": [is(first), is(second)] }), "AND").await, Vec::<String>::new());
        let nested = json!({ "_and": [{ "_or": [is(first), is(second)] }, { "slug": { "notEq": first } }] });
        assert_eq!(slugs(nested, "AND").await, all[1..2]);
        let both = json!({ "slug": { "eq": first }, "name": { "isNull": true } });
        assert_eq!(slugs(both.clone(), "AND").await, Vec::<String>::new());
        assert_eq!(slugs(both, "OR").await, all[..1]);
        let when = |operator: &str, at: Value| json!({ "createdAt": { operator: at } });
        let (past, future) = ("2000-01-01T00:00:00.000Z", "2100-01-01T00:00:00.000Z");
        assert_eq!(slugs(when("after", json!(past)), "AND").await, all);
        assert_eq!(slugs(when("before", json!(past)), "AND").await, Vec::<String>::new());
        assert_eq!(slugs(when("between", json!({ "start": past, "end": future })), "AND").await, all);
        assert_eq!(slugs(json!({ "enabled": { "eq": true } }), "AND").await, all);
    });
}
