//! Small values that are the same in both endpoints.

use async_graphql::{InputObject, SimpleObject};
use soko_domain::{catalogue, payments};
use soko_kernel::operation;

use super::enums::{AdjustmentType, LanguageCode};
use crate::scalars::{DateTime, Id, Json, Money, NoCustomFields, Percent};

/// An operation was carried out.
#[derive(SimpleObject)]
#[graphql(name = "Success")]
pub struct Success {
    /// Whether it was.
    pub success: bool,
}

/// The point of a picture that stays in view when it is cropped, as fractions of its width and height.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Coordinate")]
pub struct Coordinate {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

impl Coordinate {
    /// The point at millionths of the width and the height.
    pub fn at_ppm(x: i64, y: i64) -> Self {
        Self { x: fraction(x), y: fraction(y) }
    }
}

#[expect(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "a place in a picture, for display")]
fn fraction(ppm: i64) -> f64 {
    ppm as f64 / 1_000_000.0
}

/// A point of a picture, as fractions of its width and height.
#[derive(Debug, Clone, Copy, InputObject)]
#[graphql(name = "CoordinateInput")]
pub struct CoordinateInput {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

impl CoordinateInput {
    /// The point in millionths of the width and the height; `None` when it is far outside the picture.
    pub fn to_ppm(self) -> Option<(i64, i64)> {
        // Through the decimal text, so that 0.1 is exactly 100,000 millionths.
        let ppm = |fraction: f64| format!("{fraction:.6}").replace('.', "").parse().ok();
        Some((ppm(self.x)?, ppm(self.y)?))
    }
}

/// An argument of a configurable operation.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "ConfigArg")]
pub struct ConfigArg {
    /// Its name.
    pub name: String,
    /// Its value as text.
    pub value: String,
}

/// Which of the core's built-in rules is used, and with what.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "ConfigurableOperation")]
pub struct ConfigurableOperation {
    /// The rule.
    pub code: String,
    /// What it is given.
    pub args: Vec<ConfigArg>,
}

impl From<&operation::ConfigurableOperation> for ConfigurableOperation {
    fn from(operation: &operation::ConfigurableOperation) -> Self {
        let arg = |arg: &operation::ConfigArg| ConfigArg { name: arg.name.clone(), value: arg.value.clone() };
        Self { code: operation.code.clone(), args: operation.args.iter().map(arg).collect() }
    }
}

/// A tax that applies.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "TaxLine")]
pub struct TaxLine {
    /// Its name.
    pub description: String,
    /// Percent.
    pub tax_rate: Percent,
}

/// The tax of an order at one rate.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "OrderTaxSummary")]
pub struct OrderTaxSummary {
    /// Its name.
    pub description: String,
    /// Percent.
    pub tax_rate: Percent,
    /// What is taxed.
    pub tax_base: Money,
    /// The tax on it.
    pub tax_total: Money,
}

/// A price change by one cause.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Discount")]
pub struct Discount {
    /// Who asked for it.
    pub adjustment_source: String,
    /// What it was for.
    #[graphql(name = "type")]
    pub kind: AdjustmentType,
    /// Shown to the customer.
    pub description: String,
    /// Negative for a discount.
    pub amount: Money,
    /// The same with tax.
    pub amount_with_tax: Money,
}

/// A copy of an address, as it was when it was given.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "OrderAddress")]
#[expect(missing_docs, reason = "an address, as everybody knows it")]
pub struct OrderAddress {
    pub full_name: Option<String>,
    pub company: Option<String>,
    pub street_line1: Option<String>,
    pub street_line2: Option<String>,
    pub city: Option<String>,
    pub province: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<String>,
    pub country_code: Option<String>,
    pub phone_number: Option<String>,
    pub custom_fields: Option<Json>,
}

/// A way to deliver an order, and what it would cost.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "ShippingMethodQuote")]
pub struct ShippingMethodQuote {
    /// The method.
    pub id: Id,
    /// Without tax.
    pub price: Money,
    /// With tax.
    pub price_with_tax: Money,
    /// The method's code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// What its calculator says beside the price.
    pub metadata: Option<Json>,
    /// None.
    pub custom_fields: Option<Json>,
}

/// A way to pay for an order.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PaymentMethodQuote")]
pub struct PaymentMethodQuote {
    /// The method.
    pub id: Id,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Whether this order can be paid with it.
    pub is_eligible: bool,
    /// Why not.
    pub eligibility_message: Option<String>,
    /// None.
    pub custom_fields: Option<Json>,
}

/// Texts in one language: `Type { field, … }`.
macro_rules! translations {
    ($($(#[$doc:meta])* $name:ident { $($field:ident),* $(,)? };)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, SimpleObject)]
        #[graphql(name_type)]
        pub struct $name {
            /// Its id.
            pub id: Id,
            /// When it was created.
            pub created_at: DateTime,
            /// When it last changed.
            pub updated_at: DateTime,
            /// The language of the texts.
            pub language_code: LanguageCode,
            $(
                #[expect(missing_docs, reason = "the text that its name says")]
                pub $field: String,
            )*
        }

        impl async_graphql::TypeName for $name {
            fn type_name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }
    )*};
}

translations! {
    /// An asset's texts in one language.
    AssetTranslation { name };
    /// A facet's texts in one language.
    FacetTranslation { name };
    /// A facet value's texts in one language.
    FacetValueTranslation { name };
    /// A product's texts in one language.
    ProductTranslation { name, slug, description };
    /// A variant's texts in one language.
    ProductVariantTranslation { name };
    /// An option group's texts in one language.
    ProductOptionGroupTranslation { name };
    /// An option's texts in one language.
    ProductOptionTranslation { name };
    /// A collection's texts in one language.
    CollectionTranslation { name, slug, description };
    /// A country's or province's texts in one language.
    RegionTranslation { name };
    /// A shipping method's texts in one language.
    ShippingMethodTranslation { name, description };
    /// A payment method's texts in one language.
    PaymentMethodTranslation { name, description };
}

/// A text of the catalogue in one language, as translations on the wire.
macro_rules! from_catalogue {
    ($($name:ident of $source:ident { $($field:ident),* $(,)? };)*) => {$(
        impl From<&catalogue::$source> for $name {
            fn from(text: &catalogue::$source) -> Self {
                Self {
                    id: Id(text.id),
                    created_at: text.created_at.into(),
                    updated_at: text.updated_at.into(),
                    language_code: LanguageCode(text.language),
                    $($field: text.$field.clone(),)*
                }
            }
        }
    )*};
}

from_catalogue! {
    AssetTranslation of Translation { name };
    FacetTranslation of Translation { name };
    FacetValueTranslation of Translation { name };
    ProductTranslation of SluggedTranslation { name, slug, description };
    ProductVariantTranslation of Translation { name };
    ProductOptionGroupTranslation of Translation { name };
    ProductOptionTranslation of Translation { name };
    CollectionTranslation of SluggedTranslation { name, slug, description };
}

impl From<&payments::PaymentMethodTranslation> for PaymentMethodTranslation {
    fn from(text: &payments::PaymentMethodTranslation) -> Self {
        Self {
            id: Id(text.id),
            created_at: text.created_at.into(),
            updated_at: text.updated_at.into(),
            language_code: LanguageCode(text.language),
            name: text.name.clone(),
            description: text.description.clone(),
        }
    }
}

/// Names in one language that clients send: `Type` each.
macro_rules! name_inputs {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, InputObject)]
        #[graphql(name_type)]
        pub struct $name {
            /// Its id; the language alone says which text it is.
            pub id: Option<Id>,
            /// The language.
            pub language_code: LanguageCode,
            /// The name; the present one stays when absent.
            pub name: Option<String>,
            /// None.
            pub custom_fields: Option<NoCustomFields>,
        }

        impl async_graphql::TypeName for $name {
            fn type_name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }

        impl From<$name> for catalogue::TranslationInput {
            fn from(input: $name) -> Self {
                Self { language: input.language_code.0, name: input.name }
            }
        }
    )*};
}

name_inputs! {
    /// An asset's name in one language.
    AssetTranslationInput;
    /// A facet's name in one language.
    FacetTranslationInput;
    /// A facet value's name in one language.
    FacetValueTranslationInput;
    /// A variant's name in one language.
    ProductVariantTranslationInput;
    /// The name of an option group, or of an option with it, in one language.
    ProductOptionGroupTranslationInput;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_points_of_pictures_exactly() {
        let ppm = |x, y| CoordinateInput { x, y }.to_ppm();
        assert_eq!(ppm(0.1, 1.0), Some((100_000, 1_000_000)));
        assert_eq!(ppm(-0.25, 0.000_000_4), Some((-250_000, 0)));
        assert_eq!(ppm(f64::MAX, 0.0), None);
    }
}
