//! How the use cases of credit are refused.

use soko_infra::DatabaseError;
use soko_kernel::query::InvalidListQuery;
use soko_kernel::{ErrorKind, Forbidden, OrderId, SupplierPurchaseId};

use super::entity::DURATION_DAYS_MAX;
use crate::channels::ChannelError;
use crate::customers::CustomerError;
use crate::ledger::LedgerError;

/// Why nothing is bought on account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CreditRefusal {
    /// An order without a customer, or one that is somebody else's.
    #[error("only the customer whose order it is can pay on account")]
    NotTheCustomer,
    /// There is no credit.
    #[error("credit is not approved")]
    NotApproved,
    /// No more credit is given for now.
    #[error("the account is frozen")]
    Frozen,
    /// More than is left of the limit.
    #[error("the credit limit would be exceeded: {available} is available")]
    LimitExceeded {
        /// Minor units that are left.
        available: i64,
    },
    /// More than there is of the deposit.
    #[error("the deposit does not suffice: {available} is available")]
    DepositExceeded {
        /// Minor units that there are.
        available: i64,
    },
    /// An order in another currency than the accounts have.
    #[error("accounts are in the channel's currency, and the order is not")]
    Currency,
}

/// Why an operation on credit failed.
#[derive(Debug, thiserror::Error)]
pub enum CreditError {
    /// Nothing is given on account.
    #[error(transparent)]
    Refused(#[from] CreditRefusal),
    /// A limit below zero.
    #[error("a credit limit is zero or more")]
    InvalidLimit,
    /// No days, or too many.
    #[error("what is bought on account is to be paid within 1 to {DURATION_DAYS_MAX} days")]
    InvalidDuration,
    /// An amount that is nothing, or less.
    #[error("an amount is more than zero, not {0}")]
    InvalidAmount(i64),
    /// Nothing is unpaid, and the money is not to be kept.
    #[error("nothing is owed")]
    NothingOwed,
    /// Nothing is unpaid of this order by this customer.
    #[error("the customer owes nothing for the order {0}")]
    NothingOwedFor(OrderId),
    /// Nothing is unpaid of this purchase.
    #[error("nothing is owed to the supplier for the purchase {0}")]
    NothingOwedForPurchase(SupplierPurchaseId),
    /// More than is unpaid.
    #[error("only {owed} is owed")]
    MoreThanOwed {
        /// Minor units that are unpaid.
        owed: i64,
    },
    /// A correction without a reason.
    #[error("a reason has 1 to 500 characters")]
    InvalidReason,
    /// A reference that is empty or too long.
    #[error("a purchase's reference has 1 to 64 characters")]
    InvalidReference,
    /// Another purchase of the supplier has the reference.
    #[error("another purchase of this supplier has the reference {0:?}")]
    ReferenceInUse(String),
    /// More things than one operation takes.
    #[error("at most {} at once", soko_kernel::IDS_MAX)]
    TooMany,
    /// A sum does not fit into 64 bits.
    #[error("the amounts are too large")]
    Overflow,
    /// A list that cannot be read as asked.
    #[error(transparent)]
    Query(#[from] InvalidListQuery),
    /// Channels.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// Customers.
    #[error(transparent)]
    Customer(#[from] CustomerError),
    /// The books.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl CreditError {
    /// The kind that clients can tell apart.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(_)
            | Self::NothingOwed
            | Self::NothingOwedFor(_)
            | Self::NothingOwedForPurchase(_)
            | Self::MoreThanOwed { .. }
            | Self::ReferenceInUse(_) => ErrorKind::Conflict,
            Self::InvalidLimit
            | Self::InvalidDuration
            | Self::InvalidAmount(_)
            | Self::InvalidReason
            | Self::InvalidReference
            | Self::TooMany
            | Self::Overflow
            | Self::Query(_) => ErrorKind::InvalidInput,
            Self::Channel(error) => error.kind(),
            Self::Customer(error) => error.kind(),
            Self::Ledger(error) => error.kind(),
            Self::Forbidden(error) => error.kind(),
            Self::Database(error) => error.kind(),
        }
    }
}
