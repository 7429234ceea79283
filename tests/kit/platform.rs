//! The small platform: two shops with the same few products, the first of them the default one.

use std::collections::HashMap;

use bytes::Bytes;
use soko::config::Settings;
use soko::demo::catalogue::Catalogue;
use soko::demo::{DemoShop, ShopPlan, open_shop, picture};
use soko::wiring::{DataDirectory, Options, Platform};
use soko_domain::Services;
use soko_domain::auth::{NewAdministrator, NewRole};
use soko_kernel::{Permission, PermissionSet};

/// The default shop. Serves requests without a channel token, and delivers everywhere at one rate.
pub const ALPHA: &str = "alpha";
/// The other shop. Delivers by pick-up, boda and courier.
pub const BETA: &str = "beta";
/// Everybody's password.
pub const PASSWORD: &str = "for-tests-only";

/// A variant with plenty of stock and 16 % tax.
pub const SUGAR: &str = "SUGAR-2KG";
/// A variant with 100 units and no tax.
pub const UNGA: &str = "UNGA-1KG";
/// A variant with 60 units and 16 % tax.
pub const TEA: &str = "TEA-250G";
/// A variant of which there is one.
pub const LAST: &str = "LAST-ONE";

const PLANS: &[ShopPlan] = &[
    ShopPlan { code: ALPHA, seller: "Alpha", is_default: true, stock: None },
    ShopPlan { code: BETA, seller: "Beta", is_default: false, stock: None },
];

/// The one shop of [`prepare`]: [`ALPHA`], which never runs out of anything but of the last one.
const MARKET: &ShopPlan =
    &ShopPlan { code: ALPHA, seller: "Alpha", is_default: true, stock: Some(1_000_000_000) };

/// Fills a data directory with one shop for the program itself to serve. That is quicker than its demo.
///
/// # Errors
/// A failing store.
///
/// # Panics
/// When the list of products is empty.
pub async fn prepare(settings: &Settings) -> anyhow::Result<()> {
    let platform = Platform::open(settings, &Options::in_process()?, DataDirectory::Create).await?;
    let (catalogue, pictures) = goods()?;
    open_shop(&platform.services, MARKET, &catalogue, &pictures).await?;
    platform.complete_first_start(settings).await?;
    platform.close().await;
    Ok(())
}

/// Opens both shops, each with an administrator `admin@CODE.example` who may do everything there.
///
/// # Errors
/// A failing store.
///
/// # Panics
/// When the list of products is empty.
pub async fn open_shops(services: &Services) -> anyhow::Result<Vec<DemoShop>> {
    let (catalogue, pictures) = goods()?;
    let mut shops = Vec::new();
    for plan in PLANS {
        let shop = open_shop(services, plan, &catalogue, &pictures).await?;
        let everything = PermissionSet::all_assignable().iter().filter(|one| *one != Permission::SuperAdmin);
        employ(services, &shop, "admin", everything.collect()).await?;
        shops.push(shop);
    }
    Ok(shops)
}

/// The products, and one drawing for all of them.
fn goods() -> anyhow::Result<(Catalogue, HashMap<String, Bytes>)> {
    let catalogue = Catalogue::with_products(include_str!("products.json"))?;
    let first = catalogue.products.first().expect("a product");
    let drawing = Bytes::from(picture::draw(&first.picture, &first.name)?);
    let pictures = catalogue.products.iter().map(|product| (product.slug.clone(), drawing.clone())).collect();
    Ok((catalogue, pictures))
}

/// Gives a shop an administrator `NAME@CODE.example` with these permissions there.
///
/// # Errors
/// A failing store.
pub async fn employ(
    services: &Services,
    shop: &DemoShop,
    name: &str,
    permissions: Vec<Permission>,
) -> anyhow::Result<()> {
    let code = shop.plan.code;
    let role = NewRole {
        code: format!("{name}-{code}"),
        description: String::new(),
        permissions,
        channels: vec![shop.actor.channel.id],
    };
    let role = services.auth.create_role(&shop.actor, role).await?;
    let new = NewAdministrator {
        first_name: name.to_owned(),
        last_name: code.to_owned(),
        email_address: format!("{name}@{code}.example"),
        password: PASSWORD.to_owned(),
        role_ids: vec![role.id],
    };
    services.auth.create_administrator(&shop.actor, new).await?;
    Ok(())
}
