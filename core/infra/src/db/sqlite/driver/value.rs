//! Values, rows and parameters.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::types::{Value as Owned, ValueRef as Stored};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Arguments, Column, ColumnIndex, Decode, Encode, Error, Row, Type, TypeInfo, Value, ValueRef};

use super::Embedded;

/// The types of what SQLite stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmbeddedType {
    Null,
    Integer,
    Real,
    Text,
    Blob,
}

impl TypeInfo for EmbeddedType {
    fn is_null(&self) -> bool {
        *self == Self::Null
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Integer => "INTEGER",
            Self::Real => "REAL",
            Self::Text => "TEXT",
            Self::Blob => "BLOB",
        }
    }
}

impl fmt::Display for EmbeddedType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A column of a result.
#[derive(Debug)]
pub struct EmbeddedColumn {
    ordinal: usize,
    name: String,
}

impl Column for EmbeddedColumn {
    type Database = Embedded;

    fn ordinal(&self) -> usize {
        self.ordinal
    }

    fn name(&self) -> &str {
        &self.name
    }

    /// Any: SQLite knows types of values, not of columns.
    fn type_info(&self) -> &EmbeddedType {
        &EmbeddedType::Null
    }
}

/// The columns of a statement's result.
pub(crate) fn names_of(statement: &rusqlite::Statement<'_>) -> Arc<[EmbeddedColumn]> {
    let column = |(ordinal, name): (usize, &str)| EmbeddedColumn { ordinal, name: name.to_owned() };
    statement.column_names().into_iter().enumerate().map(column).collect()
}

/// A value in a row; texts and blobs stand in the row's bytes.
#[derive(Debug, Clone)]
enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(Range<usize>),
    Blob(Range<usize>),
}

/// A row of a result, copied out of SQLite.
#[derive(Debug)]
pub struct EmbeddedRow {
    columns: Arc<[EmbeddedColumn]>,
    cells: Vec<Cell>,
    bytes: Vec<u8>,
    /// The column after the one that was last asked for by name: rows are read in the order of their columns.
    next: AtomicUsize,
}

/// Copies the row that a cursor stands on.
pub(crate) fn read_row(
    columns: &Arc<[EmbeddedColumn]>,
    row: &rusqlite::Row<'_>,
) -> rusqlite::Result<EmbeddedRow> {
    let (mut cells, mut bytes) = (Vec::with_capacity(columns.len()), Vec::new());
    let mut keep = |part: &[u8]| {
        let start = bytes.len();
        bytes.extend_from_slice(part);
        start..bytes.len()
    };
    for place in 0..columns.len() {
        cells.push(match row.get_ref(place)? {
            Stored::Null => Cell::Null,
            Stored::Integer(integer) => Cell::Integer(integer),
            Stored::Real(real) => Cell::Real(real),
            Stored::Text(text) => Cell::Text(keep(text)),
            Stored::Blob(blob) => Cell::Blob(keep(blob)),
        });
    }
    Ok(EmbeddedRow { columns: Arc::clone(columns), cells, bytes, next: AtomicUsize::new(0) })
}

impl Row for EmbeddedRow {
    type Database = Embedded;

    fn columns(&self) -> &[EmbeddedColumn] {
        &self.columns
    }

    fn try_get_raw<I: ColumnIndex<Self>>(&self, index: I) -> Result<Field<'_>, Error> {
        let len = self.cells.len();
        let index = index.index(self)?;
        let cell = self.cells.get(index).ok_or(Error::ColumnIndexOutOfBounds { index, len })?;
        Ok(Field(match cell {
            Cell::Null => Stored::Null,
            Cell::Integer(integer) => Stored::Integer(*integer),
            Cell::Real(real) => Stored::Real(*real),
            Cell::Text(range) => Stored::Text(&self.bytes[range.clone()]),
            Cell::Blob(range) => Stored::Blob(&self.bytes[range.clone()]),
        }))
    }
}

impl ColumnIndex<EmbeddedRow> for usize {
    fn index(&self, row: &EmbeddedRow) -> Result<usize, Error> {
        let len = row.cells.len();
        if *self < len { Ok(*self) } else { Err(Error::ColumnIndexOutOfBounds { index: *self, len }) }
    }
}

impl ColumnIndex<EmbeddedRow> for str {
    fn index(&self, row: &EmbeddedRow) -> Result<usize, Error> {
        let is_named = |column: &EmbeddedColumn| column.name == self;
        let expected = row.next.load(Ordering::Relaxed);
        let place = match row.columns.get(expected) {
            Some(column) if is_named(column) => Some(expected),
            _ => row.columns.iter().position(is_named),
        };
        let place = place.ok_or_else(|| Error::ColumnNotFound(self.into()))?;
        row.next.store(place + 1, Ordering::Relaxed);
        Ok(place)
    }
}

/// A value as it stands in a row.
#[derive(Debug, Clone, Copy)]
pub struct Field<'r>(Stored<'r>);

