//! `soko demo`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Args;

use super::serve::{ServeArgs, until_stopped};
use crate::config::{Loaded, Secret};
use crate::demo::daraja::{DARAJA_HOST, Daraja};
use crate::demo::{self, DemoOptions, DemoPlatform};
use crate::wiring::{App, DataDirectory, Options, Platform, RunningApp, listen};

/// The platform operator's password in a demo, where no other is configured: it is no secret.
const OPERATOR_PASSWORD: &str = "superadmin-demo";

/// What secrets are sealed with in a demo, where no other key is configured: it seals none that matter.
const SECRETS_KEY: &str = "64656d6f64656d6f64656d6f64656d6f64656d6f64656d6f64656d6f64656d6f";
/// How long payers look at their phones in a demo.
const PAYERS_PAY_WITHIN: Duration = Duration::from_secs(3);

/// Serve a demo platform: two shops with the same goods and a pricing plugin each.
///
/// The first start fills an empty data directory; later starts serve what is there.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Where the example plugins are, as NAME.wasm (`cargo xtask guests` builds them); without it the shops have none.
    #[arg(long, value_name = "DIR")]
    plugins: Option<PathBuf>,
    #[command(flatten)]
    pub(super) serve: ServeArgs,
}

/// Fills the data directory if it is empty, serves, and says what there is to try.
///
/// # Errors
/// When the server cannot start or the demo cannot be made.
pub async fn run(loaded: Loaded, args: DemoArgs) -> anyhow::Result<()> {
    let Loaded { mut settings, .. } = loaded;
    if settings.superadmin_password.reveal().is_none() {
        settings.superadmin_password = Secret(OPERATOR_PASSWORD.to_owned());
    }
    if let Some(folder) = args.plugins.as_ref().filter(|folder| !folder.is_dir()) {
        bail!("there is no directory {}; `cargo xtask guests` builds the plugins", folder.display());
    }
    if settings.secrets.key.reveal().is_none() {
        settings.secrets.key = Secret(SECRETS_KEY.to_owned());
    }
    let listener = listen(&settings).await?;
    let served_at = format!("http://{}", listener.local_addr()?);
    let daraja = Arc::new(Daraja::start().await.context("the stand-in for M-Pesa does not start")?);
    settings.plugins.egress.stand_ins.push(format!("{DARAJA_HOST}={}", daraja.origin()));
    let _payers = Arc::clone(&daraja).pay_by_themselves(PAYERS_PAY_WITHIN, served_at.clone());
    let platform = Platform::open(&settings, &Options::for_this_program()?, DataDirectory::Create).await?;
    let begun = Instant::now();
    let mut progress = |step: &str| eprintln!("[{:5} ms] {step}", begun.elapsed().as_millis());
    let options = DemoOptions { plugins_dir: args.plugins, served_at: Some(served_at) };
    let seeded = demo::seed(&platform.services, &options, &mut progress).await;
    let demo = match seeded {
        Ok(demo) => demo,
        Err(error) => {
            platform.close().await;
            return Err(error.context(format!("the demo in {} cannot be made", settings.data.0.display())));
        }
    };
    let password = settings.superadmin_password.clone();
    let app = App::serve(settings, platform, listener).await?;
    introduce(&app, &demo, &password);
    until_stopped(app).await
}

/// Says what there is to try.
fn introduce(app: &RunningApp, demo: &DemoPlatform, operator_password: &Secret) {
    let base_url = format!("http://{}", app.address());
    println!("\nSoko's demo platform");
    println!("  Shop API    {base_url}/shop-api");
    println!("  Admin API   {base_url}/admin-api");
    println!("  Explorer    {base_url}/explorer");
    for shop in &demo.shops {
        let token = if shop.plan.is_default {
            "no vendure-token needed".to_owned()
        } else {
            format!("vendure-token: {}", shop.plan.code)
        };
        let plugin = if shop.binding.is_some() { ", with a pricing plugin" } else { "" };
        println!("  Shop        {} ({token}{plugin})", shop.plan.code);
    }
    println!("\nAccounts");
    let password = operator_password.reveal().unwrap_or_default();
    println!("  platform operator, /admin-api: superadmin, password {password}");
    for account in &demo.accounts {
        let demo::DemoAccount { shop, endpoint, role, identifier, password, .. } = account;
        println!("  {role} of {shop}, {endpoint}: {identifier}, password {password}");
    }
    if demo.shops.iter().any(|shop| shop.binding.is_some()) {
        println!("\nM-Pesa");
        println!(
            "  duka-moja has the payment method mpesa; say who pays by metadata {{ phoneNumber: \"0712345678\" }}."
        );
        let seconds = PAYERS_PAY_WITHIN.as_secs();
        println!(
            "  The phone is a stand-in's, and pays within {seconds} seconds. M-Pesa takes whole shillings only."
        );
    }
    for (place, request) in demo.requests(&base_url).iter().enumerate() {
        println!("\n{}. {}\n{}", place + 1, request.title, request.command);
    }
    println!();
}
