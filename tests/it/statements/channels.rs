//! Statements find rows of channels by the channel first, so that a store that is split by channels is asked in one place.

use std::collections::BTreeSet;

use serde_json::Value;
use soko_domain::MIGRATIONS;
use soko_infra::db::Dialect;
use soko_infra::{Database, DatabaseConfig, SqliteConfig};
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Row as _};

use super::{Stores, recorded};
use crate::architecture::assert_none;
use crate::architecture::source::root;

/// Statements over the rows of all channels, by a part of their text. Each is listed in `examples/sharding.md` with why it
/// is on no customer's way.
const ACROSS_CHANNELS: &[&str] = &[
    "DELETE FROM stock_hold WHERE (channel_id, order_id, variant_id) IN",
    "SELECT channel_id, digest, open_until FROM plugin_breaker",
    "DELETE FROM idempotency_key WHERE (channel_id, key_digest) IN",
    "DELETE FROM plugin_breaker WHERE (channel_id, digest) IN",
    "DELETE FROM payment_callback WHERE (channel_id, id) IN",
    "SELECT channel_id, id FROM payment WHERE ask_at <= $1",
    "DELETE FROM plugin_kv WHERE (channel_id, plugin_id, name) IN",
    "SELECT c.id FROM channel c LEFT JOIN credit_reminded",
    "WITH RECURSIVE waiting (id) AS (",
    "SELECT channel_id, id, priority FROM event_action WHERE due_at <= $1",
    "DELETE FROM event_action WHERE (channel_id, id) IN",
    "DELETE FROM event_step WHERE (channel_id, action_id, handler_id, step) IN",
    "DELETE FROM rate_limit_counter WHERE (channel_id, limit_id, subject) IN",
    "DELETE FROM inbox_message WHERE (channel_id, id) IN",
    "DELETE FROM outbox WHERE (channel_id, id) IN",
];

/// The tables that row-level security guards by channel, and the words of the full-text index; without those of the
/// platform, whose rows may belong to no channel.
const TABLES: &str = "SELECT p.tablename::TEXT FROM pg_policies p WHERE p.schemaname = current_schema() \
     AND p.tablename NOT IN ('user_account', 'session', 'audit_entry') UNION SELECT 'search_text'";

/// The plan that serves all values, and by indexes: the tables here are empty.
const SETTINGS: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off; \
     SET enable_hashjoin = off; SET enable_mergejoin = off";

/// More parameters than any statement has.
const PARAMETERS_MAX: usize = 65_535;

async fn plan(connection: &mut PgConnection, sql: &str) -> Value {
    let values = (1..=PARAMETERS_MAX)
        .take_while(|number| names(sql, *number))
        .map(|_| "NULL")
        .collect::<Vec<_>>()
        .join(", ");
    let values = if values.is_empty() { values } else { format!("({values})") };
    let sql =
        format!("PREPARE asked AS {sql}; EXPLAIN (FORMAT JSON) EXECUTE asked {values}; DEALLOCATE asked");
    let rows = sqlx::raw_sql(AssertSqlSafe(sql.clone())).fetch_all(connection).await;
    let rows = rows.unwrap_or_else(|error| panic!("{error}: {sql}"));
    let text: String = rows.first().expect("a plan").try_get_unchecked(0).expect("a plan's text");
    serde_json::from_str(&text).expect("a plan in JSON")
}

/// Whether the statement has the parameter `$number`.
fn names(sql: &str, number: usize) -> bool {
    let parameter = format!("${number}");
    sql.match_indices(&parameter)
        .any(|(at, _)| !sql[at + parameter.len()..].starts_with(|next: char| next.is_ascii_digit()))
}

/// Tables of channels that the plan reads without the channel.
fn read_across(plan: &Value, tables: &BTreeSet<String>, found: &mut BTreeSet<String>) {
    match plan {
        Value::Array(parts) => parts.iter().for_each(|part| read_across(part, tables, found)),
        // What is never true is never carried out.
        Value::Object(node) if node.get("One-Time Filter").and_then(Value::as_str) == Some("false") => {}
        Value::Object(node) => {
            let reads =
                node.get("Node Type").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("Scan"));
            let table = node.get("Relation Name").and_then(Value::as_str);
            let condition = node.get("Index Cond").and_then(Value::as_str).unwrap_or_default();
            if let Some(table) = table
                && reads
                && tables.contains(table)
                && !condition.contains("channel_id = ")
            {
                found.insert(format!("{table} by {condition:?}"));
            }
            node.values().for_each(|part| read_across(part, tables, found));
        }
        _ => {}
    }
}

