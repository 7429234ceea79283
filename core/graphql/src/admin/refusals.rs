//! Expected refusals that only the Admin API answers with.

use crate::scalars::{Id, Money};
use crate::shared::refusals::refusals;

refusals! {
    /// The platform does not have the language.
    LanguageNotAvailableError = LANGUAGE_NOT_AVAILABLE_ERROR, "The language is not available" {
        /// The language.
        language_code: String,
    };
    /// The file is of no kind that is taken.
    MimeTypeError = MIME_TYPE_ERROR, "This kind of file is not taken" {
        /// The file.
        file_name: String,
        /// Its media type, as the client says.
        mime_type: String,
    };
    /// The payment's handler would not settle it.
    SettlePaymentError = SETTLE_PAYMENT_ERROR, "The payment could not be settled" {
        /// Why not.
        payment_error_message: String,
    };
    /// The payment's handler would not cancel it.
    CancelPaymentError = CANCEL_PAYMENT_ERROR, "The payment could not be cancelled" {
        /// Why not.
        payment_error_message: String,
    };
    /// The payment cannot go from its state to the other.
    PaymentStateTransitionError = PAYMENT_STATE_TRANSITION_ERROR, "The payment cannot change to this state" {
        /// Why not.
        transition_error: String,
        /// The state that the payment is in.
        from_state: String,
        /// The state that was asked for.
        to_state: String,
    };
    /// The order is not to be paid now.
    ManualPaymentStateError = MANUAL_PAYMENT_STATE_ERROR,
        "A manual payment can be added only while payment is being arranged" {};
    /// The fulfillment cannot go from its state to the other.
    FulfillmentStateTransitionError = FULFILLMENT_STATE_TRANSITION_ERROR,
        "The fulfillment cannot change to this state" {
        /// Why not.
        transition_error: String,
        /// The state that the fulfillment is in.
        from_state: String,
        /// The state that was asked for.
        to_state: String,
    };
    /// The goods cannot be handed over.
    CreateFulfillmentError = CREATE_FULFILLMENT_ERROR, "The fulfillment could not be created" {
        /// Why not.
        fulfillment_handler_error: String,
    };
    /// No fulfillment handler has the code.
    InvalidFulfillmentHandlerError = INVALID_FULFILLMENT_HANDLER_ERROR, "There is no such fulfillment handler" {};
    /// Units have been handed over already.
    ItemsAlreadyFulfilledError = ITEMS_ALREADY_FULFILLED_ERROR, "Some of the items are fulfilled already" {};
    /// No lines were named.
    EmptyOrderLineSelectionError = EMPTY_ORDER_LINE_SELECTION_ERROR, "At least one order line is needed" {};
    /// Fewer units are on the shelf than are to be handed over.
    InsufficientStockOnHandError = INSUFFICIENT_STOCK_ON_HAND_ERROR, "There is not enough stock on hand" {
        /// The variant.
        product_variant_id: Id,
        /// Its name.
        product_variant_name: String,
        /// Units on the shelf.
        stock_on_hand: i64,
    };
    /// More units than the line has.
    QuantityTooGreatError = QUANTITY_TOO_GREAT_ERROR, "The quantity is greater than the order line's" {};
    /// Lines of several orders.
    MultipleOrderError = MULTIPLE_ORDER_ERROR, "The order lines must belong to one order" {};
    /// A cart is not cancelled but left alone.
    CancelActiveOrderError = CANCEL_ACTIVE_ORDER_ERROR, "An active order cannot be cancelled" {
        /// The state that the order is in.
        order_state: String,
    };
    /// The payment and the lines to refund are of different orders.
    PaymentOrderMismatchError = PAYMENT_ORDER_MISMATCH_ERROR,
        "The payment is not of the order that the lines are of" {};
    /// Nothing of the order is refunded in its state.
    RefundOrderStateError = REFUND_ORDER_STATE_ERROR, "An order in this state cannot be refunded" {
        /// The state that the order is in.
        order_state: String,
    };
    /// A refund of nothing.
    NothingToRefundError = NOTHING_TO_REFUND_ERROR, "There is nothing to refund" {};
    /// The units have been refunded before.
    AlreadyRefundedError = ALREADY_REFUNDED_ERROR, "These units have been refunded already" {
        /// By which refund.
        refund_id: Id,
    };
    /// More than is left of the payment.
    RefundAmountError = REFUND_AMOUNT_ERROR, "The amount is greater than what can be refunded of the payment" {
        /// How much can be refunded.
        maximum_refundable: i64,
    };
    /// The refund cannot go from its state to the other.
    RefundStateTransitionError = REFUND_STATE_TRANSITION_ERROR, "The refund cannot change to this state" {
        /// Why not.
        transition_error: String,
        /// The state that the refund is in.
        from_state: String,
        /// The state that was asked for.
        to_state: String,
    };
    /// Variants of the product have options of the group.
    ProductOptionInUseError = PRODUCT_OPTION_IN_USE_ERROR, "Variants of the product have options of this group" {
        /// The group's code.
        option_group_code: String,
        /// Variants of the product that have an option of it.
        product_variant_count: i64,
    };
    /// The component cannot be stored.
    PluginRejectedError = PLUGIN_REJECTED_ERROR, "The component was rejected" {
        /// Which check it did not pass.
        reason: super::plugin_result::PluginRejectionReason,
    };
    /// Something else stands under the plugin's name and version, or the binding changed meanwhile.
    PluginVersionConflictError = PLUGIN_VERSION_CONFLICT_ERROR, "The version is in conflict with what is stored" {};
    /// The channel has as much as it may.
    PluginLimitError = PLUGIN_LIMIT_ERROR, "The channel has as many as it may" {
        /// Most that there may be.
        limit: i64,
    };
    /// The configuration cannot be used.
    PluginConfigError = PLUGIN_CONFIG_ERROR, "The configuration cannot be used" {
        /// Where the configuration breaks the version's schema; empty when it could not be checked against it.
        problems: Vec<super::plugin_result::PluginConfigProblem>,
    };
    /// The plugin has a binding.
    PluginAlreadyBoundError = PLUGIN_ALREADY_BOUND_ERROR, "The plugin is bound already" {};
    /// The binding has had one version and configuration only.
    NothingToRollBackError = NOTHING_TO_ROLL_BACK_ERROR, "There is nothing to roll back to" {};
    /// There is no credit.
    CreditNotApprovedError = CREDIT_NOT_APPROVED_ERROR, "Credit is not approved" {};
    /// No more credit is given for now.
    CreditFrozenError = CREDIT_FROZEN_ERROR, "The account is frozen" {};
    /// More than is left of the limit.
    CreditLimitExceededError = CREDIT_LIMIT_EXCEEDED_ERROR, "The credit limit would be exceeded" {
        /// What could be bought on account.
        available_credit: Money,
    };
    /// More than there is of the customer's deposit.
    InsufficientDepositError = INSUFFICIENT_DEPOSIT_ERROR, "The deposit does not suffice" {
        /// What there is.
        deposit_balance: Money,
    };
    /// There is nothing to be paid, or not for what was named.
    NothingOwedError = NOTHING_OWED_ERROR, "Nothing is owed" {};
    /// More than is unpaid.
    PaymentExceedsOwedError = PAYMENT_EXCEEDS_OWED_ERROR, "The payment is for more than is owed" {
        /// What is unpaid.
        outstanding_amount: Money,
    };
    /// Another purchase of the supplier has the reference.
    PurchaseReferenceInUseError = PURCHASE_REFERENCE_IN_USE_ERROR, "The purchase has been recorded before" {};
}
