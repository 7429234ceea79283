//! Deletions that are refused, one thing at a time, where something still uses the thing.

/// Most ids that one operation takes.
pub const IDS_MAX: usize = 1000;

/// What became of a thing that was to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deletion {
    /// It is gone.
    Deleted,
    /// It is still there, and why, in words.
    InUse(String),
}

impl Deletion {
    /// The outcome for a thing (`zone`) with these users, each kind of them in its plural with its number: deleted
    /// when there are none.
    pub fn unless_used(what: &str, users: &[(&str, i64)]) -> Self {
        let named: Vec<String> = users
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(users, count)| format!("{users} ({count})"))
            .collect();
        if named.is_empty() {
            Self::Deleted
        } else {
            Self::InUse(format!("the {what} is still used by {}", named.join(" and ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_user_and_their_number() {
        assert_eq!(Deletion::unless_used("zone", &[("tax rates", 0), ("channels", 0)]), Deletion::Deleted);
        let used = Deletion::unless_used("zone", &[("tax rates", 2), ("addresses", 0), ("channels", 1)]);
        assert_eq!(
            used,
            Deletion::InUse("the zone is still used by tax rates (2) and channels (1)".to_owned())
        );
    }
}
