//! Promotions: named by orders, and not there yet.

use super::vocabulary::declared_only;

declared_only! {
    /// A rule that changes prices of orders which meet its conditions.
    Promotion,
}
