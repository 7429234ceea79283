//! What clients send to the Shop API.

use async_graphql::InputObject;

use super::super::scalars::{Id, Json};

/// Units of a variant to add.
#[derive(InputObject)]
#[graphql(name = "AddItemInput")]
pub struct AddItemInput {
    /// The variant.
    pub product_variant_id: Id,
    /// How many units.
    pub quantity: i32,
}

/// How an order is paid.
#[derive(InputObject)]
#[graphql(name = "PaymentInput")]
pub struct PaymentInput {
    /// Code of the payment method.
    pub method: String,
    /// What the payment's handler needs to know.
    pub metadata: Json,
}

/// Who logs in, by one of the ways to do so.
#[derive(InputObject)]
#[graphql(name = "AuthenticationInput")]
pub struct AuthenticationInput {
    /// By identifier and password.
    pub native: Option<NativeAuthInput>,
}

/// An identifier and its password.
#[derive(InputObject)]
#[graphql(name = "NativeAuthInput")]
pub struct NativeAuthInput {
    /// The identifier.
    pub username: String,
    /// The password.
    #[graphql(secret)]
    pub password: String,
}
