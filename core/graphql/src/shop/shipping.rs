//! The delivery of an order, and the ways to deliver that the shop offers.

use async_graphql::{ComplexObject, Context, SimpleObject};
use soko_domain::{orders, pricing, shipping};
use soko_kernel::{Actor, ErrorKind, ShippingMethodId};

use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult};
use crate::scalars::{Id, Json, Money, NO_CUSTOM_FIELDS};
use crate::shared::shipping::ShippingMethod;
use crate::shared::values::{Discount, ShippingMethodTranslation};

/// The chosen delivery of an order.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "ShippingLine", complex)]
pub struct ShippingLine {
    /// Its id.
    pub id: Id,
    /// Without tax.
    pub price: Money,
    /// With tax.
    pub price_with_tax: Money,
    /// After discounts, without tax.
    pub discounted_price: Money,
    /// After discounts, with tax.
    pub discounted_price_with_tax: Money,
    /// Discounts of the delivery: there are none.
    pub discounts: Vec<Discount>,
    /// None.
    pub custom_fields: Option<Json>,
    #[graphql(skip)]
    method_id: ShippingMethodId,
}

impl ShippingLine {
    /// A delivery and what it costs.
    pub(super) fn new(line: &orders::ShippingLine, prices: &pricing::ShippingPrices) -> Self {
        let (net, gross) = (Money(prices.price.net), Money(prices.price.gross));
        Self {
            id: line.id.map_or(Id(0), Id::from),
            price: net,
            price_with_tax: gross,
            discounted_price: net,
            discounted_price_with_tax: gross,
            discounts: Vec::new(),
            custom_fields: NO_CUSTOM_FIELDS,
            method_id: line.shipping_method_id,
        }
    }
}

#[ComplexObject]
impl ShippingLine {
    /// The way to deliver.
    async fn shipping_method(&self, context: &Context<'_>) -> ApiResult<ShippingMethod> {
        let request = context.request();
        let actor = request.actor();
        let setup = request.services.shipping.setup(&actor).await?;
        if let Some(method) = setup.methods().find(|method| method.id == self.method_id) {
            return Ok(ShippingMethod::of(&actor, method));
        }
        // Deleted since, and still named by the order.
        let method = request.shipping_method(self.method_id).await?;
        let gone = || ApiError::new(ErrorKind::NotFound, "the shipping method of this order is gone");
        method.map(|method| ShippingMethod::of(&actor, &method)).ok_or_else(gone)
    }
}

/// A way to deliver that the shop offers.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PublicShippingMethod")]
pub struct PublicShippingMethod {
    /// Its id.
    pub id: Id,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Its texts in every language.
    pub translations: Vec<ShippingMethodTranslation>,
    /// None.
    pub custom_fields: Option<Json>,
}

impl PublicShippingMethod {
    /// The method, with its texts in the actor's language.
    pub(super) fn of(actor: &Actor, method: &shipping::ShippingMethod) -> Self {
        let text = method.text(actor.language, actor.channel.default_language);
        Self {
            id: method.id.into(),
            code: method.code.clone(),
            name: text.map(|text| text.name.clone()).unwrap_or_default(),
            description: text.map(|text| text.description.clone()),
            translations: method.translations.iter().map(ShippingMethodTranslation::from).collect(),
            custom_fields: NO_CUSTOM_FIELDS,
        }
    }
}
