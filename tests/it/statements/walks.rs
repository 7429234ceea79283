//! Statements find the rows they want by an index, so that what they cost does not grow with the trade of a shop.

use std::collections::BTreeMap;

use regex::Regex;
use soko_infra::db::Dialect;

use super::{Stores, recorded};
use crate::architecture::assert_none;

/// Tables that grow with the trade of a channel.
const GROWING: &[&str] = &[
    "customer",
    "customer_address",
    "customer_order",
    "fulfillment",
    "fulfillment_line",
    "idempotency_key",
    "journal_entry",
    "journal_posting",
    "order_history_entry",
    "order_line",
    "order_shipping_line",
    "payment",
    "plugin_run",
    "price_receipt",
    "refund",
    "refund_line",
    "session",
    "stock_hold",
    "stock_level",
    "stock_movement",
];

/// Statements that walk through a channel's rows of such a table, by a part of their text, and why they may.
const WALKS: &[(&str, &str)] = &[
    (
        "UPDATE stock_movement SET stock_location_id",
        "a location that is given up hands all of its history over",
    ),
    (
        "SELECT account_id, currency, CAST(SUM(debits)",
        "sums of books from their beginning, where nobody has kept any",
    ),
    ("DELETE FROM plugin_run WHERE channel_id = $1 AND id IN", "few runs of a channel are kept"),
];

/// Lists sort and filter by what the client likes, a page at a time.
const LISTS: &str = "core/infra/src/db/list.rs";

/// The tables that the statement calls by these names.
fn tables_by_name(sql: &str) -> BTreeMap<String, String> {
    let named = Regex::new(r"(?:FROM|JOIN|UPDATE|INTO) (\w+)(?: (?:AS )?(\w+))?").expect("an expression");
    let keywords = ["WHERE", "ON", "SET", "JOIN", "LEFT", "ORDER", "GROUP", "CROSS", "UNION", "LIMIT", "AS"];
    let mut tables = BTreeMap::new();
    for found in named.captures_iter(sql) {
        let table = found[1].to_owned();
        tables.insert(table.clone(), table.clone());
        if let Some(name) = found.get(2).filter(|name| !keywords.contains(&name.as_str())) {
            tables.insert(name.as_str().to_owned(), table);
        }
    }
    tables
}

/// Whether a step of a plan reads all rows, or all of a channel.
fn walks(step: &str) -> bool {
    step.starts_with("SCAN ")
        || step.ends_with("(channel_id=?)")
        || step.ends_with("(channel_id=?) LEFT-JOIN")
}

#[tokio::test]
#[ignore = "looks at what the tests of both backends have run: `cargo xtask test` runs it after them"]
async fn no_statement_walks_through_a_table_that_grows() {
    let stores = Stores::open().await;
    let one_value = Regex::new(r"IN \((\$\d+)\)").expect("an expression");
    let (mut objections, mut known) = (Vec::new(), Vec::new());
    for statement in recorded(Dialect::Sqlite) {
        // What an INSERT looks for are rows that refer to the new one already: none, where references hold.
        if statement.file == LISTS || statement.sql.starts_with("INSERT") {
            continue;
        }
        // A list of one value is planned as an equation; most lists are longer.
        let longer = one_value.replace_all(&statement.sql, "IN ($1, $1)").into_owned();
        let tables = tables_by_name(&statement.sql);
        for sql in [&statement.sql, &longer] {
            let mut plan = stores.sqlite.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a plan");
            let mut rows = plan.raw_query();
            while let Some(row) = rows.next().expect("a step") {
                let step: String = row.get(3).expect("what it does");
                let name = step.split(' ').nth(1).unwrap_or_default();
                let table = tables.get(name).map_or(name, String::as_str);
                if !walks(&step) || !GROWING.contains(&table) {
                    continue;
                }
                match WALKS.iter().position(|(part, _)| sql.contains(part)) {
                    Some(at) => known.push(at),
                    None => objections.push(format!("{}: {step}: {sql}", statement.file)),
                }
            }
        }
    }
    objections.sort();
    objections.dedup();
    assert_none("statements that walk through a table that grows with the trade", &objections);
    for (at, (part, _)) in WALKS.iter().enumerate() {
        assert!(known.contains(&at), "no statement with {part:?} walks any more");
    }
}
