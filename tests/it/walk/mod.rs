//! A walk through every operation of both APIs that takes an id, with another shop's ids.
//!
//! Which operations those are, the endpoints say themselves: an operation that takes an id and is in none of the
//! [`tables`] fails the test, and so does a line of the tables that names nothing any more. To cover an operation: a
//! line in [`tables`], and where it names a new kind of thing, a line in [`belongings`] or, where it uses the thing up, in
//! [`spares`].

mod accounts;
mod belongings;
mod operation;
mod schema;
mod spares;
mod store;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use soko::config::{Role, Settings};
use soko_kernel::ChannelId;
use soko_tests::platform::{ALPHA, BETA};
use soko_tests::server::with_settings;
use soko_tests::{Client, TestServer};

use belongings::Shop;
use operation::{Ids, Operation, is_refusal};
use schema::{Root, Schema, takes_nothing};
use store::Rows;

/// An id that nothing has.
const NOBODYS: &str = "987654321";
/// Steps from a query's answer in which things are looked for.
const STEPS: usize = 2;

/// Who walks: a client of a shop, what it can name there, and the same things of the other shop.
struct Walk<'w> {
    server: &'w TestServer,
    client: &'w Client,
    channel: ChannelId,
    own: &'w Ids,
    others: &'w Ids,
}

impl Walk<'_> {
    /// Tries every line, and says what is wrong with which of them.
    async fn run(&self, operations: &[Operation]) -> Vec<String> {
        let mut faults = Vec::new();
        for operation in operations {
            faults.extend(self.try_line(operation).await);
        }
        faults
    }

    /// Tries a line with an id of nobody's, the other shop's and the own. The other shop's must be answered as nobody's
    /// are, and where that is a refusal, nothing may have changed. The own must be taken, and answered otherwise.
    async fn try_line(&self, operation: &Operation) -> Vec<String> {
        let mut faults = Vec::new();
        let before = self.own_rows().await;
        let mut nobodys_answers = Vec::new();
        for (path, kind) in &operation.places {
            let nobodys = operation.send(self.client, &self.own_but(kind, NOBODYS)).await;
            let other = self.others.get(kind).expect("both shops have the same kinds of things");
            let foreign = operation.send(self.client, &self.own_but(kind, other)).await;
            if foreign != nobodys {
                faults.push(format!("{} at {path}: {foreign} is not {nobodys}", operation.line));
            }
            if nobodys["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR" {
                faults.push(format!("{} at {path} breaks: {nobodys}", operation.line));
            }
            nobodys_answers.push(nobodys);
        }
        if nobodys_answers.iter().all(is_refusal) {
            let changes = store::differences(&before, &self.own_rows().await);
            let line = operation.line;
            faults.extend(changes.iter().map(|change| format!("{line} was refused, and yet {change}")));
        }
        let answer = operation.send(self.client, self.own).await;
        if is_refusal(&answer) {
            faults.push(format!("{} proves nothing: it is refused {answer}", operation.line));
        }
        if nobodys_answers.contains(&answer) {
            faults.push(format!("{} proves nothing: its own ids are answered {answer}", operation.line));
        }
        faults
    }

    fn own_but(&self, kind: &str, id: &str) -> Ids {
        let mut ids = self.own.clone();
        ids.insert(kind.to_owned(), id.to_owned());
        ids
    }

    async fn own_rows(&self) -> Rows {
        self.server.settle().await;
        store::rows_of(self.server, self.channel).await
    }
}

/// So that nothing changes but by what is asked.
fn without_background_work(settings: &mut Settings) {
    settings.server.role = Role::Api;
}

/// Tries the platform's operations, and says which of them a shop's administrator is not forbidden.
async fn walk_platform(client: &Client, operations: &[Operation], own: &Ids) -> Vec<String> {
    let mut faults = Vec::new();
    for operation in operations {
        let answer = operation.send(client, own).await;
        if answer["errors"][0]["extensions"]["code"] != "FORBIDDEN" {
            faults.push(format!("{} is answered {answer}", operation.line));
        }
    }
    faults
}

/// Places that take ids and are in no line, and lines for places that are not there.
fn uncovered(schema: &Schema, operations: &[&[Operation]]) -> Vec<String> {
    let lines = operations.iter().copied().flatten();
    let covered: BTreeSet<String> =
        lines.flat_map(|operation| operation.places.iter().map(|(path, _)| path.clone())).collect();
    let offered = schema.id_paths();
    let missing = offered.difference(&covered).map(|path| format!("{path} is in no line of the tables"));
    let stale = covered.difference(&offered).map(|path| format!("{path} takes no id"));
    missing.chain(stale).collect()
}

