//! The states of an order and what may follow which.

use soko_infra::DatabaseError;

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderState {
    /// Just begun; nobody sees this state.
    Created,
    /// Being put together by an administrator.
    Draft,
    /// A cart.
    AddingItems,
    /// Ready to be paid; its stock is held.
    ArrangingPayment,
    /// Paid with money that is reserved.
    PaymentAuthorized,
    /// Paid.
    PaymentSettled,
    /// Some of it is on its way.
    PartiallyShipped,
    /// All of it is on its way.
    Shipped,
    /// Some of it has arrived.
    PartiallyDelivered,
    /// All of it has arrived.
    Delivered,
    /// Being changed by an administrator after it was placed.
    Modifying,
    /// Waiting for what a change made it cost more.
    ArrangingAdditionalPayment,
    /// Given up.
    Cancelled,
}

use OrderState as S;

impl OrderState {
    /// Every state, in the order of an order's life.
    pub const ALL: [Self; 13] = [
        S::Created,
        S::Draft,
        S::AddingItems,
        S::ArrangingPayment,
        S::PaymentAuthorized,
        S::PaymentSettled,
        S::PartiallyShipped,
        S::Shipped,
        S::PartiallyDelivered,
        S::Delivered,
        S::Modifying,
        S::ArrangingAdditionalPayment,
        S::Cancelled,
    ];

    /// The name that the database and clients use.
    pub fn as_str(self) -> &'static str {
        match self {
            S::Created => "Created",
            S::Draft => "Draft",
            S::AddingItems => "AddingItems",
            S::ArrangingPayment => "ArrangingPayment",
            S::PaymentAuthorized => "PaymentAuthorized",
            S::PaymentSettled => "PaymentSettled",
            S::PartiallyShipped => "PartiallyShipped",
            S::Shipped => "Shipped",
            S::PartiallyDelivered => "PartiallyDelivered",
            S::Delivered => "Delivered",
            S::Modifying => "Modifying",
            S::ArrangingAdditionalPayment => "ArrangingAdditionalPayment",
            S::Cancelled => "Cancelled",
        }
    }

    /// The state that a client names; `None` for a name that no state has.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// The state with this stored name.
    ///
    /// # Errors
    /// A name that the database cannot hold.
    pub fn parse(name: &str) -> Result<Self, DatabaseError> {
        Self::find(name).ok_or_else(|| DatabaseError::corrupt("order state", name))
    }

    /// States that may follow, in the order in which clients see them.
    pub fn next(self) -> &'static [Self] {
        match self {
            S::Created => &[S::AddingItems, S::Draft],
            S::Draft => &[S::Cancelled, S::ArrangingPayment],
            S::AddingItems => &[S::ArrangingPayment, S::Cancelled],
            S::ArrangingPayment => &[S::PaymentAuthorized, S::PaymentSettled, S::AddingItems, S::Cancelled],
            S::PaymentAuthorized => {
                &[S::PaymentSettled, S::Cancelled, S::Modifying, S::ArrangingAdditionalPayment]
            }
            S::PaymentSettled => &[
                S::PartiallyDelivered,
                S::Delivered,
                S::PartiallyShipped,
                S::Shipped,
                S::Cancelled,
                S::Modifying,
                S::ArrangingAdditionalPayment,
            ],
            S::PartiallyShipped => &[S::Shipped, S::PartiallyDelivered, S::Cancelled, S::Modifying],
            S::Shipped => &[S::PartiallyDelivered, S::Delivered, S::Cancelled, S::Modifying],
            S::PartiallyDelivered => &[S::Delivered, S::Cancelled, S::Modifying],
            S::Delivered => &[S::Cancelled],
            S::Modifying | S::ArrangingAdditionalPayment => &[
                S::PaymentAuthorized,
                S::PaymentSettled,
                S::PartiallyShipped,
                S::Shipped,
                S::PartiallyDelivered,
                S::Delivered,
                S::ArrangingAdditionalPayment,
                S::Cancelled,
            ],
            S::Cancelled => &[],
        }
    }

    /// Whether its lines, addresses and delivery may be changed by whoever shops.
    pub fn is_cart(self) -> bool {
        matches!(self, S::AddingItems | S::Draft)
    }

    /// Whether goods of it may be handed over.
    pub fn is_fulfillable(self) -> bool {
        matches!(
            self,
            S::PaymentAuthorized
                | S::PaymentSettled
                | S::PartiallyShipped
                | S::Shipped
                | S::PartiallyDelivered
        )
    }
}
