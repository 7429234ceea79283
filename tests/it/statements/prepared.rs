//! What was run on either backend is understood by both.

use std::collections::BTreeMap;

use soko_infra::db::Dialect;

use super::{Stores, recorded};
use crate::architecture::assert_none;

/// Statements of one dialect, by a part of their text.
struct OfOne {
    dialect: Dialect,
    part: &'static str,
    /// The other dialect's statement for the same; none where the other has no need of it.
    twin: Option<&'static str>,
}

const OF_ONE: &[OfOne] = &[
    OfOne {
        dialect: Dialect::Sqlite,
        part: "FROM search_text WHERE search_text MATCH ",
        twin: Some("t.words @@ q.query"),
    },
    OfOne {
        dialect: Dialect::Postgres,
        part: "t.words @@ q.query",
        twin: Some("FROM search_text WHERE search_text MATCH "),
    },
    OfOne {
        dialect: Dialect::Sqlite,
        part: "INSERT INTO search_text (rowid, channel, ",
        twin: Some("INSERT INTO search_text (rowid, channel_id, "),
    },
    OfOne {
        dialect: Dialect::Postgres,
        part: "INSERT INTO search_text (rowid, channel_id, ",
        twin: Some("INSERT INTO search_text (rowid, channel, "),
    },
    OfOne {
        dialect: Dialect::Postgres,
        part: "DELETE FROM search_text WHERE channel_id = $1 ",
        twin: Some("DELETE FROM search_text WHERE rowid IN "),
    },
    // An embedded store's time is its machine's.
    OfOne { dialect: Dialect::Postgres, part: "clock_timestamp()", twin: None },
    // All who could hear of it are in the embedded store's own process.
    OfOne { dialect: Dialect::Postgres, part: "SELECT pg_notify(", twin: None },
];

/// The primary key of a channel's table, where a statement names it.
const SAME_ID: &str = " ON CONFLICT (id) ";
const SAME_ID_ON_POSTGRES: &str = " ON CONFLICT (channel_id, id) ";
/// How PostgreSQL is asked to lock the rows of a SELECT; an embedded store has one writer.
const LOCKING: &str = " FOR NO KEY UPDATE";

#[tokio::test]
#[ignore = "looks at what the tests of both backends have run: `cargo xtask test` runs it after them"]
async fn both_backends_understand_every_statement() {
    let mut stores = Stores::open().await;
    let mut objections = Vec::new();
    let by_dialect = [Dialect::Sqlite, Dialect::Postgres].map(|dialect| (dialect, recorded(dialect)));
    let every: BTreeMap<String, String> = by_dialect
        .iter()
        .flat_map(|(_, statements)| statements)
        .map(|statement| (statement.sql.clone(), statement.file.clone()))
        .collect();
    for of_one in OF_ONE {
        let has = |dialect: Dialect, part: &str| {
            let (_, statements) = by_dialect.iter().find(|(of, _)| *of == dialect).expect("both");
            statements.iter().any(|statement| statement.sql.contains(part))
        };
        let other = if of_one.dialect == Dialect::Sqlite { Dialect::Postgres } else { Dialect::Sqlite };
        assert!(has(of_one.dialect, of_one.part), "no test runs {:?}", of_one.part);
        assert!(
            of_one.twin.is_none_or(|twin| has(other, twin)),
            "no test runs the twin of {:?}",
            of_one.part
        );
    }
    for (sql, file) in &every {
        let own = OF_ONE.iter().find(|of_one| sql.contains(of_one.part)).map(|of_one| of_one.dialect);
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            if own.is_some_and(|own| own != dialect) {
                continue;
            }
            let sql = match dialect {
                Dialect::Sqlite => {
                    sql.strip_suffix(LOCKING).unwrap_or(sql).replace(SAME_ID_ON_POSTGRES, SAME_ID)
                }
                Dialect::Postgres => sql.replace(SAME_ID, SAME_ID_ON_POSTGRES),
            };
            if let Some(why) = stores.objection(dialect, &sql).await {
                objections.push(format!("{file}, on {dialect:?}: {why}: {sql}"));
            }
        }
    }
    println!("{} statements", every.len());
    assert_none("statements that a backend does not understand", &objections);
}