#[tokio::test]
#[ignore = "looks at what the tests of both backends have run: `cargo xtask test` runs it after them"]
async fn statements_find_rows_by_their_channel() {
    let mut stores = Stores::open().await;
    let connection = &mut stores.postgres;
    let tables: Vec<(String,)> = sqlx::query_as(TABLES).fetch_all(&mut *connection).await.expect("tables");
    let tables: BTreeSet<String> = tables.into_iter().map(|(table,)| table).collect();
    assert!(tables.len() > 60, "there are {} tables of channels", tables.len());
    connection.execute(sqlx::raw_sql(SETTINGS)).await.expect("settings");
    let (mut across, mut known) = (Vec::new(), BTreeSet::new());
    for statement in recorded(Dialect::Postgres) {
        // Of an empty list, nothing is looked for.
        if statement.sql.contains(" IN (NULL)") {
            continue;
        }
        let mut found = BTreeSet::new();
        read_across(&plan(connection, &statement.sql).await, &tables, &mut found);
        if found.is_empty() {
            continue;
        }
        match ACROSS_CHANNELS.iter().find(|part| statement.sql.contains(**part)) {
            Some(part) => {
                known.insert(*part);
            }
            None => across.push(format!("{}: {found:?}: {}", statement.file, statement.sql)),
        }
    }
    assert_none("statements that read channels' tables without the channel", &across);
    assert_eq!(known, ACROSS_CHANNELS.iter().copied().collect(), "what is listed is there");
}

fn page_on_sharding() -> String {
    std::fs::read_to_string(root().join("examples/sharding.md")).expect("the page")
}

/// The names in the row of the page's table that begins with this.
fn names_in_row<'p>(page: &'p str, beginning: &str) -> BTreeSet<&'p str> {
    let row = page.lines().find_map(|line| line.strip_prefix(beginning)).expect("a row of the page's table");
    let (_, names) = row.split_once("| ").expect("a second column");
    names.split('`').skip(1).step_by(2).collect()
}

#[tokio::test]
async fn the_page_on_sharding_says_where_each_table_goes() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("soko.db");
    let config = DatabaseConfig::from(SqliteConfig::at(&path));
    Database::open(config, &MIGRATIONS).await.expect("a store").close().await;
    let store = rusqlite::Connection::open(&path).expect("a store");
    let tables_where = |condition: &str| -> BTreeSet<String> {
        let sql = format!(
            "SELECT t.name FROM sqlite_schema t WHERE t.type = 'table' \
             AND t.name NOT LIKE 'sqlite%' AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\' \
             AND t.name NOT LIKE 'search\\_text%' ESCAPE '\\' AND {condition} (SELECT 1 FROM pragma_table_info(t.name) c \
             WHERE c.name = 'channel_id' AND (c.\"notnull\" OR c.pk > 0) AND t.name <> 'role_channel')"
        );
        let mut statement = store.prepare(&sql).expect("a statement");
        let names = statement.query_map([], |row| row.get(0)).expect("tables");
        names.collect::<Result<_, _>>().expect("names")
    };
    let page = page_on_sharding();
    // The words of the full-text index are a table on PostgreSQL only.
    let of_channels: BTreeSet<&str> = names_in_row(&page, "| `channel_id` ");
    let expected = tables_where("EXISTS");
    assert_eq!(of_channels, expected.iter().map(String::as_str).chain(["search_text"]).collect());
    let copied = names_in_row(&page, "| nothing: a copy on every node");
    let local = names_in_row(&page, "| nothing: on one node");
    let expected = tables_where("NOT EXISTS");
    assert_eq!(&copied | &local, expected.iter().map(String::as_str).collect());
    assert!(copied.is_disjoint(&local));
}

#[test]
fn the_page_on_sharding_lists_what_crosses_channels() {
    let page = page_on_sharding();
    let missing: Vec<String> =
        ACROSS_CHANNELS.iter().filter(|part| !page.contains(**part)).map(|part| (*part).to_owned()).collect();
    assert_none("statements that examples/sharding.md does not list", &missing);
}

#[test]
fn tells_parameters_apart() {
    assert!(names("a = $1 AND b = $12", 1) && names("a = $1 AND b = $12", 12));
    assert!(!names("a = $12", 1) && !names("a = $1", 2));
}
