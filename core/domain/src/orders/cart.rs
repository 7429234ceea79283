//! An order under change: what is asked of it, and what that makes of it. Pure.

use std::collections::HashMap;

use soko_kernel::{Currency, OrderId, OrderLineId, ShippingMethodId, Timestamp, VariantId};

use super::entity::{Order, OrderAddress, OrderLine, ShippingLine};
use super::error::OrderError;
use super::state::OrderState;
use crate::catalogue::Variant;
use crate::customers::GuestCustomer;
use crate::inventory::Saleable;
use crate::pricing::OrderPrices;

/// Most units of one order, and of one line.
pub const ORDER_ITEMS_MAX: i64 = 999;

/// An order with everything that deciding about it needs.
#[derive(Debug, Clone)]
pub(super) struct Cart {
    pub(super) order: Order,
    pub(super) lines: Vec<OrderLine>,
    pub(super) shipping: Option<ShippingLine>,
    /// Whether certainly nobody has tried to pay for it yet. Each payment that begins raises the order's version.
    pub(super) is_untried: bool,
    /// The variants of its lines, and those that are about to be added.
    pub(super) variants: HashMap<VariantId, Variant>,
}

/// One thing that whoever shops asks of the cart.
#[derive(Debug, Clone)]
pub(super) enum Edit {
    AddItems(Vec<(VariantId, i64)>),
    AdjustLine(OrderLineId, i64),
    RemoveAll,
    SetCustomer(GuestCustomer),
    SetShippingAddress(Option<OrderAddress>),
    SetBillingAddress(Option<OrderAddress>),
    SetShippingMethod(ShippingMethodId),
}

