//! What clients send to the Shop API.

use async_graphql::InputObject;

use super::super::scalars::{Id, Json};
use crate::shared::enums::{LogicalOperator, SortOrder};

/// Units of a variant to add.
#[derive(InputObject)]
#[graphql(name = "AddItemInput")]
pub struct AddItemInput {
    /// The variant.
    pub product_variant_id: Id,
    /// How many units.
    pub quantity: i32,
}

/// An address.
#[derive(InputObject)]
#[graphql(name = "CreateAddressInput")]
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

/// Which facet values an item must have: one of them, or one of several.
#[derive(InputObject)]
#[graphql(name = "FacetValueFilterInput")]
pub struct FacetValueFilterInput {
    /// This one.
    pub and: Option<Id>,
    /// One of these.
    pub or: Option<Vec<Id>>,
}

/// What to search for.
#[derive(InputObject)]
#[graphql(name = "SearchInput")]
pub struct SearchInput {
    /// Words; everything when absent.
    pub term: Option<String>,
    /// Facet values that an item must have.
    #[graphql(deprecation = "Use `facetValueFilters` instead")]
    pub facet_value_ids: Option<Vec<Id>>,
    /// Whether all of `facetValueIds` are needed, or one.
    #[graphql(deprecation = "Use `facetValueFilters` instead")]
    pub facet_value_operator: Option<LogicalOperator>,
    /// Facet values that an item must have: all of these filters must hold.
    pub facet_value_filters: Option<Vec<FacetValueFilterInput>>,
    /// Within this collection.
    pub collection_id: Option<Id>,
    /// Within one of these collections.
    pub collection_ids: Option<Vec<Id>>,
    /// Within this collection.
    pub collection_slug: Option<String>,
    /// Within one of these collections.
    pub collection_slugs: Option<Vec<String>>,
    /// One item per product, not per variant.
    pub group_by_product: Option<bool>,
    /// Items on the page.
    pub take: Option<i32>,
    /// Items before the page.
    pub skip: Option<i32>,
    /// The order of the items; by relevance when absent.
    pub sort: Option<SearchResultSortParameter>,
    /// Only what is in stock, or only what is not.
    pub in_stock: Option<bool>,
}

/// The order of search results.
#[derive(InputObject)]
#[graphql(name = "SearchResultSortParameter")]
pub struct SearchResultSortParameter {
    /// By name.
    pub name: Option<SortOrder>,
    /// By price.
    pub price: Option<SortOrder>,
}
