//! A shop with a catalogue, a delivery and two ways to pay, and clients that speak to its Shop API.

use std::sync::Arc;

use async_graphql::{Request, Variables};
use async_trait::async_trait;
use serde_json::{Value, json};
use soko_domain::auth::{Api, AuthConfig, PasswordCost, RequestCredentials};
use soko_domain::catalogue::{
    NewAsset, NewCollection, NewFacet, NewOptionGroup, NewProduct, NewVariant, TranslationInput,
};
use soko_domain::channels::ChannelChanges;
use soko_domain::inventory::{Inventory, NewStockLocation};
use soko_domain::payments::{MethodText, NewPaymentMethod};
use soko_domain::plugins::PluginLimits;
use soko_domain::shipping::{NewShippingMethod, ShippingMethodText};
use soko_domain::tax::{NewCountry, NewTaxRate};
use soko_domain::testing::TestStore;
use soko_domain::{Services, ServicesConfig};
use soko_extension::pricing::{CallCost, PricingCall, PricingPlugins, PricingRun};
use soko_extension::{ComponentBytes, ComponentInspector, Inspection, Rejection};
use soko_kernel::operation::ConfigurableOperation;
use soko_kernel::token::Random;
use soko_kernel::{AssetId, FacetValueId, Language, OptionId, StockLocationId, TaxRatePpm, VariantId};

use crate::context::{RequestContext, SessionChange};
use crate::shop::ShopSchema;

/// A sandbox that changes no price: nothing is bound in these shops.
struct NoPlugins;

#[async_trait]
impl PricingPlugins for NoPlugins {
    async fn price(&self, _: PricingCall<'_>) -> PricingRun {
        PricingRun { cost: CallCost::default(), log: vec![], outcome: Ok(vec![]) }
    }

    fn engine_version(&self) -> &'static str {
        "none"
    }
}

#[async_trait]
impl ComponentInspector for NoPlugins {
    async fn inspect(&self, _: ComponentBytes, _: u64) -> Result<Inspection, Rejection> {
        Err(Rejection::NotAComponent("these shops take no plugins".into()))
    }
}

/// A shop: prices with 16 % tax, delivery for KES 50.00, cash and bank transfer.
pub(super) struct Shop {
    pub(super) store: TestStore,
    pub(super) services: Arc<Services>,
    pub(super) schema: ShopSchema,
    location: StockLocationId,
    picture: AssetId,
    brand: FacetValueId,
}

/// A client of a shop's Shop API.
pub(super) struct Client<'s> {
    shop: &'s Shop,
    token: Option<String>,
    language: Option<Language>,
}

impl Shop {
    /// A shop with this many products of two variants each, the first of them at KES 116.00, ten of each in stock.
    pub(super) async fn with_products(count: usize) -> Self {
        let shop = Box::pin(Self::empty()).await;
        for number in 0..count {
            Box::pin(shop.add_product(number)).await;
        }
        let filter = ConfigurableOperation::new(
            "facet-value-filter",
            [("facetValueIds", &*format!("[\"{}\"]", shop.brand)), ("containsAny", "false")],
        );
        let everything = NewCollection::named(Language::EN, "Everything", vec![filter]);
        shop.services.catalogue.create_collection(&shop.store.actor, everything).await.unwrap();
        shop
    }

    async fn empty() -> Self {
        let store = TestStore::open().await;
        let auth = AuthConfig {
            password_cost: PasswordCost { memory_kib: 8, iterations: 1 },
            ..AuthConfig::default()
        };
        let config = ServicesConfig {
            database: store.database.clone(),
            clock: store.clock.clone(),
            random: Random::seeded(42),
            blobs: store.blobs.clone(),
            pricing: Arc::new(NoPlugins),
            inspector: Arc::new(NoPlugins),
            webhooks: None,
            mailer: None,
            push: None,
            sms: None,
            platform_sms: None,
            actions: None,
            plugin_limits: PluginLimits::default(),
            vault: None,
            payments: soko_domain::payments::PaymentsConfig::default(),
            auth,
        };
        let services = Services::try_new(config).unwrap();
        let admin = &store.actor;
        set_up_taxes(&services, &store).await;
        services.shipping.create(admin, delivery()).await.unwrap();
        for (code, handler) in [("cash", "cash"), ("bank", "manual")] {
            services.payments.create_method(admin, payment_method(code, handler)).await.unwrap();
        }
        let location = NewStockLocation { name: "Shop".into(), description: String::new() };
        let location = services.inventory.create_location(admin, location).await.unwrap().id;
        let picture = NewAsset { tags: vec!["food".into()], ..NewAsset::named("unga.png", png().into()) };
        let picture = services.catalogue.create_asset(admin, picture).await.unwrap().id;
        let brand = NewFacet {
            code: "brand".into(),
            is_private: false,
            translations: vec![TranslationInput::new(Language::EN, "Brand")],
            values: vec![("soko".into(), vec![TranslationInput::new(Language::EN, "Soko")])],
        };
        let facet = services.catalogue.create_facet(admin, brand).await.unwrap().id;
        let values = services.catalogue.admin().values_of_facets(admin, &[facet]).await.unwrap();
        let brand = values[&facet][0].id;
        let (services, schema) = (Arc::new(services), ShopSchema::new());
        Self { store, services, schema, location, picture, brand }
    }