impl Edit {
    /// Variants whose stock decides about the edit, besides those of the cart.
    pub(super) fn new_variants(&self) -> Vec<VariantId> {
        match self {
            Self::AddItems(items) => items.iter().map(|(variant, _)| *variant).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it can ask for more units than before.
    pub(super) fn needs_stock(&self) -> bool {
        matches!(self, Self::AddItems(_) | Self::AdjustLine(..))
    }
}

impl Cart {
    /// A new, empty cart.
    pub(super) fn empty(currency: Currency, code: String, now: Timestamp) -> Self {
        let order = Order {
            id: OrderId(0),
            code,
            state: OrderState::AddingItems,
            active: true,
            customer_id: None,
            currency,
            shipping_address: None,
            billing_address: None,
            coupon_codes: Vec::new(),
            totals: OrderPrices::default(),
            placed_at: None,
            version: 0,
            created_at: now,
            updated_at: now,
        };
        Self { order, lines: Vec::new(), shipping: None, is_untried: true, variants: HashMap::new() }
    }

    /// Whether the order is not stored yet.
    pub(super) fn is_new(&self) -> bool {
        self.order.version == 0
    }

    /// Adds units of several variants, each for itself: what cannot be added is refused, the rest is added.
    ///
    /// # Errors
    /// A variant that is not sold: nothing of the cart is to be kept then.
    pub(super) fn add_items(
        &mut self,
        items: &[(VariantId, i64)],
        stock: &HashMap<VariantId, Saleable>,
        now: Timestamp,
    ) -> Result<Vec<OrderError>, OrderError> {
        let mut refusals = Vec::new();
        for (variant, quantity) in items {
            match self.add_item(*variant, *quantity, stock, now) {
                Ok(()) => {}
                Err(unknown @ OrderError::VariantNotFound(_)) => return Err(unknown),
                Err(refusal) => refusals.push(refusal),
            }
        }
        Ok(refusals)
    }

    fn add_item(
        &mut self,
        variant_id: VariantId,
        quantity: i64,
        stock: &HashMap<VariantId, Saleable>,
        now: Timestamp,
    ) -> Result<(), OrderError> {
        self.check_modifiable()?;
        if quantity < 0 {
            return Err(OrderError::NegativeQuantity);
        }
        let variant = self.variants.get(&variant_id).filter(|variant| variant.is_sold());
        let unit_list_price =
            variant.ok_or_else(|| OrderError::VariantNotFound(variant_id.to_string()))?.list_price.minor();
        if quantity == 0 {
            return Ok(());
        }
        let present = self.lines.iter().position(|line| line.variant_id == variant_id);
        let before = present.map_or(0, |index| self.lines[index].quantity);
        let wanted = before.checked_add(quantity).ok_or(OrderError::Limit { max_items: ORDER_ITEMS_MAX })?;
        self.check_limit(before, wanted)?;
        let allowed = most(stock, variant_id).min(wanted).max(before);
        match present {
            Some(index) => self.lines[index].quantity = allowed,
            None if allowed > 0 => self.lines.push(OrderLine::new(variant_id, allowed, unit_list_price, now)),
            None => {}
        }
        enough(wanted, allowed)
    }

    /// Sets a line's quantity; zero removes it.
    pub(super) fn adjust_line(
        &mut self,
        id: OrderLineId,
        quantity: i64,
        stock: &HashMap<VariantId, Saleable>,
    ) -> Result<(), OrderError> {
        self.check_modifiable()?;
        if quantity < 0 {
            return Err(OrderError::NegativeQuantity);
        }
        let index = self.lines.iter().position(|line| line.id == Some(id));
        let index = index.ok_or_else(|| OrderError::LineNotFound(id.to_string()))?;
        let (variant, before) = (self.lines[index].variant_id, self.lines[index].quantity);
        self.check_limit(before, quantity)?;
        let allowed = most(stock, variant).min(quantity);
        self.lines[index].quantity = allowed;
        if allowed == 0 {
            self.lines.remove(index);
        }
        enough(quantity, allowed)
    }

    pub(super) fn remove_all(&mut self) -> Result<(), OrderError> {
        self.check_modifiable()?;
        self.lines.clear();
        Ok(())
    }

    pub(super) fn check_modifiable(&self) -> Result<(), OrderError> {
        if self.order.state.is_cart() { Ok(()) } else { Err(OrderError::NotModifiable(self.order.state)) }
    }

    fn check_limit(&self, before: i64, wanted: i64) -> Result<(), OrderError> {
        let all: i64 = self.lines.iter().map(|line| line.quantity).sum();
        if wanted > before && all - before > ORDER_ITEMS_MAX - wanted {
            return Err(OrderError::Limit { max_items: ORDER_ITEMS_MAX });
        }
        Ok(())
    }

    /// Whether the order may go to `to` now, as far as the order itself can tell.
    pub(super) fn check_transition(&self, to: OrderState) -> Result<(), OrderError> {
        let from = self.order.state;
        if !from.next().contains(&to) {
            let reason = format!("cannot transition order from \"{}\" to \"{}\"", from.as_str(), to.as_str());
            return Err(transition(from, to, reason));
        }
        if to != OrderState::ArrangingPayment {
            return Ok(());
        }
        let reason = if self.lines.is_empty() {
            "cannot transition order to the \"ArrangingPayment\" state when it is empty"
        } else if self.order.customer_id.is_none() {
            "cannot transition order to the \"ArrangingPayment\" state without a customer"
        } else if self.shipping.is_none() {
            "cannot transition order to the \"ArrangingPayment\" state without a shipping method"
        } else {
            return Ok(());
        };
        Err(transition(from, to, reason))
    }
}

/// A refused transition.
pub(super) fn transition(from: OrderState, to: OrderState, reason: impl Into<String>) -> OrderError {
    OrderError::StateTransition { from, to: to.as_str().to_owned(), reason: reason.into() }
}

pub(super) fn most(stock: &HashMap<VariantId, Saleable>, variant: VariantId) -> i64 {
    stock.get(&variant).map_or(0, |saleable| saleable.at_most(ORDER_ITEMS_MAX))
}

fn enough(wanted: i64, allowed: i64) -> Result<(), OrderError> {
    if allowed < wanted { Err(OrderError::InsufficientStock { quantity_available: allowed }) } else { Ok(()) }
}