impl Field<'_> {
    fn kind(self) -> EmbeddedType {
        match self.0 {
            Stored::Null => EmbeddedType::Null,
            Stored::Integer(_) => EmbeddedType::Integer,
            Stored::Real(_) => EmbeddedType::Real,
            Stored::Text(_) => EmbeddedType::Text,
            Stored::Blob(_) => EmbeddedType::Blob,
        }
    }

    fn unexpected<T>(self, wanted: EmbeddedType) -> Result<T, BoxDynError> {
        Err(format!("{wanted} wanted, {} found", self.kind()).into())
    }
}

impl<'r> ValueRef<'r> for Field<'r> {
    type Database = Embedded;

    fn to_owned(&self) -> EmbeddedValue {
        EmbeddedValue(match self.0 {
            Stored::Null => Owned::Null,
            Stored::Integer(integer) => Owned::Integer(integer),
            Stored::Real(real) => Owned::Real(real),
            Stored::Text(text) => Owned::Text(String::from_utf8_lossy(text).into_owned()),
            Stored::Blob(blob) => Owned::Blob(blob.to_vec()),
        })
    }

    fn type_info(&self) -> Cow<'_, EmbeddedType> {
        Cow::Owned(self.kind())
    }

    fn is_null(&self) -> bool {
        self.kind().is_null()
    }
}

/// A value of its own.
#[derive(Debug, Clone)]
pub struct EmbeddedValue(Owned);

impl Value for EmbeddedValue {
    type Database = Embedded;

    fn as_ref(&self) -> Field<'_> {
        Field(Stored::from(&self.0))
    }

    fn type_info(&self) -> Cow<'_, EmbeddedType> {
        Cow::Owned(Value::as_ref(self).kind())
    }

    fn is_null(&self) -> bool {
        self.0 == Owned::Null
    }
}

/// A statement's parameters in their order.
#[derive(Debug, Default)]
pub struct EmbeddedArguments(pub(crate) Vec<Owned>);

impl Arguments for EmbeddedArguments {
    type Database = Embedded;

    fn reserve(&mut self, additional: usize, _: usize) {
        self.0.reserve(additional);
    }

    fn add<'t, T>(&mut self, value: T) -> Result<(), BoxDynError>
    where
        T: Encode<'t, Embedded> + Type<Embedded>,
    {
        if matches!(value.encode(&mut self.0)?, IsNull::Yes) {
            self.0.push(Owned::Null);
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

sqlx_core::impl_into_arguments_for_arguments!(EmbeddedArguments);
sqlx_core::impl_encode_for_option!(Embedded);

macro_rules! stored_as {
    ($kind:ident: $($type:ty, |$own:ident| $encode:expr, |$found:pat_param| $decode:expr;)*) => {$(
        impl Type<Embedded> for $type {
            fn type_info() -> EmbeddedType {
                EmbeddedType::$kind
            }
        }

        impl Encode<'_, Embedded> for $type {
            fn encode_by_ref(&self, parameters: &mut Vec<Owned>) -> Result<IsNull, BoxDynError> {
                let $own = self;
                parameters.push($encode);
                Ok(IsNull::No)
            }
        }

        impl Decode<'_, Embedded> for $type {
            fn decode(field: Field<'_>) -> Result<Self, BoxDynError> {
                match field.0 {
                    $found => $decode,
                    _ => field.unexpected(EmbeddedType::$kind),
                }
            }
        }
    )*};
}

stored_as! { Integer:
    i64, |own| Owned::Integer(*own), |Stored::Integer(integer)| Ok(integer);
    i32, |own| Owned::Integer(i64::from(*own)), |Stored::Integer(integer)| Ok(i32::try_from(integer)?);
    u32, |own| Owned::Integer(i64::from(*own)), |Stored::Integer(integer)| Ok(u32::try_from(integer)?);
    bool, |own| Owned::Integer(i64::from(*own)), |Stored::Integer(integer)| Ok(integer != 0);
}

stored_as! { Real:
    f64, |own| Owned::Real(*own), |Stored::Real(real)| Ok(real);
}

stored_as! { Text:
    String, |own| Owned::Text(own.clone()), |Stored::Text(text)| Ok(std::str::from_utf8(text)?.to_owned());
}

stored_as! { Blob:
    Vec<u8>, |own| Owned::Blob(own.clone()), |Stored::Blob(blob)| Ok(blob.to_vec());
}

impl Type<Embedded> for str {
    fn type_info() -> EmbeddedType {
        EmbeddedType::Text
    }
}

impl Encode<'_, Embedded> for &str {
    fn encode_by_ref(&self, parameters: &mut Vec<Owned>) -> Result<IsNull, BoxDynError> {
        parameters.push(Owned::Text((*self).to_owned()));
        Ok(IsNull::No)
    }
}

impl Type<Embedded> for [u8] {
    fn type_info() -> EmbeddedType {
        EmbeddedType::Blob
    }
}

impl Encode<'_, Embedded> for &[u8] {
    fn encode_by_ref(&self, parameters: &mut Vec<Owned>) -> Result<IsNull, BoxDynError> {
        parameters.push(Owned::Blob((*self).to_vec()));
        Ok(IsNull::No)
    }
}
