//! Expected refusals: the members of result unions that implement `ErrorResult`.
//!
//! Each has an `errorCode`, a `message` and what else a client needs to act on it. To add one, add it to a list of
//! `refusals!`, its code to the endpoint's `ErrorCode`, and it to the unions that can answer with it.

/// Declares refusals: `Name = CODE, "message" { field: Type, … }`. Each gets a `new` that takes its fields.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $code:ident, $message:literal
        { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? };)*) => {$(
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        #[graphql(name_type)]
        pub struct $name {
            /// Which refusal this is.
            error_code: $crate::shared::enums::ErrorCode,
            /// What happened, in words.
            message: String,
            $($(#[$field_doc])* $field: $type,)*
        }

        impl async_graphql::TypeName for $name {
            fn type_name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }

        impl $name {
            /// The refusal with its usual message.
            pub fn new($($field: $type),*) -> Self {
                Self {
                    error_code: $crate::shared::enums::ErrorCode(stringify!($code)),
                    message: $message.to_owned(),
                    $($field,)*
                }
            }
        }

        impl $crate::shared::refusals::Refused for $name {
            fn because(self, message: impl Into<String>) -> Self {
                Self { message: message.into(), ..self }
            }
        }
    )*};
}

pub(crate) use refusals;

/// What all refusals can do.
pub(crate) trait Refused {
    /// The refusal with a message that says more.
    #[must_use]
    fn because(self, message: impl Into<String>) -> Self;
}

refusals! {
    /// The authentication strategy cannot do this.
    NativeAuthStrategyError = NATIVE_AUTH_STRATEGY_ERROR, "This login method is not available" {};
    /// The identifier and the password do not belong together.
    InvalidCredentialsError = INVALID_CREDENTIALS_ERROR, "The provided credentials are invalid" {
        /// Why, as far as it may be told.
        authentication_error: String,
    };
    /// The order cannot go from its state to the other.
    OrderStateTransitionError = ORDER_STATE_TRANSITION_ERROR, "The order cannot change to this state" {
        /// Why not.
        transition_error: String,
        /// The state that the order is in.
        from_state: String,
        /// The state that was asked for.
        to_state: String,
    };
    /// Another customer has the e-mail address.
    EmailAddressConflictError = EMAIL_ADDRESS_CONFLICT_ERROR, "The email address is not available" {};
    /// A guest may not buy this way.
    GuestCheckoutError = GUEST_CHECKOUT_ERROR, "Guest orders are not accepted" {
        /// Why not.
        error_detail: String,
    };
    /// The order would have more items than an order may have.
    OrderLimitError = ORDER_LIMIT_ERROR, "The order has too many items" {
        /// Most items that an order may have.
        max_items: i64,
    };
    /// A quantity below zero.
    NegativeQuantityError = NEGATIVE_QUANTITY_ERROR, "A quantity must not be negative" {};
    /// The order is in a state in which its contents cannot change.
    OrderModificationError = ORDER_MODIFICATION_ERROR, "The contents of an order can only change while items are added" {};
    /// The shipping method does not serve this order.
    IneligibleShippingMethodError = INELIGIBLE_SHIPPING_METHOD_ERROR, "The shipping method is not available for this order" {};
    /// The session has no active order.
    NoActiveOrderError = NO_ACTIVE_ORDER_ERROR, "The session has no active order" {};
    /// A rule of the shop refuses the change.
    OrderInterceptorError = ORDER_INTERCEPTOR_ERROR, "A rule of the shop does not allow this change" {
        /// What the rule says.
        interceptor_error: String,
    };
}
