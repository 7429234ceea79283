//! List queries: pages, sorting and filters, in the one form that every list of the API takes.
//!
//! The edge parses a client's options into a [`ListQuery`]; a repository names which of its columns each field
//! stands for. Field names are the API's and static, so nothing a client writes becomes SQL.

use crate::clock::Timestamp;

/// Most items that one page may have.
pub const PAGE_SIZE_MAX: i64 = 1000;
/// Items on a page when the client does not say.
pub const PAGE_SIZE_DEFAULT: i64 = 1000;
/// Deepest nesting of `_and` and `_or`.
pub const FILTER_DEPTH_MAX: usize = 8;
/// Most conditions in one filter, and most values in one `in` list.
pub const FILTER_CONDITIONS_MAX: usize = 200;

/// One page of a list, and how many items the whole list has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items of this page, in the query's order.
    pub items: Vec<T>,
    /// Items in the whole list.
    pub total: i64,
}

impl<T> Page<T> {
    /// The page with each item changed.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), total: self.total }
    }
}

/// Which items, in which order.
#[derive(Debug, Clone, PartialEq)]
pub struct ListQuery {
    skip: i64,
    take: i64,
    /// Field and direction, most significant first.
    pub sort: Vec<(&'static str, Direction)>,
    /// Which items; all when absent.
    pub filter: Option<Filter>,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self { skip: 0, take: PAGE_SIZE_DEFAULT, sort: Vec::new(), filter: None }
    }
}

/// Why a list query was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidListQuery {
    /// A negative `skip` or `take`.
    #[error("skip and take must not be negative")]
    NegativePage,
    /// A page that is too large.
    #[error("take must be at most {PAGE_SIZE_MAX}")]
    PageTooLarge,
    /// A filter that is too deep or too long.
    #[error("the filter has more than {FILTER_DEPTH_MAX} levels or {FILTER_CONDITIONS_MAX} conditions")]
    FilterTooLarge,
    /// An operator that the field does not have here.
    #[error("the operator {0} is not available for the field {1}")]
    UnsupportedOperator(&'static str, &'static str),
    /// A value that the field cannot have.
    #[error("the filter value of the field {0} is not valid")]
    InvalidValue(&'static str),
}

impl ListQuery {
    /// A query for a page. `take` is [`PAGE_SIZE_DEFAULT`] when absent.
    ///
    /// # Errors
    /// Negative numbers, a page over [`PAGE_SIZE_MAX`], a filter over its limits.
    pub fn try_new(
        skip: Option<i64>,
        take: Option<i64>,
        sort: Vec<(&'static str, Direction)>,
        filter: Option<Filter>,
    ) -> Result<Self, InvalidListQuery> {
        let (skip, take) = (skip.unwrap_or(0), take.unwrap_or(PAGE_SIZE_DEFAULT));
        if skip < 0 || take < 0 {
            return Err(InvalidListQuery::NegativePage);
        }
        if take > PAGE_SIZE_MAX {
            return Err(InvalidListQuery::PageTooLarge);
        }
        if let Some(filter) = &filter {
            let mut conditions = 0;
            filter.measure(1, &mut conditions)?;
        }
        Ok(Self { skip, take, sort, filter })
    }

    /// Items to leave out at the start.
    pub fn skip(&self) -> i64 {
        self.skip
    }

    /// Most items to return.
    pub fn take(&self) -> i64 {
        self.take
    }

    /// The query with one more condition that every item must meet.
    #[must_use]
    pub fn also(mut self, condition: Filter) -> Self {
        self.filter = Some(match self.filter.take() {
            Some(filter) => Filter::And(vec![filter, condition]),
            None => condition,
        });
        self
    }
}

/// Ascending or descending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// A condition on an item.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of these; true when empty.
    And(Vec<Filter>),
    /// At least one of these; true when empty, as clients expect of an empty list.
    Or(Vec<Filter>),
    /// A comparison of one field.
    Field {
        /// The API's name of the field.
        name: &'static str,
        /// The comparison.
        comparison: Comparison,
    },
}

impl Filter {
    /// A comparison of one field.
    pub fn field(name: &'static str, comparison: Comparison) -> Self {
        Self::Field { name, comparison }
    }

    fn measure(&self, depth: usize, conditions: &mut usize) -> Result<(), InvalidListQuery> {
        *conditions += 1;
        if depth > FILTER_DEPTH_MAX || *conditions > FILTER_CONDITIONS_MAX {
            return Err(InvalidListQuery::FilterTooLarge);
        }
        match self {
            Self::And(parts) | Self::Or(parts) => {
                parts.iter().try_for_each(|part| part.measure(depth + 1, conditions))
            }
            Self::Field { comparison: Comparison::In(values) | Comparison::NotIn(values), .. }
                if values.len() > FILTER_CONDITIONS_MAX =>
            {
                Err(InvalidListQuery::FilterTooLarge)
            }
            Self::Field { .. } => Ok(()),
        }
    }
}

/// How a field is compared.
#[derive(Debug, Clone, PartialEq)]
pub enum Comparison {
    /// Equal.
    Equal(Value),
    /// Not equal, or null.
    NotEqual(Value),
    /// Less than.
    Less(Value),
    /// Less than or equal.
    LessOrEqual(Value),
    /// Greater than.
    Greater(Value),
    /// Greater than or equal.
    GreaterOrEqual(Value),
    /// Within both bounds, inclusive.
    Between(Value, Value),
    /// One of these.
    In(Vec<Value>),
    /// None of these, or null.
    NotIn(Vec<Value>),
    /// The text contains this, without regard to case or to white space around it.
    Contains(String),
    /// The text does not contain this, or is null.
    NotContains(String),
    /// The text matches this regular expression, without regard to case.
    Matches(String),
    /// The list contains this value.
    ListContains(Value),
    /// Null, or not null.
    IsNull(bool),
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// An id, amount or count.
    Integer(i64),
    /// A text.
    Text(String),
    /// A truth value.
    Boolean(bool),
    /// A moment.
    Time(Timestamp),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_pages_and_filters_beyond_the_limits() {
        assert_eq!(ListQuery::try_new(Some(-1), None, vec![], None), Err(InvalidListQuery::NegativePage));
        assert_eq!(ListQuery::try_new(None, Some(1001), vec![], None), Err(InvalidListQuery::PageTooLarge));
        let leaf = || Filter::field("id", Comparison::Equal(Value::Integer(1)));
        let deep = (0..FILTER_DEPTH_MAX).fold(leaf(), |inner, _| Filter::And(vec![inner]));
        assert_eq!(ListQuery::try_new(None, None, vec![], Some(deep)), Err(InvalidListQuery::FilterTooLarge));
        let wide = Filter::Or((0..FILTER_CONDITIONS_MAX).map(|_| leaf()).collect());
        assert_eq!(ListQuery::try_new(None, None, vec![], Some(wide)), Err(InvalidListQuery::FilterTooLarge));
    }
}
