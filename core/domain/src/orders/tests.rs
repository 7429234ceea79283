//! Checkouts over a real store, with a plugin sandbox that answers by a rule in Rust.
#![expect(clippy::unwrap_used, reason = "a failed test")]

mod books;
mod doubt;
mod facets;
mod holds;
mod login;
mod model;
mod money;
mod on_account;
mod refunds;
mod reminders;
mod tenders;
mod told;
mod upkeep;

use std::sync::Arc;

use async_trait::async_trait;
use soko_extension::effect::Capabilities;
use soko_extension::pricing::{
    AdjustmentTarget, CallCost, PriceAdjustment, PricingCall, PricingPlugins, PricingRun,
};
use soko_extension::{
    ComponentBytes, ComponentInspector, Digest, Inspection, Manifest, PluginKind, Rejection,
};
use soko_kernel::operation::ConfigurableOperation;
use soko_kernel::token::Random;
use soko_kernel::{Actor, Language, StockLocationId, TaxRatePpm, VariantId};

use super::*;
use crate::auth::{AuthConfig, PasswordCost};
use crate::catalogue::{NewProduct, NewVariant, TrackInventory, TranslationInput};
use crate::customers::GuestCustomer;
use crate::inventory::{Inventory, NewStockLocation};
use crate::payments::{MethodText, NewPaymentMethod, PaymentState};
use crate::plugins::{FailurePolicy, NewBinding, PluginLimits, PluginRef};
use crate::shipping::{NewShippingMethod, ShippingMethodText};
use crate::tax::{NewCountry, NewTaxRate};
use crate::testing::TestStore;
use crate::{Services, ServicesConfig};

/// Takes a tenth off each line of ten units or more and of each that is on offer, whatever component is asked.
struct TenPercentOffTen;

#[async_trait]
impl PricingPlugins for TenPercentOffTen {
    async fn price(&self, call: PricingCall<'_>) -> PricingRun {
        let on_offer = ("offer".to_owned(), "tenth".to_owned());
        let bulk = call.context.lines.iter();
        let bulk = bulk.filter(|line| line.quantity >= 10 || line.facet_values.contains(&on_offer));
        let adjustments = bulk.map(|line| PriceAdjustment {
            target: AdjustmentTarget::Line(line.id),
            amount: -(line.line_price / 10),
            reason: "10 or more".to_owned(),
        });
        PricingRun { cost: CallCost::default(), log: vec![], outcome: Ok(adjustments.collect()) }
    }

    fn engine_version(&self) -> &'static str {
        "rule in Rust 1"
    }
}

/// Accepts any bytes as the component of that rule.
struct AcceptAll;

#[async_trait]
impl ComponentInspector for AcceptAll {
    async fn inspect(&self, bytes: ComponentBytes, _limit: u64) -> Result<Inspection, Rejection> {
        Ok(Inspection {
            digest: Digest([7; 32]).to_string(),
            size_bytes: bytes.len() as u64,
            manifest: Manifest {
                name: "bulk".into(),
                version: "1.0.0".into(),
                description: "Bulk discount".into(),
                kind: PluginKind::Pricing,
                config_schema: "{}".into(),
                capabilities: Capabilities::default(),
            },
            contract: "soko:pricing@0.1.0".into(),
            imports: vec![],
            compile_ms: 1,
        })
    }
}

/// A shop with one variant at KES 116.00 with 16 % tax, delivery for KES 50.00, cash and bank transfer.
struct Shop {
    store: TestStore,
    services: Services,
    admin: Actor,
    variant: VariantId,
    location: StockLocationId,
    delivery: soko_kernel::ShippingMethodId,
}

