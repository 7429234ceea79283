//! What every platform has from its first start on.

use anyhow::Context as _;
use soko_domain::auth::SuperadminSetup;
use soko_domain::channels::{ChannelError, Channels, NewChannel};
use soko_domain::inventory::{Inventory, InventoryError, NewStockLocation};
use soko_domain::tax::{Tax, TaxError};
use soko_infra::{DataScope, DatabaseError};
use soko_kernel::{Actor, Currency, Language};

use crate::config::Settings;
use crate::wiring::Platform;

/// Name of the stock location of the channel that the first start creates.
const FIRST_LOCATION: &str = "Default stock location";
/// Name of the tax category that the channel of the first start has: without one it could sell nothing.
const FIRST_TAX_CATEGORY: &str = "Standard";
/// Code of the channel that the first start creates.
const FIRST_CHANNEL: &str = "default";

impl Platform {
    /// Sees to what every platform has: a channel that serves requests which name none, with a place for stock and a
    /// tax category, and an operator.
    ///
    /// # Errors
    /// A failing store, or a password that may not be used.
    pub async fn complete_first_start(&self, settings: &Settings) -> anyhow::Result<SuperadminSetup> {
        if !self.services.channels.exist().await? {
            let (new, now) = (first_channel(self.options.random.session_token()), self.options.clock.now());
            self.database
                .write(DataScope::Platform, async move |tx| {
                    // Another node may have been first.
                    if Channels::exist_in(tx).await? {
                        return Ok(());
                    }
                    let channel = Channels::create_in_tx(tx, &new, now).await?;
                    let scope = Actor::system(channel.for_actor()).public_scope();
                    let location = NewStockLocation { name: FIRST_LOCATION.to_owned(), ..Default::default() };
                    Inventory::create_location_in_tx(tx, scope, &location, now).await?;
                    Tax::create_category_in_tx(tx, scope, FIRST_TAX_CATEGORY, true, now).await?;
                    Ok::<_, FirstStartError>(())
                })
                .await
                .context("the first channel cannot be created")?;
        }
        let password = settings.superadmin_password.reveal().map(str::to_owned);
        Ok(self.services.auth.ensure_superadmin(password).await?)
    }
}

/// Why the first channel cannot be created.
#[derive(Debug, thiserror::Error)]
enum FirstStartError {
    #[error(transparent)]
    Channel(#[from] ChannelError),
    #[error(transparent)]
    Location(#[from] InventoryError),
    #[error(transparent)]
    TaxCategory(#[from] TaxError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// The shop that a new platform has: one that its operator changes to suit.
fn first_channel(token: String) -> NewChannel {
    NewChannel {
        code: FIRST_CHANNEL.to_owned(),
        token,
        is_default: true,
        seller_name: "Default seller".to_owned(),
        default_language: Language::EN,
        available_languages: vec![Language::EN, Language::SW],
        currency: Currency::KES,
        prices_include_tax: true,
        track_inventory: true,
        out_of_stock_threshold: 0,
        time_zone: "Africa/Nairobi".to_owned(),
    }
}
