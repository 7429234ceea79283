//! The store on a PostgreSQL server: who waits for whom, and what survives callers, connections and conflicts that go
//! wrong. What holds on either backend is tested with the domains.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed test")]

mod sharing;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use soko_infra::db::{Column, LEADS, ListError, ListSql, SchemaState};
use soko_infra::testing::TestDatabase;
use soko_infra::{DataScope, Database, DatabaseConfig, DatabaseError, Migrations, PostgresConfig, Topic, Tx};
use soko_kernel::query::Direction;
use soko_kernel::{ErrorKind, ListQuery, Page};
use sqlx::{Connection as _, PgConnection};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

static SCHEMA: Migrations = Migrations {
    sqlite: sqlx::migrate!("./tests/schema"),
    postgres: sqlx::migrate!("./tests/schema_postgres"),
};

struct Store {
    database: Database,
    own: TestDatabase,
}

impl Store {
    async fn open() -> Self {
        Self::open_with(|_| ()).await
    }

    async fn open_with(change: impl FnOnce(&mut PostgresConfig)) -> Self {
        let own = TestDatabase::on_server(&SCHEMA).await;
        let DatabaseConfig::Postgres(mut config) = own.config.clone() else { panic!("no server") };
        change(&mut config);
        Self { database: Database::open(config, &SCHEMA).await.unwrap(), own }
    }

    async fn add(&self, name: &str) -> Result<(), DatabaseError> {
        let name = name.to_owned();
        self.database.write(DataScope::Platform, async move |tx| add_note(tx, &name, 0).await).await
    }

    /// The names of all notes, sorted.
    async fn names(&self) -> Vec<String> {
        let names = self.database.read(DataScope::Platform, async |reader| {
            reader.fetch_all::<(String,)>("SELECT name FROM note ORDER BY name", ()).await
        });
        names.await.unwrap().into_iter().map(|(name,)| name).collect()
    }

    async fn amount(&self, name: &'static str) -> i64 {
        let amount: Result<(i64,), DatabaseError> = self
            .database
            .read(DataScope::Platform, async |reader| {
                reader.fetch_one("SELECT amount FROM note WHERE name = $1", (name,)).await
            })
            .await;
        amount.unwrap().0
    }

    /// A connection beside the store's.
    async fn aside(&self) -> PgConnection {
        PgConnection::connect(self.own.url().unwrap()).await.unwrap()
    }
}

async fn add_note(tx: &mut Tx, name: &str, amount: i64) -> Result<(), DatabaseError> {
    tx.execute_one("INSERT INTO note (name, amount) VALUES ($1, $2)", (name, amount)).await
}

/// Reads an amount and writes it back larger: what loses updates where two do it at once.
async fn raise(tx: &mut Tx, name: &'static str) -> Result<(), DatabaseError> {
    let (amount,): (i64,) = tx.fetch_one("SELECT amount FROM note WHERE name = $1", (name,)).await?;
    tokio::task::yield_now().await;
    tx.execute_one("UPDATE note SET amount = $1 WHERE name = $2", (amount + 1, name)).await
}

