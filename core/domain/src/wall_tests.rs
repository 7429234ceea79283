//! The second wall between channels, PostgreSQL's row-level security: of every table of channels, whatever columns it has.
//! An embedded store has the first wall only, the scope that every statement of the domains asks for.
#![expect(clippy::unwrap_used, reason = "a failed test")]

use soko_infra::testing::TestDatabase;
use soko_infra::{DataScope, Database, DatabaseError, Reader, Tx};
use soko_kernel::{Actor, ChannelScope};
use sqlx::AssertSqlSafe;

use super::testing::create_channel;

/// Tables of channels that anybody could read all of.
const UNGUARDED: &str = "SELECT c.relname::TEXT FROM pg_class c \
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'channel_id' AND NOT a.attisdropped \
     WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace \
     AND c.relname NOT IN ('role_channel', 'search_text') AND NOT (c.relrowsecurity AND c.relforcerowsecurity \
       AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid)) ORDER BY 1";

/// Table, column and type of what a row of a channel must be given, in order.
const COLUMNS: &str = "SELECT c.relname::TEXT, a.attname::TEXT, format_type(a.atttypid, NULL) FROM pg_class c \
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' \
     WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND EXISTS (SELECT 1 FROM pg_policy p \
       WHERE p.polrelid = c.oid) ORDER BY c.relname, a.attnum";

/// What would ask more of a row than that it has values.
const CONSTRAINTS: &str = "SELECT c.conrelid::regclass::TEXT, c.conname::TEXT FROM pg_constraint c \
     WHERE c.contype IN ('c', 'f') AND c.connamespace = current_schema()::regnamespace";

struct Table {
    name: String,
    columns: Vec<(String, String)>,
}

impl Table {
    /// An INSERT of a row of this channel whose values are all made of this number.
    fn insert(&self, channel: ChannelScope, number: i64) -> String {
        let value = |(column, kind): &(String, String)| match (column.as_str(), kind.as_str()) {
            ("channel_id", _) => channel.channel_id().to_string(),
            (_, "bigint") => number.to_string(),
            (_, "boolean") => "FALSE".to_owned(),
            (_, "bytea") => format!("decode('{number:04}', 'hex')"),
            _ => format!("'{number}'"),
        };
        let names: Vec<&str> = self.columns.iter().map(|(column, _)| column.as_str()).collect();
        let values: Vec<String> = self.columns.iter().map(value).collect();
        format!("INSERT INTO {} ({}) VALUES ({})", self.name, names.join(", "), values.join(", "))
    }
}

async fn tables(reader: &mut Reader) -> Result<Vec<Table>, DatabaseError> {
    let mut tables: Vec<Table> = Vec::new();
    for (name, column, kind) in reader.fetch_all::<(String, String, String)>(COLUMNS, ()).await? {
        match tables.last_mut().filter(|last| last.name == name) {
            Some(last) => last.columns.push((column, kind)),
            None => tables.push(Table { name, columns: vec![(column, kind)] }),
        }
    }
    Ok(tables)
}

/// Tables that have one row of a channel, or one of a channel and day.
const ONE_ROW_A_CHANNEL: [&str; 5] =
    ["credit_reminded", "ledger_period_lock", "quiet_hours", "sms_account", "sms_quota"];

async fn run(tx: &mut Tx, sql: String) -> Result<u64, DatabaseError> {
    tx.execute(AssertSqlSafe(sql), ()).await
}

/// Takes every demand from the tables but their keys and their walls.
async fn take_demands(database: &Database) {
    let taken = database.write(DataScope::Platform, async |tx| {
        for (table, name) in tx.fetch_all::<(String, String)>(CONSTRAINTS, ()).await? {
            run(tx, format!("ALTER TABLE {table} DROP CONSTRAINT {name}")).await?;
        }
        for table in tables(tx).await? {
            run(tx, format!("ALTER TABLE {} DISABLE TRIGGER USER", table.name)).await?;
        }
        Ok::<_, DatabaseError>(())
    });
    taken.await.unwrap();
}

async fn in_scope(
    database: &Database,
    scope: impl Into<DataScope>,
    sql: String,
) -> Result<u64, DatabaseError> {
    database.write(scope, async move |tx| run(tx, sql).await).await
}

async fn count(database: &Database, scope: impl Into<DataScope>, table: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM {table}");
    let counted: Result<(i64,), DatabaseError> =
        database.read(scope, async |reader| reader.fetch_one(AssertSqlSafe(sql), ()).await).await;
    counted.unwrap().0
}

/// Statements that forget the channel, on purpose: in no table do they see, change, delete or add rows of another.
#[tokio::test]
async fn shows_no_channel_the_rows_of_another_in_any_table() {
    let own = TestDatabase::on_server(&crate::MIGRATIONS).await;
    let database = Database::open(own.config.clone(), &crate::MIGRATIONS).await.unwrap();
    let clock = soko_kernel::Clock::fixed(super::testing::TEST_START);
    let scope = |actor: Actor| actor.public_scope();
    let one = scope(create_channel(&database, &clock, "one", true).await);
    let two = scope(create_channel(&database, &clock, "two", false).await);
    take_demands(&database).await;
    let tables = database.read(DataScope::Platform, async |reader| tables(reader).await).await.unwrap();
    assert!(tables.len() > 60, "there are {} tables of channels", tables.len());
    for table in &tables {
        let name = table.name.as_str();
        let before = count(&database, DataScope::Platform, name).await;
        // Accounts, sessions and the audit have rows of no channel, which everybody may read.
        in_scope(&database, one, table.insert(one, 1_001)).await.unwrap();
        if !name.starts_with("ledger_checkpoint") && !ONE_ROW_A_CHANNEL.contains(&name) {
            in_scope(&database, two, table.insert(two, 1_002)).await.unwrap();
        }
        in_scope(&database, two, table.insert(two, 1_003)).await.unwrap();
        let (all, ones, twos) = (
            count(&database, DataScope::Platform, name).await,
            count(&database, one, name).await,
            count(&database, two, name).await,
        );
        assert!(twos >= 1 && all >= before + 2, "{name} has rows of both channels: {all}, {twos}");
        assert_eq!(ones + twos, all, "{name}: each row is seen by its channel alone");
        assert!(ones < all && twos < all, "{name}: no channel sees the other's");

        let refused = in_scope(&database, one, table.insert(two, 1_004)).await.unwrap_err();
        assert!(
            refused.to_string().contains("row-level security"),
            "{name} took another channel's row: {refused}"
        );
        let changed = in_scope(&database, one, format!("UPDATE {name} SET channel_id = channel_id")).await;
        assert_eq!(changed.unwrap(), u64::try_from(ones).unwrap(), "{name}: rows that one channel changed");
        let deleted = in_scope(&database, one, format!("DELETE FROM {name}")).await;
        assert_eq!(deleted.unwrap(), u64::try_from(ones).unwrap(), "{name}: rows that one channel deleted");
        assert_eq!(count(&database, two, name).await, twos, "{name}: the other's are all there");
    }
    database.close().await;
}

#[tokio::test]
async fn guards_every_table_of_channels() {
    let own = TestDatabase::on_server(&crate::MIGRATIONS).await;
    let database = Database::open(own.config.clone(), &crate::MIGRATIONS).await.unwrap();
    let unguarded =
        database.read(DataScope::Platform, async |reader| reader.fetch_all::<(String,)>(UNGUARDED, ()).await);
    assert_eq!(unguarded.await.unwrap(), []);
    database.close().await;
}
