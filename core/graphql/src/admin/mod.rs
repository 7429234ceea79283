//! The Admin API: what shops and the platform's operators speak.

mod account;
mod administrator;
mod catalogue_query;
mod channel;
mod collection;
mod customer;
mod customer_group;
mod customer_operation;
mod deletion;
mod facet;
mod fulfillment;
mod history;
mod lists;
mod option;
mod order;
mod order_line;
mod order_operation;
mod order_upkeep;
mod payment;
pub mod plugin;
mod plugin_operation;
mod plugin_result;
mod product;
pub mod refusals;
mod role;
mod seller;
mod shipping;
mod stock;
mod tax;
mod user;
mod variant;

use std::sync::Arc;

use async_graphql::registry::Registry;
use async_graphql::{
    BatchRequest, BatchResponse, EmptySubscription, MergedObject, Request, Response, Schema,
};
use soko_kernel::Permission;

use crate::context::RequestContext;
use crate::execute::Endpoint;
use crate::shared::enums::declare_codes;
use crate::shared::vocabulary::{Declared, Vocabulary};

/// What clients may ask.
#[derive(Default, MergedObject)]
#[graphql(name = "Query")]
struct Query(
    account::AccountQuery,
    administrator::AdministratorQuery,
    channel::ChannelQuery,
    catalogue_query::CatalogueQuery,
    customer_group::CustomerGroupQuery,
    customer_operation::CustomerQuery,
    order_operation::OrderQuery,
    plugin_operation::PluginQuery,
    role::RoleQuery,
    seller::SellerQuery,
    stock::StockQuery,
);

/// What clients may do.
#[derive(Default, MergedObject)]
#[graphql(name = "Mutation")]
struct Mutation(
    account::AccountMutation,
    administrator::AdministratorMutation,
    channel::ChannelMutation,
    customer_group::CustomerGroupMutation,
    customer_operation::CustomerMutation,
    order_operation::OrderMutation,
    order_upkeep::OrderUpkeepMutation,
    plugin_operation::PluginMutation,
    role::RoleMutation,
    seller::SellerMutation,
    stock::StockMutation,
);

struct AdminVocabulary;

impl Vocabulary for AdminVocabulary {
    const SDL: &'static str = include_str!("vocabulary.graphql");
    const NOT_NODES: &'static [&'static str] = &[
        "CurrentUser",
        "CurrentUserChannel",
        "CollectionBreadcrumb",
        "PluginVersionSummary",
        "ShippingLine",
    ];

    fn declare(registry: &mut Registry) {
        declare_codes(registry, Permission::ALL.iter().copied());
    }
}

/// The Admin API, ready to run requests. Made once, shared by all.
pub struct AdminSchema(Endpoint<Query, Mutation, EmptySubscription>);

impl Default for AdminSchema {
    fn default() -> Self {
        Self::new()
    }
}

impl AdminSchema {
    /// The schema with an empty cache of documents.
    pub fn new() -> Self {
        let builder = Schema::build_with_ignore_name_conflicts(
            Query::default(),
            Mutation::default(),
            EmptySubscription,
            ["ID"],
        );
        Self(Endpoint::new(builder.register_output_type::<Declared<AdminVocabulary>>()))
    }

    /// The schema in GraphQL's schema language.
    pub fn sdl(&self) -> String {
        self.0.sdl()
    }

    /// Runs one request. Every error of the answer has an `extensions.code`.
    pub async fn execute(&self, request: Request, context: &Arc<RequestContext>) -> Response {
        self.0.execute(request, context).await
    }

    /// Runs a request, or the requests of a batch one after another.
    pub async fn execute_batch(&self, batch: BatchRequest, context: &Arc<RequestContext>) -> BatchResponse {
        self.0.execute_batch(batch, context).await
    }
}
