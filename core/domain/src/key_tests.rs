//! Where the schema stands by channels: what a store that is split by them needs of its keys.
#![expect(clippy::unwrap_used, reason = "a failed test")]

use soko_infra::DatabaseError;

use super::schema_tests::lines;
use super::testing::TestStore;

/// Tables of the platform: their rows belong to no channel, or not to one alone.
const PLATFORM: [&str; 12] = [
    "administrator",
    "audit_entry",
    "channel",
    "component",
    "login_code",
    "login_failure",
    "role",
    "role_channel",
    "seller",
    "session",
    "user_account",
    "user_role",
];

/// Indexes of channels' tables that begin with something else, and why they may.
const EXCEPTIONS: [(&str, &str); 12] = [
    ("event_action (created_at)", "the platform's job looks for what is old in all channels"),
    ("event_action (due_at)", "nodes send what is due in all channels"),
    ("event_step (created_at)", "the platform's job looks for what is old in all channels"),
    ("idempotency_key (expires_at)", "the platform's job looks for what has expired in all channels"),
    ("inbox_message (created_at)", "the platform's job looks for what is old in all channels"),
    ("outbox (created_at)", "the platform's job looks for what is old in all channels"),
    ("payment (ask_at)", "the platform's job asks about attempts of all channels whose time has come"),
    ("payment_callback (received_at)", "the platform's job looks for what is old in all channels"),
    (
        "plugin_breaker (open_until)",
        "nodes ask what is open anywhere, and the platform's job for what is no longer",
    ),
    ("plugin_kv (expires_at)", "the platform's job looks for what has expired in all channels"),
    ("rate_limit_counter (period_start)", "the platform's job looks for what is old in all channels"),
    ("stock_hold (expires_at)", "the platform's job looks for what has expired in all channels"),
];

/// Tables without a channel in every row.
const WITHOUT_CHANNEL: &str = "SELECT t.name FROM sqlite_schema t WHERE t.type = 'table' \
     AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\' \
     AND t.name NOT LIKE 'search\\_text%' ESCAPE '\\' AND NOT EXISTS (SELECT 1 FROM pragma_table_info(t.name) c \
       WHERE c.name = 'channel_id' AND (c.\"notnull\" OR c.pk > 0)) ORDER BY 1";
const WITHOUT_CHANNEL_ON_POSTGRES: &str = "SELECT c.relname::TEXT FROM pg_class c WHERE c.relkind = 'r' \
     AND c.relnamespace = current_schema()::regnamespace AND c.relname NOT LIKE '\\_sqlx%' AND NOT EXISTS \
       (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'channel_id' AND a.attnotnull) ORDER BY 1";

/// Indexes, those of primary keys and unique constraints too, that do not begin with the channel: `table (columns)`. On
/// SQLite the id is the row's own address, which is no index.
const INDEXES: &str = "SELECT t.name || ' (' || (SELECT group_concat(i.name, ', ' ORDER BY i.seqno) \
       FROM pragma_index_info(l.name) i) || ')' AS line FROM sqlite_schema t JOIN pragma_index_list(t.name) l \
     WHERE t.type = 'table' AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND t.name NOT LIKE 'search\\_text%' ESCAPE '\\' AND NOT EXISTS \
       (SELECT 1 FROM pragma_index_info(l.name) i WHERE i.seqno = 0 AND i.name = 'channel_id') ORDER BY line";
/// The full-text index is of words, one of which names the channel.
const INDEXES_ON_POSTGRES: &str = "SELECT t.relname::TEXT || ' (' || (SELECT string_agg(a.attname, ', ' ORDER BY k.place) \
       FROM unnest(i.indkey) WITH ORDINALITY k (number, place) \
       JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number) || ')' AS line \
     FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class n ON n.oid = i.indexrelid \
     WHERE t.relnamespace = current_schema()::regnamespace AND n.relname <> 'search_text_words' \
     AND t.relname NOT LIKE '\\_sqlx%' AND NOT EXISTS \
       (SELECT 1 FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = i.indkey[0] AND a.attname = 'channel_id') \
     ORDER BY line";