impl Shop {
    async fn open(stock: i64) -> Self {
        let store = TestStore::open().await;
        let services = Services::try_new(ServicesConfig {
            database: store.database.clone(),
            clock: store.clock.clone(),
            random: Random::seeded(42),
            blobs: store.blobs.clone(),
            pricing: Arc::new(TenPercentOffTen),
            inspector: Arc::new(AcceptAll),
            webhooks: None,
            mailer: None,
            push: None,
            sms: None,
            platform_sms: None,
            actions: None,
            plugin_limits: PluginLimits::default(),
            vault: None,
            payments: crate::payments::PaymentsConfig::default(),
            auth: AuthConfig {
                password_cost: PasswordCost { memory_kib: 8, iterations: 1 },
                ..AuthConfig::default()
            },
        })
        .unwrap();
        let admin = store.actor.clone();
        let kenya =
            NewCountry { code: "KE".into(), enabled: true, names: vec![(Language::EN, "Kenya".into())] };
        let countries = services.tax.create_countries(&admin, vec![kenya]).await.unwrap();
        let zone_id = services.tax.create_zone(&admin, "Kenya".into(), countries).await.unwrap().id;
        let category_id = services.tax.create_category(&admin, "standard".into(), true).await.unwrap().id;
        let rate = NewTaxRate {
            name: "VAT 16 %".into(),
            enabled: true,
            rate: TaxRatePpm::try_new(160_000).unwrap(),
            category_id,
            zone_id,
            customer_group_id: None,
        };
        services.tax.create_rate(&admin, rate).await.unwrap();
        let changes =
            crate::channels::ChannelChanges { default_tax_zone_id: Some(zone_id), ..Default::default() };
        services.channels.update(&admin, admin.channel.id, changes).await.unwrap();
        let delivery = services.shipping.create(&admin, delivery()).await.unwrap().id;
        for (code, handler) in [("cash", "cash"), ("bank", "manual")] {
            services.payments.create_method(&admin, payment_method(code, handler)).await.unwrap();
        }
        let location = services
            .inventory
            .create_location(&admin, NewStockLocation { name: "Shop".into(), description: String::new() })
            .await
            .unwrap()
            .id;
        let product =
            services.catalogue.create_product(&admin, NewProduct::named(Language::EN, "Unga")).await;
        let variant = new_variant(product.unwrap().id);
        let variant = services.catalogue.create_variants(&admin, vec![variant]).await.unwrap()[0].id;
        let (scope, now) = (store.scope(), store.clock.now());
        store
            .database
            .write(scope, async move |tx| {
                Inventory::set_stock_in_tx(tx, scope, &[(variant, location, stock)], now).await
            })
            .await
            .unwrap();
        Self { store, services, admin, variant, location, delivery }
    }

    /// A guest who has not done anything yet, in the channel as it is now.
    async fn guest(&self) -> Actor {
        let channel = self.services.channels.resolve(Some("test")).await.unwrap();
        Actor { permissions: soko_kernel::PermissionSet::NONE, ..Actor::system(channel) }
    }

    /// The actor of the guest's next request.
    async fn again(&self, token: &str) -> Actor {
        let credentials = crate::auth::RequestCredentials {
            channel_token: Some("test".into()),
            session_token: Some(token.to_owned()),
            language: None,
            api: crate::auth::Api::Shop,
        };
        self.services.auth.resolve_actor(credentials).await.unwrap()
    }

    /// A guest with a cart of these many units, ready to arrange its payment.
    async fn filled(&self, quantity: i64) -> Actor {
        let orders = &self.services.orders;
        let guest = self.guest().await;
        let (changed, refusals) = orders.add_items(&guest, vec![(self.variant, quantity)]).await.unwrap();
        assert!(refusals.is_empty(), "{refusals:?}");
        let guest = self.again(&changed.session_token.unwrap()).await;
        orders.set_customer(&guest, asha()).await.unwrap();
        orders.set_shipping_address(&guest, Some(nairobi())).await.unwrap();
        orders.set_shipping_method(&guest, self.delivery).await.unwrap();
        guest
    }

    async fn bind_bulk_discount(&self) {
        let bytes: ComponentBytes = Arc::from(b"component".as_slice());
        self.services.plugins.upload(&self.admin, bytes, Some("bulk.wasm")).await.unwrap();
        let new = NewBinding {
            plugin: PluginRef::Name("bulk".into()),
            version: None,
            config: "{}".into(),
            grants: Capabilities::default(),
            priority: 0,
            failure_policy: FailurePolicy::FailClosed,
            enabled: true,
        };
        self.services.plugins.bind(&self.admin, new).await.unwrap();
    }
}

fn new_variant(product_id: soko_kernel::ProductId) -> NewVariant {
    NewVariant {
        product_id,
        enabled: true,
        translations: vec![TranslationInput { language: Language::EN, name: Some("Unga 2 kg".into()) }],
        sku: "UNGA-2".into(),
        list_price_minor: 11_600,
        tax_category_id: None,
        option_ids: vec![],
        facet_value_ids: vec![],
        featured_asset_id: None,
        asset_ids: vec![],
        track_inventory: TrackInventory::True,
        out_of_stock_threshold: 0,
        use_global_out_of_stock_threshold: true,
    }
}

