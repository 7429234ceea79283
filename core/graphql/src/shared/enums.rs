//! Enums. Their values differ between the endpoints or come from the kernel's lists, so a type here only carries a
//! value; which values exist is declared per endpoint, by its `.graphql` file or by [`declare_codes`].

use std::borrow::Cow;

use async_graphql::indexmap::IndexMap;
use async_graphql::registry::{EnumBuilder, MetaEnumValue, Registry};
use async_graphql::{InputType, InputValueError, InputValueResult, Name, OutputType, Value};
use soko_kernel::locale::{CURRENCY_CODES, LANGUAGE_CODES};
use soko_kernel::query::Direction;
use soko_kernel::{Currency, Language};

/// A value of an enum by its name, for types that resolvers return.
macro_rules! output_enum {
    ($($(#[$doc:meta])* $name:ident($value:ty) => |$self:ident| $text:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(pub $value);

        impl OutputType for $name {
            fn type_name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }

            fn create_type_info(_: &mut Registry) -> String {
                <Self as OutputType>::qualified_type_name()
            }

            async fn resolve(
                &self,
                _: &async_graphql::ContextSelectionSet<'_>,
                _: &async_graphql::Positioned<async_graphql::parser::types::Field>,
            ) -> async_graphql::ServerResult<Value> {
                let $self = self;
                Ok(Value::Enum(Name::new($text)))
            }
        }
    )*};
}

/// A value of an enum that clients send; `None` for a name that it does not have.
macro_rules! input_enum {
    ($($name:ident => |$text:ident| $value:expr, |$self:ident| $written:expr;)*) => {$(
        impl InputType for $name {
            type RawValueType = Self;

            fn type_name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }

            fn create_type_info(_: &mut Registry) -> String {
                <Self as InputType>::qualified_type_name()
            }

            fn parse(value: Option<Value>) -> InputValueResult<Self> {
                let value = value.unwrap_or_default();
                let $text = match &value {
                    Value::Enum(name) => name.as_str(),
                    Value::String(name) => name.as_str(),
                    _ => "",
                };
                $value.map(Self).ok_or_else(|| {
                    crate::error::invalid_value(InputValueError::custom("this is none of its values"))
                })
            }

            fn to_value(&self) -> Value {
                let $self = self;
                Value::Enum(Name::new($written))
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }
        }
    )*};
}

output_enum! {
    /// A language.
    LanguageCode(Language) => |it| it.0.code();
    /// A currency.
    CurrencyCode(Currency) => |it| it.0.code();
    /// What a role allows. Permissions that an endpoint does not know must not be returned there.
    Permission(soko_kernel::Permission) => |it| it.0.as_str();
    /// Why something was refused.
    ErrorCode(&'static str) => |it| it.0;
    /// What kind of file an asset is.
    AssetType(String) => |it| &it.0;
    /// What changed a price.
    AdjustmentType(&'static str) => |it| it.0;
    /// Whether an order is a shop's own.
    OrderType(&'static str) => |it| it.0;
    /// What happened.
    HistoryEntryType(String) => |it| &it.0;
}

input_enum! {
    LanguageCode => |text| Language::parse(text), |it| it.0.code();
    CurrencyCode => |text| Currency::parse(text), |it| it.0.code();
    Permission => |text| soko_kernel::Permission::parse(text), |it| it.0.as_str();
}

/// Up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
#[graphql(name = "SortOrder")]
pub enum SortOrder {
    /// Smallest first.
    #[graphql(name = "ASC")]
    Ascending,
    /// Largest first.
    #[graphql(name = "DESC")]
    Descending,
}

impl From<SortOrder> for Direction {
    fn from(order: SortOrder) -> Self {
        match order {
            SortOrder::Ascending => Self::Ascending,
            SortOrder::Descending => Self::Descending,
        }
    }
}

/// All or any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
#[graphql(name = "LogicalOperator")]
pub enum LogicalOperator {
    /// All of them.
    #[graphql(name = "AND")]
    And,
    /// At least one of them.
    #[graphql(name = "OR")]
    Or,
}

/// Declares the enums whose values the kernel lists. `permissions` are those that the endpoint knows.
pub(crate) fn declare_codes(
    registry: &mut Registry,
    permissions: impl Iterator<Item = soko_kernel::Permission>,
) {
    declare(registry, "LanguageCode", "A language.", LANGUAGE_CODES.iter().copied());
    declare(registry, "CurrencyCode", "A currency by its ISO 4217 code.", CURRENCY_CODES.iter().copied());
    declare(
        registry,
        "Permission",
        "What a role can allow.",
        permissions.map(soko_kernel::Permission::as_str),
    );
}

fn declare(
    registry: &mut Registry,
    name: &str,
    description: &str,
    values: impl Iterator<Item = &'static str>,
) {
    let values: IndexMap<String, MetaEnumValue> =
        values.map(|value| (value.to_owned(), MetaEnumValue::new(value))).collect();
    let declared = EnumBuilder::new(name, values).description(Some(description.to_owned())).build();
    registry.types.insert(name.to_owned(), declared);
}
