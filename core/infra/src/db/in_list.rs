//! Lists of ids in a statement.

use super::bind::Bound;
use super::insert::parameter_list;

/// Adds the ids to a statement's values and returns the inside of its `IN (…)`: `$3, $4, $5, $5` after two values.
///
/// The list is padded to a power of two with its last id, so that lists of every length share few prepared
/// statements. An empty list gives `NULL`, which nothing is `IN`; for the same reason this is not for `NOT IN`.
pub fn in_list<I: Into<i64>>(values: &mut Vec<Bound>, ids: impl IntoIterator<Item = I>) -> String {
    let before = values.len();
    values.extend(ids.into_iter().map(|id| Bound::from(id.into())));
    let count = values.len() - before;
    let Some(last) = values.last().filter(|_| count > 0).cloned() else { return "NULL".to_owned() };
    let padded = count.next_power_of_two();
    values.resize(before + padded, last);
    parameter_list(before, padded)
}

/// Adds the ids to a statement's values as one, and returns the inside of its `IN (…)`. For lists that may be longer
/// than a statement has parameters.
///
/// Databases differ in how they read such a list: this is SQLite's way.
pub fn in_long_list<I: Into<i64>>(values: &mut Vec<Bound>, ids: impl IntoIterator<Item = I>) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| id.into().to_string()).collect();
    values.push(format!("[{}]", ids.join(",")).into());
    format!("SELECT value FROM json_each(${})", values.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pads_with_the_last_id() {
        let mut values = vec![Bound::from("first")];
        assert_eq!(in_list(&mut values, [7_i64, 8, 9]), "$2, $3, $4, $5");
        assert_eq!(values[1..], [7_i64, 8, 9, 9].map(Bound::from));
        assert_eq!(in_list(&mut values, Vec::<i64>::new()), "NULL");
        assert_eq!(values.len(), 5);
    }

    #[test]
    fn takes_a_long_list_as_one_value() {
        let mut values = vec![Bound::from("first")];
        assert_eq!(in_long_list(&mut values, [7_i64, 8]), "SELECT value FROM json_each($2)");
        assert_eq!(values[1..], [Bound::from("[7,8]")]);
    }
}
