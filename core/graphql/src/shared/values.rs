//! Small values that are the same in both endpoints.

use async_graphql::SimpleObject;

use super::enums::LanguageCode;
use crate::scalars::{DateTime, Id};

/// An operation was carried out.
#[derive(SimpleObject)]
#[graphql(name = "Success")]
pub(crate) struct Success {
    /// Whether it was.
    pub(crate) success: bool,
}

/// The point of a picture that stays in view when it is cropped, as fractions of its width and height.
#[derive(SimpleObject)]
#[graphql(name = "Coordinate")]
pub(crate) struct Coordinate {
    /// From the left.
    pub(crate) x: f64,
    /// From the top.
    pub(crate) y: f64,
}

/// An argument of a configurable operation.
#[derive(SimpleObject)]
#[graphql(name = "ConfigArg")]
pub(crate) struct ConfigArg {
    /// Its name.
    pub(crate) name: String,
    /// Its value as text.
    pub(crate) value: String,
}

/// Which of the shop's built-in rules is used, and with what.
#[derive(SimpleObject)]
#[graphql(name = "ConfigurableOperation")]
pub(crate) struct ConfigurableOperation {
    /// The rule.
    pub(crate) code: String,
    /// What it is given.
    pub(crate) args: Vec<ConfigArg>,
}

/// A texts' translation with a name only: `Name of Type`.
macro_rules! translations {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident),* $(,)? };)*) => {$(
        $(#[$doc])*
        #[derive(SimpleObject)]
        #[graphql(name_type)]
        pub(crate) struct $name {
            /// Its id.
            pub(crate) id: Id,
            /// When it was created.
            pub(crate) created_at: DateTime,
            /// When it last changed.
            pub(crate) updated_at: DateTime,
            /// The language of the texts.
            pub(crate) language_code: LanguageCode,
            $($(#[$field_doc])* pub(crate) $field: String,)*
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
    /// A promotion's texts in one language.
    PromotionTranslation { name, description };
    /// A shipping method's texts in one language.
    ShippingMethodTranslation { name, description };
    /// A payment method's texts in one language.
    PaymentMethodTranslation { name, description };
}
