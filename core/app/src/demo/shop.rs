//! One shop: its channel, where it sells and delivers, how it is paid, and its goods.

use anyhow::Context as _;
use soko_domain::Services;
use soko_domain::channels::{Channel, ChannelChanges, ChannelError, Channels, NewChannel};
use soko_domain::inventory::{Inventory, InventoryError, NewStockLocation};
use soko_domain::payments::{MethodText, NewPaymentMethod};
use soko_domain::shipping::{NewShippingMethod, ShippingMethodText};
use soko_infra::DataScope;
use soko_kernel::{
    Actor, ConfigurableOperation, Currency, Language, PluginBindingId, StockLocationId, VariantId,
};

use super::catalogue::Catalogue;
use super::goods::{self, Pictures};
use super::places;

/// What a shop of the demo is like.
#[derive(Debug, Clone, Copy)]
pub struct ShopPlan {
    /// Its code, which is its token too.
    pub code: &'static str,
    /// The name of its seller.
    pub seller: &'static str,
    /// Whether it serves requests that name no shop. It then sells to every country at one flat rate.
    pub is_default: bool,
    /// Units of every variant; as the catalogue says when absent.
    pub stock: Option<i64>,
}

/// The shops in the order in which they are opened.
pub const SHOPS: &[ShopPlan] = &[
    ShopPlan { code: "default", seller: "Soko", is_default: true, stock: Some(1_000_000_000) },
    ShopPlan { code: "duka-moja", seller: "Duka Moja Traders", is_default: false, stock: None },
    ShopPlan { code: "duka-mbili", seller: "Duka Mbili Stores", is_default: false, stock: None },
];

/// A shop that is open.
#[derive(Debug, Clone)]
pub struct DemoShop {
    /// What it was to be like.
    pub plan: &'static ShopPlan,
    /// The platform's own hand in it.
    pub actor: Actor,
    /// Its variant that the sample requests buy: two kilos of sugar.
    pub sample: Option<VariantId>,
    /// Its plugin, once that is bound.
    pub binding: Option<PluginBindingId>,
}

/// Opens a shop that sells the catalogue.
///
/// # Errors
/// A code in use, or a failing store.
pub async fn open_shop(
    services: &Services,
    plan: &'static ShopPlan,
    catalogue: &Catalogue,
    pictures: &Pictures,
) -> anyhow::Result<DemoShop> {
    let channel = create_channel(services, plan).await.context("the channel")?;
    let actor = Actor::system(channel.for_actor());
    let places = places::create(services, &actor, catalogue).await.context("places and taxes")?;
    let home = if plan.is_default { places.everywhere } else { places.home };
    let changes = ChannelChanges {
        default_tax_zone_id: Some(home),
        default_shipping_zone_id: Some(home),
        ..ChannelChanges::default()
    };
    let channel = services.channels.update(&actor, channel.id, changes).await?;
    let actor = Actor::system(channel.for_actor());
    let location = create_location(services, &actor, plan).await.context("the stock location")?;
    for method in if plan.is_default { vec![flat_rate()] } else { deliveries() } {
        services.shipping.create(&actor, method).await.context("a shipping method")?;
    }
    for method in payment_methods() {
        services.payments.create_method(&actor, method).await.context("a payment method")?;
    }
    let stock = goods::Shelf { location, units: plan.stock };
    goods::stock_shop(services, &actor, catalogue, pictures, &places.tax_categories, stock).await?;
    let sample = goods::find_sample(services, &actor).await?;
    Ok(DemoShop { plan, actor, sample, binding: None })
}

async fn create_channel(services: &Services, plan: &ShopPlan) -> anyhow::Result<Channel> {
    let new = NewChannel {
        code: plan.code.to_owned(),
        token: plan.code.to_owned(),
        is_default: plan.is_default,
        seller_name: plan.seller.to_owned(),
        default_language: Language::EN,
        available_languages: vec![Language::EN, Language::SW],
        currency: Currency::KES,
        prices_include_tax: true,
        track_inventory: true,
        out_of_stock_threshold: 0,
        time_zone: "Africa/Nairobi".to_owned(),
    };
    let now = services.clock.now();
    let created = services.database.write(DataScope::Platform, async move |tx| {
        let channel = Channels::create_in_tx(tx, &new, now).await?;
        Ok::<_, ChannelError>(channel)
    });
    Ok(created.await?)
}

