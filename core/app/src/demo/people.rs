//! Who works and buys in the demo's shops. Their passwords are no secrets.

use anyhow::Context as _;
use soko_domain::Services;
use soko_domain::auth::{NewAdministrator, NewRole};
use soko_domain::customers::{GuestCustomer, NewCustomer};
use soko_kernel::{Permission, PermissionSet};

use super::shop::DemoShop;

/// The group whose prices the plugin wholesale-tiers lowers.
const TRADE_GROUP: &str = "trade";

/// Somebody who can log in.
#[derive(Debug, Clone, Copy)]
pub struct DemoAccount {
    /// The shop.
    pub shop: &'static str,
    /// The endpoint to log in at.
    pub endpoint: &'static str,
    /// What they are.
    pub role: &'static str,
    /// What they log in with.
    pub identifier: &'static str,
    /// Their password.
    pub password: &'static str,
    /// Given and family name.
    name: (&'static str, &'static str),
}

const ADMINISTRATORS: &[DemoAccount] = &[
    DemoAccount {
        shop: "duka-moja",
        endpoint: "/admin-api",
        role: "administrator",
        identifier: "moja@duka.example",
        password: "duka-moja-demo",
        name: ("Achieng", "Otieno"),
    },
    DemoAccount {
        shop: "duka-mbili",
        endpoint: "/admin-api",
        role: "administrator",
        identifier: "mbili@duka.example",
        password: "duka-mbili-demo",
        name: ("Baraka", "Kamau"),
    },
];

const TRADE_CUSTOMER: DemoAccount = DemoAccount {
    shop: "duka-moja",
    endpoint: "/shop-api",
    role: "trade customer",
    identifier: "kiosk@biashara.example",
    password: "biashara-demo",
    name: ("Njeri", "Wambui"),
};

/// Everybody who can log in, beside the platform's operator.
pub fn accounts() -> Vec<DemoAccount> {
    ADMINISTRATORS.iter().copied().chain([TRADE_CUSTOMER]).collect()
}

/// Gives the shop its people.
///
/// # Errors
/// A failing store.
pub async fn invite(services: &Services, shop: &DemoShop) -> anyhow::Result<()> {
    for account in ADMINISTRATORS.iter().filter(|account| account.shop == shop.plan.code) {
        employ(services, shop, account).await.with_context(|| account.identifier)?;
    }
    if TRADE_CUSTOMER.shop == shop.plan.code {
        register(services, shop, &TRADE_CUSTOMER).await.with_context(|| TRADE_CUSTOMER.identifier)?;
    }
    Ok(())
}

/// An administrator who may do everything in the shop, and nothing beside it.
async fn employ(services: &Services, shop: &DemoShop, account: &DemoAccount) -> anyhow::Result<()> {
    let permissions = PermissionSet::all_assignable().iter();
    let role = NewRole {
        code: format!("{}-administrator", shop.plan.code),
        description: format!("Everything in {}", shop.plan.code),
        permissions: permissions.filter(|permission| *permission != Permission::SuperAdmin).collect(),
        channels: vec![shop.actor.channel.id],
    };
    let role = services.auth.create_role(&shop.actor, role).await?;
    let new = NewAdministrator {
        first_name: account.name.0.to_owned(),
        last_name: account.name.1.to_owned(),
        email_address: account.identifier.to_owned(),
        password: account.password.to_owned(),
        role_ids: vec![role.id],
    };
    services.auth.create_administrator(&shop.actor, new).await?;
    Ok(())
}

async fn register(services: &Services, shop: &DemoShop, account: &DemoAccount) -> anyhow::Result<()> {
    let facts = GuestCustomer {
        title: None,
        first_name: account.name.0.to_owned(),
        last_name: account.name.1.to_owned(),
        phone_number: Some("+254 700 000 001".to_owned()),
        email_address: account.identifier.to_owned(),
    };
    let new = NewCustomer { facts, password: Some(account.password.to_owned()) };
    let customer = services.customers.create(&shop.actor, new).await?;
    services.customers.create_group(&shop.actor, TRADE_GROUP.to_owned(), vec![customer.id]).await?;
    Ok(())
}
