//! A store for each test: a file, or where [`BACKEND_VARIABLE`] asks for it a database of the PostgreSQL server that
//! [`SERVER_VARIABLE`] names. `cargo xtask test` starts one and runs the tests once with either.
//!
//! Databases are copies of a template that is made once for each schema, which is quicker than to migrate each.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "only tests use it, and a broken store is a failed test"
)]

pub mod statements;

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};

use crate::db::{Database, DatabaseConfig, Migrations, PostgresConfig, SqliteConfig};

/// Names the server for tests: a URL of its database `postgres`, for a user who may create databases and is no
/// superuser.
pub const SERVER_VARIABLE: &str = "SOKO_TEST_POSTGRES";
/// Set to `postgres`, it makes every store of the tests one on the server.
pub const BACKEND_VARIABLE: &str = "SOKO_TEST_BACKEND";
/// The lock under which templates are made.
const TEMPLATE_LOCK: i64 = 0x536f_6b6f;
/// Tells the databases of a process apart.
static NEXT: AtomicU32 = AtomicU32::new(0);
/// Connections of a test's store: many tests run at once.
const CONNECTIONS: u32 = 6;

/// A store of a test's own. Its database goes with it; a file goes with its directory.
#[derive(Debug)]
pub struct TestDatabase {
    /// How to open it.
    pub config: DatabaseConfig,
    server: Option<Server>,
}

#[derive(Debug)]
struct Server {
    options: PgConnectOptions,
    database: String,
}

impl TestDatabase {
    /// A store without rows; a file stands in `directory`.
    ///
    /// # Panics
    /// When the server cannot be used, or a backend is asked for that there is not.
    pub async fn create(directory: &Path, migrations: &'static Migrations) -> Self {
        match std::env::var(BACKEND_VARIABLE).as_deref() {
            Ok("postgres") => Self::on_server(migrations).await,
            Ok("sqlite") | Err(_) => {
                Self { config: SqliteConfig::at(directory.join("soko.db")).into(), server: None }
            }
            Ok(other) => panic!("{BACKEND_VARIABLE} is {other:?}: it can be sqlite or postgres"),
        }
    }

    /// A database without rows on the server.
    ///
    /// # Panics
    /// When there is no server, or it cannot be used.
    pub async fn on_server(migrations: &'static Migrations) -> Self {
        let url = std::env::var(SERVER_VARIABLE);
        let url = url.unwrap_or_else(|_| {
            panic!("{SERVER_VARIABLE} names no PostgreSQL server: `cargo xtask test` starts one and sets it")
        });
        let url = url.as_str();
        let options: PgConnectOptions = url.parse().expect("the URL of a PostgreSQL server");
        let mut server = options.connect().await.expect("the PostgreSQL server for tests");
        let template = prepare_template(&mut server, url, migrations).await;
        let database = format!("soko_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        run(&mut server, format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)")).await;
        run(&mut server, format!("CREATE DATABASE {database} TEMPLATE {template} STRATEGY FILE_COPY")).await;
        let config =
            PostgresConfig { connections: CONNECTIONS, ..PostgresConfig::at(with_database(url, &database)) };
        Self { config: config.into(), server: Some(Server { options, database }) }
    }

    /// Where the server is, for tests of what takes its address.
    pub fn url(&self) -> Option<&str> {
        match &self.config {
            DatabaseConfig::Postgres(config) => Some(&config.url),
            DatabaseConfig::Sqlite(_) => None,
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Some(Server { options, database }) = self.server.take() else { return };
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let mut server = options.connect().await.expect("the PostgreSQL server for tests");
                run(&mut server, format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)")).await;
            });
        });
        // The next run of the tests begins with a new server: what could not be dropped is in nobody's way.
        dropping.join().ok();
    }
}

/// The name of the template with this schema, made where there is none.
async fn prepare_template(server: &mut PgConnection, url: &str, migrations: &'static Migrations) -> String {
    let template = format!("soko_template_{}", fingerprint(&migrations.postgres));
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(TEMPLATE_LOCK)
        .execute(&mut *server)
        .await
        .expect("a lock");
    let known: Option<(i32,)> = sqlx::query_as("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind(&template)
        .fetch_optional(&mut *server)
        .await
        .expect("the list of databases");
    if known.is_none() {
        let unfinished = format!("{template}_unfinished");
        run(server, format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")).await;
        run(server, format!("CREATE DATABASE {unfinished}")).await;
        let config = PostgresConfig::at(with_database(url, &unfinished));
        let database = Database::open(config, migrations).await.expect("a database with the schema");
        database.close().await;
        run(server, format!("ALTER DATABASE {unfinished} RENAME TO {template}")).await;
    }
    sqlx::query("SELECT pg_advisory_unlock($1)").bind(TEMPLATE_LOCK).execute(server).await.expect("a lock");
    template
}

fn fingerprint(migrator: &Migrator) -> String {
    let mut sha = Sha256::new();
    migrator.iter().for_each(|migration| sha.update(&migration.checksum));
    HEXLOWER.encode(&sha.finalize()[..6])
}

/// The URL with another database: `postgres://user@host/postgres?x=y`.
fn with_database(url: &str, database: &str) -> String {
    let (before, parameters) = url.split_once('?').unwrap_or((url, ""));
    let (host, _) = before.rsplit_once('/').expect("a URL that names a database");
    format!("{host}/{database}?{parameters}")
}

async fn run(server: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(server).await.expect("a statement about databases");
}
