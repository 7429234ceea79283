#![expect(clippy::unwrap_used, reason = "a failed test")]
use async_graphql::{Context, EmptyMutation, EmptySubscription, Object, Variables};
use futures_util::future::join_all;
use serde_json::json;

use super::*;
use crate::error::{ApiError, Nullable};

/// A request's context: who asks.
struct Caller(&'static str);

struct Query;

#[Object]
impl Query {
    async fn caller(&self, context: &Context<'_>) -> &'static str {
        context.data_unchecked::<Arc<Caller>>().0
    }

    async fn node(&self) -> Query {
        Query
    }

    async fn nodes(&self) -> Vec<Query> {
        vec![Query, Query]
    }

    async fn double(&self, number: i32) -> i64 {
        i64::from(number) * 2
    }

    async fn broken(&self) -> Nullable<String> {
        Some(Err(ApiError::internal(&"SELECT secret FROM vault")))
    }

    async fn busy(&self) -> Nullable<String> {
        Some(Err(ApiError::new(ErrorKind::Overloaded, "try again")))
    }
}

fn endpoint() -> Endpoint<Query, EmptyMutation, EmptySubscription> {
    Endpoint::new(|| Schema::build(Query, EmptyMutation, EmptySubscription))
}

async fn run(endpoint: &Endpoint<Query, EmptyMutation, EmptySubscription>, text: &str) -> serde_json::Value {
    serde_json::to_value(endpoint.execute(Request::new(text), &Arc::new(Caller("me"))).await).unwrap()
}

#[tokio::test]
async fn answers_in_the_order_of_the_document_and_says_what_it_cost() {
    let endpoint = endpoint();
    for _ in 0..2 {
        let answer = run(&endpoint, "{ b: double(number: 2) caller node { a: double(number: 1) } }").await;
        let data = r#"{"b":4,"caller":"me","node":{"a":2}}"#;
        assert_eq!(answer["data"].to_string(), data);
        assert_eq!(answer["extensions"]["cost"], json!({ "complexity": 4, "depth": 2 }));
    }
}

#[tokio::test]
async fn gives_every_error_a_code_and_hides_faults() {
    let endpoint = endpoint();
    let cases = [
        ("{ caller", PARSE_FAILED),
        ("{ nothing }", VALIDATION_FAILED),
        ("{ double(number: \"two\") }", VALIDATION_FAILED),
        ("query($n: Int!) { double(number: $n) }", VALIDATION_FAILED),
        ("{ broken }", "INTERNAL_SERVER_ERROR"),
        ("{ busy }", "OVERLOADED"),
        ("subscription { x }", VALIDATION_FAILED),
    ];
    for (text, code) in cases {
        let answer = run(&endpoint, text).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{text}: {answer}");
        assert!(!answer.to_string().contains("vault"), "{answer}");
    }
}

#[tokio::test]
async fn keeps_what_worked_beside_a_field_that_failed() {
    let answer = run(&endpoint(), "{ caller busy }").await;
    assert_eq!(answer["data"], json!({ "caller": "me", "busy": null }));
    assert_eq!(answer["errors"][0]["path"], json!(["busy"]));
}

#[tokio::test]
async fn runs_batches_in_order_and_refuses_long_ones() {
    let endpoint = endpoint();
    let batch = |count| {
        BatchRequest::Batch((0..count).map(|n| Request::new(format!("{{ double(number: {n}) }}"))).collect())
    };
    let context = Arc::new(Caller("me"));
    let answer = serde_json::to_value(endpoint.execute_batch(batch(3), &context).await).unwrap();
    let doubles: Vec<_> =
        answer.as_array().unwrap().iter().map(|one| one["data"]["double"].clone()).collect();
    assert_eq!(doubles, [json!(0), json!(2), json!(4)]);
    let answer = serde_json::to_value(endpoint.execute_batch(batch(BATCH_MAX + 1), &context).await).unwrap();
    assert_eq!(answer["errors"][0]["extensions"]["code"], VALIDATION_FAILED);
}

/// On a thread with the stack of a worker of the runtime: what is within the limits must not overflow it.
#[test]
fn survives_the_deepest_documents_that_it_accepts() {
    let worker = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let endpoint = endpoint();
            for field in ["node", "nodes"] {
                let text = format!("{{ {} caller {} }}", format!("{field} {{").repeat(15), "}".repeat(15));
                let answer = run(&endpoint, &text).await;
                assert_eq!(answer["errors"], serde_json::Value::Null, "{answer}");
                let text = format!("{{ {} caller {} }}", format!("{field} {{").repeat(16), "}".repeat(16));
                let answer = run(&endpoint, &text).await;
                assert_eq!(answer["errors"][0]["extensions"]["code"], VALIDATION_FAILED, "{answer}");
            }
            let text = format!("{}caller{}", "{ node ".repeat(5000), "}".repeat(5000));
            assert_eq!(run(&endpoint, &text).await["errors"][0]["extensions"]["code"], PARSE_FAILED);
        });
    });
    worker.unwrap().join().unwrap();
}

#[tokio::test]
async fn answers_the_introspection_of_the_usual_tools() {
    let of_type = "ofType { kind name ".repeat(7) + &"}".repeat(7);
    let text = format!(
        "query IntrospectionQuery {{ __schema {{ queryType {{ name }} types {{ ...FullType }} \
         directives {{ name args {{ ...InputValue }} }} }} }} \
         fragment FullType on __Type {{ kind name fields(includeDeprecated: true) {{ name args {{ ...InputValue }} \
         type {{ ...TypeRef }} }} }} \
         fragment InputValue on __InputValue {{ name type {{ ...TypeRef }} defaultValue }} \
         fragment TypeRef on __Type {{ kind name {of_type} }}"
    );
    let answer = run(&endpoint(), &text).await;
    assert_eq!(answer["errors"], serde_json::Value::Null, "{answer}");
    assert_eq!(answer["data"]["__schema"]["queryType"]["name"], "Query");
}

#[tokio::test]
async fn serves_many_at_once_from_one_parsed_document() {
    let endpoint = endpoint();
    let answers =
        join_all((0..64).map(|_| run(&endpoint, "query($n: Int = 21) { double(number: $n) }"))).await;
    assert!(answers.iter().all(|answer| answer["data"]["double"] == 42));
}

#[tokio::test]
async fn checks_the_values_of_a_document_that_it_knows() {
    let endpoint = endpoint();
    let text = "query($n: Int!) { a: double(number: 1) double(number: $n) }";
    let ask = async |number: serde_json::Value| {
        let request = Request::new(text).variables(Variables::from_json(json!({ "n": number })));
        serde_json::to_value(endpoint.execute(request, &Arc::new(Caller("me"))).await).unwrap()
    };
    for _ in 0..3 {
        assert_eq!(ask(json!(4)).await["data"], json!({ "a": 2, "double": 8 }));
        for wrong in [json!("four"), json!(4.5), json!([4]), json!(null)] {
            let refused = ask(wrong.clone()).await;
            assert_eq!(refused["data"], serde_json::Value::Null, "{wrong}");
            assert_eq!(refused["errors"][0]["extensions"]["code"], VALIDATION_FAILED, "{wrong}");
        }
    }
}
