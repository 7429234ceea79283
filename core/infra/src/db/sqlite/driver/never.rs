//! What sqlx's `Database` names and we never make: connections, transactions and statements that sqlx drives itself.

use std::str::FromStr;
use std::time::Duration;

use log::LevelFilter;
use sqlx::{Either, Error, SqlStr};
use sqlx_core::connection::{ConnectOptions, Connection};
use sqlx_core::statement::Statement;
use sqlx_core::transaction::{Transaction, TransactionManager};

use super::Embedded;
use super::value::{EmbeddedArguments, EmbeddedColumn, EmbeddedType};

/// A type without values.
#[derive(Debug, Clone, Copy)]
pub enum Never {}

impl Connection for Never {
    type Database = Embedded;
    type Options = Self;

    async fn close(self) -> Result<(), Error> {
        match self {}
    }

    async fn close_hard(self) -> Result<(), Error> {
        match self {}
    }

    async fn ping(&mut self) -> Result<(), Error> {
        match *self {}
    }

    async fn begin(&mut self) -> Result<Transaction<'_, Embedded>, Error> {
        match *self {}
    }

    fn shrink_buffers(&mut self) {
        match *self {}
    }

    async fn flush(&mut self) -> Result<(), Error> {
        match *self {}
    }

    fn should_flush(&self) -> bool {
        match *self {}
    }
}

impl ConnectOptions for Never {
    type Connection = Self;

    fn from_url(_: &sqlx_core::Url) -> Result<Self, Error> {
        Err(no_connections())
    }

    async fn connect(&self) -> Result<Self, Error> {
        match *self {}
    }

    fn log_statements(self, _: LevelFilter) -> Self {
        match self {}
    }

    fn log_slow_statements(self, _: LevelFilter, _: Duration) -> Self {
        match self {}
    }
}

impl FromStr for Never {
    type Err = Error;

    fn from_str(_: &str) -> Result<Self, Error> {
        Err(no_connections())
    }
}

fn no_connections() -> Error {
    Error::Configuration("this store is not reached by an address".into())
}

/// Manages no transactions.
pub enum NeverTransactions {}

impl TransactionManager for NeverTransactions {
    type Database = Embedded;

    async fn begin(connection: &mut Never, _: Option<SqlStr>) -> Result<(), Error> {
        match *connection {}
    }

    async fn commit(connection: &mut Never) -> Result<(), Error> {
        match *connection {}
    }

    async fn rollback(connection: &mut Never) -> Result<(), Error> {
        match *connection {}
    }

    fn start_rollback(connection: &mut Never) {
        match *connection {}
    }

    fn get_transaction_depth(connection: &Never) -> usize {
        match *connection {}
    }
}

impl Statement for Never {
    type Database = Embedded;

    fn into_sql(self) -> SqlStr {
        match self {}
    }

    fn sql(&self) -> &SqlStr {
        match *self {}
    }

    fn parameters(&self) -> Option<Either<&[EmbeddedType], usize>> {
        match *self {}
    }

    fn columns(&self) -> &[EmbeddedColumn] {
        match *self {}
    }

    sqlx_core::impl_statement_query!(EmbeddedArguments);
}

/// What a statement of sqlx's would come to.
#[derive(Debug, Default)]
pub struct NoResult;

impl Extend<Self> for NoResult {
    fn extend<I: IntoIterator<Item = Self>>(&mut self, _: I) {}
}
