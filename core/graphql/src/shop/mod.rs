//! The Shop API: what storefronts speak.

mod account;
mod catalogue_query;
mod collection;
mod customer;
mod facet;
mod fulfillment;
mod history;
mod inputs;
mod lists;
mod option;
mod order;
mod order_line;
mod order_mutation;
mod order_query;
mod order_result;
mod order_subscription;
mod payment;
mod product;
mod refund;
pub mod refusals;
mod search;
mod shipping;
mod tax;
mod variant;

use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::registry::Registry;
use async_graphql::{
    BatchRequest, BatchResponse, MergedObject, MergedSubscription, Request, Response, Schema,
};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use soko_kernel::{CacheStats, Permission};

use crate::context::RequestContext;
use crate::execute::Endpoint;
use crate::shared::enums::declare_codes;
use crate::shared::inbox::{InboxMutation, InboxQuery};
use crate::shared::list_options::ListOptions;
use crate::shared::push::{PushMutation, PushQuery};
use crate::shared::streams::InboxSubscription;
use crate::shared::vocabulary::{Declared, Vocabulary};
use crate::traffic::OperationTraffic;

/// What clients may ask.
#[derive(Default, MergedObject)]
#[graphql(name = "Query")]
struct Query(
    catalogue_query::CatalogueQuery,
    order_query::OrderQuery,
    account::AccountQuery,
    InboxQuery,
    PushQuery,
);

/// What clients may do.
#[derive(Default, MergedObject)]
#[graphql(name = "Mutation")]
struct Mutation(order_mutation::OrderMutation, account::AccountMutation, InboxMutation, PushMutation);

/// What clients may be told as it happens.
#[derive(Default, MergedSubscription)]
#[graphql(name = "Subscription")]
struct Subscription(InboxSubscription, order_subscription::OrderSubscription);

struct ShopVocabulary;

impl Vocabulary for ShopVocabulary {
    const SDL: &'static str = include_str!("vocabulary.graphql");
    const NOT_NODES: &'static [&'static str] = &[
        "CurrentUser",
        "CurrentUserChannel",
        "CollectionBreadcrumb",
        "PaymentMethodQuote",
        "PublicPaymentMethod",
        "PublicShippingMethod",
        "SearchResultAsset",
        "ShippingLine",
        "ShippingMethodQuote",
    ];

    fn declare(registry: &mut Registry) {
        declare_codes(registry, Permission::ALL.iter().copied().filter(|one| account::is_known(*one)));
    }
}

/// The Shop API, ready to run requests. Made once, shared by all.
pub struct ShopSchema(Endpoint<Query, Mutation, Subscription>);

impl Default for ShopSchema {
    fn default() -> Self {
        Self::new()
    }
}

impl ShopSchema {
    /// The schema with an empty cache of documents.
    pub fn new() -> Self {
        Self(Endpoint::new(|| {
            let (query, mutation) = (Query::default(), Mutation::default());
            Schema::build_with_ignore_name_conflicts(query, mutation, Subscription::default(), ["ID"])
                .register_input_type::<ListOptions<lists::Customers>>()
                .register_input_type::<crate::scalars::Upload>()
                .register_output_type::<Declared<ShopVocabulary>>()
        }))
    }

    /// The schema in GraphQL's schema language.
    pub fn sdl(&self) -> String {
        self.0.sdl()
    }

    /// What the operations that were asked for came to.
    pub fn traffic(&self) -> Vec<OperationTraffic> {
        self.0.traffic()
    }

    /// How the cache of documents does.
    pub fn cache_stats(&self) -> CacheStats {
        self.0.cache_stats()
    }

    /// Runs one request. Every error of the answer has an `extensions.code`.
    pub fn execute<'s>(
        &'s self,
        request: Request,
        context: &'s Arc<RequestContext>,
    ) -> BoxFuture<'s, Response> {
        Box::pin(self.0.execute(request, context))
    }

    /// What kind of operation a request asks for; none where it cannot be read.
    pub fn kind_of(&self, request: &Request) -> Option<OperationType> {
        self.0.kind_of(request)
    }

    /// Opens a stream of answers. Every error of one has an `extensions.code`.
    pub fn subscribe(&self, request: Request, context: &Arc<RequestContext>) -> BoxStream<'static, Response> {
        self.0.subscribe(request, context)
    }

    /// Runs a request, or the requests of a batch one after another.
    pub fn execute_batch<'s>(
        &'s self,
        batch: BatchRequest,
        context: &'s Arc<RequestContext>,
    ) -> BoxFuture<'s, BatchResponse> {
        Box::pin(self.0.execute_batch(batch, context))
    }
}

#[cfg(test)]
mod tests;
