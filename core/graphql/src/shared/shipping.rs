//! Ways to deliver.

use async_graphql::SimpleObject;
use soko_domain::pricing::TaxBasis;
use soko_domain::shipping;
use soko_kernel::Actor;

use super::enums::LanguageCode;
use super::values::{ConfigurableOperation, ShippingMethodQuote, ShippingMethodTranslation};
use crate::error::ApiResult;
use crate::scalars::{DateTime, Id, Json, Money, NO_CUSTOM_FIELDS};

/// A way to deliver.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "ShippingMethod")]
pub struct ShippingMethod {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// The language of its texts.
    pub language_code: LanguageCode,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Who hands the goods over.
    pub fulfillment_handler_code: String,
    /// Which orders it delivers.
    pub checker: ConfigurableOperation,
    /// What it costs.
    pub calculator: ConfigurableOperation,
    /// Its texts in every language.
    pub translations: Vec<ShippingMethodTranslation>,
    /// None.
    pub custom_fields: Option<Json>,
}

impl ShippingMethod {
    /// The method, with its texts in the actor's language.
    pub(crate) fn of(actor: &Actor, method: &shipping::ShippingMethod) -> Self {
        let text = method.text(actor.language, actor.channel.default_language);
        Self {
            id: method.id.into(),
            created_at: method.created_at.into(),
            updated_at: method.updated_at.into(),
            language_code: LanguageCode(text.map_or(actor.language, |text| text.language)),
            code: method.code.clone(),
            name: text.map(|text| text.name.clone()).unwrap_or_default(),
            description: text.map(|text| text.description.clone()).unwrap_or_default(),
            fulfillment_handler_code: method.fulfillment_handler.clone(),
            checker: ConfigurableOperation::from(&method.checker),
            calculator: ConfigurableOperation::from(&method.calculator),
            translations: method.translations.iter().map(ShippingMethodTranslation::from).collect(),
            custom_fields: NO_CUSTOM_FIELDS,
        }
    }
}

impl ShippingMethodQuote {
    /// What a method offers an order.
    ///
    /// # Errors
    /// Overflow.
    pub(crate) fn of(actor: &Actor, quote: &shipping::ShippingQuote) -> ApiResult<Self> {
        let text = quote.method.text(actor.language, actor.channel.default_language);
        let basis = TaxBasis { rate: quote.tax_rate, includes_tax: quote.includes_tax };
        let price = basis.split(quote.list_price)?;
        Ok(Self {
            id: quote.method.id.into(),
            price: Money(price.net),
            price_with_tax: Money(price.gross),
            code: quote.method.code.clone(),
            name: text.map(|text| text.name.clone()).unwrap_or_default(),
            description: text.map(|text| text.description.clone()).unwrap_or_default(),
            metadata: None,
            custom_fields: NO_CUSTOM_FIELDS,
        })
    }
}

impl From<&shipping::ShippingMethodTranslation> for ShippingMethodTranslation {
    fn from(text: &shipping::ShippingMethodTranslation) -> Self {
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
