//! The scalars of both endpoints: ids, money, moments, JSON documents, percentages, uploads.
//!
//! Rust's own types keep their meaning in the domains; these are their counterparts on the wire.

use async_graphql::{InputType, InputValueError, InputValueResult, Number, OutputType, Value};
use soko_kernel::{TaxRatePpm, Timestamp};

/// What a scalar is called on the wire and how it is read and written. `scalar!` makes a GraphQL type of it.
trait Wire: Sized {
    const NAME: &'static str;
    const SPECIFIED_BY: Option<&'static str> = None;

    fn read(value: Value) -> Result<Self, &'static str>;

    fn write(&self) -> Value;
}

macro_rules! scalar {
    ($name:ident) => {
        impl InputType for $name {
            type RawValueType = Self;

            fn type_name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(<Self as Wire>::NAME)
            }

            fn create_type_info(registry: &mut async_graphql::registry::Registry) -> String {
                registry.create_input_type::<Self, _>(async_graphql::registry::MetaTypeId::Scalar, |_| {
                    meta::<Self>()
                })
            }

            fn parse(value: Option<Value>) -> InputValueResult<Self> {
                <Self as Wire>::read(value.unwrap_or_default())
                    .map_err(|reason| crate::error::invalid_value(InputValueError::custom(reason)))
            }

            fn to_value(&self) -> Value {
                self.write()
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }
        }

        impl OutputType for $name {
            fn type_name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(<Self as Wire>::NAME)
            }

            fn create_type_info(registry: &mut async_graphql::registry::Registry) -> String {
                registry.create_output_type::<Self, _>(async_graphql::registry::MetaTypeId::Scalar, |_| {
                    meta::<Self>()
                })
            }

            async fn resolve(
                &self,
                _: &async_graphql::ContextSelectionSet<'_>,
                _: &async_graphql::Positioned<async_graphql::parser::types::Field>,
            ) -> async_graphql::ServerResult<Value> {
                Ok(self.write())
            }
        }
    };
}

