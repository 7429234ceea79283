//! Everything that the store holds of one shop, to see that nothing of it changed.

use std::collections::BTreeMap;

use soko_infra::{DataScope, DatabaseError};
use soko_kernel::ChannelId;
use soko_tests::TestServer;

/// Each table with a channel's rows, and an expression that shows the whole of a row.
const TABLES: &str = "SELECT tables.name, group_concat('quote(\"' || columns.name || '\")', ' || '','' || ')
    FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
    WHERE tables.type = 'table' AND tables.name IN (
        SELECT inner_tables.name FROM sqlite_schema AS inner_tables, pragma_table_info(inner_tables.name) AS owners
        WHERE owners.name = 'channel_id')
    GROUP BY tables.name";

/// The rows of one shop, by table.
pub type Rows = BTreeMap<String, Vec<String>>;

/// Reads every row that belongs to the channel.
pub async fn rows_of(server: &TestServer, channel: ChannelId) -> Rows {
    let rows = server.database().read(DataScope::Platform, async |reader| {
        let tables: Vec<(String, String)> = reader.fetch_all(TABLES, ()).await?;
        let mut rows = Rows::new();
        for (table, row) in tables {
            let query = format!("SELECT {row} FROM \"{table}\" WHERE channel_id = $1 ORDER BY 1");
            let found: Vec<(String,)> = reader.fetch_all(sqlx::AssertSqlSafe(query), (channel,)).await?;
            rows.insert(table, found.into_iter().map(|(row,)| row).collect());
        }
        Ok::<_, DatabaseError>(rows)
    });
    let rows = rows.await.expect("a store that can be read");
    assert!(rows.values().any(|rows| !rows.is_empty()), "the shop has nothing");
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
