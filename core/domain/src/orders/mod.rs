//! Orders: from an empty cart to goods handed over.
//!
//! An orchestrator: it reads on a snapshot, asks its neighbours (catalogue, tax, pricing, shipping, stock, payments),
//! and writes what they decided in one short transaction. Invariants: a change is written only onto the version of
//! the order that was read, else it is read and decided again; the parts of an order sum to its total; stock is held
//! when payment is arranged and allocated with the payment; a plugin never runs inside a transaction.

mod administration;
mod bookkeeping;
mod callbacks;
mod cart;
mod checkout;
mod entity;
mod error;
mod event;
mod fulfillment;
mod history;
mod known;
mod login;
mod notes;
mod on_account;
mod paying;
mod read;
mod reconciling;
mod refunding;
mod repo;
mod reprice;
mod shopping;
mod state;
#[cfg(test)]
mod tests;
mod transitions;
mod trial;
mod view;

use std::time::Duration;

use soko_infra::Database;
use soko_kernel::{Clock, token::Random};

use self::known::KnownCarts;
use crate::auth::Auth;
use crate::catalogue::FacetCodes;
use crate::payments::Payments;
use crate::pricing::PricingEngine;
use crate::shipping::Shipping;
use crate::tax::Tax;

pub use callbacks::CallbackError;
pub use cart::ORDER_ITEMS_MAX;
pub use entity::{Discount, Order, OrderAddress, OrderLine, ShippingLine, TaxSummary};
pub use error::OrderError;
pub use event::{OrderPlaced, OrderStateChanged, PaymentStateChanged, RefundStateChanged};
pub use fulfillment::{Fulfillment, FulfillmentLine, FulfillmentState, NewFulfillment};
pub use history::HistoryEntry;
pub use on_account::UnpaidOrder;
pub use paying::PaymentInput;
pub use reconciling::FoundOut;
pub use refunding::RefundInput;
pub use shopping::Changed;
pub use state::OrderState;
pub use transitions::ManualPayment;
pub use trial::TrialOrder;
pub use view::{LineView, OrderView};

/// How often a change is decided anew when the order changed meanwhile.
const ATTEMPTS_MAX: usize = 8;
/// How long stock is held for an order that is being paid.
const HOLD_LIFETIME: Duration = Duration::from_mins(30);
/// How long a guest may read an order by its code after placing it.
const GUEST_READS_ORDER_FOR: Duration = Duration::from_hours(2);

/// The use cases of orders. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Orders {
    database: Database,
    clock: Clock,
    random: Random,
    auth: Auth,
    tax: Tax,
    shipping: Shipping,
    payments: Payments,
    pricing: PricingEngine,
    facet_codes: FacetCodes,
    known: KnownCarts,
}

/// What orders stand on.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the services by their names")]
pub struct Neighbours {
    pub auth: Auth,
    pub tax: Tax,
    pub shipping: Shipping,
    pub payments: Payments,
    pub pricing: PricingEngine,
}

impl Orders {
    /// The service over this store.
    pub fn new(database: Database, clock: Clock, random: Random, neighbours: Neighbours) -> Self {
        let Neighbours { auth, tax, shipping, payments, pricing } = neighbours;
        let (facet_codes, known) = (FacetCodes::default(), KnownCarts::default());
        Self { database, clock, random, auth, tax, shipping, payments, pricing, facet_codes, known }
    }
}