async fn raise_locked(tx: &mut Tx, name: &'static str) -> Result<(), DatabaseError> {
    tx.lock_rows("SELECT id FROM note WHERE name = $1", vec![name.into()]).await?;
    raise(tx, name).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loses_no_update_of_closures_that_run_alone_or_lock_their_rows() {
    let store = Store::open().await;
    store.add("alone").await.unwrap();
    store.add("locked").await.unwrap();
    let mut writes = JoinSet::new();
    for _ in 0..40 {
        let database = store.database.clone();
        writes.spawn(async move {
            database.write(DataScope::Platform, async |tx| raise(tx, "alone").await).await
        });
        let database = store.database.clone();
        writes.spawn(async move {
            let raise = async |tx: &mut Tx| raise_locked(tx, "locked").await;
            database.write_concurrently(DataScope::Platform, raise).await
        });
    }
    for outcome in writes.join_all().await {
        outcome.unwrap();
    }
    assert_eq!((store.amount("alone").await, store.amount("locked").await), (40, 40));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn does_again_what_was_chosen_to_end_a_deadlock() {
    let store = Store::open().await;
    store.add("left").await.unwrap();
    store.add("right").await.unwrap();
    let (met, runs) = (Arc::new(Barrier::new(2)), Arc::new(AtomicU32::new(0)));
    let mut writes = JoinSet::new();
    for order in [["left", "right"], ["right", "left"]] {
        let (database, met, runs) = (store.database.clone(), met.clone(), runs.clone());
        writes.spawn(async move {
            let both = async move |tx: &mut Tx| {
                raise_locked(tx, order[0]).await?;
                // Only the first run of each waits for the other.
                if runs.fetch_add(1, Ordering::SeqCst) < 2 {
                    met.wait().await;
                }
                raise_locked(tx, order[1]).await
            };
            database.write_concurrently(DataScope::Platform, both).await
        });
    }
    for outcome in writes.join_all().await {
        outcome.unwrap();
    }
    assert_eq!((store.amount("left").await, store.amount("right").await), (2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_no_connection_that_a_caller_left_in_the_middle() {
    let store = Store::open().await;
    for number in 0_u32..400 {
        let write = store.database.write(DataScope::Platform, async move |tx| {
            add_note(tx, &format!("{number} first"), 0).await?;
            add_note(tx, &format!("{number} second"), 0).await
        });
        let read = store.database.read(DataScope::Platform, async |reader| {
            for expected in 0_i64..3 {
                let (found,): (i64,) = reader.fetch_one("SELECT $1", (expected,)).await?;
                assert_eq!(found, expected, "an answer to somebody else's question");
            }
            Ok::<_, DatabaseError>(())
        });
        let (mut write, mut read) = (Box::pin(write), Box::pin(read));
        for _ in 0..number % 7 {
            let done = ((&mut write).now_or_never().is_some(), (&mut read).now_or_never().is_some());
            if done != (false, false) {
                break;
            }
            tokio::time::sleep(Duration::from_micros(u64::from(number % 11) * 60)).await;
        }
    }
    store.add("last").await.unwrap();
    let names = store.names().await;
    let count = |which: &str| names.iter().filter(|name| name.ends_with(which)).count();
    assert_eq!(count(" first"), count(" second"), "whole or not at all");
    assert!(count(" first") > 0, "some had been handed over");
    for expected in 0_i64..50 {
        let read = store.database.read(DataScope::Platform, async move |reader| {
            reader.fetch_one::<(i64,)>("SELECT $1", (expected,)).await
        });
        assert_eq!(read.await.unwrap(), (expected,));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refuses_those_who_wait_too_long_and_then_goes_on() {
    let store = Store::open_with(|config| {
        (config.connections, config.queue_max) = (2, 4);
        config.wait_limit = Duration::from_millis(200);
    });
    let store = Arc::new(store.await);
    let mut reads = JoinSet::new();
    for _ in 0..20 {
        let database = store.database.clone();
        reads.spawn(async move {
            let read = database.read(DataScope::Platform, async |reader| {
                reader.fetch_one::<(i64,)>("SELECT CAST(1 AS BIGINT) FROM pg_sleep(0.5)", ()).await
            });
            read.await.map(|_| ())
        });
    }
    let outcomes = reads.join_all().await;
    let refused: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
    assert!(refused.iter().all(|error| error.kind() == ErrorKind::Overloaded), "{refused:?}");
    assert!(refused.len() >= 16, "two had a connection, nobody else in time: {}", refused.len());
    store.add("later").await.unwrap();
    assert_eq!(store.names().await, ["later"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replaces_connections_that_were_cut() {
    let store = Store::open().await;
    let mut aside = store.aside().await;
    for round in 0..3 {
        let mut reads = JoinSet::new();
        for _ in 0..6 {
            let database = store.database.clone();
            reads.spawn(async move {
                let read = database.read(DataScope::Platform, async |reader| {
                    reader.fetch_one::<(i64,)>("SELECT CAST(1 AS BIGINT) FROM pg_sleep(0.02)", ()).await
                });
                read.await.unwrap();
            });
        }
        reads.join_all().await;
        let cut = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let (cut,): (i64,) = sqlx::query_as(cut).fetch_one(&mut aside).await.unwrap();
        assert!(cut > 1, "{cut} connections were open");
        store.add(&round.to_string()).await.unwrap();
    }
    assert_eq!(store.database.schema_state().await.unwrap(), SchemaState::Current);
    assert_eq!(store.names().await, ["0", "1", "2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_nothing_of_what_is_late_panics_or_ignores_a_failure() {
    let store = Store::open_with(|config| {
        (config.closure_limit, config.read_limit) = (Duration::from_millis(300), Duration::from_millis(200));
    });
    let store = store.await;
    let late = store.database.write(DataScope::Platform, async |tx| {
        add_note(tx, "late", 0).await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok(())
    });
    assert!(matches!(late.await, Err(DatabaseError::TransactionTimeout)));
    let panics = store.database.write(DataScope::Platform, async |tx| {
        add_note(tx, "panics", 0).await?;
        assert!(tx.scope() != DataScope::Platform, "on purpose");
        Ok(())
    });
    assert!(matches!(panics.await, Err(DatabaseError::Panicked(why)) if why.contains("on purpose")));
    let ignores = store.database.write(DataScope::Platform, async |tx| {
        add_note(tx, "ignores", 0).await?;
        let failed = add_note(tx, "ignores", 0).await;
        assert!(failed.unwrap_err().is_unique_violation("note", &["name"]));
        Ok(())
    });
    assert!(matches!(ignores.await, Err(DatabaseError::FailureIgnored(_))));
    let sleeps = store.database.read(DataScope::Platform, async |reader| {
        reader.fetch_one::<(i64,)>("SELECT CAST(1 AS BIGINT) FROM pg_sleep(5)", ()).await
    });
    assert!(matches!(sleeps.await, Err(DatabaseError::ReadTimeout)));
    assert_eq!(store.names().await, [] as [&str; 0]);
}

#[tokio::test]
async fn sorts_and_refuses_as_an_embedded_store_does() {
    const AMOUNT: &[Column] = &[Column::integer("amount", "n.amount")];
    let store = Store::open().await;
    let add = async |tx: &mut Tx| {
        for (name, amount) in [("some", Some(2_i64)), ("none", None), ("few", Some(1))] {
            tx.execute_one("INSERT INTO note (name, amount) VALUES ($1, $2)", (name, amount)).await?;
        }
        Ok::<_, DatabaseError>(())
    };
    store.database.write(DataScope::Platform, add).await.unwrap();
    let sorted = async |direction| -> Vec<String> {
        let query = ListQuery::try_new(None, None, vec![("amount", direction)], None).unwrap();
        let list = ListSql {
            select: "n.name",
            from: "FROM note n",
            condition: "TRUE".to_owned(),
            values: Vec::new(),
            columns: AMOUNT,
            tie_break: "n.id",
        };
        let page: Result<Page<(String,)>, ListError> = store
            .database
            .read(DataScope::Platform, async |reader| list.clone().fetch(reader, &query).await)
            .await;
        page.unwrap().items.into_iter().map(|(name,)| name).collect()
    };
    assert_eq!(sorted(Direction::Ascending).await, ["none", "few", "some"]);
    assert_eq!(sorted(Direction::Descending).await, ["some", "few", "none"]);
    let strange = store.database.read(DataScope::Platform, async |reader| {
        reader.fetch_one::<(bool,)>("SELECT 'a' ~ $1", (r"\p{L}",)).await
    });
    assert_eq!(strange.await.unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn says_why_a_server_cannot_be_used() {
    for (url, why) in [
        ("postgres://soko@127.0.0.1:1/soko", "cannot be opened"),
        ("postgres://soko@127.0.0.1:not-a-port/soko", "cannot be opened"),
        ("mysql://soko", "cannot be opened"),
    ] {
        let config = PostgresConfig { wait_limit: Duration::from_millis(300), ..PostgresConfig::at(url) };
        let refused = Database::open(config, &SCHEMA).await.map(|_| ()).unwrap_err();
        assert!(refused.to_string().contains(why), "{url}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrates_once_when_many_programs_open_one_database() {
    let own = TestDatabase::on_server(&SCHEMA).await;
    let mut aside = PgConnection::connect(own.url().unwrap()).await.unwrap();
    sqlx::raw_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public").execute(&mut aside).await.unwrap();
    let mut opens = JoinSet::new();
    for number in 0..8 {
        let config = own.config.clone();
        opens.spawn(async move {
            let database = Database::open(config, &SCHEMA).await?;
            let name = number.to_string();
            database.write(DataScope::Platform, async move |tx| add_note(tx, &name, 0).await).await
        });
    }
    for opened in opens.join_all().await {
        opened.unwrap();
    }
    let counts = "SELECT (SELECT COUNT(*) FROM _sqlx_migrations), (SELECT COUNT(*) FROM note)";
    let (steps, notes): (i64, i64) = sqlx::query_as(counts).fetch_one(&mut aside).await.unwrap();
    assert_eq!((usize::try_from(steps).unwrap(), notes), (SCHEMA.postgres.iter().count(), 8));
}

/// Ends the connections of the store's database that wait for or hold something of this kind.
async fn cut(store: &Store, which: &str) {
    let sql = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity a WHERE datname = current_database() \
         AND pid <> pg_backend_pid() AND {which}"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut store.aside().await).await.unwrap();
}

#[tokio::test]
async fn one_program_leads_until_it_gives_back_or_its_connection_ends() {
    let store = Store::open().await;
    let other = Database::open(store.own.config.clone(), &SCHEMA).await.unwrap();
    let mut told = other.subscribe(LEADS);
    // It is told once when it begins to listen.
    tokio::time::timeout(SOON, told.changed()).await.unwrap();
    let mut leading = store.database.try_lead("sweep").await.unwrap().unwrap();
    let mut beside = other.try_lead("reap").await.unwrap().unwrap();
    assert!(leading.is_held().await && beside.is_held().await, "of two leads each has one");
    assert!(other.try_lead("sweep").await.unwrap().is_none());
    assert!(store.database.try_lead("sweep").await.unwrap().is_none(), "not twice in one program either");
    leading.give_back().await;
    tokio::time::timeout(SOON, told.changed()).await.unwrap();
    let mut leading = other.try_lead("sweep").await.unwrap().expect("free as soon as it is told");
    assert!(store.database.try_lead("sweep").await.unwrap().is_none());
    cut(
        &store,
        "EXISTS (SELECT 1 FROM pg_locks l WHERE l.pid = a.pid AND locktype = 'advisory' AND classid <> 0)",
    )
    .await;
    assert!(!leading.is_held().await && !beside.is_held().await, "a program's leads end together");
    let mut next = soon(async || store.database.try_lead("sweep").await.unwrap()).await;
    drop(leading);
    assert!(other.try_lead("sweep").await.unwrap().is_none(), "the other leads now");
    assert!(next.is_held().await);
}

#[tokio::test]
async fn a_lead_that_is_dropped_is_free_again() {
    let store = Store::open().await;
    let other = Database::open(store.own.config.clone(), &SCHEMA).await.unwrap();
    let mut beside = store.database.try_lead("reap").await.unwrap().unwrap();
    drop(store.database.try_lead("sweep").await.unwrap().unwrap());
    assert!(beside.is_held().await, "which comes to use the connection again");
    let again = other.try_lead("sweep").await.unwrap().expect("a lead that nobody has");
    store.database.close().await;
    soon(async || other.try_lead("reap").await.unwrap()).await;
    again.give_back().await;
}

const NEWS: Topic = Topic::new("news");
/// Longer than a word takes.
const SOON: Duration = Duration::from_secs(5);
/// Long enough for a word that should not come.
const WHILE: Duration = Duration::from_millis(200);

async fn tell(database: &Database, outcome: Result<(), DatabaseError>) -> Result<(), DatabaseError> {
    let outcome = Arc::new(std::sync::Mutex::new(Some(outcome)));
    let work = async move |tx: &mut Tx| {
        tx.notify(NEWS).await?;
        tokio::time::sleep(WHILE).await;
        outcome.lock().unwrap().take().unwrap()
    };
    database.write(DataScope::Platform, work).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tells_other_programs_what_was_committed_and_nothing_else() {
    let store = Store::open().await;
    let other = Database::open(store.own.config.clone(), &SCHEMA).await.unwrap();
    let (mut here, mut there) = (store.database.subscribe(NEWS), other.subscribe(NEWS));
    let mut unconcerned = other.subscribe(Topic::new("weather"));
    for told in [&mut here, &mut there, &mut unconcerned] {
        tokio::time::timeout(SOON, told.changed()).await.expect("it begins to listen");
    }
    let telling = tokio::spawn({
        let database = store.database.clone();
        async move { tell(&database, Ok(())).await }
    });
    assert!(tokio::time::timeout(WHILE / 2, there.changed()).await.is_err(), "it is not committed yet");
    telling.await.unwrap().unwrap();
    for told in [&mut here, &mut there] {
        tokio::time::timeout(SOON, told.changed()).await.unwrap();
    }
    tell(&store.database, Err(DatabaseError::Closed)).await.unwrap_err();
    for told in [&mut here, &mut there, &mut unconcerned] {
        assert!(tokio::time::timeout(WHILE, told.changed()).await.is_err(), "it was rolled back");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listens_again_when_its_connection_was_cut_and_says_to_look() {
    let store = Store::open().await;
    let mut told = store.database.subscribe(NEWS);
    tokio::time::timeout(SOON, told.changed()).await.unwrap();
    for _ in 0..3 {
        cut(&store, "query LIKE 'LISTEN%'").await;
        tokio::time::timeout(SOON, told.changed()).await.expect("words may have been missed meanwhile");
        tell(&store.database, Ok(())).await.unwrap();
        tokio::time::timeout(SOON, told.changed()).await.expect("it listens again");
    }
    store.database.close().await;
    let listening = async || {
        let sql = "SELECT CASE WHEN COUNT(*) = 0 THEN 1 END FROM pg_stat_activity \
                   WHERE datname = current_database() AND query LIKE 'LISTEN%'";
        let none: (Option<i32>,) = sqlx::query_as(sql).fetch_one(&mut store.aside().await).await.unwrap();
        none.0
    };
    soon(listening).await;
}

/// What is there as soon as the server has noticed that a connection is gone.
async fn soon<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..500 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come to be");
}

#[tokio::test]
async fn tells_the_time_that_all_programs_share() {
    let store = Store::open().await;
    let (clock, wrong) = (soko_kernel::Clock::system(), soko_kernel::Clock::wrong_by(-300_000));
    let asked = wrong.now();
    let told = store.database.shared_time().await.unwrap().unwrap();
    wrong.set_by(asked, told, wrong.now());
    assert!((wrong.now().0 - clock.now().0).abs() < 5_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_commits_failures_and_connections() {
    let store = Store::open().await;
    let before = store.database.stats();
    store.add("counted").await.unwrap();
    store.names().await;
    let nameless = store.database.write(DataScope::Platform, async |tx| {
        tx.execute("INSERT INTO note (name) VALUES (NULL)", ()).await.map(|_| ())
    });
    nameless.await.unwrap_err();
    let after = store.database.stats();
    assert_eq!((after.commits - before.commits, after.commit_failures, after.refused), (1, 0, 0));
    let [(_, read, _), (_, written, _)] = after.statements;
    let [(_, read_before, _), (_, written_before, _)] = before.statements;
    assert_eq!((read - read_before, written - written_before), (1, 2));
    let constraint = after.failures.iter().find(|(failure, _)| failure.as_str() == "constraint").unwrap();
    assert_eq!(constraint.1, 1);
    let pools: Vec<_> = after.pools.iter().map(|pool| (pool.name, pool.max > 0, pool.open > 0)).collect();
    assert_eq!(pools, [("readers", true, true), ("writers", true, true), ("lookups", true, false)]);
}
