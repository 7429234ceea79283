//! The content of a table, whatever the order of its rows: how many there are, and the sum of their digests.
//!
//! A row's digest is the beginning of the SHA-256 of its values, each with its length before it. The server computes the
//! same, so that no row has to come back.

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::catalogue::{Column, Kind};
use crate::db::bind::Bound;

/// Hexadecimal digits of a row's digest that count: 60 bits, which any sum of a table's rows has room for.
const DIGITS: usize = 15;

/// The content of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Digest {
    pub(super) rows: u64,
    pub(super) sum: i128,
}

impl Digest {
    pub(super) fn add(&mut self, row: &[Bound]) {
        let mut sha = Sha256::new();
        for value in row {
            match text_of(value) {
                Some(text) => {
                    sha.update(format!("{}:", text.len()));
                    sha.update(text);
                }
                None => sha.update("n"),
            }
        }
        let hexadecimal = HEXLOWER.encode(&sha.finalize()[..DIGITS.div_ceil(2)]);
        self.sum += i128::from_str_radix(&hexadecimal[..DIGITS], 16).unwrap_or_default();
        self.rows += 1;
    }
}

fn text_of(value: &Bound) -> Option<String> {
    match value {
        Bound::Integer(integer) => integer.map(|integer| integer.to_string()),
        Bound::Text(text) => text.clone(),
        Bound::Boolean(boolean) => boolean.map(|boolean| boolean.to_string()),
        Bound::Bytes(bytes) => bytes.as_ref().map(|bytes| HEXLOWER.encode(bytes)),
    }
}

/// The same for PostgreSQL: what a SELECT from the table must ask for to get the rows and the sum.
pub(super) fn expression(columns: &[Column]) -> String {
    let value = |column: &Column| {
        let name = column.quoted();
        let text = match column.kind {
            Kind::Bytes => format!("encode({name}, 'hex')"),
            Kind::Integer | Kind::Text | Kind::Boolean => format!("CAST({name} AS TEXT)"),
        };
        format!("CASE WHEN {name} IS NULL THEN 'n' ELSE octet_length({text}) || ':' || {text} END")
    };
    let row = columns.iter().map(value).collect::<Vec<_>>().join(" || ");
    format!(
        "COUNT(*), CAST(COALESCE(SUM(CAST(CAST('x' || substr(encode(sha256(convert_to({row}, 'UTF8')), 'hex'), 1, {DIGITS}) \
         AS BIT({})) AS BIGINT)), 0) AS TEXT)",
        DIGITS * 4
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest_of(rows: &[&[Bound]]) -> Digest {
        let mut digest = Digest::default();
        for row in rows {
            digest.add(row);
        }
        digest
    }

    #[test]
    fn tells_rows_apart_and_not_their_order() {
        let (one, two) = ([Bound::from(1_i64), Bound::from("ab")], [Bound::from(2_i64), Bound::from("b")]);
        assert_eq!(digest_of(&[&one, &two]), digest_of(&[&two, &one]));
        assert_ne!(digest_of(&[&one]), digest_of(&[&two]));
        let (left, right) = ([Bound::from("ab"), Bound::from("c")], [Bound::from("a"), Bound::from("bc")]);
        assert_ne!(digest_of(&[&left]), digest_of(&[&right]));
        let (none, empty) = ([Bound::Text(None)], [Bound::from("")]);
        assert_ne!(digest_of(&[&none]), digest_of(&[&empty]));
    }
}
