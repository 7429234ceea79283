//! Durable commits per second, beside a bare loop over SQLite that writes the same rows.

use std::path::Path;
use std::time::{Duration, Instant};

use soko_infra::{DataScope, Database, DatabaseError, Migrations, SqliteConfig, Tx};

static SCHEMA: Migrations =
    Migrations { sqlite: sqlx::migrate!("./bench/schema"), postgres: sqlx::migrate!("./bench/schema") };

const INSERT_SALE: &str = "INSERT INTO sale (version, total) VALUES (1, $1) RETURNING id";
const INSERT_LINES: &str =
    "INSERT INTO sale_line (sale_id, sku, quantity) VALUES ($1, $2, 1), ($1, $3, 2), ($1, $4, 3)";
const PLACE_SALE: &str = "UPDATE sale SET version = version + 1 WHERE id = $1 AND version = 1";
const INSERT_EVENT: &str = "INSERT INTO sale_event (sale_id, body) VALUES ($1, $2)";
const SKUS: [&str; 3] = ["UNGA-2KG", "SUGAR-2KG", "TEA-250G"];
const EVENT: &str = r#"{"type":"OrderPlaced","total":116000,"currency":"KES"}"#;
const TOTAL: i64 = 116_000;

/// Measures the bare loop, then 1, 8 and 64 callers, each for so long.
pub fn run(lasts: Duration) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let config = SqliteConfig::at(directory.path().join("soko.db"));
        let database = Database::open(config, &SCHEMA).await.expect("a store");
        let bare = bare(lasts).await;
        println!("   transactions of 5 rows, synced to disk");
        println!("   bare loop, one commit each: {bare:>7.0} per second");
        for callers in [1, 8, 64] {
            let before = database.writer_stats();
            let rate = round(&database, callers, lasts).await;
            let after = database.writer_stats();
            let (closures, commits) = (after.closures - before.closures, after.commits - before.commits);
            let together = closures.checked_div(commits).unwrap_or_default();
            println!(
                "   Soko, {callers:>2} callers:          {rate:>7.0} per second   {:.2} times the bare loop, {together} to a commit",
                rate / bare
            );
        }
        database.close().await;
    });
}

/// Commits per second of a bare loop that writes so long, to a file of its own.
pub async fn bare(lasts: Duration) -> f64 {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("bare.db");
    create_bare(&path).await;
    tokio::task::spawn_blocking(move || bare_loop(&path, lasts)).await.expect("the bare loop")
}

/// A store with the same schema and settings, closed again.
async fn create_bare(path: &Path) {
    let database = Database::open(SqliteConfig::at(path), &SCHEMA).await.expect("a store");
    database.close().await;
}

fn per_second(count: u64, begun: Instant) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let count = count as f64;
    count / begun.elapsed().as_secs_f64()
}

fn bare_loop(path: &Path, lasts: Duration) -> f64 {
    let mut connection = rusqlite::Connection::open(path).expect("the bare store");
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
        .expect("its settings");
    let (begun, mut count) = (Instant::now(), 0);
    while begun.elapsed() < lasts {
        write_bare(&mut connection).expect("a commit");
        count += 1;
    }
    per_second(count, begun)
}

fn write_bare(connection: &mut rusqlite::Connection) -> rusqlite::Result<()> {
    let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let sale: i64 = tx.prepare_cached(INSERT_SALE)?.query_row((TOTAL,), |row| row.get(0))?;
    tx.prepare_cached(INSERT_LINES)?.execute((sale, SKUS[0], SKUS[1], SKUS[2]))?;
    assert_eq!(tx.prepare_cached(PLACE_SALE)?.execute((sale,))?, 1);
    tx.prepare_cached(INSERT_EVENT)?.execute((sale, EVENT))?;
    tx.commit()
}

async fn write_sale(tx: &mut Tx) -> Result<(), DatabaseError> {
    let (sale,): (i64,) = tx.fetch_one(INSERT_SALE, (TOTAL,)).await?;
    tx.execute(INSERT_LINES, (sale, SKUS[0], SKUS[1], SKUS[2])).await?;
    tx.execute_one(PLACE_SALE, (sale,)).await?;
    tx.execute_one(INSERT_EVENT, (sale, EVENT)).await
}

/// Commits per second of so many callers, each of whom waits for its own.
async fn round(database: &Database, callers: usize, lasts: Duration) -> f64 {
    let begun = Instant::now();
    let callers: Vec<_> = (0..callers)
        .map(|_| {
            let database = database.clone();
            tokio::spawn(async move {
                let mut count = 0;
                while begun.elapsed() < lasts {
                    let written = database.write(DataScope::Platform, async |tx| write_sale(tx).await).await;
                    written.expect("a commit");
                    count += 1;
                }
                count
            })
        })
        .collect();
    let mut count = 0;
    for caller in callers {
        count += caller.await.expect("a caller");
    }
    per_second(count, begun)
}
