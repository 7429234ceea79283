//! A client's list query as SQL: field names become columns from a fixed table, values become parameters.

use regex::RegexBuilder;
use soko_kernel::query::{Comparison, Direction, Filter, InvalidListQuery, ListQuery, Value};
use sqlx::AssertSqlSafe;

use super::bind::Bound;
use super::error::DatabaseError;
use super::insert::parameter_list;
use super::reader::{Reader, Row};

/// Bytes of a text that a list is searched for; SQLite refuses patterns of more than 50,000.
const SEARCHED_TEXT_BYTES_MAX: usize = 1_000;
/// Bytes of a regular expression, as written and as compiled.
const REGEX_BYTES_MAX: usize = 1_000;
const REGEX_COMPILED_BYTES_MAX: usize = 256 << 10;

/// What a field of the API is called in SQL, and what it holds.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The API's name.
    pub field: &'static str,
    /// A column or an expression.
    pub sql: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
    /// Where a row has any number of values: the rows that hold them.
    related: Option<&'static str>,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Ids, amounts, counts.
    Integer,
    /// Text.
    Text,
    /// Truth values.
    Boolean,
    /// Milliseconds since the epoch.
    Time,
}

impl Column {
    /// A column of integers.
    pub const fn integer(field: &'static str, sql: &'static str) -> Self {
        Self { field, sql, kind: ColumnKind::Integer, related: None }
    }

    /// A column of text.
    pub const fn text(field: &'static str, sql: &'static str) -> Self {
        Self { field, sql, kind: ColumnKind::Text, related: None }
    }

    /// A column of truth values.
    pub const fn boolean(field: &'static str, sql: &'static str) -> Self {
        Self { field, sql, kind: ColumnKind::Boolean, related: None }
    }

    /// A column of moments.
    pub const fn time(field: &'static str, sql: &'static str) -> Self {
        Self { field, sql, kind: ColumnKind::Time, related: None }
    }

    /// A column of other rows, any number of which belong to each: `FROM label l WHERE l.note_id = note.id`. One of
    /// them must compare as a filter says, and none as a negative filter says not. Lists cannot be sorted by it.
    #[must_use]
    pub const fn of_related(self, rows: &'static str) -> Self {
        Self { related: Some(rows), ..self }
    }
}

/// A list's statement without the client's part.
///
/// Two statements answer a page, however long it is: one counts, one fetches.
#[derive(Debug, Clone)]
pub struct ListSql {
    /// What is selected: `o.id, o.code`.
    pub select: &'static str,
    /// Tables and joins: `FROM orders o JOIN …`.
    pub from: &'static str,
    /// The condition that every row must meet, with parameters from `$1`: `o.channel_id = $1`.
    pub condition: String,
    /// Values of the condition's parameters, and of those in `select` and `from`.
    pub values: Vec<Bound>,
    /// The fields that clients may filter and sort by.
    pub columns: &'static [Column],
    /// The order of rows that the client's sorting leaves equal; must be total: `o.id`.
    pub tie_break: &'static str,
}

/// A page cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The query is not valid for this list.
    #[error(transparent)]
    Query(#[from] InvalidListQuery),
    /// The store failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl ListSql {
    /// The page's rows and the number of rows in the whole list.
    ///
    /// # Errors
    /// Fields or operators that this list does not have, or a failing store.
    pub async fn fetch<R: Row>(
        self,
        reader: &mut Reader,
        query: &ListQuery,
    ) -> Result<soko_kernel::Page<R>, ListError> {
        let columns = self.columns;
        let mut builder = Builder { columns, values: self.values };
        let mut condition = self.condition;
        if let Some(filter) = &query.filter {
            condition = format!("({condition}) AND ({})", builder.condition(filter)?);
        }
        let order = order_by(columns, &query.sort, self.tie_break)?;
        let count = format!("SELECT COUNT(*) {} WHERE {condition}", self.from);
        let (total,): (i64,) = reader.fetch_one(AssertSqlSafe(count), builder.values.clone()).await?;
        let limit = builder.bind(query.take());
        let offset = builder.bind(query.skip());
        let page = format!(
            "SELECT {} {} WHERE {condition} ORDER BY {order} LIMIT {limit} OFFSET {offset}",
            self.select, self.from
        );
        let items = reader.fetch_all(AssertSqlSafe(page), builder.values).await?;
        Ok(soko_kernel::Page { items, total })
    }
}

