//! The demo platform in this process, and guests who call its services directly.

use soko::config::Settings;
use soko::demo::{self, DemoOptions, DemoPlatform};
use soko::wiring::{DataDirectory, Options, Platform};
use soko_domain::Services;
use soko_domain::auth::{Api, RequestCredentials};
use soko_domain::catalogue::VariantsOf;
use soko_domain::customers::GuestCustomer;
use soko_domain::orders::{Changed, OrderAddress, OrderState, OrderView, PaymentInput};
use soko_kernel::{Actor, ListQuery, VariantId};

/// The demo platform over a store in a temporary directory.
pub struct Demo {
    /// The store, the plugin host and the services.
    pub platform: Platform,
    /// What there is.
    pub shops: DemoPlatform,
    _directory: tempfile::TempDir,
}

impl Demo {
    /// Makes it, with its plugins.
    pub async fn open() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut settings = Settings::default();
        directory.path().clone_into(&mut settings.data.0);
        let options = Options::in_process().expect("randomness");
        let platform = Platform::open(&settings, &options, DataDirectory::Create).await.expect("a platform");
        let with_plugins =
            DemoOptions { plugins_dir: Some(soko_tests::plugins::components()), ..DemoOptions::default() };
        let shops = demo::seed(&platform.services, &with_plugins, &mut |_| ()).await.expect("the demo");
        Self { platform, shops, _directory: directory }
    }

    /// The platform's own hand in a shop.
    pub fn operator(&self, shop: &str) -> &Actor {
        let found = self.shops.shops.iter().find(|one| one.plan.code == shop);
        &found.expect("a shop of the demo").actor
    }

    /// Variants of a shop, in the order of their ids.
    pub async fn variants(&self, shop: &str, count: usize) -> Vec<VariantId> {
        let (actor, catalogue) = (self.operator(shop), &self.platform.services.catalogue);
        let page = catalogue.admin().list_variants(actor, VariantsOf::Channel, &ListQuery::default()).await;
        let variants = page.expect("variants").items;
        assert!(variants.len() >= count, "the shop sells too few variants");
        variants.iter().take(count).map(|variant| variant.id).collect()
    }
}

/// A guest of a shop. Each call finds out anew who acts, as a request does.
pub struct Guest<'s> {
    services: &'s Services,
    shop: &'static str,
    session: Option<String>,
}

impl<'s> Guest<'s> {
    /// A guest without a cart.
    pub fn new(services: &'s Services, shop: &'static str) -> Self {
        Self { services, shop, session: None }
    }

    async fn actor(&self) -> Actor {
        let credentials = RequestCredentials {
            channel_token: Some(self.shop.to_owned()),
            session_token: self.session.clone(),
            language: None,
            api: Api::Shop,
        };
        self.services.auth.resolve_actor(credentials).await.expect("an actor")
    }

    /// Puts a unit of each variant into the cart.
    pub async fn add(&mut self, variants: &[VariantId]) -> Changed {
        let items = variants.iter().map(|variant| (*variant, 1)).collect();
        let added = self.services.orders.add_items(&self.actor().await, items).await;
        let (changed, refusals) = added.expect("a cart");
        assert!(refusals.is_empty(), "{refusals:?}");
        if let Some(token) = &changed.session_token {
            self.session = Some(token.clone());
        }
        changed
    }

    /// From the empty cart to the paid order.
    pub async fn check_out(&mut self, variants: &[VariantId]) {
        self.arrange(variants, "wanjiku@example.com").await;
        let payment = PaymentInput { method: "cash".to_owned(), metadata: serde_json::Value::Null };
        let paid = self.services.orders.add_payment(&self.actor().await, payment).await.expect("a payment");
        assert_eq!(paid.order.state, OrderState::PaymentSettled);
    }

    /// From the empty cart to an order of the customer with this address that can be paid.
    pub async fn arrange(&mut self, variants: &[VariantId], email_address: &str) -> OrderView {
        let orders = &self.services.orders;
        self.add(variants).await;
        let customer = GuestCustomer {
            title: None,
            first_name: "Wanjiku".to_owned(),
            last_name: "Mwangi".to_owned(),
            phone_number: None,
            email_address: email_address.to_owned(),
        };
        orders.set_customer(&self.actor().await, customer).await.expect("a customer");
        let address = OrderAddress {
            street_line1: Some("Biashara Street 4".to_owned()),
            country_code: Some("KE".to_owned()),
            ..OrderAddress::default()
        };
        orders.set_shipping_address(&self.actor().await, Some(address)).await.expect("an address");
        let quotes = orders.eligible_shipping(&self.actor().await).await.expect("deliveries");
        let method = quotes.first().expect("a delivery").method.id;
        orders.set_shipping_method(&self.actor().await, method).await.expect("a delivery");
        let to = OrderState::ArrangingPayment.as_str();
        orders.transition_active(&self.actor().await, to).await.expect("an order that can be paid")
    }
}
