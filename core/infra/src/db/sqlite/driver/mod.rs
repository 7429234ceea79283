//! SQLite as a database that sqlx's derives understand, with statements that run where they are called.
//!
//! sqlx's own driver for SQLite runs each connection on a thread of its own and hands every statement over to it and
//! back, which costs several times what the statement does. Here rusqlite runs it on the calling thread. Row types,
//! parameters and errors stay sqlx's, so that nothing outside this folder knows which driver it is; schema migrations,
//! which have time, go through sqlx's driver.
//!
//! [`Embedded`] is the database, [`value`] its values and rows, [`error`] its refusals. sqlx also wants to know
//! connections, transactions and prepared statements that it may drive itself; it never gets any, see [`Never`].

mod error;
mod never;
mod value;

pub(super) use error::from_rusqlite;
pub use value::{EmbeddedArguments, EmbeddedRow};
pub(super) use value::{names_of, read_row};

use never::{Never, NeverTransactions, NoResult};
pub(super) use value::EmbeddedColumn;
use value::{EmbeddedType, EmbeddedValue, Field};

/// SQLite on the calling thread.
#[derive(Debug)]
pub struct Embedded;

impl sqlx::Database for Embedded {
    type Connection = Never;
    type TransactionManager = NeverTransactions;
    type Row = EmbeddedRow;
    type QueryResult = NoResult;
    type Column = EmbeddedColumn;
    type TypeInfo = EmbeddedType;
    type Value = EmbeddedValue;
    type ValueRef<'r> = Field<'r>;
    type Arguments = EmbeddedArguments;
    type ArgumentBuffer = Vec<rusqlite::types::Value>;
    type Statement = Never;

    const NAME: &'static str = "SQLite";
    const URL_SCHEMES: &'static [&'static str] = &[];
}