fn meta<T: Wire>() -> async_graphql::registry::MetaType {
    async_graphql::registry::MetaType::Scalar {
        name: T::NAME.to_owned(),
        description: None,
        is_valid: None,
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        specified_by_url: T::SPECIFIED_BY.map(str::to_owned),
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

/// The id of anything: a decimal string on the wire.
///
/// Ids are positive, so that 0 stands for every text that is no id: it names nothing, and whoever looks it up finds
/// nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Id(pub i64);

impl Id {
    /// The number of an id as a client wrote it; 0 for a text that is no id.
    pub(crate) fn number(text: &str) -> i64 {
        text.parse::<soko_kernel::ChannelId>().map_or(0, i64::from)
    }
}

macro_rules! ids {
    ($($name:ident),* $(,)?) => {$(
        impl From<soko_kernel::$name> for Id {
            fn from(id: soko_kernel::$name) -> Self {
                Self(id.0)
            }
        }

        impl From<Id> for soko_kernel::$name {
            fn from(id: Id) -> Self {
                Self(id.0)
            }
        }
    )*};
}

ids! {
    ChannelId, SellerId, UserId, SessionId, AdministratorId, RoleId, CustomerId, CustomerGroupId, AddressId,
    CountryId, ZoneId, TaxCategoryId, TaxRateId, ProductId, VariantId, OptionGroupId, OptionId, FacetId,
    FacetValueId, CollectionId, AssetId, TagId, StockLocationId, ShippingMethodId, PaymentMethodId, OrderId,
    OrderLineId, ShippingLineId, PaymentId, RefundId, FulfillmentId, HistoryEntryId, PluginId, PluginVersionId,
    PluginBindingId, PluginRunId, PriceReceiptId, StockMovementId, LedgerAccountId, JournalEntryId, JournalPostingId,
    CreditPaymentId, SupplierPurchaseId, EventId, EventActionId, InboxMessageId,
    WebhookEndpointId, RateLimitId, EventHandlerId,
}

/// Ids of things of one kind, where a client sent any.
pub(crate) fn each_id<I: From<Id>>(ids: Option<Vec<Id>>) -> Option<Vec<I>> {
    ids.map(|ids| ids.into_iter().map(I::from).collect())
}

impl Wire for Id {
    const NAME: &'static str = "ID";

    fn read(value: Value) -> Result<Self, &'static str> {
        match value {
            Value::String(text) => Ok(Self(Self::number(&text))),
            Value::Number(number) => Ok(Self(number.as_i64().filter(|id| *id > 0).unwrap_or(0))),
            _ => Err("an id is a string"),
        }
    }

    fn write(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

scalar!(Id);

/// An amount in minor units; its currency stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(pub i64);

impl From<soko_kernel::Money> for Money {
    fn from(money: soko_kernel::Money) -> Self {
        Self(money.minor())
    }
}

impl Wire for Money {
    const NAME: &'static str = "Money";

    fn read(value: Value) -> Result<Self, &'static str> {
        match value {
            Value::Number(number) => number.as_i64().map(Self).ok_or("an amount is a whole number"),
            _ => Err("an amount is a whole number"),
        }
    }

    fn write(&self) -> Value {
        Value::Number(self.0.into())
    }
}

scalar!(Money);

/// A moment as RFC 3339 text with milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime(pub Timestamp);

impl From<Timestamp> for DateTime {
    fn from(moment: Timestamp) -> Self {
        Self(moment)
    }
}

impl Wire for DateTime {
    const NAME: &'static str = "DateTime";

    fn read(value: Value) -> Result<Self, &'static str> {
        match value {
            Value::String(text) => {
                Timestamp::parse(&text).map(Self).ok_or("a date and time is RFC 3339 text")
            }
            _ => Err("a date and time is RFC 3339 text"),
        }
    }

    fn write(&self) -> Value {
        Value::String(self.0.to_rfc3339())
    }
}

scalar!(DateTime);

/// A day, without a time: `2026-01-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub jiff::civil::Date);

impl Wire for Date {
    const NAME: &'static str = "Date";

    fn read(value: Value) -> Result<Self, &'static str> {
        match value {
            Value::String(text) => text.parse().map(Self).map_err(|_| "a day is such as 2026-01-31"),
            _ => Err("a day is such as 2026-01-31"),
        }
    }

    fn write(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

scalar!(Date);

/// Any JSON document.
#[derive(Debug, Clone, PartialEq)]
pub struct Json(pub serde_json::Value);

impl Wire for Json {
    const NAME: &'static str = "JSON";
    const SPECIFIED_BY: Option<&'static str> =
        Some("http://www.ecma-international.org/publications/files/ECMA-ST/ECMA-404.pdf");

    fn read(value: Value) -> Result<Self, &'static str> {
        value.into_json().map(Self).map_err(|_| "this is no JSON document")
    }

    fn write(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or_default()
    }
}

scalar!(Json);

/// Custom fields: there are none, so that clients which ask for them get null.
pub(crate) const NO_CUSTOM_FIELDS: Option<Json> = None;

/// What clients send as custom fields: nothing, because there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoCustomFields;

impl InputType for NoCustomFields {
    type RawValueType = Self;

    fn type_name() -> std::borrow::Cow<'static, str> {
        <Json as InputType>::type_name()
    }

    fn create_type_info(registry: &mut async_graphql::registry::Registry) -> String {
        <Json as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        match value.unwrap_or_default() {
            Value::Null => Ok(Self),
            Value::Object(fields) if fields.values().all(|value| *value == Value::Null) => Ok(Self),
            _ => Err(crate::error::invalid_value(InputValueError::custom("there are no custom fields"))),
        }
    }

    fn to_value(&self) -> Value {
        Value::Null
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

/// A file of a multipart request: the number of its part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upload(usize);

impl Upload {
    const PART_PREFIX: &'static str = "#__graphql_file__:";

    /// The uploaded file; `None` when the request has no such part.
    ///
    /// # Errors
    /// The file cannot be opened again.
    pub fn file(
        self,
        context: &async_graphql::Context<'_>,
    ) -> std::io::Result<Option<async_graphql::UploadValue>> {
        context.query_env.uploads.get(self.0).map(async_graphql::UploadValue::try_clone).transpose()
    }
}

impl Wire for Upload {
    const NAME: &'static str = "Upload";

    fn read(value: Value) -> Result<Self, &'static str> {
        let Value::String(text) = value else { return Err("a file is a part of a multipart request") };
        text.strip_prefix(Self::PART_PREFIX)
            .and_then(|part| part.parse().ok())
            .map(Self)
            .ok_or("a file is a part of a multipart request")
    }

    fn write(&self) -> Value {
        Value::Null
    }
}

scalar!(Upload);

const PPM_PER_PERCENT: i64 = 10_000;

/// A rate of tax in percent, as clients show it: 16 % is 16, 12.5 % is 12.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent(pub TaxRatePpm);

impl Percent {
    /// The rate as a number of percent: a whole number where it is one.
    fn number(self) -> Number {
        let ppm = self.0.ppm();
        if ppm % PPM_PER_PERCENT == 0 {
            return Number::from(ppm / PPM_PER_PERCENT);
        }
        percent_for_display(ppm)
    }

    /// The rate of a number of percent that a client wrote, to the nearest millionth.
    ///
    /// # Errors
    /// A number that is no rate: negative, or above 1,000 %.
    pub fn read_ppm(percent: f64) -> Result<TaxRatePpm, &'static str> {
        // Through the decimal text, so that 12.35 is exactly 123,500 millionths.
        let text = format!("{percent:.4}");
        let digits = text.replace('.', "");
        digits.parse().ok().and_then(TaxRatePpm::try_new).ok_or("a rate is between 0 and 1000 percent")
    }
}