async fn create_location(
    services: &Services,
    actor: &Actor,
    plan: &ShopPlan,
) -> anyhow::Result<StockLocationId> {
    let new = NewStockLocation { name: format!("{} shelf", plan.seller), description: String::new() };
    let (scope, now) = (actor.public_scope(), services.clock.now());
    let created = services.database.write(scope, async move |tx| {
        let location = Inventory::create_location_in_tx(tx, scope, &new, now).await?;
        Ok::<_, InventoryError>(location.id)
    });
    Ok(created.await?)
}

fn any_order() -> ConfigurableOperation {
    ConfigurableOperation::new("default-shipping-eligibility-checker", [("orderMinimum", "0")])
}

fn method(
    code: &str,
    (checker, calculator): (ConfigurableOperation, ConfigurableOperation),
    english: [&str; 2],
    swahili: [&str; 2],
) -> NewShippingMethod {
    let text = |language, [name, description]: [&str; 2]| ShippingMethodText {
        language,
        name: name.to_owned(),
        description: description.to_owned(),
    };
    NewShippingMethod {
        code: code.to_owned(),
        fulfillment_handler: "manual-fulfillment".to_owned(),
        checker,
        calculator,
        texts: vec![text(Language::EN, english), text(Language::SW, swahili)],
    }
}

fn flat(cents: &str) -> ConfigurableOperation {
    let args = [("rate", cents), ("includesTax", "auto"), ("taxRate", "16")];
    ConfigurableOperation::new("default-shipping-calculator", args)
}

/// The one delivery of the default shop: any order, anywhere.
fn flat_rate() -> NewShippingMethod {
    let rule = (any_order(), flat("35000"));
    method(
        "flat-rate",
        rule,
        ["Standard delivery", "Anywhere, KES 350."],
        ["Usafirishaji", "Popote, KES 350."],
    )
}

fn deliveries() -> Vec<NewShippingMethod> {
    let in_kenya = ConfigurableOperation::new(
        "country-shipping-eligibility-checker",
        [("countryCodes", r#"["KE"]"#), ("orderMinimum", "0")],
    );
    let share = ConfigurableOperation::new(
        "percentage-shipping-calculator",
        [("percentage", "5"), ("minimum", "30000"), ("includesTax", "auto"), ("taxRate", "16")],
    );
    vec![
        method(
            "pickup",
            (any_order(), ConfigurableOperation::new("default-shipping-calculator", [("rate", "0")])),
            ["Pick up at the shop", "Ready within the hour, free of charge."],
            ["Chukua dukani", "Tayari ndani ya saa moja, bila malipo."],
        ),
        method(
            "boda",
            (in_kenya, flat("20000")),
            ["Boda delivery", "By motorbike to your door in Kenya, KES 200."],
            ["Boda boda", "Kwa pikipiki hadi mlangoni, KES 200."],
        ),
        method(
            "courier",
            (any_order(), share),
            ["Courier", "5 % of the goods' price, at least KES 300."],
            ["Msafirishaji", "Asilimia 5 ya bei, angalau KES 300."],
        ),
    ]
}

/// Cash first: it settles by itself.
fn payment_methods() -> Vec<NewPaymentMethod> {
    let method = |code: &str, handler: &str, english: [&str; 2], swahili: [&str; 2]| {
        let text = |language, [name, description]: [&str; 2]| MethodText {
            language,
            name: name.to_owned(),
            description: description.to_owned(),
        };
        NewPaymentMethod {
            code: code.to_owned(),
            enabled: true,
            handler: ConfigurableOperation::new(handler, []),
            checker: None,
            texts: vec![text(Language::EN, english), text(Language::SW, swahili)],
        }
    };
    vec![
        method(
            "cash",
            "cash",
            ["Cash", "Pay when you get the goods."],
            ["Pesa taslimu", "Lipa unapopokea bidhaa."],
        ),
        method(
            "bank-transfer",
            "manual",
            ["Bank transfer", "We send the goods when the money has arrived."],
            ["Benki", "Tunatuma bidhaa pesa zikifika."],
        ),
    ]
}
