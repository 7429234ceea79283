//! SQL of the books.

pub(super) mod accounts;
pub(super) mod balances;
pub(super) mod entries;
pub(super) mod parties;
pub(super) mod periods;

use jiff::civil::Date;
use soko_infra::DatabaseError;

/// A day as the database keeps it: `YYYY-MM-DD`, which sorts as days do.
fn read_date(text: &str) -> Result<Date, DatabaseError> {
    text.parse().map_err(|error| DatabaseError::corrupt("date", format!("{text:?}: {error}")))
}
