//! Goods handed over: which units of which lines, and where they are.

mod repo;

use std::collections::HashMap;

use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, FulfillmentId, OrderId, OrderLineId, Timestamp};

use super::entity::OrderLine;
use super::error::OrderError;
use super::state::OrderState;

/// Where a fulfillment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FulfillmentState {
    /// Just made.
    Created,
    /// Being packed.
    Pending,
    /// On its way.
    Shipped,
    /// Arrived.
    Delivered,
    /// Given up.
    Cancelled,
}

impl FulfillmentState {
    const ALL: [Self; 5] = [Self::Created, Self::Pending, Self::Shipped, Self::Delivered, Self::Cancelled];

    /// The name that the database and clients use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "Created",
            Self::Pending => "Pending",
            Self::Shipped => "Shipped",
            Self::Delivered => "Delivered",
            Self::Cancelled => "Cancelled",
        }
    }

    /// The state that a client names.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    pub(super) fn parse(name: &str) -> Result<Self, DatabaseError> {
        Self::find(name).ok_or_else(|| DatabaseError::corrupt("fulfillment state", name))
    }

    /// States that may follow.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Created => &[Self::Pending],
            Self::Pending => &[Self::Shipped, Self::Delivered, Self::Cancelled],
            Self::Shipped => &[Self::Delivered, Self::Cancelled],
            Self::Delivered => &[Self::Cancelled],
            Self::Cancelled => &[],
        }
    }
}

/// Units of an order's lines that are handed over together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fulfillment {
    /// Its id.
    pub id: FulfillmentId,
    /// The order.
    pub order_id: OrderId,
    /// Where it stands.
    pub state: FulfillmentState,
    /// How the goods travel.
    pub method: String,
    /// The carrier's reference; may be empty.
    pub tracking_code: String,
    /// What is in it.
    pub lines: Vec<FulfillmentLine>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Units of one line in a fulfillment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct FulfillmentLine {
    /// The fulfillment.
    pub fulfillment_id: FulfillmentId,
    /// The line.
    pub order_line_id: OrderLineId,
    /// Units.
    pub quantity: i64,
}

/// A fulfillment to be made.
#[derive(Debug, Clone)]
pub struct NewFulfillment {
    /// Lines and units; at least one.
    pub lines: Vec<(OrderLineId, i64)>,
    /// How the goods travel.
    pub method: String,
    /// The carrier's reference; may be empty.
    pub tracking_code: String,
}

impl NewFulfillment {
    /// The same with each line once.
    pub(super) fn by_line(self) -> Self {
        let mut lines: Vec<(OrderLineId, i64)> = Vec::with_capacity(self.lines.len());
        for (line, quantity) in self.lines {
            match lines.iter_mut().find(|(known, _)| *known == line) {
                // Too many units are refused later; none may turn into few.
                Some((_, units)) => *units = units.saturating_add(quantity),
                None => lines.push((line, quantity)),
            }
        }
        Self { lines, ..self }
    }
}

/// Checks that these units exist in the order and are not in another fulfillment.
pub(super) fn check(
    lines: &[OrderLine],
    existing: &[Fulfillment],
    wanted: &[(OrderLineId, i64)],
) -> Result<(), OrderError> {
    if wanted.is_empty() || wanted.iter().any(|(_, quantity)| *quantity <= 0) {
        return Err(OrderError::Fulfillment("it needs at least one line with at least one unit".to_owned()));
    }
    let mut taken: HashMap<OrderLineId, i64> = HashMap::new();
    let live = existing.iter().filter(|one| one.state != FulfillmentState::Cancelled);
    for line in live.flat_map(|one| &one.lines) {
        *taken.entry(line.order_line_id).or_default() += line.quantity;
    }
    for (id, quantity) in wanted {
        let line = lines.iter().find(|line| line.id == Some(*id));
        let line = line.ok_or_else(|| OrderError::LineNotFound(id.to_string()))?;
        let total = taken.entry(*id).or_default();
        *total = total.saturating_add(*quantity);
        if *total > line.quantity {
            let message =
                format!("line {id} has {} units, of which fewer than {quantity} are left", line.quantity);
            return Err(OrderError::Fulfillment(message));
        }
    }
    Ok(())
}

/// The state of an order whose fulfillments are these; `None` when they say nothing about it.
pub(super) fn order_state(lines: &[OrderLine], fulfillments: &[Fulfillment]) -> Option<OrderState> {
    let units = |states: &[FulfillmentState]| -> i64 {
        let counted = fulfillments.iter().filter(|one| states.contains(&one.state));
        counted.flat_map(|one| &one.lines).map(|line| line.quantity).sum()
    };
    let all: i64 = lines.iter().map(|line| line.quantity).sum();
    let delivered = units(&[FulfillmentState::Delivered]);
    let shipped = units(&[FulfillmentState::Shipped, FulfillmentState::Delivered]);
    match (delivered, shipped) {
        (delivered, _) if all > 0 && delivered >= all => Some(OrderState::Delivered),
        (1.., _) => Some(OrderState::PartiallyDelivered),
        (_, shipped) if all > 0 && shipped >= all => Some(OrderState::Shipped),
        (_, 1..) => Some(OrderState::PartiallyShipped),
        _ => None,
    }
}

pub(super) async fn insert_in_tx(
    tx: &mut Tx,
    scope: ChannelScope,
    order: OrderId,
    new: &NewFulfillment,
    now: Timestamp,
) -> Result<Fulfillment, DatabaseError> {
    repo::insert(tx, scope, order, new, now).await
}

pub(super) async fn set_state_in_tx(
    tx: &mut Tx,
    scope: ChannelScope,
    fulfillment: &mut Fulfillment,
    to: FulfillmentState,
    now: Timestamp,
) -> Result<(), OrderError> {
    let from = fulfillment.state;
    if !from.next().contains(&to) {
        return Err(OrderError::FulfillmentTransition { from, to });
    }
    repo::set_state(tx, scope, fulfillment.id, from, to, now).await?;
    fulfillment.state = to;
    Ok(())
}

pub(super) async fn of_orders(
    reader: &mut Reader,
    scope: ChannelScope,
    orders: &[OrderId],
) -> Result<Vec<Fulfillment>, DatabaseError> {
    repo::of_orders(reader, scope, orders).await
}

pub(super) async fn order_of(
    reader: &mut Reader,
    scope: ChannelScope,
    id: FulfillmentId,
) -> Result<Option<OrderId>, DatabaseError> {
    repo::order_of(reader, scope, id).await
}
