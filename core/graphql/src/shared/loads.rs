//! What types load of their neighbours, gathered over all siblings: one call of a service, and so a constant number
//! of statements, however many items a list has.
//!
//! To add a load: a line in the macro's list, naming the service's batched function.

use std::collections::HashMap;
use std::sync::Arc;

use soko_domain::Services;
use soko_domain::auth::{Administrator, Api, UserAccount};
use soko_domain::catalogue::{
    Asset, Breadcrumb, CatalogueReads, Collection, Facet, FacetValue, OptionGroup, ProductOption,
    SluggedTranslation, Tag, Translation, Variant,
};
use soko_domain::channels::Channel;
use soko_domain::customers::{Customer, CustomerGroup};
use soko_domain::inventory::{Saleable, StockLevel};
use soko_domain::ledger::{Account, Posting};
use soko_domain::orders::{Fulfillment, OrderView};
use soko_domain::payments::{Payment, Refund};
use soko_domain::shipping::ShippingMethod;
use soko_kernel::{
    Actor, AssetId, ChannelId, CollectionId, CustomerId, FacetId, FacetValueId, JournalEntryId,
    LedgerAccountId, OptionGroupId, OptionId, OrderId, PaymentId, ProductId, ShippingMethodId, UserId,
    VariantId,
};

use super::batch::Batch;
use crate::context::RequestContext;
use crate::error::ApiResult;