fn order_by(
    columns: &[Column],
    sort: &[(&'static str, Direction)],
    tie_break: &str,
) -> Result<String, InvalidListQuery> {
    let mut terms = Vec::with_capacity(sort.len() + 1);
    for (field, direction) in sort {
        let column = find(columns, field)?;
        if column.related.is_some() {
            return Err(InvalidListQuery::UnsupportedOperator("sort", column.field));
        }
        // As on SQLite, where nothing comes before everything.
        let word = match direction {
            Direction::Ascending => "ASC NULLS FIRST",
            Direction::Descending => "DESC NULLS LAST",
        };
        terms.push(format!("{} {word}", column.sql));
    }
    terms.push(tie_break.to_owned());
    Ok(terms.join(", "))
}

fn find<'c>(columns: &'c [Column], field: &'static str) -> Result<&'c Column, InvalidListQuery> {
    columns
        .iter()
        .find(|column| column.field == field)
        .ok_or(InvalidListQuery::UnsupportedOperator("sort or filter", field))
}

struct Builder {
    columns: &'static [Column],
    values: Vec<Bound>,
}

impl Builder {
    fn bind(&mut self, value: impl Into<Bound>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn condition(&mut self, filter: &Filter) -> Result<String, InvalidListQuery> {
        match filter {
            Filter::And(parts) => self.join(parts, " AND "),
            Filter::Or(parts) => self.join(parts, " OR "),
            Filter::Field { name, comparison } => {
                let column = *find(self.columns, name)?;
                match column.related {
                    Some(rows) => self.of_some(column, rows, comparison),
                    None => self.comparison(column, comparison),
                }
            }
        }
    }

    fn join(&mut self, parts: &[Filter], operator: &str) -> Result<String, InvalidListQuery> {
        if parts.is_empty() {
            return Ok("1 = 1".to_owned());
        }
        let parts: Vec<String> = parts.iter().map(|part| self.condition(part)).collect::<Result<_, _>>()?;
        Ok(format!("({})", parts.join(operator)))
    }

    /// Whether one of the related rows compares so; for a negation, whether none compares as the contrary.
    fn of_some(
        &mut self,
        column: Column,
        rows: &str,
        comparison: &Comparison,
    ) -> Result<String, InvalidListQuery> {
        let (some, comparison) = match comparison {
            Comparison::NotEqual(value) => (false, Comparison::Equal(value.clone())),
            Comparison::NotIn(values) => (false, Comparison::In(values.clone())),
            Comparison::NotContains(text) => (false, Comparison::Contains(text.clone())),
            Comparison::IsNull(none) => (!none, Comparison::IsNull(false)),
            other => (true, other.clone()),
        };
        let condition = self.comparison(column, &comparison)?;
        Ok(format!("{}EXISTS (SELECT 1 {rows} AND {condition})", if some { "" } else { "NOT " }))
    }

    fn comparison(&mut self, column: Column, comparison: &Comparison) -> Result<String, InvalidListQuery> {
        let sql = column.sql;
        Ok(match comparison {
            Comparison::Equal(value) => format!("{sql} = {}", self.value(column, value)?),
            Comparison::NotEqual(value) => {
                format!("({sql} <> {} OR {sql} IS NULL)", self.value(column, value)?)
            }
            Comparison::Less(value) => format!("{sql} < {}", self.value(column, value)?),
            Comparison::LessOrEqual(value) => format!("{sql} <= {}", self.value(column, value)?),
            Comparison::Greater(value) => format!("{sql} > {}", self.value(column, value)?),
            Comparison::GreaterOrEqual(value) => format!("{sql} >= {}", self.value(column, value)?),
            Comparison::Between(low, high) => {
                format!("{sql} BETWEEN {} AND {}", self.value(column, low)?, self.value(column, high)?)
            }
            Comparison::In(values) if values.is_empty() => "1 = 0".to_owned(),
            Comparison::In(values) => format!("{sql} IN ({})", self.list(column, values)?),
            Comparison::NotIn(values) if values.is_empty() => "1 = 1".to_owned(),
            Comparison::NotIn(values) => {
                format!("({sql} NOT IN ({}) OR {sql} IS NULL)", self.list(column, values)?)
            }
            Comparison::Contains(text) => {
                text_only(column, "contains")?;
                format!("LOWER({sql}) LIKE {} ESCAPE '\\'", self.bind(pattern(column, text)?))
            }
            Comparison::NotContains(text) => {
                text_only(column, "notContains")?;
                format!(
                    "({sql} IS NULL OR LOWER({sql}) NOT LIKE {} ESCAPE '\\')",
                    self.bind(pattern(column, text)?)
                )
            }
            Comparison::Matches(regex) => {
                text_only(column, "regex")?;
                format!("regexp({}, {sql})", self.bind(checked_regex(column, regex)?))
            }
            Comparison::ListContains(_) => {
                return Err(InvalidListQuery::UnsupportedOperator("inList", column.field));
            }
            Comparison::IsNull(true) => format!("{sql} IS NULL"),
            Comparison::IsNull(false) => format!("{sql} IS NOT NULL"),
        })
    }

    fn value(&mut self, column: Column, value: &Value) -> Result<String, InvalidListQuery> {
        let fits = matches!(
            (column.kind, value),
            (ColumnKind::Integer, Value::Integer(_))
                | (ColumnKind::Text, Value::Text(_))
                | (ColumnKind::Boolean, Value::Boolean(_))
                | (ColumnKind::Time, Value::Time(_))
        );
        let storable = !matches!(value, Value::Text(text) if text.contains('\0'));
        if fits && storable {
            Ok(self.bind(value.clone()))
        } else {
            Err(InvalidListQuery::InvalidValue(column.field))
        }
    }

    fn list(&mut self, column: Column, values: &[Value]) -> Result<String, InvalidListQuery> {
        let before = self.values.len();
        for value in values {
            self.value(column, value)?;
        }
        Ok(parameter_list(before, values.len()))
    }
}

fn text_only(column: Column, operator: &'static str) -> Result<(), InvalidListQuery> {
    if column.kind == ColumnKind::Text {
        Ok(())
    } else {
        Err(InvalidListQuery::UnsupportedOperator(operator, column.field))
    }
}

/// A LIKE pattern for texts that contain `text` as it is, but for white space around it. SQLite would take a zero byte for the pattern's end.
fn pattern(column: Column, text: &str) -> Result<String, InvalidListQuery> {
    if text.len() > SEARCHED_TEXT_BYTES_MAX || text.contains('\0') {
        return Err(InvalidListQuery::InvalidValue(column.field));
    }
    // By the same rule as LOWER on either backend: letters of ASCII only.
    let escaped =
        text.trim().to_ascii_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    Ok(format!("%{escaped}%"))
}

/// The regular expression as clients mean it: without regard to case. Refuses here what the store would only answer
/// with a fault of its own, or compile for long.
fn checked_regex(column: Column, regex: &str) -> Result<String, InvalidListQuery> {
    let small = regex.len() <= REGEX_BYTES_MAX && !regex.contains('\0');
    let regex = format!("(?i){regex}");
    let compiled = small.then(|| RegexBuilder::new(&regex).size_limit(REGEX_COMPILED_BYTES_MAX).build());
    match compiled {
        Some(Ok(_)) => Ok(regex),
        _ => Err(InvalidListQuery::InvalidValue(column.field)),
    }
}
