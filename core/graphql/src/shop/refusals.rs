//! Expected refusals that only the Shop API answers with, and those that carry an order.

use super::order::Order;
use crate::scalars::Money;
use crate::shared::enums::CurrencyCode;
use crate::shared::refusals::refusals;

refusals! {
    /// There is less in stock than was asked for; what there was has been added.
    InsufficientStockError = INSUFFICIENT_STOCK_ERROR, "There is not enough in stock" {
        /// Units that can be had.
        quantity_available: i64,
        /// The order as it is now.
        order: Order,
    };
    /// The order is not ready to be paid.
    OrderPaymentStateError = ORDER_PAYMENT_STATE_ERROR,
        "A payment can only be added when the order is in the state ArrangingPayment" {};
    /// The payment method does not serve this order.
    IneligiblePaymentMethodError = INELIGIBLE_PAYMENT_METHOD_ERROR,
        "The payment method is not available for this order" {
        /// Why not.
        eligibility_checker_message: Option<String>,
    };
    /// The payment failed.
    PaymentFailedError = PAYMENT_FAILED_ERROR, "The payment failed" {
        /// Why.
        payment_error_message: String,
    };
    /// The payment was declined.
    PaymentDeclinedError = PAYMENT_DECLINED_ERROR, "The payment was declined" {
        /// Why.
        payment_error_message: String,
    };
    /// A coupon that the order had is no longer valid, and the total has changed with it.
    CouponRemovedDuringCheckoutError = COUPON_REMOVED_DURING_CHECKOUT_ERROR,
        "A coupon code is no longer valid, so that the total has changed" {
        /// The coupons that were taken off.
        removed_coupon_codes: Vec<String>,
        /// The total before.
        previous_total_with_tax: Money,
        /// The total now.
        new_total_with_tax: Money,
        /// The currency of both.
        currency_code: CurrencyCode,
    };
    /// Whoever is logged in shops as themselves.
    AlreadyLoggedInError = ALREADY_LOGGED_IN_ERROR, "You are already logged in" {};
    /// The account's e-mail address has not been verified yet.
    NotVerifiedError = NOT_VERIFIED_ERROR, "Verify the email address before you log in" {};
}