/// Declares loads: `name(Key) -> Value = |services, reads, actor, ids| call`.
macro_rules! loads {
    ($($(#[$doc:meta])* $name:ident($key:ty) -> $value:ty
        = |$services:ident, $reads:ident, $actor:ident, $ids:ident| $call:expr;)*) => {
        /// The loads of a request that are under way.
        #[derive(Default)]
        pub(crate) struct Loads {
            $($name: Batch<$key, Arc<$value>>,)*
        }

        impl RequestContext {$(
            $(#[$doc])*
            ///
            /// # Errors
            /// What the service refuses.
            pub(crate) async fn $name(&self, id: $key) -> ApiResult<Option<Arc<$value>>> {
                self.loads
                    .$name
                    .load(id, |$ids: Vec<$key>| async move {
                        let ($services, $reads, $actor) = (&*self.services, self.catalogue(), &self.actor());
                        let ($ids, _, _) = (&$ids, $services, $reads);
                        let found: HashMap<$key, $value> = $call.await?;
                        Ok(found.into_iter().map(|(key, value)| (key, Arc::new(value))).collect())
                    })
                    .await
            }
        )*}
    };
}

loads! {
    /// An asset.
    asset(AssetId) -> Asset = |_s, reads, actor, ids| reads.assets(actor, ids);
    /// Labels of an asset.
    tags_of_asset(AssetId) -> Vec<Tag> = |_s, reads, actor, ids| reads.tags_of_assets(actor, ids);
    /// An asset's name in every language.
    translations_of_asset(AssetId) -> Vec<Translation>
        = |_s, reads, actor, ids| reads.translations_of_assets(actor, ids);
    /// A product's pictures in order.
    assets_of_product(ProductId) -> Vec<Asset> = |_s, reads, actor, ids| reads.assets_of_products(actor, ids);
    /// A variant's pictures in order.
    assets_of_variant(VariantId) -> Vec<Asset> = |_s, reads, actor, ids| reads.assets_of_variants(actor, ids);
    /// A collection's pictures in order.
    assets_of_collection(CollectionId) -> Vec<Asset>
        = |_s, reads, actor, ids| reads.assets_of_collections(actor, ids);
    /// A product's variants.
    variants_of_product(ProductId) -> Vec<Variant> = |_s, reads, actor, ids| reads.variants_of_products(actor, ids);
    /// A product's option groups.
    option_groups_of_product(ProductId) -> Vec<OptionGroup>
        = |_s, reads, actor, ids| reads.option_groups_of_products(actor, ids);
    /// An option group.
    option_group(OptionGroupId) -> OptionGroup = |_s, reads, actor, ids| reads.option_groups(actor, ids);
    /// A group's options.
    options_of_group(OptionGroupId) -> Vec<ProductOption>
        = |_s, reads, actor, ids| reads.options_of_groups(actor, ids);
    /// A variant's options.
    options_of_variant(VariantId) -> Vec<ProductOption>
        = |_s, reads, actor, ids| reads.options_of_variants(actor, ids);
    /// A product's facet values.
    facet_values_of_product(ProductId) -> Vec<FacetValue>
        = |_s, reads, actor, ids| reads.facet_values_of_products(actor, ids);
    /// A variant's facet values.
    facet_values_of_variant(VariantId) -> Vec<FacetValue>
        = |_s, reads, actor, ids| reads.facet_values_of_variants(actor, ids);
    /// A facet.
    facet(FacetId) -> Facet = |_s, reads, actor, ids| reads.facets(actor, ids);
    /// A facet's values.
    values_of_facet(FacetId) -> Vec<FacetValue> = |_s, reads, actor, ids| reads.values_of_facets(actor, ids);
    /// The collections that a product is in.
    collections_of_product(ProductId) -> Vec<Collection>
        = |_s, reads, actor, ids| reads.collections_of_products(actor, ids);
    /// A collection.
    collection(CollectionId) -> Collection = |_s, reads, actor, ids| reads.collections(actor, ids);
    /// What is below a collection.
    children_of_collection(CollectionId) -> Vec<Collection>
        = |_s, reads, actor, ids| reads.children_of_collections(actor, ids);
    /// The way to a collection.
    breadcrumbs_of_collection(CollectionId) -> Vec<Breadcrumb>
        = |_s, reads, actor, ids| reads.breadcrumbs_of_collections(actor, ids);
    /// How many variants a collection gathers.
    variant_count_of_collection(CollectionId) -> i64
        = |_s, reads, actor, ids| reads.variant_counts_of_collections(actor, ids);
    /// A product's texts in every language.
    translations_of_product(ProductId) -> Vec<SluggedTranslation>
        = |_s, reads, actor, ids| reads.translations_of_products(actor, ids);
    /// A variant's name in every language.
    translations_of_variant(VariantId) -> Vec<Translation>
        = |_s, reads, actor, ids| reads.translations_of_variants(actor, ids);
    /// A facet's name in every language.
    translations_of_facet(FacetId) -> Vec<Translation>
        = |_s, reads, actor, ids| reads.translations_of_facets(actor, ids);
    /// A facet value's name in every language.
    translations_of_facet_value(FacetValueId) -> Vec<Translation>
        = |_s, reads, actor, ids| reads.translations_of_facet_values(actor, ids);
    /// An option group's name in every language.
    translations_of_option_group(OptionGroupId) -> Vec<Translation>
        = |_s, reads, actor, ids| reads.translations_of_option_groups(actor, ids);
    /// An option's name in every language.
    translations_of_option(OptionId) -> Vec<Translation>
        = |_s, reads, actor, ids| reads.translations_of_options(actor, ids);
    /// A collection's texts in every language.
    translations_of_collection(CollectionId) -> Vec<SluggedTranslation>
        = |_s, reads, actor, ids| reads.translations_of_collections(actor, ids);
    /// How many units of a variant can still be bought.
    saleable_of_variant(VariantId) -> Saleable = |services, _r, actor, ids| services.inventory.saleable(actor, ids);
    /// Where a variant's stock is, for administrators.
    levels_of_variant(VariantId) -> Vec<StockLevel>
        = |services, _r, actor, ids| services.inventory.levels_of(actor, ids);
    /// The actor's own channel.
    own_channel(ChannelId) -> Channel = |services, _r, actor, _ids| own_channel(services, actor);
    /// A customer, for whoever has been shown what names them.
    customer(CustomerId) -> Customer = |services, _r, actor, ids| services.customers.by_ids(actor, ids);
    /// The groups that a customer is in.
    groups_of_customer(CustomerId) -> Vec<CustomerGroup>
        = |services, _r, actor, ids| services.customers.groups_of(actor, ids);
    /// A customer's account.
    account_of_customer(UserId) -> UserAccount
        = |services, _r, actor, ids| services.auth.customer_accounts(actor, ids);
    /// The administrator behind a user, for whoever has been shown what they did.
    administrator_of_user(UserId) -> Administrator
        = |services, _r, actor, ids| services.auth.administrators_of_users(actor, ids);
    /// A channel, if whoever asks may see it.
    visible_channel(ChannelId) -> Channel = |services, _r, actor, ids| services.channels.visible(actor, ids);
    /// A shipping method, for whoever has been shown what names it.
    shipping_method(ShippingMethodId) -> ShippingMethod
        = |services, _r, actor, ids| shipping_methods(services, actor, ids);
    /// An order's payments.
    payments_of_order(OrderId) -> Vec<Payment> = |services, _r, actor, ids| services.orders.payments_of(actor, ids);
    /// What has been given back of a payment.
    refunds_of_payment(PaymentId) -> Vec<Refund> = |services, _r, actor, ids| services.orders.refunds_of(actor, ids);
    /// An order, for whoever has been shown what names it.
    shown_order(OrderId) -> OrderView = |services, _r, actor, ids| services.orders.shown(actor, ids);
    /// An account of the books.
    ledger_account(LedgerAccountId) -> Account = |services, _r, actor, ids| services.ledger.accounts(actor, ids);
    /// What is on an account, on the side on which it grows.
    balance_of_account(LedgerAccountId) -> i64
        = |services, _r, actor, ids| services.ledger.balances_of(actor, ids);
    /// What moved with an entry of the journal.
    postings_of_entry(JournalEntryId) -> Vec<Posting>
        = |services, _r, actor, ids| services.ledger.postings_of(actor, ids);
    /// What has been handed over of an order.
    fulfillments_of_order(OrderId) -> Vec<Fulfillment>
        = |services, _r, actor, ids| services.orders.fulfillments_of(actor, ids);
}

async fn own_channel(services: &Services, actor: &Actor) -> ApiResult<HashMap<ChannelId, Channel>> {
    let own = services.channels.active(actor).await?;
    Ok(HashMap::from([(own.id, own)]))
}

async fn shipping_methods(
    services: &Services,
    actor: &Actor,
    ids: &[ShippingMethodId],
) -> ApiResult<HashMap<ShippingMethodId, ShippingMethod>> {
    let methods = services.shipping.by_ids(actor, ids).await?;
    Ok(methods.into_iter().map(|method| (method.id, method)).collect())
}

impl RequestContext {
    /// What the endpoint's audience may see of the catalogue.
    pub(crate) fn catalogue(&self) -> &CatalogueReads {
        let services: &Services = &self.services;
        match self.api {
            Api::Shop => services.catalogue.shop(),
            Api::Admin => services.catalogue.admin(),
        }
    }
}

/// The items of a load, each as its counterpart on the wire; none when the load had none.
pub(crate) fn each<D, E: for<'d> From<&'d D>>(loaded: &Option<Arc<Vec<D>>>) -> Vec<E> {
    loaded.iter().flat_map(|items| items.iter()).map(E::from).collect()
}
