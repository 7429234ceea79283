//! Every statement that a run of the tests has executed, for tests that look at all of them.
//!
//! Where [`STATEMENTS_VARIABLE`] names a directory, a store writes down each statement of the program that it runs, with the
//! place that asked for it. Statements that differ only in how many values they have are one. A file for each, named by its
//! content, so that any number of processes may write at once and none of them twice.
#![expect(
    clippy::expect_used,
    reason = "only tests use it, and what cannot be written down is a failed test"
)]

use std::collections::HashSet;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use data_encoding::HEXLOWER;
use regex::Regex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::db::Dialect;

/// Names the directory of statements. Without it none is written down.
pub const STATEMENTS_VARIABLE: &str = "SOKO_TEST_STATEMENTS";
/// The crate whose own tests have tables of their own.
const OWN_CRATE: &str = env!("CARGO_PKG_NAME");

/// A statement that was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The file that asked for it, from the repository's top.
    pub file: String,
    /// Its text.
    pub sql: String,
}

struct Recorder {
    directory: PathBuf,
    /// What this process has seen: shapes by their digests, with the dialect.
    seen: Mutex<HashSet<String>>,
}

static RECORDER: LazyLock<Option<Recorder>> = LazyLock::new(|| {
    let directory = PathBuf::from(std::env::var_os(STATEMENTS_VARIABLE)?);
    let is_own = std::env::var("CARGO_PKG_NAME").is_ok_and(|name| name == OWN_CRATE);
    (!is_own).then(|| Recorder { directory, seen: Mutex::default() })
});

/// The values of a statement: `$1, $2`.
static VALUES: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\$\d+(?:, \$\d+)*").expect("a regular expression"));
/// Rows of values.
static ROWS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\(\$\)(?:, \(\$\))*").expect("a regular expression"));

/// The statement without how many values and rows of values it has.
fn shape(sql: &str) -> String {
    ROWS.replace_all(&VALUES.replace_all(sql, "$$"), "($$)").into_owned()
}

fn folder(directory: &Path, dialect: Dialect) -> PathBuf {
    directory.join(match dialect {
        Dialect::Sqlite => "sqlite",
        Dialect::Postgres => "postgres",
    })
}

/// Writes a statement down, unless this process or another has.
pub(crate) fn note(dialect: Dialect, sql: &str, at: &Location<'_>) {
    let Some(recorder) = &*RECORDER else { return };
    // A test's own statements are no business of the program, and those of a move are made of the catalogue.
    if at.file().starts_with("core/infra/src/db/moving/") {
        return;
    }
    if !at.file().starts_with("core/") || at.file().ends_with("tests.rs") || at.file().contains("/tests/") {
        return;
    }
    let name = HEXLOWER.encode(&Sha256::digest(shape(sql))[..16]);
    let key = format!("{dialect:?} {name}");
    if !recorder.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(key) {
        return;
    }
    let folder = folder(&recorder.directory, dialect);
    let file = folder.join(&name);
    if file.exists() {
        return;
    }
    let statement = Statement { file: at.file().to_owned(), sql: sql.to_owned() };
    let text = serde_json::to_vec(&statement).expect("a statement as JSON");
    // Under another name until it is whole: a test's process may be killed at any moment.
    let unfinished = folder.join(format!(".{name}.{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the directory of statements");
    std::fs::write(&unfinished, text).expect("a statement written down");
    std::fs::rename(&unfinished, &file).expect("a statement written down");
}

/// The statements that were written down of stores of this kind, in the order of their texts.
///
/// # Panics
/// When there is no such directory, or what is in it cannot be read.
pub fn recorded(directory: &Path, dialect: Dialect) -> Vec<Statement> {
    let folder = folder(directory, dialect);
    let files = std::fs::read_dir(&folder).expect("the directory of statements");
    let files = files.map(|file| file.expect("a file of the directory").path());
    let whole =
        files.filter(|file| !file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')));
    let mut statements: Vec<Statement> = whole
        .map(|file| std::fs::read(file).expect("a statement"))
        .map(|text| serde_json::from_slice(&text).expect("a statement as JSON"))
        .collect();
    statements.sort_by(|one, other| one.sql.cmp(&other.sql));
    statements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_with_more_values_are_the_same() {
        let two = "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) RETURNING id";
        let one = "INSERT INTO t (a, b) VALUES ($1, $2) RETURNING id";
        assert_eq!(shape(two), "INSERT INTO t (a, b) VALUES ($) RETURNING id");
        assert_eq!(shape(one), shape(two));
        assert_eq!(shape("a = $1 AND b IN ($2, $3, $3) OR c = $4"), "a = $ AND b IN ($) OR c = $");
        assert_ne!(shape("a = $1"), shape("b = $1"));
    }
}
