use std::time::{Duration, Instant};

use soko_infra::{DataScope, DatabaseError};
use soko_kernel::ErrorKind;

use super::{ENDLESS, Store, add_note};

const LIMIT: Duration = Duration::from_millis(200);
/// Longest that anything may take which is ended at [`LIMIT`], on a busy machine.
const PATIENCE: Duration = Duration::from_secs(4);

async fn with_short_limit() -> Store {
    Store::open_with(|config| config.closure_limit = LIMIT).await
}

/// Runs `bad` in one batch with writes of `before` and `after`, which must both be kept.
async fn beside_others<F>(store: &Store, bad: F) -> Result<(), DatabaseError>
where
    F: Future<Output = Result<(), DatabaseError>>,
{
    let begun = Instant::now();
    let busy = store.occupy(LIMIT / 4).await;
    let (before, outcome, after) = tokio::join!(biased; store.add("before"), bad, store.add("after"));
    before.unwrap();
    after.unwrap();
    busy.await.unwrap().unwrap();
    assert_eq!(store.names().await, ["after", "before"]);
    assert!(store.database.writer_stats().largest_batch > 1);
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    outcome
}

#[tokio::test]
async fn survives_a_panicking_closure() {
    let store = Store::open().await;
    let panicking = store.database.write(DataScope::Platform, async move |tx| {
        add_note(tx, "panicked").await?;
        let nothing: Option<()> = std::hint::black_box(None);
        nothing.expect("the closure panics");
        Ok(())
    });
    let outcome = beside_others(&store, panicking).await;
    assert!(
        matches!(&outcome, Err(DatabaseError::Panicked(why)) if why == "the closure panics"),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn interrupts_a_slow_query() {
    let store = with_short_limit().await;
    let slow = store.database.write(DataScope::Platform, async move |tx| {
        add_note(tx, "slow").await?;
        tx.fetch_one::<(i64,)>(ENDLESS, ()).await.map(|_| ())
    });
    let outcome = beside_others(&store, slow).await;
    assert!(matches!(outcome, Err(DatabaseError::TransactionTimeout)), "{outcome:?}");
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Overloaded);
}

/// SQLite ends the whole transaction with an interrupted INSERT, so that the others of the batch run again.
#[tokio::test]
async fn interrupts_a_slow_insert_and_keeps_the_others() {
    let store = with_short_limit().await;
    let slow = store.database.write(DataScope::Platform, async move |tx| {
        let sql = format!("INSERT INTO note (name, amount) {}", ENDLESS.replace("COUNT(*)", "'n' || i, i"));
        let interrupted = tx.execute(sqlx::AssertSqlSafe(sql), ()).await.map(|_| ());
        let next = add_note(tx, "after the transaction was gone").await;
        assert!(matches!(next, Err(DatabaseError::FailureIgnored(_))), "{next:?}");
        interrupted
    });
    let outcome = beside_others(&store, slow).await;
    assert!(matches!(outcome, Err(DatabaseError::TransactionTimeout)), "{outcome:?}");
    assert_eq!(store.database.writer_stats().redone, 2, "before and after");
}

#[tokio::test]
async fn ends_an_endless_await() {
    let store = with_short_limit().await;
    let endless = store.database.write(DataScope::Platform, async move |tx| {
        add_note(tx, "endless").await?;
        std::future::pending().await
    });
    let outcome = beside_others(&store, endless).await;
    assert!(matches!(outcome, Err(DatabaseError::TransactionTimeout)), "{outcome:?}");
}

#[tokio::test]
async fn refuses_a_closure_that_hides_its_timeout() {
    let store = with_short_limit().await;
    let hiding = store.database.write(DataScope::Platform, async move |tx| {
        let statement = tx.fetch_one::<(i64,)>(ENDLESS, ()).await;
        assert!(matches!(statement, Err(DatabaseError::TransactionTimeout)), "{statement:?}");
        Ok(())
    });
    let outcome = beside_others(&store, hiding).await;
    assert!(matches!(outcome, Err(DatabaseError::FailureIgnored(_))), "{outcome:?}");
}

/// What a reader sees does not change under it.
#[tokio::test]
async fn reads_from_one_snapshot() {
    let store = Store::open().await;
    store.add("before").await.unwrap();
    let counts = store.database.read(DataScope::Platform, async |reader| {
        let (first,): (i64,) = reader.fetch_one("SELECT COUNT(*) FROM note", ()).await?;
        store.add("meanwhile").await?;
        let (second,): (i64,) = reader.fetch_one("SELECT COUNT(*) FROM note", ()).await?;
        Ok::<_, DatabaseError>((first, second))
    });
    assert_eq!(counts.await.unwrap(), (1, 1));
    assert_eq!(store.names().await, ["before", "meanwhile"]);
}

#[tokio::test]
async fn refuses_a_closure_that_ignores_a_failed_statement() {
    let store = Store::open().await;
    let careless = store.database.write(DataScope::Platform, async move |tx| {
        add_note(tx, "careless").await?;
        add_note(tx, "careless").await.ok();
        let next = add_note(tx, "later").await;
        assert!(matches!(next, Err(DatabaseError::FailureIgnored(_))), "{next:?}");
        Ok(())
    });
    let outcome = beside_others(&store, careless).await;
    assert!(
        matches!(&outcome, Err(DatabaseError::FailureIgnored(why)) if why.contains("UNIQUE")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn readers_cannot_write() {
    let store = Store::open().await;
    let write = store.database.read(DataScope::Platform, async |reader| {
        reader.fetch_all::<(i64,)>("INSERT INTO note (name) VALUES ('x') RETURNING id", ()).await
    });
    write.await.unwrap_err();
    assert!(store.names().await.is_empty());
}

async fn with_short_reads(readers: u32) -> Store {
    Store::open_with(|config| (config.read_limit, config.readers) = (LIMIT, readers)).await
}

#[tokio::test]
async fn interrupts_a_slow_read() {
    let store = with_short_reads(1).await;
    let begun = Instant::now();
    for _ in 0..2 {
        let slow = store.database.read(DataScope::Platform, async |reader| {
            reader.fetch_one::<(i64,)>(ENDLESS, ()).await.map(|_| ())
        });
        let outcome = slow.await;
        assert!(matches!(outcome, Err(DatabaseError::ReadTimeout)), "{outcome:?}");
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Overloaded);
    }
    assert!(begun.elapsed() >= LIMIT * 2, "not before its time: {:?}", begun.elapsed());
    store.add("after").await.unwrap();
    assert_eq!(store.names().await, ["after"], "the connection serves on");
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

/// The limit is of the whole read, not of each of its statements.
#[tokio::test]
async fn interrupts_a_read_of_many_statements() {
    let store = with_short_reads(1).await;
    // Each is short, but long enough to look at the deadline.
    let busy = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT COUNT(*) FROM n";
    let begun = Instant::now();
    let endless = store.database.read(DataScope::Platform, async |reader| {
        for _ in 0..u64::MAX {
            reader.fetch_one::<(i64,)>(busy, ()).await?;
        }
        Ok::<_, DatabaseError>(())
    });
    let outcome = endless.await;
    assert!(matches!(outcome, Err(DatabaseError::ReadTimeout)), "{outcome:?}");
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}
