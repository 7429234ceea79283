//! SQL stands in repositories and in the infrastructure for its own tables, nowhere else.

use super::assert_none;
use super::source::{Source, Token, sources};

/// Words that only SQL writes in capitals.
const STATEMENT_WORDS: &[&str] = &[
    "SELECT ",
    "INSERT INTO ",
    "DELETE FROM ",
    " WHERE ",
    " ORDER BY ",
    "CREATE TABLE ",
    " JOIN ",
    "PRAGMA ",
];

/// The one place where the dialects of full-text search differ.
const FULL_TEXT: &str = "core/domain/src/catalogue/search/fulltext.rs";

/// Whether SQL may stand in this file.
pub fn may_hold_sql(path: &str) -> bool {
    path.starts_with("core/infra/")
        || path == FULL_TEXT
        || path.ends_with("/repo.rs")
        || path.contains("/repo/")
}

/// Whether a text is in SQL.
pub fn is_statement(literal: &str) -> bool {
    STATEMENT_WORDS.iter().any(|words| literal.contains(words))
        || (literal.contains("UPDATE ") && literal.contains(" SET "))
}

fn misplaced_sql(source: &Source) -> Vec<String> {
    if may_hold_sql(&source.path) {
        return Vec::new();
    }
    let tokens = source.tokens();
    let statements = tokens.iter().filter_map(|(line, token)| match token {
        Token::Literal(text) if is_statement(text) => Some(format!("{}: {text}", source.at(*line))),
        _ => None,
    });
    let calls = tokens.windows(4).filter_map(|window| match window {
        [
            (line, Token::Word(library)),
            (_, Token::Sign(':')),
            (_, Token::Sign(':')),
            (_, Token::Word(call)),
        ] if library == "sqlx" && call.starts_with("query") => {
            Some(format!("{}: sqlx::{call}", source.at(*line)))
        }
        _ => None,
    });
    statements.chain(calls).collect()
}

#[test]
fn sql_stands_in_repositories_only() {
    let found: Vec<String> = sources(&["core", "host-bindings"])
        .iter()
        .filter(|source| !source.path.contains("/tests/") && !source.path.ends_with("tests.rs"))
        // The expression for what is in stock, which the repositories of variants and of the search share.
        .filter(|source| source.path != "core/domain/src/catalogue/stock.rs")
        .flat_map(misplaced_sql)
        .collect();
    assert_none("SQL outside a repository", &found);
}

#[test]
fn catches_sql_elsewhere() {
    let text = "fn find() { sqlx::query(\"SELECT id FROM product\"); let hint = \"SELECT one, please\"; }";
    let at = |path: &str| Source { path: path.to_owned(), text: text.to_owned() };
    assert_eq!(misplaced_sql(&at("core/domain/src/orders/mod.rs")).len(), 3);
    assert_eq!(misplaced_sql(&at("core/domain/src/orders/repo.rs")), [] as [String; 0]);
    assert_eq!(misplaced_sql(&at("core/domain/src/orders/repo/lines.rs")), [] as [String; 0]);
}
