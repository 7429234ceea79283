//! Lists of ids in a statement.

use super::bind::Bound;
use super::insert::parameter_list;

/// Most ids that are a parameter each; a power of two.
const PARAMETERS_MAX: usize = 1024;

/// Adds the ids to a statement's values and returns the inside of its `IN (…)`: `$3, $4, $5, $5` after two values.
///
/// The list is padded to a power of two with its last id, so that lists of every length share few prepared
/// statements. An empty list gives `NULL`, which nothing is `IN`; for the same reason this is not for `NOT IN`. A list
/// that is longer than a statement should have parameters is one value.
pub fn in_list<I: Into<i64>>(values: &mut Vec<Bound>, ids: impl IntoIterator<Item = I>) -> String {
    let mut ids: Vec<i64> = ids.into_iter().map(Into::into).collect();
    let Some(last) = ids.last().copied() else { return "NULL".to_owned() };
    if ids.len() > PARAMETERS_MAX {
        return as_one_value(values, &ids);
    }
    let before = values.len();
    ids.resize(ids.len().next_power_of_two(), last);
    values.extend(ids.iter().copied().map(Bound::from));
    parameter_list(before, ids.len())
}

/// SQLite's way; on PostgreSQL the schema has a function of that name for texts.
fn as_one_value(values: &mut Vec<Bound>, ids: &[i64]) -> String {
    let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
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
        let longest = i64::try_from(PARAMETERS_MAX).unwrap_or_default();
        assert!(in_list(&mut values, 1..=longest).ends_with("$1025"));
        let mut values = vec![Bound::from("first")];
        assert_eq!(in_list(&mut values, 0..=longest), "SELECT value FROM json_each($2)");
        assert_eq!(values.len(), 2);
    }
}
