//! Things that orders name and the core does not have yet: no value of them exists.

use super::vocabulary::declared_only;

declared_only! {
    /// A rule that changes the prices of orders which meet its conditions.
    Promotion,
    /// Money given back.
    Refund,
    /// A fee on top of an order.
    Surcharge,
}
