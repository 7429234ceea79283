//! What the source says in SQL was run.

use soko_infra::db::Dialect;

use super::{Stores, recorded};
use crate::architecture::assert_none;
use crate::architecture::source::{Source, Token, sources};
use crate::architecture::sql::{is_statement, may_hold_sql};

/// Words with which a whole statement begins.
const BEGINNINGS: [&str; 5] = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];
/// Texts of one dialect, by the other's statements for the same: see `prepared`.
const OF_ONE: [(Dialect, &str); 6] = [
    (Dialect::Sqlite, " FROM search_text WHERE search_text MATCH $"),
    (Dialect::Sqlite, "INSERT INTO search_text (rowid, channel, "),
    (Dialect::Sqlite, "DELETE FROM search_text WHERE rowid IN "),
    (Dialect::Postgres, "FROM search_text t, (SELECT CAST($"),
    (Dialect::Postgres, "INSERT INTO search_text (rowid, channel_id, "),
    (Dialect::Postgres, "DELETE FROM search_text WHERE channel_id = $1 "),
];

/// A text in SQL, or a part of one, as the source has it.
struct Literal {
    at: String,
    text: String,
}

fn literals() -> Vec<Literal> {
    let sources = sources(&["core/domain/src"]);
    let of = |source: &Source| {
        let literal = |(line, token)| match token {
            Token::Literal(written) => {
                let text = value_of(&written)?;
                is_statement(&text).then(|| Literal { at: source.at(line), text })
            }
            _ => None,
        };
        source.tokens().into_iter().filter_map(literal).collect::<Vec<_>>()
    };
    let literals: Vec<Literal> = sources
        .iter()
        .filter(|source| may_hold_sql(&source.path) || source.path.ends_with("/stock.rs"))
        .flat_map(of)
        .collect();
    assert!(literals.len() > 200, "only {} texts in SQL were found", literals.len());
    literals
}

/// The text of a string as it is written in a program.
fn value_of(written: &str) -> Option<String> {
    let inner = written.strip_prefix('"')?.strip_suffix('"')?;
    let (mut value, mut rest) = (String::new(), inner.chars().peekable());
    while let Some(next) = rest.next() {
        if next != '\\' {
            value.push(next);
            continue;
        }
        match rest.next()? {
            '\n' => while rest.next_if(|space| space.is_whitespace()).is_some() {},
            'n' => value.push('\n'),
            other => value.push(other),
        }
    }
    Some(value)
}

/// What stands between the places that are filled in: `{ids}`.
fn fixed_parts(text: &str) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once('{') {
        parts.push(before);
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    parts.push(rest);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// A statement whose lists of ids are empty.
fn with_empty_lists(text: &str) -> String {
    let (mut whole, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("IN ({") {
        whole.push_str(before);
        whole.push_str("IN (NULL");
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    whole + rest
}

#[tokio::test]
#[ignore = "looks at what the tests of both backends have run: `cargo xtask test` runs it after them"]
async fn tests_run_every_statement_of_the_source() {
    let mut stores = Stores::open().await;
    let literals = literals();
    let mut never_run = Vec::new();
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let run: Vec<String> = recorded(dialect).into_iter().map(|statement| statement.sql).collect();
        for Literal { at, text } in &literals {
            if OF_ONE.iter().any(|(of, part)| *of != dialect && text.contains(part)) {
                continue;
            }
            let parts = fixed_parts(text);
            let missing: Vec<&&str> =
                parts.iter().filter(|part| !run.iter().any(|sql| sql.contains(**part))).collect();
            if missing.is_empty() {
                continue;
            }
            let is_whole = BEGINNINGS.iter().any(|word| text.starts_with(word));
            if is_whole && stores.objection(dialect, &with_empty_lists(text)).await.is_none() {
                continue;
            }
            never_run.push(format!("{at}, on {dialect:?}: {missing:?}"));
        }
    }
    assert_none("SQL that no test runs", &never_run);
}

#[test]
fn reads_what_is_written() {
    assert_eq!(value_of("\"a \\\n    b \\\"c\\\"\"").as_deref(), Some("a b \"c\""));
    assert_eq!(value_of("12"), None);
    assert_eq!(with_empty_lists("a IN ({ids}) AND b IN ({more})"), "a IN (NULL) AND b IN (NULL)");
    assert_eq!(
        fixed_parts("SELECT {columns} FROM t WHERE id IN ({ids})"),
        ["SELECT ", " FROM t WHERE id IN (", ")"]
    );
}
