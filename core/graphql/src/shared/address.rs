//! Addresses as clients give them.

use async_graphql::InputObject;
use soko_domain::orders::OrderAddress;

use crate::scalars::Json;

/// An address.
#[derive(InputObject)]
#[graphql(name = "CreateAddressInput")]
#[expect(missing_docs, reason = "an address, as everybody knows it")]
pub struct CreateAddressInput {
    pub full_name: Option<String>,
    pub company: Option<String>,
    pub street_line1: String,
    pub street_line2: Option<String>,
    pub city: Option<String>,
    pub province: Option<String>,
    pub postal_code: Option<String>,
    pub country_code: String,
    pub phone_number: Option<String>,
    pub default_shipping_address: Option<bool>,
    pub default_billing_address: Option<bool>,
    pub custom_fields: Option<Json>,
}

impl From<CreateAddressInput> for OrderAddress {
    fn from(input: CreateAddressInput) -> Self {
        Self {
            full_name: input.full_name,
            company: input.company,
            street_line1: Some(input.street_line1),
            street_line2: input.street_line2,
            city: input.city,
            province: input.province,
            postal_code: input.postal_code,
            country: None,
            country_code: Some(input.country_code),
            phone_number: input.phone_number,
        }
    }
}
