//! The demo platform: a default shop for load generators, and two shops that differ in their pricing plugins only.
//!
//! Everything is made through the domains' services, as an administrator would make it. Goods and places are data
//! (`products.json`, `catalogue.json`, `countries.txt`), pictures are drawn. To add goods: an entry in
//! `products.json`.

pub mod catalogue;
pub mod daraja;
mod goods;
mod people;
pub mod picture;
mod places;
mod plugins;
mod requests;
mod shop;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use soko_domain::Services;
use soko_kernel::{Actor, ListQuery};

use catalogue::Catalogue;
pub use people::DemoAccount;
pub use requests::DemoRequest;
pub use shop::{DemoShop, SHOPS, ShopPlan, open_shop};

/// What the demo is made of.
#[derive(Debug, Clone, Default)]
pub struct DemoOptions {
    /// Where the components are, as `NAME.wasm`. Without it the shops have no plugins.
    pub plugins_dir: Option<PathBuf>,
    /// Where the platform will be served, such as `http://127.0.0.1:3000`: where M-Pesa's callbacks go. Without it nobody
    /// pays by M-Pesa.
    pub served_at: Option<String>,
}

/// What there is to try.
#[derive(Debug, Clone)]
pub struct DemoPlatform {
    /// Whether it was made by this call, and not found.
    pub created: bool,
    /// The shops: the default one first.
    pub shops: Vec<DemoShop>,
    /// Who can log in.
    pub accounts: Vec<DemoAccount>,
}

/// Makes the demo platform in an empty store, or finds the one that is there. `progress` is told of each step.
///
/// # Errors
/// A store that holds another platform, components that cannot be read, or a failing store.
pub async fn seed(
    services: &Services,
    options: &DemoOptions,
    progress: &mut dyn FnMut(&str),
) -> anyhow::Result<DemoPlatform> {
    if services.channels.exist().await? {
        return find(services).await;
    }
    progress("drawing the pictures");
    let pictures = tokio::task::spawn_blocking(|| {
        let catalogue = Catalogue::built_in()?;
        let pictures = goods::draw(&catalogue)?;
        anyhow::Ok((catalogue, pictures))
    });
    let (catalogue, pictures) = pictures.await.context("the pictures were not drawn to the end")??;
    let mut shops = Vec::new();
    for plan in SHOPS {
        let products = catalogue.products.len();
        progress(&format!(
            "the shop {}: {products} products, places, taxes, deliveries, payments",
            plan.code
        ));
        shops.push(open_shop(services, plan, &catalogue, &pictures).await?);
    }
    progress("the people of the shops");
    for shop in &shops {
        people::invite(services, shop).await?;
    }
    if let Some(folder) = &options.plugins_dir {
        for shop in &mut shops {
            plugins::install(services, shop, folder, progress).await?;
            if let Some(server) = &options.served_at {
                plugins::install_mpesa(services, shop, folder, server, progress).await?;
            }
        }
    }
    Ok(DemoPlatform { created: true, shops, accounts: people::accounts() })
}

/// The demo platform of an earlier run.
async fn find(services: &Services) -> anyhow::Result<DemoPlatform> {
    let mut shops = Vec::new();
    for plan in SHOPS {
        let Ok(channel) = services.channels.get_by_code_for_command(plan.code).await else {
            bail!("the data directory holds another platform, without the demo's shop {}", plan.code);
        };
        let actor = Actor::system(channel.for_actor());
        let everything = ListQuery::default();
        let bindings = services.plugins.list_bindings(&actor, &everything).await?;
        let sample = goods::find_sample(services, &actor).await?;
        shops.push(DemoShop {
            plan,
            actor,
            sample,
            binding: bindings.items.first().map(|binding| binding.id),
        });
    }
    Ok(DemoPlatform { created: false, shops, accounts: people::accounts() })
}
