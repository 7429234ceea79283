//! Callers who go away at any moment leave nothing behind: no connection that others must do without, no transaction
//! that stays open, nothing half done.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use rand::Rng as _;
use rand::rngs::StdRng;
use soko_infra::db::Dialect;
use soko_infra::{DataScope, Database, DatabaseError, Tx};
use soko_tests::load::Records;
use soko_tests::platform::{ALPHA, SUGAR};
use soko_tests::server::with_settings;
use soko_tests::{Shopper, TestServer, invariants, soak};
use tokio::sync::Barrier;

/// Requests that are dropped for each round, and at most.
const DROPS_PER_ROUND: u64 = 50;
const ROUNDS: u64 = 6;
/// Requests that are dropped in a soak.
const LONG_DROPS: u64 = 10_000;
/// Units for all of them.
const PLENTY: i64 = 1_000_000;
/// Connections of the server: on PostgreSQL half of them for writing, a quarter for reading and one for looking up; on
/// SQLite all are for reading.
const CONNECTIONS: u32 = 8;
const READERS: u32 = 4;
/// Longest that a client of these waits for its answer, in microseconds.
const PATIENCE_US: u64 = 20_000;
/// Most polls before a closure's caller goes away.
const POLLS_MAX: u32 = 12;
/// Longest until the server has noticed that the last of them has gone.
const SETTLES_MAX: Duration = Duration::from_secs(10);

/// Polls a future so many times at most, and drops it.
async fn drop_after<F: Future>(polls: u32, future: F) -> Option<F::Output> {
    let (mut future, mut left) = (pin!(future), polls);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// A shopper's next step, whose client may hang up in the middle of it.
async fn hang_up(shopper: &Shopper, variant: &str, random: &mut StdRng) {
    let patience = Duration::from_micros(random.random_range(0..PATIENCE_US));
    let step = async {
        match random.random_range(0..4) {
            0 => drop(shopper.try_add(variant, 1).await),
            1 => drop(shopper.active_order().await),
            2 => drop(shopper.try_transition("ArrangingPayment").await),
            _ => drop(shopper.try_pay("cash").await),
        }
    };
    // Whether it was answered in time is all the same.
    let _hung_up = tokio::time::timeout(patience, step).await;
}

/// A read, a look-up and a write whose callers go away after some polls.
async fn walk_away(store: &Database, random: &mut StdRng) -> Result<(), DatabaseError> {
    let polls = random.random_range(0..POLLS_MAX);
    let read = store.read(DataScope::Platform, async |reader| {
        for expected in 0_i64..3 {
            let (found,): (i64,) = reader.fetch_one("SELECT CAST($1 AS BIGINT)", (expected,)).await?;
            assert_eq!(found, expected, "an answer to somebody else's question");
        }
        Ok::<_, DatabaseError>(())
    });
    drop_after(polls, read).await.transpose()?;
    let asked = random.random_range(0_i64..1_000);
    let looked_up = store.look_up::<(i64,)>("SELECT CAST($1 AS BIGINT)", vec![asked.into()]);
    if let Some(found) = drop_after(polls, looked_up).await.transpose()? {
        assert_eq!(found, [(asked,)], "an answer to somebody else's question");
    }
    let write = store.write(DataScope::Platform, async |tx: &mut Tx| {
        tx.execute("UPDATE channel SET updated_at = updated_at WHERE id < $1", (0_i64,)).await?;
        tx.execute("UPDATE channel SET updated_at = updated_at WHERE id = $1", (0_i64,)).await
    });
    drop_after(polls, write).await.transpose()?;
    Ok(())
}

/// Every reader can be had at the same time, and so can the writers.
async fn assert_all_usable(store: &Database) {
    let readers = match store.dialect() {
        Dialect::Sqlite => READERS,
        Dialect::Postgres => CONNECTIONS / 4,
    };
    let met = Arc::new(Barrier::new(usize::try_from(readers).expect("few")));
    let reads = (0..readers).map(async |_| {
        let read = store.read(DataScope::Platform, async |reader| {
            met.wait().await;
            reader.fetch_one::<(i64,)>("SELECT CAST(1 AS BIGINT)", ()).await
        });
        read.await.expect("a reader for everybody").0
    });
    let all = tokio::time::timeout(SETTLES_MAX, futures_util::future::join_all(reads)).await;
    assert_eq!(all.expect("all readers at once").len(), usize::try_from(readers).expect("few"));
    let look_ups = (0..2 * CONNECTIONS)
        .map(async |_| store.look_up::<(i64,)>("SELECT CAST(1 AS BIGINT)", Vec::new()).await);
    for looked_up in futures_util::future::join_all(look_ups).await {
        assert_eq!(looked_up.expect("a connection for everybody"), [(1,)]);
    }
    let writes = (0..2 * CONNECTIONS).map(async |_| {
        let write = store.write_concurrently(DataScope::Platform, async |tx: &mut Tx| {
            tx.fetch_one::<(i64,)>("SELECT CAST(1 AS BIGINT)", ()).await
        });
        write.await.expect("a writer for everybody").0
    });
    futures_util::future::join_all(writes).await;
}

/// Nobody has left a transaction open on the server.
async fn assert_none_open(store: &Database) {
    if store.dialect() == Dialect::Sqlite {
        // Nor could the writer have written since.
        return;
    }
    let sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
               AND state LIKE 'idle in transaction%'";
    let begun = Instant::now();
    loop {
        let counted: Result<(i64,), DatabaseError> =
            store.read(DataScope::Platform, async |reader| reader.fetch_one(sql, ()).await).await;
        let (open,) = counted.expect("an answer");
        if open == 0 {
            return;
        }
        assert!(begun.elapsed() < SETTLES_MAX, "{open} transactions are open");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn drop_many(server: &TestServer) {
    let mut random = soak::random();
    let sugar = server.shopper(ALPHA).variant(SUGAR).await;
    server.restock(ALPHA, &sugar, PLENTY).await;
    let shopper = async || {
        let shopper = server.shopper(ALPHA);
        shopper.arrange_payment(&sugar, 1, "amina@example.com").await;
        shopper
    };
    let rounds = soak::rounds_of(ROUNDS, LONG_DROPS / DROPS_PER_ROUND);
    for _ in 0..rounds {
        let shoppers = [shopper().await, shopper().await, shopper().await];
        for number in 0..DROPS_PER_ROUND {
            let one = usize::try_from(number).expect("few") % shoppers.len();
            hang_up(&shoppers[one], &sugar, &mut random).await;
            walk_away(server.database(), &mut random).await.expect("a store that answers");
        }
        assert_all_usable(server.database()).await;
        assert_none_open(server.database()).await;
        invariants::check(server.database(), &Records::default()).await;
    }
    println!("{} requests were dropped", rounds * DROPS_PER_ROUND);
    server.shopper(ALPHA).check_out(&sugar, 1, "amina@example.com").await;
}

#[test]
fn survives_callers_who_go_away_at_any_moment() {
    with_settings(
        |settings| {
            settings.database.connections = CONNECTIONS;
            settings.database.readers = READERS;
        },
        drop_many,
    );
}
