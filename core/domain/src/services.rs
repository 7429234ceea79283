//! Every domain's service, put together once.

use std::sync::Arc;

use soko_extension::ComponentInspector;
use soko_extension::action::ActionPlugins;
use soko_extension::mail::Mailer;
use soko_extension::pricing::PricingPlugins;
use soko_extension::push::PushSender;
use soko_extension::sms::{SmsAccount, SmsGateway};
use soko_extension::webhook::WebhookSender;
use soko_infra::idempotency::Operations;
use soko_infra::{Blobs, Database};
use soko_kernel::token::Random;
use soko_kernel::{CacheStats, Clock};

use crate::auth::{Auth, AuthConfig, AuthError};
use crate::catalogue::Catalogue;
use crate::channels::Channels;
use crate::credit::Credit;
use crate::customers::Customers;
use crate::inventory::Inventory;
use crate::ledger::Ledger;
use crate::merchandise::Merchandise;
use crate::notifications::Notifications;
use crate::orders::{Neighbours, Orders};
use crate::payments::{Payments, PaymentsConfig};
use crate::plugins::{PluginLimits, Plugins, Vault};
use crate::pricing::PricingEngine;
use crate::shipping::Shipping;
use crate::tax::Tax;

/// What the services stand on.
#[derive(Clone)]
pub struct ServicesConfig {
    /// The store.
    pub database: Database,
    /// Tells the time.
    pub clock: Clock,
    /// Makes tokens and codes.
    pub random: Random,
    /// Keeps pictures.
    pub blobs: Blobs,
    /// Runs pricing plugins.
    pub pricing: Arc<dyn PricingPlugins>,
    /// Checks components at upload.
    pub inspector: Arc<dyn ComponentInspector>,
    /// Sends events to addresses of shops; without it none are.
    pub webhooks: Option<Arc<dyn WebhookSender>>,
    /// Sends mail to customers; without it none gets any.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// What tells people in browsers, if anything does.
    pub push: Option<Arc<dyn PushSender>>,
    /// What sends text messages, if anything does.
    pub sms: Option<Arc<dyn SmsGateway>>,
    /// The platform's own account for text messages; without it nobody logs in by a code.
    pub platform_sms: Option<SmsAccount>,
    /// Runs plugins that act on events, if anything does.
    pub actions: Option<Arc<dyn ActionPlugins>>,
    /// What may be uploaded.
    pub plugin_limits: PluginLimits,
    /// Seals the secrets of plugins; without it none can be set.
    pub vault: Option<Vault>,
    /// Who moves money, and how long they may take to answer.
    pub payments: PaymentsConfig,
    /// Bounds of authentication.
    pub auth: AuthConfig,
}

/// Every domain's service. Cheap to clone.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the services by their domains' names")]
pub struct Services {
    pub database: Database,
    pub clock: Clock,
    pub auth: Auth,
    pub catalogue: Catalogue,
    pub channels: Channels,
    pub credit: Credit,
    pub customers: Customers,
    pub inventory: Inventory,
    pub ledger: Ledger,
    pub merchandise: Merchandise,
    pub notifications: Notifications,
    /// Operations that clients may send again.
    pub operations: Operations,
    pub orders: Orders,
    pub payments: Payments,
    pub plugins: Plugins,
    pub pricing: PricingEngine,
    pub shipping: Shipping,
    pub tax: Tax,
}

impl Services {
    /// How the caches of channels' configuration do, by what is in them.
    pub fn cache_stats(&self) -> [(&'static str, CacheStats); 4] {
        [
            ("plugin_bindings", self.plugins.cache_stats()),
            ("taxes", self.tax.cache_stats()),
            ("shipping_methods", self.shipping.cache_stats()),
            ("payment_methods", self.payments.cache_stats()),
        ]
    }

    /// Puts the services together. Starts background work, and so must be called within a Tokio runtime.
    ///
    /// # Errors
    /// Settings of authentication that are not usable.
    pub fn try_new(config: ServicesConfig) -> Result<Self, AuthError> {
        let ServicesConfig {
            database,
            clock,
            random,
            blobs,
            pricing,
            inspector,
            webhooks,
            mailer,
            push,
            sms,
            platform_sms,
            actions,
            plugin_limits,
            vault,
            payments,
            auth,
        } = config;
        let auth = Auth::try_new(database.clone(), clock.clone(), random.clone(), auth)?;
        let plugins = Plugins::new(database.clone(), clock.clone(), inspector, plugin_limits);
        let plugins = plugins.with_vault(vault.clone());
        let pricing = PricingEngine::new(pricing, plugins.clone());
        let payments = Payments::new(database.clone(), clock.clone(), payments);
        let payments = payments.with_plugins(plugins.clone());
        let tax = Tax::new(database.clone(), clock.clone());
        let shipping = Shipping::new(database.clone(), clock.clone());
        let catalogue = Catalogue::new(database.clone(), clock.clone(), blobs);
        let neighbours = Neighbours {
            auth: auth.clone(),
            tax: tax.clone(),
            shipping: shipping.clone(),
            payments: payments.clone(),
            pricing: pricing.clone(),
        };
        Ok(Self {
            merchandise: Merchandise::new(database.clone(), catalogue.clone()),
            catalogue,
            channels: Channels::new(database.clone(), clock.clone()),
            credit: Credit::new(database.clone(), clock.clone()),
            customers: Customers::new(database.clone(), clock.clone(), auth.clone()),
            inventory: Inventory::new(database.clone(), clock.clone()),
            ledger: Ledger::new(database.clone(), clock.clone()),
            notifications: Notifications::new(database.clone(), clock.clone(), random.clone())
                .with_webhooks(webhooks, vault)
                .with_mailer(mailer)
                .with_push(push)
                .with_sms(sms, platform_sms)
                .with_handlers(plugins.clone(), actions),
            operations: Operations::new(database.clone(), clock.clone(), random.clone()),
            orders: Orders::new(database.clone(), clock.clone(), random, neighbours),
            auth,
            payments,
            plugins,
            pricing,
            shipping,
            tax,
            database,
            clock,
        })
    }
}