fn delivery() -> NewShippingMethod {
    NewShippingMethod {
        code: "boda".into(),
        fulfillment_handler: "manual-fulfillment".into(),
        checker: ConfigurableOperation::new("default-shipping-eligibility-checker", []),
        calculator: ConfigurableOperation::new("default-shipping-calculator", [("rate", "5000")]),
        texts: vec![ShippingMethodText {
            language: Language::EN,
            name: "Boda".into(),
            description: String::new(),
        }],
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

fn asha() -> GuestCustomer {
    GuestCustomer {
        title: None,
        first_name: "Asha".into(),
        last_name: "Otieno".into(),
        phone_number: None,
        email_address: "asha@mail.example".into(),
    }
}

fn nairobi() -> OrderAddress {
    OrderAddress { country_code: Some("KE".into()), city: Some("Nairobi".into()), ..OrderAddress::default() }
}

fn pay(method: &str) -> PaymentInput {
    PaymentInput { method: method.into(), metadata: serde_json::json!({}) }
}

#[tokio::test]
async fn places_an_order_that_costs_what_its_parts_say() {
    let shop = Shop::open(100).await;
    shop.bind_bulk_discount().await;
    let guest = shop.filled(10).await;
    let orders = &shop.services.orders;
    let arranged = orders.transition_active(&guest, "ArrangingPayment").await.unwrap();
    assert_eq!(arranged.order.totals.sub_total.gross, 104_400);
    assert_eq!(arranged.order.totals.sub_total.net, 90_000);
    assert_eq!(arranged.total().gross, 109_400);
    let discounts = arranged.discounts().unwrap();
    assert_eq!(discounts.len(), 1);
    assert_eq!(discounts[0].source, "plugin:bulk@1.0.0");
    assert_eq!(discounts[0].amount.gross, -11_600);
    let placed = orders.add_payment(&guest, pay("cash")).await.unwrap();
    assert_eq!(placed.order.state, OrderState::PaymentSettled);
    assert!(!placed.order.active);
    assert!(orders.find_active(&shop.guest().await).await.unwrap().is_none());
    let saleable = shop.services.inventory.saleable(&guest, &[shop.variant]).await.unwrap();
    assert_eq!(saleable[&shop.variant].at_most(1000), 90);
    let replay = orders.replay_receipt(&shop.admin, &placed.order.code).await.unwrap();
    assert!(replay.is_equal(), "{:?}", replay.differences);
    assert_eq!(replay.total.gross, 109_400);
}

#[tokio::test]
async fn refuses_what_is_not_there_and_says_how_many_are() {
    let shop = Shop::open(3).await;
    let guest = shop.guest().await;
    let orders = &shop.services.orders;
    let (changed, refusals) = orders.add_items(&guest, vec![(shop.variant, 5)]).await.unwrap();
    assert!(
        matches!(refusals[..], [OrderError::InsufficientStock { quantity_available: 3 }]),
        "{refusals:?}"
    );
    assert_eq!(changed.order.order.totals.quantity, 3);
    let guest = shop.again(&changed.session_token.unwrap()).await;
    for (quantity, expected) in [(-1, "negative"), (i64::MAX, "at most"), (1000, "at most")] {
        let (same, refusals) = orders.add_items(&guest, vec![(shop.variant, quantity)]).await.unwrap();
        assert!(refusals[0].to_string().contains(expected), "{refusals:?}");
        assert_eq!(same.order.order.version, changed.order.order.version);
    }
    let unknown = orders.add_items(&guest, vec![(shop.variant, 1), (VariantId(999), 1)]).await;
    assert!(matches!(unknown, Err(OrderError::VariantNotFound(_))));
}

#[tokio::test]
async fn refuses_to_arrange_or_pay_in_the_wrong_state() {
    let shop = Shop::open(3).await;
    let guest = shop.guest().await;
    let orders = &shop.services.orders;
    let (changed, _) = orders.add_items(&guest, vec![(shop.variant, 1)]).await.unwrap();
    let guest = shop.again(&changed.session_token.unwrap()).await;
    for to in ["ArrangingPayment", "PaymentSettled", "Delivered", "Nonsense"] {
        let refused = orders.transition_active(&guest, to).await;
        assert!(matches!(refused, Err(OrderError::StateTransition { .. })), "{to}: {refused:?}");
    }
    assert!(matches!(orders.add_payment(&guest, pay("cash")).await, Err(OrderError::PaymentState)));
    let unknown = orders.add_payment(&guest, pay("gold")).await;
    assert!(matches!(unknown, Err(OrderError::IneligiblePaymentMethod)));
    let elsewhere = OrderAddress { country_code: Some("GB".into()), ..nairobi() };
    let refused = orders.set_shipping_address(&guest, Some(elsewhere)).await;
    assert!(matches!(refused, Err(OrderError::InvalidInput(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sells_the_last_unit_once() {
    let shop = Arc::new(Shop::open(1).await);
    let mut buyers = Vec::new();
    for _ in 0..64 {
        buyers.push(shop.filled(1).await);
    }
    let attempts = buyers.into_iter().map(|guest| {
        let shop = shop.clone();
        tokio::spawn(async move {
            let orders = &shop.services.orders;
            orders.transition_active(&guest, "ArrangingPayment").await?;
            orders.add_payment(&guest, pay("cash")).await
        })
    });
    let mut sold = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        match attempt.await.unwrap() {
            Ok(view) => {
                assert_eq!(view.order.state, OrderState::PaymentSettled);
                sold += 1;
            }
            Err(refusal) => assert!(matches!(refusal, OrderError::StateTransition { .. }), "{refusal}"),
        }
    }
    assert_eq!(sold, 1);
}

#[tokio::test]
async fn a_bank_transfer_is_settled_by_hand_and_then_handed_over() {
    let shop = Shop::open(5).await;
    let guest = shop.filled(2).await;
    let orders = &shop.services.orders;
    orders.transition_active(&guest, "ArrangingPayment").await.unwrap();
    let placed = orders.add_payment(&guest, pay("bank")).await.unwrap();
    assert_eq!(placed.order.state, OrderState::PaymentAuthorized);
    let id = placed.order.id;
    let payment = orders.payments_of(&shop.admin, &[id]).await.unwrap()[&id][0].id;
    assert_eq!(orders.settle_payment(&shop.admin, payment).await.unwrap().state, PaymentState::Settled);
    assert!(orders.settle_payment(&shop.admin, payment).await.is_err());
    let line = placed.lines[0].line.id.unwrap();
    let goods = |quantity| NewFulfillment {
        lines: vec![(line, quantity)],
        method: "boda".into(),
        tracking_code: String::new(),
    };
    assert!(matches!(orders.fulfill(&shop.admin, id, goods(3)).await, Err(OrderError::Fulfillment(_))));
    let made = orders.fulfill(&shop.admin, id, goods(2)).await.unwrap();
    orders.transition_fulfillment(&shop.admin, made.id, "Delivered").await.unwrap();
    let order = orders.find(&shop.admin, id).await.unwrap().unwrap();
    assert_eq!(order.order.state, OrderState::Delivered);
    let levels = shop.services.inventory.levels_of(&shop.admin, &[shop.variant]).await.unwrap();
    let level = levels[&shop.variant].iter().find(|level| level.location.id == shop.location).unwrap();
    assert_eq!((level.on_hand, level.allocated), (3, 0));
}

#[tokio::test]
async fn a_cancelled_order_gives_its_stock_back() {
    let shop = Shop::open(5).await;
    let guest = shop.filled(5).await;
    let orders = &shop.services.orders;
    orders.transition_active(&guest, "ArrangingPayment").await.unwrap();
    let placed = orders.add_payment(&guest, pay("cash")).await.unwrap();
    orders.cancel(&shop.admin, placed.order.id, "changed their mind").await.unwrap();
    let saleable = shop.services.inventory.saleable(&guest, &[shop.variant]).await.unwrap();
    assert_eq!(saleable[&shop.variant].at_most(1000), 5);
    assert!(orders.cancel(&shop.admin, placed.order.id, "again").await.is_err());
}

#[tokio::test]
async fn another_channels_guest_sees_no_order() {
    let shop = Shop::open(5).await;
    let guest = shop.filled(1).await;
    let order = shop.services.orders.find_active(&guest).await.unwrap().unwrap();
    let stranger = shop.store.add_channel("other").await;
    assert!(shop.services.orders.find(&stranger, order.order.id).await.unwrap().is_none());
    assert!(shop.services.orders.find_by_code(&stranger, &order.order.code).await.unwrap().is_none());
    let nobody = shop.guest().await;
    assert!(matches!(
        shop.services.orders.find(&nobody, order.order.id).await,
        Err(OrderError::Forbidden(_))
    ));
}
