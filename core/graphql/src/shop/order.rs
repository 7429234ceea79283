//! Orders.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, SimpleObject};
use soko_domain::orders::{self, OrderView};

use super::customer::Customer;
use super::fulfillment::Fulfillment;
use super::history::{HistoryEntry, HistoryEntryList};
use super::lists::HistoryEntries;
use super::order_line::{OrderLine, discount};
use super::payment::Payment;
use super::shipping::ShippingLine;
use crate::context::OfRequest as _;
use crate::error::{ApiResult, Nullable};
use crate::scalars::{DateTime, Id, Json, Money, NO_CUSTOM_FIELDS, Percent};
use crate::shared::absent::{Promotion, Surcharge};
use crate::shared::enums::{CurrencyCode, OrderType};
use crate::shared::list_options::ListOptions;
use crate::shared::loads::each;
use crate::shared::values::{Discount, OrderAddress, OrderTaxSummary};

/// An order: a cart, and what becomes of it.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Order", complex)]
pub struct Order {
    /// Its id.
    pub id: Id,
    /// When it was begun.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// A whole order.
    #[graphql(name = "type")]
    pub kind: OrderType,
    /// When it was placed: when its payment was authorised or settled.
    pub order_placed_at: Option<DateTime>,
    /// What customers call it.
    pub code: String,
    /// Where it stands.
    pub state: &'static str,
    /// Whether it is still a cart.
    pub active: bool,
    /// Where it goes.
    pub shipping_address: Option<OrderAddress>,
    /// Who is billed.
    pub billing_address: Option<OrderAddress>,
    /// Fees on top of it.
    pub surcharges: Vec<Surcharge>,
    /// Coupon codes, in the order in which they were given.
    pub coupon_codes: Vec<String>,
    /// Promotions that apply to it.
    pub promotions: Vec<Promotion>,
    /// Units on all lines.
    pub total_quantity: i64,
    /// The lines' prices after all discounts, without tax.
    pub sub_total: Money,
    /// The lines' prices after all discounts, with tax.
    pub sub_total_with_tax: Money,
    /// The currency of all its amounts.
    pub currency_code: CurrencyCode,
    /// What its delivery costs, without tax.
    pub shipping: Money,
    /// What its delivery costs, with tax.
    pub shipping_with_tax: Money,
    /// What it costs, without tax.
    pub total: Money,
    /// What it costs, with tax.
    pub total_with_tax: Money,
    /// None.
    pub custom_fields: Option<Json>,
    #[graphql(skip)]
    view: Arc<OrderView>,
}

impl From<OrderView> for Order {
    fn from(view: OrderView) -> Self {
        Self::from(Arc::new(view))
    }
}

impl From<Arc<OrderView>> for Order {
    fn from(view: Arc<OrderView>) -> Self {
        let (order, total) = (&view.order, view.total());
        Self {
            id: order.id.into(),
            created_at: order.created_at.into(),
            updated_at: order.updated_at.into(),
            kind: OrderType("Regular"),
            order_placed_at: order.placed_at.map(DateTime),
            code: order.code.clone(),
            state: order.state.as_str(),
            active: order.active,
            shipping_address: order.shipping_address.as_ref().map(OrderAddress::from),
            billing_address: order.billing_address.as_ref().map(OrderAddress::from),
            surcharges: Vec::new(),
            coupon_codes: order.coupon_codes.clone(),
            promotions: Vec::new(),
            total_quantity: order.totals.quantity,
            sub_total: Money(order.totals.sub_total.net),
            sub_total_with_tax: Money(order.totals.sub_total.gross),
            currency_code: CurrencyCode(order.currency),
            shipping: Money(order.totals.shipping.net),
            shipping_with_tax: Money(order.totals.shipping.gross),
            total: Money(total.net),
            total_with_tax: Money(total.gross),
            custom_fields: NO_CUSTOM_FIELDS,
            view,
        }
    }
}

#[ComplexObject]
impl Order {
    /// Who buys.
    async fn customer(&self, context: &Context<'_>) -> Nullable<Customer> {
        Customer::load(context, self.view.order.customer_id?).await.transpose()
    }

    /// Its lines, in the order in which they were added.
    async fn lines(&self) -> ApiResult<Vec<OrderLine>> {
        Ok(OrderLine::all(&self.view)?)
    }

    /// Every adjustment of its prices, those of one source and reason together.
    async fn discounts(&self) -> ApiResult<Vec<Discount>> {
        Ok(self.view.discounts()?.into_iter().map(discount).collect())
    }

    /// Its payments, and attempts at them.
    async fn payments(&self, context: &Context<'_>) -> Nullable<Vec<Payment>> {
        if self.view.is_untried {
            return Some(Ok(Vec::new()));
        }
        Some(context.request().payments_of_order(self.id.into()).await.map(|payments| each(&payments)))
    }

    /// What has been handed over of it.
    async fn fulfillments(&self, context: &Context<'_>) -> Nullable<Vec<Fulfillment>> {
        let handed_over = context.request().fulfillments_of_order(self.id.into()).await;
        Some(handed_over.map(|all| {
            let all = all.iter().flat_map(|all| all.iter());
            all.map(|one| Fulfillment::new(one, &self.view)).collect()
        }))
    }

    /// The chosen delivery; none before it is chosen.
    async fn shipping_lines(&self) -> Vec<ShippingLine> {
        self.view.shipping.iter().map(|(line, prices)| ShippingLine::new(line, prices)).collect()
    }

    /// Its tax by rate.
    async fn tax_summary(&self) -> ApiResult<Vec<OrderTaxSummary>> {
        let summary = |rate: orders::TaxSummary| OrderTaxSummary {
            description: rate.tax.description,
            tax_rate: Percent(rate.tax.rate),
            tax_base: Money(rate.base),
            tax_total: Money(rate.total),
        };
        Ok(self.view.tax_summary()?.into_iter().map(summary).collect())
    }

    /// What happened to it, as far as its customer may know.
    async fn history(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<HistoryEntries>>,
    ) -> ApiResult<HistoryEntryList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.orders.history(&request.actor(), self.id.into(), &query).await?;
        Ok(HistoryEntryList {
            items: page.items.iter().map(HistoryEntry::from).collect(),
            total_items: page.total,
        })
    }
}

impl From<&orders::OrderAddress> for OrderAddress {
    fn from(address: &orders::OrderAddress) -> Self {
        let orders::OrderAddress {
            full_name,
            company,
            street_line1,
            street_line2,
            city,
            province,
            postal_code,
            country,
            country_code,
            phone_number,
        } = address.clone();
        Self {
            full_name,
            company,
            street_line1,
            street_line2,
            city,
            province,
            postal_code,
            country,
            country_code,
            phone_number,
            custom_fields: NO_CUSTOM_FIELDS,
        }
    }
}

/// A page of orders.
#[derive(SimpleObject)]
#[graphql(name = "OrderList")]
pub struct OrderList {
    /// This page.
    pub items: Vec<Order>,
    /// Orders in the whole list.
    pub total_items: i64,
}
