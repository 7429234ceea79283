//! The Admin API: what shops and the platform's operators speak.

mod account;
mod asset;
mod asset_operation;
mod catalogue_query;
mod channel;
mod collection;
mod collection_operation;
mod customer;
mod facet;
mod facet_operation;
mod fulfillment;
mod history;
mod lists;
mod option;
mod order;
mod order_line;
mod order_operation;
mod payment;
pub mod plugin;
mod plugin_operation;
mod plugin_result;
mod product;
pub mod refusals;
mod shipping;
mod stock;
mod tax;
mod upload;
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
    asset_operation::AssetQuery,
    channel::ChannelQuery,
    catalogue_query::CatalogueQuery,
    collection_operation::CollectionQuery,
    facet_operation::FacetQuery,
    order_operation::OrderQuery,
    plugin_operation::PluginQuery,
    stock::StockQuery,
);

/// What clients may do.
#[derive(Default, MergedObject)]
#[graphql(name = "Mutation")]
struct Mutation(
    account::AccountMutation,
    asset_operation::AssetMutation,
    channel::ChannelMutation,
    collection_operation::CollectionMutation,
    facet_operation::FacetMutation,
    order_operation::OrderMutation,
    plugin_operation::PluginMutation,
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
