//! What PostgreSQL's refusals mean, by their SQLSTATE codes.

/// Another transaction was first: the same work may succeed when it is done again.
const CONFLICTS: [&str; 3] = ["40001", "40P01", LOCK_NOT_AVAILABLE];
const LOCK_NOT_AVAILABLE: &str = "55P03";
/// Ended by `statement_timeout`.
const QUERY_CANCELED: &str = "57014";
/// No regular expression, a text with a zero byte, a key that no index takes.
const INVALID_VALUES: [&str; 3] = ["2201B", "22021", "54000"];
/// The server is shutting down, has crashed, or is starting.
const SHUTTING_DOWN: [&str; 3] = ["57P01", "57P02", "57P03"];

pub(in crate::db) fn is_conflict(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| CONFLICTS.contains(&&*code))
}

pub(super) fn is_lock_timeout(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| code == LOCK_NOT_AVAILABLE)
}

pub(in crate::db) fn is_timeout(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| code == QUERY_CANCELED)
}

pub(in crate::db) fn is_invalid_value(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| INVALID_VALUES.contains(&&*code))
}

/// Whether the connection has ended.
pub(in crate::db) fn is_stale(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_)) || code(error).is_some_and(|code| SHUTTING_DOWN.contains(&&*code))
}

fn code(error: &sqlx::Error) -> Option<std::borrow::Cow<'_, str>> {
    if let sqlx::Error::Database(error) = error { error.code() } else { None }
}
