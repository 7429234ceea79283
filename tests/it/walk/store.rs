//! Everything that the store holds of one shop, to see that nothing of it changed.

use std::collections::BTreeMap;

use soko_infra::db::Dialect;
use soko_infra::{DataScope, DatabaseError};
use soko_kernel::ChannelId;
use soko_tests::TestServer;

/// Each table, whether its rows name their channel, and an expression that shows the whole of a row.
const TABLES: &str = "SELECT tables.name, max(columns.name = 'channel_id'),
        group_concat('quote(\"' || columns.name || '\")', ' || '','' || ')
    FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
    WHERE tables.type = 'table'
    GROUP BY tables.name";
const TABLES_ON_POSTGRES: &str = "SELECT c.relname::TEXT, EXISTS (SELECT 1 FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attname = 'channel_id'), 'CAST(t AS TEXT)'
    FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace";

/// Tables whose rows do not name the channel that they belong to, and how it is found.
const BY_OTHERS: &[(&str, &str)] = &[
    (
        "administrator",
        "user_id IN (SELECT user_id FROM user_role JOIN role_channel USING (role_id) WHERE channel_id = $1)",
    ),
    ("channel", "id = $1"),
    ("role", "id IN (SELECT role_id FROM role_channel WHERE channel_id = $1)"),
    ("seller", "id IN (SELECT seller_id FROM channel WHERE id = $1)"),
    (
        "user_account",
        "id IN (SELECT user_id FROM user_role JOIN role_channel USING (role_id) WHERE channel_id = $1)",
    ),
    ("user_role", "role_id IN (SELECT role_id FROM role_channel WHERE channel_id = $1)"),
];

/// The rows of one shop, by table.
pub type Rows = BTreeMap<String, Vec<String>>;

/// Reads every row that belongs to the channel.
pub async fn rows_of(server: &TestServer, channel: ChannelId) -> Rows {
    let rows = server.database().read(DataScope::Platform, async |reader| {
        let tables = match reader.dialect() {
            Dialect::Sqlite => TABLES,
            Dialect::Postgres => TABLES_ON_POSTGRES,
        };
        let tables: Vec<(String, bool, String)> = reader.fetch_all(tables, ()).await?;
        let mut rows = Rows::new();
        for (table, names_channel, row) in tables {
            let own = names_channel.then_some("channel_id = $1");
            let by_others = BY_OTHERS.iter().filter(|(name, _)| *name == table).map(|(_, belongs)| *belongs);
            for belongs in own.into_iter().chain(by_others) {
                let query = format!("SELECT {row} FROM \"{table}\" AS t WHERE {belongs} ORDER BY 1");
                let found: Vec<(String,)> = reader.fetch_all(sqlx::AssertSqlSafe(query), (channel,)).await?;
                rows.entry(table.clone()).or_default().extend(found.into_iter().map(|(row,)| row));
            }
        }
        Ok::<_, DatabaseError>(rows)
    });
    let rows = rows.await.expect("a store that can be read");
    for (table, _) in BY_OTHERS {
        assert!(rows.get(*table).is_some_and(|rows| !rows.is_empty()), "the shop has no {table}");
    }
    rows
}

/// Rows that are in one of both only.
pub fn differences(before: &Rows, after: &Rows) -> Vec<String> {
    let mut differences = Vec::new();
    for (table, rows) in before {
        let now = &after[table];
        let gone = rows.iter().filter(|row| !now.contains(row));
        let new = now.iter().filter(|row| !rows.contains(row));
        differences.extend(gone.map(|row| format!("{table} no longer has {row}")));
        differences.extend(new.map(|row| format!("{table} has a new row {row}")));
    }
    differences
}
