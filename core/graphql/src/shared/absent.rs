//! Things that other types name and the core does not have yet, or does not show: no value of them exists.

use super::vocabulary::declared_only;

declared_only! {
    /// A rule that changes the prices of orders which meet its conditions.
    Promotion,
    /// A fee on top of an order.
    Surcharge,
    /// A stored address of a customer.
    Address,
    /// Somebody who can log in, behind a customer.
    User,
}
