//! Lines of an order, with every stage of their prices.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, SimpleObject};
use soko_domain::orders::{self, LineView, OrderView};
use soko_domain::pricing::{AdjustmentKind, TaxedAmount};
use soko_kernel::MoneyError;

use super::fulfillment::FulfillmentLine;
use super::order::Order;
use super::variant::ProductVariant;
use crate::context::OfRequest as _;
use crate::error::{ApiResult, Nullable};
use crate::scalars::{DateTime, Id, Json, Money, NO_CUSTOM_FIELDS, Percent};
use crate::shared::asset::Asset;
use crate::shared::enums::AdjustmentType;
use crate::shared::values::{Discount, TaxLine};

/// Some units of a variant.
///
/// Prices come in stages: the list price; discounted, after the adjustments of the line; prorated, after its share of
/// the adjustments of the whole order. The order's sub-total is the sum of the prorated line prices.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "OrderLine", complex)]
pub struct OrderLine {
    pub id: Id,
    pub created_at: DateTime,
    pub updated_at: DateTime,
    pub unit_price: Money,
    pub unit_price_with_tax: Money,
    pub unit_price_change_since_added: Money,
    pub unit_price_with_tax_change_since_added: Money,
    pub discounted_unit_price: Money,
    pub discounted_unit_price_with_tax: Money,
    pub prorated_unit_price: Money,
    pub prorated_unit_price_with_tax: Money,
    pub quantity: i64,
    pub order_placed_quantity: i64,
    pub tax_rate: Percent,
    pub line_price: Money,
    pub line_price_with_tax: Money,
    pub discounted_line_price: Money,
    pub discounted_line_price_with_tax: Money,
    pub prorated_line_price: Money,
    pub prorated_line_price_with_tax: Money,
    pub line_tax: Money,
    pub custom_fields: Option<Json>,
    #[graphql(skip)]
    view: Arc<OrderView>,
    #[graphql(skip)]
    index: usize,
}

impl OrderLine {
    /// All lines of an order.
    ///
    /// # Errors
    /// Overflow.
    pub(super) fn all(view: &Arc<OrderView>) -> Result<Vec<Self>, MoneyError> {
        view.lines.iter().enumerate().map(|(index, line)| Self::new(view, index, line)).collect()
    }

    /// The line with this id.
    ///
    /// # Errors
    /// Overflow.
    pub(super) fn find(view: &Arc<OrderView>, id: Id) -> Result<Option<Self>, MoneyError> {
        let found = view.lines.iter().enumerate().find(|(_, line)| line_id(line) == id);
        found.map(|(index, line)| Self::new(view, index, line)).transpose()
    }

    fn new(view: &Arc<OrderView>, index: usize, held: &LineView) -> Result<Self, MoneyError> {
        let (line, prices) = (&held.line, &held.prices);
        let (unit, change) = (prices.unit, line.unit_price_change()?);
        let discounted_unit = prices.discounted.per_unit(line.quantity);
        let prorated_unit = prices.prorated.per_unit(line.quantity);
        Ok(Self {
            id: line_id(held),
            created_at: line.created_at.into(),
            updated_at: line.updated_at.into(),
            unit_price: net(unit),
            unit_price_with_tax: gross(unit),
            unit_price_change_since_added: net(change),
            unit_price_with_tax_change_since_added: gross(change),
            discounted_unit_price: net(discounted_unit),
            discounted_unit_price_with_tax: gross(discounted_unit),
            prorated_unit_price: net(prorated_unit),
            prorated_unit_price_with_tax: gross(prorated_unit),
            quantity: line.quantity,
            order_placed_quantity: line.placed_quantity,
            tax_rate: Percent(line.tax.rate),
            line_price: net(prices.line),
            line_price_with_tax: gross(prices.line),
            discounted_line_price: net(prices.discounted),
            discounted_line_price_with_tax: gross(prices.discounted),
            prorated_line_price: net(prices.prorated),
            prorated_line_price_with_tax: gross(prices.prorated),
            line_tax: Money(prices.prorated.tax()),
            custom_fields: NO_CUSTOM_FIELDS,
            view: Arc::clone(view),
            index,
        })
    }

    fn held(&self) -> Option<&LineView> {
        self.view.lines.get(self.index)
    }
}

#[ComplexObject]
impl OrderLine {
    /// What is bought.
    async fn product_variant(&self) -> ApiResult<ProductVariant> {
        let held =
            self.held().ok_or_else(|| crate::error::ApiError::internal(&"a line outside its order"))?;
        Ok(ProductVariant::from(&held.variant))
    }

    /// The picture that stands for what is bought: the variant's, else the product's.
    async fn featured_asset(&self, context: &Context<'_>) -> Nullable<Asset> {
        let variant = self.held().map(|held| &held.variant);
        let id = variant.and_then(|variant| variant.featured_asset_id.or(variant.product.featured_asset_id));
        Asset::load(context, id).await.transpose()
    }

    /// Every adjustment of its prices, in the order of application.
    async fn discounts(&self) -> Vec<Discount> {
        self.held().into_iter().flat_map(LineView::discounts).map(discount).collect()
    }

    /// The tax that applies.
    async fn tax_lines(&self) -> Vec<TaxLine> {
        let tax = self.held().map(|held| &held.line.tax);
        let line = |tax: &soko_domain::pricing::AppliedTax| TaxLine {
            description: tax.description.clone(),
            tax_rate: Percent(tax.rate),
        };
        tax.into_iter().map(line).collect()
    }

    /// The order that it is a line of.
    async fn order(&self) -> Order {
        Order::from(Arc::clone(&self.view))
    }

    /// What has been handed over of it.
    async fn fulfillment_lines(&self, context: &Context<'_>) -> Nullable<Vec<FulfillmentLine>> {
        let handed_over = context.request().fulfillments_of_order(self.view.order.id).await;
        Some(handed_over.map(|all| {
            let lines = all.iter().flat_map(|all| all.iter());
            let lines = lines.flat_map(|one| FulfillmentLine::all(one, &self.view));
            lines.filter(|line| line.order_line_id == self.id).collect()
        }))
    }
}

/// A discount for the wire.
pub(super) fn discount(discount: orders::Discount) -> Discount {
    Discount {
        adjustment_source: discount.source,
        kind: AdjustmentType(match discount.kind {
            AdjustmentKind::Line => "PROMOTION",
            AdjustmentKind::Distributed => "DISTRIBUTED_ORDER_PROMOTION",
        }),
        description: discount.description,
        amount: net(discount.amount),
        amount_with_tax: gross(discount.amount),
    }
}

fn line_id(held: &LineView) -> Id {
    held.line.id.map_or(Id(0), Id::from)
}

fn net(amount: TaxedAmount) -> Money {
    Money(amount.net)
}

fn gross(amount: TaxedAmount) -> Money {
    Money(amount.gross)
}
