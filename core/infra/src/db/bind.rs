//! Values on their way into a statement.

use soko_kernel::{Timestamp, query};
use sqlx::postgres::{PgArguments, Postgres};
use sqlx::{Arguments, Encode, Type};

use super::sqlite::driver::{Embedded, EmbeddedArguments};

/// A value that every backend can store.
pub trait Bind<'q>: Encode<'q, Embedded> + Type<Embedded> + Encode<'q, Postgres> + Type<Postgres> {}

impl<'q, T> Bind<'q> for T where
    T: Encode<'q, Embedded> + Type<Embedded> + Encode<'q, Postgres> + Type<Postgres>
{
}

/// Parameters in the form of the backend that gets them.
pub enum BackendArguments {
    /// For SQLite.
    Embedded(EmbeddedArguments),
    /// For PostgreSQL.
    Postgres(PgArguments),
}

impl BackendArguments {
    fn add<'q, T: Bind<'q>>(&mut self, value: T) -> sqlx::Result<()> {
        match self {
            Self::Embedded(arguments) => arguments.add(value),
            Self::Postgres(arguments) => arguments.add(value),
        }
        .map_err(sqlx::Error::Encode)
    }
}

/// A statement's parameters in order: a tuple, or a list of [`Bound`] values for a statement built at run time.
pub trait Binds<'q> {
    /// Adds the values in order.
    ///
    /// # Errors
    /// When a value cannot be encoded.
    fn bind_to(self, arguments: &mut BackendArguments) -> sqlx::Result<()>;
}

/// A value of a statement that is built at run time.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    /// An integer or NULL.
    Integer(Option<i64>),
    /// A text or NULL.
    Text(Option<String>),
    /// A truth value or NULL.
    Boolean(Option<bool>),
    /// Bytes or NULL.
    Bytes(Option<Vec<u8>>),
}

macro_rules! bound_from {
    ($($variant:ident($inner:ty): $($source:ty => $convert:expr),+;)*) => {$($(
        impl From<$source> for Bound {
            fn from(value: $source) -> Self {
                let convert: fn($source) -> $inner = $convert;
                Self::$variant(Some(convert(value)))
            }
        }

        impl From<Option<$source>> for Bound {
            fn from(value: Option<$source>) -> Self {
                let convert: fn($source) -> $inner = $convert;
                Self::$variant(value.map(convert))
            }
        }
    )+)*};
}

bound_from! {
    Integer(i64): i64 => |value| value, i32 => i64::from, u32 => i64::from, Timestamp => |value| value.0;
    Text(String): String => |value| value, &str => str::to_owned;
    Boolean(bool): bool => |value| value;
    Bytes(Vec<u8>): Vec<u8> => |value| value;
}

impl From<query::Value> for Bound {
    fn from(value: query::Value) -> Self {
        match value {
            query::Value::Integer(integer) => integer.into(),
            query::Value::Text(text) => text.into(),
            query::Value::Boolean(boolean) => boolean.into(),
            query::Value::Time(time) => time.into(),
        }
    }
}

impl Binds<'_> for Vec<Bound> {
    fn bind_to(self, arguments: &mut BackendArguments) -> sqlx::Result<()> {
        self.into_iter().try_for_each(|value| match value {
            Bound::Integer(integer) => arguments.add(integer),
            Bound::Text(text) => arguments.add(text),
            Bound::Boolean(boolean) => arguments.add(boolean),
            Bound::Bytes(bytes) => arguments.add(bytes),
        })
    }
}

macro_rules! tuples {
    ($($name:ident)*) => {
        impl<'q, $($name: Bind<'q>),*> Binds<'q> for ($($name,)*) {
            #[expect(non_snake_case, reason = "one binding per type parameter")]
            fn bind_to(self, arguments: &mut BackendArguments) -> sqlx::Result<()> {
                let ($($name,)*) = self;
                $(arguments.add($name)?;)*
                Ok(())
            }
        }
    };
    (each $($name:ident)*; $next:ident $($rest:ident)*) => {
        tuples!($($name)*);
        tuples!(each $($name)* $next; $($rest)*);
    };
    (each $($name:ident)*;) => { tuples!($($name)*); };
}

impl Binds<'_> for () {
    fn bind_to(self, _arguments: &mut BackendArguments) -> sqlx::Result<()> {
        Ok(())
    }
}

tuples!(each A; B C D E F G H I J K L M N O P Q R S T U V W X Y Z);