    async fn add_product(&self, number: usize) {
        let (catalogue, admin) = (&self.services.catalogue, &self.store.actor);
        let new = NewProduct {
            asset_ids: vec![self.picture],
            facet_value_ids: vec![self.brand],
            ..NewProduct::named(Language::EN, format!("Laptop {number}"))
        };
        let product = catalogue.create_product(admin, new).await.unwrap().id;
        let name = |text: &str| vec![TranslationInput::new(Language::EN, text)];
        let sizes = NewOptionGroup {
            code: format!("size-{number}"),
            translations: name("Size"),
            options: vec![
                soko_domain::catalogue::NewOption { code: "small".into(), translations: name("Small") },
                soko_domain::catalogue::NewOption { code: "large".into(), translations: name("Large") },
            ],
        };
        let sizes = catalogue.create_option_group(admin, sizes).await.unwrap().id;
        catalogue.add_option_group_to_product(admin, product, sizes).await.unwrap();
        let options = catalogue.admin().options_of_groups(admin, &[sizes]).await.unwrap();
        let options: Vec<OptionId> = options[&sizes].iter().map(|option| option.id).collect();
        let variants = options.iter().zip([11_600, 23_200]).map(|(option, price)| {
            let sku = format!("L-{number}-{price}");
            NewVariant {
                option_ids: vec![*option],
                asset_ids: vec![self.picture],
                ..NewVariant::named(product, Language::EN, format!("Laptop {number}"), sku, price)
            }
        });
        let variants = catalogue.create_variants(admin, variants.collect()).await.unwrap();
        for variant in variants {
            self.stock(variant.id, 10).await;
        }
    }

    /// Puts units of a variant on the shelf.
    pub(super) async fn stock(&self, variant: VariantId, units: i64) {
        let (scope, now, location) = (self.store.scope(), self.store.clock.now(), self.location);
        let counted = self.store.database.write(scope, async move |tx| {
            Inventory::set_stock_in_tx(tx, scope, &[(variant, location, units)], now).await
        });
        counted.await.unwrap();
    }

    /// Somebody who has not done anything yet.
    pub(super) fn guest(&self) -> Client<'_> {
        Client { shop: self, token: None, language: None }
    }

    /// How many statements have run so far.
    pub(super) fn statements(&self) -> u64 {
        self.store.database.statement_count()
    }
}

impl Client<'_> {
    /// The whole answer to a document with these variables. A session that it hands out is kept.
    pub(super) async fn answer(&mut self, text: &str, variables: Value) -> Value {
        let credentials = RequestCredentials {
            channel_token: Some("test".into()),
            session_token: self.token.clone(),
            language: self.language,
            api: Api::Shop,
        };
        let services = &self.shop.services;
        let actor = services.auth.resolve_actor(credentials.clone()).await.unwrap();
        let context =
            Arc::new(RequestContext::new(services.clone(), credentials, actor, "http://shop.example/assets"));
        let request = Request::new(text).variables(Variables::from_json(variables));
        let response = self.shop.schema.execute(request, &context).await;
        match context.session_change() {
            Some(SessionChange::Issued { token, .. }) => self.token = Some(token),
            Some(SessionChange::Ended) => self.token = None,
            None => {}
        }
        serde_json::to_value(response).unwrap()
    }

    /// The data of the answer, which must have no error.
    pub(super) async fn ask(&mut self, text: &str, variables: Value) -> Value {
        let answer = self.answer(text, variables).await;
        assert_eq!(answer.get("errors"), None, "{text}: {answer}");
        answer["data"].clone()
    }

    /// The token of its session.
    pub(super) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }
}

async fn set_up_taxes(services: &Services, store: &TestStore) {
    let admin = &store.actor;
    let kenya = NewCountry { code: "KE".into(), enabled: true, names: vec![(Language::EN, "Kenya".into())] };
    let countries = services.tax.create_countries(admin, vec![kenya]).await.unwrap();
    let zone_id = services.tax.create_zone(admin, "Kenya".into(), countries).await.unwrap().id;
    let category_id = services.tax.create_category(admin, "standard".into(), true).await.unwrap().id;
    let rate = NewTaxRate {
        name: "VAT 16 %".into(),
        enabled: true,
        rate: TaxRatePpm::try_new(160_000).unwrap(),
        category_id,
        zone_id,
        customer_group_id: None,
    };
    services.tax.create_rate(admin, rate).await.unwrap();
    let changes = ChannelChanges { default_tax_zone_id: Some(zone_id), ..ChannelChanges::default() };
    services.channels.update(admin, admin.channel.id, changes).await.unwrap();
}

fn delivery() -> NewShippingMethod {
    let texts = vec![ShippingMethodText {
        language: Language::EN,
        name: "Boda".into(),
        description: "By motorcycle".into(),
    }];
    NewShippingMethod {
        code: "boda".into(),
        fulfillment_handler: "manual-fulfillment".into(),
        checker: ConfigurableOperation::new("default-shipping-eligibility-checker", []),
        calculator: ConfigurableOperation::new("default-shipping-calculator", [("rate", "5000")]),
        texts,
    }
}

fn payment_method(code: &str, handler: &str) -> NewPaymentMethod {
    NewPaymentMethod {
        code: code.into(),
        enabled: true,
        handler: ConfigurableOperation::new(handler, []),
        checker: None,
        texts: vec![MethodText { language: Language::EN, name: code.into(), description: String::new() }],
    }
}

/// A PNG's signature and header, which is all that tells its size.
fn png() -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(640_u32.to_be_bytes());
    bytes.extend(480_u32.to_be_bytes());
    bytes.extend([8, 2, 0, 0, 0, 0, 0, 0, 0]);
    bytes
}

/// No variables.
pub(super) fn nothing() -> Value {
    json!({})
}
