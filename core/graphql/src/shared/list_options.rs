//! List options: how a client says which items it wants, in which order, and which page of them.
//!
//! A list is described by a table of its fields (see [`crate::shared::lists`]); from it follow the three input types
//! `XListOptions`, `XFilterParameter` and `XSortParameter`, and how they are read into a [`ListQuery`]. Numbers are
//! floats on the wire and integers inside: a bound between two integers becomes the next one that means the same.

use std::borrow::Cow;
use std::marker::PhantomData;

use async_graphql::indexmap::IndexMap;
use async_graphql::registry::{InputObjectBuilder, MetaInputValue, MetaTypeId, Registry};
use async_graphql::{InputType, InputValueError, InputValueResult, Name, Value};
use soko_kernel::query::{Comparison, Direction, Filter, InvalidListQuery};
use soko_kernel::{ErrorKind, ListQuery, Timestamp, query};

use super::enums::{LogicalOperator, SortOrder};
use crate::error::{ApiError, ApiResult, invalid_value};
use crate::scalars::Id;

/// Millionths in a percent.
const PPM_PER_PERCENT: f64 = 10_000.0;
/// How far from a whole millionth a percentage may be by the way floats are written.
const FLOAT_ERROR_PPM: f64 = 1e-6;

/// What a field holds, and so which operators it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An id.
    Id,
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// A rate in percent, which is stored in millionths.
    Percent,
    /// A truth value.
    Boolean,
    /// A moment.
    Date,
}

impl Kind {
    fn operators(self) -> &'static str {
        match self {
            Self::Id => "IDOperators",
            Self::Text => "StringOperators",
            Self::Number | Self::Percent => "NumberOperators",
            Self::Boolean => "BooleanOperators",
            Self::Date => "DateOperators",
        }
    }
}

/// A field that a list can be filtered by, and perhaps sorted by.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The API's name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether the list can be sorted by it.
    pub sortable: bool,
}

/// A list of the API.
pub trait Listed: Send + Sync + 'static {
    /// The API's name of an item; the input types are named after it.
    const NAME: &'static str;
    /// The fields, in the order of the schema.
    const FIELDS: &'static [Field];
    /// Truth values beside the usual options.
    const FLAGS: &'static [&'static str] = &[];
    /// Other options beside the usual ones, each with its type: `("tags", "[String!]")`.
    const OTHERS: &'static [(&'static str, &'static str)] = &[];
}

/// The options of a list, read.
#[derive(Debug)]
pub struct ListOptions<L> {
    query: Result<ListQuery, InvalidListQuery>,
    flags: Vec<&'static str>,
    others: Vec<(&'static str, Value)>,
    list: PhantomData<fn() -> L>,
}

impl<L: Listed> ListOptions<L> {
    /// The query of a client's options; of everything when there are none.
    ///
    /// # Errors
    /// Options beyond the limits.
    pub(crate) fn query(options: Option<Self>) -> ApiResult<ListQuery> {
        options.map_or_else(|| Ok(ListQuery::default()), |options| options.query.map_err(ApiError::from))
    }

    /// Whether the client set the flag.
    pub(crate) fn has(&self, flag: &str) -> bool {
        self.flags.contains(&flag)
    }

