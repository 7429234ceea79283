//! Every SQL statement of the program: each is run by a test on each backend, each is understood by both, and each that
//! touches channels' tables names its channel.
//!
//! `cargo xtask test` has the tests write down what they run, and then runs these.

mod channels;
mod prepared;
mod source;
mod walks;

use std::path::PathBuf;

use rusqlite::functions::FunctionFlags;
use soko_domain::MIGRATIONS;
use soko_infra::db::Dialect;
use soko_infra::testing::TestDatabase;
use soko_infra::testing::statements::{STATEMENTS_VARIABLE, Statement};
use soko_infra::{Database, DatabaseConfig, SqliteConfig};
use sqlx::{Connection as _, PgConnection};

/// The statements that tests have run on this backend.
fn recorded(dialect: Dialect) -> Vec<Statement> {
    let directory = std::env::var_os(STATEMENTS_VARIABLE);
    let directory = PathBuf::from(directory.expect("`cargo xtask test` names the directory of statements"));
    let statements = soko_infra::testing::statements::recorded(&directory, dialect);
    assert!(statements.len() > 300, "only {} statements were run on {dialect:?}", statements.len());
    statements
}

/// A database of each kind with the program's schema.
struct Stores {
    sqlite: rusqlite::Connection,
    postgres: PgConnection,
    _own: TestDatabase,
    _directory: tempfile::TempDir,
}

impl Stores {
    async fn open() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("soko.db");
        let config = DatabaseConfig::from(SqliteConfig::at(&path));
        Database::open(config, &MIGRATIONS).await.expect("a store").close().await;
        let sqlite = rusqlite::Connection::open(&path).expect("a store");
        // As the program's connections have it.
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        sqlite.create_scalar_function("regexp", 2, flags, |_| Ok(false)).expect("a function");
        let own = TestDatabase::on_server(&MIGRATIONS).await;
        let url = own.url().expect("a database of a server");
        let postgres = PgConnection::connect(url).await.expect("a connection");
        Self { sqlite, postgres, _own: own, _directory: directory }
    }

    /// Why this backend does not understand the statement.
    async fn objection(&mut self, dialect: Dialect, sql: &str) -> Option<String> {
        match dialect {
            Dialect::Sqlite => self.sqlite.prepare(sql).err().map(|error| error.to_string()),
            Dialect::Postgres => {
                let prepared = sqlx::Executor::prepare(
                    &mut self.postgres,
                    sqlx::AssertSqlSafe(sql.to_owned()).into_sql_str(),
                );
                prepared.await.err().map(|error| error.to_string())
            }
        }
    }
}

use sqlx::SqlSafeStr as _;