#[expect(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a rate of at most seven digits, for display"
)]
fn percent_for_display(ppm: i64) -> Number {
    Number::from_f64(ppm as f64 / PPM_PER_PERCENT as f64).unwrap_or_else(|| Number::from(0))
}

impl InputType for Percent {
    type RawValueType = Self;

    fn type_name() -> std::borrow::Cow<'static, str> {
        <f64 as InputType>::type_name()
    }

    fn create_type_info(registry: &mut async_graphql::registry::Registry) -> String {
        <f64 as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let percent = match value.unwrap_or_default() {
            Value::Number(number) => number.as_f64().ok_or("a rate is a number of percent"),
            _ => Err("a rate is a number of percent"),
        };
        percent
            .and_then(Self::read_ppm)
            .map(Self)
            .map_err(|reason| crate::error::invalid_value(InputValueError::custom(reason)))
    }

    fn to_value(&self) -> Value {
        Value::Number(self.number())
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

impl OutputType for Percent {
    fn type_name() -> std::borrow::Cow<'static, str> {
        <f64 as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut async_graphql::registry::Registry) -> String {
        <f64 as OutputType>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        _: &async_graphql::ContextSelectionSet<'_>,
        _: &async_graphql::Positioned<async_graphql::parser::types::Field>,
    ) -> async_graphql::ServerResult<Value> {
        Ok(Value::Number(self.number()))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    #[test]
    fn reads_ids_and_names_nothing_by_other_texts() {
        let read = |value| Id::read(value).unwrap();
        assert_eq!(read(Value::from("42")), Id(42));
        assert_eq!(read(Value::from(42)), Id(42));
        for text in ["", "T_1", "-1", "0", "1.5", "9223372036854775808"] {
            assert_eq!(read(Value::from(text)), Id(0), "{text:?}");
        }
        assert_eq!(read(Value::from(-7)), Id(0));
        assert!(Id::read(Value::Boolean(true)).is_err());
    }

    #[test]
    fn carries_amounts_beyond_32_bits() {
        let amount = Money(9_007_199_254_740_993);
        assert_eq!(amount.write().to_string(), "9007199254740993");
        assert_eq!(Money::read(amount.write()), Ok(amount));
        assert!(Money::read(Value::from(1.5)).is_err());
    }

    #[test]
    fn refuses_custom_fields_that_say_something() {
        let read = |json: serde_json::Value| NoCustomFields::parse(Value::from_json(json).ok());
        for nothing in [serde_json::json!(null), serde_json::json!({}), serde_json::json!({ "gift": null })] {
            assert!(read(nothing).is_ok());
        }
        for something in [serde_json::json!({ "gift": false }), serde_json::json!([]), serde_json::json!("x")]
        {
            assert!(read(something).is_err());
        }
    }

    #[test]
    fn shows_rates_in_percent() {
        let shown = |ppm| Percent(TaxRatePpm::try_new(ppm).unwrap()).number().to_string();
        assert_eq!(shown(160_000), "16");
        assert_eq!(shown(123_500), "12.35");
        assert_eq!(Percent::read_ppm(12.35), Ok(TaxRatePpm::try_new(123_500).unwrap()));
        assert_eq!(Percent::read_ppm(16.0), Ok(TaxRatePpm::try_new(160_000).unwrap()));
        for percent in [-0.5, 1000.5, f64::NAN, f64::INFINITY] {
            assert!(Percent::read_ppm(percent).is_err(), "{percent}");
        }
    }

    #[test]
    fn refuses_upload_references_that_clients_forge() {
        for text in ["#__graphql_file__:", "#__graphql_file__:x", "#__graphql_file__:-1", "0"] {
            assert!(Upload::read(Value::from(text)).is_err(), "{text:?}");
        }
    }
}