fn read(schema: &Schema, tables: &[&[&'static str]]) -> Vec<Operation> {
    tables.iter().copied().flatten().map(|line| Operation::read(schema, line)).collect()
}

/// Runs a walk of the first shop's and says what the second shop no longer has as it was.
async fn changes_of_the_other(server: &TestServer, walk: impl Future<Output = Vec<String>>) -> Vec<String> {
    let other = server.open(BETA).actor.channel.id;
    server.settle().await;
    let before = store::rows_of(server, other).await;
    let mut faults = walk.await;
    server.settle().await;
    faults.extend(store::differences(&before, &store::rows_of(server, other).await));
    faults
}

#[test]
fn ids_of_another_shop_are_as_good_as_none_to_customers() {
    with_settings(without_background_work, async |server| {
        let (alpha, beta) = (Shop::furnish(server, ALPHA).await, Shop::furnish(server, BETA).await);
        let schema = Schema::of(&alpha.customer).await;
        let operations = read(&schema, &[tables::SHOP]);
        let walk = Walk {
            server,
            client: &alpha.customer,
            channel: server.open(ALPHA).actor.channel.id,
            own: &alpha.shop_ids,
            others: &beta.shop_ids,
        };
        let mut faults = Box::pin(changes_of_the_other(server, walk.run(&operations))).await;
        faults.extend(uncovered(&schema, &[&operations]));
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    });
}

#[test]
fn ids_of_another_shop_are_as_good_as_none_to_administrators() {
    with_settings(without_background_work, async |server| {
        let (alpha, beta) = (Shop::furnish(server, ALPHA).await, Shop::furnish(server, BETA).await);
        let schema = Schema::of(&alpha.admin).await;
        let (operations, platform) = (read(&schema, tables::ADMIN), read(&schema, &[tables::PLATFORM]));
        let walk = Walk {
            server,
            client: &alpha.admin,
            channel: server.open(ALPHA).actor.channel.id,
            own: &alpha.admin_ids,
            others: &beta.admin_ids,
        };
        let mut faults = Box::pin(changes_of_the_other(server, walk.run(&operations))).await;
        faults.extend(walk_platform(&alpha.admin, &platform, &alpha.admin_ids).await);
        faults.extend(uncovered(&schema, &[&operations, &platform]));
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    });
}

/// Ids by the type of the thing, out of everything that the queries without arguments lead to.
async fn things(client: &Client, schema: &Schema) -> BTreeMap<String, BTreeSet<String>> {
    let mut things = BTreeMap::new();
    for field in schema.operations(Root::Query).iter().filter(|field| takes_nothing(field)) {
        let name = field["name"].as_str().expect("a name");
        let query = format!("{{ {name} {} }}", schema.ids_below(&field["type"], STEPS));
        collect_things(&client.send(&query, json!({})).await.body["data"], &mut things);
    }
    things
}

fn collect_things(value: &Value, things: &mut BTreeMap<String, BTreeSet<String>>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_things(item, things)),
        Value::Object(fields) => {
            if let (Some(of), Some(id)) = (fields.get("__typename"), fields.get("id").and_then(Value::as_str))
            {
                let of = of.as_str().expect("the name of a type").to_owned();
                things.entry(of).or_default().insert(id.to_owned());
            }
            fields.values().for_each(|field| collect_things(field, things));
        }
        _ => (),
    }
}

/// What of each endpoint the queries must at least lead to, so that comparing it means something.
const SHOWN_TO_CUSTOMERS: &[&str] = &[
    "Asset",
    "Channel",
    "Collection",
    "Country",
    "Customer",
    "Facet",
    "FacetValue",
    "Order",
    "OrderLine",
    "Product",
    "ProductVariant",
    "ShippingMethodQuote",
];
const SHOWN_TO_ADMINISTRATORS: &[&str] = &[
    "Asset",
    "Channel",
    "Collection",
    "Customer",
    "Facet",
    "FacetValue",
    "Fulfillment",
    "Order",
    "OrderLine",
    "Payment",
    "Plugin",
    "PluginBinding",
    "PluginRun",
    "PluginVersion",
    "Product",
    "ProductVariant",
    "StockLocation",
    "Zone",
];

/// Compares what both shops' clients are shown: nothing may be shown to both, and no page of one may be filtered by an id
/// of the other.
async fn compare(schema: &Schema, shown: &[&str], [own, other]: [&Client; 2]) {
    let (mine, theirs) = (things(own, schema).await, things(other, schema).await);
    for of in shown {
        assert!(mine.contains_key(*of) && theirs.contains_key(*of), "no query leads to {of}: {mine:?}");
    }
    for (of, ids) in &mine {
        let both: Vec<_> = theirs.get(of).into_iter().flatten().filter(|id| ids.contains(*id)).collect();
        assert!(both.is_empty(), "both shops are shown {of} {both:?}");
    }
    for page_name in schema.pages_by_id() {
        let listed = async |client: &Client| {
            // The platform's pages are forbidden to a shop's administrator: nothing is listed.
            let query = format!("{{ {page_name}(options: {{ take: 3 }}) {{ items {{ id }} }} }}");
            ids_of(&client.send(&query, json!({})).await.body["data"][page_name])
        };
        let total = async |id: &str| {
            let query = format!(
                "{{ {page_name}(options: {{ filter: {{ id: {{ eq: \"{id}\" }} }} }}) {{ totalItems }} }}"
            );
            own.query(&query, json!({})).await[page_name]["totalItems"].clone()
        };
        for id in listed(own).await {
            assert_eq!(total(&id).await, 1, "{page_name} {id}");
        }
        for id in listed(other).await {
            assert_eq!(total(&id).await, 0, "{page_name} {id}");
        }
    }
}

fn ids_of(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().into_iter().flatten();
    items.filter_map(|item| item["id"].as_str().map(str::to_owned)).collect()
}

#[test]
fn no_query_leads_customers_to_a_thing_of_another_shop() {
    with_settings(without_background_work, async |server| {
        let (alpha, beta) = (Shop::furnish(server, ALPHA).await, Shop::furnish(server, BETA).await);
        let schema = Schema::of(&alpha.customer).await;
        compare(&schema, SHOWN_TO_CUSTOMERS, [&alpha.customer, &beta.customer]).await;
    });
}

#[test]
fn no_query_leads_administrators_to_a_thing_of_another_shop() {
    with_settings(without_background_work, async |server| {
        let (alpha, beta) = (Shop::furnish(server, ALPHA).await, Shop::furnish(server, BETA).await);
        server.settle().await;
        let schema = Schema::of(&alpha.admin).await;
        compare(&schema, SHOWN_TO_ADMINISTRATORS, [&alpha.admin, &beta.admin]).await;
    });
}