    /// The value of one of the list's other options, if the client gave it one.
    ///
    /// # Errors
    /// A value that the option cannot have.
    pub(crate) fn other<T: InputType>(&self, name: &str) -> ApiResult<Option<T>> {
        let given = self.others.iter().find(|(option, _)| *option == name).map(|(_, value)| value.clone());
        let invalid = |_| ApiError::new(ErrorKind::InvalidInput, format!("the option {name} is not valid"));
        given.map(|value| T::parse(Some(value)).map_err(invalid)).transpose()
    }
}

impl<L: Listed> InputType for ListOptions<L> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        Cow::Owned(format!("{}ListOptions", L::NAME))
    }

    fn create_type_info(registry: &mut Registry) -> String {
        SortOrder::create_type_info(registry);
        LogicalOperator::create_type_info(registry);
        registry.create_input_type::<Self, _>(MetaTypeId::InputObject, |registry| {
            let (sort, filter) = (format!("{}SortParameter", L::NAME), format!("{}FilterParameter", L::NAME));
            registry.types.insert(sort.clone(), sort_parameter::<L>(&sort));
            registry.types.insert(filter.clone(), filter_parameter::<L>(&filter));
            let flags = L::FLAGS.iter().map(|flag| MetaInputValue::new(*flag, "Boolean"));
            let others = L::OTHERS.iter().map(|(name, ty)| MetaInputValue::new(*name, *ty));
            let usual = [
                ("skip", "Int"),
                ("take", "Int"),
                ("sort", &sort),
                ("filter", &filter),
                ("filterOperator", "LogicalOperator"),
            ];
            let usual = usual.map(|(name, ty)| MetaInputValue::new(name, ty));
            InputObjectBuilder::new(Self::type_name(), named(flags.chain(others).chain(usual))).build()
        })
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let value = value.unwrap_or_default();
        let others = others(L::OTHERS, &value);
        read(L::FIELDS, L::FLAGS, value)
            .map(|(query, flags)| Self { query, flags, others, list: PhantomData })
            .map_err(|reason| invalid_value(InputValueError::custom(reason)))
    }

    fn to_value(&self) -> Value {
        Value::Null
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

fn sort_parameter<L: Listed>(name: &str) -> async_graphql::registry::MetaType {
    let sortable = L::FIELDS.iter().filter(|field| field.sortable);
    let fields = sortable.map(|field| MetaInputValue::new(field.name, "SortOrder"));
    InputObjectBuilder::new(name, named(fields)).build()
}

fn filter_parameter<L: Listed>(name: &str) -> async_graphql::registry::MetaType {
    let fields = L::FIELDS.iter().map(|field| MetaInputValue::new(field.name, field.kind.operators()));
    let joined = ["_and", "_or"].map(|operator| MetaInputValue::new(operator, format!("[{name}!]")));
    InputObjectBuilder::new(name, named(fields.chain(joined))).build()
}

fn named(values: impl Iterator<Item = MetaInputValue>) -> IndexMap<String, MetaInputValue> {
    values.map(|value| (value.name.clone(), value)).collect()
}

type Read<T> = Result<T, &'static str>;
type ReadOptions = (Result<ListQuery, InvalidListQuery>, Vec<&'static str>);

/// The schema's validation has checked names and types; what remains are values and limits.
fn read(fields: &'static [Field], flags: &'static [&'static str], value: Value) -> Read<ReadOptions> {
    let Value::Object(options) = value else { return Err("list options are an object") };
    let get = |name: &str| options.get(name).filter(|value| !matches!(value, Value::Null));
    let number = |name| get(name).map(integer).transpose();
    let sort = get("sort").map(|value| read_sort(fields, value)).transpose()?.unwrap_or_default();
    let any = matches!(get("filterOperator"), Some(Value::Enum(name)) if name == "OR")
        || matches!(get("filterOperator"), Some(Value::String(name)) if name == "OR");
    let filter = get("filter").map(|value| read_filter(fields, value, any, 1)).transpose()?;
    let set = |flag: &&&str| matches!(get(flag), Some(Value::Boolean(true)));
    let query = ListQuery::try_new(number("skip")?, number("take")?, sort, filter);
    Ok((query, flags.iter().filter(set).copied().collect()))
}

fn others(known: &'static [(&'static str, &'static str)], options: &Value) -> Vec<(&'static str, Value)> {
    let Value::Object(options) = options else { return Vec::new() };
    let given = |name| options.get(name).filter(|value| !matches!(value, Value::Null)).cloned();
    known.iter().filter_map(|(name, _)| Some((*name, given(*name)?))).collect()
}

fn read_sort(fields: &'static [Field], value: &Value) -> Read<Vec<(&'static str, Direction)>> {
    let Value::Object(wanted) = value else { return Err("a sort parameter is an object") };
    let mut sort = Vec::with_capacity(wanted.len());
    for (name, direction) in wanted.iter().filter(|(_, direction)| !matches!(direction, Value::Null)) {
        let field = find(fields, name)?;
        let direction =
            SortOrder::parse(Some(direction.clone())).map_err(|_| "a sort order is ASC or DESC")?;
        sort.push((field.name, direction.into()));
    }
    Ok(sort)
}

fn read_filter(fields: &'static [Field], value: &Value, any: bool, depth: usize) -> Read<Filter> {
    if depth > query::FILTER_DEPTH_MAX {
        return Err("the filter has too many levels");
    }
    let Value::Object(conditions) = value else { return Err("a filter is an object") };
    let mut parts = Vec::with_capacity(conditions.len());
    for (name, value) in conditions.iter().filter(|(_, value)| !matches!(value, Value::Null)) {
        match name.as_str() {
            "_and" | "_or" => {
                let nested = items(value).iter().map(|value| read_filter(fields, value, false, depth + 1));
                let nested = nested.collect::<Read<Vec<_>>>()?;
                parts.push(joined(nested, name == "_or"));
            }
            _ => parts.push(read_field(find(fields, name)?, value)?),
        }
    }
    Ok(joined(parts, any))
}

/// All or any of the conditions; a single one needs no level of its own.
fn joined(mut conditions: Vec<Filter>, any: bool) -> Filter {
    match conditions.pop() {
        Some(only) if conditions.is_empty() => return only,
        last => conditions.extend(last),
    }
    if any { Filter::Or(conditions) } else { Filter::And(conditions) }
}

fn find(fields: &'static [Field], name: &Name) -> Read<&'static Field> {
    fields.iter().find(|field| field.name == name.as_str()).ok_or("the list has no such field")
}

/// All operators of a field must hold.
fn read_field(field: &'static Field, value: &Value) -> Read<Filter> {
    let Value::Object(operators) = value else { return Err("a filter's operators are an object") };
    let mut parts = Vec::with_capacity(operators.len());
    for (operator, value) in operators.iter().filter(|(_, value)| !matches!(value, Value::Null)) {
        parts.push(Filter::field(field.name, comparison(field.kind, operator, value)?));
    }
    Ok(joined(parts, false))
}

fn comparison(kind: Kind, operator: &str, value: &Value) -> Read<Comparison> {
    let one = || exact(kind, value);
    let many = || items(value).iter().map(|value| exact(kind, value)).collect::<Read<Vec<_>>>();
    Ok(match (operator, kind) {
        ("isNull", _) => Comparison::IsNull(matches!(value, Value::Boolean(true))),
        ("eq" | "lt" | "lte" | "gt" | "gte" | "between", Kind::Number) => {
            return numeric(operator, value, bound);
        }
        ("eq" | "lt" | "lte" | "gt" | "gte" | "between", Kind::Percent) => {
            return numeric(operator, value, bound_ppm);
        }
        ("eq", _) => Comparison::Equal(one()?),
        ("notEq", _) => Comparison::NotEqual(one()?),
        ("in", _) => Comparison::In(many()?),
        ("notIn", _) => Comparison::NotIn(many()?),
        ("contains", Kind::Text) => Comparison::Contains(text(value)?),
        ("notContains", Kind::Text) => Comparison::NotContains(text(value)?),
        ("regex", Kind::Text) => Comparison::Matches(text(value)?),
        ("before", Kind::Date) => Comparison::Less(one()?),
        ("after", Kind::Date) => Comparison::Greater(one()?),
        ("between", Kind::Date) => {
            let (start, end) = range(value)?;
            Comparison::Between(exact(kind, start)?, exact(kind, end)?)
        }
        _ => return Err("the field has no such operator"),
    })
}

fn exact(kind: Kind, value: &Value) -> Read<query::Value> {
    Ok(match kind {
        Kind::Id => match value {
            Value::String(id) => query::Value::Integer(Id::number(id)),
            _ => return Err("an id is a string"),
        },
        Kind::Text => query::Value::Text(text(value)?),
        Kind::Number | Kind::Percent => query::Value::Integer(integer(value)?),
        Kind::Boolean => match value {
            Value::Boolean(value) => query::Value::Boolean(*value),
            _ => return Err("a truth value is true or false"),
        },
        Kind::Date => {
            let moment = Timestamp::parse(&text(value)?);
            query::Value::Time(moment.ok_or("a date and time is RFC 3339 text")?)
        }
    })
}

/// Reads a number as the integer that it is stored as, rounded where it lies between two.
type Bound = fn(&Value, fn(f64) -> f64) -> Read<i64>;

/// Comparisons with a number that need not be whole.
fn numeric(operator: &str, value: &Value, bound: Bound) -> Read<Comparison> {
    let down = |value| bound(value, f64::floor).map(query::Value::Integer);
    let up = |value| bound(value, f64::ceil).map(query::Value::Integer);
    Ok(match operator {
        "lt" => Comparison::Less(up(value)?),
        "lte" => Comparison::LessOrEqual(down(value)?),
        "gt" => Comparison::Greater(down(value)?),
        "gte" => Comparison::GreaterOrEqual(up(value)?),
        "between" => {
            let (start, end) = range(value)?;
            Comparison::Between(up(start)?, down(end)?)
        }
        _ if up(value)? == down(value)? => Comparison::Equal(up(value)?),
        // No integer equals a fraction.
        _ => Comparison::In(Vec::new()),
    })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a bound beyond 64 bits means the same as the last of them"
)]
fn bound(value: &Value, round: fn(f64) -> f64) -> Read<i64> {
    let Value::Number(number) = value else { return Err("a number was expected") };
    match (number.as_i64(), number.as_f64()) {
        (Some(whole), _) => Ok(whole),
        (None, Some(fraction)) if fraction.is_finite() => Ok(round(fraction) as i64),
        _ => Err("a number was expected"),
    }
}

/// A number of percent as millionths. What a float cannot say exactly, such as 12.35, means the nearest millionth.
#[expect(
    clippy::cast_possible_truncation,
    clippy::float_arithmetic,
    reason = "a bound of a filter; rates themselves are compared as integers"
)]
fn bound_ppm(value: &Value, round: fn(f64) -> f64) -> Read<i64> {
    let Value::Number(number) = value else { return Err("a number was expected") };
    let percent = number.as_f64().filter(|percent| percent.is_finite()).ok_or("a number was expected")?;
    let millionths = percent * PPM_PER_PERCENT;
    let nearest = millionths.round();
    let meant = if (millionths - nearest).abs() < FLOAT_ERROR_PPM { nearest } else { round(millionths) };
    Ok(meant as i64)
}

fn integer(value: &Value) -> Read<i64> {
    match value {
        Value::Number(number) => number.as_i64().ok_or("a whole number was expected"),
        _ => Err("a whole number was expected"),
    }
}

fn text(value: &Value) -> Read<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        _ => Err("a text was expected"),
    }
}

fn range(value: &Value) -> Read<(&Value, &Value)> {
    let Value::Object(range) = value else { return Err("a range is an object") };
    match (range.get("start"), range.get("end")) {
        (Some(start), Some(end)) => Ok((start, end)),
        _ => Err("a range has a start and an end"),
    }
}

/// The items of a list; a single value stands for a list of one, as everywhere in GraphQL.
fn items(value: &Value) -> &[Value] {
    match value {
        Value::List(items) => items,
        single => std::slice::from_ref(single),
    }
}

#[cfg(test)]
#[path = "list_options_tests.rs"]
mod tests;