/// References that do not begin with the channel on both sides: `child (columns) parent`.
const REFERENCES: &str = "SELECT t.name || ' (' || f.\"from\" || ') ' || f.\"table\" AS line FROM sqlite_schema t \
     JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table' AND f.seq = 0 \
     AND NOT (f.\"from\" = 'channel_id' AND f.\"to\" = 'channel_id') ORDER BY line";
const REFERENCES_ON_POSTGRES: &str = "SELECT c.conrelid::regclass::TEXT || ' (' || a.attname || ') ' || \
       c.confrelid::regclass::TEXT AS line FROM pg_constraint c \
     JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] \
     JOIN pg_attribute p ON p.attrelid = c.confrelid AND p.attnum = c.confkey[1] \
     WHERE c.contype = 'f' AND NOT (a.attname = 'channel_id' AND p.attname = 'channel_id') ORDER BY line";

/// The name before a blank.
fn table(line: &str) -> &str {
    line.split_once(' ').map_or(line, |(table, _)| table)
}

#[tokio::test]
async fn every_table_is_the_platforms_or_names_the_channel_of_each_row() {
    let store = TestStore::open().await;
    assert_eq!(
        lines(&store.database, WITHOUT_CHANNEL, WITHOUT_CHANNEL_ON_POSTGRES).await,
        without_role_channel()
    );
}

/// A role's channels name theirs in every row, and the table is the platform's all the same.
fn without_role_channel() -> Vec<&'static str> {
    PLATFORM.into_iter().filter(|table| *table != "role_channel").collect()
}

#[tokio::test]
async fn the_channel_leads_every_key_of_its_tables() {
    let store = TestStore::open().await;
    let found = lines(&store.database, INDEXES, INDEXES_ON_POSTGRES).await;
    let of_channels: Vec<&String> = found.iter().filter(|line| !PLATFORM.contains(&table(line))).collect();
    assert_eq!(of_channels, EXCEPTIONS.map(|(index, _)| index));
}

/// What is in one channel refers to what is in the same one. A reference that names the channel also refuses a row that
/// would refer to another channel's.
#[tokio::test]
async fn the_channel_leads_every_reference_between_its_tables() {
    let store = TestStore::open().await;
    let found = lines(&store.database, REFERENCES, REFERENCES_ON_POSTGRES).await;
    let to_platform = |line: &&String| {
        let parent = line.rsplit_once(' ').map_or("", |(_, parent)| parent);
        PLATFORM.contains(&parent) || PLATFORM.contains(&table(line))
    };
    let between: Vec<&String> = found.iter().filter(|line| !to_platform(line)).collect();
    assert_eq!(between, [] as [&str; 0]);
    assert!(found.iter().any(|line| line == "plugin_version (digest) component"), "{found:?}");
}

#[tokio::test]
async fn refuses_a_row_that_refers_to_another_channels() {
    let store = TestStore::open().await;
    let other = store.add_channel("other").await;
    let (own, others) = (store.scope(), other.public_scope());
    let group = store.database.write(own, async move |tx| {
        let add = "INSERT INTO option_group (channel_id, code, created_at, updated_at) VALUES ($1, 'size', 0, 0) \
                   RETURNING id";
        tx.fetch_one::<(i64,)>(add, (own.channel_id(),)).await
    });
    let group: Result<(i64,), DatabaseError> = group.await;
    let (group,) = group.unwrap();
    let add_option = async |channel: soko_kernel::ChannelScope| {
        let added = store.database.write(channel, async move |tx| {
            let add = "INSERT INTO product_option (channel_id, option_group_id, code, created_at, updated_at) \
                       VALUES ($1, $2, 'large', 0, 0)";
            tx.execute(add, (channel.channel_id(), group)).await
        });
        let added: Result<u64, DatabaseError> = added.await;
        added
    };
    assert_eq!(add_option(own).await.unwrap(), 1);
    let refused = add_option(others).await.unwrap_err();
    assert!(refused.is_foreign_key_violation(), "{refused}");
}
