//! The Admin API: what shops and the platform's operators speak.

mod account;
mod administrator;
mod asset;
mod asset_operation;
mod catalogue_query;
mod channel;
mod collection;
mod collection_operation;
mod credit;
mod credit_operation;
mod customer;
mod customer_group;
mod customer_operation;
mod event;
mod event_rule;
mod event_statistics;
mod event_subscription;
mod facet;
mod facet_operation;
mod fulfillment;
mod global_settings;
mod history;
mod ledger;
mod ledger_operation;
mod lists;
mod option;
mod option_operation;
mod order;
mod order_line;
mod order_operation;
mod order_upkeep;
mod payment;
mod payment_method;
mod payment_review;
mod pending_refund;
pub mod plugin;
mod plugin_grants;
mod plugin_operation;
mod plugin_result;
mod product;
mod product_operation;
mod refund;
pub mod refusals;
mod region_operation;
mod role;
mod search;
mod seller;
mod shipping;
mod shipping_operation;
mod slug;
mod sms;
mod stock;
mod supplier;
mod tax;
mod tax_operation;
mod translation_input;
mod upload;
mod user;
mod variant;
mod variant_input;
mod variant_operation;
mod webhook;

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
use crate::shared::push::{PushMutation, PushQuery};
use crate::shared::streams::InboxSubscription;
use crate::shared::vocabulary::{Declared, Vocabulary};
use crate::traffic::OperationTraffic;

/// What clients may ask.
#[derive(Default, MergedObject)]
#[graphql(name = "Query")]
struct Query(
    account::AccountQuery,
    asset_operation::AssetQuery,
    channel::ChannelQuery,
    credit_operation::CreditQuery,
    catalogue_query::CatalogueQuery,
    option_operation::OptionQuery,
    global_settings::GlobalSettingsQuery,
    collection_operation::CollectionQuery,
    facet_operation::FacetQuery,
    administrator::AdministratorQuery,
    customer_group::CustomerGroupQuery,
    customer_operation::CustomerQuery,
    event::EventQuery,
    InboxQuery,
    PushQuery,
    ledger_operation::LedgerQuery,
    order_operation::OrderQuery,
    payment_method::PaymentMethodQuery,
    plugin_operation::PluginQuery,
    plugin_grants::PluginSecretQuery,
    payment_review::PaymentReviewQuery,
    pending_refund::PendingRefundQuery,
    search::SearchQuery,
    slug::SlugQuery,
    region_operation::RegionQuery,
    shipping_operation::ShippingQuery,
    role::RoleQuery,
    seller::SellerQuery,
    stock::StockQuery,
    supplier::SupplierQuery,
    tax_operation::TaxQuery,
    webhook::WebhookQuery,
    event_rule::EventRuleQuery,
    event_statistics::EventStatisticsQuery,
    sms::SmsQuery,
);

/// What clients may do.
#[derive(Default, MergedObject)]
#[graphql(name = "Mutation")]
struct Mutation(
    account::AccountMutation,
    asset_operation::AssetMutation,
    channel::ChannelMutation,
    credit_operation::CreditMutation,
    option_operation::OptionMutation,
    collection_operation::CollectionMutation,
    facet_operation::FacetMutation,
    order_operation::OrderMutation,
    payment_method::PaymentMethodMutation,
    plugin_operation::PluginMutation,
    plugin_grants::PluginSecretMutation,
    payment_review::PaymentReviewMutation,
    pending_refund::PendingRefundMutation,
    product_operation::ProductMutation,
    administrator::AdministratorMutation,
    customer_group::CustomerGroupMutation,
    customer_operation::CustomerMutation,
    event::EventMutation,
    InboxMutation,
    PushMutation,
    ledger_operation::LedgerMutation,
    order_upkeep::OrderUpkeepMutation,
    refund::RefundMutation,
    role::RoleMutation,
    seller::SellerMutation,
    stock::StockMutation,
    supplier::SupplierMutation,
    variant_operation::VariantMutation,
    region_operation::RegionMutation,
    shipping_operation::ShippingMutation,
    tax_operation::TaxMutation,
    webhook::WebhookMutation,
    event_rule::EventRuleMutation,
    sms::SmsMutation,
);

/// What clients may be told as it happens.
#[derive(Default, MergedSubscription)]
#[graphql(name = "Subscription")]
struct Subscription(InboxSubscription, event_subscription::EventSubscription);

struct AdminVocabulary;

impl Vocabulary for AdminVocabulary {
    const SDL: &'static str = include_str!("vocabulary.graphql");
    const NOT_NODES: &'static [&'static str] = &[
        "CurrentUser",
        "CurrentUserChannel",
        "CollectionBreadcrumb",
        "GlobalSettings",
        "PluginVersionSummary",
        "SearchResultAsset",
        "ShippingLine",
        "ShippingMethodQuote",
    ];

    fn declare(registry: &mut Registry) {
        declare_codes(registry, Permission::ALL.iter().copied());
    }
}

/// The Admin API, ready to run requests. Made once, shared by all.
pub struct AdminSchema(Endpoint<Query, Mutation, Subscription>);

impl Default for AdminSchema {
    fn default() -> Self {
        Self::new()
    }
}

impl AdminSchema {
    /// The schema with an empty cache of documents.
    pub fn new() -> Self {
        Self(Endpoint::new(|| {
            let (query, mutation) = (Query::default(), Mutation::default());
            Schema::build_with_ignore_name_conflicts(query, mutation, Subscription::default(), ["ID"])
                .register_output_type::<Declared<AdminVocabulary>>()
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
