//! `soko receipts …`.

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use soko_domain::orders::OrderView;
use soko_kernel::{Actor, ListQuery};

use super::{FileArg, operator};
use crate::config::Settings;
use crate::wiring::Platform;

/// Look at the proofs of how orders were priced.
#[derive(Debug, Subcommand)]
pub enum ReceiptsCommand {
    /// Price an order again from its stored receipt and plugins, and say whether the price is the same.
    Replay(OrderArgs),
    /// Print an order's receipts as JSON, one a line, newest first.
    Show(OrderArgs),
}

/// An order.
#[derive(Debug, Args)]
pub struct OrderArgs {
    /// Code of the order.
    order_code: String,
    /// Code of the shop's channel; all are searched without it.
    #[arg(long, value_name = "CODE")]
    channel: Option<String>,
    #[command(flatten)]
    settings_file: FileArg,
}

impl ReceiptsCommand {
    /// The configuration file that the command names.
    pub(super) fn settings_file(&self) -> FileArg {
        let (Self::Replay(args) | Self::Show(args)) = self;
        args.settings_file.clone()
    }
}

/// Runs one of the commands.
///
/// # Errors
/// An unknown order, an order without a receipt, or a price that is not the same.
pub async fn run(settings: &Settings, command: ReceiptsCommand) -> anyhow::Result<()> {
    let platform = operator::open(settings).await?;
    let outcome = match command {
        ReceiptsCommand::Replay(args) => replay(&platform, &args).await,
        ReceiptsCommand::Show(args) => show(&platform, &args).await,
    };
    platform.close().await;
    outcome
}

async fn replay(platform: &Platform, args: &OrderArgs) -> anyhow::Result<()> {
    let (actor, _) = find_order(platform, args).await?;
    let replay = platform.services.orders.replay_receipt(&actor, &args.order_code).await?;
    if !replay.is_equal() {
        for difference in &replay.differences {
            println!("{difference}");
        }
        bail!("order {} comes out at another price than its receipt says", args.order_code);
    }
    println!(
        "equal: order {} comes out at {} minor units of {} with tax, as on its receipt (priced by {})",
        args.order_code, replay.total.gross, actor.channel.currency, replay.engine_version
    );
    Ok(())
}

async fn show(platform: &Platform, args: &OrderArgs) -> anyhow::Result<()> {
    let (actor, order) = find_order(platform, args).await?;
    let receipts =
        platform.services.plugins.list_receipts(&actor, order.order.id, &ListQuery::default()).await?;
    if receipts.items.is_empty() {
        bail!("order {} has no price receipt yet", args.order_code);
    }
    for receipt in receipts.items {
        let document = |text: &str| serde_json::from_str::<serde_json::Value>(text);
        let shown = serde_json::json!({
            "id": receipt.id.to_string(),
            "orderVersion": receipt.order_version,
            "createdAt": receipt.created_at.to_rfc3339(),
            "engineVersion": receipt.engine_version,
            "roundingVersion": receipt.rounding_version,
            "input": document(&receipt.input).context("the receipt's input is no JSON")?,
            "steps": document(&receipt.steps).context("the receipt's steps are no JSON")?,
            "output": document(&receipt.output).context("the receipt's output is no JSON")?,
        });
        println!("{shown}");
    }
    Ok(())
}

/// The order with this code, and the platform's own hand in its channel. Codes are random, so that at most one
/// channel has it.
async fn find_order(platform: &Platform, args: &OrderArgs) -> anyhow::Result<(Actor, OrderView)> {
    for actor in operator::in_channels(platform, args.channel.as_deref()).await? {
        if let Some(order) = platform.services.orders.find_by_code(&actor, &args.order_code).await? {
            return Ok((actor, order));
        }
    }
    bail!("there is no order with the code {:?}", args.order_code)
}
